/*
 * Schema changes: applied once, resumed after a kill, refused when edited.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/migrate.h"
#include "tests/integration/testdb.h"

/* A schema directory of the test's own. */
struct schema {
    char dir[64];
    int applied, pending, granted;
};

static void write_file(const struct schema *s, const char *name,
                       const char *text)
{
    char path[160];
    FILE *f;

    snprintf(path, sizeof path, "%s/%s", s->dir, name);
    f = fopen(path, "we");
    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

static void make_schema(struct schema *s)
{
    snprintf(s->dir, sizeof s->dir, "/tmp/pilehub-schema-XXXXXX");
    assert_non_null(mkdtemp(s->dir));
}

static void remove_schema(const struct schema *s, const char *const *names,
                          size_t n)
{
    char path[160];

    for (size_t i = 0; i < n; i++) {
        snprintf(path, sizeof path, "%s/%s", s->dir, names[i]);
        unlink(path);
    }
    assert_int_equal(rmdir(s->dir), 0);
}

static void apply(struct cx *cx, void *arg)
{
    struct schema *s = arg;

    s->applied = migrate(cx, s->dir, NULL);
}

static void count_pending(struct cx *cx, void *arg)
{
    struct schema *s = arg;

    s->pending = migrate_pending(cx, s->dir);
}

static void grant(struct cx *cx, void *arg)
{
    struct schema *s = arg;

    s->granted = grant_rights(cx, s->dir);
}

static void files_apply_once_and_in_order(void **state)
{
    struct cx *cx = *state;
    struct schema s;

    make_schema(&s);
    write_file(&s, "7002_row.sql", "INSERT INTO m1 VALUES (1);\n");
    write_file(&s, "7001_table.sql",
               "CREATE TABLE m1 (id INT PRIMARY KEY);\n");
    write_file(&s, "grants.sql", "this is no migration;\n");
    assert_true(cx_run(cx, count_pending, &s));
    assert_int_equal(s.pending, 2);
    assert_true(cx_run(cx, apply, &s));
    assert_int_equal(s.applied, 2);
    assert_true(cx_run(cx, apply, &s));
    assert_int_equal(s.applied, 0);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM m1"), 1);
    remove_schema(&s, (const char *const[]){ "7001_table.sql", "grants.sql",
                                             "7002_row.sql" }, 3);
}

/* A file costs what is in it, however many there will be. */
static void many_files_fit_into_little_memory(void **state)
{
    enum { FILES = 60 };
    struct cx *big = *state, *cx = cx_new(big->db, NULL, 4U << 20);
    const char *names[FILES];
    struct schema s;

    cx_begin(cx);
    make_schema(&s);
    for (int i = 0; i < FILES; i++) {
        names[i] = cx_printf(big, "74%02d_row.sql", i);
        write_file(&s, names[i], "DO 1;\n");
    }
    assert_true(cx_run(cx, count_pending, &s));
    assert_int_equal(s.pending, FILES);
    assert_true(cx_run(cx, apply, &s));
    assert_int_equal(s.applied, FILES);
    remove_schema(&s, names, FILES);
    cx_free(cx);
}

static void an_edited_file_is_refused(void **state)
{
    struct cx *cx = *state;
    struct schema s;

    make_schema(&s);
    write_file(&s, "7101_a.sql", "CREATE TABLE m2 (id INT PRIMARY KEY);\n");
    assert_true(cx_run(cx, apply, &s));
    write_file(&s, "7101_a.sql", "CREATE TABLE m2 (id BIGINT PRIMARY KEY);\n");
    assert_false(cx_run(cx, apply, &s));
    assert_non_null(strstr(cx->error.text, "7101_a.sql"));
    remove_schema(&s, (const char *const[]){ "7101_a.sql" }, 1);
}

/* The second statement fails; once the cause is gone the run goes on with
   it and does not repeat the first. */
static void a_broken_run_goes_on_where_it_stopped(void **state)
{
    struct cx *cx = *state;
    struct schema s;

    make_schema(&s);
    testdb_sql(cx, "CREATE TABLE m4 (id INT PRIMARY KEY)");
    write_file(&s, "7201_two.sql",
               "CREATE TABLE m3 (id INT PRIMARY KEY);\n"
               "CREATE TABLE m4 (id INT PRIMARY KEY);\n");
    assert_false(cx_run(cx, apply, &s));
    assert_true(cx_run(cx, count_pending, &s));
    assert_int_equal(s.pending, 1);
    testdb_sql(cx, "DROP TABLE m4");
    assert_true(cx_run(cx, apply, &s));
    assert_int_equal(s.applied, 1);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM m3"), 0);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM m4"), 0);
    remove_schema(&s, (const char *const[]){ "7201_two.sql" }, 1);
}

