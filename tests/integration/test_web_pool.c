/*
 * The pool under bad luck: workers killed, stuck, crashing, reloaded; the
 * database gone. No request may be lost that could have been answered.
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
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/stamp.h"
#include "tests/integration/testdb.h"
#include "tests/integration/web/fcgi.h"
#include "tests/integration/web/people.h"
#include "tests/integration/web/server.h"

/* Under a sanitizer, beside others, an honest request may take a second. */
#ifdef __SANITIZE_ADDRESS__
enum { BUDGET_MS = 3000 };
#else
enum { BUDGET_MS = 1000 };
#endif

static struct web_server server;
static struct people people;

static void sleep_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    nanosleep(&t, NULL);
}

static int get_from(const struct web_server *s, const char *uri)
{
    struct fcgi_call c = { .uri = uri };
    struct fcgi_reply r;
    int status = fcgi_call(s->socket, &c, &r) ? r.status : -1;

    fcgi_free(&r);
    return status;
}

static int get(const char *uri)
{
    return get_from(&server, uri);
}

/* The workers, once so many are there and nobody else. */
static void wait_for_workers(const struct web_server *s, size_t many,
                             pid_t *out)
{
    size_t n = 0;

    for (int waited = 0; waited < 3000; waited += 10) {
        n = web_server_workers(s, out, 16);
        if (n == many)
            break;
        sleep_ms(10);
    }
    if (n != many)
        web_server_show(s);
    assert_int_equal(n, many);
}

static size_t wait_for_all(pid_t *out)
{
    wait_for_workers(&server, 3, out);
    return 3;
}

/* ---- traffic ----------------------------------------------------------- */

enum { THREADS_MAX = 12 };

struct traffic {
    pthread_t threads[THREADS_MAX];
    int count;
    atomic_int good, lost;
    atomic_int lost_status; /* of the last one; -1: no answer */
    atomic_bool stop;
    const struct web_server *server;
    const char *uri;
};

static void *drive(void *arg)
{
    struct traffic *t = arg;

    while (!atomic_load(&t->stop)) {
        int status = get_from(t->server, t->uri);

        if (status != 200)
            atomic_store(&t->lost_status, status);
        atomic_fetch_add(status == 200 ? &t->good : &t->lost, 1);
    }
    return NULL;
}

static void traffic_start(struct traffic *t, const struct web_server *s,
                          int threads, const char *uri)
{
    memset(t, 0, sizeof *t);
    t->server = s;
    t->uri = uri;
    t->count = threads;
    for (int i = 0; i < threads; i++)
        assert_int_equal(pthread_create(&t->threads[i], NULL, drive, t), 0);
}

static void traffic_stop(struct traffic *t)
{
    atomic_store(&t->stop, true);
    for (int i = 0; i < t->count; i++)
        pthread_join(t->threads[i], NULL);
    if (atomic_load(&t->lost) == 0)
        return;
    fprintf(stderr, "lost %d, the last one with %d\n", atomic_load(&t->lost),
            atomic_load(&t->lost_status));
    web_server_show(t->server);
}

/* ---- W4 ---------------------------------------------------------------- */

static void request_over_its_budget_is_ended(void **state)
{
    int64_t began = monotonic_ms();

    (void)state;
    assert_int_equal(get("/t/busy"), 503);
    assert_in_range(monotonic_ms() - began, BUDGET_MS - 100,
                    BUDGET_MS + 2000);
    assert_true(web_server_wait(&server, 1000));
    sleep_ms(300);
    assert_true(web_server_logged(&server, "web.over_budget"));
}

static void request_over_its_memory_ends_the_worker_only(void **state)
{
    (void)state;
    assert_int_equal(get("/t/greedy"), 0); /* nginx makes a 502 of it */
    assert_int_equal(get("/t/hello"), 200);
}

/* One worker runs wild; what the others do at the same time is served. */
static void requests_over_budget_do_not_disturb_others(void **state)
{
    static struct traffic t; /* outlives a failed test */
    static const char *const wild[] = { "/t/busy", "/t/greedy",
#ifndef __SANITIZE_ADDRESS__ /* which needs address space of its own */
                                        "/t/bloat",
#endif
    };

    (void)state;
    wait_for_all((pid_t[16]){ 0 });
    traffic_start(&t, &server, 4, "/t/hello");
    for (size_t i = 0; i < COUNT(wild); i++) {
        int status = get(wild[i]);

        assert_int_equal(status, i == 0 ? 503 : 0);
    }
    traffic_stop(&t);
    assert_int_equal(atomic_load(&t.lost), 0);
    assert_in_range(atomic_load(&t.good), 100, 10000000);
    sleep_ms(1500); /* three deaths of the six that are too many */
}

