/*
 * Inside of charging: orders without scope, for jobs and checks.
 */
#ifndef CHARGING_ORDER_ROW_H
#define CHARGING_ORDER_ROW_H

#include "charging/order.h"

/* The order, locked for this transaction (it is the document of rule T3), or
   NULL. */
struct order *order_lock(struct cx *cx, int64_t id);

/* The orders of these trade numbers, locked by ascending id; at most
   LEDGER_MANY. */
struct order *order_lock_trades(struct cx *cx, const char *const *trade_nos,
                                size_t n, size_t *count);

/* Orders in a state, oldest first. */
struct order *order_list_state(struct cx *cx, int state, int64_t after_id,
                               int limit, size_t *count);

/* Orders whose money is still reserved and that are in this state. */
struct order *order_list_held(struct cx *cx, int state, int64_t after_id,
                              int limit, size_t *count);

#endif
