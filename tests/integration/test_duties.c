/*
 * Duties apart (rule A10): who administers the system, who audits and who
 * runs the business of the platform cannot do each other's work, nor come to
 * it by way of a role, an account, a password or a link. Providers and
 * merchants are not divided, and with the setting duties=joint nobody is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "db/db.h"
#include "org/duty.h"
#include "tests/integration/site.h"
#include "tests/integration/testdb.h"
#include "tests/integration/text.h"
#include "web/router.h"

#define SYSTEM_PERMS \
    "account.view account.edit account.grant role.view role.edit org.view"

static struct visitor admin, second, business, auditor, merchant;
static long long platform, shop;
static long long auditor_role, business_role, system_role, full_role;

static long long ask(const char *sql)
{
    return testdb_int(site_cx(), sql);
}

static long long role_of(const struct visitor *v)
{
    return ask(text("SELECT MAX(role_id) FROM account_role WHERE account_id"
                    " = %lld", (long long)v->account_id));
}

static void make_people(void)
{
    struct cx *cx = site_cx();

    site_sign_in(&business, site_person("13700000001", platform, "*"));
    site_sign_in(&auditor, site_person("13700000002", platform, PERM_AUDIT));
    site_sign_in(&second, site_person("13700000003", platform,
                                      SYSTEM_PERMS));
    site_sign_in(&admin, site_person("13700000004", platform, "*"));
    testdb_sql(cx, text("UPDATE role SET built_in = 2 WHERE id = %lld",
                        role_of(&admin)));
    site_sign_in(&merchant, site_person("13700000005", shop, "*"));
    site_person("13700000006", platform, "order.view order.control");
    auditor_role = role_of(&auditor);
    system_role = role_of(&second);
    full_role = role_of(&business);
    business_role = ask("SELECT MAX(id) FROM role WHERE built_in = 0");
}

static int start(void **state)
{
    struct cx *cx;

    (void)state;
    site_start("duties");
    cx = site_cx();
    testdb_sql(cx, "DELETE FROM setting"); /* apart is the default */
    testdb_sql(cx, "INSERT INTO org (kind, name, created_at, updated_at)"
                   " VALUES (1, '平台', NOW(3), NOW(3))");
    platform = ask("SELECT id FROM org WHERE kind = 1");
    testdb_sql(cx, text("INSERT INTO org (kind, parent_id, name, created_at,"
                        " updated_at) VALUES (2, %lld, '服务商', NOW(3),"
                        " NOW(3))", platform));
    testdb_sql(cx, "UPDATE org SET provider_id = id WHERE kind = 2");
    testdb_sql(cx, "INSERT INTO org (kind, parent_id, provider_id, name,"
                   " created_at, updated_at) SELECT 3, id, id, '商户',"
                   " NOW(3), NOW(3) FROM org WHERE kind = 2");
    shop = ask("SELECT id FROM org WHERE kind = 3");
    make_people();
    return 0;
}

/* Opens the form and posts it there, with the version that it shows. */
static struct site_reply fill(struct visitor *v, const char *path,
                              const char *form)
{
    static const char mark[] = "name=\"_version\" value=\"";
    const char *at = strstr(site_get(v, path).body, mark);

    if (at != NULL)
        form = text("%s&_version=%ld", form,
                    strtol(at + strlen(mark), NULL, 10));
    return site_post(v, path, form);
}

static void is_refused(struct visitor *v, const char *path, const char *form)
{
    int status = fill(v, path, form).status;

    /* 409 is another state: of invitations alone, else a stale form. */
    if (status != 403 && status != 404 && status != 422 &&
        (status != 409 || strstr(path, "/invite") == NULL))
        fail_msg("%s %s: %d", path, form, status);
}

/* ---- each keeps to the own duty ----------------------------------------- */

static bool is_refused_at(struct visitor *v, const struct route *route)
{
    int status = route->method == GET
        ? site_get(v, route->path).status
        : site_post(v, route->path, "").status;

    return status == 403;
}

/* By the table of routes: what the permission of a route says. */
static void keeps_to(struct visitor *v, enum duty duty, int at_least)
{
    const char *error;
    struct router *router = router_new(site_cx()->arena, site_features(),
                                       NULL, 0, &error);
    int refused = 0, taken = 0;

    assert_non_null(router);
    for (size_t i = 0; i < router->count; i++) {
        const struct route *route = &router->rows[i].route;
        bool own;

        if (route->auth != AUTH_ACCOUNT || strcmp(route->perm, "*") == 0)
            continue;
        own = (duty_of(route->perm) & (unsigned)duty) != 0;
        if (is_refused_at(v, route) == own)
            fail_msg("%s (%s) is %s", route->path, route->perm,
                     own ? "refused" : "not refused");
        refused += !own;
        taken += own;
    }
    assert_in_range(refused, at_least, ROUTES_MAX);
    assert_in_range(taken, 1, ROUTES_MAX);
}

