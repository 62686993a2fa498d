/*
 * What drivers bring: their page in the console and /api/driver/v1.
 */
#include "driver/driver_pages.h"
#include "web/feature.h"

static const struct resource *const pages[] = { &driver_page };

static const struct endpoint_list more[] = {
    { station_endpoints, STATION_ENDPOINTS },
    { order_endpoints, ORDER_ENDPOINTS },
    { wallet_endpoints, WALLET_ENDPOINTS },
};

static const struct permission perms[] = {
    { "driver.view", "查看车主", .platform = true },
    { "driver.edit", "启用和停用车主", .platform = true },
    { "driver.export", "导出车主", .platform = true },
};

/* What the audit calls what is written here. */
static const struct label events[] = {
    LABEL("driver.register", "车主注册"),
    LABEL("driver.sign_in", "车主登录"),
    LABEL("driver.sign_in_failed", "车主登录失败"),
    LABEL("driver.sign_out", "车主退出"),
    LABEL("driver.session_end", "车主结束其他登录"),
    LABEL("driver.describe", "车主修改资料"),
    LABEL("driver.enable", "启用车主"),
    LABEL("driver.disable", "停用车主"),
};

const struct feature driver_feature = {
    .name = "driver", .menu = "用户管理", .icon = "users",
    .pages = LIST(pages), .perms = LIST(perms),
    .routes = { code_routes, CODE_ROUTES },
    .endpoints = { sign_in_endpoints, SIGN_IN_ENDPOINTS },
    .more_endpoints = LIST(more),
    .events = LIST(events),
};
