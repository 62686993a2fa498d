/*
 * Importing new rows from a table: the heading names the fields, each row goes
 * through the same fields, checks and save hook as the form. First a dry run,
 * which does everything in a transaction and rolls it back, then the commit of
 * the same stored file: all rows or none.
 *
 *   Import.title .path .list .unit
 *   Import.columns.N .title .required .help    what the file may hold
 *   Import.file .token .rows .good .wrong      after the dry run
 *   Import.ready (flag)                        may be committed
 *   Import.bad.N .row .column .error           at most 200 of them
 *   Import.more (flag)                         there are more
 *   Import.error                               the file as a whole
 */
#include <string.h>

#include "db/db.h"
#include "web/app.h"
#include "web/import_file.h"
#include "web/import_row.h"
#include "web/resource_in.h"
#include "web/sheet_write.h"

enum {
    ERRORS_MAX = 200,
    ARENA_FULL = 40 * 1024 * 1024, /* of 64: kept for acts after the commit */
    REPORT_ARENA = 2 * 1024 * 1024,
};

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

struct row_error {
    int64_t row;
    const char *column;
    const char *text;
};

/* What came of it; its texts live in an arena of their own, because that of
   the unit of work is given back row by row. */
struct report {
    struct arena *arena;
    int64_t rows, wrong;
    size_t n;
    struct row_error errors[ERRORS_MAX];
};

struct run {
    struct request *req;
    const struct resource *r;
    const struct import_file *file;
    bool commit;
    bool stored;      /* the rows are in the database */
    bool rolled_back; /* on purpose: a dry run, or a row was wrong */
    struct report *report;
};

static void free_arena(void *p)
{
    arena_free(p);
}

static void note(struct report *report, int64_t row, const char *column,
                 const char *text)
{
    if (report->n == ERRORS_MAX)
        return;
    report->errors[report->n++] = (struct row_error){
        row, arena_strdup(report->arena, column),
        arena_strdup(report->arena, text),
    };
}

struct one_row {
    struct run *run;
    const struct import_columns *columns;
    const struct sheet_row *row;
    struct form_state *form;
};

static void save_row(struct cx *cx, void *arg)
{
    struct one_row *o = arg;
    const struct resource *r = o->run->r;

    o->form = form_new(cx, r, 0);
    import_read(cx, o->columns, o->row, o->form);
    if (o->form->errors == 0)
        (void)r->save(cx, 0, o->form->form);
}

/* Notes what is wrong with the row; true if something is. */
static bool note_row(struct cx *cx, struct one_row *o, bool saved)
{
    struct report *report = o->run->report;
    int64_t number = o->row->number;

    if (!saved) {
        if (o->form == NULL)
            cx_refail(cx);
        form_note(cx, o->form);
    }
    if (o->form->error != NULL)
        note(report, number, "", o->form->error);
    for (size_t i = 0; i < o->run->r->fields.n; i++)
        if (o->form->fields[i].error != NULL)
            note(report, number, o->run->r->fields.v[i].title,
                 o->form->fields[i].error);
    return !saved || o->form->errors > 0 || o->form->error != NULL;
}

static void run_row(struct cx *cx, struct run *run,
                    const struct import_columns *columns,
                    const struct sheet_row *row)
{
    struct one_row o = { run, columns, row, NULL };
    struct arena_mark mark = arena_mark(cx->arena);
    bool saved = cx_run(cx, save_row, &o);

    /* A broken transaction or connection is not the row's fault. */
    if (!saved && (cx->error.code == ERR_DATABASE ||
                   cx->error.code == ERR_INTERNAL))
        cx_refail(cx);
    run->report->rows++;
    run->report->wrong += note_row(cx, &o, saved);
    if (!db_acts_wait(cx->db))
        arena_release(cx->arena, mark);
    else if (arena_used(cx->arena) > ARENA_FULL)
        cx_fail_field(cx, "file", "行数太多，分成几个文件导入。");
}

static void note_import(struct cx *cx, const struct run *run)
{
    import_use(cx, run->file);
    identity_of(run->req)->audit(cx, "import", run->r->name, run->file->id,
                                 cx_printf(cx, "导入%s %lld 行",
                                           run->r->title,
                                           (long long)run->report->rows));
}

static void run_rows(struct cx *cx, void *arg)
{
    struct run *run = arg;
    struct import_columns columns;
    struct sheet_in *in = sheet_open(cx, run->file->fd);
    struct sheet_row row;

    /* A repeated transaction begins its report anew. */
    arena_reset(run->report->arena);
    *run->report = (struct report){ .arena = run->report->arena };
    run->rolled_back = false;
    if (!sheet_next(in, &row))
        cx_fail_field(cx, "file", "文件里没有内容。");
    import_heading(cx, run->r, in, &row, &columns);
    while (sheet_next(in, &row))
        run_row(cx, run, &columns, &row);
    if (run->report->rows == 0)
        cx_fail_field(cx, "file", "文件里只有标题，没有数据。");
    if (run->commit && run->report->wrong == 0) {
        note_import(cx, run);
        return;
    }
    run->rolled_back = true;
    cx_fail(cx, ERR_STATE, "试运行：全部撤销。");
}

static void run_tx(struct cx *cx, void *arg)
{
    db_tx(cx, run_rows, arg);
}

/* Fails if the file itself is no good, or the database is not. */
static void run_file(struct cx *cx, void *arg)
{
    struct run *run = arg;

    run->stored = cx_run(cx, run_tx, run);
    if (!run->stored && !run->rolled_back)
        cx_refail(cx);
}

static struct run *run_new(struct request *req, const struct import_file *file,
                           bool commit)
{
    struct cx *cx = req->cx;
    struct run *run = CX_NEW(cx, struct run);

    *run = (struct run){ .req = req, .r = req->target, .file = file,
                         .commit = commit };
    run->report = CX_NEW(cx, struct report);
    run->report->arena = cx_own(cx, arena_new(REPORT_ARENA), free_arena);
    return run;
}

/* ---- the two posts ----------------------------------------------------- */

static void put_report(struct vnode *n, const struct run *run)
{
    const struct report *report = run->report;

    v_set(n, "file", run->file->name);
    v_int(n, "rows", report->rows);
    v_int(n, "good", report->rows - report->wrong);
    v_int(n, "wrong", report->wrong);
    v_flag(n, "ready", report->wrong == 0);
    v_set(n, "token", run->file->token);
    for (size_t i = 0; i < report->n; i++) {
        struct vnode *e = v_item(v_child(n, "bad"), i);

        v_int(e, "row", report->errors[i].row);
        v_set(e, "column", report->errors[i].column);
        v_set(e, "error", report->errors[i].text);
    }
    v_flag(n, "more", report->n == ERRORS_MAX);
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
    answer_done(req, cx_printf(cx, "已导入 %lld %s%s。",
                               (long long)run->report->rows,
                               resource_unit(r), r->title),
                resource_path(cx, r));
}
