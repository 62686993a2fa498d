#include "db/migrate.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/crypto.h"
#include "db/conn.h"
#include "db/db.h"

enum { FILE_MAX_BYTES = 4 * 1024 * 1024, FILES_MAX = 1000 };

struct file {
    const char *name;
    const char *text;
    char hash[2 * SHA256_SIZE + 1];
};

struct applied {
    const char *hash;
    int statements; /* reached */
    bool done;
};

static void close_file(void *p)
{
    fclose(p);
}

static void close_dir(void *p)
{
    closedir(p);
}

static const char *read_whole(struct cx *cx, const char *path)
{
    FILE *f = fopen(path, "re");
    struct stat st;
    char *text;
    size_t size;

    if (f == NULL)
        cx_fail(cx, ERR_INTERNAL, "%s: %s", path, strerror(errno));
    cx_own(cx, f, close_file);
    if (fstat(fileno(f), &st) != 0 || st.st_size > FILE_MAX_BYTES)
        cx_fail(cx, ERR_INTERNAL, "%s: too large", path);
    size = (size_t)st.st_size;
    text = arena_alloc(cx->arena, size + 1);
    if (fread(text, 1, size, f) != size)
        cx_fail(cx, ERR_INTERNAL, "%s: could not be read", path);
    text[size] = '\0';
    return text;
}

static int by_name(const void *a, const void *b)
{
    const struct file *x = a, *y = b;

    return strcmp(x->name, y->name);
}

/* "NNNN_what.sql", nothing else. */
static bool is_migration(const char *name)
{
    size_t n = strlen(name);

    return n > 9 && strspn(name, "0123456789") == 4 && name[4] == '_' &&
           strcmp(name + n - 4, ".sql") == 0;
}

static struct file *list_files(struct cx *cx, const char *dir, size_t *count)
{
    struct file *files = arena_array(cx->arena, FILES_MAX, sizeof *files);
    DIR *d = opendir(dir);
    struct dirent *e;

    *count = 0;
    if (d == NULL)
        cx_fail(cx, ERR_INTERNAL, "%s: %s", dir, strerror(errno));
    cx_own(cx, d, close_dir);
    while ((e = readdir(d)) != NULL && *count < FILES_MAX)
        if (is_migration(e->d_name))
            files[(*count)++].name = cx_strdup(cx, e->d_name);
    qsort(files, *count, sizeof *files, by_name);
    return files;
}

static void load_file(struct cx *cx, const char *dir, struct file *f)
{
    uint8_t hash[SHA256_SIZE];

    f->text = read_whole(cx, cx_printf(cx, "%s/%s", dir, f->name));
    sha256(f->text, strlen(f->text), hash);
    hex_encode(hash, sizeof hash, f->hash);
}

static void need_table(struct cx *cx)
{
    static const char sql[] =
        "CREATE TABLE IF NOT EXISTS migration ("
        " name VARCHAR(100) NOT NULL PRIMARY KEY,"
        " hash CHAR(64) NOT NULL,"
        " statements INT NOT NULL,"
        " done TINYINT NOT NULL,"
        " at DATETIME(3) NOT NULL) ENGINE=InnoDB";

    db_exec(cx, sql, BIND());
}

static const struct applied *find_applied(struct cx *cx, const char *name)
{
    static const struct db_field row[] = {
        DB_FIELD(struct applied, hash),
        DB_FIELD(struct applied, statements),
        DB_FIELD(struct applied, done),
    };
    static const char sql[] =
        "SELECT hash, statements, done FROM migration WHERE name = ?";

    return db_row(cx, sql, BIND(V(name)), ROW(struct applied, row));
}

/*
 * The next statement: up to a ";" at the end of a line; comment lines are
 * left out. NULL at the end of the text.
 */
static const char *next_statement(struct cx *cx, const char **text)
{
    struct buf *b = cx_buf(cx, FILE_MAX_BYTES);
    const char *p = *text, *result = NULL;

    while (*p != '\0' && result == NULL) {
        size_t n = strcspn(p, "\n"), end = n;
        bool comment = strncmp(p + strspn(p, " "), "--", 2) == 0;
        const char *tail = memmem(p, n, " -- ", 4);

        if (tail != NULL)
            end = (size_t)(tail - p);
        while (end > 0 && (p[end - 1] == ' ' || p[end - 1] == '\r'))
            end--;
        if (!comment && end > 0) {
            buf_add(b, p, end);
            buf_putc(b, '\n');
            if (p[end - 1] == ';')
                result = cx_strdup(cx, b->data);
        }
        p += n + (p[n] == '\n');
    }
    if (result == NULL && b->len > 0)
        cx_fail(cx, ERR_INTERNAL, "no ; at the end of the last statement");
    *text = p;
    return result;
}

/* An interrupted statement may have taken effect: what "exists" is done. */
static bool already_there(unsigned error)
{
    return error == 1050 || error == 1060 || error == 1061 || error == 1091;
}

