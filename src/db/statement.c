/*
 * Binding and fetching. Parameters go out as integers or texts; results come
 * in through one growing buffer per column.
 */
#include <errmsg.h>
#include <inttypes.h>
#include <mysqld_error.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "db/conn.h"

enum { COLUMN_FIRST = 512, COLUMN_MAX_BYTES = 16 * 1024 * 1024 };

struct db_value db_v_text(const char *s)
{
    return s == NULL ? (struct db_value){ DB_NULL }
                     : (struct db_value){ DB_TEXT, 0, s, strlen(s) };
}

/* ---- parameters --------------------------------------------------------- */

static void bind_value(struct cx *cx, MYSQL_BIND *b, const struct db_value *v)
{
    b->length_value = 0;
    switch (v->kind) {
    case DB_NULL:
        b->buffer_type = MYSQL_TYPE_NULL;
        break;
    case DB_INT:
        b->buffer_type = MYSQL_TYPE_LONGLONG;
        b->buffer = (void *)(uintptr_t)&v->number;
        break;
    case DB_TEXT:
    case DB_BLOB:
        b->buffer_type = v->kind == DB_TEXT ? MYSQL_TYPE_STRING
                                            : MYSQL_TYPE_BLOB;
        b->buffer = (void *)(uintptr_t)v->data;
        b->buffer_length = v->len;
        break;
    case DB_STAMP: {
        char *text = arena_alloc(cx->arena, STAMP_TEXT);

        stamp_text((stamp){ v->number }, text);
        b->buffer_type = MYSQL_TYPE_STRING;
        b->buffer = text;
        b->buffer_length = strlen(text);
        break;
    }
    }
}

static unsigned execute_once(struct cx *cx, MYSQL_STMT *stmt,
                             struct db_binds binds)
{
    MYSQL_BIND *b = NULL;

    if (mysql_stmt_param_count(stmt) != binds.n) {
        log_error("db.binds", F_INT("given", binds.n),
                  F_INT("wanted", mysql_stmt_param_count(stmt)));
        must(!"number of bound values");
    }
    must(binds.n <= PARAMS_MAX);
    if (binds.n > 0) {
        b = arena_array(cx->arena, binds.n, sizeof *b);
        for (size_t i = 0; i < binds.n; i++)
            bind_value(cx, &b[i], &binds.v[i]);
        if (mysql_stmt_bind_param(stmt, b) != 0)
            return conn_stmt_error(stmt);
    }
    return mysql_stmt_execute(stmt) == 0 ? 0 : conn_stmt_error(stmt);
}

/* The statement is stale, not the data: prepare again. */
static bool is_stale(unsigned error)
{
    return error == ER_UNKNOWN_STMT_HANDLER || error == ER_NEED_REPREPARE ||
           error == CR_NEW_STMT_METADATA;
}

/*
 * Runs sql; on failure *error holds the number if the caller wants 1062 for
 * itself. A statement that the server forgot, or a connection found dead
 * outside a transaction before anything ran, is tried once more.
 */
static MYSQL_STMT *run(struct cx *cx, const char *sql, struct db_binds binds,
                       bool *duplicate)
{
    for (int attempt = 0;; attempt++) {
        MYSQL_STMT *stmt = conn_prepare(cx, sql);
        const struct row_use_of *rows = conn_rows_of(cx->db, sql);
        unsigned error;
        char why[MYSQL_ERRMSG_SIZE];

        if (rows != NULL)
            read_check_run(cx->db, rows, &binds, sql);
        error = execute_once(cx, stmt, binds);
        if (error == 0 && rows != NULL)
            read_check_own(cx->db, rows, (int64_t)mysql_stmt_insert_id(stmt));
        if (error == 0)
            return stmt;
        if (duplicate != NULL && error == ER_DUP_ENTRY) {
            *duplicate = true;
            return NULL;
        }
        if (attempt == 0 && is_stale(error)) {
            conn_forget(cx->db, sql);
            continue;
        }
        if (attempt == 0 && error == CR_SERVER_GONE_ERROR &&
            cx->db->tx_depth == 0) {
            conn_drop(cx->db); /* died while idle: nothing was sent */
            continue;
        }
        snprintf(why, sizeof why, "%s", mysql_stmt_error(stmt));
        if (is_stale(error))
            conn_forget(cx->db, sql);
        conn_fail(cx, error, why, sql);
    }
}

