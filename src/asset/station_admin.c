/*
 * Pages of stations.
 */
#include <inttypes.h>

#include "asset/asset_admin.h"
#include "asset/station.h"
#include "org/merchant_admin.h"
#include "web/resource.h"

static const struct column columns[] = {
    { "name", "电站名称", "s.name", CELL_TEXT, COL_SORT | COL_LINK,
      .group = "基础信息" },
    { "status", "状态", "s.status", CELL_ENUM,
      .labels = LIST(asset_status_labels) },
    { "review", "审核状态", "s.review", CELL_ENUM, COL_HIDDEN,
      .labels = LIST(station_review_labels) },
    { "provider", "服务商", "v.name", CELL_TEXT, COL_HIDDEN },
    { "merchant", "所属商户", "m.name", CELL_TEXT },
    { "nature", "运营性质", "s.nature", CELL_ENUM,
      .labels = LIST(asset_nature_labels), .group = "运营信息" },
    { "piles", "电桩",
      "(SELECT COUNT(*) FROM pile p"
      " WHERE p.station_id = s.id AND p.deleted_at IS NULL)", CELL_INT },
    { "guns", "电枪",
      "(SELECT COUNT(*) FROM connector_live l WHERE l.station_id = s.id)",
      CELL_INT },
    { "idle", "空闲枪",
      "(SELECT COUNT(*) FROM connector_live l"
      " WHERE l.station_id = s.id AND l.state = 2)", CELL_INT },
    { "hours", "营业时间", "s.hours", CELL_TEXT, COL_HIDDEN },
    { "max_power", "最大功率", "s.max_power_w", CELL_KW },
    { "load", "容量负荷", "s.load_w", CELL_KW, COL_HIDDEN },
    { "contact", "联系人", "s.contact", CELL_TEXT, COL_HIDDEN },
    { "phone", "联系人手机", "s.phone", CELL_PHONE, COL_HIDDEN },
    { "hotline", "服务热线", "s.hotline", CELL_TEXT, COL_HIDDEN },
    { "intro", "电站简介", "s.intro", CELL_TEXT, COL_DETAIL },
    { "parking", "停车说明", "s.parking_note", CELL_TEXT, COL_DETAIL },
    { "province", "省", "s.province", CELL_TEXT, COL_DETAIL,
      .group = "地址信息" },
    { "city", "城市", "s.city", CELL_TEXT },
    { "district", "区县", "s.district", CELL_TEXT },
    { "address", "详细地址", "s.address", CELL_TEXT, COL_HIDDEN },
    { "lng", "经度", "NULLIF(s.lng_e6, 0) / 1000000", CELL_TEXT, COL_DETAIL },
    { "lat", "纬度", "NULLIF(s.lat_e6, 0) / 1000000", CELL_TEXT, COL_DETAIL },
    { "created", "创建时间", "s.created_at", CELL_TIME, COL_HIDDEN,
      .group = "记录" },
    { "updated", "修改时间", "s.updated_at", CELL_TIME, COL_DETAIL },
};

static const struct filter filters[] = {
    { "q", "电站名称", "s.name", FILTER_FUZZY },
    { "status", "状态", "s.status", FILTER_ENUM, FILTER_TABS,
      .labels = LIST(asset_status_labels) },
    { "review", "审核状态", "s.review", FILTER_ENUM,
      .labels = LIST(station_review_labels) },
    { "city", "城市", "s.city", FILTER_FUZZY },
    { "nature", "运营性质", "s.nature", FILTER_ENUM, FILTER_ADVANCED,
      .labels = LIST(asset_nature_labels) },
    { "merchant", "所属商户", "s.merchant_id", FILTER_REF, FILTER_ADVANCED,
      .ref = &merchant_page },
    { "created", "创建日期", "s.created_at", FILTER_DATES, FILTER_ADVANCED },
};

