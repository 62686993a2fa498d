/*
 * pilehub demo load: what it leaves is a platform whose books balance.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/money.h"
#include "tests/integration/testdb.h"

static char home[] = "/tmp/pilehub-demo-XXXXXX";

/* What the next command reads from its standard input. */
static const char *typed = "";

static void type(void)
{
    int ends[2];

    if (pipe(ends) != 0 || write(ends[1], typed, strlen(typed)) < 0)
        _exit(126);
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
}

/* Runs build/pilehub with these words; its exit code. */
static int pilehub(const char *const *words)
{
    const char *build = getenv("PILEHUB_BUILD");
    char program[500], *argv[10] = { program };
    int status, fd;
    pid_t pid;

    snprintf(program, sizeof program, "%s/pilehub",
             build != NULL ? build : ".");
    for (size_t i = 0; i < 8 && words[i] != NULL; i++)
        argv[i + 1] = (char *)(uintptr_t)words[i];
    fflush(stdout);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        fd = open("/dev/null", O_WRONLY);
        dup2(fd, STDOUT_FILENO);
        dup2(fd, STDERR_FILENO);
        type();
        setenv("PILEHUB_DB_SOCKET", testdb_socket(), 1);
        setenv("PILEHUB_DB_NAME", testdb_name(), 1);
        setenv("PILEHUB_DB_USER", "root", 1);
        setenv("PILEHUB_HOME", home, 1);
        execv(program, argv);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

#define PILEHUB(...) pilehub((const char *const[]){ __VA_ARGS__, NULL })

/* Nobody can sign in after an installation until somebody is made (A10). */
static void nobody_is_there_by_default(void **state)
{
    assert_int_equal(testdb_int(*state, "SELECT (SELECT COUNT(*) FROM account)"
                                        " + (SELECT COUNT(*) FROM role)"
                                        " + (SELECT COUNT(*) FROM org)"
                                        " + (SELECT COUNT(*) FROM driver)"
                                        " + (SELECT COUNT(*) FROM session)"),
                     0);
}

static void loads_an_empty_platform(void **state)
{
    struct cx *cx = *state;

    assert_int_equal(PILEHUB("demo", "load", "--small", "--seed", "7"), 0);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM station"), 4);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM pile"), 40);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM connector"),
                     testdb_int(cx, "SELECT SUM(guns) FROM pile"));
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM driver"), 100);
    assert_in_range(testdb_int(cx, "SELECT COUNT(*) FROM charge_order"),
                    1100, 1700);
}

static void books_balance(void **state)
{
    struct cx *cx = *state;

    assert_int_equal(testdb_int(cx, "SELECT SUM(amount) FROM ledger_posting"),
                     0);
    assert_int_equal(
        testdb_int(cx, "SELECT COUNT(*) FROM (SELECT tx_id FROM ledger_posting"
                       " GROUP BY tx_id HAVING SUM(amount) <> 0"
                       " OR COUNT(*) < 2) x"), 0);
    assert_int_equal(
        testdb_int(cx, "SELECT COUNT(*) FROM ledger_account a WHERE a.is_hot"
                       " = 0 AND a.balance <> (SELECT COALESCE(SUM(p.amount),"
                       " 0) FROM ledger_posting p WHERE p.account_id = a.id)"),
        0);
    /* The balance noted at each posting is the sum up to it. */
    assert_int_equal(
        testdb_int(cx, "SELECT COUNT(*) FROM (SELECT balance_after,"
                       " SUM(amount) OVER (PARTITION BY account_id"
                       " ORDER BY id) AS run FROM ledger_posting) x"
                       " WHERE balance_after IS NOT NULL"
                       " AND balance_after <> run"), 0);
    assert_int_equal(testdb_int(cx, "SELECT SUM(held) FROM ledger_account"),
                     0);
    assert_int_equal(
        testdb_int(cx, "SELECT COUNT(*) FROM ledger_hold h LEFT JOIN"
                       " ledger_hold_end e ON e.hold_id = h.id"
                       " WHERE e.hold_id IS NULL"), 0);
}