int64_t db_exec(struct cx *cx, const char *sql, struct db_binds binds)
{
    MYSQL_STMT *stmt = run(cx, sql, binds, NULL);

    return (int64_t)mysql_stmt_affected_rows(stmt);
}

int64_t db_insert(struct cx *cx, const char *sql, struct db_binds binds)
{
    MYSQL_STMT *stmt = run(cx, sql, binds, NULL);

    return (int64_t)mysql_stmt_insert_id(stmt);
}

bool db_insert_new(struct cx *cx, const char *sql, struct db_binds binds)
{
    bool duplicate = false;

    run(cx, sql, binds, &duplicate);
    return !duplicate;
}

int64_t db_insert_new_id(struct cx *cx, const char *sql,
                         struct db_binds binds)
{
    bool duplicate = false;
    MYSQL_STMT *stmt = run(cx, sql, binds, &duplicate);

    return duplicate ? 0 : (int64_t)mysql_stmt_insert_id(stmt);
}

bool db_change_one(struct cx *cx, const char *sql, struct db_binds binds)
{
    int64_t n = db_exec(cx, sql, binds);

    must(n == 0 || n == 1);
    return n == 1;
}

void db_check(struct cx *cx, const char *sql)
{
    conn_prepare(cx, sql);
    conn_forget(cx->db, sql);
}

/* ---- results ------------------------------------------------------------ */

/* An open result: one text buffer per column. */
struct result {
    struct db *db;
    const struct row_use_of *rows; /* T2, or NULL */
    uint64_t generation; /* of the connection that stmt belongs to */
    MYSQL_STMT *stmt;
    size_t columns;
    MYSQL_BIND bind[COLUMNS_MAX];
    unsigned long len[COLUMNS_MAX];
    my_bool null[COLUMNS_MAX];
    my_bool cut[COLUMNS_MAX];
    char *buffer[COLUMNS_MAX];
    size_t size[COLUMNS_MAX];
    bool grown; /* a buffer moved: to be bound before the next row */
};

static void result_close(void *p)
{
    struct result *r = p;

    if (r->generation == r->db->generation)
        mysql_stmt_free_result(r->stmt);
    for (size_t i = 0; i < r->columns; i++)
        free(r->buffer[i]);
}

static void result_buffer(struct cx *cx, struct result *r, size_t i,
                          size_t size)
{
    char *larger = realloc(r->buffer[i], size + 1);

    if (larger == NULL)
        cx_fail_memory(cx);
    r->buffer[i] = larger;
    r->size[i] = size;
    r->bind[i].buffer = r->buffer[i];
    r->bind[i].buffer_length = size;
}

/* Runs sql; with store the whole result is fetched to the client first. */
static struct result *result_open(struct cx *cx, const char *sql,
                                  struct db_binds binds, bool store)
{
    struct result *r = CX_NEW(cx, struct result);

    r->stmt = run(cx, sql, binds, NULL);
    r->db = cx->db;
    r->rows = conn_rows_of(cx->db, sql);
    r->generation = cx->db->generation;
    r->columns = mysql_stmt_field_count(r->stmt);
    must(r->columns > 0 && r->columns <= COLUMNS_MAX);
    cx_own(cx, r, result_close);
    for (size_t i = 0; i < r->columns; i++) {
        r->bind[i].buffer_type = MYSQL_TYPE_STRING;
        r->bind[i].length = &r->len[i];
        r->bind[i].is_null = &r->null[i];
        r->bind[i].error = &r->cut[i];
        result_buffer(cx, r, i, COLUMN_FIRST);
    }
    if (mysql_stmt_bind_result(r->stmt, r->bind) != 0 ||
        (store && mysql_stmt_store_result(r->stmt) != 0))
        conn_fail(cx, conn_stmt_error(r->stmt), mysql_stmt_error(r->stmt),
                  sql);
    return r;
}

