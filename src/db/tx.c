/*
 * Transactions: rules T1, T5, T6, T7.
 */
#include <mysqld_error.h>
#include <string.h>
#include <time.h>

#include "base/crypto.h"
#include "base/log.h"
#include "db/conn.h"

enum {
    ATTEMPTS = 5,        /* T5 */
    BACKOFF_FIRST_MS = 10,
    BACKOFF_LAST_MS = 320
};

struct attempt {
    void (*work)(struct cx *, void *);
    void *arg;
    const char *level; /* of this transaction, or NULL: the session's */
    const char *start;
};

bool db_in_tx(const struct db *db)
{
    return db->tx_depth > 0;
}

bool db_outcome_unknown(const struct cx *cx)
{
    return cx->db->unknown;
}

void db_need_tx(struct cx *cx)
{
    must(cx->db != NULL && db_in_tx(cx->db));
}

void db_on_commit(struct cx *cx, void (*act)(void *arg), void *arg)
{
    struct on_commit *o;

    if (!db_in_tx(cx->db)) {
        act(arg);
        return;
    }
    o = CX_NEW(cx, struct on_commit);
    *o = (struct on_commit){ NULL, act, arg };
    *cx->db->last = o;
    cx->db->last = &o->next;
}

bool db_acts_wait(const struct db *db)
{
    return db->first != NULL;
}

static void forget_acts(struct db *db)
{
    db->first = NULL;
    db->last = &db->first;
}

static void run_acts(struct db *db)
{
    struct on_commit *o = db->first;

    forget_acts(db);
    for (; o != NULL; o = o->next)
        o->act(o->arg);
}

/*
 * COMMIT may fail, and a connection lost in it leaves the outcome unknown:
 * never assumed either way (T6).
 */
static void commit(struct cx *cx)
{
    unsigned error;

    conn_need(cx);
    gate_enter(cx->db);
    error = conn_command(cx->db, "COMMIT");
    gate_leave(cx->db, error == 0);
    if (error == 0)
        return;
    if (!conn_is_lost(error))
        conn_fail(cx, error, mysql_error(cx->db->my), "COMMIT");
    log_warn("db.commit_unknown", F_INT("error", error),
             F_TEXT("text", mysql_error(cx->db->my)));
    cx->db->unknown = true;
    conn_drop(cx->db);
    cx_fail(cx, ERR_DATABASE,
            "数据库连接中断，操作是否生效还不能确定，核对后再决定是否重试。");
}

static unsigned start(struct cx *cx, const struct attempt *a)
{
    unsigned error = 0;

    conn_need(cx);
    if (a->level != NULL)
        error = conn_command(cx->db, a->level);
    return error != 0 ? error : conn_command(cx->db, a->start);
}

static void set_depth(struct cx *cx, int depth)
{
    cx->db->tx_depth = depth;
    cx->db->locked = 0;
    read_check_forget(cx->db);
    cx->in_tx = depth > 0;
}

static void attempt_once(struct cx *cx, void *arg)
{
    const struct attempt *a = arg;
    unsigned error = start(cx, a);

    if (error != 0 && conn_is_lost(error)) {
        conn_drop(cx->db); /* died while idle */
        error = start(cx, a);
    }
    if (error != 0)
        conn_fail(cx, error, mysql_error(cx->db->my), a->start);
    set_depth(cx, 1);
    forget_acts(cx->db);
    a->work(cx, a->arg);
    must(cx->db->tx_depth == 1);
    commit(cx);
    set_depth(cx, 0);
    run_acts(cx->db);
}

/* Whatever the error was, the server may still hold our locks (1205). */
static void roll_back(struct cx *cx)
{
    struct db *db = cx->db;

    set_depth(cx, 0);
    db->broken = false;
    forget_acts(db);
    if (db->my != NULL && conn_command(db, "ROLLBACK") != 0)
        conn_drop(db);
}

static void back_off(int attempt)
{
    int most = BACKOFF_FIRST_MS << attempt;
    struct timespec t = { 0 };

    if (most > BACKOFF_LAST_MS)
        most = BACKOFF_LAST_MS;
    t.tv_nsec = (long)(most / 2 + (int)random_below((uint32_t)most / 2 + 1)) *
                1000000;
    nanosleep(&t, NULL);
}

static void note_time(const struct db *db, const struct attempt *a,
                      int64_t began_us)
{
    bool writes = a->level == NULL;

    if (writes && db->times != NULL)
        tx_times_note(db->times, monotonic_us() - began_us);
}

static void run(struct cx *cx, struct attempt *a)
{
    struct db *db = cx->db;

    must(db != NULL);
    for (int i = 0;; i++) {
        int64_t began_us = monotonic_us();
        bool done;

        db->unknown = false;
        db->retry = false;
        done = cx_run(cx, attempt_once, a);
        if (!done)
            roll_back(cx);
        note_time(db, a, began_us);
        if (done)
            return;
        if (!db->retry || i + 1 >= ATTEMPTS)
            cx_refail(cx);
        log_info("db.retry", F_INT("attempt", i + 1));
        back_off(i);
    }
}

void db_tx(struct cx *cx, void (*work)(struct cx *, void *), void *arg)
{
    struct attempt a = { work, arg, NULL, "START TRANSACTION" };

    if (db_in_tx(cx->db)) {
        work(cx, arg);
        return;
    }
    gate_need(cx);
    run(cx, &a);
}

void db_report(struct cx *cx, void (*work)(struct cx *, void *), void *arg)
{
    struct attempt a = {
        work, arg, "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
        "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
    };

    must(!db_in_tx(cx->db));
    run(cx, &a);
}
