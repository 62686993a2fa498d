/*
 * What the assets bring: stations, areas, piles, connectors.
 */
#include "asset/asset_admin.h"
#include "asset/qr_admin.h"
#include "org/merchant_admin.h"
#include "web/feature.h"

static const struct resource *const pages[] = {
    &station_page, &area_page, &pile_page, &connector_page, &merchant_page,
};

static const struct permission perms[] = {
    { "station.view", "查看电站与电桩" },
    { "station.edit", "新增和修改电站、区域" },
    { "station.export", "导出电站与电桩" },
    { "pile.edit", "新增、修改和删除电桩" },
    { "pile.control", "控制电桩（重启、对时、下发）" },
};

const struct feature asset_feature = {
    .name = "asset", .menu = "场站管理", .icon = "building",
    .pages = LIST(pages), .perms = LIST(perms),
    .routes = { qr_routes, QR_ROUTES },
};
