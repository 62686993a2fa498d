/*
 * Tariffs on a real database: what a draft may say, versions and when they
 * take effect, which one is in force, numbers for the wire.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "db/db.h"
#include "tariff/billing.h"
#include "tariff/tariff.h"
#include "tests/integration/testdb.h"
#include "tests/integration/world.h"

static struct tariff_draft draft(const char *name)
{
    return (struct tariff_draft){ .station_id = WORLD_STATION, .name = name,
                                  .mode = TARIFF_PERIODS,
                                  .slots = WORLD_SLOTS,
                                  .prices = world_prices };
}

struct making {
    struct tariff_draft draft;
    int64_t id;
    int seen_ver;
};

static void create_body(struct cx *cx, void *arg)
{
    struct making *m = arg;

    m->id = tariff_create(cx, &m->draft);
}

static void edit_body(struct cx *cx, void *arg)
{
    const struct making *m = arg;

    tariff_edit(cx, m->id, &m->draft, m->seen_ver);
}

static void enable_body(struct cx *cx, void *arg)
{
    tariff_enable(cx, *(int64_t *)arg);
}

static void disable_body(struct cx *cx, void *arg)
{
    tariff_disable(cx, *(int64_t *)arg);
}

struct asking {
    int64_t area_id;
    stamp at;
    const struct tariff_version *v, *next;
};

static void ask(struct cx *cx, void *arg)
{
    struct asking *a = arg;

    a->v = tariff_at(cx, WORLD_STATION, a->area_id, a->at);
    a->next = tariff_next(cx, WORLD_STATION, a->area_id, a->at);
}

static struct asking in_force(struct cx *cx, int64_t area_id,
                              const char *at)
{
    struct asking a = { .area_id = area_id };

    assert_true(stamp_parse(at, &a.at));
    testdb_run(cx, ask, &a);
    return a;
}

static int set_up(void **state)
{
    struct cx *cx = world_cx();

    testdb_sql(cx, "DELETE FROM tariff_version");
    testdb_sql(cx, "DELETE FROM tariff");
    assert_true(stamp_parse("2026-11-20 23:59:59.999", &cx->now));
    *state = cx;
    return 0;
}

static int tear_down(void **state)
{
    testdb_cx_free(*state);
    return 0;
}

/* ---- drafts ---------------------------------------------------------- */

#define SET(name, ...)                                  \
    static void name(struct tariff_draft *d)            \
    {                                                   \
        __VA_ARGS__;                                    \
    }

SET(fine, (void)d)
SET(no_name, d->name = "")
SET(long_name, d->name = "一二三四五六七八九十一二三四五六七八九十一二三四五六七八"
                         "九十一二三四五六七八九十一二三四五六七八九十一二三四五六"
                         "七八九十一")
SET(no_mode, d->mode = 3)
SET(short_slots, d->slots = "33")
SET(gap, d->slots = "333333333333----221111000022222222222222222222-2")
SET(unknown_rate, d->slots = "333333333333333322221111000022222222222222222224")
SET(negative, d->prices.elec_e5[RATE_PEAK] = -1)
SET(too_dear, d->prices.service_e5[RATE_FLAT] = TARIFF_PRICE_MAX_E5 + 1)
SET(dearest, d->prices.service_e5[RATE_FLAT] = TARIFF_PRICE_MAX_E5)
SET(unused, d->slots = "333333333333333322221111222222222222222222222222")
SET(all_zero, d->prices.elec_e5[RATE_FLAT] = 0;
    d->prices.service_e5[RATE_FLAT] = 0)
SET(free_service, d->prices.service_e5[RATE_FLAT] = 0)
SET(today, stamp_parse("2026-11-20", &d->starts_at) ? (void)0 : abort())
SET(tomorrow, stamp_parse("2026-11-21", &d->starts_at) ? (void)0 : abort())
SET(at_noon,
    stamp_parse("2026-11-25 12:00", &d->starts_at) ? (void)0 : abort())
SET(unified, d->mode = TARIFF_UNIFIED; d->slots = NULL;
    d->prices = (struct tariff_prices){ { 0, 0, 100000, 0 },
                                        { 0, 0, 50000, 0 } })
SET(unified_more, unified(d); d->prices.elec_e5[RATE_PEAK] = 1)

