/*
 * Stations, areas, piles and connectors: what is made with what, what is
 * refused, and who sees it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "asset/area.h"
#include "asset/pile.h"
#include "asset/station.h"
#include "tests/integration/testdb.h"

struct place {
    int64_t station, area, pile;
};

static void begin_platform(struct cx *cx)
{
    cx_begin(cx);
    cx->scope.all = true;
    cx->actor = (struct actor){ ACTOR_ACCOUNT, 1, 1, "tester", "", 0 };
}

static int set_up(void **state)
{
    struct cx *cx = testdb_cx();

    testdb_sql(cx, "DELETE FROM connector_live");
    testdb_sql(cx, "DELETE FROM charge_order");
    testdb_sql(cx, "DELETE FROM connector");
    testdb_sql(cx, "DELETE FROM pile");
    testdb_sql(cx, "DELETE FROM area");
    testdb_sql(cx, "DELETE FROM station");
    testdb_sql(cx, "DELETE FROM org WHERE id > 2");
    testdb_sql(cx, "DELETE FROM org WHERE id = 2");
    testdb_sql(cx, "DELETE FROM org");
    testdb_sql(cx, "INSERT INTO org (id, parent_id, kind, name, provider_id,"
                   " created_at, updated_at) VALUES"
                   " (1, NULL, 1, '平台', NULL, NOW(3), NOW(3)),"
                   " (2, 1, 2, '服务商甲', 2, NOW(3), NOW(3)),"
                   " (3, 2, 3, '商户甲', 2, NOW(3), NOW(3)),"
                   " (4, 2, 3, '商户乙', 2, NOW(3), NOW(3))");
    begin_platform(cx);
    *state = cx;
    return 0;
}

static int tear_down(void **state)
{
    testdb_cx_free(*state);
    return 0;
}

static struct station_form station_form(const char *name)
{
    return (struct station_form){
        .merchant_id = 3, .name = name, .nature = NATURE_SELF,
        .contact = "", .phone = "", .hotline = "", .intro = "",
        .hours = "00:00-24:00", .province = "广东省", .city = "广州市",
        .district = "番禺区", .address = "石壁街道", .lng = "113.269",
        .lat = "22.988", .parking_note = ""
    };
}

static struct pile_form pile_form(const struct place *p, const char *no,
                                  int guns)
{
    return (struct pile_form){
        .station_id = p->station, .area_id = p->area, .no = no,
        .name = "A01", .factory_no = "", .maker = "", .model = "",
        .version = "", .kind = PILE_DC, .speed = SPEED_FAST, .guns = guns,
        .power_w = 120000, .sim_no = "", .nature = NATURE_SELF, .owner = "",
        .mounting = MOUNT_FLOOR, .protection = "IP54",
        .login_policy = LOGIN_OBSERVE, .pinned_address = ""
    };
}

static void make_place(struct cx *cx, void *arg)
{
    struct place *p = arg;
    struct station_form s = station_form("南站");
    struct pile_form f;

    p->station = station_save(cx, 0, &s);
    p->area = db_int(cx, "SELECT id FROM area", BIND());
    f = pile_form(p, "32010600011923", 2);
    p->pile = pile_save(cx, 0, &f);
}

static void in_tx(struct cx *cx, void (*work)(struct cx *, void *), void *arg)
{
    db_tx(cx, work, arg);
}

struct call {
    void (*work)(struct cx *, void *);
    void *arg;
};

static void run_tx(struct cx *cx, void *arg)
{
    const struct call *c = arg;

    in_tx(cx, c->work, c->arg);
}

static bool tries(struct cx *cx, void (*work)(struct cx *, void *), void *arg)
{
    struct call c = { work, arg };

    return cx_run(cx, run_tx, &c);
}

static struct place *made(struct cx *cx)
{
    struct place *p = CX_NEW(cx, struct place);

    assert_true(tries(cx, make_place, p));
    return p;
}

static void a_station_comes_with_a_default_area(void **state)
{
    struct cx *cx = *state;

    made(cx);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM area"
                                    " WHERE is_default = 1"), 1);
    assert_int_equal(testdb_int(cx, "SELECT provider_id FROM station"), 2);
    assert_int_equal(testdb_int(cx, "SELECT lng_e6 FROM station"),
                     113269000);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM audit WHERE event"
                                    " = 'station.create'"), 1);
}

static void a_pile_comes_with_its_connectors(void **state)
{
    struct cx *cx = *state;

    made(cx);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM connector"), 2);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM connector_live"
                                    " WHERE state = 6"), 2);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM connector"
                                    " WHERE qr_no = '3201060001192302'"
                                    " AND name = 'A01-2'"), 1);
}

static void add_pile(struct cx *cx, void *arg)
{
    pile_save(cx, 0, arg);
}

static void save_pile(struct cx *cx, void *arg)
{
    struct pile_form *f = arg;
    int64_t id = db_int(cx, "SELECT MIN(id) FROM pile", BIND());

    pile_save(cx, strcmp(f->name, "new") == 0 ? 0 : id, f);
}

static void guns_follow_the_form_unless_used(void **state)
{
    struct cx *cx = *state;
    struct place *p = made(cx);
    struct pile_form f = pile_form(p, "32010600011923", 4);

    assert_true(tries(cx, save_pile, &f));
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM connector"), 4);
    f.guns = 3;
    assert_true(tries(cx, save_pile, &f));
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM connector_live"),
                     3);
    testdb_sql(cx, "INSERT INTO charge_order (order_no, trade_no,"
                   " provider_id, merchant_id, station_id, pile_id,"
                   " connector_id, gun, start_by, state, tariff_version_id,"
                   " created_at) SELECT 'C1', REPEAT('1', 32), 2, 3,"
                   " station_id, pile_id, id, gun, 1, 10, 1, NOW(3)"
                   " FROM connector WHERE gun = 3");
    f.guns = 2;
    assert_false(tries(cx, save_pile, &f));
    assert_int_equal(cx->error.code, ERR_INVALID);
    assert_string_equal(cx->error.field, "guns");
    assert_int_equal(testdb_int(cx, "SELECT guns FROM pile"), 3);
}

static void a_disabled_pile_gets_no_gun(void **state)
{
    struct cx *cx = *state;
    struct place *p = made(cx);
    struct pile_form f = pile_form(p, "32010600011923", 2);

    assert_true(tries(cx, save_pile, &f));
    testdb_sql(cx, "UPDATE pile SET status = 2");
    f.guns = 3;
    assert_false(tries(cx, save_pile, &f));
    assert_string_equal(cx->error.field, "guns");
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM connector"), 2);
    f.guns = 2; /* everything else may change */
    f.power_w = 90000;
    assert_true(tries(cx, save_pile, &f));
    testdb_sql(cx, "UPDATE pile SET status = 1");
    f.guns = 3;
    assert_true(tries(cx, save_pile, &f));
}

