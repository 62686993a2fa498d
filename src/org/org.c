/*
 * Organisations: rules and SQL.
 */
#include "org/org.h"

#include "db/db.h"

LABELS_DEFINE(org_kind, ORG_KINDS);
LABELS_DEFINE(merchant_kind, MERCHANT_KINDS);

const struct scope_columns org_scope = { .provider = "o.provider_id",
                                         .merchant = "o.id" };

struct org *org_load(struct cx *cx, int64_t id)
{
    static const struct db_field row[] = {
        DB_FIELD(struct org, id),          DB_FIELD(struct org, parent_id),
        DB_FIELD(struct org, kind),        DB_FIELD(struct org, merchant_kind),
        DB_FIELD(struct org, name),        DB_FIELD(struct org, provider_id),
        DB_FIELD(struct org, status),
    };
    static const char sql[] =
        "SELECT o.id, o.parent_id, o.kind, o.merchant_kind, o.name,"
        "   o.provider_id, o.status FROM org o WHERE o.id = ?";

    return scoped_row(cx, sql, id, &org_scope, ROW(struct org, row), "组织");
}
