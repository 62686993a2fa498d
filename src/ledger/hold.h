/*
 * Inside of the ledger: how a hold ends.
 */
#ifndef LEDGER_HOLD_H
#define LEDGER_HOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ledger/ledger.h"

/* For several holds at once (0: none): ended[i] tells whether hold_ids[i]
   was still open and is ended now as settled by tx_ids[i]. */
void hold_end_many(struct cx *cx, const int64_t *hold_ids,
                   const int64_t *tx_ids, size_t n, bool *ended);

/* The parts of these holds; hold_id says whose. */
struct hold_part {
    int64_t hold_id;
    int64_t account_id;
    money amount;
};
const struct hold_part *hold_parts(struct cx *cx, const int64_t *hold_ids,
                                   size_t n, size_t *count);

#endif