static void every_bill_is_its_parts(void **state)
{
    struct cx *cx = *state;

    assert_int_equal(
        testdb_int(cx, "SELECT COUNT(*) FROM charge_order o WHERE o.state = 10"
                       " AND (o.total_fen <> o.elec_fen + o.service_fen"
                       " OR o.energy_e4kwh <> (SELECT SUM(b.energy_e4kwh)"
                       " FROM order_bill b WHERE b.order_id = o.id)"
                       " OR o.meter_end_e4kwh - o.meter_start_e4kwh"
                       " <> o.energy_e4kwh)"), 0);
    assert_int_equal(
        testdb_int(cx, "SELECT COUNT(*) FROM charge_order o WHERE o.state = 10"
                       " AND o.total_fen <> (SELECT -SUM(p.amount) FROM"
                       " ledger_tx t JOIN ledger_posting p ON p.tx_id = t.id"
                       " JOIN ledger_account a ON a.id = p.account_id WHERE"
                       " t.ref_kind = 'order' AND t.ref_id = o.id AND"
                       " a.kind = 11)"), 0);
    assert_int_equal(
        testdb_int(cx, "SELECT COUNT(*) FROM charge_order o LEFT JOIN"
                       " trade_record r ON r.trade_no = o.trade_no WHERE"
                       " o.state = 10 AND r.id IS NULL"), 0);
}

static void nobody_charges_twice_at_once(void **state)
{
    struct cx *cx = *state;

    assert_int_equal(
        testdb_int(cx, "SELECT COUNT(*) FROM charge_order a JOIN charge_order"
                       " b ON b.connector_id = a.connector_id AND b.id > a.id"
                       " AND b.created_at < a.ended_at"), 0);
    assert_int_equal(
        testdb_int(cx, "SELECT COUNT(*) FROM charge_order a JOIN charge_order"
                       " b ON b.driver_id = a.driver_id AND b.id > a.id"
                       " AND b.created_at < a.ended_at"), 0);
    assert_int_equal(
        testdb_int(cx, "SELECT COUNT(*) FROM charge_order WHERE"
                       " settled_at > NOW(3)"), 0);
}

static void roll_ups_say_the_same(void **state)
{
    struct cx *cx = *state;
    int64_t total = testdb_int(cx, "SELECT SUM(total_fen) FROM charge_order"
                                   " WHERE state = 10");

    assert_int_equal(testdb_int(cx, "SELECT SUM(total_fen) FROM day_station"),
                     total);
    assert_int_equal(testdb_int(cx, "SELECT SUM(total_fen) FROM"
                                    " hour_station"), total);
    assert_int_equal(testdb_int(cx, "SELECT SUM(total_fen) FROM"
                                    " total_station"), total);
    assert_int_equal(testdb_int(cx, "SELECT SUM(topup_fen) FROM"
                                    " day_platform"),
                     testdb_int(cx, "SELECT SUM(amount) FROM payment"));
}

/* What the simulator is told to play goes on where the history ends: about
   as many cars as yesterday, the same hours busy. */
static void the_days_to_come_are_like_yesterday(void **state)
{
    struct cx *cx = *state;
    int64_t orders = testdb_int(
        cx, "SELECT COUNT(*) FROM charge_order WHERE created_at >="
            " CURDATE() - INTERVAL 1 DAY AND created_at < CURDATE()");
    int weekday = (int)testdb_int(cx, "SELECT WEEKDAY(CURDATE() -"
                                      " INTERVAL 1 DAY)");
    int64_t tenths[24], sum = 0;
    char path[80], text[20], end;
    FILE *f;

    snprintf(path, sizeof path, "%s/sim.week", home);
    f = fopen(path, "re");
    assert_non_null(f);
    for (int i = 0; i <= weekday * 24 + 23; i++) {
        assert_int_equal(fscanf(f, "%15[0-9.]%c", text, &end), 2);
        assert_true(decimal_parse(text, 1, &tenths[i % 24]));
        assert_int_equal(end, i % 24 == 23 ? '\n' : ',');
    }
    fclose(f);
    for (int i = 0; i < 24; i++)
        sum += tenths[i];
    assert_in_range(sum, orders * 8, orders * 16);
    assert_true(tenths[12] > 3 * tenths[4]); /* noon, and the small hours */
}

