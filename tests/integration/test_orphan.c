/*
 * Trade records that no order claims: assigned by a person, they settle like
 * any other; decided twice, or wrongly, nothing happens. After every test the
 * books balance.
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
#include "charging/order.h"
#include "charging/order_verify.h"
#include "charging/orphan.h"
#include "charging/settle.h"
#include "db/db.h"
#include "tests/integration/testdb.h"
#include "tests/integration/world.h"

#define NOBODYS "32010600019236012611201030009"

/* A charge whose record is missing. */
static struct order *lost(struct cx *cx, int64_t connector, int64_t driver)
{
    struct world_start s = { { .connector_id = connector, .driver_id = driver,
                               .start_by = START_BY_APP }, 0 };

    assert_int_equal(world_tx(cx, world_start_body, &s), CX_OK);
    world_order_state(cx, s.id, ORDER_AWAITING_RECORD);
    testdb_sql(cx, cx_printf(cx, "UPDATE charge_order SET ended_at ="
        " '2026-11-20 10:55:00' WHERE id = %lld", (long long)s.id));
    world_live(cx, connector, CONNECTOR_IDLE, NULL);
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

/* 40 kWh of peak from 10:30 under a number that no order has: 58.00 yuan.
   The id of the record, which the job has set aside. */
static int64_t orphan(struct cx *cx, int number, int gun)
{
    char no[33];
    struct world_record r = {
        .trade_no = no, .gun = gun, .pile_id = WORLD_PILE,
        .energy = { [RATE_PEAK] = 400000 }, .total_e4 = -1,
        .meter_start = 1234567, .meter_end = -1, .stop_reason = 0x41
    };
    int64_t id;

    snprintf(no, sizeof no, NOBODYS "%03d", number);
    assert_true(stamp_parse("2026-11-20 10:30:00", &r.start));
    r.end = stamp_add_ms(r.start, 1500000);
    cx->now = stamp_add_ms(r.end, 600000);
    id = world_record(cx, &r);
    settle(cx);
    assert_int_equal(testdb_int(cx, cx_printf(cx,
        "SELECT state FROM trade_record WHERE id = %lld", (long long)id)),
        RECORD_ORPHAN);
    assert_int_equal(testdb_int(cx, cx_printf(cx,
        "SELECT COUNT(*) FROM pile_event WHERE kind = %d AND gun = %d AND at"
        " = '%s'", EVENT_RECORD, gun, "2026-11-20 11:05:00")) > 0, 1);
    return id;
}

static int64_t of_record(struct cx *cx, int64_t id, const char *what)
{
    return testdb_int(cx, cx_printf(cx, "SELECT %s FROM trade_record WHERE"
                                        " id = %lld", what, (long long)id));
}

struct decision {
    enum orphan_how how;
    int64_t id, to;
    const char *why;
};

static void decide_body(struct cx *cx, void *arg)
{
    const struct decision *d = arg;

    if (d->how == ORPHAN_TO_ORDER)
        orphan_to_order(cx, d->id, d->to, d->why);
    else if (d->how == ORPHAN_TO_DRIVER)
        orphan_to_driver(cx, d->id, d->to, d->why);
    else
        orphan_dismiss(cx, d->id, d->why);
}

static enum cx_code decide(struct cx *cx, enum orphan_how how, int64_t id,
                           int64_t to)
{
    struct decision d = { how, id, to, "核对过电桩日志" };

    return world_tx(cx, decide_body, &d);
}

static void verify_body(struct cx *cx, void *arg)
{
    size_t n;
    const struct finding *f = order_verify(cx, (stamp){ 0 }, &n);

    (void)arg;
    for (size_t i = 0; i < n; i++)
        if (f[i].breaks != 0)
            fail_msg("%s: %s", f[i].what, f[i].first);
}

/* ---- to an order ----------------------------------------------------- */

static void an_assigned_record_settles_its_order(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 50000, 0, 0);
    struct order *o = lost(cx, WORLD_GUN1, driver);
    int64_t id = orphan(cx, 1, 1);

    assert_int_equal(decide(cx, ORPHAN_TO_ORDER, id, o->id), CX_OK);
    /* no money yet: that is the job's */
    assert_int_equal(world_wallet(cx, driver).paid.fen, 50000);
    assert_int_equal(of_record(cx, id, "state"), RECORD_WAITING);
    settle(cx);
    o = world_order(cx, o->id);
    assert_int_equal(o->state, ORDER_SETTLED);
    assert_int_equal(o->total_fen.fen, 5800);
    assert_false(o->hold_open);
    assert_int_equal(world_wallet(cx, driver).paid.fen, 50000 - 5800);
    assert_int_equal(of_record(cx, id, "state"), RECORD_SETTLED);
    assert_int_equal(of_record(cx, id, "handled_how"), ORPHAN_TO_ORDER);
    assert_int_equal(testdb_int(cx, cx_printf(cx,
        "SELECT COUNT(*) FROM audit WHERE (event = 'record.assign' AND"
        " object_id = %lld) OR (event = 'order.record_assigned' AND"
        " object_id = %lld)", (long long)id, (long long)o->id)), 2);
    testdb_run(cx, verify_body, NULL);
}

