/*
 * Organisations, accounts and roles: who may make and change whom (rules A3,
 * A8, A10), and what that does to those who are signed in (A6).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/macros.h"
#include "tests/integration/site.h"
#include "tests/integration/testdb.h"
#include "tests/integration/text.h"

static struct visitor admin, boss, clerk;
static struct cx *cx;
static long long platform, provider, rival;

/* The number that a statement gives. */
#define count(...) testdb_int(cx, text(__VA_ARGS__))

/* Opens the form, then posts it: each has its own single-use token. */
static struct site_reply submit(struct visitor *v, const char *path,
                                const char *form)
{
    char uri[200], body[1000];

    snprintf(uri, sizeof uri, "%s", path);
    snprintf(body, sizeof body, "%s", form);
    site_get(v, uri);
    return site_post(v, uri, body);
}

/* ---- organisations ------------------------------------------------------ */

static void the_parent_decides_the_level(void **state)
{
    struct site_reply r;

    (void)state;
    r = submit(&admin, "/console/org/new",
               text("parent_id=%lld&merchant_kind=none&name=P1", platform));
    assert_int_equal(r.status, 303);
    assert_int_equal(count("SELECT kind = 2 AND provider_id = id FROM org"
                           " WHERE name = 'P1'"), 1);
    r = submit(&admin, "/console/org/new",
               text("parent_id=%lld&merchant_kind=self&name=M1", provider));
    assert_int_equal(r.status, 303);
    assert_int_equal(count("SELECT kind = 3 AND provider_id = %lld FROM org"
                           " WHERE name = 'M1'", provider), 1);
    r = submit(&admin, "/console/org/new",
               text("parent_id=%lld&merchant_kind=none&name=M2", provider));
    assert_int_equal(r.status, 422);
    assert_has(&r, "商户要选择类型");
    r = submit(&admin, "/console/org/new",
               text("parent_id=%lld&merchant_kind=none&name=XX",
                    (long long)count("SELECT id FROM org WHERE name ="
                                     " 'M1'")));
    assert_int_equal(r.status, 422);
    assert_has(&r, "商户下不能再设组织");
    r = submit(&admin, "/console/org/new",
               text("parent_id=%lld&merchant_kind=self&name=M1", provider));
    assert_int_equal(r.status, 422);
    assert_has(&r, "id=\"f-name-err\"");
}

static void nobody_makes_what_is_beside_them(void **state)
{
    struct site_reply r;

    (void)state;
    /* A provider's administrator does not even see the other provider. */
    r = submit(&boss, "/console/org/new",
               text("parent_id=%lld&merchant_kind=self&name=YY", rival));
    assert_int_equal(r.status, 422);
    assert_has(&r, "没有找到所选的组织");
    r = submit(&boss, "/console/org/new",
               text("parent_id=%lld&merchant_kind=self&name=YY", platform));
    assert_int_equal(r.status, 422);
    r = submit(&boss, "/console/org/new",
               text("parent_id=%lld&merchant_kind=self&name=YY", provider));
    assert_int_equal(r.status, 303);
}

static void a_disabled_organisation_lets_nobody_in(void **state)
{
    struct site_reply r;

    (void)state;
    r = site_act(&admin, "/console/org/do/disable",
                  text("ids=%lld", provider));
    assert_int_equal(r.status, 303);
    assert_int_equal(site_get(&boss, "/console/org").status, 303);
    r = site_act(&admin, "/console/org/do/enable",
                  text("ids=%lld", provider));
    assert_int_equal(r.status, 303);
    assert_int_equal(site_get(&boss, "/console/org").status, 200);
    r = site_act(&admin, "/console/org/do/disable",
                  text("ids=%lld", platform));
    assert_int_equal(r.status, 409);
    r = site_act(&boss, "/console/org/do/disable",
                  text("ids=%lld", provider));
    assert_int_equal(r.status, 409);
}

/* ---- roles -------------------------------------------------------------- */

