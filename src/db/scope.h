/*
 * What the caller may see, as SQL. The one place where scope becomes a
 * condition: the list engine and every loader call scope_sql (rule A8).
 */
#ifndef DB_SCOPE_H
#define DB_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cx.h"
#include "db/db.h"

/*
 * The columns that hold the owners of a row; those that the caller's scope
 * limits are compared. A limited caller sees nothing when the column for its
 * limit is NULL.
 */
struct scope_columns {
    const char *provider;
    const char *merchant;
    const char *station;
    const char *driver;
    /* Rows of the acting account only, whatever else it may see: its own
       export records. Alone; the others are then not asked. */
    const char *account;
};

/* Rows that reach their owners through a station alias. */
#define SCOPE_STATION(s) \
    { .provider = s ".provider_id", .merchant = s ".merchant_id", \
      .station = s ".id" }
/* Rows that carry their owners themselves, as orders do. */
#define SCOPE_OWNED(t) \
    { .provider = t ".provider_id", .merchant = t ".merchant_id", \
      .station = t ".station_id" }
/* Only the platform sees rows. */
#define SCOPE_PLATFORM { .provider = NULL }

enum { SCOPE_BINDS_MAX = 1024 };

/*
 * The condition ("1" if unlimited, "0" if nothing may be seen), in arena
 * text; its binds are appended to v[*n], which has room for SCOPE_BINDS_MAX
 * more.
 */
const char *scope_sql(struct cx *cx, const struct scope_columns *columns,
                      struct db_value *v, size_t *n);

/*
 * Loaders: runs "select" with " AND <scope>" and the id bound first:
 *   scoped_row(cx, "SELECT p.id, ... FROM pile p JOIN station s ON ..."
 *              " WHERE p.id = ?", id, &pile_scope, ROW(...))
 * Fails with ERR_NOT_FOUND and "没有找到这个<what>，可能已删除或不在你的数据范围内。"
 */
void *scoped_row(struct cx *cx, const char *select, int64_t id,
                 const struct scope_columns *columns,
                 struct db_row_shape shape, const char *what);

/* The same for a row known by another key, V(order_no). */
void *scoped_row_by(struct cx *cx, const char *select, struct db_value key,
                    const struct scope_columns *columns,
                    struct db_row_shape shape, const char *what);

/*
 * Any statement that reads in scope: select ends in its WHERE condition, to
 * which " AND <scope>" is added, then tail (" ORDER BY ...", or ""). binds
 * belong to select. As db_rows.
 */
void *scoped_rows(struct cx *cx, const char *select, struct db_binds binds,
                  const struct scope_columns *columns, const char *tail,
                  struct db_row_shape shape, size_t *count);

/* The same, of one number: the first column of the first row, 0 if none. */
int64_t scoped_int(struct cx *cx, const char *select, struct db_binds binds,
                   const struct scope_columns *columns, const char *tail);

#endif
