/*
 * Trade records (rules G10, G11): journal first, one fdatasync a group; then
 * the registry, in transactions of many; then 0x40. With the database down
 * the records wait in the journal and in memory, unacknowledged; a pile that
 * repeats one meanwhile gets its answer when the first copy is stored.
 */
#include <string.h>

#include "base/config.h"
#include "base/crypto.h"
#include "base/log.h"
#include "charging/record_store.h"
#include "gateway/gateway.h"
#include "gateway/journal.h"

enum {
    GROUP = 256,           /* records of one fdatasync */
    WAITING_RECORDS = 65536, /* in memory while the database is down */
    INDEX = 2 * WAITING_RECORDS,
    RETRY_MS = 500,
    PAYLOAD_HEAD = 24,
    FRAME_HEAD = 6         /* bytes of a frame before its body */
};

/* A record that is in the journal and not yet in the database. */
struct waiting {
    struct record_item item;
    uint8_t hash[SHA256_SIZE];
};

struct recorder {
    struct worker *w;
    struct journal journal;
    struct waiting *v;   /* in order of arrival */
    size_t n, room;
    uint32_t *index;     /* by hash: place in v, + 1; 0: none */
    struct record_item group[GROUP];
    size_t most;         /* records of one transaction */
    int64_t retry_ms;    /* monotonic: the database failed; not before */
    bool is_reported;
};

/* ---- the journal's payload ------------------------------------------ */

static void put_i64(uint8_t *p, int64_t v)
{
    for (int i = 0; i < 8; i++)
        p[i] = (uint8_t)((uint64_t)v >> 8 * i);
}

static int64_t get_i64(const uint8_t *p)
{
    uint64_t v = 0;

    for (int i = 8; i-- > 0;)
        v = v << 8 | p[i];
    return (int64_t)v;
}

static size_t pack(const struct record_item *r, uint8_t out[JOURNAL_ENTRY_MAX])
{
    memset(out, 0, PAYLOAD_HEAD);
    out[0] = 1; /* version */
    out[1] = r->gun;
    put_i64(out + 8, r->pile_id);
    put_i64(out + 16, r->at.ms);
    memcpy(out + PAYLOAD_HEAD, r->raw, r->len);
    return PAYLOAD_HEAD + (size_t)r->len;
}

static bool unpack(const uint8_t *p, size_t n, struct record_item *r)
{
    if (n <= PAYLOAD_HEAD || n > PAYLOAD_HEAD + sizeof r->raw || p[0] != 1)
        return false;
    *r = (struct record_item){ .gun = p[1], .pile_id = get_i64(p + 8),
                               .at = { get_i64(p + 16) },
                               .len = (uint16_t)(n - PAYLOAD_HEAD) };
    memcpy(r->raw, p + PAYLOAD_HEAD, r->len);
    return true;
}

/* ---- what waits ----------------------------------------------------- */

static void hash_of(const struct record_item *r, uint8_t hash[SHA256_SIZE])
{
    /* Without head and check field: a repetition may have a new number. */
    must(r->len > FRAME_HEAD + 2);
    sha256(r->raw + FRAME_HEAD, (size_t)r->len - FRAME_HEAD - 2, hash);
}

static size_t index_slot(const uint8_t hash[SHA256_SIZE])
{
    size_t h;

    memcpy(&h, hash, sizeof h);
    return h % INDEX;
}

static struct waiting *find_waiting(struct recorder *x,
                                    const uint8_t hash[SHA256_SIZE],
                                    int64_t pile_id)
{
    for (size_t i = index_slot(hash); x->index[i] != 0; i = (i + 1) % INDEX) {
        struct waiting *w = &x->v[x->index[i] - 1];

        if (w->item.pile_id == pile_id &&
            memcmp(w->hash, hash, SHA256_SIZE) == 0)
            return w;
    }
    return NULL;
}

static void index_one(struct recorder *x, size_t place)
{
    size_t i = index_slot(x->v[place].hash);

    while (x->index[i] != 0)
        i = (i + 1) % INDEX;
    x->index[i] = (uint32_t)place + 1;
}

/* Room for n more, or false: there is no memory for them. */
static bool reserve(struct recorder *x, size_t n)
{
    size_t room = x->room == 0 ? GROUP : x->room;
    struct waiting *v;

    while (room < x->n + n)
        room *= 2;
    if (room == x->room)
        return true;
    v = realloc(x->v, room * sizeof *v);
    if (v == NULL)
        return false;
    x->v = v;
    x->room = room;
    return true;
}

