/*
 * Roll-ups: what pages read instead of scanning orders. One call per settled
 * order (or per correction of one), in the transaction that settles it.
 */
#ifndef REPORT_ROLLUP_H
#define REPORT_ROLLUP_H

#include <stdint.h>

#include "base/cx.h"
#include "base/money.h"
#include "base/stamp.h"

/* Differences to add; all may be negative. */
struct rollup {
    int64_t station_id, provider_id, merchant_id;
    stamp at;      /* of the settlement: the hour, day and month it counts in */
    int64_t orders;
    int64_t energy_e4kwh[4]; /* sharp, peak, flat, valley */
    money elec, service;
    int64_t seconds;
};

/* Adds to hour, day, month and total of the station. Needs a transaction. */
void rollup_add(struct cx *cx, const struct rollup *r);

/* Adds to the day's figures that belong to no station. */
void rollup_add_driver(struct cx *cx, stamp at);
void rollup_add_topup(struct cx *cx, stamp at, money amount);

/* Makes months and totals anew from the days: after loading history. */
void rollup_rebuild(struct cx *cx);

/* Makes all of them anew from orders, payments and drivers: reads the whole
   history. Needs a transaction. */
void rollup_remake(struct cx *cx);

#endif
