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

const struct feature org_feature = {
    .name = "org", .menu = "组织与权限", .icon = "users",
    .pages = LIST(pages), .perms = LIST(perms),
    .routes = { sign_in_routes, SIGN_IN_ROUTES },
    .more_routes = LIST(more_routes),
    .identity = &org_identity,
};
