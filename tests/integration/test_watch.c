/*
 * Orders that nothing happens to any more, card starts, and what people
 * decide in review.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "asset/live.h"
#include "base/config.h"
#include "base/crypto.h"
#include "charging/order.h"
#include "charging/request.h"
#include "charging/settle.h"
#include "charging/watch.h"
#include "db/db.h"
#include "protocol/ykc/frame.h"
#include "tests/integration/testdb.h"
#include "tests/integration/world.h"

static struct order *started(struct cx *cx, int64_t driver, int state)
{
    struct world_start s = { { .connector_id = WORLD_GUN1, .driver_id = driver,
                               .start_by = START_BY_APP }, 0 };

    assert_int_equal(world_tx(cx, world_start_body, &s), CX_OK);
    if (state != ORDER_CREATED)
        world_order_state(cx, s.id, state);
    return world_order(cx, s.id);
}

static void call(struct cx *cx, void *arg)
{
    void (**job)(struct cx *) = arg;

    (*job)(cx);
}

/* Runs a job after so many seconds. */
static void later(struct cx *cx, int64_t seconds, void (*job)(struct cx *))
{
    cx->now = stamp_add_ms(cx->now, seconds * 1000);
    testdb_run(cx, call, &job);
}

static int64_t one(struct cx *cx, const char *sql)
{
    return testdb_int(cx, sql);
}

static int64_t commands(struct cx *cx, int kind)
{
    return one(cx, cx_printf(cx, "SELECT COUNT(*) FROM pile_command WHERE"
                                 " kind = %d", kind));
}

static int set_up(void **state)
{
    struct cx *cx = world_cx();

    assert_true(stamp_parse("2026-11-20 10:30:00", &cx->now));
    testdb_sql(cx, "UPDATE connector_live SET state = 2, plugged = 1,"
                   " trade_no = NULL, seen_at = '2026-11-20 10:29:00'");
    testdb_sql(cx, "UPDATE pile SET online = 1, clock_off_ms = 0,"
                   " offline_at = NULL, tariff_no = (SELECT wire_no FROM"
                   " tariff_version LIMIT 1)");
    testdb_sql(cx, "DELETE FROM pile_command");
    testdb_sql(cx, "DELETE FROM pile_request");
    testdb_sql(cx, "UPDATE charge_order SET started_at = '2000-01-01',"
                   " finished_at = '2000-01-01'");
    *state = cx;
    return 0;
}

/* The gun is free for the next test: the order ends with a zero record. */
static void finish(struct cx *cx, int64_t id)
{
    struct order *o = world_order(cx, id);

    world_record(cx, &(struct world_record){
        .trade_no = o->trade_no, .start = cx->now, .end = cx->now });
    later(cx, 0, order_settle_waiting);
}

/* ---- starts ---------------------------------------------------------- */

static void a_start_never_sent_fails_and_gives_the_money_back(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 1000, 0, 0);
    struct order *o = started(cx, driver, ORDER_CREATED);

    later(cx, 29, order_watch_starts);
    assert_int_equal(world_order(cx, o->id)->state, ORDER_CREATED);
    later(cx, 1, order_watch_starts);
    assert_int_equal(world_order(cx, o->id)->state, ORDER_START_FAILED);
    assert_int_equal(commands(cx, 2), 0);
    later(cx, 1, order_watch_failed);
    o = world_order(cx, o->id);
    assert_false(o->hold_open);
    assert_int_equal(world_wallet(cx, driver).available.fen, 1000);
}

