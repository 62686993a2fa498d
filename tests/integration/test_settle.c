/*
 * Settlement of trade records: right, wrong, late, repeated, concurrent. After
 * every test the books balance and the roll-ups are the orders.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "asset/live.h"
#include "charging/order.h"
#include "charging/settle.h"
#include "charging/watch.h"
#include "db/db.h"
#include "tests/integration/testdb.h"
#include "tests/integration/world.h"

/* A charge that runs: its order. */
static struct order *charge(struct cx *cx, int64_t connector, int64_t driver,
                            int64_t hold)
{
    struct world_start s = { { .connector_id = connector, .driver_id = driver,
                               .start_by = START_BY_APP,
                               .hold = { hold } }, 0 };

    assert_int_equal(world_tx(cx, world_start_body, &s), CX_OK);
    world_order_state(cx, s.id, ORDER_CHARGING);
    world_live(cx, connector, CONNECTOR_CHARGING,
               world_order(cx, s.id)->trade_no);
    return world_order(cx, s.id);
}

static void settle_body(struct cx *cx, void *arg)
{
    (void)arg;
    order_settle_waiting(cx);
}

static void settle(struct cx *cx)
{
    testdb_run(cx, settle_body, NULL);
}

/* The record of half an hour from 10:30 (peak) that fits the order. */
static struct world_record record_of(const struct order *o)
{
    return (struct world_record){
        .trade_no = o->trade_no, .gun = o->gun, .pile_id = o->pile_id,
        .start = o->created_at, .end = stamp_add_ms(o->created_at, 1500000),
        .energy = { [RATE_PEAK] = 400000 }, .total_e4 = -1,
        .meter_start = 1234567, .meter_end = -1, .stop_reason = 0x41
    };
}

static int64_t one(struct cx *cx, const char *sql)
{
    return testdb_int(cx, sql);
}

/* ---- right ----------------------------------------------------------- */

static void a_record_is_billed_at_the_frozen_price(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 50000, 0, 1000);
    struct order *o = charge(cx, WORLD_GUN1, driver, 0);
    struct world_record r = record_of(o);
    struct wallet w;

    /* 40 kWh of peak and 10 of valley would be wrong; peak alone: 40 x 1.10 =
       44.00 and 40 x 0.35 = 14.00 */
    testdb_sql(cx, "UPDATE tariff_version SET starts_at = '2030-01-01' WHERE"
                   " id = 999");
    cx->now = r.end;
    world_record(cx, &r);
    settle(cx);
    o = world_order(cx, o->id);
    assert_int_equal(o->state, ORDER_SETTLED);
    assert_int_equal(o->elec_fen.fen, 4400);
    assert_int_equal(o->service_fen.fen, 1400);
    assert_int_equal(o->total_fen.fen, 5800);
    assert_int_equal(o->energy_e4kwh, 400000);
    assert_int_equal(o->seconds, 1500);
    assert_int_equal(o->stop_reason, 0x41);
    assert_int_equal(o->stop_by, STOP_BY_PILE);
    assert_false(o->hold_open);
    w = world_wallet(cx, driver);
    assert_int_equal(w.gift.fen, 0); /* first */
    assert_int_equal(w.paid.fen, 50000 - 4800);
    assert_int_equal(w.held.fen, 0);
    assert_int_equal(one(cx, "SELECT state FROM trade_record ORDER BY id DESC"
                             " LIMIT 1"), RECORD_SETTLED);
    assert_int_equal(one(cx, cx_printf(cx, "SELECT COUNT(*) FROM outbox WHERE"
                                           " topic = 'order.settled' AND"
                                           " aggregate = 'order:%lld'",
                                       (long long)o->id)), 1);
    assert_int_equal(one(cx, cx_printf(cx, "SELECT COUNT(*) FROM audit WHERE"
                                           " event = 'order.settle' AND"
                                           " object_id = %lld",
                                       (long long)o->id)), 1);
    assert_int_equal(one(cx, "SELECT elec_fen + service_fen + peak_e4kwh FROM"
                             " day_station WHERE day = '2026-11-20'"),
                     5800 + 400000);
    /* again, and by a run that saw it waiting: nothing */
    testdb_sql(cx, "UPDATE trade_record SET state = 1 ORDER BY id DESC LIMIT"
                   " 1");
    settle(cx);
    assert_int_equal(world_wallet(cx, driver).paid.fen, 50000 - 4800);
    assert_int_equal(one(cx, "SELECT state FROM trade_record ORDER BY id DESC"
                             " LIMIT 1"), RECORD_REVIEW);
}

