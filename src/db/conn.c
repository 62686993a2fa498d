#include "db/conn.h"

#include <errmsg.h>
#include <mysqld_error.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/config.h"
#include "base/log.h"
#include "base/stamp.h"
#include "db/settings.h"

enum {
    CONNECT_S = 1,      /* W6: the answer comes within a second */
    IDLE_PING_MS = 30000,
    RETRY_AFTER_MS = 200 /* after a failed connect: do not hammer */
};

struct db_login db_login_of(const struct config *c, int statement_limit_s)
{
    return (struct db_login){ .socket = c->db_socket, .host = c->db_host,
                              .port = (int)c->db_port, .user = c->db_user,
                              .password = c->db_password, .name = c->db_name,
                              .statement_limit_s = statement_limit_s,
                              .is_strict = !config_is_demo(c) };
}

struct db *db_open(const struct db_login *login)
{
    struct db *db = calloc(1, sizeof *db);

    if (db != NULL)
        db->login = *login;
    return db;
}

static void let_go(struct db *db)
{
    /* First, so that the statements ask nothing of it any more: one that was
       half run crashes the library. */
    if (db->my != NULL)
        mysql_close(db->my);
    db->my = NULL;
    for (size_t i = 0; i < CACHE_SIZE; i++) {
        struct cached *c = &db->cache[i];

        if (c->stmt != NULL)
            mysql_stmt_close(c->stmt);
        free((void *)(uintptr_t)c->sql);
        *c = (struct cached){ .sql = NULL };
    }
    db->generation++;
    db->broken = db->tx_depth > 0;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    let_go(db);
    free(db->reads);
    free(db);
}

/* Nothing more is said to the server or heard from it: closing a statement
   would wait for the rest of its rows. */
void conn_drop(struct db *db)
{
    if (db->my != NULL)
        (void)shutdown((int)mysql_get_socket(db->my), SHUT_RDWR);
    let_go(db);
}

/* A connection to a server with unsafe settings is none (T1, T8): another
   node may have taken over since the program started. */
static unsigned set_up(struct db *db)
{
    char why[SETTINGS_WHY];
    unsigned error = settings_apply(db);

    if (error != 0 || !db->login.is_strict)
        return error;
    error = settings_of_server(db, why);
    if (error != 0)
        log_error("db.server_settings", F_TEXT("why", why));
    return error;
}

/* 0, or why not. */
static unsigned log_in(struct db *db)
{
    const struct db_login *l = &db->login;
    unsigned connect_s = CONNECT_S;
    unsigned io_s = (unsigned)l->statement_limit_s + 5;
    bool by_socket = l->socket[0] != '\0';

    if (mysql_options(db->my, MYSQL_SET_CHARSET_NAME, "utf8mb4") != 0 ||
        mysql_options(db->my, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s) != 0 ||
        mysql_options(db->my, MYSQL_OPT_READ_TIMEOUT, &io_s) != 0 ||
        mysql_options(db->my, MYSQL_OPT_WRITE_TIMEOUT, &io_s) != 0 ||
        mysql_real_connect(db->my, by_socket ? NULL : l->host, l->user,
                           l->password, l->name, (unsigned)l->port,
                           by_socket ? l->socket : NULL,
                           CLIENT_FOUND_ROWS) == NULL)
        return conn_error(db);
    return set_up(db);
}

static bool conn_open(struct db *db)
{
    unsigned error;

    db->my = mysql_init(NULL);
    if (db->my == NULL)
        return false;
    error = log_in(db);
    if (error == 0) {
        db->failed_at_ms = 0;
        return true;
    }
    log_warn("db.connect_failed", F_INT("error", error),
             F_TEXT("text", mysql_error(db->my)));
    if (error != CR_OUT_OF_MEMORY)
        db->failed_at_ms = monotonic_ms(); /* the server's failure, not ours */
    mysql_close(db->my);
    db->my = NULL;
    return false;
}

static bool connected(struct db *db)
{
    if (db->my != NULL)
        return true;
    if (db->failed_at_ms != 0 &&
        monotonic_ms() - db->failed_at_ms < RETRY_AFTER_MS)
        return false;
    return conn_open(db);
}

void conn_need(struct cx *cx)
{
    must(cx->db != NULL);
    if (cx->db->broken)
        cx_fail(cx, ERR_DATABASE, "系统繁忙，稍后重试。");
    if (!connected(cx->db))
        cx_fail(cx, ERR_DATABASE, "数据库暂时不可用，稍后重试。");
    cx->db->used_at_ms = monotonic_ms();
}

bool db_ping(struct db *db)
{
    if (!connected(db))
        return false;
    if (mysql_ping(db->my) == 0)
        return true;
    conn_drop(db);
    return connected(db);
}

void db_between(struct db *db)
{
    must(db->tx_depth == 0); /* T7 */
    db->unknown = false;
    if (db->my == NULL || monotonic_ms() - db->used_at_ms < IDLE_PING_MS)
        return;
    if (mysql_ping(db->my) != 0)
        conn_drop(db);
    db->used_at_ms = monotonic_ms();
}

/* ---- statement cache --------------------------------------------------- */

static uint64_t hash_text(const char *s)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */

    for (; *s != '\0'; s++)
        h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
    return h;
}

enum { WAYS = 8 }; /* a statement may stand in this many places */

static struct cached *cache_find(struct db *db, const char *sql,
                                 struct cached **victim)
{
    uint64_t hash = hash_text(sql);
    struct cached *set = &db->cache[hash % (CACHE_SIZE / WAYS) * WAYS];

