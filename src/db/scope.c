/*
 * Scope as SQL: scope.h. Only constants of descriptors and question marks
 * become text here (rule I2).
 */
#include "db/scope.h"

#include <string.h>

struct condition {
    struct cx *cx;
    const char *text;
    struct db_value *v;
    size_t *n;
    size_t limit;
};

static void bind(struct condition *c, int64_t id)
{
    must(*c->n < c->limit);
    c->v[(*c->n)++] = V(id);
}

static void add(struct condition *c, const char *test)
{
    c->text = c->text == NULL
        ? test
        : arena_printf(c->cx->arena, "%s AND %s", c->text, test);
}

/* "column = ?", or false if the rows do not say whose they are. */
static bool limit_one(struct condition *c, const char *column, int64_t id)
{
    if (id == 0)
        return true;
    if (column == NULL)
        return false;
    add(c, arena_printf(c->cx->arena, "%s = ?", column));
    bind(c, id);
    return true;
}

/*
 * "column IN (?, ...)". The list is filled up to a power of two with its last
 * id, so that accounts bound to different numbers of stations share a few
 * prepared statements.
 */
static bool limit_stations(struct condition *c, const char *column,
                           const struct scope *s)
{
    size_t width = 1;
    char *marks;

    if (s->station_count == 0)
        return true;
    if (column == NULL)
        return false;
    while (width < s->station_count)
        width *= 2;
    must(width <= SCOPE_BINDS_MAX / 2);
    marks = arena_alloc(c->cx->arena, 3 * width + 1);
    for (size_t i = 0; i < width; i++) {
        memcpy(marks + 3 * i, i + 1 < width ? "?, " : "?", i + 1 < width ? 3
                                                                         : 1);
        bind(c, s->station_ids[i < s->station_count ? i
                                                    : s->station_count - 1]);
    }
    add(c, arena_printf(c->cx->arena, "%s IN (%s)", column, marks));
    return true;
}

const char *scope_sql(struct cx *cx, const struct scope_columns *columns,
                      struct db_value *v, size_t *n)
{
    const struct scope *s = &cx->scope;
    struct condition c = { .cx = cx, .v = v, .n = n,
                           .limit = *n + SCOPE_BINDS_MAX };
    size_t before = *n;

    if (columns->account != NULL) {
        if (cx->actor.kind != ACTOR_ACCOUNT || cx->actor.id == 0)
            return "0";
        limit_one(&c, columns->account, cx->actor.id);
        return c.text;
    }
    if (limit_one(&c, columns->provider, s->provider_id) &&
        limit_one(&c, columns->merchant, s->merchant_id) &&
        limit_one(&c, columns->driver, s->driver_id) &&
        limit_stations(&c, columns->station, s)) {
        if (c.text != NULL)
            return c.text;
        if (s->all)
            return "1";
    }
    *n = before;
    return "0";
}

void *scoped_row(struct cx *cx, const char *select, int64_t id,
                 const struct scope_columns *columns,
                 struct db_row_shape shape, const char *what)
{
    return scoped_row_by(cx, select, V(id), columns, shape, what);
}

/* The whole statement; binds become those of select and of the scope. */
static const char *in_scope(struct cx *cx, const char *select,
                            struct db_binds *binds,
                            const struct scope_columns *columns,
                            const char *tail)
{
    struct db_value *v = arena_array(cx->arena, SCOPE_BINDS_MAX + binds->n,
                                     sizeof *v);
    size_t n = binds->n;
    const char *condition;

    memcpy(v, binds->v, binds->n * sizeof *v);
    condition = scope_sql(cx, columns, v, &n);
    *binds = (struct db_binds){ v, n };
    return arena_printf(cx->arena, "%s AND (%s)%s", select, condition, tail);
}

void *scoped_row_by(struct cx *cx, const char *select, struct db_value key,
                    const struct scope_columns *columns,
                    struct db_row_shape shape, const char *what)
{
    struct db_binds binds = { &key, 1 };
    const char *sql = in_scope(cx, select, &binds, columns, "");
    void *row = db_row(cx, sql, binds, shape);

    if (row == NULL)
        cx_fail(cx, ERR_NOT_FOUND,
                "没有找到这个%s，可能已删除或不在你的数据范围内。", what);
    return row;
}

void *scoped_rows(struct cx *cx, const char *select, struct db_binds binds,
                  const struct scope_columns *columns, const char *tail,
                  struct db_row_shape shape, size_t *count)
{
    const char *sql = in_scope(cx, select, &binds, columns, tail);

    return db_rows(cx, sql, binds, shape, count);
}

int64_t scoped_int(struct cx *cx, const char *select, struct db_binds binds,
                   const struct scope_columns *columns, const char *tail)
{
    const char *sql = in_scope(cx, select, &binds, columns, tail);

    return db_int(cx, sql, binds);
}
