/*
 * Who may speak for a pile: policies (G4), two connections with one code
 * (G5), limits before login (G3), concentrators, two gateways (G6).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/stamp.h"
#include "tests/integration/gateway_rig.h"
#include "tests/integration/testdb.h"

static struct rig rig, second;

static int start(void **state)
{
    (void)state;
    return rig_begin(&rig, NULL, 30000);
}

static int stop(void **state)
{
    (void)state;
    return rig_end(&rig);
}

static void send_login(struct pile *p)
{
    struct ykc_login l = pile_login_frame(p->no);

    pile_send(p, ykc_type_login, &l);
}

static uint8_t login_result(struct pile *p, int ms)
{
    return pile_expect(p, ykc_type_login_reply, ms)->login_reply.result;
}

/* ---- one code, two connections: G5, F50, F53 ------------------------ */

static void a_newcomer_is_refused_while_the_old_one_lives(void **state)
{
    struct ykc_realtime f = pile_report(1, 1, YKC_STATE_IDLE, false, NULL, 0);
    struct ykc_trade_record record =
        pile_record(1, 1, "32010200000001012511050740000001", 1000);
    struct pile old, new;

    (void)state;
    pile_login(&old, &rig, 1);
    pile_connect_from(&new, &rig, 1, "127.0.0.9");
    send_login(&new);
    /* The old one is asked; the newcomer waits and may do nothing. */
    pile_expect(&old, ykc_type_read, 1000);
    pile_heartbeat(&new, 1);
    pile_send(&new, ykc_type_trade_record, &record);
    pile_expect_none(&new, ykc_type_heartbeat_reply, 500);
    pile_send(&old, ykc_type_realtime, &f);
    assert_int_equal(login_result(&new, 2000), 1);
    pile_expect_closed(&new, 1000);
    pile_heartbeat(&old, 1);
    pile_expect(&old, ykc_type_heartbeat_reply, 1000);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM pile_event WHERE pile_id = 1"
                 " AND kind IN (6, 7)", 2, 3000);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM trade_record"), 0);
    pile_close(&old);
    pile_close(&new);
}

static void a_silent_old_connection_gives_way_after_12_s(void **state)
{
    struct pile old, new;
    int64_t began;

    (void)state;
    pile_login(&old, &rig, 1);
    began = monotonic_ms();
    pile_connect(&new, &rig, 1);
    send_login(&new);
    assert_int_equal(login_result(&new, 15000), 0);
    assert_in_range(monotonic_ms() - began, 11500, 13500);
    pile_expect_closed(&old, 1000);
    pile_heartbeat(&new, 1);
    pile_expect(&new, ykc_type_heartbeat_reply, 1000);
    /* The late end of the old connection must not mark the pile offline. */
    pile_close(&old);
    rig_sleep(1000);
    assert_int_equal(rig_int(&rig, "SELECT online FROM pile WHERE id = 1"),
                     1);
    pile_close(&new);
}

static void the_end_of_the_old_connection_lets_the_newcomer_in(void **state)
{
    struct pile old, new;
    int64_t began;

    (void)state;
    pile_login(&old, &rig, 1);
    pile_connect(&new, &rig, 1);
    send_login(&new);
    pile_expect(&old, ykc_type_read, 1000);
    began = monotonic_ms();
    pile_close(&old);
    assert_int_equal(login_result(&new, 3000), 0);
    assert_in_range(monotonic_ms() - began, 0, 1500);
    rig_sleep(800);
    assert_int_equal(rig_int(&rig, "SELECT online FROM pile WHERE id = 1"),
                     1);
    pile_close(&new);
}

static void a_newcomer_that_leaves_changes_nothing(void **state)
{
    struct pile old, new, third;

    (void)state;
    pile_login(&old, &rig, 1);
    pile_connect(&new, &rig, 1);
    send_login(&new);
    pile_expect(&old, ykc_type_read, 1000);
    pile_close(&new);
    rig_sleep(200);
    pile_heartbeat(&old, 1);
    pile_expect(&old, ykc_type_heartbeat_reply, 1000);
    /* Its place is free for the next one. */
    pile_connect(&third, &rig, 1);
    send_login(&third);
    pile_expect(&old, ykc_type_read, 1000);
    pile_heartbeat(&old, 1);
    assert_int_equal(login_result(&third, 2000), 1);
    pile_close(&third);
    pile_close(&old);
}