/* Three at once: what one does, the others find done. */
static void several_at_once_apply_each_statement_once(void **state)
{
    struct cx *cx = *state;
    struct schema s;
    pid_t child[3];
    int status;

    make_schema(&s);
    write_file(&s, "7301_slow.sql",
               "CREATE TABLE m5 (id INT);\nDO SLEEP(0.3);\n"
               "INSERT INTO m5 VALUES (1);\n");
    for (size_t i = 0; i < COUNT(child); i++) {
        child[i] = fork();
        assert_true(child[i] >= 0);
        if (child[i] == 0)
            _exit(cx_run(testdb_cx(), apply, &s) ? 0 : 1);
    }
    for (size_t i = 0; i < COUNT(child); i++) {
        assert_int_equal(waitpid(child[i], &status, 0), child[i]);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM m5"), 1);
    remove_schema(&s, (const char *const[]){ "7301_slow.sql" }, 1);
}

#define RIGHTS                                                                \
    "SELECT COUNT(*) FROM information_schema.table_privileges"                \
    " WHERE table_schema = DATABASE() AND grantee LIKE '_pilehub_m6_@%'"

/* Rights wait until their users are there, and are given once more to those
   of another server; what a later file takes back stays taken. */
static void rights_are_given_apart_and_again(void **state)
{
    struct cx *cx = *state;
    struct schema s;

    make_schema(&s);
    testdb_sql(cx, "DROP USER IF EXISTS pilehub_m6@localhost");
    write_file(&s, "grants.sql", "-- none\n");
    write_file(&s, "7501_tables.sql",
               "CREATE TABLE m6 (id INT PRIMARY KEY);\n"
               "GRANT SELECT, INSERT, UPDATE\n"
               "  ON m6 TO pilehub_m6@localhost; -- for a while\n"
               "CREATE TABLE m7 (id INT PRIMARY KEY);\n"
               "GRANT SELECT ON m7 TO pilehub_m6@localhost;\n");
    write_file(&s, "7502_less.sql",
               "REVOKE UPDATE ON m6 FROM pilehub_m6@localhost;\n"
               "DROP TABLE m7;\n");
    assert_false(cx_run(cx, grant, &s)); /* before its migrations */
    assert_non_null(strstr(cx->error.text, "2 migrations missing"));
    assert_true(cx_run(cx, apply, &s));
    assert_int_equal(s.applied, 2);
    assert_false(cx_run(cx, grant, &s)); /* to nobody */
    assert_non_null(strstr(cx->error.text, "7501_tables.sql"));
    for (int i = 0; i < 2; i++) {
        testdb_sql(cx, "CREATE USER pilehub_m6@localhost");
        assert_int_equal(testdb_int(cx, RIGHTS), 0);
        for (int again = 0; again < 2; again++) {
            assert_true(cx_run(cx, grant, &s));
            assert_int_equal(s.granted, 2);
            assert_int_equal(testdb_int(cx, RIGHTS), 2);
            assert_int_equal(testdb_int(cx, RIGHTS " AND privilege_type ="
                                            " 'UPDATE'"), 0);
        }
        testdb_sql(cx, "DROP USER pilehub_m6@localhost");
    }
    remove_schema(&s, (const char *const[]){ "grants.sql", "7501_tables.sql",
                                             "7502_less.sql" }, 3);
}

static void a_missing_directory_is_an_error(void **state)
{
    struct cx *cx = *state;
    struct schema s = { .dir = "/nowhere/at/all" };

    assert_false(cx_run(cx, apply, &s));
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
        /* First: a run that failed keeps its turn while it is connected. */
        cmocka_unit_test(several_at_once_apply_each_statement_once),
        cmocka_unit_test(files_apply_once_and_in_order),
        cmocka_unit_test(many_files_fit_into_little_memory),
        cmocka_unit_test(an_edited_file_is_refused),
        cmocka_unit_test(a_broken_run_goes_on_where_it_stopped),
        cmocka_unit_test(rights_are_given_apart_and_again),
        cmocka_unit_test(a_missing_directory_is_an_error),
    };
    int failed;

    testdb_start("migrate");
    failed = cmocka_run_group_tests(tests, open_database, close_database);
    testdb_stop();
    return failed;
}
