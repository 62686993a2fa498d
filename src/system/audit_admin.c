/*
 * Who did what and when. Rows are never changed (L3), so there is no form.
 */
#include "system/audit_admin.h"

static const struct label actor_labels[] = {
    { ACTOR_SYSTEM,  "system",  "系统", NULL },
    { ACTOR_ACCOUNT, "account", "账号", NULL },
    { ACTOR_DRIVER,  "driver",  "车主", NULL },
    { ACTOR_PARTNER, "partner", "第三方", NULL },
    { ACTOR_PILE,    "pile",    "电桩", NULL },
};

static const struct column columns[] = {
    { "at", "时间", "a.at", CELL_TIME, COL_SORT | COL_LINK,
      .group = "操作" },
    { "actor", "操作人", "a.actor_name", CELL_TEXT },
    { "kind", "身份", "a.actor_kind", CELL_ENUM,
      .labels = LIST(actor_labels) },
    { "event", "事件", "a.event", CELL_MONO },
    { "text", "内容", "a.text", CELL_TEXT },
    { "object", "对象", "CONCAT(a.object, ' ', a.object_id)", CELL_MONO },
    { "address", "地址", "a.address", CELL_MONO },
    { "org", "所属组织", "o.name", CELL_TEXT, COL_HIDDEN },
    { "session", "会话", "NULLIF(a.session_id, 0)", CELL_INT, COL_DETAIL,
      .group = "追溯" },
    { "request", "请求编号", "a.request_id", CELL_MONO, COL_DETAIL },
    { "before", "修改前", "a.before_json", CELL_MONO, COL_DETAIL },
    { "after", "修改后", "a.after_json", CELL_MONO, COL_DETAIL },
};

static const struct filter filters[] = {
    { "actor", "操作人", "a.actor_name", FILTER_PREFIX },
    { "event", "事件", "a.event", FILTER_PREFIX },
    { "kind", "身份", "a.actor_kind", FILTER_ENUM,
      .labels = LIST(actor_labels) },
    { "at", "日期", "a.at", FILTER_DATES, FILTER_ADVANCED },
    { "object", "对象", "a.object", FILTER_EXACT, FILTER_ADVANCED },
    { "object_id", "对象编号", "a.object_id", FILTER_RANGE, FILTER_ADVANCED,
      .unit = CELL_INT },
    { "text", "内容", "a.text", FILTER_FUZZY, FILTER_ADVANCED },
};

const struct resource audit_page = {
    .name = "audit", .title = "操作日志", .icon = "history",
    .sub = "登录、修改、下发、导出和被拒绝的操作",
    .key = "a.id", .order = "-at", .text = "a.event",
    .from = "audit a LEFT JOIN org o ON o.id = a.org_id",
    .scope = { .provider = "a.provider_id", .merchant = "a.merchant_id" },
    .perm = { .view = "audit.view", .export = "audit.view" },
    .columns = LIST(columns), .filters = LIST(filters),
};
