#include "db/read_check.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/macros.h"
#include "db/conn.h"

enum { ROWS_MAX = 4096 };

struct seen {
    uint64_t table;
    int64_t id;
    bool locked;
};

/* Rows of the open transaction; beyond the last no more are noted. */
struct read_check {
    struct seen v[ROWS_MAX];
    size_t n;
};

/* Changes that need no lock of their own row, and why not. */
static const struct {
    const char *text, *why;
} allowed[] = {
    { "UPDATE tariff SET ", "whoever changes it has locked its station" },
    { "UPDATE pile SET no = ", "the form's version is locked and compared" },
    { "UPDATE pile SET deleted_at = ", "a state set whatever it was" },
    { "UPDATE area SET name = ", "fields of a form: the last one wins" },
    { "UPDATE account SET password = NULL", "a state set whatever it was" },
    { "DELETE FROM role WHERE id = ?", "a foreign key keeps one in use" },
};

/* ---- the text ---------------------------------------------------------- */

static bool begins(const char *s, const char *word)
{
    return strncmp(s, word, strlen(word)) == 0;
}

static size_t name_len(const char *s)
{
    return strspn(s, "abcdefghijklmnopqrstuvwxyz_0123456789");
}

static uint64_t hash_of(const char *s, size_t n)
{
    uint64_t h = UINT64_C(14695981039346656037); /* FNV-1a */

    for (size_t i = 0; i < n; i++)
        h = (h ^ (unsigned char)s[i]) * UINT64_C(1099511628211);
    return h;
}

/* The id of the first table: "id" or "alias.id", with what follows it. */
static bool is_id(const char *at, const char *alias, size_t n,
                  const char *tail)
{
    if (n > 0 && strncmp(at, alias, n) == 0 && at[n] == '.')
        at += n + 1;
    return begins(at, "id") && begins(at + 2, tail);
}

static int param_of_id(const char *sql, const char *alias, size_t n)
{
    const char *where = strstr(sql, " WHERE ");
    int params = 0;

    for (const char *p = sql; where != NULL && *p != '\0'; p++) {
        params += *p == '?';
        if (p >= where && (begins(p, " WHERE ") || begins(p, " AND ")) &&
            is_id(strchr(p + 1, ' ') + 1, alias, n, " = ?"))
            return params;
    }
    return -1;
}

static bool is_allowed(const char *sql)
{
    for (size_t i = 0; i < COUNT(allowed); i++)
        if (begins(sql, allowed[i].text))
            return true;
    return false;
}

struct row_use_of read_check_parse(const char *sql)
{
    struct row_use_of u = { .key_param = -1 };
    bool reads = begins(sql, "SELECT"), updates = begins(sql, "UPDATE");
    bool inserts = begins(sql, "INSERT");
    const char *table, *alias;
    size_t n;

    const char *before = inserts ? "INTO " : updates ? "UPDATE " : "FROM ";

    if (!reads && !updates && !inserts && !begins(sql, "DELETE"))
        return u;
    table = strstr(sql, before);
    if (table == NULL)
        return u;
    table += strlen(before);
    n = name_len(table);
    u.table = hash_of(table, n);
    alias = table + n + (table[n] == ' ');
    n = name_len(alias);
    if (inserts) {
        u.use = ROW_LOCK; /* nobody else knows it yet */
        return u;
    }
    u.key_param = param_of_id(sql, alias, n);
    if (!reads) {
        const char *where = strstr(sql, " WHERE ");

        u.use = ROW_CHANGE;
        u.guarded = (where != NULL && strstr(where, " AND ") != NULL) ||
                    is_allowed(sql);
        return u;
    }
    u.key_first = is_id(sql + strlen("SELECT "), alias, n, ",") ||
                  is_id(sql + strlen("SELECT "), alias, n, " ");
    u.use = strstr(sql, "FOR UPDATE") != NULL ||
            strstr(sql, "LOCK IN SHARE MODE") != NULL ? ROW_LOCK : ROW_READ;
    return u;
}

/* ---- the rows ---------------------------------------------------------- */

void db_check_reads(struct db *db)
{
    if (db->reads == NULL)
        db->reads = calloc(1, sizeof *db->reads);
    must(db->reads != NULL);
}

void read_check_forget(struct db *db)
{
    if (db->reads != NULL)
        db->reads->n = 0;
}

static struct seen *seen_of(struct read_check *c, uint64_t table, int64_t id)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->v[i].table == table && c->v[i].id == id)
            return &c->v[i];
    return NULL;
}

static void note(struct read_check *c, const struct row_use_of *u, int64_t id)
{
    struct seen *s = seen_of(c, u->table, id);

    if (s == NULL && c->n < ROWS_MAX) {
        s = &c->v[c->n++];
        *s = (struct seen){ .table = u->table, .id = id };
    }
    if (s != NULL && u->use != ROW_READ)
        s->locked = true;
}

void read_check_run(struct db *db, const struct row_use_of *use,
                    const struct db_binds *binds, const char *sql)
{
    const struct db_value *key;
    const struct seen *s;

    if (db->tx_depth == 0 || use->use == ROW_NONE || use->key_param < 0 ||
        (size_t)use->key_param >= binds->n)
        return;
    key = &binds->v[use->key_param];
    if (key->kind != DB_INT)
        return;
    s = seen_of(db->reads, use->table, key->number);
    if (use->use == ROW_CHANGE && !use->guarded && s != NULL && !s->locked) {
        log_error("db.unlocked_read", F_TEXT("sql", sql),
                  F_INT("id", key->number));
        must(!"a row is changed that was read without a lock (T2)");
    }
    note(db->reads, use, key->number);
}

void read_check_row(struct db *db, const struct row_use_of *use,
                    const char *first)
{
    if (db->tx_depth > 0 && use->key_first && first != NULL)
        note(db->reads, use, strtoll(first, NULL, 10));
}

void read_check_own(struct db *db, const struct row_use_of *use, int64_t id)
{
    if (db->tx_depth > 0 && use->use == ROW_LOCK && id > 0)
        note(db->reads, use, id);
}
