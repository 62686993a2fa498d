/*
 * The disk of the database is full (rules W6, F11): writes are answered 503,
 * reads go on, nothing acknowledged is lost, and all is well again once there
 * is room. A server of the test's own, on a small volume in memory; skipped
 * where none can be mounted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/stamp.h"
#include "db/db.h"
#include "tests/integration/mariadb.h"
#include "tests/integration/testdb.h"
#include "tests/integration/web/fcgi.h"
#include "tests/integration/web/people.h"
#include "tests/integration/web/server.h"

enum {
    WRITERS = 3,
    WRITES_MAX = 5000,
    STUCK_RUN_MS = 16000,
    SETTLED_MS = 8000
};

static char volume[] = "/tmp/pilehub-full-XXXXXX";
static struct mariadb mariadb;
static struct web_server server;
static struct people people;
static char bearer[PEOPLE_BEARER];

static void sleep_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    nanosleep(&t, NULL);
}

/* ---- the volume -------------------------------------------------------- */

static void ballast(char path[100])
{
    snprintf(path, 100, "%s/ballast", volume);
}

static void fill_volume(void)
{
    static char block[1 << 16];
    char path[100];
    int fd;

    ballast(path);
    fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    for (size_t size = sizeof block; size >= 512;)
        if (write(fd, block, size) != (ssize_t)size)
            size /= 2;
    close(fd);
}

static void free_volume(void)
{
    char path[100];

    ballast(path);
    assert_int_equal(unlink(path), 0);
}

static void unmount(void)
{
    umount2(volume, MNT_DETACH);
    rmdir(volume);
}

/* ---- asking ------------------------------------------------------------ */

static int get(const char *uri, int64_t *took_ms)
{
    struct fcgi_call c = { .uri = uri, .headers = { { "HTTP_AUTHORIZATION",
                                                      bearer } } };
    struct fcgi_reply r;
    int64_t began = monotonic_ms();
    int status = fcgi_call(server.socket, &c, &r) ? r.status : -1;

    *took_ms = monotonic_ms() - began;
    fcgi_free(&r);
    return status;
}

/* The status; *says_full if that is the reason given. */
static int post(const char *key, const char *text, bool *says_full)
{
    char json[80];
    struct fcgi_call c = {
        .method = "POST", .uri = "/api/t/v1/effects",
        .type = "application/json", .body = json,
        .headers = { { "HTTP_AUTHORIZATION", bearer },
                     { "HTTP_IDEMPOTENCY_KEY", key } },
    };
    struct fcgi_reply r;
    int status;

    snprintf(json, sizeof json, "{\"text\":\"%s\"}", text);
    status = fcgi_call(server.socket, &c, &r) ? r.status : -1;
    *says_full = r.body != NULL && strstr(r.body, "不能写入") != NULL;
    fcgi_free(&r);
    return status;
}

static int64_t stored(const char *run)
{
    struct cx *cx = testdb_cx();
    int64_t n = testdb_int(cx, cx_printf(
        cx, "SELECT COUNT(*) FROM t_effect WHERE what LIKE '%s-%%'", run));

    assert_int_equal(testdb_int(cx, cx_printf(
        cx, "SELECT COUNT(DISTINCT what) FROM t_effect WHERE what LIKE"
        " '%s-%%'", run)), n);
    testdb_cx_free(cx);
    return n;
}

/* Writes number from.. until one is refused; how many were taken. */
static int write_until_refused(const char *run, int from)
{
    bool says_full;
    int n = from;

    for (;; n++) {
        char key[40];
        int status;

        assert_true(n < WRITES_MAX);
        snprintf(key, sizeof key, "%s-%06d", run, n);
        status = post(key, key, &says_full);
        if (status == 200)
            continue;
        assert_int_equal(status, 503);
        assert_true(says_full);
        return n;
    }
}

static void reads_go_on(void)
{
    static const char *const uris[] = { "/api/t/v1/who", "/healthz" };
    int64_t ms;

    for (int i = 0; i < 20; i++) {
        assert_int_equal(get(uris[i % 2], &ms), 200);
        assert_in_range(ms, 0, 1000);
    }
}

static void serve_with(const char *const *options)
{
    mariadb_down(&mariadb, SIGTERM);
    mariadb_up(&mariadb, options);
    assert_true(web_server_wait(&server, 5000));
}

static void need_volume(void)
{
    if (mariadb.dir[0] == '\0')
        skip();
}

/* ---- a table cannot grow ------------------------------------------------ */

static void tables_that_cannot_grow_are_still_read(void **state)
{
    static const char *const no_log[] = { "--skip-log-bin", NULL };
    struct browser b = { .socket = server.socket };
    struct fcgi_reply r;
    bool says_full;
    int taken;

    (void)state;
    need_volume();
    serve_with(no_log);
    /* Each worker finds out once that the server has restarted. */
    for (int i = 0; !browser_sign_in(&b, PROVIDER_PHONE, PEOPLE_PASSWORD); i++)
        assert_true(i < 8);
    fill_volume();
    taken = write_until_refused("table", 0);
    reads_go_on();
    browser_get(&b, "/t/page?text=full", &r);
    assert_int_equal(r.status, 200);
    fcgi_free(&r);
    assert_int_equal(stored("table"), taken);

    free_volume();
    assert_int_equal(post("table-again", "table-again", &says_full), 200);
    assert_int_equal(stored("table"), taken + 1);
    print_message("# %d writes before the volume was full\n", taken);
}

