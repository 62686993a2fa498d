/*
 * The statements that a list is made of: what is bound and what is text.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "db/listquery.h"

static const struct list_source source = {
    .from = "pile p LEFT JOIN station s ON s.id = p.station_id",
    .where = "p.deleted_at IS NULL", .key = "p.id",
    .scope = SCOPE_STATION("s"),
};

static const struct list_order by_no = { "no", "p.no", LIST_TEXT, false };
static const struct list_order by_unique = { "no", "p.no", LIST_TEXT, false,
                                             .unique = true };
static const struct list_order by_seen = { "seen", "p.seen_at", LIST_TIME,
                                           true };
static const struct list_order by_key = { "id", NULL, LIST_INT, true };
static const char *const cells[] = { "p.no", "s.name" };

static struct cx *cx;

static int setup(void **state)
{
    (void)state;
    cx = cx_new(NULL, NULL, 16 << 20);
    cx_begin(cx);
    cx->scope.all = true;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cx_free(cx);
    return 0;
}

static void assert_has(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", part, text);
}

static void assert_has_not(const char *text, const char *part)
{
    if (strstr(text, part) != NULL)
        fail_msg("\"%s\" is in \"%s\"", part, text);
}

static struct list_sql page(const struct list_query *q,
                            const struct list_order *order,
                            const struct list_cursor *from, bool backwards)
{
    return list_page_sql(q, cells, 2, order, from, backwards, 21);
}

static void first_page_leads_with_the_ordered_table(void **state)
{
    struct list_sql s = page(list_query_new(cx, &source), &by_no, NULL, false);

    (void)state;
    assert_string_equal(s.sql,
        "SELECT STRAIGHT_JOIN p.no, s.name, p.id, p.no"
        " FROM pile p LEFT JOIN station s ON s.id = p.station_id"
        " WHERE 1 AND (p.deleted_at IS NULL)"
        " ORDER BY p.no, p.id LIMIT 21");
    assert_int_equal(s.binds.n, 0);
}

static void scope_is_in_every_statement(void **state)
{
    static const int values[] = { 1, 2 };
    struct list_query *q;
    struct list_sql all[6];

    (void)state;
    cx->scope = (struct scope){ .provider_id = 7 };
    q = list_query_new(cx, &source);
    all[0] = page(q, &by_no, NULL, false);
    all[1] = list_count_sql(q, 10001);
    all[2] = list_tabs_sql(q, "p.kind", values, 2, 10001);
    all[3] = list_row_sql(q, cells, 2, 5);
    all[4] = list_ids_sql(q, 1000);
    all[5] = list_all_sql(q, cells, 2, &by_no);
    for (size_t i = 0; i < COUNT(all); i++) {
        assert_has(all[i].sql, "s.provider_id = ?");
        assert_int_equal(all[i].binds.v[0].number, 7);
    }
    assert_int_equal(all[2].binds.n, 4);
    assert_int_equal(all[2].binds.v[2].number, 7);
    assert_int_equal(all[3].binds.v[1].number, 5);
}

static void nobody_sees_nothing(void **state)
{
    struct list_sql s;

    (void)state;
    cx->scope = (struct scope){ 0 };
    s = page(list_query_new(cx, &source), &by_no, NULL, false);
    assert_has(s.sql, "WHERE 0 AND");
}

static void values_are_bound_never_joined(void **state)
{
    static const char planted[] = "x' OR '1'='1";
    struct list_query *q = list_query_new(cx, &source);
    int64_t from = 60000, to = 480000;
    struct list_sql s;

    (void)state;
    list_where_text(q, "p.no", planted);
    list_where_prefix(q, "p.no|p.name", planted);
    list_where_contains(q, "s.name", planted);
    list_where_int(q, "p.kind", 2);
    list_where_range(q, "p.power_w", &from, &to);
    s = page(q, &by_no, NULL, false);
    assert_has_not(s.sql, "OR '1'");
    assert_has(s.sql, "(p.no LIKE ? ESCAPE '!' OR p.name LIKE ? ESCAPE '!')");
    assert_has(s.sql, "p.power_w >= ?");
    assert_int_equal(s.binds.n, 7);
    assert_string_equal(s.binds.v[0].data, planted);
    assert_string_equal(s.binds.v[3].data, "%x' OR '1'='1%");
    assert_int_equal(s.binds.v[6].number, 480000);
}

static void wildcards_stand_for_themselves(void **state)
{
    static const struct { const char *typed, *pattern; } cases[] = {
        { "100%", "%100!%%" }, { "a_b", "%a!_b%" }, { "!", "%!!%" },
        { "", "%%" }, { "电站", "%电站%" }, { "\\", "%\\%" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct list_query *q = list_query_new(cx, &source);

        list_where_contains(q, "s.name", cases[i].typed);
        assert_string_equal(list_count_sql(q, 1).binds.v[0].data,
                            cases[i].pattern);
    }
}

static void a_long_text_is_cut_between_characters(void **state)
{
    struct list_query *q = list_query_new(cx, &source);
    char text[3 * 60 + 1] = "";
    const char *pattern;

    (void)state;
    for (int i = 0; i < 60; i++)
        memcpy(text + 3 * i, "站", 4);
    list_where_prefix(q, "s.name", text);
    pattern = list_count_sql(q, 1).binds.v[0].data;
    assert_int_equal(strlen(pattern), 99 + 1); /* 33 characters and "%" */
}

