/*
 * The list page, as HTML and as JSON. The tree, all texts ready to print and
 * flags "1" or absent (templates/list.cs, macro/table.cs):
 *
 *   List.name .title .sub .unit .icon .path (/console/pile)
 *   List.self       this very page, to be asked for again
 *   List.new .import .drawer (flags: may create, may import; forms open in
 *                   the drawer)
 *   List.tabs.N     .text .mark .n .url .on
 *   List.filters.N  .kind (text select pick dates range) .name .title .value
 *                   .to .shown .unit .pick (URL) .options.M .value .text .on
 *   List.adv.N      the same, behind 更多筛选; List.open: they are shown
 *   List.keep.N     .name .value: hidden fields of the filter form
 *   List.query.N    the same for what acts on the selected rows
 *   List.wrong.N    .text: what of the URL was left out, and why; .filter
 *                   (flag: a condition, whose own .wrong is set)
 *   List.chips.N    .text .url; List.clear
 *   List.saved.N    .name .url .on: filters kept under a name;
 *                   List.saved_full (flag: no more of them)
 *   List.cols.N     .title .name .kind .right .unit .url (sort) .dir .link
 *                   .plain (flag: nothing but text)
 *   List.rows.N     = id; .c.M one cell per column: = text, .m mark, .h href,
 *                   .l (flag: long) .g (flag: an estimate); .t name of the
 *                   row
 *   List.count List.total List.more (flag: more than that) List.sums.N .title
 *                   .value .unit
 *   List.sizes.N    .value .url .on; List.prev List.next
 *   List.bulk.N     .name .title .url .danger .icon; List.all (flag)
 *   List.export     flag; .export_now: it is made at once
 *   List.columns.N  the chooser: .name .title .on .fixed
 *   List.empty      .kind .title .text .drop .drop_text
 */
#include <string.h>

#include "db/kept.h"
#include "web/app.h"
#include "web/resource_in.h"

/* A text that may not fit its cell: about 18 Chinese characters. */
enum { CLIPPED_BYTES = 48 };

/* One page of rows, and how to read its table. */
struct page {
    const struct list_state *st;
    struct shown shown;
    struct db_table t;
    size_t ref[COLUMNS_SHOWN_MAX]; /* cell of the reference's id; 0: none */
    size_t guess[COLUMNS_SHOWN_MAX]; /* cell that is 1 for an estimate; or 0 */
    size_t text;     /* cell of the row's name */
    size_t key;
    bool reversed;   /* rows came last first */
    size_t rows;     /* without the one that only says there are more */
    bool before, after; /* there are rows in that direction */
    bool lost;       /* the place of the URL is none of this order */
};

static const char *cell_at(const struct page *p, size_t row, size_t cell)
{
    size_t i = p->reversed ? p->rows - 1 - row : row;

    return p->t.cells[i * p->t.columns + cell];
}

static int64_t row_id(struct cx *cx, const struct page *p, size_t row)
{
    return id_of(cx, p->st->r, cell_at(p, row, p->key));
}

/* ---- fetching ---------------------------------------------------------- */

static void fetch(struct cx *cx, struct page *p)
{
    const struct list_state *st = p->st;
    const struct resource *r = st->r;
    const char *cells[3 * COLUMNS_SHOWN_MAX + 1];
    struct list_cursor cursor;
    const char *place = st->before != NULL ? st->before : st->after;
    bool back = st->before != NULL, placed;
    struct list_sql s;
    size_t n = 0;

    for (size_t i = 0; i < p->shown.n; i++)
        cells[n++] = r->columns.v[p->shown.v[i]].sql;
    for (size_t i = 0; i < p->shown.n; i++) {
        const struct column *c = &r->columns.v[p->shown.v[i]];

        p->ref[i] = c->ref != NULL && c->ref_sql != NULL ? n : 0;
        if (p->ref[i] != 0)
            cells[n++] = c->ref_sql;
        p->guess[i] = c->guess_sql != NULL ? n : 0;
        if (p->guess[i] != 0)
            cells[n++] = c->guess_sql;
    }
    p->text = n;
    cells[n++] = resource_text_sql(r);
    p->key = n;
    /* A place of another order is no place: begin at the first page. */
    placed = place != NULL &&
             list_cursor_read(cx, &st->order, place, &cursor);
    p->lost = place != NULL && !placed;
    p->reversed = placed && back;
    s = list_page_sql(list_state_query(cx, st, NO_FILTER), cells, n,
                      &st->order, placed ? &cursor : NULL, p->reversed,
                      st->size + 1);
    p->t = db_table(cx, s.sql, s.binds);
    p->rows = p->t.rows > (size_t)st->size ? (size_t)st->size : p->t.rows;
    p->after = p->reversed ? placed : p->t.rows > p->rows;
    p->before = p->reversed ? p->t.rows > p->rows : placed;
}

