/*
 * Drivers and their top-ups in the console: who sees them, what stands there,
 * and what the actions do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "tests/integration/driver/places.h"
#include "tests/integration/testdb.h"
#include "tests/integration/web/fcgi.h"
#include "tests/integration/web/people.h"
#include "tests/integration/web/server.h"

static struct web_server server;
static struct people people;
static struct cx *cx;
static char token[64]; /* of the driver below */
static int64_t driver, payment;

static int open_page(const char *phone, const char *uri, char *body,
                     size_t size)
{
    struct browser b = { .socket = server.socket };
    struct fcgi_reply r;
    int status;

    assert_true(browser_sign_in(&b, phone, PEOPLE_PASSWORD));
    browser_get(&b, uri, &r);
    status = r.status;
    if (body != NULL)
        snprintf(body, size, "%s", r.body ? r.body : "");
    fcgi_free(&r);
    return status;
}

static const char *path(const char *page, int64_t id)
{
    return arena_printf(cx->arena, "/console/%s/%lld", page, (long long)id);
}

static void the_platform_sees_drivers_and_top_ups(void **state)
{
    static char body[400000];

    (void)state;
    assert_int_equal(open_page(ADMIN_PHONE, "/console/driver", body,
                               sizeof body), 200);
    assert_non_null(strstr(body, "139****0077"));
    assert_null(strstr(body, "13900000077"));
    assert_non_null(strstr(body, "粤BD12345"));
    assert_int_equal(open_page(ADMIN_PHONE, path("driver", driver), body,
                               sizeof body), 200);
    assert_non_null(strstr(body, "123.45")); /* the wallet */
    assert_int_equal(open_page(ADMIN_PHONE, "/console/payment", body,
                               sizeof body), 200);
    assert_non_null(strstr(body, "TU2611200000000000000001"));
    assert_int_equal(open_page(ADMIN_PHONE, path("payment", payment), body,
                               sizeof body), 200);
    assert_non_null(strstr(body, "RF2611200000000000000001"));
}

/* A wallet belongs to no provider: not even a role that holds every right
   opens these pages to its people. */
static void providers_see_none_of_them(void **state)
{
    const char *const pages[] = { "/console/driver", "/console/payment",
                                  path("driver", driver),
                                  path("payment", payment) };

    (void)state;
    for (size_t i = 0; i < COUNT(pages); i++)
        assert_int_equal(open_page(OTHER_PHONE, pages[i], NULL, 0), 403);
}

static void without_the_right_it_is_refused(void **state)
{
    static const char *const pages[] = { "/console/driver",
                                         "/console/payment" };

    (void)state;
    for (size_t i = 0; i < COUNT(pages); i++)
        assert_int_equal(open_page(CLERK_PHONE, pages[i], NULL, 0), 403);
    assert_int_equal(open_page(CLERK_PHONE, path("driver", driver), NULL, 0),
                     403);
}

static int me(void)
{
    char bearer[100];
    struct fcgi_reply r;
    int status;

    snprintf(bearer, sizeof bearer, "Bearer %s", token);
    assert_true(fcgi_call(server.socket, &(struct fcgi_call){
        .uri = "/api/driver/v1/me",
        .headers = { { "HTTP_AUTHORIZATION", bearer } } }, &r));
    status = r.status;
    fcgi_free(&r);
    return status;
}

static void disabling_a_driver_signs_out(void **state)
{
    struct browser b = { .socket = server.socket };
    struct fcgi_reply r;
    char form[200];

    (void)state;
    assert_int_equal(me(), 200);
    assert_true(browser_sign_in(&b, ADMIN_PHONE, PEOPLE_PASSWORD));
    snprintf(form, sizeof form, "ids=%lld&_form=%s", (long long)driver,
             b.form);
    browser_post(&b, "/console/driver/do/disable", form, &r);
    if (r.status >= 400)
        fail_msg("%d %.300s", r.status, r.body);
    fcgi_free(&r);
    assert_int_equal(testdb_int(cx, "SELECT status FROM driver WHERE phone ="
                                    " '13900000077'"), 2);
    assert_int_equal(me(), 401);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM audit WHERE event ="
                                    " 'driver.disable'"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_platform_sees_drivers_and_top_ups),
        cmocka_unit_test(providers_see_none_of_them),
        cmocka_unit_test(without_the_right_it_is_refused),
        cmocka_unit_test(disabling_a_driver_signs_out),
    };
    int failed;

    testdb_start("driver_pages");
    cx = testdb_cx();
    people_make(&people);
    driver = places_sign_in(cx, "13900000077", token);
    places_sql(cx, "UPDATE driver SET plate = '粤BD12345' WHERE id = %lld",
               (long long)driver);
    places_give(cx, driver, 12345);
    places_sql(cx, "INSERT INTO payment (out_trade_no, driver_id, channel,"
                   " amount, state, expires_at, created_at, updated_at)"
                   " VALUES ('TU2611200000000000000001', %lld, 'demo', 5000,"
                   " 7, NOW(3), NOW(3), NOW(3))", (long long)driver);
    payment = testdb_int(cx, "SELECT LAST_INSERT_ID()");
    places_sql(cx, "INSERT INTO payment_refund (refund_no, payment_id, amount,"
                   " state, reason, created_at) VALUES"
                   " ('RF2611200000000000000001', %lld, 5000, 4, '', NOW(3))",
               (long long)payment);
    web_server_start(&server, "pilehub-web", "web_workers=2\n");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    web_server_stop(&server);
    testdb_cx_free(cx);
    testdb_stop();
    return failed;
}
