#include "tests/integration/flows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "asset/live.h"
#include "base/config.h"
#include "base/crypto.h"
#include "charging/order.h"
#include "charging/orphan.h"
#include "charging/request.h"
#include "charging/settle.h"
#include "charging/watch.h"
#include "db/db.h"
#include "db/idem.h"
#include "ledger/ledger.h"
#include "payment/payment.h"
#include "protocol/ykc/frame.h"
#include "tests/integration/testdb.h"
#include "tests/integration/world.h"

static int64_t serial;

static int64_t one(struct cx *cx, const char *sql, int64_t id)
{
    return testdb_int(cx, cx_printf(cx, "%s %lld", sql, (long long)id));
}

/* 0 or 1, nothing else. */
static bool once(int64_t n)
{
    assert_in_range(n, 0, 1);
    return n == 1;
}

static const char *key_of(struct cx *cx, const int64_t in[2])
{
    return cx_printf(cx, "fault-%lld", (long long)in[1]);
}

static void new_driver(struct cx *cx, int64_t out[2])
{
    out[0] = world_driver(cx, 100000, 0, 500);
    out[1] = ++serial;
}

static void run_topup(struct cx *cx, void *arg)
{
    const int64_t *in = arg;

    ledger_topup(cx, key_of(cx, in), in[1], in[0], CHANNEL_DEMO, FEN(700));
}

static void topup(struct cx *cx, const int64_t in[2])
{
    db_tx(cx, run_topup, (void *)(uintptr_t)in);
}

static bool topup_done(struct cx *cx, const int64_t in[2])
{
    int64_t paid = world_wallet(cx, in[0]).paid.fen;

    assert_true(paid == 100000 || paid == 100700);
    return paid == 100700;
}

static void run_hold(struct cx *cx, void *arg)
{
    const int64_t *in = arg;
    money held;

    ledger_hold(cx, key_of(cx, in), "test", in[1], in[0], FEN(100),
                FEN(5000), (stamp){ 0 }, &held);
}

static void hold(struct cx *cx, const int64_t in[2])
{
    db_tx(cx, run_hold, (void *)(uintptr_t)in);
}

static bool hold_done(struct cx *cx, const int64_t in[2])
{
    int64_t held = world_wallet(cx, in[0]).held.fen;

    assert_true(held == 0 || held == 5000);
    return held == 5000;
}

/* ---- a start, through the key of its request ------------------------- */

static void before_start(struct cx *cx, int64_t out[2])
{
    new_driver(cx, out); /* and a gun that nobody used */
}

static void run_start(struct cx *cx, void *arg)
{
    const int64_t *in = arg;
    struct idem idem = { cx_printf(cx, "driver:%lld", (long long)in[0]),
                         key_of(cx, in), { 0 } };
    const struct order_ask ask = { .connector_id = in[1],
                                   .driver_id = in[0],
                                   .start_by = START_BY_APP };

    if (idem_claim(cx, &idem) != NULL)
        return;
    idem_keep(cx, &idem, 200,
              cx_printf(cx, "%lld", (long long)order_start(cx, &ask)));
}

static void start(struct cx *cx, const int64_t in[2])
{
    db_tx(cx, run_start, (void *)(uintptr_t)in);
}

static bool start_done(struct cx *cx, const int64_t in[2])
{
    bool done = once(one(cx, "SELECT COUNT(*) FROM charge_order WHERE"
                             " driver_id =", in[0]));

    assert_int_equal(world_wallet(cx, in[0]).held.fen, done ? 20000 : 0);
    assert_int_equal(one(cx, "SELECT COUNT(*) FROM pile_command c JOIN"
                             " charge_order o ON o.id = c.order_id WHERE"
                             " c.kind = 1 AND o.driver_id =", in[0]), done);
    assert_int_equal(one(cx, "SELECT COUNT(*) FROM audit a JOIN charge_order"
                             " o ON o.id = a.object_id WHERE a.event ="
                             " 'order.start' AND o.driver_id =", in[0]),
                     done);
    return done;
}

