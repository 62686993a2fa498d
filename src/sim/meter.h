/*
 * What a pile measures and charges for: its meter, its own copy of the
 * tariff, and the split of a session's energy over the four rates. Kept
 * apart from the platform's billing on purpose: each checks the other.
 */
#ifndef SIM_METER_H
#define SIM_METER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/stamp.h"
#include "protocol/ykc/frame.h"

/* One unit of energy, 1e-4 kWh, in watt milliseconds. */
#define METER_UNIT_WMS INT64_C(360000)

struct sim_tariff {
    bool held;             /* a pile without a tariff does not charge */
    uint8_t number[2];
    uint8_t slots[48];     /* rate of each half hour of the day */
    struct ykc_prices prices[YKC_RATES];
};

/*
 * The meter counts whole units; what is less than one waits in it. So the
 * energies of the rates always add up to what the meter moved.
 */
struct meter {
    uint64_t reading_e4kwh;
    int64_t rest_wms;
};

struct sim_bill {
    uint32_t energy_e4kwh[YKC_RATES];
    uint32_t amount_e4yuan[YKC_RATES];
    uint32_t total_e4kwh;
    uint32_t total_e4yuan;
};

/* False, and the tariff as it was, if a slot names no rate. */
MUST_USE bool sim_tariff_take(struct sim_tariff *t,
                              const struct ykc_tariff_reply *frame);

/* Electricity and service together. */
uint32_t sim_tariff_price(const struct sim_tariff *t,
                          enum ykc_rate_code rate);

/*
 * Power flows for that long from the moment from on. Every unit counts for
 * the rate of the half hour in which it is complete.
 */
void meter_run(struct meter *m, const struct sim_tariff *t, stamp from,
               int64_t ms, int64_t power_w, struct sim_bill *bill);

/* The amounts of the energies so far, cut to 1e-4 yuan per rate. */
void sim_bill_price(struct sim_bill *bill, const struct sim_tariff *t);

#endif
