/*
 * One request at a time against a real pool: methods, paths, headers, bodies,
 * errors, limits.
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
#include "tests/integration/testdb.h"
#include "tests/integration/web/fcgi.h"
#include "tests/integration/web/people.h"
#include "tests/integration/web/server.h"

static struct web_server server;
static struct people people;

static struct fcgi_reply call(struct fcgi_call c)
{
    struct fcgi_reply r;

    assert_true(fcgi_call(server.socket, &c, &r));
    return r;
}

static int status_of(struct fcgi_call c)
{
    struct fcgi_reply r = call(c);
    int status = r.status;

    fcgi_free(&r);
    return status;
}

static struct browser browser(void)
{
    return (struct browser){ .socket = server.socket };
}

static struct browser signed_in(const char *phone)
{
    struct browser b = browser();

    assert_true(browser_sign_in(&b, phone, PEOPLE_PASSWORD));
    return b;
}

static void paths_and_methods(void **state)
{
    static const struct {
        const char *method, *uri;
        int status;
    } cases[] = {
        { "GET", "/t/hello", 200 },
        { "HEAD", "/t/hello", 200 },
        { "GET", "/t/hello?n=0", 200 },
        { "GET", "/t/hello/", 200 },
        { "GET", "/t/%68ello", 200 },
        { "GET", "/t/hello.json", 200 },
        { "GET", "/t//hello", 404 },
        { "GET", "/t/./hello", 404 },
        { "GET", "/x/../t/hello", 404 },
        { "GET", "/t/%2e%2e/hello", 404 },
        { "GET", "/t%2fhello", 404 },
        { "GET", "/t/hello%00", 404 },
        { "GET", "/t/hello%zz", 404 },
        { "GET", "/t/hello%ff", 404 },
        { "GET", "t/hello", 404 },
        { "GET", "", 404 },
        { "GET", "/nothing", 404 },
        { "POST", "/t/hello", 405 },
        { "GET", "/t/write", 405 },
        { "PUT", "/t/hello", 405 },
        { "TRACE", "/t/hello", 405 },
        { "OPTIONS", "/t/hello", 405 },
        { "GET", "/t/hello?n=abc", 200 }, /* left out, and said so */
        { "GET", "/t/hello?n=100001", 200 },
        { "GET", "/t/hello?text=a&text=b", 400 },
        { "GET", "/t/hello?text=%ff", 400 },
        { "GET", "/t/hello?text=%00", 400 },
        { "GET", "/t/hello?te%20xt=1", 400 },
        { "GET", "/t/hello?unknown=1", 200 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int status = status_of((struct fcgi_call){
            .method = cases[i].method, .uri = cases[i].uri });

        if (status != cases[i].status)
            fail_msg("%s %s: %d, not %d", cases[i].method, cases[i].uri,
                     status, cases[i].status);
    }
}

static void head_has_no_body(void **state)
{
    struct fcgi_reply r = call((struct fcgi_call){ .method = "HEAD",
                                                   .uri = "/t/hello" });
    char length[20];

    (void)state;
    assert_int_equal(r.body_len, 0);
    assert_true(fcgi_header(&r, "Content-Length", length, sizeof length));
    assert_string_equal(length, "14");
    fcgi_free(&r);
}

/* Rule S5, on pages, JSON, files, redirects and errors alike. */
static void every_answer_has_the_headers(void **state)
{
    static const char *const uris[] = {
        "/t/hello", "/t/file", "/t/broken", "/nothing", "/login", "/t/page",
        "/healthz", "/metrics", "/", "/api/t/v1/who",
    };
    static const char *const names[] = {
        "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy",
        "Permissions-Policy", "Content-Security-Policy", "Content-Length",
        "Content-Type",
    };
    char value[400];

    (void)state;
    for (size_t i = 0; i < COUNT(uris); i++) {
        struct fcgi_reply r = call((struct fcgi_call){ .uri = uris[i] });

        for (size_t k = 0; k < COUNT(names); k++)
            if (!fcgi_header(&r, names[k], value, sizeof value))
                fail_msg("%s has no %s", uris[i], names[k]);
        assert_true(fcgi_header(&r, "Content-Security-Policy", value,
                                sizeof value));
        if (strstr(value, "unsafe") != NULL ||
            strstr(value, "frame-ancestors 'none'") == NULL)
            fail_msg("%s: %s", uris[i], value);
        assert_true(fcgi_header(&r, "Cache-Control", value, sizeof value));
        assert_string_equal(value, "no-store");
        fcgi_free(&r);
    }
}

