/*
 * What a list shows is in its URL, all of it: filters, order, place, page
 * size. Read here, checked here, and written back into links here.
 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "web/resource_in.h"

/* ---- reading ----------------------------------------------------------- */

/* Is not set then; why stays. */
static void bad_filter(struct cx *cx, const struct filter *f,
                       struct filter_value *v, const char *what)
{
    v->set = false;
    v->wrong = cx_printf(cx, "筛选条件「%s」%s", f->title, what);
}

/* A parameter without its outer blanks; "" if absent. */
static const char *get(struct cx *cx, const struct input *in,
                       const char *name, const char *suffix)
{
    if (*suffix != '\0')
        name = cx_printf(cx, "%s%s", name, suffix);
    return input_trimmed(cx->arena, in, name);
}

static void read_enum(struct cx *cx, const struct filter *f,
                      struct filter_value *v)
{
    const struct label l = label_of_key(f->labels, v->text);

    if (l.key != NULL)
        v->shown = l.word;
    else
        bad_filter(cx, f, v, "不是可选的值。");
}

static bool is_id(const char *text)
{
    return *text >= '1' && *text <= '9' && strlen(text) <= 18 &&
           text[strspn(text, "0123456789")] == '\0';
}

static void read_ref(struct cx *cx, const struct filter *f,
                     struct filter_value *v)
{
    /* A row outside the scope is shown as what it is to the caller: none. */
    v->shown = is_id(v->text)
                   ? resource_text(cx, f->ref, id_of(cx, f->ref, v->text))
                   : NULL;
    if (v->shown == NULL)
        bad_filter(cx, f, v, "所选的对象不存在，或不在你的数据范围内。");
}

/* "2026-11-01 – 2026-11-20", "2026-11-01 起", "至 2026-11-20". */
static const char *span(struct cx *cx, const char *from, const char *to,
                        const char *unit)
{
    if (*to == '\0')
        return cx_printf(cx, "%s%s 起", from, unit);
    if (*from == '\0')
        return cx_printf(cx, "至 %s%s", to, unit);
    return cx_printf(cx, "%s – %s%s", from, to, unit);
}

static void read_dates(struct cx *cx, const struct filter *f,
                       struct filter_value *v)
{
    const char *const texts[] = { v->text, v->to };
    stamp t;

    for (int i = 0; i < 2; i++)
        if (*texts[i] != '\0' &&
            (strlen(texts[i]) != strlen("2026-11-20") ||
             !stamp_parse(texts[i], &t)))
            bad_filter(cx, f, v, "应为日期，例如 2026-11-20。");
    if (*v->text != '\0' && *v->to != '\0' && strcmp(v->text, v->to) > 0)
        bad_filter(cx, f, v, "的开始日期晚于结束日期。");
    v->shown = span(cx, v->text, v->to, "");
}

static void read_range(struct cx *cx, const struct filter *f,
                       struct filter_value *v)
{
    const char *const texts[] = { v->text, v->to };
    const char *unit = cell_unit(f->unit);
    int64_t n;

    for (int i = 0; i < 2; i++)
        if (*texts[i] != '\0' && !cell_read(f->unit, texts[i], &n))
            bad_filter(cx, f, v, "应为数字。");
    v->shown = span(cx, v->text, v->to,
                    *unit == '\0' ? "" : cx_printf(cx, " %s", unit));
}

static void read_filter(struct cx *cx, const struct filter *f,
                        const struct input *in, struct filter_value *v)
{
    bool two = f->kind == FILTER_DATES || f->kind == FILTER_RANGE;

    v->text = get(cx, in, f->name, two ? "_from" : "");
    v->to = two ? get(cx, in, f->name, "_to") : "";
    v->set = *v->text != '\0' || *v->to != '\0';
    v->shown = v->text;
    if (!v->set)
        return;
    switch (f->kind) {
    case FILTER_EXACT:
    case FILTER_PREFIX:
    case FILTER_FUZZY:
        if (strlen(v->text) > LIST_TEXT_MAX)
            bad_filter(cx, f, v, "太长，最多约 30 个字。");
        break;
    case FILTER_ENUM:
        read_enum(cx, f, v);
        break;
    case FILTER_REF:
        read_ref(cx, f, v);
        break;
    case FILTER_DATES:
        read_dates(cx, f, v);
        break;
    case FILTER_RANGE:
        read_range(cx, f, v);
        break;
    }
}

