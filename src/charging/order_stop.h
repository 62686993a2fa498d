/*
 * Inside of charging: commands for a running order.
 */
#ifndef CHARGING_ORDER_STOP_H
#define CHARGING_ORDER_STOP_H

#include "charging/order.h"

void order_queue_stop(struct cx *cx, const struct order *o,
                      const char *pile_no); /* 0x36 */
void order_queue_read(struct cx *cx, const struct order *o,
                      const char *pile_no); /* 0x12 */

#endif