static void errors_tell_a_number_and_no_details(void **state)
{
    struct fcgi_reply r = call((struct fcgi_call){
        .uri = "/t/broken",
        .headers = { { "REQUEST_ID", "7f31c0a1b2c3d4e5f60718293a4b5c6d" } },
    });

    (void)state;
    assert_int_equal(r.status, 500);
    assert_non_null(strstr(r.body, "E-7F31C0"));
    assert_null(strstr(r.body, "4711"));
    assert_null(strstr(r.body, "probe_web.c"));
    assert_true(web_server_logged(&server, "E-7F31C0"));
    assert_true(web_server_logged(&server, "4711"));
    fcgi_free(&r);
}

static void json_errors_have_code_and_id(void **state)
{
    struct fcgi_reply r = call((struct fcgi_call){
        .uri = "/t/hello?n=abc",
        .headers = { { "HTTP_ACCEPT", "application/json" },
                     { "REQUEST_ID", "0123456789abcdef" } },
    });

    (void)state;
    assert_int_equal(r.status, 400);
    assert_non_null(strstr(r.body, "\"code\":40001"));
    assert_non_null(strstr(r.body, "\"field\":\"n\""));
    assert_non_null(strstr(r.body, "\"request_id\":\"0123456789abcdef\""));
    fcgi_free(&r);
    r = call((struct fcgi_call){ .uri = "/api/nothing" });
    assert_int_equal(r.status, 404);
    assert_non_null(strstr(r.body, "\"code\":40400"));
    fcgi_free(&r);
}

static void htmx_errors_are_toasts(void **state)
{
    struct fcgi_reply r = call((struct fcgi_call){
        .uri = "/nothing", .headers = { { "HTTP_HX_REQUEST", "true" } } });
    char trigger[400];

    (void)state;
    assert_int_equal(r.status, 404);
    assert_int_equal(r.body_len, 0);
    assert_true(fcgi_header(&r, "HX-Trigger", trigger, sizeof trigger));
    assert_non_null(strstr(trigger, "\"kind\":\"fault\""));
    assert_non_null(strstr(trigger, "\\u"));
    fcgi_free(&r);
}

static void big_file_arrives_whole(void **state)
{
    struct fcgi_reply r = call((struct fcgi_call){ .uri = "/t/file" });
    char value[300];

    (void)state;
    assert_int_equal(r.body_len, 3000000);
    assert_memory_equal(r.body + 2999990, "0123456789", 10);
    assert_true(fcgi_header(&r, "Content-Disposition", value, sizeof value));
    assert_non_null(strstr(value, "filename=\"download\""));
    assert_non_null(strstr(value, "UTF-8''%E6%95%B0"));
    fcgi_free(&r);
}

static void nobody_is_led_to_the_sign_in_page(void **state)
{
    struct fcgi_reply r = call((struct fcgi_call){ .uri = "/t/page" });
    char to[200];

    (void)state;
    assert_int_equal(r.status, 303);
    assert_true(fcgi_header(&r, "Location", to, sizeof to));
    assert_string_equal(to, "/login?next=%2Ft%2Fpage");
    fcgi_free(&r);
    r = call((struct fcgi_call){
        .uri = "/t/page", .headers = { { "HTTP_HX_REQUEST", "true" } } });
    assert_true(fcgi_header(&r, "HX-Redirect", to, sizeof to));
    assert_string_equal(to, "/login");
    fcgi_free(&r);
    assert_int_equal(status_of((struct fcgi_call){ .uri = "/t/page.json" }),
                     401);
}

static void page_has_its_frame(void **state)
{
    struct browser b = signed_in(PROVIDER_PHONE);
    struct fcgi_reply r;

    (void)state;
    browser_get(&b, "/t/page?text=%3Cscript%3Ealert(1)%3C/script%3E", &r);
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.body, "<!doctype html>"));
    assert_non_null(strstr(r.body, "测试页"));
    assert_non_null(strstr(r.body, "林工"));
    assert_non_null(strstr(r.body, "岭海"));
    assert_non_null(strstr(r.body, "看到了。"));
    assert_non_null(strstr(r.body, "&lt;script&gt;alert(1)"));
    assert_null(strstr(r.body, "<script>alert"));
    assert_null(strstr(r.body, "<?cs"));
    /* A platform's permission is no provider's, so neither is its entry. */
    assert_null(strstr(r.body, "/t/other"));
    assert_non_null(strstr(r.body, "138****0003"));
    fcgi_free(&r);
}

