#include "org/merchant_admin.h"

#include "org/org.h"
#include "web/resource.h"

static const struct column columns[] = {
    { "name", "商户名称", "o.name", CELL_TEXT, COL_LINK },
    { "kind", "商户类型", "o.merchant_kind", CELL_ENUM,
      .labels = LIST(merchant_kind_labels) },
    { "provider", "服务商", "v.name", CELL_TEXT },
};

static const struct filter filters[] = {
    { "q", "商户名称", "o.name", FILTER_FUZZY },
};

const struct resource merchant_page = {
    .name = "merchant", .title = "商户", .unit = "家", .no_menu = true,
    .small = true, .key = "o.id", .order = "name", .text = "o.name",
    .search = "o.name|v.name",
    .from = "org o LEFT JOIN org v ON v.id = o.provider_id",
    .where = "o.kind = 3 AND o.status = 1",
    .scope = { .provider = "o.provider_id", .merchant = "o.id" },
    .perm = { .view = "station.view" },
    .columns = LIST(columns), .filters = LIST(filters),
};
