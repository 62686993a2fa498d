/*
 * Starting and stopping charges: what is refused and why, what one start
 * leaves behind, many at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "asset/live.h"
#include "base/wake.h"
#include "charging/command.h"
#include "charging/order.h"
#include "charging/order_balance.h"
#include "db/db.h"
#include "db/outbox.h"
#include "protocol/ykc/frame.h"
#include "tests/integration/testdb.h"
#include "tests/integration/world.h"

static enum cx_code start(struct cx *cx, int64_t connector, int64_t driver,
                          int64_t *id)
{
    struct world_start s = { { .connector_id = connector, .driver_id = driver,
                               .start_by = START_BY_APP }, 0 };
    enum cx_code code = world_tx(cx, world_start_body, &s);

    if (id != NULL)
        *id = s.id;
    return code;
}

struct stop {
    int64_t id;
    enum order_stop_by by;
};

static void stop_body(struct cx *cx, void *arg)
{
    const struct stop *s = arg;

    order_stop(cx, s->id, s->by);
}

static enum cx_code stop(struct cx *cx, int64_t id)
{
    struct stop s = { id, STOP_BY_DRIVER };

    return world_tx(cx, stop_body, &s);
}

static int64_t count(struct cx *cx, const char *what)
{
    return testdb_int(cx, cx_printf(cx, "SELECT COUNT(*) FROM %s", what));
}

static int set_up(void **state)
{
    struct cx *cx = world_cx();

    assert_true(stamp_parse("2026-11-20 10:30:00", &cx->now));
    testdb_sql(cx, "UPDATE connector_live SET state = 2, plugged = 1,"
                   " trade_no = NULL");
    testdb_sql(cx, "UPDATE charge_order SET state = 7, hold_open = 0 WHERE"
                   " state < 7"); /* of the test before */
    testdb_sql(cx, "UPDATE pile SET online = 1, status = 1, tariff_no ="
                   " (SELECT MAX(wire_no) FROM tariff_version)");
    testdb_sql(cx, "UPDATE connector SET status = 1");
    testdb_sql(cx, "UPDATE tariff SET status = 1");
    testdb_sql(cx, "DELETE FROM pile_command");
    *state = cx;
    return 0;
}

static int tear_down(void **state)
{
    world_assert_books(*state);
    testdb_cx_free(*state);
    return 0;
}

/* ---- what a start leaves --------------------------------------------- */

struct args_row {
    struct bytes args;
    const char *trade_no;
};

static void read_args(struct cx *cx, void *arg)
{
    static const struct db_field row[] = {
        DB_FIELD(struct args_row, args), DB_FIELD(struct args_row, trade_no)
    };
    struct args_row **r = arg;

    *r = db_row(cx, "SELECT args, trade_no FROM pile_command WHERE kind = 1",
                BIND(), ROW(struct args_row, row));
}

static void a_start_reserves_money_and_tells_the_pile(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 50000, 0, 100), id;
    struct ykc_remote_start f;
    struct args_row *r;
    struct order *o;

    assert_int_equal(start(cx, WORLD_GUN1, driver, &id), CX_OK);
    o = world_order(cx, id);
    assert_int_equal(o->state, ORDER_CREATED);
    assert_int_equal(o->hold_fen.fen, 20000); /* the setting */
    assert_true(o->hold_open);
    assert_int_equal(o->tariff_version_id, 1);
    assert_int_equal(o->station_id, WORLD_STATION);
    assert_int_equal(o->merchant_id, WORLD_MERCHANT);
    assert_int_equal(o->provider_id, WORLD_PROVIDER);
    assert_memory_equal(o->order_no, "C20261120103000", 15);
    assert_memory_equal(o->trade_no, WORLD_PILE_NO "01261120103000", 28);
    assert_int_equal(world_wallet(cx, driver).held.fen, 20000);
    assert_int_equal(world_wallet(cx, driver).available.fen, 30100);
    testdb_run(cx, read_args, &r);
    assert_string_equal(r->trade_no, o->trade_no);
    assert_int_equal(ykc_decode(ykc_frame(ykc_type_remote_start),
                                r->args.data, r->args.len, &f, NULL),
                     WIRE_OK);
    assert_string_equal(f.trade_number, o->trade_no);
    assert_string_equal(f.pile_code, WORLD_PILE_NO);
    assert_int_equal(f.gun_number, 1);
    assert_int_equal(f.account_balance, 20000);
    assert_int_equal(count(cx, "audit WHERE event = 'order.start'"), 1);
}

