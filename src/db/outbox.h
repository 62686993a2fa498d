/*
 * Domain events (rule O1): a row in the transaction of its cause, delivered
 * at least once by pilehub-jobs, in order per aggregate. Consumers stand in
 * their feature's record and are idempotent: each runs in one transaction
 * with its mark in outbox_seen.
 */
#ifndef DB_OUTBOX_H
#define DB_OUTBOX_H

#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"

struct event {
    int64_t id;
    const char *topic;     /* "order.settled" */
    const char *aggregate; /* "order:17" */
    const char *payload;   /* JSON */
    stamp at;
    int tries;             /* failed deliveries so far */
};

/* Needs a transaction. payload is a JSON object. */
void outbox_add(struct cx *cx, const char *topic, const char *aggregate,
                const char *payload);

/* Several of one topic at once, in their order. */
struct outbox_item {
    const char *aggregate;
    const char *payload;
};
void outbox_add_many(struct cx *cx, const char *topic,
                     const struct outbox_item *items, size_t n);

#endif