static void htmx_gets_a_fragment(void **state)
{
    struct browser b = signed_in(PROVIDER_PHONE);
    struct fcgi_reply r;
    struct fcgi_call c = {
        .uri = "/t/page?text=x",
        .headers = { { "HTTP_HX_REQUEST", "true" },
                     { "HTTP_COOKIE", b.session } } };

    (void)state;
    r = call(c);
    assert_int_equal(r.status, 200);
    assert_null(strstr(r.body, "<!doctype"));
    assert_null(strstr(r.body, "主菜单"));
    assert_non_null(strstr(r.body, "看到了。"));
    fcgi_free(&r);
}

static void permission_is_named(void **state)
{
    struct browser b = signed_in(CLERK_PHONE);
    struct fcgi_reply r;

    (void)state;
    browser_post(&b, "/t/write", "text=a", &r);
    assert_int_equal(r.status, 403);
    assert_non_null(strstr(r.body, "你没有「测试写入」的权限"));
    assert_non_null(strstr(r.body, "当前角色「客服」不含此权限"));
    assert_non_null(strstr(r.body, "周敏（平台管理员）"));
    fcgi_free(&r);
}

static void platform_permission_stays_with_the_platform(void **state)
{
    struct browser b = signed_in(OTHER_PHONE), admin = signed_in(ADMIN_PHONE);
    struct fcgi_reply r;

    (void)state;
    /* The built-in role of a provider is everything a provider may do. */
    browser_post(&b, "/t/write", "text=a", &r);
    assert_int_equal(r.status, 303);
    fcgi_free(&r);
    browser_post(&b, "/t/platform", "", &r);
    assert_int_equal(r.status, 403);
    fcgi_free(&r);
    browser_post(&admin, "/t/platform", "", &r);
    assert_int_equal(r.status, 303);
    fcgi_free(&r);
}

static void toast_waits_for_the_next_page(void **state)
{
    struct browser b = signed_in(PROVIDER_PHONE);
    struct fcgi_reply r;

    (void)state;
    browser_post(&b, "/t/write", "text=a", &r);
    assert_int_equal(r.status, 303);
    fcgi_free(&r);
    browser_get(&b, "/console/me", &r);
    assert_non_null(strstr(r.body, "已写入。"));
    fcgi_free(&r);
    browser_get(&b, "/console/me", &r);
    assert_null(strstr(r.body, "已写入。"));
    fcgi_free(&r);
}

static int effects(const char *what)
{
    struct cx *cx = testdb_cx();
    char sql[200];
    int n;

    snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM t_effect WHERE what ="
             " '%s'", what);
    n = (int)testdb_int(cx, sql);
    testdb_cx_free(cx);
    return n;
}

static void failed_post_leaves_nothing(void **state)
{
    struct browser b = signed_in(PROVIDER_PHONE);
    struct fcgi_reply r;

    (void)state;
    browser_post(&b, "/t/write", "text=fail", &r);
    assert_int_equal(r.status, 409);
    assert_non_null(strstr(r.body, "现在不行。"));
    fcgi_free(&r);
    assert_int_equal(effects("fail"), 0);
}

/* Every POST route without a token, with a wrong one, with another session's,
   from another site (A7). */
