/*
 * Paging by key on a real table: whatever the order, with NULLs and many equal
 * values, forwards and backwards, each row comes exactly once and in order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "db/listquery.h"
#include "tests/integration/testdb.h"

enum { ROWS = 300, PAGE = 7 };

static struct cx *cx;

static const struct list_source source = {
    .from = "listed l", .key = "l.id",
};

static const struct list_order orders[] = {
    { "id", NULL, LIST_INT, false },
    { "id", NULL, LIST_INT, true },
    { "few", "l.few", LIST_INT, false },
    { "few", "l.few", LIST_INT, true },
    { "at", "l.at", LIST_TIME, false },
    { "at", "l.at", LIST_TIME, true },
    { "word", "l.word", LIST_TEXT, false },
    { "word", "l.word", LIST_TEXT, true },
    { "code", "l.code", LIST_TEXT, false, .unique = true },
    { "code", "l.code", LIST_TEXT, true, .unique = true },
};

static int setup(void **state)
{
    (void)state;
    testdb_start("list");
    cx = testdb_cx();
    testdb_sql(cx, "CREATE TABLE listed (id BIGINT PRIMARY KEY,"
                   " few TINYINT NULL, at DATETIME(3) NULL,"
                   " word VARCHAR(20) NULL, code CHAR(6) NOT NULL,"
                   " KEY (few), KEY (at), KEY (word), UNIQUE KEY (code))");
    testdb_sql(cx, "INSERT INTO listed"
                   " SELECT seq, IF(seq % 5 = 0, NULL, seq % 3),"
                   "   IF(seq % 7 = 0, NULL, '2026-01-01' + INTERVAL"
                   "      (seq * 7919) % 40 HOUR),"
                   "   ELT(1 + seq % 6, 'A', 'b', NULL, '电站', '', 'a|b'),"
                   "   LPAD((seq * 7919) % 1000003, 6, '0')"
                   " FROM seq_1_to_300");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    testdb_cx_free(cx);
    testdb_stop();
    return 0;
}

struct walk {
    const struct list_order *order;
    int64_t ids[ROWS + PAGE];
    size_t n;
};

static const char *const cells[] = { "l.id" };

/* A unit of work of somebody who sees every row. */
static void begin(void)
{
    cx_begin(cx);
    cx->scope.all = true;
}

static struct db_table fetch(const struct list_order *order,
                             const struct list_cursor *at, bool back)
{
    struct list_sql s = list_page_sql(list_query_new(cx, &source), cells, 1,
                                      order, at, back, PAGE);

    return db_table(cx, s.sql, s.binds);
}

/* The cursor of a row of the result, through its text, as pages carry it. */
static struct list_cursor cursor_of(const struct list_order *order,
                                    const struct db_table *t, size_t row)
{
    const char *value = t->cells[row * t->columns + 2];
    struct list_cursor c = { value == NULL, value,
                             strtoll(t->cells[row * t->columns], NULL, 10) };
    struct list_cursor back;

    assert_true(list_cursor_read(cx, order, list_cursor_text(cx, order, &c),
                                 &back));
    return back;
}

static void walk_all(struct walk *w, bool back)
{
    struct list_cursor at;
    bool first = true;

    for (;;) {
        struct db_table t = fetch(w->order, first ? NULL : &at, back);

        for (size_t i = 0; i < t.rows; i++) {
            assert_true(w->n < ROWS);
            w->ids[w->n++] = strtoll(t.cells[i * t.columns], NULL, 10);
        }
        if (t.rows < PAGE)
            return;
        at = cursor_of(w->order, &t, t.rows - 1);
        first = false;
    }
}

static void walk_work(struct cx *unused, void *arg)
{
    struct walk *there = arg, back = { .order = there->order };
    struct list_sql all = list_all_sql(list_query_new(cx, &source), cells, 1,
                                       there->order);
    struct db_table t = db_table(cx, all.sql, all.binds);

    (void)unused;
    walk_all(there, false);
    walk_all(&back, true);
    assert_int_equal(there->n, ROWS);
    assert_int_equal(back.n, ROWS);
    for (size_t i = 0; i < ROWS; i++) {
        assert_int_equal(there->ids[i],
                         strtoll(t.cells[i * t.columns], NULL, 10));
        assert_int_equal(back.ids[ROWS - 1 - i], there->ids[i]);
    }
}

static void every_row_comes_once_in_every_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(orders); i++) {
        struct walk w = { .order = &orders[i] };

        begin();
        testdb_run(cx, walk_work, &w);
    }
}

/* Rows that appear or vanish meanwhile neither repeat nor hide others. */
static void rows_that_come_and_go_do_no_harm_work(struct cx *unused, void *arg)
{
    const struct list_order *order = &orders[3];
    struct db_table t;
    struct list_cursor at;

    (void)unused, (void)arg;
    t = fetch(order, NULL, false);
    at = cursor_of(order, &t, t.rows - 1);
    testdb_sql(cx, "INSERT INTO listed VALUES (1000, 2, NULL, NULL, 'x')");
    t = fetch(order, &at, false);
    for (size_t i = 0; i < t.rows; i++)
        assert_true(strcmp(t.cells[i * t.columns], "1000") != 0);
    testdb_sql(cx, "DELETE FROM listed WHERE id = 1000");
    assert_int_equal(t.rows, PAGE);
}

static void rows_that_come_and_go_do_no_harm(void **state)
{
    (void)state;
    begin();
    testdb_run(cx, rows_that_come_and_go_do_no_harm_work, NULL);
}

static void counts_and_tabs_agree_work(struct cx *unused, void *arg)
{
    const int values[] = { 0, 1, 2, 9 };
    struct list_query *q;
    struct list_sql s;
    struct db_table t;
    int64_t sum = 0;

    (void)unused, (void)arg;
    q = list_query_new(cx, &source);
    s = list_tabs_sql(q, "l.few", values, 4, 10001);
    t = db_table(cx, s.sql, s.binds);
    assert_int_equal(t.rows, 4);
    for (size_t i = 0; i < 4; i++)
        sum += strtoll(t.cells[i * 2 + 1], NULL, 10);
    assert_string_equal(t.cells[3 * 2 + 1], "0");
    assert_int_equal(sum, testdb_int(cx, "SELECT COUNT(few) FROM listed"));
    s = list_count_sql(q, 100);
    assert_int_equal(db_int(cx, s.sql, s.binds), 100);
    s = list_count_sql(q, 0);
    assert_int_equal(db_int(cx, s.sql, s.binds), ROWS);
}

static void counts_and_tabs_agree(void **state)
{
    (void)state;
    begin();
    testdb_run(cx, counts_and_tabs_agree_work, NULL);
}

static void wildcards_match_only_themselves_work(struct cx *unused, void *arg)
{
    static const struct { const char *text; int rows; } cases[] = {
        { "%", 0 }, { "_", 0 }, { "a", 100 }, { "a|", 50 }, { "站", 50 },
    };

    (void)unused, (void)arg;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct list_query *q;
        struct list_sql s;

        q = list_query_new(cx, &source);
        list_where_contains(q, "l.word", cases[i].text);
        s = list_count_sql(q, 0);
        assert_int_equal(db_int(cx, s.sql, s.binds), cases[i].rows);
    }
}

static void wildcards_match_only_themselves(void **state)
{
    (void)state;
    begin();
    testdb_run(cx, wildcards_match_only_themselves_work, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_row_comes_once_in_every_order),
        cmocka_unit_test(rows_that_come_and_go_do_no_harm),
        cmocka_unit_test(counts_and_tabs_agree),
        cmocka_unit_test(wildcards_match_only_themselves),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
