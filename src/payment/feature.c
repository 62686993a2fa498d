/*
 * What payment brings: top-ups, callbacks, the jobs that ask the channels.
 */
#include "ledger/correction.h"
#include "payment/payment.h"
#include "payment/payment_pages.h"
#include "payment/payment_verify.h"
#include "web/feature.h"

static const struct resource *const pages[] = { &payment_page, &refund_page,
                                                &correction_page };

static const struct permission perms[] = {
    { "payment.view", "查看充值记录", .platform = true },
    { "payment.export", "导出充值记录", .platform = true },
    { "payment.refund", "处理失败的退款", .platform = true },
    { "correction.view", "查看更正审批" },
    { "correction.approve", "审批人工更正" },
};

static const struct live_count lives[] = {
    { "refund", true, refund_waiting_count },
    { "correction", true, correction_waiting_count },
};

static const struct job jobs[] = {
    { "payment.query", EVERY_S(5), LIMIT_S(60), payment_query_due,
      "查询未到账的充值", .waits = true },
    { "payment.refund", EVERY_S(10), LIMIT_S(60), payment_refund_due,
      "退回关闭后到账的充值", .waits = true },
    { "payment.books", EVERY_S(3600), LIMIT_S(300), payment_watch_books,
      "核对充值与账目" },
};

/* What the audit calls what is written here. */
static const struct label events[] = {
    LABEL("payment.open", "发起充值"),
    LABEL("payment.paid", "充值到账"),
    LABEL("payment.late", "逾期到账"),
    LABEL("payment.closed", "充值关闭"),
    LABEL("payment.failed", "充值失败"),
    LABEL("payment.mismatch", "金额不符"),
    LABEL("payment.notice_refused", "拒绝支付通知"),
    LABEL("payment.refunded", "已退款"),
    LABEL("payment.refund_failed", "退款失败"),
    LABEL("payment.refund_retry", "重试退款"),
    LABEL("payment.refund_closed", "退款改由人工处理"),
    LABEL("payment.refund_paid", "线下退款已付款"),
};

const struct feature payment_feature = {
    .name = "payment", .menu = "财务结算", .icon = "coin",
    .pages = LIST(pages), .perms = LIST(perms), .jobs = LIST(jobs),
    .lives = LIST(lives),
    .endpoints = { payment_endpoints, PAYMENT_ENDPOINTS },
    .routes = { payment_routes, PAYMENT_ROUTES },
    .events = LIST(events),
};
