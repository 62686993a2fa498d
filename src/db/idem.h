/*
 * Exactly once (rules M9, M10): a request that must not take effect twice
 * claims its key first, in the transaction of the effects, and leaves its
 * answer there. A second one with the key waits for the first to end; then it
 * gets the stored answer, or takes effect itself if the first rolled back.
 */
#ifndef DB_IDEM_H
#define DB_IDEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/crypto.h"

enum { IDEM_SCOPE_MAX = 40, IDEM_KEY_MAX = 64 };

struct idem {
    const char *scope; /* whose key: "driver:17" */
    const char *key;
    uint8_t hash[SHA256_SIZE]; /* of what is asked for */
};

struct idem_answer {
    int status; /* 0: claimed, and not answered yet */
    const char *text;
};

/*
 * In a transaction: NULL if the key is new and now ours, else the answer of
 * whoever had it. Fails with ERR_IDEM_MISMATCH if that asked for something
 * else.
 */
const struct idem_answer *idem_claim(struct cx *cx, const struct idem *idem);

/* Stores the answer of the claimed key. */
void idem_keep(struct cx *cx, const struct idem *idem, int status,
               const char *text);

/* Gives a claimed key back: nothing happened. */
void idem_drop(struct cx *cx, const struct idem *idem);

/* The answer of a key without claiming it, or NULL. Fails like idem_claim. */
const struct idem_answer *idem_find(struct cx *cx, const struct idem *idem);

/*
 * The same, but waits until no other transaction holds the key: NULL says
 * that what was done under it did not take effect and never will. Fails with
 * ERR_DATABASE if that takes too long.
 */
const struct idem_answer *idem_find_ended(struct cx *cx,
                                          const struct idem *idem);

#endif
