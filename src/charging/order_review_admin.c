#include "charging/order_review_admin.h"

#include <inttypes.h>

#include "base/label.h"
#include "base/money.h"
#include "charging/order.h"
#include "db/db.h"
#include "tariff/billing.h"

const struct arg review_args[REVIEW_ARGS] = {
    ARG(struct review_args, id, .min = 1, .max = INT64_MAX),
    ARG(struct review_args, how, .labels = { correction_how_labels,
                                              CORRECTION_ORDER_HOWS }),
    ARG(struct review_args, reason, .title = "复核说明", .max = 200),
};

struct review {
    int64_t id;
    enum correction_how how;
    const char *reason;
    struct bill bill; /* of the preview */
    bool settled;     /* else it waits for a second person */
};

static void preview(struct cx *cx, void *arg)
{
    struct review *r = arg;

    order_review_preview(cx, r->id, NULL, &r->bill);
}

static void show_dialog(struct request *req, const struct review_args *a,
                        const char *error, const char *reason_error)
{
    struct cx *cx = req->cx;
    struct order *o = order_load(cx, a->id);
    struct vnode *tree = view_new(cx), *v = v_child(tree, "Review");
    struct review *r = CX_NEW(cx, struct review);
    char text[MONEY_TEXT];

    if (!order_is_reviewable(cx, o))
        cx_fail(cx, ERR_STATE, "订单 %s 不在待复核状态。", o->order_no);
    if (correction_is_waiting(cx, CORRECTION_ORDER, o->id))
        cx_fail(cx, ERR_STATE, "订单 %s 的复核意见在等待审批，见「更正审批」。",
                o->order_no);
    v_int(v, "id", o->id);
    v_set(v, "no", o->order_no);
    v_set(v, "why", o->state == ORDER_REVIEW
                        ? o->review_reason
                        : "已按充电数据结算，之后收到的交易记录没有通过核对。");
    v_set(v, "reason", a->reason != NULL ? a->reason : "");
    for (size_t i = 0; i < CORRECTION_ORDER_HOWS; i++) {
        struct vnode *h = v_item(v_child(v, "hows"), i);

        v_set(h, "key", correction_how_labels[i].key);
        v_set(h, "word", correction_how_labels[i].word);
        v_flag(h, "on", correction_how_labels[i].value == a->how);
    }
    r->id = o->id;
    if (cx_run(cx, preview, r))
        v_printf(v, "amount", "¥%s", money_pretty(r->bill.total, text));
    if (error != NULL)
        v_set(v, "error", error);
    if (reason_error != NULL)
        v_set(v, "reason_error", reason_error);
    answer_fragment(req, "page/review.cs", tree);
}

void review_ask(struct request *req, const void *args)
{
    show_dialog(req, args, NULL, NULL);
}

static void decide_work(struct cx *cx, void *arg)
{
    struct review *r = arg;

    r->settled = order_review_submit(cx, r->id, r->how, r->reason);
}

static void decide_tx(struct cx *cx, void *arg)
{
    db_tx(cx, decide_work, arg);
}

void review_decide(struct request *req, const void *args)
{
    const struct review_args *a = args;
    struct cx *cx = req->cx;
    struct review *r = CX_NEW(cx, struct review);

    if (a->how == 0 || a->reason[0] == '\0') {
        show_dialog(req, a, a->how == 0 ? "选择怎样处理这个订单。" : NULL,
                    a->reason[0] == '\0' ? "必填，写明依据。" : NULL);
        return;
    }
    *r = (struct review){ .id = a->id, .reason = a->reason,
                          .how = (enum correction_how)a->how };
    if (!cx_run(cx, decide_tx, r)) {
        if (cx_status(cx->error.code) >= 500 ||
            cx->error.code == ERR_NOT_FOUND)
            cx_refail(cx);
        show_dialog(req, a, cx_strdup(cx, cx->error.text), NULL);
        return;
    }
    answer_toast(req, r->settled ? "已复核并结算。"
                                 : "已提交，另一人审批通过后结算。");
    answer_redirect(req, cx_printf(cx, "/console/order/%" PRId64, a->id));
}
