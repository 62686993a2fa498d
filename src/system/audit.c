#include "system/audit.h"

#include <string.h>

#include "db/db.h"

void audit(struct cx *cx, const char *event, const char *object, int64_t id,
           const char *text)
{
    audit_change(cx, event, object, id, text, NULL, NULL);
}

void audit_change(struct cx *cx, const char *event, const char *object,
                  int64_t id, const char *text, const char *before,
                  const char *after)
{
    static const char sql[] =
        "INSERT INTO audit (at, actor_kind, actor_id, actor_name, org_id,"
        "   provider_id, merchant_id, address, session_id, request_id, event,"
        "   object, object_id, text, before_json, after_json)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    const struct actor *a = &cx->actor;

    db_need_tx(cx);
    db_exec(cx, sql,
            BIND(V(cx->now), V((int)a->kind), V(a->id), V(a->name),
                 V(a->org_id), V_ID(cx->scope.provider_id),
                 V_ID(cx->scope.merchant_id), V(a->address),
                 V(a->session_id), V(cx->request_id), V(event), V(object),
                 V(id), V(text), V(before), V(after)));
}

void audit_many(struct cx *cx, const char *event, const char *object,
                const struct audit_item *items, size_t n)
{
    static const char sql[] =
        "INSERT INTO audit (at, actor_kind, actor_id, actor_name, org_id,"
        "   provider_id, merchant_id, address, session_id, request_id, event,"
        "   object, object_id, text)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    enum { COLUMNS = 14 };
    const struct actor *a = &cx->actor;
    struct db_value *v = arena_array(cx->arena, n * COLUMNS, sizeof *v);

    db_need_tx(cx);
    for (size_t i = 0; i < n; i++)
        memcpy(&v[i * COLUMNS],
               ((struct db_value[COLUMNS]){
                   V(cx->now), V((int)a->kind), V(a->id), V(a->name),
                   V(a->org_id), V_ID(cx->scope.provider_id),
                   V_ID(cx->scope.merchant_id), V(a->address),
                   V(a->session_id), V(cx->request_id), V(event), V(object),
                   V(items[i].id), V(items[i].text) }),
               COLUMNS * sizeof *v);
    db_insert_rows(cx, sql, v, n, COLUMNS);
}

struct audit_entry *audit_of(struct cx *cx, const char *object, int64_t id,
                             size_t *count)
{
    static const struct db_field row[] = {
        DB_FIELD(struct audit_entry, at),
        DB_FIELD(struct audit_entry, actor_kind),
        DB_FIELD(struct audit_entry, actor_name),
        DB_FIELD(struct audit_entry, event),
        DB_FIELD(struct audit_entry, text),
        DB_FIELD(struct audit_entry, address),
    };
    static const char sql[] =
        "SELECT at, actor_kind, actor_name, event, text, address FROM audit"
        " WHERE object = ? AND object_id = ? ORDER BY id DESC LIMIT 200";

    return db_rows(cx, sql, BIND(V(object), V(id)),
                   ROW(struct audit_entry, row), count);
}

struct audit_last *audit_last(struct cx *cx, const char *object, int64_t id)
{
    static const struct db_field row[] = {
        DB_FIELD(struct audit_last, actor), DB_FIELD(struct audit_last, at),
    };
    static const char sql[] =
        "SELECT actor_name, at FROM audit"
        " WHERE object = ? AND object_id = ? ORDER BY id DESC LIMIT 1";

    return db_row(cx, sql, BIND(V(object), V(id)),
                  ROW(struct audit_last, row));
}