static void before_stop(struct cx *cx, int64_t out[2])
{
    before_start(cx, out);
    start(cx, out);
    out[1] = one(cx, "SELECT id FROM charge_order WHERE driver_id =", out[0]);
    world_order_state(cx, out[1], ORDER_CHARGING);
}

static void run_stop(struct cx *cx, void *arg)
{
    const int64_t *in = arg;

    order_stop(cx, in[1], STOP_BY_DRIVER);
}

static void stop(struct cx *cx, const int64_t in[2])
{
    db_tx(cx, run_stop, (void *)(uintptr_t)in);
}

static bool stop_done(struct cx *cx, const int64_t in[2])
{
    bool done = once(one(cx, "SELECT COUNT(*) FROM pile_command WHERE kind ="
                             " 2 AND order_id =", in[1]));

    assert_int_equal(one(cx, "SELECT stop_by FROM charge_order WHERE id =",
                         in[1]), done ? STOP_BY_DRIVER : STOP_BY_NOBODY);
    return done;
}

/* ---- settlement ------------------------------------------------------ */

static void add_record(struct cx *cx, int64_t order_id, int64_t price)
{
    struct order *o = world_order(cx, order_id);
    struct world_record r = {
        .trade_no = o->trade_no, .gun = o->gun, .pile_id = o->pile_id,
        .start = o->created_at, .end = stamp_add_ms(o->created_at, 1500000),
        .energy = { [RATE_PEAK] = 400000 }, .total_e4 = -1,
        .price_e5 = { [RATE_PEAK] = price }
    };

    cx->now = r.end;
    world_record(cx, &r);
}

static void before_settle(struct cx *cx, int64_t out[2])
{
    before_stop(cx, out);
    add_record(cx, out[1], 0);
}

static void settle(struct cx *cx, const int64_t in[2])
{
    (void)in;
    order_settle_waiting(cx);
}

static bool order_done(struct cx *cx, const int64_t in[2], int64_t total)
{
    struct order *o = world_order(cx, in[1]);
    bool done = o->state == ORDER_SETTLED;
    int64_t booked = one(cx, "SELECT COALESCE(SUM(p.amount), 0) FROM"
                             " ledger_tx t JOIN ledger_posting p ON p.tx_id ="
                             " t.id JOIN ledger_account a ON a.id ="
                             " p.account_id WHERE a.kind IN (21, 22) AND"
                             " t.ref_kind = 'order' AND t.ref_id =", in[1]);

    assert_int_equal(booked, done ? total : 0);
    assert_int_equal(o->total_fen.fen == total && done, done);
    assert_int_equal(world_wallet(cx, in[0]).held.fen, done ? 0 : 20000);
    assert_int_equal(one(cx, "SELECT COUNT(*) FROM outbox WHERE topic ="
                             " 'order.settled' AND SUBSTRING(aggregate, 7) ="
                             , in[1]), done);
    return done;
}

static bool settle_done(struct cx *cx, const int64_t in[2])
{
    bool done = order_done(cx, in, 5800);

    assert_int_equal(one(cx, "SELECT r.state FROM trade_record r JOIN"
                             " charge_order o ON o.trade_no = r.trade_no"
                             " WHERE o.id =", in[1]),
                     done ? RECORD_SETTLED : RECORD_WAITING);
    return done;
}

/* Two orders of one group: out[0] and out[1] are their ids. */
static void before_two(struct cx *cx, int64_t out[2])
{
    int64_t a[2], b[2];

    before_stop(cx, a);
    before_stop(cx, b);
    out[0] = a[1];
    out[1] = b[1];
    add_record(cx, out[0], 0);
    cx->now = stamp_add_ms(cx->now, -1500000);
    add_record(cx, out[1], 0);
}

static bool two_done(struct cx *cx, const int64_t in[2])
{
    bool done = true;

    for (int i = 0; i < 2; i++) {
        int64_t one_of[2] = { world_order(cx, in[i])->driver_id, in[i] };

        done &= settle_done(cx, one_of);
    }
    return done;
}

