/*
 * Every page that a descriptor makes, checked by one loop (style 3.3): the
 * descriptor is sound, its statements prepare and use an index, the page opens
 * for an administrator, is refused without the permission, and shows nothing
 * of another organisation (rule A8).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/listquery.h"
#include "tests/integration/site.h"
#include "tests/integration/testdb.h"
#include "web/cell.h"
#include "web/endpoint.h"
#include "web/resource.h"

enum { PAGES_MAX = 200, IDS_MAX = 200, FLAWS_MAX = 40 };

static const struct resource *pages[PAGES_MAX];
static size_t page_count;

static struct visitor admin, nobody, stranger;

/* ---- what was found wrong, all of it at once ---------------------------- */

static int flaws;

static void flaw(const struct resource *r, const char *format, ...)
    PRINTF_LIKE(2, 3);
static void flaw(const struct resource *r, const char *format, ...)
{
    va_list ap;

    if (flaws++ > FLAWS_MAX)
        return;
    va_start(ap, format);
    fprintf(stderr, "# %s: ", r->name);
    vfprintf(stderr, format, ap);
    fprintf(stderr, "\n");
    va_end(ap);
}

static void assert_sound(void)
{
    int found = flaws;

    flaws = 0;
    if (found > 0)
        fail_msg("%d flaws", found);
}

static void find_pages(void)
{
    const struct features *all = site_features();

    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->v[i]->pages.n; k++) {
            assert_true(page_count < PAGES_MAX);
            pages[page_count++] = all->v[i]->pages.v[k];
        }
    assert_true(page_count > 0);
}

static bool is_page(const struct resource *r)
{
    for (size_t i = 0; i < page_count; i++)
        if (pages[i] == r)
            return true;
    return false;
}

static bool is_perm(const char *perm)
{
    const struct features *all = site_features();

    if (strcmp(perm, PERM_ANY) == 0)
        return true;
    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->v[i]->perms.n; k++)
            if (strcmp(all->v[i]->perms.v[k].name, perm) == 0)
                return true;
    return false;
}

static bool is_word(const char *s)
{
    size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_");

    return n > 0 && s[n] == '\0';
}

/* ---- the descriptor ----------------------------------------------------- */

static void check_perm(const struct resource *r, const char *what,
                       const char *perm)
{
    if (perm != NULL && !is_perm(perm))
        flaw(r, "%s: no feature declares the permission %s", what, perm);
}

/* An index may serve "p.no", never an expression. */
static bool is_plain(const char *sql)
{
    return sql[strspn(sql, "abcdefghijklmnopqrstuvwxyz0123456789_.")] == '\0';
}

static bool has_labels(struct labels l)
{
    return labels_at(l, 0).key != NULL;
}

static void check_columns(const struct resource *r)
{
    if (r->columns.n == 0 || r->columns.n > 50)
        flaw(r, "%zu columns", r->columns.n);
    for (size_t i = 0; i < r->columns.n; i++) {
        const struct column *c = &r->columns.v[i];

        if (!is_word(c->name) || c->title == NULL || c->sql == NULL)
            flaw(r, "column %zu has no name, title or sql", i);
        if (strcmp(c->name, "id") == 0)
            flaw(r, "column id: that is the key in JSON");
        for (size_t k = 0; k < i; k++)
            if (strcmp(c->name, r->columns.v[k].name) == 0)
                flaw(r, "two columns %s", c->name);
        if ((c->kind == CELL_ENUM) != has_labels(c->labels))
            flaw(r, "column %s: labels and CELL_ENUM go together", c->name);
        if (c->ref != NULL && (!is_page(c->ref) || c->ref_sql == NULL))
            flaw(r, "column %s refers to no page or has no ref_sql", c->name);
        if ((c->flags & COL_SORT) && c->kind == CELL_PHONE)
            flaw(r, "column %s: a masked value would stand in the cursor",
                 c->name);
        if ((c->flags & COL_SORT) && !is_plain(c->sql) && !r->small)
            flaw(r, "column %s: no index sorts %s", c->name, c->sql);
        if ((c->flags & COL_SUM) && !cell_can_sum(c->kind))
            flaw(r, "column %s cannot be summed", c->name);
    }
}