static void an_unanswered_start_is_stopped_after_90_seconds(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 1000, 0, 0);
    struct order *o = started(cx, driver, ORDER_STARTING);

    later(cx, 89, order_watch_starts);
    assert_int_equal(world_order(cx, o->id)->state, ORDER_STARTING);
    later(cx, 1, order_watch_starts);
    o = world_order(cx, o->id);
    assert_int_equal(o->state, ORDER_START_FAILED);
    assert_int_equal(o->stop_by, STOP_BY_PLATFORM);
    assert_int_equal(commands(cx, 2), 1);
    /* unknown: the money stays until the gun is seen idle */
    later(cx, 5, order_watch_failed);
    assert_true(world_order(cx, o->id)->hold_open);
    assert_int_equal(commands(cx, 6), 1); /* asked for its state, once */
    later(cx, 5, order_watch_failed);
    assert_int_equal(commands(cx, 6), 1);
    world_live(cx, WORLD_GUN1, CONNECTOR_CHARGING, o->trade_no);
    later(cx, 5, order_watch_failed);
    assert_true(world_order(cx, o->id)->hold_open);
    world_live(cx, WORLD_GUN1, CONNECTOR_IDLE, NULL);
    later(cx, 5, order_watch_failed);
    assert_false(world_order(cx, o->id)->hold_open);
    assert_int_equal(world_wallet(cx, driver).held.fen, 0);
}

static void a_plug_is_waited_for_60_seconds(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 1000, 0, 0);
    struct order *o = started(cx, driver, ORDER_WAITING_PLUG);

    later(cx, 59, order_watch_starts);
    assert_int_equal(world_order(cx, o->id)->state, ORDER_WAITING_PLUG);
    later(cx, 1, order_watch_starts);
    assert_int_equal(world_order(cx, o->id)->state, ORDER_START_FAILED);
    world_live(cx, WORLD_GUN1, CONNECTOR_IDLE, NULL);
    later(cx, 1, order_watch_failed);
    assert_true(world_order(cx, o->id)->hold_open); /* seen in that moment */
    world_live(cx, WORLD_GUN1, CONNECTOR_IDLE, NULL);
    later(cx, 1, order_watch_failed);
    assert_false(world_order(cx, o->id)->hold_open);
}

static void a_pile_that_is_gone_is_waited_for_ten_minutes(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 1000, 0, 0);
    struct order *o = started(cx, driver, ORDER_STARTING);

    testdb_sql(cx, "UPDATE pile SET online = 0, offline_at ="
                   " '2026-11-20 10:31:00'");
    later(cx, 90, order_watch_starts);
    assert_int_equal(world_order(cx, o->id)->state, ORDER_START_FAILED);
    assert_int_equal(commands(cx, 2), 0); /* nobody to tell */
    later(cx, 569, order_watch_failed);
    assert_true(world_order(cx, o->id)->hold_open);
    later(cx, 1, order_watch_failed);
    assert_false(world_order(cx, o->id)->hold_open);
    assert_int_equal(world_wallet(cx, driver).available.fen, 1000);
}

static void energy_after_a_voided_start_is_billed_all_the_same(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 10000, 0, 0);
    struct order *o = started(cx, driver, ORDER_STARTING);

    later(cx, 90, order_watch_starts);
    cx->now = stamp_add_ms(cx->now, 1000);
    world_live(cx, WORLD_GUN1, CONNECTOR_IDLE, NULL);
    later(cx, 1, order_watch_failed);
    assert_false(world_order(cx, o->id)->hold_open);
    cx->now = stamp_add_ms(cx->now, 1800000);
    world_record(cx, &(struct world_record){
        .trade_no = o->trade_no, .start = o->created_at,
        .end = stamp_add_ms(o->created_at, 600000),
        .energy = { [RATE_PEAK] = 100000 }, .total_e4 = -1 });
    later(cx, 0, order_settle_waiting);
    o = world_order(cx, o->id);
    assert_int_equal(o->state, ORDER_SETTLED);
    assert_int_equal(o->total_fen.fen, 1450);
    assert_int_equal(world_wallet(cx, driver).available.fen, 8550);
}

