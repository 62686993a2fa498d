/*
 * The connection to the database breaks around COMMIT (rules T6, W3, F15):
 * before it reaches the server, in it and after it. What the answer says is
 * true, and the same request again comes to the same end: one effect.
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
#include "tests/integration/dbproxy.h"
#include "tests/integration/testdb.h"
#include "tests/integration/web/fcgi.h"
#include "tests/integration/web/people.h"
#include "tests/integration/web/server.h"

/* How each cut must end if the effect and the key stand in one transaction:
   NOT, DONE, or EITHER, as the server may be quick or not. */
enum end { NOT, DONE, EITHER };
static const enum end ends[CUTS] = {
    [CUT_BEFORE] = NOT, [CUT_HALF] = NOT, [CUT_SENT] = EITHER,
    [CUT_LATE] = DONE, [CUT_AFTER] = DONE,
};

static struct web_server server;
static struct dbproxy proxy;
static struct people people;
static char bearer[PEOPLE_BEARER];
static int serial;

/* ---- what is there ----------------------------------------------------- */

/* Waits for transactions that have not ended yet, such as a cut one. */
static int64_t count(const char *table, const char *column, const char *text)
{
    struct cx *cx = testdb_cx();
    int64_t n = testdb_int(cx, cx_printf(cx, "SELECT COUNT(*) FROM %s WHERE"
                                         " %s = '%s' LOCK IN SHARE MODE", table,
                                         column, text));

    testdb_cx_free(cx);
    return n;
}

static int64_t effects(const char *what)
{
    int64_t n = count("t_effect", "what", what);

    assert_int_equal(count("audit", "text", what), n);
    return n;
}

static bool says(const struct fcgi_reply *r, const char *text)
{
    return r->body != NULL && strstr(r->body, text) != NULL;
}

/* An answer is true: done is said if it is done, not done if it is not. */
static void check_truth(const struct fcgi_reply *r, int done_status,
                        enum end end, int64_t n)
{
    assert_in_range(n, 0, 1);
    if (end != EITHER)
        assert_int_equal(n, end == DONE);
    if (n == 1) {
        assert_int_equal(r->status, done_status);
    } else {
        assert_int_equal(r->status, 503);
        assert_true(says(r, "操作没有生效"));
    }
}

/* ---- endpoints --------------------------------------------------------- */

static struct fcgi_reply call(const char *uri, const char *key,
                              const char *text)
{
    char json[80];
    struct fcgi_call c = {
        .method = "POST", .uri = uri, .type = "application/json",
        .body = json,
        .headers = { { "HTTP_AUTHORIZATION", bearer },
                     { "HTTP_IDEMPOTENCY_KEY", key } },
    };
    struct fcgi_reply r;

    snprintf(json, sizeof json, "{\"text\":\"%s\"}", text);
    assert_true(fcgi_call(server.socket, &c, &r));
    return r;
}

static void endpoint_tells_the_truth_and_converges(void **state)
{
    (void)state;
    for (enum cut cut = CUT_BEFORE; cut < CUTS; cut++)
        for (int again = 0; again < 5; again++) {
            char key[20], text[20];
            struct fcgi_reply r;

            snprintf(key, sizeof key, "key-%06d", ++serial);
            snprintf(text, sizeof text, "cut%d", serial);
            dbproxy_cut(&proxy, cut, 0);
            r = call("/api/t/v1/effects", key, text);
            assert_true(dbproxy_has_cut(&proxy));
            check_truth(&r, 200, ends[cut], effects(text));
            fcgi_free(&r);
            r = call("/api/t/v1/effects", key, text);
            assert_int_equal(r.status, 200);
            fcgi_free(&r);
            assert_int_equal(effects(text), 1);
        }
}

/* The handler committed by itself; the cut is at the keeping of the answer.
   No stored answer does not mean no effect. */
static void bare_endpoint_does_not_say_more_than_it_knows(void **state)
{
    (void)state;
    for (enum cut cut = CUT_BEFORE; cut < CUTS; cut++) {
        char key[20];
        struct fcgi_reply r;

        snprintf(key, sizeof key, "key-%06d", ++serial);
        dbproxy_cut(&proxy, cut, 0);
        r = call("/api/t/v1/bare", key, "bare");
        assert_true(dbproxy_has_cut(&proxy));
        assert_true(r.status == 200 ||
                    (r.status == 503 && says(&r, "还不能确定")));
        if (ends[cut] == DONE)
            assert_int_equal(r.status, 200);
        fcgi_free(&r);
        r = call("/api/t/v1/bare", key, "bare");
        assert_int_equal(r.status, 200);
        fcgi_free(&r);
        assert_int_equal(count("t_unique", "idem_key", key), 1);
    }
}

