/*
 * Pages of connectors.
 */
#include "asset/asset.h"
#include "asset/asset_admin.h"
#include "asset/live.h"
#include "asset/pile.h"
#include "web/resource.h"

static const struct column columns[] = {
    { "code", "枪口号", "c.qr_no", CELL_MONO,
      COL_SORT | COL_UNIQUE | COL_LINK },
    { "state", "运行状态", "COALESCE(l.state, 6)", CELL_ENUM,
      .labels = LIST(connector_state_labels) },
    { "name", "电枪名称", "c.name", CELL_TEXT },
    { "pile", "桩编号", "p.no", CELL_MONO, .ref = &pile_page,
      .ref_sql = "p.id" },
    { "station", "所属电站", "s.name", CELL_TEXT, .ref = &station_page,
      .ref_sql = "s.id" },
    { "area", "区域", "a.name", CELL_TEXT, COL_HIDDEN },
    { "kind", "充电类型", "p.kind", CELL_ENUM,
      .labels = LIST(pile_kind_labels) },
    { "status", "运营状态", "c.status", CELL_ENUM,
      .labels = LIST(asset_status_labels) },
    { "power", "当前功率", "l.power_w", CELL_KW },
    { "soc", "SOC %", "IF(l.state = 1, l.soc, NULL)", CELL_INT },
    { "since", "状态开始", "l.since_at", CELL_TIME },
    { "parking", "车位", "c.parking_no", CELL_TEXT, COL_HIDDEN },
    { "factory", "出厂标识", "p.factory_no", CELL_TEXT, COL_HIDDEN },
};

static const struct filter filters[] = {
    { "q", "枪口号 / 名称", "c.qr_no|c.name|p.factory_no", FILTER_FUZZY },
    { "station", "电站", "c.station_id", FILTER_REF, .ref = &station_page },
    { "state", "运行状态", "l.state", FILTER_ENUM, FILTER_TABS,
      .labels = LIST(connector_state_labels) },
    { "status", "运营状态", "c.status", FILTER_ENUM,
      .labels = LIST(asset_status_labels) },
    { "pile", "电桩", "c.pile_id", FILTER_REF, FILTER_ADVANCED,
      .ref = &pile_page },
    { "area", "区域名称", "a.name", FILTER_FUZZY, FILTER_ADVANCED },
};

#define F(member) FIELD(struct connector_form, member)
static const struct field fields[] = {
    { F(name), "电枪名称", FIELD_REQUIRED, 1, 20 },
    { F(parking_no), "车位", .max = 20 },
};

static const struct action actions[] = {
    { "qr", "二维码", ACT_ROW | ACT_LINK, "station.view",
      .url = "/console/connector/%s/qr", .icon = "qrcode" },
    { "enable", "启用", ACT_ROW | ACT_BULK, "pile.edit", connector_enable,
      .done = "电枪已启用。", .when = "c.status = 2", .icon = "player-play" },
    { "disable", "停用", ACT_ROW | ACT_BULK | ACT_CONFIRM | ACT_DANGER,
      "pile.edit", connector_disable,
      .confirm = "停用后车主不能在该枪启动充电；进行中的充电不受影响。",
      .keep = "继续使用", .done = "电枪已停用。", .when = "c.status = 1",
      .icon = "player-pause" },
};

static void fill(struct cx *cx, int64_t id, void *form)
{
    struct connector_form *f = form;
    const struct connector *c = connector_load(cx, id);

    f->name = c->name;
    f->parking_no = c->parking_no;
}

static int64_t save(struct cx *cx, int64_t id, const void *form)
{
    return connector_save(cx, id, form);
}

const struct resource connector_page = {
    .name = "connector", .title = "电枪", .unit = "把", .icon = "plug",
    .sub = "电枪随电桩的枪数自动生成", .live = "alarm",
    .key = "c.id", .order = "code", .text = "c.name",
    .search = "c.qr_no|c.name|s.name",
    .from = "connector c LEFT JOIN pile p ON p.id = c.pile_id"
            " LEFT JOIN station s ON s.id = c.station_id"
            " LEFT JOIN area a ON a.id = p.area_id"
            " LEFT JOIN connector_live l ON l.connector_id = c.id",
    .where = "p.deleted_at IS NULL",
    .scope = SCOPE_STATION("s"),
    .perm = { .view = "station.view", .edit = "pile.edit",
              .export = "station.export" },
    .columns = LIST(columns), .filters = LIST(filters),
    .fields = LIST(fields), .actions = LIST(actions),
    .form_size = sizeof(struct connector_form), .fill = fill, .save = save,
    .version = "c.ver",
};
