/*
 * What one address may do before it has logged in (rule G3): so many
 * connections at a time, and after too many refused logins none for a while,
 * longer each time. Shared by all network threads.
 */
#ifndef GATEWAY_LIMITS_H
#define GATEWAY_LIMITS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "gateway/proxy.h"

enum {
    LIMITS_SLOTS = 16384,        /* addresses remembered, power of two */
    LIMITS_FAILURES = 10,        /* refused logins within */
    LIMITS_WINDOW_MS = 60000,    /* this time lock the address out for */
    LIMITS_LOCK_MS = 30000,      /* this long, then twice as long, up to */
    LIMITS_LOCK_MAX_MS = 600000
};

struct limit {
    struct address from;
    int waiting;         /* connections that have not logged in */
    int failures;
    int locks;           /* lock-outs so far */
    int64_t window_ms;   /* when the failures began to be counted */
    int64_t locked_ms;   /* no connection before */
    int64_t used_ms;     /* 0: the slot is free */
};

struct limits {
    pthread_mutex_t lock;
    int per_address;
    struct limit *slots;
};

void limits_init(struct limits *l, int per_address);
void limits_fini(struct limits *l);

/* A connection has come: false if it must be closed at once. */
MUST_USE bool limits_enter(struct limits *l, const struct address *from,
                           int64_t now_ms);

/* It has logged in, or is gone. */
void limits_leave(struct limits *l, const struct address *from);

/*
 * A login was refused. True if this locks the address out: a sweep of codes,
 * worth an alarm.
 */
bool limits_failure(struct limits *l, const struct address *from,
                    int64_t now_ms);

#endif
