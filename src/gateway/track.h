/*
 * Running orders as the state writer knows them: found by trade number, with
 * the estimate of their cost so far at the tariff they started with.
 */
#ifndef GATEWAY_TRACK_H
#define GATEWAY_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/money.h"
#include "charging/order_live.h"
#include "tariff/billing.h"

struct track {
    char trade_no[33];
    int64_t order_id; /* 0: no order has this number */
    int64_t pile_id;
    int gun;
    int state;        /* as last seen; the database decides */
    bool is_stop_asked; /* an unwanted session was told to stop */
    int64_t checked_ms; /* monotonic: when it was read */
    int64_t used_ms;
    int64_t reported_ms; /* monotonic: of the last row of its curve */
    stamp charging_at;
    money before;     /* the estimate when we began to follow it */
    struct tariff_prices prices;
    char slots[TARIFF_SLOTS + 1]; /* "": no tariff, no estimate */
    struct bill_meter meter;
};

struct tracks {
    struct track *v;
    size_t n, size; /* open addressing; size is a power of two */
};

void tracks_init(struct tracks *all);
void tracks_fini(struct tracks *all);

/* All of it is read again when needed: after work that failed. */
void tracks_clear(struct tracks *all);

/* Those unused for an hour go. */
void tracks_clean(struct tracks *all, int64_t now_ms);

/*
 * The order of a trade number, read from the database the first time, and
 * again now and then as long as there is none. Valid until the next call.
 */
struct track *track_find(struct tracks *all, struct cx *cx,
                         const char *trade_no, int64_t now_ms);

/* Reads its state again. */
void track_refresh(struct track *t, struct cx *cx, int64_t now_ms);

/* Adds a reading; the estimate so far. */
money track_estimate(struct track *t, stamp at, int64_t energy_e4kwh);

#endif