static void no_ids_match_nothing(void **state)
{
    struct list_query *q = list_query_new(cx, &source);
    const int64_t ids[] = { 4, 9 };

    (void)state;
    list_where_ids(q, "p.id", NULL, 0);
    assert_has(list_count_sql(q, 1).sql, "AND (0)");
    q = list_query_new(cx, &source);
    list_where_ids(q, "p.id", ids, 2);
    assert_has(list_count_sql(q, 1).sql, "AND (p.id IN (?,?))");
    assert_int_equal(list_count_sql(q, 1).binds.v[1].number, 9);
}

static void times_are_half_open(void **state)
{
    struct list_query *q = list_query_new(cx, &source);
    stamp from, until;
    struct list_sql s;

    (void)state;
    assert_true(stamp_parse("2026-11-01", &from));
    until = stamp_add_days(from, 1);
    list_where_time(q, "p.created_at", from, until);
    s = list_count_sql(q, 1);
    assert_has(s.sql, "(p.created_at >= ?) AND (p.created_at < ?)");
    assert_int_equal(s.binds.n, 2);
    q = list_query_new(cx, &source);
    list_where_time(q, "p.created_at", (stamp){ 0 }, (stamp){ 0 });
    assert_int_equal(list_count_sql(q, 1).binds.n, 0);
}

static void a_copy_narrows_alone(void **state)
{
    struct list_query *q = list_query_new(cx, &source), *copy;

    (void)state;
    list_where_int(q, "p.kind", 1);
    copy = list_query_copy(q);
    for (int i = 0; i < 40; i++)
        list_where_int(copy, "p.guns", i);
    assert_int_equal(list_count_sql(q, 1).binds.n, 1);
    assert_int_equal(list_count_sql(copy, 1).binds.n, 41);
    assert_int_equal(list_count_sql(copy, 1).binds.v[40].number, 39);
    assert_has_not(list_count_sql(q, 1).sql, "p.guns");
}

