#include "tests/integration/gateway_rig.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/stamp.h"
#include "tests/integration/testdb.h"

/* ---- the park ------------------------------------------------------- */

const char *rig_code(int pile)
{
    static const char *const codes[] = {
        "32010200000001", "32010200000002", "32010200000003",
        "32010200000004", "32010200000005", "32010200000006",
        "32010200000099" /* nobody's */
    };

    assert_in_range(pile, 1, COUNT(codes));
    return codes[pile - 1];
}

static void make_place(struct rig *r, int station)
{
    rig_sql(r, "INSERT INTO station (id, provider_id, merchant_id, name,"
            " created_at, updated_at) VALUES (%d, 2, 3, 'station %d',"
            " NOW(3), NOW(3))", station, station);
    rig_sql(r, "INSERT INTO area (id, station_id, no, name, created_at,"
            " updated_at) VALUES (%d, %d, '%d', 'area', NOW(3), NOW(3))",
            station, station, station);
}

static void make_pile(struct rig *r, int id, int station)
{
    rig_sql(r, "INSERT INTO pile (id, no, name, station_id, area_id, kind,"
            " guns, power_w, created_at, updated_at) VALUES (%d, '%s',"
            " 'P%d', %d, %d, 1, 2, 120000, NOW(3), NOW(3))", id,
            rig_code(id), id, station, station);
    for (int gun = 1; gun <= 2; gun++) {
        rig_sql(r, "INSERT INTO connector (id, pile_id, station_id, gun,"
                " name, qr_no, created_at, updated_at) VALUES (%d, %d, %d,"
                " %d, 'P%d-%d', '%s%02d', NOW(3), NOW(3))",
                2 * id - 2 + gun, id, station, gun, id, gun, rig_code(id),
                gun);
        rig_sql(r, "INSERT INTO connector_live (connector_id, station_id,"
                " pile_id, gun) VALUES (%d, %d, %d, %d)", 2 * id - 2 + gun,
                station, id, gun);
    }
}

static void make_park(struct rig *r)
{
    testdb_sql(r->cx, "INSERT INTO org (id, kind, name, created_at,"
               " updated_at) VALUES (1, 1, 'platform', NOW(3), NOW(3)),"
               " (2, 2, 'provider', NOW(3), NOW(3)),"
               " (3, 3, 'merchant', NOW(3), NOW(3))");
    make_place(r, 1);
    make_place(r, 2);
    for (int i = 1; i <= RIG_PILES; i++)
        make_pile(r, i, i == 6 ? 2 : 1);
    testdb_sql(r->cx, "INSERT INTO tariff (id, provider_id, merchant_id,"
               " station_id, name, mode, version_no, created_at, updated_at)"
               " VALUES (1, 2, 3, 1, 'prices', 2, 1, NOW(3), NOW(3))");
    testdb_sql(r->cx, "INSERT INTO tariff_version (id, tariff_id,"
               " version_no, wire_no, starts_at, slots, sharp_elec_e5,"
               " sharp_service_e5, peak_elec_e5, peak_service_e5,"
               " flat_elec_e5, flat_service_e5, valley_elec_e5,"
               " valley_service_e5, created_by, created_at) VALUES (1, 1, 1,"
               " '0001', '2020-01-01',"
               " '333333333333333322221111000022222222222222222222',"
               " 130000, 40000, 110000, 35000, 80000, 30000, 40000, 25000,"
               " 1, NOW(3))");
}

/* ---- the directory and the database --------------------------------- */

/* What a child says is not for the test's output. */
static void be_quiet(void)
{
    int null = open("/dev/null", O_RDWR);

    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
}

