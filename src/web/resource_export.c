/*
 * A list as a file: its filters, its order, the columns that the account has
 * chosen or all of them, always within its scope. Up to 5,000 rows at once;
 * more are left to the export queue, which calls resource_export_run later.
 *
 *   Task.id .title .path (of the queue), for templates/export_toast.cs
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/config.h"
#include "base/log.h"
#include "db/db.h"
#include "web/app.h"
#include "web/resource_in.h"
#include "web/sheet_write.h"

enum {
    ROW_ARENA = 4 * 1024 * 1024, /* of one row's texts */
    PROGRESS_ROWS = 500,
};

const char *home_dir(struct cx *cx, const char *what)
{
    const char *path = cx_printf(cx, "%s/%s", cx->config->home, what);

    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        log_error("home.dir", F_TEXT("path", path), F_INT("errno", errno));
        cx_fail(cx, ERR_INTERNAL, "数据目录不可写，联系管理员。");
    }
    return path;
}

/* ---- the rows into the file -------------------------------------------- */

struct writing {
    const struct resource *r;
    struct shown shown;
    struct sheet_out *out;
    struct arena *row;
    const struct export_order *order; /* NULL: nobody to tell */
};

static bool write_row(struct cx *cx, const char *const *cells, size_t columns,
                      void *arg)
{
    struct writing *w = arg;
    const char *texts[COLUMNS_SHOWN_MAX];

    (void)cx, (void)columns;
    for (size_t i = 0; i < w->shown.n; i++)
        texts[i] = cell_plain(w->row, &w->r->columns.v[w->shown.v[i]],
                              cells[i]);
    sheet_row(w->out, texts);
    arena_reset(w->row);
    if (w->order != NULL && w->order->progress != NULL &&
        sheet_rows(w->out) % PROGRESS_ROWS == 0)
        w->order->progress(w->order->arg, sheet_rows(w->out));
    return true;
}

/* Title with its unit, since files have bare numbers: 额定功率（kW）. */
static struct sheet_column heading(struct cx *cx, const struct column *c)
{
    const char *unit = cell_unit(c->kind);
    bool number = cell_is_number(c->kind) && c->kind != CELL_SECONDS;
    bool says = *unit == '\0' || strstr(c->title, unit) != NULL;

    return (struct sheet_column){
        .title = says ? c->title : cx_printf(cx, "%s（%s）", c->title, unit),
        .number = number, .places = number ? cell_places(c->kind) : 0,
        .when = c->kind == CELL_TIME ? SHEET_MOMENT
                : c->kind == CELL_DATE ? SHEET_DAY
                : c->kind == CELL_SECONDS ? SHEET_SPAN : SHEET_NO_TIME,
    };
}

static struct sheet_out *write_all(struct cx *cx, struct writing *w,
                                   const struct list_state *st,
                                   enum sheet_format format, const char *dir)
{
    struct sheet_column columns[COLUMNS_SHOWN_MAX];
    const char *cells[COLUMNS_SHOWN_MAX];
    struct list_sql s;

    for (size_t i = 0; i < w->shown.n; i++) {
        const struct column *c = &w->r->columns.v[w->shown.v[i]];

        columns[i] = heading(cx, c);
        cells[i] = c->sql;
    }
    w->row = cx_arena(cx, ROW_ARENA);
    w->out = sheet_create(cx, format, dir, columns, w->shown.n);
    s = list_all_sql(list_state_query(cx, st, NO_FILTER), cells, w->shown.n,
                     &st->order);
    db_table_each(cx, s.sql, s.binds, write_row, w);
    return w->out;
}

/* ---- in the background ------------------------------------------------- */

static struct input *input_of(struct cx *cx, const char *query)
{
    struct input *in = CX_NEW(cx, struct input);

    input_init(in, cx->arena);
    if (input_urlencoded(in, query, strlen(query)) != INPUT_OK)
        cx_fail(cx, ERR_INTERNAL, "导出条件已损坏，重新导出。");
    return in;
}

/* The columns of "columns=no,state": in that order; all if there are none. */
static void named_columns(struct cx *cx, const struct resource *r,
                          const struct input *in, struct shown *out)
{
    const char *p = input_get(in, "columns");

    out->n = 0;
    while (p != NULL && *p != '\0') {
        size_t len = strcspn(p, ",");
        const char *name = arena_strndup(cx->arena, p, len);

        for (size_t i = 0; i < r->columns.n; i++)
            if (strcmp(r->columns.v[i].name, name) == 0 &&
                out->n < COLUMNS_SHOWN_MAX)
                out->v[out->n++] = i;
        p += len + (p[len] == ',');
    }
    if (out->n == 0)
        columns_all(r, out);
}

int64_t resource_export_count(struct cx *cx, const struct resource *r,
                              const char *query)
{
    struct list_state *st = list_state_read(cx, r, input_of(cx, query));
    struct list_sql s = list_count_sql(list_state_query(cx, st, NO_FILTER), 0);

    return db_int(cx, s.sql, s.binds);
}

