/*
 * What the threads that may wait share: a database connection of their own,
 * units of work, pauses, mail.
 */
#include <pthread.h>
#include <time.h>

#include "base/config.h"
#include "base/cx.h"
#include "base/log.h"
#include "db/db.h"
#include "gateway/gateway.h"

enum {
    ARENA_MAX = 64 * 1024 * 1024,
    STATEMENT_S = 10,
    STEP_MS = 50,
    RETIRE_MS = 60000 /* no reader holds anything for so long */
};

struct cx *worker_cx(struct worker *w)
{
    struct db_login login = db_login_of(w->gateway->config, STATEMENT_S);
    struct db *db = db_open(&login);
    struct cx *cx = db == NULL ? NULL
                               : cx_new(db, w->gateway->config, ARENA_MAX);

    must(cx != NULL); /* at the start */
    return cx;
}

void worker_cx_free(struct cx *cx)
{
    struct db *db = cx->db;

    cx_free(cx);
    db_close(db);
}

bool worker_run(struct worker *w, struct cx *cx,
                void (*work)(struct cx *, void *), void *arg)
{
    cx_begin(cx);
    cx->actor.kind = ACTOR_PILE;
    db_between(cx->db);
    if (cx_run(cx, work, arg))
        return true;
    count_one(&w->counts, COUNT_db_failures);
    if (cx->error.code == ERR_MEMORY) {
        count_one(&w->counts, COUNT_no_memory);
        log_error("gateway.no_memory", F_TEXT("for", "database"));
    }
    return false;
}

void worker_pause(struct worker *w, int ms)
{
    struct timespec step = { 0, STEP_MS * 1000000L };

    for (; ms > 0 && !atomic_load(&w->gateway->is_stopping); ms -= STEP_MS)
        nanosleep(&step, NULL);
}

void mail_send(struct gateway *g, int net, const struct mail *m)
{
    struct timespec step = { 0, 2000000L };

    while (!queue_put(&g->mail[net], m) && !atomic_load(&g->is_stopping))
        nanosleep(&step, NULL);
}

/* Frees what was retired up to that moment. */
static void free_retired(struct gateway *g, int64_t until_ms)
{
    struct retired **at = &g->retired, *r;

    while ((r = *at) != NULL) {
        if (r->at_ms > until_ms) {
            at = &r->next;
            continue;
        }
        *at = r->next;
        free(r);
    }
}

void gateway_forget(struct gateway *g)
{
    free_retired(g, INT64_MAX);
    free((void *)(uintptr_t)atomic_load(&g->book));
}

void gateway_retire(struct gateway *g, void *p)
{
    int64_t now_ms = monotonic_ms();
    struct retired *r = p;

    free_retired(g, now_ms - RETIRE_MS);
    if (r == NULL)
        return;
    *r = (struct retired){ g->retired, now_ms };
    g->retired = r;
}