static int run_and_wait(const char *const *argv)
{
    pid_t pid = fork();
    int status = -1;

    if (pid == 0) {
        be_quiet();
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    return status;
}

void rig_init(struct rig *r, const char *name)
{
    *r = (struct rig){ .pid = 0, .log_fd = -1 };
    signal(SIGPIPE, SIG_IGN);
    testdb_start(name);
    r->cx = testdb_cx();
    testdb_users(r->cx);
    make_park(r);
    snprintf(r->home, sizeof r->home, "/tmp/pilehub-%s-XXXXXX", name);
    assert_non_null(mkdtemp(r->home));
}

static void remove_home(const struct rig *r)
{
    const char *argv[] = { "rm", "-rf", r->home, NULL };

    run_and_wait(argv);
}

void rig_fini(struct rig *r)
{
    rig_kill(r);
    testdb_cx_free(r->cx);
    remove_home(r);
    testdb_stop();
}

void rig_reset(struct rig *r)
{
    static const char *const tables[] = {
        "charge_order", "trade_record", "trade_record_conflict",
        "pile_command", "pile_request", "pile_event", "frame_log",
        "telemetry"
    };
    char path[100];

    for (size_t i = 0; i < COUNT(tables); i++)
        rig_sql(r, "DELETE FROM %s", tables[i]);
    rig_sql(r, "UPDATE pile SET online = 0, gateway_id = NULL, epoch = 0,"
            " login_at = NULL, seen_at = NULL, offline_at = NULL,"
            " tariff_no = '0000', status = 1, login_policy = 3,"
            " pinned_address = '', sim_no = '', crc_tx = 1, clock_off_ms = 0,"
            " updated_at = NOW(3)");
    rig_sql(r, "UPDATE connector_live SET state = 6, plugged = 0,"
            " trade_no = NULL, order_id = NULL, since_at = NULL,"
            " seen_at = NULL, vin = '', energy_e4kwh = 0");
    snprintf(path, sizeof path, "%s/journal-gw1/journal.log", r->home);
    unlink(path);
}

/* ---- the process ---------------------------------------------------- */

static void write_settings(struct rig *r, const char *path)
{
    FILE *f = fopen(path, "we");
    char secret[100];

    assert_non_null(f);
    snprintf(secret, sizeof secret, "%s/secret", r->home);
    fprintf(f, "home=%s\ndb_socket=%s\ndb_name=%s\n"
            "db_user=pilehub_gateway\ngateway_name=%s\npile_port=0\n"
            "pile_threads=2\n%s"
            "pile_offline_ms=%d\npile_drain_ms=100\nsecret_file=%s\n%s\n",
            r->home, testdb_socket(), testdb_name(),
            r->name != NULL ? r->name : "gw1",
            r->settings != NULL && strstr(r->settings, "pile_per_address")
                ? "" : "pile_max=2000\npile_per_address=1000\n",
            r->offline_ms != 0 ? r->offline_ms : 5000, secret,
            r->settings != NULL ? r->settings : "");
    fclose(f);
    f = fopen(secret, "we");
    assert_non_null(f);
    fprintf(f, "%064d\n", 7);
    fclose(f);
}

/* What the process has written to its log so far. */
static void read_log(struct rig *r)
{
    ssize_t n = pread(r->log_fd, r->log, sizeof r->log - 1, 0);

    r->log[n > 0 ? n : 0] = '\0';
}

const char *rig_log(struct rig *r)
{
    read_log(r);
    return r->log;
}

static void run_program(struct rig *r, const char *config)
{
    const char *build = getenv("PILEHUB_BUILD");
    const char *program = r->program != NULL ? r->program
                                             : "pilehub-gateway";
    char path[500], clock[100];

    snprintf(path, sizeof path, "%s/%s", build != NULL ? build : ".",
             program);
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* with the test */
    dup2(r->log_fd, STDERR_FILENO);
    dup2(r->log_fd, STDOUT_FILENO);
    if (r->fault != NULL)
        setenv("PILEHUB_FAULT", r->fault, 1);
    if (r->forward_ms != NULL) {
        snprintf(clock, sizeof clock, "%s/clock", r->home);
        setenv("PILEHUB_CLOCK", clock, 1);
    }
    execl(path, program, "-c", config, (char *)NULL);
    fprintf(stderr, "cannot run %s: %s\n", path, strerror(errno));
    _exit(127);
}

static void wait_ready(struct rig *r)
{
    int64_t until = monotonic_ms() + 20000;
    const char *at;

    while ((at = strstr(r->log, "gateway.ready port=")) == NULL) {
        if (monotonic_ms() > until || waitpid(r->pid, NULL, WNOHANG) != 0) {
            r->pid = 0;
            fail_msg("the gateway did not start:\n%s", r->log);
        }
        rig_sleep(20);
        read_log(r);
    }
    r->port = (int)strtol(at + strlen("gateway.ready port="), NULL, 10);
    at = strstr(at, "control=\"");
    assert_non_null(at);
    snprintf(r->control, sizeof r->control, "%.*s",
             (int)strcspn(at + 9, "\""), at + 9);
}

void rig_start(struct rig *r)
{
    char config[100], log[100];

    rig_kill(r); /* left by a test that failed */
    snprintf(log, sizeof log, "%s/log", r->home);
    if (r->log_fd >= 0)
        close(r->log_fd);
    r->log_fd = open(log, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
                     0600);
    assert_true(r->log_fd >= 0);
    snprintf(config, sizeof config, "%s/%s.conf", r->home,
             r->name != NULL ? r->name : "gw1");
    write_settings(r, config);
    r->log[0] = '\0';
    r->pid = fork();
    assert_true(r->pid >= 0);
    if (r->pid == 0)
        run_program(r, config);
    wait_ready(r);
}

int rig_wait_exit(struct rig *r, int ms)
{
    int64_t until = monotonic_ms() + ms;
    int status;

    while (waitpid(r->pid, &status, WNOHANG) == 0) {
        if (monotonic_ms() > until)
            fail_msg("the gateway did not end:\n%s", r->log);
        read_log(r);
        rig_sleep(20);
    }
    read_log(r);
    r->pid = 0;
    return status;
}

int rig_stop(struct rig *r)
{
    kill(r->pid, SIGTERM);
    return WEXITSTATUS(rig_wait_exit(r, 20000));
}

int rig_begin(struct rig *r, const char *settings, int offline_ms)
{
    rig_reset(r);
    r->settings = settings;
    r->offline_ms = offline_ms;
    rig_start(r);
    return 0;
}

int rig_end(struct rig *r)
{
    if (r->pid != 0)
        assert_int_equal(rig_stop(r), 0);
    return 0;
}

void rig_kill(struct rig *r)
{
    if (r->pid == 0)
        return;
    kill(r->pid, SIGKILL);
    waitpid(r->pid, NULL, 0);
    r->pid = 0;
}

void rig_pause(struct rig *r)
{
    int status;

    kill(r->pid, SIGSTOP);
    assert_int_equal(waitpid(r->pid, &status, WUNTRACED), r->pid);
    assert_true(WIFSTOPPED(status));
}

void rig_resume(struct rig *r)
{
    kill(r->pid, SIGCONT);
}

/* ---- looking -------------------------------------------------------- */

void rig_sleep(int ms)
{
    struct timespec t = { ms / 1000, (long)(ms % 1000) * 1000000 };

    nanosleep(&t, NULL);
}

int64_t rig_count(struct rig *r, const char *name)
{
    char path[120], line[300], want[120];
    int64_t found = -1;
    FILE *f;

    snprintf(path, sizeof path, "%s/run/%s.stats", r->home,
             r->name != NULL ? r->name : "gw1");
    snprintf(want, sizeof want, "pilehub_gateway_%s ", name);
    f = fopen(path, "re");
    if (f == NULL)
        return -1;
    while (fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, want, strlen(want)) == 0)
            found = strtoll(line + strlen(want), NULL, 10);
    fclose(f);
    return found;
}