static void check_filters(const struct resource *r)
{
    static const char *const taken[] = {
        "sort", "after", "before", "size", "all", "ids", "id", "format",
        "columns",
    };
    size_t tabs = 0;

    for (size_t i = 0; i < r->filters.n; i++) {
        const struct filter *f = &r->filters.v[i];

        if (!is_word(f->name) || f->title == NULL || f->sql == NULL)
            flaw(r, "filter %zu has no name, title or sql", i);
        for (size_t k = 0; k < COUNT(taken); k++)
            if (strcmp(f->name, taken[k]) == 0)
                flaw(r, "filter %s: the list uses that name", f->name);
        for (size_t k = 0; k < i; k++)
            if (strcmp(f->name, r->filters.v[k].name) == 0)
                flaw(r, "two filters %s", f->name);
        if ((f->kind == FILTER_ENUM) != has_labels(f->labels))
            flaw(r, "filter %s: labels and FILTER_ENUM go together", f->name);
        if ((f->kind == FILTER_REF) != (f->ref != NULL) ||
            (f->ref != NULL && !is_page(f->ref)))
            flaw(r, "filter %s refers to no page", f->name);
        if ((f->kind == FILTER_RANGE) && !cell_is_number(f->unit))
            flaw(r, "filter %s has no unit", f->name);
        if ((f->flags & FILTER_MONTH) && f->kind != FILTER_DATES)
            flaw(r, "filter %s: a month of what is no date", f->name);
        if (f->flags & FILTER_TABS) {
            tabs++;
            if (f->kind != FILTER_ENUM || f->labels.n > LIST_TABS_MAX)
                flaw(r, "filter %s cannot stand as tabs", f->name);
        }
    }
    if (tabs > 1)
        flaw(r, "%zu filters stand as tabs", tabs);
}

/* The picker's page has a filter for the field that limits it. */
static bool limits(const struct resource *r, const struct field *f)
{
    size_t n;

    for (size_t i = 0; i < r->fields.n; i++) {
        const struct field *w = &r->fields.v[i];

        if (strcmp(w->name, f->within) != 0 || w->ref == NULL || w == f)
            continue;
        for (size_t k = 0; k < f->ref->filters.n; k++) {
            const struct filter *x = &f->ref->filters.v[k];

            n = strlen(x->name);
            if (x->kind == FILTER_REF && x->ref == w->ref &&
                strncmp(w->name, x->name, n) == 0 &&
                (w->name[n] == '\0' || strcmp(w->name + n, "_id") == 0))
                return true;
        }
    }
    return false;
}

static void check_field(const struct resource *r, const struct field *f)
{
    if (f->ref != NULL && !is_page(f->ref))
        flaw(r, "field %s refers to no page", f->name);
    if (f->ref != NULL && f->kind != FIELD_I64 &&
        !(f->kind == FIELD_TEXT && (f->flags & FIELD_MANY)))
        flaw(r, "field %s: a reference is an int64_t, several are a text",
             f->name);
    if (f->labels.n > 0 && f->kind != FIELD_INT)
        flaw(r, "field %s: an enumeration is an int", f->name);
    if (f->unit != CELL_TEXT && f->kind != FIELD_INT && f->kind != FIELD_I64)
        flaw(r, "field %s: a unit is for numbers", f->name);
    if (f->within != NULL && (f->ref == NULL || !limits(r, f)))
        flaw(r, "field %s: %s does not limit its picker", f->name, f->within);
    if (f->offset >= r->form_size)
        flaw(r, "field %s lies outside the form", f->name);
}

static void check_fields(const struct resource *r)
{
    bool forms = (r->perm.create != NULL || r->perm.edit != NULL) &&
                 !r->own_form;

    if (forms && (r->fields.n == 0 || r->save == NULL || r->form_size == 0))
        flaw(r, "a form without fields, save or form_size");
    if (forms && r->perm.edit != NULL && r->fill == NULL)
        flaw(r, "an edit form without fill");
    if (r->perm.import != NULL && (r->save == NULL || r->fields.n == 0))
        flaw(r, "imports without fields and save");
    for (size_t i = 0; i < r->fields.n; i++) {
        const struct field *f = &r->fields.v[i];

        if (!is_word(f->name) || f->title == NULL)
            flaw(r, "field %zu has no name or title", i);
        for (size_t k = 0; k < i; k++)
            if (strcmp(f->name, r->fields.v[k].name) == 0 ||
                strcmp(f->title, r->fields.v[k].title) == 0)
                flaw(r, "two fields %s", f->name);
        check_field(r, f);
    }
}

