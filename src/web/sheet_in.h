/*
 * What the two readers share; nobody else includes this. A reader fills the
 * row; it never unwinds from inside a callback of expat or libcsv: it notes
 * the error, stops the parser, and sheet_next fails.
 */
#ifndef WEB_SHEET_IN_H
#define WEB_SHEET_IN_H

#include "base/buf.h"
#include "web/sheet_read.h"

struct xlsx;
struct csv_in;

struct sheet_in {
    struct cx *cx;
    int fd;
    int64_t size;
    struct xlsx *xlsx;  /* one of the two */
    struct csv_in *csv;
    bool date1904;
    int64_t rows;       /* given out */
    const char *error;  /* a sentence; NULL: fine so far */
    int64_t error_row;  /* 0: none in particular */
    /* The row being filled. */
    struct buf line;    /* texts, each with its NUL */
    size_t at[SHEET_IN_COLUMNS_MAX];   /* where in line; 0 is "" */
    enum sheet_cell kinds[SHEET_IN_COLUMNS_MAX];
    const char *cells[SHEET_IN_COLUMNS_MAX];
    size_t count;
    bool filled;        /* some cell has text */
};

void row_start(struct sheet_in *s);
/* False, and the error is noted, if it does not fit. */
bool row_cell(struct sheet_in *s, size_t column, enum sheet_cell kind,
              const char *text, size_t len);

/* Notes the first error. */
void sheet_error(struct sheet_in *s, int64_t row, const char *text);

/* Fails with what was noted. */
NORETURN void sheet_fail(struct sheet_in *s);

void xlsx_open(struct sheet_in *s);
/* Fills the next row that is not empty: its number, or 0 at the end. */
int64_t xlsx_next(struct sheet_in *s);

void csv_open(struct sheet_in *s);
int64_t csv_next(struct sheet_in *s);

#endif