/* The cursor of a row of the page, as a link of the pager. */
static const char *place_of(struct cx *cx, const struct page *p, size_t row)
{
    const char *value = cell_at(p, row, p->key + 1);
    struct list_cursor c = {
        .null = value == NULL, .value = value, .id = row_id(cx, p, row),
    };

    return list_cursor_text(cx, &p->st->order, &c);
}

/* How many rows there are; LIST_COUNT_CAP + 1 says "more than that". */
static int64_t count_rows(struct cx *cx, const struct list_state *st,
                          int without)
{
    struct list_sql s = list_count_sql(list_state_query(cx, st, without),
                                       LIST_COUNT_CAP + 1);

    return kept_int(cx, s.sql, s.binds);
}

static int64_t total_of(struct cx *cx, const struct page *p)
{
    /* One page that holds everything has counted itself. */
    if (!p->before && !p->after)
        return (int64_t)p->rows;
    return count_rows(cx, p->st, NO_FILTER);
}

/* "236", "10,000+". */
static const char *count_text(struct cx *cx, int64_t n, int cap)
{
    char text[MONEY_TEXT];

    if (n > cap)
        return cx_printf(cx, "%s+", decimal_text(cap, 0, 0, true, text));
    return cx_strdup(cx, decimal_text(n, 0, 0, true, text));
}

/* ---- links ------------------------------------------------------------- */

/* The list with its filters (but one), order and size, at its first page. */
static struct link start_of(struct cx *cx, const struct list_state *st,
                            int without)
{
    struct link l;

    link_start(&l, cx, resource_path(cx, st->r));
    link_filters(&l, st, without);
    link_order(&l, st);
    link_size(&l, st);
    return l;
}

/* ---- tabs -------------------------------------------------------------- */

static void put_tab(struct cx *cx, struct vnode *tabs, size_t i,
                    const struct list_state *st, int filter,
                    const struct label *label, const char *n)
{
    const struct filter *f = &st->r->filters.v[filter];
    const struct filter_value *v = &st->values[filter];
    struct vnode *tab = v_item(tabs, i);
    struct link l = start_of(cx, st, filter);

    v_set(tab, "text", label == NULL ? "全部" : label->word);
    if (label != NULL) {
        v_set(tab, "mark", label->mark);
        link_add(&l, f->name, label->key);
    }
    v_set(tab, "url", l.text);
    v_flag(tab, "on", label == NULL ? !v->set
                                    : v->set && strcmp(v->text, label->key) ==
                                                    0);
    v_set(tab, "n", n);
}

/*
 * The tabs with their counts. A tab says "1,000+" sooner than the list its
 * "10,000+": with a further filter each row counted is one looked up (measured
 * with 10^6 orders: 640 ms for ten tabs up to 10,000). total is of the list at
 * hand, which is the first tab's when no tab is chosen.
 */
