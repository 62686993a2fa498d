/*
 * Trade records that came under the number of another one (rule G11): kept as
 * they came, told once as an event of the pile, and never settled.
 */
#ifndef CHARGING_CONFLICT_H
#define CHARGING_CONFLICT_H

#include <stdint.h>

#include "base/cx.h"
#include "db/db.h"

struct record_conflict {
    char trade_no[33];
    struct bytes raw;   /* the frame as it came */
    struct bytes first; /* the one that has the number, and counts */
};

/* In the caller's scope, which is that of the pile's station, or
   ERR_NOT_FOUND. */
const struct record_conflict *conflict_load(struct cx *cx, int64_t id);

#endif