static void flapping_is_limited(void **state)
{
    struct pile old, new;

    (void)state;
    pile_login(&old, &rig, 1);
    for (int i = 0; i < 6; i++) {
        pile_connect_from(&new, &rig, 1, "127.0.0.10");
        send_login(&new);
        pile_expect(&old, ykc_type_read, 1000);
        pile_heartbeat(&old, 1);
        assert_int_equal(login_result(&new, 2000), 1);
        pile_close(&new);
    }
    /* The seventh within ten minutes is not even asked about. */
    pile_connect_from(&new, &rig, 1, "127.0.0.11");
    send_login(&new);
    assert_int_equal(login_result(&new, 2000), 1);
    pile_expect_none(&old, ykc_type_read, 300);
    pile_close(&new);
    pile_close(&old);
}

/* ---- several piles on one connection -------------------------------- */

static void a_concentrator_carries_several_piles(void **state)
{
    struct ykc_login l = pile_login_frame(2);
    struct ykc_heartbeat h = { .gun_number = 2,
                               .pile_code = "32010200000002" };
    struct pile p;

    (void)state;
    pile_login(&p, &rig, 1);
    pile_send(&p, ykc_type_login, &l);
    assert_int_equal(login_result(&p, 1000), 0);
    pile_send(&p, ykc_type_heartbeat, &h);
    assert_string_equal(pile_expect(&p, ykc_type_heartbeat_reply,
                                    1000)->heartbeat_reply.pile_code,
                        rig_code(2));
    pile_heartbeat(&p, 1);
    assert_string_equal(pile_expect(&p, ykc_type_heartbeat_reply,
                                    1000)->heartbeat_reply.pile_code,
                        rig_code(1));
    l = pile_login_frame(7); /* a code nobody has: the others go on */
    pile_send(&p, ykc_type_login, &l);
    assert_int_equal(login_result(&p, 2000), 1);
    pile_heartbeat(&p, 1);
    pile_expect(&p, ykc_type_heartbeat_reply, 1000);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM pile WHERE online = 1", 2,
                 3000);
    pile_close(&p);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM pile WHERE online = 1", 0,
                 3000);
}

/* ---- policies: G4 --------------------------------------------------- */

static void policy(int kind, const char *pinned, const char *sim)
{
    rig_sql(&rig, "UPDATE pile SET login_policy = %d, pinned_address = '%s',"
            " sim_no = '%s', updated_at = NOW(3) WHERE id = 4", kind, pinned,
            sim);
    rig_sleep(6000);
}

static uint8_t try_login(const struct ykc_login *l, const char *from)
{
    struct pile p;
    uint8_t result;

    pile_connect_from(&p, &rig, 4, from);
    pile_send(&p, ykc_type_login, l);
    result = login_result(&p, 2000);
    pile_close(&p);
    rig_sleep(300);
    return result;
}

static void strict_wants_address_sim_and_guns(void **state)
{
    struct ykc_login l = pile_login_frame(4), wrong;

    (void)state;
    snprintf(l.sim_number, sizeof l.sim_number, "00898600000000001234");
    policy(1, "127.0.4.0/24", "898600000000001234");
    assert_int_equal(try_login(&l, "127.0.4.77"), 0);
    assert_int_equal(try_login(&l, "127.0.5.77"), 1);
    wrong = l;
    wrong.gun_count = 1;
    assert_int_equal(try_login(&wrong, "127.0.4.77"), 1);
    wrong = l;
    wrong.pile_type = 1;
    assert_int_equal(try_login(&wrong, "127.0.4.77"), 1);
    wrong = l;
    wrong.sim_number[19] = '5';
    assert_int_equal(try_login(&wrong, "127.0.4.77"), 1);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM pile_event WHERE pile_id = 4"
                 " AND kind = 5", 4, 3000);
}