static void a_card_of_the_driver_may_stop_the_session(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 1000, 0, 0);
    struct ykc_remote_start f;
    struct args_row *r;

    testdb_sql(cx, cx_printf(cx, "INSERT INTO card (physical_no, logical_no,"
                                 " driver_id, created_at) VALUES"
                                 " ('00000000D14B0A54', '0000000000001234',"
                                 " %lld, NOW(3))", (long long)driver));
    assert_int_equal(start(cx, WORLD_GUN1, driver, NULL), CX_OK);
    testdb_run(cx, read_args, &r);
    assert_int_equal(ykc_decode(ykc_frame(ykc_type_remote_start),
                                r->args.data, r->args.len, &f, NULL),
                     WIRE_OK);
    assert_string_equal(f.logical_card, "0000000000001234");
    assert_memory_equal(f.physical_card, "\0\0\0\0\xD1\x4B\x0A\x54", 8);
    assert_int_equal(f.account_balance, 1000); /* all there is */
}

static void a_pile_with_old_prices_is_told_the_new_ones_first(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 1000, 0, 0);

    testdb_sql(cx, "UPDATE pile SET tariff_no = '0000'");
    assert_int_equal(start(cx, WORLD_GUN1, driver, NULL), CX_OK);
    assert_int_equal(count(cx, "pile_command a JOIN pile_command b ON b.id >"
                               " a.id WHERE a.kind = 3 AND b.kind = 1"), 1);
}

static void the_driver_may_choose_how_much_is_reserved(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 5000, 0, 0);
    struct world_start s = { { .connector_id = WORLD_GUN1, .driver_id = driver,
                               .start_by = START_BY_APP,
                               .hold = { 3000 } }, 0 };

    s.ask.hold.fen = 499; /* less than the least */
    assert_int_equal(world_tx(cx, world_start_body, &s), ERR_INVALID);
    assert_string_equal(cx->error.field, "hold");
    s.ask.hold.fen = ORDER_HOLD_MAX_FEN + 1;
    assert_int_equal(world_tx(cx, world_start_body, &s), ERR_INVALID);
    s.ask.hold.fen = 5001; /* more than there is */
    assert_int_equal(world_tx(cx, world_start_body, &s), ERR_BALANCE);
    s.ask.hold.fen = 3000;
    assert_int_equal(world_tx(cx, world_start_body, &s), CX_OK);
    assert_int_equal(world_order(cx, s.id)->hold_fen.fen, 3000);
}

static void a_start_wakes_the_gateway_of_the_pile(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 1000, 0, 0), subject = 0;
    uint8_t datagram[WAKE_SIZE];
    char bound[60];
    int fd = wake_listen("127.0.0.1", 0, bound);
    struct world_start refused = { { .connector_id = WORLD_GUN1,
                                     .driver_id = driver, .hold = { 99999 },
                                     .start_by = START_BY_APP }, 0 };

    assert_true(fd >= 0);
    testdb_sql(cx, "DELETE FROM gateway");
    testdb_sql(cx, cx_printf(cx, "INSERT INTO gateway (id, name, control,"
                                 " epoch, started_at, seen_at) VALUES (5,"
                                 " 'gw', '%s', 1, NOW(3), NOW(3))", bound));
    testdb_sql(cx, "UPDATE pile SET gateway_id = 5");
    /* what is rolled back wakes nobody */
    assert_int_equal(world_tx(cx, world_start_body, &refused), ERR_BALANCE);
    assert_int_equal(start(cx, WORLD_GUN1, driver, NULL), CX_OK);
    assert_int_equal(recv(fd, datagram, sizeof datagram, MSG_DONTWAIT),
                     WAKE_SIZE);
    assert_true(wake_decode(datagram, sizeof datagram,
                            stamp_now().ms * 1000, &subject));
    assert_int_equal(subject, WORLD_PILE);
    assert_true(recv(fd, datagram, sizeof datagram, MSG_DONTWAIT) < 0);
    testdb_sql(cx, "UPDATE pile SET gateway_id = NULL");
    close(fd);
}

