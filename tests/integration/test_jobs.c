/*
 * The scheduler and the delivery of events; then the program itself: how far
 * it lags, and what it does when its processes are killed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "asset/live.h"
#include "base/config.h"
#include "base/log.h"
#include "charging/order.h"
#include "db/db.h"
#include "db/outbox.h"
#include "db/partition.h"
#include "jobs/deliver.h"
#include "jobs/disk.h"
#include "jobs/schedule.h"
#include "system/sweep.h"
#include "tests/integration/testdb.h"
#include "tests/integration/world.h"

static void sleep_ms(int64_t ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    nanosleep(&t, NULL);
}

static int set_up(void **state)
{
    struct cx *cx = world_cx();

    testdb_sql(cx, "DELETE FROM outbox");
    testdb_sql(cx, "DELETE FROM outbox_seen");
    testdb_sql(cx, "DELETE FROM lease");
    testdb_sql(cx, "DELETE FROM job_run");
    *state = cx;
    return 0;
}

static int tear_down(void **state)
{
    testdb_cx_free(*state);
    return 0;
}

/* ---- disks (W6) ------------------------------------------------------- */

/* What disk_watch logs of a volume of 10 MiB with so much on it. */
static void watch_with(struct cx *cx, const char *volume, int mib_100,
                       char *log, size_t size)
{
    static char block[1 << 20];
    const struct config *usual = cx->config;
    struct config config = *usual;
    char path[80];
    FILE *f = tmpfile();
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "%s/ballast", volume);
    fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0 && f != NULL);
    for (int left = mib_100; left > 0; left -= 100) {
        size_t part = sizeof block / 100 * (size_t)(left < 100 ? left : 100);

        assert_int_equal(write(fd, block, part), part);
    }
    close(fd);
    config.home = volume;
    config.db_socket = "";
    cx->config = &config;
    log_to(fileno(f));
    disk_watch(cx);
    log_to(STDERR_FILENO);
    n = pread(fileno(f), log, size - 1, 0);
    log[n < 0 ? 0 : n] = '\0';
    fclose(f);
    cx->config = usual;
}

static void disks_that_fill_are_told(void **state)
{
    static const struct {
        int mib_100;
        const char *event;
    } cases[] = { { 700, NULL }, { 850, "disk.filling" },
                  { 950, "disk.nearly_full" } };
    char volume[] = "/tmp/pilehub-disk-XXXXXX", log[1000];

    assert_non_null(mkdtemp(volume));
    if (mount("tmpfs", volume, "tmpfs", 0, "size=10m") != 0) {
        rmdir(volume);
        skip();
    }
    for (size_t i = 0; i < COUNT(cases); i++) {
        watch_with(*state, volume, cases[i].mib_100, log, sizeof log);
        if (cases[i].event == NULL)
            assert_string_equal(log, "");
        else
            assert_non_null(strstr(log, cases[i].event));
    }
    umount2(volume, MNT_DETACH);
    rmdir(volume);
    assert_int_equal(disk_used("/no/such/place"), -1);
}

/* ---- events ---------------------------------------------------------- */

/* What the consumers did: rows, so that it is rolled back with a failure. */
static void note(struct cx *cx, const char *who, const struct event *e)
{
    db_exec(cx, "INSERT INTO effect (who, event_id, payload) VALUES"
                " (?, ?, ?)", BIND(V(who), V(e->id), V(e->payload)));
}

static void first_consumer(struct cx *cx, const struct event *e)
{
    note(cx, "first", e);
}

/* Fails as long as the payload says so many tries. */
static void second_consumer(struct cx *cx, const struct event *e)
{
    note(cx, "second", e);
    if (strcmp(e->payload, "{\"poison\":1}") == 0 ||
        (strcmp(e->payload, "{\"late\":2}") == 0 && e->tries < 2))
        cx_fail(cx, ERR_PARTNER, "对方没有应答。");
}

