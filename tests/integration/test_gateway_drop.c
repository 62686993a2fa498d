/*
 * A network that drops packets silently, no FIN and no RST (G18, F50): the
 * kernel of the pile throws away all that arrives, acknowledgements too.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <linux/filter.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "base/stamp.h"
#include "charging/order_state.h"
#include "tests/integration/gateway_rig.h"
#include "tests/integration/testdb.h"

#define TRADE "32010200000001012511050740000001"

/* Of silence until offline: 45 s by default; of bytes that nobody confirms:
   two thirds of it, as for the question whether the pile lives. */
enum { OFFLINE_MS = 6000, UNHEARD_MS = 4000, LATE_MS = 1800 };

static struct rig rig;

static int start(void **state)
{
    (void)state;
    return rig_begin(&rig, NULL, OFFLINE_MS);
}

static int start_slow(void **state)
{
    (void)state;
    return rig_begin(&rig, NULL, 45000);
}

static int stop(void **state)
{
    (void)state;
    return rig_end(&rig);
}

/* ---- the network ----------------------------------------------------- */

static void drop_all(struct pile *p)
{
    struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
    struct sock_fprog program = { 1, &nothing };

    assert_int_equal(setsockopt(p->fd, SOL_SOCKET, SO_ATTACH_FILTER, &program,
                                sizeof program), 0);
}

static void let_all_pass(struct pile *p)
{
    int unused = 0;

    assert_int_equal(setsockopt(p->fd, SOL_SOCKET, SO_DETACH_FILTER, &unused,
                                sizeof unused), 0);
}

/* Nothing at all has come: no bytes, no end, no error. */
static void assert_deaf(const struct pile *p)
{
    struct pollfd f = { .fd = p->fd, .events = POLLIN };

    assert_int_equal(poll(&f, 1, 0), 0);
}

static void wait_offline(void)
{
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 1", 0, 15000);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM pile_event WHERE"
                             " pile_id = 1 AND kind = 2"), 1);
}

static void pile_returns(void)
{
    struct pile p;

    pile_login(&p, &rig, 1);
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 1", 1, 3000);
    pile_close(&p);
}

/* ---- G18 ------------------------------------------------------------- */

/* It says nothing, and nothing reaches it. */
static void a_pile_that_vanished_goes_offline(void **state)
{
    struct pile p;
    int64_t began;

    (void)state;
    pile_login(&p, &rig, 1);
    began = monotonic_ms();
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 1", 1, 3000);
    drop_all(&p);
    wait_offline();
    assert_in_range(monotonic_ms() - began, OFFLINE_MS - 500,
                    OFFLINE_MS + LATE_MS);
    rig_wait_count(&rig, "silent_total", 1, 3000);
    assert_deaf(&p);
    pile_returns();
    pile_close(&p);
}

/*
 * What it sends arrives, what is sent to it does not: the kernel gives the
 * connection up before the silence could be noticed.
 */
static void bytes_that_nobody_confirms_end_the_connection(void **state)
{
    struct pile p;
    int64_t began;

    (void)state;
    pile_login(&p, &rig, 1);
    rig_sleep(2000); /* its silence alone would be told at 6 s from now */
    drop_all(&p);
    began = monotonic_ms();
    pile_heartbeat(&p, 1);
    rig_wait_count(&rig, "heartbeats_total", 1, 3000);
    wait_offline();
    assert_in_range(monotonic_ms() - began, UNHEARD_MS - 500,
                    UNHEARD_MS + LATE_MS);
    assert_int_equal(rig_count(&rig, "silent_total"), 0);
    assert_deaf(&p);
    pile_returns();
    pile_close(&p);
}

/* ---- F50 ------------------------------------------------------------- */

static void charging(struct pile *p, uint32_t energy)
{
    struct ykc_realtime f = pile_report(1, 1, YKC_STATE_CHARGING, true, TRADE,
                                        energy);
    char sql[100];

    pile_send(p, ykc_type_realtime, &f);
    snprintf(sql, sizeof sql, "SELECT live_energy_e4kwh = %u AND state = %d"
             " FROM charge_order", energy, ORDER_CHARGING);
    rig_wait_int(&rig, sql, 1, 5000);
}

/*
 * The address translation in between forgot the connection while the pile
 * charged: it comes again from another address, and the session goes on.
 */
static void a_half_open_connection_is_taken_over_cleanly(void **state)
{
    struct ykc_login l = pile_login_frame(1);
    struct ykc_trade_record record = pile_record(1, 1, TRADE, 20000);
    struct pile old, new;
    int64_t began;

    (void)state;
    rig_sql(&rig, "INSERT INTO charge_order (order_no, trade_no, provider_id,"
            " merchant_id, station_id, pile_id, connector_id, gun, start_by,"
            " state, tariff_version_id, created_at) VALUES ('O1', '" TRADE
            "', 2, 3, 1, 1, 1, 1, 1, 4, 1, NOW(3))");
    pile_login(&old, &rig, 1);
    charging(&old, 10000);
    drop_all(&old);
    pile_connect_from(&new, &rig, 1, "127.0.0.9");
    pile_send(&new, ykc_type_login, &l);
    began = monotonic_ms();
    assert_int_equal(pile_expect(&new, ykc_type_login_reply,
                                 15000)->login_reply.result, 0);
    assert_in_range(monotonic_ms() - began, 11500, 14000);
    charging(&new, 15000);
    /* The old one wakes up: it has ended, and what it says is nobody's. */
    let_all_pass(&old);
    pile_heartbeat(&old, 1);
    pile_expect_closed(&old, 5000);
    pile_send(&new, ykc_type_trade_record, &record);
    pile_expect(&new, ykc_type_record_confirmation, 5000);
    assert_int_equal(rig_int(&rig, "SELECT state FROM charge_order"),
                     ORDER_RECORDED);
    assert_int_equal(rig_int(&rig, "SELECT online FROM pile WHERE id = 1"),
                     1);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM pile_event WHERE"
                             " pile_id = 1 AND kind = 6"), 1);
    pile_close(&old);
    pile_close(&new);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_pile_that_vanished_goes_offline,
                                        start, stop),
        cmocka_unit_test_setup_teardown(
            bytes_that_nobody_confirms_end_the_connection, start, stop),
        cmocka_unit_test_setup_teardown(
            a_half_open_connection_is_taken_over_cleanly, start_slow, stop),
    };
    int failed;

    rig_init(&rig, "gwdrop");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rig_fini(&rig);
    return failed;
}
