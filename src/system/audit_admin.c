/*
 * Who did what and when. Rows are never changed (L3), so there is no form.
 * The words for what happened, and to what, stand in the features' records.
 */
#include "system/audit_admin.h"

#include "feature_list.h"

static struct label event_at(size_t i)
{
    for (size_t f = 0; f < all_features.n; f++) {
        const struct feature *feature = all_features.v[f];

        if (i < feature->events.n)
            return feature->events.v[i];
        i -= feature->events.n;
    }
    return NO_LABEL;
}

/* Pages are called by their title. */
static struct label object_at(size_t i)
{
    for (size_t f = 0; f < all_features.n; f++) {
        const struct feature *feature = all_features.v[f];

        if (i < feature->pages.n)
            return (struct label)LABEL(feature->pages.v[i]->name,
                                       feature->pages.v[i]->title);
        i -= feature->pages.n;
        if (i < feature->objects.n)
            return feature->objects.v[i];
        i -= feature->objects.n;
    }
    return NO_LABEL;
}

#define EVENTS { .at = event_at }
#define OBJECTS { .at = object_at }

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
    { "event", "事件", "a.event", CELL_ENUM, .labels = EVENTS },
    { "text", "内容", "a.text", CELL_TEXT },
    { "object", "对象", "a.object", CELL_ENUM, .labels = OBJECTS },
    { "object_id", "对象编号", "CAST(NULLIF(a.object_id, 0) AS CHAR)",
      CELL_MONO },
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
    { "event", "事件", "a.event", FILTER_ENUM, FILTER_KEYS,
      .labels = EVENTS },
    { "kind", "身份", "a.actor_kind", FILTER_ENUM,
      .labels = LIST(actor_labels) },
    { "at", "日期", "a.at", FILTER_DATES, FILTER_ADVANCED },
    { "object", "对象", "a.object", FILTER_ENUM,
      FILTER_KEYS | FILTER_ADVANCED, .labels = OBJECTS },
    { "object_id", "对象编号", "a.object_id", FILTER_RANGE, FILTER_ADVANCED,
      .unit = CELL_INT },
    { "text", "内容", "a.text", FILTER_FUZZY, FILTER_ADVANCED },
};

const struct resource audit_page = {
    .name = "audit", .title = "操作日志", .icon = "history",
    .sub = "登录、修改、下发、导出和被拒绝的操作",
    .key = "a.id", .order = "-at", .text = "LEFT(a.text, 40)",
    .from = "audit a LEFT JOIN org o ON o.id = a.org_id",
    .scope = { .provider = "a.provider_id", .merchant = "a.merchant_id" },
    .perm = { .view = "audit.view", .export = "audit.view" },
    .columns = LIST(columns), .filters = LIST(filters),
};

const char *audit_event_word(const char *event)
{
    const struct label l = label_of_key((struct labels)EVENTS, event);

    return l.key != NULL ? l.word : event;
}