static void check_actions(const struct resource *r)
{
    for (size_t i = 0; i < r->actions.n; i++) {
        const struct action *x = &r->actions.v[i];
        bool link = (x->flags & ACT_LINK) != 0;

        if (!is_word(x->name) || x->title == NULL || x->perm == NULL)
            flaw(r, "action %zu has no name, title or permission", i);
        check_perm(r, x->name, x->perm);
        for (size_t k = 0; k < i; k++)
            if (strcmp(x->name, r->actions.v[k].name) == 0)
                flaw(r, "two actions %s", x->name);
        if (link != (x->url != NULL) ||
            (x->run != NULL) + (x->run_why != NULL) != !link)
            flaw(r, "action %s: a link has a url, others run", x->name);
        if (x->run_why != NULL && !(x->flags & ACT_CONFIRM))
            flaw(r, "action %s never asks for its reason", x->name);
        if ((x->flags & ACT_DANGER) && !(x->flags & ACT_CONFIRM))
            flaw(r, "action %s destroys without asking", x->name);
        if (((x->flags & ACT_CONFIRM) != 0) != (x->confirm != NULL))
            flaw(r, "action %s: ACT_CONFIRM and .confirm go together",
                 x->name);
        if (!(x->flags & (ACT_ROW | ACT_BULK)))
            flaw(r, "action %s stands nowhere", x->name);
    }
}

/* What has moved money is a fact: no form and no import reaches it (M13). */
static void check_money(const struct resource *r)
{
    static const char *const facts[] = { "order", "payment", "refund",
                                         "correction", "bookcheck" };

    for (size_t i = 0; i < COUNT(facts); i++)
        if (strcmp(r->name, facts[i]) == 0 &&
            (r->perm.create != NULL || r->perm.edit != NULL ||
             r->perm.import != NULL || r->save != NULL || r->own_form))
            flaw(r, "money that has moved can be edited");
}

static void check_order(const struct resource *r)
{
    bool found = r->order == NULL;

    for (size_t i = 0; i < r->columns.n; i++)
        found |= r->order != NULL &&
                 strcmp(r->order + (*r->order == '-'),
                        r->columns.v[i].name) == 0;
    if (!found)
        flaw(r, "no column %s to order by", r->order);
}

static void descriptors_are_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < page_count; i++) {
        const struct resource *r = pages[i];

        if (!is_word(r->name) || r->title == NULL || r->key == NULL ||
            r->from == NULL || r->perm.view == NULL)
            flaw(r, "no name, title, key, from or view permission");
        for (size_t k = 0; k < i; k++)
            if (strcmp(r->name, pages[k]->name) == 0)
                flaw(r, "two pages of that name");
        check_perm(r, "view", r->perm.view);
        check_perm(r, "create", r->perm.create);
        check_perm(r, "edit", r->perm.edit);
        check_perm(r, "export", r->perm.export);
        check_perm(r, "import", r->perm.import);
        check_perm(r, "pick", r->perm.pick);
        check_columns(r);
        check_filters(r);
        check_fields(r);
        check_actions(r);
        check_money(r);
        check_order(r);
    }
    assert_sound();
}

/* ---- the statements ----------------------------------------------------- */

static struct list_source source_of(const struct resource *r)
{
    return (struct list_source){ r->from, r->where, r->key, r->scope };
}

static enum list_kind kind_of(enum cell kind)
{
    if (kind == CELL_TIME || kind == CELL_DATE)
        return LIST_TIME;
    return cell_is_number(kind) || kind == CELL_ENUM || kind == CELL_BOOL
               ? LIST_INT : LIST_TEXT;
}

struct statement {
    const struct resource *r;
    const char *what;
    struct list_sql s;
    struct db_table plan;
};

static void prepare(struct cx *cx, void *arg)
{
    const struct statement *s = arg;

    db_check(cx, s->s.sql);
}

static void check_prepares(const struct resource *r, const char *what,
                           struct list_sql sql)
{
    struct statement s = { r, what, sql, { 0 } };

    if (!cx_run(site_cx(), prepare, &s))
        flaw(r, "%s does not prepare: %s", what, s.s.sql);
}

