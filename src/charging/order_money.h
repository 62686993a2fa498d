/*
 * Inside of charging: what settling does to an order, the ledger and the
 * roll-ups. Everything here runs inside a transaction that has locked the
 * order.
 */
#ifndef CHARGING_ORDER_MONEY_H
#define CHARGING_ORDER_MONEY_H

#include "charging/order.h"
#include "charging/record.h"
#include "report/rollup.h"

/* Roll-ups of a group of orders, added up before they are written. */
enum { ROLLUPS_MAX = 64 };
struct rollups {
    struct rollup v[ROLLUPS_MAX];
    size_t n;
};
void rollups_write(struct cx *cx, struct rollups *r);

/* How an order is settled. */
struct settling {
    const struct bill *bill;
    const struct record *record; /* NULL: from telemetry */
    stamp start, end;
    stamp recorded_at; /* 0 without a record */
    const char *event; /* of the audit: "order.settle" */
    const char *note;  /* for the audit, or NULL */
};

/*
 * Settles: hold ended, postings, bill rows, roll-ups, event, audit. An order
 * without energy is closed at 0 and its hold voided. Up to LEDGER_MANY
 * different orders at once.
 */
struct settled {
    struct order *o;
    struct settling s;
};
void order_settle_many(struct cx *cx, const struct settled *orders, size_t n,
                       struct rollups *rollups);
void order_settle(struct cx *cx, struct order *o, const struct settling *s,
                  struct rollups *rollups);

/*
 * Brings an order that is settled already to another bill: the difference is
 * a document of its own (M13). key makes it unique: "record".
 */
void order_correct(struct cx *cx, struct order *o, const struct settling *s,
                   const char *key, const char *reason,
                   struct rollups *rollups);

/* Holds it for a person, with the money still reserved. */
void order_hold_for_review(struct cx *cx, struct order *o,
                           const struct settling *s, const char *reason);

#endif
