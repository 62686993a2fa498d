/*
 * The database: one connection per process or thread, prepared statements
 * cached on it, typed binding and fetching, transactions that retry.
 *
 *   static const char sql[] = "SELECT id, no FROM pile WHERE no = ?";
 *   struct pile *p = db_row(cx, sql, BIND(V(no)), ROW(struct pile, pile_row));
 *
 * SQL is always a string constant of the subject's file (rule I2); only the
 * list builder joins pieces, all of them descriptor constants. Every function
 * fails through cx_fail: ERR_DATABASE when the server is gone or full,
 * ERR_CONFLICT on a duplicate key, ERR_INTERNAL on our own mistakes.
 *
 * MariaDB specifics (measured in the stack notes): no auto-reconnect (T7);
 * READ COMMITTED, snapshot isolation on, strict mode and +08:00 are set and
 * read back at connect (T1); 1205 leaves the transaction open, so every retry
 * starts with ROLLBACK (T5); COMMIT may fail or be unknown (T6).
 */
#ifndef DB_DB_H
#define DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/macros.h"
#include "base/money.h"
#include "base/stamp.h"

struct db;

struct db_login {
    const char *socket; /* or "" for host and port */
    const char *host;
    int port;
    const char *user, *password, *name;
    int statement_limit_s; /* max_statement_time: 10 web, 300 jobs (T4) */
    bool is_strict; /* only a server with the settings of T1 and T8 */
};

/* The login that the settings describe. */
struct db_login db_login_of(const struct config *c, int statement_limit_s);

/*
 * For the start of a program. In production false, after saying on stderr
 * and in the log which settings of the server are not those of T1 and T8; a
 * demo only warns. True also if the server does not answer: it is looked at
 * again at every connect.
 */
bool db_server_is_fit(const struct config *c);

/*
 * A handle; it connects on first use, and after a lost connection again. NULL
 * only if there is no memory.
 */
struct db *db_open(const struct db_login *login);
void db_close(struct db *db);

/* True if the server answers. Connects if needed. For health checks. */
bool db_ping(struct db *db);

/*
 * Called between units of work: pings a connection idle for over 30 s, and
 * aborts the process if a transaction was left open (T7).
 */
void db_between(struct db *db);

/* ---- values ---------------------------------------------------------- */

enum db_kind { DB_NULL, DB_INT, DB_TEXT, DB_BLOB, DB_STAMP };

struct db_value {
    enum db_kind kind;
    int64_t number;   /* INT; STAMP in ms (0 is NULL) */
    const void *data; /* TEXT, BLOB; NULL text is NULL */
    size_t len;
};

struct bytes {
    const void *data;
    size_t len;
};

static inline struct db_value db_v_int(int64_t v)
{
    return (struct db_value){ DB_INT, v, NULL, 0 };
}
struct db_value db_v_text(const char *s);
static inline struct db_value db_v_money(money m)
{
    return (struct db_value){ DB_INT, m.fen, NULL, 0 };
}
static inline struct db_value db_v_stamp(stamp t)
{
    return (struct db_value){ t.ms == 0 ? DB_NULL : DB_STAMP, t.ms, NULL, 0 };
}
static inline struct db_value db_v_bytes(struct bytes b)
{
    return (struct db_value){ b.data ? DB_BLOB : DB_NULL, 0, b.data, b.len };
}

/* A bound value; a double does not compile. */
#define V(x)                                                                  \
    _Generic((x),                                                             \
        bool: db_v_int, int: db_v_int, unsigned: db_v_int, long: db_v_int,    \
        long long: db_v_int, uint8_t: db_v_int, uint16_t: db_v_int,           \
        char *: db_v_text, const char *: db_v_text,                           \
        money: db_v_money, stamp: db_v_stamp, struct bytes: db_v_bytes)(x)

/* NULL for 0, for references that may be absent. */
#define V_ID(x) db_v_id(x)
static inline struct db_value db_v_id(int64_t id)
{
    return (struct db_value){ id == 0 ? DB_NULL : DB_INT, id, NULL, 0 };
}

struct db_binds {
    const struct db_value *v;
    size_t n;
};

/* "%text%" with the wildcards of the text escaped, for LIKE. */
const char *db_contains(struct cx *cx, const char *text);

/* BIND() binds nothing. */
#define BIND(...)                                                             \
    ((struct db_binds){ (const struct db_value[]){ __VA_ARGS__ __VA_OPT__(,)  \
                                                   { DB_NULL } },            \
                        sizeof((struct db_value[]){ __VA_ARGS__ __VA_OPT__(,) \
                                                    { DB_NULL } }) /          \
                                sizeof(struct db_value) - 1 })

/* ---- rows ------------------------------------------------------------ */

enum db_field_kind {
    DB_F_BOOL, DB_F_U8, DB_F_U16, DB_F_INT, DB_F_I64, DB_F_TEXT, DB_F_CHARS,
    DB_F_MONEY, DB_F_STAMP, DB_F_BYTES
};

struct db_field {
    const char *name;
    enum db_field_kind kind;
    size_t offset;
    size_t size;
};

/*
 * A column that lands in a struct member, in the order of the SELECT list.
 * int, int64_t and bool read integers (NULL is 0); const char * reads text
 * into the arena (NULL stays NULL); char[n] reads text that must fit; money,
 * stamp and struct bytes read what they say.
 */