static const struct consumer consumers_a[] = {
    { "test.first", "test.made", first_consumer },
};
static const struct consumer consumers_b[] = {
    { "test.second", "test.made", second_consumer },
};
static const struct feature feature_a = { .consumers = LIST(consumers_a) };
static const struct feature feature_b = { .consumers = LIST(consumers_b) };
static const struct feature *const both[] = { &feature_a, &feature_b };
static const struct features consumers = LIST(both);

struct making {
    const char *topic, *aggregate, *payload;
};

static void make_body(struct cx *cx, void *arg)
{
    const struct making *m = arg;

    outbox_add(cx, m->topic, m->aggregate, m->payload);
}

static void make(struct cx *cx, const char *topic, const char *aggregate,
                 const char *payload)
{
    struct making m = { topic, aggregate, payload };

    assert_int_equal(world_tx(cx, make_body, &m), CX_OK);
}

static void deliver_body(struct cx *cx, void *arg)
{
    *(int *)arg = deliver_events(cx, &consumers);
}

static int deliver(struct cx *cx)
{
    int n = 0;

    testdb_run(cx, deliver_body, &n);
    return n;
}

static int64_t effects(struct cx *cx, const char *who)
{
    return testdb_int(cx, cx_printf(cx, "SELECT COUNT(*) FROM effect WHERE"
                                        " who = '%s'", who));
}

static void every_consumer_sees_an_event_once(void **state)
{
    struct cx *cx = *state;

    make(cx, "test.made", "a:1", "{}");
    make(cx, "test.nobody_cares", "a:1", "{}");
    assert_int_equal(deliver(cx), 2);
    assert_int_equal(deliver(cx), 0);
    assert_int_equal(effects(cx, "first"), 1);
    assert_int_equal(effects(cx, "second"), 1);
    /* the mark that it is done got lost: nobody sees it twice */
    testdb_sql(cx, "UPDATE outbox SET done_at = NULL");
    assert_int_equal(deliver(cx), 2);
    assert_int_equal(effects(cx, "first"), 1);
    assert_int_equal(effects(cx, "second"), 1);
}

static void a_failure_is_tried_again_later_and_later(void **state)
{
    struct cx *cx = *state;

    make(cx, "test.made", "a:1", "{\"late\":2}");
    make(cx, "test.made", "a:1", "{\"n\":2}"); /* waits for the one before */
    make(cx, "test.made", "a:2", "{\"n\":3}"); /* does not */
    assert_int_equal(deliver(cx), 1);
    assert_int_equal(effects(cx, "second"), 1);
    assert_int_equal(deliver(cx), 0); /* not yet */
    cx->now = stamp_add_ms(cx->now, 1000);
    assert_int_equal(deliver(cx), 0); /* second try fails */
    cx->now = stamp_add_ms(cx->now, 2000);
    assert_int_equal(deliver(cx), 2);
    assert_int_equal(effects(cx, "second"), 3);
    assert_int_equal(effects(cx, "first"), 3);
    /* in order: 3 alone, then 1 and 2 */
    assert_int_equal(testdb_int(cx, "SELECT GROUP_CONCAT(payload ORDER BY id"
                                    " SEPARATOR '') = '{\"n\":3}{\"late\":2}"
                                    "{\"n\":2}' FROM effect WHERE who ="
                                    " 'second'"), 1);
}

static void a_poisoned_event_dies_and_lets_the_others_pass(void **state)
{
    struct cx *cx = *state;

    make(cx, "test.made", "a:1", "{\"poison\":1}");
    make(cx, "test.made", "a:1", "{\"n\":2}");
    for (int i = 0; i < DELIVER_TRIES; i++) {
        assert_int_equal(effects(cx, "second"), 0);
        deliver(cx);
        cx->now = stamp_add_ms(cx->now, DELIVER_BACKOFF_MAX_MS);
    }
    deliver(cx);
    assert_int_equal(effects(cx, "second"), 1);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM outbox WHERE"
                                    " dead_at IS NOT NULL AND tries = 12 AND"
                                    " error = '对方没有应答。'"), 1);
}

