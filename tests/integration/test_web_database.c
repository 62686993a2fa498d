/*
 * The database gone and back (rules W6, T6, F8, F9): a clear answer within a
 * second, recovery without a restart, and nothing acknowledged lost. Starts a
 * private server of its own, because it kills it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/macros.h"
#include "base/stamp.h"
#include "tests/integration/mariadb.h"
#include "tests/integration/testdb.h"
#include "tests/integration/web/fcgi.h"
#include "tests/integration/web/people.h"
#include "tests/integration/web/server.h"

static struct mariadb mariadb;
static struct web_server server;
static struct people people;
static char bearer[PEOPLE_BEARER];

static void sleep_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    nanosleep(&t, NULL);
}

/* ---- asking ------------------------------------------------------------ */

static int get(const char *uri, int64_t *took_ms, char *body, size_t size)
{
    struct fcgi_call c = { .uri = uri, .headers = { { "HTTP_AUTHORIZATION",
                                                      bearer } } };
    struct fcgi_reply r;
    int64_t began = monotonic_ms();
    int status = fcgi_call(server.socket, &c, &r) ? r.status : -1;

    *took_ms = monotonic_ms() - began;
    if (body != NULL)
        snprintf(body, size, "%s", r.body == NULL ? "" : r.body);
    fcgi_free(&r);
    return status;
}

static void gone_is_said_within_a_second(void **state)
{
    char body[4000];
    int64_t ms;

    (void)state;
    mariadb_down(&mariadb, SIGKILL);
    for (int i = 0; i < 8; i++) { /* each worker, at least once */
        assert_int_equal(get("/healthz", &ms, body, sizeof body), 503);
        assert_in_range(ms, 0, 1000);
        assert_int_equal(get("/api/t/v1/who", &ms, body, sizeof body), 503);
        assert_in_range(ms, 0, 1000);
        assert_non_null(strstr(body, "\"code\":50300"));
    }
    /* A page, for a browser with a session. */
    struct fcgi_call c = { .uri = "/t/page",
                           .headers = { { "HTTP_COOKIE",
                               "ph=0123456789012345678901234567890123456789"
                               "abc" } } };
    struct fcgi_reply r;

    assert_true(fcgi_call(server.socket, &c, &r));
    assert_int_equal(r.status, 503);
    assert_non_null(strstr(r.body, "服务暂时不可用"));
    assert_non_null(strstr(r.body, "E-"));
    fcgi_free(&r);
    /* What needs no database is served. */
    assert_int_equal(get("/t/hello", &ms, NULL, 0), 200);

    int64_t back;

    mariadb_up(&mariadb, NULL);
    back = monotonic_ms();
    while (get("/healthz", &ms, NULL, 0) != 200 ||
           get("/api/t/v1/who", &ms, NULL, 0) != 200) {
        assert_in_range(monotonic_ms() - back, 0, 5000);
        sleep_ms(20);
    }
    for (int i = 0; i < 20; i++)
        assert_int_equal(get("/api/t/v1/who", &ms, NULL, 0), 200);
}

/* ---- nothing acknowledged is lost -------------------------------------- */

enum { THREADS = 4, ROUNDS = 6, KILLS = 60 };

struct writer {
    pthread_t thread;
    int no;
    const char *run; /* in keys and texts */
    atomic_bool *stop;
    int acknowledged, refused, repeated;
};

/* Sends each request until it is answered 200, always with the same key. */
static void *write_on(void *arg)
{
    struct writer *w = arg;

    for (int i = 0; !atomic_load(w->stop); i++) {
        char key[40], json[60];
        int tries = 0;

        snprintf(key, sizeof key, "%s-%d-%06d", w->run, w->no, i);
        snprintf(json, sizeof json, "{\"text\":\"%s%d-%d\"}", w->run, w->no,
                 i);
        for (;; tries++) {
            struct fcgi_call c = {
                .method = "POST", .uri = "/api/t/v1/effects",
                .type = "application/json", .body = json,
                .headers = { { "HTTP_AUTHORIZATION", bearer },
                             { "HTTP_IDEMPOTENCY_KEY", key } },
            };
            struct fcgi_reply r;
            bool ok = fcgi_call(server.socket, &c, &r) && r.status == 200;

            fcgi_free(&r);
            if (ok)
                break;
            w->refused++;
            sleep_ms(20);
        }
        w->repeated += tries > 0;
        w->acknowledged++;
    }
    return NULL;
}

static void writers_start(struct writer *w, const char *run,
                          atomic_bool *stop)
{
    for (int i = 0; i < THREADS; i++) {
        w[i] = (struct writer){ .no = i, .run = run, .stop = stop };
        assert_int_equal(pthread_create(&w[i].thread, NULL, write_on,
                                        &w[i]), 0);
    }
}