static enum list_kind order_kind(enum cell kind)
{
    if (kind == CELL_TIME || kind == CELL_DATE)
        return LIST_TIME;
    if (cell_is_number(kind) || kind == CELL_ENUM || kind == CELL_BOOL)
        return LIST_INT;
    return LIST_TEXT;
}

/* "no" or "-no" as an order; false unless it is a column, and one that people
   may sort by if they are who asks. */
static bool read_order(const struct resource *r, const char *text,
                       unsigned flags, struct list_order *out)
{
    bool down = *text == '-';

    for (size_t i = 0; i < r->columns.n; i++) {
        const struct column *c = &r->columns.v[i];

        if ((c->flags & flags) != flags || strcmp(c->name, text + down) != 0)
            continue;
        *out = (struct list_order){
            .name = c->name,
            .sql = strcmp(c->sql, r->key) == 0 ? NULL : c->sql,
            .kind = order_kind(c->kind), .descending = down,
            .unique = (c->flags & COL_UNIQUE) != 0,
        };
        return true;
    }
    return false;
}

static void read_orders(struct cx *cx, struct list_state *st,
                        const struct input *in)
{
    const struct resource *r = st->r;
    const char *text = get(cx, in, "sort", "");

    st->default_order = *text == '\0' ||
                        (r->order != NULL && strcmp(text, r->order) == 0);
    if (*text != '\0' && !st->default_order) {
        if (read_order(r, text, COL_SORT, &st->order))
            return;
        st->default_order = true;
        st->wrong_order = cx_printf(cx, "不能按「%s」排序。", text);
        if (st->wrong == NULL) {
            st->wrong = st->wrong_order;
            st->wrong_name = "sort";
        }
    }
    if (r->order == NULL)
        st->order = (struct list_order){ "id", NULL, LIST_INT, true };
    else
        must(read_order(r, r->order, 0, &st->order));
}

/* Does the request name any filter, even to leave it open? */
static bool names_filter(struct cx *cx, const struct resource *r,
                         const struct input *in)
{
    static const char *const suffixes[] = { "", "_from", "_to" };

    for (size_t i = 0; i < r->filters.n; i++)
        for (size_t k = 0; k < COUNT(suffixes); k++)
            if (input_get(in, cx_printf(cx, "%s%s", r->filters.v[i].name,
                                        suffixes[k])) != NULL)
                return true;
    return false;
}

const char *list_month(struct cx *cx)
{
    struct civil c = stamp_civil(cx->now);

    return cx_printf(cx, "%04d-%02d-01", c.year, c.month);
}

static struct list_state *read_state(struct cx *cx, const struct resource *r,
                                     const struct input *in)
{
    struct list_state *st = CX_NEW(cx, struct list_state);
    const char *size = get(cx, in, "size", "");

    st->r = r;
    st->values = arena_array(cx->arena, r->filters.n + 1,
                             sizeof st->values[0]);
    for (size_t i = 0; i < r->filters.n; i++) {
        read_filter(cx, &r->filters.v[i], in, &st->values[i]);
        if (st->wrong == NULL && st->values[i].wrong != NULL) {
            st->wrong = st->values[i].wrong;
            st->wrong_name = r->filters.v[i].name;
        }
    }
    read_orders(cx, st, in);
    st->after = input_get(in, "after");
    st->before = input_get(in, "before");
    st->all = strcmp(get(cx, in, "all", ""), "1") == 0;
    st->size = strcmp(size, "100") == 0 ? 100
               : strcmp(size, "50") == 0 ? 50 : LIST_SIZE_DEFAULT;
    return st;
}

struct list_state *list_state_look(struct cx *cx, const struct resource *r,
                                   const struct input *in)
{
    struct list_state *st = read_state(cx, r, in);

    for (size_t i = 0; i < r->filters.n && !names_filter(cx, r, in); i++) {
        struct filter_value *v = &st->values[i];

        if (!(r->filters.v[i].flags & FILTER_MONTH))
            continue;
        v->set = true;
        v->text = list_month(cx);
        v->shown = span(cx, v->text, "", "");
    }
    return st;
}

struct list_state *list_state_read(struct cx *cx, const struct resource *r,
                                   const struct input *in)
{
    struct list_state *st = read_state(cx, r, in);

    if (st->wrong != NULL)
        cx_fail_field(cx, st->wrong_name, "%s", st->wrong);
    return st;
}

bool list_state_narrows(const struct list_state *st)
{
    for (size_t i = 0; i < st->r->filters.n; i++)
        if (st->values[i].set)
            return true;
    return false;
}