static void a_draft_names_its_wrong_field(void **state)
{
    static const struct {
        void (*set)(struct tariff_draft *);
        const char *field; /* NULL: good */
        const char *says;  /* part of the message, or NULL */
    } cases[] = {
        { fine, NULL },
        { no_name, "name" },
        { long_name, "name", "60" },
        { no_mode, "mode" },
        { short_slots, "slots", "48" },
        { gap, "slots", "06:00–08:00、23:00–23:30" },
        { unknown_rate, "slots", "23:30–24:00" },
        { negative, "peak_elec", "0–10" },
        { too_dear, "flat_service", "0–10" },
        { dearest, NULL },
        { unused, "sharp_elec", "没有尖时段" },
        { all_zero, "flat_elec", "不能都是 0" },
        { free_service, NULL },
        { today, "starts_on", "最早次日" },
        { tomorrow, NULL },
        { at_noon, "starts_on", "00:00" },
        { unified, NULL },
        { unified_more, "peak_elec", "没有峰时段" },
    };
    struct cx *cx = *state;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tariff_draft d = draft("测试");
        const char *field = NULL, *why;

        cases[i].set(&d);
        why = tariff_draft_error(cx, &d, &field);
        if (cases[i].field == NULL) {
            assert_null(why);
            continue;
        }
        assert_non_null(why);
        assert_string_equal(field, cases[i].field);
        if (cases[i].says != NULL)
            assert_non_null(strstr(why, cases[i].says));
    }
}

/* ---- versions -------------------------------------------------------- */

static void prices_take_effect_at_midnight(void **state)
{
    struct cx *cx = *state;
    struct making m = { .draft = draft("一") };

    assert_int_equal(world_tx(cx, create_body, &m), CX_OK);
    /* made a millisecond before midnight: not today */
    assert_null(in_force(cx, 0, "2026-11-20 23:59:59.999").v);
    assert_non_null(in_force(cx, 0, "2026-11-20 23:59:59.999").next);
    assert_non_null(in_force(cx, 0, "2026-11-21 00:00:00").v);
    assert_null(in_force(cx, 0, "2026-11-21 00:00:00").next);
    assert_int_equal(in_force(cx, 0, "2026-11-21 00:00").v
                         ->prices.elec_e5[RATE_PEAK], 110000);
}

static void a_disabled_place_takes_no_tariff(void **state)
{
    struct cx *cx = *state;
    struct making m = { .draft = draft("一") };

    testdb_sql(cx, "UPDATE station SET status = 2");
    assert_int_not_equal(world_tx(cx, create_body, &m), CX_OK);
    assert_string_equal(cx->error.field, "station_id");
    testdb_sql(cx, "UPDATE station SET status = 1");
    testdb_sql(cx, "UPDATE area SET status = 2");
    m.draft.area_id = testdb_int(cx, "SELECT MIN(id) FROM area");
    assert_int_not_equal(world_tx(cx, create_body, &m), CX_OK);
    assert_string_equal(cx->error.field, "area_id");
    testdb_sql(cx, "UPDATE area SET status = 1");
    assert_int_equal(world_tx(cx, create_body, &m), CX_OK);
}

static void one_in_force_is_never_touched(void **state)
{
    struct cx *cx = *state;
    struct making m = { .draft = draft("一") };
    int64_t first;

    assert_int_equal(world_tx(cx, create_body, &m), CX_OK);
    cx->now = stamp_add_ms(cx->now, 1); /* midnight: it is in force now */
    first = in_force(cx, 0, "2026-11-21 00:00").v->id;
    m.draft.prices.elec_e5[RATE_PEAK] = 120000;
    assert_int_equal(world_tx(cx, edit_body, &m), CX_OK);
    assert_int_equal(in_force(cx, 0, "2026-11-21 23:59:59.999").v->id, first);
    assert_int_equal(in_force(cx, 0, "2026-11-21 12:00").v
                         ->prices.elec_e5[RATE_PEAK], 110000);
    assert_int_equal(in_force(cx, 0, "2026-11-22 00:00").v
                         ->prices.elec_e5[RATE_PEAK], 120000);
    /* the planned one is replaced, not followed by a third */
    m.draft.prices.elec_e5[RATE_PEAK] = 130000;
    assert_int_equal(world_tx(cx, edit_body, &m), CX_OK);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM tariff_version"),
                     2);
    assert_int_equal(in_force(cx, 0, "2026-11-22 00:00").v
                         ->prices.elec_e5[RATE_PEAK], 130000);
    /* the same prices again are no version */
    cx->now = stamp_add_days(cx->now, 3);
    m.draft.note = "只改备注";
    assert_int_equal(world_tx(cx, edit_body, &m), CX_OK);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM tariff_version"),
                     2);
    assert_int_equal(testdb_int(cx, "SELECT version_no FROM tariff"), 2);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM audit WHERE event ="
                                    " 'tariff.price'"), 2);
}