static void a_system_administrator_does_no_business(void **state)
{
    (void)state;
    keeps_to(&admin, DUTY_SYSTEM, 100);
}

static void a_business_administrator_does_not_administer(void **state)
{
    (void)state;
    keeps_to(&business, DUTY_BUSINESS, 10);
}

/* Nothing but the audit, exports and the own page. */
static void an_auditor_does_nothing_else(void **state)
{
    (void)state;
    keeps_to(&auditor, DUTY_AUDIT, 100);
    assert_int_equal(site_get(&auditor, "/console/audit").status, 200);
}

static void the_menu_shows_nothing_of_another_duty(void **state)
{
    struct site_reply r = site_get(&business, "/console/role");

    (void)state;
    assert_int_equal(r.status, 200);
    assert_null(strstr(r.body, "href=\"/console/audit\""));
    r = site_get(&admin, "/console/account");
    assert_int_equal(r.status, 200);
    assert_null(strstr(r.body, "href=\"/console/audit\""));
    assert_null(strstr(r.body, "href=\"/console/order\""));
    /* Whoever sees no figures lands on the own page. */
    r = site_get(&admin, "/console/");
    assert_int_equal(r.status, 303);
    assert_string_equal(r.location, "/console/me");
    assert_int_equal(site_get(&business, "/console/").status, 200);
}

/* A permission that no page asks for would be apart from nothing. */
static void every_duty_is_of_a_permission_that_exists(void **state)
{
    size_t n;
    const char *const *perms = duty_perms(site_cx(), BUILT_IN_SYSTEM, true,
                                          &n);
    const struct features *all = site_features();

    (void)state;
    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        bool found = false;

        for (size_t k = 0; k < all->n; k++)
            for (size_t m = 0; m < all->v[k]->perms.n; m++)
                found |= strcmp(all->v[k]->perms.v[m].name, perms[i]) == 0;
        if (!found)
            fail_msg("no permission %s", perms[i]);
    }
}

/* ---- and cannot come by another ----------------------------------------- */

static void nobody_makes_an_auditor(void **state)
{
    struct visitor *const all[] = { &admin, &second, &business };
    const char *auditors = "SELECT COUNT(*) FROM account_role ar JOIN"
                           " role_perm p ON p.role_id = ar.role_id WHERE"
                           " p.perm = 'audit.view'";

    (void)state;
    assert_int_equal(ask(auditors), 1);
    for (size_t i = 0; i < COUNT(all); i++) {
        is_refused(all[i], "/console/role/new",
                   text("org_id=%lld&name=mine&perm.audit.view=1", platform));
        is_refused(all[i], "/console/role/new",
                   text("org_id=%lld&name=mine&perm.role.edit=1"
                        "&perm.audit.view=1", platform));
        is_refused(all[i], "/console/account/new",
                   text("org_id=%lld&phone=13711110011&name=x&roles=%lld",
                        platform, auditor_role));
        is_refused(all[i], text("/console/grant/%lld/edit",
                                (long long)site_account("13700000006")),
                   text("roles=%lld", auditor_role));
    }
    assert_int_equal(ask(auditors), 1);
    assert_int_equal(ask("SELECT COUNT(*) FROM role WHERE name = 'mine'"), 0);
    assert_int_equal(ask("SELECT COUNT(*) FROM account WHERE phone ="
                         " '13711110011'"), 0);
}

static void nobody_touches_an_auditor(void **state)
{
    struct visitor *const all[] = { &admin, &second, &business };
    static const char *const acts[] = { "disable", "reset" };
    long long id = auditor.account_id;

    (void)state;
    testdb_sql(site_cx(), "UPDATE account SET password = 'x'");
    for (size_t i = 0; i < COUNT(all); i++) {
        for (size_t k = 0; k < COUNT(acts); k++)
            assert_int_equal(site_act(all[i], text("/console/account/do/%s",
                                                   acts[k]),
                                      text("ids=%lld", id)).status, 403);
        is_refused(all[i], text("/console/account/%lld/invite", id), "");
        is_refused(all[i], text("/console/account/%lld/edit", id),
                   text("name=x&roles=%lld", auditor_role));
        is_refused(all[i], text("/console/grant/%lld/edit", id), "roles=");
        is_refused(all[i], text("/console/role/%lld/edit", auditor_role),
                   "name=x&perm.role.edit=1&ver=1");
        assert_int_equal(site_act(all[i], "/console/role/do/delete",
                                  text("ids=%lld", auditor_role)).status,
                         403);
    }
    assert_int_equal(site_get(&auditor, "/console/audit").status, 200);
    assert_int_equal(ask(text("SELECT name = 'role 0002' FROM role WHERE id"
                              " = %lld", auditor_role)), 1);
}

