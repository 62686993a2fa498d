/*
 * The unit of work: one request, frame or job. Everything a domain function
 * needs hangs on it, and everything it takes is given back when it ends.
 *
 *   struct cx *cx = cx_new(db, limit);
 *   for (;;) { cx_begin(cx); if (!cx_run(cx, work, arg)) report(&cx->error);
 *              cx_end(cx); }
 *
 * Failure unwinds (rule W2): cx_fail jumps to the innermost cx_run, which runs
 * the clean-up list of its scope backwards and returns false. Therefore:
 * - what is not arena memory is put on the clean-up list by the statement
 *   that makes it: FILE *f = cx_own(cx, fopen(...), file_close);
 * - locals changed after a cx_run starts live in the arena;
 * - no cx_fail from inside a callback of curl, OpenSSL, ClearSilver,
 *   jansson, expat: note the error, return, fail afterwards.
 */
#ifndef BASE_CX_H
#define BASE_CX_H

#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/macros.h"
#include "base/stamp.h"

/*
 * Every failure the outside world can cause: name, HTTP status, code in JSON
 * answers. One line adds one. The text shown to people is given to cx_fail.
 */
#define CX_ERRORS(ERR)                                                        \
    ERR(BAD_REQUEST,    400, 40000)                                           \
    ERR(INVALID,        400, 40001) /* a field is wrong: cx->error.field */   \
    ERR(BAD_SIGNATURE,  400, 40002)                                           \
    ERR(UNAUTHENTICATED, 401, 40100)                                          \
    ERR(FORBIDDEN,      403, 40300)                                           \
    ERR(CSRF,           403, 40301)                                           \
    ERR(NOT_FOUND,      404, 40400)                                           \
    ERR(METHOD,         405, 40500)                                           \
    ERR(CONFLICT,       409, 40900)                                           \
    ERR(STATE,          409, 40901) /* not possible in the present state */   \
    ERR(BALANCE,        409, 40902) /* not enough money */                    \
    ERR(ARREARS,        409, 40903)                                           \
    ERR(PILE_OFFLINE,   409, 40904)                                           \
    ERR(PILE_BUSY,      409, 40905)                                           \
    ERR(TOO_LARGE,      413, 41300)                                           \
    ERR(IDEM_MISMATCH,  422, 42200) /* same key, other content */             \
    ERR(TOO_MANY,       429, 42900)                                           \
    ERR(INTERNAL,       500, 50000)                                           \
    ERR(PARTNER,        502, 50200) /* a third party failed */                \
    ERR(UNCONFIGURED,   503, 50301) /* a setting is missing */                \
    ERR(MEMORY,         503, 50302) /* the system has none left (C8) */       \
    ERR(DATABASE,       503, 50300) /* gone, full or read only */

enum cx_code {
    CX_OK,
#define CX_ENUM(name, status, code) ERR_##name,
    CX_ERRORS(CX_ENUM)
#undef CX_ENUM
};

struct cx_error {
    enum cx_code code;
    const char *field; /* INVALID: name of the wrong field, or NULL */
    char text[400];    /* for the user, in Chinese */
    const char *file;  /* for the log */
    int line;
};

enum actor_kind {
    ACTOR_NONE, ACTOR_SYSTEM, ACTOR_ACCOUNT, ACTOR_DRIVER, ACTOR_PARTNER,
    ACTOR_PILE
};

/* Who acts. Names and address are for the audit. */
struct actor {
    enum actor_kind kind;
    int64_t id;
    int64_t org_id;
    const char *name;
    const char *address;
    int64_t session_id;
    /* The person's own row if the session has read it already, else NULL;
       the feature whose it is knows the type (driver_acting). */
    const void *person;
};

/*
 * What the actor may see (rule A8). Zero members do not limit. all must be
 * set on purpose: an empty scope sees nothing.
 */
