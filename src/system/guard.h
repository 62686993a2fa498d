/*
 * Counters of failures and uses by subject ("login:138...", "addr:01020304",
 * "sms:138..."), in the database: they hold across workers and hosts (A4).
 * For what happens seldom; the limits of routes stand in shared memory.
 */
#ifndef SYSTEM_GUARD_H
#define SYSTEM_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"

enum { GUARD_SUBJECT_MAX = 120 };

struct guard_state {
    int fails;       /* in the present window */
    stamp locked_to; /* zero, or still to come */
};

/* How it stands. Subjects nobody heard of have no failures. */
struct guard_state guard_look(struct cx *cx, const char *subject,
                              int64_t window_ms);

/*
 * One failure more, in a transaction. From lock_at failures in a window on,
 * the subject is locked for lock_ms and the count starts again; lock_at 0
 * never locks. Returns the new state.
 */
struct guard_state guard_fail(struct cx *cx, const char *subject,
                              int64_t window_ms, int lock_at,
                              int64_t lock_ms);

/* One use more, in a transaction: false if there were limit in the window. */
bool guard_take(struct cx *cx, const char *subject, int64_t window_ms,
                int limit);

/* All is forgiven. */
void guard_clear(struct cx *cx, const char *subject);

#endif
