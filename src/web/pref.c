#include "web/pref.h"

#include "db/db.h"
#include "db/kept.h"

static void json_free(void *p)
{
    json_decref(p);
}

static const json_t *parse(struct cx *cx, const char *value)
{
    json_t *j = value == NULL ? NULL : json_loads(value, 0, NULL);

    return j == NULL ? NULL : cx_own(cx, j, json_free);
}

const json_t *pref_read(struct cx *cx, const char *name)
{
    static const char sql[] =
        "SELECT value FROM user_pref WHERE account_id = ? AND name = ?";

    return parse(cx, kept_text(cx, sql, BIND(V(cx->actor.id), V(name))));
}

const json_t *pref_lock(struct cx *cx, const char *name)
{
    static const char sql[] =
        "SELECT value FROM user_pref WHERE account_id = ? AND name = ?"
        " FOR UPDATE";

    return parse(cx, db_text(cx, sql, BIND(V(cx->actor.id), V(name))));
}

void pref_put(struct cx *cx, const char *name, const char *value)
{
    static const char put[] =
        "INSERT INTO user_pref (account_id, name, value) VALUES (?, ?, ?)"
        " ON DUPLICATE KEY UPDATE value = VALUES(value)";
    static const char drop[] =
        "DELETE FROM user_pref WHERE account_id = ? AND name = ?";

    if (value == NULL)
        db_exec(cx, drop, BIND(V(cx->actor.id), V(name)));
    else
        db_exec(cx, put, BIND(V(cx->actor.id), V(name), V(value)));
}
