/*
 * Memory that runs out in the gateway (rule C8): every frame that a pile sends
 * is sent again and again to the real process, and the n-th allocation of each
 * thread that has to do with it fails, of ours or of a library's, for n = 1,
 * 2, ... until there are no more. The process lives; what is confirmed is
 * stored, once; what the pile said is in the database in the end; no memory is
 * left behind. PILEHUB_OOM=all: every n, otherwise a few.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/stamp.h"
#include "charging/command.h"
#include "charging/order_state.h"
#include "tests/integration/gateway_rig.h"
#include "tests/integration/oom.h"
#include "tests/integration/oom_plan.h"
#include "tests/integration/testdb.h"

enum {
    START_STRIDE = 67, FIRST_STRIDE = 4,
    HUNGER_MS = 1500,
    SOON_MS = 1500,      /* a reply, if there was memory for it */
    LATE_MS = 20000,     /* what must come, after as many retries as it takes */
    AT_START = 6,        /* allocations at a start without which it ends */
    LEFT = 256 * 1024,   /* statements that other threads prepared meanwhile, */
    LEFT_PER_HIT = 8192  /* what the client library loses with a connection */
};

static struct rig rig;
static struct oom_plan *plan;
static struct pile pile;
static long serial; /* of a try: names its trade and its mark */

/* ---- the plan ------------------------------------------------------- */

static void begin(enum oom_thread thread, long at)
{
    atomic_store(&plan->at, 0);
    atomic_store(&plan->hit, false);
    atomic_store(&plan->calls, 0);
    atomic_store(&plan->thread, thread);
    atomic_store(&plan->at, at);
}

static bool end(void)
{
    atomic_store(&plan->at, 0);
    return atomic_load(&plan->hit);
}

static void assert_lives(const char *what, long n)
{
    int status;

    if (waitpid(rig.pid, &status, WNOHANG) == 0)
        return;
    rig.pid = 0;
    fail_msg("%s, allocation %ld: the gateway died (%d)", what, n, status);
}

/* ---- a pile that tries again ---------------------------------------- */

static void say(const uint8_t *bytes, size_t n)
{
    /* A connection that was given up is noticed when no reply comes. */
    if (send(pile.fd, bytes, n, MSG_NOSIGNAL) < 0)
        rig_sleep(10);
}

static void say_frame(uint8_t type, const void *frame)
{
    uint8_t out[YKC_MAX_FRAME];

    say(out, pile_frame(&pile, type, frame, out));
}

static const uint8_t *code_bytes(void)
{
    static const uint8_t code[7] = { 0x32, 0x01, 0x02, 0, 0, 0, 0x01 };

    return code;
}

/* Any frame: its fields 0 but for the trade, the pile and gun 1. */
static void say_plain(uint8_t type, const char *trade)
{
    struct ykc_head head = ykc_request_head(type, &pile.sequence);
    const struct ykc_frame *f = ykc_frame(type);
    uint8_t body[YKC_MAX_BODY] = { 0 }, out[YKC_MAX_FRAME];
    size_t at, len;

    if (trade != NULL && ykc_field(f, "trade_number", &at) != NULL)
        assert_true(wire_unhex(trade, body + at, 16));
    assert_non_null(ykc_field(f, "pile_code", &at));
    memcpy(body + at, code_bytes(), 7);
    if (ykc_field(f, "gun_number", &at) != NULL)
        body[at] = ykc_gun_byte(1);
    assert_int_equal(ykc_seal(&head, body, f->least, out, sizeof out, &len),
                     WIRE_OK);
    say(out, len);
}

static bool get(uint8_t type, int ms)
{
    int64_t until = monotonic_ms() + ms, now;

    while ((now = monotonic_ms()) < until &&
           pile_next(&pile, (int)(until - now)))
        if (pile.raw.head.type == type)
            return true;
    return false;
}

static void log_in(long mark)
{
    struct ykc_login l = pile_login_frame(1);
    int tries = 0;

    snprintf(l.program_version, sizeof l.program_version, "M%06ld", mark);
    for (;;) {
        assert_in_range(++tries, 1, 20);
        pile_connect(&pile, &rig, 1);
        say_frame(ykc_type_login, &l);
        if (get(ykc_type_login_reply, SOON_MS) &&
            pile.any.login_reply.result == 0)
            return;
        pile_close(&pile);
    }
}

