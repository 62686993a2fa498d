/*
 * Once is once: idempotency keys and single-use forms, twice in a row and
 * sixteen at the same moment (rules M9, M10, I8, W5).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/testdb.h"
#include "tests/integration/web/fcgi.h"
#include "tests/integration/web/people.h"
#include "tests/integration/web/server.h"

enum { MANY = 16 };

static struct web_server server;
static struct people people;
static char bearer[2][PEOPLE_BEARER];

static int64_t count(const char *table, const char *where)
{
    struct cx *cx = testdb_cx();
    int64_t n = testdb_int(cx, cx_printf(cx, "SELECT COUNT(*) FROM %s WHERE"
                                         " %s", table, where));

    testdb_cx_free(cx);
    return n;
}

static int64_t effects(const char *what)
{
    char where[80];

    snprintf(where, sizeof where, "what = '%s'", what);
    return count("t_effect", where);
}

static struct fcgi_reply post(int driver, const char *uri, const char *key,
                              const char *json)
{
    struct fcgi_call c = {
        .method = "POST", .uri = uri, .type = "application/json",
        .body = json,
        .headers = { { "HTTP_AUTHORIZATION", bearer[driver] },
                     { "HTTP_IDEMPOTENCY_KEY", key } },
    };
    struct fcgi_reply r;

    assert_true(fcgi_call(server.socket, &c, &r));
    return r;
}

static bool is_replay(const struct fcgi_reply *r)
{
    char value[8];

    return fcgi_header(r, "Idempotent-Replay", value, sizeof value);
}

/* ---- endpoints --------------------------------------------------------- */

static void key_is_demanded_and_looked_at(void **state)
{
    static const char *const bad[] = { NULL, "", "short", "with blank 1",
                                       "umlaut-\xc3\xa4-1" };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct fcgi_reply r = post(0, "/api/t/v1/effects", bad[i],
                                   "{\"text\":\"nokey\"}");

        assert_int_equal(r.status, 400);
        fcgi_free(&r);
    }
    assert_int_equal(effects("nokey"), 0);
}

static void second_gets_the_first_answer(void **state)
{
    struct fcgi_reply a = post(0, "/api/t/v1/effects", "key-0001",
                               "{\"text\":\"twice\"}");
    struct fcgi_reply b = post(0, "/api/t/v1/effects", "key-0001",
                               "{\"text\":\"twice\"}");

    (void)state;
    assert_int_equal(a.status, 200);
    assert_int_equal(b.status, 200);
    assert_string_equal(a.body, b.body);
    assert_false(is_replay(&a));
    assert_true(is_replay(&b));
    assert_int_equal(effects("twice"), 1);
    fcgi_free(&a);
    fcgi_free(&b);
}

static void another_body_is_refused(void **state)
{
    struct fcgi_reply r = post(0, "/api/t/v1/effects", "key-0002",
                               "{\"text\":\"one\"}");

    (void)state;
    assert_int_equal(r.status, 200);
    fcgi_free(&r);
    r = post(0, "/api/t/v1/effects", "key-0002", "{\"text\":\"two\"}");
    assert_int_equal(r.status, 422);
    assert_non_null(strstr(r.body, "\"code\":42200"));
    fcgi_free(&r);
    r = post(0, "/api/t/v1/bare", "key-0002", "{\"text\":\"one\"}");
    assert_int_equal(r.status, 422); /* same key, other endpoint */
    fcgi_free(&r);
    assert_int_equal(effects("two"), 0);
}

static void keys_belong_to_their_driver(void **state)
{
    struct fcgi_reply a = post(0, "/api/t/v1/effects", "key-0003",
                               "{\"text\":\"mine\"}");
    struct fcgi_reply b = post(1, "/api/t/v1/effects", "key-0003",
                               "{\"text\":\"mine\"}");

    (void)state;
    assert_int_equal(a.status, 200);
    assert_int_equal(b.status, 200);
    assert_false(is_replay(&b));
    assert_int_equal(effects("mine"), 2);
    fcgi_free(&a);
    fcgi_free(&b);
}

static void failure_leaves_the_key_free(void **state)
{
    struct fcgi_reply r = post(0, "/api/t/v1/effects", "key-0004",
                               "{\"text\":\"fail\"}");

    (void)state;
    assert_int_equal(r.status, 409);
    assert_non_null(strstr(r.body, "余额不足。"));
    fcgi_free(&r);
    assert_int_equal(effects("fail"), 0);
    assert_int_equal(count("idem", "idem_key = 'key-0004'"), 0);
}

