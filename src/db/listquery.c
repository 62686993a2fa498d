/*
 * List statements. Every piece of text in a statement is a constant of a
 * descriptor or of this file; values are always parameters.
 */
#include "db/listquery.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"

enum {
    BINDS_MAX = LIST_TABS_MAX * (SCOPE_BINDS_MAX + LIST_IDS_MAX),
    BINDS_FIRST = 16,
    CURSOR_MAX = 400, /* bytes of a cursor before it is written in hex */
    COLUMNS_MAX = 8,  /* searched by one text */
};

#define LEFT_JOIN " LEFT JOIN "

struct list_query {
    struct cx *cx;
    const struct list_source *source;
    const char *where;
    struct db_value *binds;
    size_t bound, room;
};

struct list_query *list_query_new(struct cx *cx,
                                  const struct list_source *source)
{
    struct list_query *q = CX_NEW(cx, struct list_query);

    q->cx = cx;
    q->source = source;
    q->room = SCOPE_BINDS_MAX + BINDS_FIRST;
    q->binds = arena_array(cx->arena, q->room, sizeof q->binds[0]);
    q->where = scope_sql(cx, &source->scope, q->binds, &q->bound);
    if (source->where != NULL)
        list_where(q, source->where);
    return q;
}

struct list_query *list_query_copy(const struct list_query *q)
{
    struct list_query *copy = arena_memdup(q->cx->arena, q, sizeof *q);

    copy->room = q->bound + BINDS_FIRST;
    copy->binds = arena_array(q->cx->arena, copy->room, sizeof q->binds[0]);
    memcpy(copy->binds, q->binds, q->bound * sizeof q->binds[0]);
    return copy;
}

static void bind(struct list_query *q, struct db_value v)
{
    if (q->bound == q->room) {
        struct db_value *more;

        must(q->bound < BINDS_MAX);
        more = arena_array(q->cx->arena, 2 * q->room, sizeof more[0]);
        memcpy(more, q->binds, q->bound * sizeof more[0]);
        q->binds = more;
        q->room *= 2;
    }
    q->binds[q->bound++] = v;
}

void list_where(struct list_query *q, const char *condition)
{
    q->where = cx_printf(q->cx, "%s AND (%s)", q->where, condition);
}

void list_where_int(struct list_query *q, const char *sql, int64_t value)
{
    list_where(q, cx_printf(q->cx, "%s = ?", sql));
    bind(q, V(value));
}

void list_where_text(struct list_query *q, const char *sql, const char *value)
{
    list_where(q, cx_printf(q->cx, "%s = ?", sql));
    bind(q, V(value));
}

void list_where_lookup(struct list_query *q, const char *sql,
                       const char *lookup, const char *value)
{
    list_where(q, cx_printf(q->cx, "%s = (%s)", sql, lookup));
    bind(q, V(value));
}

/* ---- LIKE -------------------------------------------------------------- */

/* The text as a LIKE pattern with '!' before every wildcard and itself. */
static const char *like_pattern(struct cx *cx, const char *text,
                                bool anywhere)
{
    size_t len = strnlen(text, LIST_TEXT_MAX);
    char *out, *p;

    /* Never cut inside a UTF-8 sequence. */
    while (text[len] != '\0' && ((unsigned char)text[len] & 0xc0) == 0x80)
        len--;
    p = out = arena_alloc(cx->arena, 2 * len + 3);
    if (anywhere)
        *p++ = '%';
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '%' || text[i] == '_' || text[i] == '!')
            *p++ = '!';
        *p++ = text[i];
    }
    *p++ = '%';
    *p = '\0';
    return out;
}

static void where_like(struct list_query *q, const char *columns,
                       const char *pattern)
{
    const char *condition = "", *or = "";
    size_t n = 0;

    for (const char *p = columns; p != NULL; n++) {
        size_t len = strcspn(p, "|");

        must(n < COLUMNS_MAX && len > 0);
        condition = cx_printf(q->cx, "%s%s%.*s LIKE ? ESCAPE '!'", condition,
                              or, (int)len, p);
        bind(q, V(pattern));
        or = " OR ";
        p = p[len] == '|' ? p + len + 1 : NULL;
    }
    list_where(q, condition);
}

