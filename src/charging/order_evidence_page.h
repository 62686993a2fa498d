/*
 * The frames behind an order, decoded field by field beside their bytes.
 */
#ifndef CHARGING_ORDER_EVIDENCE_PAGE_H
#define CHARGING_ORDER_EVIDENCE_PAGE_H

#include <stdint.h>

#include "base/cx.h"
#include "web/args.h"
#include "web/view.h"

struct order;

struct evidence_args {
    int64_t id;
    int64_t frame; /* shown at the right; 0: the trade record, else the last */
    int64_t after;
    int show;      /* enum evidence_show */
};
enum { EVIDENCE_ARGS = 4 };
extern const struct arg evidence_args[EVIDENCE_ARGS];

/* Fills Order.frames and Order.frame. */
void order_evidence(struct cx *cx, struct vnode *v, const struct order *o,
                    const struct evidence_args *a);

#endif