static void two_editors_do_not_overwrite_each_other(void **state)
{
    struct cx *cx = *state;
    struct making m = { .draft = draft("一") };

    assert_int_equal(world_tx(cx, create_body, &m), CX_OK);
    m.seen_ver = 1;
    m.draft.prices.elec_e5[RATE_PEAK] = 1;
    assert_int_equal(world_tx(cx, edit_body, &m), CX_OK);
    m.draft.prices.elec_e5[RATE_PEAK] = 2;
    assert_int_equal(world_tx(cx, edit_body, &m), ERR_CONFLICT);
    assert_int_equal(testdb_int(cx, "SELECT peak_elec_e5 FROM"
                                    " tariff_version"), 1);
}

static void the_area_goes_before_the_station(void **state)
{
    struct cx *cx = *state;
    struct making whole = { .draft = draft("全站") },
                  area = { .draft = draft("区域") };

    assert_int_equal(world_tx(cx, create_body, &whole), CX_OK);
    area.draft.area_id = WORLD_AREA;
    area.draft.prices.elec_e5[RATE_PEAK] = 77;
    assert_true(stamp_parse("2026-11-25", &area.draft.starts_at));
    assert_int_equal(world_tx(cx, create_body, &area), CX_OK);
    /* until it starts the station's counts */
    assert_int_equal(in_force(cx, WORLD_AREA, "2026-11-24 23:59").v
                         ->prices.elec_e5[RATE_PEAK], 110000);
    assert_int_equal(in_force(cx, WORLD_AREA, "2026-11-25 00:00").v
                         ->prices.elec_e5[RATE_PEAK], 77);
    assert_int_equal(in_force(cx, 99, "2026-11-25 00:00").v
                         ->prices.elec_e5[RATE_PEAK], 110000);
    assert_int_equal(world_tx(cx, disable_body, &area.id), CX_OK);
    assert_int_equal(in_force(cx, WORLD_AREA, "2026-11-25 00:00").v
                         ->prices.elec_e5[RATE_PEAK], 110000);
    area.draft.area_id = 99;
    assert_int_equal(world_tx(cx, create_body, &area), ERR_NOT_FOUND);
}

static void a_place_has_one_tariff_at_a_time(void **state)
{
    struct cx *cx = *state;
    struct making a = { .draft = draft("一") }, b = { .draft = draft("二") };

    assert_int_equal(world_tx(cx, create_body, &a), CX_OK);
    assert_int_equal(world_tx(cx, create_body, &b), ERR_CONFLICT);
    assert_int_equal(world_tx(cx, disable_body, &a.id), CX_OK);
    assert_int_equal(world_tx(cx, create_body, &b), CX_OK);
    assert_int_equal(world_tx(cx, enable_body, &a.id), ERR_CONFLICT);
    assert_int_equal(world_tx(cx, disable_body, &b.id), CX_OK);
    assert_int_equal(world_tx(cx, enable_body, &a.id), CX_OK);
    b.draft.name = "一";
    assert_int_equal(world_tx(cx, edit_body, &b), ERR_INVALID);
    assert_string_equal(cx->error.field, "name");
}

static int create_at_once(int index, void *arg)
{
    struct cx *cx = world_cx();
    struct making m = { .draft = draft(cx_printf(cx, "第%d个", index)) };
    enum cx_code code;

    (void)arg;
    code = world_tx(cx, create_body, &m);
    return code == CX_OK ? 0 : code == ERR_CONFLICT ? 1 : 2;
}

static void of_eight_new_tariffs_one_stays(void **state)
{
    struct cx *cx = *state;

    assert_int_equal(world_parallel(8, create_at_once, NULL), 1);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM tariff"), 1);
}

static void what_is_out_of_scope_does_not_exist(void **state)
{
    struct cx *cx = *state;
    struct making m = { .draft = draft("一") };

    cx->scope = (struct scope){ .merchant_id = WORLD_MERCHANT + 1 };
    assert_int_equal(world_tx(cx, create_body, &m), ERR_NOT_FOUND);
    cx->scope = (struct scope){ .merchant_id = WORLD_MERCHANT };
    assert_int_equal(world_tx(cx, create_body, &m), CX_OK);
    cx->scope = (struct scope){ .provider_id = WORLD_PROVIDER + 1 };
    assert_int_equal(world_tx(cx, edit_body, &m), ERR_NOT_FOUND);
    assert_int_equal(world_tx(cx, disable_body, &m.id), ERR_NOT_FOUND);
}