int list_tabs_filter(const struct resource *r)
{
    for (size_t i = 0; i < r->filters.n; i++)
        if (r->filters.v[i].flags & FILTER_TABS)
            return (int)i;
    return NO_FILTER;
}

/* ---- as conditions ----------------------------------------------------- */

static void where_dates(struct list_query *q, const struct filter *f,
                        const struct filter_value *v)
{
    stamp from = { 0 }, until = { 0 };

    if (*v->text != '\0')
        must(stamp_parse(v->text, &from));
    if (*v->to != '\0') {
        must(stamp_parse(v->to, &until));
        until = stamp_add_days(until, 1);
    }
    list_where_time(q, f->sql, from, until);
}

static void where_range(struct list_query *q, const struct filter *f,
                        const struct filter_value *v)
{
    int64_t from, to;
    bool has_from = cell_read(f->unit, v->text, &from);
    bool has_to = cell_read(f->unit, v->to, &to);

    list_where_range(q, f->sql, has_from ? &from : NULL, has_to ? &to : NULL);
}

static void where_enum(struct list_query *q, const struct filter *f,
                       const struct filter_value *v)
{
    const struct label l = label_of_key(f->labels, v->text);

    if (l.key == NULL)
        return;
    if (f->flags & FILTER_KEYS)
        list_where_text(q, f->sql, l.key);
    else
        list_where_int(q, f->sql, l.value);
}

static void where_filter(struct list_query *q, const struct filter *f,
                         const struct filter_value *v)
{
    switch (f->kind) {
    case FILTER_EXACT:
        if (f->lookup != NULL)
            list_where_lookup(q, f->sql, f->lookup, v->text);
        else
            list_where_text(q, f->sql, v->text);
        break;
    case FILTER_PREFIX:
        list_where_prefix(q, f->sql, v->text);
        break;
    case FILTER_FUZZY:
        list_where_contains(q, f->sql, v->text);
        break;
    case FILTER_ENUM:
        where_enum(q, f, v);
        break;
    case FILTER_REF:
        list_where_int(q, f->sql, strtoll(v->text, NULL, 10));
        break;
    case FILTER_DATES:
        where_dates(q, f, v);
        break;
    case FILTER_RANGE:
        where_range(q, f, v);
        break;
    }
}

struct list_query *list_state_query(struct cx *cx, const struct list_state *st,
                                    int without)
{
    struct list_query *q = list_query_new(cx, resource_source(cx, st->r));

    for (size_t i = 0; i < st->r->filters.n; i++)
        if (st->values[i].set && (int)i != without)
            where_filter(q, &st->r->filters.v[i], &st->values[i]);
    return q;
}

/* ---- as links ---------------------------------------------------------- */

void link_start(struct link *l, struct cx *cx, const char *path)
{
    *l = (struct link){ cx, path, false };
}

void link_add(struct link *l, const char *name, const char *value)
{
    if (value == NULL || *value == '\0')
        return;
    l->text = cx_printf(l->cx, "%s%c%s=%s", l->text, l->any ? '&' : '?', name,
                        url_encode(l->cx->arena, value));
    l->any = true;
}

void link_filters(struct link *l, const struct list_state *st, int without)
{
    for (size_t i = 0; i < st->r->filters.n; i++) {
        const struct filter *f = &st->r->filters.v[i];
        const struct filter_value *v = &st->values[i];

        if (!v->set || (int)i == without)
            continue;
        if (f->kind == FILTER_DATES || f->kind == FILTER_RANGE) {
            link_add(l, cx_printf(l->cx, "%s_from", f->name), v->text);
            link_add(l, cx_printf(l->cx, "%s_to", f->name), v->to);
        } else {
            link_add(l, f->name, v->text);
        }
    }
    /* All of it, not this month's: named, and left open. */
    for (size_t i = 0; i < st->r->filters.n && !l->any; i++)
        if (st->r->filters.v[i].flags & FILTER_MONTH) {
            l->text = cx_printf(l->cx, "%s?%s_from=", l->text,
                                st->r->filters.v[i].name);
            l->any = true;
        }
}

void link_order(struct link *l, const struct list_state *st)
{
    if (!st->default_order)
        link_add(l, "sort", cx_printf(l->cx, "%s%s",
                                      st->order.descending ? "-" : "",
                                      st->order.name));
}

void link_size(struct link *l, const struct list_state *st)
{
    if (st->size != LIST_SIZE_DEFAULT)
        link_add(l, "size", cx_printf(l->cx, "%d", st->size));
}
