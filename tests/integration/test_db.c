/*
 * The database layer against a real server: typed values, retries, what a
 * broken connection does and does not do.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/config.h"
#include "base/crypto.h"
#include "base/http.h"
#include "db/db.h"
#include "db/kept.h"
#include "db/lease.h"
#include "db/migrate.h"
#include "tests/integration/testdb.h"

struct sample {
    int64_t id;
    int small;
    bool flag;
    money amount;
    stamp at;
    const char *text;
    const char *none;
    char code[9];
    struct bytes blob;
};

static const struct db_field sample_row[] = {
    DB_FIELD(struct sample, id),     DB_FIELD(struct sample, small),
    DB_FIELD(struct sample, flag),   DB_FIELD(struct sample, amount),
    DB_FIELD(struct sample, at),     DB_FIELD(struct sample, text),
    DB_FIELD(struct sample, none),   DB_FIELD(struct sample, code),
    DB_FIELD(struct sample, blob),
};

static int set_up(void **state)
{
    struct cx *cx = testdb_cx();

    testdb_sql(cx, "CREATE TABLE IF NOT EXISTS sample (id BIGINT"
                   " AUTO_INCREMENT PRIMARY KEY, small INT, flag TINYINT,"
                   " amount BIGINT, at DATETIME(3), text MEDIUMTEXT,"
                   " none TEXT, code CHAR(8), `blob` VARBINARY(16),"
                   " UNIQUE KEY (code)) ENGINE=InnoDB");
    testdb_sql(cx, "DELETE FROM sample");
    *state = cx;
    return 0;
}

static int tear_down(void **state)
{
    testdb_cx_free(*state);
    return 0;
}

static const char insert[] =
    "INSERT INTO sample (small, flag, amount, at, text, none, code, `blob`)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
static const char select_one[] =
    "SELECT id, small, flag, amount, at, text, none, code, `blob` FROM sample"
    " WHERE id = ?";

static int64_t add(struct cx *cx, const char *text, const char *code)
{
    static const unsigned char raw[] = { 0, 1, 0xff };
    stamp at;

    assert_true(stamp_parse("2024-02-29 23:59:59.999", &at));
    return db_insert(cx, insert,
                     BIND(V(-7), V(true), V(FEN(INT64_C(9007199254740993))),
                          V(at), V(text), V((const char *)NULL), V(code),
                          V(((struct bytes){ raw, sizeof raw }))));
}

static void round_trip(struct cx *cx, void *arg)
{
    char *big = arena_alloc(cx->arena, 100001);
    int64_t id;
    struct sample *s;

    (void)arg;
    memset(big, 'x', 100000);
    id = add(cx, big, "A0000001");
    s = db_row(cx, select_one, BIND(V(id)), ROW(struct sample, sample_row));
    assert_non_null(s);
    assert_int_equal(s->small, -7);
    assert_true(s->flag);
    assert_int_equal(s->amount.fen, INT64_C(9007199254740993));
    assert_string_equal(stamp_text(s->at, (char[STAMP_TEXT]){ "" }),
                        "2024-02-29 23:59:59.999");
    assert_int_equal(strlen(s->text), 100000);
    assert_null(s->none);
    assert_string_equal(s->code, "A0000001");
    assert_int_equal(s->blob.len, 3);
    assert_memory_equal(s->blob.data, "\0\1\xff", 3);
    assert_null(db_row(cx, select_one, BIND(V(id + 1)),
                       ROW(struct sample, sample_row)));
}

static void every_kind_of_value_comes_back(void **state)
{
    testdb_run(*state, round_trip, NULL);
}

static void duplicate(struct cx *cx, void *arg)
{
    (void)arg;
    add(cx, "a", "A0000002");
    add(cx, "b", "A0000002");
}

static void a_duplicate_key_is_a_conflict(void **state)
{
    struct cx *cx = *state;

    assert_false(cx_run(cx, duplicate, NULL));
    assert_int_equal(cx->error.code, ERR_CONFLICT);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM sample"), 1);
}

static void many_rows(struct cx *cx, void *arg)
{
    static const char sql[] =
        "INSERT INTO sample (small, text, at) VALUES (?, ?, ?)";
    struct db_value v[900];

    (void)arg;
    for (int i = 0; i < 300; i++) {
        v[3 * i] = V(i);
        v[3 * i + 1] = V((const char *)(i % 3 ? "text" : NULL));
        v[3 * i + 2] = V(cx->now);
    }
    assert_int_equal(db_insert_rows(cx, sql, v, 300, 3), 300);
    assert_int_equal(db_insert_rows(cx, sql, v, 300, 3), 300);
    /* The cached statement is an ordinary one again. */
    db_exec(cx, sql, BIND(V(1), V("x"), V(cx->now)));
}