static void before_review(struct cx *cx, int64_t out[2])
{
    before_stop(cx, out);
    add_record(cx, out[1], 1);
    order_settle_waiting(cx);
    assert_int_equal(world_order(cx, out[1])->state, ORDER_REVIEW);
}

static void run_review(struct cx *cx, void *arg)
{
    const int64_t *in = arg;

    if (order_load(cx, in[1])->state != ORDER_REVIEW)
        return; /* what the console shows before it lets decide */
    order_review(cx, in[1], NULL, "核对无误");
}

static void review(struct cx *cx, const int64_t in[2])
{
    db_tx(cx, run_review, (void *)(uintptr_t)in);
}

static bool review_done(struct cx *cx, const int64_t in[2])
{
    return order_done(cx, in, 5800);
}

static void before_provisional(struct cx *cx, int64_t out[2])
{
    before_stop(cx, out);
    testdb_sql(cx, cx_printf(cx, "INSERT INTO telemetry (at, connector_id,"
        " order_id, state, voltage_dv, current_da, power_w, soc, battery_c,"
        " gun_c, energy_e4kwh, amount_e4yuan) VALUES ('2026-11-20 10:50:00',"
        " 1, %lld, 1, 0, 0, 0, 0, 0, 0, 400000, 0)", (long long)out[1]));
    world_order_state(cx, out[1], ORDER_AWAITING_RECORD);
    cx->now = stamp_add_ms(cx->now, 86400000);
}

static void provisional(struct cx *cx, const int64_t in[2])
{
    (void)in;
    order_watch_records(cx);
}

/* Telemetry said 40 kWh, the late record says 41. */
static void before_more(struct cx *cx, int64_t out[2])
{
    struct order *o;

    before_provisional(cx, out);
    order_watch_records(cx);
    o = world_order(cx, out[1]);
    assert_int_equal(o->total_fen.fen, 5800);
    cx->now = stamp_add_ms(o->created_at, 1500000);
    world_record(cx, &(struct world_record){
        .trade_no = o->trade_no, .gun = o->gun, .pile_id = o->pile_id,
        .start = o->created_at, .end = cx->now,
        .energy = { [RATE_PEAK] = 410000 }, .total_e4 = -1 });
}

static bool more_done(struct cx *cx, const int64_t in[2])
{
    struct order *o = world_order(cx, in[1]);
    bool done = o->total_fen.fen == 5945;
    int64_t paid = world_wallet(cx, in[0]).paid.fen;

    assert_true(done || o->total_fen.fen == 5800);
    assert_int_equal(paid, 100500 - o->total_fen.fen);
    assert_int_equal(one(cx, "SELECT COUNT(*) FROM order_adjust WHERE"
                             " order_id =", in[1]), done);
    return done;
}

/* ---- failed starts and cards ----------------------------------------- */

static void before_void(struct cx *cx, int64_t out[2])
{
    before_start(cx, out);
    start(cx, out);
    out[1] = one(cx, "SELECT id FROM charge_order WHERE driver_id =", out[0]);
    world_order_state(cx, out[1], ORDER_START_FAILED);
    cx->now = stamp_add_ms(cx->now, 1000);
    testdb_sql(cx, "UPDATE connector_live SET seen_at = '2026-11-20"
                   " 10:30:01'");
}

static void void_hold(struct cx *cx, const int64_t in[2])
{
    (void)in;
    order_watch_failed(cx);
}

static bool void_done(struct cx *cx, const int64_t in[2])
{
    bool open = once(one(cx, "SELECT hold_open FROM charge_order WHERE id =",
                         in[1]));

    assert_int_equal(world_wallet(cx, in[0]).held.fen, open ? 20000 : 0);
    return !open;
}