static void a_code_belongs_to_one_pile(void **state)
{
    struct cx *cx = *state;
    struct place *p = made(cx);
    struct pile_form f = pile_form(p, "32010600011923", 1);

    f.name = "new";
    assert_false(tries(cx, save_pile, &f));
    assert_string_equal(cx->error.field, "no");
    f.no = "32010600011930";
    assert_true(tries(cx, save_pile, &f));
}

static void a_code_is_fixed_after_the_first_login(void **state)
{
    struct cx *cx = *state;
    struct place *p = made(cx);
    struct pile_form f = pile_form(p, "32010600099999", 2);

    assert_true(tries(cx, save_pile, &f));
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM connector WHERE"
                                    " qr_no = '3201060009999901'"), 1);
    testdb_sql(cx, "UPDATE pile SET login_at = NOW(3)");
    f.no = "32010600088888";
    assert_false(tries(cx, save_pile, &f));
    assert_string_equal(cx->error.field, "no");
}

static void where_a_pile_logs_in_from_is_checked(void **state)
{
    static const char *const good[] = { "", "10.1.2.3", "10.0.0.0/8",
        "10.1.0.0/16, 192.168.7.9", "2001:db8::/32" };
    static const char *const bad[] = { "10.1.2", "10.1.2.3/33", "10.1.2.3/x",
        "anywhere", "10.0.0.0/0", "10.0.0.0/8;10.1.1.1", "/8" };
    struct cx *cx = *state;
    struct place *p = made(cx);
    struct pile_form f = pile_form(p, "32010600011923", 2);

    for (size_t i = 0; i < COUNT(good); i++)
        assert_null(pile_address_error(cx, &good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_non_null(pile_address_error(cx, &bad[i]));
    f.login_policy = LOGIN_STRICT; /* nobody could log in */
    assert_false(tries(cx, save_pile, &f));
    assert_string_equal(cx->error.field, "pinned_address");
    f.pinned_address = "10.1.0.0/16";
    assert_true(tries(cx, save_pile, &f));
    assert_int_equal(testdb_int(cx, "SELECT pinned_address = '10.1.0.0/16'"
                                    " AND login_policy = 1 FROM pile"), 1);
    f.login_policy = LOGIN_PIN; /* emptied: the next login binds anew */
    f.pinned_address = "";
    assert_true(tries(cx, save_pile, &f));
    assert_int_equal(testdb_int(cx, "SELECT pinned_address = '' FROM pile"),
                     1);
}

static void codes_are_checked(void **state)
{
    static const char *const bad[] = {
        "", "3201060001192", "320106000119233", "3201060001192x",
        "3201060001192 ", "３２０"
    };
    const char *good = "32010600011923";

    for (size_t i = 0; i < COUNT(bad); i++)
        assert_non_null(pile_no_error(*state, &bad[i]));
    assert_null(pile_no_error(*state, &good));
}

static void disable_station(struct cx *cx, void *arg)
{
    station_disable(cx, *(int64_t *)arg);
}

static void add_area(struct cx *cx, void *arg)
{
    struct area_form f = { .station_id = *(int64_t *)arg, .name = "B 区",
                           .phone = "" };

    area_save(cx, 0, &f);
}

static void nothing_is_added_to_a_disabled_station(void **state)
{
    struct cx *cx = *state;
    struct place *p = made(cx);
    struct pile_form f = pile_form(p, "32010600011931", 1);

    f.name = "new";
    assert_true(tries(cx, disable_station, &p->station));
    assert_false(tries(cx, add_area, &p->station));
    assert_string_equal(cx->error.field, "station_id");
    assert_false(tries(cx, save_pile, &f));
    assert_string_equal(cx->error.field, "station_id");
    assert_false(tries(cx, disable_station, &p->station)); /* twice */
}

static void delete_pile(struct cx *cx, void *arg)
{
    pile_delete(cx, *(int64_t *)arg);
}

static void piles_of_a_station_have_names_of_their_own(void **state)
{
    struct cx *cx = *state;
    struct place *p = made(cx);
    struct pile_form f = pile_form(p, "32010600011924", 1);

    assert_false(tries(cx, add_pile, &f));
    assert_string_equal(cx->error.field, "name");
    assert_non_null(strstr(cx->error.text, "32010600011923"));
    f.name = "A02";
    assert_true(tries(cx, add_pile, &f));
    /* Nor past the check; but the name of a deleted one is free again. */
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM"
                                    " information_schema.statistics WHERE"
                                    " table_schema = DATABASE() AND"
                                    " column_name = 'used_name' AND"
                                    " non_unique = 0"), 1);
    assert_true(tries(cx, delete_pile, &p->pile));
    f.name = "A01";
    f.no = "32010600011925";
    assert_true(tries(cx, add_pile, &f));
}