int64_t resource_export_run(struct cx *cx, const struct export_order *order,
                            int64_t *size)
{
    struct input *in = input_of(cx, order->query);
    struct list_state *st = list_state_read(cx, order->r, in);
    struct writing w = { .r = order->r, .order = order };
    enum sheet_format format;
    struct sheet_out *out;

    if (!sheet_format_read(order->format, &format))
        cx_fail(cx, ERR_INTERNAL, "不支持的导出格式。");
    named_columns(cx, order->r, in, &w.shown);
    out = write_all(cx, &w, st, format, home_dir(cx, "exports"));
    (void)sheet_finish(out, size);
    sheet_keep(out, order->name);
    return sheet_rows(out);
}

/* ---- asked for by a person --------------------------------------------- */

/* 电桩_20261120_1405.xlsx */
static const char *file_name(struct cx *cx, const struct resource *r,
                             enum sheet_format format)
{
    struct civil t = stamp_civil(cx->now);

    return cx_printf(cx, "%s_%04d%02d%02d_%02d%02d%s", r->title, t.year,
                     t.month, t.day, t.hour, t.minute, sheet_suffix(format));
}

struct asked {
    struct request *req;
    const struct resource *r;
    const struct list_state *st;
    struct writing w;
    enum sheet_format format;
    int64_t rows;
    int64_t task;
};

/* What the list shows and in which columns, as text to be kept. */
static const char *query_of(struct cx *cx, const struct asked *a)
{
    const char *names = "";
    struct link l;

    link_start(&l, cx, "");
    link_filters(&l, a->st, NO_FILTER);
    link_order(&l, a->st);
    for (size_t i = 0; i < a->w.shown.n; i++)
        names = cx_printf(cx, "%s%s%s", names, i == 0 ? "" : ",",
                          a->r->columns.v[a->w.shown.v[i]].name);
    link_add(&l, "columns", names);
    return l.text + 1; /* without the "?" */
}

static void queue(struct cx *cx, void *arg)
{
    struct asked *a = arg;

    a->task = exports_of(a->req)->add(cx, a->r,
                                      a->format == SHEET_CSV ? "csv" : "xlsx",
                                      query_of(cx, a), a->rows);
}

static void later(struct asked *a)
{
    struct request *req = a->req;
    struct cx *cx = req->cx;
    const struct export_queue *q = exports_of(req);
    struct vnode *tree, *task;

    if (q == NULL)
        cx_fail(cx, ERR_TOO_LARGE, "一次最多导出 %d 行，缩小筛选条件后再试。",
                EXPORT_NOW_MAX);
    db_tx(cx, queue, a);
    if (req->json) {
        answer_json(req, cx_printf(cx, "{\"code\":0,\"data\":{\"task\":%lld}}",
                                   (long long)a->task));
    } else if (!req->htmx) {
        answer_toast(req, "已转到后台导出，完成后在这里下载。");
        answer_redirect(req, q->path);
    } else {
        tree = view_new(cx);
        task = v_child(tree, "Task");
        v_int(task, "id", a->task);
        v_set(task, "path", q->path);
        v_set(task, "title", file_name(cx, a->r, a->format));
        answer_fragment(req, "export_toast.cs", tree);
    }
}

static void note(struct cx *cx, void *arg)
{
    const struct asked *a = arg;

    identity_of(a->req)->audit(cx, "export", a->r->name, 0,
                               cx_printf(cx, "导出%s %lld 行：%s", a->r->title,
                                         (long long)sheet_rows(a->w.out),
                                         query_of(cx, a)));
}

static void at_once(struct asked *a)
{
    struct cx *cx = a->req->cx;
    int64_t size;
    int fd;

    write_all(cx, &a->w, a->st, a->format, home_dir(cx, "exports"));
    fd = sheet_finish(a->w.out, &size);
    db_tx(cx, note, a);
    answer_fd(a->req, sheet_content_type(a->format),
              file_name(cx, a->r, a->format), fd, size);
}

void resource_export(struct request *req, const void *args)
{
    struct cx *cx = req->cx;
    const struct resource *r = req->target;
    const char *format = input_get(req->input, "format");
    const char *columns = input_get(req->input, "columns");
    struct asked *a = CX_NEW(cx, struct asked);
    struct list_sql s;

    (void)args;
    a->req = req;
    a->r = r;
    a->w.r = r;
    if (format == NULL || !sheet_format_read(format, &a->format))
        cx_fail_field(cx, "format", "导出格式应为 xlsx 或 csv。");
    a->st = list_state_read(cx, r, req->input);
    if (columns != NULL && strcmp(columns, "all") == 0)
        columns_all(r, &a->w.shown);
    else
        columns_shown(req, r, &a->w.shown);
    s = list_count_sql(list_state_query(cx, a->st, NO_FILTER),
                       EXPORT_NOW_MAX + 1);
    a->rows = db_int(cx, s.sql, s.binds);
    if (a->rows > EXPORT_NOW_MAX)
        later(a);
    else
        at_once(a);
}