static void what_was_decided_is_not_decided_again(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 50000, 0, 0);
    struct order *o = lost(cx, WORLD_GUN1, driver);
    int64_t id = orphan(cx, 2, 1), orders;

    assert_int_equal(decide(cx, ORPHAN_TO_ORDER, id, o->id), CX_OK);
    for (int when = 0; when < 2; when++) {
        orders = testdb_int(cx, "SELECT COUNT(*) FROM charge_order");
        assert_int_equal(decide(cx, ORPHAN_TO_ORDER, id, o->id), ERR_STATE);
        assert_int_equal(decide(cx, ORPHAN_TO_DRIVER, id, driver),
                         ERR_STATE);
        assert_int_equal(decide(cx, ORPHAN_DISMISSED, id, 0), ERR_STATE);
        assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM charge_order"),
                         orders);
        settle(cx); /* and after it */
    }
    assert_int_equal(world_wallet(cx, driver).paid.fen, 50000 - 5800);
}

/* The order's own record after all: no second bill. */
static void its_own_record_comes_late(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 50000, 0, 0);
    struct order *o = lost(cx, WORLD_GUN1, driver);
    int64_t id = orphan(cx, 3, 1), own;
    struct world_record r = {
        .trade_no = o->trade_no, .gun = 1, .pile_id = WORLD_PILE,
        .start = o->created_at, .end = stamp_add_ms(o->created_at, 1500000),
        .energy = { [RATE_PEAK] = 400000 }, .total_e4 = -1
    };

    assert_int_equal(decide(cx, ORPHAN_TO_ORDER, id, o->id), CX_OK);
    settle(cx);
    own = world_record(cx, &r);
    settle(cx);
    assert_int_equal(of_record(cx, own, "state"), RECORD_REVIEW);
    assert_int_equal(world_wallet(cx, driver).paid.fen, 50000 - 5800);
    /* which a person may put aside; the settled order stays as it is */
    assert_int_equal(decide(cx, ORPHAN_TO_ORDER, own, o->id), ERR_INVALID);
    assert_int_equal(decide(cx, ORPHAN_TO_DRIVER, own, driver), ERR_INVALID);
    assert_int_equal(decide(cx, ORPHAN_DISMISSED, own, 0), CX_OK);
    assert_int_equal(of_record(cx, own, "state"), RECORD_DISMISSED);
    testdb_run(cx, verify_body, NULL);
}

static void only_an_order_that_fits_takes_it(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 90000, 0, 0);
    struct order *other_gun = lost(cx, WORLD_GUN2, driver), *o;
    int64_t id = orphan(cx, 4, 1);

    assert_int_equal(decide(cx, ORPHAN_TO_ORDER, id, other_gun->id),
                     ERR_INVALID);
    assert_int_equal(decide(cx, ORPHAN_TO_ORDER, id, 999999), ERR_NOT_FOUND);
    assert_true(stamp_parse("2026-11-20 10:30:00", &cx->now));
    o = lost(cx, WORLD_GUN1, driver);
    for (int s = ORDER_CREATED; s <= ORDER_REVIEW; s++) {
        if (s == ORDER_AWAITING_RECORD || s == ORDER_START_FAILED)
            continue;
        world_order_state(cx, o->id, s);
        assert_int_equal(decide(cx, ORPHAN_TO_ORDER, id, o->id),
                         ERR_INVALID);
    }
    world_order_state(cx, o->id, ORDER_AWAITING_RECORD);
    /* one that has an assigned record already takes no second */
    assert_int_equal(decide(cx, ORPHAN_TO_ORDER, orphan(cx, 5, 1), o->id),
                     CX_OK);
    assert_int_equal(decide(cx, ORPHAN_TO_ORDER, id, o->id), ERR_INVALID);
    settle(cx);
    assert_int_equal(world_wallet(cx, driver).paid.fen, 90000 - 5800);
    assert_int_equal(of_record(cx, id, "state"), RECORD_ORPHAN);
}

