/*
 * Drivers in the console (车主).
 */
#include <inttypes.h>

#include "base/money.h"
#include "charging/my_order.h"
#include "driver/driver.h"
#include "driver/driver_pages.h"
#include "ledger/ledger.h"

static const struct column columns[] = {
    { "phone", "手机号", "d.phone", CELL_PHONE, COL_LINK, .group = "车主" },
    { "name", "称呼", "d.name", CELL_TEXT },
    { "plate", "车牌", "d.plate", CELL_TEXT },
    { "status", "状态", "d.status", CELL_ENUM,
      .labels = LIST(driver_status_labels) },
    { "created", "注册时间", "d.created_at", CELL_TIME, COL_SORT },
    { "updated", "修改时间", "d.updated_at", CELL_TIME, COL_DETAIL },
};

static const struct filter filters[] = {
    { "phone", "手机号", "d.phone", FILTER_PREFIX },
    { "status", "状态", "d.status", FILTER_ENUM, FILTER_TABS,
      .labels = LIST(driver_status_labels) },
    { "q", "称呼、车牌", "d.name|d.plate", FILTER_FUZZY },
    { "created", "注册日期", "d.created_at", FILTER_DATES },
};

static const struct action actions[] = {
    { "enable", "启用", ACT_ROW, "driver.edit", driver_enable,
      .done = "车主已启用。", .when = "d.status = 2", .icon = "player-play" },
    { "disable", "停用", ACT_ROW | ACT_CONFIRM | ACT_DANGER, "driver.edit",
      driver_disable,
      .confirm = "停用后该车主立即退出登录，不能再启动充电；"
                 "进行中的充电不受影响，余额保留。",
      .keep = "保持正常", .done = "车主已停用。", .when = "d.status = 1",
      .icon = "ban" },
};

/* The wallet, as the ledger has it, and what was charged. */
static void decorate(struct cx *cx, int64_t id, struct vnode *detail)
{
    const struct wallet w = ledger_wallet(cx, id);
    const struct { const char *label; money amount; const char *list; }
    rows[] = {
        { "可用余额", w.available, NULL },
        { "充值余额", w.paid, "payment" },
        { "后台充值余额", w.granted, NULL },
        { "赠送余额", w.gift, NULL },
        { "充电预留", w.held, NULL },
        { "欠费", w.arrears, NULL },
    };
    char text[MONEY_TEXT];
    struct vnode *row;

    for (size_t i = 0; i < COUNT(rows); i++) {
        row = v_item(v_child(detail, "figures"), i);
        v_set(row, "label", rows[i].label);
        v_printf(row, "value", "¥%s", money_pretty(rows[i].amount, text));
        if (rows[i].list != NULL)
            v_printf(row, "path", "/console/%s?driver=%lld", rows[i].list,
                     (long long)id);
    }
    row = v_item(v_child(detail, "figures"), COUNT(rows));
    v_set(row, "label", "充电订单");
    v_printf(row, "value", "%" PRId64 " 单", my_order_count(cx, id));
    v_printf(row, "path", "/console/order?driver=%lld", (long long)id);
}

const struct resource driver_page = {
    .name = "driver", .title = "车主", .unit = "位", .icon = "users",
    .sub = "注册车主、钱包与状态",
    .empty = "车主首次用手机号登录后会出现在这里。",
    .key = "d.id", .text = DRIVER_TEXT,
    .search = "d.name|d.plate",
    .from = "driver d",
    /* As driver_scope: drivers belong to no provider. */
    .scope = { .driver = "d.id" },
    .perm = { .view = "driver.view", .export = "driver.export" },
    .columns = LIST(columns), .filters = LIST(filters),
    .actions = LIST(actions), .decorate = decorate,
};
