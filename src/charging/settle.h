/*
 * Settlement of stored trade records: a job's work. At most a second behind
 * the record.
 */
#ifndef CHARGING_SETTLE_H
#define CHARGING_SETTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "charging/order_money.h"

/* Settles what waits, in groups of one transaction each, until nothing is
   left or the time is up. */
void order_settle_waiting(struct cx *cx);

/* A record that waits for a person, as the review needs it. */
struct waiting_record {
    int64_t id;
    struct record record;
    stamp received_at;
    bool is_suspect; /* settling it ended the process again and again */
};
/* The record of an order, its own or an assigned one, whatever its state;
   NULL if none came. */
const struct waiting_record *record_of_trade(struct cx *cx,
                                             const char *trade_no);

/* The same, locked for this transaction: before its order (T3). */
const struct waiting_record *record_lock_of_trade(struct cx *cx,
                                                  const char *trade_no);

/* A record that no order takes: kept, told, shown to people; no money moves
   (G11). state is RECORD_ORPHAN or RECORD_REVIEW. */
struct record_place {
    int64_t id, pile_id;
    int gun;
};
void record_set_aside(struct cx *cx, const struct record_place *r, int state,
                      const char *why);

/* state is an enum record_state; error is what people read, "" if all is
   well. Needs a transaction that has locked the record. */
void record_set_state(struct cx *cx, int64_t id, int state,
                      const char *error);

#endif