struct racer {
    pthread_t thread;
    const char *uri, *key, *json;
    struct fcgi_reply reply;
};

static void *race(void *arg)
{
    struct racer *r = arg;

    r->reply = post(0, r->uri, r->key, r->json);
    return NULL;
}

static void run_race(struct racer racers[MANY], const char *uri,
                     const char *key, const char *json)
{
    for (int i = 0; i < MANY; i++) {
        racers[i] = (struct racer){ .uri = uri, .key = key, .json = json };
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race,
                                        &racers[i]), 0);
    }
    for (int i = 0; i < MANY; i++)
        pthread_join(racers[i].thread, NULL);
}

static void sixteen_at_once_take_effect_once(void **state)
{
    static struct racer racers[MANY];
    int fresh = 0;

    (void)state;
    run_race(racers, "/api/t/v1/effects", "key-0005",
             "{\"text\":\"race\",\"n\":100}");
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(racers[i].reply.status, 200);
        assert_string_equal(racers[i].reply.body, racers[0].reply.body);
        fresh += !is_replay(&racers[i].reply);
    }
    assert_int_equal(fresh, 1);
    assert_int_equal(effects("race"), 1);
    for (int i = 0; i < MANY; i++)
        fcgi_free(&racers[i].reply);
}

/* The first fails and rolls back while the others wait: each may try. */
static void waiting_ones_go_on_after_a_failure(void **state)
{
    static struct racer racers[MANY];

    (void)state;
    run_race(racers, "/api/t/v1/effects", "key-0006",
             "{\"text\":\"fail\",\"n\":5}");
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(racers[i].reply.status, 409);
        fcgi_free(&racers[i].reply);
    }
    assert_int_equal(effects("fail"), 0);
}

static void outside_a_transaction_too(void **state)
{
    static struct racer racers[MANY];

    (void)state;
    run_race(racers, "/api/t/v1/bare", "key-0007",
             "{\"text\":\"bare\",\"n\":20}");
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(racers[i].reply.status, 200);
        assert_string_equal(racers[i].reply.body, racers[0].reply.body);
    }
    for (int i = 0; i < MANY; i++)
        fcgi_free(&racers[i].reply);
    assert_int_equal(count("t_unique", "idem_key = 'key-0007'"), 1);
}

static void endpoint_has_its_limit(void **state)
{
    struct fcgi_call c = { .uri = "/api/t/v1/often",
                           .headers = { { "HTTP_AUTHORIZATION",
                                          bearer[0] } } };
    struct fcgi_reply r;

    (void)state;
    for (int i = 0; i < 7; i++) {
        assert_true(fcgi_call(server.socket, &c, &r));
        assert_int_equal(r.status, i < 5 ? 200 : 429);
        if (r.status == 429)
            assert_non_null(strstr(r.body, "\"code\":42900"));
        fcgi_free(&r);
    }
    c.headers[0].value = bearer[1]; /* another driver is not meant */
    assert_true(fcgi_call(server.socket, &c, &r));
    assert_int_equal(r.status, 200);
    fcgi_free(&r);
}

/* ---- forms ------------------------------------------------------------- */

static struct browser signed_in(void)
{
    struct browser b = { .socket = server.socket };

    assert_true(browser_sign_in(&b, PROVIDER_PHONE, PEOPLE_PASSWORD));
    assert_true(strlen(b.form) > 60);
    return b;
}

static int submit(struct browser *b, const char *uri, const char *text,
                  const char *form, char *to, size_t size)
{
    struct fcgi_reply r;
    char body[300];
    int status;

    snprintf(body, sizeof body, "text=%s&_form=%s", text, form);
    browser_post(b, uri, body, &r);
    status = r.status;
    if (to != NULL && !fcgi_header(&r, "Location", to, size))
        to[0] = '\0';
    fcgi_free(&r);
    return status;
}

static void double_click_is_one(void **state)
{
    static const char *const uris[] = { "/t/once", "/t/once_bare" };
    char to[100];

    (void)state;
    for (size_t i = 0; i < COUNT(uris); i++) {
        struct browser b = signed_in();
        char text[20];

        snprintf(text, sizeof text, "click%zu", i);
        assert_int_equal(submit(&b, uris[i], text, b.form, to, sizeof to),
                         303);
        assert_string_equal(to, "/t/hello");
        assert_int_equal(submit(&b, uris[i], text, b.form, to, sizeof to),
                         303);
        assert_string_equal(to, "/t/hello");
        assert_int_equal(effects(text), 1);
    }
}

