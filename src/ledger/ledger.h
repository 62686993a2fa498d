/*
 * The ledger: every balance is the sum of append-only double-entry postings
 * (rules M3-M8, M14). No other file names a ledger table. Everything here
 * that writes needs an open transaction (db_tx) and takes its locks in the
 * order of rule T3: key, hold, accounts by ascending id, postings; so call it
 * after the order or document row is locked and before other inserts.
 *
 * Signs: a positive posting credits the account. What we owe somebody (a
 * wallet, a merchant's share) has a positive balance; where money comes from
 * (a payment channel, grants) and what a driver owes us (arrears) has a
 * negative one. The postings of one document always add up to zero.
 *
 * Documents and their postings:
 *   topup         channel -x                      arrears +a, paid  +(x-a)
 *   grant         grant source -x                 arrears +a, granted +(x-a)
 *   gift          gift source -x                  gift +x
 *   order.settle  gift, granted, paid, arrears -t merchant +electricity,
 *                                                 service +service fee
 *   refund.by_hand channel -x                     correction +x: late money
 *                 that we owe and give back outside the channel
 *   refund.paid   correction -x                   payout +x: it was paid
 *   order.adjust  the difference of a settled order, either sign: less comes
 *                 back to where it was taken from, last taken first
 */
#ifndef LEDGER_LEDGER_H
#define LEDGER_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/label.h"
#include "base/money.h"
#include "base/stamp.h"

/*
 * Wallets and arrears of drivers keep a balance. The accounts from 21 on are
 * hot: theirs is summed up from the postings, and nothing ever locks them
 * (rule M14).
 */
#define LEDGER_KINDS(X)                                          \
    X(LEDGER_PAID,       11, "paid",       "充值余额", NULL)       \
    X(LEDGER_GRANTED,    12, "granted",    "后台充值余额", NULL)    \
    X(LEDGER_GIFT,       13, "gift",       "赠送余额", NULL)       \
    X(LEDGER_ARREARS,    14, "arrears",    "欠费", NULL)          \
    X(LEDGER_MERCHANT,   21, "merchant",   "商户应收电费", NULL)    \
    X(LEDGER_SERVICE,    22, "service",    "服务商应收服务费", NULL) \
    X(LEDGER_CHANNEL,    31, "channel",    "支付渠道清算", NULL)    \
    X(LEDGER_GRANT_FROM, 32, "grant_from", "后台充值来源", NULL)    \
    X(LEDGER_GIFT_FROM,  33, "gift_from",  "赠送来源", NULL)       \
    X(LEDGER_PAYOUT,     34, "payout",     "线下付款", NULL)       \
    X(LEDGER_CORRECTION, 41, "correction", "差错更正", NULL)

LABELS_DECLARE(ledger_kind, LEDGER_KINDS);

static inline bool ledger_is_hot(enum ledger_kind kind)
{
    return kind >= LEDGER_MERCHANT;
}

/* Owners of channel clearing accounts. */
#define LEDGER_CHANNELS(X)                          \
    X(CHANNEL_DEMO,   1, "demo",   "模拟支付", NULL)  \
    X(CHANNEL_WECHAT, 2, "wechat", "微信支付", NULL)  \
    X(CHANNEL_ALIPAY, 3, "alipay", "支付宝", NULL)

LABELS_DECLARE(ledger_channel, LEDGER_CHANNELS);

/* The owner is a driver (11-14), merchant (21), provider (22), channel (31)
   or 0, the platform. A posting of zero is left out. */
struct posting {
    enum ledger_kind kind;
    int64_t owner;
    money amount;
};

/*
 * What a transaction is about. kind and key together are its idempotency
 * key, at most 78 characters. ref is the row that people look it up by.
 */
struct ledger_doc {
    const char *kind; /* "topup" */
    const char *key;  /* natural key: out_trade_no, order number ... */
    const char *ref_kind;
    int64_t ref_id;
    const char *note; /* for people, or NULL */
};

#define POSTINGS(...)                                            \
    (const struct posting[]){ __VA_ARGS__ },                     \
        sizeof((const struct posting[]){ __VA_ARGS__ }) /        \
            sizeof(struct posting)

/*
 * Writes one transaction; its id. The same document again has no effect and
 * gives the same id. Fails with ERR_IDEM_MISMATCH if the key was used for
 * other content, with ERR_BALANCE if an account would go below its floor.
 */
int64_t ledger_post(struct cx *cx, const struct ledger_doc *doc,
                    const struct posting *p, size_t n);

/* ---- wallets --------------------------------------------------------- */

struct wallet {
    money paid, granted, gift; /* balances, held parts included */
    money held;                /* reserved by holds */
    money arrears;             /* what the driver owes, >= 0 */
    money available;           /* paid + granted + gift - held */
};

/* Makes the accounts of a new driver; again has no effect. Whoever signs a
   driver up calls it, so that money is never the first to need them. */
void ledger_open_wallet(struct cx *cx, int64_t driver_id);

/* A driver without a wallet has zeros. The caller checks whose it is. */
struct wallet ledger_wallet(struct cx *cx, int64_t driver_id);