static void put_tabs(struct cx *cx, struct vnode *list,
                     const struct list_state *st, int64_t total)
{
    int filter = list_tabs_filter(st->r);
    struct vnode *tabs;
    const struct filter *f;
    int values[LIST_TABS_MAX];
    int64_t counts[LIST_TABS_MAX];
    struct list_sql s;

    if (filter == NO_FILTER)
        return;
    tabs = v_child(list, "tabs");
    f = &st->r->filters.v[filter];
    must(f->labels.n <= LIST_TABS_MAX);
    for (size_t i = 0; i < f->labels.n; i++)
        values[i] = f->labels.v[i].value;
    s = list_tabs_sql(list_state_query(cx, st, filter), f->sql, values,
                      f->labels.n, LIST_TAB_CAP + 1);
    kept_counts(cx, s.sql, s.binds, counts, f->labels.n);
    if (st->values[filter].set)
        total = count_rows(cx, st, filter);
    put_tab(cx, tabs, 0, st, filter, NULL,
            count_text(cx, total, LIST_COUNT_CAP));
    for (size_t i = 0; i < f->labels.n; i++)
        put_tab(cx, tabs, i + 1, st, filter, &f->labels.v[i],
                count_text(cx, counts[i], LIST_TAB_CAP));
}

/* ---- filters ----------------------------------------------------------- */

static void put_options(struct vnode *n, const struct filter *f,
                        const struct filter_value *v)
{
    struct vnode *options = v_child(n, "options");
    struct label l;

    for (size_t i = 0; (l = labels_at(f->labels, i)).key != NULL; i++) {
        struct vnode *o = v_item(options, i);

        v_set(o, "value", l.key);
        v_set(o, "text", l.word);
        v_flag(o, "on", v->set && strcmp(v->text, l.key) == 0);
    }
}

static void put_filter(struct cx *cx, struct vnode *n, const struct filter *f,
                       const struct filter_value *v)
{
    static const char *const kinds[] = {
        [FILTER_EXACT] = "text", [FILTER_PREFIX] = "text",
        [FILTER_FUZZY] = "text", [FILTER_ENUM] = "select",
        [FILTER_REF] = "pick", [FILTER_DATES] = "dates",
        [FILTER_RANGE] = "range",
    };

    v_set(n, "kind", kinds[f->kind]);
    v_set(n, "name", f->name);
    v_set(n, "title", f->title);
    v_set(n, "value", f->kind == FILTER_REF && !v->set ? "" : v->text);
    v_set(n, "to", v->to);
    v_set(n, "unit", f->kind == FILTER_RANGE ? cell_unit(f->unit) : NULL);
    v_flag(n, "wrong", v->wrong != NULL);
    if (f->kind == FILTER_ENUM)
        put_options(n, f, v);
    if (f->kind == FILTER_REF) {
        v_set(n, "shown", v->set ? v->shown : "");
        v_printf(n, "pick", "%s/pick", resource_path(cx, f->ref));
    }
}

static void put_filters(struct cx *cx, struct vnode *list,
                        const struct list_state *st)
{
    struct vnode *simple = v_child(list, "filters");
    struct vnode *advanced = v_child(list, "adv");
    size_t n = 0, m = 0;

    for (size_t i = 0; i < st->r->filters.n; i++) {
        const struct filter *f = &st->r->filters.v[i];

        if (f->flags & FILTER_TABS)
            continue;
        if (f->flags & FILTER_ADVANCED) {
            put_filter(cx, v_item(advanced, m++), f, &st->values[i]);
            v_flag(list, "open",
                   st->values[i].set || st->values[i].wrong != NULL);
        } else {
            put_filter(cx, v_item(simple, n++), f, &st->values[i]);
        }
    }
}

/* "状态：故障", as a chip and as the offer to drop it. */
static const char *condition(struct cx *cx, const struct list_state *st,
                             size_t i)
{
    return cx_printf(cx, "%s：%s", st->r->filters.v[i].title,
                     st->values[i].shown);
}

static void put_pair(struct vnode *n, size_t *i, const char *name,
                     const char *value)
{
    if (*value == '\0')
        return;
    v_set(v_item(n, *i), "name", name);
    v_set(v_item(n, (*i)++), "value", value);
}

/* "no" or "-no". */
static const char *order_text(struct cx *cx, const struct list_state *st)
{
    return cx_printf(cx, "%s%s", st->order.descending ? "-" : "",
                     st->order.name);
}

