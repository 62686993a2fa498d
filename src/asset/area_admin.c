/*
 * Pages of areas.
 */
#include "asset/area.h"
#include "asset/asset.h"
#include "asset/asset_admin.h"
#include "web/resource.h"

static const struct column columns[] = {
    { "no", "区域编号", "a.no", CELL_MONO, COL_SORT | COL_LINK },
    { "name", "区域名称", "a.name", CELL_TEXT },
    { "status", "状态", "a.status", CELL_ENUM,
      .labels = LIST(asset_status_labels) },
    { "station", "所属电站", "s.name", CELL_TEXT, .ref = &station_page,
      .ref_sql = "s.id" },
    { "phone", "联系电话", "a.phone", CELL_TEXT },
    { "power", "区域功率", "a.power_w", CELL_KW },
    { "spaces", "车位数量", "a.spaces", CELL_INT },
    { "piles", "电桩数量",
      "(SELECT COUNT(*) FROM pile p"
      " WHERE p.area_id = a.id AND p.deleted_at IS NULL)", CELL_INT },
    { "guns", "电枪数量",
      "(SELECT COALESCE(SUM(p.guns), 0) FROM pile p"
      " WHERE p.area_id = a.id AND p.deleted_at IS NULL)", CELL_INT },
    { "created", "创建时间", "a.created_at", CELL_TIME, COL_HIDDEN },
    { "updated", "修改时间", "a.updated_at", CELL_TIME, COL_DETAIL },
};

static const struct filter filters[] = {
    { "q", "区域编号 / 名称", "a.no|a.name", FILTER_FUZZY },
    { "station", "电站", "a.station_id", FILTER_REF, .ref = &station_page },
    { "status", "状态", "a.status", FILTER_ENUM, FILTER_TABS,
      .labels = LIST(asset_status_labels) },
};

#define F(member) FIELD(struct area_form, member)
static const struct field fields[] = {
    { F(station_id), "归属电站", FIELD_REQUIRED | FIELD_READONLY_EDIT,
      .ref = &station_page },
    { F(name), "区域名称", FIELD_REQUIRED, 1, 20 },
    { F(phone), "联系电话", .max = 20 },
    { F(power_w), "区域功率", .min = 0, .max = 50000000, .unit = CELL_KW,
      .suffix = "kW" },
    { F(spaces), "车位数量", .min = 0, .max = 10000 },
};

static const struct action actions[] = {
    { "enable", "启用", ACT_ROW | ACT_BULK, "station.edit", area_enable,
      .done = "区域已启用。", .when = "a.status = 2", .icon = "player-play" },
    { "disable", "停用", ACT_ROW | ACT_BULK | ACT_CONFIRM | ACT_DANGER,
      "station.edit", area_disable,
      .confirm = "停用后不能在该区域添加电桩与计费规则，车主端不展示其中的电桩。",
      .keep = "继续使用", .done = "区域已停用。", .when = "a.status = 1",
      .icon = "player-pause" },
};

static void fill(struct cx *cx, int64_t id, void *form)
{
    struct area_form *f = form;
    const struct area *a = area_load(cx, id);

    *f = (struct area_form){ .station_id = a->station_id, .name = a->name,
                             .phone = a->phone, .power_w = a->power_w,
                             .spaces = a->spaces };
}

static int64_t save(struct cx *cx, int64_t id, const void *form)
{
    return area_save(cx, id, form);
}

const struct resource area_page = {
    .name = "area", .title = "区域", .unit = "个", .icon = "map-pin",
    .sub = "电站内的分区，新电站自带一个默认区域",
    .small = true, .key = "a.id", .order = "no", .text = "a.name",
    .search = "a.name|a.no|s.name",
    .from = "area a LEFT JOIN station s ON s.id = a.station_id",
    .scope = SCOPE_STATION("s"),
    .perm = { .view = "station.view", .create = "station.edit",
              .edit = "station.edit", .export = "station.export",
              .import = "station.edit" },
    .columns = LIST(columns), .filters = LIST(filters),
    .fields = LIST(fields), .actions = LIST(actions),
    .same = { { "station_id", "a.station_id" }, { "name", "a.name" } },
    .form_size = sizeof(struct area_form), .fill = fill, .save = save,
    .version = "a.ver",
};
