/*
 * Figures of the home page, read from roll-ups and live rows in the caller's
 * scope: the cost does not grow with history. station_id 0 means all.
 */
#ifndef REPORT_FIGURES_H
#define REPORT_FIGURES_H

#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"

struct figures {
    int64_t orders, energy_e4kwh, elec_fen, service_fen, total_fen, seconds;
};

/* A sum that belongs to a moment: a day or a month. */
struct figures_at {
    stamp at;
    struct figures sum;
};

/* Days from .. until (not included), ascending; days without a charge are
   absent. */
struct figures_at *figures_days(struct cx *cx, int64_t station_id, stamp from,
                                stamp until, size_t *count);
struct figures_at *figures_months(struct cx *cx, int64_t station_id,
                                  stamp from, stamp until, size_t *count);

/* All that was ever settled. */
struct figures figures_total(struct cx *cx, int64_t station_id);

/* The 24 hours of the day, over the days from one midnight to another: a
   month of hours at most, because it adds them up. */
void figures_hours(struct cx *cx, int64_t station_id, stamp from, stamp until,
                   struct figures out[24]);

/* Energy per rate of some days: sharp, peak, flat, valley. */
void figures_rates(struct cx *cx, int64_t station_id, stamp from, stamp until,
                   int64_t energy_e4kwh[4]);

/* Connectors by state; index 1..6 as connector_live.state, 0 the sum. */
void figures_states(struct cx *cx, int64_t station_id, int64_t counts[7]);

/* Top-ups and new drivers of some days, and of all time with from 0: of the
   whole platform, so only for a caller who sees it all. */
struct platform_figures {
    int64_t drivers, topups, topup_fen;
};
struct platform_figures figures_platform(struct cx *cx, stamp from,
                                         stamp until);

enum figures_rank_by { RANK_ENERGY, RANK_AMOUNT, RANK_USE };

struct station_figures {
    int64_t station_id;
    const char *name;
    int64_t orders, energy_e4kwh, total_fen, service_fen, seconds;
    int64_t guns, idle;
};

/* Stations of some days, best first, at most limit. */
struct station_figures *figures_rank(struct cx *cx, int64_t station_id,
                                     stamp from, stamp until,
                                     enum figures_rank_by by, int limit,
                                     size_t *count);

/* What needs a person. */
struct todo_figures {
    int64_t review, review_fen, fault, offline;
    stamp offline_since; /* of the pile that is gone longest */
};
struct todo_figures figures_todo(struct cx *cx, int64_t station_id);

/* The 48 half hours of the tariff in force at the busiest place in sight, as
   codes '0'..'3', or NULL. */
const char *figures_slots(struct cx *cx, int64_t station_id);

#endif