static void before_card(struct cx *cx, int64_t out[2])
{
    struct ykc_start_request f = { .start_mode = YKC_START_MODE_CARD };
    uint16_t counter = 3;
    struct ykc_head head = ykc_request_head(ykc_type_start_request,
                                            &counter);
    uint8_t frame[YKC_MAX_FRAME];
    char hex[2 * YKC_MAX_FRAME + 1];
    size_t len;
    int64_t pile;

    before_start(cx, out);
    pile = (out[1] - 1) / 2 + 1;
    f.gun_number = (uint8_t)((out[1] - 1) % 2 + 1);
    snprintf(f.pile_code, sizeof f.pile_code, "%014llu",
             (unsigned long long)(32010600019235LL + pile) %
                 100000000000000ULL);
    snprintf(hex, sizeof hex, "%016llX", (unsigned long long)out[0]);
    assert_true(hex_decode(hex, f.account_or_physical_card, 8));
    testdb_sql(cx, cx_printf(cx, "INSERT INTO card (physical_no, logical_no,"
                                 " driver_id, created_at) VALUES ('%s',"
                                 " '%016lld', %lld, NOW(3))", hex,
                             (long long)out[0], (long long)out[0]));
    assert_int_equal(ykc_build(&head, &f, frame, &len), WIRE_OK);
    hex_encode(frame, len, hex);
    testdb_sql(cx, cx_printf(cx, "INSERT INTO pile_request (pile_id, gun,"
                                 " frame_type, raw, received_at) VALUES"
                                 " (%lld, %d, 49, X'%s', '2026-11-20"
                                 " 10:30:00')", (long long)pile,
                             f.gun_number, hex));
}

static void card(struct cx *cx, const int64_t in[2])
{
    (void)in;
    order_answer_requests(cx);
}

static bool card_done(struct cx *cx, const int64_t in[2])
{
    bool done = once(one(cx, "SELECT COUNT(*) FROM charge_order WHERE"
                             " driver_id =", in[0]));

    assert_int_equal(world_wallet(cx, in[0]).held.fen, done ? 20000 : 0);
    assert_int_equal(one(cx, "SELECT COUNT(*) FROM pile_command c JOIN"
                             " charge_order o ON o.id = c.order_id WHERE"
                             " c.kind = 9 AND o.driver_id =", in[0]), done);
    return done;
}

/* ---- a record of nobody, given to a driver --------------------------- */

static int64_t orphan_of(struct cx *cx, int64_t driver, const char *what)
{
    return testdb_int(cx, cx_printf(cx, "SELECT %s FROM trade_record WHERE"
                                        " trade_no = LPAD(%lld, 32, '0')",
                                    what, (long long)driver));
}

static void before_orphan(struct cx *cx, int64_t out[2])
{
    struct world_record r = {
        .start = cx->now, .end = stamp_add_ms(cx->now, 1500000),
        .energy = { [RATE_PEAK] = 400000 }, .total_e4 = -1
    };

    new_driver(cx, out);
    r.trade_no = cx_printf(cx, "%032lld", (long long)out[0]);
    r.pile_id = (out[1] - 1) / 2 + 1;
    r.gun = (int)((out[1] - 1) % 2 + 1);
    world_record(cx, &r);
    testdb_sql(cx, cx_printf(cx, "UPDATE trade_record SET state = 4 WHERE"
                                 " trade_no = '%s'", r.trade_no));
}

static void run_orphan(struct cx *cx, void *arg)
{
    const int64_t *in = arg;
    int64_t id = db_int(cx, "SELECT id FROM trade_record WHERE trade_no ="
                            " LPAD(?, 32, '0')", BIND(V(in[0])));

    if (orphan_load(cx, id)->state == RECORD_ORPHAN)
        orphan_to_driver(cx, id, in[0], "按电桩日志");
}

static void orphan(struct cx *cx, const int64_t in[2])
{
    db_tx(cx, run_orphan, (void *)(uintptr_t)in);
}

