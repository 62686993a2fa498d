/*
 * Importing rows from a table, new ones and changes to those that are there:
 * the heading names the fields, each row goes through the same fields, checks
 * and save hook as the form. First a dry run,
 * which does everything in a transaction and rolls it back, then the commit of
 * the same stored file: all rows or none.
 *
 *   Import.title .path .list .unit
 *   Import.columns.N .title .required .help    what the file may hold
 *   Import.key                                 what tells rows apart, or none
 *   Import.file .token .rows .wrong .fresh .changed .same   after the dry run
 *   Import.notes.N .row .name .mark .word .changes   what good rows do
 *   Import.ready (flag)                        may be committed
 *   Import.bad.N .row .column .error           at most 200 of them
 *   Import.more (flag)                         there are more
 *   Import.error                               the file as a whole
 */
#include <string.h>

#include "db/db.h"
#include "web/app.h"
#include "web/import_file.h"
#include "web/import_match.h"
#include "web/import_row.h"
#include "web/import_run.h"
#include "web/resource_in.h"
#include "web/sheet_write.h"

/* ---- what the file may hold -------------------------------------------- */

static void put_head(struct request *req, struct vnode *n)
{
    const struct resource *r = req->target;
    struct vnode *columns = v_child(n, "columns");
    size_t count = 0;

    v_set(n, "title", r->title);
    v_set(n, "unit", resource_unit(r));
    v_set(n, "list", resource_path(req->cx, r));
    v_printf(n, "path", "%s/import", resource_path(req->cx, r));
    v_set(n, "key", import_key(req->cx, r));
    for (size_t i = 0; i < r->fields.n; i++) {
        const struct field *f = &r->fields.v[i];
        struct vnode *c;

        if (!import_takes(f))
            continue;
        c = v_item(columns, count++);
        v_set(c, "title", import_title(req->cx, f));
        v_flag(c, "required", (f->flags & FIELD_REQUIRED) != 0);
        v_set(c, "help", import_help(req->cx, f));
    }
}

static void answer_import(struct request *req, struct vnode *tree)
{
    const struct resource *r = req->target;

    answer_page(req, "import.cs", tree,
                cx_printf(req->cx, "导入%s", r->title));
}

void resource_import(struct request *req, const void *args)
{
    struct vnode *tree = view_new(req->cx);

    (void)args;
    put_head(req, v_child(tree, "Import"));
    answer_import(req, tree);
}

void resource_template(struct request *req, const void *args)
{
    const struct resource *r = req->target;
    struct cx *cx = req->cx;
    const char *wanted = input_get(req->input, "format");
    enum sheet_format format = SHEET_XLSX;
    struct sheet_column columns[SHEET_IN_COLUMNS_MAX];
    struct sheet_out *out;
    int64_t size;
    size_t n = 0;
    int fd;

    (void)args;
    if (wanted != NULL && !sheet_format_read(wanted, &format))
        cx_fail_field(cx, "format", "格式应为 xlsx 或 csv。");
    for (size_t i = 0; i < r->fields.n; i++)
        if (import_takes(&r->fields.v[i]))
            columns[n++] = (struct sheet_column){
                .title = import_title(cx, &r->fields.v[i]),
            };
    out = sheet_create(cx, format, home_dir(cx, "imports"), columns, n);
    fd = sheet_finish(out, &size);
    answer_fd(req, sheet_content_type(format),
              cx_printf(cx, "%s导入模板%s", r->title, sheet_suffix(format)),
              fd, size);
}

/* ---- running ----------------------------------------------------------- */

struct run {
    struct request *req;
    const struct import_file *file;
    bool commit;
    bool stored; /* the rows are in the database */
    struct import_report *report;
};

static void note_import(struct cx *cx, const struct import_report *report,
                        void *arg)
{
    const struct run *run = arg;
    const struct resource *r = run->req->target;

    import_use(cx, run->file);
    identity_of(run->req)->audit(cx, "import", r->name, run->file->id,
                                 cx_printf(cx, "导入%s %lld 行：新增 %lld，"
                                           "修改 %lld，相同 %lld", r->title,
                                           (long long)report->rows,
                                           (long long)report->fresh,
                                           (long long)report->changed,
                                           (long long)report->same));
}

