/*
 * Refunds by hand, paid: closing one as paid by hand only books that we owe
 * it; this says that the money has left, and by which document. One person
 * registers the document, another one confirms it, however small the amount.
 */
#include <ctype.h>
#include <string.h>

#include "db/db.h"
#include "ledger/ledger.h"
#include "payment/payment.h"
#include "payment/payment_row.h"
#include "system/audit.h"

enum { DOC_LEAST = 4, DOC_MOST = 40 }; /* payment_refund.paid_doc */

static struct refund *lock_unpaid(struct cx *cx, int64_t id,
                                  struct payment **p)
{
    struct refund *r = refund_lock(cx, id, p);

    if (r->state != REFUND_BY_HAND)
        cx_fail(cx, ERR_STATE, "退款 %s 不在等待线下付款，或已由别人登记。",
                r->refund_no);
    return r;
}

static void need_doc(struct cx *cx, const char *doc)
{
    size_t n = strlen(doc);
    bool good = n >= DOC_LEAST && n <= DOC_MOST;

    for (const char *s = doc; good && *s != '\0'; s++)
        good = isalnum((unsigned char)*s) || strchr("-_/.", *s) != NULL;
    if (!good)
        cx_fail_field(cx, "why", "付款凭证号为 %d–%d 位字母、数字或 - _ / .，"
                      "照凭证填写。", DOC_LEAST, DOC_MOST);
}

static void need_unused(struct cx *cx, const char *doc)
{
    static const char sql[] =
        "SELECT COUNT(*) FROM payment_refund WHERE paid_doc = ?";

    if (db_int(cx, sql, BIND(V(doc))) > 0)
        cx_fail_field(cx, "why", "付款凭证 %s 已登记在另一笔退款上。", doc);
}

void refund_register_paid(struct cx *cx, int64_t refund_id, const char *doc)
{
    struct payment *p;
    struct refund *r = lock_unpaid(cx, refund_id, &p);

    need_doc(cx, doc);
    need_unused(cx, doc);
    must(!correction_open(cx, &(struct correction_ask){
                                  .kind = CORRECTION_PAYOUT,
                                  .ref_id = r->id, .ref_no = r->refund_no,
                                  .how = CORRECT_PAID, .amount = r->amount,
                                  .reason = doc, .by_two = true }));
}

void refund_paid_approved(struct cx *cx, const struct correction *c)
{
    static const char sql[] =
        "UPDATE payment_refund SET state = ?, paid_doc = ?, paid_at = ?"
        " WHERE id = ? AND state = 5";
    struct payment *p;
    struct refund *r = lock_unpaid(cx, c->ref_id, &p);
    const struct ledger_doc doc = { "refund.paid", r->refund_no, "payment",
                                    p->id, c->reason };

    must(c->kind == CORRECTION_PAYOUT);
    need_unused(cx, c->reason);
    must(db_change_one(cx, sql, BIND(V(REFUND_PAID), V(c->reason),
                                     V(cx->now), V(r->id))));
    ledger_post(cx, &doc,
                POSTINGS({ LEDGER_CORRECTION, 0, money_neg(r->amount) },
                         { LEDGER_PAYOUT, 0, r->amount }));
    audit(cx, "payment.refund_paid", "payment", p->id,
          cx_printf(cx, "退款 %s 已线下付款，凭证 %s", r->refund_no,
                    c->reason));
}