static void pin_keeps_the_first_address_and_isolates_others(void **state)
{
    struct ykc_login l = pile_login_frame(4);
    struct pile p;

    (void)state;
    policy(2, "", "");
    assert_int_equal(try_login(&l, "127.0.6.1"), 0);
    rig_wait_int(&rig, "SELECT pinned_address = '127.0.6.1' FROM pile"
                 " WHERE id = 4", 1, 3000);
    rig_sql(&rig, "UPDATE pile SET updated_at = NOW(3) WHERE id = 4");
    rig_sleep(6000);
    assert_int_equal(try_login(&l, "127.0.6.1"), 0);
    pile_connect_from(&p, &rig, 4, "127.0.6.2");
    pile_send(&p, ykc_type_login, &l);
    /* No answer at all, nothing works, and somebody is told. */
    pile_expect_none(&p, ykc_type_login_reply, 1000);
    pile_heartbeat(&p, 1);
    pile_expect_none(&p, ykc_type_heartbeat_reply, 300);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM pile_event WHERE pile_id = 4"
                 " AND kind = 7", 1, 3000);
    assert_int_equal(rig_int(&rig, "SELECT online FROM pile WHERE id = 4"),
                     0);
    pile_close(&p);
}

/* ---- limits: G3, F54 ------------------------------------------------ */

static void who_tries_codes_is_not_answered_any_more(void **state)
{
    struct ykc_login l = pile_login_frame(7);
    struct pile p;
    int answers = 0;

    (void)state;
    for (int i = 0; i < 10; i++) {
        pile_connect_from(&p, &rig, 7, "127.0.0.77");
        l.pile_code[13] = (char)('0' + i);
        snprintf(l.pile_code, 6, "99999");
        l.pile_code[5] = '0';
        pile_send(&p, ykc_type_login, &l);
        answers += login_result(&p, 3000) == 1;
        pile_close(&p);
    }
    assert_int_equal(answers, 10);
    pile_connect_from(&p, &rig, 7, "127.0.0.77");
    pile_send(&p, ykc_type_login, &l);
    pile_expect_none(&p, ykc_type_login_reply, 2000);
    pile_close(&p);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM pile_event WHERE pile_id = 0"
                 " AND kind = 5", 1, 3000);
    /* Piles behind the same address are not concerned. */
    pile_connect_from(&p, &rig, 1, "127.0.0.77");
    send_login(&p);
    assert_int_equal(login_result(&p, 1000), 0);
    pile_close(&p);
}

static int start_narrow(void **state)
{
    (void)state;
    return rig_begin(&rig, "pile_proxy=1", 0);
}

static void the_balancer_says_the_real_address(void **state)
{
    static const char header[] = "PROXY TCP4 10.1.2.3 10.0.0.1 4000 8767\r\n";
    struct pile p;

    (void)state;
    pile_connect(&p, &rig, 1);
    for (size_t i = 0; i < sizeof header - 1; i++)
        pile_send_bytes(&p, header + i, 1);
    send_login(&p);
    assert_int_equal(login_result(&p, 1000), 0);
    rig_wait_int(&rig, "SELECT address_seen = '10.1.2.3' FROM pile"
                 " WHERE id = 1", 1, 3000);
    pile_close(&p);
    pile_connect(&p, &rig, 2);
    send_login(&p); /* no header: not from the balancer */
    pile_expect_closed(&p, 1000);
    pile_close(&p);
    rig_wait_count(&rig, "bad_proxy_total", 1, 3000);
}

/* ---- two gateways: G6, F58 ------------------------------------------ */

static void start_second(void)
{
    second = (struct rig){ .log_fd = -1, .cx = rig.cx, .name = "gw2",
                           .offline_ms = 30000 };
    snprintf(second.home, sizeof second.home, "%s", rig.home);
    rig_start(&second);
}

