/*
 * Duties apart (rule A10), with the setting audit_apart: whoever administers
 * does not read the audit and cannot make or touch an auditor; whoever reads
 * the audit does nothing else. Without it an administrator has every right.
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
#include "tests/integration/site.h"
#include "tests/integration/testdb.h"
#include "web/router.h"

static struct visitor admin, auditor;
static long long platform, auditor_role;

static int start(void **state)
{
    struct cx *cx;

    (void)state;
    setenv("PILEHUB_AUDIT_APART", "1", 1);
    site_start("duties");
    cx = site_cx();
    testdb_sql(cx, "INSERT INTO org (kind, name, created_at, updated_at)"
                   " VALUES (1, '平台', NOW(3), NOW(3))");
    platform = testdb_int(cx, "SELECT id FROM org WHERE kind = 1");
    site_sign_in(&admin, site_person("13700000001", platform, "*"));
    site_sign_in(&auditor, site_person("13700000002", platform,
                                       "audit.view"));
    auditor_role = testdb_int(cx, "SELECT MAX(role_id) FROM role_perm WHERE"
                                  " perm = 'audit.view'");
    return 0;
}

static int stop(void **state)
{
    (void)state;
    site_stop();
    return 0;
}

static int64_t auditors(void)
{
    return testdb_int(site_cx(), "SELECT COUNT(*) FROM account_role ar JOIN"
                                 " role_perm p ON p.role_id = ar.role_id"
                                 " WHERE p.perm = 'audit.view'");
}

static const char *text(const char *format, ...) PRINTF_LIKE(1, 2);
static const char *text(const char *format, ...)
{
    static char out[4][300];
    static int turn;
    va_list ap;

    turn = (turn + 1) % 4;
    va_start(ap, format);
    vsnprintf(out[turn], sizeof out[turn], format, ap);
    va_end(ap);
    return out[turn];
}

static void an_administrator_does_not_read_the_audit(void **state)
{
    struct site_reply r;

    (void)state;
    assert_int_equal(site_get(&admin, "/console/audit").status, 403);
    assert_int_equal(site_get(&admin, "/console/audit.json").status, 403);
    assert_int_equal(site_get(&admin, "/console/audit/1").status, 403);
    assert_int_equal(site_post(&admin, "/console/audit/export",
                               "format=csv").status, 403);
    r = site_get(&admin, "/console/account");
    assert_int_equal(r.status, 200);
    assert_null(strstr(r.body, "href=\"/console/audit\""));
}

/* By the table of routes: nothing but the audit, exports and one's own. */
static void an_auditor_does_nothing_else(void **state)
{
    const char *error;
    struct router *router = router_new(site_cx()->arena, site_features(),
                                       NULL, 0, &error);
    int refused = 0;

    (void)state;
    assert_non_null(router);
    assert_int_equal(site_get(&auditor, "/console/audit").status, 200);
    for (size_t i = 0; i < router->count; i++) {
        const struct route *route = &router->rows[i].route;
        int status;

        if (route->auth != AUTH_ACCOUNT || strcmp(route->perm, "*") == 0 ||
            strcmp(route->perm, "audit.view") == 0)
            continue;
        status = route->method == GET
            ? site_get(&auditor, route->path).status
            : site_post(&auditor, route->path, "").status;
        if (status != 403)
            fail_msg("%s: %d", route->path, status);
        refused++;
    }
    assert_in_range(refused, 100, ROUTES_MAX);
}

/* Neither by a role, nor by an account, nor by taking over an auditor's. */
static void an_administrator_makes_no_auditor(void **state)
{
    struct site_reply r;
    int64_t before = auditors();

    (void)state;
    assert_int_equal(before, 1);
    site_get(&admin, "/console/role/new");
    r = site_post(&admin, "/console/role/new",
                  text("org_id=%lld&name=mine1&perm.audit.view=1",
                       platform));
    assert_int_equal(r.status, 403);
    site_get(&admin, "/console/role/new");
    r = site_post(&admin, "/console/role/new",
                  text("org_id=%lld&name=mine2&perm.account.edit=1"
                       "&perm.audit.view=1", platform));
    assert_int_equal(r.status, 403);
    site_get(&admin, "/console/account/new");
    r = site_post(&admin, "/console/account/new",
                  text("org_id=%lld&phone=13711110001&name=x&roles=%lld",
                       platform, auditor_role));
    assert_true(r.status == 403 || r.status == 422);
    assert_int_equal(auditors(), before);
    assert_int_equal(testdb_int(site_cx(), "SELECT COUNT(*) FROM role WHERE"
                                           " name LIKE 'mine%'"), 0);
}

static void an_administrator_does_not_touch_an_auditor(void **state)
{
    static const char *const acts[] = { "disable", "reset" };
    long long id = auditor.account_id;

    (void)state;
    for (size_t i = 0; i < COUNT(acts); i++) {
        char path[60];

        snprintf(path, sizeof path, "/console/account/do/%s", acts[i]);
        testdb_sql(site_cx(), "UPDATE account SET password = 'x'");
        assert_int_equal(site_act(&admin, path,
                                  text("ids=%lld", id)).status, 403);
    }
    site_get(&admin, text("/console/account/%lld/invite", id));
    assert_int_equal(site_post(&admin, text("/console/account/%lld/invite",
                                            id), "").status, 403);
    site_get(&admin, text("/console/role/%lld/edit", auditor_role));
    assert_int_equal(site_post(&admin,
                               text("/console/role/%lld/edit", auditor_role),
                               "name=x&perm.account.edit=1&ver=1").status,
                     403);
    assert_int_equal(site_act(&admin, "/console/role/do/delete",
                              text("ids=%lld", auditor_role)).status, 403);
    assert_int_equal(site_get(&auditor, "/console/audit").status, 200);
    assert_int_equal(auditors(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_administrator_does_not_read_the_audit),
        cmocka_unit_test(an_auditor_does_nothing_else),
        cmocka_unit_test(an_administrator_makes_no_auditor),
        cmocka_unit_test(an_administrator_does_not_touch_an_auditor),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