/* ---- what is refused ------------------------------------------------- */

static void a_start_is_refused_for_each_reason(void **state)
{
    static const struct {
        const char *how;
        const char *undo;
        enum cx_code code;
    } cases[] = {
        { "UPDATE connector SET status = 2 WHERE id = 1",
          "UPDATE connector SET status = 1", ERR_STATE },
        { "UPDATE pile SET status = 2", "UPDATE pile SET status = 1",
          ERR_STATE },
        { "UPDATE station SET status = 2", "UPDATE station SET status = 1",
          ERR_STATE },
        { "UPDATE pile SET deleted_at = NOW(3)",
          "UPDATE pile SET deleted_at = NULL", ERR_STATE },
        { "UPDATE pile SET online = 0", "UPDATE pile SET online = 1",
          ERR_PILE_OFFLINE },
        { "UPDATE connector_live SET state = 6",
          "UPDATE connector_live SET state = 2", ERR_PILE_OFFLINE },
        { "UPDATE connector_live SET state = 5",
          "UPDATE connector_live SET state = 2", ERR_STATE },
        { "UPDATE connector_live SET state = 1",
          "UPDATE connector_live SET state = 2", ERR_PILE_BUSY },
        { "UPDATE connector_live SET state = 4",
          "UPDATE connector_live SET state = 2", ERR_PILE_BUSY },
        { "UPDATE connector_live SET plugged = 0",
          "UPDATE connector_live SET plugged = 1", ERR_STATE },
        { "UPDATE tariff SET status = 2", "UPDATE tariff SET status = 1",
          ERR_STATE },
        { "UPDATE tariff_version SET starts_at = '2030-01-01'",
          "UPDATE tariff_version SET starts_at = '2025-01-01'", ERR_STATE },
        { "UPDATE driver SET status = 2", "UPDATE driver SET status = 1",
          ERR_FORBIDDEN },
    };
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 5000, 0, 0), poor, before;

    before = count(cx, "charge_order");
    for (size_t i = 0; i < COUNT(cases); i++) {
        testdb_sql(cx, cases[i].how);
        assert_int_equal(start(cx, WORLD_GUN1, driver, NULL),
                         cases[i].code);
        testdb_sql(cx, cases[i].undo);
    }
    assert_int_equal(start(cx, 999, driver, NULL), ERR_NOT_FOUND);
    assert_int_equal(start(cx, WORLD_GUN1, 999999, NULL), ERR_NOT_FOUND);
    poor = world_driver(cx, 499, 0, 0);
    assert_int_equal(start(cx, WORLD_GUN1, poor, NULL), ERR_BALANCE);
    testdb_sql(cx, cx_printf(cx, "UPDATE ledger_account SET balance = -1"
                                 " WHERE kind = 14 AND owner_id = %lld",
                             (long long)driver));
    assert_int_equal(start(cx, WORLD_GUN1, driver, NULL), ERR_ARREARS);
    testdb_sql(cx, "UPDATE ledger_account SET balance = 0 WHERE kind = 14");
    /* nothing of all that has left a trace */
    assert_int_equal(count(cx, "charge_order"), before);
    assert_int_equal(count(cx, "pile_command"), 0);
    assert_int_equal(world_wallet(cx, driver).held.fen, 0);
    assert_int_equal(start(cx, WORLD_GUN1, driver, NULL), CX_OK);
}

static void a_gun_takes_one_order_at_a_time(void **state)
{
    struct cx *cx = *state;
    int64_t a = world_driver(cx, 9000, 0, 0), b = world_driver(cx, 9000, 0,
                                                               0), id;

    assert_int_equal(start(cx, WORLD_GUN1, a, &id), CX_OK);
    for (int s = ORDER_CREATED; s <= ORDER_AWAITING_RECORD; s++) {
        world_order_state(cx, id, s);
        assert_int_equal(start(cx, WORLD_GUN1, b, NULL), ERR_PILE_BUSY);
    }
    /* the record never came, but the gun is idle for long */
    cx->now = stamp_add_ms(cx->now, 121000);
    assert_int_equal(start(cx, WORLD_GUN1, b, NULL), CX_OK);
}

