#include "tests/integration/testdb.h"

#include "db/read_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <mysql.h>

#include "base/crypto.h"
#include "base/log.h"
#include "db/kept.h"
#include "db/migrate.h"

static char database[60];
static const char *server;

static void root_sql(const char *format)
{
    MYSQL *my = mysql_init(NULL);
    char sql[200];

    snprintf(sql, sizeof sql, "%s %s", format, database);
    if (mysql_real_connect(my, NULL, "root", "", NULL, 0, server, 0) == NULL ||
        mysql_query(my, sql) != 0) {
        fprintf(stderr, "%s: %s\n", sql, mysql_error(my));
        exit(1);
    }
    mysql_close(my);
}

enum { SCHEMA_DIR_MAX = 500 };

static char *schema_dir(char out[SCHEMA_DIR_MAX])
{
    const char *source = getenv("PILEHUB_SOURCE");

    snprintf(out, SCHEMA_DIR_MAX, "%s/schema", source != NULL ? source : ".");
    return out;
}

static void migrate_all(struct cx *cx, void *arg)
{
    migrate(cx, arg, NULL);
}

void testdb_start(const char *name)
{
    char dir[SCHEMA_DIR_MAX];
    struct cx *cx;

    crypto_start();
    server = getenv("PILEHUB_TEST_SOCKET");
    if (server == NULL || server[0] == '\0')
        exit(77);
    log_start("test", getenv("PILEHUB_TEST_LOG") != NULL ? LOG_DEBUG
                                                         : LOG_ERROR);
    snprintf(database, sizeof database, "t_%s_%d", name, (int)getpid());
    root_sql("CREATE DATABASE");
    atexit(testdb_stop);
    cx = testdb_cx();
    testdb_run(cx, migrate_all, schema_dir(dir));
    /* An administrator of a test may do everything; test_duties divides. */
    testdb_sql(cx, "INSERT INTO setting VALUES ('duties', 'joint', NOW())");
    testdb_cx_free(cx);
}

void testdb_stop(void)
{
    if (database[0] != '\0')
        root_sql("DROP DATABASE IF EXISTS");
    database[0] = '\0';
}

struct cx *testdb_cx(void)
{
    return testdb_cx_as("root");
}

struct cx *testdb_cx_as(const char *user)
{
    struct db_login login = { server, "", 0, user, "", database, 60 };
    struct cx *cx = cx_new(db_open(&login), NULL, 256U << 20);

    db_check_reads(cx->db);
    cx_begin(cx);
    cx->scope.all = true;
    cx->actor.kind = ACTOR_SYSTEM;
    cx->actor.name = "test";
    return cx;
}

void testdb_cx_free(struct cx *cx)
{
    struct db *db = cx->db;

    cx_free(cx);
    db_close(db);
}

const char *testdb_name(void)
{
    return database;
}

const char *testdb_socket(void)
{
    return server;
}

void testdb_run(struct cx *cx, void (*work)(struct cx *, void *), void *arg)
{
    if (cx_run(cx, work, arg))
        return;
    fprintf(stderr, "unexpected failure: %s %s (%s:%d)\n",
            cx_code_name(cx->error.code), cx->error.text,
            cx->error.file != NULL ? cx->error.file : "", cx->error.line);
    abort();
}

static void exec_sql(struct cx *cx, void *arg)
{
    db_exec(cx, arg, BIND());
}

void testdb_moment(void)
{
    usleep((KEPT_MS + 1) * 1000);
}

void testdb_sql(struct cx *cx, const char *sql)
{
    testdb_run(cx, exec_sql, (void *)(uintptr_t)sql);
}

struct one {
    const char *sql;
    int64_t value;
};

static void read_one(struct cx *cx, void *arg)
{
    struct one *o = arg;

    o->value = db_int(cx, o->sql, BIND());
}

int64_t testdb_int(struct cx *cx, const char *sql)
{
    struct one o = { sql, 0 };

    testdb_run(cx, read_one, &o);
    return o.value;
}

static void grant_all(struct cx *cx, void *arg)
{
    grant_rights(cx, arg);
}

void testdb_users(struct cx *cx)
{
    static const char *const users[] = { "web", "jobs", "gateway" };
    char sql[100], dir[SCHEMA_DIR_MAX];

    for (size_t i = 0; i < COUNT(users); i++) {
        snprintf(sql, sizeof sql,
                 "CREATE USER IF NOT EXISTS pilehub_%s@localhost", users[i]);
        testdb_sql(cx, sql);
    }
    testdb_run(cx, grant_all, schema_dir(dir));
}