/* What the filter form must not lose: the tab, the order, the size. */
static void put_kept(struct cx *cx, struct vnode *list,
                     const struct list_state *st)
{
    struct vnode *keep = v_child(list, "keep");
    int tabs = list_tabs_filter(st->r);
    size_t n = 0;

    if (tabs != NO_FILTER && st->values[tabs].set)
        put_pair(keep, &n, st->r->filters.v[tabs].name,
                 st->values[tabs].text);
    if (!st->default_order)
        put_pair(keep, &n, "sort", order_text(cx, st));
    if (st->size != LIST_SIZE_DEFAULT)
        put_pair(keep, &n, "size", cx_printf(cx, "%d", st->size));
}

/* What the list selects, as hidden fields: for exports and bulk actions. */
static void put_query(struct cx *cx, struct vnode *list,
                      const struct list_state *st)
{
    struct vnode *query = v_child(list, "query");
    size_t n = 0;

    for (size_t i = 0; i < st->r->filters.n; i++) {
        const struct filter *f = &st->r->filters.v[i];
        const struct filter_value *v = &st->values[i];

        if (!v->set)
            continue;
        if (f->kind == FILTER_DATES || f->kind == FILTER_RANGE) {
            put_pair(query, &n, cx_printf(cx, "%s_from", f->name), v->text);
            put_pair(query, &n, cx_printf(cx, "%s_to", f->name), v->to);
        } else {
            put_pair(query, &n, f->name, v->text);
        }
    }
    if (!st->default_order)
        put_pair(query, &n, "sort", order_text(cx, st));
}

/* What the URL asked for in vain. */
static void put_wrong(struct vnode *list, const struct page *p)
{
    const struct list_state *st = p->st;
    struct vnode *wrong = v_child(list, "wrong");
    size_t n = 0;

    for (size_t i = 0; i < st->r->filters.n; i++)
        if (st->values[i].wrong != NULL) {
            v_flag(v_item(wrong, n), "filter", true);
            v_set(v_item(wrong, n++), "text", st->values[i].wrong);
        }
    if (st->wrong_order != NULL)
        v_set(v_item(wrong, n++), "text", st->wrong_order);
    if (p->lost)
        v_set(v_item(wrong, n), "text",
              "网址里的翻页位置已失效，这里从第一页开始。");
}

static void put_chips(struct cx *cx, struct vnode *list,
                      const struct list_state *st)
{
    struct vnode *chips = v_child(list, "chips");
    int tabs = list_tabs_filter(st->r);
    struct link clear;
    size_t n = 0;

    for (size_t i = 0; i < st->r->filters.n; i++) {
        if (!st->values[i].set || (int)i == tabs)
            continue;
        v_set(v_item(chips, n), "text", condition(cx, st, i));
        v_set(v_item(chips, n++), "url", start_of(cx, st, (int)i).text);
    }
    link_start(&clear, cx, resource_path(cx, st->r));
    if (tabs != NO_FILTER && st->values[tabs].set)
        link_add(&clear, st->r->filters.v[tabs].name, st->values[tabs].text);
    for (size_t i = 0; i < st->r->filters.n; i++)
        if (st->r->filters.v[i].flags & FILTER_MONTH)
            link_add(&clear, cx_printf(cx, "%s_from",
                                       st->r->filters.v[i].name),
                     list_month(cx));
    link_order(&clear, st);
    link_size(&clear, st);
    v_set(list, "clear", clear.text);
}

/* ---- columns and rows -------------------------------------------------- */

static const char *kind_name(enum cell kind)
{
    switch (kind) {
    case CELL_ENUM: return "enum";
    case CELL_MONO: return "mono";
    case CELL_TIME:
    case CELL_DATE: return "time";
    default:        return cell_is_number(kind) ? "number" : "text";
    }
}

static const char *sort_url(struct cx *cx, const struct list_state *st,
                            const struct column *c)
{
    bool on = strcmp(st->order.name, c->name) == 0;
    struct link l;

    link_start(&l, cx, resource_path(cx, st->r));
    link_filters(&l, st, NO_FILTER);
    link_add(&l, "sort", cx_printf(cx, "%s%s",
                                   on && !st->order.descending ? "-" : "",
                                   c->name));
    link_size(&l, st);
    return l.text;
}