static void a_role_holds_what_is_ticked(void **state)
{
    struct site_reply r = site_get(&admin, "/console/role/new");
    long long id;

    (void)state;
    assert_has(&r, "name=\"perm.org.view\"");
    r = submit(&admin, "/console/role/new",
               text("org_id=%lld&name=reader&ver=0&perm.org.view=1"
                    "&perm.account.view=1&perm.account.edit=1"
                    "&perm.role.view=1&perm.role.edit=1", provider));
    assert_int_equal(r.status, 303);
    id = count("SELECT id FROM role WHERE name = 'reader'");
    assert_int_equal(count("SELECT COUNT(*) FROM role_perm WHERE role_id ="
                           " %lld", id), 5);
    r = submit(&admin, "/console/role/new",
               text("org_id=%lld&name=bad&perm.no.such=1", provider));
    assert_int_equal(r.status, 400);
    r = submit(&admin, "/console/role/new",
               text("org_id=%lld&name=reader", provider));
    assert_int_equal(r.status, 422);
    assert_has(&r, "已有名为「reader」的角色");
    /* Two people: the second is told. */
    r = submit(&admin, text("/console/role/%lld/edit", id),
               "name=reader&ver=99&perm.org.view=1");
    assert_int_equal(r.status, 422);
    assert_has(&r, "刚被他人修改");
}

static void rights_of_the_platform_are_offered_to_its_roles_only(void **state)
{
    struct site_reply r = site_get(&admin, "/console/role/new");
    const char *row = strstr(r.body, ">财务结算</th>");

    (void)state;
    assert_has(&r, "name=\"perm.driver.view\"");
    assert_has(&r, "仅平台");
    /* Features of one group of the menu stand in one row. */
    assert_non_null(row);
    assert_null(strstr(row + 1, ">财务结算</th>"));
    r = site_get(&boss, "/console/role/new");
    assert_has(&r, "name=\"perm.order.view\"");
    assert_has_not(&r, "perm.driver.");
    assert_has_not(&r, "perm.payment.");
    assert_has_not(&r, "perm.ledger.");
    r = submit(&admin, "/console/role/new",
               text("org_id=%lld&name=theirs&perm.driver.view=1", provider));
    assert_int_equal(r.status, 422);
    assert_has(&r, "「查看车主」只能给平台的角色");
    assert_int_equal(submit(&admin, "/console/role/new",
                            text("org_id=%lld&name=ours&perm.driver.view=1",
                                 platform)).status, 303);
    assert_int_equal(site_get(&boss, "/console/driver").status, 403);
}

static void nobody_grants_a_right_they_lack(void **state)
{
    long long id = count("SELECT id FROM role WHERE name = 'reader'");
    struct site_reply r;

    (void)state;
    /* The clerk has the role "reader", and so may not give station.edit. */
    r = submit(&clerk, "/console/role/new",
               text("org_id=%lld&name=more&perm.station.edit=1", provider));
    assert_int_equal(r.status, 403);
    assert_int_equal(count("SELECT COUNT(*) FROM role WHERE name = 'more'"),
                     0);
    /* What the clerk cannot tick stays when the clerk saves. */
    testdb_sql(cx, text("INSERT INTO role_perm VALUES (%lld, 'pile.control')",
                        id));
    testdb_sql(cx, "DELETE ap FROM account_role ap JOIN role r ON"
                   " r.id = ap.role_id WHERE r.name = 'reader'");
    r = submit(&clerk, text("/console/role/%lld/edit", id),
               text("name=reader&ver=%lld&perm.org.view=1",
                    (long long)count("SELECT ver FROM role WHERE id = %lld",
                                     id)));
    assert_int_equal(r.status, 303);
    assert_int_equal(count("SELECT COUNT(*) FROM role_perm WHERE role_id ="
                           " %lld AND perm IN ('pile.control', 'org.view')",
                           id), 2);
    /* A built-in role is nobody's to change. */
    assert_int_equal(site_get(&admin, text("/console/role/%lld/edit",
                                           (long long)count(
                                               "SELECT MIN(id) FROM role"
                                               " WHERE built_in = 1")))
                         .status, 409);
}

