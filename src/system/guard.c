/*
 * Counters of failures and uses: guard.h. A window begins with its first
 * event; times are the unit of work's clock, so that tests can move it.
 */
#include "system/guard.h"

#include <string.h>

#include "db/db.h"

struct guard_row {
    int fails;
    stamp window_at, locked_to;
};

static const struct db_field guard_row[] = {
    DB_FIELD(struct guard_row, fails),
    DB_FIELD(struct guard_row, window_at),
    DB_FIELD(struct guard_row, locked_to),
};

/* What a stored row means now. */
static struct guard_state state_of(struct cx *cx, const struct guard_row *row,
                                   int64_t window_ms)
{
    struct guard_state s = { 0 };

    if (row == NULL)
        return s;
    if (row->locked_to.ms > cx->now.ms)
        s.locked_to = row->locked_to;
    if (row->window_at.ms + window_ms > cx->now.ms)
        s.fails = row->fails;
    return s;
}

struct guard_state guard_look(struct cx *cx, const char *subject,
                              int64_t window_ms)
{
    static const char sql[] =
        "SELECT fails, window_at, locked_to FROM guard WHERE subject = ?";

    return state_of(cx, db_row(cx, sql, BIND(V(subject)),
                               ROW(struct guard_row, guard_row)), window_ms);
}

/* The row, locked; made if new. */
static struct guard_row *lock_row(struct cx *cx, const char *subject)
{
    static const char make[] =
        "INSERT INTO guard (subject, fails, window_at) VALUES (?, 0, ?)";
    static const char sql[] =
        "SELECT fails, window_at, locked_to FROM guard WHERE subject = ?"
        " FOR UPDATE";
    struct guard_row *row;

    db_need_tx(cx);
    must(strlen(subject) <= GUARD_SUBJECT_MAX);
    row = db_row(cx, sql, BIND(V(subject)), ROW(struct guard_row, guard_row));
    if (row != NULL)
        return row;
    db_insert_new(cx, make, BIND(V(subject), V(cx->now)));
    row = db_row(cx, sql, BIND(V(subject)), ROW(struct guard_row, guard_row));
    must(row != NULL);
    return row;
}

static void keep(struct cx *cx, const char *subject,
                 const struct guard_row *row)
{
    static const char sql[] =
        "UPDATE guard SET fails = ?, window_at = ?, locked_to = ?"
        " WHERE subject = ?";

    db_exec(cx, sql, BIND(V(row->fails), V(row->window_at),
                          V(row->locked_to), V(subject)));
}

struct guard_state guard_fail(struct cx *cx, const char *subject,
                              int64_t window_ms, int lock_at, int64_t lock_ms)
{
    struct guard_row *row = lock_row(cx, subject);
    struct guard_state s = state_of(cx, row, window_ms);

    if (s.fails == 0)
        row->window_at = cx->now;
    row->fails = s.fails + 1;
    if (lock_at > 0 && row->fails >= lock_at) {
        row->locked_to = stamp_add_ms(cx->now, lock_ms);
        row->fails = 0;
    }
    keep(cx, subject, row);
    s = state_of(cx, row, window_ms);
    return s;
}

bool guard_take(struct cx *cx, const char *subject, int64_t window_ms,
                int limit)
{
    struct guard_row *row = lock_row(cx, subject);
    struct guard_state s = state_of(cx, row, window_ms);

    if (s.fails >= limit)
        return false;
    if (s.fails == 0)
        row->window_at = cx->now;
    row->fails = s.fails + 1;
    keep(cx, subject, row);
    return true;
}

void guard_clear(struct cx *cx, const char *subject)
{
    static const char sql[] = "DELETE FROM guard WHERE subject = ?";

    db_exec(cx, sql, BIND(V(subject)));
}
