/*
 * Idempotency keys: idem.h.
 */
#include "db/idem.h"

#include <string.h>

#include "db/db.h"

struct idem_row {
    struct bytes body_hash;
    int status;
    const char *answer;
};

static const struct db_field idem_row[] = {
    DB_FIELD(struct idem_row, body_hash),
    DB_FIELD(struct idem_row, status),
    DB_FIELD(struct idem_row, answer),
};

static struct bytes hash_of(const struct idem *idem)
{
    return (struct bytes){ idem->hash, sizeof idem->hash };
}

static const struct idem_answer *find(struct cx *cx, const struct idem *idem,
                                      const char *sql)
{
    const struct idem_row *row = db_row(cx, sql,
                                        BIND(V(idem->scope), V(idem->key)),
                                        ROW(struct idem_row, idem_row));
    struct idem_answer *answer;

    if (row == NULL)
        return NULL;
    if (row->body_hash.len != sizeof idem->hash ||
        memcmp(row->body_hash.data, idem->hash, sizeof idem->hash) != 0)
        cx_fail(cx, ERR_IDEM_MISMATCH,
                "这个请求编号已用于另一个请求，本次没有执行。");
    answer = CX_NEW(cx, struct idem_answer);
    *answer = (struct idem_answer){ row->status,
                                    row->answer == NULL ? "" : row->answer };
    return answer;
}

const struct idem_answer *idem_find(struct cx *cx, const struct idem *idem)
{
    static const char sql[] =
        "SELECT body_hash, status, answer FROM idem"
        " WHERE scope = ? AND idem_key = ?";

    return find(cx, idem, sql);
}

const struct idem_answer *idem_find_ended(struct cx *cx,
                                          const struct idem *idem)
{
    static const char sql[] =
        "SELECT body_hash, status, answer FROM idem"
        " WHERE scope = ? AND idem_key = ? LOCK IN SHARE MODE";

    return find(cx, idem, sql);
}

const struct idem_answer *idem_claim(struct cx *cx, const struct idem *idem)
{
    static const char sql[] =
        "INSERT INTO idem (scope, idem_key, body_hash, created_at)"
        " VALUES (?, ?, ?, ?)";
    const struct idem_answer *answer;

    db_need_tx(cx);
    must(strlen(idem->scope) <= IDEM_SCOPE_MAX);
    if (db_insert_new(cx, sql, BIND(V(idem->scope), V(idem->key),
                                    V(hash_of(idem)), V(cx->now))))
        return NULL;
    answer = idem_find(cx, idem);
    if (answer == NULL) /* swept in between: older than any retry */
        cx_fail(cx, ERR_CONFLICT, "这个请求编号已过期，换一个编号重试。");
    return answer;
}

void idem_keep(struct cx *cx, const struct idem *idem, int status,
               const char *text)
{
    static const char sql[] =
        "UPDATE idem SET status = ?, answer = ?"
        " WHERE scope = ? AND idem_key = ? AND status = 0";

    if (!db_change_one(cx, sql, BIND(V(status), V(text), V(idem->scope),
                                     V(idem->key))))
        cx_fail(cx, ERR_CONFLICT, "这个请求编号已有结果。");
}

void idem_drop(struct cx *cx, const struct idem *idem)
{
    static const char sql[] =
        "DELETE FROM idem WHERE scope = ? AND idem_key = ? AND status = 0";

    db_exec(cx, sql, BIND(V(idem->scope), V(idem->key)));
}