static void NORETURN deliver_until_killed(void)
{
    struct cx *cx = world_cx();

    for (;;) {
        world_again(cx);
        deliver(cx);
    }
}

static void a_killed_dispatcher_loses_and_doubles_nothing(void **state)
{
    enum { EVENTS = 400, KILLS = 40 };
    struct cx *cx = *state;

    for (int i = 0; i < EVENTS; i++)
        testdb_sql(cx, cx_printf(cx, "INSERT INTO outbox (topic, aggregate,"
                                     " payload, created_at, next_at) VALUES"
                                     " ('test.made', 'a:%d', '{}',"
                                     " '2026-01-01', '2026-01-01')",
                                 i % 7));
    for (int i = 0; i < KILLS; i++) {
        pid_t pid = fork();

        if (pid == 0)
            deliver_until_killed();
        sleep_ms(10 + i % 20);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    while (deliver(cx) > 0)
        continue;
    assert_int_equal(effects(cx, "first"), EVENTS);
    assert_int_equal(effects(cx, "second"), EVENTS);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM outbox WHERE"
                                    " done_at IS NULL"), 0);
}

static int clear_effects(void **state)
{
    set_up(state);
    testdb_sql(*state, "CREATE TABLE IF NOT EXISTS effect (id BIGINT NOT NULL"
                       " AUTO_INCREMENT PRIMARY KEY, who VARCHAR(20) NOT"
                       " NULL, event_id BIGINT NOT NULL, payload TEXT NOT"
                       " NULL) ENGINE=InnoDB");
    testdb_sql(*state, "DELETE FROM effect");
    return 0;
}

/* ---- the scheduler --------------------------------------------------- */

static void count_run(struct cx *cx)
{
    db_exec(cx, "INSERT INTO effect (who, event_id, payload) VALUES ('job',"
                " 0, '')", BIND());
}

static void fail_run(struct cx *cx)
{
    cx_fail(cx, ERR_STATE, "这次不行。");
}

static const struct job some_jobs[] = {
    { "test.fast", 50, 2000, count_run, "" },
    { "test.failing", 60000, 1000, fail_run, "" },
};
static const struct features no_features = { NULL, 0 };

static void only_the_holder_runs_a_job(void **state)
{
    struct cx *cx = *state, *other = world_cx();
    struct schedule a, b;
    int64_t n;

    schedule_init(&a, cx, "host:1/0", &no_features, some_jobs, 2, 0, 1);
    schedule_init(&b, other, "host:2/0", &no_features, some_jobs, 2, 0, 1);
    for (int wait = 0; wait < 100 && effects(cx, "job") == 0; wait++)
        schedule_step(&a); /* due a millisecond after it took the lease */
    schedule_step(&b);
    sleep_ms(60);
    schedule_step(&b);
    assert_int_equal(effects(cx, "job"), 1);
    schedule_step(&a);
    assert_int_equal(effects(cx, "job"), 2);
    assert_int_equal(testdb_int(cx, "SELECT failures FROM job_run WHERE name"
                                    " = 'test.failing' AND runs = 1 AND error"
                                    " = '这次不行。'"), 1);
    /* a dies: its successor with the same name goes on at once, a stranger
       when the lease is over */
    schedule_init(&a, cx, "host:1/0", &no_features, some_jobs, 2, 0, 1);
    sleep_ms(60);
    schedule_step(&a);
    n = effects(cx, "job");
    assert_int_equal(n, 3);
    testdb_sql(cx, "UPDATE lease SET expires_at = NOW(3) - INTERVAL 1 SECOND"
                   " WHERE name = 'job:test.fast'");
    for (int wait = 0; wait < 100 && effects(cx, "job") == n; wait++) {
        sleep_ms(100);
        schedule_step(&b);
    }
    assert_int_equal(effects(cx, "job"), n + 1);
    /* the first one wakes up: its lease runs out by its own clock, and then
       it does not get it back */
    a.slots[0].held_ms = 0;
    a.slots[0].next_ms = 0;
    a.slots[0].ask_ms = 0;
    schedule_step(&a);
    assert_int_equal(effects(cx, "job"), n + 1);
    schedule_stop(&b);
    a.slots[0].ask_ms = 0;
    sleep_ms(60); /* it is due when the table says so */
    schedule_step(&a);
    assert_int_equal(effects(cx, "job"), n + 2);
    testdb_cx_free(other);
}

