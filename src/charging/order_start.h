/*
 * Inside of charging: a start up to the command, which differs between app
 * (0x34) and card (0x32).
 */
#ifndef CHARGING_ORDER_START_H
#define CHARGING_ORDER_START_H

#include "charging/order.h"

struct charge_point;
struct payer;
struct tariff_version;

struct order_started {
    int64_t order_id;
    char trade_no[TRADE_NO_SIZE];
    const struct charge_point *point;
    const struct payer *payer;
    const struct tariff_version *version;
    money held;
};

/* A row of charge_order; its id. */
struct order_new {
    const struct charge_point *point;
    int64_t driver_id;
    const char *plate;
    int start_by; /* enum order_start_by */
    int state;    /* enum order_state */
    int64_t version_id;
    const char *trade_no; /* that no order has */
    stamp created_at;
};
int64_t order_insert(struct cx *cx, const struct order_new *n);

/* All of order_start but the command. */
void order_prepare(struct cx *cx, const struct order_ask *ask,
                   struct order_started *out);

#endif