static void a_paused_gateway_changes_nothing_when_it_wakes(void **state)
{
    struct ykc_realtime f = pile_report(1, 1, YKC_STATE_FAULT, false, NULL,
                                        0);
    struct pile here, there;

    (void)state;
    start_second();
    pile_login(&here, &rig, 1);
    f.state = YKC_STATE_IDLE;
    pile_send(&here, ykc_type_realtime, &f);
    rig_wait_int(&rig, "SELECT state FROM connector_live"
                 " WHERE connector_id = 1", 2, 10000);
    rig_pause(&rig);
    f.state = YKC_STATE_FAULT; /* read when it wakes up */
    pile_send(&here, ykc_type_realtime, &f);
    /* It is taken for dead after 15 s; the server ends what it left open. */
    rig_wait_int(&rig, "SELECT seen_at < NOW(3) - INTERVAL 15 SECOND"
                 " FROM gateway WHERE name = 'gw1'", 1, 20000);
    pile_login(&there, &second, 1);
    f.state = YKC_STATE_IDLE;
    f.plugged_in = 1;
    pile_send(&there, ykc_type_realtime, &f);
    rig_wait_int(&rig, "SELECT state FROM connector_live"
                 " WHERE connector_id = 1", 3, 15000);
    rig_wait_int(&rig, "SELECT g.name = 'gw2' FROM pile p JOIN gateway g"
                 " ON g.id = p.gateway_id WHERE p.id = 1", 1, 15000);
    rig_resume(&rig);
    rig_wait_count(&rig, "stale_rows_total", 1, 15000);
    assert_int_equal(rig_int(&rig, "SELECT state FROM connector_live"
                             " WHERE connector_id = 1"), 3);
    assert_int_equal(rig_int(&rig, "SELECT online FROM pile WHERE id = 1"),
                     1);
    /* It has noticed, and lets the pile's old connection go. */
    pile_expect_closed(&here, 15000);
    pile_heartbeat(&there, 1);
    pile_expect(&there, ykc_type_heartbeat_reply, 5000);
    pile_close(&here);
    pile_close(&there);
    assert_int_equal(rig_stop(&second), 0);
}

static void a_living_pile_is_not_taken_by_another_gateway(void **state)
{
    struct pile here, there;

    (void)state;
    start_second();
    pile_login(&here, &rig, 1);
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 1", 1, 3000);
    pile_connect(&there, &second, 1);
    send_login(&there);
    pile_expect_closed(&there, 4000);
    rig_wait_int(&rig, "SELECT g.name = 'gw1' FROM pile p JOIN gateway g"
                 " ON g.id = p.gateway_id WHERE p.id = 1", 1, 3000);
    pile_heartbeat(&here, 1);
    pile_expect(&here, ykc_type_heartbeat_reply, 1000);
    pile_close(&there);
    pile_close(&here);
    assert_int_equal(rig_stop(&second), 0);
}

static void a_second_start_of_the_name_ends_the_first(void **state)
{
    (void)state;
    rig_sql(&rig, "UPDATE gateway SET epoch = epoch + 1 WHERE name = 'gw1'");
    assert_int_not_equal(rig_wait_exit(&rig, 10000), 0);
    rig_start(&rig);
}

static void piles_of_a_dead_gateway_are_swept(void **state)
{
    struct pile p;

    (void)state;
    start_second();
    pile_login(&p, &second, 2);
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 2", 1, 3000);
    rig_kill(&second);
    /* Dead after 15 s; the first gateway looks every 10 s, once it has run
       for as long as a pile may be silent. */
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 2", 0, 50000);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM connector_live"
                             " WHERE pile_id = 2 AND state = 6"), 2);
    pile_close(&p);
}

int main(void)
{
#define GATEWAY_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        GATEWAY_TEST(a_newcomer_is_refused_while_the_old_one_lives),
        GATEWAY_TEST(a_silent_old_connection_gives_way_after_12_s),
        GATEWAY_TEST(the_end_of_the_old_connection_lets_the_newcomer_in),
        GATEWAY_TEST(a_newcomer_that_leaves_changes_nothing),
        GATEWAY_TEST(flapping_is_limited),
        GATEWAY_TEST(a_concentrator_carries_several_piles),
        GATEWAY_TEST(strict_wants_address_sim_and_guns),
        GATEWAY_TEST(pin_keeps_the_first_address_and_isolates_others),
        GATEWAY_TEST(who_tries_codes_is_not_answered_any_more),
        cmocka_unit_test_setup_teardown(the_balancer_says_the_real_address,
                                        start_narrow, stop),
        GATEWAY_TEST(a_paused_gateway_changes_nothing_when_it_wakes),
        GATEWAY_TEST(a_living_pile_is_not_taken_by_another_gateway),
        GATEWAY_TEST(a_second_start_of_the_name_ends_the_first),
        GATEWAY_TEST(piles_of_a_dead_gateway_are_swept),
    };
    int failed;

    rig_init(&rig, "gwtakeover");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rig_fini(&rig);
    return failed;
}