/* There is room. */
static void append(struct recorder *x, const struct record_item *r,
                   const uint8_t hash[SHA256_SIZE])
{
    must(x->n < x->room);
    x->v[x->n].item = *r;
    memcpy(x->v[x->n].hash, hash, SHA256_SIZE);
    index_one(x, x->n);
    x->n++;
}

static void forget_first(struct recorder *x, size_t count)
{
    x->n -= count;
    memmove(x->v, x->v + count, x->n * sizeof *x->v);
    memset(x->index, 0, INDEX * sizeof *x->index);
    for (size_t i = 0; i < x->n; i++)
        index_one(x, i);
    if (x->n == 0 && x->room > 4 * GROUP) { /* after an outage */
        free(x->v);
        x->v = NULL;
        x->room = 0;
    }
}

/* ---- in ------------------------------------------------------------- */

static void replay(void *arg, const void *payload, size_t n)
{
    struct recorder *x = arg;
    struct record_item r;
    uint8_t hash[SHA256_SIZE];

    if (!unpack(payload, n, &r)) {
        log_error("journal.unknown_entry", F_INT("bytes", n));
        return;
    }
    hash_of(&r, hash);
    if (find_waiting(x, hash, r.pile_id) != NULL ||
        x->n == WAITING_RECORDS)
        return;
    must(reserve(x, 1)); /* at the start */
    append(x, &r, hash);
    count_one(&x->w->counts, COUNT_records_replayed);
}

/*
 * Puts a group into the journal. What waits there already only gets its new
 * sender. Returns how many of the group remain, at its front.
 */
static size_t journal_group(struct recorder *x, size_t n,
                            uint8_t (*hashes)[SHA256_SIZE])
{
    uint8_t payload[JOURNAL_ENTRY_MAX];
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        struct record_item *r = &x->group[i];
        struct waiting *old;

        hash_of(r, hashes[kept]);
        old = find_waiting(x, hashes[kept], r->pile_id);
        if (old != NULL) {
            old->item.from = r->from;
            old->item.head = r->head;
        } else if (x->n + kept >= WAITING_RECORDS) {
            count_one(&x->w->counts, COUNT_records_dropped);
        } else {
            journal_add(&x->journal, payload, pack(r, payload));
            if (kept != i)
                x->group[kept] = *r;
            kept++;
        }
    }
    return kept;
}

static void receive(struct recorder *x, size_t n)
{
    uint8_t hashes[GROUP][SHA256_SIZE];

    fault_point("record.received");
    if (!reserve(x, n)) {
        /* Not taken, so not confirmed: the piles send them again. What is in
           the journal must wait in memory, too, so memory comes first. */
        log_error("gateway.no_memory", F_TEXT("for", "records"));
        count_add(&x->w->counts, COUNT_no_memory, n);
        count_add(&x->w->counts, COUNT_records_dropped, n);
        return;
    }
    n = journal_group(x, n, hashes);
    if (n == 0)
        return;
    if (!journal_sync(&x->journal)) {
        /* Not kept, so not confirmed: the piles send them again. */
        count_add(&x->w->counts, COUNT_records_dropped, n);
        return;
    }
    fault_point("record.journaled");
    for (size_t i = 0; i < n; i++)
        append(x, &x->group[i], hashes[i]);
}

/* ---- out ------------------------------------------------------------ */

struct commit {
    struct recorder *x;
    size_t n;
    enum record_result *results; /* RECORDS_BATCH of them */
};

static void to_store(struct cx *cx, const struct commit *c,
                     struct record_in *rows)
{
    (void)cx;
    for (size_t i = 0; i < c->n; i++) {
        const struct waiting *w = &c->x->v[i];
        const struct record_item *r = &w->item;
        struct record_in *row = &rows[i];

        *row = (struct record_in){
            .pile_id = r->pile_id, .gun = r->gun, .frame_type = r->raw[5],
            .raw = r->raw, .len = r->len, .at = r->at,
            .gateway_id = c->x->w->gateway->holder.gateway_id
        };
        memcpy(row->hash, w->hash, sizeof row->hash);
        if (trade_is_zero(r->raw + FRAME_HEAD))
            record_key(r->raw + FRAME_HEAD,
                       (size_t)r->len - FRAME_HEAD - 2, row->key);
        else
            wire_hex(r->raw + FRAME_HEAD, 16, row->key);
    }
}

static void commit_work(struct cx *cx, void *arg)
{
    const struct commit *c = arg;
    struct record_in *rows = arena_array(cx->arena, c->n, sizeof *rows);

    to_store(cx, c, rows);
    records_store(cx, rows, c->n, c->results);
}

