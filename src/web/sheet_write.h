/*
 * Writes a table to a file, row by row in constant memory: xlsx for Excel, or
 * CSV with a BOM, which Excel then reads as UTF-8.
 *
 * Texts that a spreadsheet would take for a formula get a quote in front
 * (rule I4): those that begin with = + - @, TAB or CR. Numbers do not.
 */
#ifndef WEB_SHEET_WRITE_H
#define WEB_SHEET_WRITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"

enum sheet_format { SHEET_XLSX = 1, SHEET_CSV };

enum {
    SHEET_ROWS_MAX = 1000000, /* of one file; Excel ends at 1,048,576 */
    SHEET_COLUMNS_MAX = 128,
    SHEET_CELL_MAX = 32000,   /* bytes; Excel ends at 32,767 characters */
};

/* What the cells of a column are in Excel, so that it sorts and sums them.
   CSV knows texts only. */
enum sheet_when {
    SHEET_NO_TIME,
    SHEET_MOMENT, /* "2026-11-20 14:05:16" */
    SHEET_DAY,    /* "2026-11-20" */
    SHEET_SPAN,   /* "1:39:26" */
    SHEET_WHENS
};

struct sheet_column {
    const char *title;
    bool number;  /* cells are decimal texts of our own making */
    int places;   /* of those numbers */
    enum sheet_when when; /* what does not look so stays a text */
    int width;    /* in characters; 0: by the title */
};

struct sheet_out;

/*
 * A new file in dir, which must exist and be ours alone; temporary files go
 * there too. Fails with ERR_INTERNAL. The file is removed with the unit of
 * work unless it is kept.
 */
struct sheet_out *sheet_create(struct cx *cx, enum sheet_format format,
                               const char *dir,
                               const struct sheet_column *columns,
                               size_t count);

/* One row of as many cells as there are columns; NULL is empty. */
void sheet_row(struct sheet_out *s, const char *const *cells);

int64_t sheet_rows(const struct sheet_out *s);

/*
 * Ends the file and gives a descriptor to read it from its beginning, closed
 * with the unit of work, and its size. Fails if anything could not be written.
 */
int sheet_finish(struct sheet_out *s, int64_t *size);

/* After sheet_finish: the file stays, under this name in dir. */
void sheet_keep(struct sheet_out *s, const char *name);

const char *sheet_suffix(enum sheet_format format);       /* ".xlsx" */
const char *sheet_content_type(enum sheet_format format);
MUST_USE bool sheet_format_read(const char *text, enum sheet_format *out);

#endif
