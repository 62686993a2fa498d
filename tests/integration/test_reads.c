/*
 * What a page reads does not grow with the history: each list that does, made
 * long, shows its pages, totals and tabs by reading about as many rows as it
 * shows or counts. Rows are counted by the server (Handler_read_%, and entries
 * of an index that were looked at and dropped), so a busy machine changes
 * nothing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "charging/order_admin.h"
#include "db/listquery.h"
#include "tests/integration/site.h"
#include "tests/integration/testdb.h"
#include "web/resource.h"

enum {
    LONG = 20000,     /* rows of a long list */
    SHOWN = 21,       /* of a page, and one more */
    CAP = 101,        /* counted at most; less than in the product */
    PER_ROW = 12,     /* a row and what is joined and asked for it */
    PAGE_READS = SHOWN * PER_ROW,
    COUNT_READS = 4 * CAP, /* found, kept aside, counted */
    CELLS = 120,
};

static int flaws;

/* ---- long tables -------------------------------------------------------- */

/* What the demo has none of, to begin with. */
static const char *const seeds[] = {
    "INSERT INTO pile_event (at, pile_id, gun, kind)"
    "  SELECT NOW(3) - INTERVAL id DAY, id, 1, 1 + id % 9 FROM pile",
    "INSERT INTO audit (at, actor_kind, actor_id, actor_name, org_id, address,"
    "   session_id, request_id, event, object, object_id, text)"
    "  SELECT NOW(3) - INTERVAL id DAY, 1, 1, 'x', 1, '', 0, '', 'pile.edit',"
    "   'pile', id, '' FROM pile",
};

/* Few of many: where a page would have to look long. */
static const char *const few[] = {
    "UPDATE trade_record SET state = 3 + id % 2 WHERE id % 100 < 2",
    "UPDATE payment SET state = 5 WHERE id % 2000 = 0",
    "UPDATE charge_order SET state = 9 WHERE id % 8 = 0 AND provider_id <>"
    "  (SELECT MIN(provider_id) FROM charge_order)",
    "UPDATE charge_order SET vin = CONCAT('LSV', id % 1000)",
};

/* Doubles the rows; texts that must differ do so, or are left out. */
static const char *doubling(struct cx *cx, const char *table)
{
    static const char columns[] =
        "SELECT GROUP_CONCAT(c.column_name ORDER BY c.ordinal_position)"
        "  FROM information_schema.columns c"
        " WHERE c.table_schema = DATABASE() AND c.table_name = ?"
        "   AND c.extra NOT LIKE '%auto_increment%'"
        "   AND COALESCE(c.generation_expression, '') = ''";
    static const char values[] =
        "SELECT GROUP_CONCAT(IF(c.data_type LIKE '%char' AND EXISTS (SELECT 1"
        "   FROM information_schema.statistics s WHERE"
        "   s.table_schema = DATABASE() AND s.table_name = c.table_name AND"
        "   s.column_name = c.column_name AND s.non_unique = 0),"
        "   IF(c.is_nullable = 'YES', 'NULL', 'CONCAT(\"g\", UUID_SHORT())'),"
        "   c.column_name) ORDER BY c.ordinal_position)"
        "  FROM information_schema.columns c"
        " WHERE c.table_schema = DATABASE() AND c.table_name = ?"
        "   AND c.extra NOT LIKE '%auto_increment%'"
        "   AND COALESCE(c.generation_expression, '') = ''";
    struct db_binds name = BIND(V(table));

    return cx_printf(cx, "INSERT INTO %s (%s) SELECT %s FROM %s", table,
                     db_text(cx, columns, name), db_text(cx, values, name),
                     table);
}

static void lengthen(struct cx *cx, void *arg)
{
    const char *table = arg;
    const char *count = cx_printf(cx, "SELECT COUNT(*) FROM %s", table);
    const char *twice = doubling(cx, table);

    assert_true(db_int(cx, count, BIND()) > 0);
    while (db_int(cx, count, BIND()) < LONG)
        testdb_sql(cx, twice);
    for (size_t i = 0; i < COUNT(few); i++)
        if (strstr(few[i], table) != NULL)
            testdb_sql(cx, few[i]);
    db_table(cx, cx_printf(cx, "ANALYZE TABLE %s", table), BIND());
}

/* ---- counting ----------------------------------------------------------- */