/* The page after, and the page before, a row with and without a value. */
static void pages_go_on_behind_the_cursor(void **state)
{
    static const struct {
        const struct list_order *order;
        bool null, backwards;
        const char *where, *by;
    } cases[] = {
        { &by_no, false, false,
          "(p.no > ? OR (p.no = ? AND p.id > ?))", "ORDER BY p.no, p.id" },
        { &by_no, false, true,
          "(p.no < ? OR (p.no = ? AND p.id < ?) OR p.no IS NULL)",
          "ORDER BY p.no DESC, p.id DESC" },
        { &by_seen, false, false,
          "(p.seen_at < ? OR (p.seen_at = ? AND p.id < ?)"
          " OR p.seen_at IS NULL)", "ORDER BY p.seen_at DESC, p.id DESC" },
        { &by_seen, true, false,
          "(p.seen_at IS NULL AND p.id < ?)", "p.seen_at DESC, p.id DESC" },
        { &by_seen, true, true,
          "(p.seen_at IS NULL AND p.id > ? OR p.seen_at IS NOT NULL)",
          "ORDER BY p.seen_at, p.id" },
        { &by_unique, false, false, "(p.no > ?)", "ORDER BY p.no LIMIT" },
        { &by_unique, false, true, "(p.no < ?)", "ORDER BY p.no DESC LIMIT" },
        { &by_key, false, false, "(p.id < ?)", "ORDER BY p.id DESC" },
        { &by_key, false, true, "(p.id > ?)", "ORDER BY p.id" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct list_cursor at = {
            cases[i].null, cases[i].order == &by_seen
                               ? "2026-11-20 14:05:16.000" : "32010600011923",
            99,
        };
        struct list_sql s = page(list_query_new(cx, &source), cases[i].order,
                                 &at, cases[i].backwards);

        assert_has(s.sql, cases[i].where);
        assert_has(s.sql, cases[i].by);
        if (!cases[i].order->unique)
            assert_int_equal(s.binds.v[s.binds.n - 1].number, 99);
        else
            assert_string_equal(s.binds.v[s.binds.n - 1].data,
                                "32010600011923");
    }
}

static void a_cursor_comes_back_from_its_text(void **state)
{
    static const struct list_cursor cursors[] = {
        { false, "32010600011923", 17 }, { true, "", 1 },
        { false, "a|b|c", INT64_MAX }, { false, "", 3 }, { false, "电站", 4 },
    };
    struct list_cursor back;

    (void)state;
    for (size_t i = 0; i < COUNT(cursors); i++) {
        const char *text = list_cursor_text(cx, &by_no, &cursors[i]);

        assert_true(strspn(text, "0123456789abcdef") == strlen(text));
        assert_true(list_cursor_read(cx, &by_no, text, &back));
        assert_int_equal(back.null, cursors[i].null);
        assert_int_equal(back.id, cursors[i].id);
        assert_string_equal(back.value, cursors[i].value);
        /* Another order: it says nothing. */
        assert_false(list_cursor_read(cx, &by_seen, text, &back));
        /* Cut anywhere, it never reads past its end. */
        for (size_t n = strlen(text); n-- > 0;) {
            const char *cut = arena_strndup(cx->arena, text, n);

            if (list_cursor_read(cx, &by_no, cut, &back))
                assert_true(back.id > 0);
        }
    }
}

static void a_planted_cursor_is_refused(void **state)
{
    static const char *const bad[] = {
        "", "0", "zz", "6e6f7c2b7c767c", "00",
        "6e6f7c2b7c767c2d317c78",       /* no|+|v|-1|x */
        "6e6f7c2b7c767c307c78",         /* no|+|v|0|x */
        "6e6f7c2b7c787c317c78",         /* no|+|x|1|x */
        "6e6f7c2b7c767c31783178",       /* no|+|v|1x1x */
        "6e6f7c2b7c767c317c0078",       /* a NUL inside */
    };
    struct list_cursor out;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(list_cursor_read(cx, &by_no, bad[i], &out));
}

static void bad_page(struct cx *c, void *arg)
{
    const struct list_cursor at = { false, arg, 5 };

    (void)c;
    page(list_query_new(cx, &source), &by_seen, &at, false);
}

static void a_cursor_value_of_the_wrong_kind_fails(void **state)
{
    char text[] = "not a time";

    (void)state;
    assert_false(cx_run(cx, bad_page, text));
    assert_int_equal(cx->error.code, ERR_BAD_REQUEST);
}

static void counts_are_capped(void **state)
{
    struct list_query *q = list_query_new(cx, &source);

    (void)state;
    assert_has(list_count_sql(q, 10001).sql, "LIMIT 10001) c");
    assert_has_not(list_count_sql(q, 0).sql, "LIMIT");
}

static void a_prefix_is_asked_where_it_can_stand(void **state)
{
    struct list_query *q = list_query_new(cx, &source);
    struct list_query *plate = list_query_copy(q);
    struct list_sql s;

    (void)state;
    list_where_prefix(q, "p.no|p.code|~p.plate", "B1");
    s = list_count_sql(q, 0);
    assert_has(s.sql, "(p.no LIKE ? ESCAPE '!' OR p.code LIKE ? ESCAPE '!')");
    assert_int_equal(s.binds.n, 2);
    list_where_prefix(plate, "p.no|p.code|~p.plate", "粤B1");
    s = list_count_sql(plate, 0);
    assert_has(s.sql, "(p.plate LIKE ? ESCAPE '!')");
    assert_string_equal(s.binds.v[0].data, "粤B1%");
}

static void a_value_can_be_looked_up(void **state)
{
    struct list_query *q = list_query_new(cx, &source);
    struct list_sql s;

    (void)state;
    list_where_lookup(q, "p.driver_id", "SELECT x.id FROM driver x"
                      " WHERE x.phone = ?", "13800138000");
    s = list_count_sql(q, 0);
    assert_has(s.sql, "(p.driver_id = (SELECT x.id FROM driver x"
                      " WHERE x.phone = ?))");
    assert_string_equal(s.binds.v[0].data, "13800138000");
}

static void tables_that_nothing_names_are_left_out(void **state)
{
    static const struct list_source wide = {
        .from = "pile p LEFT JOIN station s ON s.id = p.station_id"
                " LEFT JOIN org v ON v.id = s.provider_id"
                " LEFT JOIN area a ON a.id = p.area_id",
        .key = "p.id",
    };
    static const char *const no[] = { "p.no" }, *const org[] = { "v.name" };
    static const int values[] = { 1 };
    struct list_query *q = list_query_new(cx, &wide);

    (void)state;
    assert_has(list_count_sql(q, 0).sql, "FROM pile p WHERE");
    assert_has(list_count_sql(q, 9).sql, "FROM pile p WHERE");
    assert_has(list_page_sql(q, no, 1, &by_no, NULL, false, 21).sql,
               "FROM pile p WHERE");
    /* The organisation is joined through the station. */
    assert_has(list_page_sql(q, org, 1, &by_no, NULL, false, 21).sql,
               "FROM pile p LEFT JOIN station s ON s.id = p.station_id"
               " LEFT JOIN org v ON v.id = s.provider_id WHERE");
    assert_has(list_tabs_sql(q, "a.kind", values, 1, 9).sql,
               "FROM pile p LEFT JOIN area a ON a.id = p.area_id WHERE");
    list_where_contains(q, "p.no|s.name", "x");
    assert_has(list_count_sql(q, 0).sql,
               "FROM pile p LEFT JOIN station s ON s.id = p.station_id WHERE");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(first_page_leads_with_the_ordered_table),
        T(scope_is_in_every_statement),
        T(nobody_sees_nothing),
        T(values_are_bound_never_joined),
        T(wildcards_stand_for_themselves),
        T(a_long_text_is_cut_between_characters),
        T(no_ids_match_nothing),
        T(times_are_half_open),
        T(a_copy_narrows_alone),
        T(pages_go_on_behind_the_cursor),
        T(a_cursor_comes_back_from_its_text),
        T(a_planted_cursor_is_refused),
        T(a_cursor_value_of_the_wrong_kind_fails),
        T(counts_are_capped),
        T(a_prefix_is_asked_where_it_can_stand),
        T(a_value_can_be_looked_up),
        T(tables_that_nothing_names_are_left_out),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