static void put_columns(struct cx *cx, struct vnode *list,
                        const struct page *p)
{
    const struct list_state *st = p->st;
    struct vnode *cols = v_child(list, "cols");

    for (size_t i = 0; i < p->shown.n; i++) {
        const struct column *c = &st->r->columns.v[p->shown.v[i]];
        struct vnode *n = v_item(cols, i);

        v_set(n, "title", c->title);
        v_set(n, "name", c->name);
        v_set(n, "kind", kind_name(c->kind));
        v_flag(n, "right", cell_is_number(c->kind));
        v_flag(n, "link", p->shown.v[i] == column_first(st->r));
        v_flag(n, "plain", p->ref[i] == 0 &&
                               p->shown.v[i] != column_first(st->r) &&
                               strcmp(kind_name(c->kind), "text") == 0);
        if (*cell_unit_beside(c) != '\0')
            v_set(n, "unit", cell_unit_beside(c));
        if (!(c->flags & COL_SORT))
            continue;
        v_set(n, "url", sort_url(cx, st, c));
        if (strcmp(st->order.name, c->name) == 0)
            v_set(n, "dir", st->order.descending ? "descending"
                                                 : "ascending");
    }
}

static void put_cell(struct cx *cx, struct vnode *row, const struct page *p,
                     size_t r, size_t i)
{
    const struct column *c = &p->st->r->columns.v[p->shown.v[i]];
    const char *raw = cell_at(p, r, i), *id;
    struct label label;
    char name[24];

    snprintf(name, sizeof name, "%zu", i);
    v_set(row, name, cell_pretty(cx, c, raw));
    if (c->kind == CELL_ENUM) {
        label = cell_label(c->labels, raw);
        if (label.mark != NULL)
            v_set(v_child(row, name), "m", label.mark);
    }
    if (c->kind == CELL_TEXT && raw != NULL && strlen(raw) > CLIPPED_BYTES)
        v_flag(v_child(row, name), "l", true);
    if (p->guess[i] != 0 && raw != NULL) {
        const char *guess = cell_at(p, r, p->guess[i]);

        v_flag(v_child(row, name), "g",
               guess != NULL && strcmp(guess, "1") == 0);
    }
    id = p->ref[i] == 0 ? NULL : cell_at(p, r, p->ref[i]);
    if (id != NULL)
        v_printf(v_child(row, name), "h", "%s/%s",
                 resource_path(cx, c->ref), id);
}

static void put_rows(struct cx *cx, struct vnode *list, const struct page *p)
{
    struct vnode *rows = v_child(list, "rows");

    for (size_t r = 0; r < p->rows; r++) {
        struct vnode *row = v_item(rows, r), *cells = v_child(row, "c");
        char name[24];

        snprintf(name, sizeof name, "%zu", r);
        v_set(rows, name, cell_at(p, r, p->key));
        v_set(row, "t", cell_at(p, r, p->text));
        for (size_t i = 0; i < p->shown.n; i++)
            put_cell(cx, cells, p, r, i);
    }
}

/* Sums over the page of the columns that want it. */
static void put_sums(struct cx *cx, struct vnode *list, const struct page *p)
{
    struct vnode *sums = v_child(list, "sums");
    size_t n = 0;

    for (size_t i = 0; i < p->shown.n; i++) {
        const struct column *c = &p->st->r->columns.v[p->shown.v[i]];
        int64_t sum = 0;

        if (!(c->flags & COL_SUM) || !cell_can_sum(c->kind) || p->rows == 0)
            continue;
        for (size_t r = 0; r < p->rows; r++) {
            const char *raw = cell_at(p, r, i);

            if (raw != NULL)
                sum = checked_add(sum, strtoll(raw, NULL, 10));
        }
        v_set(v_item(sums, n), "title", c->title);
        v_set(v_item(sums, n), "value",
              cell_pretty(cx, c, cx_printf(cx, "%lld", (long long)sum)));
        v_set(v_item(sums, n++), "unit", cell_unit_beside(c));
    }
}