static void a_used_role_is_not_deleted(void **state)
{
    long long id = count("SELECT r.id FROM role r JOIN account_role ar ON"
                         " ar.role_id = r.id WHERE r.built_in = 0 LIMIT 1");
    struct site_reply r;

    (void)state;
    r = site_act(&admin, "/console/role/do/delete", text("ids=%lld", id));
    assert_int_equal(r.status, 409);
    r = site_act(&admin, "/console/role/do/delete",
                  text("ids=%lld", (long long)count(
                           "SELECT id FROM role WHERE name = 'reader'")));
    assert_int_equal(r.status, 303);
    assert_int_equal(count("SELECT COUNT(*) FROM role_perm WHERE role_id"
                           " NOT IN (SELECT id FROM role)"), 0);
}

/* ---- accounts ----------------------------------------------------------- */

static long long role_of(const struct visitor *v)
{
    return count("SELECT role_id FROM account_role WHERE account_id = %lld",
                 (long long)v->account_id);
}

static void an_account_is_made_and_invited(void **state)
{
    struct site_reply r;
    long long id;
    char link[200];
    const char *at;

    (void)state;
    r = submit(&boss, "/console/account/new",
               text("org_id=%lld&phone=13911112222&name=new&roles=%lld",
                    provider, role_of(&clerk)));
    assert_int_equal(r.status, 303);
    id = count("SELECT id FROM account WHERE phone = '13911112222'");
    assert_int_equal(count("SELECT password IS NULL FROM account WHERE id ="
                           " %lld", id), 1);
    r = submit(&boss, text("/console/account/%lld/invite", id), "");
    assert_int_equal(r.status, 200);
    at = strstr(r.body, "/login/password?key=");
    assert_non_null(at);
    snprintf(link, sizeof link, "%.*s", (int)strcspn(at, "\""), at);
    assert_int_equal(site_get(&(struct visitor){ 0 }, link).status, 200);
    /* A second invitation ends the first. */
    r = submit(&boss, text("/console/account/%lld/invite", id), "");
    assert_int_equal(r.status, 200);
    r = site_get(&(struct visitor){ 0 }, link);
    assert_null(strstr(r.body, "name=\"again\""));
    /* The same phone twice is no account. */
    r = submit(&boss, "/console/account/new",
               text("org_id=%lld&phone=13911112222&name=x&roles=%lld",
                    provider, role_of(&clerk)));
    assert_int_equal(r.status, 422);
    assert_has(&r, "这个手机号已有账号");
}

static void roles_are_given_by_who_has_them(void **state)
{
    struct site_reply r;

    (void)state;
    /* The clerk lacks what the administrator's role holds. */
    r = submit(&clerk, "/console/account/new",
               text("org_id=%lld&phone=13933334444&name=x&roles=%lld",
                    provider, role_of(&boss)));
    assert_int_equal(r.status, 403);
    /* The platform's role is not even to be seen from below. */
    r = submit(&boss, "/console/account/new",
               text("org_id=%lld&phone=13933334444&name=x&roles=%lld",
                    provider, role_of(&admin)));
    assert_int_equal(r.status, 422);
    r = submit(&admin, "/console/account/new",
               text("org_id=%lld&phone=13933334444&name=x", provider));
    assert_int_equal(r.status, 422);
    assert_int_equal(count("SELECT COUNT(*) FROM account WHERE phone ="
                           " '13933334444'"), 0);
}

