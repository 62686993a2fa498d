/*
 * What one address may do before it has logged in (rule G3): so many
 * connections at a time, and after too many refused logins a while in which
 * wrong ones are not answered any more, longer each time. Connections as such
 * are not refused: behind the address of a mobile carrier stand many piles,
 * and one that tries codes must not keep the others out. Shared by all
 * network threads.
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
    LIMITS_WINDOW_MS = 60000,    /* this time silence us towards it for */
    LIMITS_LOCK_MS = 30000,      /* this long, then twice as long, up to */
    LIMITS_LOCK_MAX_MS = 600000
};

struct limit {
    struct address from;
    int waiting;         /* connections that have not logged in */
    int failures;
    int locks;           /* so far */
    int64_t window_ms;   /* when the failures began to be counted */
    int64_t locked_ms;   /* wrong logins are not answered before */
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

/* A login is to be refused. */
enum limits_verdict {
    LIMITS_ANSWER,
    LIMITS_LOCKED, /* this one too many: a sweep of codes, worth an alarm */
    LIMITS_SILENT  /* do not answer */
};
enum limits_verdict limits_failure(struct limits *l,
                                   const struct address *from,
                                   int64_t now_ms);

#endif
