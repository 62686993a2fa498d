/*
 * The settings of the database server (rules T1, T8): in production no
 * program starts on a server that could lose a commit or an update, and says
 * which setting it is; a session that is not what was asked for is not used.
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
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/config.h"
#include "base/log.h"
#include "db/db.h"
#include "tests/integration/mariadb.h"
#include "tests/integration/testdb.h"

enum { RUNS_ON = -1, WAIT_MS = 10000, START_MS = 1500 };

static struct mariadb mariadb;
static char output[4000];

/* ---- programs ---------------------------------------------------------- */

static void sleep_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    nanosleep(&t, NULL);
}

static void settings(const char *mode)
{
    char path[100];
    FILE *f;

    snprintf(path, sizeof path, "%s/secret", mariadb.dir);
    f = fopen(path, "we");
    assert_non_null(f);
    fputs("000102030405060708090a0b0c0d0e0f"
          "101112131415161718191a1b1c1d1e1f\n", f);
    fclose(f);
    setenv("PILEHUB_SECRET_FILE", path, 1);
    setenv("PILEHUB_HOME", mariadb.dir, 1);
    setenv("PILEHUB_MODE", mode, 1);
    setenv("PILEHUB_DB_SOCKET", mariadb.socket, 1);
    setenv("PILEHUB_DB_NAME", testdb_name(), 1);
    setenv("PILEHUB_DB_USER", "root", 1);
    setenv("PILEHUB_PILE_PORT", "0", 1);
    snprintf(path, sizeof path, "%s/web.sock", mariadb.dir);
    setenv("PILEHUB_WEB_SOCKET", path, 1);
    snprintf(path, sizeof path, "%.80s/templates", getenv("PILEHUB_SOURCE"));
    setenv("PILEHUB_TEMPLATES", path, 1);
}

static void read_output(const char *path)
{
    FILE *f = fopen(path, "re");

    assert_non_null(f);
    output[fread(output, 1, sizeof output - 1, f)] = '\0';
    fclose(f);
}

/* Ends by itself within ms, or is ended: then RUNS_ON. */
static int end_of(pid_t pid, int ms)
{
    int status;

    for (int waited = 0; waited < ms; waited += 10) {
        if (waitpid(pid, &status, WNOHANG) == pid)
            return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
        sleep_ms(10);
    }
    kill(pid, SIGTERM);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    return RUNS_ON;
}

/* The exit code of a program, or RUNS_ON; what it said is in output. */
static int outcome(char *const argv[], int ms)
{
    const char *build = getenv("PILEHUB_BUILD");
    char program[400], log[100];
    int code;
    pid_t pid;

    snprintf(program, sizeof program, "%s/%s", build == NULL ? "." : build,
             argv[0]);
    snprintf(log, sizeof log, "%s/output", mariadb.dir);
    pid = fork();
    if (pid == 0) {
        int fd = open(log, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);

        dup2(fd, 1);
        dup2(fd, 2);
        execv(program, argv);
        _exit(127);
    }
    code = end_of(pid, ms);
    read_output(log);
    return code;
}

#define ARGV(...) ((char *const[]){ __VA_ARGS__, NULL })
#define WORD(s) ((char[]){ s })

static const struct {
    const char *name;
    int good; /* how it ends on a server that is fit */
} programs[] = {
    { "pilehub-web", RUNS_ON },
    { "pilehub-jobs", RUNS_ON },
    { "pilehub-gateway", RUNS_ON },
    { "pilehub", 0 },
};

static int program_outcome(size_t i, int ms)
{
    char name[40];

    snprintf(name, sizeof name, "%s", programs[i].name);
    return strcmp(name, "pilehub") == 0
               ? outcome(ARGV(name, WORD("ledger"), WORD("verify")), WAIT_MS)
               : outcome(ARGV(name), ms);
}

/* None of the programs starts, and each names the setting. */
static void none_starts(const char *name)
{
    for (size_t i = 0; i < COUNT(programs); i++) {
        assert_int_equal(program_outcome(i, WAIT_MS), 1);
        assert_non_null(strstr(output, "not set up for production"));
        assert_non_null(strstr(output, name));
    }
}

/* ---- the tests --------------------------------------------------------- */

static void root_sql(const char *sql)
{
    struct cx *cx = testdb_cx();

    testdb_sql(cx, sql);
    testdb_cx_free(cx);
}

static void a_fit_server_is_taken(void **state)
{
    (void)state;
    settings("production");
    for (size_t i = 0; i < COUNT(programs); i++) {
        assert_int_equal(program_outcome(i, START_MS), programs[i].good);
        assert_null(strstr(output, "not set up for production"));
    }
}