static void result_done(struct cx *cx, struct result *r)
{
    cx_disown(cx, r);
    result_close(r);
}

/*
 * Fetches again the columns that did not fit. The larger buffers are bound
 * later: binding sets the lengths of this row to zero in some versions of the
 * client library (10.11.18).
 */
static void fetch_long(struct cx *cx, struct result *r)
{
    for (size_t i = 0; i < r->columns; i++) {
        if (r->null[i] || r->len[i] <= r->size[i])
            continue;
        must(r->len[i] <= COLUMN_MAX_BYTES);
        result_buffer(cx, r, i, r->len[i]);
        if (mysql_stmt_fetch_column(r->stmt, &r->bind[i], (unsigned)i, 0))
            conn_fail(cx, conn_stmt_error(r->stmt),
                      mysql_stmt_error(r->stmt), "fetch");
        r->grown = true;
    }
}

static bool result_next(struct cx *cx, struct result *r)
{
    int rc;

    if (r->grown)
        must(mysql_stmt_bind_result(r->stmt, r->bind) == 0);
    r->grown = false;
    rc = mysql_stmt_fetch(r->stmt);
    if (rc == MYSQL_NO_DATA)
        return false;
    if (rc == 1)
        conn_fail(cx, conn_stmt_error(r->stmt), mysql_stmt_error(r->stmt),
                  "fetch");
    if (rc == MYSQL_DATA_TRUNCATED)
        fetch_long(cx, r);
    for (size_t i = 0; i < r->columns; i++)
        if (!r->null[i])
            r->buffer[i][r->len[i]] = '\0';
    if (r->rows != NULL)
        read_check_row(r->db, r->rows, r->null[0] ? NULL : r->buffer[0]);
    return true;
}

/* ---- typed rows --------------------------------------------------------- */

static int64_t read_int(const char *text)
{
    return strtoll(text, NULL, 10);
}

static void fill_text(struct cx *cx, const struct db_field *f, char *at,
                      const struct result *r, size_t i)
{
    if (f->kind == DB_F_CHARS) {
        must(r->null[i] || r->len[i] < f->size);
        memcpy(at, r->null[i] ? "" : r->buffer[i],
               r->null[i] ? 1 : r->len[i] + 1);
    } else if (f->kind == DB_F_TEXT) {
        const char *s = r->null[i] ? NULL
                                   : arena_strndup(cx->arena, r->buffer[i],
                                                   r->len[i]);
        memcpy(at, &s, sizeof s);
    } else {
        struct bytes b = { NULL, 0 };

        if (!r->null[i])
            b = (struct bytes){ arena_memdup(cx->arena, r->buffer[i],
                                             r->len[i]), r->len[i] };
        memcpy(at, &b, sizeof b);
    }
}

static void fill_field(struct cx *cx, const struct db_field *f, char *row,
                       const struct result *r, size_t i)
{
    char *at = row + f->offset;
    int64_t n = 0;

    if (f->kind == DB_F_TEXT || f->kind == DB_F_CHARS ||
        f->kind == DB_F_BYTES) {
        fill_text(cx, f, at, r, i);
        return;
    }
    if (f->kind == DB_F_STAMP) {
        stamp t = { 0 };

        must(r->null[i] || stamp_parse(r->buffer[i], &t));
        memcpy(at, &t, sizeof t);
        return;
    }
    if (!r->null[i])
        n = read_int(r->buffer[i]);
    switch (f->kind) {
    case DB_F_BOOL:
        memcpy(at, &(bool){ n != 0 }, sizeof(bool));
        break;
    case DB_F_U8:
        memcpy(at, &(uint8_t){ (uint8_t)n }, sizeof(uint8_t));
        break;
    case DB_F_U16:
        memcpy(at, &(uint16_t){ (uint16_t)n }, sizeof(uint16_t));
        break;
    case DB_F_INT:
        must(n >= INT32_MIN && n <= INT32_MAX);
        memcpy(at, &(int){ (int)n }, sizeof(int));
        break;
    default: /* I64 and money have one representation */
        memcpy(at, &n, sizeof n);
        break;
    }
}