static void token_must_be_the_sessions_own(void **state)
{
    struct browser b = signed_in(), other = signed_in();
    char wrong[120];

    (void)state;
    snprintf(wrong, sizeof wrong, "%s", b.form);
    wrong[40] = wrong[40] == 'a' ? 'b' : 'a';
    assert_int_equal(submit(&b, "/t/once", "forged", wrong, NULL, 0), 403);
    assert_int_equal(submit(&b, "/t/once", "forged", other.form, NULL, 0),
                     403);
    assert_int_equal(submit(&b, "/t/once", "forged", "", NULL, 0), 403);
    assert_int_equal(effects("forged"), 0);
}

static void failed_form_may_be_sent_again(void **state)
{
    static const char *const uris[] = { "/t/once", "/t/once_bare" };
    static const char *const first[] = { "fail", "wrong" };

    (void)state;
    for (size_t i = 0; i < COUNT(uris); i++) {
        struct browser b = signed_in();
        char text[20];

        snprintf(text, sizeof text, "again%zu", i);
        assert_int_not_equal(submit(&b, uris[i], first[i], b.form, NULL, 0),
                             303);
        assert_int_equal(submit(&b, uris[i], text, b.form, NULL, 0), 303);
        assert_int_equal(effects(text), 1);
    }
}

struct clicker {
    pthread_t thread;
    struct browser b;
    const char *uri, *text;
    int status;
};

static void *click(void *arg)
{
    struct clicker *c = arg;

    c->status = submit(&c->b, c->uri, c->text, c->b.form, NULL, 0);
    return NULL;
}

static void sixteen_clicks_are_one(void **state)
{
    static struct clicker clickers[MANY];
    struct browser b = signed_in();

    (void)state;
    for (int i = 0; i < MANY; i++) {
        clickers[i] = (struct clicker){ .b = b, .uri = "/t/once",
                                        .text = "clicks" };
        assert_int_equal(pthread_create(&clickers[i].thread, NULL, click,
                                        &clickers[i]), 0);
    }
    for (int i = 0; i < MANY; i++) {
        pthread_join(clickers[i].thread, NULL);
        assert_int_equal(clickers[i].status, 303);
    }
    assert_int_equal(effects("clicks"), 1);
}

/* A worker that dies before COMMIT leaves nothing, and the form stays good. */
static void death_before_commit_leaves_nothing(void **state)
{
    struct browser b = signed_in();

    (void)state;
    assert_int_equal(submit(&b, "/t/once", "die", b.form, NULL, 0), 0);
    assert_true(web_server_wait(&server, 3000));
    assert_int_equal(effects("die"), 0);
    assert_int_equal(submit(&b, "/t/once", "alive", b.form, NULL, 0), 303);
    assert_int_equal(effects("alive"), 1);
}

/* ---- set-up ------------------------------------------------------------ */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(key_is_demanded_and_looked_at),
        cmocka_unit_test(second_gets_the_first_answer),
        cmocka_unit_test(another_body_is_refused),
        cmocka_unit_test(keys_belong_to_their_driver),
        cmocka_unit_test(failure_leaves_the_key_free),
        cmocka_unit_test(sixteen_at_once_take_effect_once),
        cmocka_unit_test(waiting_ones_go_on_after_a_failure),
        cmocka_unit_test(outside_a_transaction_too),
        cmocka_unit_test(endpoint_has_its_limit),
        cmocka_unit_test(double_click_is_one),
        cmocka_unit_test(token_must_be_the_sessions_own),
        cmocka_unit_test(failed_form_may_be_sent_again),
        cmocka_unit_test(sixteen_clicks_are_one),
        cmocka_unit_test(death_before_commit_leaves_nothing),
    };
    int failed;

    testdb_start("web_once");
    people_make(&people);
    for (int i = 0; i < 2; i++)
        people_bearer(people.driver[i], bearer[i]);
    web_server_start(&server, "tests/integration/web/probe-web",
                     "web_workers=6\n");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (web_server_stop(&server) != 0)
        failed++;
    testdb_stop();
    return failed;
}
