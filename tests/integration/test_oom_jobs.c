/*
 * Memory that runs out in a job (rule C8): every job of the schedule has
 * something to do, is run again and again, and the n-th allocation of it
 * fails, of ours or of a library's, for n = 1, 2, ... until there are no more.
 * It never crashes, leaves neither transaction nor memory behind, does its
 * work whole or not at all, and the next run brings it to the same end. Those
 * that settle, void and answer are flows of test_oom. PILEHUB_OOM=all: every
 * n, otherwise a few of each.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/config.h"
#include "base/log.h"
#include "db/db.h"
#include "db/outbox.h"
#include "db/read_check.h"
#include "jobs/keep.h"
#include "ledger/ledger.h"
#include "ledger/verify.h"
#include "system/audit.h"
#include "tests/integration/oom.h"
#include "tests/integration/site.h"
#include "tests/integration/testdb.h"
#include "web/feature.h"

enum {
    STRIDE = 67,
    LIBRARY = 64 * 1024, /* see test_oom */
    JOBS_LIMIT = 40,
    AGAIN = 3            /* runs that bring it to its end */
};

#define PAYMENT_KEY "5f1c0e6d2b7a4938"

static const struct config *config;
static struct cx *quiet;
static pid_t fakes;
static int64_t serial, driver, account;

/* ---- work for them --------------------------------------------------- */

/* @n is the number of the try, @driver somebody with a wallet. */
static int64_t count(const char *text)
{
    cx_begin(quiet);
    quiet->scope.all = true;
    return testdb_int(quiet, text);
}

static void sql(const char *text)
{
    cx_begin(quiet);
    testdb_sql(quiet, text);
}

static void next_try(void)
{
    serial++;
    cx_begin(quiet);
    testdb_sql(quiet, cx_printf(quiet, "SET @n = %lld, @driver = %lld,"
                                       " @account = %lld", (long long)serial,
                                (long long)driver, (long long)account));
}

/* An order that nobody ever sent. */
static void old_start(void)
{
    sql("INSERT INTO charge_order (order_no, trade_no, provider_id,"
        " merchant_id, station_id, pile_id, connector_id, gun, start_by,"
        " state, tariff_version_id, created_at) SELECT CONCAT('J', @n),"
        " LPAD(@n, 32, '0'), provider_id, merchant_id, station_id,"
        " pile_id, connector_id, gun, 4, 1, tariff_version_id, NOW(3) -"
        " INTERVAL 1 HOUR FROM charge_order LIMIT 1");
}

static bool start_failed(void)
{
    bool done = count("SELECT state = 7 FROM charge_order WHERE order_no ="
                      " CONCAT('J', @n)");

    assert_int_equal(count("SELECT COUNT(*) FROM audit a JOIN charge_order o"
                           " ON o.id = a.object_id WHERE a.event ="
                           " 'order.start_failed' AND o.order_no = CONCAT('J',"
                           " @n)"),
                     done);
    return done;
}

/* ---- books ----------------------------------------------------------- */

static void topup_work(struct cx *cx, void *arg)
{
    (void)arg;
    ledger_topup(cx, cx_printf(cx, "job-%lld", (long long)serial), serial,
                 driver, CHANNEL_DEMO, FEN(100));
}

static void in_tx(struct cx *cx, void *arg)
{
    void (*const *work)(struct cx *, void *) = arg;

    db_tx(cx, *work, NULL);
}

static void do_tx(void (*work)(struct cx *, void *))
{
    cx_begin(quiet);
    quiet->scope.all = true;
    quiet->actor.kind = ACTOR_SYSTEM;
    testdb_run(quiet, in_tx, &work);
}

static void topup(void)
{
    do_tx(topup_work);
}

static bool ledger_sealed(void)
{
    return count("SELECT NOT EXISTS (SELECT 1 FROM ledger_tx t LEFT JOIN"
                 " ledger_seal s ON s.tx_id = t.id WHERE s.tx_id IS NULL)");
}

static void audit_work(struct cx *cx, void *arg)
{
    (void)arg;
    audit(cx, "order.start", "order", serial, "test");
}

static void audit_one(void)
{
    do_tx(audit_work);
}

static bool audit_sealed(void)
{
    return count("SELECT NOT EXISTS (SELECT 1 FROM audit a LEFT JOIN"
                 " audit_seal s ON s.audit_id = a.id WHERE s.audit_id IS"
                 " NULL)");
}

/* ---- payments -------------------------------------------------------- */

/* Nobody paid it, and its time is over: asked for, closed there, closed
   here. */
