/*
 * The settings that the transaction rules need (T1, T4, T8): those of a
 * session are set and read back at connect; those of the server are looked
 * at, and in production a server with others is not used.
 */
#include "db/settings.h"

#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "base/log.h"

struct wanted {
    const char *name;
    const char *value;
};

enum { CHECK_S = 10 };

/* So that a server with other defaults does not weaken them. Not
   binlog_format: setting it takes a right that programs need not have. */
static const char *const session_settings[] = {
    "SET NAMES utf8mb4",
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ZERO_DATE,NO_ZERO_IN_DATE,"
    "NO_AUTO_CREATE_USER'", /* GRANT makes nobody without a password */
    "SET SESSION autocommit = 1",
    "SET SESSION time_zone = '+08:00'",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION innodb_lock_wait_timeout = 5",
    "SET SESSION innodb_snapshot_isolation = ON",
    "SET SESSION idle_write_transaction_timeout = 15",
    /* A list reads as many rows as it shows, by one index, and stops: both of
       these read whole ranges first (measured with 10^6 orders: 756,000 rows
       for a tab of one driver's). */
    "SET SESSION optimizer_switch ="
    " 'index_merge_intersection=off,rowid_filter=off'",
};

/* Booleans read as 0 and 1. The wanted values stand in settings_apply. */
static const char session_sql[] =
    "SELECT @@session.character_set_client,"
    " FIND_IN_SET('STRICT_ALL_TABLES', @@session.sql_mode) > 0,"
    " @@session.autocommit, @@session.time_zone, @@session.tx_isolation,"
    " @@session.innodb_lock_wait_timeout,"
    " @@session.innodb_snapshot_isolation,"
    " @@session.idle_write_transaction_timeout,"
    " FLOOR(@@session.max_statement_time)";

/*
 * Of the server, for every session whoever opens it (T1), and for what
 * survives a crash (T8). Without a binary log, how often it reaches the disk
 * says nothing. Later servers know a doublewrite "fast", which is not safe.
 */
static const char server_sql[] =
    "SELECT @@global.innodb_flush_log_at_trx_commit,"
    " IF(@@global.log_bin, @@global.sync_binlog, 1),"
    " IF(@@global.innodb_doublewrite = 1, 'ON',"
    "    @@global.innodb_doublewrite),"
    " @@global.binlog_format, @@session.binlog_format,"
    " @@global.innodb_snapshot_isolation, @@global.tx_isolation,"
    " @@global.idle_write_transaction_timeout";

static const struct wanted server_wanted[] = {
    { "innodb_flush_log_at_trx_commit", "1" },
    { "sync_binlog", "1" },
    { "innodb_doublewrite", "ON" },
    { "binlog_format", "ROW" },
    { "binlog_format of the session", "ROW" },
    { "innodb_snapshot_isolation", "1" },
    { "tx_isolation", "READ-COMMITTED" },
    { "idle_write_transaction_timeout", "15" },
};

/* Compares a row with n wanted values; why says which differ, or is "". */
static void compare(MYSQL_ROW row, const struct wanted *w, size_t n,
                    char *why, size_t size)
{
    size_t len = 0;

    why[0] = '\0';
    for (size_t i = 0; i < n && len < size; i++) {
        const char *is = row[i] == NULL ? "NULL" : row[i];

        if (strcmp(is, w[i].value) != 0)
            len += (size_t)snprintf(why + len, size - len,
                                    "%s%s is %s, must be %s",
                                    len == 0 ? "" : "; ", w[i].name, is,
                                    w[i].value);
    }
}

/* Is the one row that sql selects w? If not, the reason stands in why. */
static unsigned row_is(struct db *db, const char *sql, const struct wanted *w,
                       size_t n, char *why, size_t size)
{
    unsigned error = conn_command(db, sql);
    MYSQL_RES *res = error == 0 ? mysql_store_result(db->my) : NULL;
    MYSQL_ROW row = res == NULL ? NULL : mysql_fetch_row(res);

    if (row == NULL) { /* such as a variable that an old server lacks */
        error = conn_error(db);
        snprintf(why, size, "cannot be read: %s", mysql_error(db->my));
    } else {
        must(mysql_num_fields(res) == n);
        compare(row, w, n, why, size);
        error = why[0] == '\0' ? 0 : SETTINGS_DIFFER;
    }
    mysql_free_result(res);
    return error;
}

unsigned settings_apply(struct db *db)
{
    unsigned error;
    char limit[24], set[64], why[SETTINGS_WHY];
    const struct wanted wanted[] = {
        { "character_set_client", "utf8mb4" },
        { "strict sql_mode", "1" },
        { "autocommit", "1" },
        { "time_zone", "+08:00" },
        { "tx_isolation", "READ-COMMITTED" },
        { "innodb_lock_wait_timeout", "5" },
        { "innodb_snapshot_isolation", "1" },
        { "idle_write_transaction_timeout", "15" },
        { "max_statement_time", limit },
    };

    for (size_t i = 0; i < COUNT(session_settings); i++) {
        error = conn_command(db, session_settings[i]);
        if (error != 0)
            return error;
    }
    snprintf(limit, sizeof limit, "%d", db->login.statement_limit_s);
    snprintf(set, sizeof set, "SET SESSION max_statement_time = %s", limit);
    error = conn_command(db, set);
    if (error != 0)
        return error;
    error = row_is(db, session_sql, wanted, COUNT(wanted), why, sizeof why);
    if (error != 0)
        log_error("db.session", F_TEXT("why", why));
    return error;
}

unsigned settings_of_server(struct db *db, char why[SETTINGS_WHY])
{
    return row_is(db, server_sql, server_wanted, COUNT(server_wanted), why,
                  SETTINGS_WHY);
}

/*
 * A server that does not answer now is not unfit: programs start without it
 * and serve once it is there (W6); every connect looks again.
 */
bool db_server_is_fit(const struct config *config)
{
    char why[SETTINGS_WHY] = "";
    struct db_login login = db_login_of(config, CHECK_S);
    struct db *db;
    bool fits;

    login.is_strict = false; /* or there would be no connection to ask on */
    db = db_open(&login);
    must(db != NULL);
    fits = !db_ping(db) || settings_of_server(db, why) == 0;
    db_close(db);
    if (fits)
        return true;
    if (config_is_demo(config)) {
        log_warn("db.server_settings", F_TEXT("why", why));
        return true;
    }
    log_error("db.server_settings", F_TEXT("why", why));
    fprintf(stderr, "The database server is not set up for production: %s."
            " See \"The database server\" in docs/architecture.md.\n", why);
    return false;
}
