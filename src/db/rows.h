/*
 * Many rows of one table, gathered and sent a thousand at a time by array
 * binding: for sample data and take-overs.
 */
#ifndef DB_ROWS_H
#define DB_ROWS_H

#include "base/arena.h"
#include "base/cx.h"
#include "db/db.h"

struct rows;

/* sql is an INSERT with as many parameters as each row has values. */
struct rows *rows_new(struct cx *cx, const char *sql);

/* Texts that were not made with rows_text must outlive the rows. */
void rows_add(struct rows *r, struct db_binds values);

/* Text for the next rows_add only. */
#define rows_text(r, ...) arena_printf(rows_arena(r), __VA_ARGS__)
struct arena *rows_arena(struct rows *r);

/* Sends what is left. Call it before the rows are needed. */
void rows_end(struct rows *r);

#endif