/* Stops them; every acknowledged write is there, and once. */
static void writers_check(struct writer *w, const char *run,
                          atomic_bool *stop, bool is_smooth)
{
    struct cx *cx = testdb_cx();
    int acknowledged = 0, refused = 0;

    atomic_store(stop, true);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(w[i].thread, NULL);
        acknowledged += w[i].acknowledged;
        refused += w[i].refused;
    }
    assert_int_equal(testdb_int(cx, cx_printf(
        cx, "SELECT COUNT(*) FROM t_effect WHERE what LIKE '%s%%'", run)),
        acknowledged);
    assert_int_equal(testdb_int(cx, cx_printf(
        cx, "SELECT COUNT(DISTINCT what) FROM t_effect WHERE what LIKE"
        " '%s%%'", run)), acknowledged);
    assert_int_equal(testdb_int(cx, cx_printf(
        cx, "SELECT COUNT(*) FROM audit WHERE event = 't.effect' AND text"
        " LIKE '%s%%'", run)), acknowledged);
    testdb_cx_free(cx);
    assert_in_range(acknowledged, 100, 10000000);
    if (is_smooth)
        assert_int_equal(refused, 0);
    else
        assert_in_range(refused, 1, 10000000);
    print_message("# %d acknowledged, %d answered with an error before\n",
                  acknowledged, refused);
}

static void writes_survive_the_database(void **state)
{
    static struct writer writers[THREADS];
    static atomic_bool stop;

    (void)state;
    writers_start(writers, "dbkill", &stop);
    for (int i = 0; i < ROUNDS; i++) {
        sleep_ms(400);
        mariadb_down(&mariadb, i % 2 == 0 ? SIGKILL : SIGTERM);
        sleep_ms(100);
        mariadb_up(&mariadb, NULL);
    }
    sleep_ms(500);
    writers_check(writers, "dbkill", &stop, false);
}

/* Workers killed at any instruction: before, in and after COMMIT (W1, F1). */
static void writes_survive_the_workers(void **state)
{
    static struct writer writers[THREADS];
    static atomic_bool stop;
    int kills = 0;

    (void)state;
    writers_start(writers, "wkill", &stop);
    for (int i = 0; i < KILLS; i++) {
        pid_t workers[8];
        size_t n = web_server_workers(&server, workers, 8);

        if (n > 0)
            kills += kill(workers[i % (int)n], SIGKILL) == 0;
        sleep_ms(20 + i * 7 % 150);
    }
    assert_true(web_server_wait(&server, 5000));
    writers_check(writers, "wkill", &stop, false);
    print_message("# %d workers killed\n", kills);
}

static bool all_are_new(const pid_t *before, size_t n)
{
    pid_t now[32];
    size_t count = web_server_workers(&server, now, 32);

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < n; k++)
            if (now[i] == before[k])
                return false;
    return count == n;
}

/* A rolling restart under traffic (W8): no write sees it. */
static void writes_do_not_notice_a_rolling_restart(void **state)
{
    static struct writer writers[THREADS];
    static atomic_bool stop;

    (void)state;
    writers_start(writers, "roll", &stop);
    for (int i = 0; i < ROUNDS; i++) {
        pid_t before[8];
        size_t n = web_server_workers(&server, before, 8);
        int waited = 0;

        assert_int_equal(n, 3);
        assert_int_equal(kill(server.pid, SIGHUP), 0);
        while (!all_are_new(before, n) && waited++ < 1000)
            sleep_ms(10);
        assert_true(waited < 1000);
    }
    writers_check(writers, "roll", &stop, true);
}

/* ---- set-up ------------------------------------------------------------ */

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gone_is_said_within_a_second),
        cmocka_unit_test(writes_do_not_notice_a_rolling_restart),
        cmocka_unit_test(writes_survive_the_database),
        cmocka_unit_test(writes_survive_the_workers),
    };
    int failed;

    if (getenv("PILEHUB_TEST_SOCKET") == NULL)
        return 77;
    log_start("test", LOG_ERROR);
    mariadb_make(&mariadb, NULL);
    mariadb_up(&mariadb, NULL);
    setenv("PILEHUB_TEST_SOCKET", mariadb.socket, 1);
    testdb_start("web_database");
    people_make(&people);
    people_bearer(people.driver[0], bearer);
    web_server_start(&server, "tests/integration/web/probe-web",
                     "web_workers=3\n");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (web_server_stop(&server) != 0)
        failed++;
    testdb_stop();
    mariadb_down(&mariadb, SIGTERM);
    mariadb_remove(&mariadb);
    return failed;
}