/* The checks of every record hold for this one too. */
static void a_record_that_cannot_be_true_waits_for_review(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 50000, 0, 0);
    struct order *o = lost(cx, WORLD_GUN1, driver);
    int64_t id = orphan(cx, 6, 1);

    testdb_sql(cx, "UPDATE pile SET clock_off_ms = 400000");
    assert_int_equal(decide(cx, ORPHAN_TO_ORDER, id, o->id), CX_OK);
    settle(cx);
    assert_int_equal(world_order(cx, o->id)->state, ORDER_REVIEW);
    assert_int_equal(world_wallet(cx, driver).paid.fen, 50000);
    assert_true(world_order(cx, o->id)->hold_open);
    /* it is decided at the order now, not here */
    assert_int_equal(decide(cx, ORPHAN_DISMISSED, id, 0), ERR_STATE);
}

/* ---- to a driver ----------------------------------------------------- */

static void a_driver_gets_an_order_made_of_the_record(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 5000, 0, 0), id = orphan(cx, 7, 2);
    int64_t order;
    struct order *o;

    assert_int_equal(decide(cx, ORPHAN_TO_DRIVER, id, driver), CX_OK);
    assert_int_equal(world_wallet(cx, driver).paid.fen, 5000);
    order = testdb_int(cx, "SELECT id FROM charge_order WHERE trade_no = '"
                           NOBODYS "007'");
    assert_int_equal(world_order(cx, order)->state, ORDER_RECORDED);
    settle(cx);
    o = world_order(cx, order);
    assert_int_equal(o->state, ORDER_SETTLED);
    assert_int_equal(o->driver_id, driver);
    assert_int_equal(o->start_by, START_BY_CONSOLE);
    assert_int_equal(o->connector_id, WORLD_GUN2);
    assert_int_equal(o->total_fen.fen, 5800);
    assert_int_equal(o->arrears_fen.fen, 800); /* nothing was reserved */
    assert_int_equal(world_wallet(cx, driver).available.fen, 0);
    assert_int_equal(decide(cx, ORPHAN_TO_DRIVER, id, driver), ERR_STATE);
    testdb_run(cx, verify_body, NULL);
}

static void a_choice_that_does_not_exist_changes_nothing(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 5000, 0, 0), id = orphan(cx, 8, 1);
    struct decision mute = { ORPHAN_DISMISSED, id, 0, "" };

    assert_int_equal(decide(cx, ORPHAN_TO_DRIVER, id, 999999), ERR_INVALID);
    assert_int_equal(world_tx(cx, decide_body, &mute), ERR_INVALID);
    assert_int_equal(decide(cx, ORPHAN_DISMISSED, 999999, 0), ERR_NOT_FOUND);
    /* bytes that are no record cannot be billed */
    testdb_sql(cx, cx_printf(cx, "UPDATE trade_record SET raw = 'hello'"
                                 " WHERE id = %lld", (long long)id));
    assert_int_equal(decide(cx, ORPHAN_TO_DRIVER, id, driver), ERR_INVALID);
    assert_int_equal(of_record(cx, id, "state"), RECORD_ORPHAN);
    assert_int_equal(decide(cx, ORPHAN_DISMISSED, id, 0), CX_OK);
    settle(cx);
    assert_int_equal(of_record(cx, id, "state"), RECORD_DISMISSED);
    assert_int_equal(world_wallet(cx, driver).paid.fen, 5000);
}

/* ---- others ---------------------------------------------------------- */

static void another_merchants_records_do_not_exist(void **state)
{
    struct cx *cx = *state;
    int64_t id = orphan(cx, 9, 1);

    cx->scope = (struct scope){ .merchant_id = WORLD_MERCHANT + 100 };
    assert_int_equal(decide(cx, ORPHAN_DISMISSED, id, 0), ERR_NOT_FOUND);
    cx->scope = (struct scope){ .all = true };
    assert_int_equal(of_record(cx, id, "state"), RECORD_ORPHAN);
}

struct race {
    int64_t id, driver;
};

static int decide_once(int index, void *arg)
{
    const struct race *r = arg;
    struct cx *cx = world_cx();
    enum cx_code code;

    assert_true(stamp_parse("2026-11-20 12:00:00", &cx->now));
    code = decide(cx, index % 2 ? ORPHAN_TO_DRIVER : ORPHAN_DISMISSED, r->id,
                  r->driver);
    return code == CX_OK ? 0 : code == ERR_STATE ? 1 : 2;
}