#define F(member) FIELD(struct station_form, member)
static const struct field fields[] = {
    { F(merchant_id), "所属商户", FIELD_REQUIRED | FIELD_READONLY_EDIT,
      .ref = &merchant_page, .group = "基础信息" },
    { F(name), "电站名称", FIELD_REQUIRED, 1, 40 },
    { F(nature), "运营性质", FIELD_REQUIRED,
      .labels = LIST(asset_nature_labels) },
    { F(hours), "营业时间", FIELD_REQUIRED, 1, 60,
      .help = "如 00:00-24:00、周一至周五 08:00-22:00。" },
    { F(contact), "联系人", .max = 20 },
    { F(phone), "联系人手机", FIELD_PHONE },
    { F(hotline), "服务热线", .max = 20 },
    { F(max_power_w), "最大功率", .min = 0, .max = 50000000,
      .unit = CELL_KW, .suffix = "kW", .group = "容量" },
    { F(load_w), "容量负荷", .min = 0, .max = 50000000, .unit = CELL_KW,
      .suffix = "kW" },
    { F(province), "省", FIELD_REQUIRED, 1, 20, .group = "地址" },
    { F(city), "市", FIELD_REQUIRED, 1, 20 },
    { F(district), "区县", FIELD_REQUIRED, 1, 20 },
    { F(address), "详细地址", FIELD_REQUIRED | FIELD_WIDE, 1, 60 },
    { F(lng), "经度", .max = 11, .help = "GCJ-02，如 113.269000。" },
    { F(lat), "纬度", .max = 10, .help = "GCJ-02，如 22.988000。" },
    { F(intro), "电站简介", FIELD_AREA | FIELD_WIDE, .max = 200,
      .group = "说明" },
    { F(parking_note), "停车说明", FIELD_AREA | FIELD_WIDE, .max = 100 },
};

static const struct action actions[] = {
    { "enable", "启用", ACT_ROW | ACT_BULK, "station.edit", station_enable,
      .done = "电站已启用。", .when = "s.status = 2", .icon = "player-play" },
    { "disable", "停用", ACT_ROW | ACT_BULK | ACT_CONFIRM | ACT_DANGER,
      "station.edit", station_disable,
      .confirm = "停用后车主端不再展示该电站，也不能添加区域、电桩和计费规则；"
                 "进行中的充电不受影响。",
      .keep = "继续运营", .done = "电站已停用。", .when = "s.status = 1",
      .icon = "player-pause" },
};

static void fill(struct cx *cx, int64_t id, void *form)
{
    struct station_form *f = form;
    const struct station *s = station_load(cx, id);

    *f = (struct station_form){
        .merchant_id = s->merchant_id, .name = s->name, .nature = s->nature,
        .contact = s->contact, .phone = s->phone, .hotline = s->hotline,
        .intro = s->intro, .hours = s->hours,
        .max_power_w = s->max_power_w, .load_w = s->load_w,
        .province = s->province, .city = s->city, .district = s->district,
        .address = s->address, .lng = degrees_text(cx, s->lng_e6),
        .lat = degrees_text(cx, s->lat_e6), .parking_note = s->parking_note
    };
}

static int64_t save(struct cx *cx, int64_t id, const void *form)
{
    return station_save(cx, id, form);
}

/* Areas, piles, connectors and parking spaces below the station. */
static void decorate(struct cx *cx, int64_t id, struct vnode *detail)
{
    struct station_counts *n = station_count(cx, id);
    static const struct { const char *label, *list; } rows[] = {
        { "区域", "area" },
        { "电桩", "pile" },
        { "电枪", "connector" },
        { "车位", NULL },
    };
    const int64_t counts[] = { n->areas, n->piles, n->connectors, n->spaces };

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct vnode *row = v_item(v_child(detail, "figures"), i);

        v_set(row, "label", rows[i].label);
        v_int(row, "value", counts[i]);
        if (rows[i].list != NULL)
            v_printf(row, "path", "/console/%s?station=%" PRId64,
                     rows[i].list, id);
    }
}

const struct resource station_page = {
    .name = "station", .title = "电站", .unit = "座", .icon = "building",
    .sub = "汽车电站的基础、运营和地址信息",
    .empty = "新增电站后会自动生成一个默认区域。",
    .small = true, .key = "s.id", .order = "name", .text = "s.name",
    .search = "s.name|s.address|s.district",
    .from = "station s LEFT JOIN org m ON m.id = s.merchant_id"
            " LEFT JOIN org v ON v.id = s.provider_id",
    .where = "s.kind = 1",
    .scope = SCOPE_STATION("s"),
    .perm = { .view = "station.view", .create = "station.edit",
              .edit = "station.edit", .export = "station.export",
              .import = "station.edit" },
    .columns = LIST(columns), .filters = LIST(filters),
    .fields = LIST(fields), .actions = LIST(actions),
    .same = { { "merchant_id", "s.merchant_id" }, { "name", "s.name" } },
    .form_size = sizeof(struct station_form), .fill = fill, .save = save,
    .decorate = decorate, .version = "s.ver",
};
