/*
 * What happened once, with the real gateway: a session whose link drops at
 * each of its phases goes on to its record (G14, F43), and a captured one
 * that is played again, whole or shuffled, has no effect and is told (G9,
 * F48).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/macros.h"
#include "base/stamp.h"
#include "charging/command.h"
#include "charging/order_state.h"
#include "tests/integration/gateway_rig.h"
#include "tests/integration/testdb.h"

#define TRADE "32010200000001012511050740000001"
#define CODE "32010200000001"

static struct rig rig;

static int start(void **state)
{
    (void)state;
    return rig_begin(&rig, NULL, 60000);
}

static int stop(void **state)
{
    (void)state;
    return rig_end(&rig);
}

/* ---- a session ------------------------------------------------------- */

/* For the one order there is. */
static void queue(int kind, uint8_t type, const void *frame)
{
    rig_queue(&rig, kind, type, frame, 1,
              rig_int(&rig, "SELECT MAX(id) FROM charge_order"), TRADE);
}

static void report(struct pile *p, int state, const char *trade,
                   uint32_t energy)
{
    struct ykc_realtime f = pile_report(1, 1, state, true, trade, energy);

    pile_send(p, ykc_type_realtime, &f);
}

static void wait_order(int state)
{
    rig_wait_int(&rig, "SELECT state FROM charge_order", state, 10000);
}

enum phase { PLUGGED, ASKED, ANSWERED, RUNNING, STOPPING, ENDED, RECORDING,
             PHASES };

/* Each step of a charge; what the pile says in it. */
static void step(struct pile *p, enum phase phase)
{
    struct ykc_remote_start go = { .gun_number = 1, .pile_code = CODE,
                                   .trade_number = TRADE,
                                   .account_balance = 10000 };
    struct ykc_remote_start_reply yes = { .gun_number = 1, .result = 1,
                                          .pile_code = CODE,
                                          .trade_number = TRADE };
    struct ykc_remote_stop halt = { .gun_number = 1, .pile_code = CODE };
    struct ykc_trade_record f = pile_record(1, 1, TRADE, 20000);

    switch (phase) {
    case PLUGGED:
        report(p, YKC_STATE_IDLE, NULL, 0);
        break;
    case ASKED:
        queue(COMMAND_START, ykc_type_remote_start, &go);
        pile_expect(p, ykc_type_remote_start, 5000);
        wait_order(ORDER_STARTING);
        break;
    case ANSWERED:
        pile_send(p, ykc_type_remote_start_reply, &yes);
        break;
    case RUNNING:
        report(p, YKC_STATE_CHARGING, TRADE, 10000);
        wait_order(ORDER_CHARGING);
        break;
    case STOPPING:
        queue(COMMAND_STOP, ykc_type_remote_stop, &halt);
        pile_expect(p, ykc_type_remote_stop, 5000);
        wait_order(ORDER_STOPPING);
        break;
    case ENDED:
        report(p, YKC_STATE_IDLE, NULL, 0);
        wait_order(ORDER_AWAITING_RECORD);
        break;
    case RECORDING: /* its confirmation may be lost */
        pile_send(p, ykc_type_trade_record, &f);
        break;
    case PHASES:
        break;
    }
}

static void make_order(void)
{
    rig_sql(&rig, "INSERT INTO charge_order (order_no, trade_no, provider_id,"
            " merchant_id, station_id, pile_id, connector_id, gun, start_by,"
            " state, tariff_version_id, created_at) VALUES ('O1', '" TRADE
            "', 2, 3, 1, 1, 1, 1, 1, 1, 1, NOW(3))");
}

/* ---- cut off --------------------------------------------------------- */

static void a_link_that_drops_at_any_phase_costs_nothing(void **state)
{
    struct ykc_trade_record f = pile_record(1, 1, TRADE, 20000);
    struct pile p;

    (void)state;
    for (int cut = PLUGGED; cut < PHASES; cut++) {
        rig_stop(&rig);
        rig_reset(&rig);
        rig_start(&rig);
        make_order();
        pile_login(&p, &rig, 1);
        for (int phase = PLUGGED; phase <= cut; phase++)
            step(&p, (enum phase)phase);
        pile_close(&p);
        rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 1", 0, 5000);
        /* whatever it was, the disconnect has not ended it */
        assert_in_range(rig_int(&rig, "SELECT state FROM charge_order"),
                        ORDER_CREATED, ORDER_RECORDED);
        assert_int_equal(rig_int(&rig, "SELECT state = 7 FROM charge_order"),
                         0);
        /* it charged on meanwhile, and goes on after the next login */
        pile_login(&p, &rig, 1);
        if (cut >= ASKED && cut <= STOPPING) {
            report(&p, YKC_STATE_CHARGING, TRADE, 15000);
            rig_wait_int(&rig, "SELECT state IN (4, 5) AND"
                         " live_energy_e4kwh = 15000 FROM charge_order", 1,
                         10000);
        }
        if (cut >= ASKED) { /* else nothing was started */
            pile_send(&p, ykc_type_trade_record, &f);
            pile_expect(&p, ykc_type_record_confirmation, 5000);
            wait_order(ORDER_RECORDED);
            assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM"
                                     " trade_record"), 1);
        }
        assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM pile_command"
                                 " WHERE kind = 1 AND tries > 1"), 0);
        pile_close(&p);
    }
}

/* ---- played again ---------------------------------------------------- */

enum { TAPE = 4096, FRAMES = 32 };