static void unpaid(void)
{
    sql("INSERT INTO payment (out_trade_no, driver_id, channel, amount, state,"
        " expires_at, query_at, created_at, updated_at) VALUES (CONCAT("
        "'TJ', @n), @driver, 'demo', 3000, 1, NOW(3) - INTERVAL 1 SECOND,"
        " NOW(3) - INTERVAL 1 SECOND, NOW(3) - INTERVAL 1 HOUR, NOW(3))");
}

static bool is_closed(void)
{
    /* It is put off. */
    sql("UPDATE payment SET query_at = NOW(3) - INTERVAL 1 SECOND WHERE"
        " out_trade_no = CONCAT('TJ', @n) AND state IN (1, 2)");
    return count("SELECT state = 4 FROM payment WHERE out_trade_no ="
                 " CONCAT('TJ', @n)");
}

/* The channel knows nothing of it and refuses, or pays: either is an end. */
static void refund_due(void)
{
    sql("INSERT INTO payment (out_trade_no, driver_id, channel, amount, state,"
        " channel_trade_no, paid_at, expires_at, created_at, updated_at)"
        " VALUES (CONCAT('TJ', @n), @driver, 'demo', 3000, 7, CONCAT("
        "'DJ', @n), NOW(3),"
        " NOW(3), NOW(3), NOW(3))");
    sql("INSERT INTO payment_refund (refund_no, payment_id, amount, state,"
        " reason, next_at, created_at) SELECT CONCAT('RJ', @n), id, amount, 1,"
        " '', NOW(3) - INTERVAL 1 SECOND, NOW(3) FROM payment WHERE"
        " out_trade_no = CONCAT('TJ', @n)");
}

static bool is_refunded(void)
{
    int64_t state = count("SELECT state FROM payment_refund WHERE refund_no ="
                          " CONCAT('RJ', @n)");

    /* It is put off. */
    sql("UPDATE payment_refund SET next_at = NOW(3) - INTERVAL 1 SECOND WHERE"
        " refund_no = CONCAT('RJ', @n) AND state IN (1, 2)");
    return state > 2;
}

/* ---- files ----------------------------------------------------------- */

static void export_csv(void)
{
    sql("INSERT INTO export_task (account_id, resource, title, format,"
        " query, created_at) VALUES (@account, 'station', CONCAT('J', @n),"
        " 'csv', '', NOW(3))");
}

static void export_xlsx(void)
{
    sql("INSERT INTO export_task (account_id, resource, title, format,"
        " query, created_at) VALUES (@account, 'station', CONCAT('J', @n),"
        " 'xlsx', '', NOW(3))");
}

static bool is_exported(void)
{
    if (count("SELECT COUNT(*) FROM export_task WHERE state = 4"))
        fail_msg("an export was given up");
    return count("SELECT state = 3 AND rows_done > 0 AND file <> '' FROM"
                 " export_task WHERE title = CONCAT('J', @n)");
}

static const char *old_file(void)
{
    static char path[200];

    snprintf(path, sizeof path, "%s/exports/old-%lld.csv", site_home(),
             (long long)serial);
    return path;
}

static void old_export(void)
{
    char dir[200];
    FILE *f;

    snprintf(dir, sizeof dir, "%s/exports", site_home());
    (void)mkdir(dir, 0700);
    f = fopen(old_file(), "we");
    assert_non_null(f);
    fclose(f);
    sql("INSERT INTO export_task (account_id, resource, title, format, query,"
        " state, file, created_at, expires_at) VALUES (@account, 'station',"
        " CONCAT('J', @n), 'csv', '', 3, CONCAT('old-', @n, '.csv'), NOW(3),"
        " NOW(3) - INTERVAL 1 DAY)");
}

static bool is_cleaned(void)
{
    bool done = count("SELECT state = 5 FROM export_task WHERE title ="
                      " CONCAT('J', @n)");

    assert_true(!done || access(old_file(), F_OK) != 0);
    return done;
}

/* ---- the others ------------------------------------------------------ */

static void event_work(struct cx *cx, void *arg)
{
    (void)arg;
    outbox_add(cx, "payment.paid", cx_printf(cx, "driver:%lld",
                                             (long long)driver), "{}");
}

static void event(void)
{
    do_tx(event_work);
}

static bool is_delivered(void)
{
    assert_int_equal(count("SELECT COUNT(*) FROM outbox WHERE dead_at IS NOT"
                           " NULL"), 0);
    sql("UPDATE outbox SET next_at = NOW(3) WHERE done_at IS NULL");
    return count("SELECT NOT EXISTS (SELECT 1 FROM outbox WHERE topic ="
                 " 'payment.paid' AND done_at IS NULL)");
}

