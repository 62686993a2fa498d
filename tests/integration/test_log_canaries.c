/*
 * What runs without a browser keeps secrets, too (rule L4): the demo's people
 * get planted phones, plates, cards and VINs in every column that has such a
 * name, the settings planted keys; then pilehub-jobs does all of its jobs on
 * them at its most talkative, and the command line makes people. What they
 * write down holds none of it, nor do the audit and the outbox.
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

#include "db/db.h"
#include "tests/integration/testdb.h"

enum { LOG_BYTES = 8 << 20, WAIT_MS = 20000, COLUMNS = 100 };

#define PHONE "13987650123"
#define PLATE "粤Z7K3Q9"
#define CARD "CA11A5A5CA11A5A5"
#define VIN "LCANARY7VIN0X0017"
#define PASSWORD "Canary-Secret-77"
#define KEY "CanaryKeyCanaryKeyCanaryKey00001"
#define HEX "ca4a51ca4a51ca4a51ca4a51ca4a51ca4a51ca4a51ca4a51ca4a51ca4a51ca4a"

static const char *const planted[] = { PHONE, PLATE, CARD, VIN, PASSWORD, KEY,
                                       HEX, "anary" };

static char home[60], config[100], secret[100], journal[100];
static struct cx *cx;

static void write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

/* Runs a program with its standard error in the journal. */
static pid_t run(const char *name, const char *const *words,
                 const char *typed)
{
    const char *build = getenv("PILEHUB_BUILD");
    char program[500], *argv[16] = { program };
    int ends[2];
    pid_t pid;

    snprintf(program, sizeof program, "%s/%s", build != NULL ? build : ".",
             name);
    for (size_t i = 0; i < 14 && words[i] != NULL; i++)
        argv[i + 1] = (char *)(uintptr_t)words[i];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(ends[0], 0);
        close(ends[1]);
        dup2(open("/dev/null", O_WRONLY), 1);
        dup2(open(journal, O_WRONLY | O_APPEND | O_CREAT, 0600), 2);
        execv(program, argv);
        _exit(127);
    }
    assert_int_equal(write(ends[1], typed, strlen(typed)),
                     (ssize_t)strlen(typed));
    close(ends[0]);
    close(ends[1]);
    return pid;
}

static int pilehub(const char *const *words, const char *typed)
{
    pid_t pid = run("pilehub", words, typed);
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define PILEHUB(typed, ...) \
    pilehub((const char *const[]){ "-c", config, __VA_ARGS__, NULL }, typed)

static int start(void **state)
{
    char text[1200];

    (void)state;
    testdb_start("logcanaries");
    cx = testdb_cx();
    snprintf(home, sizeof home, "/tmp/pilehub-canaries-XXXXXX");
    assert_non_null(mkdtemp(home));
    snprintf(config, sizeof config, "%s/conf", home);
    snprintf(secret, sizeof secret, "%s/secret", home);
    snprintf(journal, sizeof journal, "%s/journal", home);
    write_file(secret, HEX "\n");
    snprintf(text, sizeof text,
             "db_socket=%s\ndb_name=%s\ndb_user=root\nhome=%s\n"
             "log_level=debug\nsecret_file=%s\nseal_key_file=%s\n"
             "payment_url=http://127.0.0.1:1/pay\npayment_key=" KEY "\n"
             "sms_url=http://127.0.0.1:1/sms\nsms_key=" KEY "\n"
             "jobs_name=canaries\n",
             testdb_socket(), testdb_name(), home, secret, secret);
    write_file(config, text);
    assert_int_equal(PILEHUB("", "demo", "load", "--small"), 0);
    return 0;
}

static int stop(void **state)
{
    pid_t pid;

    (void)state;
    testdb_cx_free(cx);
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        execlp("rm", "rm", "-rf", "--", home, (char *)NULL);
        _exit(127);
    }
    waitpid(pid, NULL, 0);
    testdb_stop();
    return 0;
}