static void fill_row(struct cx *cx, struct db_row_shape shape, void *row,
                     const struct result *r)
{
    must(shape.count == r->columns);
    for (size_t i = 0; i < shape.count; i++)
        fill_field(cx, &shape.fields[i], row, r, i);
}

void *db_row(struct cx *cx, const char *sql, struct db_binds binds,
             struct db_row_shape shape)
{
    struct result *r = result_open(cx, sql, binds, true);
    void *row = NULL;

    if (result_next(cx, r)) {
        row = arena_alloc(cx->arena, shape.size);
        fill_row(cx, shape, row, r);
    }
    result_done(cx, r);
    return row;
}

void *db_rows(struct cx *cx, const char *sql, struct db_binds binds,
              struct db_row_shape shape, size_t *count)
{
    struct result *r = result_open(cx, sql, binds, true);
    size_t n = mysql_stmt_num_rows(r->stmt);
    char *rows;

    if (n > DB_ROWS_MAX)
        cx_fail(cx, ERR_TOO_LARGE, "结果过多，缩小范围后重试。");
    rows = arena_array(cx->arena, n + 1, shape.size);
    for (size_t i = 0; i < n && result_next(cx, r); i++)
        fill_row(cx, shape, rows + i * shape.size, r);
    result_done(cx, r);
    *count = n;
    return rows;
}

int64_t *db_ids(struct cx *cx, const char *sql, struct db_binds binds,
                size_t *count)
{
    static const struct db_field id = { "id", DB_F_I64, 0, sizeof(int64_t) };

    return db_rows(cx, sql, binds,
                   (struct db_row_shape){ &id, 1, sizeof(int64_t) }, count);
}

void db_each(struct cx *cx, const char *sql, struct db_binds binds,
             struct db_row_shape shape,
             bool (*each)(struct cx *cx, void *row, void *arg), void *arg)
{
    struct result *r = result_open(cx, sql, binds, false);
    void *row = arena_alloc(cx->arena, shape.size);

    while (result_next(cx, r)) {
        fill_row(cx, shape, row, r);
        if (!each(cx, row, arg))
            break;
    }
    result_done(cx, r);
}

int64_t db_int(struct cx *cx, const char *sql, struct db_binds binds)
{
    const char *text = db_text(cx, sql, binds);

    return text == NULL ? 0 : read_int(text);
}

const char *db_text(struct cx *cx, const char *sql, struct db_binds binds)
{
    struct result *r = result_open(cx, sql, binds, true);
    const char *text = NULL;

    if (result_next(cx, r) && !r->null[0])
        text = arena_strndup(cx->arena, r->buffer[0], r->len[0]);
    result_done(cx, r);
    return text;
}

/* ---- rows of any shape -------------------------------------------------- */

struct db_table db_table(struct cx *cx, const char *sql,
                         struct db_binds binds)
{
    struct result *r = result_open(cx, sql, binds, true);
    size_t n = mysql_stmt_num_rows(r->stmt), columns = r->columns;
    const char **cells;

    if (n > DB_ROWS_MAX)
        cx_fail(cx, ERR_TOO_LARGE, "结果过多，缩小范围后重试。");
    cells = arena_array(cx->arena, n * columns + 1, sizeof *cells);
    for (size_t i = 0; i < n && result_next(cx, r); i++)
        for (size_t k = 0; k < columns; k++)
            cells[i * columns + k] =
                r->null[k] ? NULL
                           : arena_strndup(cx->arena, r->buffer[k],
                                           r->len[k]);
    result_done(cx, r);
    return (struct db_table){ columns, n, cells };
}

void db_table_each(struct cx *cx, const char *sql, struct db_binds binds,
                   bool (*each)(struct cx *cx, const char *const *cells,
                                size_t columns, void *arg),
                   void *arg)
{
    struct result *r = result_open(cx, sql, binds, false);
    const char *cells[COLUMNS_MAX];

    while (result_next(cx, r)) {
        for (size_t k = 0; k < r->columns; k++)
            cells[k] = r->null[k] ? NULL : r->buffer[k];
        if (!each(cx, cells, r->columns, arg))
            break;
    }
    result_done(cx, r);
}

