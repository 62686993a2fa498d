/*
 * Accounts: rules and SQL.
 */
#include "org/account.h"

#include <stdlib.h>
#include <string.h>

#include "db/db.h"
#include "db/scope.h"
#include "org/duty.h"
#include "org/org.h"
#include "org/people.h"
#include "org/session.h"
#include "org/sign_in.h"
#include "system/audit.h"

struct account *account_load(struct cx *cx, int64_t id)
{
    static const struct db_field row[] = {
        DB_FIELD(struct account, id),     DB_FIELD(struct account, org_id),
        DB_FIELD(struct account, name),   DB_FIELD(struct account, phone),
        DB_FIELD(struct account, org_name),
        DB_FIELD(struct account, status), DB_FIELD(struct account, claimed),
    };
    static const char sql[] =
        "SELECT a.id, a.org_id, a.name, a.phone, o.name, a.status,"
        "   a.password IS NOT NULL"
        "  FROM account a JOIN org o ON o.id = a.org_id WHERE a.id = ?";

    return scoped_row(cx, sql, id, &org_scope, ROW(struct account, row),
                      "账号");
}

/* ---- lists of ids ------------------------------------------------------- */

struct ids {
    size_t n;
    int64_t v[ACCOUNT_STATIONS_MAX];
};

/* "1,2,3" as given by a form that has already checked it. */
static struct ids *ids_of(struct cx *cx, const char *text)
{
    struct ids *ids = CX_NEW(cx, struct ids);

    while (text != NULL && *text != '\0' && ids->n < ACCOUNT_STATIONS_MAX) {
        char *end;

        ids->v[ids->n++] = strtoll(text, &end, 10);
        text = *end == ',' ? end + 1 : end;
    }
    return ids;
}

/* The ids that sql finds for the account. */
static struct ids *ids_found(struct cx *cx, const char *sql, int64_t id)
{
    struct ids *ids = CX_NEW(cx, struct ids);
    size_t n;
    const int64_t *found = db_ids(cx, sql, BIND(V(id)), &n);

    for (size_t i = 0; i < n && i < ACCOUNT_STATIONS_MAX; i++)
        ids->v[ids->n++] = found[i];
    return ids;
}

static struct ids *roles_of(struct cx *cx, int64_t id)
{
    static const char sql[] =
        "SELECT role_id FROM account_role WHERE account_id = ?"
        " ORDER BY role_id";

    return ids_found(cx, sql, id);
}

static struct ids *stations_of(struct cx *cx, int64_t id)
{
    static const char sql[] =
        "SELECT station_id FROM account_station WHERE account_id = ?"
        " ORDER BY station_id";

    return ids_found(cx, sql, id);
}

static const char *text_of(struct cx *cx, const struct ids *ids)
{
    const char *text = "";

    for (size_t i = 0; i < ids->n; i++)
        text = cx_printf(cx, "%s%s%lld", text, i == 0 ? "" : ",",
                         (long long)ids->v[i]);
    return text;
}

static bool same(const struct ids *a, const struct ids *b)
{
    size_t found = 0;

    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n; k++)
            found += a->v[i] == b->v[k];
    return found == a->n && a->n == b->n;
}

void account_fill(struct cx *cx, int64_t id, struct account_form *out)
{
    const struct account *a = account_load(cx, id);

    *out = (struct account_form){
        .org_id = a->org_id, .phone = a->phone, .name = a->name,
        .roles = text_of(cx, roles_of(cx, id)),
        .stations = text_of(cx, stations_of(cx, id)),
    };
}

/* ---- who may ------------------------------------------------------------ */

static void need_other(struct cx *cx, const struct account *a)
{
    if (cx->actor.kind == ACTOR_ACCOUNT && a->id == cx->actor.id)
        cx_fail(cx, ERR_STATE, "不能对自己的账号做这个操作。");
}

/* A role serves its organisation and those below it. */
static void check_roles(struct cx *cx, const struct org *o,
                        const struct ids *roles)
{
    static const char sql[] =
        "SELECT r.id FROM role r JOIN org x ON x.id = r.org_id"
        " WHERE r.id = ? AND (x.id = ? OR x.id = ? OR x.kind = 1)";

    if (roles->n == 0 && !duty_divides(cx))
        cx_fail_field(cx, "roles", "至少选择一个角色。");
    if (roles->n > ACCOUNT_ROLES_MAX)
        cx_fail_field(cx, "roles", "最多 %d 个角色。", ACCOUNT_ROLES_MAX);
    for (size_t i = 0; i < roles->n; i++) {
        if (db_int(cx, sql, BIND(V(roles->v[i]), V(o->id),
                                 V(o->provider_id))) == 0)
            cx_fail_field(cx, "roles", "有的角色不属于「%s」或其上级。",
                          o->name);
        people_may_assign(cx, roles->v[i]);
    }
}