static size_t cells_of(const struct resource *r, const char **cells)
{
    size_t n = 0;

    for (size_t i = 0; i < r->columns.n; i++)
        cells[n++] = r->columns.v[i].sql;
    for (size_t i = 0; i < r->columns.n; i++)
        if (r->columns.v[i].ref_sql != NULL)
            cells[n++] = r->columns.v[i].ref_sql;
    if (r->text != NULL)
        cells[n++] = r->text;
    for (size_t i = 0; i < r->actions.n; i++)
        if (r->actions.v[i].when != NULL && n < 58)
            cells[n++] = r->actions.v[i].when;
    if (r->version != NULL)
        cells[n++] = r->version;
    return n;
}

/* All filters at once, as conditions. */
static void narrow(const struct resource *r, struct list_query *q)
{
    const int64_t one = 1;
    stamp now = stamp_now();

    for (size_t i = 0; i < r->filters.n; i++) {
        const struct filter *f = &r->filters.v[i];

        switch (f->kind) {
        case FILTER_EXACT: list_where_text(q, f->sql, "x"); break;
        case FILTER_PREFIX: list_where_prefix(q, f->sql, "x"); break;
        case FILTER_FUZZY: list_where_contains(q, f->sql, "x"); break;
        case FILTER_ENUM:
        case FILTER_REF: list_where_int(q, f->sql, 1); break;
        case FILTER_DATES: list_where_time(q, f->sql, now, now); break;
        case FILTER_RANGE: list_where_range(q, f->sql, &one, &one); break;
        }
    }
}

static void check_statements(struct cx *cx, const struct resource *r)
{
    const char *cells[120];
    size_t n = cells_of(r, cells);
    struct list_source source = source_of(r);
    struct list_query *q = list_query_new(cx, &source);
    const struct list_order by_key = { "id", NULL, LIST_INT, true };

    narrow(r, q);
    if (r->search != NULL)
        list_where_contains(q, r->search, "x");
    if (n > 60)
        flaw(r, "%zu cells in one statement", n);
    check_prepares(r, "the list", list_page_sql(q, cells, n, &by_key, NULL,
                                                false, 21));
    check_prepares(r, "the count", list_count_sql(q, 10001));
    check_prepares(r, "one row", list_row_sql(q, cells, n, 1));
    check_prepares(r, "the ids", list_ids_sql(q, 1000));
    check_prepares(r, "the export", list_all_sql(q, cells, n, &by_key));
    if (r->version != NULL)
        check_prepares(r, "the lock", list_lock_sql(cx, &source, r->version,
                                                    1));
    for (size_t i = 0; i < r->filters.n; i++)
        if (r->filters.v[i].flags & FILTER_TABS)
            check_prepares(r, "the tabs",
                           list_tabs_sql(q, r->filters.v[i].sql,
                                         (const int[]){ 1, 2 }, 2, 10001));
}

static void statements_prepare(void **state)
{
    struct cx *cx = site_cx();

    (void)state;
    for (size_t i = 0; i < page_count; i++) {
        cx_begin(cx);
        cx->scope.all = true;
        cx->actor = (struct actor){ .kind = ACTOR_ACCOUNT, .id = 1 };
        check_statements(cx, pages[i]);
    }
    assert_sound();
}

/* A column that says it is unique is one: its table has that index. */
static void unique_columns_are_unique(void **state)
{
    struct cx *cx = site_cx();

    (void)state;
    for (size_t i = 0; i < page_count; i++)
        for (size_t k = 0; k < pages[i]->columns.n; k++) {
            const struct resource *r = pages[i];
            const struct column *c = &r->columns.v[k];
            const char *dot = strchr(c->sql, '.');
            char sql[500];

            if (!(c->flags & COL_UNIQUE))
                continue;
            snprintf(sql, sizeof sql,
                     "SELECT COUNT(*) FROM information_schema.statistics s"
                     " WHERE s.table_schema = DATABASE()"
                     "   AND s.table_name = '%.*s' AND s.column_name = '%s'"
                     "   AND s.non_unique = 0 AND s.nullable = ''"
                     "   AND (SELECT COUNT(*) FROM"
                     "     information_schema.statistics o WHERE"
                     "     o.table_schema = s.table_schema AND"
                     "     o.table_name = s.table_name AND"
                     "     o.index_name = s.index_name) = 1",
                     (int)strcspn(r->from, " "), r->from,
                     dot == NULL ? c->sql : dot + 1);
            if (testdb_int(cx, sql) == 0)
                flaw(r, "column %s has no unique index", c->name);
        }
    assert_sound();
}