/* Which of the four workers each is at home in; with one, all are. */
static void jobs_that_wait_or_last_keep_to_themselves(void **state)
{
    static const struct job four[] = {
        { "test.quick", 200, LIMIT_S(10), count_run, "" },
        { "test.short", EVERY_S(30), LIMIT_S(60), count_run, "" },
        { "test.waits", 200, LIMIT_S(10), count_run, "", .waits = true },
        { "test.lasts", EVERY_S(1), LIMIT_S(900), count_run, "" },
    };
    struct schedule s;

    for (size_t worker = 0; worker < JOBS_LANES; worker++) {
        schedule_init(&s, *state, "host:4/0", &no_features, four, 4, worker,
                      JOBS_LANES);
        for (size_t i = 0; i < 4; i++)
            assert_int_equal(s.slots[i].is_home, i == worker);
    }
    schedule_init(&s, *state, "host:4/0", &no_features, four, 4, 0, 1);
    for (size_t i = 0; i < 4; i++)
        assert_true(s.slots[i].is_home);
}

static void sleep_run(struct cx *cx)
{
    (void)cx;
    sleep_ms(3000);
}

/* A job that hangs takes its process with it; the parent starts another. */
static void a_run_past_its_limit_ends_the_process(void **state)
{
    static const struct job slow[] = {
        { "test.slow", 60000, 100, sleep_run, "" }
    };
    int64_t begun = monotonic_ms();
    int status;
    pid_t pid;

    (void)state;
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        struct schedule s;

        schedule_init(&s, world_cx(), "host:3/0", &no_features, slow, 1, 0,
                      1);
        schedule_step(&s);
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGALRM);
    assert_in_range(monotonic_ms() - begun, 90, 2500);
}

/* ---- housekeeping ---------------------------------------------------- */

static void make_months(struct cx *cx, void *arg)
{
    *(int *)arg = partitions_make(cx, cx->now, 3);
}

static void months_are_made_ahead_once(void **state)
{
    struct cx *cx = *state;
    int made;

    assert_true(stamp_parse("2026-12-15", &cx->now));
    testdb_run(cx, make_months, &made);
    assert_int_equal(made, 2 * 4); /* December to March, two tables */
    testdb_run(cx, make_months, &made);
    assert_int_equal(made, 0);
    cx->now = stamp_add_days(cx->now, 31);
    testdb_run(cx, make_months, &made);
    assert_int_equal(made, 2);
    testdb_sql(cx, "INSERT INTO frame_log (at, pile_id, up, type, raw) VALUES"
                   " ('2026-12-31 23:59:59.999', 1, 1, 1, ''), ('2027-01-01',"
                   " 1, 1, 1, ''), ('2031-01-01', 1, 1, 1, '')");
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM frame_log PARTITION"
                                    " (p202612)"), 1);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM frame_log PARTITION"
                                    " (p202701)"), 1);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM frame_log PARTITION"
                                    " (pmax)"), 1);
}

static void sweep_body(struct cx *cx, void *arg)
{
    (void)arg;
    sweep(cx);
}

