/*
 * What a payment channel must be able to do: one table of functions, one file
 * a channel. A channel translates: our order to its request, its answer to a
 * pay_trade. It signs, verifies, decrypts, and checks that an answer speaks of
 * our merchant and our number in CNY; it never touches the database. Amounts
 * are compared by payment.c, once for all channels.
 *
 * Each function calls a third party: never inside a transaction (T4), only in
 * the slow pool and in jobs. None of them fails because the channel did: that
 * is an outcome.
 */
#ifndef PAYMENT_PROVIDER_H
#define PAYMENT_PROVIDER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cx.h"
#include "base/money.h"
#include "base/stamp.h"
#include "ledger/ledger.h"

/*
 * What a call came to. UNKNOWN is everything but a well-signed answer that
 * can be read: a timeout, a 5xx, a bad signature. It is never a failure: the
 * channel may have done it. Ask, or repeat with the same number.
 */
enum pay_outcome { PAY_OK, PAY_REFUSED, PAY_UNKNOWN };

enum pay_state {
    PAY_NONE,      /* the channel does not know the number */
    PAY_WAITING,   /* for the payer */
    PAY_PAID,      /* also if refunded since */
    PAY_CLOSED,
};

/* An order as the channel sees it. Texts live in the arena. */
struct pay_trade {
    enum pay_state state;
    const char *out_trade_no;     /* ours */
    const char *channel_trade_no; /* theirs; "" if not known */
    money amount;
    stamp paid_at;                /* PAID */
    const char *client; /* create: what the app needs to pay, a JSON object */
};

enum pay_refund_state { PAY_REFUND_NONE, PAY_REFUND_RUNNING, PAY_REFUND_DONE,
                        PAY_REFUND_CLOSED };

struct pay_refund {
    enum pay_refund_state state;
    const char *channel_refund_no;
    money amount;
};

/* What is ordered. The same number always comes with the same content. */
struct pay_order {
    const char *out_trade_no;
    money amount;
    const char *subject;
    const char *payer;      /* openid or the like; "" if the channel has none */
    const char *notify_url;
    stamp expires_at;
};

struct pay_refund_order {
    const char *out_refund_no;
    const char *out_trade_no;
    money amount;  /* of this refund */
    money total;   /* of the order */
    const char *reason;
};

/* Why it was refused or is unknown, for the log and for people. */
struct pay_why {
    const char *code;
    const char *text;
};

/* A callback as it came. */
struct pay_message {
    const char *body;
    size_t len;
    const char *(*header)(const void *from, const char *name); /* or NULL */
    const void *from;
};

enum pay_notice_kind {
    NOTICE_FORGED,  /* the signature is not theirs, or is stale */
    NOTICE_UNREAD,  /* theirs, but not understood or not for our merchant */
    NOTICE_TRADE,
};

struct pay_notice {
    const char *notice_no; /* of the message: repeated if it is */
    struct pay_trade trade;
    struct pay_why why;    /* UNREAD */
};

/* How a callback is answered. */
struct pay_ack {
    int status;
    const char *type;
    const char *body;
};

struct pay_provider {
    const char *name;  /* payment.channel */
    const char *title; /* 模拟支付 */
    enum ledger_channel channel;
    bool demo;         /* offered in demo mode only */
    bool (*is_configured)(const struct cx *cx);
    enum pay_outcome (*create)(struct cx *cx, const struct pay_order *order,
                               struct pay_trade *out, struct pay_why *why);
    enum pay_outcome (*query)(struct cx *cx, const char *out_trade_no,
                              struct pay_trade *out, struct pay_why *why);
    enum pay_outcome (*close)(struct cx *cx, const char *out_trade_no,
                              struct pay_why *why);
    enum pay_outcome (*refund)(struct cx *cx,
                               const struct pay_refund_order *order,
                               struct pay_refund *out, struct pay_why *why);
    enum pay_outcome (*refund_query)(struct cx *cx, const char *out_refund_no,
                                     struct pay_refund *out,
                                     struct pay_why *why);
    enum pay_notice_kind (*read_notice)(struct cx *cx,
                                        const struct pay_message *m,
                                        struct pay_notice *out);
    struct pay_ack (*ack)(bool taken);
};

/* The channel of that name, or NULL. */
const struct pay_provider *pay_provider_find(const char *name);

/* The channel a top-up uses: fails with ERR_INVALID (field "channel") if there
   is none of that name ("" is the default), with ERR_UNCONFIGURED if its
   settings are missing. */
const struct pay_provider *pay_provider_need(struct cx *cx, const char *name);

extern const struct pay_provider demo_pay_provider;

#endif
