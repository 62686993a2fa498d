/*
 * Billing of one order: energy per rate times the price frozen at start,
 * exact in 1e-9 yuan, rounded half up once for electricity and once for
 * service (rule M2), so that the parts always add up to what the driver sees.
 * Pure arithmetic: no database, no clock.
 */
#ifndef TARIFF_BILLING_H
#define TARIFF_BILLING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/money.h"
#include "base/stamp.h"
#include "tariff/tariff.h"

struct bill_line {
    int64_t energy_e4kwh;
    int64_t elec_e5, service_e5; /* prices */
    int64_t elec_nano, service_nano; /* exact, 1e-9 yuan */
};

struct bill {
    struct bill_line rate[RATES];
    int64_t energy_e4kwh;
    money elec, service, total;
};

/* energy_e4kwh per rate, none negative. Aborts on overflow, which 32-bit
   energies at TARIFF_PRICE_MAX_E5 are far from. */
void bill_compute(const struct tariff_prices *prices,
                  const int64_t energy_e4kwh[RATES], struct bill *out);

/* A reading of a session: the energy since its start at a moment. */
struct bill_point {
    stamp at;
    int64_t energy_e4kwh;
};

/*
 * Energy per rate of a curve: between two readings energy is taken to flow
 * evenly, and is cut at every half hour of the day (Asia/Shanghai). Parts are
 * differences of floors of the cumulative energy, so they add up exactly.
 * Readings must not go back in time or energy; see bill_meter for input that
 * does.
 */
void bill_split(const char *slots, const struct bill_point *p, size_t n,
                int64_t energy_e4kwh[RATES]);

/*
 * The same, reading by reading, for the live estimate of a running session.
 * Begin with { 0 } and a first reading at the start with its energy (0).
 * Readings that go back in time or energy are ignored.
 */
struct bill_meter {
    bool started;
    struct bill_point last;
    int64_t energy_e4kwh[RATES];
};
void bill_meter_add(struct bill_meter *m, const char *slots,
                    struct bill_point p);

/* Rate of a moment: slots[half hour of the day] - '0'. */
int bill_rate_at(const char *slots, stamp at);

#endif