static void a_new_price_does_not_touch_a_running_order(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 50000, 0, 0);
    struct order *o = charge(cx, WORLD_GUN1, driver, 0);
    struct world_record r = record_of(o);

    testdb_sql(cx, "INSERT INTO tariff_version SELECT NULL, tariff_id, 77,"
                   " '7777', '2026-11-20', slots, 1, 1, 1, 1, 1, 1, 1, 1, 0,"
                   " NOW(3) FROM tariff_version WHERE id = 1");
    cx->now = r.end;
    world_record(cx, &r);
    settle(cx);
    testdb_sql(cx, "DELETE FROM tariff_version WHERE version_no = 77");
    assert_int_equal(world_order(cx, o->id)->total_fen.fen, 5800);
}

static void more_than_reserved_takes_the_rest_and_then_arrears(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 2000, 1000, 0);
    struct order *o = charge(cx, WORLD_GUN1, driver, 1500);
    struct world_record r = record_of(o);

    cx->now = r.end;
    world_record(cx, &r);
    settle(cx);
    o = world_order(cx, o->id);
    assert_int_equal(o->total_fen.fen, 5800);
    assert_int_equal(o->arrears_fen.fen, 2800);
    assert_int_equal(world_wallet(cx, driver).available.fen, 0);
    assert_int_equal(world_wallet(cx, driver).arrears.fen, 2800);
}

static void no_energy_costs_nothing(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 2000, 0, 0);
    struct order *o = charge(cx, WORLD_GUN1, driver, 0);
    struct world_record r = record_of(o);

    world_order_state(cx, o->id, ORDER_START_FAILED);
    r.energy[RATE_PEAK] = 0;
    r.end = r.start;
    cx->now = r.end;
    world_record(cx, &r);
    settle(cx);
    o = world_order(cx, o->id);
    assert_int_equal(o->state, ORDER_SETTLED);
    assert_int_equal(o->total_fen.fen, 0);
    assert_false(o->hold_open);
    assert_int_equal(world_wallet(cx, driver).available.fen, 2000);
    assert_int_equal(one(cx, "SELECT state FROM trade_record ORDER BY id DESC"
                             " LIMIT 1"), RECORD_ZERO);
    assert_int_equal(one(cx, cx_printf(cx, "SELECT how FROM ledger_hold_end"
                                           " WHERE hold_id = %lld",
                                       (long long)o->hold_id)), HOLD_VOIDED);
}

static void a_record_settles_from_every_earlier_state(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 900000, 0, 0);

    for (int s = ORDER_CREATED; s <= ORDER_START_FAILED; s++) {
        struct order *o = charge(cx, WORLD_GUN1, driver, 0);
        struct world_record r = record_of(o);

        world_order_state(cx, o->id, s);
        cx->now = r.end;
        world_record(cx, &r);
        settle(cx);
        assert_int_equal(world_order(cx, o->id)->state, ORDER_SETTLED);
        world_live(cx, WORLD_GUN1, CONNECTOR_IDLE, NULL);
        cx->now = stamp_add_ms(cx->now, 1000);
        /* keep within the peak: the next one begins a day later */
        cx->now = stamp_add_ms(stamp_day(stamp_add_days(cx->now, 1)),
                               37800000);
    }
}

/* ---- wrong ----------------------------------------------------------- */

enum wrong { END_FIRST, SUM, METER, POWER, PRICE, PERIOD, AMOUNT, SKEW,
             CLOCK, OVERLAP, ZERO, WRONGS };