static void crash_costs_one_request(void **state)
{
    (void)state;
    assert_int_equal(get("/t/crash"), 0);
    assert_int_equal(get("/t/hello"), 200);
}

/* ---- W1 ---------------------------------------------------------------- */

static void killed_worker_is_back_within_a_second(void **state)
{
    pid_t before[16], after[16];
    size_t n = wait_for_all(before);
    int64_t began;

    (void)state;
    began = monotonic_ms();
    for (size_t i = 0; i < n; i++)
        kill(before[i], SIGKILL);
    while (monotonic_ms() - began < 1000) {
        n = web_server_workers(&server, after, 16);
        if (n == 3 && after[0] != before[0] && get("/healthz") == 200)
            break;
        sleep_ms(10);
    }
    assert_in_range(monotonic_ms() - began, 0, 1000);
}

/* Many deaths in a row slow respawning down, but do not end it. */
static void dying_often_is_noticed(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        get("/t/crash");
        sleep_ms(20);
    }
    assert_true(web_server_logged(&server, "web.dying_often"));
    assert_true(web_server_wait(&server, 3000));
    sleep_ms(1500);
}

/* ---- W8 ---------------------------------------------------------------- */

static void worn_out_workers_lose_no_request(void **state)
{
    struct web_server s;
    static struct traffic t; /* outlives a failed test */

    (void)state;
    web_server_start(&s, "tests/integration/web/probe-web",
                     "web_workers=3\nweb_recycle=100\n");
    traffic_start(&t, &s, 4, "/t/hello");
    for (int wait = 0; wait < 3000 && atomic_load(&t.good) < 400; wait++)
        sleep_ms(10);
    traffic_stop(&t);
    assert_int_equal(web_server_stop(&s), 0);
    assert_int_equal(atomic_load(&t.lost), 0);
    assert_in_range(atomic_load(&t.good), 400, 10000000);
}

static void stopping_workers_finish_their_request(void **state)
{
    pid_t workers[16];
    size_t n;
    struct fcgi_call c = { .uri = "/t/hello?n=400" };
    struct fcgi_reply r;
    int fd;

    (void)state;
    n = wait_for_all(workers);
    fd = fcgi_send(server.socket, &c);
    assert_true(fd >= 0);
    sleep_ms(100);
    for (size_t i = 0; i < n; i++)
        kill(workers[i], SIGTERM);
    assert_true(fcgi_receive(fd, &r));
    assert_int_equal(r.status, 200);
    fcgi_free(&r);
    assert_int_equal(get("/t/hello"), 200);
}

static bool all_replaced(const pid_t *before, size_t n)
{
    pid_t now[32];
    size_t count = web_server_workers(&server, now, 32);

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < n; k++)
            if (now[i] == before[k])
                return false;
    return count == n;
}

static void reload(int threads)
{
    static struct traffic t; /* outlives a failed test */

    traffic_start(&t, &server, threads, "/t/hello?n=3");
    for (int i = 0; i < 5; i++) {
        pid_t before[16];
        size_t n = wait_for_all(before);
        int waited = 0;

        kill(server.pid, SIGHUP);
        while (!all_replaced(before, n) && waited++ < 500)
            sleep_ms(10);
        if (waited >= 500)
            web_server_show(&server);
        assert_true(waited < 500);
    }
    traffic_stop(&t);
    assert_int_equal(atomic_load(&t.lost), 0);
    assert_in_range(atomic_load(&t.good), 100, 10000000);
}

static void reload_replaces_all_and_loses_none(void **state)
{
    (void)state;
    reload(4);
}

/* Connections always wait: no worker ever finds the door empty. */
static void reload_under_more_than_can_be_served(void **state)
{
    (void)state;
    reload(12);
}

/* Each worker has one that connects and says nothing. */
static void silent_connections_are_given_up(void **state)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    int64_t began = monotonic_ms();
    int silent[3];

    (void)state;
    snprintf(at.sun_path, sizeof at.sun_path, "%s", server.socket);
    wait_for_all((pid_t[16]){ 0 });
    for (size_t i = 0; i < COUNT(silent); i++) {
        silent[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(silent[i], (const struct sockaddr *)&at,
                                 sizeof at), 0);
    }
    sleep_ms(100); /* until each worker has taken one */
    assert_int_equal(get("/t/hello"), 200);
    assert_in_range(monotonic_ms() - began, BUDGET_MS / 2,
                    3 * BUDGET_MS + 2000);
    for (size_t i = 0; i < COUNT(silent); i++)
        close(silent[i]);
}