/* One person, one duty; only on the platform (org/duty.h). */
static void check_duty(struct cx *cx, const struct org *o,
                       const struct ids *roles)
{
    unsigned common = DUTY_ALL;

    if (o->kind != ORG_PLATFORM || !duty_is_apart(cx))
        return;
    for (size_t i = 0; i < roles->n; i++)
        common &= duty_of_role(cx, roles->v[i]);
    if (common == 0)
        cx_fail_field(cx, "roles", "%s", duty_refusal);
}

/* Stations that the organisation owns; the caller's scope is the form's. */
static void check_stations(struct cx *cx, const struct org *o,
                           const struct ids *stations)
{
    static const char sql[] =
        "SELECT id FROM station WHERE id = ? AND (? = 1 OR provider_id = ?)"
        "   AND (? <> 3 OR merchant_id = ?)";

    for (size_t i = 0; i < stations->n; i++)
        if (db_int(cx, sql, BIND(V(stations->v[i]), V(o->kind),
                                 V(o->provider_id), V(o->kind),
                                 V(o->id))) == 0)
            cx_fail_field(cx, "stations", "有的电站不属于「%s」。", o->name);
}

/* ---- saving ------------------------------------------------------------- */

static void store_roles(struct cx *cx, int64_t id, const struct ids *roles)
{
    static const char drop[] = "DELETE FROM account_role WHERE account_id = ?";
    static const char add[] =
        "INSERT INTO account_role (account_id, role_id) VALUES (?, ?)";

    db_exec(cx, drop, BIND(V(id)));
    for (size_t i = 0; i < roles->n; i++)
        db_exec(cx, add, BIND(V(id), V(roles->v[i])));
}

static void store_stations(struct cx *cx, int64_t id,
                           const struct ids *stations)
{
    static const char drop[] =
        "DELETE FROM account_station WHERE account_id = ?";
    static const char add[] =
        "INSERT INTO account_station (account_id, station_id) VALUES (?, ?)";
    static const char bound[] =
        "UPDATE account SET station_bound = ? WHERE id = ?";

    db_exec(cx, drop, BIND(V(id)));
    for (size_t i = 0; i < stations->n; i++)
        db_exec(cx, add, BIND(V(id), V(stations->v[i])));
    db_exec(cx, bound, BIND(V(stations->n > 0), V(id)));
}

static int64_t create(struct cx *cx, const struct org *o,
                      const struct account_form *f)
{
    static const char find[] = "SELECT id FROM account WHERE phone = ?";
    static const char sql[] =
        "INSERT INTO account (org_id, phone, name, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?)";
    int64_t id;

    if (o->status != ORG_ENABLED)
        cx_fail_field(cx, "org_id", "「%s」已停用。", o->name);
    if (db_int(cx, find, BIND(V(f->phone))) != 0)
        cx_fail_field(cx, "phone", "这个手机号已有账号。");
    id = db_insert(cx, sql, BIND(V(o->id), V(f->phone), V(f->name), V(cx->now),
                                 V(cx->now)));
    audit(cx, "account.create", "account", id,
          cx_printf(cx, "在「%s」下新增账号 %s", o->name, f->name));
    return id;
}

static void change(struct cx *cx, const struct account *a,
                   const struct account_form *f, bool rights)
{
    static const char sql[] =
        "UPDATE account SET name = ?, updated_at = ?, ver = ver + 1"
        " WHERE id = ?";

    db_exec(cx, sql, BIND(V(f->name), V(cx->now), V(a->id)));
    if (rights)
        people_rights_changed(cx, a->id);
    audit(cx, rights ? "account.rights" : "account.edit", "account", a->id,
          cx_printf(cx, "修改账号 %s%s", f->name,
                    rights ? "的角色或电站" : ""));
}

