/*
 * Books that were kept before: documents of the past, written in bulk in the
 * order of their time, for sample data and for a take-over from another
 * system. The same accounts, postings and checks as ledger.h, a hundred times
 * faster, but only for accounts that nobody else is using: one transaction,
 * before the programs run.
 */
#ifndef LEDGER_LEDGER_PAST_H
#define LEDGER_LEDGER_PAST_H

#include "ledger/ledger.h"

struct ledger_past;

/* Needs a transaction; fails with ERR_STATE if the ledger is not empty. */
struct ledger_past *ledger_past_new(struct cx *cx);

/* Each as its namesake without past, at a moment. Moments may not go back
   for one driver's money. */
void ledger_past_topup(struct ledger_past *p, const char *out_trade_no,
                       int64_t payment_id, int64_t driver_id,
                       enum ledger_channel channel, money amount, stamp at);
void ledger_past_spend(struct ledger_past *p, const struct ledger_doc *doc,
                       int64_t driver_id, int64_t hold_id,
                       const struct posting *credits, size_t n, stamp at);

/* A hold of a driver's paid money. It must be ended, by ledger_past_spend or
   by ledger_past_void. Its id. */
int64_t ledger_past_hold(struct ledger_past *p, const char *key,
                         const char *ref_kind, int64_t ref_id,
                         int64_t driver_id, money amount, stamp at,
                         stamp expires_at);
void ledger_past_void(struct ledger_past *p, int64_t hold_id, stamp at);

/* Writes what is left, and the balances. */
void ledger_past_end(struct ledger_past *p);

#endif