/* Money that came in through a payment channel. Pays arrears first. */
int64_t ledger_topup(struct cx *cx, const char *out_trade_no,
                     int64_t payment_id, int64_t driver_id,
                     enum ledger_channel channel, money amount);

/* Money given by the back office, and as a gift. key is the document's. */
int64_t ledger_grant(struct cx *cx, const char *key, int64_t driver_id,
                     money amount, const char *note);
int64_t ledger_gift(struct cx *cx, const char *key, int64_t driver_id,
                    money amount, const char *note);

/* ---- holds ----------------------------------------------------------- */

#define LEDGER_HOLD_ENDS(X)                              \
    X(HOLD_OPEN,    0, "open",    "预留中", "reserved")    \
    X(HOLD_SETTLED, 1, "settled", "已结算", "ok")          \
    X(HOLD_VOIDED,  2, "voided",  "已退回", "idle")        \
    X(HOLD_EXPIRED, 3, "expired", "已到期退回", "idle")

LABELS_DECLARE(ledger_hold_end, LEDGER_HOLD_ENDS);

/*
 * Reserves money of a driver's wallet: as much as is available, at least
 * least and at most most. Gift first, then granted, then paid (M6); each part
 * remembers its account. Returns its id and sets *held; the same key and ref
 * again give the same. Fails with ERR_ARREARS if the driver owes anything
 * (M8), with ERR_BALANCE if less than least is available. After expires_at
 * its owner (the order's jobs) expires it if nothing can be billed any more.
 */
int64_t ledger_hold(struct cx *cx, const char *key, const char *ref_kind,
                    int64_t ref_id, int64_t driver_id, money least,
                    money most, stamp expires_at, money *held);

/* Gives the reserved money back. False if the hold has ended already. */
bool ledger_hold_void(struct cx *cx, int64_t hold_id);
bool ledger_hold_expire(struct cx *cx, int64_t hold_id);

/* How it ended; HOLD_OPEN if it has not. */
enum ledger_hold_end ledger_hold_state(struct cx *cx, int64_t hold_id);

/* ---- spending -------------------------------------------------------- */

/*
 * A driver pays total, which is the sum of the credits. The hold (0: none;
 * one that has ended already counts as none) is ended as settled: its parts
 * are used in their order, the unused rest returns in this transaction. What
 * exceeds it is taken from what is available, and the remainder becomes
 * arrears (M8): this never fails for want of money.
 */
struct ledger_payment {
    int64_t tx_id;
    money gift, granted, paid, arrears; /* where it came from */
};
struct ledger_payment ledger_spend(struct cx *cx,
                                   const struct ledger_doc *doc,
                                   int64_t driver_id, int64_t hold_id,
                                   const struct posting *credits, size_t n);

/* Several at once, for settlement: the same as one after the other, in a
   fraction of the statements. Five lock 30 rows with their records and
   orders; 32 are the most (T3). */
enum { LEDGER_MANY = 5 };
struct ledger_charge {
    struct ledger_doc doc;
    int64_t driver_id;
    int64_t hold_id;
    const struct posting *credits;
    size_t n;
};
void ledger_spend_many(struct cx *cx, const struct ledger_charge *charges,
                       size_t n, struct ledger_payment *payments);

/*
 * Gives back a part of what the documents of the same ref took from the
 * driver: arrears first, then paid, granted, gift, the reverse of taking.
 * Arrears that were paid since come back as paid money. The debits are the
 * (negative) postings of those who lose it. More than was taken is our
 * mistake. The members of the result are what came back, >= 0.
 */
struct ledger_payment ledger_give_back(struct cx *cx,
                                       const struct ledger_doc *doc,
                                       int64_t driver_id,
                                       const struct posting *debits,
                                       size_t n);

/* ---- reading --------------------------------------------------------- */

/* A posting with its document, for the pages. Texts live in the arena. */
struct ledger_entry {
    int64_t tx_id;
    const char *doc_kind;
    const char *note;
    int64_t ref_id;
    stamp at;
    int kind;       /* enum ledger_kind */
    int64_t owner;
    money amount;
    money balance_after; /* 0 for hot accounts */
};

/* What people call a document of this kind. */
const char *ledger_doc_word(const char *doc_kind);

/* All postings of one document row ("order", order id), in order. The
   caller has loaded that row in the reader's scope. */
const struct ledger_entry *ledger_of(struct cx *cx, const char *ref_kind,
                                     int64_t ref_id, size_t *count);

/* A driver's wallet postings, newest first; before_id 0 for the first page,
   then the id of the last entry read (as tx_id). */
const struct ledger_entry *ledger_wallet_entries(struct cx *cx,
                                                 int64_t driver_id,
                                                 int64_t before_tx_id,
                                                 int limit, size_t *count);

struct ledger_hold_view {
    int64_t id;
    money amount;
    stamp created_at;
    stamp expires_at;
    int how; /* enum ledger_hold_end */
    stamp ended_at;
};
const struct ledger_hold_view *ledger_holds_of(struct cx *cx,
                                               const char *ref_kind,
                                               int64_t ref_id,
                                               size_t *count);

/* Sum of the postings of an account of any kind; hot ones have no other
   balance. 0 if it does not exist. */
money ledger_sum(struct cx *cx, enum ledger_kind kind, int64_t owner);

#endif