void rig_wait_count(struct rig *r, const char *name, int64_t least, int ms)
{
    int64_t until = monotonic_ms() + ms;

    while (rig_count(r, name) < least) {
        read_log(r);
        if (monotonic_ms() > until)
            fail_msg("%s is %lld, not %lld\n%s", name,
                     (long long)rig_count(r, name), (long long)least,
                     r->log);
        rig_sleep(50);
    }
}

int64_t rig_int(struct rig *r, const char *sql)
{
    cx_begin(r->cx);
    r->cx->scope.all = true;
    return testdb_int(r->cx, sql);
}

struct ask {
    const char *sql;
    const char *answer;
};

static void read_text(struct cx *cx, void *arg)
{
    struct ask *a = arg;

    a->answer = db_text(cx, a->sql, BIND());
}

const char *rig_text(struct rig *r, const char *sql)
{
    struct ask a = { sql, NULL };

    cx_begin(r->cx);
    testdb_run(r->cx, read_text, &a);
    return a.answer != NULL ? a.answer : "";
}

void rig_wait_int(struct rig *r, const char *sql, int64_t want, int ms)
{
    int64_t until = monotonic_ms() + ms, found;

    while ((found = rig_int(r, sql)) != want) {
        read_log(r);
        if (monotonic_ms() > until)
            fail_msg("%s is %lld, not %lld\n%s", sql, (long long)found,
                     (long long)want, r->log);
        rig_sleep(20);
    }
}