static void a_second_load_is_refused(void **state)
{
    struct cx *cx = *state;
    int64_t orders = testdb_int(cx, "SELECT COUNT(*) FROM charge_order");

    assert_int_equal(PILEHUB("demo", "load", "--small"), 1);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM charge_order"),
                     orders);
}

static void wrong_words_are_refused(void **state)
{
    (void)state;
    assert_int_equal(PILEHUB("demo", "load", "--smal"), 2);
    assert_int_equal(PILEHUB("demo", "load", "--seed", "x"), 2);
    assert_int_equal(PILEHUB("demo"), 2);
    assert_int_equal(PILEHUB("migrate", "now"), 2);
    assert_int_equal(PILEHUB("grant", "all"), 2);
    assert_int_equal(PILEHUB("admin", "create"), 2);
    assert_int_equal(PILEHUB("admin", "create", "--phone", "123"), 2);
    assert_int_equal(PILEHUB("--help"), 0);
    assert_int_equal(PILEHUB("demo", "load", "--help"), 0);
}

/* The first administrator is bound by the rules of all (A1, A10). */
static void an_administrator_needs_a_good_password(void **state)
{
    static const char *const bad[] = { "", "\n", "short1A\n", "lowercase1\n",
                                       "Password1!\n", "Ab-13900000009\n" };
    static const char found[] =
        "SELECT COUNT(*) FROM account WHERE phone = '13900000009'";
    struct cx *cx = *state;

    for (size_t i = 0; i < COUNT(bad); i++) {
        typed = bad[i];
        assert_int_not_equal(PILEHUB("admin", "create", "--phone",
                                     "13900000009"), 0);
        assert_int_equal(testdb_int(cx, found), 0);
    }
    typed = "Grain-of-7Salt\n";
    assert_int_equal(PILEHUB("admin", "create", "--phone", "13900000009"), 0);
    assert_int_equal(testdb_int(cx, found), 1);
    assert_int_equal(PILEHUB("admin", "create", "--phone", "13900000009"), 1);
    typed = "";
}

static int64_t roles_made(struct cx *cx, const char *phone,
                          const char *condition)
{
    char sql[400];

    snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM account_role ar JOIN"
             " account a ON a.id = ar.account_id JOIN role r ON r.id ="
             " ar.role_id WHERE a.phone = '%s' AND %s", phone, condition);
    return testdb_int(cx, sql);
}

static int create(const char *phone, const char *duty)
{
    return PILEHUB("admin", "create", "--claim", "--phone", phone, "--duty",
                   duty);
}

/*
 * Whether duties are apart is one audited setting; each has an administrator
 * of its own then, and who has two duties stands in the way (A10).
 */
static void administrators_are_made_for_a_duty(void **state)
{
    static const char changes[] = "SELECT COUNT(*) FROM audit WHERE event ="
                                  " 'setting.change' AND before_json IS NOT"
                                  " NULL AND after_json IS NOT NULL";
    struct cx *cx = *state;
    int64_t before = testdb_int(cx, changes);

    assert_true(before >= 1); /* the demo's own: joint */
    assert_int_equal(create("13900000010", "nothing"), 2);
    assert_int_equal(create("13900000010", "business"), 1);
    assert_int_equal(create("13900000010", "audit"), 0);
    assert_int_equal(create("13900000011", "audit"), 0);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM role_perm p JOIN"
                                    " role r ON r.id = p.role_id WHERE"
                                    " r.name = '审计管理员'"), 1);
    assert_int_equal(PILEHUB("setting", "set", "duties", "both"), 1);
    assert_int_equal(PILEHUB("setting", "set", "nothing", "joint"), 1);
    assert_int_equal(PILEHUB("setting", "set", "duties"), 2);
    assert_int_equal(PILEHUB("setting", "list"), 0);

    /* 13900000011 reads the audit; with a second role it does more. */
    testdb_sql(cx, "INSERT INTO account_role SELECT a.id, r.id FROM account a"
                   " JOIN role r ON r.name = '平台管理员' WHERE a.phone ="
                   " '13900000011'");
    assert_int_equal(PILEHUB("setting", "set", "duties", "separate"), 1);
    assert_int_equal(testdb_int(cx, changes), before);
    testdb_sql(cx, "DELETE ar FROM account_role ar JOIN role r ON r.id ="
                   " ar.role_id AND r.name = '平台管理员' JOIN account a ON"
                   " a.id = ar.account_id WHERE a.phone = '13900000011'");
    assert_int_equal(PILEHUB("setting", "set", "duties", "separate"), 0);
    assert_int_equal(testdb_int(cx, changes), before + 1);

    assert_int_equal(create("13900000012", "all"), 1);
    assert_int_equal(create("13900000012", "business"), 0);
    assert_int_equal(PILEHUB("admin", "create", "--claim", "--phone",
                             "13900000013"), 0);
    assert_int_equal(roles_made(cx, "13900000010", "EXISTS (SELECT 1 FROM"
                                " role_perm p WHERE p.role_id = r.id AND"
                                " p.perm = 'audit.view')"), 1);
    assert_int_equal(roles_made(cx, "13900000012", "r.built_in = 1"), 1);
    assert_int_equal(roles_made(cx, "13900000013", "r.built_in = 2"), 1);
    assert_int_equal(PILEHUB("setting", "set", "duties", "joint"), 0);
    assert_int_equal(testdb_int(cx, changes), before + 2);
}