/* ---- forms ------------------------------------------------------------- */

/* Signs in once, and opens a page for a fresh form token. */
static struct browser *signed_in(void)
{
    static struct browser b;
    struct fcgi_reply r;

    if (b.socket == NULL) {
        b.socket = server.socket;
        assert_true(browser_sign_in(&b, PROVIDER_PHONE, PEOPLE_PASSWORD));
    }
    browser_get(&b, "/console/me", &r);
    assert_int_equal(r.status, 200);
    fcgi_free(&r);
    return &b;
}

static struct fcgi_reply submit(struct browser *b, const char *uri,
                                const char *text, const char *form)
{
    struct fcgi_reply r;
    char body[300];

    snprintf(body, sizeof body, "text=%s&_form=%s", text, form);
    browser_post(b, uri, body, &r);
    return r;
}

static void form_tells_the_truth_and_converges(void **state)
{
    (void)state;
    for (enum cut cut = CUT_BEFORE; cut < CUTS; cut++) {
        struct browser *b = signed_in();
        char text[20], form[200];
        struct fcgi_reply r;

        snprintf(form, sizeof form, "%s", b->form);
        snprintf(text, sizeof text, "form%d", ++serial);
        dbproxy_cut(&proxy, cut, 0);
        r = submit(b, "/t/once", text, form);
        assert_true(dbproxy_has_cut(&proxy));
        check_truth(&r, 303, ends[cut], effects(text));
        fcgi_free(&r);
        r = submit(b, "/t/once", text, form);
        assert_int_equal(r.status, 303);
        fcgi_free(&r);
        assert_int_equal(effects(text), 1);
    }
}

/*
 * The form's claim, the handler's own transaction and the keeping of the
 * answer are three COMMITs. Whichever breaks, the form never takes effect
 * twice, and no answer says what is not known.
 */
static void bare_form_never_takes_effect_twice(void **state)
{
    (void)state;
    for (int skip = 0; skip < 3; skip++)
        for (enum cut cut = CUT_BEFORE; cut < CUTS; cut++) {
            struct browser *b = signed_in();
            char text[20], form[200];
            struct fcgi_reply r;
            int64_t n;

            snprintf(form, sizeof form, "%s", b->form);
            snprintf(text, sizeof text, "bare%d", ++serial);
            dbproxy_cut(&proxy, cut, skip);
            r = submit(b, "/t/once_bare", text, form);
            assert_true(dbproxy_has_cut(&proxy));
            n = effects(text);
            assert_true(r.status == 303 || r.status == 409 ||
                        r.status == 503);
            assert_true(r.status != 303 || n == 1);
            assert_true(n == 0 || !says(&r, "操作没有生效"));
            fcgi_free(&r);
            r = submit(b, "/t/once_bare", text, form);
            assert_true(r.status != 303 || effects(text) == 1);
            fcgi_free(&r);
            assert_in_range(effects(text), n, 1);
        }
}

/* Without a key there is nothing to look up, and that is what is said. */
static void keyless_post_says_that_it_does_not_know(void **state)
{
    struct browser *b = signed_in();

    (void)state;
    for (enum cut cut = CUT_BEFORE; cut < CUTS; cut++) {
        struct fcgi_reply r;
        char text[20];

        snprintf(text, sizeof text, "plain%d", ++serial);
        dbproxy_cut(&proxy, cut, 0);
        r = submit(b, "/t/write", text, "");
        assert_true(dbproxy_has_cut(&proxy));
        assert_int_equal(r.status, 503);
        assert_true(says(&r, "还不能确定"));
        assert_false(says(&r, "没有生效"));
        fcgi_free(&r);
        if (ends[cut] != EITHER)
            assert_int_equal(effects(text), ends[cut] == DONE);
    }
}

/* ---- set-up ------------------------------------------------------------ */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(endpoint_tells_the_truth_and_converges),
        cmocka_unit_test(bare_endpoint_does_not_say_more_than_it_knows),
        cmocka_unit_test(form_tells_the_truth_and_converges),
        cmocka_unit_test(bare_form_never_takes_effect_twice),
        cmocka_unit_test(keyless_post_says_that_it_does_not_know),
    };
    char settings[100];
    int failed;

    testdb_start("web_commit");
    people_make(&people);
    people_bearer(people.driver[0], bearer);
    dbproxy_start(&proxy, testdb_socket());
    snprintf(settings, sizeof settings, "web_workers=2\ndb_socket=%s\n",
             proxy.socket);
    web_server_start(&server, "tests/integration/web/probe-web", settings);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (web_server_stop(&server) != 0)
        failed++;
    dbproxy_stop(&proxy);
    testdb_stop();
    return failed;
}