/* Fails if the file itself is no good, or the database is not. */
static void run_file(struct cx *cx, void *arg)
{
    struct run *run = arg;
    const struct import_ask ask = { .resource = run->req->target,
                                    .fd = run->file->fd,
                                    .commit = run->commit,
                                    .note = note_import, .arg = run };

    run->stored = import_run(cx, &ask, run->report);
}

static struct run *run_new(struct request *req, const struct import_file *file,
                           bool commit)
{
    struct run *run = CX_NEW(req->cx, struct run);

    *run = (struct run){ .req = req, .file = file, .commit = commit,
                         .report = import_report_new(req->cx) };
    return run;
}

/* ---- the two posts ----------------------------------------------------- */

static void put_report(struct vnode *n, const struct run *run)
{
    const struct import_report *report = run->report;

    v_set(n, "file", run->file->name);
    v_int(n, "rows", report->rows);
    v_int(n, "fresh", report->fresh);
    v_int(n, "changed", report->changed);
    v_int(n, "same", report->same);
    v_int(n, "wrong", report->wrong);
    v_flag(n, "ready", report->wrong == 0 &&
                           report->fresh + report->changed > 0);
    v_set(n, "token", run->file->token);
    for (size_t i = 0; i < report->n; i++) {
        struct vnode *e = v_item(v_child(n, "bad"), i);

        v_int(e, "row", report->errors[i].row);
        v_set(e, "column", report->errors[i].column);
        v_set(e, "error", report->errors[i].text);
    }
    v_flag(n, "more", report->n == IMPORT_ERRORS_MAX ||
                          (report->n == 0 &&
                           report->notes_n == IMPORT_NOTES_MAX));
    for (size_t i = 0; report->wrong == 0 && i < report->notes_n; i++) {
        const struct import_note *note = &report->notes[i];
        struct vnode *e = v_item(v_child(n, "notes"), i);

        v_int(e, "row", note->row);
        v_set(e, "name", note->name);
        v_set(e, "mark", note->what == IMPORT_NEW ? "ok" : "warn");
        v_set(e, "word", note->what == IMPORT_NEW ? "新增" : "修改");
        v_set(e, "changes", note->changes);
    }
}

static void answer_report(struct request *req, const struct run *run)
{
    struct vnode *tree = view_new(req->cx), *n = v_child(tree, "Import");

    put_head(req, n);
    put_report(n, run);
    if (run->report->wrong > 0)
        answer_status(req, 422);
    answer_import(req, tree);
}

static void answer_refusal(struct request *req)
{
    struct vnode *tree = view_new(req->cx), *n = v_child(tree, "Import");

    put_head(req, n);
    v_set(n, "error", req->cx->error.text);
    answer_status(req, 422);
    answer_import(req, tree);
}

void resource_upload(struct request *req, const void *args)
{
    struct cx *cx = req->cx;
    const struct param *p = input_find(req->input, "file");
    struct import_file *file;
    struct run *run;

    (void)args;
    if (p == NULL || p->kind != PARAM_FILE || p->file.size == 0)
        cx_fail_field(cx, "file", "还没有选择文件。");
    file = import_keep(cx, req->target, &p->file);
    run = run_new(req, file, false);
    if (cx_run(cx, run_file, run)) {
        answer_report(req, run);
        return;
    }
    import_drop(cx, file);
    if (cx->error.code != ERR_INVALID)
        cx_refail(cx);
    answer_refusal(req);
}

void resource_commit(struct request *req, const void *args)
{
    struct cx *cx = req->cx;
    const struct resource *r = req->target;
    struct import_file *file = import_load(cx, r, input_get(req->input,
                                                            "_file"));
    struct run *run = run_new(req, file, true);

    (void)args;
    run_file(cx, run);
    if (!run->stored) {
        answer_report(req, run);
        return;
    }
    import_drop(cx, file);
    answer_done(req, cx_printf(cx, "已导入%s：新增 %lld %s，修改 %lld %s。",
                               r->title, (long long)run->report->fresh,
                               resource_unit(r),
                               (long long)run->report->changed,
                               resource_unit(r)),
                resource_path(cx, r));
}