static void rows_go_in_by_the_block(void **state)
{
    struct cx *cx = *state;

    testdb_run(cx, many_rows, NULL);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM sample"), 601);
    assert_int_equal(
        testdb_int(cx, "SELECT COUNT(*) FROM sample WHERE text IS NULL"),
        200);
}

/* What a moment ago was "a", and then nothing, until somebody forgets; the
   third is too long to be kept. */
static void ask_texts(struct cx *cx, void *arg)
{
    static const char sql[] = "SELECT text FROM sample WHERE id = ?";
    const char *const *expected = arg;

    for (int i = 0; i < 3; i++) {
        const char *text = kept_text(cx, sql, BIND(V(i + 1)));

        assert_int_equal(text == NULL, expected[i] == NULL);
        if (text != NULL)
            assert_int_equal(strncmp(text, expected[i], 2), 0);
    }
}

static void texts_are_kept_for_a_moment(void **state)
{
    static struct kept kept;
    const char *before[] = { "a", NULL, "cc" }, *meanwhile[] = { "a", NULL,
                                                                 "dd" };
    const char *after[] = { NULL, "b", "dd" };
    struct cx *cx = *state;

    testdb_sql(cx, "INSERT INTO sample (id, small, text, at) VALUES"
                   " (1, 1, 'a', NOW(3)), (2, 1, NULL, NOW(3)),"
                   " (3, 1, REPEAT('c', 600), NOW(3))");
    cx->kept = &kept;
    testdb_run(cx, ask_texts, before);
    testdb_sql(cx, "UPDATE sample SET text = CASE id WHEN 1 THEN NULL"
                   " WHEN 2 THEN 'b' ELSE REPEAT('d', 600) END");
    testdb_run(cx, ask_texts, meanwhile);
    kept_forget(&kept);
    testdb_run(cx, ask_texts, after);
    cx->kept = NULL;
}

/* ---- transactions -------------------------------------------------------- */

struct script {
    int runs;
    int fail_first; /* runs that end in a given way */
    const char *how;
};

static void scripted(struct cx *cx, void *arg)
{
    struct script *s = arg;

    s->runs++;
    add(cx, "in tx", NULL);
    if (s->runs <= s->fail_first)
        db_exec(cx, s->how, BIND());
}

static void in_tx(struct cx *cx, void *arg)
{
    db_tx(cx, scripted, arg);
}

static void a_failed_work_leaves_nothing(void **state)
{
    struct cx *cx = *state;
    struct script s = { .fail_first = 1,
                        .how = "INSERT INTO no_such_table VALUES (1)" };

    assert_false(cx_run(cx, in_tx, &s));
    assert_int_equal(s.runs, 1);
    assert_false(db_in_tx(cx->db));
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM sample"), 0);
}

/* The server raises the errors itself, so that their numbers are real. */
static void deadlocks_are_retried_from_the_start(void **state)
{
    static const char *const hows[] = {
        "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213",
        "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1205",
        "SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1020",
        "SIGNAL SQLSTATE '08S01' SET MYSQL_ERRNO = 1047",
    };
    struct cx *cx = *state;

    for (size_t i = 0; i < COUNT(hows); i++) {
        struct script s = { .fail_first = 2, .how = hows[i] };

        testdb_sql(cx, "DELETE FROM sample");
        assert_true(cx_run(cx, in_tx, &s));
        assert_int_equal(s.runs, 3);
        assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM sample"), 1);
    }
}

static void retries_end(void **state)
{
    struct cx *cx = *state;
    struct script s = {
        .fail_first = 100,
        .how = "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213"
    };

    assert_false(cx_run(cx, in_tx, &s));
    assert_int_equal(s.runs, 5);
    assert_int_equal(cx->error.code, ERR_DATABASE);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM sample"), 0);
}