static void reload_with_bad_settings_changes_nothing(void **state)
{
    pid_t before[16], after[16];
    size_t n = wait_for_all(before);
    FILE *f = fopen(server.config, "ae");
    long size;

    (void)state;
    assert_non_null(f);
    size = ftell(f);
    fputs("web_workers=zero\n", f);
    fclose(f);
    kill(server.pid, SIGHUP);
    for (int waited = 0; !web_server_logged(&server, "not fit"); waited++) {
        assert_true(waited < 1000);
        sleep_ms(10);
    }
    sleep_ms(100); /* in which a master that obeyed would replace workers */
    assert_int_equal(truncate(server.config, size), 0);
    assert_int_equal(web_server_workers(&server, after, 16), n);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(before[i], after[i]);
    assert_int_equal(get("/t/hello"), 200);
}

static int checked(const char *list)
{
    char check[] = "--check", c[] = "-c";
    char *argv[] = { server.program, check, c, server.config, NULL };
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        setenv("PILEHUB_PASSWORD_LIST", list, 1);
        execv(server.program, argv);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Rule A1: refused, not weaker. */
static void without_the_common_passwords_nothing_starts(void **state)
{
    (void)state;
    assert_int_equal(checked(getenv("PILEHUB_PASSWORD_LIST")), 0);
    assert_int_equal(checked("/nowhere/common-passwords"), 1);
    assert_int_equal(checked(server.config), 1);
}

/* Dead, though whoever inherited it may not have asked for its status yet. */
static bool is_dead(pid_t pid)
{
    char path[40], text[200] = "";
    const char *name_end;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    f = fopen(path, "re");
    if (f == NULL)
        return true;
    if (fgets(text, sizeof text, f) == NULL)
        text[0] = '\0';
    fclose(f);
    name_end = strrchr(text, ')');
    return name_end == NULL || strncmp(name_end, ") Z", 3) == 0;
}

static void master_that_is_killed_takes_its_workers_along(void **state)
{
    struct web_server s;
    pid_t workers[16];
    int status;

    (void)state;
    web_server_start(&s, "tests/integration/web/probe-web",
                     "web_workers=2\n");
    wait_for_workers(&s, 2, workers);
    kill(s.pid, SIGKILL);
    assert_int_equal(waitpid(s.pid, &status, 0), s.pid);
    for (size_t i = 0; i < 2; i++) {
        for (int wait = 0; wait < 1000 && !is_dead(workers[i]); wait++)
            sleep_ms(10);
        assert_true(is_dead(workers[i]));
    }
    web_server_forget(&s);
}

/* True if nobody holds the listening socket any more. */
static bool is_deserted(const struct web_server *s)
{
    struct fcgi_call c = { .uri = "/healthz" };
    int fd = fcgi_send(s->socket, &c);

    close(fd);
    return fd < 0;
}

/* As soon as there is a worker, while the others are being made. */
static void master_that_is_killed_at_the_start_leaves_nobody(void **state)
{
    (void)state;
    for (int round = 0; round < 20; round++) {
        struct web_server s;
        pid_t workers[16];
        int status, waited = 0;

        web_server_launch(&s, "tests/integration/web/probe-web",
                          "web_workers=12\n");
        while (web_server_workers(&s, workers, 16) == 0)
            continue;
        kill(s.pid, SIGKILL);
        assert_int_equal(waitpid(s.pid, &status, 0), s.pid);
        while (!is_deserted(&s) && waited++ < 1000)
            sleep_ms(10);
        assert_true(waited < 1000);
        web_server_forget(&s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_worker_is_back_within_a_second),
        cmocka_unit_test(request_over_its_budget_is_ended),
        cmocka_unit_test(request_over_its_memory_ends_the_worker_only),
        cmocka_unit_test(requests_over_budget_do_not_disturb_others),
        cmocka_unit_test(crash_costs_one_request),
        cmocka_unit_test(dying_often_is_noticed),
        cmocka_unit_test(worn_out_workers_lose_no_request),
        cmocka_unit_test(stopping_workers_finish_their_request),
        cmocka_unit_test(reload_replaces_all_and_loses_none),
        cmocka_unit_test(reload_under_more_than_can_be_served),
        cmocka_unit_test(silent_connections_are_given_up),
        cmocka_unit_test(reload_with_bad_settings_changes_nothing),
        cmocka_unit_test(without_the_common_passwords_nothing_starts),
        cmocka_unit_test(master_that_is_killed_takes_its_workers_along),
        cmocka_unit_test(master_that_is_killed_at_the_start_leaves_nobody),
    };
    char settings[80];
    int failed;

    testdb_start("web_pool");
    people_make(&people);
    snprintf(settings, sizeof settings, "web_workers=3\nweb_budget_ms=%d\n",
             BUDGET_MS);
    web_server_start(&server, "tests/integration/web/probe-web",
                     settings);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (web_server_stop(&server) != 0)
        failed++;
    testdb_stop();
    return failed;
}
