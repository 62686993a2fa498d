/*
 * F-20: the parameters of a list's URL and the statements made of them. What
 * is typed is bound, never part of the text: the text is made of the same few
 * words whatever comes, and has as many marks as values.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "web/resource_in.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA = 8 << 20, QUERY_MAX = 4000 };

static const struct label labels[] = {
    { 1, "idle", "空闲", NULL }, { 2, "busy", "占用", NULL },
};
static const struct column columns[] = {
    { "no", "编号", "t.no", CELL_TEXT, COL_SORT | COL_UNIQUE | COL_LINK },
    { "power", "功率", "t.power", CELL_KW, COL_SORT },
    { "at", "时间", "t.at", CELL_TIME, COL_SORT },
    { "state", "状态", "t.state", CELL_ENUM, COL_SORT,
      .labels = LIST(labels) },
};
static const struct filter filters[] = {
    { "a", "A", "t.a", FILTER_EXACT },
    { "b", "B", "t.b|t.c", FILTER_PREFIX },
    { "c", "C", "t.c|t.d|t.e", FILTER_FUZZY },
    { "d", "D", "t.state", FILTER_ENUM, FILTER_TABS, .labels = LIST(labels) },
    { "e", "E", "t.at", FILTER_DATES },
    { "f", "F", "t.power", FILTER_RANGE, .unit = CELL_KW },
    { "g", "G", "t.g", FILTER_REF },
};
static const struct resource page = {
    .name = "t", .title = "T", .key = "t.id", .order = "-at",
    .from = "t t LEFT JOIN s s ON s.id = t.s", .where = "t.gone IS NULL",
    .scope = SCOPE_OWNED("t"),
    .columns = LIST(columns), .filters = LIST(filters),
};

/* ---- in the place of what needs a server -------------------------------- */

struct list_source *resource_source(struct cx *cx, const struct resource *r)
{
    struct list_source *s = CX_NEW(cx, struct list_source);

    *s = (struct list_source){ r->from, r->where, r->key, r->scope };
    return s;
}

const char *resource_path(struct cx *cx, const struct resource *r)
{
    return cx_printf(cx, "/console/%s", r->name);
}

const char *resource_text(struct cx *cx, const struct resource *r, int64_t id)
{
    (void)r;
    return cx_printf(cx, "row %lld", (long long)id);
}

int64_t id_of(struct cx *cx, const struct resource *r, const char *text)
{
    char *end;
    long long id = strtoll(text, &end, 10);

    (void)r;
    if (*end != '\0' || id <= 0)
        cx_fail(cx, ERR_NOT_FOUND, "没有");
    return id;
}

struct db_value db_v_text(const char *s)
{
    return s == NULL ? (struct db_value){ DB_NULL }
                     : (struct db_value){ DB_TEXT, 0, s, strlen(s) };
}

void *db_row(struct cx *cx, const char *sql, struct db_binds binds,
             struct db_row_shape shape)
{
    (void)cx, (void)sql, (void)binds, (void)shape;
    must(!"asked");
    return NULL;
}

void *db_rows(struct cx *cx, const char *sql, struct db_binds binds,
              struct db_row_shape shape, size_t *count)
{
    *count = 0;
    return db_row(cx, sql, binds, shape);
}

/* ---- the check ---------------------------------------------------------- */

static void check(struct list_sql s)
{
    static const char known[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                "0123456789_.,()<>=?* '!";
    size_t marks = 0;

    must(strspn(s.sql, known) == strlen(s.sql));
    for (const char *p = s.sql; *p != '\0'; p++) {
        marks += *p == '?';
        if (*p == '\'') {
            must(strncmp(p, "'!'", 3) == 0);
            p += 2;
        }
    }
    must(marks == s.binds.n);
    for (size_t i = 0; i < s.binds.n; i++)
        must(s.binds.v[i].kind != DB_TEXT ||
             s.binds.v[i].len <= 2 * LIST_TEXT_MAX + 400);
}

static void build(struct cx *cx, void *arg)
{
    static const char *const cells[] = { "t.no", "s.name" };
    static const int values[] = { 1, 2 };
    struct list_state *st = list_state_read(cx, &page, arg);
    struct list_query *q = list_state_query(cx, st, NO_FILTER);
    const char *place = st->before != NULL ? st->before : st->after;
    struct list_cursor at;
    bool placed = place != NULL && list_cursor_read(cx, &st->order, place,
                                                    &at);
    struct link l;

    check(list_count_sql(q, 10001));
    check(list_tabs_sql(list_state_query(cx, st, 3), "t.state", values, 2,
                        10001));
    check(list_ids_sql(q, 1000));
    check(list_all_sql(q, cells, 2, &st->order));
    link_start(&l, cx, "/console/t");
    link_filters(&l, st, NO_FILTER);
    link_order(&l, st);
    must(strpbrk(l.text, " \"'<>\\") == NULL);
    if (placed)
        must(list_cursor_read(cx, &st->order,
                              list_cursor_text(cx, &st->order, &at), &at));
    check(list_page_sql(q, cells, 2, &st->order, placed ? &at : NULL,
                        st->before != NULL, 21));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct cx *cx;
    struct input *in;

    if (size > QUERY_MAX)
        return 0;
    if (cx == NULL)
        cx = cx_new(NULL, NULL, ARENA);
    cx_begin(cx);
    cx->scope = (struct scope){ .provider_id = 7 };
    in = CX_NEW(cx, struct input);
    input_init(in, cx->arena);
    if (input_urlencoded(in, (const char *)data, size) == INPUT_OK &&
        !cx_run(cx, build, in))
        must(cx->error.code == ERR_INVALID || cx->error.code == ERR_NOT_FOUND ||
             cx->error.code == ERR_BAD_REQUEST);
    return 0;
}