/* ---- planting ----------------------------------------------------------- */

struct column_row {
    const char *table, *column;
};

struct columns {
    size_t n;
    struct column_row *v;
};

static void find_columns(struct cx *c, void *arg)
{
    static const struct db_field row[] = {
        DB_FIELD(struct column_row, table),
        DB_FIELD(struct column_row, column),
    };
    static const char sql[] =
        "SELECT c.table_name, c.column_name"
        "  FROM information_schema.columns c"
        "  JOIN information_schema.tables t ON t.table_name = c.table_name"
        "    AND t.table_schema = c.table_schema"
        "    AND t.table_type = 'BASE TABLE'"
        " WHERE c.table_schema = DATABASE() AND c.data_type IN ('char',"
        "   'varchar') AND c.column_name REGEXP"
        "   'phone|plate|^vin|card|_no$|mobile|hotline|contact'"
        "   AND c.column_name REGEXP"
        "   'phone|plate|vin|physical_no|logical_no|card|hotline|contact'";
    struct columns *all = arg;

    all->v = db_rows(c, sql, BIND(), ROW(struct column_row, row), &all->n);
}

static const char *value_for(const char *column)
{
    if (strstr(column, "plate") != NULL)
        return PLATE;
    if (strstr(column, "vin") != NULL)
        return VIN;
    if (strstr(column, "_no") != NULL || strstr(column, "card") != NULL)
        return CARD;
    return PHONE;
}

/* In one row of each, or in as many as its keys allow. */
static void secrets_are_planted(void **state)
{
    struct columns all;
    int64_t held;

    (void)state;
    testdb_run(cx, find_columns, &all);
    assert_in_range(all.n, 6, COLUMNS);
    for (size_t i = 0; i < all.n; i++)
        testdb_sql(cx, cx_printf(cx, "UPDATE IGNORE `%s` SET `%s` = '%s'",
                                 all.v[i].table, all.v[i].column,
                                 value_for(all.v[i].column)));
    held = testdb_int(cx, "SELECT (SELECT COUNT(*) FROM driver WHERE phone ="
                          " '" PHONE "') + (SELECT COUNT(*) FROM driver"
                          " WHERE plate = '" PLATE "')");
    assert_in_range(held, 2, 1000000);
    print_message("# %zu columns\n", all.n);
}

/* Something for each job to stumble over. */
static void work_is_left_for_the_jobs(void **state)
{
    static const char *const work[] = {
        "INSERT INTO payment (out_trade_no, driver_id, channel, amount, state,"
        " expires_at, query_at, created_at, updated_at) SELECT 'PAYMENTX1',"
        " MIN(id), 'demo', 100, 2, NOW(3) + INTERVAL 1 HOUR, NOW(3), NOW(3),"
        " NOW(3) FROM driver",
        "INSERT INTO export_task (account_id, resource, title, format, query,"
        " created_at) SELECT MIN(id), 'driver', 'x', 'csv', 'phone=" PHONE
        "&q=" PASSWORD "', NOW(3) FROM account",
        "INSERT INTO export_task (account_id, resource, title, format, query,"
        " created_at) SELECT MIN(id), 'none', 'x', 'csv', 'phone=" PHONE "',"
        " NOW(3) FROM account",
        "INSERT INTO outbox (topic, aggregate, payload, created_at, next_at)"
        " VALUES ('order.settled', 'order:0', '{\"order_id\":0}', NOW(3),"
        " NOW(3))",
        "UPDATE trade_record SET state = 1, next_at = NOW(3), raw ="
        " INSERT(raw, 120, 17, '" VIN "') ORDER BY id LIMIT 20",
        "INSERT INTO pile_request (pile_id, gun, frame_type, raw, received_at)"
        " SELECT MIN(id), 1, 49, CONCAT(REPEAT(CHAR(0), 20), '" CARD VIN "'),"
        " NOW(3) FROM pile",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(work); i++)
        testdb_sql(cx, work[i]);
}