static void spoil(struct cx *cx, enum wrong w, const struct order *o,
                  struct world_record *r)
{
    switch (w) {
    case END_FIRST:
        r->end = stamp_add_ms(r->start, -1000);
        break;
    case SUM:
        r->total_e4 = 400011;
        r->meter_end = r->meter_start + 400011;
        break;
    case METER:
        r->meter_end = r->meter_start + 400002;
        break;
    case POWER: /* 120 kW x 25 min x 1.05 = 52.5 kWh */
        r->energy[RATE_PEAK] = 526000;
        break;
    case PRICE:
        r->price_e5[RATE_PEAK] = 145001;
        break;
    case PERIOD:
        r->energy[RATE_PEAK] = 390000;
        r->energy[RATE_VALLEY] = 10000;
        break;
    case AMOUNT: /* 58.00 yuan and 1.01 fen */
        r->amount_e4[RATE_PEAK] = 580000 + 102;
        break;
    case SKEW:
        testdb_sql(cx, "UPDATE pile SET clock_off_ms = 300001");
        break;
    case CLOCK:
        r->start = stamp_add_ms(r->start, -301000);
        break;
    case OVERLAP:
        testdb_sql(cx, cx_printf(cx, "UPDATE charge_order SET state = 9,"
            " energy_e4kwh = 1, started_at = '2026-11-20 10:50:00',"
            " finished_at = '2026-11-20 11:50:00' WHERE connector_id = 1 AND"
            " id < %lld ORDER BY id DESC LIMIT 1", (long long)o->id));
        break;
    case ZERO:
        r->energy[RATE_PEAK] = 0;
        testdb_sql(cx, cx_printf(cx, "UPDATE charge_order SET"
            " live_energy_e4kwh = 50000 WHERE id = %lld",
            (long long)o->id));
        break;
    case WRONGS:
        break;
    }
}

static void what_cannot_be_true_waits_with_the_money_reserved(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 9000000, 0, 0), n = 0;

    for (int w = 0; w < WRONGS; w++) {
        struct order *o, *after;
        struct world_record r;

        assert_true(stamp_parse("2026-11-20 10:30:00", &cx->now));
        o = charge(cx, WORLD_GUN1, driver, 0);
        r = record_of(o);
        n += o->hold_fen.fen;
        spoil(cx, (enum wrong)w, o, &r);
        cx->now = stamp_add_ms(o->created_at, 1500000);
        world_record(cx, &r);
        settle(cx);
        after = world_order(cx, o->id);
        if (after->state != ORDER_REVIEW)
            print_error("case %d: state %d\n", w, after->state);
        assert_int_equal(after->state, ORDER_REVIEW);
        assert_true(after->hold_open);
        assert_true(after->review_reason[0] != '\0');
        assert_int_equal(world_wallet(cx, driver).held.fen, n);
        assert_int_equal(world_wallet(cx, driver).paid.fen, 9000000);
        assert_int_equal(one(cx, "SELECT state FROM trade_record ORDER BY id"
                                 " DESC LIMIT 1"), RECORD_REVIEW);
        world_live(cx, WORLD_GUN1, CONNECTOR_IDLE, NULL);
        testdb_sql(cx, "UPDATE pile SET clock_off_ms = 0");
        testdb_sql(cx, "UPDATE charge_order SET started_at = '2000-01-01',"
                       " finished_at = '2000-01-01'");
    }
}

static void pile_amounts_within_a_fen_are_let_pass(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 90000, 0, 0);
    struct order *o = charge(cx, WORLD_GUN1, driver, 0);
    struct world_record r = record_of(o);

    r.amount_e4[RATE_PEAK] = 580000 - 100; /* one fen less */
    r.meter_start = r.meter_end = 0;       /* no meter to read */
    cx->now = r.end;
    world_record(cx, &r);
    settle(cx);
    o = world_order(cx, o->id);
    assert_int_equal(o->state, ORDER_SETTLED);
    assert_int_equal(o->total_fen.fen, 5800); /* ours */
    assert_int_equal(o->pile_amount_e4yuan, 579900);
}

