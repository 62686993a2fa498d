/*
 * Records without an order in the console: what a person sees of one, and
 * what the form does, sent once, twice, late, and by somebody without the
 * right.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "charging/order_state.h"
#include "charging/settle.h"
#include "tests/integration/site.h"
#include "tests/integration/testdb.h"
#include "tests/integration/text.h"

#define NUMBER "32010600019236012611201030009999"

static struct visitor admin, looker;
static struct cx *cx;
static long long orphan, driver;

static int64_t state_now(void)
{
    return testdb_int(cx, text("SELECT state FROM trade_record WHERE id ="
                               " %lld", orphan));
}

/* A settled record of the demo, as if its number were nobody's. */
static int make_orphan(void **state)
{
    (void)state;
    testdb_sql(cx, "DELETE FROM trade_record WHERE trade_no = '" NUMBER "'");
    testdb_sql(cx, "DELETE FROM charge_order WHERE trade_no = '" NUMBER "'");
    testdb_sql(cx, "INSERT INTO trade_record (trade_no, pile_id, gun,"
                   " frame_type, body_hash, raw, state, error, next_at,"
                   " received_at) SELECT '" NUMBER "', pile_id, gun,"
                   " frame_type, body_hash, raw, 4, '没有这个订单。', next_at,"
                   " received_at FROM trade_record WHERE state = 2 ORDER BY"
                   " id DESC LIMIT 1");
    orphan = (long long)testdb_int(cx, "SELECT id FROM trade_record WHERE"
                                       " trade_no = '" NUMBER "'");
    assert_true(orphan > 0);
    return 0;
}

static void its_detail_shows_the_frame_in_words(void **state)
{
    struct site_reply r;

    (void)state;
    r = site_get(&admin, "/console/orphan");
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.body, NUMBER));
    r = site_get(&admin, text("/console/orphan/%lld", orphan));
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.body, "交易流水号"));
    assert_non_null(strstr(r.body, "停止原因"));
    assert_non_null(strstr(r.body, "原始字节"));
    assert_non_null(strstr(r.body, "处理</a>"));
    /* who may only look has no button */
    r = site_get(&looker, text("/console/orphan/%lld", orphan));
    assert_int_equal(r.status, 200);
    assert_null(strstr(r.body, "处理</a>"));
}

static void the_form_makes_an_order_once(void **state)
{
    const char *path = text("/console/orphan/%lld/edit", orphan);
    const char *form = text("how=driver&driver_id=%lld&why=card+of+his",
                            driver);
    char uri[100], body[200];
    struct site_reply r;

    (void)state;
    snprintf(uri, sizeof uri, "%s", path);
    snprintf(body, sizeof body, "%s", form);
    assert_int_equal(site_get(&admin, uri).status, 200);
    r = site_post(&admin, uri, body);
    assert_int_equal(r.status, 303);
    assert_int_equal(state_now(), RECORD_WAITING);
    /* the same form again, and a fresh one */
    site_post(&admin, uri, body);
    site_get(&admin, uri);
    r = site_post(&admin, uri, body);
    assert_true(r.status >= 400 || strstr(r.body, "已处理") != NULL);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM charge_order WHERE"
                                    " trade_no = '" NUMBER "'"), 1);
    site_job(order_settle_waiting);
    /* its hours are those of the demo's own order: a person decides */
    assert_int_equal(testdb_int(cx, text("SELECT state FROM charge_order"
        " WHERE driver_id = %lld AND trade_no = '" NUMBER "'", driver)),
        ORDER_REVIEW);
    assert_int_equal(testdb_int(cx, text("SELECT COUNT(*) FROM audit WHERE"
        " event = 'record.assign' AND object_id = %lld AND actor_id = %lld",
        orphan, (long long)admin.account_id)), 1);
    r = site_get(&admin, text("/console/orphan/%lld", orphan));
    assert_int_equal(r.status, 200); /* what was decided stays to be seen */
    assert_non_null(strstr(r.body, "card of his"));
}

