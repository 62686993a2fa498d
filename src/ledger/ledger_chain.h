/*
 * The chain of the ledger's transactions with their postings (rule L2):
 * system/chain.h. It is one chain through all days; the heads that are noted
 * every hour bound each business day.
 */
#ifndef LEDGER_LEDGER_CHAIN_H
#define LEDGER_LEDGER_CHAIN_H

#include "system/chain.h"

/* Jobs: seals what has been committed; notes the head. */
void ledger_seal(struct cx *cx);
void ledger_head(struct cx *cx);

/* Walks the chain from its beginning; known_head is the head at known_seq as
   it was noted elsewhere, or NULL with 0. */
struct chain_verdict ledger_chain_verify(struct cx *cx, int64_t known_seq,
                                         const char *known_head);

#endif
