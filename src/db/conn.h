/*
 * Inside of the db layer: the connection, its statement cache, its errors.
 * Only src/db includes this.
 */
#ifndef DB_CONN_H
#define DB_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include <mysql.h>

#include "base/cx.h"
#include "db/db.h"
#include "db/gate.h"
#include "db/lock_order.h"
#include "db/read_check.h"
#include "db/tx_times.h"

enum {
    CACHE_SIZE = 512, /* statements kept per connection, power of two */
    PARAMS_MAX = 2200,
    COLUMNS_MAX = 64
};

struct cached {
    const char *sql; /* own copy */
    uint64_t hash;
    MYSQL_STMT *stmt;
    uint64_t used;   /* tick of the last use, for eviction */
    struct lock_use locks; /* T3 */
    struct row_use_of rows; /* T2; only if reads are checked */
};

/* What runs after the commit; in the arena of its unit of work. */
struct on_commit {
    struct on_commit *next;
    void (*act)(void *arg);
    void *arg;
};

struct db {
    struct db_login login;
    MYSQL *my;          /* NULL: not connected */
    int tx_depth;       /* 0: autocommit */
    bool read_only;
    bool unknown;       /* the last COMMIT's outcome is unknown (T6) */
    bool retry;         /* the last failure may be repeated (T5) */
    bool broken;        /* the open transaction is gone on the server: every
                           statement fails until it is rolled back here */
    unsigned locked;    /* classes that the open transaction has locked */
    struct gate *gate;  /* of the pool, or NULL */
    size_t gate_index;
    struct read_check *reads; /* T2, in tests; or NULL */
    struct tx_times *times; /* of write transactions, or NULL */
    uint64_t generation; /* grows with every lost connection */
    int64_t used_at_ms; /* monotonic */
    int64_t failed_at_ms; /* of the last failed connect; 0: none */
    uint64_t tick;
    struct on_commit *first, **last; /* of the open transaction */
    struct cached cache[CACHE_SIZE];
};

/* Connects if needed; fails with ERR_DATABASE. */
void conn_need(struct cx *cx);

/* Drops the connection and the statement cache. */
void conn_drop(struct db *db);

/* A prepared statement for sql, from the cache or new. */
MYSQL_STMT *conn_prepare(struct cx *cx, const char *sql);

/* What sql, which is prepared, does with rows; NULL if nobody checks. */
const struct row_use_of *conn_rows_of(struct db *db, const char *sql);

/* Forgets a statement that the server no longer knows. */
void conn_forget(struct db *db, const char *sql);

/* Why a call failed; never 0: the library may fail for want of memory without
   saying so, and that is not a success. */
unsigned conn_stmt_error(MYSQL_STMT *stmt);

unsigned conn_error(const struct db *db);

/* Plain text statement ("START TRANSACTION"); 0 or the error number. */
unsigned conn_command(struct db *db, const char *sql);

/* The connection is lost: 2006, 2013, 2055, 1927, 1047... */
bool conn_is_lost(unsigned error);

/* Turns an error number into cx_fail. sql is for the log. */
NORETURN void conn_fail(struct cx *cx, unsigned error, const char *message,
                        const char *sql);

#endif
