/*
 * Permissions of accounts: people.h.
 */
#include "org/people.h"

#include <string.h>

#include "db/db.h"
#include "db/kept.h"
#include "db/scope.h"
#include "org/duty.h"
#include "org/org.h"

static const struct scope_columns station_columns = SCOPE_STATION("s");

int64_t people_station_count(struct cx *cx)
{
    struct db_value *v = arena_array(cx->arena, SCOPE_BINDS_MAX, sizeof *v);
    size_t n = 0;
    const char *condition = scope_sql(cx, &station_columns, v, &n);

    return kept_int(cx, cx_printf(cx, "SELECT COUNT(1) FROM station s"
                                " WHERE %s", condition),
                  (struct db_binds){ v, n });
}

/* What built-in roles give of a permission to people of the caller's
   organisation. */
struct built_ins {
    int full, system;
};

static struct built_ins built_ins(struct cx *cx, const char *perm)
{
    bool apart = duty_divides(cx);

    return (struct built_ins){
        duty_built_in_has(BUILT_IN_FULL, apart, perm),
        duty_built_in_has(BUILT_IN_SYSTEM, apart, perm),
    };
}

struct person_row {
    const char *name, *role;
};

const char *people_granter(struct cx *cx, const char *perm)
{
    static const struct db_field row[] = {
        DB_FIELD(struct person_row, name),
        DB_FIELD(struct person_row, role),
    };
    static const char sql[] =
        "SELECT a.name, r.name"
        "  FROM org mine"
        "  JOIN account a ON a.org_id IN (mine.id, mine.provider_id)"
        "  JOIN account_role ar ON ar.account_id = a.id"
        "  JOIN role r ON r.id = ar.role_id"
        " WHERE mine.id = ? AND a.status = 1 AND a.id <> ?"
        "   AND ((r.built_in = 1 AND ?) OR (r.built_in = 2 AND ?)"
        "     OR (EXISTS ("
        "     SELECT 1 FROM role_perm x WHERE x.role_id = r.id"
        "        AND x.perm = ?) AND EXISTS ("
        "     SELECT 1 FROM role_perm y WHERE y.role_id = r.id"
        "        AND y.perm = 'role.edit')))"
        " ORDER BY a.org_id = mine.id DESC, r.built_in > 0 DESC, a.id"
        " LIMIT 1";
    const struct built_ins b = built_ins(cx, perm);
    const struct person_row *p = db_row(cx, sql,
                                        BIND(V(cx->actor.org_id),
                                             V(cx->actor.id), V(b.full),
                                             V(b.system), V(perm)),
                                        ROW(struct person_row, row));

    return p == NULL ? NULL : cx_printf(cx, "%s（%s）", p->name, p->role);
}

bool people_hold(struct cx *cx, const char *perm)
{
    static const char sql[] =
        "SELECT EXISTS (SELECT 1 FROM account_role ar"
        "  JOIN account a ON a.id = ar.account_id"
        "  JOIN role r ON r.id = ar.role_id"
        "  LEFT JOIN role_perm rp ON rp.role_id = r.id AND rp.perm = ?"
        " WHERE ar.account_id = ? AND a.status = 1"
        "   AND ((r.built_in = 1 AND ?) OR (r.built_in = 2 AND ?)"
        "     OR rp.perm IS NOT NULL))";
    struct built_ins b;

    if (cx->actor.kind == ACTOR_SYSTEM)
        return true;
    if (cx->actor.kind != ACTOR_ACCOUNT)
        return false;
    b = built_ins(cx, perm);
    return db_int(cx, sql, BIND(V(perm), V(cx->actor.id), V(b.full),
                                V(b.system))) == 1;
}

void people_may_grant(struct cx *cx, const char *const *perms, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (people_hold(cx, perms[i]))
            continue;
        if (duty_divides(cx))
            cx_fail(cx, ERR_FORBIDDEN, "不能授予你自己没有的权限（%s，三员分立"
                    "时属于%s）。", perms[i],
                    duty_text(cx, duty_of(perms[i])));
        cx_fail(cx, ERR_FORBIDDEN, "不能授予你自己没有的权限（%s）。",
                perms[i]);
    }
}