static void a_form_that_does_not_fit_says_why(void **state)
{
    static const struct { const char *form, *word; } cases[] = {
        { "how=order&why=abc", "选择归入的订单" },
        { "how=driver&why=abc", "选择付款的车主" },
        { "how=dismiss&why=", "必填" },
        { "how=&why=abc", "必填" },
        { "how=dismiss&order_id=1&why=abc", "只在归入已有订单时填写" },
    };
    char uri[100];

    (void)state;
    snprintf(uri, sizeof uri, "/console/orphan/%lld/edit", orphan);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct site_reply r;

        site_get(&admin, uri);
        r = site_post(&admin, uri, cases[i].form);
        if (strstr(r.body, cases[i].word) == NULL)
            fail_msg("%s: %d %.3000s", cases[i].form, r.status, r.body);
        assert_int_equal(state_now(), RECORD_ORPHAN);
    }
}

static void without_the_right_nothing_happens(void **state)
{
    char uri[100];

    (void)state;
    snprintf(uri, sizeof uri, "/console/orphan/%lld/edit", orphan);
    assert_int_equal(site_get(&looker, uri).status, 403);
    assert_int_equal(site_post(&looker, uri, "how=dismiss&why=abc").status,
                     403);
    assert_int_equal(state_now(), RECORD_ORPHAN);
}

/* A record of other content under a number that is taken, in scope. */
static void a_conflict_stands_beside_the_first(void **state)
{
    struct visitor owner, stranger;
    long long id, merchant;
    struct site_reply r;
    const char *path;

    (void)state;
    id = (long long)testdb_int(cx, "SELECT MIN(id) FROM trade_record_conflict");
    assert_true(id > 0);
    merchant = (long long)testdb_int(cx, text("SELECT s.merchant_id FROM"
        " trade_record_conflict x JOIN pile p ON p.id = x.pile_id"
        " JOIN station s ON s.id = p.station_id WHERE x.id = %lld", id));
    site_sign_in(&owner, site_person("13500009998", merchant, "order.view"));
    site_sign_in(&stranger, site_person("13500009997",
        testdb_int(cx, text("SELECT MIN(id) FROM org WHERE kind = 3 AND id <>"
                            " %lld", merchant)), "order.view"));
    path = text("/console/conflict/%lld", id);
    r = site_get(&owner, "/console/conflict");
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.body, path));
    r = site_get(&stranger, "/console/conflict");
    assert_int_equal(r.status, 200);
    assert_null(strstr(r.body, path));
    assert_int_equal(site_get(&stranger, path).status, 404);
    r = site_get(&owner, path);
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.body, "不同之处"));
    assert_non_null(strstr(r.body, " kWh，先收到的为 "));
    assert_null(strstr(r.body, "0x3B 交易记录，先收到的为"));
    assert_non_null(strstr(r.body, "这条报文，不作结算"));
    assert_non_null(strstr(strstr(r.body, "先收到的报文，以它为准"),
                           "原始字节"));
}

static int setup(void **state)
{
    (void)state;
    site_start("orphan_page");
    site_demo();
    cx = testdb_cx();
    site_sign_in(&admin, testdb_int(cx, "SELECT MIN(id) FROM account"));
    site_sign_in(&looker, site_person("13500009999",
        testdb_int(cx, "SELECT id FROM org WHERE kind = 1"), "order.view"));
    driver = (long long)testdb_int(cx, "SELECT MIN(id) FROM driver");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    testdb_cx_free(cx);
    site_stop(state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(its_detail_shows_the_frame_in_words,
                               make_orphan),
        cmocka_unit_test_setup(the_form_makes_an_order_once, make_orphan),
        cmocka_unit_test_setup(a_form_that_does_not_fit_says_why,
                               make_orphan),
        cmocka_unit_test_setup(without_the_right_nothing_happens,
                               make_orphan),
        cmocka_unit_test(a_conflict_stands_beside_the_first),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