/* ---- the plans ---------------------------------------------------------- */

static void explain(struct cx *cx, void *arg)
{
    struct statement *s = arg;

    s->plan = db_table(cx, cx_printf(cx, "EXPLAIN %s", s->s.sql), s->s.binds);
}

/* EXPLAIN: id, select_type, table, type, keys, key, len, ref, rows, extra. */
static void check_plan(const struct resource *r, const char *what,
                       struct list_sql sql)
{
    struct statement s = { r, what, sql, { 0 } };

    testdb_run(site_cx(), explain, &s);
    for (size_t i = 0; i < s.plan.rows; i++) {
        const char *const *row = s.plan.cells + i * s.plan.columns;
        const char *extra = row[9] == NULL ? "" : row[9];

        /* Subqueries of single cells are bounded by their own table. */
        if (row[1] == NULL || (strcmp(row[1], "PRIMARY") != 0 &&
                               strcmp(row[1], "SIMPLE") != 0))
            continue;
        if (strstr(extra, "filesort") != NULL ||
            strstr(extra, "temporary") != NULL)
            flaw(r, "%s: %s: %s", what, row[2], extra);
        if (row[3] != NULL && strcmp(row[3], "ALL") == 0)
            flaw(r, "%s reads all of %s", what, row[2]);
    }
}

/* "pile p FORCE INDEX (no) LEFT JOIN ...". */
static const char *forced(struct cx *cx, const char *from, const char *index)
{
    const char *join = strstr(from, " LEFT JOIN");
    int n = join != NULL ? (int)(join - from) : (int)strlen(from);

    return cx_printf(cx, "%.*s FORCE INDEX (%s)%s", n, from, index, from + n);
}

/* The index that begins with the column of the listed table, or NULL. */
static const char *index_of(struct cx *cx, const struct resource *r,
                            const struct list_order *order)
{
    static const char sql[] =
        "SELECT index_name FROM information_schema.statistics"
        " WHERE table_schema = DATABASE() AND table_name = ?"
        "   AND column_name = ? AND seq_in_index = 1"
        " ORDER BY non_unique LIMIT 1";
    const char *alias_end = strchr(order->sql == NULL ? "" : order->sql, '.');
    char table[80];

    if (order->sql == NULL)
        return "PRIMARY";
    snprintf(table, sizeof table, "%.*s", (int)strcspn(r->from, " "), r->from);
    return db_text(cx, sql, BIND(V((const char *)table),
                                 V(alias_end == NULL ? order->sql
                                                     : alias_end + 1)));
}

static void check_order_plan(struct cx *cx, const struct resource *r,
                             const struct list_order *order)
{
    const char *cells[120], *index = index_of(cx, r, order);
    size_t n = cells_of(r, cells);
    struct list_source source = source_of(r);
    struct list_query *q;
    const struct list_cursor at = {
        false, order->kind == LIST_TIME ? "2026-01-01" : "5", 5,
    };

    if (index == NULL) {
        flaw(r, "no index of %.*s begins with %s", (int)strcspn(r->from, " "),
             r->from, order->sql);
        return;
    }
    source.from = forced(cx, source.from, index);
    q = list_query_new(cx, &source);
    check_plan(r, cx_printf(cx, "the first page by %s", order->name),
               list_page_sql(q, cells, n, order, NULL, false, 21));
    check_plan(r, cx_printf(cx, "a later page by %s", order->name),
               list_page_sql(q, cells, n, order, &at, false, 21));
    check_plan(r, cx_printf(cx, "an earlier page by %s", order->name),
               list_page_sql(q, cells, n, order, &at, true, 21));
}

static void check_orders(struct cx *cx, const struct resource *r)
{
    const struct list_order by_key = { "id", NULL, LIST_INT, true };

    check_order_plan(cx, r, &by_key);
    for (size_t i = 0; i < r->columns.n; i++) {
        const struct column *c = &r->columns.v[i];
        const char *order = r->order == NULL ? "" : r->order;
        struct list_order o = {
            c->name, strcmp(c->sql, r->key) == 0 ? NULL : c->sql,
            kind_of(c->kind), true, (c->flags & COL_UNIQUE) != 0,
        };

        if ((c->flags & COL_SORT) ||
            strcmp(order + (*order == '-'), c->name) == 0)
            check_order_plan(cx, r, &o);
    }
}