struct scope {
    bool all;            /* the whole platform */
    int64_t provider_id; /* rows of this provider only */
    int64_t merchant_id; /* rows of this merchant only */
    int64_t driver_id;   /* rows of this driver only */
    const int64_t *station_ids; /* if count > 0: only these stations */
    size_t station_count;
};

struct breakers;
struct buf;
struct db;
struct config;
struct kept;
struct views;
struct cx_scope; /* internal: one per running cx_run */

struct cx {
    struct arena *arena;
    struct db *db;               /* lent by the process; NULL without one */
    const struct config *config; /* lent by the process */
    struct views *views;         /* lent by the web process, or NULL */
    struct breakers *breakers;   /* the same; NULL: calls out go on failing */
    struct kept *kept;           /* answers of a moment ago, for requests that
                                    only read; NULL for all others */
    struct actor actor;
    struct scope scope;
    stamp now;                   /* the clock of this unit of work */
    const char *request_id;      /* "" if none */
    bool in_tx;                  /* a transaction is open: nothing that may
                                    take long (T4). Kept by db/tx.c */
    const char *idem_key;        /* Idempotency-Key of the request, or NULL */
    struct cx_error error;       /* set when cx_run returned false */
    struct cx_scope *innermost;
};

/* A unit of work whose arena holds at most max_bytes; NULL if there is no
   memory for it. */
struct cx *cx_new(struct db *db, const struct config *config,
                  size_t max_bytes);
void cx_free(struct cx *cx);

/* Starts afresh: empty arena, current time, nobody acts, nothing in scope. */
void cx_begin(struct cx *cx);

/* Runs work; false if it failed, with the reason in cx->error. Nests. */
MUST_USE bool cx_run(struct cx *cx, void (*work)(struct cx *, void *),
                     void *arg);

/* Ends the innermost cx_run as a failure. text is shown to the user. */
#define cx_fail(cx, code, ...) \
    cx_fail_at((cx), (code), NULL, __FILE__, __LINE__, __VA_ARGS__)

/* The same, for a wrong field of a form or an argument of a call. */
#define cx_fail_field(cx, name, ...) \
    cx_fail_at((cx), ERR_INVALID, (name), __FILE__, __LINE__, __VA_ARGS__)

NORETURN void cx_fail_at(struct cx *cx, enum cx_code code, const char *field,
                         const char *file, int line, const char *fmt, ...)
    PRINTF_LIKE(6, 7);

/* Did it fail for a reason that passes (no database, no memory)? The same
   again may succeed, so nothing is decided by such a failure. */
bool cx_error_passes(const struct cx *cx);

/* Fails again with cx->error as it stands, from an outer scope. */
NORETURN void cx_refail(struct cx *cx);

/* Ends the innermost cx_run because the system has no memory left. What a
   request did before may have been committed: the text does not deny it. */
NORETURN void cx_fail_memory(struct cx *cx);

/*
 * Puts p on the clean-up list of the innermost scope and returns it. clean
 * is called once when that scope ends, well or badly, unless disowned.
 * A NULL p fails as cx_fail_memory does.
 */
void *cx_own(struct cx *cx, void *p, void (*clean)(void *));
void cx_disown(struct cx *cx, const void *p);

/* A buffer, and an arena beside that of cx, of the innermost scope: freed with
   it, and without memory they fail as that of cx does. No foreign callback may
   write to them (see above). */
struct buf *cx_buf(struct cx *cx, size_t max_bytes);
struct arena *cx_arena(struct cx *cx, size_t max_bytes);

int cx_status(enum cx_code code);        /* HTTP status */
int cx_number(enum cx_code code);        /* code in JSON answers */
const char *cx_code_name(enum cx_code code);

/* Arena text of this unit of work. */
#define cx_printf(cx, ...) arena_printf((cx)->arena, __VA_ARGS__)
#define cx_strdup(cx, s) arena_strdup((cx)->arena, (s))
#define CX_NEW(cx, type) ARENA_NEW((cx)->arena, type)

#endif
