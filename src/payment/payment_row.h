/*
 * Inside src/payment: rows of payment as the files here share them.
 */
#ifndef PAYMENT_PAYMENT_ROW_H
#define PAYMENT_PAYMENT_ROW_H

#include "payment/payment.h"

/* What a callback or an answer of the channel came to. Stored. */
enum payment_verdict {
    VERDICT_APPLIED = 1,
    VERDICT_NO_EFFECT = 2, /* it was known already */
    VERDICT_REFUSED = 3,   /* it cannot be about this order: nothing is done */
};

/* By id or number, locked until the transaction ends; NULL if absent. */
struct payment *payment_lock(struct cx *cx, int64_t id);
struct payment *payment_lock_no(struct cx *cx, const char *out_trade_no);

/* Without lock and scope, for jobs. */
struct payment *payment_find(struct cx *cx, int64_t id);

/*
 * Brings a locked payment to where the channel says it is. In a transaction,
 * audited. Refuses, with *why, what contradicts the payment.
 */
enum payment_verdict payment_apply(struct cx *cx, struct payment *p,
                                   const struct pay_trade *t,
                                   const char **why);

/* Books a locked payment: paid, the wallet, the roll-up, event, audit. */
void payment_book(struct cx *cx, struct payment *p,
                  const char *channel_trade_no, stamp paid_at);

/* A number of ours: two letters, yyMMddHHmmss, ten random digits. */
const char *payment_number(struct cx *cx, const char *letters);

/* A refund; refund_lock locks its payment first, then it (T3), or fails with
   ERR_NOT_FOUND. */
struct refund {
    int64_t id;
    char refund_no[OUT_TRADE_NO_SIZE];
    int64_t payment_id;
    money amount;
    int state; /* enum refund_state */
    int tries;
    const char *reason;
};
struct refund *refund_lock(struct cx *cx, int64_t id, struct payment **p);

/* Queues the refund of money that came too late. In a transaction. */
void refund_queue(struct cx *cx, const struct payment *p, const char *reason);

/* Whoever acts when nobody is signed in: jobs and callbacks. */
void payment_act_as(struct cx *cx, enum actor_kind kind, const char *name);

#endif