static void somebody_is_bound_to_stations_and_somebody_audits(void **state)
{
    struct cx *cx = *state;

    /* Two of the whole demo; the small one has a single one to give. */
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM account a"
                                    " JOIN account_station l ON l.account_id"
                                    " = a.id JOIN station s ON s.id ="
                                    " l.station_id AND s.merchant_id ="
                                    " a.org_id WHERE a.phone ="
                                    " '13500011011' AND a.station_bound = 1"),
                     1);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM account a"
                                    " JOIN account_role l ON l.account_id ="
                                    " a.id JOIN role_perm p ON p.role_id ="
                                    " l.role_id WHERE a.phone ="
                                    " '13500000002' AND p.perm ="
                                    " 'audit.view'"), 1);
}

/* The passwords are for their owner's eyes only. */
static void accounts_are_written_privately(void **state)
{
    char path[100], line[200];
    struct stat st;
    bool found = false;
    FILE *f;

    (void)state;
    snprintf(path, sizeof path, "%s/demo.accounts", home);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    f = fopen(path, "re");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL)
        found = found || strncmp(line, "ADMIN_PASSWORD=Kq3-", 19) == 0;
    fclose(f);
    assert_true(found);
}

static void remove_home(void)
{
    static const char *const names[] = { "demo.accounts", "demo.accounts.new",
                                         "sim.piles", "sim.cards",
                                         "sim.week" };
    char path[100];

    for (size_t i = 0; i < COUNT(names); i++) {
        snprintf(path, sizeof path, "%s/%s", home, names[i]);
        unlink(path);
    }
    rmdir(home);
}

static int open_database(void **state)
{
    *state = testdb_cx();
    return 0;
}

static int close_database(void **state)
{
    testdb_cx_free(*state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_is_there_by_default),
        cmocka_unit_test(loads_an_empty_platform),
        cmocka_unit_test(books_balance),
        cmocka_unit_test(every_bill_is_its_parts),
        cmocka_unit_test(nobody_charges_twice_at_once),
        cmocka_unit_test(roll_ups_say_the_same),
        cmocka_unit_test(the_days_to_come_are_like_yesterday),
        cmocka_unit_test(a_second_load_is_refused),
        cmocka_unit_test(wrong_words_are_refused),
        cmocka_unit_test(an_administrator_needs_a_good_password),
        cmocka_unit_test(administrators_are_made_for_a_duty),
        cmocka_unit_test(somebody_is_bound_to_stations_and_somebody_audits),
        cmocka_unit_test(accounts_are_written_privately),
    };
    int failed;

    testdb_start("demo");
    if (mkdtemp(home) == NULL)
        return 1;
    failed = cmocka_run_group_tests(tests, open_database, close_database);
    testdb_stop();
    remove_home();
    return failed;
}