static void a_hold_that_never_clears_expires_after_a_week(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 1000, 0, 0);
    struct order *o = started(cx, driver, ORDER_STARTING);

    later(cx, 90, order_watch_starts);
    world_live(cx, WORLD_GUN1, CONNECTOR_CHARGING, o->trade_no);
    later(cx, 6 * 86400, order_watch_failed);
    assert_true(world_order(cx, o->id)->hold_open);
    later(cx, 86400, order_watch_failed);
    assert_false(world_order(cx, o->id)->hold_open);
    assert_int_equal(one(cx, cx_printf(cx, "SELECT how FROM ledger_hold_end"
                                           " WHERE hold_id = %lld",
                                       (long long)o->hold_id)),
                     HOLD_EXPIRED);
}

/* ---- disconnects ----------------------------------------------------- */

static void a_disconnect_settles_nothing_for_a_day(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 1000, 0, 0);
    struct order *o = started(cx, driver, ORDER_CHARGING);

    testdb_sql(cx, "UPDATE pile SET online = 0");
    later(cx, 86399, order_watch_records);
    assert_int_equal(world_order(cx, o->id)->state, ORDER_CHARGING);
    later(cx, 1, order_watch_records);
    o = world_order(cx, o->id);
    /* no telemetry at all: nothing to bill; a record may still come */
    assert_int_equal(o->state, ORDER_SETTLED);
    assert_true(o->provisional);
    assert_int_equal(o->total_fen.fen, 0);
    world_record(cx, &(struct world_record){
        .trade_no = o->trade_no, .start = o->created_at,
        .end = stamp_add_ms(o->created_at, 600000),
        .energy = { [RATE_PEAK] = 50000 }, .total_e4 = -1 });
    later(cx, 0, order_settle_waiting);
    o = world_order(cx, o->id);
    assert_false(o->provisional);
    assert_int_equal(o->total_fen.fen, 725);
    assert_int_equal(world_wallet(cx, driver).available.fen, 275);
}

/* ---- cards ----------------------------------------------------------- */

static void swipe(struct cx *cx, const char *card, int mode, stamp at)
{
    struct ykc_start_request f = { .gun_number = 1,
                                   .start_mode = (uint8_t)mode };
    uint16_t counter = 3;
    struct ykc_head head = ykc_request_head(ykc_type_start_request,
                                            &counter);
    uint8_t frame[YKC_MAX_FRAME];
    char hex[2 * YKC_MAX_FRAME + 1], text[STAMP_TEXT];
    size_t len;

    snprintf(f.pile_code, sizeof f.pile_code, "%s", WORLD_PILE_NO);
    assert_true(hex_decode(card, f.account_or_physical_card, 8));
    assert_int_equal(ykc_build(&head, &f, frame, &len), WIRE_OK);
    hex_encode(frame, len, hex);
    testdb_sql(cx, cx_printf(cx, "INSERT INTO pile_request (pile_id, gun,"
                                 " frame_type, raw, received_at) VALUES (1,"
                                 " 1, 49, X'%s', '%s')", hex,
                             stamp_text(at, text)));
}

static void give_card(struct cx *cx, int64_t driver, const char *no)
{
    testdb_sql(cx, cx_printf(cx, "INSERT INTO card (physical_no, logical_no,"
                                 " driver_id, created_at) VALUES ('%s',"
                                 " '%016lld', %lld, NOW(3))", no,
                             (long long)driver, (long long)driver));
}

struct answer {
    int64_t order_id;
    struct bytes args;
    struct ykc_start_permission f;
};

static void read_answer(struct cx *cx, void *arg)
{
    static const struct db_field row[] = {
        DB_FIELD(struct answer, order_id), DB_FIELD(struct answer, args)
    };
    struct answer *a = arg, *r;

    r = db_row(cx, "SELECT order_id, args FROM pile_command WHERE kind = 9"
                   " ORDER BY id DESC LIMIT 1", BIND(),
               ROW(struct answer, row));
    assert_non_null(r);
    *a = *r;
    assert_int_equal(ykc_decode(ykc_frame(ykc_type_start_permission),
                                a->args.data, a->args.len, &a->f, NULL),
                     WIRE_OK);
}