static void no_second_start_while_the_first_is_unknown(void **state)
{
    struct cx *cx = *state;
    int64_t a = world_driver(cx, 90000, 0, 0), id;

    assert_int_equal(start(cx, WORLD_GUN2, a, &id), CX_OK);
    world_order_state(cx, id, ORDER_START_FAILED);
    assert_int_equal(start(cx, WORLD_GUN2, a, NULL), ERR_PILE_BUSY);
    testdb_sql(cx, "UPDATE charge_order SET hold_open = 0 WHERE state = 7");
    assert_int_equal(start(cx, WORLD_GUN2, a, NULL), CX_OK);
}

/* ---- many at once ---------------------------------------------------- */

static int start_same_gun(int index, void *arg)
{
    struct cx *cx = world_cx();
    const int64_t *drivers = arg;
    enum cx_code code;

    assert_true(stamp_parse("2026-11-20 10:30:00", &cx->now));
    code = start(cx, WORLD_GUN1, drivers[index], NULL);
    return code == CX_OK ? 0 : code == ERR_PILE_BUSY ? 1 : 2;
}

static void of_sixteen_starts_of_one_gun_one_passes(void **state)
{
    struct cx *cx = *state;
    int64_t drivers[16];

    for (int i = 0; i < 16; i++)
        drivers[i] = world_driver(cx, 1000, 0, 0);
    assert_int_equal(world_parallel(16, start_same_gun, drivers), 1);
    assert_int_equal(count(cx, "charge_order WHERE state = 1"), 1);
    assert_int_equal(count(cx, "pile_command WHERE kind = 1"), 1);
}

static int start_other_gun(int index, void *arg)
{
    struct cx *cx = world_cx();
    enum cx_code code;

    assert_true(stamp_parse("2026-11-20 10:30:00", &cx->now));
    code = start(cx, 3 + index, *(int64_t *)arg, NULL);
    return code == CX_OK ? 0 : code == ERR_BALANCE ? 1 : 2;
}

static void one_purse_starts_only_what_it_can_pay(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 45000, 0, 0);

    /* 200 + 200 + 50 yuan: three starts, the last one with the rest */
    assert_int_equal(world_parallel(12, start_other_gun, &driver), 3);
    assert_int_equal(world_wallet(cx, driver).available.fen, 0);
    assert_int_equal(world_wallet(cx, driver).held.fen, 45000);
}

static void trade_numbers_never_repeat(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 9000000, 0, 0), id;
    struct order *o;

    /* the counter stands where a record already is */
    assert_int_equal(start(cx, WORLD_GUN1, driver, &id), CX_OK);
    o = world_order(cx, id);
    testdb_sql(cx, cx_printf(cx, "UPDATE charge_order SET state = 10, trade_no"
                                 " = '%032d' WHERE id = %lld", 1,
                             (long long)id));
    testdb_sql(cx, "UPDATE trade_counter SET last = MOD(last + 9999, 10000)"
                   " WHERE connector_id = 1");
    world_record(cx, &(struct world_record){ .trade_no = o->trade_no });
    assert_int_equal(start(cx, WORLD_GUN1, driver, &id), CX_OK);
    assert_string_not_equal(world_order(cx, id)->trade_no, o->trade_no);
}

/* ---- stopping -------------------------------------------------------- */