static void swallow(struct cx *cx, void *arg)
{
    struct script s = { .fail_first = 1, .how = arg };

    add(cx, "before", NULL);
    if (cx_run(cx, scripted, &s))
        fail();
    add(cx, "after", NULL); /* must not run bare */
}

static void swallow_in_tx(struct cx *cx, void *arg)
{
    db_tx(cx, swallow, arg);
}

static void a_caught_deadlock_still_ends_the_transaction(void **state)
{
    struct cx *cx = *state;
    char how[] = "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213";

    assert_false(cx_run(cx, swallow_in_tx, how));
    assert_int_equal(cx->error.code, ERR_DATABASE);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM sample"), 0);
}

static void kill_own(struct cx *cx, void *arg)
{
    int *runs = arg;

    ++*runs;
    add(cx, "lost", NULL);
    db_exec(cx, "KILL CONNECTION_ID()", BIND());
}

static void kill_in_tx(struct cx *cx, void *arg)
{
    db_tx(cx, kill_own, arg);
}

static void a_lost_connection_loses_the_transaction(void **state)
{
    struct cx *cx = *state;
    int runs = 0;

    assert_false(cx_run(cx, kill_in_tx, &runs));
    assert_int_equal(runs, 1);
    assert_int_equal(cx->error.code, ERR_DATABASE);
    assert_false(db_outcome_unknown(cx));
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM sample"), 0);
}

/* ---- what must not happen in a transaction -------------------------------*/

static void send_out(struct cx *cx, void *arg)
{
    (void)arg;
    http_send(cx, &(struct http_call){ .method = "GET",
                                       .url = "https://127.0.0.1:9/" });
}

static void hash(struct cx *cx, void *arg)
{
    char out[PASSWORD_HASH_SIZE];

    (void)arg;
    password_hash(cx, "Grain-of-7Salt", out);
}

static void verify(struct cx *cx, void *arg)
{
    (void)arg;
    if (password_verify(cx, "$argon2id$", "x"))
        _exit(3);
}

static void next_unit(struct cx *cx, void *arg)
{
    (void)arg;
    db_between(cx->db);
}

struct act {
    void (*run)(struct cx *, void *);
    bool in_tx;
};

static void perform(struct cx *cx, void *arg)
{
    const struct act *a = arg;

    if (a->in_tx)
        db_tx(cx, a->run, NULL);
    else
        a->run(cx, NULL);
}

/* The signal that ends a process of its own that does it, or 0. */
static int end_of(struct act *a)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        struct cx *cx = testdb_cx();

        dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), 2);
        signal(SIGABRT, SIG_DFL);
        _exit(cx_run(cx, perform, a) ? 0 : 1);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* ---- rows read without a lock (T2) --------------------------------------- */

static void change_of_a_row(struct cx *cx, const char *read, const char *set)
{
    db_int(cx, read, BIND(V(1)));
    db_exec(cx, set, BIND(V(5), V(1)));
}

#define READ "SELECT small FROM sample WHERE id = ?"
#define SET "UPDATE sample SET small = ? WHERE id = ?"

static void read_and_change(struct cx *cx, void *arg)
{
    (void)arg;
    change_of_a_row(cx, READ, SET);
}

static void list_and_change(struct cx *cx, void *arg)
{
    (void)arg;
    change_of_a_row(cx, "SELECT s.id FROM sample s WHERE s.small < 100 AND"
                        " s.id >= ?", SET);
}

static void lock_and_change(struct cx *cx, void *arg)
{
    (void)arg;
    db_int(cx, READ, BIND(V(1)));
    change_of_a_row(cx, READ " FOR UPDATE", SET);
}

static void read_and_change_guarded(struct cx *cx, void *arg)
{
    (void)arg;
    change_of_a_row(cx, READ, SET " AND small < 5");
}

static void change_another(struct cx *cx, void *arg)
{
    (void)arg;
    db_int(cx, READ, BIND(V(2)));
    db_exec(cx, SET, BIND(V(5), V(1)));
}