static void ask(uint8_t type, uint8_t reply)
{
    for (int tries = 0; tries < 20; tries++) {
        say_plain(type, NULL);
        if (get(reply, SOON_MS))
            return;
        pile_close(&pile);
        log_in(serial);
    }
    fail_msg("frame %02X has no answer", type);
}

/* ---- what must come true in the end --------------------------------- */

static char *sql(const char *format, ...) PRINTF_LIKE(1, 2);
static char *sql(const char *format, ...)
{
    static char text[600];
    va_list ap;

    va_start(ap, format);
    vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    return text;
}

/* Gun 2 says a number of its own; when it is stored, so is what came before,
   for the state writer keeps the order. */
static void wait_state(void)
{
    struct ykc_realtime f = pile_report(1, 2, YKC_STATE_IDLE, false, NULL, 0);

    f.output_voltage = (uint16_t)(serial % 9000 + 1);
    say_frame(ykc_type_realtime, &f);
    rig_wait_int(&rig, "SELECT voltage_dv FROM connector_live"
                 " WHERE connector_id = 2", serial % 9000 + 1, LATE_MS);
}

/* The same for the log of frames, with a frame that is only kept. */
static void wait_log(void)
{
    static const char count[] = "SELECT COUNT(*) FROM frame_log WHERE type ="
                                " 147";
    int64_t before = rig_int(&rig, count);

    say_plain(ykc_type_update_reply, NULL);
    for (int64_t until = monotonic_ms() + LATE_MS;
         rig_int(&rig, count) == before; rig_sleep(20))
        assert_true(monotonic_ms() < until);
}

static void assert_nothing_was_dropped(void)
{
    if (rig_count(&rig, "dropped_rows_total") != 0 ||
        rig_count(&rig, "records_dropped_total") != 0)
        fail_msg("the gateway dropped something:\n%s", rig_log(&rig));
}

/* ---- frames --------------------------------------------------------- */

static void try_login(void)
{
    pile_close(&pile);
    log_in(serial);
    rig_wait_int(&rig, sql("SELECT COUNT(*) FROM pile WHERE id = 1 AND"
                           " online = 1 AND firmware = 'M%06ld'", serial), 1,
                 LATE_MS);
    rig_wait_int(&rig, sql("SELECT COUNT(*) > 0 FROM frame_log WHERE type = 1"
                           " AND raw LIKE '%%M%06ld%%'", serial), 1, LATE_MS);
}

/* Answered at once, or hardly: they ask for no memory at all. */
static void try_questions(void)
{
    ask(ykc_type_heartbeat, ykc_type_heartbeat_reply);
    ask(ykc_type_tariff_check, ykc_type_tariff_check_reply);
    ask(ykc_type_tariff_request, ykc_type_tariff_reply);
    say_plain(ykc_type_clock_reply, NULL);
    say_plain(ykc_type_lock_status, NULL);
    wait_state();
    wait_log();
}

/* Replies that nobody waits for, and all others that are only kept. */
static void try_replies(void)
{
    static const uint8_t types[] = {
        ykc_type_remote_start_reply, ykc_type_remote_stop_reply,
        ykc_type_balance_reply, ykc_type_card_sync_reply,
        ykc_type_card_clear_reply, ykc_type_card_query_reply,
        ykc_type_work_reply, ykc_type_tariff_push_reply,
        ykc_type_lock_reply, ykc_type_reboot_reply,
        ykc_type_parallel_start_reply, ykc_type_qr_prefix_reply
    };
    int64_t before = rig_int(&rig, "SELECT COUNT(*) FROM frame_log WHERE"
                                   " type <> 147");

    for (size_t i = 0; i < COUNT(types); i++)
        say_plain(types[i], NULL);
    wait_log();
    assert_true(rig_int(&rig, "SELECT COUNT(*) FROM frame_log WHERE type <>"
                              " 147") >= before + (int64_t)COUNT(types));
    wait_state();
}

/* A card; jobs find the row. */
static void try_requests(void)
{
    int64_t before = rig_int(&rig, "SELECT COUNT(*) FROM pile_request");

    say_plain(ykc_type_start_request, NULL);
    say_plain(ykc_type_parallel_request, NULL);
    wait_state();
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM pile_request"),
                     before + 2);
}

/* ---- a charge ------------------------------------------------------- */

static const char *trade_of(long no)
{
    static char trade[33];

    snprintf(trade, sizeof trade, "3201020000000101%016ld", no);
    return trade;
}