void rig_sql(struct rig *r, const char *format, ...)
{
    char sql[2000];
    va_list ap;

    va_start(ap, format);
    vsnprintf(sql, sizeof sql, format, ap);
    va_end(ap);
    cx_begin(r->cx);
    testdb_sql(r->cx, sql);
}

int64_t rig_queue(struct rig *r, int kind, uint8_t type, const void *frame,
                  int gun, int64_t order_id, const char *trade)
{
    uint8_t body[YKC_MAX_BODY];
    char hex[2 * YKC_MAX_BODY + 1], order[24] = "NULL", number[40] = "NULL";
    size_t n;

    assert_int_equal(ykc_encode(ykc_frame(type), frame, body, sizeof body,
                                &n), WIRE_OK);
    if (order_id != 0)
        snprintf(order, sizeof order, "%lld", (long long)order_id);
    if (trade != NULL)
        snprintf(number, sizeof number, "'%s'", trade);
    rig_sql(r, "INSERT INTO pile_command (pile_id, gun, kind, order_id,"
            " trade_no, args, actor_kind, actor_id, created_at, expires_at)"
            " VALUES (1, %d, %d, %s, %s, X'%s', 1, 0, NOW(3),"
            " NOW(3) + INTERVAL 60 SECOND)", gun, kind, order, number,
            wire_hex(body, n, hex));
    return rig_int(r, "SELECT MAX(id) FROM pile_command");
}

void rig_clock(struct rig *r)
{
    char path[100];
    int fd;

    r->program = "tests/integration/pilehub-gateway-faults";
    snprintf(path, sizeof path, "%s/clock", r->home);
    fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, sizeof *r->forward_ms), 0);
    r->forward_ms = mmap(NULL, sizeof *r->forward_ms,
                         PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    assert_true(r->forward_ms != MAP_FAILED);
    close(fd);
}

void rig_forward(struct rig *r, int64_t ms)
{
    atomic_fetch_add(r->forward_ms, ms);
}

static int64_t proc_number(const struct rig *r, const char *file, int field)
{
    char path[60], text[1000], *at;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/%s", (int)r->pid, file);
    f = fopen(path, "re");
    assert_non_null(f);
    assert_non_null(fgets(text, sizeof text, f));
    fclose(f);
    at = strrchr(text, ')'); /* the name may hold blanks */
    at = at != NULL ? at + 1 : text;
    for (; field > 0; field--)
        at = strchr(at + 1, ' ');
    return strtoll(at, NULL, 10);
}

int64_t rig_rss_kib(const struct rig *r)
{
    return proc_number(r, "statm", 1) * 4;
}

int64_t rig_cpu_ticks(const struct rig *r)
{
    return proc_number(r, "stat", 11) + proc_number(r, "stat", 12);
}

