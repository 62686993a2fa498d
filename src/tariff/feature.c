/*
 * What tariffs bring.
 */
#include "tariff/tariff_admin.h"
#include "web/feature.h"

static const struct resource *const pages[] = { &tariff_page };

static const struct permission perms[] = {
    { "tariff.view", "查看计费规则" },
    { "tariff.edit", "新增和修改计费规则" },
};

const struct feature tariff_feature = {
    .name = "tariff", .menu = "场站管理", .icon = "building",
    .pages = LIST(pages), .perms = LIST(perms),
    .routes = { tariff_routes, TARIFF_ROUTES },
    .panels = { tariff_panels, TARIFF_PANELS },
};