static void what_has_done_its_time_goes(void **state)
{
    struct cx *cx = *state;

    assert_true(stamp_parse("2026-11-20 12:00:00", &cx->now));
    testdb_sql(cx, "INSERT INTO idem (scope, idem_key, body_hash, created_at)"
                   " VALUES ('t', 'old', REPEAT('x', 32), '2025-10-16"
                   " 11:59:59'), ('t', 'new', REPEAT('x', 32), '2025-10-16"
                   " 12:00:01')");
    testdb_sql(cx, "INSERT INTO captcha VALUES ('a', 'x', '2026-11-19"
                   " 11:59:59'), ('b', 'x', '2026-11-19 12:00:01')");
    testdb_sql(cx, "INSERT INTO outbox (id, topic, aggregate, payload,"
                   " created_at, next_at, done_at) VALUES (1, 't', 'a', '{}',"
                   " '2026-01-01', '2026-01-01', '2026-10-21 11:00:00'), (2,"
                   " 't', 'a', '{}', '2026-01-01', '2026-01-01', NULL)");
    testdb_sql(cx, "INSERT INTO outbox_seen VALUES ('c', 1), ('c', 2)");
    testdb_run(cx, sweep_body, NULL);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM idem WHERE idem_key"
                                    " = 'new'"), 1);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM idem"), 1);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM captcha"), 1);
    assert_int_equal(testdb_int(cx, "SELECT SUM(id) FROM outbox"), 2);
    assert_int_equal(testdb_int(cx, "SELECT SUM(event_id) FROM outbox_seen"),
                     2);
}

/* ---- the program ----------------------------------------------------- */

/* A charge that ended just now, with its record. Peak or not: the rate of
   this half hour gets the energy. */
static int64_t recorded(struct cx *cx, int64_t connector, int64_t driver)
{
    struct world_start s = { { .connector_id = connector, .driver_id = driver,
                               .start_by = START_BY_APP,
                               .hold = { 1000 } }, 0 };
    struct world_record r = { .total_e4 = -1 };
    struct order *o;
    char pile_no[20];
    stamp end;

    world_again(cx);
    cx->now = stamp_now();
    end = cx->now;
    cx->now = stamp_add_ms(end, -60000);
    assert_int_equal(world_tx(cx, world_start_body, &s), CX_OK);
    world_order_state(cx, s.id, ORDER_CHARGING);
    o = world_order(cx, s.id);
    snprintf(pile_no, sizeof pile_no, "%014lld",
             (long long)(32010600019235LL + o->pile_id));
    r.trade_no = o->trade_no;
    r.gun = o->gun;
    r.pile_id = o->pile_id;
    r.pile_no = pile_no;
    r.start = o->created_at;
    r.end = end;
    r.energy[bill_rate_at(WORLD_SLOTS, o->created_at)] = 10000;
    cx->now = end;
    world_record(cx, &r);
    return s.id;
}

static pid_t start_jobs(const char *name)
{
    char config[200], home[210], program[300];
    FILE *f;
    pid_t pid;

    snprintf(config, sizeof config, "/tmp/%s-%s.conf", testdb_name(), name);
    f = fopen(config, "w");
    assert_non_null(f);
    fprintf(f, "db_socket=%s\ndb_user=root\ndb_name=%s\njobs_name=%s\n"
               "log_level=error\nhome=%s.d\n", testdb_socket(),
            testdb_name(), name, config);
    fclose(f);
    snprintf(home, sizeof home, "%s.d", config);
    assert_int_equal(mkdir(home, 0700), 0);
    snprintf(program, sizeof program, "%s/pilehub-jobs",
             getenv("PILEHUB_BUILD") != NULL ? getenv("PILEHUB_BUILD")
                                             : ".");
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        dup2(2, 1);
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* not even if this test fails */
        execl(program, program, "-c", config, (char *)NULL);
        _exit(127);
    }
    assert_true(pid > 0);
    return pid;
}

static void remove_tree(const char *path)
{
    pid_t pid = fork();

    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", path, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
}

static void stop_jobs(pid_t pid, const char *name)
{
    char config[200], home[220];
    int status;

    kill(pid, SIGTERM);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    snprintf(config, sizeof config, "/tmp/%s-%s.conf", testdb_name(), name);
    unlink(config);
    snprintf(home, sizeof home, "%s.d", config);
    remove_tree(home);
}

