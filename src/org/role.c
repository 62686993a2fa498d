/*
 * Roles: rules and SQL.
 */
#include "org/role.h"

#include <string.h>

#include "db/db.h"
#include "db/scope.h"
#include "org/duty.h"
#include "org/org.h"
#include "org/people.h"
#include "system/audit.h"

struct role *role_load(struct cx *cx, int64_t id)
{
    static const struct db_field row[] = {
        DB_FIELD(struct role, id),       DB_FIELD(struct role, org_id),
        DB_FIELD(struct role, name),     DB_FIELD(struct role, note),
        DB_FIELD(struct role, org_name), DB_FIELD(struct role, built_in),
        DB_FIELD(struct role, ver),
    };
    static const char sql[] =
        "SELECT r.id, r.org_id, r.name, r.note, o.name, r.built_in, r.ver"
        "  FROM role r JOIN org o ON o.id = r.org_id WHERE r.id = ?";

    return scoped_row(cx, sql, id, &org_scope, ROW(struct role, row), "角色");
}

struct perm_row {
    const char *perm;
};

const char *const *role_perms(struct cx *cx, int64_t id, size_t *count)
{
    static const struct db_field row[] = { DB_FIELD(struct perm_row, perm) };
    static const char sql[] =
        "SELECT perm FROM role_perm WHERE role_id = ? ORDER BY perm";
    const struct perm_row *rows = db_rows(cx, sql, BIND(V(id)),
                                          ROW(struct perm_row, row), count);
    const char **perms = arena_array(cx->arena, *count + 1, sizeof *perms);

    for (size_t i = 0; i < *count; i++)
        perms[i] = rows[i].perm;
    return perms;
}

static bool holds(const char *const *perms, size_t count, const char *perm)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(perms[i], perm) == 0)
            return true;
    return false;
}

/* What one list has and the other lacks is given or taken by the caller. */
static size_t check_difference(struct cx *cx, const char *const *a, size_t an,
                               const char *const *b, size_t bn)
{
    size_t n = 0;

    for (size_t i = 0; i < an; i++) {
        if (holds(b, bn, a[i]))
            continue;
        people_may_grant(cx, &a[i], 1);
        n++;
    }
    return n;
}

static const char *joined(struct cx *cx, const char *const *perms,
                          size_t count)
{
    const char *text = "";

    for (size_t i = 0; i < count; i++)
        text = cx_printf(cx, "%s%s\"%s\"", text, i == 0 ? "" : ",", perms[i]);
    return cx_printf(cx, "[%s]", text);
}

static void check_name(struct cx *cx, int64_t id, int64_t org_id,
                       const char *name)
{
    static const char sql[] =
        "SELECT id FROM role WHERE org_id = ? AND name = ? AND id <> ?";

    if (db_int(cx, sql, BIND(V(org_id), V(name), V(id))) != 0)
        cx_fail_field(cx, "name", "已有名为「%s」的角色。", name);
}

static int64_t create(struct cx *cx, const struct role_form *f)
{
    static const char sql[] =
        "INSERT INTO role (org_id, name, note, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?)";

    return db_insert(cx, sql, BIND(V(f->org_id), V(f->name), V(f->note),
                                   V(cx->now), V(cx->now)));
}

static void change(struct cx *cx, int64_t id, const struct role_form *f)
{
    static const char sql[] =
        "UPDATE role SET name = ?, note = ?, updated_at = ?, ver = ver + 1"
        " WHERE id = ? AND ver = ?";

    if (!db_change_one(cx, sql, BIND(V(f->name), V(f->note), V(cx->now),
                                     V(id), V(f->ver))))
        cx_fail(cx, ERR_CONFLICT, "此角色刚被他人修改，刷新后再改。");
}

static void store_perms(struct cx *cx, int64_t id, const struct role_form *f)
{
    static const char drop[] = "DELETE FROM role_perm WHERE role_id = ?";
    static const char add[] =
        "INSERT INTO role_perm (role_id, perm) VALUES (?, ?)";

    db_exec(cx, drop, BIND(V(id)));
    for (size_t i = 0; i < f->perm_count; i++)
        db_exec(cx, add, BIND(V(id), V(f->perms[i])));
}

static void need_one_duty(struct cx *cx, int64_t org_id,
                          const struct role_form *f)
{
    if (org_load(cx, org_id)->kind == ORG_PLATFORM && duty_is_apart(cx) &&
        duty_common(f->perms, f->perm_count) == 0)
        cx_fail(cx, ERR_INVALID, "%s", duty_refusal);
}

int64_t role_save(struct cx *cx, int64_t id, const struct role_form *f)
{
    const struct role *r = id == 0 ? NULL : role_load(cx, id);
    const char *const *before = NULL;
    size_t n = 0, changes;

    if (r != NULL && r->built_in != BUILT_IN_NOT)
        cx_fail(cx, ERR_STATE, "内置角色不能修改。");
    if (r == NULL)
        org_load(cx, f->org_id);
    else
        before = role_perms(cx, id, &n);
    if (duty_divides(cx))
        people_may_grant(cx, before, n); /* not another duty's, by its name */
    check_name(cx, id, r == NULL ? f->org_id : r->org_id, f->name);
    need_one_duty(cx, r == NULL ? f->org_id : r->org_id, f);
    changes = check_difference(cx, f->perms, f->perm_count, before, n) +
              check_difference(cx, before, n, f->perms, f->perm_count);
    if (r == NULL)
        id = create(cx, f);
    else
        change(cx, id, f);
    if (changes > 0) {
        store_perms(cx, id, f);
        people_role_changed(cx, id);
    }
    audit_change(cx, r == NULL ? "role.create" : "role.edit", "role", id,
                 cx_printf(cx, "%s角色 %s", r == NULL ? "新增" : "修改",
                           f->name),
                 r == NULL ? NULL : joined(cx, before, n),
                 joined(cx, f->perms, f->perm_count));
    return id;
}

void role_delete(struct cx *cx, int64_t id)
{
    static const char used[] =
        "SELECT COUNT(*) FROM account_role WHERE role_id = ?";
    static const char perms[] = "DELETE FROM role_perm WHERE role_id = ?";
    static const char sql[] = "DELETE FROM role WHERE id = ?";
    const struct role *r = role_load(cx, id);
    const char *const *had;
    int64_t users;
    size_t n;

    if (r->built_in != BUILT_IN_NOT)
        cx_fail(cx, ERR_STATE, "内置角色不能删除。");
    had = role_perms(cx, id, &n);
    people_may_grant(cx, had, n);
    users = db_int(cx, used, BIND(V(id)));
    if (users > 0)
        cx_fail(cx, ERR_STATE, "还有 %lld 个账号使用「%s」，先换成其他角色。",
                (long long)users, r->name);
    db_exec(cx, perms, BIND(V(id)));
    db_exec(cx, sql, BIND(V(id)));
    audit_change(cx, "role.delete", "role", id,
                 cx_printf(cx, "删除角色 %s", r->name), joined(cx, had, n),
                 NULL);
}
