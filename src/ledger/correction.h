/*
 * Corrections by people (rule M13): a document with a reason and an author
 * for each decision about money that no rule could make. What moves more than
 * the setting correction_fen waits for a second person, who is not the
 * author; the database insists on it, too.
 *
 * The features that correct something call correction_open; the page of
 * corrections (payment/correction_admin.c) calls them back when it is
 * approved. Their own rows are locked before the correction (T3).
 */
#ifndef LEDGER_CORRECTION_H
#define LEDGER_CORRECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/label.h"
#include "base/money.h"

#define CORRECTION_KINDS(X)                               \
    X(CORRECTION_ORDER,  1, "order",  "订单复核", NULL)     \
    X(CORRECTION_REFUND, 2, "refund", "退款处理", NULL)     \
    X(CORRECTION_ORPHAN, 3, "orphan", "无主记录", NULL)     \
    X(CORRECTION_PAYOUT, 4, "payout", "线下付款", NULL)

#define CORRECTION_HOWS(X)                                          \
    X(CORRECT_AS_RECORD, 1, "record",  "按电桩记录结算", NULL)         \
    X(CORRECT_AS_ZERO,   2, "zero",    "不收费，全额退回冻结", NULL)   \
    X(CORRECT_BY_HAND,   3, "by_hand", "线下退款", NULL)             \
    X(CORRECT_TO_WALLET, 4, "wallet",  "转入车主余额", NULL)           \
    X(CORRECT_TO_ORDER,  5, "to_order",  "归入已有订单", NULL)         \
    X(CORRECT_TO_DRIVER, 6, "to_driver", "为车主补建订单", NULL)       \
    X(CORRECT_DISMISS,   7, "dismiss",   "忽略，不计费", NULL)       \
    X(CORRECT_PAID,      8, "paid",      "已付款，凭证如依据", NULL)

#define CORRECTION_STATES(X)                                   \
    X(CORRECTION_WAITING, 1, "waiting", "待审批", "warn")        \
    X(CORRECTION_DONE,    2, "done",    "已执行", "ok")          \
    X(CORRECTION_REFUSED, 3, "refused", "已驳回", "idle")

/* The first of the hows are for orders. */
enum { CORRECTION_ORDER_HOWS = 2 };

LABELS_DECLARE(correction_kind, CORRECTION_KINDS);
LABELS_DECLARE(correction_how, CORRECTION_HOWS);
LABELS_DECLARE(correction_state, CORRECTION_STATES);

struct correction {
    int64_t id;
    int kind; /* enum correction_kind */
    int64_t ref_id;
    int how;  /* enum correction_how */
    int64_t target_id; /* of the order or driver it is done to; 0: none */
    money amount;
    const char *reason;
    int state; /* enum correction_state */
    int64_t author_id;
};

/* What a person decided; owners are 0 for what belongs to the platform. */
struct correction_ask {
    enum correction_kind kind;
    int64_t ref_id;
    const char *ref_no;
    enum correction_how how;
    money amount; /* >= 0: what it moves, or forgoes */
    const char *reason; /* 2 to 200 characters */
    int64_t provider_id, merchant_id, station_id;
    int64_t target_id; /* or 0 */
    bool by_two;       /* a second person is needed, however small */
};

/*
 * Writes the document of the acting person. True: nobody else is needed, the
 * caller does it now, in this transaction. False: it waits for approval.
 * Fails with ERR_INVALID (field "reason"), with ERR_STATE if one waits
 * already for the same row.
 */
bool correction_open(struct cx *cx, const struct correction_ask *ask);

/* One waits for this order or refund. */
bool correction_is_waiting(struct cx *cx, enum correction_kind kind,
                           int64_t ref_id);

/* How many wait for a second person, in the caller's scope. */
int64_t correction_waiting_count(struct cx *cx);

/* By id; the caller has checked the scope. Fails with ERR_NOT_FOUND. */
const struct correction *correction_load(struct cx *cx, int64_t id);

/*
 * The acting person approves, after the caller has done what it says in this
 * transaction. Fails with ERR_STATE if it does not wait any more, and with
 * ERR_FORBIDDEN for its author.
 */
void correction_approve(struct cx *cx, const struct correction *c);

/* Refused, by anybody who may decide; its author may take it back so. */
void correction_refuse(struct cx *cx, int64_t id, const char *why);

#endif