/* The columns that a text can begin, without their marks. */
static const char *columns_for(struct cx *cx, const char *columns,
                               bool beyond_ascii)
{
    const char *some = "";

    for (const char *p = columns; p != NULL;) {
        size_t len = strcspn(p, "|");
        bool marked = *p == '~';

        if (marked == beyond_ascii)
            some = cx_printf(cx, "%s%s%.*s", some, *some != '\0' ? "|" : "",
                             (int)len - marked, p + marked);
        p = p[len] == '|' ? p + len + 1 : NULL;
    }
    return some;
}

void list_where_prefix(struct list_query *q, const char *columns,
                       const char *text)
{
    if (strchr(columns, '~') != NULL)
        columns = columns_for(q->cx, columns, (text[0] & 0x80) != 0);
    must(*columns != '\0');
    where_like(q, columns, like_pattern(q->cx, text, false));
}

void list_where_contains(struct list_query *q, const char *columns,
                         const char *text)
{
    where_like(q, columns, like_pattern(q->cx, text, true));
}

/* ---- ranges ------------------------------------------------------------ */

static void where_compare(struct list_query *q, const char *sql,
                          const char *operator, struct db_value v)
{
    list_where(q, cx_printf(q->cx, "%s %s ?", sql, operator));
    bind(q, v);
}

void list_where_range(struct list_query *q, const char *sql,
                      const int64_t *from, const int64_t *to)
{
    if (from != NULL)
        where_compare(q, sql, ">=", V(*from));
    if (to != NULL)
        where_compare(q, sql, "<=", V(*to));
}

void list_where_time(struct list_query *q, const char *sql, stamp from,
                     stamp until)
{
    if (from.ms != 0)
        where_compare(q, sql, ">=", V(from));
    if (until.ms != 0)
        where_compare(q, sql, "<", V(until));
}

void list_where_ids(struct list_query *q, const char *sql, const int64_t *ids,
                    size_t count)
{
    const char head[] = " IN (";
    char *marks, *p;

    must(count <= LIST_IDS_MAX);
    if (count == 0) {
        list_where(q, "0");
        return;
    }
    p = marks = arena_alloc(q->cx->arena, sizeof head + 2 * count + 1);
    memcpy(p, head, sizeof head - 1);
    p += sizeof head - 1;
    for (size_t i = 0; i < count; i++) {
        *p++ = '?';
        *p++ = i + 1 < count ? ',' : ')';
        bind(q, V(ids[i]));
    }
    *p = '\0';
    list_where(q, cx_printf(q->cx, "%s%s", sql, marks));
}

/* ---- the cursor -------------------------------------------------------- */

/* "name|+|v|id|value": order, direction, v or n for NULL. Names of columns
   hold no "|", so the value, which may, comes last. */
const char *list_cursor_text(struct cx *cx, const struct list_order *order,
                             const struct list_cursor *c)
{
    const char *value = c->null || c->value == NULL ? "" : c->value;
    char *plain = cx_printf(cx, "%s|%c|%c|%lld|%s", order->name,
                            order->descending ? '-' : '+', c->null ? 'n' : 'v',
                            (long long)c->id, value);
    size_t len = strlen(plain);

    /* The column is too long to page by; the page then cannot go on from
       here, which a test of the descriptor would have shown. */
    if (len > CURSOR_MAX)
        return "";
    return hex_encode(plain, len, arena_alloc(cx->arena, 2 * len + 1));
}

bool list_cursor_read(struct cx *cx, const struct list_order *order,
                      const char *text, struct list_cursor *out)
{
    size_t len = strlen(text);
    const char *want = cx_printf(cx, "%s|%c|", order->name,
                                 order->descending ? '-' : '+');
    char *plain, *id_end;
    const char *p;
    long long id;

    if (len == 0 || len % 2 != 0 || len > 2 * CURSOR_MAX)
        return false;
    len /= 2;
    plain = arena_alloc(cx->arena, len + 1);
    if (!hex_decode(text, plain, len) || memchr(plain, '\0', len) != NULL)
        return false;
    if (strncmp(plain, want, strlen(want)) != 0)
        return false;
    p = plain + strlen(want);
    if ((p[0] != 'v' && p[0] != 'n') || p[1] != '|')
        return false;
    id = strtoll(p + 2, &id_end, 10);
    if (id_end == p + 2 || *id_end != '|' || id <= 0)
        return false;
    *out = (struct list_cursor){
        .null = p[0] == 'n', .value = id_end + 1, .id = id,
    };
    return true;
}

/* The cursor's sort value for binding; false if it cannot be one. */
static bool cursor_value(enum list_kind kind, const char *text,
                         struct db_value *out)
{
    char *end;
    stamp t;
    long long n;

