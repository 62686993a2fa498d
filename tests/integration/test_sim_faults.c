/*
 * The simulator's switches against the real gateway and the settling code:
 * what the platform makes of a pile that sends its check fields the other way
 * round or wrong, that has the wrong time, fails to start, or lies (F49, F52,
 * F61; G12, G15, G17).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "asset/live.h"
#include "base/macros.h"
#include "base/stamp.h"
#include "charging/order.h"
#include "charging/settle.h"
#include "charging/watch.h"
#include "tests/integration/gateway_rig.h"
#include "tests/integration/testdb.h"
#include "tests/integration/world.h"

enum { PURSE = 50000, CHARGE_MS = 4000 };

static struct rig rig;
static struct cx *cx;
static pid_t sim;
static char control[80];
static int64_t driver;

/* ---- the simulator --------------------------------------------------- */

/* One pile, 32010200000001, with the switches. Its timers run 15 times as
   fast: a report a second. */
static void sim_start(const char *fault, const char *value)
{
    char port[12], program[300];
    const char *build = getenv("PILEHUB_BUILD");
    const char *const argv[] = {
        program, "--port", port, "--piles", "1", "--haste", "15",
        "--quiet", "--control", control, fault, value, NULL
    };

    snprintf(port, sizeof port, "%d", rig.port);
    snprintf(control, sizeof control, "%s/sim.sock", rig.home);
    snprintf(program, sizeof program, "%s/pilehub-sim",
             build != NULL ? build : ".");
    unlink(control);
    sim = fork();
    assert_true(sim >= 0);
    if (sim == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        execv(program, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
}

/* Tells the pile what a person does: its answer must be ok. */
static void sim_do(const char *what)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int64_t until = monotonic_ms() + 10000;
    char line[100], answer[100] = "";
    int fd, n;

    n = snprintf(line, sizeof line, "%s 32010200000001 1\n", what);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", control);
    for (;;) {
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (connect(fd, (struct sockaddr *)&at, sizeof at) == 0)
            break;
        close(fd);
        assert_true(monotonic_ms() < until);
        rig_sleep(50);
    }
    assert_int_equal(send(fd, line, (size_t)n, MSG_NOSIGNAL), n);
    assert_true(recv(fd, answer, sizeof answer - 1, 0) > 0);
    close(fd);
    if (strncmp(answer, "ok", 2) != 0)
        fail_msg("%s: %s", what, answer);
}

static void sim_end(void)
{
    if (sim > 0) {
        kill(sim, SIGKILL);
        waitpid(sim, NULL, 0);
    }
    sim = 0;
}

/* ---- a charge -------------------------------------------------------- */

static int64_t of_order(int64_t id, const char *what)
{
    char sql[200];

    snprintf(sql, sizeof sql, "SELECT %s FROM charge_order WHERE id = %lld",
             what, (long long)id);
    return rig_int(&rig, sql);
}

/* A car is plugged in, and its driver starts. */
static int64_t begin(void)
{
    struct world_start s = { { .connector_id = 1, .driver_id = driver,
                               .start_by = START_BY_APP,
                               .hold = { 2000 } }, 0 };

    sim_do("plug");
    rig_wait_int(&rig, "SELECT plugged = 1 AND state <> 6 FROM connector_live"
                 " WHERE connector_id = 1", 1, 20000);
    world_again(cx);
    cx->now = stamp_now();
    assert_int_equal(world_tx(cx, world_start_body, &s), CX_OK);
    return s.id;
}

static void jobs_body(struct cx *unit, void *arg)
{
    (void)arg;
    order_settle_waiting(unit);
    order_watch_failed(unit);
}

/* Runs the jobs until the order has one of these states. */
static int wait_done(int64_t id, int a, int b, int ms)
{
    int64_t until = monotonic_ms() + ms;
    int state;

    while ((state = (int)of_order(id, "state")) != a && state != b) {
        if (monotonic_ms() > until)
            fail_msg("the order is in state %d\n%s", state, rig.log);
        rig_sleep(100);
        world_again(cx);
        cx->now = stamp_now();
        testdb_run(cx, jobs_body, NULL);
    }
    return state;
}

static void wait_charging(int64_t id)
{
    char sql[100];

    snprintf(sql, sizeof sql, "SELECT state FROM charge_order WHERE id ="
             " %lld", (long long)id);
    rig_wait_int(&rig, sql, ORDER_CHARGING, 30000);
}

/* The whole charge; the state in which it ends. */
static int charge(int64_t *id)
{
    *id = begin();
    wait_charging(*id);
    rig_sleep(CHARGE_MS);
    sim_do("stop");
    return wait_done(*id, ORDER_SETTLED, ORDER_REVIEW, 60000);
}

static bool reason_has(int64_t id, const char *words)
{
    char sql[100];

    snprintf(sql, sizeof sql, "SELECT review_reason FROM charge_order WHERE"
             " id = %lld", (long long)id);
    return strstr(rig_text(&rig, sql), words) != NULL;
}

static int start(void **state)
{
    (void)state;
    rig_reset(&rig);
    rig.offline_ms = 30000;
    rig_start(&rig);
    world_again(cx);
    cx->now = stamp_now();
    driver = world_driver(cx, PURSE, 0, 0);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    sim_end();
    if (rig.pid != 0)
        assert_int_equal(rig_stop(&rig), 0);
    world_assert_books(cx);
    return 0;
}

/* ---- the wire -------------------------------------------------------- */

static void swapped_check_fields_are_understood(void **state)
{
    int64_t id;

    (void)state;
    sim_start("--swap-crc", "100");
    assert_int_equal(charge(&id), ORDER_SETTLED);
    assert_true(of_order(id, "energy_e4kwh") > 0);
    sim_end(); /* frames are counted when their connection ends */
    rig_wait_count(&rig, "swapped_total", 6, 5000);
    assert_int_equal(rig_count(&rig, "crc_error_total"), 0);
    assert_int_equal(world_wallet(cx, driver).paid.fen,
                     PURSE - of_order(id, "total_fen"));
}

/* Nothing that fails its check has any effect; what counts is repeated. */
static void wrong_check_fields_are_dropped_and_the_bill_comes(void **state)
{
    int64_t id;

    (void)state;
    sim_start("--bad-crc", "10");
    assert_int_equal(charge(&id), ORDER_SETTLED);
    sim_end();
    rig_wait_count(&rig, "crc_error_total", 1, 5000);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM trade_record"), 1);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM"
                             " trade_record_conflict"), 0);
    assert_int_equal(world_wallet(cx, driver).paid.fen,
                     PURSE - of_order(id, "total_fen"));
    assert_int_equal(world_wallet(cx, driver).held.fen, 0);
}

