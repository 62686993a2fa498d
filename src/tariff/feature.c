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

/* What the audit calls what is written here. */
static const struct label events[] = {
    LABEL("tariff.create", "新增计费规则"),
    LABEL("tariff.edit", "修改计费规则"),
    LABEL("tariff.price", "发布价格"),
    LABEL("tariff.enable", "启用计费规则"),
    LABEL("tariff.disable", "停用计费规则"),
};

const struct feature tariff_feature = {
    .name = "tariff", .menu = "场站管理", .icon = "building",
    .pages = LIST(pages), .perms = LIST(perms),
    .routes = { tariff_routes, TARIFF_ROUTES },
    .panels = { tariff_panels, TARIFF_PANELS },
    .events = LIST(events),
};