struct role_row {
    int built_in;
    int64_t org_id;
};

struct perm_row {
    const char *perm;
};

/* A built-in role means much: only who has one gives one like it. */
static bool holds_built_in(struct cx *cx, enum built_in kind)
{
    static const char sql[] =
        "SELECT EXISTS (SELECT 1 FROM account_role ar"
        "  JOIN role r ON r.id = ar.role_id"
        " WHERE ar.account_id = ? AND (r.built_in = ? OR"
        "   (r.built_in = 1 AND ?)))";

    return cx->actor.kind == ACTOR_SYSTEM ||
           (cx->actor.kind == ACTOR_ACCOUNT &&
            db_int(cx, sql, BIND(V(cx->actor.id), V((int)kind),
                                 V((int)!duty_divides(cx)))) == 1);
}

void people_may_assign(struct cx *cx, int64_t role_id)
{
    static const struct db_field role[] = {
        DB_FIELD(struct role_row, built_in),
        DB_FIELD(struct role_row, org_id),
    };
    static const struct db_field perm[] = { DB_FIELD(struct perm_row, perm) };
    static const char find[] = "SELECT built_in, org_id FROM role"
                               " WHERE id = ?";
    static const char list[] =
        "SELECT perm FROM role_perm WHERE role_id = ? ORDER BY perm";
    const struct role_row *r = db_row(cx, find, BIND(V(role_id)),
                                      ROW(struct role_row, role));
    const struct perm_row *rows;
    size_t count;

    if (r == NULL)
        cx_fail(cx, ERR_NOT_FOUND, "没有找到这个角色。");
    org_load(cx, r->org_id); /* the role's organisation is in scope */
    if (r->built_in != BUILT_IN_NOT &&
        !holds_built_in(cx, (enum built_in)r->built_in))
        cx_fail(cx, ERR_FORBIDDEN, "只有管理员可以授予管理员角色。");
    rows = db_rows(cx, list, BIND(V(role_id)), ROW(struct perm_row, perm),
                   &count);
    for (size_t i = 0; i < count; i++)
        people_may_grant(cx, &rows[i].perm, 1);
}

void people_need_rank(struct cx *cx, int64_t account_id)
{
    static const char sql[] =
        "SELECT role_id FROM account_role WHERE account_id = ?"
        " ORDER BY role_id";
    size_t count;
    const int64_t *roles = db_ids(cx, sql, BIND(V(account_id)), &count);

    for (size_t i = 0; i < count; i++)
        people_may_assign(cx, roles[i]);
}

void people_may_stop(struct cx *cx, int64_t account_id)
{
    static const char audits[] =
        "SELECT EXISTS (SELECT 1 FROM account a"
        "  JOIN org o ON o.id = a.org_id AND o.kind = 1"
        "  JOIN account_role ar ON ar.account_id = a.id"
        "  JOIN role_perm rp ON rp.role_id = ar.role_id AND rp.perm = ?"
        " WHERE a.id = ?)";

    if (!duty_divides(cx))
        people_need_rank(cx, account_id);
    else if (db_int(cx, audits, BIND(V(PERM_AUDIT), V(account_id))) == 1)
        people_may_grant(cx, (const char *const[]){ PERM_AUDIT }, 1);
}

void people_rights_changed(struct cx *cx, int64_t account_id)
{
    static const char sql[] =
        "UPDATE account SET rights_ver = rights_ver + 1 WHERE id = ?";

    db_need_tx(cx);
    db_exec(cx, sql, BIND(V(account_id)));
}

void people_role_changed(struct cx *cx, int64_t role_id)
{
    static const char sql[] =
        "UPDATE account SET rights_ver = rights_ver + 1 WHERE id IN ("
        "  SELECT account_id FROM account_role WHERE role_id = ?)";

    db_need_tx(cx);
    db_exec(cx, sql, BIND(V(role_id)));
}