static void a_row_read_without_a_lock_is_not_changed(void **state)
{
    static const struct {
        void (*run)(struct cx *, void *);
        int ends;
    } cases[] = {
        { read_and_change, SIGABRT },
        { list_and_change, SIGABRT },
        { lock_and_change, 0 },
        { read_and_change_guarded, 0 },
        { change_another, 0 },
    };

    testdb_sql(*state, "REPLACE INTO sample (id, small) VALUES (1, 1)");
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct act in_tx = { cases[i].run, true };
        struct act bare = { cases[i].run, false };

        assert_int_equal(end_of(&in_tx), cases[i].ends);
        assert_int_equal(end_of(&bare), 0); /* each statement for itself */
    }
}

/* T4: calls out and password hashes; T7: the end of a request. */
static void a_transaction_left_open_or_held_up_aborts(void **state)
{
    static void (*const acts[])(struct cx *, void *) = { send_out, hash,
                                                         verify, next_unit };

    (void)state;
    for (size_t i = 0; i < COUNT(acts); i++) {
        struct act a = { acts[i], false };

        assert_int_equal(end_of(&a), 0);
        a.in_tx = true;
        assert_int_equal(end_of(&a), SIGABRT);
    }
}

/* ---- the order of locks (T3) --------------------------------------------- */

static const char key[] =
    "INSERT INTO idem (scope, idem_key, body_hash, created_at)"
    " VALUES ('t', 'lock-order', '', NOW())";
static const char order[] =
    "SELECT id FROM charge_order WHERE id = 1 FOR UPDATE";
static const char hold[] =
    "UPDATE ledger_hold SET amount = amount WHERE id = 1";
static const char account[] =
    "UPDATE ledger_account SET ver = ver + 1 WHERE id = 1";
static const char plain[] = "SELECT id FROM charge_order WHERE id = 1";

static void ascending(struct cx *cx, void *arg)
{
    (void)arg;
    db_exec(cx, key, BIND());
    db_int(cx, order, BIND());
    db_exec(cx, hold, BIND());
    db_exec(cx, account, BIND());
    db_int(cx, order, BIND()); /* has it already */
    db_int(cx, plain, BIND());
    db_exec(cx, "DELETE FROM idem WHERE scope = 't'", BIND());
}

static void order_after_account(struct cx *cx, void *arg)
{
    (void)arg;
    db_exec(cx, account, BIND());
    db_int(cx, order, BIND());
}

static void hold_after_account(struct cx *cx, void *arg)
{
    (void)arg;
    db_exec(cx, account, BIND());
    db_exec(cx, hold, BIND());
}

static void key_after_order(struct cx *cx, void *arg)
{
    (void)arg;
    db_int(cx, order, BIND());
    db_exec(cx, key, BIND());
}

static void read_after_account(struct cx *cx, void *arg)
{
    (void)arg;
    db_exec(cx, account, BIND());
    db_int(cx, plain, BIND());
}

static void each_in_its_own(struct cx *cx, void *arg)
{
    (void)arg;
    db_exec(cx, account, BIND());
    db_int(cx, order, BIND());
}

static void in_production(struct cx *cx, void *arg)
{
    static const struct config production = { .mode = "production" };

    (void)arg;
    cx->config = &production;
    order_after_account(cx, NULL);
}

static void locks_out_of_order_abort(void **state)
{
    static const struct {
        struct act act;
        int signal;
    } cases[] = {
        { { ascending, true }, 0 },
        { { read_after_account, true }, 0 },
        { { each_in_its_own, false }, 0 },
        { { in_production, true }, 0 }, /* logged: a deadlock is retried */
        { { order_after_account, true }, SIGABRT },
        { { hold_after_account, true }, SIGABRT },
        { { key_after_order, true }, SIGABRT },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct act act = cases[i].act;

        assert_int_equal(end_of(&act), cases[i].signal);
    }
}

/* ---- what a session is set to -------------------------------------------- */

static void read_level(struct cx *cx, void *arg)
{
    char *out = arg;

    snprintf(out, 40, "%s", db_text(cx, "SELECT @@tx_isolation", BIND()));
}

static void add_elsewhere(void)
{
    struct cx *other = testdb_cx();

    testdb_sql(other, "INSERT INTO sample (small) VALUES (1)");
    testdb_cx_free(other);
}