/* ---- time ------------------------------------------------------------ */

static void a_wrong_clock_is_told_and_its_bill_reviewed(void **state)
{
    int64_t id;

    (void)state;
    sim_start("--skew-s", "-600");
    assert_int_equal(charge(&id), ORDER_REVIEW);
    assert_true(reason_has(id, "电桩时钟"));
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) > 0 FROM pile_event"
                             " WHERE pile_id = 1 AND kind = 8"), 1);
    assert_int_equal(rig_int(&rig, "SELECT ABS(clock_off_ms + 600000) < 3000"
                             " FROM pile WHERE id = 1"), 1);
    assert_int_equal(world_wallet(cx, driver).held.fen, 2000);
    assert_int_equal(world_wallet(cx, driver).paid.fen, PURSE);
}

static void a_minute_off_is_told_and_billed(void **state)
{
    int64_t id;

    (void)state;
    sim_start("--skew-s", "90");
    assert_int_equal(charge(&id), ORDER_SETTLED);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) > 0 FROM pile_event"
                             " WHERE pile_id = 1 AND kind = 8"), 1);
}

/* ---- starts and lies ------------------------------------------------- */

static void a_start_that_fails_after_yes_releases_the_money(void **state)
{
    int64_t id;

    (void)state;
    sim_start("--start-fail", "100");
    id = begin();
    wait_done(id, ORDER_SETTLED, ORDER_REVIEW, 60000);
    assert_int_equal(of_order(id, "state"), ORDER_SETTLED);
    assert_int_equal(of_order(id, "total_fen"), 0);
    assert_int_equal(of_order(id, "hold_open"), 0);
    assert_int_equal(world_wallet(cx, driver).held.fen, 0);
    assert_int_equal(world_wallet(cx, driver).paid.fen, PURSE);
}

static void a_higher_price_is_reviewed(void **state)
{
    int64_t id;

    (void)state;
    sim_start("--lie-price", "100");
    assert_int_equal(charge(&id), ORDER_REVIEW);
    assert_true(reason_has(id, "单价"));
    assert_int_equal(world_wallet(cx, driver).held.fen, 2000);
    assert_int_equal(world_wallet(cx, driver).paid.fen, PURSE);
}

static void more_energy_than_the_meter_is_reviewed(void **state)
{
    int64_t id;

    (void)state;
    sim_start("--lie-energy", "100");
    assert_int_equal(charge(&id), ORDER_REVIEW);
    assert_true(reason_has(id, "电表"));
    assert_int_equal(world_wallet(cx, driver).paid.fen, PURSE);
}

int main(void)
{
#define SIM_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        SIM_TEST(swapped_check_fields_are_understood),
        SIM_TEST(wrong_check_fields_are_dropped_and_the_bill_comes),
        SIM_TEST(a_wrong_clock_is_told_and_its_bill_reviewed),
        SIM_TEST(a_minute_off_is_told_and_billed),
        SIM_TEST(a_start_that_fails_after_yes_releases_the_money),
        SIM_TEST(a_higher_price_is_reviewed),
        SIM_TEST(more_energy_than_the_meter_is_reviewed),
    };
    int failed;

    rig_init(&rig, "simfaults");
    cx = world_cx();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    testdb_cx_free(cx);
    rig_fini(&rig);
    return failed;
}