static void month_gone(void)
{
    if (count("SELECT COUNT(*) FROM information_schema.partitions WHERE"
              " table_schema = DATABASE() AND table_name = 'telemetry' AND"
              " partition_name = DATE_FORMAT(NOW() + INTERVAL 3 MONTH,"
              " 'p%Y%m')"))
        testdb_sql(quiet, cx_printf(
            quiet, "ALTER TABLE telemetry DROP PARTITION p%lld",
            (long long)count("SELECT CAST(DATE_FORMAT(NOW() + INTERVAL 3"
                             " MONTH, '%Y%m') AS INTEGER)")));
}

static bool is_partitioned(void)
{
    return count("SELECT COUNT(*) FROM information_schema.partitions WHERE"
                 " table_schema = DATABASE() AND table_name = 'telemetry' AND"
                 " partition_name = DATE_FORMAT(NOW() + INTERVAL 3 MONTH,"
                 " 'p%Y%m')");
}

static void old_code(void)
{
    sql("INSERT INTO captcha (id, answer, expires_at) VALUES (MD5(@n), 'x',"
        " NOW(3) - INTERVAL 9 DAY)");
}

static bool is_swept(void)
{
    return !count("SELECT COUNT(*) FROM captcha WHERE expires_at < NOW() -"
                  " INTERVAL 2 DAY");
}

/* ---- the jobs -------------------------------------------------------- */

/* What a job has to do. Jobs that only look have no row here. */
static const struct chore {
    const char *job;
    void (*prepare)(void);
    bool (*done)(void); /* whole or not; fails the test if half */
} chores[] = {
    { "order.starts", old_start, start_failed },
    { "ledger.seal", topup, ledger_sealed },
    { "audit.seal", audit_one, audit_sealed },
    { "payment.query", unpaid, is_closed },
    { "payment.refund", refund_due, is_refunded },
    { "export.run", export_csv, is_exported },
    { "export.run", export_xlsx, is_exported },
    { "export.clean", old_export, is_cleaned },
    { "outbox.deliver", event, is_delivered },
    { "partition.make", month_gone, is_partitioned },
    { "sweep", old_code, is_swept },
};

/* Run by test_oom, with what they need. */
static bool is_flow(const char *name)
{
    static const char *const flows[] = { "order.settle", "order.requests",
                                         "order.failed", "order.records" };

    for (size_t i = 0; i < COUNT(flows); i++)
        if (strcmp(flows[i], name) == 0)
            return true;
    return false;
}

struct trial {
    const struct job *job;
    const struct chore *chore; /* or NULL */
};

static void work(struct cx *cx, void *arg)
{
    const struct trial *t = arg;

    t->job->run(cx);
}

static struct cx *worker(void)
{
    struct db_login login = db_login_of(config, 60);
    struct db *db = db_open(&login);
    struct cx *cx = cx_new(db, config, 64 << 20);

    assert_non_null(cx);
    db_check_reads(db);
    assert_true(db_ping(db));
    cx_begin(cx);
    cx->actor = (struct actor){ .kind = ACTOR_SYSTEM, .name = "系统",
                                .address = "" };
    cx->scope.all = true;
    return cx;
}

static void worker_free(struct cx *cx)
{
    struct db *db = cx->db;

    db_between(db); /* no transaction is left open (T7) */
    cx_free(cx);
    db_close(db);
}

