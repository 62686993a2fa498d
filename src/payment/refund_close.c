/*
 * Refunds that the channel refused: a person has them tried again, or closes
 * them with a reason. The money stands at the channel and in no account yet,
 * so closing books it: to the wallet of the driver, or as owed until it is paid
 * out by hand (refund_paid.c).
 */
#include "db/db.h"
#include "ledger/ledger.h"
#include "payment/payment.h"
#include "payment/payment_row.h"
#include "system/audit.h"

static struct refund *lock_failed(struct cx *cx, int64_t id,
                                  struct payment **p)
{
    struct refund *r = refund_lock(cx, id, p);

    if (r->state != REFUND_FAILED)
        cx_fail(cx, ERR_STATE, "退款 %s 没有失败，或已由别人处理。",
                r->refund_no);
    must((*p)->state == PAYMENT_REFUNDING);
    return r;
}

void refund_retry(struct cx *cx, int64_t refund_id)
{
    static const char sql[] =
        "UPDATE payment_refund"
        "   SET state = ?, next_at = ?, error = ''"
        " WHERE id = ? AND state = 4";
    struct payment *p;
    struct refund *r = lock_failed(cx, refund_id, &p);

    if (correction_is_waiting(cx, CORRECTION_REFUND, r->id))
        cx_fail(cx, ERR_STATE, "这笔退款的处理意见在等待审批，先审批或驳回。");
    must(db_change_one(cx, sql, BIND(V(REFUND_SENT), V(cx->now), V(r->id))));
    audit(cx, "payment.refund_retry", "payment", p->id,
          cx_printf(cx, "重试退款 %s", r->refund_no));
}

/* The channel holds it for us, and somebody is to be paid back for it. */
static void book_by_hand(struct cx *cx, struct payment *p,
                         const struct refund *r, const char *reason)
{
    static const char sql[] =
        "UPDATE payment SET state = ?, updated_at = ?"
        " WHERE id = ? AND state = 7";
    const struct ledger_doc doc = { "refund.by_hand", r->refund_no, "payment",
                                    p->id, reason };

    must(db_change_one(cx, sql, BIND(V(PAYMENT_REFUNDED), V(cx->now),
                                     V(p->id))));
    ledger_post(cx, &doc,
                POSTINGS({ LEDGER_CHANNEL,
                           pay_provider_find(p->channel)->channel,
                           money_neg(r->amount) },
                         { LEDGER_CORRECTION, 0, r->amount }));
}

static void close_now(struct cx *cx, struct payment *p,
                      const struct refund *r, enum correction_how how,
                      const char *reason)
{
    static const char sql[] =
        "UPDATE payment_refund"
        "   SET state = ?, next_at = NULL, done_at = ?"
        " WHERE id = ? AND state = 4";
    bool by_hand = how == CORRECT_BY_HAND;

    must(by_hand || how == CORRECT_TO_WALLET);
    must(money_cmp(r->amount, p->amount) == 0);
    must(db_change_one(cx, sql, BIND(V(by_hand ? REFUND_BY_HAND
                                               : REFUND_TO_WALLET),
                                     V(cx->now), V(r->id))));
    if (by_hand)
        book_by_hand(cx, p, r, reason);
    else
        payment_book(cx, p, p->channel_trade_no, p->paid_at);
    audit(cx, "payment.refund_closed", "payment", p->id,
          cx_printf(cx, "退款 %s %s：%s", r->refund_no,
                    by_hand ? "改为线下退回" : "已转入车主余额", reason));
}

bool refund_close(struct cx *cx, int64_t refund_id, enum correction_how how,
                  const char *reason)
{
    struct payment *p;
    struct refund *r = lock_failed(cx, refund_id, &p);

    if (!correction_open(cx, &(struct correction_ask){
                                 .kind = CORRECTION_REFUND, .ref_id = r->id,
                                 .ref_no = r->refund_no, .how = how,
                                 .amount = r->amount, .reason = reason }))
        return false;
    close_now(cx, p, r, how, reason);
    return true;
}

void refund_close_approved(struct cx *cx, const struct correction *c)
{
    struct payment *p;
    struct refund *r = lock_failed(cx, c->ref_id, &p);

    must(c->kind == CORRECTION_REFUND);
    close_now(cx, p, r, (enum correction_how)c->how, c->reason);
}

int64_t refund_waiting_count(struct cx *cx)
{
    static const char sql[] =
        "SELECT COUNT(*) FROM payment_refund r WHERE r.state IN (?, ?)"
        "   AND NOT EXISTS (SELECT 1 FROM correction k"
        "     WHERE k.kind = IF(r.state = 4, 2, 4)"
        "     AND k.ref_id = r.id AND k.waiting = 1)";

    /* As payment_scope: a wallet belongs to no provider. */
    if (!cx->scope.all)
        return 0;
    return db_int(cx, sql, BIND(V(REFUND_FAILED), V(REFUND_BY_HAND)));
}