static bool orphan_done(struct cx *cx, const int64_t in[2])
{
    bool done = once(one(cx, "SELECT COUNT(*) FROM charge_order WHERE"
                             " driver_id =", in[0]));

    assert_int_equal(orphan_of(cx, in[0], "state"),
                     done ? RECORD_WAITING : RECORD_ORPHAN);
    assert_int_equal(one(cx, "SELECT COUNT(*) FROM audit WHERE event ="
                             " 'record.assign' AND object_id =",
                         orphan_of(cx, in[0], "id")), done);
    return done;
}

/* ---- two people, and refunds that the channel refused (M13) ---------- */

/* Beyond 50.00 yuan a second person is needed. */
static void act_as(struct cx *cx, int64_t account)
{
    static struct config config;

    config = *cx->config;
    config.correction_fen = 5000;
    cx->config = &config;
    cx->actor.kind = ACTOR_ACCOUNT;
    cx->actor.id = account;
    cx->actor.name = "复核员";
}

static void run_propose(struct cx *cx, void *arg)
{
    const int64_t *in = arg;

    act_as(cx, 71);
    if (!correction_is_waiting(cx, CORRECTION_ORDER, in[1]))
        assert_false(order_review_submit(cx, in[1], CORRECT_AS_RECORD,
                                         "核对无误"));
}

static void propose(struct cx *cx, const int64_t in[2])
{
    db_tx(cx, run_propose, (void *)(uintptr_t)in);
}

static bool propose_done(struct cx *cx, const int64_t in[2])
{
    bool done = once(one(cx, "SELECT COUNT(*) FROM correction WHERE state = 1"
                             " AND kind = 1 AND amount = 5800 AND ref_id =",
                         in[1]));

    assert_int_equal(world_order(cx, in[1])->state, ORDER_REVIEW);
    assert_int_equal(world_wallet(cx, in[0]).held.fen, 20000);
    return done;
}

static void before_approve(struct cx *cx, int64_t out[2])
{
    before_review(cx, out);
    propose(cx, out);
}

static void run_approve(struct cx *cx, void *arg)
{
    static const char last[] =
        "SELECT MAX(id) FROM correction WHERE kind = 1 AND ref_id = ?";
    const int64_t *in = arg;
    const struct correction *c =
        correction_load(cx, db_int(cx, last, BIND(V(in[1]))));

    act_as(cx, 72);
    if (c->state != CORRECTION_WAITING)
        return;
    order_review_approved(cx, c);
    correction_approve(cx, c);
}

static void approve(struct cx *cx, const int64_t in[2])
{
    db_tx(cx, run_approve, (void *)(uintptr_t)in);
}

static bool approve_done(struct cx *cx, const int64_t in[2])
{
    bool done = order_done(cx, in, 5800);

    assert_int_equal(one(cx, "SELECT state FROM correction WHERE kind = 1 AND"
                             " ref_id =", in[1]),
                     done ? CORRECTION_DONE : CORRECTION_WAITING);
    return done;
}

/* out[1] is the refund: 30.00 yuan, below what needs a second person. */
static void before_refused(struct cx *cx, int64_t out[2])
{
    new_driver(cx, out);
    testdb_sql(cx, cx_printf(cx,
        "INSERT INTO payment (out_trade_no, driver_id, channel, amount,"
        " state, channel_trade_no, paid_at, expires_at, created_at,"
        " updated_at) VALUES ('TR%lld', %lld, 'demo', 3000, 7, 'D%lld',"
        " NOW(3), NOW(3), NOW(3), NOW(3))", (long long)out[1],
        (long long)out[0], (long long)out[1]));
    testdb_sql(cx, cx_printf(cx,
        "INSERT INTO payment_refund (refund_no, payment_id, amount, state,"
        " reason, created_at) SELECT 'RR%lld', id, amount, 4, '', NOW(3)"
        "  FROM payment WHERE out_trade_no = 'TR%lld'", (long long)out[1],
        (long long)out[1]));
    out[1] = testdb_int(cx, "SELECT MAX(id) FROM payment_refund");
}

static int64_t refund_state(struct cx *cx, const int64_t in[2])
{
    return one(cx, "SELECT state FROM payment_refund WHERE id =", in[1]);
}

