/*
 * Limits of addresses: see limits.h.
 */
#include "gateway/limits.h"

#include <string.h>

enum { PROBE = 16, FORGET_MS = 3600000 };

void limits_init(struct limits *l, int per_address)
{
    must(pthread_mutex_init(&l->lock, NULL) == 0);
    l->per_address = per_address;
    l->slots = calloc(LIMITS_SLOTS, sizeof *l->slots);
    must(l->slots != NULL);
}

void limits_fini(struct limits *l)
{
    free(l->slots);
    pthread_mutex_destroy(&l->lock);
}

static size_t hash(const struct address *a)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (size_t i = 0; i < sizeof a->ip; i++)
        h = (h ^ a->ip[i]) * UINT64_C(1099511628211);
    return (size_t)(h >> 20);
}

static struct limit *look(struct limits *l, const struct address *from)
{
    size_t at = hash(from);

    for (size_t i = 0; i < PROBE; i++) {
        struct limit *x = &l->slots[(at + i) % LIMITS_SLOTS];

        if (x->used_ms != 0 && memcmp(&x->from, from, sizeof *from) == 0)
            return x;
    }
    return NULL;
}

/* May another address have the place? Not while it keeps somebody out. */
static bool is_idle(const struct limit *x, int64_t now_ms)
{
    return x->waiting == 0 && x->locked_ms <= now_ms;
}

/*
 * A place for a new address: a free one, else the idle one unused longest.
 * NULL if there is none: then only the global limit protects.
 */
static struct limit *make(struct limits *l, const struct address *from,
                          int64_t now_ms)
{
    size_t at = hash(from);
    struct limit *best = NULL;

    for (size_t i = 0; i < PROBE; i++) {
        struct limit *x = &l->slots[(at + i) % LIMITS_SLOTS];

        if (x->used_ms == 0 || is_idle(x, now_ms))
            if (best == NULL || x->used_ms < best->used_ms)
                best = x;
    }
    if (best != NULL)
        *best = (struct limit){ .from = *from, .window_ms = now_ms };
    return best;
}

static void forget_old(struct limit *x, int64_t now_ms)
{
    if (now_ms - x->window_ms > LIMITS_WINDOW_MS) {
        x->window_ms = now_ms;
        x->failures = 0;
    }
    if (now_ms - x->locked_ms > FORGET_MS)
        x->locks = 0;
}

bool limits_enter(struct limits *l, const struct address *from,
                  int64_t now_ms)
{
    struct limit *x;
    bool may = true;

    pthread_mutex_lock(&l->lock);
    x = look(l, from);
    if (x == NULL)
        x = make(l, from, now_ms);
    if (x != NULL) {
        x->used_ms = now_ms > 0 ? now_ms : 1;
        may = x->waiting < l->per_address;
        if (may)
            x->waiting++;
    }
    pthread_mutex_unlock(&l->lock);
    return may;
}

void limits_leave(struct limits *l, const struct address *from)
{
    struct limit *x;

    pthread_mutex_lock(&l->lock);
    x = look(l, from);
    if (x != NULL && x->waiting > 0)
        x->waiting--;
    pthread_mutex_unlock(&l->lock);
}

static void lock(struct limit *x, int64_t now_ms)
{
    int64_t span = (int64_t)LIMITS_LOCK_MS << x->locks;

    if (span > LIMITS_LOCK_MAX_MS)
        span = LIMITS_LOCK_MAX_MS;
    else
        x->locks++;
    x->locked_ms = now_ms + span;
    x->failures = 0;
}

static enum limits_verdict judge(struct limit *x, int64_t now_ms)
{
    if (x->locked_ms > now_ms)
        return LIMITS_SILENT;
    forget_old(x, now_ms);
    x->failures++;
    if (x->failures < LIMITS_FAILURES)
        return LIMITS_ANSWER;
    lock(x, now_ms);
    return LIMITS_LOCKED;
}

enum limits_verdict limits_failure(struct limits *l,
                                   const struct address *from,
                                   int64_t now_ms)
{
    enum limits_verdict v = LIMITS_ANSWER;
    struct limit *x;

    pthread_mutex_lock(&l->lock);
    x = look(l, from);
    if (x != NULL)
        v = judge(x, now_ms);
    pthread_mutex_unlock(&l->lock);
    return v;
}