static struct answer answer_to(struct cx *cx, const char *card)
{
    struct answer a;

    swipe(cx, card, YKC_START_MODE_CARD, cx->now);
    later(cx, 0, order_answer_requests);
    testdb_run(cx, read_answer, &a);
    return a;
}

static void a_card_starts_a_charge_and_a_repeat_gets_the_same_answer(
    void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 30000, 0, 0);
    struct answer a, again;
    struct order *o;

    give_card(cx, driver, "00000000A1B2C3D4");
    a = answer_to(cx, "00000000A1B2C3D4");
    assert_int_equal(a.f.allowed, 1);
    assert_int_equal(a.f.reject_reason, 0);
    assert_int_equal(a.f.account_balance, 20000);
    o = world_order(cx, a.order_id);
    assert_int_equal(o->start_by, START_BY_CARD);
    assert_int_equal(o->driver_id, driver);
    assert_string_equal(a.f.trade_number, o->trade_no);
    assert_int_equal(world_wallet(cx, driver).held.fen, 20000);
    cx->now = stamp_add_ms(cx->now, 5000);
    again = answer_to(cx, "00000000A1B2C3D4");
    assert_int_equal(again.f.allowed, 1);
    assert_string_equal(again.f.trade_number, o->trade_no);
    assert_int_equal(again.order_id, o->id);
    assert_int_equal(world_wallet(cx, driver).held.fen, 20000);
    assert_int_equal(commands(cx, 9), 2);
    /* once it charges, the card is in use */
    world_order_state(cx, o->id, ORDER_CHARGING);
    again = answer_to(cx, "00000000A1B2C3D4");
    assert_int_equal(again.f.allowed, 0);
    assert_int_equal(again.f.reject_reason, YKC_REJECT_CARD_UNSETTLED);
    finish(cx, o->id);
}

static void a_card_is_refused_for_each_reason(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 30000, 0, 0);
    int64_t poor = world_driver(cx, 100, 0, 0);
    const char *card = "00000000B1B2C3D4";
    struct answer a;

    give_card(cx, driver, card);
    give_card(cx, poor, "00000000C1B2C3D4");
    assert_int_equal(answer_to(cx, "00000000FFFFFFFF").f.reject_reason,
                     YKC_REJECT_NO_ACCOUNT);
    assert_int_equal(answer_to(cx, "00000000C1B2C3D4").f.reject_reason,
                     YKC_REJECT_LOW_BALANCE);
    testdb_sql(cx, "UPDATE card SET status = 2");
    assert_int_equal(answer_to(cx, card).f.reject_reason, YKC_REJECT_FROZEN);
    testdb_sql(cx, "UPDATE card SET status = 1");
    testdb_sql(cx, "UPDATE driver SET status = 2");
    assert_int_equal(answer_to(cx, card).f.reject_reason, YKC_REJECT_FROZEN);
    testdb_sql(cx, "UPDATE driver SET status = 1");
    testdb_sql(cx, "UPDATE pile SET status = 2");
    assert_int_equal(answer_to(cx, card).f.reject_reason,
                     YKC_REJECT_OUT_OF_SERVICE);
    testdb_sql(cx, "UPDATE pile SET status = 1");
    swipe(cx, card, YKC_START_MODE_VIN, cx->now);
    later(cx, 0, order_answer_requests);
    testdb_run(cx, read_answer, &a);
    assert_int_equal(a.f.reject_reason, YKC_REJECT_NO_VIN);
    /* nothing of it left an order or a hold */
    assert_int_equal(world_wallet(cx, driver).held.fen, 0);
    assert_int_equal(one(cx, cx_printf(cx, "SELECT COUNT(*) FROM charge_order"
                                           " WHERE driver_id = %lld",
                                       (long long)driver)), 0);
    /* and a reader that turns the bytes round is understood */
    a = answer_to(cx, "00000000D4C3B2B1");
    assert_int_equal(a.f.allowed, 1);
    finish(cx, a.order_id);
}

