/*
 * Top-ups: money that comes in through a payment channel (rules O3-O5).
 *
 *   our number is committed before the channel is called; a repeat uses it
 *   a callback is checked, compared, and applied exactly once
 *   nobody relies on callbacks: the query job asks the channel
 *   money that arrives for an order we gave up is returned by a refund
 *   under a number of its own
 *
 * A payment only moves forward: created or unknown, then paid, or closed or
 * failed; and a closed or failed one whose money arrives after all goes on to
 * refunding and refunded. Nothing overrides paid.
 */
#ifndef PAYMENT_PAYMENT_H
#define PAYMENT_PAYMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/label.h"
#include "base/money.h"
#include "base/stamp.h"
#include "db/scope.h"
#include "ledger/correction.h"
#include "payment/provider.h"

#define PAYMENT_STATES(X)                                           \
    X(PAYMENT_CREATED,   1, "created",   "待支付", "reserved")        \
    X(PAYMENT_UNKNOWN,   2, "unknown",   "确认中", "warn")            \
    X(PAYMENT_PAID,      3, "paid",      "已到账", "ok")              \
    X(PAYMENT_CLOSED,    4, "closed",    "已关闭", "idle")            \
    X(PAYMENT_FAILED,    5, "failed",    "渠道拒绝", "fault")          \
    X(PAYMENT_REFUNDED,  6, "refunded",  "已退款", "idle")            \
    X(PAYMENT_REFUNDING, 7, "refunding", "退款中", "warn")

LABELS_DECLARE(payment_state, PAYMENT_STATES);

#define REFUND_STATES(X)                                     \
    X(REFUND_QUEUED, 1, "queued", "待退款", "reserved")        \
    X(REFUND_SENT,   2, "sent",   "渠道处理中", "warn")         \
    X(REFUND_DONE,   3, "done",   "已退款", "ok")              \
    X(REFUND_FAILED, 4, "failed", "退款失败", "fault")      \
    X(REFUND_BY_HAND, 5, "by_hand", "待线下付款", "warn")   \
    X(REFUND_TO_WALLET, 6, "wallet", "已转入余额", "ok")    \
    X(REFUND_PAID, 7, "paid_out", "已线下付款", "ok")

LABELS_DECLARE(refund_state, REFUND_STATES);

enum { OUT_TRADE_NO_SIZE = 33 };

/* What a driver may pay in at once: 1.00 to 5000.00 yuan. */
enum { TOPUP_MIN_FEN = 100, TOPUP_MAX_FEN = 500000 };

struct payment {
    int64_t id;
    char out_trade_no[OUT_TRADE_NO_SIZE];
    int64_t driver_id;
    const char *channel;
    money amount;
    int state;          /* enum payment_state */
    const char *channel_trade_no; /* NULL: not known yet */
    const char *client; /* what the app needs to pay, a JSON object, or "" */
    stamp created_at, paid_at, expires_at;
    int queries;
    const char *error;  /* of the last call, for people; "" */
};

extern const struct scope_columns payment_scope; /* alias p */

/* By our number, in the caller's scope, or ERR_NOT_FOUND. */
struct payment *payment_load_no(struct cx *cx, const char *out_trade_no);

/*
 * Begins a top-up of a driver at a channel ("": the default): commits our
 * number, orders at the channel, and keeps what the app needs to pay. Calls
 * the channel, so not in a transaction. Unique by driver and cx->idem_key: the
 * same key and amount give the same payment, calling the channel again only
 * if it has not answered yet. Fails with ERR_PARTNER if it does not, with
 * ERR_STATE if it refuses, with ERR_IDEM_MISMATCH, ERR_TOO_MANY.
 */
struct payment *payment_topup(struct cx *cx, int64_t driver_id,
                              const char *channel, money amount);

/* Asks the channel now, because the app says it has paid; the payment as it
   then is. Not in a transaction. Without an answer it stays as it was. */
struct payment *payment_check(struct cx *cx, const char *out_trade_no);

/* A driver's top-ups, newest first; before_id 0 for the first page, then the
   id of the last one read. */
const struct payment *payment_list_mine(struct cx *cx, int64_t driver_id,
                                        int64_t before_id, int limit,
                                        size_t *count);

/* ---- callbacks ---- */

/*
 * Takes a callback: true if it is to be acknowledged. Runs in a transaction,
 * which must be committed either way: a refusal leaves its trace, too.
 */
bool payment_take_notice(struct cx *cx, const struct pay_provider *provider,
                         const struct pay_message *m);

/* ---- what jobs do ---- */

/* Asks for payments whose time has come, closes those that expired (O5). */
void payment_query_due(struct cx *cx);

/* Sends refunds whose time has come. */
void payment_refund_due(struct cx *cx);

/*
 * When to ask next: 10 s and 30 s after creation, then every 40 s for as long
 * as it can be paid, and at expiry. That is oftener than O5 wants, so that
 * money whose callback is lost is found within 60 s at any time (F32). Always
 * after now: a job that was away does not ask for the past.
 */
stamp payment_next_query(stamp created_at, stamp expires_at, stamp now);

/* ---- refunds that the channel refused: a person decides --------------- */

/* Tried again at the channel, under its number. ERR_STATE unless refused. */
void refund_retry(struct cx *cx, int64_t refund_id);

/*
 * Closed for a reason (rule M13): CORRECT_BY_HAND, the money is given back
 * outside the channel, or CORRECT_TO_WALLET, the driver has it in the wallet.
 * At once (true), or beyond the setting correction_fen when a second person
 * has approved (false), who then calls the other. In a transaction. Fails
 * with ERR_STATE unless the channel refused it and nothing waits.
 */
bool refund_close(struct cx *cx, int64_t refund_id, enum correction_how how,
                  const char *reason);
void refund_close_approved(struct cx *cx, const struct correction *c);

/*
 * A refund by hand was paid: doc is the number of the document that shows it,
 * 4 to 40 letters and digits, good for one refund. A second person confirms
 * it, whatever the amount, by calling the other, which books it. Fails with
 * ERR_STATE unless it is to be paid by hand and nothing waits, with
 * ERR_INVALID (field "why") for the number.
 */
void refund_register_paid(struct cx *cx, int64_t refund_id, const char *doc);
void refund_paid_approved(struct cx *cx, const struct correction *c);

/* How many wait for a person: to be decided, or to be paid by hand. */
int64_t refund_waiting_count(struct cx *cx);

#endif
