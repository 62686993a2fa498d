/*
 * Settled orders per second beside plain single inserts on one connection, in
 * the same database and the same minute. Prints one line:
 *
 *   settle orders=N seconds=S per_second=P inserts_per_second=Q ratio=R
 *          tx_p50_us=A tx_p99_us=B
 *
 * A and B bound the length of half and of 99 in 100 of the transactions.
 *
 * Needs PILEHUB_TEST_SOCKET like the integration tests; the argument is the
 * number of orders (default 2000).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "charging/order.h"
#include "charging/settle.h"
#include "db/db.h"
#include "db/tx_times.h"
#include "ledger/ledger.h"
#include "tests/integration/testdb.h"
#include "tests/integration/world.h"

enum { DRIVERS = 200, INSERTS = 1000 };

struct start {
    struct order_ask ask[50];
    size_t n;
};

static void start_some(struct cx *cx, void *arg)
{
    const struct start *s = arg;

    for (size_t i = 0; i < s->n; i++)
        order_start(cx, &s->ask[i]);
}

static void make_orders(struct cx *cx, int count)
{
    int64_t drivers[DRIVERS];
    struct start s = { .n = 0 };

    for (int i = 0; i < DRIVERS; i++)
        drivers[i] = world_driver(cx, 100000000, 0, 0);
    for (int i = 0; i < count; i++) {
        s.ask[s.n++] = (struct order_ask){
            .connector_id = i + 1, .driver_id = drivers[i % DRIVERS],
            .start_by = START_BY_APP, .hold = { 10000 }
        };
        if (s.n < COUNT(s.ask) && i + 1 < count)
            continue;
        assert_int_equal(world_tx(cx, start_some, &s), CX_OK);
        s.n = 0;
        world_again(cx);
    }
}

static void make_records(struct cx *cx, int count)
{
    stamp now = cx->now;

    for (int i = 0; i < count; i++) {
        struct order *o = world_order(cx, testdb_int(cx, cx_printf(cx,
            "SELECT id FROM charge_order WHERE connector_id = %d", i + 1)));
        char pile_no[20];

        snprintf(pile_no, sizeof pile_no, "%014lld",
                 (long long)(32010600019235LL + o->pile_id));
        cx->now = stamp_add_ms(now, 1500000);
        world_record(cx, &(struct world_record){
            .trade_no = o->trade_no, .pile_no = pile_no,
            .pile_id = o->pile_id, .gun = o->gun, .start = o->created_at,
            .end = cx->now, .energy = { [RATE_PEAK] = 400000 },
            .total_e4 = -1, .meter_start = 1000, .meter_end = -1 });
        world_again(cx);
    }
}

static void settle(struct cx *cx, void *arg)
{
    (void)arg;
    order_settle_waiting(cx);
}

static void insert_some(struct cx *cx, void *arg)
{
    static const char sql[] =
        "INSERT INTO plain (a, b) VALUES (?, 'as long as an order number')";

    (void)arg;
    for (int i = 0; i < INSERTS; i++)
        db_exec(cx, sql, BIND(V(i)));
}

int main(int argc, char **argv)
{
    int count = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 2000;
    int64_t begun, settle_ms, insert_ms;
    static struct tx_times times;
    struct cx *cx;

    testdb_start("bench");
    cx = world_cx();
    assert_true(stamp_parse("2026-11-20 10:30:00", &cx->now));
    world_make(cx);
    world_more_piles(cx, count / 2 + 1);
    make_orders(cx, count);
    make_records(cx, count);
    testdb_sql(cx, "CREATE TABLE plain (id BIGINT AUTO_INCREMENT PRIMARY KEY,"
                   " a BIGINT, b VARCHAR(60)) ENGINE=InnoDB");
    begun = monotonic_ms();
    testdb_run(cx, insert_some, NULL);
    insert_ms = monotonic_ms() - begun + 1;
    db_use_times(cx->db, &times);
    begun = monotonic_ms();
    while (testdb_int(cx, "SELECT COUNT(*) FROM trade_record WHERE state = 1")
           > 0) {
        testdb_run(cx, settle, NULL);
        world_again(cx);
    }
    settle_ms = monotonic_ms() - begun + 1;
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM charge_order WHERE"
                                    " state = 10"), count);
    printf("settle orders=%d seconds=%lld.%03lld per_second=%lld"
           " inserts_per_second=%lld ratio=%lld.%02lld"
           " tx_p50_us=%lld tx_p99_us=%lld\n", count,
           (long long)settle_ms / 1000, (long long)settle_ms % 1000,
           (long long)(count * INT64_C(1000) / settle_ms),
           (long long)(INSERTS * INT64_C(1000) / insert_ms),
           (long long)(count * insert_ms / (INSERTS * settle_ms)),
           (long long)(count * insert_ms * 100 / (INSERTS * settle_ms) %
                       100),
           (long long)tx_times_within(&times, 500),
           (long long)tx_times_within(&times, 990));
    testdb_cx_free(cx);
    testdb_stop();
    return 0;
}