/* A role of two duties is refused with the reason, whoever would make it. */
static void a_role_has_one_duty(void **state)
{
    static const char *const mixed[] = {
        "perm.account.edit=1&perm.order.view=1",
        "perm.audit.view=1&perm.account.edit=1",
        "perm.audit.view=1&perm.order.view=1",
        "perm.role.edit=1&perm.audit.view=1",
    };
    struct site_reply r;

    (void)state;
    for (size_t i = 0; i < COUNT(mixed); i++) {
        r = fill(&business, "/console/role/new",
                 text("org_id=%lld&name=mixed&%s", platform, mixed[i]));
        assert_int_equal(r.status, 422);
        assert_non_null(strstr(r.body, "三员分立："));
    }
    assert_int_equal(ask("SELECT COUNT(*) FROM role WHERE name = 'mixed'"),
                     0);
    r = site_get(&business, "/console/role/new");
    assert_non_null(strstr(r.body, "平台实行三员分立"));
    assert_non_null(strstr(r.body, ">系统管理</span>"));
    assert_non_null(strstr(r.body, ">业务</span>"));
    r = site_get(&merchant, "/console/role/new");
    assert_null(strstr(r.body, "平台实行三员分立"));
}

static void nobody_grants_rights_of_another_duty(void **state)
{
    long long fresh;

    (void)state;
    is_refused(&admin, "/console/role/new",
               text("org_id=%lld&name=taken&perm.order.view=1", platform));
    is_refused(&business, "/console/role/new",
               text("org_id=%lld&name=taken&perm.account.edit=1", platform));
    is_refused(&admin, text("/console/role/%lld/edit", business_role),
               "name=taken&ver=1&perm.order.view=1&perm.order.control=1");
    is_refused(&business, text("/console/role/%lld/edit", system_role),
               "name=taken&ver=1");
    assert_int_equal(ask("SELECT COUNT(*) FROM role WHERE name = 'taken'"),
                     0);
    /* Nor to somebody else: a new account, or one that is there. */
    is_refused(&admin, "/console/account/new",
               text("org_id=%lld&phone=13711110012&name=x&roles=%lld",
                    platform, business_role));
    is_refused(&second, "/console/account/new",
               text("org_id=%lld&phone=13711110012&name=x&roles=%lld",
                    platform, full_role));
    is_refused(&business, "/console/account/new",
               text("org_id=%lld&phone=13711110012&name=x&roles=%lld",
                    platform, business_role));
    assert_int_equal(ask("SELECT COUNT(*) FROM account WHERE phone ="
                         " '13711110012'"), 0);
    fresh = site_person("13711110013", platform, "role.edit");
    is_refused(&admin, text("/console/grant/%lld/edit", fresh),
               text("roles=%lld", business_role));
    is_refused(&business, text("/console/grant/%lld/edit", fresh),
               text("roles=%lld", system_role));
    /* Both duties can give what both hold, and not one on top of another. */
    assert_int_equal(fill(&admin, text("/console/grant/%lld/edit", fresh),
                          text("roles=%lld", system_role)).status, 303);
    is_refused(&business, text("/console/grant/%lld/edit", fresh),
               text("roles=%lld,%lld", system_role, business_role));
    is_refused(&business, text("/console/grant/%lld/edit", fresh),
               text("roles=%lld", business_role));
    assert_int_equal(ask(text("SELECT COUNT(*) FROM account_role WHERE"
                              " account_id = %lld AND role_id = %lld", fresh,
                              system_role)), 1);
}

static void nobody_grants_themselves(void **state)
{
    struct visitor *const all[] = { &admin, &second, &business };

    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        long long id = all[i]->account_id, had = role_of(all[i]);

        is_refused(all[i], text("/console/grant/%lld/edit", id),
                   text("roles=%lld,%lld", had, business_role));
        is_refused(all[i], text("/console/account/%lld/edit", id),
                   text("name=x&roles=%lld,%lld", had, system_role));
        assert_int_equal(ask(text("SELECT COUNT(*) FROM account_role WHERE"
                                  " account_id = %lld", id)), 1);
    }
}

/*
 * A second self needs two people: one duty makes the account, the other gives
 * it rights, and nobody but the phone's owner gets in.
 */