static void run_close(struct cx *cx, const int64_t *in,
                      enum correction_how how)
{
    static const char sql[] =
        "SELECT state FROM payment_refund WHERE id = ?";

    act_as(cx, 71);
    if (db_int(cx, sql, BIND(V(in[1]))) == REFUND_FAILED)
        assert_true(refund_close(cx, in[1], how, "已与车主核实"));
}

static void run_to_wallet(struct cx *cx, void *arg)
{
    run_close(cx, arg, CORRECT_TO_WALLET);
}

static void run_by_hand(struct cx *cx, void *arg)
{
    run_close(cx, arg, CORRECT_BY_HAND);
}

static void to_wallet(struct cx *cx, const int64_t in[2])
{
    db_tx(cx, run_to_wallet, (void *)(uintptr_t)in);
}

static void by_hand(struct cx *cx, const int64_t in[2])
{
    db_tx(cx, run_by_hand, (void *)(uintptr_t)in);
}

/* Booked once or not at all, and the documents agree with it. */
static bool closed(struct cx *cx, const int64_t in[2], int refund,
                   int payment, const char *doc)
{
    bool done = refund_state(cx, in) == refund;

    assert_int_equal(refund_state(cx, in), done ? refund : REFUND_FAILED);
    assert_int_equal(one(cx, "SELECT p.state FROM payment p JOIN"
                             " payment_refund r ON r.payment_id = p.id"
                             " WHERE r.id =", in[1]),
                     done ? payment : PAYMENT_REFUNDING);
    assert_int_equal(one(cx, cx_printf(cx, "SELECT COUNT(*) FROM ledger_tx t"
                                           " JOIN payment_refund r JOIN"
                                           " payment p ON p.id = r.payment_id"
                                           " WHERE t.kind = '%s' AND"
                                           " t.idem_key IN (CONCAT('topup:',"
                                           " p.out_trade_no), CONCAT("
                                           "'refund.by_hand:', r.refund_no))"
                                           " AND r.id =", doc),
                         in[1]), done);
    assert_int_equal(one(cx, "SELECT COUNT(*) FROM correction WHERE kind = 2"
                             " AND state = 2 AND ref_id =", in[1]), done);
    return done;
}

static bool to_wallet_done(struct cx *cx, const int64_t in[2])
{
    bool done = closed(cx, in, REFUND_TO_WALLET, PAYMENT_PAID, "topup");

    assert_int_equal(world_wallet(cx, in[0]).paid.fen,
                     100000 + (done ? 3000 : 0));
    return done;
}

static bool by_hand_done(struct cx *cx, const int64_t in[2])
{
    bool done = closed(cx, in, REFUND_BY_HAND, PAYMENT_REFUNDED,
                       "refund.by_hand");

    assert_int_equal(world_wallet(cx, in[0]).paid.fen, 100000);
    return done;
}

/* Owed by hand, and its document registered by 71. */
static void run_register(struct cx *cx, void *arg)
{
    const int64_t *in = arg;

    act_as(cx, 71);
    refund_register_paid(cx, in[1],
                         cx_printf(cx, "DOC-%lld", (long long)in[1]));
}

static void before_paid(struct cx *cx, int64_t out[2])
{
    before_refused(cx, out);
    by_hand(cx, out);
    db_tx(cx, run_register, out);
}

static void run_paid(struct cx *cx, void *arg)
{
    static const char last[] =
        "SELECT MAX(id) FROM correction WHERE kind = 4 AND ref_id = ?";
    const int64_t *in = arg;
    const struct correction *c =
        correction_load(cx, db_int(cx, last, BIND(V(in[1]))));

    act_as(cx, 72);
    if (c->state != CORRECTION_WAITING)
        return;
    refund_paid_approved(cx, c);
    correction_approve(cx, c);
}

static void paid(struct cx *cx, const int64_t in[2])
{
    db_tx(cx, run_paid, (void *)(uintptr_t)in);
}

