/*
 * All tariffs that are in force at a moment, for those who answer many piles
 * from memory: the gateway.
 */
#ifndef TARIFF_IN_FORCE_H
#define TARIFF_IN_FORCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"
#include "tariff/tariff.h"

struct tariff_place {
    int64_t station_id;
    int64_t area_id; /* 0: the whole station */
    struct tariff_version version; /* id, wire_no, slots, prices */
};

/* By station and area, the whole station before its areas. */
const struct tariff_place *tariff_in_force(struct cx *cx, stamp at,
                                           size_t *count);

/* Grows with every change of any tariff: nothing to read again while it is
   the same, up to tariff_next_start. */
int64_t tariff_changes(struct cx *cx);

/* The next moment after at when a version takes effect; 0 if none is
   planned. */
stamp tariff_next_start(struct cx *cx, stamp at);

#endif