static void a_request_that_waited_too_long_gets_no_answer(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 30000, 0, 0);

    give_card(cx, driver, "00000000E1B2C3D4");
    swipe(cx, "00000000E1B2C3D4", YKC_START_MODE_CARD,
          stamp_add_ms(cx->now, -3001));
    later(cx, 0, order_answer_requests);
    assert_int_equal(commands(cx, 9), 0);
    assert_int_equal(one(cx, "SELECT state FROM pile_request"),
                     REQUEST_LATE);
    testdb_sql(cx, "INSERT INTO pile_request (pile_id, gun, frame_type, raw,"
                   " received_at) VALUES (1, 1, 49, 'nonsense',"
                   " '2026-11-20 10:30:00')");
    later(cx, 0, order_answer_requests);
    assert_int_equal(commands(cx, 9), 0);
    assert_int_equal(one(cx, "SELECT COUNT(*) FROM pile_request WHERE state ="
                             " 1"), 0);
}

/* ---- review ---------------------------------------------------------- */

struct decision {
    int64_t id;
    const int64_t *energy;
    const char *reason;
    struct bill bill;
};

static void review_body(struct cx *cx, void *arg)
{
    const struct decision *d = arg;

    order_review(cx, d->id, d->energy, d->reason);
}

static void preview_body(struct cx *cx, void *arg)
{
    struct decision *d = arg;

    order_review_preview(cx, d->id, d->energy, &d->bill);
}

/* An order whose record said a wrong price: 10 kWh of peak. */
static struct order *in_review(struct cx *cx, int64_t driver)
{
    struct order *o = started(cx, driver, ORDER_CHARGING);
    stamp begun = cx->now;

    cx->now = stamp_add_ms(cx->now, 600000);
    world_record(cx, &(struct world_record){
        .trade_no = o->trade_no, .start = begun, .end = cx->now,
        .energy = { [RATE_PEAK] = 100000 }, .total_e4 = -1,
        .price_e5 = { [RATE_PEAK] = 1 } });
    later(cx, 0, order_settle_waiting);
    o = world_order(cx, o->id);
    assert_int_equal(o->state, ORDER_REVIEW);
    return o;
}

static void a_person_settles_as_the_record_says(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 5000, 0, 0);
    struct order *o = in_review(cx, driver);
    struct decision d = { .id = o->id, .reason = "x" };

    assert_int_equal(world_tx(cx, review_body, &d), ERR_INVALID);
    assert_string_equal(cx->error.field, "reason");
    d.reason = "电话核实，电量属实";
    testdb_run(cx, preview_body, &d);
    assert_int_equal(d.bill.total.fen, 1450);
    cx->scope = (struct scope){ .merchant_id = 99 };
    assert_int_equal(world_tx(cx, review_body, &d), ERR_NOT_FOUND);
    cx->scope = (struct scope){ .all = true };
    assert_int_equal(world_tx(cx, review_body, &d), CX_OK);
    o = world_order(cx, o->id);
    assert_int_equal(o->state, ORDER_SETTLED);
    assert_int_equal(o->total_fen.fen, 1450);
    assert_false(o->hold_open);
    assert_int_equal(world_wallet(cx, driver).available.fen, 3550);
    assert_int_equal(world_tx(cx, review_body, &d), ERR_STATE); /* once */
    assert_int_equal(world_wallet(cx, driver).available.fen, 3550);
    assert_int_equal(one(cx, cx_printf(cx, "SELECT COUNT(*) FROM audit WHERE"
                                           " event = 'order.review' AND"
                                           " object_id = %lld AND text LIKE"
                                           " '%%电话核实%%'",
                                       (long long)o->id)), 1);
}

