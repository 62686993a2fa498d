#include "web/import_run.h"

#include "db/db.h"
#include "web/import_row.h"
#include "web/resource.h"

enum {
    ARENA_FULL = 40 * 1024 * 1024, /* of 64: kept for acts after the commit */
    REPORT_ARENA = 2 * 1024 * 1024,
};

struct run {
    const struct import_ask *ask;
    struct import_report *report;
    bool stored;      /* the rows are in the database */
    bool rolled_back; /* on purpose: a dry run, or a row was wrong */
};

static void free_arena(void *p)
{
    arena_free(p);
}

struct import_report *import_report_new(struct cx *cx)
{
    struct import_report *report = CX_NEW(cx, struct import_report);

    report->arena = cx_own(cx, arena_new(REPORT_ARENA), free_arena);
    return report;
}

static void note_error(struct import_report *report, int64_t row,
                       const char *column, const char *text)
{
    if (report->n == IMPORT_ERRORS_MAX)
        return;
    report->errors[report->n++] = (struct import_error){
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
    const struct resource *r = o->run->ask->resource;

    o->form = form_new(cx, r, 0);
    import_read(cx, o->columns, o->row, o->form);
    if (o->form->errors == 0)
        (void)r->save(cx, 0, o->form->form);
}

/* Notes what is wrong with the row; true if something is. */
static bool note_row(struct cx *cx, struct one_row *o, bool saved)
{
    const struct resource *r = o->run->ask->resource;
    struct import_report *report = o->run->report;
    int64_t number = o->row->number;

    if (!saved) {
        if (o->form == NULL)
            cx_refail(cx);
        form_note(cx, o->form);
    }
    if (o->form->error != NULL)
        note_error(report, number, "", o->form->error);
    for (size_t i = 0; i < r->fields.n; i++)
        if (o->form->fields[i].error != NULL)
            note_error(report, number, r->fields.v[i].title,
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

static void run_rows(struct cx *cx, void *arg)
{
    struct run *run = arg;
    const struct import_ask *ask = run->ask;
    struct import_columns columns;
    struct sheet_in *in = sheet_open(cx, ask->fd);
    struct sheet_row row;

    /* A repeated transaction begins its report anew. */
    arena_reset(run->report->arena);
    *run->report = (struct import_report){ .arena = run->report->arena };
    run->rolled_back = false;
    if (!sheet_next(in, &row))
        cx_fail_field(cx, "file", "文件里没有内容。");
    import_heading(cx, ask->resource, in, &row, &columns);
    while (sheet_next(in, &row))
        run_row(cx, run, &columns, &row);
    if (run->report->rows == 0)
        cx_fail_field(cx, "file", "文件里只有标题，没有数据。");
    if (ask->commit && run->report->wrong == 0) {
        ask->note(cx, run->report, ask->arg);
        return;
    }
    run->rolled_back = true;
    cx_fail(cx, ERR_STATE, "试运行：全部撤销。");
}

static void run_tx(struct cx *cx, void *arg)
{
    db_tx(cx, run_rows, arg);
}

bool import_run(struct cx *cx, const struct import_ask *ask,
                struct import_report *report)
{
    struct run *run = CX_NEW(cx, struct run);

    *run = (struct run){ .ask = ask, .report = report };
    run->stored = cx_run(cx, run_tx, run);
    if (!run->stored && !run->rolled_back)
        cx_refail(cx);
    return run->stored;
}
