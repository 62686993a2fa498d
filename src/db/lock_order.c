/*
 * The lock order: lock_order.h. What a statement locks is read off its text,
 * once when it is prepared: an UPDATE or DELETE its table, a locking SELECT
 * the first table it reads from. An INSERT makes a row that nobody else
 * knows, except where a second one with the same key waits for the first.
 */
#include "db/lock_order.h"

#include <string.h>

#include "base/config.h"
#include "base/log.h"
#include "db/conn.h"

static const struct ordered {
    const char *table;
    enum lock_class class;
    bool insert_waits;
} ordered[] = {
    { "idem",            LOCK_REGISTRY, true },
    { "trade_record",    LOCK_REGISTRY },
    { "charge_order",    LOCK_DOCUMENT },
    { "payment",         LOCK_DOCUMENT },
    { "payment_refund",  LOCK_DOCUMENT },
    { "ledger_hold",     LOCK_HOLD },
    { "ledger_hold_end", LOCK_HOLD, true },
    { "ledger_account",  LOCK_ACCOUNT },
};

/* What stands after the first word, or NULL. */
static const char *after(const char *sql, const char *word)
{
    const char *at = strstr(sql, word);

    return at == NULL ? NULL : at + strlen(word);
}

static const struct ordered *find(const char *table)
{
    size_t len;

    if (table == NULL)
        return NULL;
    len = strspn(table, "abcdefghijklmnopqrstuvwxyz_0123456789");
    for (size_t i = 0; i < COUNT(ordered); i++)
        if (strlen(ordered[i].table) == len &&
            strncmp(ordered[i].table, table, len) == 0)
            return &ordered[i];
    return NULL;
}

static bool begins(const char *sql, const char *word)
{
    return strncmp(sql, word, strlen(word)) == 0;
}

struct lock_use lock_use_of(const char *sql)
{
    const struct ordered *o = NULL;
    bool inserts = begins(sql, "INSERT");

    if (inserts)
        o = find(after(sql, "INTO "));
    else if (begins(sql, "UPDATE"))
        o = find(after(sql, "UPDATE "));
    else if (begins(sql, "DELETE") || strstr(sql, "FOR UPDATE") != NULL ||
             strstr(sql, "LOCK IN SHARE MODE") != NULL)
        o = find(after(sql, "FROM "));
    if (o == NULL)
        return (struct lock_use){ LOCK_NONE, false };
    return (struct lock_use){ o->class, !inserts || o->insert_waits };
}

void lock_order_note(struct cx *cx, struct lock_use use, const char *sql)
{
    struct db *db = cx->db;
    unsigned bit = 1U << use.class;

    if (use.class == LOCK_NONE || db->tx_depth == 0 ||
        (db->locked & bit) != 0)
        return;
    if (use.waits && db->locked > bit) {
        log_error("db.lock_order", F_TEXT("sql", sql));
        must(cx->config != NULL && !config_is_demo(cx->config));
    }
    db->locked |= bit;
}