/* ---- the binary log cannot grow: COMMIT does not come back --------------- */

struct load {
    pthread_t thread;
    atomic_bool stop;
    int no, taken, refused;
    int64_t slowest_ms; /* after SETTLED_MS */
    int64_t began_ms;
    int bad;
};

static void *write_on(void *arg)
{
    struct load *l = arg;

    for (int i = 0; !atomic_load(&l->stop); i++) {
        int64_t began = monotonic_ms(), took;
        bool says_full;
        char key[40];
        int status;

        snprintf(key, sizeof key, "log-%d-%06d", l->no, i);
        status = post(key, key, &says_full);
        took = monotonic_ms() - began;
        l->taken += status == 200;
        l->refused += status == 503;
        l->bad += status != 200 && status != 503;
        if (status == 503)
            sleep_ms(50);
        if (took > l->slowest_ms)
            l->slowest_ms = took;
    }
    return NULL;
}

static void *read_on(void *arg)
{
    struct load *l = arg;

    while (!atomic_load(&l->stop)) {
        int64_t ms;
        int status = get("/api/t/v1/who", &ms);

        l->taken += status == 200;
        l->bad += status != 200;
        if (monotonic_ms() - l->began_ms > SETTLED_MS && ms > l->slowest_ms)
            l->slowest_ms = ms;
        sleep_ms(10);
    }
    return NULL;
}

static void begin(struct load *l, int no, void *(*run)(void *))
{
    *l = (struct load){ .no = no, .began_ms = monotonic_ms() };
    assert_int_equal(pthread_create(&l->thread, NULL, run, l), 0);
}

static void end(struct load *l)
{
    atomic_store(&l->stop, true);
    pthread_join(l->thread, NULL);
}

static void a_commit_that_hangs_does_not_hold_up_reads(void **state)
{
    static struct load writers[WRITERS], reader; /* outlive a failed test */
    int taken = 0, refused = 0;
    int64_t kept;
    bool says_full;

    (void)state;
    need_volume();
    serve_with(NULL);
    fill_volume();
    for (int i = 0; i < WRITERS; i++)
        begin(&writers[i], i, write_on);
    begin(&reader, WRITERS, read_on);
    sleep_ms(STUCK_RUN_MS);
    end(&reader);
    for (int i = 0; i < WRITERS; i++) {
        end(&writers[i]);
        assert_int_equal(writers[i].bad, 0);
        taken += writers[i].taken;
        refused += writers[i].refused;
    }
    print_message("# reads: %d, %d failed, slowest %lld ms; writes: %d"
                  " taken, %d refused\n", reader.taken, reader.bad,
                  (long long)reader.slowest_ms, taken, refused);
    assert_int_equal(reader.bad, 0);
    assert_in_range(reader.taken, 500, 1000000);
    assert_in_range(reader.slowest_ms, 0, 1000);
    assert_in_range(refused, 100, 1000000); /* most of them at once */

    /* Somebody makes room. The server looks once a minute; a restart is
       quicker. */
    free_volume();
    mariadb_down(&mariadb, SIGKILL);
    mariadb_up(&mariadb, NULL);
    kept = stored("log");
    assert_in_range(kept, taken, 100000);
    for (int waited = 0; post("log-again", "log-again", &says_full) != 200;
         waited += 100) {
        assert_true(waited < 15000);
        sleep_ms(100);
    }
    assert_int_equal(stored("log"), kept + 1);
    assert_true(web_server_logged(&server, "db.writes_again"));
}

/* ---- set-up ------------------------------------------------------------ */

static bool make_volume(void)
{
    if (mkdtemp(volume) == NULL)
        return false;
    if (mount("tmpfs", volume, "tmpfs", 0, "size=220m") != 0) {
        print_message("# no volume can be mounted here\n");
        rmdir(volume);
        return false;
    }
    atexit(unmount);
    return true;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        /* In this order: here the tables still have room in their pages. */
        cmocka_unit_test(a_commit_that_hangs_does_not_hold_up_reads),
        cmocka_unit_test(tables_that_cannot_grow_are_still_read),
    };
    int failed;

    if (getenv("PILEHUB_TEST_SOCKET") == NULL)
        return 77;
    log_start("test", LOG_ERROR);
    if (!make_volume())
        return cmocka_run_group_tests(tests, NULL, NULL);
    mariadb_make(&mariadb, volume);
    mariadb_up(&mariadb, NULL);
    setenv("PILEHUB_TEST_SOCKET", mariadb.socket, 1);
    testdb_start("web_full");
    people_make(&people);
    people_bearer(people.driver[0], bearer);
    web_server_start(&server, "tests/integration/web/probe-web",
                     "web_workers=4\nweb_budget_ms=6000\n");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (web_server_stop(&server) != 0)
        failed++;
    testdb_stop();
    mariadb_remove(&mariadb);
    return failed;
}