/* Milliseconds until the order is settled; fails after ten seconds. */
static int64_t wait_settled(struct cx *cx, int64_t id)
{
    int64_t begun = monotonic_ms();

    while (world_order(cx, id)->state != ORDER_SETTLED) {
        if (monotonic_ms() - begun > 10000) {
            print_error("order %lld: state %d %s\n", (long long)id,
                        world_order(cx, id)->state,
                        world_order(cx, id)->review_reason);
            fail();
        }
        sleep_ms(5);
        world_again(cx);
    }
    return monotonic_ms() - begun;
}

static void a_record_is_settled_within_a_second(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 100000, 0, 0), worst = 0;
    pid_t jobs = start_jobs("lag");

    wait_settled(cx, recorded(cx, 1, driver)); /* it is up */
    for (int i = 2; i <= 9; i++) {
        int64_t ms = wait_settled(cx, recorded(cx, i, driver));

        worst = ms > worst ? ms : worst;
    }
    stop_jobs(jobs, "lag");
    print_message("# worst lag %lld ms\n", (long long)worst);
    assert_in_range(worst, 0, 1000);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM lease WHERE"
                                    " expires_at > NOW(3)"), 0);
}

static void review_body(struct cx *cx, void *arg)
{
    order_review(cx, *(int64_t *)arg, NULL, "程序更正后按记录结算");
}

static int64_t ask_of(struct cx *cx, const char *what, int64_t order_id)
{
    return testdb_int(cx, cx_printf(cx,
        "SELECT %s FROM charge_order o JOIN trade_record r"
        " ON r.trade_no = o.trade_no WHERE o.id = %lld", what,
        (long long)order_id));
}

/* An order of nobody is our mistake: settling it aborts the worker. */
static void a_record_that_ends_its_settler_goes_to_a_person(void **state)
{
    enum { HEALTHY = 12 };
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 1000000, 0, 0), begun;
    int64_t poison, healthy[HEALTHY];
    pid_t jobs;

    /* orders of the test before are not in the way */
    testdb_sql(cx, "UPDATE charge_order SET started_at = '2000-01-01',"
                   " finished_at = '2000-01-01'");
    poison = recorded(cx, 1, driver);
    testdb_sql(cx, cx_printf(cx, "UPDATE charge_order SET driver_id = NULL"
                                 " WHERE id = %lld", (long long)poison));
    for (int i = 0; i < HEALTHY / 2; i++)
        healthy[i] = recorded(cx, 2 + i, driver);
    jobs = start_jobs("poison");
    for (int i = 0; i < HEALTHY / 2; i++)
        wait_settled(cx, healthy[i]);
    for (int i = HEALTHY / 2; i < HEALTHY; i++) { /* while it goes on */
        healthy[i] = recorded(cx, 2 + i, driver);
        wait_settled(cx, healthy[i]);
    }
    begun = monotonic_ms();
    while (ask_of(cx, "o.state", poison) != ORDER_REVIEW) {
        assert_in_range(monotonic_ms() - begun, 0, 60000);
        sleep_ms(20);
        world_again(cx);
    }
    assert_int_equal(ask_of(cx, "r.state", poison), RECORD_REVIEW);
    assert_int_equal(ask_of(cx, "r.aborts", poison), 3);
    assert_int_equal(ask_of(cx, "o.hold_open", poison), 1);
    assert_int_equal(ask_of(cx, "o.review_reason <> '' AND r.error ="
                                " o.review_reason", poison), 1);
    assert_int_equal(ask_of(cx, "(SELECT COUNT(*) FROM pile_event e WHERE"
                                " e.pile_id = r.pile_id AND e.kind = 11 AND"
                                " e.detail = r.error)", poison), 1);
    assert_int_equal(ask_of(cx, "(SELECT COUNT(*) FROM audit a WHERE a.event"
                                " = 'order.review_wanted' AND a.object_id ="
                                " o.id)", poison), 1);
    /* and nobody tries it again: the others take a second, not its pauses */
    for (int i = 0; i < 3; i++)
        assert_in_range(wait_settled(cx, recorded(cx, 50 + i, driver)), 0,
                        8000);
    stop_jobs(jobs, "poison");
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM settle_run WHERE"
                                    " begun_at IS NULL"), 1);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM trade_record WHERE"
                                    " state <> 2 AND aborts < 3"), 0);
    /* mended: a person lets it be settled as it is */
    testdb_sql(cx, cx_printf(cx, "UPDATE charge_order SET driver_id = %lld"
                                 " WHERE id = %lld", (long long)driver,
                             (long long)poison));
    assert_int_equal(world_tx(cx, review_body, &poison), CX_OK);
    assert_int_equal(ask_of(cx, "o.state", poison), ORDER_SETTLED);
    assert_int_equal(world_wallet(cx, driver).held.fen, 0);
    world_assert_books(cx);
    world_assert_orders(cx);
}