static int64_t make_order(const char *trade, int state)
{
    rig_sql(&rig, "INSERT INTO charge_order (order_no, trade_no, provider_id,"
            " merchant_id, station_id, pile_id, connector_id, gun, start_by,"
            " state, tariff_version_id, created_at) VALUES ('%.20s', '%s',"
            " 2, 3, 1, 1, 1, 1, 1, %d, 1, NOW(3))", trade + 12, trade, state);
    return rig_int(&rig, "SELECT MAX(id) FROM charge_order");
}

static void wait_command(int64_t id)
{
    rig_wait_int(&rig, sql("SELECT state FROM pile_command WHERE id = %lld",
                           (long long)id), COMMAND_DONE, LATE_MS);
}

/*
 * A start goes out once, or its commit is in doubt and it never does: then it
 * is marked sent, and jobs look after the order (G15). True if it went.
 */
static bool start_charge(int64_t order)
{
    struct ykc_remote_start f = { .gun_number = 1, .account_balance = 10000,
                                  .pile_code = "32010200000001" };
    struct ykc_remote_start_reply r = { .gun_number = 1, .result = 1,
                                        .pile_code = "32010200000001" };
    int64_t id;

    snprintf(f.trade_number, sizeof f.trade_number, "%s", trade_of(serial));
    snprintf(r.trade_number, sizeof r.trade_number, "%s", trade_of(serial));
    id = rig_queue(&rig, COMMAND_START, ykc_type_remote_start, &f, 1, order,
                   f.trade_number);
    if (!get(ykc_type_remote_start, 4 * SOON_MS)) {
        assert_int_equal(rig_int(&rig, sql("SELECT state FROM pile_command"
                                           " WHERE id = %lld",
                                           (long long)id)), COMMAND_SENT);
        return false;
    }
    say_frame(ykc_type_remote_start_reply, &r);
    wait_command(id);
    assert_false(get(ykc_type_remote_start, 1)); /* not twice */
    return true;
}

static void stop_charge(int64_t order)
{
    struct ykc_remote_stop f = { .gun_number = 1,
                                 .pile_code = "32010200000001" };
    struct ykc_remote_stop_reply r = { .gun_number = 1, .result = 1,
                                       .pile_code = "32010200000001" };
    int64_t id = rig_queue(&rig, COMMAND_STOP, ykc_type_remote_stop, &f, 1,
                           order, trade_of(serial));

    if (!get(ykc_type_remote_stop, 4 * SOON_MS)) {
        assert_int_equal(rig_int(&rig, sql("SELECT state FROM pile_command"
                                           " WHERE id = %lld",
                                           (long long)id)), COMMAND_SENT);
        return;
    }
    say_frame(ykc_type_remote_stop_reply, &r);
    wait_command(id);
}

static void bring_record(const struct ykc_trade_record *f)
{
    const char *trade = f->trade_number;

    for (int tries = 0;; tries++) {
        assert_in_range(tries, 0, 20);
        say_frame(ykc_type_trade_record, f);
        if (get(ykc_type_record_confirmation, SOON_MS))
            break;
    }
    /* Confirmed is stored, and has moved its order (G10). */
    assert_int_equal(rig_int(&rig, sql("SELECT COUNT(*) FROM trade_record"
                                       " WHERE trade_no = '%s' AND LENGTH("
                                       "raw) = 166", trade)), 1);
    assert_int_equal(rig_int(&rig, sql("SELECT state FROM charge_order WHERE"
                                       " trade_no = '%s'", trade)),
                     ORDER_RECORDED);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM"
                                   " trade_record_conflict"), 0);
}

static void try_record(void)
{
    struct ykc_trade_record f = pile_record(1, 1, trade_of(serial), 105000);

    make_order(trade_of(serial), ORDER_AWAITING_RECORD);
    bring_record(&f);
}

static void say_charging(int state, const char *trade, uint32_t energy)
{
    struct ykc_realtime f = pile_report(1, 1, state, true, trade, energy);

    say_frame(ykc_type_realtime, &f);
}

static void wait_order(const char *trade, int state)
{
    rig_wait_int(&rig, sql("SELECT state FROM charge_order WHERE trade_no ="
                           " '%s'", trade), state, LATE_MS);
}