static void check_orders_work(struct cx *cx, void *arg)
{
    check_orders(cx, arg);
}

/*
 * Which index the server takes depends on how many rows a table has, and here
 * it has few: it is given the one that can do it, and must then neither sort
 * nor read a whole table.
 */
static void lists_use_an_index(void **state)
{
    struct cx *cx = site_cx();

    (void)state;
    for (size_t i = 0; i < page_count; i++) {
        if (pages[i]->small)
            continue;
        cx_begin(cx);
        cx->scope.all = true;
        cx->actor = (struct actor){ .kind = ACTOR_ACCOUNT, .id = 1 };
        testdb_run(cx, check_orders_work, (void *)(uintptr_t)pages[i]);
    }
    assert_sound();
}

/* ---- the pages ---------------------------------------------------------- */

static char uri_text[400];

static const char *uri(const char *format, ...) PRINTF_LIKE(1, 2);
static const char *uri(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vsnprintf(uri_text, sizeof uri_text, format, ap);
    va_end(ap);
    return uri_text;
}

static void expect_get(const struct resource *r, struct visitor *v,
                       const char *path, int status)
{
    struct site_reply reply = site_get(v, path);

    if (reply.status != status)
        flaw(r, "GET %s: %d, not %d", path, reply.status, status);
    if (status == 200 && strstr(reply.body, "<?cs") != NULL)
        flaw(r, "GET %s: template code on the page", path);
}

/* Ids of the first rows that the visitor sees. */
static size_t ids_seen(const struct resource *r, struct visitor *v,
                       int64_t ids[IDS_MAX])
{
    struct site_reply reply = site_get(v, uri("/console/%s.json?size=100",
                                              r->name));
    size_t n = 0;

    if (reply.status != 200) {
        flaw(r, "the JSON list: %d", reply.status);
        return 0;
    }
    if (strncmp(reply.body, "{\"code\":0,\"data\":{\"rows\":[", 26) != 0)
        flaw(r, "the JSON list begins %.40s", reply.body);
    for (const char *p = reply.body;
         (p = strstr(p, "{\"id\":")) != NULL && n < IDS_MAX;) {
        p += 6;
        ids[n++] = strtoll(p, NULL, 10);
    }
    return n;
}

static void open_row(const struct resource *r, struct visitor *v, int64_t id,
                     int status)
{
    long long n = id;

    expect_get(r, v, uri("/console/%s/%lld", r->name, n), status);
    expect_get(r, v, uri("/console/%s/%lld/menu", r->name, n), status);
    if (!r->own_detail)
        expect_get(r, v, uri("/console/%s/%lld.json", r->name, n), status);
}

static void opens_as_administrator(void **state)
{
    int64_t ids[IDS_MAX];

    (void)state;
    for (size_t i = 0; i < page_count; i++) {
        const struct resource *r = pages[i];
        size_t n;

        expect_get(r, &admin, uri("/console/%s", r->name), 200);
        n = ids_seen(r, &admin, ids);
        if (n > 0)
            open_row(r, &admin, ids[0], 200);
        expect_get(r, &admin, uri("/console/%s/pick?q=a", r->name), 200);
        if (r->perm.create != NULL)
            expect_get(r, &admin, uri("/console/%s/new", r->name), 200);
        if (r->perm.import != NULL) {
            expect_get(r, &admin, uri("/console/%s/import", r->name), 200);
            expect_get(r, &admin, uri("/console/%s/import/template?format="
                                      "csv", r->name), 200);
        }
        if (r->perm.export != NULL) {
            struct site_reply reply =
                site_post(&admin, uri("/console/%s/export", r->name),
                          "format=csv&columns=all");

            if (reply.status != 200 || reply.len < 10)
                flaw(r, "export: %d", reply.status);
        }
    }
    assert_sound();
}

