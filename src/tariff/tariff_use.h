/*
 * Who is touched by a tariff: shown before it is published.
 */
#ifndef TARIFF_TARIFF_USE_H
#define TARIFF_TARIFF_USE_H

#include <stdint.h>

#include "base/cx.h"

struct tariff_use {
    int64_t piles;   /* that charge by it */
    int64_t offline; /* of these: told at their next login */
    int64_t orders;  /* running ones, which keep their version */
};

/* area_id 0: the whole station. The caller has loaded the tariff. */
struct tariff_use tariff_use_of(struct cx *cx, int64_t station_id,
                                int64_t area_id);

#endif
