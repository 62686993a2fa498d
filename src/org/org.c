/*
 * Organisations: rules and SQL.
 */
#include "org/org.h"

#include "db/db.h"
#include "system/audit.h"

LABELS_DEFINE(org_kind, ORG_KINDS);
LABELS_DEFINE(merchant_kind, MERCHANT_KINDS);
LABELS_DEFINE(org_status, ORG_STATUSES);

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

void org_fill(struct cx *cx, int64_t id, struct org_form *out)
{
    static const struct db_field row[] = {
        DB_FIELD(struct org_form, parent_id),
        DB_FIELD(struct org_form, merchant_kind),
        DB_FIELD(struct org_form, name),
        DB_FIELD(struct org_form, contact),
        DB_FIELD(struct org_form, phone),
        DB_FIELD(struct org_form, province),
        DB_FIELD(struct org_form, city),
        DB_FIELD(struct org_form, district),
        DB_FIELD(struct org_form, address),
        DB_FIELD(struct org_form, note),
    };
    static const char sql[] =
        "SELECT o.parent_id, o.merchant_kind, o.name, o.contact, o.phone,"
        "   o.province, o.city, o.district, o.address, o.note"
        "  FROM org o WHERE o.id = ?";
    const struct org_form *f = scoped_row(cx, sql, id, &org_scope,
                                          ROW(struct org_form, row), "组织");

    *out = *f;
}

/* ---- making and changing ------------------------------------------------ */

static void check_name(struct cx *cx, int64_t id, int64_t parent_id,
                       const char *name)
{
    static const char sql[] =
        "SELECT id FROM org WHERE parent_id = ? AND name = ? AND id <> ?";

    if (db_int(cx, sql, BIND(V(parent_id), V(name), V(id))) != 0)
        cx_fail_field(cx, "name", "上级组织下已有「%s」。", name);
}

static void check_kind(struct cx *cx, int kind, const struct org_form *f)
{
    if (kind == ORG_MERCHANT && f->merchant_kind == MERCHANT_NONE)
        cx_fail_field(cx, "merchant_kind", "商户要选择类型。");
    if (kind != ORG_MERCHANT && f->merchant_kind != MERCHANT_NONE)
        cx_fail_field(cx, "merchant_kind", "只有商户有类型，这里选「—」。");
}

static int64_t create(struct cx *cx, const struct org *parent, int kind,
                      const struct org_form *f)
{
    static const char sql[] =
        "INSERT INTO org (parent_id, kind, merchant_kind, name, provider_id,"
        "   contact, phone, province, city, district, address, note,"
        "   created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    static const char own[] = "UPDATE org SET provider_id = id WHERE id = ?";
    int64_t id;

    id = db_insert(cx, sql,
                   BIND(V(parent->id), V(kind), V(f->merchant_kind),
                        V(f->name),
                        V_ID(kind == ORG_MERCHANT ? parent->id : 0),
                        V(f->contact), V(f->phone), V(f->province),
                        V(f->city), V(f->district), V(f->address), V(f->note),
                        V(cx->now), V(cx->now)));
    if (kind == ORG_PROVIDER)
        db_exec(cx, own, BIND(V(id)));
    audit(cx, "org.create", "org", id,
          cx_printf(cx, "在「%s」下新增%s「%s」", parent->name,
                    label_word((struct labels)LIST(org_kind_labels), kind),
                    f->name));
    return id;
}

static void change(struct cx *cx, const struct org *o,
                   const struct org_form *f)
{
    static const char sql[] =
        "UPDATE org SET merchant_kind = ?, name = ?, contact = ?, phone = ?,"
        "   province = ?, city = ?, district = ?, address = ?, note = ?,"
        "   updated_at = ?, ver = ver + 1 WHERE id = ?";

    db_exec(cx, sql, BIND(V(f->merchant_kind), V(f->name), V(f->contact),
                          V(f->phone), V(f->province), V(f->city),
                          V(f->district), V(f->address), V(f->note),
                          V(cx->now), V(o->id)));
    audit(cx, "org.edit", "org", o->id, cx_printf(cx, "修改「%s」", f->name));
}

int64_t org_save(struct cx *cx, int64_t id, const struct org_form *f)
{
    const struct org *o = id == 0 ? NULL : org_load(cx, id);
    const struct org *parent;
    int kind;

    if (o != NULL) {
        check_kind(cx, o->kind, f);
        check_name(cx, id, o->parent_id, f->name);
        change(cx, o, f);
        return id;
    }
    parent = org_load(cx, f->parent_id);
    if (parent->kind == ORG_MERCHANT)
        cx_fail_field(cx, "parent_id", "商户下不能再设组织。");
    if (parent->status != ORG_ENABLED)
        cx_fail_field(cx, "parent_id", "「%s」已停用，启用后才能新增下级。",
                      parent->name);
    kind = parent->kind == ORG_PLATFORM ? ORG_PROVIDER : ORG_MERCHANT;
    check_kind(cx, kind, f);
    check_name(cx, 0, parent->id, f->name);
    return create(cx, parent, kind, f);
}

/* ---- on and off --------------------------------------------------------- */

static void set_status(struct cx *cx, int64_t id, int status,
                       const char *event)
{
    static const char sql[] =
        "UPDATE org SET status = ?, updated_at = ?, ver = ver + 1"
        " WHERE id = ? AND status <> ?";
    const struct org *o = org_load(cx, id);

    if (o->kind == ORG_PLATFORM)
        cx_fail(cx, ERR_STATE, "平台本身不能停用。");
    if (id == cx->actor.org_id)
        cx_fail(cx, ERR_STATE, "不能停用自己所在的组织。");
    if (!db_change_one(cx, sql, BIND(V(status), V(cx->now), V(id),
                                     V(status))))
        cx_fail(cx, ERR_STATE, "「%s」已是这个状态。", o->name);
    audit(cx, event, "org", id, o->name);
}

void org_enable(struct cx *cx, int64_t id)
{
    set_status(cx, id, ORG_ENABLED, "org.enable");
}

void org_disable(struct cx *cx, int64_t id)
{
    set_status(cx, id, ORG_DISABLED, "org.disable");
}