/* Every filter and every sort, by its URL. */
static void every_filter_and_order_works(void **state)
{
    (void)state;
    for (size_t i = 0; i < page_count; i++) {
        const struct resource *r = pages[i];

        for (size_t k = 0; k < r->columns.n; k++)
            if (r->columns.v[k].flags & COL_SORT) {
                expect_get(r, &admin, uri("/console/%s?sort=%s", r->name,
                                          r->columns.v[k].name), 200);
                expect_get(r, &admin, uri("/console/%s?sort=-%s", r->name,
                                          r->columns.v[k].name), 200);
            }
        for (size_t k = 0; k < r->filters.n; k++) {
            const struct filter *f = &r->filters.v[k];

            if (f->kind == FILTER_ENUM)
                for (size_t l = 0; labels_at(f->labels, l).key != NULL; l++)
                    expect_get(r, &admin,
                               uri("/console/%s?%s=%s", r->name, f->name,
                                   labels_at(f->labels, l).key), 200);
            else if (f->kind == FILTER_DATES)
                expect_get(r, &admin, uri("/console/%s?%s_from=2026-01-01"
                                          "&%s_to=2026-12-31", r->name,
                                          f->name, f->name), 200);
            else if (f->kind == FILTER_RANGE)
                expect_get(r, &admin, uri("/console/%s?%s_from=1&%s_to=2",
                                          r->name, f->name, f->name), 200);
            else if (f->kind != FILTER_REF)
                expect_get(r, &admin, uri("/console/%s?%s=%%27%%25_!x",
                                          r->name, f->name), 200);
        }
        /* People get the list in its own order, programs an error. */
        expect_get(r, &admin, uri("/console/%s?sort=no%%3B--", r->name), 200);
        expect_get(r, &admin, uri("/console/%s.json?sort=no%%3B--", r->name),
                   400);
    }
    assert_sound();
}

static void is_refused_without_permission(void **state)
{
    (void)state;
    for (size_t i = 0; i < page_count; i++) {
        const struct resource *r = pages[i];
        bool open = strcmp(r->perm.view, PERM_ANY) == 0;

        expect_get(r, &nobody, uri("/console/%s", r->name), open ? 200 : 403);
        expect_get(r, &nobody, uri("/console/%s.json", r->name),
                   open ? 200 : 403);
        expect_get(r, &nobody, uri("/console/%s/1", r->name),
                   open ? 404 : 403);
        expect_get(r, &nobody, uri("/console/%s/pick", r->name),
                   open ? 200 : 403);
        if (r->perm.create != NULL) {
            expect_get(r, &nobody, uri("/console/%s/new", r->name), 403);
            if (site_post(&nobody, uri("/console/%s/new", r->name),
                          "").status != 403)
                flaw(r, "POST new without permission");
        }
        if (r->perm.edit != NULL)
            expect_get(r, &nobody, uri("/console/%s/1/edit", r->name), 403);
        if (r->perm.import != NULL)
            expect_get(r, &nobody, uri("/console/%s/import", r->name), 403);
        if (r->perm.export != NULL &&
            site_post(&nobody, uri("/console/%s/export", r->name),
                      "format=csv").status != 403)
            flaw(r, "exports without permission");
        for (size_t k = 0; k < r->actions.n; k++)
            if (!(r->actions.v[k].flags & ACT_LINK) &&
                site_post(&nobody, uri("/console/%s/do/%s", r->name,
                                       r->actions.v[k].name),
                          "ids=1").status != 403)
                flaw(r, "%s without permission", r->actions.v[k].name);
    }
    assert_sound();
}

static bool holds(const int64_t *ids, size_t n, int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (ids[i] == id)
            return true;
    return false;
}

/* Everything that takes an id, with the id of somebody else's row. */
static void try_foreign(const struct resource *r, int64_t id)
{
    long long n = id;
    char form[60];

    open_row(r, &stranger, id, 404);
    if (r->perm.edit != NULL) {
        expect_get(r, &stranger, uri("/console/%s/%lld/edit", r->name, n),
                   404);
        if (site_post(&stranger, uri("/console/%s/%lld/edit", r->name, n),
                      "").status != 404)
            flaw(r, "saves a foreign row");
    }
    snprintf(form, sizeof form, "ids=%lld", n);
    for (size_t k = 0; k < r->actions.n; k++) {
        const char *name = r->actions.v[k].name;

        if (r->actions.v[k].flags & ACT_LINK) {
            continue;
        }
        expect_get(r, &stranger, uri("/console/%s/do/%s?%s", r->name, name,
                                     form), 404);
        if (site_post(&stranger, uri("/console/%s/do/%s", r->name, name),
                      form).status != 404)
            flaw(r, "does %s to a foreign row", name);
    }
    for (size_t k = 0; k < r->columns.n; k++)
        if (r->columns.v[k].kind == CELL_PHONE) {
            snprintf(form, sizeof form, "column=%s", r->columns.v[k].name);
            if (site_post(&stranger, uri("/console/%s/%lld/reveal", r->name,
                                         n), form).status != 404)
                flaw(r, "reveals a foreign value");
        }
}

