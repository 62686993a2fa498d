/*
 * Export tasks: rules and SQL.
 */
#include "system/export_task.h"

#include "db/db.h"
#include "db/scope.h"
#include "org/people.h"
#include "org/session.h"
#include "system/audit.h"

LABELS_DEFINE(export_state, EXPORT_STATES);

static const struct scope_columns own = { .account = "t.account_id" };

static const struct db_field task_row[] = {
    DB_FIELD(struct export_task, id),
    DB_FIELD(struct export_task, account_id),
    DB_FIELD(struct export_task, resource),
    DB_FIELD(struct export_task, title),
    DB_FIELD(struct export_task, format),
    DB_FIELD(struct export_task, query),
    DB_FIELD(struct export_task, file),
    DB_FIELD(struct export_task, error),
    DB_FIELD(struct export_task, state),
    DB_FIELD(struct export_task, rows_done),
    DB_FIELD(struct export_task, rows_total),
    DB_FIELD(struct export_task, size),
    DB_FIELD(struct export_task, created_at),
};

#define TASK_COLUMNS \
    "t.id, t.account_id, t.resource, t.title, t.format, t.query, t.file," \
    " t.error, t.state, t.rows_done, t.rows_total, t.size, t.created_at"

int64_t export_open_count(struct cx *cx)
{
    static const char sql[] =
        "SELECT COUNT(*) FROM export_task"
        " WHERE account_id = ? AND state IN (1, 2)";

    return db_int(cx, sql, BIND(V(cx->actor.id)));
}

int64_t export_add(struct cx *cx, const char *resource, const char *title,
                   const char *format, const char *query, int64_t rows)
{
    static const char sql[] =
        "INSERT INTO export_task (account_id, resource, title, format, query,"
        "   rows_total, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)";
    int64_t id;

    db_need_tx(cx);
    if (export_open_count(cx) >= EXPORT_OPEN_MAX)
        cx_fail(cx, ERR_TOO_MANY, "已有 %d 个导出在进行，完成后再导出。",
                EXPORT_OPEN_MAX);
    id = db_insert(cx, sql, BIND(V(cx->actor.id), V(resource), V(title),
                                 V(format), V(query), V(rows), V(cx->now)));
    audit(cx, "export", resource, id,
          cx_printf(cx, "后台导出%s：%s", title, query));
    return id;
}

struct export_task *export_load(struct cx *cx, int64_t id)
{
    static const char sql[] =
        "SELECT " TASK_COLUMNS " FROM export_task t WHERE t.id = ?";

    return scoped_row(cx, sql, id, &own, ROW(struct export_task, task_row),
                      "导出记录");
}

/* ---- making it ---------------------------------------------------------- */

struct export_task *export_next(struct cx *cx)
{
    static const char sql[] =
        "SELECT " TASK_COLUMNS " FROM export_task t"
        " WHERE t.state IN (1, 2) ORDER BY t.state DESC, t.id LIMIT 1";

    return db_row(cx, sql, BIND(), ROW(struct export_task, task_row));
}

void export_start(struct cx *cx, int64_t id, int64_t total)
{
    static const char sql[] =
        "UPDATE export_task SET state = 2, rows_done = 0, rows_total = ?"
        " WHERE id = ?";

    db_exec(cx, sql, BIND(V(total), V(id)));
}

void export_progress(struct cx *cx, int64_t id, int64_t rows)
{
    static const char sql[] =
        "UPDATE export_task SET rows_done = ? WHERE id = ? AND state = 2";

    db_exec(cx, sql, BIND(V(rows), V(id)));
}

void export_done(struct cx *cx, int64_t id, const char *file, int64_t rows,
                 int64_t size)
{
    static const char sql[] =
        "UPDATE export_task SET state = 3, file = ?, rows_done = ?,"
        "   rows_total = ?, size = ?, ended_at = ?, expires_at = ?"
        " WHERE id = ?";

    db_exec(cx, sql, BIND(V(file), V(rows), V(rows), V(size), V(cx->now),
                          V(stamp_add_days(cx->now, EXPORT_KEEP_DAYS)),
                          V(id)));
}

void export_failed(struct cx *cx, int64_t id, const char *error)
{
    static const char sql[] =
        "UPDATE export_task SET state = 4, error = ?, ended_at = ?"
        " WHERE id = ?";

    db_exec(cx, sql, BIND(V(error), V(cx->now), V(id)));
}

bool export_become(struct cx *cx, const struct export_task *t,
                   const char *perm)
{
    static const char sql[] =
        "SELECT o.status = 1 AND COALESCE(p.status, 1) = 1"
        "  FROM account a JOIN org o ON o.id = a.org_id"
        "  LEFT JOIN org p ON p.id = o.provider_id WHERE a.id = ?";

    return db_int(cx, sql, BIND(V(t->account_id))) == 1 &&
           session_become(cx, t->account_id) && people_hold(cx, perm);
}

void export_fetched(struct cx *cx, const struct export_task *t)
{
    audit(cx, "export.download", "export", t->id,
          cx_printf(cx, "下载 %s（%lld 行）", t->title,
                    (long long)t->rows_done));
}

/* ---- sweeping ----------------------------------------------------------- */

struct file_row {
    int64_t id;
    const char *file;
};

struct sweep {
    const char *find, *change;
    const char **files;
    size_t count;
};

static void sweep_work(struct cx *cx, void *arg)
{
    static const struct db_field row[] = {
        DB_FIELD(struct file_row, id), DB_FIELD(struct file_row, file),
    };
    struct sweep *s = arg;
    const struct file_row *rows = db_rows(cx, s->find, BIND(V(cx->now)),
                                          ROW(struct file_row, row),
                                          &s->count);

    s->files = arena_array(cx->arena, s->count + 1, sizeof *s->files);
    for (size_t i = 0; i < s->count; i++) {
        s->files[i] = rows[i].file;
        db_exec(cx, s->change, BIND(V(rows[i].id)));
    }
}

const char *const *export_sweep(struct cx *cx, size_t *count)
{
    static const char find[] =
        "SELECT id, file FROM export_task"
        " WHERE state = 3 AND expires_at < ? LIMIT 100 FOR UPDATE";
    static const char change[] =
        "UPDATE export_task SET state = 5, file = '' WHERE id = ?";
    struct sweep *s = CX_NEW(cx, struct sweep);

    s->find = find;
    s->change = change;
    db_tx(cx, sweep_work, s);
    *count = s->count;
    return s->files;
}

const char *const *import_sweep(struct cx *cx, size_t *count)
{
    static const char find[] =
        "SELECT id, token FROM import_file"
        " WHERE expires_at < ? LIMIT 100 FOR UPDATE";
    static const char change[] = "DELETE FROM import_file WHERE id = ?";
    struct sweep *s = CX_NEW(cx, struct sweep);

    s->find = find;
    s->change = change;
    db_tx(cx, sweep_work, s);
    *count = s->count;
    return s->files;
}
