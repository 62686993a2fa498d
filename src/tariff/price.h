/*
 * Prices as drivers are told them: what a kWh costs now, until when, and what
 * then.
 */
#ifndef TARIFF_PRICE_H
#define TARIFF_PRICE_H

#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"
#include "tariff/tariff.h"

struct price_now {
    int rate;              /* enum tariff_rate */
    int64_t elec_e5, service_e5; /* 1e-5 yuan per kWh */
    stamp until;           /* zero: it stays so for the next day */
    int64_t next_e5;       /* all-in price from then on */
    int next_rate;
};

/* v is in force at the moment; next follows it, or NULL. A border at which
   the all-in price stays the same is none. */
struct price_now price_at(const struct tariff_version *v,
                          const struct tariff_version *next, stamp at);

/* A run of half hours with one rate. */
struct price_span {
    int from_min, to_min; /* of the day; 0..1440 */
    int rate;
};

/* The day of a version in runs, at most TARIFF_SLOTS; how many. */
size_t price_spans(const struct tariff_version *v,
                   struct price_span out[TARIFF_SLOTS]);

/*
 * The same for stations, by the tariff of the whole station; out[i] is that
 * of ids[i], with rate -1 if it has none. At most PRICE_STATIONS_MAX.
 */
enum { PRICE_STATIONS_MAX = 20 };
void price_of_stations(struct cx *cx, const int64_t *ids, size_t n, stamp at,
                       struct price_now *out);

#endif
