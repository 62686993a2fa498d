/*
 * Counters, worker slots and rate limits in shared memory.
 */
#include "web/shared.h"

#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "base/crypto.h"

struct shared *shared_new(void)
{
    struct shared *s = mmap(NULL, sizeof *s, PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    must(s != MAP_FAILED);
    random_bytes(&s->seed, sizeof s->seed);
    return s;
}

void shared_free(struct shared *s)
{
    must(munmap(s, sizeof *s) == 0);
}

/* ---- counters ---------------------------------------------------------- */

/* Upper ends, in us; the texts are those of the "le" label, in seconds. */
static const struct {
    int64_t us;
    const char *text;
} buckets[LATENCY_BUCKETS] = {
    { 1000, "0.001" },     { 2500, "0.0025" },   { 5000, "0.005" },
    { 10000, "0.01" },     { 25000, "0.025" },   { 50000, "0.05" },
    { 100000, "0.1" },     { 250000, "0.25" },   { 500000, "0.5" },
    { 1000000, "1" },      { 2500000, "2.5" },   { 10000000, "10" },
};

static const char *const class_names[ROUTE_CLASSES] = {
    "page", "api", "probe"
};

static void up(_Atomic uint64_t *counter, uint64_t by)
{
    atomic_fetch_add_explicit(counter, by, memory_order_relaxed);
}

static uint64_t of(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void shared_count(struct shared *s, enum route_class class, int status,
                  int64_t took_us, size_t bytes)
{
    size_t b = 0;

    if (status < 100 || status > 599)
        status = 500;
    while (b < LATENCY_BUCKETS && took_us > buckets[b].us)
        b++;
    up(&s->requests[class][status / 100 - 1], 1);
    up(&s->latency[class][b], 1);
    up(&s->latency_us[class], (uint64_t)(took_us < 0 ? 0 : took_us));
    up(&s->bytes_out, bytes);
    if (status == 429)
        up(&s->limited, 1);
}

static void head(struct buf *out, const char *name, const char *kind,
                 const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind);
}

static void single(struct buf *out, const char *pool, const char *name,
                   const char *kind, const char *help, uint64_t value)
{
    head(out, name, kind, help);
    buf_printf(out, "%s{pool=\"%s\"} %" PRIu64 "\n", name, pool, value);
}

static void put_latency(const struct shared *s, const char *pool,
                        struct buf *out)
{
    head(out, "pilehub_request_seconds", "histogram", "Time to answer.");
    for (size_t c = 0; c < ROUTE_CLASSES; c++) {
        const char *name = class_names[c];
        uint64_t sum = 0, us = of(&s->latency_us[c]);

        for (size_t b = 0; b < LATENCY_BUCKETS; b++) {
            sum += of(&s->latency[c][b]);
            buf_printf(out, "pilehub_request_seconds_bucket{pool=\"%s\","
                       "class=\"%s\",le=\"%s\"} %" PRIu64 "\n",
                       pool, name, buckets[b].text, sum);
        }
        sum += of(&s->latency[c][LATENCY_BUCKETS]);
        buf_printf(out, "pilehub_request_seconds_bucket{pool=\"%s\","
                   "class=\"%s\",le=\"+Inf\"} %" PRIu64 "\n"
                   "pilehub_request_seconds_sum{pool=\"%s\",class=\"%s\"} "
                   "%" PRIu64 ".%06" PRIu64 "\n"
                   "pilehub_request_seconds_count{pool=\"%s\",class=\"%s\"} "
                   "%" PRIu64 "\n",
                   pool, name, sum, pool, name, us / 1000000, us % 1000000,
                   pool, name, sum);
    }
}

/* The form of a histogram is fixed: sums up to each end. */
static void put_transactions(const struct shared *s, const char *pool,
                             struct buf *out)
{
    const struct tx_times *t = &s->transactions;
    uint64_t sum = 0, us = of(&t->sum_us);

    head(out, "pilehub_transaction_seconds", "histogram",
         "Write transactions, from START to COMMIT or ROLLBACK.");
    for (size_t i = 0; i <= TX_LENGTHS; i++) {
        sum += of(&t->count[i]);
        buf_printf(out, "pilehub_transaction_seconds_bucket{pool=\"%s\",le=",
                   pool);
        if (i < TX_LENGTHS)
            buf_printf(out, "\"%" PRId64 ".%04" PRId64 "\"} %" PRIu64 "\n",
                       tx_length_us[i] / 1000000,
                       tx_length_us[i] % 1000000 / 100, sum);
        else
            buf_printf(out, "\"+Inf\"} %" PRIu64 "\n", sum);
    }
    buf_printf(out, "pilehub_transaction_seconds_sum{pool=\"%s\"} %" PRIu64
               ".%06" PRIu64 "\n"
               "pilehub_transaction_seconds_count{pool=\"%s\"} %" PRIu64
               "\n", pool, us / 1000000, us % 1000000, pool, sum);
}

/* Of each third party that was called. */
static void put_partners(const struct shared *s, const char *pool,
                         struct buf *out)
{
    head(out, "pilehub_partner_left_alone", "gauge",
         "1 while calls are refused because the partner does not answer.");
    for (size_t i = 0; i < PARTNERS_MAX; i++) {
        const struct breaker *b = &s->breakers.v[i];

        if (b->name != NULL)
            buf_printf(out, "pilehub_partner_left_alone{pool=\"%s\","
                       "partner=\"%s\"} %d\n", pool, b->name,
                       b->until_ms != 0);
    }
    head(out, "pilehub_partner_refused_total", "counter",
         "Calls that were not sent for that.");
    for (size_t i = 0; i < PARTNERS_MAX; i++) {
        const struct breaker *b = &s->breakers.v[i];

        if (b->name != NULL)
            buf_printf(out, "pilehub_partner_refused_total{pool=\"%s\","
                       "partner=\"%s\"} %" PRIu64 "\n", pool, b->name,
                       of(&b->refused));
    }
}

static void put_workers(const struct shared *s, const char *pool,
                        struct buf *out)
{
    uint64_t alive = 0, busy = 0;