/* ---- many rows at once -------------------------------------------------- */

struct column_block {
    int64_t *numbers;
    char **texts;
    unsigned long *lengths;
    char *indicators;
};

/* One column of all rows, as the client library wants it. */
static void bind_column(struct cx *cx, MYSQL_BIND *b,
                        const struct db_value *v, size_t rows,
                        size_t columns, size_t k)
{
    struct column_block c = {
        arena_array(cx->arena, rows, sizeof *c.numbers),
        arena_array(cx->arena, rows, sizeof *c.texts),
        arena_array(cx->arena, rows, sizeof *c.lengths),
        arena_array(cx->arena, rows, 1)
    };
    enum db_kind kind = DB_NULL;

    for (size_t i = 0; i < rows; i++) {
        const struct db_value *x = &v[i * columns + k];

        if (x->kind == DB_NULL) {
            c.indicators[i] = STMT_INDICATOR_NULL;
            continue;
        }
        must(kind == DB_NULL || kind == x->kind);
        kind = x->kind;
        c.numbers[i] = x->number;
        c.texts[i] = (char *)(uintptr_t)x->data;
        c.lengths[i] = x->len;
        if (kind == DB_STAMP) {
            c.texts[i] = arena_alloc(cx->arena, STAMP_TEXT);
            stamp_text((stamp){ x->number }, c.texts[i]);
            c.lengths[i] = strlen(c.texts[i]);
        }
    }
    b->u.indicator = c.indicators;
    if (kind == DB_INT || kind == DB_NULL) {
        b->buffer_type = MYSQL_TYPE_LONGLONG;
        b->buffer = c.numbers;
    } else {
        b->buffer_type = kind == DB_BLOB ? MYSQL_TYPE_BLOB
                                         : MYSQL_TYPE_STRING;
        b->buffer = c.texts;
        b->length = c.lengths;
    }
}

int64_t db_insert_rows(struct cx *cx, const char *sql,
                       const struct db_value *values, size_t rows,
                       size_t columns)
{
    MYSQL_STMT *stmt = conn_prepare(cx, sql);
    unsigned size = (unsigned)rows, none = 0;
    MYSQL_BIND *b;
    int64_t affected;
    unsigned error;

    must(rows > 0 && rows <= 1000);
    must(mysql_stmt_param_count(stmt) == columns);
    b = arena_array(cx->arena, columns, sizeof *b);
    for (size_t k = 0; k < columns; k++)
        bind_column(cx, &b[k], values, rows, columns, k);
    mysql_stmt_attr_set(stmt, STMT_ATTR_ARRAY_SIZE, &size);
    error = mysql_stmt_bind_param(stmt, b) || mysql_stmt_execute(stmt)
                ? conn_stmt_error(stmt)
                : 0;
    affected = (int64_t)mysql_stmt_affected_rows(stmt);
    if (error != 0) {
        char why[MYSQL_ERRMSG_SIZE];

        snprintf(why, sizeof why, "%s", mysql_stmt_error(stmt));
        conn_forget(cx->db, sql);
        conn_fail(cx, error, why, sql);
    }
    mysql_stmt_attr_set(stmt, STMT_ATTR_ARRAY_SIZE, &none);
    return affected;
}

stamp db_now(struct cx *cx)
{
    static const char sql[] = "SELECT NOW(3)";
    stamp t;

    must(stamp_parse(db_text(cx, sql, BIND()), &t));
    return t;
}

const char *db_contains(struct cx *cx, const char *text)
{
    char *out = arena_alloc(cx->arena, 2 * strlen(text) + 3), *p = out;

    *p++ = '%';
    for (; *text != '\0'; text++) {
        if (strchr("%_\\", *text) != NULL)
            *p++ = '\\';
        *p++ = *text;
    }
    *p++ = '%';
    *p = '\0';
    return out;
}
