/*
 * A connector with everything that a start, a stop or a settlement asks about
 * it: one query. No scope: the caller says why it may ask.
 */
#ifndef ASSET_CHARGE_POINT_H
#define ASSET_CHARGE_POINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"

struct charge_point {
    int64_t connector_id, pile_id, station_id, area_id;
    int64_t provider_id, merchant_id;
    int gun;
    const char *name;    /* "A01-1" */
    const char *pile_no;
    int power_w;
    bool is_enabled;     /* connector, pile and station; not deleted */
    bool online;
    stamp offline_at;
    int64_t clock_off_ms;
    const char *tariff_no; /* that the pile holds */
    int state;           /* enum connector_state */
    bool plugged;
    const char *trade_no; /* that it reports; "" for none */
    stamp seen_at;
};

/* By connector, or by pile and gun; NULL if there is none. */
const struct charge_point *charge_point_find(struct cx *cx,
                                             int64_t connector_id);
const struct charge_point *charge_point_of(struct cx *cx, int64_t pile_id,
                                           int gun);

/* Where the gateway of a pile listens for wake-ups; NULL if nobody holds
   the pile. */
const char *pile_gateway_control(struct cx *cx, int64_t pile_id);

#endif