    for (size_t i = 0; i < WORKERS_MAX; i++) {
        alive += atomic_load(&s->slots[i].pid) != 0;
        busy += atomic_load(&s->slots[i].busy_since_ms) != 0;
    }
    single(out, pool, "pilehub_workers", "gauge", "Workers alive.", alive);
    single(out, pool, "pilehub_requests_in_flight", "gauge",
           "Requests being answered.", busy);
}

void shared_metrics(const struct shared *s, const char *pool, struct buf *out)
{
    head(out, "pilehub_requests_total", "counter", "Requests answered.");
    for (size_t c = 0; c < ROUTE_CLASSES; c++)
        for (size_t i = 0; i < STATUS_CLASSES; i++)
            buf_printf(out, "pilehub_requests_total{pool=\"%s\","
                       "class=\"%s\",status=\"%zuxx\"} %" PRIu64 "\n",
                       pool, class_names[c], i + 1, of(&s->requests[c][i]));
    put_latency(s, pool, out);
    put_transactions(s, pool, out);
    put_partners(s, pool, out);
    put_workers(s, pool, out);
    single(out, pool, "pilehub_response_bytes_total", "counter",
           "Bytes of answers.", of(&s->bytes_out));
    single(out, pool, "pilehub_worker_respawns_total", "counter",
           "Workers that died and were replaced.", of(&s->respawns));
    single(out, pool, "pilehub_worker_over_budget_total", "counter",
           "Workers killed because a request took too long.",
           of(&s->over_budget));
    single(out, pool, "pilehub_db_errors_total", "counter",
           "Answers 503 for want of the database.", of(&s->db_errors));
    single(out, pool, "pilehub_limited_total", "counter",
           "Answers 429.", of(&s->limited));
}

/* ---- limits ------------------------------------------------------------ */

static uint64_t key_of(const struct shared *s, const char *what,
                       const char *who)
{
    uint64_t h = UINT64_C(14695981039346656037) ^ s->seed; /* FNV-1a */

    for (; *what != '\0'; what++)
        h = (h ^ (unsigned char)*what) * UINT64_C(1099511628211);
    h = (h ^ 0xff) * UINT64_C(1099511628211);
    for (; *who != '\0'; who++)
        h = (h ^ (unsigned char)*who) * UINT64_C(1099511628211);
    h ^= h >> 29;
    return h == 0 ? 1 : h;
}

/* The counter of a key: its own, a free one, or the one longest unused. */
static struct limit *counter_of(struct shared *s, uint64_t key)
{
    struct limit *set = &s->limits[key % (LIMITS / LIMIT_WAYS) * LIMIT_WAYS];
    struct limit *oldest = &set[0];

    for (size_t i = 0; i < LIMIT_WAYS; i++) {
        uint64_t k = atomic_load(&set[i].key);

        if (k == key)
            return &set[i];
        if (k == 0 && atomic_compare_exchange_strong(&set[i].key, &k, key))
            return &set[i];
        if (k == key)
            return &set[i];
        if (atomic_load(&set[i].state) < atomic_load(&oldest->state))
            oldest = &set[i];
    }
    atomic_store(&oldest->key, key);
    atomic_store(&oldest->state, 0);
    return oldest;
}

bool limit_take(struct shared *s, const char *what, const char *who,
                int per_minute, int64_t now_ms)
{
    struct limit *l = counter_of(s, key_of(s, what, who));
    uint64_t minute = (uint64_t)now_ms / 60000 & UINT32_MAX;
    uint64_t gone_ms = (uint64_t)now_ms % 60000;
    uint64_t old = atomic_load(&l->state), fresh;

    do {
        uint64_t at = old >> 32, previous = old >> 16 & 0xffff;
        uint64_t current = old & 0xffff;

        if (at != minute) {
            previous = at + 1 == minute ? current : 0;
            current = 0;
        }
        /* All in units of 1/60000 use. */
        if ((current + 1) * 60000 + previous * (60000 - gone_ms) >
            (uint64_t)per_minute * 60000)
            return false;
        if (current < 0xffff)
            current++;
        fresh = minute << 32 | previous << 16 | current;
    } while (!atomic_compare_exchange_weak(&l->state, &old, fresh));
    return true;
}
