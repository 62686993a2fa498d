#include "jobs/deliver.h"

#include <string.h>

#include "base/crypto.h"
#include "base/log.h"
#include "db/db.h"
#include "db/outbox.h"

enum { BATCH = 200, RUN_MS = 500, ARENA_BYTES = 16 << 20 };

static const struct db_field event_row[] = {
    DB_FIELD(struct event, id),      DB_FIELD(struct event, topic),
    DB_FIELD(struct event, aggregate), DB_FIELD(struct event, payload),
    DB_FIELD(struct event, at),      DB_FIELD(struct event, tries),
};

/* A batch, and what became of it. */
struct batch {
    const struct features *features;
    const struct event *events;
    size_t n;
    bool done[BATCH];
    const char *blocked[BATCH]; /* aggregates that wait for an earlier one */
    size_t blocked_count;
};

struct delivery {
    const struct consumer *consumer;
    const struct event *event;
};

/* ---- one event ------------------------------------------------------- */

static void deliver_work(struct cx *cx, void *arg)
{
    static const char seen[] =
        "INSERT INTO outbox_seen (consumer, event_id) VALUES (?, ?)";
    const struct delivery *d = arg;

    if (db_insert_new(cx, seen, BIND(V(d->consumer->name),
                                     V(d->event->id))))
        d->consumer->run(cx, d->event);
}

static void deliver_tx(struct cx *cx, void *arg)
{
    db_tx(cx, deliver_work, arg);
}

static void postpone(struct cx *cx, void *arg)
{
    static const char sql[] =
        "UPDATE outbox SET tries = tries + 1, next_at = ?, dead_at = ?,"
        " error = ? WHERE id = ?";
    const struct delivery *d = arg;
    int64_t most = DELIVER_BACKOFF_MS;
    /* No database or no memory, however often, is no fault of the event. */
    bool dead = d->event->tries + 1 >= DELIVER_TRIES && !cx_error_passes(cx);
    const char *why = cx_strdup(cx, cx->error.text);

    for (int i = 0; i < d->event->tries && most < DELIVER_BACKOFF_MAX_MS; i++)
        most *= 2;
    if (most > DELIVER_BACKOFF_MAX_MS)
        most = DELIVER_BACKOFF_MAX_MS;
    most = most / 2 + (int64_t)random_below((uint32_t)most / 2);
    db_exec(cx, sql, BIND(V(stamp_add_ms(cx->now, most)),
                          V(dead ? cx->now : (stamp){ 0 }), V(why),
                          V(d->event->id)));
    if (dead)
        log_error("outbox.dead", F_INT("event", d->event->id),
                  F_TEXT("topic", d->event->topic), F_TEXT("why", why));
}

/* True if every consumer has seen it. */
static bool deliver_one(struct cx *cx, const struct batch *b,
                        const struct event *e)
{
    for (size_t i = 0; i < b->features->n; i++) {
        const struct feature *f = b->features->v[i];

        for (size_t k = 0; k < f->consumers.n; k++) {
            struct delivery d = { &f->consumers.v[k], e };

            if (strcmp(d.consumer->topic, e->topic) != 0 ||
                cx_run(cx, deliver_tx, &d))
                continue;
            log_warn("outbox.failed", F_INT("event", e->id),
                     F_TEXT("consumer", d.consumer->name),
                     F_TEXT("why", cx->error.text));
            if (!cx_run(cx, postpone, &d))
                log_warn("outbox.postpone", F_TEXT("why", cx->error.text));
            return false;
        }
    }
    return true;
}

/* ---- order per aggregate --------------------------------------------- */

/* An earlier event of the aggregate waits for its next try. */
static void find_earlier(struct cx *cx, void *arg)
{
    static const char sql[] =
        "SELECT EXISTS (SELECT 1 FROM outbox WHERE aggregate = ? AND id < ?"
        " AND done_at IS NULL AND dead_at IS NULL AND next_at > ?)";
    struct delivery *d = arg;

    if (db_int(cx, sql, BIND(V(d->event->aggregate), V(d->event->id),
                             V(cx->now))))
        d->event = NULL;
}

static bool has_earlier(struct cx *cx, const struct batch *b,
                        const struct event *e)
{
    struct delivery d = { NULL, e };

    for (size_t i = 0; i < b->blocked_count; i++)
        if (strcmp(b->blocked[i], e->aggregate) == 0)
            return true;
    return !cx_run(cx, find_earlier, &d) || d.event == NULL;
}

static bool is_wanted(const struct features *features, const char *topic)
{
    for (size_t i = 0; i < features->n; i++)
        for (size_t k = 0; k < features->v[i]->consumers.n; k++)
            if (strcmp(features->v[i]->consumers.v[k].topic, topic) == 0)
                return true;
    return false;
}

static void deliver_batch(struct cx *cx, struct batch *b)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct event *e = &b->events[i];

        b->done[i] = !is_wanted(b->features, e->topic);
        if (b->done[i])
            continue;
        b->done[i] = !has_earlier(cx, b, e) && deliver_one(cx, b, e);
        if (!b->done[i])
            b->blocked[b->blocked_count++] = e->aggregate;
    }
}

/* ---- batches --------------------------------------------------------- */

static void mark_done(struct cx *cx, void *arg)
{
    static const char sql[] = "UPDATE outbox SET done_at = ? WHERE id = ?";
    const struct batch *b = arg;
    struct db_value *v = arena_array(cx->arena, 2 * b->n, sizeof *v);
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++)
        if (b->done[i]) {
            v[2 * n] = V(cx->now);
            v[2 * n + 1] = V(b->events[i].id);
            n++;
        }
    if (n > 0)
        db_insert_rows(cx, sql, v, n, 2);
}

static void mark_done_tx(struct cx *cx, void *arg)
{
    db_tx(cx, mark_done, arg);
}

static void find_due(struct cx *cx, void *arg)
{
    static const char sql[] =
        "SELECT id, topic, aggregate, payload, created_at, tries FROM outbox"
        " WHERE done_at IS NULL AND dead_at IS NULL AND next_at <= ?"
        " ORDER BY id LIMIT ?";
    struct batch *b = arg;

    b->events = db_rows(cx, sql, BIND(V(cx->now), V((int)BATCH)),
                        ROW(struct event, event_row), &b->n);
    b->blocked_count = 0;
}

static void free_unit(void *p)
{
    cx_free(p);
}

static size_t done_of(const struct batch *b)
{
    size_t n = 0;

    for (size_t i = 0; i < b->n; i++)
        n += b->done[i];
    return n;
}

int deliver_events(struct cx *cx, const struct features *features)
{
    struct cx *unit = cx_own(cx, cx_new(cx->db, cx->config, ARENA_BYTES),
                             free_unit);
    struct batch *b = CX_NEW(cx, struct batch);
    int64_t begun = monotonic_ms();
    size_t delivered = 0, now;

    b->features = features;
    do {
        cx_begin(unit);
        unit->actor = cx->actor;
        unit->scope = cx->scope;
        unit->now = stamp_add_ms(cx->now, monotonic_ms() - begun);
        if (!cx_run(unit, find_due, b))
            break;
        deliver_batch(unit, b);
        now = done_of(b);
        if (!cx_run(unit, mark_done_tx, b))
            break;
        delivered += now;
    } while (b->n == BATCH && now > 0 && monotonic_ms() - begun < RUN_MS);
    return (int)delivered;
}
