/*
 * Pages of piles.
 */
#include "asset/asset_admin.h"
#include "asset/live.h"
#include "asset/pile.h"
#include "asset/pile_control.h"
#include "asset/station.h"
#include "web/resource.h"

static const struct column columns[] = {
    { "no", "桩编号", "p.no", CELL_MONO, COL_SORT | COL_UNIQUE | COL_LINK,
      .group = "基本信息" },
    { "state", "运行状态", PILE_STATE, CELL_ENUM,
      .labels = LIST(connector_state_labels) },
    { "name", "站内名称", "p.name", CELL_TEXT },
    { "provider", "所属运营商", "v.name", CELL_TEXT },
    { "station", "所属电站", "s.name", CELL_TEXT, .ref = &station_page,
      .ref_sql = "s.id" },
    { "area", "区域", "a.name", CELL_TEXT, COL_HIDDEN },
    { "kind", "充电类型", "p.kind", CELL_ENUM,
      .labels = LIST(pile_kind_labels) },
    { "status", "运营状态", "p.status", CELL_ENUM,
      .labels = LIST(asset_status_labels) },
    { "speed", "充电速度", "p.speed", CELL_ENUM, COL_HIDDEN,
      .labels = LIST(pile_speed_labels) },
    { "power", "额定功率", "p.power_w", CELL_KW },
    { "now", "当前功率",
      "(SELECT COALESCE(SUM(l.power_w), 0) FROM connector_live l"
      " WHERE l.pile_id = p.id)", CELL_KW },
    { "idle", "空闲枪",
      "CONCAT((SELECT COUNT(*) FROM connector_live l"
      " WHERE l.pile_id = p.id AND l.state = 2), ' / ', p.guns)", CELL_TEXT },
    { "seen", "最后通信", "p.seen_at", CELL_TIME },
    { "factory", "出厂标识", "p.factory_no", CELL_TEXT, COL_HIDDEN },
    { "maker", "制造厂商", "p.maker", CELL_TEXT, COL_HIDDEN },
    { "model", "设备型号", "p.model", CELL_TEXT, COL_HIDDEN },
    { "version", "设备版本", "p.version", CELL_TEXT, COL_DETAIL },
    { "city", "城市", "s.city", CELL_TEXT, COL_HIDDEN },
    { "guns", "电枪数量", "p.guns", CELL_INT, COL_HIDDEN,
      .group = "电气参数" },
    { "voltage", "输出电压", "p.voltage_dv", CELL_VOLT, COL_DETAIL },
    { "current", "输出电流", "p.current_da", CELL_AMP, COL_DETAIL },
    { "mounting", "安装方式", "p.mounting", CELL_ENUM, COL_DETAIL,
      .labels = LIST(pile_mounting_labels) },
    { "protection", "防护等级", "p.protection", CELL_TEXT, COL_DETAIL },
    { "nature", "运营性质", "p.nature", CELL_ENUM, COL_HIDDEN,
      .labels = LIST(asset_nature_labels), .group = "运营信息" },
    { "owner", "资产归属", "p.owner", CELL_TEXT, COL_DETAIL },
    { "occupy", "占位收费", "p.occupy_fee", CELL_BOOL, COL_DETAIL },
    { "reserve", "预约充电", "p.reservable", CELL_BOOL, COL_DETAIL },
    { "network", "通讯方式", "p.network", CELL_ENUM, COL_DETAIL,
      .labels = LIST(pile_network_labels), .group = "通信" },
    { "sim", "SIM 卡号", "p.sim_no", CELL_MONO, COL_HIDDEN },
    { "carrier", "SIM 卡运营商", "p.sim_carrier", CELL_ENUM, COL_DETAIL,
      .labels = LIST(sim_carrier_labels) },
    { "policy", "登录校验", "p.login_policy", CELL_ENUM, COL_DETAIL,
      .labels = LIST(login_policy_labels) },
    { "allowed", "允许的来源", "p.pinned_address", CELL_MONO, COL_DETAIL },
    { "online", "在线", "p.online", CELL_ENUM, COL_HIDDEN,
      .labels = LIST(pile_online_labels) },
    { "firmware", "固件版本", "p.firmware", CELL_TEXT, COL_HIDDEN },
    { "protocol", "协议版本", "p.protocol", CELL_TEXT, COL_DETAIL },
    { "tariff", "计费模型编号", "p.tariff_no", CELL_MONO, COL_DETAIL },
    { "address", "通信地址", "p.address_seen", CELL_MONO, COL_DETAIL },
    { "login", "上次登录", "p.login_at", CELL_TIME, COL_DETAIL },
    { "created", "创建时间", "p.created_at", CELL_TIME, COL_DETAIL,
      .group = "记录" },
    { "updated", "修改时间", "p.updated_at", CELL_TIME, COL_DETAIL },
};