static void try_charge(void)
{
    static const uint8_t car[] = {
        ykc_type_handshake, ykc_type_parameters, ykc_type_charging_end,
        ykc_type_error_report, ykc_type_bms_stop, ykc_type_pile_stop,
        ykc_type_demand, ykc_type_bms_info
    };
    struct ykc_trade_record record;
    char trade[33];
    int64_t order;

    snprintf(trade, sizeof trade, "%s", trade_of(serial));
    order = make_order(trade, ORDER_CREATED);
    if (start_charge(order)) {
        say_charging(YKC_STATE_CHARGING, trade, 500);
        wait_order(trade, ORDER_CHARGING);
        for (size_t i = 0; i < COUNT(car); i++)
            say_plain(car[i], trade);
        say_charging(YKC_STATE_CHARGING, trade, 1000);
        wait_log();
        assert_int_equal(rig_int(&rig, sql("SELECT COUNT(DISTINCT type) FROM"
                                           " frame_log WHERE trade_no = '%s'"
                                           " AND up = 1", trade)),
                         COUNT(car) + 2); /* and 0x33, 0x13 */
        stop_charge(order);
        say_charging(YKC_STATE_IDLE, NULL, 0);
        rig_wait_int(&rig, sql("SELECT live_energy_e4kwh FROM charge_order"
                               " WHERE trade_no = '%s'", trade), 1000,
                     LATE_MS);
    }
    record = pile_record(1, 1, trade, 105000);
    bring_record(&record);
    wait_state();
}

/* ---- the keeper, and the statistics --------------------------------- */

/*
 * Everything is due at once: its row, the tariffs, all piles, the sweep, which
 * comes last and finds a pile of a gateway that is gone.
 */
static void try_upkeep(void)
{
    static const char gone[] = "SELECT online FROM pile WHERE id = 5";
    int64_t until = monotonic_ms() + 2 * LATE_MS;

    rig_sql(&rig, "UPDATE tariff SET ver = ver + 1");
    rig_sql(&rig, "UPDATE pile SET login_policy = 3 - login_policy,"
            " updated_at = NOW(3) WHERE id = 4");
    rig_sql(&rig, "UPDATE pile SET online = 1, gateway_id = 99, epoch = 1,"
            " seen_at = NOW(3) - INTERVAL 1 HOUR WHERE id = 5");
    while (rig_int(&rig, gone) != 0) {
        assert_true(monotonic_ms() < until);
        rig_forward(&rig, 601000);
        for (int i = 0; i < 60 && rig_int(&rig, gone) != 0; i++)
            rig_sleep(20);
    }
}

/* A pile that was registered just now: memory does not know it. */
static void try_stranger(void)
{
    struct ykc_login l = pile_login_frame(1);
    struct pile p;
    int tries = 0;
    bool in = false;

    rig_sql(&rig, "INSERT INTO pile (no, name, station_id, area_id, kind,"
            " guns, power_w, login_policy, created_at, updated_at) VALUES"
            " ('33%012ld', 'S%ld', 1, 1, 1, 2, 120000, 2, NOW(3), NOW(3))",
            serial, serial);
    snprintf(l.pile_code, sizeof l.pile_code, "33%012ld", serial);
    while (!in) {
        assert_in_range(++tries, 1, 20);
        pile_connect(&p, &rig, 1);
        pile_send(&p, ykc_type_login, &l);
        in = pile_next(&p, SOON_MS) && p.any.login_reply.result == 0;
        pile_close(&p);
    }
}

static void try_statistics(void)
{
    int64_t before = rig_count(&rig, "heartbeats_total");

    ask(ykc_type_heartbeat, ykc_type_heartbeat_reply);
    rig_wait_count(&rig, "heartbeats_total", before + 1, 5000);
}

/* ---- each allocation ------------------------------------------------ */

struct trial {
    const char *name;
    void (*run)(void);
    long stride;
    unsigned threads; /* bits */
    unsigned more;    /* those only where every allocation is tried: they have
                         their turn with a shorter one */
};

static const char *const thread_names[OOM_THREADS] = {
    "main", "net", "records", "state", "history", "commands", "keeper"
};

static void try_at(const struct trial *t, enum oom_thread thread, long n)
{
    serial++;
    begin(thread, n);
    t->run();
    end();
    assert_lives(t->name, n);
}

