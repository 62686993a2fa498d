/*
 * The map: stations in view with their live state, who sees them, and markers
 * that never run into each other; and finding by a piece of a name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "asset/live.h"
#include "charging/find.h"
#include "charging/map.h"
#include "tests/integration/testdb.h"

static int set_up(void **state)
{
    struct cx *cx = testdb_cx();
    static const char *const sql[] = {
        "DELETE FROM connector_live", "DELETE FROM connector",
        "DELETE FROM pile", "DELETE FROM area", "DELETE FROM station",
        "DELETE FROM org WHERE id > 2", "DELETE FROM org WHERE id = 2",
        "DELETE FROM org",
        "INSERT INTO org (id, parent_id, kind, name, provider_id, created_at,"
        " updated_at) VALUES (1, NULL, 1, '平台', NULL, NOW(3), NOW(3)),"
        " (2, 1, 2, '服务商甲', 2, NOW(3), NOW(3)),"
        " (3, 2, 3, '岭海新能源', 2, NOW(3), NOW(3)),"
        " (4, 2, 3, '湾区快充', 2, NOW(3), NOW(3))",
        "INSERT INTO station (id, provider_id, merchant_id, name, city,"
        " district, lng_e6, lat_e6, max_power_w, created_at, updated_at)"
        " VALUES (1, 2, 3, '南站', '广州市', '番禺区', 113269000, 22988000,"
        " 600000, NOW(3), NOW(3)),"
        " (2, 2, 3, '琶洲', '广州市', '海珠区', 113365000, 23105000, 0,"
        " NOW(3), NOW(3)),"
        " (3, 2, 4, '前海', '深圳市', '南山区', 113900000, 22530000, 0,"
        " NOW(3), NOW(3)),"
        " (4, 2, 4, '没有位置', '深圳市', '', 0, 0, 0, NOW(3), NOW(3))",
        "INSERT INTO area (id, station_id, no, name, created_at, updated_at)"
        " VALUES (1, 1, 'A1', 'A 区', NOW(3), NOW(3)),"
        " (2, 2, 'A2', 'A 区', NOW(3), NOW(3))",
        "INSERT INTO pile (id, no, name, station_id, area_id, kind, guns,"
        " power_w, created_at, updated_at) VALUES"
        " (1, '32010600011923', 'A01', 1, 1, 1, 2, 120000, NOW(3), NOW(3)),"
        " (2, '32010600011924', 'B01', 2, 2, 2, 1, 7000, NOW(3), NOW(3))",
        "INSERT INTO connector (id, pile_id, station_id, gun, name, qr_no,"
        " created_at, updated_at) VALUES"
        " (1, 1, 1, 1, 'A01-1', '3201060001192301', NOW(3), NOW(3)),"
        " (2, 1, 1, 2, 'A01-2', '3201060001192302', NOW(3), NOW(3)),"
        " (3, 2, 2, 1, 'B01-1', '3201060001192401', NOW(3), NOW(3))",
        "INSERT INTO connector_live (connector_id, station_id, pile_id, gun,"
        " state, power_w) VALUES (1, 1, 1, 1, 1, 60500), (2, 1, 1, 2, 5, 0),"
        " (3, 2, 2, 1, 2, 0)",
    };

    for (size_t i = 0; i < COUNT(sql); i++)
        testdb_sql(cx, sql[i]);
    *state = cx;
    return 0;
}

static int tear_down(void **state)
{
    testdb_cx_free(*state);
    return 0;
}

static struct map_query everything(void)
{
    return (struct map_query){ MAP_EVERYWHERE, .city = "", .text = "" };
}

static size_t found(struct cx *cx, struct map_query q)
{
    size_t n;

    map_stations(cx, &q, &n);
    return n;
}

static void a_station_counts_its_connectors(struct cx *cx,
                                            UNUSED void *arg)
{
    struct map_station *s = map_station_load(cx, 1);

    assert_string_equal(s->name, "南站");
    assert_string_equal(s->operator_name, "岭海新能源");
    assert_int_equal(s->charging, 1);
    assert_int_equal(s->fault, 1);
    assert_int_equal(s->idle, 0);
    assert_int_equal(s->power_w, 60500);
    assert_int_equal(s->cap_w, 600000);
    assert_int_equal(s->piles, 1);
    assert_int_equal(map_state(s), CONNECTOR_FAULT);
    s = map_station_load(cx, 2);
    assert_int_equal(s->cap_w, 7000); /* no limit given: what stands there */
    assert_int_equal(s->piles, 1);
    assert_int_equal(map_state(s), CONNECTOR_IDLE);
    s = map_station_load(cx, 3); /* nothing stands there yet */
    assert_int_equal(s->charging + s->idle + s->offline, 0);
}