int64_t account_save(struct cx *cx, int64_t id, const struct account_form *f)
{
    const struct account *a = id == 0 ? NULL : account_load(cx, id);
    const struct org *o = org_load(cx, a == NULL ? f->org_id : a->org_id);
    const struct ids *roles = ids_of(cx, f->roles);
    const struct ids *stations = ids_of(cx, f->stations);
    bool rights = a != NULL && (!same(roles, roles_of(cx, id)) ||
                                !same(stations, stations_of(cx, id)));

    if (a != NULL)
        people_need_rank(cx, id);
    if (rights)
        need_other(cx, a); /* nobody changes their own rights */
    check_roles(cx, o, roles);
    check_duty(cx, o, roles);
    check_stations(cx, o, stations);
    if (a == NULL)
        id = create(cx, o, f);
    else
        change(cx, a, f, rights);
    if (a == NULL || rights) {
        store_roles(cx, id, roles);
        store_stations(cx, id, stations);
    }
    return id;
}

void account_grant_fill(struct cx *cx, int64_t id, struct grant_form *out)
{
    const struct account *a = account_load(cx, id);

    *out = (struct grant_form){
        .name = a->name, .roles = text_of(cx, roles_of(cx, id)),
        .stations = text_of(cx, stations_of(cx, id)),
    };
}

int64_t account_grant(struct cx *cx, int64_t id, const struct grant_form *f)
{
    static const char touch[] =
        "UPDATE account SET updated_at = ?, ver = ver + 1 WHERE id = ?";
    const struct account *a = account_load(cx, id);
    const struct org *o = org_load(cx, a->org_id);
    const struct ids *roles = ids_of(cx, f->roles);
    const struct ids *stations = ids_of(cx, f->stations);

    need_other(cx, a);
    people_need_rank(cx, id);
    check_roles(cx, o, roles);
    check_duty(cx, o, roles);
    check_stations(cx, o, stations);
    store_roles(cx, id, roles);
    store_stations(cx, id, stations);
    db_exec(cx, touch, BIND(V(cx->now), V(id)));
    people_rights_changed(cx, id);
    audit(cx, "account.rights", "account", id,
          cx_printf(cx, "授予账号 %s 角色和电站", a->name));
    return id;
}

/* ---- on, off, anew ------------------------------------------------------ */

static void set_status(struct cx *cx, int64_t id, int status,
                       const char *event)
{
    static const char sql[] =
        "UPDATE account SET status = ?, updated_at = ?, ver = ver + 1"
        " WHERE id = ? AND status <> ?";
    const struct account *a = account_load(cx, id);

    need_other(cx, a);
    people_may_stop(cx, id);
    if (!db_change_one(cx, sql, BIND(V(status), V(cx->now), V(id),
                                     V(status))))
        cx_fail(cx, ERR_STATE, "账号「%s」已是这个状态。", a->name);
    people_rights_changed(cx, id);
    audit(cx, event, "account", id, a->name);
}

void account_enable(struct cx *cx, int64_t id)
{
    set_status(cx, id, ORG_ENABLED, "account.enable");
}

void account_disable(struct cx *cx, int64_t id)
{
    set_status(cx, id, ORG_DISABLED, "account.disable");
}

void account_reset(struct cx *cx, int64_t id)
{
    static const char sql[] =
        "UPDATE account SET password = NULL, password_at = NULL,"
        "   updated_at = ?, ver = ver + 1 WHERE id = ?";
    const struct account *a = account_load(cx, id);

    need_other(cx, a);
    people_may_stop(cx, id);
    db_exec(cx, sql, BIND(V(cx->now), V(id)));
    session_end_all(cx, SESSION_ACCOUNT, id, 0);
    people_rights_changed(cx, id);
    audit(cx, "account.reset", "account", id,
          cx_printf(cx, "重置 %s 的密码", a->name));
}

static bool is_of_platform(struct cx *cx, const struct account *a)
{
    return org_load(cx, a->org_id)->kind == ORG_PLATFORM;
}

const char *account_invite(struct cx *cx, int64_t id)
{
    const struct account *a = account_load(cx, id);

    need_other(cx, a);
    people_need_rank(cx, id);
    /* Else whoever makes the account could keep it and wait for its rights. */
    if (duty_divides(cx) && is_of_platform(cx, a))
        cx_fail(cx, ERR_STATE, "三员分立时平台账号不用邀请链接：请本人在登录页"
                "用短信验证码设置密码。");
    if (a->claimed)
        cx_fail(cx, ERR_STATE, "%s 已设置过密码。先重置密码，再发邀请。",
                a->name);
    if (a->status != ORG_ENABLED)
        cx_fail(cx, ERR_STATE, "账号已停用，启用后再发邀请。");
    audit(cx, "account.invite", "account", id,
          cx_printf(cx, "为 %s 生成邀请链接", a->name));
    return sign_in_key_new(cx, a->phone, ACTIVATION_MS);
}