static void records_of_nobody_move_no_money(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 90000, 0, 0);
    struct order *o = charge(cx, 200, driver, 0);
    struct world_record r = record_of(o);

    /* unknown number; offline card; another pile's; another gun's */
    r.trade_no = "32010600019236012611201030001111";
    world_record(cx, &r);
    r.trade_no = "32010600019236012611201030002222";
    r.start_flag = 4;
    world_record(cx, &r);
    settle(cx);
    assert_int_equal(one(cx, "SELECT COUNT(*) FROM trade_record WHERE state ="
                             " 4"), 2);
    r = record_of(o);
    r.pile_id = WORLD_PILE;
    world_record(cx, &r);
    settle(cx);
    assert_int_equal(one(cx, "SELECT state FROM trade_record ORDER BY id DESC"
                             " LIMIT 1"), RECORD_REVIEW);
    assert_int_equal(world_order(cx, o->id)->state, ORDER_CHARGING);
    assert_int_equal(world_wallet(cx, driver).paid.fen, 90000);
    assert_int_equal(one(cx, "SELECT COUNT(*) FROM outbox WHERE topic ="
                             " 'record.set_aside'") >= 3, 1);
}

static void bytes_that_are_no_record_are_set_aside(void **state)
{
    struct cx *cx = *state;

    testdb_sql(cx, "INSERT INTO trade_record (trade_no, pile_id, gun,"
                   " frame_type, body_hash, raw, next_at, received_at) VALUES"
                   " (REPEAT('7', 32), 1, 1, 59, REPEAT('x', 32), 'hello',"
                   " '2026-01-01', '2026-01-01')");
    settle(cx);
    assert_int_equal(one(cx, "SELECT state FROM trade_record WHERE trade_no ="
                             " REPEAT('7', 32)"), RECORD_REVIEW);
}

/* One that cannot be settled does not hold up the others, and is tried again
   later. */
static void one_bad_record_does_not_stop_the_others(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 900000, 0, 0);
    struct order *a = charge(cx, WORLD_GUN1, driver, 0),
                 *b = charge(cx, WORLD_GUN2, driver, 0);
    struct world_record ra = record_of(a), rb = record_of(b);

    /* its price version is gone: a failure that is not the database's */
    testdb_sql(cx, cx_printf(cx, "UPDATE charge_order SET tariff_version_id ="
                                 " 888 WHERE id = %lld", (long long)a->id));
    cx->now = ra.end;
    world_record(cx, &ra);
    world_record(cx, &rb);
    settle(cx);
    assert_int_equal(world_order(cx, b->id)->state, ORDER_SETTLED);
    assert_int_equal(world_order(cx, a->id)->state, ORDER_RECORDED);
    assert_int_equal(one(cx, "SELECT COUNT(*) FROM trade_record WHERE tries ="
                             " 1 AND state = 1 AND error <> '' AND next_at >"
                             " received_at"), 1);
    testdb_sql(cx, cx_printf(cx, "UPDATE charge_order SET tariff_version_id ="
                                 " 1 WHERE id = %lld", (long long)a->id));
    cx->now = stamp_add_ms(cx->now, 2000);
    settle(cx);
    assert_int_equal(world_order(cx, a->id)->state, ORDER_SETTLED);
}

/* ---- late ------------------------------------------------------------ */

static void watch_records(struct cx *cx, void *arg)
{
    (void)arg;
    order_watch_records(cx);
}

static void add_telemetry(struct cx *cx, const struct order *o)
{
    /* 10:30 to 12:30: 10 kWh each half hour; 12:00 on is sharp */
    for (int i = 1; i <= 4; i++)
        testdb_sql(cx, cx_printf(cx, "INSERT INTO telemetry (at,"
            " connector_id, order_id, state, voltage_dv, current_da, power_w,"
            " soc, battery_c, gun_c, energy_e4kwh, amount_e4yuan) VALUES"
            " ('2026-11-20 10:30:00' + INTERVAL %d MINUTE, 1, %lld, 1, 0, 0,"
            " 0, 0, 0, 0, %d, 0)", 30 * i, (long long)o->id, 100000 * i));
}