    switch (kind) {
    case LIST_INT:
        n = strtoll(text, &end, 10);
        if (end == text || *end != '\0')
            return false;
        *out = V(n);
        return true;
    case LIST_TIME:
        if (!stamp_parse(text, &t))
            return false;
        *out = V(t);
        return true;
    case LIST_TEXT:
        *out = V(text);
        return true;
    }
    return false;
}

/*
 * Rows behind the cursor in the walking direction. NULL sorts before every
 * value, so walking down it comes last and must be asked for.
 */
static void where_behind(struct list_query *q, const struct list_order *order,
                         const struct list_cursor *c, bool down)
{
    const char *key = q->source->key, *sql = order->sql;
    const char *than = down ? "<" : ">";
    struct db_value value;

    if (sql == NULL) {
        where_compare(q, key, than, V(c->id));
    } else if (c->null) {
        list_where(q, cx_printf(q->cx, "%s IS NULL AND %s %s ?%s%s%s", sql,
                                key, than, down ? "" : " OR ",
                                down ? "" : sql, down ? "" : " IS NOT NULL"));
        bind(q, V(c->id));
    } else if (!cursor_value(order->kind, c->value, &value)) {
        cx_fail(q->cx, ERR_BAD_REQUEST, "翻页位置不正确，从第一页重新开始。");
    } else if (order->unique) {
        where_compare(q, sql, than, value);
    } else {
        list_where(q, cx_printf(q->cx, "%s %s ? OR (%s = ? AND %s %s ?)%s%s%s",
                                sql, than, sql, key, than,
                                down ? " OR " : "", down ? sql : "",
                                down ? " IS NULL" : ""));
        bind(q, value);
        bind(q, value);
        bind(q, V(c->id));
    }
}

/* ---- statements -------------------------------------------------------- */

static const char *join(struct cx *cx, const char *const *cells, size_t count)
{
    const char *out = cells[0];

    for (size_t i = 1; i < count; i++)
        out = cx_printf(cx, "%s, %s", out, cells[i]);
    return out;
}

static struct list_sql finish(const struct list_query *q, const char *sql)
{
    return (struct list_sql){ sql, { q->binds, q->bound } };
}

static const char *order_by(const struct list_query *q,
                            const struct list_order *order, bool down)
{
    const char *way = down ? " DESC" : "";

    if (order->sql == NULL || order->unique)
        return cx_printf(q->cx, "%s%s", order->sql == NULL ? q->source->key
                                                           : order->sql, way);
    return cx_printf(q->cx, "%s%s, %s%s", order->sql, way, q->source->key,
                     way);
}

/* ---- tables ------------------------------------------------------------ */

static bool is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* Whether the text has "alias.", not as the end of a longer word. */
static bool mentions(const char *text, const char *alias, size_t len)
{
    for (const char *p = text; (p = strstr(p, alias)) != NULL; p += len)
        if (p[len] == '.' && (p == text || !is_word(p[-1])))
            return true;
    return false;
}

/* " LEFT JOIN station s ON ...": the alias is the second word. */
static const char *alias_of(struct cx *cx, const char *left_join)
{
    const char *p = left_join + strlen(LEFT_JOIN);

    p += strcspn(p, " ");
    must(*p == ' ');
    return arena_strndup(cx->arena, p + 1, strcspn(p + 1, " "));
}

static const char *last_join(const char *from)
{
    const char *last = NULL;

    for (const char *p = from; (p = strstr(p, LEFT_JOIN)) != NULL; p++)
        last = p;
    return last;
}

/*
 * The tables that a statement needs. A list joins by keys, so what it does
 * not name changes neither rows nor their number; MariaDB would find that
 * out, too, but anew in each execution (measured: ten counts over six tables
 * took 2.5 ms and 0.6 ms without the joins).
 */
static const char *tables(struct cx *cx, const char *from, const char *used)
{
    const char *rest = arena_strndup(cx->arena, from, strlen(from));
    const char *kept = "", *p;

    while ((p = last_join(rest)) != NULL) {
        const char *alias = alias_of(cx, p);

        if (mentions(used, alias, strlen(alias)) ||
            mentions(kept, alias, strlen(alias)))
            kept = cx_printf(cx, "%s%s", p, kept);
        rest = arena_strndup(cx->arena, rest, (size_t)(p - rest));
    }
    return cx_printf(cx, "%s%s", rest, kept);
}

