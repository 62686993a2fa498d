/*
 * The chain of the audit (rule L2): system/chain.h.
 */
#ifndef SYSTEM_AUDIT_CHAIN_H
#define SYSTEM_AUDIT_CHAIN_H

#include "system/chain.h"

/* Jobs: seals what has been committed; notes the head. */
void audit_seal(struct cx *cx);
void audit_head(struct cx *cx);

/* Walks the chain from its beginning; known_head is the head at known_seq as
   it was noted elsewhere, or NULL with 0. */
struct chain_verdict audit_verify(struct cx *cx, int64_t known_seq,
                                  const char *known_head);

#endif