static void each_other_value_is_refused(void **state)
{
    static const struct {
        const char *name, *bad, *good;
    } cases[] = {
        { "innodb_flush_log_at_trx_commit", "2", "1" },
        { "innodb_flush_log_at_trx_commit", "0", "1" },
        { "sync_binlog", "0", "1" },
        { "binlog_format", "'MIXED'", "'ROW'" },
        { "innodb_snapshot_isolation", "OFF", "ON" },
        { "tx_isolation", "'REPEATABLE-READ'", "'READ-COMMITTED'" },
        { "idle_write_transaction_timeout", "0", "15" },
    };
    char sql[100];

    (void)state;
    settings("production");
    for (size_t i = 0; i < COUNT(cases); i++) {
        snprintf(sql, sizeof sql, "SET GLOBAL %s = %s", cases[i].name,
                 cases[i].bad);
        root_sql(sql);
        if (i == 0)
            none_starts(cases[i].name);
        assert_int_equal(outcome(ARGV(WORD("pilehub-web"), WORD("--check")),
                                 WAIT_MS), 1);
        assert_non_null(strstr(output, cases[i].name));
        snprintf(sql, sizeof sql, "SET GLOBAL %s = %s", cases[i].name,
                 cases[i].good);
        root_sql(sql);
    }
    assert_int_equal(outcome(ARGV(WORD("pilehub-web"), WORD("--check")),
                             WAIT_MS), 0);
}

/* What only a restart can change. */
static void a_server_without_doublewrite_is_refused(void **state)
{
    static const char *const off[] = { "--skip-innodb-doublewrite", NULL };

    (void)state;
    settings("production");
    mariadb_down(&mariadb, SIGTERM);
    mariadb_up(&mariadb, off);
    none_starts("innodb_doublewrite");
    mariadb_down(&mariadb, SIGTERM);
    mariadb_up(&mariadb, NULL);
}

/* Nothing to be synchronised, so nothing is asked. */
static void without_a_binary_log_its_sync_does_not_matter(void **state)
{
    static const char *const off[] = { "--skip-log-bin", "--sync-binlog=0",
                                       NULL };

    (void)state;
    settings("production");
    mariadb_down(&mariadb, SIGTERM);
    mariadb_up(&mariadb, off);
    assert_int_equal(outcome(ARGV(WORD("pilehub-web"), WORD("--check")),
                             WAIT_MS), 0);
    mariadb_down(&mariadb, SIGTERM);
    mariadb_up(&mariadb, NULL);
}

static void a_demo_only_warns(void **state)
{
    (void)state;
    settings("demo");
    root_sql("SET GLOBAL innodb_flush_log_at_trx_commit = 2");
    assert_int_equal(outcome(ARGV(WORD("pilehub-web"), WORD("--check")),
                             WAIT_MS), 0);
    assert_non_null(strstr(output, "innodb_flush_log_at_trx_commit is 2"));
    root_sql("SET GLOBAL innodb_flush_log_at_trx_commit = 1");
}

/* Another node may take over while a program runs. */
static void every_connect_looks_again(void **state)
{
    struct db_login login = { mariadb.socket, "", 0, "root", "", "mysql", 10,
                              .is_strict = true };
    struct db *db = db_open(&login);

    (void)state;
    assert_true(db_ping(db));
    mariadb_down(&mariadb, SIGTERM);
    mariadb_up(&mariadb, (const char *const[]){
                             "--innodb-flush-log-at-trx-commit=2", NULL });
    assert_false(db_ping(db));
    assert_false(db_ping(db));
    root_sql("SET GLOBAL innodb_flush_log_at_trx_commit = 1");
    sleep_ms(300); /* it does not hammer the server */
    assert_true(db_ping(db));
    db_close(db);
}

/* The server says yes and does otherwise: a limit of its own. */
static void a_session_that_differs_is_not_used(void **state)
{
    static const char *const limit[] = {
        "--maximum-idle-write-transaction-timeout=14", NULL
    };
    struct db_login login = { mariadb.socket, "", 0, "root", "", "mysql",
                              10 };
    struct db *db = db_open(&login);

    (void)state;
    assert_true(db_ping(db));
    mariadb_down(&mariadb, SIGTERM);
    mariadb_up(&mariadb, limit);
    assert_false(db_ping(db));
    mariadb_down(&mariadb, SIGTERM);
    mariadb_up(&mariadb, NULL);
    sleep_ms(300);
    assert_true(db_ping(db));
    db_close(db);
}

static void a_server_that_is_away_keeps_nobody_from_starting(void **state)
{
    (void)state;
    settings("production");
    mariadb_down(&mariadb, SIGTERM);
    assert_int_equal(outcome(ARGV(WORD("pilehub-web"), WORD("--check")),
                             WAIT_MS), 0);
    mariadb_up(&mariadb, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_fit_server_is_taken),
        cmocka_unit_test(each_other_value_is_refused),
        cmocka_unit_test(a_server_without_doublewrite_is_refused),
        cmocka_unit_test(without_a_binary_log_its_sync_does_not_matter),
        cmocka_unit_test(a_demo_only_warns),
        cmocka_unit_test(every_connect_looks_again),
        cmocka_unit_test(a_session_that_differs_is_not_used),
        cmocka_unit_test(a_server_that_is_away_keeps_nobody_from_starting),
    };
    int failed;

    if (getenv("PILEHUB_TEST_SOCKET") == NULL)
        return 77;
    log_start("test", LOG_ERROR);
    mariadb_make(&mariadb, NULL);
    mariadb_up(&mariadb, NULL);
    setenv("PILEHUB_TEST_SOCKET", mariadb.socket, 1);
    testdb_start("server");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    testdb_stop();
    mariadb_down(&mariadb, SIGTERM);
    mariadb_remove(&mariadb);
    return failed;
}
