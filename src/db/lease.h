/*
 * Mutual exclusion between processes: a row with an epoch (rule T9). Every
 * effect of the holder re-checks the epoch, so one that was paused past its
 * expiry and woke up can do no harm. Time is the database's.
 */
#ifndef DB_LEASE_H
#define DB_LEASE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cx.h"

/* Takes or renews the lease for owner; its epoch, or 0 if another has it.
   The epoch grows whenever the owner changes. */
int64_t lease_take(struct cx *cx, const char *name, const char *owner,
                   int64_t ttl_ms);

/* Inside a transaction: locks the lease row and fails with ERR_CONFLICT
   unless this epoch still holds it. */
void lease_check(struct cx *cx, const char *name, int64_t epoch);

/* Ends the lease at once, if this epoch still holds it. */
void lease_drop(struct cx *cx, const char *name, int64_t epoch);

#endif
