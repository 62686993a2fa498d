/*
 * Corrections by people and their approval (更正审批, rule M13).
 */
#include "charging/order.h"
#include "charging/order_admin.h"
#include "charging/orphan.h"
#include "charging/orphan_admin.h"
#include "ledger/correction.h"
#include "payment/payment.h"
#include "payment/payment_pages.h"

static const struct column columns[] = {
    { "no", "单据", "k.ref_no", CELL_TEXT, COL_LINK, .group = "更正" },
    { "kind", "类型", "k.kind", CELL_ENUM,
      .labels = LIST(correction_kind_labels) },
    { "state", "状态", "k.state", CELL_ENUM,
      .labels = LIST(correction_state_labels) },
    { "how", "处理方式", "k.how", CELL_ENUM,
      .labels = LIST(correction_how_labels) },
    { "amount", "涉及金额", "k.amount", CELL_MONEY, COL_SUM },
    { "reason", "依据", "k.reason", CELL_TEXT },
    { "order", "充电订单", "IF(k.kind = 1, k.ref_no, NULL)", CELL_TEXT,
      COL_DETAIL, .ref = &order_page, .ref_sql = "IF(k.kind = 1, k.ref_id,"
                                                 " NULL)" },
    { "refund", "退款单", "IF(k.kind IN (2, 4), k.ref_no, NULL)", CELL_TEXT,
      COL_DETAIL, .ref = &refund_page,
      .ref_sql = "IF(k.kind IN (2, 4), k.ref_id, NULL)" },
    { "orphan", "交易记录", "IF(k.kind = 3, k.ref_no, NULL)", CELL_MONO,
      COL_DETAIL, .ref = &orphan_page, .ref_sql = "IF(k.kind = 3, k.ref_id,"
                                                  " NULL)" },
    { "station", "电站", "s.name", CELL_TEXT, COL_HIDDEN },
    { "author", "提交人", "k.author_name", CELL_TEXT, .group = "经手" },
    { "created", "提交时间", "k.created_at", CELL_TIME },
    { "decider", "审批人", "k.decider_name", CELL_TEXT },
    { "decided", "处理时间", "k.decided_at", CELL_TIME },
    { "refused", "驳回原因", "k.refused_why", CELL_TEXT, COL_DETAIL },
};

static const struct filter filters[] = {
    { "no", "单据", "k.ref_no", FILTER_PREFIX },
    { "state", "状态", "k.state", FILTER_ENUM, FILTER_TABS,
      .labels = LIST(correction_state_labels) },
    { "kind", "类型", "k.kind", FILTER_ENUM,
      .labels = LIST(correction_kind_labels) },
    { "created", "提交日期", "k.created_at", FILTER_DATES },
};

static void approve(struct cx *cx, int64_t id)
{
    const struct correction *c = correction_load(cx, id);

    if (c->kind == CORRECTION_ORDER)
        order_review_approved(cx, c);
    else if (c->kind == CORRECTION_ORPHAN)
        orphan_approved(cx, c);
    else if (c->kind == CORRECTION_PAYOUT)
        refund_paid_approved(cx, c);
    else
        refund_close_approved(cx, c);
    correction_approve(cx, c);
}

static const struct action actions[] = {
    { "approve", "审批通过", ACT_ROW | ACT_CONFIRM, "correction.approve",
      approve, .confirm = "通过后立即执行，资金随之变动，不能撤销。",
      .keep = "暂不处理", .done = "已通过并执行。", .icon = "check",
      .when = "k.state = 1" },
    { "refuse", "驳回", ACT_ROW | ACT_CONFIRM | ACT_DANGER,
      "correction.approve", .run_why = correction_refuse,
      .confirm = "不执行，单据回到待处理，可以重新提交。",
      .keep = "暂不处理", .done = "已驳回。", .when = "k.state = 1" },
};

const struct resource correction_page = {
    .name = "correction", .title = "更正审批", .unit = "份", .icon = "user-check",
    .sub = "人工处理的订单、记录与退款，金额较大的由第二人审批",
    .empty = "复核订单或处理失败的退款后会出现在这里。",
    .live = "correction",
    .key = "k.id", .text = "k.ref_no", .search = "k.ref_no",
    .from = "correction k LEFT JOIN station s ON s.id = k.station_id",
    .scope = SCOPE_OWNED("k"),
    .perm = { .view = "correction.view", .export = "correction.view" },
    .columns = LIST(columns), .filters = LIST(filters),
    .actions = LIST(actions),
};
