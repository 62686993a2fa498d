/*
 * Exports in the background: queued with the filters and columns of the list,
 * made with the rights the account has by then, fetched by nobody else, gone
 * after their time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <utime.h>

#include "base/macros.h"
#include "system/export_admin.h"
#include "tests/integration/site.h"
#include "tests/integration/testdb.h"
#include "tests/integration/text.h"

enum { ROWS = 7000 };

static struct visitor admin, other, provider;
static struct cx *cx;

static size_t files(void)
{
    DIR *d = opendir(text("%s/exports", site_home()));
    struct dirent *e;
    size_t n = 0;

    if (d == NULL)
        return 0;
    while ((e = readdir(d)) != NULL)
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}

static int64_t last_task(void)
{
    return testdb_int(cx, "SELECT COALESCE(MAX(id), 0) FROM export_task");
}

static int64_t state_of(int64_t id)
{
    return testdb_int(cx, text("SELECT state FROM export_task WHERE id ="
                               " %lld", (long long)id));
}

static void a_large_export_waits_and_is_made(void **state)
{
    struct site_reply r = site_post(&admin, "/console/audit/export",
                                    "format=csv&actor=x");
    long long id;
    int lines = 0;

    (void)state;
    assert_int_equal(r.status, 303);
    assert_string_equal(r.location, "/console/export");
    id = last_task();
    assert_int_equal(state_of(id), 1);
    r = site_get(&admin, text("/console/export/%lld/progress", id));
    assert_non_null(strstr(r.body, "排队中"));
    assert_int_equal(site_get(&admin, text("/console/export/%lld/file",
                                           id)).status, 409);
    site_job(export_run);
    assert_int_equal(state_of(id), 3);
    assert_int_equal(testdb_int(cx, text("SELECT rows_done FROM export_task"
                                         " WHERE id = %lld", id)), ROWS);
    assert_int_equal(files(), 1);
    r = site_get(&admin, text("/console/export/%lld/progress", id));
    assert_non_null(strstr(r.body, "共 7,000 行"));
    r = site_get(&admin, text("/console/export/%lld/file", id));
    assert_int_equal(r.status, 200);
    for (const char *p = r.body; (p = strstr(p, "\r\n")) != NULL; p += 2)
        lines++;
    assert_int_equal(lines, ROWS + 1);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM audit WHERE event"
                                    " LIKE 'export%'"), 2);
}

static void nobody_else_gets_it(void **state)
{
    long long id = last_task();

    (void)state;
    assert_int_equal(site_get(&other, text("/console/export/%lld/file",
                                           id)).status, 404);
    assert_int_equal(site_get(&other, text("/console/export/%lld/progress",
                                           id)).status, 404);
    assert_int_equal(site_get(&other, text("/console/export/%lld",
                                           id)).status, 404);
    assert_non_null(strstr(site_get(&other, "/console/export.json").body,
                           "\"rows\":[]"));
}

static void htmx_gets_a_toast_that_looks_again(void **state)
{
    struct site_reply r;

    (void)state;
    admin.htmx = true;
    r = site_post(&admin, "/console/audit/export",
                  "format=xlsx&actor=x");
    admin.htmx = false;
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.body, text("/console/export/%lld/progress",
                                        (long long)last_task())));
    site_job(export_run);
    assert_int_equal(state_of(last_task()), 3);
    r = site_get(&admin, text("/console/export/%lld/file",
                              (long long)last_task()));
    assert_memory_equal(r.body, "PK", 2);
}

/* What the account may see is asked again when the file is made. */
static void the_file_holds_the_scope_of_its_owner(void **state)
{
    struct site_reply r;

    (void)state;
    site_post(&provider, "/console/audit/export", "format=csv&actor=x");
    site_job(export_run);
    r = site_get(&provider, text("/console/export/%lld/file",
                                 (long long)last_task()));
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.body, "of the provider"));
    assert_null(strstr(r.body, "of the platform"));
}

static void a_lost_right_ends_the_export(void **state)
{
    int64_t id;

    (void)state;
    site_post(&other, "/console/audit/export", "format=csv&actor=x");
    id = last_task();
    testdb_sql(cx, text("UPDATE account SET status = 2 WHERE id = %lld",
                        (long long)other.account_id));
    site_job(export_run);
    assert_int_equal(state_of(id), 4);
    testdb_sql(cx, text("UPDATE account SET status = 1 WHERE id = %lld",
                        (long long)other.account_id));
}

