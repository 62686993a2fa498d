/*
 * What the assets bring: stations, areas, piles, connectors.
 */
#include "asset/asset_admin.h"
#include "asset/pile.h"
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

/* What the audit calls what is written here. */
static const struct label events[] = {
    LABEL("station.create", "新增电站"),
    LABEL("station.edit", "修改电站"),
    LABEL("station.enable", "启用电站"),
    LABEL("station.disable", "停用电站"),
    LABEL("area.create", "新增区域"),
    LABEL("area.edit", "修改区域"),
    LABEL("area.enable", "启用区域"),
    LABEL("area.disable", "停用区域"),
    LABEL("pile.create", "新增电桩"),
    LABEL("pile.edit", "修改电桩"),
    LABEL("pile.delete", "删除电桩"),
    LABEL("pile.import", "导入电桩"),
    LABEL("pile.enable", "启用电桩"),
    LABEL("pile.disable", "停用电桩"),
    LABEL("pile.reboot", "重启电桩"),
    LABEL("pile.clock", "同步时钟"),
    LABEL("pile.tariff", "下发计费规则"),
    LABEL("pile.qr", "同步二维码"),
    LABEL("pile.read", "刷新状态"),
    LABEL("connector.edit", "修改电枪"),
    LABEL("connector.enable", "启用电枪"),
    LABEL("connector.disable", "停用电枪"),
};

static const struct live_count lives[] = {
    { "alarm", true, connector_fault_count, "/console/connector?state=fault" },
};

const struct feature asset_feature = {
    .name = "asset", .menu = "场站管理", .icon = "building",
    .pages = LIST(pages), .perms = LIST(perms), .lives = LIST(lives),
    .routes = { qr_routes, QR_ROUTES },
    .events = LIST(events),
};
