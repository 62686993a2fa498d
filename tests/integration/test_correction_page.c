/*
 * The pages of refused refunds and of corrections, as two people use them: a
 * reason is wanted, the author does not approve, the other one does (M13).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "db/db.h"
#include "tests/integration/site.h"
#include "tests/integration/testdb.h"

static struct visitor author, other, viewer;

static int start(void **state)
{
    struct cx *cx;
    int64_t platform;

    (void)state;
    site_start("correction_page");
    cx = site_cx();
    testdb_sql(cx, "INSERT INTO org (kind, name, created_at, updated_at)"
                   " VALUES (1, '平台', NOW(3), NOW(3))");
    platform = testdb_int(cx, "SELECT id FROM org WHERE kind = 1");
    site_sign_in(&author, site_person("13700000001", platform, "*"));
    site_sign_in(&other, site_person("13700000002", platform, "*"));
    site_sign_in(&viewer, site_person("13700000003", platform,
                                      "payment.view correction.view"));
    testdb_sql(cx, "INSERT INTO driver (id, phone, name, created_at,"
                   " updated_at) VALUES (5, '13800000001', '车主', NOW(3),"
                   " NOW(3))");
    testdb_sql(cx, "INSERT INTO payment (id, out_trade_no, driver_id, channel,"
                   " amount, state, channel_trade_no, paid_at, expires_at,"
                   " created_at, updated_at) VALUES (7, 'TU7', 5, 'demo',"
                   " 30000, 7, 'D7', NOW(3), NOW(3), NOW(3), NOW(3))");
    testdb_sql(cx, "INSERT INTO payment_refund (id, refund_no, payment_id,"
                   " amount, state, reason, error, created_at) VALUES (9,"
                   " 'RF9', 7, 30000, 4, '', '账户已注销', NOW(3))");
    return 0;
}

static int64_t one(const char *sql)
{
    return testdb_int(site_cx(), sql);
}

static void who_may_only_look_decides_nothing(void **state)
{
    struct site_reply r = site_get(&viewer, "/console/refund/9");

    (void)state;
    assert_has(&r, "账户已注销");
    assert_null(strstr(r.body, "转入车主余额"));
    assert_int_equal(site_post(&viewer, "/console/refund/do/to_wallet",
                               "ids=9&why=no+right").status, 403);
}

static void a_reason_is_asked_for_and_wanted(void **state)
{
    static const char *const without[] = { "ids=9", "ids=9&why=",
                                           "ids=9&why=x" };
    struct site_reply r =
        site_get(&author, "/console/refund/do/to_wallet?ids=9");

    (void)state;
    assert_has(&r, "name=\"why\"");
    for (size_t i = 0; i < COUNT(without); i++)
        assert_int_equal(site_act(&author, "/console/refund/do/to_wallet",
                                  without[i]).status, 400);
    assert_int_equal(one("SELECT COUNT(*) FROM correction"), 0);
}

static void the_author_proposes_and_another_approves(void **state)
{
    struct site_reply r;

    (void)state;
    assert_int_equal(site_act(&author, "/console/refund/do/to_wallet",
                              "ids=9&why=with+the+driver").status, 303);
    assert_int_equal(one("SELECT state FROM payment_refund WHERE id = 9"), 4);
    r = site_get(&author, "/console/refund/9");
    assert_has(&r, "待审批");
    assert_null(strstr(r.body, "refund/do/"));
    assert_int_equal(site_act(&author, "/console/refund/do/retry",
                              "ids=9").status, 409);
    assert_int_equal(site_act(&author, "/console/correction/do/approve",
                              "ids=1").status, 403);
    assert_int_equal(one("SELECT COUNT(*) FROM ledger_tx"), 0);
    assert_int_equal(site_act(&other, "/console/correction/do/approve",
                              "ids=1").status, 303);
    assert_int_equal(one("SELECT balance FROM ledger_account WHERE kind = 11"
                         " AND owner_id = 5"), 30000);
    assert_int_equal(site_act(&other, "/console/correction/do/approve",
                              "ids=1").status, 409);
    assert_int_equal(one("SELECT COUNT(*) FROM ledger_tx"), 1);
    r = site_get(&other, "/console/correction/1");
    assert_has(&r, "with the driver");
}

/* The whole way of a refund by hand: closed, paid, and off the books. */
static void a_refund_by_hand_is_paid_in_the_pages(void **state)
{
    struct site_reply r;

    (void)state;
    testdb_sql(site_cx(), "INSERT INTO payment (id, out_trade_no, driver_id,"
               " channel, amount, state, channel_trade_no, paid_at,"
               " expires_at, created_at, updated_at) VALUES (8, 'TU8', 5,"
               " 'demo', 900, 7, 'D8', NOW(3), NOW(3), NOW(3), NOW(3))");
    testdb_sql(site_cx(), "INSERT INTO payment_refund (id, refund_no,"
               " payment_id, amount, state, reason, created_at) VALUES (10,"
               " 'RF10', 8, 900, 4, '', NOW(3))");
    assert_int_equal(site_act(&author, "/console/refund/do/by_hand",
                              "ids=10&why=account+closed").status, 303);
    assert_int_equal(one("SELECT SUM(p.amount) FROM ledger_posting p JOIN"
                         " ledger_account a ON a.id = p.account_id"
                         " WHERE a.kind = 41"), 900);
    r = site_get(&author, "/console/refund/10");
    assert_has(&r, "待线下付款");
    r = site_get(&author, "/console/refund/do/paid?ids=10");
    assert_has(&r, "付款凭证号<span");
    assert_int_equal(site_act(&author, "/console/refund/do/paid",
                              "ids=10&why=%E5%B7%B2%E4%BB%98").status, 400);
    assert_int_equal(site_act(&author, "/console/refund/do/paid",
                              "ids=10&why=BOC-000123").status, 303);
    assert_int_equal(site_act(&author, "/console/correction/do/approve",
                              "ids=3").status, 403);
    assert_int_equal(site_act(&other, "/console/correction/do/approve",
                              "ids=3").status, 303);
    r = site_get(&author, "/console/refund/10");
    assert_has(&r, "已线下付款");
    assert_has(&r, "BOC-000123");
    assert_null(strstr(r.body, "refund/do/"));
    assert_int_equal(one("SELECT SUM(p.amount) FROM ledger_posting p JOIN"
                         " ledger_account a ON a.id = p.account_id"
                         " WHERE a.kind = 41"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_only_look_decides_nothing),
        cmocka_unit_test(a_reason_is_asked_for_and_wanted),
        cmocka_unit_test(the_author_proposes_and_another_approves),
        cmocka_unit_test(a_refund_by_hand_is_paid_in_the_pages),
    };

    return cmocka_run_group_tests(tests, start, site_stop);
}