static void post_needs_the_sessions_own_token(void **state)
{
    static const char *const uris[] = {
        "/t/write", "/t/bare", "/t/once", "/t/platform", "/logout",
        "/console/me/kill", "/console/me/password", "/api/t/v1/staff",
    };
    struct browser b = signed_in(PROVIDER_PHONE), other;
    char wrong[80];

    (void)state;
    other = signed_in(ADMIN_PHONE);
    snprintf(wrong, sizeof wrong, "%s", b.csrf);
    wrong[5] = wrong[5] == 'a' ? 'b' : 'a';
    for (size_t i = 0; i < COUNT(uris); i++) {
        const char *tokens[] = { NULL, "", wrong, other.csrf, b.csrf };
        const char *origins[] = { NULL, NULL, NULL, NULL, "https://evil.cn" };

        for (size_t k = 0; k < COUNT(tokens); k++) {
            bool json = strncmp(uris[i], "/api/", 5) == 0;
            int status = status_of((struct fcgi_call){
                .method = "POST", .uri = uris[i],
                .type = json ? "application/json"
                             : "application/x-www-form-urlencoded",
                .body = json ? "{\"text\":\"csrf\"}" : "text=csrf",
                .headers = { { "HTTP_COOKIE", b.session },
                             { "HTTP_X_CSRF_TOKEN", tokens[k] },
                             { "HTTP_ORIGIN", origins[k] } } });

            if (status != 403)
                fail_msg("%s with token %zu: %d", uris[i], k, status);
        }
    }
    assert_int_equal(effects("csrf"), 0);
    assert_int_equal(status_of((struct fcgi_call){
        .method = "POST", .uri = "/t/write", .body = "text=ok",
        .type = "application/x-www-form-urlencoded",
        .headers = { { "HTTP_COOKIE", b.session },
                     { "HTTP_X_CSRF_TOKEN", b.csrf },
                     { "HTTP_SEC_FETCH_SITE", "cross-site" } } }), 403);
    assert_int_equal(status_of((struct fcgi_call){
        .method = "POST", .uri = "/t/write", .body = "text=ok",
        .type = "application/x-www-form-urlencoded",
        .headers = { { "HTTP_COOKIE", b.session },
                     { "HTTP_X_CSRF_TOKEN", b.csrf } } }), 303);
}

static void bodies_keep_to_their_limits(void **state)
{
    struct browser b = signed_in(PROVIDER_PHONE);
    char *big = malloc(80000);
    struct fcgi_reply r;

    (void)state;
    assert_non_null(big);
    memset(big, 'a', 79999);
    memcpy(big, "text=", 5);
    big[79999] = '\0';
    browser_post(&b, "/t/write", big, &r);
    assert_int_equal(r.status, 413);
    fcgi_free(&r);
    browser_post(&b, "/t/write", "text=a&admin=1", &r);
    assert_int_equal(r.status, 400);
    assert_non_null(strstr(r.body, "admin"));
    fcgi_free(&r);
    browser_post(&b, "/t/write", "text=a&text=b", &r);
    assert_int_equal(r.status, 400);
    fcgi_free(&r);
    browser_json(&b, "/api/t/v1/staff", "{\"text\":\"a\",\"n\":\"1\"}", &r);
    assert_int_equal(r.status, 400);
    fcgi_free(&r);
    browser_json(&b, "/api/t/v1/staff", "{\"text\":\"a\"", &r);
    assert_int_equal(r.status, 400);
    fcgi_free(&r);
    browser_post(&b, "/api/t/v1/staff", "text=a", &r);
    assert_int_equal(r.status, 400);
    fcgi_free(&r);
    free(big);
}

static void upload_is_spooled(void **state)
{
    static const char head[] =
        "--xyz\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\n"
        "hi\r\n--xyz\r\nContent-Disposition: form-data; name=\"file\"; "
        "filename=\"C:\\\\dir\\\\a.csv\"\r\nContent-Type: text/csv\r\n\r\n";
    static const char tail[] = "\r\n--xyz--\r\n";
    enum { SIZE = 3 << 20 };
    struct browser b = signed_in(PROVIDER_PHONE);
    size_t len = sizeof head - 1 + SIZE + sizeof tail - 1;
    char *body = malloc(len);
    struct fcgi_reply r;

    (void)state;
    assert_non_null(body);
    memcpy(body, head, sizeof head - 1);
    memset(body + sizeof head - 1, 7, SIZE);
    memcpy(body + len - (sizeof tail - 1), tail, sizeof tail - 1);
    r = call((struct fcgi_call){
        .method = "POST", .uri = "/t/upload", .body = body, .body_len = len,
        .type = "multipart/form-data; boundary=xyz",
        .headers = { { "HTTP_COOKIE", b.session },
                     { "HTTP_X_CSRF_TOKEN", b.csrf } } });
    assert_int_equal(r.status, 200);
    assert_string_equal(r.body,
                        "{\"size\":3145728,\"last\":7,\"name\":\"a.csv\"}");
    fcgi_free(&r);
    /* Refused before it is read: the rest is taken off the connection. */
    r = call((struct fcgi_call){
        .method = "POST", .uri = "/t/write", .body = body, .body_len = len,
        .type = "multipart/form-data; boundary=xyz",
        .headers = { { "HTTP_COOKIE", b.session },
                     { "HTTP_X_CSRF_TOKEN", b.csrf } } });
    assert_int_equal(r.status, 400);
    fcgi_free(&r);
    free(body);
}

