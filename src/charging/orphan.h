/*
 * Trade records that no order claims, or not this one (rule G11): a person
 * finds out whose they are. Whatever the decision, no money moves here: an
 * assigned record waits again, and the settling job judges it like any other
 * (rule G12).
 */
#ifndef CHARGING_ORPHAN_H
#define CHARGING_ORPHAN_H

#include <stdint.h>

#include "base/cx.h"
#include "base/label.h"
#include "base/stamp.h"
#include "db/db.h"
#include "ledger/correction.h"

#define ORPHAN_HOWS(X)                                                   \
    X(ORPHAN_TO_ORDER,  1, "order",   "归入已有订单", NULL)                \
    X(ORPHAN_TO_DRIVER, 2, "driver",  "为车主补建订单", NULL)               \
    X(ORPHAN_DISMISSED, 3, "dismiss", "忽略，不计费", NULL)
LABELS_DECLARE(orphan_how, ORPHAN_HOWS);

struct orphan {
    int64_t id;
    char trade_no[33]; /* its own */
    int64_t pile_id;
    int gun;
    int state;         /* enum record_state */
    struct bytes raw;  /* the frame */
    stamp received_at;
};

/* In the caller's scope, which is that of the pile's station, or
   ERR_NOT_FOUND. */
const struct orphan *orphan_load(struct cx *cx, int64_t id);

/*
 * What the decisions do; pages call orphan_submit. Each needs a transaction
 * and record.assign, checked by the caller; why has 2..200 characters. They
 * fail with ERR_STATE if the record does not wait for a person (any more), and
 * with ERR_INVALID if the choice does not fit.
 *
 * order: of the same pile and gun, in scope, over or provisionally settled,
 * without a record of its own.
 * driver: an order is made of the record, at the prices in force when it
 * began; nothing was reserved, so what the wallet lacks becomes arrears (M8).
 */
void orphan_to_order(struct cx *cx, int64_t id, int64_t order_id,
                     const char *why);
void orphan_to_driver(struct cx *cx, int64_t id, int64_t driver_id,
                      const char *why);
void orphan_dismiss(struct cx *cx, int64_t id, const char *why);

/*
 * The acting person decides so (M13, M18), how being one of the three, target
 * the order or driver or 0: at once (true), or beyond the setting
 * correction_fen when another has approved (false), who then calls the other.
 * What is at stake is what the record costs at the prices in force.
 */
bool orphan_submit(struct cx *cx, int64_t id, enum orphan_how how,
                   int64_t target, const char *why);
void orphan_approved(struct cx *cx, const struct correction *c);

#endif