static void an_account_takes_two_people(void **state)
{
    struct visitor worker;
    long long id;

    (void)state;
    assert_int_equal(site_get(&business, "/console/account/new").status, 403);
    assert_int_equal(fill(&admin, "/console/account/new",
                          text("org_id=%lld&phone=13711110014&name=w&roles=",
                               platform)).status, 303);
    id = site_account("13711110014");
    assert_true(id > 0);
    is_refused(&admin, text("/console/account/%lld/invite", id), "");
    assert_int_equal(ask("SELECT COUNT(*) FROM sms_code"), 0);
    assert_int_equal(fill(&business, text("/console/grant/%lld/edit", id),
                          text("roles=%lld", business_role)).status, 303);
    site_sign_in(&worker, id);
    assert_int_equal(site_get(&worker, "/console/order").status, 200);
    assert_int_equal(site_get(&worker, "/console/account").status, 403);
    /* From then on its maker can stop it, which gives nobody anything. */
    is_refused(&admin, text("/console/account/%lld/edit", id),
               "name=other&roles=");
    is_refused(&admin, text("/console/grant/%lld/edit", id), "roles=");
    testdb_sql(site_cx(), "UPDATE account SET password = 'x'");
    assert_int_equal(site_act(&admin, "/console/account/do/reset",
                              text("ids=%lld", id)).status, 303);
    is_refused(&admin, text("/console/account/%lld/invite", id), "");
    assert_int_equal(site_act(&admin, "/console/account/do/disable",
                              text("ids=%lld", id)).status, 303);
    assert_int_equal(site_get(&worker, "/console/order").status, 303);
    assert_int_equal(ask("SELECT COUNT(*) FROM sms_code"), 0);
}

/* ---- who is not divided ------------------------------------------------- */

static void a_merchant_is_not_divided(void **state)
{
    (void)state;
    assert_int_equal(site_get(&merchant, "/console/audit").status, 200);
    assert_int_equal(site_get(&merchant, "/console/order").status, 200);
    assert_int_equal(fill(&merchant, "/console/role/new",
                          text("org_id=%lld&name=shop&perm.order.view=1"
                               "&perm.account.edit=1", shop)).status, 303);
    assert_int_equal(fill(&merchant, "/console/account/new",
                          text("org_id=%lld&phone=13711110015&name=x"
                               "&roles=%lld", shop,
                               ask("SELECT id FROM role WHERE name ="
                                   " 'shop'"))).status, 303);
    /* Its own, not the platform's. */
    is_refused(&merchant, "/console/role/new",
               text("org_id=%lld&name=up&perm.account.edit=1", platform));
    is_refused(&merchant, "/console/account/new",
               text("org_id=%lld&phone=13711110016&name=x&roles=%lld", shop,
                    full_role));
}

/* The setting takes effect within a second, both ways. */
static void joint_duties_are_a_setting(void **state)
{
    static const char *const pages[] = { "/console/audit", "/console/order",
                                         "/console/account/new",
                                         "/console/role/new" };

    (void)state;
    testdb_sql(site_cx(), "INSERT INTO setting VALUES ('duties', 'joint',"
                          " NOW())");
    testdb_moment();
    for (size_t i = 0; i < COUNT(pages); i++)
        assert_int_equal(site_get(&business, pages[i]).status, 200);
    assert_int_equal(fill(&business, "/console/role/new",
                          text("org_id=%lld&name=both&perm.order.view=1"
                               "&perm.account.edit=1", platform)).status,
                     303);
    /* A word that nobody knows is no way out of it. */
    testdb_sql(site_cx(), "UPDATE setting SET value = 'none'");
    testdb_moment();
    assert_int_equal(site_get(&business, "/console/audit").status, 403);
    assert_int_equal(site_get(&business, "/console/account/new").status, 403);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_system_administrator_does_no_business),
        cmocka_unit_test(a_business_administrator_does_not_administer),
        cmocka_unit_test(an_auditor_does_nothing_else),
        cmocka_unit_test(the_menu_shows_nothing_of_another_duty),
        cmocka_unit_test(every_duty_is_of_a_permission_that_exists),
        cmocka_unit_test(nobody_makes_an_auditor),
        cmocka_unit_test(nobody_touches_an_auditor),
        cmocka_unit_test(a_role_has_one_duty),
        cmocka_unit_test(nobody_grants_rights_of_another_duty),
        cmocka_unit_test(nobody_grants_themselves),
        cmocka_unit_test(an_account_takes_two_people),
        cmocka_unit_test(a_merchant_is_not_divided),
        cmocka_unit_test(joint_duties_are_a_setting),
    };

    return cmocka_run_group_tests(tests, start, site_stop);
}