static void a_stop_is_sent_once(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 9000, 0, 0), id;

    assert_int_equal(start(cx, WORLD_GUN1, driver, &id), CX_OK);
    world_order_state(cx, id, ORDER_CHARGING);
    world_live(cx, WORLD_GUN1, CONNECTOR_CHARGING,
               world_order(cx, id)->trade_no);
    assert_int_equal(stop(cx, id), CX_OK);
    assert_int_equal(stop(cx, id), CX_OK);
    assert_int_equal(count(cx, "pile_command WHERE kind = 2"), 1);
    assert_int_equal(world_order(cx, id)->stop_by, STOP_BY_DRIVER);
    /* unanswered: a later stop is sent again */
    testdb_sql(cx, "UPDATE pile_command SET state = 5 WHERE kind = 2");
    assert_int_equal(stop(cx, id), CX_OK);
    assert_int_equal(count(cx, "pile_command WHERE kind = 2"), 2);
    world_order_state(cx, id, ORDER_AWAITING_RECORD);
    assert_int_equal(stop(cx, id), CX_OK); /* stopped already */
    assert_int_equal(count(cx, "pile_command WHERE kind = 2"), 2);
    /* a start that was given up, and runs all the same */
    world_order_state(cx, id, ORDER_START_FAILED);
    testdb_sql(cx, "UPDATE pile_command SET state = 5 WHERE kind = 2");
    assert_int_equal(stop(cx, id), CX_OK);
    assert_int_equal(count(cx, "pile_command WHERE kind = 2"), 3);
    world_live(cx, WORLD_GUN1, CONNECTOR_IDLE, NULL);
    for (int s = ORDER_START_FAILED; s <= ORDER_SETTLED; s++) {
        world_order_state(cx, id, s);
        assert_int_equal(stop(cx, id), ERR_STATE);
    }
}

static void a_stop_never_hits_another_session(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 9000, 0, 0), id;

    assert_int_equal(start(cx, WORLD_GUN1, driver, &id), CX_OK);
    world_order_state(cx, id, ORDER_CHARGING);
    world_live(cx, WORLD_GUN1, CONNECTOR_CHARGING,
               "99999999999999999999999999999999");
    assert_int_equal(stop(cx, id), ERR_STATE);
    testdb_sql(cx, "UPDATE pile SET online = 0");
    assert_int_equal(stop(cx, id), ERR_PILE_OFFLINE);
    assert_int_equal(count(cx, "pile_command WHERE kind = 2"), 0);
}

static void a_driver_stops_only_the_own_charge(void **state)
{
    struct cx *cx = *state;
    int64_t mine = world_driver(cx, 9000, 0, 0), id;

    assert_int_equal(start(cx, WORLD_GUN1, mine, &id), CX_OK);
    world_order_state(cx, id, ORDER_CHARGING);
    cx->scope = (struct scope){ .driver_id = mine + 1 };
    assert_int_equal(stop(cx, id), ERR_NOT_FOUND);
    cx->scope = (struct scope){ .merchant_id = WORLD_MERCHANT + 1 };
    assert_int_equal(stop(cx, id), ERR_NOT_FOUND);
    cx->scope = (struct scope){ .all = false };
    assert_int_equal(stop(cx, id), ERR_NOT_FOUND);
    cx->scope = (struct scope){ .driver_id = mine };
    assert_int_equal(stop(cx, id), CX_OK);
    cx->scope.all = true;
    assert_int_equal(count(cx, "pile_command WHERE kind = 2"), 1);
}

/* ---- topping up while it charges ------------------------------------- */

struct topup {
    int64_t driver, fen;
    const char *key;
};

static void topup_body(struct cx *cx, void *arg)
{
    const struct topup *t = arg;
    const struct event e = {
        .topic = "payment.paid", .payload = "{}",
        .aggregate = cx_printf(cx, "driver:%lld", (long long)t->driver)
    };

    ledger_topup(cx, t->key, 1, t->driver, CHANNEL_DEMO, FEN(t->fen));
    order_balance_paid(cx, &e);
}

static void topup(struct cx *cx, int64_t driver, int64_t fen,
                  const char *key)
{
    struct topup t = { driver, fen, key };

    assert_int_equal(world_tx(cx, topup_body, &t), CX_OK);
}

struct told {
    struct bytes args;
    int64_t balance;
};

static void told_body(struct cx *cx, void *arg)
{
    static const char sql[] =
        "SELECT args FROM pile_command WHERE kind = 10 AND order_id = ?"
        " ORDER BY id DESC LIMIT 1";
    static const struct db_field row[] = { DB_FIELD(struct told, args) };
    int64_t *balance = arg;
    const struct told *t = db_row(cx, sql, BIND(V(*balance)),
                                  ROW(struct told, row));
    union ykc_any any;

    *balance = -1;
    if (t == NULL)
        return;
    assert_int_equal(ykc_decode(ykc_frame(ykc_type_balance), t->args.data,
                                t->args.len, &any, NULL), WIRE_OK);
    *balance = any.balance.new_balance;
}