static void a_person_settles_at_checked_figures_or_at_nothing(void **state)
{
    static const int64_t checked[RATES] = { [RATE_VALLEY] = 20000 };
    static const int64_t nothing[RATES];
    static const int64_t wrong[RATES] = { -1 };
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 5000, 0, 0);
    struct order *o = in_review(cx, driver);
    struct decision d = { .id = o->id, .energy = wrong, .reason = "抄表" };

    assert_int_equal(world_tx(cx, review_body, &d), ERR_INVALID);
    d.energy = checked;
    assert_int_equal(world_tx(cx, review_body, &d), CX_OK);
    o = world_order(cx, o->id);
    assert_int_equal(o->energy_e4kwh, 20000);
    assert_int_equal(o->total_fen.fen, 130); /* 2 kWh x 0.65 */
    cx->now = stamp_add_ms(cx->now, 1000);
    o = in_review(cx, driver);
    d = (struct decision){ .id = o->id, .energy = nothing,
                           .reason = "设备误报" };
    assert_int_equal(world_tx(cx, review_body, &d), CX_OK);
    o = world_order(cx, o->id);
    assert_int_equal(o->state, ORDER_SETTLED);
    assert_int_equal(o->total_fen.fen, 0);
    assert_int_equal(world_wallet(cx, driver).available.fen, 4870);
    assert_int_equal(world_wallet(cx, driver).held.fen, 0);
}

static int review_at_once(int index, void *arg)
{
    struct cx *cx = world_cx();
    struct decision d = { .id = *(int64_t *)arg, .reason = "并发复核" };
    enum cx_code code;

    (void)index;
    code = world_tx(cx, review_body, &d);
    return code == CX_OK ? 0 : code == ERR_STATE ? 1 : 2;
}

static void of_eight_reviewers_one_settles(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 5000, 0, 0);
    struct order *o = in_review(cx, driver);

    assert_int_equal(world_parallel(8, review_at_once, &o->id), 1);
    assert_int_equal(world_wallet(cx, driver).available.fen, 3550);
}

/* ---- two people (M13) ------------------------------------------------ */

struct proposal {
    int64_t order_id;
    enum correction_how how;
    const char *reason;
    int64_t actor;
    bool settled;
    int64_t correction; /* to approve or to refuse */
};

static void act_as(struct cx *cx, int64_t account)
{
    cx->actor.kind = ACTOR_ACCOUNT;
    cx->actor.id = account;
    cx->actor.name = cx_printf(cx, "账号 %lld", (long long)account);
}

static void submit_body(struct cx *cx, void *arg)
{
    struct proposal *p = arg;

    act_as(cx, p->actor);
    p->settled = order_review_submit(cx, p->order_id, p->how, p->reason);
}

static void approve_body(struct cx *cx, void *arg)
{
    const struct proposal *p = arg;
    const struct correction *c = correction_load(cx, p->correction);

    act_as(cx, p->actor);
    order_review_approved(cx, c);
    correction_approve(cx, c);
}

static void refuse_body(struct cx *cx, void *arg)
{
    const struct proposal *p = arg;

    act_as(cx, p->actor);
    correction_refuse(cx, p->correction, p->reason);
}

/* From 10.00 yuan on two people are needed. The order is about 14.50. */
static struct proposal proposal_of(struct cx *cx, const struct order *o,
                                   enum correction_how how)
{
    static struct config config;

    config = *cx->config;
    config.correction_fen = 1000;
    cx->config = &config;
    return (struct proposal){ .order_id = o->id, .how = how, .actor = 71,
                              .reason = "抄表核实" };
}

static int64_t waiting_for(struct cx *cx, const struct order *o)
{
    return one(cx, cx_printf(cx, "SELECT COALESCE(MAX(id), 0) FROM correction"
                                 " WHERE waiting = 1 AND ref_id = %lld",
                             (long long)o->id));
}