static bool paid_done(struct cx *cx, const int64_t in[2])
{
    bool done = refund_state(cx, in) == REFUND_PAID;

    assert_int_equal(refund_state(cx, in),
                     done ? REFUND_PAID : REFUND_BY_HAND);
    assert_int_equal(one(cx, "SELECT COUNT(*) FROM payment_refund r JOIN"
                             " ledger_tx t ON t.idem_key ="
                             " CONCAT('refund.paid:', r.refund_no)"
                             " WHERE r.id =", in[1]), done);
    assert_int_equal(one(cx, "SELECT state FROM correction WHERE kind = 4 AND"
                             " ref_id =", in[1]),
                     done ? CORRECTION_DONE : CORRECTION_WAITING);
    return done;
}

const struct flow flows[] = {
    { "topup", new_driver, topup, topup_done, false },
    { "hold", new_driver, hold, hold_done, false },
    { "start", before_start, start, start_done, false },
    { "stop", before_stop, stop, stop_done, false },
    { "settle", before_settle, settle, settle_done, true },
    { "settle two", before_two, settle, two_done, true },
    { "review", before_review, review, review_done, false },
    { "proposal", before_review, propose, propose_done, false },
    { "approval", before_approve, approve, approve_done, false },
    { "refund to wallet", before_refused, to_wallet, to_wallet_done, false },
    { "refund by hand", before_refused, by_hand, by_hand_done, false },
    { "refund paid", before_paid, paid, paid_done, false },
    { "provisional", before_provisional, provisional, review_done, true },
    { "correction", before_more, settle, more_done, true },
    { "void", before_void, void_hold, void_done, true },
    { "card", before_card, card, card_done, true },
    { "orphan", before_orphan, orphan, orphan_done, false },
};
const size_t flow_count = COUNT(flows);

/* ---- a try ----------------------------------------------------------- */

struct attempt {
    const struct flow *flow;
    int64_t in[2];
};

static void attempt(struct cx *cx, void *arg)
{
    const struct attempt *a = arg;

    a->flow->run(cx, a->in);
}

static void prepare(struct cx *cx, void *arg)
{
    struct attempt *a = arg;

    a->flow->prepare(cx, a->in);
}

enum { AGAIN_MS = 1000 }; /* after a run that died */

static void quiet_at(struct cx *quiet, stamp now)
{
    world_again(quiet);
    quiet->now = now;
}

long flow_try(struct cx *quiet, const struct flow *flow, const char *what,
              const struct flow_hooks *hooks)
{
    size_t before = 0;
    struct attempt a = { flow, { 0, 0 } };
    stamp now = { 0 };
    struct cx *cx;
    bool ok, done;
    long left = 0;

    assert_true(stamp_parse("2026-11-20 10:30:00", &now));
    quiet_at(quiet, now);
    testdb_run(quiet, prepare, &a);
    now = quiet->now;

    if (hooks->in_use != NULL)
        before = hooks->in_use();
    cx = world_cx();
    cx->now = now;
    assert_true(db_ping(cx->db));
    hooks->begin();
    ok = cx_run(cx, attempt, &a);
    hooks->end();
    db_between(cx->db); /* no transaction is left open (T7) */
    testdb_cx_free(cx);
    if (hooks->in_use != NULL)
        left = (long)(hooks->in_use() - before);

    quiet_at(quiet, now);
    done = flow->done(quiet, a.in);
    if (!flow->job && ok && !done) /* a lie */
        fail_msg("%s: %s: said yes", flow->name, what);
    if (flow->job) /* a run that died makes the next one put its records off */
        quiet->now = stamp_add_ms(now, AGAIN_MS);
    testdb_run(quiet, attempt, &a); /* the same again */
    if (!flow->done(quiet, a.in))
        fail_msg("%s: %s: does not converge", flow->name, what);
    return left;
}

struct cx *flow_world(void)
{
    struct cx *quiet = world_cx();

    assert_true(stamp_parse("2026-11-20 10:30:00", &quiet->now));
    world_make(quiet);
    world_more_piles(quiet, 3000);
    return quiet;
}