/* ---- numbers in frames ----------------------------------------------- */

static void numbers_differ_and_wrap(void **state)
{
    struct cx *cx = *state;
    struct making m = { .draft = draft("一") };

    assert_int_equal(world_tx(cx, create_body, &m), CX_OK);
    testdb_sql(cx, "UPDATE tariff_version SET wire_no = '9998'");
    for (int i = 0; i < 4; i++) {
        cx->now = stamp_add_days(cx->now, 2);
        m.draft.prices.elec_e5[RATE_PEAK]++;
        assert_int_equal(world_tx(cx, edit_body, &m), CX_OK);
    }
    /* 9999, then 0001: never 0000 */
    assert_int_equal(testdb_int(cx, "SELECT GROUP_CONCAT(wire_no ORDER BY id"
                                    " SEPARATOR '') = '99989999000100020003'"
                                    " FROM tariff_version"), 1);
    /* one that is still somebody's is skipped */
    testdb_sql(cx, "UPDATE tariff_version SET wire_no = '0004' WHERE"
                   " version_no = 1");
    cx->now = stamp_add_days(cx->now, 2);
    m.draft.prices.elec_e5[RATE_PEAK]++;
    assert_int_equal(world_tx(cx, edit_body, &m), CX_OK);
    assert_int_equal(testdb_int(cx, "SELECT wire_no FROM tariff_version ORDER"
                                    " BY id DESC LIMIT 1"), 5);
}

/* ---- 计费测试 ------------------------------------------------------------ */

struct trying {
    struct tariff_question q;
    struct bill bill;
};

static void try_body(struct cx *cx, void *arg)
{
    struct trying *t = arg;
    struct tariff_version v = { .slots = WORLD_SLOTS,
                                .prices = world_prices };

    tariff_try(cx, &v, &t->q, &t->bill);
}

static void the_calculator_says_what_a_charge_costs(void **state)
{
    struct cx *cx = *state;
    struct trying t = { .q = { .total_e4kwh = 300000, .minutes = 180 } };

    assert_true(stamp_parse("2026-11-20 10:00", &t.q.starts_at));
    assert_int_equal(world_tx(cx, try_body, &t), CX_OK);
    /* 20 kWh peak, 10 sharp */
    assert_int_equal(t.bill.rate[RATE_PEAK].energy_e4kwh, 200000);
    assert_int_equal(t.bill.total.fen, 2900 + 1700);
    t.q.minutes = 0;
    assert_int_equal(world_tx(cx, try_body, &t), ERR_INVALID);
    t.q.minutes = 2881;
    assert_int_equal(world_tx(cx, try_body, &t), ERR_INVALID);
    t.q = (struct tariff_question){ .energy_e4kwh = { 0, 0, 0, 10000 } };
    assert_int_equal(world_tx(cx, try_body, &t), CX_OK);
    assert_int_equal(t.bill.total.fen, 65);
    t.q.energy_e4kwh[0] = -1;
    assert_int_equal(world_tx(cx, try_body, &t), ERR_INVALID);
    t.q.energy_e4kwh[0] = INT64_C(100000001);
    assert_int_equal(world_tx(cx, try_body, &t), ERR_INVALID);
}

int main(void)
{
#define WITH_CX(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_CX(a_draft_names_its_wrong_field),
        WITH_CX(prices_take_effect_at_midnight),
        WITH_CX(a_disabled_place_takes_no_tariff),
        WITH_CX(one_in_force_is_never_touched),
        WITH_CX(two_editors_do_not_overwrite_each_other),
        WITH_CX(the_area_goes_before_the_station),
        WITH_CX(a_place_has_one_tariff_at_a_time),
        WITH_CX(of_eight_new_tariffs_one_stays),
        WITH_CX(what_is_out_of_scope_does_not_exist),
        WITH_CX(numbers_differ_and_wrap),
        WITH_CX(the_calculator_says_what_a_charge_costs),
    };
    struct cx *cx;
    int failed;

    testdb_start("tariff");
    cx = world_cx();
    world_make(cx);
    testdb_cx_free(cx);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    testdb_stop();
    return failed;
}