/* What the pile of this order was told last; -1: nothing. */
static int64_t told(struct cx *cx, int64_t order_id)
{
    int64_t v = order_id;

    testdb_run(cx, told_body, &v);
    return v;
}

static void a_limit_of_the_driver_is_not_lifted_by_a_top_up(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 9000, 0, 0);
    struct world_start s = { { .connector_id = WORLD_GUN1, .driver_id = driver,
                               .start_by = START_BY_APP,
                               .hold = { 1000 } }, 0 };

    assert_int_equal(world_tx(cx, world_start_body, &s), CX_OK);
    world_order_state(cx, s.id, ORDER_CHARGING);
    topup(cx, driver, 5000, "l1");
    assert_int_equal(told(cx, s.id), -1);
}

static void a_top_up_is_told_to_the_running_pile(void **state)
{
    struct cx *cx = *state;
    int64_t driver = world_driver(cx, 2000, 0, 0), id, other;

    assert_int_equal(start(cx, WORLD_GUN1, driver, &id), CX_OK);
    assert_int_equal(world_order(cx, id)->hold_fen.fen, 2000);
    topup(cx, driver, 1000, "t1"); /* it does not charge yet */
    assert_int_equal(told(cx, id), -1);
    world_order_state(cx, id, ORDER_CHARGING);
    topup(cx, driver, 5000, "t2");
    assert_int_equal(told(cx, id), 2000 + 6000);
    assert_int_equal(world_order(cx, id)->hold_fen.fen, 2000);
    /* another start takes the free money: no longer promised to the first */
    assert_int_equal(start(cx, WORLD_GUN2, driver, &other), CX_OK);
    assert_int_equal(world_wallet(cx, driver).available.fen, 0);
    assert_int_equal(told(cx, id), 2000);
    world_order_state(cx, other, ORDER_CHARGING);
    topup(cx, driver, 3001, "t3"); /* each an equal share */
    assert_int_equal(told(cx, id), 2000 + 1500);
    assert_int_equal(told(cx, other), 6000 + 1500);
    testdb_sql(cx, "UPDATE pile SET online = 0");
    topup(cx, driver, 100, "t4");
    assert_int_equal(told(cx, id), 2000 + 1500);
    testdb_sql(cx, "UPDATE pile SET online = 1");
    world_order_state(cx, id, ORDER_AWAITING_RECORD);
    world_order_state(cx, other, ORDER_AWAITING_RECORD);
    topup(cx, driver, 100, "t5");
    assert_int_equal(told(cx, other), 6000 + 1500);
}

int main(void)
{
#define WITH_CX(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_CX(a_start_reserves_money_and_tells_the_pile),
        WITH_CX(a_card_of_the_driver_may_stop_the_session),
        WITH_CX(a_pile_with_old_prices_is_told_the_new_ones_first),
        WITH_CX(the_driver_may_choose_how_much_is_reserved),
        WITH_CX(a_start_wakes_the_gateway_of_the_pile),
        WITH_CX(a_start_is_refused_for_each_reason),
        WITH_CX(a_gun_takes_one_order_at_a_time),
        WITH_CX(no_second_start_while_the_first_is_unknown),
        WITH_CX(of_sixteen_starts_of_one_gun_one_passes),
        WITH_CX(one_purse_starts_only_what_it_can_pay),
        WITH_CX(trade_numbers_never_repeat),
        WITH_CX(a_stop_is_sent_once),
        WITH_CX(a_stop_never_hits_another_session),
        WITH_CX(a_driver_stops_only_the_own_charge),
        WITH_CX(a_limit_of_the_driver_is_not_lifted_by_a_top_up),
        WITH_CX(a_top_up_is_told_to_the_running_pile),
    };
    struct cx *cx;
    int failed;

    testdb_start("order");
    cx = world_cx();
    world_make(cx);
    world_more_piles(cx, 6);
    testdb_cx_free(cx);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    testdb_stop();
    return failed;
}