/* ---- piles ---------------------------------------------------------- */

enum { CLOSE_MS = 1000 };

void pile_connect_from(struct pile *p, const struct rig *r, int no,
                       const char *address)
{
    struct sockaddr_in from = { .sin_family = AF_INET };
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)r->port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };

    memset(p, 0, sizeof *p);
    ykc_stream_init(&p->stream);
    p->no = no;
    p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(p->fd >= 0);
    assert_int_equal(inet_pton(AF_INET, address, &from.sin_addr), 1);
    assert_int_equal(bind(p->fd, (struct sockaddr *)&from, sizeof from), 0);
    assert_int_equal(connect(p->fd, (struct sockaddr *)&to, sizeof to), 0);
}

void pile_connect(struct pile *p, const struct rig *r, int no)
{
    pile_connect_from(p, r, no, "127.0.0.1");
}

/*
 * The gateway lets go of the pile before it closes its own side, so what ends
 * the waiting also says that the next login finds nobody. A gateway that is
 * dead says so at once; one that stands still is not waited for.
 */
static void wait_noticed(const struct pile *p)
{
    int64_t until = monotonic_ms() + CLOSE_MS, now;
    char dropped[512];

    shutdown(p->fd, SHUT_WR);
    while ((now = monotonic_ms()) < until) {
        struct pollfd f = { .fd = p->fd, .events = POLLIN };

        if (poll(&f, 1, (int)(until - now)) > 0 &&
            recv(p->fd, dropped, sizeof dropped, 0) <= 0)
            return;
    }
}

void pile_close(struct pile *p)
{
    if (p->fd < 0)
        return;
    wait_noticed(p);
    close(p->fd);
    p->fd = -1;
}

size_t pile_frame(struct pile *p, uint8_t type, const void *frame,
                  uint8_t out[YKC_MAX_FRAME])
{
    struct ykc_head head = ykc_request_head(type, &p->sequence);
    size_t len;

    assert_int_equal(ykc_build(&head, frame, out, &len), WIRE_OK);
    return len;
}

void pile_send_bytes(struct pile *p, const void *bytes, size_t n)
{
    assert_int_equal(send(p->fd, bytes, n, MSG_NOSIGNAL), n);
    if (p->tape == NULL)
        return;
    assert_true(p->taped + n <= p->tape_size);
    memcpy(p->tape + p->taped, bytes, n);
    p->taped += n;
}

void pile_send(struct pile *p, uint8_t type, const void *frame)
{
    uint8_t out[YKC_MAX_FRAME];
    size_t n = pile_frame(p, type, frame, out);

    pile_send_bytes(p, out, n);
}

bool pile_next(struct pile *p, int ms)
{
    int64_t until = monotonic_ms() + ms, now;

    for (;;) {
        struct pollfd f = { .fd = p->fd, .events = POLLIN };
        size_t space;
        uint8_t *at;
        ssize_t n;

        if (ykc_stream_next(&p->stream, monotonic_ms(), &p->raw)) {
            const struct ykc_frame *t = ykc_frame(p->raw.head.type);

            assert_non_null(t);
            assert_int_equal(p->raw.head.type % 2, 0);
            assert_int_equal(ykc_decode(t, p->raw.body, p->raw.body_len,
                                        &p->any, NULL), WIRE_OK);
            return true;
        }
        now = monotonic_ms();
        if (now >= until || poll(&f, 1, (int)(until - now)) <= 0)
            return false;
        at = ykc_stream_space(&p->stream, &space);
        n = recv(p->fd, at, space, 0);
        if (n <= 0)
            return false;
        ykc_stream_filled(&p->stream, (size_t)n, monotonic_ms());
    }
}

const union ykc_any *pile_expect(struct pile *p, uint8_t type, int ms)
{
    int64_t until = monotonic_ms() + ms;

    while (monotonic_ms() <= until &&
           pile_next(p, (int)(until - monotonic_ms()) + 1))
        if (p->raw.head.type == type)
            return &p->any;
    fail_msg("no frame %02X came", type);
    return NULL;
}

