/*
 * Export records: list, progress, download.
 *
 * page/export_progress.cs: Task.id .path .title .state .done .total .percent
 *                          .error .url (of the file) .live (flag: not ended)
 */
#include "system/export_admin.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/money.h"
#include "db/db.h"
#include "system/export_task.h"
#include "web/sheet_write.h"

static const struct column columns[] = {
    { "title", "导出内容", "t.title", CELL_TEXT, COL_LINK,
      .group = "导出" },
    { "state", "状态", "t.state", CELL_ENUM,
      .labels = LIST(export_state_labels) },
    { "format", "格式", "t.format", CELL_TEXT },
    { "done", "已写行数", "t.rows_done", CELL_INT },
    { "total", "总行数", "t.rows_total", CELL_INT },
    { "size", "大小",
      "CASE WHEN t.size > 0 THEN CONCAT(CEIL(t.size / 1024), ' KB') END",
      CELL_TEXT },
    { "created", "提交时间", "t.created_at", CELL_TIME },
    { "ended", "完成时间", "t.ended_at", CELL_TIME },
    { "expires", "保留到", "t.expires_at", CELL_TIME },
    { "error", "原因", "t.error", CELL_TEXT },
    { "query", "条件", "t.query", CELL_TEXT, COL_DETAIL },
};

static const struct filter filters[] = {
    { "q", "导出内容", "t.title", FILTER_FUZZY },
    { "state", "状态", "t.state", FILTER_ENUM,
      .labels = LIST(export_state_labels) },
};

static const struct action actions[] = {
    { "file", "下载", ACT_ROW | ACT_LINK, PERM_ANY,
      .url = "/console/export/%s/file", .icon = "download",
      .when = "t.state = 3" },
};

const struct resource export_page = {
    .name = "export", .title = "导出记录", .icon = "download",
    .sub = "自己的后台导出，完成后保留 7 天",
    .empty = "列表超过 5,000 行时，导出会转到后台，在这里下载。",
    .live = "task",
    .key = "t.id", .text = "t.title", .from = "export_task t",
    .scope = { .account = "t.account_id" },
    .perm = { .view = PERM_ANY },
    .columns = LIST(columns), .filters = LIST(filters),
    .actions = LIST(actions),
};

static int64_t add(struct cx *cx, const struct resource *r, const char *format,
                   const char *query, int64_t rows)
{
    return export_add(cx, r->name, r->title, format, query, rows);
}

const struct export_queue export_queue = {
    .add = add, .path = "/console/export",
};

/* ---- one of them -------------------------------------------------------- */

struct export_args {
    int64_t id;
};

static const struct arg export_args[] = {
    ARG(struct export_args, id, .flags = ARG_REQUIRED, .min = 1,
        .max = INT64_MAX),
};

static const char *file_title(struct cx *cx, const struct export_task *t)
{
    struct civil c = stamp_civil(t->created_at);

    return cx_printf(cx, "%s_%04d%02d%02d_%02d%02d.%s", t->title, c.year,
                     c.month, c.day, c.hour, c.minute, t->format);
}

static void progress(struct request *req, const void *args)
{
    const struct export_args *a = args;
    struct cx *cx = req->cx;
    const struct export_task *t = export_load(cx, a->id);
    struct vnode *tree = view_new(cx), *n = v_child(tree, "Task");
    int64_t total = t->rows_total > 0 ? t->rows_total : 1;
    char text[MONEY_TEXT];

    v_int(n, "id", t->id);
    v_set(n, "path", export_queue.path);
    v_set(n, "title", file_title(cx, t));
    v_set(n, "state", label_key_of((struct labels)LIST(export_state_labels),
                                   t->state));
    v_set(n, "done", decimal_text(t->rows_done, 0, 0, true, text));
    v_set(n, "total", decimal_text(t->rows_total, 0, 0, true, text));
    v_int(n, "percent", t->rows_done >= total ? 100
                                              : t->rows_done * 100 / total);
    v_set(n, "error", t->error);
    v_flag(n, "live", t->state == EXPORT_QUEUED || t->state == EXPORT_RUNNING);
    if (t->state == EXPORT_DONE)
        v_printf(n, "url", "%s/%lld/file", export_queue.path,
                 (long long)t->id);
    answer_fragment(req, "page/export_progress.cs", tree);
}

static void note(struct cx *cx, void *arg)
{
    export_fetched(cx, arg);
}

static void close_fd(void *p)
{
    (void)close(*(int *)p);
}

static void file(struct request *req, const void *args)
{
    const struct export_args *a = args;
    struct cx *cx = req->cx;
    struct export_task *t = export_load(cx, a->id);
    int *fd = CX_NEW(cx, int);
    enum sheet_format format;

    if (t->state != EXPORT_DONE || !sheet_format_read(t->format, &format))
        cx_fail(cx, ERR_STATE, t->state == EXPORT_EXPIRED
                                   ? "文件已过期，重新导出。"
                                   : "文件还没有准备好。");
    *fd = open(cx_printf(cx, "%s/%s", home_dir(cx, "exports"), t->file),
               O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (*fd < 0)
        cx_fail(cx, ERR_NOT_FOUND, "文件不在了，重新导出。");
    cx_own(cx, fd, close_fd);
    db_tx(cx, note, t);
    answer_fd(req, sheet_content_type(format), file_title(cx, t), *fd,
              t->size);
}

/* Every account has its own records, and only those. */
const struct route export_routes[EXPORT_ROUTES] = {
    { GET, "/console/export/:id/progress", AUTH_ACCOUNT, PERM_ANY, 0,
      LIST(export_args), sizeof(struct export_args), progress },
    { GET, "/console/export/:id/file", AUTH_ACCOUNT, PERM_ANY, 0,
      LIST(export_args), sizeof(struct export_args), file },
};
