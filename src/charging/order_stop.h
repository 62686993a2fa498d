/*
 * Inside of charging: commands for a running order.
 */
#ifndef CHARGING_ORDER_STOP_H
#define CHARGING_ORDER_STOP_H

#include "charging/order.h"

/* Queue 0x36 (stop) and 0x12 (send data) for the gun of the order, whose pile
   has this code. Need a transaction; the state of the order stays. */
void order_queue_stop(struct cx *cx, const struct order *o,
                      const char *pile_no);
void order_queue_read(struct cx *cx, const struct order *o,
                      const char *pile_no);

#endif