/* Resetting a password, or inviting, must not be a way up. */
static void nobody_touches_who_stands_above(void **state)
{
    long long id = boss.account_id;
    struct site_reply r;

    (void)state;
    r = site_act(&clerk, "/console/account/do/reset", text("ids=%lld", id));
    assert_int_equal(r.status, 403);
    r = site_act(&clerk, "/console/account/do/disable",
                  text("ids=%lld", id));
    assert_int_equal(r.status, 403);
    r = submit(&clerk, text("/console/account/%lld/edit", id),
               text("name=x&roles=%lld&_version=%lld", role_of(&clerk),
                    (long long)count("SELECT ver FROM account WHERE id ="
                                     " %lld", id)));
    assert_int_equal(r.status, 403);
    assert_int_equal(count("SELECT password IS NULL FROM account WHERE id ="
                           " %lld", id), 0);
    /* Nor oneself. */
    r = site_act(&boss, "/console/account/do/disable", text("ids=%lld", id));
    assert_int_equal(r.status, 409);
    /* Nor a neighbour. */
    r = site_act(&boss, "/console/account/do/reset",
                  text("ids=%lld", (long long)admin.account_id));
    assert_int_equal(r.status, 404);
}

static void changed_rights_end_sessions(void **state)
{
    long long id = clerk.account_id;
    struct site_reply r;

    (void)state;
    assert_int_equal(site_get(&clerk, "/console/account").status, 200);
    r = site_act(&boss, "/console/account/do/reset", text("ids=%lld", id));
    assert_int_equal(r.status, 303);
    assert_int_equal(site_get(&clerk, "/console/account").status, 303);
    assert_int_equal(count("SELECT password IS NULL FROM account WHERE id ="
                           " %lld", id), 1);
    assert_int_equal(count("SELECT COUNT(*) FROM audit WHERE event ="
                           " 'account.reset' AND object_id = %lld", id), 1);
}

/* By the pages themselves: a role that changes, one that is given. */
static void a_changed_role_ends_sessions(void **state)
{
    long long id = clerk.account_id;
    long long role = count("SELECT MAX(role_id) FROM account_role WHERE"
                           " account_id = %lld", id);
    struct visitor other;

    (void)state;
    site_sign_in(&clerk, id);
    site_sign_in(&other, id);
    assert_int_equal(submit(&boss, text("/console/role/%lld/edit", role),
                            text("name=less&ver=%lld&perm.org.view=1"
                                 "&perm.account.view=1"
                                 "&perm.account.edit=1",
                                 (long long)count("SELECT ver FROM role"
                                                  " WHERE id = %lld",
                                                  role))).status, 303);
    assert_int_equal(site_get(&clerk, "/console/account").status, 303);
    assert_int_equal(site_get(&other, "/console/account").status, 303);
    site_sign_in(&clerk, id);
    assert_int_equal(site_get(&clerk, "/console/role").status, 403);
    assert_int_equal(submit(&boss, text("/console/grant/%lld/edit", id),
                            text("_version=%lld&roles=%lld,%lld",
                                 (long long)count("SELECT ver FROM account"
                                                  " WHERE id = %lld", id),
                                 role,
                                 (long long)count(
                                     "SELECT role_id FROM account_role WHERE"
                                     " account_id = %lld",
                                     (long long)boss.account_id))).status,
                     303);
    assert_int_equal(site_get(&clerk, "/console/account").status, 303);
    site_sign_in(&clerk, id);
    assert_int_equal(site_get(&clerk, "/console/role").status, 200);
    testdb_sql(cx, text("DELETE FROM account_role WHERE account_id = %lld AND"
                        " role_id <> %lld", id, role));
}

static long long session_of(const struct visitor *v)
{
    return count("SELECT MAX(id) FROM session WHERE owner_id = %lld AND kind"
                 " = 1", (long long)v->account_id);
}

static struct site_reply end(struct visitor *v, long long session)
{
    return site_act(v, "/console/session/do/end",
                    text("ids=%lld", session));
}

static int asked(struct visitor *v, long long session)
{
    return site_get(v, text("/console/session/do/end?ids=%lld",
                            session)).status;
}