static void callback_gets_its_raw_body(void **state)
{
    struct fcgi_reply r = call((struct fcgi_call){
        .method = "POST", .uri = "/t/callback", .body = "\0\xff<x/>",
        .body_len = 6, .type = "text/xml" });

    (void)state;
    assert_string_equal(r.body, "{\"bytes\":6}");
    fcgi_free(&r);
}

static void slow_routes_are_handed_over(void **state)
{
    struct fcgi_reply r = call((struct fcgi_call){ .method = "POST",
                                                   .uri = "/t/slow" });
    char to[40];

    (void)state;
    assert_true(fcgi_header(&r, "X-Accel-Redirect", to, sizeof to));
    assert_string_equal(to, "@slow");
    assert_int_equal(r.body_len, 0);
    fcgi_free(&r);
}

static void metrics_count(void **state)
{
    struct fcgi_reply r = call((struct fcgi_call){ .uri = "/metrics" });

    (void)state;
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.body, "pilehub_transaction_seconds_bucket{"
                                   "pool=\"web\",le=\"0.0500\"} "));
    assert_null(strstr(r.body, "pilehub_transaction_seconds_count{"
                               "pool=\"web\"} 0\n"));
    assert_non_null(strstr(r.body, "pilehub_requests_total{pool=\"web\","
                                   "class=\"page\",status=\"2xx\"} "));
    assert_non_null(strstr(r.body, "pilehub_workers{pool=\"web\"} 2\n"));
    assert_non_null(strstr(r.body, "le=\"+Inf\""));
    fcgi_free(&r);
    assert_int_equal(status_of((struct fcgi_call){
        .uri = "/metrics", .address = "203.0.113.9" }), 404);
    assert_int_equal(status_of((struct fcgi_call){
        .uri = "/healthz", .address = "203.0.113.9" }), 200);
}

/* L4: what was typed into secret fields is nowhere in the log. */
static void log_keeps_no_secrets(void **state)
{
    struct browser b = browser();
    struct fcgi_reply r;

    (void)state;
    browser_get(&b, "/login", &r);
    fcgi_free(&r);
    browser_post(&b, "/login", "phone=13800000009&password=Canary-xyz-1",
                 &r);
    fcgi_free(&r);
    browser_get(&b, "/login?next=/console&canary=Canary-abc-2", &r);
    fcgi_free(&r);
    assert_true(web_server_logged(&server, "/login"));
    assert_false(web_server_logged(&server, "Canary"));
    assert_false(web_server_logged(&server, b.guest));
    assert_false(web_server_logged(&server, "13800000009"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_and_methods),
        cmocka_unit_test(head_has_no_body),
        cmocka_unit_test(every_answer_has_the_headers),
        cmocka_unit_test(errors_tell_a_number_and_no_details),
        cmocka_unit_test(json_errors_have_code_and_id),
        cmocka_unit_test(htmx_errors_are_toasts),
        cmocka_unit_test(big_file_arrives_whole),
        cmocka_unit_test(nobody_is_led_to_the_sign_in_page),
        cmocka_unit_test(page_has_its_frame),
        cmocka_unit_test(htmx_gets_a_fragment),
        cmocka_unit_test(permission_is_named),
        cmocka_unit_test(platform_permission_stays_with_the_platform),
        cmocka_unit_test(toast_waits_for_the_next_page),
        cmocka_unit_test(failed_post_leaves_nothing),
        cmocka_unit_test(post_needs_the_sessions_own_token),
        cmocka_unit_test(bodies_keep_to_their_limits),
        cmocka_unit_test(upload_is_spooled),
        cmocka_unit_test(callback_gets_its_raw_body),
        cmocka_unit_test(slow_routes_are_handed_over),
        cmocka_unit_test(metrics_count),
        cmocka_unit_test(log_keeps_no_secrets),
    };
    int failed;

    testdb_start("web_requests");
    people_make(&people);
    web_server_start(&server, "tests/integration/web/probe-web",
                     "web_workers=2\n");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (web_server_stop(&server) != 0)
        failed++;
    testdb_stop();
    return failed;
}