/* What another session commits meanwhile is not seen; a write is refused. */
static void read_report(struct cx *cx, void *arg)
{
    static const char rows[] = "SELECT COUNT(*) FROM sample";
    struct script write = { 0 };

    (void)arg;
    assert_int_equal(db_int(cx, rows, BIND()), 0);
    add_elsewhere();
    assert_int_equal(db_int(cx, rows, BIND()), 0);
    assert_false(cx_run(cx, scripted, &write));
}

static void report(struct cx *cx, void *arg)
{
    db_report(cx, read_report, arg);
}

static void reports_see_one_moment_and_write_nothing(void **state)
{
    testdb_run(*state, report, NULL);
    assert_int_equal(testdb_int(*state, "SELECT COUNT(*) FROM sample"), 1);
}

static void fail_once(struct cx *cx, void *arg)
{
    static const char deadlock[] =
        "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213";
    static const char rows[] = "SELECT COUNT(*) FROM sample";
    int *runs = arg;
    int64_t before;

    if (++*runs == 1)
        db_exec(cx, deadlock, BIND());
    before = db_int(cx, rows, BIND());
    add_elsewhere();
    assert_int_equal(db_int(cx, rows, BIND()), before);
}

static void repeated_report(struct cx *cx, void *arg)
{
    db_report(cx, fail_once, arg);
}

/* The level is of one transaction only: a repeat asks for it again. */
static void a_repeated_report_is_a_snapshot_too(void **state)
{
    int runs = 0;

    testdb_run(*state, repeated_report, &runs);
    assert_int_equal(runs, 2);
}

static void writes_run_read_committed(void **state)
{
    char level[40];

    testdb_run(*state, read_level, level);
    assert_string_equal(level, "READ-COMMITTED");
    assert_int_equal(
        testdb_int(*state, "SELECT @@innodb_snapshot_isolation"), 1);
}

/* ---- leases */

static void take_turns(struct cx *cx, void *arg)
{
    int64_t first = lease_take(cx, "t", "a", 10000);

    (void)arg;
    assert_true(first > 0);
    assert_int_equal(lease_take(cx, "t", "a", 10000), first);
    assert_int_equal(lease_take(cx, "t", "b", 10000), 0);
    lease_drop(cx, "t", first);
    assert_int_equal(lease_take(cx, "t", "b", 10000), first + 1);
    assert_int_equal(lease_take(cx, "t", "a", 10000), 0);
}

static void stale_write(struct cx *cx, void *arg)
{
    lease_check(cx, "t", *(int64_t *)arg);
}

static void stale_write_in_tx(struct cx *cx, void *arg)
{
    db_tx(cx, stale_write, arg);
}

static void a_lease_has_one_owner_and_a_growing_epoch(void **state)
{
    struct cx *cx = *state;
    int64_t old, now;

    testdb_run(cx, take_turns, NULL);
    now = testdb_int(cx, "SELECT epoch FROM lease WHERE name = 't'");
    old = now - 1;
    assert_false(cx_run(cx, stale_write_in_tx, &old));
    assert_int_equal(cx->error.code, ERR_CONFLICT);
    assert_true(cx_run(cx, stale_write_in_tx, &now));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(every_kind_of_value_comes_back),
        T(a_duplicate_key_is_a_conflict),
        T(rows_go_in_by_the_block),
        T(texts_are_kept_for_a_moment),
        T(a_failed_work_leaves_nothing),
        T(deadlocks_are_retried_from_the_start),
        T(retries_end),
        T(a_caught_deadlock_still_ends_the_transaction),
        T(a_lost_connection_loses_the_transaction),
        T(a_row_read_without_a_lock_is_not_changed),
        T(a_transaction_left_open_or_held_up_aborts),
        T(locks_out_of_order_abort),
        T(reports_see_one_moment_and_write_nothing),
        T(a_repeated_report_is_a_snapshot_too),
        T(writes_run_read_committed),
        T(a_lease_has_one_owner_and_a_growing_epoch),
#undef T
    };
    int failed;

    testdb_start("db");
    failed = cmocka_run_group_tests_name("db", tests, NULL, NULL);
    testdb_stop();
    return failed;
}