static void a_pile_with_an_open_order_stays(void **state)
{
    struct cx *cx = *state;
    struct place *p = made(cx);

    testdb_sql(cx, "INSERT INTO charge_order (order_no, trade_no,"
                   " provider_id, merchant_id, station_id, pile_id,"
                   " connector_id, gun, start_by, state, tariff_version_id,"
                   " created_at) SELECT 'C2', REPEAT('2', 32), 2, 3,"
                   " station_id, pile_id, id, gun, 1, 4, 1, NOW(3)"
                   " FROM connector WHERE gun = 1");
    assert_false(tries(cx, delete_pile, &p->pile));
    assert_int_equal(cx->error.code, ERR_STATE);
    testdb_sql(cx, "UPDATE charge_order SET state = 10");
    assert_true(tries(cx, delete_pile, &p->pile));
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM connector_live"),
                     0);
    assert_false(tries(cx, delete_pile, &p->pile));
    assert_int_equal(cx->error.code, ERR_NOT_FOUND);
}

static void load_pile(struct cx *cx, void *arg)
{
    pile_load(cx, *(int64_t *)arg);
}

static void others_do_not_see_it(void **state)
{
    static const int64_t elsewhere[] = { 999 };
    struct cx *cx = *state;
    int64_t *pile = arena_alloc(cx->arena, sizeof *pile);
    struct place p = *made(cx);

    *pile = p.pile;
    cx->scope = (struct scope){ .merchant_id = 3 };
    assert_true(cx_run(cx, load_pile, pile));
    cx->scope = (struct scope){ .provider_id = 2 };
    assert_true(cx_run(cx, load_pile, pile));
    cx->scope = (struct scope){ .merchant_id = 4 };
    assert_false(cx_run(cx, load_pile, pile));
    assert_int_equal(cx->error.code, ERR_NOT_FOUND);
    assert_false(tries(cx, delete_pile, pile));
    cx->scope = (struct scope){ .provider_id = 9 };
    assert_false(cx_run(cx, load_pile, pile));
    cx->scope = (struct scope){ .merchant_id = 3, .station_ids = elsewhere,
                                .station_count = 1 };
    assert_false(cx_run(cx, load_pile, pile));
    cx->scope = (struct scope){ .all = false }; /* nobody sees nothing */
    assert_false(cx_run(cx, load_pile, pile));
    assert_int_equal(cx->error.code, ERR_NOT_FOUND);
}

static void save_station(struct cx *cx, void *arg)
{
    station_save(cx, 0, arg);
}

static void coordinates_are_checked(void **state)
{
    static const char *const bad[] = { "181", "abc", "113.1234567", "0" };
    struct cx *cx = *state;

    for (size_t i = 0; i < COUNT(bad); i++) {
        struct station_form f = station_form("坐标");

        f.lng = bad[i];
        assert_false(tries(cx, save_station, &f));
        assert_string_equal(cx->error.field, "lng");
    }
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM station"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(a_station_comes_with_a_default_area),
        T(a_pile_comes_with_its_connectors),
        T(piles_of_a_station_have_names_of_their_own),
        T(guns_follow_the_form_unless_used), T(a_disabled_pile_gets_no_gun),
        T(a_code_belongs_to_one_pile),
        T(a_code_is_fixed_after_the_first_login),
        T(where_a_pile_logs_in_from_is_checked), T(codes_are_checked),
        T(nothing_is_added_to_a_disabled_station),
        T(a_pile_with_an_open_order_stays),
        T(others_do_not_see_it),
        T(coordinates_are_checked),
#undef T
    };
    int failed;

    testdb_start("asset");
    failed = cmocka_run_group_tests_name("asset", tests, NULL, NULL);
    testdb_stop();
    return failed;
}
