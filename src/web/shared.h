/*
 * What the workers of a pool share: counters for /metrics, a slot per worker
 * that tells the master what it is doing, rate limits, and answers of the
 * database that may be a moment old. One mapping made
 * before the fork, touched by atomic operations only: a worker may be killed
 * at any instruction (rule W1), so there is nothing here to leave locked.
 */
#ifndef WEB_SHARED_H
#define WEB_SHARED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/breaker.h"
#include "base/buf.h"
#include "db/gate.h"
#include "db/kept.h"
#include "db/tx_times.h"
#include "web/router.h"

enum {
    WORKERS_MAX = 64,
    LIMITS = 32768,      /* counters of callers; power of two */
    LIMIT_WAYS = 8,
    LATENCY_BUCKETS = 12,
    STATUS_CLASSES = 5,  /* 1xx .. 5xx */
    REQUEST_ID_MAX = 40,
};

struct slot {
    _Atomic int32_t pid;           /* 0: no worker */
    _Atomic int64_t busy_since_ms; /* monotonic; 0: idle */
    _Atomic uint64_t served;
    char request_id[REQUEST_ID_MAX + 1]; /* for the log, when it is killed */
};

struct limit {
    _Atomic uint64_t key;   /* 0: free */
    _Atomic uint64_t state; /* minute << 32 | previous << 16 | current */
};

struct shared {
    _Atomic uint64_t requests[ROUTE_CLASSES][STATUS_CLASSES];
    _Atomic uint64_t latency[ROUTE_CLASSES][LATENCY_BUCKETS + 1];
    _Atomic uint64_t latency_us[ROUTE_CLASSES];
    _Atomic uint64_t bytes_out;
    _Atomic uint64_t respawns;      /* workers that died */
    _Atomic uint64_t over_budget;   /* of these, killed for taking too long */
    _Atomic uint64_t db_errors;     /* answers 503 for want of a database */
    _Atomic uint64_t limited;       /* answers 429 */
    uint64_t seed;                  /* of the limit keys */
    struct slot slots[WORKERS_MAX];
    struct limit limits[LIMITS];
    struct kept kept;
    struct gate gate;
    struct tx_times transactions;
    struct breakers breakers;
};

/* A fresh mapping, inherited by the children; aborts if there is none. */
struct shared *shared_new(void);
void shared_free(struct shared *s);

void shared_count(struct shared *s, enum route_class class, int status,
                  int64_t took_us, size_t bytes);

/*
 * True if one more use of what, by who, is within per_minute. Two windows of
 * a minute, weighted by how much of the older one is still in sight.
 */
bool limit_take(struct shared *s, const char *what, const char *who,
                int per_minute, int64_t now_ms);

/* /metrics: Prometheus text format. */
void shared_metrics(const struct shared *s, const char *pool, struct buf *out);

#endif