static long try_thread(const struct trial *t, enum oom_thread thread)
{
    char what[60];
    long runs = 0, n;

    snprintf(what, sizeof what, "%s %s", t->name, thread_names[thread]);
    n = oom_first(what, t->stride);
    do {
        if (getenv("PILEHUB_OOM_LOG") != NULL)
            fprintf(stderr, "%s: allocation %ld\n", what, n);
        try_at(t, thread, n);
        n += oom_step(t->stride);
        runs++;
    } while (atomic_load(&plan->hit));
    print_message("# %s: %ld allocations, %ld runs\n", what,
                  atomic_load(&plan->calls), runs);
    return runs;
}

static void each_allocation_fails(void **state)
{
    const struct trial *t = *state;
    unsigned threads = t->threads | (oom_step(2) == 1 ? t->more : 0);
    size_t before, left;
    long runs = 0;

    try_at(t, OOM_MAIN, LONG_MAX);
    before = atomic_load(&plan->in_use);
    for (int i = 0; i < OOM_THREADS; i++)
        if (threads & 1U << i)
            runs += try_thread(t, (enum oom_thread)i);
    try_at(t, OOM_MAIN, LONG_MAX);
    left = atomic_load(&plan->in_use);
    left = left > before ? left - before : 0;
    print_message("# %s: %ld runs, %zu bytes left\n", t->name, runs, left);
    assert_in_range(left, 0, LEFT + (size_t)runs * LEFT_PER_HIT);
    assert_nothing_was_dropped();
}

enum {
    STATE = 1 << OOM_STATER, HISTORY = 1 << OOM_HISTORIAN,
    RECORDS = 1 << OOM_RECORDER, COMMANDS = 1 << OOM_COMMANDER,
    KEEPER = 1 << OOM_KEEPER, MAIN = 1 << OOM_MAIN
};

static const struct trial trials[] = {
    { "login", try_login, 2, STATE | HISTORY },
    { "questions", try_questions, 2, STATE | HISTORY },
    { "replies", try_replies, 2, HISTORY },
    { "requests", try_requests, 2, STATE },
    { "record", try_record, 3, RECORDS },
    { "charge", try_charge, 31, STATE | COMMANDS, HISTORY | RECORDS },
    { "upkeep", try_upkeep, 23, KEEPER },
    { "stranger", try_stranger, 9, KEEPER },
    { "statistics", try_statistics, 5, MAIN },
};

/* ---- no memory for a while ------------------------------------------ */

/* A writer that finds none at all keeps what it has, and goes on later. */
static void starve(enum oom_thread thread)
{
    static const char count[] = "SELECT COUNT(*) FROM frame_log WHERE type ="
                                " 53";
    struct ykc_trade_record f;
    int64_t logged = rig_int(&rig, count);

    serial++;
    f = pile_record(1, 1, trade_of(serial), 105000);
    make_order(trade_of(serial), ORDER_AWAITING_RECORD);
    begin(thread, -1);
    say_frame(ykc_type_trade_record, &f);
    say_plain(ykc_type_remote_stop_reply, NULL);
    say_plain(ykc_type_start_request, NULL);
    rig_sleep(HUNGER_MS);
    assert_true(end() || !OOM_SEES_LIBRARIES);
    bring_record(&f);
    wait_state();
    wait_log();
    assert_int_equal(rig_int(&rig, count), logged + 1);
    assert_lives(thread_names[thread], -1);
}

static void a_hungry_writer_loses_nothing(void **state)
{
    (void)state;
    serial++;
    try_record();
    starve(OOM_RECORDER);
    starve(OOM_STATER);
    starve(OOM_HISTORIAN);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM pile_request"), 3);
    rig_wait_count(&rig, "no_memory_total", OOM_SEES_LIBRARIES ? 3 : 1, 5000);
    assert_nothing_was_dropped();
}

/* ---- a fresh process ------------------------------------------------ */

/* The first connection finds no place made, the first command none, either;
   and what the pile does not read must be kept. */