static void piles_are_counted_by_kind_and_state(struct cx *cx,
                                                UNUSED void *arg)
{
    struct map_query q = everything();
    struct map_piles p = map_piles(cx, &q);

    assert_int_equal(p.all, 2);
    assert_int_equal(p.dc, 1);
    assert_int_equal(p.ac, 1);
    /* One gun charges and one is broken: the pile shows what is worst. */
    assert_int_equal(p.states[CONNECTOR_FAULT - 1], 1);
    assert_int_equal(p.states[CONNECTOR_IDLE - 1], 1);
    assert_int_equal(p.states[CONNECTOR_CHARGING - 1], 0);
    q.state = CONNECTOR_IDLE;
    assert_int_equal(map_piles(cx, &q).dc, 0);
    q.state = 0;
    q.text = "南站";
    assert_int_equal(map_piles(cx, &q).all, 1);
}

static void filters_limit(struct cx *cx, UNUSED void *arg)
{
    struct map_query q = everything();
    size_t n;
    const char **cities = map_cities(cx, &n);

    assert_int_equal(n, 2);
    assert_string_equal(cities[0], "广州市");
    assert_int_equal(found(cx, q), 3); /* without a position: not there */
    q.city = "深圳市";
    assert_int_equal(found(cx, q), 1);
    q = everything();
    q.state = CONNECTOR_FAULT;
    assert_int_equal(found(cx, q), 1);
    q = everything();
    q.text = "湾区";
    assert_int_equal(found(cx, q), 1);
    q.text = "11924";
    assert_int_equal(found(cx, q), 1);
    q.text = "%";
    assert_int_equal(found(cx, q), 0);
    q = everything();
    q.west_e6 = 113000000;
    q.east_e6 = 113300000;
    assert_int_equal(found(cx, q), 1);
}

static void load_foreign(struct cx *cx, UNUSED void *arg)
{
    map_station_load(cx, 3);
}

static void another_merchant_is_not_there(struct cx *cx, UNUSED void *arg)
{
    size_t n;

    cx->scope = (struct scope){ .merchant_id = 3 };
    assert_int_equal(found(cx, everything()), 2);
    map_cities(cx, &n);
    assert_int_equal(n, 1);
    assert_false(cx_run(cx, load_foreign, NULL));
    assert_int_equal(cx->error.code, ERR_NOT_FOUND);
}

static size_t hits(struct cx *cx,
                   struct find_hit *(*find)(struct cx *cx, const char *text,
                                            size_t *count), const char *text)
{
    size_t n;

    find(cx, text, &n);
    return n;
}

static void things_are_found_by_a_piece(struct cx *cx, UNUSED void *arg)
{
    size_t n;
    struct find_hit *hit = find_piles(cx, "320106000119", &n);

    assert_int_equal(n, 2);
    assert_string_equal(hit[0].title, "32010600011923 A01 · 南站");
    assert_int_equal(hits(cx, find_piles, "3201060001192402"), 1);
    assert_int_equal(hits(cx, find_piles, "B01"), 1);
    assert_int_equal(hits(cx, find_piles, "__"), 0);
    assert_int_equal(hits(cx, find_stations, "南"), 1);
    assert_int_equal(hits(cx, find_orders, "C2026"), 0);
    cx->scope = (struct scope){ .merchant_id = 4 };
    assert_int_equal(hits(cx, find_piles, "320106000119"), 0);
    assert_int_equal(hits(cx, find_stations, "南"), 0);
    assert_int_equal(hits(cx, find_stations, "前海"), 1);
}

