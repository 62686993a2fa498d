/*
 * Tamper evidence for tables that only grow (rule L2). The sealer gives
 * committed rows a gapless number and
 *
 *     chain(n) = SHA-256(chain(n-1) || canonical row n),  chain(0) = 32 x 00
 *
 * so that a row that is altered, removed, moved or slipped in afterwards
 * breaks the chain from there on. Every hour its head is logged and written
 * down with an HMAC under a key that only the jobs have (seal_key_file), in a
 * table that the web user may not read: a chain that was cut off, or made
 * anew from the first row, does not meet the heads that were noted.
 */
#ifndef SYSTEM_CHAIN_H
#define SYSTEM_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "base/cx.h"
#include "db/db.h"

enum { CHAIN_HEX = 2 * SHA256_SIZE + 1 };

/* What each row to be sealed begins with, in this order of its columns. */
struct chain_link {
    int64_t seq;
    char chain[CHAIN_HEX]; /* as stored */
    int64_t id;            /* of the row; 0: it is gone */
};

/* One chain. Statements of its subject's file. */
struct chain {
    const char *name;   /* "audit": of its heads */
    int64_t late_ids;   /* a row may commit after so many newer ones */
    const char *head;   /* seq and chain of the last seal, locked */
    const char *newest; /* the highest id that is sealed */
    const char *next;   /* rows unsealed, with id > ?, LIMIT ? */
    const char *seal;   /* inserts seq, id, chain */
    const char *all;    /* seals with their rows, by seq */
    const char *waiting; /* how many unsealed rows are older than ? */
    struct db_row_shape row; /* begins with a struct chain_link */
    void (*canonical)(struct buf *b, const void *row);
};

/* For canonical: values that cannot run into each other. */
void chain_put_text(struct buf *b, const char *s); /* NULL differs from "" */
void chain_put_number(struct buf *b, int64_t n);

/* Jobs: seals what has been committed. */
void chain_seal(struct cx *cx, const struct chain *c);

/* Jobs: logs the head and writes it down with its HMAC. */
void chain_note_head(struct cx *cx, const struct chain *c);

struct chain_verdict {
    int64_t rows;     /* sealed and found right */
    char head[CHAIN_HEX]; /* chain of the last right one */
    int64_t heads;    /* noted ones that were met */
    int64_t bad_seq;  /* the first that is wrong; 0: none */
    int64_t bad_id;   /* of its row; 0: unknown */
    const char *why;  /* in English, for the command line */
    int64_t unsealed; /* rows waiting for more than five minutes */
};

/*
 * Walks the whole chain and compares the heads that were noted, with their
 * HMACs if the setting seal_key_file is there. known_seq and known_head: one
 * noted elsewhere (0, NULL: none), which the chain must hold, too.
 */
struct chain_verdict chain_verify(struct cx *cx, const struct chain *c,
                                  int64_t known_seq, const char *known_head);

#endif