static int64_t reads_so_far(struct cx *cx)
{
    struct db_table t = db_table(cx, "SHOW SESSION STATUS WHERE Variable_name"
                                     " LIKE 'Handler\\_read%' OR"
                                     " Variable_name = 'Handler_icp_attempts'",
                                 BIND());
    int64_t sum = 0;

    assert_true(t.rows > 5);
    for (size_t i = 0; i < t.rows; i++)
        sum += strtoll(t.cells[2 * i + 1], NULL, 10);
    return sum;
}

static void expect_reads(struct cx *cx, const char *list, const char *what,
                         struct list_sql s, int64_t most)
{
    int64_t before = reads_so_far(cx), reads;

    db_table(cx, s.sql, s.binds);
    reads = reads_so_far(cx) - before;
    assert_true(reads > 0);
    if (reads <= most)
        return;
    flaws++;
    fprintf(stderr, "# %s: %s: %lld rows read, not %lld: %s\n", list, what,
            (long long)reads, (long long)most, s.sql);
}

/* ---- the lists ---------------------------------------------------------- */

static size_t cells_of(const struct resource *r, const char **cells)
{
    size_t n = 0;

    for (size_t i = 0; i < r->columns.n; i++)
        cells[n++] = r->columns.v[i].sql;
    assert_true(n <= CELLS);
    return n;
}

static enum list_kind kind_of(enum cell kind)
{
    return kind == CELL_TIME || kind == CELL_DATE ? LIST_TIME : LIST_TEXT;
}

/* Its own order: "-created". */
static struct list_order order_of(const struct resource *r)
{
    const char *name = r->order == NULL ? "-id" : r->order;
    bool down = *name == '-';

    for (size_t i = 0; i < r->columns.n; i++) {
        const struct column *c = &r->columns.v[i];

        if (strcmp(c->name, name + down) == 0)
            return (struct list_order){ c->name, c->sql, kind_of(c->kind),
                                        down,
                                        (c->flags & COL_UNIQUE) != 0 };
    }
    return (struct list_order){ "id", NULL, LIST_INT, true };
}

static const struct filter *tabs_of(const struct resource *r)
{
    for (size_t i = 0; i < r->filters.n; i++)
        if (r->filters.v[i].flags & FILTER_TABS)
            return &r->filters.v[i];
    return NULL;
}

static struct list_query *query_of(struct cx *cx, const struct resource *r)
{
    const struct list_source source = { r->from, r->where, r->key, r->scope };

    cx->scope.all = true;
    return list_query_new(cx, arena_memdup(cx->arena, &source,
                                           sizeof source));
}

static void check_page(struct cx *cx, const struct resource *r,
                       const char *what, const struct list_query *q)
{
    struct list_order order = order_of(r);
    const char *cells[CELLS];
    size_t n = cells_of(r, cells);

    expect_reads(cx, r->name, cx_printf(cx, "the page of %s", what),
                 list_page_sql(q, cells, n, &order, NULL, false, SHOWN),
                 PAGE_READS);
    expect_reads(cx, r->name, cx_printf(cx, "the total of %s", what),
                 list_count_sql(q, CAP), COUNT_READS);
}

static void check_tabs(struct cx *cx, const struct resource *r,
                       const char *what, const struct list_query *q)
{
    const struct filter *f = tabs_of(r);
    int values[LIST_TABS_MAX];

    if (f == NULL)
        return;
    for (size_t i = 0; i < f->labels.n; i++)
        values[i] = f->labels.v[i].value;
    expect_reads(cx, r->name, cx_printf(cx, "the tabs of %s", what),
                 list_tabs_sql(q, f->sql, values, f->labels.n, CAP),
                 (int64_t)f->labels.n * COUNT_READS);
}

static void check_each_tab(struct cx *cx, const struct resource *r,
                           const char *what, const struct list_query *q)
{
    const struct filter *f = tabs_of(r);

    for (size_t i = 0; f != NULL && i < f->labels.n; i++) {
        struct list_query *tab = list_query_copy(q);

        list_where_int(tab, f->sql, f->labels.v[i].value);
        check_page(cx, r, cx_printf(cx, "%s, %s", what,
                                    f->labels.v[i].word), tab);
    }
}