static void of_many_at_once_one_decides(void **state)
{
    struct cx *cx = *state;
    struct race r = { .driver = world_driver(cx, 50000, 0, 0) };

    for (int i = 0; i < 5; i++) {
        r.id = orphan(cx, 20 + i, 1);
        assert_int_equal(world_parallel(8, decide_once, &r), 1);
        assert_int_equal(testdb_int(cx, cx_printf(cx,
            "SELECT COUNT(*) FROM audit WHERE object = 'orphan' AND object_id"
            " = %lld", (long long)r.id)), 1);
        settle(cx);
        testdb_sql(cx, "UPDATE charge_order SET started_at = '2000-01-01',"
                       " finished_at = '2000-01-01'");
    }
}

/* ---- two people (M13, M18) ------------------------------------------- */

struct proposal {
    struct decision d;
    int64_t actor;
    bool done;
};

static void act_as(struct cx *cx, int64_t account)
{
    static struct config config;

    config = *cx->config;
    config.correction_fen = 5799; /* the record costs 58.00 */
    cx->config = &config;
    cx->actor.kind = ACTOR_ACCOUNT;
    cx->actor.id = account;
    cx->actor.name = "运营";
}

static void submit_body(struct cx *cx, void *arg)
{
    struct proposal *p = arg;

    act_as(cx, p->actor);
    p->done = orphan_submit(cx, p->d.id, p->d.how, p->d.to, p->d.why);
}

static void approve_body(struct cx *cx, void *arg)
{
    static const char last[] =
        "SELECT MAX(id) FROM correction WHERE kind = 3 AND ref_id = ?";
    const struct proposal *p = arg;
    const struct correction *c =
        correction_load(cx, db_int(cx, last, BIND(V(p->d.id))));

    act_as(cx, p->actor);
    orphan_approved(cx, c);
    correction_approve(cx, c);
}

static void a_large_record_needs_a_second_person(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 10000, 0, 0);
    int64_t id = orphan(cx, 81, 1);
    struct proposal p = { { ORPHAN_TO_DRIVER, id, 999999, "按电桩日志" }, 71,
                          true };

    /* What cannot be done is said at once. */
    assert_int_equal(world_tx(cx, submit_body, &p), ERR_INVALID);
    p.d.to = driver;
    assert_int_equal(world_tx(cx, submit_body, &p), CX_OK);
    assert_false(p.done);
    settle(cx);
    assert_int_equal(of_record(cx, id, "state"), RECORD_ORPHAN);
    assert_int_equal(world_wallet(cx, driver).paid.fen, 10000);
    assert_int_equal(world_tx(cx, submit_body, &p), ERR_STATE);
    assert_int_equal(world_tx(cx, approve_body, &p), ERR_FORBIDDEN);
    p.actor = 72;
    assert_int_equal(world_tx(cx, approve_body, &p), CX_OK);
    assert_int_equal(world_tx(cx, approve_body, &p), ERR_STATE);
    settle(cx);
    assert_int_equal(of_record(cx, id, "state"), RECORD_SETTLED);
    assert_int_equal(world_wallet(cx, driver).paid.fen, 4200);
}

static void a_large_one_is_not_dismissed_by_one(void **state)
{
    struct cx *cx = *state;
    int64_t id = orphan(cx, 82, 1);
    struct proposal p = { { ORPHAN_DISMISSED, id, 0, "测试桩" }, 71, true };

    assert_int_equal(world_tx(cx, submit_body, &p), CX_OK);
    assert_false(p.done);
    assert_int_equal(of_record(cx, id, "state"), RECORD_ORPHAN);
    p.actor = 72;
    assert_int_equal(world_tx(cx, approve_body, &p), CX_OK);
    assert_int_equal(of_record(cx, id, "state"), RECORD_DISMISSED);
}

int main(void)
{
#define WITH_CX(f)                                            \
    cmocka_unit_test_setup_teardown(f, world_set_up, world_tear_down)
    const struct CMUnitTest tests[] = {
        WITH_CX(an_assigned_record_settles_its_order),
        WITH_CX(what_was_decided_is_not_decided_again),
        WITH_CX(its_own_record_comes_late),
        WITH_CX(only_an_order_that_fits_takes_it),
        WITH_CX(a_record_that_cannot_be_true_waits_for_review),
        WITH_CX(a_driver_gets_an_order_made_of_the_record),
        WITH_CX(a_choice_that_does_not_exist_changes_nothing),
        WITH_CX(another_merchants_records_do_not_exist),
        WITH_CX(of_many_at_once_one_decides),
        WITH_CX(a_large_record_needs_a_second_person),
        WITH_CX(a_large_one_is_not_dismissed_by_one),
    };
    struct cx *cx;
    int failed;

    testdb_start("orphan");
    cx = world_cx();
    world_make(cx);
    testdb_cx_free(cx);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    testdb_stop();
    return failed;
}