static const struct filter filters[] = {
    { "q", "桩编号 / 站内名称", "p.no|p.name|p.factory_no", FILTER_FUZZY },
    { "station", "电站", "p.station_id", FILTER_REF, .ref = &station_page },
    { "status", "运营状态", "p.status", FILTER_ENUM, FILTER_TABS,
      .labels = LIST(asset_status_labels) },
    { "online", "在线状态", "p.online", FILTER_ENUM,
      .labels = LIST(pile_online_labels) },
    { "provider", "所属运营商", "v.name", FILTER_FUZZY, FILTER_ADVANCED },
    { "city", "城市", "s.city", FILTER_FUZZY, FILTER_ADVANCED },
    { "station_name", "电站名称", "s.name", FILTER_FUZZY, FILTER_ADVANCED },
    { "area", "区域名称", "a.name", FILTER_FUZZY, FILTER_ADVANCED },
    { "kind", "充电类型", "p.kind", FILTER_ENUM, FILTER_ADVANCED,
      .labels = LIST(pile_kind_labels) },
    { "speed", "充电速度", "p.speed", FILTER_ENUM, FILTER_ADVANCED,
      .labels = LIST(pile_speed_labels) },
    { "power", "额定功率", "p.power_w", FILTER_RANGE, FILTER_ADVANCED,
      .unit = CELL_KW },
};

#define F(member) FIELD(struct pile_form, member)
static const struct field fields[] = {
    { F(station_id), "所属电站", FIELD_REQUIRED, .ref = &station_page,
      .group = "归属" },
    { F(area_id), "区域", FIELD_REQUIRED, .ref = &area_page,
      .within = "station_id" },
    { F(no), "桩编号", FIELD_REQUIRED, 1, 20, .check = pile_no_error,
      .help = "平台分配的 14 位编号，电桩用它登录。" },
    { F(name), "站内名称", FIELD_REQUIRED, 1, 20, .help = "如 A01。" },
    { F(factory_no), "出厂标识", .max = 40 },
    { F(kind), "电流类型", FIELD_REQUIRED, .labels = LIST(pile_kind_labels),
      .group = "设备" },
    { F(speed), "充电速度", FIELD_REQUIRED,
      .labels = LIST(pile_speed_labels) },
    { F(guns), "电枪数量", FIELD_REQUIRED, 1, PILE_GUNS_MAX },
    { F(power_w), "输出功率", FIELD_REQUIRED, 1000, 960000,
      .unit = CELL_KW, .suffix = "kW" },
    { F(voltage_dv), "输出电压", .min = 0, .max = 15000, .unit = CELL_VOLT,
      .suffix = "V" },
    { F(current_da), "输出电流", .min = 0, .max = 10000, .unit = CELL_AMP,
      .suffix = "A" },
    { F(maker), "制造厂商", .max = 40 },
    { F(model), "设备型号", .max = 40 },
    { F(version), "设备版本", .max = 20 },
    { F(mounting), "安装方式", FIELD_REQUIRED,
      .labels = LIST(pile_mounting_labels) },
    { F(protection), "防护等级", .max = 10, .help = "如 IP54。" },
    { F(nature), "运营性质", FIELD_REQUIRED,
      .labels = LIST(asset_nature_labels), .group = "运营" },
    { F(owner), "资产归属", .max = 40 },
    { F(occupy_fee), "占位收费" },
    { F(reservable), "预约充电" },
    { F(network), "通讯方式", FIELD_REQUIRED,
      .labels = LIST(pile_network_labels), .group = "通信" },
    { F(sim_no), "SIM 卡号", .max = 20 },
    { F(sim_carrier), "SIM 卡运营商", FIELD_REQUIRED,
      .labels = LIST(sim_carrier_labels) },
    { F(login_policy), "登录校验", FIELD_REQUIRED,
      .labels = LIST(login_policy_labels),
      .help = "严格校验核对卡号、枪数与类型；首次登录绑定地址需现场确认。" },
    { F(pinned_address), "允许的来源", FIELD_WIDE, .max = 45,
      .check = pile_address_error,
      .help = "允许登录的地址或网段；绑定方式下清空，则下次登录时重新绑定。" },
};