    *victim = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].sql != NULL && set[i].hash == hash &&
            strcmp(set[i].sql, sql) == 0)
            return &set[i];
        if (set[i].used < (*victim)->used)
            *victim = &set[i];
    }
    return NULL;
}

static void cache_empty(struct cached *c)
{
    if (c->stmt != NULL)
        mysql_stmt_close(c->stmt);
    free((void *)(uintptr_t)c->sql);
    *c = (struct cached){ .sql = NULL };
}

void conn_forget(struct db *db, const char *sql)
{
    struct cached *victim, *c = cache_find(db, sql, &victim);

    if (c != NULL)
        cache_empty(c);
}

MYSQL_STMT *conn_prepare(struct cx *cx, const char *sql)
{
    struct cached *slot, *c;
    const char *copy;
    MYSQL_STMT *stmt;

    conn_need(cx);
    c = cache_find(cx->db, sql, &slot);
    if (c != NULL) {
        c->used = ++cx->db->tick;
        lock_order_note(cx, c->locks, sql);
        return c->stmt;
    }
    stmt = mysql_stmt_init(cx->db->my);
    if (stmt == NULL)
        conn_fail(cx, CR_OUT_OF_MEMORY, "mysql_stmt_init", sql);
    if (mysql_stmt_prepare(stmt, sql, strlen(sql)) != 0) {
        unsigned error = conn_stmt_error(stmt);
        char why[MYSQL_ERRMSG_SIZE];

        snprintf(why, sizeof why, "%s", mysql_stmt_error(stmt));
        mysql_stmt_close(stmt);
        conn_fail(cx, error, why, sql);
    }
    cache_empty(slot);
    copy = strdup(sql);
    if (copy == NULL) {
        mysql_stmt_close(stmt);
        cx_fail_memory(cx);
    }
    *slot = (struct cached){ copy, hash_text(sql), stmt,
                             ++cx->db->tick, lock_use_of(sql),
                             { .use = ROW_NONE } };
    if (cx->db->reads != NULL)
        slot->rows = read_check_parse(sql);
    lock_order_note(cx, slot->locks, sql);
    return stmt;
}

const struct row_use_of *conn_rows_of(struct db *db, const char *sql)
{
    struct cached *victim, *c;

    if (db->reads == NULL)
        return NULL;
    c = cache_find(db, sql, &victim);
    return c == NULL ? NULL : &c->rows;
}

/* ---- errors -------------------------------------------------------------- */

/* The number of a failure: one without a number was for want of memory. */
static unsigned known(unsigned error)
{
    return error != 0 ? error : CR_OUT_OF_MEMORY;
}

unsigned conn_stmt_error(MYSQL_STMT *stmt)
{
    return known(mysql_stmt_errno(stmt));
}

unsigned conn_error(const struct db *db)
{
    return known(mysql_errno(db->my));
}

unsigned conn_command(struct db *db, const char *sql)
{
    return mysql_query(db->my, sql) == 0 ? 0 : conn_error(db);
}

/* A client library without memory may have left an answer half read: such a
   connection is as good as lost. */
bool conn_is_lost(unsigned error)
{
    return error == CR_OUT_OF_MEMORY || error == CR_COMMANDS_OUT_OF_SYNC ||
           error == CR_SERVER_GONE_ERROR || error == CR_SERVER_LOST ||
           error == CR_SERVER_LOST_EXTENDED || error == CR_CONNECTION_ERROR ||
           error == CR_CONN_HOST_ERROR || error == ER_CONNECTION_KILLED ||
           error == ER_SERVER_SHUTDOWN;
}

/* Full disk or table, read only: writes fail, reads go on (W6). */
static bool is_full(unsigned error)
{
    return error == ER_DISK_FULL || error == ER_RECORD_FILE_FULL ||
           error == ER_ERROR_ON_WRITE || error == ER_GET_ERRNO ||
           error == ER_OPTION_PREVENTS_STATEMENT ||
           error == ER_CON_COUNT_ERROR || error == 1047;
}

void conn_fail(struct cx *cx, unsigned error, const char *message,
               const char *sql)
{
    log_warn("db.error", F_INT("error", error), F_TEXT("text", message),
             F_TEXT("sql", sql));
    cx->db->retry = error == ER_LOCK_DEADLOCK || error == ER_CHECKREAD ||
                    error == ER_LOCK_WAIT_TIMEOUT || error == 1047;
    /* Caught by an inner scope, it must not go on bare (T5, T7). */
    cx->db->broken |= cx->db->retry && cx->db->tx_depth > 0;
    if (error == CR_OUT_OF_MEMORY) {
        conn_drop(cx->db);
        cx_fail_memory(cx);
    }
    if (conn_is_lost(error)) {
        conn_drop(cx->db);
        cx_fail(cx, ERR_DATABASE, "数据库连接中断，稍后重试。");
    }
    if (cx->db->retry)
        cx_fail(cx, ERR_DATABASE, "系统繁忙，稍后重试。");
    if (error == ER_DUP_ENTRY || error == ER_DUP_ENTRY_WITH_KEY_NAME)
        cx_fail(cx, ERR_CONFLICT, "已有相同的记录。");
    if (is_full(error))
        cx_fail(cx, ERR_DATABASE, "数据库暂时不能写入，稍后重试。");
    if (error == ER_STATEMENT_TIMEOUT)
        cx_fail(cx, ERR_DATABASE, "查询超时，缩小范围后重试。");
    cx_fail(cx, ERR_INTERNAL, "系统内部错误。");
}
