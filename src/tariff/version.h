/*
 * Inside of tariffs: rows of tariff_version.
 */
#ifndef TARIFF_VERSION_H
#define TARIFF_VERSION_H

#include "tariff/tariff.h"

/* Adds a version with a free number for the wire. The station is locked. */
void version_add(struct cx *cx, int64_t station_id, int64_t tariff_id,
                 int version_no, stamp starts_at, const char *slots,
                 const struct tariff_prices *prices);

/* Changes one that is not in force yet: no order and no pile knows it. */
void version_replace(struct cx *cx, int64_t id, stamp starts_at,
                     const char *slots, const struct tariff_prices *prices);

/* The newest version of a tariff. */
const struct tariff_version *version_last(struct cx *cx, int64_t tariff_id);

#endif