static void telemetry_settles_after_a_day_and_a_late_record_corrects(
    void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 50000, 0, 0);
    struct order *o = charge(cx, WORLD_GUN1, driver, 0);
    struct world_record r = record_of(o);

    add_telemetry(cx, o);
    cx->now = stamp_add_ms(o->created_at, 7200000);
    world_order_state(cx, o->id, ORDER_AWAITING_RECORD);
    world_live(cx, WORLD_GUN1, CONNECTOR_IDLE, NULL);
    cx->now = stamp_add_ms(cx->now, 599000);
    testdb_run(cx, watch_records, NULL);
    assert_int_equal(one(cx, "SELECT COUNT(*) FROM pile_command WHERE kind ="
                             " 6"), 0);
    cx->now = stamp_add_ms(cx->now, 1000); /* 10 min: asked once */
    testdb_run(cx, watch_records, NULL);
    testdb_run(cx, watch_records, NULL);
    assert_int_equal(one(cx, "SELECT COUNT(*) FROM pile_command WHERE kind ="
                             " 6"), 1);
    cx->now = stamp_add_ms(cx->now, 86400000 - 601000);
    testdb_run(cx, watch_records, NULL);
    assert_int_equal(world_order(cx, o->id)->state, ORDER_AWAITING_RECORD);
    cx->now = stamp_add_ms(cx->now, 1000);
    testdb_run(cx, watch_records, NULL);
    o = world_order(cx, o->id);
    assert_int_equal(o->state, ORDER_SETTLED);
    assert_true(o->provisional);
    /* 30 kWh peak, 10 kWh sharp: 33.00 + 13.00 and 10.50 + 4.00 */
    assert_int_equal(o->elec_fen.fen, 4600);
    assert_int_equal(o->service_fen.fen, 1450);
    assert_int_equal(world_wallet(cx, driver).paid.fen, 50000 - 6050);
    /* the record: 31 kWh peak, 10 kWh sharp */
    r.energy[RATE_PEAK] = 310000;
    r.energy[RATE_SHARP] = 100000;
    r.end = stamp_add_ms(r.start, 7200000);
    world_record(cx, &r);
    settle(cx);
    o = world_order(cx, o->id);
    assert_int_equal(o->state, ORDER_SETTLED);
    assert_false(o->provisional);
    assert_int_equal(o->total_fen.fen, 6050 + 145);
    assert_int_equal(o->energy_e4kwh, 410000);
    assert_int_equal(world_wallet(cx, driver).paid.fen, 50000 - 6195);
    assert_int_equal(one(cx, cx_printf(cx, "SELECT total_fen FROM"
                                           " order_adjust WHERE order_id ="
                                           " %lld", (long long)o->id)), 145);
}

static void a_late_record_that_says_less_gives_back(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 3000, 0, 1000);
    struct order *o = charge(cx, WORLD_GUN1, driver, 0);
    struct world_record r = record_of(o);

    add_telemetry(cx, o);
    cx->now = stamp_add_ms(o->created_at, 7200000);
    world_order_state(cx, o->id, ORDER_AWAITING_RECORD);
    cx->now = stamp_add_ms(cx->now, 86400000);
    testdb_run(cx, watch_records, NULL);
    assert_int_equal(world_wallet(cx, driver).arrears.fen, 2050);
    /* 20 kWh peak and 10 sharp: 14.50 less, all of it arrears */
    r.energy[RATE_PEAK] = 200000;
    r.energy[RATE_SHARP] = 100000;
    r.end = stamp_add_ms(r.start, 7200000);
    world_record(cx, &r);
    settle(cx);
    o = world_order(cx, o->id);
    assert_int_equal(o->total_fen.fen, 4600);
    assert_int_equal(o->arrears_fen.fen, 600);
    assert_int_equal(world_wallet(cx, driver).arrears.fen, 600);
}