static void a_small_correction_needs_one_person(void **state)
{
    struct cx *cx = *state;
    struct order *o = in_review(cx, world_driver(cx, 5000, 0, 0));
    struct proposal p = proposal_of(cx, o, CORRECT_AS_RECORD);
    struct config config = *cx->config;

    config.correction_fen = 1450;
    cx->config = &config;
    p.reason = "x";
    assert_int_equal(world_tx(cx, submit_body, &p), ERR_INVALID);
    p.reason = "抄表核实";
    assert_int_equal(world_tx(cx, submit_body, &p), CX_OK);
    assert_true(p.settled);
    o = world_order(cx, o->id);
    assert_int_equal(o->total_fen.fen, 1450);
    assert_int_equal(one(cx, cx_printf(cx, "SELECT COUNT(*) FROM correction"
                                           " WHERE ref_id = %lld AND state ="
                                           " 2 AND author_id = 71 AND"
                                           " decider_id IS NULL AND amount ="
                                           " 1450", (long long)o->id)), 1);
    /* It is settled: its amounts stay. */
    assert_int_equal(world_tx(cx, submit_body, &p), ERR_STATE);
}

static void a_large_correction_needs_another_person(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 5000, 0, 0);
    struct order *o = in_review(cx, driver);
    struct proposal p = proposal_of(cx, o, CORRECT_AS_RECORD);

    assert_int_equal(world_tx(cx, submit_body, &p), CX_OK);
    assert_false(p.settled);
    assert_int_equal(world_order(cx, o->id)->state, ORDER_REVIEW);
    assert_int_equal(world_wallet(cx, driver).held.fen, 5000);
    assert_int_equal(world_tx(cx, submit_body, &p), ERR_STATE); /* one waits */
    p.correction = waiting_for(cx, o);
    assert_int_equal(world_tx(cx, approve_body, &p), ERR_FORBIDDEN);
    assert_int_equal(world_order(cx, o->id)->state, ORDER_REVIEW);
    p.actor = 72;
    assert_int_equal(world_tx(cx, approve_body, &p), CX_OK);
    assert_int_equal(world_order(cx, o->id)->total_fen.fen, 1450);
    assert_int_equal(world_wallet(cx, driver).available.fen, 3550);
    assert_int_equal(world_tx(cx, approve_body, &p), ERR_STATE);
    assert_int_equal(world_tx(cx, refuse_body, &p), ERR_STATE);
    assert_int_equal(world_wallet(cx, driver).available.fen, 3550);
}

/* To charge nothing gives up what the record says: the same amount. */
static void what_is_refused_can_be_proposed_anew(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 5000, 0, 0);
    struct order *o = in_review(cx, driver);
    struct proposal p = proposal_of(cx, o, CORRECT_AS_ZERO);

    assert_int_equal(world_tx(cx, submit_body, &p), CX_OK);
    assert_false(p.settled);
    p.correction = waiting_for(cx, o);
    p.actor = 72;
    p.reason = "";
    assert_int_equal(world_tx(cx, refuse_body, &p), ERR_INVALID);
    p.reason = "电量属实，应收费";
    assert_int_equal(world_tx(cx, refuse_body, &p), CX_OK);
    assert_int_equal(world_tx(cx, approve_body, &p), ERR_STATE);
    assert_int_equal(world_order(cx, o->id)->state, ORDER_REVIEW);
    p.how = CORRECT_AS_RECORD;
    p.actor = 71;
    assert_int_equal(world_tx(cx, submit_body, &p), CX_OK);
    p.correction = waiting_for(cx, o);
    p.actor = 72;
    assert_int_equal(world_tx(cx, approve_body, &p), CX_OK);
    assert_int_equal(world_order(cx, o->id)->total_fen.fen, 1450);
}

/* What was approved is what is done: not another amount. */
static void what_changed_meanwhile_is_not_approved(void **state)
{
    struct cx *cx = *state;
    struct order *o = in_review(cx, world_driver(cx, 5000, 0, 0));
    struct proposal p = proposal_of(cx, o, CORRECT_AS_RECORD);

    assert_int_equal(world_tx(cx, submit_body, &p), CX_OK);
    p.correction = waiting_for(cx, o);
    p.actor = 72;
    testdb_sql(cx, cx_printf(cx, "UPDATE correction SET amount = 1449 WHERE"
                                 " id = %lld", (long long)p.correction));
    assert_int_equal(world_tx(cx, approve_body, &p), ERR_STATE);
    assert_int_equal(world_order(cx, o->id)->state, ORDER_REVIEW);
}

