/*
 * Orders against the books, the records and the roll-ups (rule R2).
 */
#ifndef CHARGING_ORDER_VERIFY_H
#define CHARGING_ORDER_VERIFY_H

#include "base/cx.h"
#include "ledger/verify.h"

/* The checks of orders from a moment on (0: of all); how many in *count. */
const struct finding *order_verify(struct cx *cx, stamp since,
                                   size_t *count);

struct order_figures {
    int64_t orders, settled, review, open, provisional;
    int64_t energy_e4kwh, total; /* of the settled ones; fen */
    int64_t records, records_waiting, records_review, records_orphan,
            conflicts;
};
const struct order_figures *order_figures(struct cx *cx);

/* Job: orders of the last two days, hourly (R2). */
void order_watch_books(struct cx *cx);

#endif