static void put_chooser(struct vnode *list, const struct page *p)
{
    const struct resource *r = p->st->r;
    struct vnode *columns = v_child(list, "columns");
    size_t n = 0;

    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < (pass == 0 ? p->shown.n : r->columns.n); i++) {
            size_t k = pass == 0 ? p->shown.v[i] : i;
            bool on = false;

            for (size_t s = 0; s < p->shown.n; s++)
                on |= p->shown.v[s] == k;
            if ((pass == 1 && on) || (r->columns.v[k].flags & COL_DETAIL))
                continue;
            v_set(v_item(columns, n), "name", r->columns.v[k].name);
            v_set(v_item(columns, n), "title", r->columns.v[k].title);
            v_flag(v_item(columns, n), "on", on);
            v_flag(v_item(columns, n++), "fixed", k == column_first(r));
        }
}

/* ---- foot, acts, nothing to show --------------------------------------- */

static void put_foot(struct cx *cx, struct vnode *list, const struct page *p,
                     int64_t total)
{
    static const int sizes[] = { 20, 50, 100 };
    const struct list_state *st = p->st;
    struct link l;

    v_int(list, "count", (int64_t)p->rows);
    v_set(list, "total", count_text(cx, total, LIST_COUNT_CAP));
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct vnode *n = v_item(v_child(list, "sizes"), i);

        link_start(&l, cx, resource_path(cx, st->r));
        link_filters(&l, st, NO_FILTER);
        link_order(&l, st);
        link_add(&l, "size", cx_printf(cx, "%d", sizes[i]));
        v_int(n, "value", sizes[i]);
        v_set(n, "url", l.text);
        v_flag(n, "on", sizes[i] == st->size);
    }
    if (p->before && p->rows > 0) {
        l = start_of(cx, st, NO_FILTER);
        link_add(&l, "before", place_of(cx, p, 0));
        v_set(list, "prev", l.text);
    }
    if (p->after && p->rows > 0) {
        l = start_of(cx, st, NO_FILTER);
        link_add(&l, "after", place_of(cx, p, p->rows - 1));
        v_set(list, "next", l.text);
    }
}

static void put_acts(struct request *req, struct vnode *list,
                     const struct page *p, int64_t total)
{
    const struct resource *r = p->st->r;
    struct vnode *bulk = v_child(list, "bulk");
    size_t n = 0;

    v_flag(list, "new", r->perm.create != NULL &&
                            request_may(req, r->perm.create));
    v_flag(list, "import", r->perm.import != NULL &&
                               request_may(req, r->perm.import));
    v_flag(list, "export", r->perm.export != NULL &&
                               request_may(req, r->perm.export));
    v_flag(list, "drawer", !form_is_page(r));
    v_flag(list, "export_now", total <= EXPORT_NOW_MAX);
    v_flag(list, "all", p->st->all);
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < r->actions.n; i++) {
            const struct action *x = &r->actions.v[i];

            /* What destroys comes last. */
            if (!(x->flags & ACT_BULK) || !request_may(req, x->perm) ||
                ((x->flags & ACT_DANGER) != 0) != (pass == 1))
                continue;
            v_set(v_item(bulk, n), "name", x->name);
            v_set(v_item(bulk, n), "title", x->title);
            v_set(v_item(bulk, n), "icon", x->icon);
            v_flag(v_item(bulk, n++), "danger", pass == 1);
        }
    /* Export records have no owner to ask: who may export may see them. */
    if (exports_of(req) != NULL)
        v_set(list, "exports", exports_of(req)->path);
}

/* 城市为「广州市」、状态为「故障」。 */
static const char *conditions(struct cx *cx, const struct list_state *st,
                              int *last)
{
    const char *text = "";

    for (size_t i = 0; i < st->r->filters.n; i++) {
        if (!st->values[i].set)
            continue;
        text = cx_printf(cx, "%s%s%s为「%s」", text, *text == '\0' ? "" : "、",
                         st->r->filters.v[i].title, st->values[i].shown);
        *last = (int)i;
    }
    return cx_printf(cx, "%s。可以放宽其中一项再试。", text);
}

