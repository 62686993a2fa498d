/*
 * The statements of a list: page, count, tabs, one row, export. Built from
 * constants of a descriptor; whatever a request gave is bound, never joined
 * (rule I2). The caller's scope is part of every statement (rule A8).
 *
 *   struct list_query *q = list_query_new(cx, &source);
 *   list_where_int(q, "p.state", 2);
 *   struct list_sql s = list_page_sql(q, cells, n, &order, NULL, false, 21);
 *   struct db_table t = db_table(cx, s.sql, s.binds);
 *
 * Paging is by key: a page starts after (or before) the sort value and key of
 * a row, so that its cost does not grow with how far one has paged. The
 * comparison is written as an OR of two intervals, which MariaDB turns into
 * one range of the sort column's index; a row comparison it would not.
 */
#ifndef DB_LISTQUERY_H
#define DB_LISTQUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"
#include "db/db.h"
#include "db/scope.h"

/* Where the rows of a list come from: SQL constants. */
struct list_source {
    const char *from;  /* the listed table, then LEFT JOIN of one row each:
                          "pile p LEFT JOIN station s ON s.id = p.station_id" */
    const char *where; /* a fixed condition, or NULL */
    const char *key;   /* the listed table's BIGINT key: "p.id" */
    struct scope_columns scope;
};

/* A finished statement in arena memory. */
struct list_sql {
    const char *sql;
    struct db_binds binds;
};

struct list_query;

/* Every row of the source that the caller may see. */
struct list_query *list_query_new(struct cx *cx,
                                  const struct list_source *source);

/* A copy that can be narrowed further on its own. */
struct list_query *list_query_copy(const struct list_query *q);

enum {
    LIST_IDS_MAX = 1000,   /* ids in one condition */
    LIST_TEXT_MAX = 100,   /* bytes of a searched text; the rest is cut */
    LIST_TABS_MAX = 16,    /* values counted by list_tabs_sql */
};

/* ---- conditions -------------------------------------------------------- */

void list_where_int(struct list_query *q, const char *sql, int64_t value);
void list_where_text(struct list_query *q, const char *sql, const char *value);

/* The column is what the lookup, a statement with one parameter that returns
   at most one row, finds by the value. */
void list_where_lookup(struct list_query *q, const char *sql,
                       const char *lookup, const char *value);

/*
 * Begins with the text, or holds it, in any of the columns ("a.no|a.name").
 * Wildcards in the text stand for themselves. A prefix is asked for in the
 * columns after "~" alone if it begins beyond ASCII, and in the others alone if
 * not ("o.order_no|~o.plate"): the index of one column serves a page however
 * many rows fit, those of several at once do not (measured with 10^6 orders:
 * 0.8 ms against 2.9 s).
 */
void list_where_prefix(struct list_query *q, const char *columns,
                       const char *text);
void list_where_contains(struct list_query *q, const char *columns,
                         const char *text);

/* from and to inclusive; NULL is open. */
void list_where_range(struct list_query *q, const char *sql,
                      const int64_t *from, const int64_t *to);

/* from <= column < until; the zero stamp is open. */
void list_where_time(struct list_query *q, const char *sql, stamp from,
                     stamp until);

/* At most LIST_IDS_MAX; none at all matches nothing. */
void list_where_ids(struct list_query *q, const char *sql, const int64_t *ids,
                    size_t count);

/* A condition of the descriptor, without parameters. */
void list_where(struct list_query *q, const char *condition);

/* ---- order and place --------------------------------------------------- */

enum list_kind { LIST_INT, LIST_TEXT, LIST_TIME };

struct list_order {
    const char *name; /* of the column, remembered in the cursor */
    const char *sql;  /* NULL: the key itself */
    enum list_kind kind;
    bool descending;
    /* No two rows share it and none is NULL. MariaDB does not use a unique
       index for an order by column and key, so the key is left out. */
    bool unique;
};

/* The row that a page starts after or before. */
struct list_cursor {
    bool null;         /* the sort value is NULL */
    const char *value; /* as the database prints it; unused for the key */
    int64_t id;
};

/* The cursor as text for a URL, and back: false unless it was made for this
   order. The text says nothing that the page does not show. */
const char *list_cursor_text(struct cx *cx, const struct list_order *order,
                             const struct list_cursor *c);
MUST_USE bool list_cursor_read(struct cx *cx, const struct list_order *order,
                               const char *text, struct list_cursor *out);

/* ---- statements -------------------------------------------------------- */

/*
 * One page of cells: SQL expressions, then the key, then the sort value.
 * from NULL: the first rows, or the last ones if backwards. Backwards, the
 * rows come in reverse order.
 */
struct list_sql list_page_sql(const struct list_query *q,
                              const char *const *cells, size_t count,
                              const struct list_order *order,
                              const struct list_cursor *from, bool backwards,
                              int limit);

/* All rows in order, without limit, for a streaming export. */
struct list_sql list_all_sql(const struct list_query *q,
                             const char *const *cells, size_t count,
                             const struct list_order *order);

/* How many rows, counting no further than cap; 0: to the end. */
struct list_sql list_count_sql(const struct list_query *q, int cap);

/* One row of (value, how many) for each value of the column, each counted no
   further than cap. */
struct list_sql list_tabs_sql(const struct list_query *q, const char *column,
                              const int *values, size_t count, int cap);

/* The cells of one row; no row if it is outside the scope. */
struct list_sql list_row_sql(const struct list_query *q,
                             const char *const *cells, size_t count,
                             int64_t id);

/*
 * One cell of the listed table alone, its row locked for the transaction. The
 * scope is not asked: the caller has seen the row before.
 */
struct list_sql list_lock_sql(struct cx *cx, const struct list_source *source,
                              const char *cell, int64_t id);

/* The keys of the rows in key order. */
struct list_sql list_ids_sql(const struct list_query *q, int limit);

#endif