/* ---- markers: no database needed ---------------------------------------- */

static void near_stations_are_one_marker_until_one_looks_closer(
    struct cx *cx, UNUSED void *arg)
{
    struct map_station s[3] = {
        { .id = 1, .lng_e6 = 113269000, .lat_e6 = 22988000, .idle = 2 },
        { .id = 2, .lng_e6 = 113271000, .lat_e6 = 22990000, .fault = 1 },
        { .id = 3, .lng_e6 = 113900000, .lat_e6 = 22530000, .idle = 4 },
    };
    size_t n;
    struct map_marker *m = map_markers(cx, s, 3, 4, &n);

    assert_int_equal(n, 1);
    assert_int_equal(m[0].n, 3);
    assert_null(m[0].station);
    assert_int_equal(m[0].parts[CONNECTOR_IDLE - 1], 6);
    assert_int_equal(m[0].parts[CONNECTOR_FAULT - 1], 1);
    assert_in_range(m[0].lng_e6, 113479900, 113480100); /* the middle */
    m = map_markers(cx, s, 3, 10, &n);
    assert_int_equal(n, 2);
    m = map_markers(cx, s, 3, 18, &n);
    assert_int_equal(n, 3);
    for (size_t i = 0; i < n; i++)
        assert_non_null(m[i].station);
    s[1].lng_e6 = s[0].lng_e6 + 30000; /* on both sides of an edge */
    s[0].lng_e6 -= 2;
    m = map_markers(cx, s, 2, 10, &n);
    assert_int_equal(n, 1);
    assert_int_equal(m[0].n, 2);
}

static void there_are_never_too_many_markers(struct cx *cx,
                                             UNUSED void *arg)
{
    enum { MANY = 4000 };
    struct map_station *s = arena_array(cx->arena, MANY, sizeof *s);
    int64_t stations = 0;
    size_t n;
    struct map_marker *m;

    for (int i = 0; i < MANY; i++)
        s[i] = (struct map_station){ .id = i + 1,
            .lng_e6 = 113000000 + i % 80 * 10000,
            .lat_e6 = 22000000 + i / 80 * 10000 };
    m = map_markers(cx, s, MANY, MAP_ZOOM_MAX, &n);
    assert_in_range(n, 1, MAP_MARKERS_MAX);
    for (size_t i = 0; i < n; i++)
        stations += (int64_t)m[i].n;
    assert_int_equal(stations, MANY);
    map_markers(cx, s, 0, MAP_ZOOM_MIN, &n);
    assert_int_equal(n, 0);
}

/* Each case is a unit of work of its own. */
#define CASES(X)                                                           \
    X(a_station_counts_its_connectors)                                     \
    X(piles_are_counted_by_kind_and_state)                                 \
    X(filters_limit)                                                       \
    X(things_are_found_by_a_piece)                                         \
    X(another_merchant_is_not_there)                                       \
    X(near_stations_are_one_marker_until_one_looks_closer)                 \
    X(there_are_never_too_many_markers)
#define RUN(name)                                                          \
    static void run_##name(void **state)                                   \
    {                                                                      \
        testdb_run(*state, name, NULL);                                    \
    }
#define TEST(name) { #name, run_##name, set_up, tear_down, NULL },
CASES(RUN)

int main(void)
{
    const struct CMUnitTest tests[] = { CASES(TEST) };
    int failed;

    testdb_start("map");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    testdb_stop();
    return failed;
}
