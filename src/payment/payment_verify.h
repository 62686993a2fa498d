/*
 * Payments against the books (rule R2).
 */
#ifndef PAYMENT_PAYMENT_VERIFY_H
#define PAYMENT_PAYMENT_VERIFY_H

#include "base/cx.h"
#include "ledger/verify.h"

/* The checks of payments from a moment on (0: all); how many in *count. */
const struct finding *payment_verify(struct cx *cx, stamp since,
                                     size_t *count);

/* Job: payments of the last two days, hourly (R2). */
void payment_watch_books(struct cx *cx);

#endif
