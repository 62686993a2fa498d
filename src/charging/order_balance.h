/*
 * What a running pile may still spend (0x42, ykc-1.6 section 10.3). 0x34 told
 * it what was reserved; the pile may stop by itself when the amount gets
 * there. A driver who tops up meanwhile wants it to go on: the pile is told
 * what is reserved and the free money besides. Nothing more is reserved by
 * it; what the bill exceeds the hold by is taken from the free money, as
 * always (M8). Of several running charges each is told an equal share, so
 * that together they cannot be told more than there is. A charge whose driver
 * said how far to go at most is told nothing.
 */
#ifndef CHARGING_ORDER_BALANCE_H
#define CHARGING_ORDER_BALANCE_H

#include <stdint.h>

#include "base/cx.h"

struct event;

/* Queues 0x42 for each running charge of the driver whose pile is online, if
   one of them was told a balance before: its free money has become less by
   another start. Needs a transaction. */
void order_retell_balances(struct cx *cx, int64_t driver_id);

/* The same whatever was told before. Consumer of payment.paid: the balance is
   absolute, so again does no harm. */
void order_balance_paid(struct cx *cx, const struct event *e);

#endif