static void check_list(struct cx *cx, void *arg)
{
    const struct resource *r = arg;
    struct list_query *q = query_of(cx, r);

    check_page(cx, r, "all", q);
    check_tabs(cx, r, "all", q);
    /* Records that people see are few in all states together: one key. */
    if (strcmp(r->name, "orphan") != 0)
        check_each_tab(cx, r, "all", q);
}

/* ---- the tests ---------------------------------------------------------- */

static const char *const tables[] = { "charge_order", "trade_record",
                                      "payment", "pile_event", "audit" };

static bool is_long(const struct resource *r)
{
    size_t len = strcspn(r->from, " ");

    for (size_t i = 0; i < COUNT(tables); i++)
        if (strlen(tables[i]) == len && memcmp(tables[i], r->from, len) == 0)
            return true;
    return false;
}

static void long_lists_read_what_they_show(void **state)
{
    const struct features *all = site_features();
    size_t lists = 0;

    (void)state;
    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->v[i]->pages.n; k++)
            if (is_long(all->v[i]->pages.v[k])) {
                cx_begin(site_cx());
                testdb_run(site_cx(), check_list,
                           (void *)(uintptr_t)all->v[i]->pages.v[k]);
                lists++;
            }
    assert_int_equal(lists, COUNT(tables));
    assert_int_equal(flaws, 0);
}

/* Whose orders, or which: the column, and a value that many have; of the
   first provider, which has none in review. */
static const struct {
    const char *what, *sql;
    bool each_tab; /* has an index with the state */
} views[] = {
    { "a provider", "o.provider_id", true },
    { "a merchant", "o.merchant_id", true },
    { "a station", "o.station_id", true },
    { "a pile", "o.pile_id" },
    { "a driver", "o.driver_id" },
    { "a way to start", "o.start_by" },
    { "a plate", "o.plate" },
    { "a frame number", "o.vin" },
};

static void check_views(struct cx *cx, void *arg)
{
    (void)arg;
    for (size_t i = 0; i < COUNT(views); i++) {
        struct list_query *q = query_of(cx, &order_page);

        list_where_text(q, views[i].sql, db_text(cx, cx_printf(cx,
            "SELECT %s FROM charge_order o GROUP BY 1"
            " ORDER BY MIN(o.provider_id), COUNT(*) DESC LIMIT 1",
            views[i].sql), BIND()));
        check_page(cx, &order_page, views[i].what, q);
        check_tabs(cx, &order_page, views[i].what, q);
        if (views[i].each_tab)
            check_each_tab(cx, &order_page, views[i].what, q);
    }
}

static void views_of_orders_read_what_they_show(void **state)
{
    (void)state;
    cx_begin(site_cx());
    testdb_run(site_cx(), check_views, NULL);
    assert_int_equal(flaws, 0);
}

/* An order of a day long ago, among all days. */
static void check_day(struct cx *cx, void *arg)
{
    struct list_query *q = query_of(cx, &order_page);
    stamp day;

    (void)arg;
    assert_true(stamp_parse(db_text(cx, "SELECT DATE(MIN(created_at) +"
                                        " INTERVAL 3 DAY) FROM charge_order",
                                    BIND()), &day));
    list_where_time(q, "o.created_at", day, stamp_add_ms(day, 86400000));
    check_page(cx, &order_page, "a day", q);
    check_tabs(cx, &order_page, "a day", q);
}

static void a_day_of_orders_reads_no_other(void **state)
{
    (void)state;
    cx_begin(site_cx());
    testdb_run(site_cx(), check_day, NULL);
    assert_int_equal(flaws, 0);
}

static int setup(void **state)
{
    struct cx *cx;

    (void)state;
    site_start("reads");
    site_demo();
    cx = site_cx();
    for (size_t i = 0; i < COUNT(seeds); i++)
        testdb_sql(cx, seeds[i]);
    for (size_t i = 0; i < COUNT(tables); i++) {
        cx_begin(cx);
        testdb_run(cx, lengthen, (void *)(uintptr_t)tables[i]);
    }
    return 0;
}

static int begin(void **state)
{
    (void)state;
    flaws = 0;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(long_lists_read_what_they_show, begin),
        cmocka_unit_test_setup(views_of_orders_read_what_they_show, begin),
        cmocka_unit_test_setup(a_day_of_orders_reads_no_other, begin),
    };

    return cmocka_run_group_tests(tests, setup, site_stop);
}