static const char figures[] =
    "SELECT CONCAT_WS(',', (SELECT CONCAT_WS(',', state, ver, recorded_at,"
    "   charging_at, ended_at, live_energy_e4kwh) FROM charge_order),"
    " (SELECT COUNT(*) FROM trade_record),"
    " (SELECT COUNT(*) FROM trade_record_conflict),"
    " (SELECT COUNT(*) FROM pile_request),"
    " (SELECT GROUP_CONCAT(CONCAT_WS(',', id, state, result, tries,"
    "   replied_at) ORDER BY id) FROM pile_command WHERE kind IN (1, 2)))";

/* The bytes of a whole session, login to record. */
static size_t capture(uint8_t tape[TAPE])
{
    struct ykc_login l = pile_login_frame(1);
    struct ykc_remote_stop_reply stopped = { .gun_number = 1, .result = 1,
                                             .pile_code = CODE };
    struct pile p;

    make_order();
    pile_connect(&p, &rig, 1);
    p.tape = tape;
    p.tape_size = TAPE;
    pile_send(&p, ykc_type_login, &l);
    pile_expect(&p, ykc_type_login_reply, 5000);
    for (int phase = PLUGGED; phase < PHASES; phase++) {
        step(&p, (enum phase)phase);
        if (phase == STOPPING)
            pile_send(&p, ykc_type_remote_stop_reply, &stopped);
    }
    pile_expect(&p, ykc_type_record_confirmation, 5000);
    wait_order(ORDER_RECORDED);
    pile_close(&p);
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 1", 0, 5000);
    return p.taped;
}

/* Cuts the tape into its frames. */
static size_t cut(const uint8_t *tape, size_t n, size_t at[FRAMES + 1])
{
    size_t count = 0, i = 0;

    while (i < n) {
        assert_true(count < FRAMES);
        at[count++] = i;
        i += (size_t)tape[i + 1] + 4;
    }
    assert_int_equal(i, n);
    at[count] = n;
    return count;
}

/* Plays the frames in this order; then a heartbeat says that all were read. */
static void play(const uint8_t *tape, const size_t *at, const size_t *order,
                 size_t count)
{
    struct pile p;

    pile_connect(&p, &rig, 1);
    for (size_t i = 0; i < count; i++)
        pile_send_bytes(&p, tape + at[order[i]],
                        at[order[i] + 1] - at[order[i]]);
    pile_heartbeat(&p, 1);
    pile_expect(&p, ykc_type_heartbeat_reply, 5000);
    rig_sleep(1200); /* what it told would be written by now */
    pile_close(&p);
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 1", 0, 5000);
}

static const char replays[] =
    "SELECT COUNT(*) FROM pile_event WHERE pile_id = 1 AND gun = 1 AND"
    " kind = 9 AND detail LIKE '%疑似重放旧报文%'";

static void a_session_played_again_has_no_effect(void **state)
{
    static uint8_t tape[TAPE];
    size_t at[FRAMES + 1], order[FRAMES], count;
    uint32_t seed = 2026;
    char before[600];

    (void)state;
    count = cut(tape, capture(tape), at);
    assert_true(count >= 7);
    rig_sleep(1200);
    assert_int_equal(rig_int(&rig, replays), 0); /* not what was real */
    snprintf(before, sizeof before, "%s", rig_text(&rig, figures));
    assert_true(strlen(before) > 20);
    for (int round = 0; round < 6; round++) {
        for (size_t i = 0; i < count; i++)
            order[i] = i;
        /* the first as it was; the others shuffled behind the login */
        for (size_t i = count - 1; round > 0 && i > 1; i--) {
            size_t swap, k;

            seed = seed * 1664525U + 1013904223U;
            k = 1 + (seed >> 8) % i;
            swap = order[i];
            order[i] = order[k];
            order[k] = swap;
        }
        play(tape, at, order, count);
        assert_string_equal(rig_text(&rig, figures), before);
    }
    /* the replies to commands of that time are not believed, and counted */
    rig_wait_count(&rig, "unsolicited_total", 2 * 6, 5000);
    rig_wait_count(&rig, "records_repeated_total", 6, 5000);
    /* and told, once a minute at most */
    rig_wait_int(&rig, replays, 1, 5000);
}

/* A session that a card began has no reply to a start: its record tells. */
static void a_record_of_yesterday_is_told(void **state)
{
    struct ykc_trade_record f = pile_record(1, 1, TRADE, 20000);
    struct pile p;

    (void)state;
    make_order();
    pile_login(&p, &rig, 1);
    for (int i = 0; i < 2; i++) { /* its confirmation was lost */
        pile_send(&p, ykc_type_trade_record, &f);
        pile_expect(&p, ykc_type_record_confirmation, 5000);
    }
    rig_sleep(700);
    assert_int_equal(rig_int(&rig, replays), 0);
    rig_sql(&rig, "UPDATE trade_record SET received_at = received_at -"
            " INTERVAL 1 DAY");
    for (int i = 0; i < 2; i++) {
        pile_send(&p, ykc_type_trade_record, &f);
        pile_expect(&p, ykc_type_record_confirmation, 5000);
    }
    rig_wait_int(&rig, replays, 1, 5000);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM trade_record"), 1);
    pile_close(&p);
}

int main(void)
{
#define GATEWAY_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        GATEWAY_TEST(a_link_that_drops_at_any_phase_costs_nothing),
        GATEWAY_TEST(a_session_played_again_has_no_effect),
        GATEWAY_TEST(a_record_of_yesterday_is_told),
    };
    int failed;

    rig_init(&rig, "gwagain");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rig_fini(&rig);
    return failed;
}