static void a_late_record_that_cannot_be_true_waits(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 50000, 0, 0);
    struct order *o = charge(cx, WORLD_GUN1, driver, 0);
    struct world_record r = record_of(o);

    add_telemetry(cx, o);
    cx->now = stamp_add_ms(o->created_at, 7200000);
    world_order_state(cx, o->id, ORDER_AWAITING_RECORD);
    cx->now = stamp_add_ms(cx->now, 86400000);
    testdb_run(cx, watch_records, NULL);
    r.price_e5[RATE_PEAK] = 1;
    world_record(cx, &r);
    settle(cx);
    o = world_order(cx, o->id);
    assert_int_equal(o->total_fen.fen, 6050);
    assert_true(o->provisional);
    assert_int_equal(one(cx, "SELECT state FROM trade_record ORDER BY id DESC"
                             " LIMIT 1"), RECORD_REVIEW);
}

/* ---- many at once ---------------------------------------------------- */

static int settle_all(int index, void *arg)
{
    struct cx *cx = world_cx();
    stamp now = *(stamp *)arg;

    (void)index;
    cx->now = now;
    return cx_run(cx, settle_body, NULL) ? 0 : 1;
}

static void four_settlers_bill_each_record_once(void **state)
{
    struct cx *cx = *state;
    enum { ORDERS = 120 };
    int64_t driver = world_driver(cx, 900000000, 0, 0);
    stamp later;

    for (int i = 0; i < ORDERS; i++) {
        struct order *o = charge(cx, 3 + i, driver, 1000);
        struct world_record r = record_of(o);
        char pile_no[20];

        snprintf(pile_no, sizeof pile_no, "%014lld",
                 32010600019235LL + o->pile_id);
        r.pile_no = pile_no;
        later = cx->now = r.end;
        world_record(cx, &r);
        cx->now = o->created_at;
        world_again(cx);
    }
    assert_int_equal(world_parallel(4, settle_all, &later), 4);
    /* A settler that meets the others' locks too often leaves its group to
     * the next run, as the job does every second. */
    cx->now = stamp_add_ms(later, 3600000);
    settle(cx);
    assert_int_equal(one(cx, cx_printf(cx, "SELECT COUNT(*) FROM charge_order"
                                           " WHERE driver_id = %lld AND state"
                                           " = 10", (long long)driver)),
                     ORDERS);
    assert_int_equal(world_wallet(cx, driver).paid.fen,
                     900000000 - ORDERS * 5800);
    assert_int_equal(world_wallet(cx, driver).held.fen, 0);
}

int main(void)
{
#define WITH_CX(f)                                            \
    cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        WITH_CX(a_record_is_billed_at_the_frozen_price),
        WITH_CX(a_new_price_does_not_touch_a_running_order),
        WITH_CX(more_than_reserved_takes_the_rest_and_then_arrears),
        WITH_CX(no_energy_costs_nothing),
        WITH_CX(a_record_settles_from_every_earlier_state),
        WITH_CX(what_cannot_be_true_waits_with_the_money_reserved),
        WITH_CX(pile_amounts_within_a_fen_are_let_pass),
        WITH_CX(records_of_nobody_move_no_money),
        WITH_CX(bytes_that_are_no_record_are_set_aside),
        WITH_CX(one_bad_record_does_not_stop_the_others),
        WITH_CX(telemetry_settles_after_a_day_and_a_late_record_corrects),
        WITH_CX(a_late_record_that_says_less_gives_back),
        WITH_CX(a_late_record_that_cannot_be_true_waits),
        WITH_CX(four_settlers_bill_each_record_once),
    };
    struct cx *cx;
    int failed;

    testdb_start("settle");
    cx = world_cx();
    world_make(cx);
    world_more_piles(cx, 100);
    testdb_cx_free(cx);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    testdb_stop();
    return failed;
}
