/*
 * What charging brings: live state, orders.
 */
#include "charging/conflict_admin.h"
#include "charging/event_admin.h"
#include "charging/evidence.h"
#include "charging/find_admin.h"
#include "charging/gun_admin.h"
#include "charging/map_admin.h"
#include "charging/order_admin.h"
#include "charging/order_balance.h"
#include "charging/order_verify.h"
#include "charging/orphan_admin.h"
#include "charging/request.h"
#include "charging/settle.h"
#include "charging/wall.h"
#include "charging/wall_admin.h"
#include "charging/watch.h"
#include "web/feature.h"

static const struct resource *const pages[] = { &order_page, &orphan_page,
                                              &conflict_page, &event_page };

static const struct menu_entry entries[] = {
    { "充电实况", "/console/wall", "wall.view", "activity", "charging" },
    { "场站地图", "/console/map", "wall.view", "map-pin", NULL },
};

static const struct permission perms[] = {
    { "wall.view", "查看充电实况" },
    { "order.view", "查看充电订单" },
    { "order.export", "导出充电订单" },
    { "order.control", "停止充电" },
    { "order.review", "复核异常订单" },
    { "record.assign", "处理无主交易记录" },
};

static const struct live_count lives[] = {
    { "charging", false, wall_charging },
    { "review", true, order_review_count },
};

static const struct route_list more_routes[] = {
    { wall_routes, WALL_ROUTES },
    { map_routes, MAP_ROUTES },
    { find_routes, FIND_ROUTES },
    { order_routes, ORDER_ROUTES },
};

static const struct job jobs[] = {
    { "order.settle", 200, LIMIT_S(10), order_settle_waiting,
      "结算交易记录" },
    { "order.requests", 200, LIMIT_S(10), order_answer_requests,
      "答复刷卡启动" },
    { "order.starts", EVERY_S(5), LIMIT_S(30), order_watch_starts,
      "检查启动超时" },
    { "order.failed", EVERY_S(5), LIMIT_S(30), order_watch_failed,
      "退回未启动订单的预留金额" },
    { "order.records", EVERY_S(30), LIMIT_S(60), order_watch_records,
      "追查缺失的交易记录" },
    { "order.books", EVERY_S(3600), LIMIT_S(300), order_watch_books,
      "核对订单与账目" },
};

static const struct consumer consumers[] = {
    { "charging.balance", "payment.paid", order_balance_paid },
};

/* What the audit calls what is written here. */
static const struct label events[] = {
    LABEL("order.start", "启动充电"),
    LABEL("order.start_failed", "启动失败"),
    LABEL("order.card_refused", "拒绝刷卡"),
    LABEL("order.stop", "停止充电"),
    LABEL("order.stop_reason", "停止原因"),
    LABEL("order.lost", "订单失联"),
    LABEL("order.settle", "结算订单"),
    LABEL("order.provisional", "按遥测暂结"),
    LABEL("order.review_wanted", "订单待复核"),
    LABEL("order.review", "复核订单"),
    LABEL("order.correct", "更正账单"),
    LABEL("order.hold_voided", "解除冻结"),
    LABEL("order.hold_expired", "冻结到期"),
    LABEL("order.record_assigned", "记录归入订单"),
    LABEL("order.made_of_record", "由记录生成订单"),
    LABEL("record.assign", "认领交易记录"),
    LABEL("record.dismiss", "排除交易记录"),
};

const struct feature charging_feature = {
    .name = "charging", .menu = "运行监控", .icon = "activity",
    .pages = LIST(pages), .entries = LIST(entries), .perms = LIST(perms),
    .lives = LIST(lives), .jobs = LIST(jobs), .consumers = LIST(consumers),
    .more_routes = LIST(more_routes), .panels = { gun_panels, GUN_PANELS },
    .events = LIST(events),
};
