/*
 * Reads an uploaded table row by row: xlsx, or CSV in UTF-8 or GBK. What the
 * file is, is decided by its first bytes, never by its name.
 *
 *   struct sheet_in *s = sheet_open(cx, fd);
 *   while (sheet_next(s, &row)) ...
 *
 * Untrusted bytes: limits below (rule U2), no document type, no entities, no
 * code pages beside those two. What is wrong fails with ERR_INVALID and a
 * sentence for the user; nothing is read further.
 */
#ifndef WEB_SHEET_READ_H
#define WEB_SHEET_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"

enum {
    SHEET_IN_BYTES_MAX = 50 * 1024 * 1024,    /* of the file as it came */
    SHEET_IN_UNPACKED_MAX = 50 * 1024 * 1024, /* all parts of an xlsx */
    SHEET_IN_ENTRIES_MAX = 100,
    SHEET_IN_RATIO_MAX = 100,                 /* unpacked to packed */
    SHEET_IN_ROWS_MAX = 5000,                 /* beside the heading */
    SHEET_IN_COLUMNS_MAX = 128,
    SHEET_IN_CELL_MAX = 4000,                 /* bytes */
    SHEET_IN_STRINGS_MAX = 16 * 1024 * 1024,  /* shared texts of an xlsx */
};

enum sheet_cell { SHEET_TEXT, SHEET_NUMBER, SHEET_ERROR /* #N/A */ };

struct sheet_row {
    int64_t number;           /* as the spreadsheet shows it, from 1 */
    size_t count;             /* cells, empty ones are "" */
    const char *const *cells; /* valid until the next row */
    const enum sheet_cell *kinds;
};

struct sheet_in;

/* fd stays the caller's. Everything ends with the unit of work. */
struct sheet_in *sheet_open(struct cx *cx, int fd);

/* The next row that is not empty; false at the end. */
bool sheet_next(struct sheet_in *s, struct sheet_row *row);

/*
 * A date cell of an xlsx is a number of days since 1899-12-30, or since
 * 1904-01-01 in some workbooks. False if it is not one, or before 1970.
 */
bool sheet_is_1904(const struct sheet_in *s);
MUST_USE bool sheet_date(bool since_1904, const char *days, stamp *out);

/*
 * A number as it stands in an xlsx ("3.2010600011923E13", "0.30000000000004")
 * as people write it: no exponent, 15 significant digits. False, and nothing
 * written, if it is not a number or too large to be one of ours.
 */
enum { SHEET_NUMBER_TEXT = 64 };
MUST_USE bool sheet_number(const char *text, char out[SHEET_NUMBER_TEXT]);

#endif