/* A6: listed and ended, in scope and by who could switch the owner off. */
static void devices_are_listed_and_ended(void **state)
{
    long long id = clerk.account_id, first, second;
    struct visitor phone;
    struct site_reply r;

    (void)state;
    testdb_sql(cx, text("DELETE FROM session WHERE owner_id = %lld", id));
    site_sign_in(&clerk, id);
    first = session_of(&clerk);
    site_sign_in(&phone, id);
    second = session_of(&phone);
    testdb_sql(cx, text("UPDATE session SET agent = 'Mozilla/5.0 (Windows NT"
                        " 6.1; Win64; x64) AppleWebKit/537.36 (KHTML, like"
                        " Gecko) Chrome/109.0.0.0 Safari/537.36"
                        " Edg/109.0.0.0' WHERE id = %lld", second));
    r = site_get(&boss, "/console/session");
    assert_int_equal(r.status, 200);
    assert_has(&r, "p0003");
    assert_has(&r, "Edge · Windows");
    assert_null(strstr(r.body, "AppleWebKit"));
    r = site_get(&boss, text("/console/session/%lld", second));
    assert_has(&r, "AppleWebKit");
    r = site_get(&boss, "/console/session");
    assert_null(strstr(r.body, ">p0001<"));
    assert_null(strstr(r.body, phone.token));
    assert_int_equal(asked(&boss, session_of(&admin)), 404);
    end(&boss, session_of(&admin));
    assert_int_equal(site_get(&admin, "/console/me").status, 200);
    assert_int_equal(end(&clerk, session_of(&boss)).status, 403);
    assert_int_equal(end(&boss, session_of(&boss)).status, 409);
    assert_int_equal(end(&boss, second).status, 303);
    assert_int_equal(site_get(&phone, "/console/me").status, 303);
    assert_int_equal(site_get(&clerk, "/console/me").status, 200);
    assert_int_equal(asked(&boss, second), 404);
    assert_int_equal(count("SELECT COUNT(*) FROM audit WHERE event ="
                           " 'account.session_end' AND object_id = %lld AND"
                           " actor_id = %lld", id,
                           (long long)boss.account_id), 1);
    /* What is over is not shown: nobody would be ended. */
    testdb_sql(cx, text("UPDATE session SET seen_at = NOW(3) - INTERVAL 31"
                        " MINUTE WHERE id = %lld", first));
    r = site_get(&boss, "/console/session");
    assert_null(strstr(r.body, "p0003"));
    site_sign_in(&clerk, id);
}

/* ---- setting up --------------------------------------------------------- */

static void org(int kind, const char *name)
{
    testdb_sql(cx, text("INSERT INTO org (parent_id, kind, name, created_at,"
                        " updated_at) VALUES (%s, %d, '%s', NOW(), NOW())",
                        kind == 1 ? "NULL" : text("%lld", platform), kind,
                        name));
}

static int setup(void **state)
{
    (void)state;
    site_start("people");
    cx = site_cx();
    org(1, "平台");
    platform = count("SELECT id FROM org");
    org(2, "甲");
    provider = count("SELECT MAX(id) FROM org");
    org(2, "乙");
    rival = count("SELECT MAX(id) FROM org");
    testdb_sql(cx, "UPDATE org SET provider_id = id WHERE kind = 2");
    site_sign_in(&admin, site_person("13700000001", platform, "*"));
    site_sign_in(&boss, site_person("13700000002", provider, "*"));
    site_sign_in(&clerk, site_person("13700000003", provider,
                                     "org.view account.view account.edit"
                                     " role.view role.edit"));
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parent_decides_the_level),
        cmocka_unit_test(nobody_makes_what_is_beside_them),
        cmocka_unit_test(a_disabled_organisation_lets_nobody_in),
        cmocka_unit_test(a_role_holds_what_is_ticked),
        cmocka_unit_test(rights_of_the_platform_are_offered_to_its_roles_only),
        cmocka_unit_test(nobody_grants_a_right_they_lack),
        cmocka_unit_test(a_used_role_is_not_deleted),
        cmocka_unit_test(an_account_is_made_and_invited),
        cmocka_unit_test(roles_are_given_by_who_has_them),
        cmocka_unit_test(nobody_touches_who_stands_above),
        cmocka_unit_test(changed_rights_end_sessions),
        cmocka_unit_test(a_changed_role_ends_sessions),
        cmocka_unit_test(devices_are_listed_and_ended),
    };

    return cmocka_run_group_tests(tests, setup, site_stop);
}