/* Kills every process of the program but its parent. */
static void kill_workers(pid_t parent)
{
    char path[60], line[400];
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent,
             (int)parent);
    f = fopen(path, "r");
    if (f == NULL)
        return;
    if (fgets(line, sizeof line, f) != NULL) {
        char *p = line, *end;

        for (long pid = strtol(p, &end, 10); end != p;
             p = end, pid = strtol(p, &end, 10))
            kill((pid_t)pid, SIGKILL);
    }
    fclose(f);
}

static void killed_again_and_again_two_instances_bill_once(void **state)
{
    enum { ORDERS = 60 };
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 10000000, 0, 0), paid, total;
    pid_t a = start_jobs("one"), b = start_jobs("two");

    testdb_sql(cx, "UPDATE charge_order SET started_at = '2000-01-01',"
                   " finished_at = '2000-01-01'");
    for (int i = 0; i < ORDERS; i++) {
        recorded(cx, 10 + i, driver);
        if (i % 3 == 0)
            kill_workers(i % 2 ? a : b);
    }
    for (int i = 0; i < ORDERS; i++) {
        int64_t id = testdb_int(cx, cx_printf(cx,
            "SELECT id FROM charge_order WHERE connector_id = %d ORDER BY id"
            " DESC LIMIT 1", 10 + i));

        wait_settled(cx, id);
    }
    stop_jobs(a, "one");
    stop_jobs(b, "two");
    paid = world_wallet(cx, driver).paid.fen;
    total = testdb_int(cx, cx_printf(cx, "SELECT SUM(total_fen) FROM"
                                         " charge_order WHERE driver_id ="
                                         " %lld", (long long)driver));
    assert_int_equal(paid, 10000000 - total);
    assert_int_equal(world_wallet(cx, driver).held.fen, 0);
    world_assert_books(cx);
    world_assert_orders(cx);
}

int main(void)
{
#define WITH_CX(f, s) cmocka_unit_test_setup_teardown(f, s, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_CX(every_consumer_sees_an_event_once, clear_effects),
        WITH_CX(a_failure_is_tried_again_later_and_later, clear_effects),
        WITH_CX(a_poisoned_event_dies_and_lets_the_others_pass,
                clear_effects),
        WITH_CX(a_killed_dispatcher_loses_and_doubles_nothing,
                clear_effects),
        WITH_CX(disks_that_fill_are_told, set_up),
        WITH_CX(only_the_holder_runs_a_job, clear_effects),
        WITH_CX(jobs_that_wait_or_last_keep_to_themselves, set_up),
        WITH_CX(a_run_past_its_limit_ends_the_process, set_up),
        WITH_CX(months_are_made_ahead_once, set_up),
        WITH_CX(what_has_done_its_time_goes, set_up),
        WITH_CX(a_record_is_settled_within_a_second, set_up),
        WITH_CX(a_record_that_ends_its_settler_goes_to_a_person, set_up),
        WITH_CX(killed_again_and_again_two_instances_bill_once, set_up),
    };
    struct cx *cx;
    int failed;

    testdb_start("jobs");
    cx = world_cx();
    world_make(cx);
    world_more_piles(cx, 60);
    testdb_cx_free(cx);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    testdb_stop();
    return failed;
}