static void flood(void)
{
    uint8_t bytes[17 * 100];
    size_t n = 0;
    struct ykc_heartbeat h = { .gun_number = 1,
                               .pile_code = "32010200000001" };

    for (int i = 0; i < 100; i++)
        n += pile_frame(&pile, ykc_type_heartbeat, &h, bytes + n);
    for (int i = 0; i < 1000; i++)
        if (send(pile.fd, bytes, n, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
            rig_sleep(1);
}

static void try_first_frames(void)
{
    struct ykc_clock f = { .pile_code = "32010200000001" };
    int small = 4096;
    int64_t id;

    log_in(serial);
    f.platform_time = wire_time(stamp_now());
    id = rig_queue(&rig, COMMAND_CLOCK, ykc_type_clock, &f, 1, 0, NULL);
    get(ykc_type_clock, 200); /* that of the login */
    if (get(ykc_type_clock, 4 * SOON_MS))
        say_plain(ykc_type_clock_reply, NULL);
    rig_wait_int(&rig, sql("SELECT state IN (%d, %d) FROM pile_command WHERE"
                           " id = %lld", COMMAND_DONE, COMMAND_GONE,
                           (long long)id), 1, LATE_MS);
    setsockopt(pile.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    flood();
    pile_close(&pile);
    log_in(serial);
    ask(ykc_type_heartbeat, ykc_type_heartbeat_reply);
    pile_close(&pile);
}

static void the_first_frames_find_no_memory(void **state)
{
    long n = oom_first("first frames", FIRST_STRIDE), runs = 0;

    (void)state;
    do {
        rig_stop(&rig);
        rig_reset(&rig);
        rig_start(&rig);
        serial++;
        begin(OOM_NET, n);
        try_first_frames();
        end();
        assert_lives("first frames", n);
        if (atomic_load(&plan->hit)) {
            rig_wait_count(&rig, "no_memory_total", 1, 5000);
            runs++;
        }
        n += oom_step(FIRST_STRIDE);
    } while (atomic_load(&plan->hit));
    print_message("# first frames net: %ld allocations, %ld failed\n",
                  atomic_load(&plan->calls), runs);
    assert_in_range(runs, 1, 100);
}

/* What a login needs is loaded in the end, however often that fails. */
static void a_start_finds_no_memory(void **state)
{
    long n = AT_START - 1 + oom_first("start", START_STRIDE), runs = 0;

    (void)state;
    rig_stop(&rig);
    rig_sql(&rig, "UPDATE pile SET login_policy = 2 WHERE id = 2");
    do {
        serial++;
        begin(OOM_KEEPER, n);
        rig_start(&rig);
        end();
        assert_lives("start", n);
        log_in(serial);
        ask(ykc_type_tariff_request, ykc_type_tariff_reply);
        pile_close(&pile);
        assert_int_equal(rig_stop(&rig), 0);
        n += oom_step(START_STRIDE);
        runs++;
    } while (atomic_load(&plan->hit));
    print_message("# start keeper: %ld allocations, %ld runs\n",
                  atomic_load(&plan->calls), runs);
    rig_start(&rig);
}

/* ---- setting up ----------------------------------------------------- */

static void make_plan(void)
{
    char path[100];
    int fd;

    snprintf(path, sizeof path, "%s/oom", rig.home);
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, sizeof *plan), 0);
    plan = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                0);
    assert_true(plan != MAP_FAILED);
    close(fd);
    assert_int_equal(setenv("PILEHUB_OOM_PLAN", path, 1), 0);
}

static int start(void **state)
{
    (void)state;
    if (rig.pid != 0)
        return 0;
    rig_reset(&rig);
    rig_sql(&rig, "UPDATE pile SET login_policy = 1 WHERE id = 4");
    rig_start(&rig);
    return 0;
}

static int online(void **state)
{
    start(state);
    log_in(0);
    return 0;
}

/* The process ends well: the sanitizer build looks for leaks then. */
static int stop(void **state)
{
    (void)state;
    pile_close(&pile);
    if (rig.pid != 0)
        assert_int_equal(rig_stop(&rig), 0);
    return 0;
}

int main(void)
{
    struct CMUnitTest tests[COUNT(trials) + 3] = {
        cmocka_unit_test_setup_teardown(the_first_frames_find_no_memory,
                                        start, stop),
        cmocka_unit_test_setup_teardown(a_start_finds_no_memory, start, stop),
        cmocka_unit_test_setup_teardown(a_hungry_writer_loses_nothing, online,
                                        stop),
    };
    int failed;

    for (size_t i = 0; i < COUNT(trials); i++)
        tests[i + 3] = (struct CMUnitTest){
            trials[i].name, each_allocation_fails, online, stop,
            (void *)(uintptr_t)&trials[i]
        };
    pile.fd = -1;
    cmocka_set_test_filter(getenv("PILEHUB_OOM_ONLY"));
    rig_init(&rig, "gateway_oom");
    rig_clock(&rig);
    rig.program = "tests/integration/pilehub-gateway-oom";
    rig.offline_ms = 600000;
    make_plan();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rig_fini(&rig);
    return failed;
}