#define DB_FIELD(type, member)                                                \
    { #member,                                                                \
      _Generic(((type *)0)->member,                                           \
          bool: DB_F_BOOL, uint8_t: DB_F_U8, uint16_t: DB_F_U16,              \
          int: DB_F_INT, int64_t: DB_F_I64,                                   \
          const char *: DB_F_TEXT, char *: DB_F_CHARS, money: DB_F_MONEY,     \
          stamp: DB_F_STAMP, struct bytes: DB_F_BYTES),                       \
      offsetof(type, member), sizeof(((type *)0)->member) }

struct db_row_shape {
    const struct db_field *fields;
    size_t count;
    size_t size; /* of the struct */
};

#define ROW(type, fields) \
    ((struct db_row_shape){ (fields), COUNT(fields), sizeof(type) })

/* ---- statements ------------------------------------------------------ */

/* Runs a change; the number of rows its condition matched. */
int64_t db_exec(struct cx *cx, const char *sql, struct db_binds binds);

/* Runs an INSERT; the new AUTO_INCREMENT id. */
int64_t db_insert(struct cx *cx, const char *sql, struct db_binds binds);

/*
 * INSERT that may meet an existing key: false if it does (error 1062),
 * true if the row is new. In a transaction it waits for another
 * transaction that is inserting the same key.
 */
bool db_insert_new(struct cx *cx, const char *sql, struct db_binds binds);

/* The same; the new AUTO_INCREMENT id, or 0 if the key is there. */
int64_t db_insert_new_id(struct cx *cx, const char *sql,
                         struct db_binds binds);

/* A guarded UPDATE: true if exactly one row changed, false if none; more
   than one is our mistake. */
bool db_change_one(struct cx *cx, const char *sql, struct db_binds binds);

/* The first row in arena memory, or NULL if there is none. */
void *db_row(struct cx *cx, const char *sql, struct db_binds binds,
             struct db_row_shape shape);

/* All rows as an array in the arena; *count is set. At most DB_ROWS_MAX:
   beyond that it fails, and the caller should page or use db_each. */
enum { DB_ROWS_MAX = 20000 };
void *db_rows(struct cx *cx, const char *sql, struct db_binds binds,
              struct db_row_shape shape, size_t *count);

/* The same, of rows that are an id each. */
int64_t *db_ids(struct cx *cx, const char *sql, struct db_binds binds,
                size_t *count);

/*
 * Row by row without keeping them: for exports and roll-ups. row is reused;
 * its texts live until the next row. each returns false to stop early. The
 * result is streamed, so each must not use the same connection.
 */
void db_each(struct cx *cx, const char *sql, struct db_binds binds,
             struct db_row_shape shape,
             bool (*each)(struct cx *cx, void *row, void *arg), void *arg);

/* The first column of the first row; 0 or NULL if none or NULL. */
int64_t db_int(struct cx *cx, const char *sql, struct db_binds binds);
const char *db_text(struct cx *cx, const char *sql, struct db_binds binds);

/*
 * Rows of any shape, for the list engine: every value as text in the arena
 * (NULL stays NULL), stamps as "YYYY-MM-DD hh:mm:ss.fff".
 */
struct db_table {
    size_t columns;
    size_t rows;
    const char *const *cells; /* rows x columns */
};
struct db_table db_table(struct cx *cx, const char *sql,
                         struct db_binds binds);

/* As db_table, but streamed one row at a time (exports). */
void db_table_each(struct cx *cx, const char *sql, struct db_binds binds,
                   bool (*each)(struct cx *cx, const char *const *cells,
                                size_t columns, void *arg),
                   void *arg);

/* Prepares and forgets: fails as the statement would. For the page test. */
void db_check(struct cx *cx, const char *sql);

/* ---- many rows at once (telemetry, demo data) ------------------------- */

/*
 * Runs a statement for each row of values, in one trip, by array binding: an
 * INSERT, an UPDATE. values holds rows x columns; columns must equal the
 * statement's parameters. At most 1000 rows a call. Returns affected rows.
 */
int64_t db_insert_rows(struct cx *cx, const char *sql,
                       const struct db_value *values, size_t rows,
                       size_t columns);

/* ---- transactions ----------------------------------------------------- */

/*
 * Runs work in a READ COMMITTED transaction and commits. The whole of work
 * is repeated from its first read, up to 5 times, on 1213, 1020, 1205 and
 * 1047 (T5): it must have no effect outside the database. Inside another
 * db_tx it simply runs. A failure of work rolls back and fails on.
 * ERR_DATABASE with db_outcome_unknown(cx) true means that the connection
 * broke in COMMIT: look the idempotency key up (T6).
 */
void db_tx(struct cx *cx, void (*work)(struct cx *, void *), void *arg);

bool db_in_tx(const struct db *db);
bool db_outcome_unknown(const struct cx *cx);

/* Fails unless a transaction is open: for functions that must not run bare. */
void db_need_tx(struct cx *cx);

/*
 * Runs act once the open transaction has committed, or at once if there is
 * none; never if it rolls back. For what is not the database's and may be
 * lost: a wake-up datagram. act must not fail and must not use the database;
 * arg lives in the arena.
 */
void db_on_commit(struct cx *cx, void (*act)(void *arg), void *arg);

/* Is anything waiting for the commit? Then the arena must be kept. */
bool db_acts_wait(const struct db *db);

/* A consistent read-only snapshot for reports (REPEATABLE READ, T1). */
void db_report(struct cx *cx, void (*work)(struct cx *, void *), void *arg);

/* Now, by the database's clock; leases use it (T9). */
stamp db_now(struct cx *cx);

#endif
