#include "web/import_run.h"

#include <string.h>

#include "db/db.h"
#include "web/import_match.h"
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
    /* Which row of the database each good row of the table was. */
    struct { int64_t id, row; } *met;
    size_t met_n;
};

struct import_report *import_report_new(struct cx *cx)
{
    struct import_report *report = CX_NEW(cx, struct import_report);

    report->arena = cx_arena(cx, REPORT_ARENA);
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
    enum import_what what;
    const char *changes;
    int64_t id;
};

/* The number of an earlier row of the table that is the same; 0 if none. */
static int64_t met_before(const struct run *run, int64_t id)
{
    for (size_t i = 0; i < run->met_n; i++)
        if (run->met[i].id == id)
            return run->met[i].row;
    return 0;
}

static void save_row(struct cx *cx, void *arg)
{
    struct one_row *o = arg;
    const struct resource *r = o->run->ask->resource;
    int64_t id, earlier;

    o->form = form_new(cx, r, 0);
    import_read(cx, o->columns, o->row, o->form);
    id = import_find(cx, o->form);
    earlier = met_before(o->run, id);
    if (id != 0 && earlier != 0)
        cx_fail_field(cx, r->same[0].field, "与第 %lld 行重复。",
                      (long long)earlier);
    if (id != 0) {
        o->changes = import_merge(cx, o->form, id);
        o->what = *o->changes == '\0' ? IMPORT_SAME : IMPORT_CHANGED;
    }
    if (o->form->errors == 0 && o->what != IMPORT_SAME)
        id = r->save(cx, id, o->form->form);
    o->id = id;
}

/* What tells the row apart, as the table has it. */
static const char *name_of(const struct form_state *form)
{
    const struct resource *r = form->r;
    const char *name = "";

    for (size_t k = 0; k < COUNT(r->same) && r->same[k].field != NULL; k++)
        for (size_t i = 0; i < r->fields.n; i++)
            if (strcmp(r->fields.v[i].name, r->same[k].field) == 0 &&
                r->fields.v[i].ref == NULL)
                name = form->fields[i].text;
    return name;
}

/* Counts a good row, and keeps what it does if that is of interest. */
static void note_good(const struct one_row *o)
{
    struct import_report *report = o->run->report;
    struct run *run = o->run;

    must(run->met_n < SHEET_IN_ROWS_MAX);
    run->met[run->met_n].id = o->id;
    run->met[run->met_n++].row = o->row->number;
    report->fresh += o->what == IMPORT_NEW;
    report->changed += o->what == IMPORT_CHANGED;
    report->same += o->what == IMPORT_SAME;
    if (o->what == IMPORT_SAME || report->notes_n == IMPORT_NOTES_MAX)
        return;
    report->notes[report->notes_n++] = (struct import_note){
        o->row->number, o->what,
        arena_strdup(report->arena, name_of(o->form)),
        arena_strdup(report->arena, o->changes),
    };
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
    struct one_row o = { run, columns, row, NULL, IMPORT_NEW, "", 0 };
    bool wrong;
    struct arena_mark mark = arena_mark(cx->arena);
    bool saved = cx_run(cx, save_row, &o);

    /* A broken transaction or connection is not the row's fault. */
    if (!saved && (cx->error.code == ERR_DATABASE ||
                   cx->error.code == ERR_INTERNAL))
        cx_refail(cx);
    run->report->rows++;
    wrong = note_row(cx, &o, saved);
    run->report->wrong += wrong;
    if (!wrong)
        note_good(&o);
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
    run->met_n = 0;
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

/* A file that is broken or too long is refused before its rows cost anything:
   five thousand of them keep the database busy for seconds. */
static void read_through(struct cx *cx, void *arg)
{
    const struct run *run = arg;
    struct sheet_in *in = sheet_open(cx, run->ask->fd);
    struct sheet_row row;

    while (sheet_next(in, &row))
        ;
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
    run->met = arena_array(cx->arena, SHEET_IN_ROWS_MAX, sizeof *run->met);
    if (!cx_run(cx, read_through, run))
        cx_refail(cx);
    run->stored = cx_run(cx, run_tx, run);
    if (!run->stored && !run->rolled_back)
        cx_refail(cx);
    return run->stored;
}
