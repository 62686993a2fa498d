/*
 * The page of organisations: providers and merchants below the platform.
 */
#include "org/org_admin.h"

#include "org/org.h"

static const struct column columns[] = {
    { "name", "名称", "o.name", CELL_TEXT, COL_SORT | COL_LINK,
      .group = "基本信息" },
    { "kind", "级别", "o.kind", CELL_ENUM, .labels = LIST(org_kind_labels) },
    { "merchant_kind", "商户类型", "o.merchant_kind", CELL_ENUM,
      .labels = LIST(merchant_kind_labels) },
    { "parent", "上级组织", "up.name", CELL_TEXT, .ref = &org_page,
      .ref_sql = "up.id" },
    { "status", "状态", "o.status", CELL_ENUM,
      .labels = LIST(org_status_labels) },
    { "accounts", "账号",
      "(SELECT COUNT(*) FROM account a WHERE a.org_id = o.id)", CELL_INT },
    { "contact", "联系人", "o.contact", CELL_TEXT, .group = "联系方式" },
    { "phone", "联系电话", "o.phone", CELL_PHONE },
    { "city", "城市", "o.city", CELL_TEXT },
    { "province", "省", "o.province", CELL_TEXT, COL_DETAIL },
    { "district", "区县", "o.district", CELL_TEXT, COL_DETAIL },
    { "address", "详细地址", "o.address", CELL_TEXT, COL_DETAIL },
    { "note", "备注", "o.note", CELL_TEXT, COL_DETAIL, .group = "记录" },
    { "created", "创建时间", "o.created_at", CELL_TIME, COL_SORT },
    { "updated", "修改时间", "o.updated_at", CELL_TIME, COL_DETAIL },
};

static const struct filter filters[] = {
    { "q", "名称 / 联系人", "o.name|o.contact", FILTER_FUZZY },
    { "kind", "级别", "o.kind", FILTER_ENUM, FILTER_TABS,
      .labels = LIST(org_kind_labels) },
    { "status", "状态", "o.status", FILTER_ENUM,
      .labels = LIST(org_status_labels) },
    { "parent", "上级组织", "o.parent_id", FILTER_REF, FILTER_ADVANCED,
      .ref = &org_page },
    { "merchant_kind", "商户类型", "o.merchant_kind", FILTER_ENUM,
      FILTER_ADVANCED, .labels = LIST(merchant_kind_labels) },
    { "created", "创建日期", "o.created_at", FILTER_DATES, FILTER_ADVANCED },
};

#define F(member) FIELD(struct org_form, member)
static const struct field fields[] = {
    { F(parent_id), "上级组织", FIELD_REQUIRED | FIELD_READONLY_EDIT,
      .ref = &org_page, .group = "归属",
      .help = "平台下新增的是服务商，服务商下新增的是商户。" },
    { F(merchant_kind), "商户类型", FIELD_REQUIRED,
      .labels = LIST(merchant_kind_labels), .help = "服务商选「—」。" },
    { F(name), "名称", FIELD_REQUIRED, 2, 40, .group = "基本信息" },
    { F(contact), "联系人", .max = 20 },
    { F(phone), "联系电话", FIELD_PHONE },
    { F(province), "省", .max = 20, .group = "地址" },
    { F(city), "市", .max = 20 },
    { F(district), "区县", .max = 20 },
    { F(address), "详细地址", FIELD_WIDE, .max = 60 },
    { F(note), "备注", FIELD_AREA | FIELD_WIDE, .max = 200 },
};

static const struct action actions[] = {
    { "enable", "启用", ACT_ROW, "org.edit", org_enable,
      .done = "组织已启用。", .icon = "player-play",
      .when = "o.status = 2 AND o.kind <> 1" },
    { "disable", "停用", ACT_ROW | ACT_CONFIRM | ACT_DANGER, "org.edit",
      org_disable,
      .confirm = "停用后，该组织及其下级的账号立即退出且不能再登录；电站与"
                 "进行中的充电不受影响。",
      .keep = "继续使用", .done = "组织已停用。", .icon = "player-pause",
      .when = "o.status = 1 AND o.kind <> 1" },
};

static void fill(struct cx *cx, int64_t id, void *form)
{
    org_fill(cx, id, form);
}

static int64_t save(struct cx *cx, int64_t id, const void *form)
{
    return org_save(cx, id, form);
}

const struct resource org_page = {
    .name = "org", .title = "组织", .unit = "个", .icon = "building",
    .sub = "平台、服务商和商户",
    .empty = "服务商和商户建好后，再为它们建账号。",
    .small = true, .key = "o.id", .order = "-created", .text = "o.name",
    .search = "o.name|o.contact",
    .from = "org o LEFT JOIN org up ON up.id = o.parent_id",
    .scope = { .provider = "o.provider_id", .merchant = "o.id" },
    .perm = { .view = "org.view", .create = "org.edit", .edit = "org.edit",
              .export = "org.view", .import = "org.edit" },
    .columns = LIST(columns), .filters = LIST(filters),
    .fields = LIST(fields), .actions = LIST(actions),
    .same = { { "parent_id", "o.parent_id" }, { "name", "o.name" } },
    .form_size = sizeof(struct org_form), .fill = fill, .save = save,
    .version = "o.ver",
};
