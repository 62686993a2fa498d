/*
 * Top-ups in the console (充值记录).
 */
#include "driver/driver_pages.h"
#include "payment/payment.h"
#include "payment/payment_pages.h"

#define SHOW_REFUND " FROM payment_refund r WHERE r.payment_id = p.id)"

static const struct column columns[] = {
    { "no", "充值单号", "p.out_trade_no", CELL_MONO, COL_LINK,
      .group = "充值" },
    { "state", "状态", "p.state", CELL_ENUM,
      .labels = LIST(payment_state_labels) },
    { "amount", "金额", "p.amount", CELL_MONEY, COL_SUM },
    { "driver", "车主", DRIVER_TEXT, CELL_TEXT, .ref = &driver_page,
      .ref_sql = "d.id" },
    { "phone", "手机号", "d.phone", CELL_PHONE },
    { "channel", "支付方式",
      "IF(p.channel = 'demo', '模拟支付', p.channel)", CELL_TEXT },
    { "trade", "渠道单号", "p.channel_trade_no", CELL_MONO, COL_HIDDEN },
    { "created", "创建时间", "p.created_at", CELL_TIME, .group = "时间" },
    { "paid", "支付时间", "p.paid_at", CELL_TIME },
    { "expires", "支付截止", "p.expires_at", CELL_TIME, COL_DETAIL },
    { "query", "下次查询", "p.query_at", CELL_TIME, COL_DETAIL },
    { "queries", "已查询", "p.queries", CELL_INT, COL_DETAIL },
    { "error", "渠道说明", "p.error", CELL_TEXT, COL_DETAIL },
    { "refund_no", "退款单号", "(SELECT r.refund_no" SHOW_REFUND, CELL_MONO,
      COL_DETAIL, .group = "退款", .ref = &refund_page,
      .ref_sql = "(SELECT r.id" SHOW_REFUND },
    { "refund", "退款状态", "(SELECT r.state" SHOW_REFUND, CELL_ENUM,
      COL_DETAIL, .labels = LIST(refund_state_labels) },
    { "refund_why", "退款说明", "(SELECT r.error" SHOW_REFUND, CELL_TEXT,
      COL_DETAIL },
    { "refunded", "退款时间", "(SELECT r.done_at" SHOW_REFUND, CELL_TIME,
      COL_DETAIL },
};

static const struct filter filters[] = {
    { "no", "充值单号", "p.out_trade_no", FILTER_PREFIX },
    { "state", "状态", "p.state", FILTER_ENUM, FILTER_TABS,
      .labels = LIST(payment_state_labels) },
    { "driver", "车主", "p.driver_id", FILTER_REF, .ref = &driver_page },
    { "trade", "渠道单号", "p.channel_trade_no", FILTER_EXACT,
      FILTER_ADVANCED },
    { "created", "创建日期", "p.created_at", FILTER_DATES },
    { "amount", "金额", "p.amount", FILTER_RANGE, FILTER_ADVANCED,
      .unit = CELL_MONEY },
};

const struct resource payment_page = {
    .name = "payment", .title = "充值记录", .unit = "笔", .icon = "coin",
    .sub = "车主在线充值、到账与退款",
    .empty = "车主在小程序里充值后会出现在这里。",
    .key = "p.id", .text = "p.out_trade_no", .search = "p.out_trade_no",
    .from = "payment p LEFT JOIN driver d ON d.id = p.driver_id",
    /* As payment_scope: a wallet belongs to no provider. */
    .scope = { .driver = "p.driver_id" },
    .perm = { .view = "payment.view", .export = "payment.export" },
    .columns = LIST(columns), .filters = LIST(filters),
};
