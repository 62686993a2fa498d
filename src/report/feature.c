/*
 * What reporting brings: the home page.
 */
#include "report/home_admin.h"
#include "web/feature.h"

static const struct menu_entry entries[] = {
    { "首页", "/console/", "home.view", "home", NULL },
};

static const struct permission perms[] = {
    { "home.view", "查看首页" },
};

const struct feature report_feature = {
    .name = "report", .entries = LIST(entries), .perms = LIST(perms),
    .routes = { home_routes, HOME_ROUTES },
};