/* For grant_rights. */
static bool is_right(const char *sql)
{
    return strncmp(sql, "GRANT ", 6) == 0 || strncmp(sql, "REVOKE ", 7) == 0;
}

static void run_statement(struct cx *cx, const struct file *f, int no,
                          const char *sql, bool resumed)
{
    static const char note[] =
        "UPDATE migration SET statements = ? WHERE name = ?";
    unsigned error = is_right(sql) ? 0 : conn_command(cx->db, sql);

    if (error != 0 && !(resumed && already_there(error)))
        cx_fail(cx, ERR_INTERNAL, "%s: statement %d: %s", f->name, no,
                mysql_error(cx->db->my));
    db_exec(cx, note, BIND(V(no), V(f->name)));
}

static bool apply(struct cx *cx, const char *dir, struct file *f,
                  void (*progress)(const char *))
{
    static const char begin[] =
        "INSERT INTO migration (name, hash, statements, done, at)"
        " VALUES (?, ?, 0, 0, NOW(3))";
    static const char end[] = "UPDATE migration SET done = 1 WHERE name = ?";
    const struct applied *a = find_applied(cx, f->name);
    const char *text, *sql;
    int no = 0;

    load_file(cx, dir, f);
    if (a != NULL && strcmp(a->hash, f->hash) != 0)
        cx_fail(cx, ERR_INTERNAL, "%s was edited after it was applied",
                f->name);
    if (a != NULL && a->done)
        return false;
    if (progress != NULL)
        progress(f->name);
    if (a == NULL)
        db_exec(cx, begin, BIND(V(f->name), V((const char *)f->hash)));
    for (text = f->text; (sql = next_statement(cx, &text)) != NULL;) {
        no++;
        if (a == NULL || no > a->statements)
            run_statement(cx, f, no, sql, a != NULL && no == a->statements + 1);
    }
    db_exec(cx, end, BIND(V(f->name)));
    return true;
}

#define LOCK_NAME "CONCAT('pilehub.migrate.', MD5(DATABASE()))"

/* One at a time, or two would run the same statement. A connection that ends
   lets go of it. */
static void take_turn(struct cx *cx)
{
    static const char sql[] = "SELECT COALESCE(GET_LOCK(" LOCK_NAME ", ?), 0)";
    enum { TRY_S = 5, TRIES = 120 };

    for (int i = 0; i < TRIES; i++)
        if (db_int(cx, sql, BIND(V(TRY_S))) == 1)
            return;
    cx_fail(cx, ERR_INTERNAL, "another migrate has been running for %d min",
            TRY_S * TRIES / 60);
}

static void end_turn(struct cx *cx)
{
    static const char sql[] = "SELECT RELEASE_LOCK(" LOCK_NAME ")";

    db_int(cx, sql, BIND());
}

int migrate(struct cx *cx, const char *dir, void (*progress)(const char *))
{
    size_t count;
    struct file *files = list_files(cx, dir, &count);
    int ran = 0;

    take_turn(cx);
    need_table(cx);
    for (size_t i = 0; i < count; i++)
        ran += apply(cx, dir, &files[i], progress);
    end_turn(cx);
    return ran;
}

int migrate_pending(struct cx *cx, const char *dir)
{
    size_t count;
    struct file *files = list_files(cx, dir, &count);
    int pending = 0;

    need_table(cx);
    for (size_t i = 0; i < count; i++) {
        const struct applied *a = find_applied(cx, files[i].name);

        pending += a == NULL || !a->done;
    }
    return pending;
}

/* A table that is granted and was dropped later is no mistake: all migrations
   have run. */
static int grant_file(struct cx *cx, const char *dir, struct file *f)
{
    enum { NO_SUCH_TABLE = 1146 };
    const char *text, *sql;
    int ran = 0;

    load_file(cx, dir, f);
    for (text = f->text; (sql = next_statement(cx, &text)) != NULL;) {
        unsigned error = is_right(sql) ? conn_command(cx->db, sql) : 0;

        if (error != 0 && error != NO_SUCH_TABLE)
            cx_fail(cx, ERR_INTERNAL, "%s: %s: %s", f->name, sql,
                    mysql_error(cx->db->my));
        ran += is_right(sql) && error == 0;
    }
    return ran;
}

int grant_rights(struct cx *cx, const char *dir)
{
    struct file first = { .name = "grants.sql" }, *files;
    int missing = migrate_pending(cx, dir), ran;
    size_t count;

    if (missing > 0)
        cx_fail(cx, ERR_INTERNAL, "%d migrations missing", missing);
    ran = grant_file(cx, dir, &first);
    files = list_files(cx, dir, &count);
    for (size_t i = 0; i < count; i++)
        ran += grant_file(cx, dir, &files[i]);
    return ran;
}
