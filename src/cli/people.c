#include "cli/people.h"

#include <string.h>

#include "base/log.h"
#include "db/db.h"
#include "system/audit.h"

int64_t people_platform(struct cx *cx)
{
    static const char find[] = "SELECT id FROM org WHERE kind = 1";
    static const char sql[] =
        "INSERT INTO org (kind, name, created_at, updated_at)"
        " VALUES (1, '平台运营中心', ?, ?)";
    int64_t id = db_int(cx, find, BIND());

    if (id != 0)
        return id;
    id = db_insert(cx, sql, BIND(V(cx->now), V(cx->now)));
    audit(cx, "org.create", "org", id, "命令行创建平台");
    return id;
}

int64_t people_built_in_role(struct cx *cx, int64_t org_id,
                             enum built_in kind, const char *name)
{
    static const char find[] =
        "SELECT id FROM role WHERE org_id = ? AND built_in = ?";
    static const char sql[] =
        "INSERT INTO role (org_id, name, note, built_in, created_at,"
        "   updated_at) VALUES (?, ?, ?, ?, ?, ?)";
    const char *note = kind == BUILT_IN_SYSTEM
        ? "管理账号和系统角色，不可修改"
        : "拥有全部权限（三员分立时为全部业务权限），不可修改";
    int64_t id = db_int(cx, find, BIND(V(org_id), V((int)kind)));

    if (id != 0)
        return id;
    id = db_insert(cx, sql, BIND(V(org_id), V(name), V(note), V((int)kind),
                                 V(cx->now), V(cx->now)));
    audit(cx, "role.create", "role", id, cx_printf(cx, "命令行创建角色 %s",
                                                   name));
    return id;
}

int64_t people_auditor_role(struct cx *cx, int64_t org_id, const char *name)
{
    static const char find[] =
        "SELECT r.id FROM role r JOIN role_perm p ON p.role_id = r.id"
        " WHERE r.org_id = ? AND r.built_in = 0 GROUP BY r.id"
        " HAVING COUNT(*) = 1 AND MAX(p.perm) = ? LIMIT 1";
    static const char sql[] =
        "INSERT INTO role (org_id, name, note, created_at, updated_at)"
        " VALUES (?, ?, '只能查看操作日志', ?, ?)";
    static const char grant[] =
        "INSERT INTO role_perm (role_id, perm) VALUES (?, ?)";
    int64_t id = db_int(cx, find, BIND(V(org_id), V(PERM_AUDIT)));

    if (id != 0)
        return id;
    id = db_insert(cx, sql, BIND(V(org_id), V(name), V(cx->now), V(cx->now)));
    db_exec(cx, grant, BIND(V(id), V(PERM_AUDIT)));
    audit(cx, "role.create", "role", id, cx_printf(cx, "命令行创建角色 %s",
                                                   name));
    return id;
}

static void need_free_phone(struct cx *cx, const char *phone)
{
    static const char sql[] = "SELECT id FROM account WHERE phone = ?";
    char masked[24]; /* what fails may stand in a log (L4) */

    if (db_int(cx, sql, BIND(V(phone))) != 0)
        cx_fail(cx, ERR_CONFLICT, "手机号 %s 已有账号",
                mask_phone(phone, masked));
}

int64_t people_account(struct cx *cx, const struct new_account *a)
{
    static const char sql[] =
        "INSERT INTO account (org_id, phone, name, password, password_at,"
        "   created_at, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?)";
    static const char grant[] =
        "INSERT INTO account_role (account_id, role_id) VALUES (?, ?)";
    stamp set_at = { a->hash != NULL ? cx->now.ms : 0 };
    int64_t id;

    need_free_phone(cx, a->phone);
    id = db_insert(cx, sql,
                   BIND(V(a->org_id), V(a->phone), V(a->name),
                        V(a->hash), V(set_at), V(cx->now), V(cx->now)));
    db_exec(cx, grant, BIND(V(id), V(a->role_id)));
    audit(cx, "account.create", "account", id,
          cx_printf(cx, "命令行创建账号 %s", a->name));
    return id;
}

const char *people_phone_error(const char *phone)
{
    if (strlen(phone) != 11 || phone[0] != '1' ||
        strspn(phone, "0123456789") != 11)
        return "a phone number has 11 digits and begins with 1";
    return NULL;
}
