#include "db/rows.h"

#include <string.h>

enum { ROWS_AT_ONCE = 1000, TEXT_BYTES = 4 << 20 };

struct rows {
    struct cx *cx;
    const char *sql;
    struct arena *texts;
    struct db_value *values;
    size_t columns, count;
};

struct rows *rows_new(struct cx *cx, const char *sql)
{
    struct rows *r = CX_NEW(cx, struct rows);

    r->cx = cx;
    r->sql = sql;
    r->texts = cx_arena(cx, TEXT_BYTES);
    return r;
}

struct arena *rows_arena(struct rows *r)
{
    return r->texts;
}

static void flush(struct rows *r)
{
    if (r->count == 0)
        return;
    db_insert_rows(r->cx, r->sql, r->values, r->count, r->columns);
    r->count = 0;
    arena_reset(r->texts);
}

void rows_add(struct rows *r, struct db_binds values)
{
    if (r->values == NULL) {
        r->columns = values.n;
        r->values = arena_array(r->cx->arena, ROWS_AT_ONCE * values.n,
                                sizeof *r->values);
    }
    must(values.n == r->columns);
    memcpy(r->values + r->count * r->columns, values.v,
           values.n * sizeof *values.v);
    if (++r->count == ROWS_AT_ONCE)
        flush(r);
}

void rows_end(struct rows *r)
{
    flush(r);
}
