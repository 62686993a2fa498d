/*
 * What organisations and people bring: their pages, roles, signing in, one's
 * own page.
 */
#include "org/identity_admin.h"
#include "org/org_admin.h"
#include "org/sign_in_admin.h"
#include "web/feature.h"

static const struct resource *const pages[] = {
    &org_page, &account_page, &grant_page, &role_page, &session_page,
};

static const struct permission perms[] = {
    { "org.view", "查看组织" },
    { "org.edit", "新增、修改和停用组织" },
    { "account.view", "查看账号" },
    { "account.edit", "新增、修改、停用账号，重置密码" },
    { "account.grant", "给账号授予角色和电站" },
    { "role.view", "查看角色" },
    { "role.edit", "新增、修改和删除角色" },
};

static const struct route_list more_routes[] = {
    { account_routes, ACCOUNT_ROUTES },
    { role_routes, ROLE_ROUTES },
};

/* What the audit calls what is written here. */
static const struct label events[] = {
    LABEL("account.sign_in", "登录"),
    LABEL("account.sign_in_failed", "登录失败"),
    LABEL("account.sign_out", "退出登录"),
    LABEL("account.session_end", "结束其他登录"),
    LABEL("account.password", "修改密码"),
    LABEL("account.create", "新增账号"),
    LABEL("account.edit", "修改账号"),
    LABEL("account.rights", "修改账号权限"),
    LABEL("account.invite", "邀请账号"),
    LABEL("account.reset", "重置密码"),
    LABEL("account.enable", "启用账号"),
    LABEL("account.disable", "停用账号"),
    LABEL("account.claim", "激活账号"),
    LABEL("role.create", "新增角色"),
    LABEL("role.edit", "修改角色"),
    LABEL("role.delete", "删除角色"),
    LABEL("org.create", "新增组织"),
    LABEL("org.edit", "修改组织"),
    LABEL("org.enable", "启用组织"),
    LABEL("org.disable", "停用组织"),
    LABEL("permission.denied", "无权操作"),
};

const struct feature org_feature = {
    .name = "org", .menu = "组织与权限", .icon = "users",
    .pages = LIST(pages), .perms = LIST(perms),
    .routes = { sign_in_routes, SIGN_IN_ROUTES },
    .more_routes = LIST(more_routes),
    .identity = &org_identity,
    .events = LIST(events),
};