static int open_files(void)
{
    int n = 0;

    for (int fd = 0; fd < 256; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* Bytes that it left behind. */
static long run_at(const struct trial *t, long n, long *calls)
{
    size_t before = oom_in_use();
    int files = open_files();
    struct cx *cx = worker();

    if (getenv("PILEHUB_OOM_LOG") != NULL)
        fprintf(stderr, "%s: allocation %ld\n", t->job->name, n);
    oom_begin(n);
    if (!cx_run(cx, work, (void *)(uintptr_t)t) && !oom_hit())
        fail_msg("%s: %s", t->job->name, cx->error.text);
    *calls = oom_end();
    worker_free(cx);
    if (open_files() != files)
        fail_msg("%s: allocation %ld: %d files left open", t->job->name, n,
                 open_files() - files);
    return (long)(oom_in_use() - before);
}

static void run_again(const struct trial *t, long n)
{
    long calls;

    for (int i = 0; i < AGAIN; i++) {
        run_at(t, 0, &calls);
        if (t->chore == NULL || t->chore->done())
            return;
    }
    fail_msg("%s: allocation %ld: does not converge", t->job->name, n);
}

static void verify(struct cx *cx, void *arg)
{
    size_t n;
    const struct finding *f = ledger_verify(cx, (stamp){ 0 }, &n);

    (void)arg;
    for (size_t i = 0; i < n; i++)
        if (f[i].breaks > 0)
            fail_msg("%s: %s", f[i].what, f[i].first);
}

static void verify_books(void)
{
    cx_begin(quiet);
    quiet->scope.all = true;
    testdb_run(quiet, verify, NULL);
}

static void each_allocation_fails(void **state)
{
    const struct trial *t = *state;
    long n = 0, calls, left, most = 0, runs = 0;
    bool hit;

    do {
        next_try();
        if (t->chore != NULL)
            t->chore->prepare();
        left = run_at(t, n, &calls);
        hit = oom_hit();
        if (n > 0 && left > LIBRARY)
            fail_msg("%s: allocation %ld: %ld bytes left", t->job->name, n,
                     left);
        most = left > most && n > 0 ? left : most;
        if (t->chore != NULL)
            (void)t->chore->done();
        run_again(t, n);
        n = n == 0 ? oom_first(t->job->name, STRIDE) : n + oom_step(STRIDE);
        runs++;
    } while (runs == 1 || hit);
    print_message("# %s: %ld allocations, %ld runs, at most %ld bytes left\n",
                  t->job->name, calls, runs, most);
    verify_books();
}

/* ---- setting up ------------------------------------------------------ */

/* The port stands in its first line of output. */
static void start_fakes(void)
{
    const char *build = getenv("PILEHUB_BUILD");
    char program[500], line[40] = "", url[60];
    int ends[2];
    FILE *f;

    snprintf(program, sizeof program, "%s/pilehub-fakes",
             build != NULL ? build : ".");
    assert_int_equal(pipe(ends), 0);
    fakes = fork();
    if (fakes == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* with the test */
        setenv("PILEHUB_PAYMENT_KEY", PAYMENT_KEY, 1);
        setenv("PILEHUB_SMS_KEY", PAYMENT_KEY, 1);
        dup2(ends[1], 1);
        execl(program, program, "--port", "0", "--notify",
              "http://127.0.0.1:1", NULL);
        _exit(127);
    }
    close(ends[1]);
    f = fdopen(ends[0], "r");
    assert_non_null(f);
    assert_non_null(fgets(line, sizeof line, f));
    fclose(f);
    assert_int_equal(strncmp(line, "port ", 5), 0);
    snprintf(url, sizeof url, "http://127.0.0.1:%ld/pay",
             strtol(line + 5, NULL, 10));
    setenv("PILEHUB_PAYMENT_URL", url, 1);
    setenv("PILEHUB_PAYMENT_KEY", PAYMENT_KEY, 1);
}

static size_t add_trials(struct CMUnitTest *tests, struct trial *trials,
                         const struct job *job)
{
    size_t n = 0;

    if (is_flow(job->name))
        return 0;
    for (size_t i = 0; i < COUNT(chores); i++)
        if (strcmp(chores[i].job, job->name) == 0)
            trials[n++] = (struct trial){ job, &chores[i] };
    if (n == 0)
        trials[n++] = (struct trial){ job, NULL };
    for (size_t i = 0; i < n; i++)
        tests[i] = (struct CMUnitTest){ job->name, each_allocation_fails,
                                        NULL, NULL, &trials[i] };
    return n;
}

static size_t all_trials(struct CMUnitTest tests[JOBS_LIMIT],
                         struct trial trials[JOBS_LIMIT])
{
    const struct features *f = site_features();
    size_t n = 0;

    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->v[i]->jobs.n; k++) {
            must(n + 2 <= JOBS_LIMIT);
            n += add_trials(tests + n, trials + n, &f->v[i]->jobs.v[k]);
        }
    for (size_t i = 0; i < KEPT_JOBS; i++)
        n += add_trials(tests + n, trials + n, &kept_jobs[i]);
    return n;
}

int main(void)
{
    struct CMUnitTest tests[JOBS_LIMIT];
    struct trial trials[JOBS_LIMIT];
    char error[300];
    size_t n = all_trials(tests, trials);
    int failed;

    start_fakes();
    site_start("oom_jobs");
    site_demo();
    config = config_load(NULL, error, sizeof error);
    must(config != NULL);
    if (getenv("PILEHUB_OOM_LOG") == NULL)
        log_to(-1);
    quiet = site_cx();
    driver = count("SELECT MIN(id) FROM driver");
    account = site_person("13700000001",
                          count("SELECT id FROM org WHERE kind = 1"), "*");
    cmocka_set_test_filter(getenv("PILEHUB_OOM_ONLY"));
    failed = _cmocka_run_group_tests("oom_jobs", tests, n, NULL, NULL);
    kill(fakes, SIGTERM);
    waitpid(fakes, NULL, 0);
    site_stop(NULL);
    return failed;
}
