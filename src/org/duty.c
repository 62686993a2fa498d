#include "org/duty.h"

#include <string.h>

#include "db/db.h"
#include "system/setting.h"

/* What is not here is of the business alone. */
static const struct perm_duty {
    const char *perm;
    unsigned duties;
} table[] = {
    { PERM_AUDIT, DUTY_AUDIT },
    { "account.edit", DUTY_SYSTEM },
    /* Each gives roles with rights of the own duty (people_may_grant); never
       auditors, who else could make more of themselves. */
    { "account.grant", DUTY_SYSTEM | DUTY_BUSINESS },
    { "role.edit", DUTY_SYSTEM | DUTY_BUSINESS },
    { "role.view", DUTY_SYSTEM | DUTY_BUSINESS },
    { "account.view", DUTY_SYSTEM | DUTY_BUSINESS },
    /* To choose from in the form of an account. */
    { "org.view", DUTY_SYSTEM | DUTY_BUSINESS },
    { "station.view", DUTY_SYSTEM | DUTY_BUSINESS },
    { "privacy.view", DUTY_SYSTEM | DUTY_BUSINESS },
};

bool duty_is_apart(struct cx *cx)
{
    return setting_of(cx, SETTING_DUTIES) == DUTIES_SEPARATE;
}

bool duty_divides(struct cx *cx)
{
    return cx->actor.kind == ACTOR_ACCOUNT && cx->scope.all &&
           duty_is_apart(cx);
}

unsigned duty_of(const char *perm)
{
    for (size_t i = 0; i < COUNT(table); i++)
        if (strcmp(table[i].perm, perm) == 0)
            return table[i].duties;
    return DUTY_BUSINESS;
}

const char *duty_text(struct cx *cx, unsigned duties)
{
    static const struct { unsigned duty; const char *word; } words[] = {
        { DUTY_SYSTEM, "系统管理" }, { DUTY_AUDIT, "审计" },
        { DUTY_BUSINESS, "业务" },
    };
    const char *text = "";

    for (size_t i = 0; i < COUNT(words); i++)
        if (duties & words[i].duty)
            text = cx_printf(cx, "%s%s%s", text, *text == '\0' ? "" : "、",
                             words[i].word);
    return text;
}

bool duty_built_in_has(enum built_in kind, bool apart, const char *perm)
{
    if (kind == BUILT_IN_SYSTEM)
        return (duty_of(perm) & DUTY_SYSTEM) != 0;
    return kind == BUILT_IN_FULL &&
           (!apart || (duty_of(perm) & DUTY_BUSINESS) != 0);
}

const char *const *duty_perms(struct cx *cx, enum built_in kind, bool apart,
                              size_t *count)
{
    const char **out = arena_array(cx->arena, COUNT(table) + 1, sizeof *out);
    size_t n = 0;

    if (kind == BUILT_IN_FULL)
        out[n++] = "*";
    for (size_t i = 0; i < COUNT(table); i++) {
        bool has = duty_built_in_has(kind, apart, table[i].perm);

        if (kind == BUILT_IN_FULL && !has)
            out[n++] = cx_printf(cx, "-%s", table[i].perm);
        else if (kind == BUILT_IN_SYSTEM && has)
            out[n++] = table[i].perm;
    }
    *count = n;
    return out;
}

unsigned duty_common(const char *const *perms, size_t count)
{
    unsigned common = DUTY_ALL;

    for (size_t i = 0; i < count; i++)
        common &= duty_of(perms[i]);
    return common;
}

const char duty_refusal[] =
    "三员分立：系统管理、审计、业务的权限不能放在一个角色里，也不能由同一人"
    "担任。分成几个角色，授予不同的人。";

struct perm_row {
    int built_in;
    const char *perm;
};

unsigned duty_of_role(struct cx *cx, int64_t role_id)
{
    static const struct db_field row[] = {
        DB_FIELD(struct perm_row, built_in),
        DB_FIELD(struct perm_row, perm),
    };
    static const char sql[] =
        "SELECT r.built_in, rp.perm FROM role r"
        "  LEFT JOIN role_perm rp ON rp.role_id = r.id WHERE r.id = ?";
    size_t count;
    const struct perm_row *rows = db_rows(cx, sql, BIND(V(role_id)),
                                          ROW(struct perm_row, row), &count);
    unsigned common = DUTY_ALL;

    for (size_t i = 0; i < count; i++) {
        if (rows[i].built_in == BUILT_IN_FULL)
            common &= DUTY_BUSINESS; /* what it means when they are apart */
        else if (rows[i].built_in == BUILT_IN_SYSTEM)
            common &= DUTY_SYSTEM;
        else if (rows[i].perm != NULL)
            common &= duty_of(rows[i].perm);
    }
    return common;
}

struct holding {
    int64_t id, role_id;
    const char *name;
};

void duty_need_divided(struct cx *cx)
{
    static const struct db_field row[] = {
        DB_FIELD(struct holding, id),
        DB_FIELD(struct holding, role_id),
        DB_FIELD(struct holding, name),
    };
    static const char sql[] =
        "SELECT a.id, ar.role_id, a.name FROM account a"
        "  JOIN org o ON o.id = a.org_id AND o.kind = 1"
        "  JOIN account_role ar ON ar.account_id = a.id ORDER BY a.id";
    size_t count;
    const struct holding *h = db_rows(cx, sql, BIND(),
                                      ROW(struct holding, row), &count);
    unsigned left = DUTY_ALL;

    for (size_t i = 0; i < count; i++) {
        if (i == 0 || h[i].id != h[i - 1].id)
            left = DUTY_ALL;
        left &= duty_of_role(cx, h[i].role_id);
        if (left == 0)
            cx_fail(cx, ERR_STATE, "平台账号「%s」兼有几员的权限，先分开它的"
                    "角色，再设为分立。", h[i].name);
    }
}
