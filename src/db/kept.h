/*
 * Answers of the database that may be a moment old, kept in memory that the
 * workers of a pool share: a list that many people refresh counts its rows
 * once a second and not once a request.
 *
 *   struct kept_try t = kept_find(cx, sql, binds, &n, sizeof n);
 *   if (!t.found) { n = db_int(cx, sql, binds); kept_put(cx, &t, 0, &n); }
 *
 * An answer is at most KEPT_MS old, and never older than the last change that
 * was made through this pool: whoever changes something forgets what was kept.
 * Only reading requests have cx->kept; everywhere else it is NULL and nothing
 * is found, so no change is ever decided by an old answer.
 *
 * Written and read without locks, because a worker may be killed at any
 * instruction (W1): an answer that two workers wrote at once is recognised by
 * its checksum and not used.
 */
#ifndef DB_KEPT_H
#define DB_KEPT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "db/db.h"

enum {
    KEPT_MS = 1000,    /* A6: a disabled account is out within a second */
    KEPT_BYTES = 512,  /* of one answer */
    KEPT_SLOTS = 2048, /* power of two */
    KEPT_OWNERS = 1024,
};

struct kept_slot {
    _Atomic uint64_t key[2];
    _Atomic uint64_t at_ms;
    _Atomic uint64_t versions; /* of everything << 32 | of the owner */
    _Atomic uint64_t owner;
    _Atomic uint64_t words[KEPT_BYTES / 8];
    _Atomic uint64_t check;
};

/* All zero is empty. */
struct kept {
    _Atomic uint64_t forgotten; /* how often, whatever it was */
    _Atomic uint32_t version;
    _Atomic uint32_t owner_version[KEPT_OWNERS];
    struct kept_slot slots[KEPT_SLOTS];
};

struct kept_try {
    bool found;
    uint64_t key[2];
    uint64_t forgotten;
    size_t size;
};

/*
 * The answer to what (a statement, or another constant that names it) with
 * those values, if it is kept. size must be the same as when it was put, at
 * most KEPT_BYTES.
 */
struct kept_try kept_find(struct cx *cx, const char *what,
                          struct db_binds binds, void *answer, size_t size);

/* Keeps the answer that was not found; not if something was forgotten since.
   owner: whose it is, 0 for nobody's. */
void kept_put(struct cx *cx, const struct kept_try *t, int64_t owner,
              const void *answer);

/* Forgets everything, or what is one owner's. */
void kept_forget(struct kept *k);
void kept_forget_owner(struct kept *k, int64_t owner);

/* As db_int, but of a moment ago. */
int64_t kept_int(struct cx *cx, const char *sql, struct db_binds binds);

/* As db_text, but of a moment ago; a text that fills KEPT_BYTES is not kept. */
const char *kept_text(struct cx *cx, const char *sql, struct db_binds binds);

/* The second column of each row of a statement that returns n rows. */
void kept_counts(struct cx *cx, const char *sql, struct db_binds binds,
                 int64_t *counts, size_t n);

#endif
