#include "payment/payment_verify.h"

#include "db/db.h"

static const struct verify_check checks[] = {
    { "each payment that was paid was booked at its amount",
      "已到账的充值按金额入账",
      "SELECT COUNT(*), MIN(CONCAT('payment ', out_trade_no)) FROM ("
      " SELECT y.id, y.out_trade_no, y.amount,"
      "   COALESCE(-SUM(IF(a.kind = 31, p.amount, 0)), 0) AS s"
      "   FROM payment y"
      "   LEFT JOIN ledger_tx t ON t.ref_kind = 'payment'"
      "     AND t.ref_id = y.id AND t.kind = 'topup'"
      "   LEFT JOIN ledger_posting p ON p.tx_id = t.id"
      "   LEFT JOIN ledger_account a ON a.id = p.account_id"
      "  WHERE y.state = 3 AND y.paid_at >= ?"
      "  GROUP BY y.id, y.out_trade_no, y.amount"
      "  HAVING y.amount <> s) b" },
    { "each refund paid by hand was booked at its amount",
      "线下退款按金额入账",
      "SELECT COUNT(*), MIN(CONCAT('refund ', refund_no)) FROM ("
      " SELECT r.id, r.refund_no, r.amount,"
      "   COALESCE(SUM(IF(a.kind = 41, p.amount, 0)), 0) AS s"
      "   FROM payment_refund r"
      "   LEFT JOIN ledger_tx t ON t.ref_kind = 'payment'"
      "     AND t.ref_id = r.payment_id AND t.kind = 'refund.by_hand'"
      "   LEFT JOIN ledger_posting p ON p.tx_id = t.id"
      "   LEFT JOIN ledger_account a ON a.id = p.account_id"
      "  WHERE r.state IN (5, 7) AND r.done_at >= ?"
      "  GROUP BY r.id, r.refund_no, r.amount"
      "  HAVING r.amount <> s) b" },
    { "what is owed for refunds by hand are those not paid yet",
      "线下退款的应付款等于尚未付款的退款",
      "SELECT s <> owed, CONCAT('应付 ', owed, ' 分，退款 ', s, ' 分') FROM ("
      " SELECT (SELECT COALESCE(SUM(p.amount), 0) FROM ledger_account a"
      "     JOIN ledger_posting p ON p.account_id = a.id"
      "    WHERE a.kind = 41) AS owed,"
      "   (SELECT COALESCE(SUM(amount), 0) FROM payment_refund"
      "     WHERE state = 5) AS s) b WHERE ? IS NOT NULL" },
    { "each refund that was paid by hand was booked as paid",
      "已线下付款的退款按金额记账",
      "SELECT COUNT(*), MIN(CONCAT('refund ', refund_no)) FROM ("
      " SELECT r.id, r.refund_no, r.amount,"
      "   COALESCE(SUM(IF(a.kind = 34, p.amount, 0)), 0) AS s"
      "   FROM payment_refund r"
      "   LEFT JOIN ledger_tx t ON t.ref_kind = 'payment'"
      "     AND t.ref_id = r.payment_id AND t.kind = 'refund.paid'"
      "   LEFT JOIN ledger_posting p ON p.tx_id = t.id"
      "   LEFT JOIN ledger_account a ON a.id = p.account_id"
      "  WHERE r.state = 7 AND r.paid_at >= ?"
      "  GROUP BY r.id, r.refund_no, r.amount"
      "  HAVING r.amount <> s) b" },
    { "nothing was booked for a payment that was not paid",
      "未到账的充值没有入账",
      "SELECT COUNT(*), MIN(CONCAT('tx ', t.id)) FROM ledger_tx t"
      "  LEFT JOIN payment y ON y.id = t.ref_id"
      " WHERE t.ref_kind = 'payment' AND t.kind = 'topup' AND t.at >= ?"
      "   AND (y.id IS NULL OR y.state <> 3)" },
};

const struct finding *payment_verify(struct cx *cx, stamp since,
                                     size_t *count)
{
    *count = COUNT(checks);
    return verify_run(cx, checks, COUNT(checks), since);
}

void payment_watch_books(struct cx *cx)
{
    verify_watch(cx, &(struct watch){ payment_verify,
                                      stamp_add_days(cx->now, -2), 3600 });
}