/*
 * STRAIGHT_JOIN: the ordered table must lead, or MariaDB starts from a small
 * joined one and sorts everything it finds (measured: 600 ms against 0.8).
 */
static const char *select_cells(const struct list_query *q,
                                const char *const *cells, size_t count,
                                const struct list_order *order, bool down)
{
    const char *what = cx_printf(q->cx, "%s, %s, %s",
                                 join(q->cx, cells, count), q->source->key,
                                 order->sql != NULL ? order->sql : "NULL");
    const char *which = cx_printf(q->cx, "%s ORDER BY %s", q->where,
                                  order_by(q, order, down));
    const char *from = tables(q->cx, q->source->from,
                              cx_printf(q->cx, "%s %s", what, which));

    return cx_printf(q->cx, "SELECT STRAIGHT_JOIN %s FROM %s WHERE %s", what,
                     from, which);
}

struct list_sql list_page_sql(const struct list_query *q,
                              const char *const *cells, size_t count,
                              const struct list_order *order,
                              const struct list_cursor *from, bool backwards,
                              int limit)
{
    struct list_query *page = list_query_copy(q);
    bool down = order->descending != backwards;

    must(count > 0 && limit > 0);
    if (from != NULL)
        where_behind(page, order, from, down);
    return finish(page, cx_printf(q->cx, "%s LIMIT %d",
                                  select_cells(page, cells, count, order,
                                               down), limit));
}

struct list_sql list_all_sql(const struct list_query *q,
                             const char *const *cells, size_t count,
                             const struct list_order *order)
{
    must(count > 0);
    return finish(q, select_cells(q, cells, count, order,
                                  order->descending));
}

struct list_sql list_count_sql(const struct list_query *q, int cap)
{
    const char *from = tables(q->cx, q->source->from, q->where);

    if (cap == 0)
        return finish(q, cx_printf(q->cx, "SELECT COUNT(*) FROM %s WHERE %s",
                                   from, q->where));
    return finish(q, cx_printf(q->cx,
                               "SELECT COUNT(*)"
                               "  FROM (SELECT 1 FROM %s WHERE %s LIMIT %d) c",
                               from, q->where, cap));
}

struct list_sql list_tabs_sql(const struct list_query *q, const char *column,
                              const int *values, size_t count, int cap)
{
    struct list_query *all = list_query_copy(q);
    const char *from = tables(q->cx, q->source->from,
                              cx_printf(q->cx, "%s %s", q->where, column));
    const char *sql = "";

    must(count > 0 && count <= LIST_TABS_MAX);
    all->bound = 0;
    for (size_t i = 0; i < count; i++) {
        sql = cx_printf(q->cx,
                        "%s%sSELECT %d, COUNT(*)"
                        "  FROM (SELECT 1 FROM %s WHERE %s AND %s = ?"
                        " LIMIT %d) c%zu",
                        sql, i == 0 ? "" : " UNION ALL ", values[i], from,
                        q->where, column, cap, i);
        for (size_t b = 0; b < q->bound; b++)
            bind(all, q->binds[b]);
        bind(all, V(values[i]));
    }
    return finish(all, sql);
}

struct list_sql list_row_sql(const struct list_query *q,
                             const char *const *cells, size_t count,
                             int64_t id)
{
    struct list_query *row = list_query_copy(q);

    must(count > 0);
    list_where_int(row, q->source->key, id);
    return finish(row, cx_printf(q->cx, "SELECT %s FROM %s WHERE %s",
                                 join(q->cx, cells, count), q->source->from,
                                 row->where));
}

struct list_sql list_ids_sql(const struct list_query *q, int limit)
{
    return finish(q, cx_printf(q->cx,
                               "SELECT %s FROM %s WHERE %s ORDER BY %s"
                               " LIMIT %d",
                               q->source->key, q->source->from, q->where,
                               q->source->key, limit));
}

struct list_sql list_lock_sql(struct cx *cx, const struct list_source *source,
                              const char *cell, int64_t id)
{
    const char *join = strstr(source->from, " LEFT JOIN");
    int len = join != NULL ? (int)(join - source->from)
                           : (int)strlen(source->from);
    struct db_value *v = CX_NEW(cx, struct db_value);

    *v = V(id);
    return (struct list_sql){
        cx_printf(cx, "SELECT %s FROM %.*s WHERE %s = ? FOR UPDATE", cell,
                  len, source->from, source->key),
        { v, 1 },
    };
}
