/*
 * One row of an imported table: which field each column is, and what its
 * words mean (names for references, words for enumerations). Inside of the
 * resource engine.
 */
#ifndef WEB_IMPORT_ROW_H
#define WEB_IMPORT_ROW_H

#include "web/resource_in.h"
#include "web/sheet_read.h"

struct import_columns {
    bool date1904;
    int field[SHEET_IN_COLUMNS_MAX]; /* number of the field; -1: none */
};

/* May the field be imported at all? */
bool import_takes(const struct field *f);

/* Its heading: 额定功率（kW）*. */
const char *import_title(struct cx *cx, const struct field *f);

/* What may stand in its cells; "" if the title says all. */
const char *import_help(struct cx *cx, const struct field *f);

/* Reads the heading; fails if a column is unknown, doubled or missing. */
void import_heading(struct cx *cx, const struct resource *r,
                    const struct sheet_in *in, const struct sheet_row *row,
                    struct import_columns *out);

/* Reads a row into the form and its struct; what is wrong stands at the
   fields. */
void import_read(struct cx *cx, const struct import_columns *columns,
                 const struct sheet_row *row, struct form_state *form);

#endif
