/*
 * Inside of charging: an order whose record never came is settled from its
 * telemetry at our price (G13). The record that comes later posts only the
 * difference.
 */
#ifndef CHARGING_PROVISIONAL_H
#define CHARGING_PROVISIONAL_H

#include "charging/order.h"

/* The order is locked and waits for its record. */
void order_settle_provisionally(struct cx *cx, struct order *o);

/* Energy per rate by telemetry, and when it flowed. */
struct measured {
    int64_t energy_e4kwh[RATES];
    stamp start, end;
};
void order_measure(struct cx *cx, const struct order *o,
                   const struct tariff_version *v, struct measured *out);

#endif