static const struct action actions[] = {
    { "qr", "二维码", ACT_ROW | ACT_LINK, "station.view",
      .url = "/console/pile/%s/qr", .icon = "qrcode" },
    { "reboot", "重启", ACT_ROW | ACT_BULK | ACT_CONFIRM, "pile.control",
      pile_reboot,
      .confirm = "电桩空闲后重启，约 1 分钟内不能启动充电；进行中的充电不受影响。",
      .keep = "暂不重启",
      .done = "已下发，等待电桩应答（最长 30 秒）。", .icon = "refresh",
      .when = "p.online = 1" },
    { "clock", "同步时钟", ACT_ROW | ACT_BULK, "pile.control",
      pile_sync_clock, .done = "已下发对时，等待电桩应答。", .icon = "clock",
      .when = "p.online = 1" },
    { "tariff", "下发计费规则", ACT_ROW | ACT_BULK, "pile.control",
      pile_sync_tariff, .done = "已下发计费规则，等待电桩应答。",
      .icon = "upload", .when = "p.online = 1" },
    { "code", "同步二维码", ACT_ROW | ACT_BULK, "pile.control",
      pile_sync_qr, .done = "已下发二维码前缀，等待电桩应答。",
      .icon = "scan", .when = "p.online = 1" },
    { "read", "刷新状态", ACT_ROW, "pile.control", pile_refresh,
      .done = "已请求最新状态。", .icon = "activity", .when = "p.online = 1" },
    { "enable", "启用", ACT_ROW | ACT_BULK, "pile.edit", pile_enable,
      .done = "电桩已启用。", .when = "p.status = 2", .icon = "player-play" },
    { "disable", "停用", ACT_ROW | ACT_BULK | ACT_CONFIRM, "pile.edit",
      pile_disable,
      .confirm = "停用后车主端显示为停用，不能启动充电；进行中的充电不受影响。",
      .keep = "继续运营", .done = "电桩已停用。", .when = "p.status = 1",
      .icon = "player-pause" },
    { "delete", "删除", ACT_ROW | ACT_CONFIRM | ACT_DANGER, "pile.edit",
      pile_delete,
      .confirm = "删除后电桩不能再登录，历史订单保留。删除不能撤销。",
      .keep = "保留电桩", .done = "电桩已删除。", .icon = "trash" },
};

static void fill(struct cx *cx, int64_t id, void *form)
{
    struct pile_form *f = form;
    const struct pile *p = pile_load(cx, id);

    *f = (struct pile_form){
        .station_id = p->station_id, .area_id = p->area_id, .no = p->no,
        .name = p->name, .factory_no = p->factory_no, .maker = p->maker,
        .model = p->model, .version = p->version, .kind = p->kind,
        .speed = p->speed, .guns = p->guns, .power_w = p->power_w,
        .voltage_dv = p->voltage_dv, .current_da = p->current_da,
        .sim_no = p->sim_no, .sim_carrier = p->sim_carrier,
        .nature = p->nature, .owner = p->owner,
        .occupy_fee = p->occupy_fee, .reservable = p->reservable,
        .mounting = p->mounting, .protection = p->protection,
        .network = p->network, .login_policy = p->login_policy,
        .pinned_address = p->pinned_address
    };
}

static int64_t save(struct cx *cx, int64_t id, const void *form)
{
    return pile_save(cx, id, form);
}

const struct resource pile_page = {
    .name = "pile", .title = "电桩", .unit = "台", .icon = "charging-pile",
    .sub = "列表展示已启用与停用的充电桩",
    .empty = "可以逐台新增，也可以用表格导入。",
    .key = "p.id", .order = "no", .text = "p.no",
    .search = "p.no|p.name|s.name",
    .from = "pile p LEFT JOIN station s ON s.id = p.station_id"
            " LEFT JOIN area a ON a.id = p.area_id"
            " LEFT JOIN org v ON v.id = s.provider_id",
    .where = "p.deleted_at IS NULL",
    .scope = SCOPE_STATION("s"),
    .perm = { .view = "station.view", .create = "pile.edit",
              .edit = "pile.edit", .export = "station.export",
              .import = "pile.edit" },
    .columns = LIST(columns), .filters = LIST(filters),
    .fields = LIST(fields), .actions = LIST(actions),
    .same = { { "no", "p.no" } },
    .form_size = sizeof(struct pile_form), .fill = fill, .save = save,
    .version = "p.ver",
};