static void the_jobs_have_run(void **state)
{
    static const char todo[] =
        "SELECT (SELECT COUNT(*) FROM export_task WHERE state IN (1, 2))"
        " + (SELECT COUNT(*) FROM outbox WHERE done_at IS NULL AND dead_at IS"
        "    NULL AND tries = 0)"
        " + (SELECT COUNT(*) FROM payment WHERE queries = 0 AND state = 2)"
        " + (SELECT COUNT(*) FROM pile_request WHERE state = 1)";
    const char *const words[] = { "-c", config, NULL };
    pid_t pid = run("pilehub-jobs", words, "");
    int status;

    (void)state;
    for (int ms = 0; ms < WAIT_MS && testdb_int(cx, todo) > 0; ms += 100)
        usleep(100 * 1000);
    usleep(500 * 1000);
    kill(pid, SIGTERM);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(testdb_int(cx, todo), 0);
    assert_in_range(testdb_int(cx, "SELECT COUNT(*) FROM job_run WHERE runs >"
                                   " 0"), 15, 1000);
}

static void the_command_line_has_run(void **state)
{
    (void)state;
    assert_int_equal(PILEHUB("Canary1\n", "admin", "create", "--phone",
                             "13987650199"), 1);
    assert_int_equal(PILEHUB(PASSWORD "\n", "admin", "create", "--phone",
                             "13987650199", "--name", "x"), 0);
    assert_int_equal(PILEHUB(PASSWORD "\n", "admin", "create", "--phone",
                             "13987650199"), 1);
    assert_int_equal(PILEHUB(PASSWORD "\n", "admin", "create", "--phone",
                             "139876501"), 2);
    PILEHUB("", "ledger", "verify");
    PILEHUB("", "audit", "verify");
    PILEHUB("", "migrate");
    assert_int_equal(PILEHUB("", "setting", "list"), 0);
    assert_int_equal(PILEHUB("", "setting", "set", "duties", "joint"), 0);
}

/* ---- looking ------------------------------------------------------------ */

static void the_journal_holds_none(void **state)
{
    static char text[LOG_BYTES];
    int fd = open(journal, O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, text, sizeof text - 1);

    (void)state;
    close(fd);
    assert_in_range(n, 1000, sizeof text - 2);
    text[n] = '\0';
    assert_non_null(strstr(text, "已有账号"));
    for (size_t i = 0; i <= COUNT(planted); i++) {
        const char *what = i < COUNT(planted) ? planted[i] : "13987650199";
        const char *at = strstr(text, what), *from = at;

        while (at != NULL && from > text && from[-1] != '\n')
            from--;
        if (at != NULL)
            fail_msg("%s: %.*s", what, (int)strcspn(from, "\n"), from);
    }
}

static void neither_do_the_audit_and_the_outbox(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(planted); i++)
        if (testdb_int(cx, cx_printf(cx, "SELECT (SELECT COUNT(*) FROM audit"
                                     " WHERE CONCAT_WS(' ', text, actor_name,"
                                     " before_json, after_json) LIKE"
                                     " '%%%s%%') + (SELECT COUNT(*) FROM"
                                     " outbox WHERE CONCAT_WS(' ', payload,"
                                     " error) LIKE '%%%s%%') + (SELECT"
                                     " COUNT(*) FROM job_run WHERE error LIKE"
                                     " '%%%s%%')", planted[i], planted[i],
                                     planted[i])) != 0)
            fail_msg("%s is told", planted[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secrets_are_planted),
        cmocka_unit_test(work_is_left_for_the_jobs),
        cmocka_unit_test(the_jobs_have_run),
        cmocka_unit_test(the_command_line_has_run),
        cmocka_unit_test(the_journal_holds_none),
        cmocka_unit_test(neither_do_the_audit_and_the_outbox),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
