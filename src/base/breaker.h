/*
 * A circuit breaker for each third party (rule O2). After some calls in a row
 * without an answer the partner is left alone for a while: calls are refused at
 * once, before anything is sent, so that a hung one does not keep all workers
 * waiting. Then one call tries; its answer opens the way for all.
 *
 * The workers of a pool share the state. Atomic operations only: a worker may
 * be killed at any instruction (W1), and one that dies while it tries is
 * followed by another after the pause.
 */
#ifndef BASE_BREAKER_H
#define BASE_BREAKER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    PARTNERS_MAX = 8,
    PARTNER_FAILURES = 3 /* in a row, until it is left alone */
};

struct breaker {
    _Atomic(const char *) name;   /* a literal of the program; NULL: free */
    _Atomic uint32_t failures;    /* in a row */
    _Atomic int64_t until_ms;     /* left alone until then, monotonic; 0: not */
    _Atomic uint64_t refused;     /* calls, for /metrics */
};

/* All zero: nobody failed yet. */
struct breakers {
    struct breaker v[PARTNERS_MAX];
};

/* The breaker of the partner. name is a literal, made before the workers
   were; PARTNERS_MAX of them at most. */
struct breaker *breaker_of(struct breakers *all, const char *name);

/* May a call be sent now? It then must be told how it ended. */
bool breaker_admits(struct breaker *b, int64_t now_ms, int64_t pause_ms);
void breaker_answered(struct breaker *b);
void breaker_failed(struct breaker *b, int64_t now_ms, int64_t pause_ms);

#endif
