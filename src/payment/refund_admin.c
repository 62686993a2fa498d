/*
 * Refunds in the console (退款记录): what the channel refused waits here for a
 * person.
 */
#include "driver/driver_pages.h"
#include "payment/payment.h"
#include "payment/payment_pages.h"

#define NONE_WAITS(kind)                                                  \
    " AND NOT EXISTS (SELECT 1 FROM correction k WHERE k.kind = " kind    \
    " AND k.ref_id = r.id AND k.waiting = 1)"
#define FAILED "r.state = 4" NONE_WAITS("2")
#define UNPAID "r.state = 5" NONE_WAITS("4")

/* Of the last decision about it: how to close it, and that it was paid. */
#define LAST(column)                                                      \
    "(SELECT " column " FROM correction k WHERE k.kind IN (2, 4)"         \
    " AND k.ref_id = r.id ORDER BY k.id DESC LIMIT 1)"

static const struct column columns[] = {
    { "no", "退款单号", "r.refund_no", CELL_MONO, COL_LINK, .group = "退款" },
    { "state", "状态", "r.state", CELL_ENUM,
      .labels = LIST(refund_state_labels) },
    { "amount", "金额", "r.amount", CELL_MONEY, COL_SUM },
    { "payment", "充值单号", "p.out_trade_no", CELL_MONO,
      .ref = &payment_page, .ref_sql = "p.id" },
    { "driver", "车主", DRIVER_TEXT, CELL_TEXT, .ref = &driver_page,
      .ref_sql = "d.id" },
    { "phone", "手机号", "d.phone", CELL_PHONE },
    { "close", "人工处理", LAST("k.how"), CELL_ENUM,
      .labels = LIST(correction_how_labels) },
    { "close_state", "处理进度", LAST("k.state"), CELL_ENUM,
      .labels = LIST(correction_state_labels) },
    { "close_reason", "处理依据", LAST("k.reason"), CELL_TEXT, COL_DETAIL },
    { "paid_doc", "付款凭证号", "r.paid_doc", CELL_MONO, COL_DETAIL },
    { "error", "渠道说明", "NULLIF(r.error, '')", CELL_TEXT },
    { "reason", "退款原因", "r.reason", CELL_TEXT, COL_DETAIL },
    { "channel_no", "渠道退款单号", "r.channel_refund_no", CELL_MONO,
      COL_DETAIL },
    { "tries", "已申请次数", "r.tries", CELL_INT, COL_DETAIL },
    { "created", "创建时间", "r.created_at", CELL_TIME, .group = "时间" },
    { "next", "下次申请", "r.next_at", CELL_TIME, COL_DETAIL },
    { "done", "完成时间", "r.done_at", CELL_TIME },
    { "paid", "付款登记时间", "r.paid_at", CELL_TIME, COL_DETAIL },
};

static const struct filter filters[] = {
    { "no", "退款单号", "r.refund_no", FILTER_PREFIX },
    { "state", "状态", "r.state", FILTER_ENUM, FILTER_TABS,
      .labels = LIST(refund_state_labels) },
    { "driver", "车主", "p.driver_id", FILTER_REF, .ref = &driver_page },
    { "created", "创建日期", "r.created_at", FILTER_DATES },
};

static void to_wallet(struct cx *cx, int64_t id, const char *why)
{
    (void)refund_close(cx, id, CORRECT_TO_WALLET, why);
}

static void by_hand(struct cx *cx, int64_t id, const char *why)
{
    (void)refund_close(cx, id, CORRECT_BY_HAND, why);
}

static void paid(struct cx *cx, int64_t id, const char *doc)
{
    refund_register_paid(cx, id, doc);
}

#define SECOND "金额较大的由另一人审批后执行。"

static const struct action actions[] = {
    { "retry", "重试退款", ACT_ROW | ACT_CONFIRM, "payment.refund",
      refund_retry,
      .confirm = "用原退款单号再次向渠道申请，同一笔不会重复退款。",
      .done = "已重新提交退款。", .icon = "receipt-refund", .when = FAILED },
    { "to_wallet", "转入车主余额", ACT_ROW | ACT_CONFIRM, "payment.refund",
      .run_why = to_wallet,
      .confirm = "不再向渠道申请退款，这笔钱记入车主的充值余额。" SECOND,
      .keep = "暂不处理", .done = "已提交，处理进度见本页。", .when = FAILED },
    { "by_hand", "改为线下退款", ACT_ROW | ACT_CONFIRM | ACT_DANGER,
      "payment.refund", .run_why = by_hand,
      .confirm = "不再向渠道申请退款，由财务线下退给车主，付款后登记凭证。"
                 SECOND,
      .keep = "暂不处理", .done = "已提交，处理进度见本页。",
      .when = FAILED },
    { "paid", "登记付款凭证", ACT_ROW | ACT_CONFIRM, "payment.refund",
      .run_why = paid, .why_word = "付款凭证号",
      .confirm = "登记线下付款的凭证，由另一人核对凭证并审批后记账。",
      .keep = "暂不登记", .done = "已提交，由另一人在更正审批中核对。",
      .icon = "receipt", .when = UNPAID },
};

const struct resource refund_page = {
    .name = "refund", .title = "退款记录", .unit = "笔",
    .icon = "receipt-refund", .sub = "关闭后才到账的充值，原路退回",
    .empty = "充值单关闭后收到付款时，自动产生退款。", .live = "refund",
    .key = "r.id", .text = "r.refund_no", .search = "r.refund_no",
    .from = "payment_refund r LEFT JOIN payment p ON p.id = r.payment_id"
            " LEFT JOIN driver d ON d.id = p.driver_id",
    /* As payment_scope: a wallet belongs to no provider. */
    .scope = { .driver = "p.driver_id" },
    .perm = { .view = "payment.view", .export = "payment.export" },
    .columns = LIST(columns), .filters = LIST(filters),
    .actions = LIST(actions),
};
