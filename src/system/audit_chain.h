/*
 * Tamper evidence for the audit (rule L2). The sealer gives committed rows a
 * gapless number and
 *
 *     chain(n) = SHA-256(chain(n-1) || canonical row n),  chain(0) = 32 x 00
 *
 * so that a row that is altered, removed, moved or slipped in afterwards
 * breaks the chain from there on. What only a copy of the head kept elsewhere
 * can show is a cut-off end: the head is logged every hour.
 */
#ifndef SYSTEM_AUDIT_CHAIN_H
#define SYSTEM_AUDIT_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/crypto.h"

/* Jobs: seals what has been committed; logs the head. */
void audit_seal(struct cx *cx);
void audit_head(struct cx *cx);

struct audit_verdict {
    int64_t rows;     /* sealed and found right */
    char head[2 * SHA256_SIZE + 1]; /* chain of the last right one */
    int64_t bad_seq;  /* the first that is wrong; 0: none */
    int64_t bad_id;   /* of its audit row; 0: unknown */
    const char *why;  /* in English, for the command line */
    int64_t unsealed; /* rows waiting for more than five minutes */
};

/*
 * Walks the whole chain. known_seq and known_head: a head noted elsewhere
 * (0, NULL: none), which the chain must hold.
 */
struct audit_verdict audit_verify(struct cx *cx, int64_t known_seq,
                                  const char *known_head);

#endif