/* A process that died left the row running: the next run makes it anew. */
static void an_interrupted_export_is_made_again(void **state)
{
    int64_t id;

    (void)state;
    site_post(&admin, "/console/audit/export", "format=csv&actor=x");
    id = last_task();
    testdb_sql(cx, text("UPDATE export_task SET state = 2, rows_done = 500"
                        " WHERE id = %lld", (long long)id));
    site_job(export_run);
    assert_int_equal(state_of(id), 3);
}

static void not_too_many_at_once(void **state)
{
    struct site_reply r;

    (void)state;
    for (int i = 0; i < 5; i++)
        site_post(&admin, "/console/audit/export", "format=csv&actor=x");
    r = site_post(&admin, "/console/audit/export", "format=csv&actor=x");
    assert_int_equal(r.status, 429);
    for (int i = 0; i < 5; i++)
        site_job(export_run);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM export_task"
                                    " WHERE state < 3"), 0);
}

static void put_file(const char *name, int days_old)
{
    const char *path = text("%s/exports/%s", site_home(), name);
    time_t then = time(NULL) - days_old * 86400;
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fclose(f);
    assert_int_equal(utime(path, &(struct utimbuf){ then, then }), 0);
}

static void half_a_file_goes_after_a_day(void **state)
{
    size_t before = files();

    (void)state;
    put_file(".sheet-new", 0);
    put_file(".sheet-old", 2);
    site_job(export_clean);
    assert_int_equal(files(), before + 1);
    assert_int_equal(unlink(text("%s/exports/.sheet-new", site_home())), 0);
}

static void a_file_goes_when_its_time_is_over(void **state)
{
    (void)state;
    assert_true(files() > 0);
    testdb_sql(cx, "UPDATE export_task SET expires_at = '2020-01-01'"
                   " WHERE state = 3");
    site_job(export_clean);
    assert_int_equal(files(), 0);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM export_task"
                                    " WHERE state = 3"), 0);
    assert_int_equal(site_get(&admin, text("/console/export/%lld/file",
                                           (long long)last_task())).status,
                     409);
}

static int setup(void **state)
{
    int64_t platform;

    (void)state;
    site_start("export");
    cx = site_cx();
    testdb_sql(cx, "INSERT INTO org (kind, name, created_at, updated_at)"
                   " VALUES (1, '平台', NOW(), NOW())");
    platform = testdb_int(cx, "SELECT id FROM org");
    testdb_sql(cx, "INSERT INTO org (parent_id, kind, name, created_at,"
                   " updated_at) SELECT id, 2, '服务商', NOW(), NOW()"
                   " FROM org");
    testdb_sql(cx, "UPDATE org SET provider_id = id WHERE kind = 2");
    site_sign_in(&admin, site_person("13700000001", platform, "*"));
    site_sign_in(&other, site_person("13700000002", platform, "audit.view"));
    site_sign_in(&provider,
                 site_person("13700000003",
                             testdb_int(cx, "SELECT id FROM org"
                                            " WHERE kind = 2"), "*"));
    testdb_sql(cx, "INSERT INTO audit (at, actor_kind, actor_id, actor_name,"
                   "   org_id, address, session_id, request_id, event, object,"
                   "   object_id, text) SELECT NOW(), 1, 1, 'x', 1, '', 0, '',"
                   "   'fill', 'x', seq, 'of the platform'"
                   " FROM seq_1_to_1000");
    testdb_sql(cx, "INSERT INTO audit (at, actor_kind, actor_id, actor_name,"
                   "   org_id, provider_id, address, session_id, request_id,"
                   "   event, object, object_id, text)"
                   " SELECT NOW(), 1, 1, 'x', 2, (SELECT id FROM org"
                   "   WHERE kind = 2), '', 0, '', 'fill', 'x', seq,"
                   "   'of the provider' FROM seq_1_to_6000");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_export_waits_and_is_made),
        cmocka_unit_test(nobody_else_gets_it),
        cmocka_unit_test(htmx_gets_a_toast_that_looks_again),
        cmocka_unit_test(the_file_holds_the_scope_of_its_owner),
        cmocka_unit_test(a_lost_right_ends_the_export),
        cmocka_unit_test(an_interrupted_export_is_made_again),
        cmocka_unit_test(not_too_many_at_once),
        cmocka_unit_test(half_a_file_goes_after_a_day),
        cmocka_unit_test(a_file_goes_when_its_time_is_over),
    };

    return cmocka_run_group_tests(tests, setup, site_stop);
}
