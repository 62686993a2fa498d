/*
 * The one order in which transactions lock rows (rule T3), so that two of
 * them never wait for each other. Only src/db includes this.
 */
#ifndef DB_LOCK_ORDER_H
#define DB_LOCK_ORDER_H

#include <stdbool.h>

#include "base/cx.h"

/* Locked in this order, and each class at once: a later lock of a class that
   the transaction has already is of rows it has, or of the same document. */
enum lock_class {
    LOCK_NONE,     /* reads, and tables that no order is for */
    LOCK_REGISTRY, /* keys and identities: whoever comes second waits here */
    LOCK_DOCUMENT, /* an order, a payment, a refund */
    LOCK_HOLD,
    LOCK_ACCOUNT   /* the ledger takes them by ascending id */
};

/* What a statement locks, and whether it may have to wait for it. */
struct lock_use {
    enum lock_class class;
    bool waits;
};
struct lock_use lock_use_of(const char *sql);

/* The open transaction runs such a statement. Out of order, the process
   aborts; in production it is only logged, as a deadlock is retried (T5). */
void lock_order_note(struct cx *cx, struct lock_use use, const char *sql);

#endif