/* Pages of the platform alone: who is not of it lacks the right to the whole,
   whatever the row, so that the answer says nothing of it. */
static bool is_platforms(const struct resource *r)
{
    const struct features *all = site_features();

    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->v[i]->perms.n; k++)
            if (strcmp(all->v[i]->perms.v[k].name, r->perm.view) == 0)
                return all->v[i]->perms.v[k].platform;
    return false;
}

static void refuses_the_whole(const struct resource *r, int64_t id)
{
    expect_get(r, &stranger, uri("/console/%s", r->name), 403);
    expect_get(r, &stranger, uri("/console/%s.json", r->name), 403);
    open_row(r, &stranger, id, 403);
    open_row(r, &stranger, 999999, 403);
}

static void shows_nothing_to_another_organisation(void **state)
{
    /* What an organisation has of its own from its first day. */
    static const char *const own[] = { "org", "account", "grant", "role",
                                       "session", "audit" };
    int64_t all[IDS_MAX], seen[IDS_MAX];
    int64_t changes = testdb_int(site_cx(), "SELECT COUNT(*) FROM audit"
                                            " WHERE event <>"
                                            " 'permission.denied'");
    size_t foreign = 0;

    (void)state;
    for (size_t i = 0; i < page_count; i++) {
        const struct resource *r = pages[i];
        size_t n = ids_seen(r, &admin, all), m;
        bool has_own = false;

        if (is_platforms(r)) {
            refuses_the_whole(r, n > 0 ? all[0] : 1);
            continue;
        }
        m = ids_seen(r, &stranger, seen);
        for (size_t k = 0; k < COUNT(own); k++)
            has_own |= strcmp(own[k], r->name) == 0;
        if (m > 0 && !has_own)
            flaw(r, "%zu rows for another organisation", m);
        for (size_t k = 0, tried = 0; k < n && tried < 3; k++)
            if (!holds(seen, m, all[k])) {
                try_foreign(r, all[k]);
                tried++;
                foreign++;
            }
    }
    assert_sound();
    /* The demo has rows to be refused; nothing was done to them. */
    assert_true(foreign > 20);
    assert_int_equal(testdb_int(site_cx(), "SELECT COUNT(*) FROM audit"
                                           " WHERE event <>"
                                           " 'permission.denied'"), changes);
}

/* ---- setting up --------------------------------------------------------- */

static int setup(void **state)
{
    struct cx *cx;

    (void)state;
    site_start("pages");
    find_pages();
    cx = site_cx();
    site_demo();
    testdb_sql(cx, "INSERT INTO org (parent_id, kind, name, created_at,"
                   " updated_at) SELECT id, 2, '另一家服务商', NOW(), NOW()"
                   " FROM org WHERE kind = 1");
    testdb_sql(cx, "UPDATE org SET provider_id = id WHERE kind = 2"
                   " AND provider_id IS NULL");
    site_sign_in(&admin, site_person("13700000001",
                                     testdb_int(cx, "SELECT id FROM org"
                                                    " WHERE kind = 1"), "*"));
    site_sign_in(&nobody, site_person("13700000002",
                                      testdb_int(cx, "SELECT id FROM org"
                                                     " WHERE kind = 1"), ""));
    site_sign_in(&stranger, site_person("13700000003",
                                        testdb_int(cx, "SELECT MAX(id)"
                                                       " FROM org"), "*"));
    /* The token of a form, which actions ask for before their rows. */
    site_get(&stranger, "/console/me");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(descriptors_are_sound),
        cmocka_unit_test(statements_prepare),
        cmocka_unit_test(unique_columns_are_unique),
        cmocka_unit_test(opens_as_administrator),
        cmocka_unit_test(every_filter_and_order_works),
        cmocka_unit_test(is_refused_without_permission),
        cmocka_unit_test(shows_nothing_to_another_organisation),
        cmocka_unit_test(lists_use_an_index),
    };

    return cmocka_run_group_tests(tests, setup, site_stop);
}