static void put_empty(struct cx *cx, struct vnode *list, const struct page *p)
{
    const struct resource *r = p->st->r;
    struct vnode *empty;
    int last = NO_FILTER;

    if (p->rows > 0)
        return;
    empty = v_child(list, "empty");
    if (!list_state_narrows(p->st)) {
        v_set(empty, "kind", "none");
        v_printf(empty, "title", "还没有%s", r->title);
        v_set(empty, "text", r->empty != NULL ? r->empty : "");
        return;
    }
    v_set(empty, "kind", "match");
    v_printf(empty, "title", "没有符合条件的%s", r->title);
    v_set(empty, "text", conditions(cx, p->st, &last));
    v_printf(empty, "drop_text", "去掉「%s」",
             condition(cx, p->st, (size_t)last));
    v_set(empty, "drop", start_of(cx, p->st, last).text);
}

/* ---- the two answers --------------------------------------------------- */

/* This very page, to be asked for again. */
static const char *self_url(struct cx *cx, const struct list_state *st)
{
    struct link l = start_of(cx, st, NO_FILTER);

    link_add(&l, "after", st->before == NULL ? st->after : NULL);
    link_add(&l, "before", st->before);
    link_add(&l, "all", st->all ? "1" : NULL);
    return l.text;
}

static void list_page(struct request *req, struct page *p)
{
    struct cx *cx = req->cx;
    const struct list_state *st = p->st;
    const struct resource *r = st->r;
    struct vnode *tree = view_new(cx), *list = v_child(tree, "List");
    int64_t total;

    columns_shown(req, r, &p->shown);
    fetch(cx, p);
    total = total_of(cx, p);
    v_set(list, "name", r->name);
    v_set(list, "title", r->title);
    v_set(list, "sub", r->sub);
    v_set(list, "unit", resource_unit(r));
    v_set(list, "path", resource_path(cx, r));
    v_set(list, "self", self_url(cx, st));
    put_tabs(cx, list, st, total);
    put_filters(cx, list, st);
    put_kept(cx, list, st);
    put_query(cx, list, st);
    put_wrong(list, p);
    put_chips(cx, list, st);
    saved_put(req, st, list);
    put_columns(cx, list, p);
    put_rows(cx, list, p);
    put_sums(cx, list, p);
    put_chooser(list, p);
    put_foot(cx, list, p, total);
    put_acts(req, list, p, total);
    put_empty(cx, list, p);
    if (req->htmx)
        answer_header(req, "HX-Push-Url", v_get(list, "self"));
    answer_page(req, "list.cs", tree, r->title);
}

static void json_rows(struct cx *cx, const struct page *p, struct json_out *j)
{
    json_open(j, "rows", '[');
    for (size_t r = 0; r < p->rows; r++) {
        json_open(j, NULL, '{');
        json_int(j, "id", row_id(cx, p, r));
        for (size_t i = 0; i < p->shown.n; i++)
            cell_json(cx->arena, &p->st->r->columns.v[p->shown.v[i]],
                      cell_at(p, r, i), j);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void list_json(struct request *req, struct page *p)
{
    struct cx *cx = req->cx;
    struct json_out *j;
    int64_t total;

    for (size_t i = 0; i < p->st->r->columns.n; i++)
        if (!(p->st->r->columns.v[i].flags & COL_DETAIL))
            p->shown.v[p->shown.n++] = i;
    fetch(cx, p);
    total = total_of(cx, p);
    j = reply_open(req, '{');
    json_rows(cx, p, j);
    json_text(j, "prev", p->before && p->rows > 0 ? place_of(cx, p, 0)
                                                   : NULL);
    json_text(j, "next", p->after && p->rows > 0
                             ? place_of(cx, p, p->rows - 1) : NULL);
    json_int(j, "total", total > LIST_COUNT_CAP ? LIST_COUNT_CAP : total);
    json_bool(j, "more", total > LIST_COUNT_CAP);
    reply_send(req, j, '}');
}

void resource_list(struct request *req, const void *args)
{
    struct page *p = CX_NEW(req->cx, struct page);

    (void)args;
    if (req->json) {
        p->st = list_state_read(req->cx, req->target, req->input);
        list_json(req, p);
    } else {
        p->st = list_state_look(req->cx, req->target, req->input);
        list_page(req, p);
    }
}