static int approve_at_once(int index, void *arg)
{
    struct cx *cx = world_cx();
    struct proposal p = *(struct proposal *)arg;
    enum cx_code code;

    p.actor = 80 + index;
    code = world_tx(cx, index % 2 ? approve_body : refuse_body, &p);
    return code == CX_OK ? 0 : code == ERR_STATE ? 1 : 2;
}

static void of_eight_who_decide_one_does(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 5000, 0, 0);
    struct order *o = in_review(cx, driver);
    struct proposal p = proposal_of(cx, o, CORRECT_AS_RECORD);

    assert_int_equal(world_tx(cx, submit_body, &p), CX_OK);
    p.correction = waiting_for(cx, o);
    p.reason = "并发";
    assert_int_equal(world_parallel(8, approve_at_once, &p), 1);
    o = world_order(cx, o->id);
    assert_int_equal(one(cx, cx_printf(cx, "SELECT state FROM correction"
                                           " WHERE id = %lld",
                                       (long long)p.correction)),
                     o->state == ORDER_SETTLED ? CORRECTION_DONE
                                               : CORRECTION_REFUSED);
}

static void set_self_approved(struct cx *cx, void *arg)
{
    static const char sql[] =
        "UPDATE correction SET state = 2, decider_id = author_id"
        " WHERE id = ?";

    db_exec(cx, sql, BIND(V(*(int64_t *)arg)));
}

/* The database insists, too. */
static void no_row_says_that_an_author_approved(void **state)
{
    struct cx *cx = *state;
    struct order *o = in_review(cx, world_driver(cx, 5000, 0, 0));
    struct proposal p = proposal_of(cx, o, CORRECT_AS_RECORD);

    assert_int_equal(world_tx(cx, submit_body, &p), CX_OK);
    p.correction = waiting_for(cx, o);
    assert_int_not_equal(world_tx(cx, set_self_approved, &p.correction),
                         CX_OK);
}

int main(void)
{
#define WITH_CX(f) cmocka_unit_test_setup_teardown(f, set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        WITH_CX(a_start_never_sent_fails_and_gives_the_money_back),
        WITH_CX(an_unanswered_start_is_stopped_after_90_seconds),
        WITH_CX(a_plug_is_waited_for_60_seconds),
        WITH_CX(a_pile_that_is_gone_is_waited_for_ten_minutes),
        WITH_CX(energy_after_a_voided_start_is_billed_all_the_same),
        WITH_CX(a_hold_that_never_clears_expires_after_a_week),
        WITH_CX(a_disconnect_settles_nothing_for_a_day),
        WITH_CX(a_card_starts_a_charge_and_a_repeat_gets_the_same_answer),
        WITH_CX(a_card_is_refused_for_each_reason),
        WITH_CX(a_request_that_waited_too_long_gets_no_answer),
        WITH_CX(a_person_settles_as_the_record_says),
        WITH_CX(a_person_settles_at_checked_figures_or_at_nothing),
        WITH_CX(of_eight_reviewers_one_settles),
        WITH_CX(a_small_correction_needs_one_person),
        WITH_CX(a_large_correction_needs_another_person),
        WITH_CX(what_is_refused_can_be_proposed_anew),
        WITH_CX(what_changed_meanwhile_is_not_approved),
        WITH_CX(of_eight_who_decide_one_does),
        WITH_CX(no_row_says_that_an_author_approved),
    };
    struct cx *cx;
    int failed;

    testdb_start("watch");
    cx = world_cx();
    world_make(cx);
    testdb_cx_free(cx);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    testdb_stop();
    return failed;
}
