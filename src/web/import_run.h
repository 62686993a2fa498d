/*
 * Runs an import: every row of a table through the fields, checks and save
 * hook of a resource, in one transaction. A row that is there already, by
 * what tells the resource's rows apart, is updated; one that says what is
 * stored is left alone. A dry run rolls it back; so does a
 * row that is wrong: all rows or none. For the import page and for the
 * command line.
 */
#ifndef WEB_IMPORT_RUN_H
#define WEB_IMPORT_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"

struct resource;

enum { IMPORT_ERRORS_MAX = 200, IMPORT_NOTES_MAX = 200 };

struct import_error {
    int64_t row; /* as the spreadsheet shows it */
    const char *column, *text;
};

enum import_what { IMPORT_NEW, IMPORT_CHANGED, IMPORT_SAME };

/* What a good row does. */
struct import_note {
    int64_t row;
    enum import_what what;
    const char *name;    /* of the row: its key */
    const char *changes; /* 额定功率 60 → 120 */
};

/* What came of it; its texts live in an arena of their own, because that of
   the unit of work is given back row by row. */
struct import_report {
    struct arena *arena;
    int64_t rows, wrong;
    int64_t fresh, changed, same;
    size_t n; /* of the errors, the first ones */
    struct import_error errors[IMPORT_ERRORS_MAX];
    size_t notes_n; /* the first rows that are new or changed */
    struct import_note notes[IMPORT_NOTES_MAX];
};

struct import_ask {
    const struct resource *resource;
    int fd;      /* xlsx or CSV; stays the caller's */
    bool commit; /* false: a dry run */
    /* Called in the transaction once all rows are stored: marks, audits. */
    void (*note)(struct cx *cx, const struct import_report *report,
                 void *arg);
    void *arg;
};

/* A report that ends with the unit of work. */
struct import_report *import_report_new(struct cx *cx);

/* True if the rows are stored now. Fails if the file as a whole is no good
   (ERR_INVALID), or the database is not. */
bool import_run(struct cx *cx, const struct import_ask *ask,
                struct import_report *report);

#endif