/* The pile code stands behind the trade number. */
static struct charger *charger_of(struct gateway *g,
                                  const struct record_item *r)
{
    return charger_find(&g->chargers,
                        code_of_wire(r->raw + FRAME_HEAD + 16));
}

static void acknowledge(struct recorder *x, const struct record_item *r,
                        enum record_result result)
{
    struct gateway *g = x->w->gateway;
    struct mail m = { .kind = MAIL_ACK, .to = r->from,
                      .charger = charger_of(g, r) };

    count_one(&x->w->counts, COUNT_records_stored);
    if (result == RECORD_IS_KNOWN || result == RECORD_IS_OLD)
        count_one(&x->w->counts, COUNT_records_repeated);
    if (result == RECORD_IS_CONFLICT)
        count_one(&x->w->counts, COUNT_records_conflict);
    if (r->from == 0)
        return; /* out of the journal: its connection is long gone */
    m.ack.head = r->head;
    m.ack.gun = r->gun;
    m.ack.is_old = result == RECORD_IS_OLD;
    memcpy(m.ack.trade, r->raw + FRAME_HEAD, sizeof m.ack.trade);
    mail_send(g, conn_id_net(r->from), &m);
}

/*
 * The database refuses a record, not all of them: it is found by storing one
 * at a time, and stays unconfirmed, in the journal and in the log.
 */
static bool set_aside(struct recorder *x, const struct cx *cx)
{
    const struct record_item *r = &x->v[0].item;

    if (cx_error_passes(cx))
        return false;
    if (x->most > 1) {
        x->most = 1;
        return true;
    }
    log_error("record.refused", F_INT("pile", r->pile_id),
              F_HEX("raw", r->raw, r->len));
    count_one(&x->w->counts, COUNT_records_dropped);
    forget_first(x, 1);
    x->most = RECORDS_BATCH;
    return true;
}

/* False: there is no database, or no memory; everything stays as it is. */
static bool commit_some(struct recorder *x, struct cx *cx)
{
    enum record_result results[RECORDS_BATCH];
    struct commit c = { x, x->n < x->most ? x->n : x->most, results };

    if (!worker_run(x->w, cx, commit_work, &c))
        return set_aside(x, cx);
    fault_point("record.committed");
    for (size_t i = 0; i < c.n; i++) {
        acknowledge(x, &x->v[i].item, results[i]);
        fault_point("record.acknowledged");
    }
    forget_first(x, c.n);
    return true;
}

static void commit_all(struct recorder *x, struct cx *cx)
{
    if (x->n == 0 || monotonic_ms() < x->retry_ms)
        return;
    while (x->n > 0)
        if (!commit_some(x, cx)) {
            x->retry_ms = monotonic_ms() + RETRY_MS;
            if (!x->is_reported)
                log_error("records.database_down", F_INT("waiting", x->n),
                          F_TEXT("code", cx_code_name(cx->error.code)));
            x->is_reported = true;
            return;
        }
    if (x->is_reported)
        log_info("records.database_back", F_INT("waiting", x->n));
    x->is_reported = false;
    journal_committed(&x->journal);
}

/* ---- the thread ----------------------------------------------------- */

static bool open_journal(struct recorder *x)
{
    const struct config *config = x->w->gateway->config;
    char dir[512];

    snprintf(dir, sizeof dir, "%s/journal-%s", config->home,
             config->gateway_name);
    return journal_open(&x->journal, dir, replay, x);
}

void *record_writer(void *arg)
{
    struct worker *w = arg;
    struct queue *q = &w->gateway->records;
    struct recorder *x = calloc(1, sizeof *x);
    struct cx *cx = worker_cx(w);

    must(x != NULL);
    x->w = w;
    x->most = RECORDS_BATCH;
    x->index = calloc(INDEX, sizeof *x->index);
    must(x->index != NULL);
    if (!open_journal(x)) {
        atomic_store(&w->gateway->is_stopping, true);
        atomic_store(&w->is_failed, true);
    }
    for (;;) {
        bool is_over = queue_is_closed(q);
        int wait = x->n > 0 ? RETRY_MS / 2 : 1000;
        size_t n = atomic_load(&w->is_failed)
            ? 0 : queue_take(q, x->group, GROUP, wait);

        if (n > 0)
            receive(x, n);
        if (atomic_load(&w->gateway->is_registered))
            commit_all(x, cx);
        if ((is_over && n == 0) || atomic_load(&w->is_failed))
            break;
    }
    if (x->n > 0)
        log_warn("records.left_in_journal", F_INT("records", x->n));
    journal_close(&x->journal);
    worker_cx_free(cx);
    free(x->index);
    free(x->v);
    free(x);
    return NULL;
}
