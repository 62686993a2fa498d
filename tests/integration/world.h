/*
 * A small world for tests of charging and money: one provider with one
 * merchant, a station, a pile of 120 kW with two guns that is online, idle
 * and plugged in, a tariff by period in force, and drivers with money.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include <stdint.h>

#include "base/cx.h"
#include "charging/order.h"
#include "ledger/ledger.h"

enum {
    WORLD_PROVIDER = 2,
    WORLD_MERCHANT = 3,
    WORLD_STATION = 1,
    WORLD_AREA = 1,
    WORLD_PILE = 1,
    WORLD_GUN1 = 1, /* connector ids */
    WORLD_GUN2 = 2
};

#define WORLD_PILE_NO "32010600019236"

/* Slots: 00-08 valley, 08-10 flat, 10-12 peak, 12-14 sharp, 14-24 flat.
   Prices: 1.30/0.40 1.10/0.35 0.80/0.30 0.40/0.25 yuan per kWh. */
#define WORLD_SLOTS "333333333333333322221111000022222222222222222222"

extern const struct tariff_prices world_prices;

/* A unit of work with settings, its own connection, all in scope; free with
   testdb_cx_free. world_again empties its arena and keeps its clock. */
struct cx *world_cx(void);
void world_again(struct cx *cx);

/* Makes it all; the clock of cx goes on from where it is. */
void world_make(struct cx *cx);

/* A driver with these fen in each account; the id. */
int64_t world_driver(struct cx *cx, int64_t paid, int64_t granted,
                     int64_t gift);

struct wallet world_wallet(struct cx *cx, int64_t driver_id);
struct order *world_order(struct cx *cx, int64_t id);

/* More piles like the first, with two guns each; ids follow on. */
void world_more_piles(struct cx *cx, int count);

/* Runs body in a transaction; CX_OK or the code of the failure. */
enum cx_code world_tx(struct cx *cx, void (*body)(struct cx *, void *),
                      void *arg);

/* For world_tx: begins the charge that is asked for; sets id. */
struct world_start {
    struct order_ask ask;
    int64_t id;
};
void world_start_body(struct cx *cx, void *start);

/* What the gateway would write. */
void world_live(struct cx *cx, int64_t connector_id, int state,
                const char *trade_no);
void world_order_state(struct cx *cx, int64_t order_id, int state);

/* A trade record as a pile sends it, stored as the gateway stores it. */
struct world_record {
    const char *trade_no;
    const char *pile_no;  /* NULL: WORLD_PILE_NO */
    int64_t pile_id;      /* 0: WORLD_PILE */
    int gun;              /* 0: 1 */
    stamp start, end;
    int64_t energy[RATES];
    int64_t price_e5[RATES]; /* all 0: those of the world's tariff */
    int64_t amount_e4[RATES]; /* all 0: energy x price, cut */
    int64_t total_e4;     /* -1: the sum */
    int64_t meter_start, meter_end; /* both 0: none; end -1: start + sum */
    int start_flag, stop_reason;
    const char *card;     /* 16 hex digits, or NULL */
};
size_t world_record_frame(const struct world_record *r, uint8_t out[259]);
/* Its id, of the first one if the number was there already. */
int64_t world_record(struct cx *cx, const struct world_record *r);

/* The books in SQL that the ledger does not use: fails the test if broken. */
void world_assert_books(struct cx *cx);

/* Orders, holds, records and roll-ups fit together. */
void world_assert_orders(struct cx *cx);

/* Around each test: guns free, piles online, orders of other tests long ago, a
   unit of work at 10:30 as *state; then books and orders are asked. */
int world_set_up(void **state);
int world_tear_down(void **state);

/* In n processes at once; how many exited with 0. */
int world_parallel(int n, int (*body)(int index, void *arg), void *arg);

#endif