void pile_expect_none(struct pile *p, uint8_t type, int ms)
{
    int64_t until = monotonic_ms() + ms;

    while (monotonic_ms() < until &&
           pile_next(p, (int)(until - monotonic_ms())))
        if (p->raw.head.type == type)
            fail_msg("a frame %02X came", type);
}

void pile_expect_closed(struct pile *p, int ms)
{
    int64_t until = monotonic_ms() + ms;
    char dropped[512];

    for (;;) {
        struct pollfd f = { .fd = p->fd, .events = POLLIN };
        int64_t now = monotonic_ms();

        if (now >= until || poll(&f, 1, (int)(until - now)) <= 0)
            fail_msg("the connection was not closed");
        if (recv(p->fd, dropped, sizeof dropped, 0) <= 0)
            return;
    }
}

struct ykc_login pile_login_frame(int no)
{
    struct ykc_login l = { .pile_type = 0, .gun_count = 2,
                           .protocol_version = 16, .network_type = 1,
                           .carrier = 4 };

    snprintf(l.pile_code, sizeof l.pile_code, "%s", rig_code(no));
    snprintf(l.program_version, sizeof l.program_version, "V2.3.1");
    snprintf(l.sim_number, sizeof l.sim_number, "%020d", 0);
    return l;
}

void pile_login(struct pile *p, const struct rig *r, int no)
{
    struct ykc_login l = pile_login_frame(no);

    pile_connect(p, r, no);
    pile_send(p, ykc_type_login, &l);
    assert_int_equal(pile_expect(p, ykc_type_login_reply,
                                 2000)->login_reply.result, 0);
    pile_expect(p, ykc_type_clock, 2000);
    pile_expect(p, ykc_type_read, 2000);
    pile_expect(p, ykc_type_read, 2000);
}

void pile_heartbeat(struct pile *p, int gun)
{
    struct ykc_heartbeat h = { .gun_number = ykc_gun_byte(gun) };

    snprintf(h.pile_code, sizeof h.pile_code, "%s", rig_code(p->no));
    pile_send(p, ykc_type_heartbeat, &h);
}

struct ykc_realtime pile_report(int no, int gun, int state, bool plugged,
                                const char *trade, uint32_t energy)
{
    struct ykc_realtime f = {
        .gun_number = ykc_gun_byte(gun), .state = (uint8_t)state,
        .plugged_in = plugged, .charged_energy = energy,
        .energy_incl_loss = energy
    };

    snprintf(f.pile_code, sizeof f.pile_code, "%s", rig_code(no));
    snprintf(f.trade_number, sizeof f.trade_number, "%s",
             trade != NULL ? trade : "00000000000000000000000000000000");
    if (state == YKC_STATE_CHARGING) {
        f.output_voltage = 4025;
        f.output_current = 853;
        f.soc = 57;
        f.gun_cable_temperature = 85;
        f.battery_max_temperature = 81;
        f.amount_so_far = energy / 10 * 7;
    }
    return f;
}

struct ykc_trade_record pile_record(int no, int gun, const char *trade,
                                    uint32_t energy)
{
    stamp now = stamp_now();
    struct ykc_trade_record f = {
        .gun_number = ykc_gun_byte(gun),
        .start_time = wire_time(stamp_add_ms(now, -1800000)),
        .end_time = wire_time(now), .trade_time = wire_time(now),
        .flat_price = 110000, .flat_energy = energy,
        .flat_energy_incl_loss = energy,
        .meter_at_start = 1234567890, .meter_at_end = 1234567890 + energy,
        .total_energy = energy, .total_energy_incl_loss = energy,
        .start_flag = 1, .stop_reason = 0x40
    };

    snprintf(f.pile_code, sizeof f.pile_code, "%s", rig_code(no));
    snprintf(f.trade_number, sizeof f.trade_number, "%s", trade);
    return f;
}
