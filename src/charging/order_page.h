/*
 * The parts of an order's page, which its four tabs share.
 * tests/templates/order.hdf shows the tree.
 */
#ifndef CHARGING_ORDER_PAGE_H
#define CHARGING_ORDER_PAGE_H

#include "charging/order.h"
#include "charging/provisional.h"
#include "tariff/billing.h"
#include "tariff/tariff.h"
#include "web/request.h"
#include "web/view.h"

struct order_view {
    struct request *req;
    struct cx *cx;
    struct order *o;
    struct order_names *names;
    const struct tariff_version *tariff; /* as frozen at the start */
    struct measured measured;            /* while it runs: so far, and */
    struct bill bill;                    /* what that comes to */
    struct vnode *tree, *v;              /* v is Order */
};

/* The pile's record is there: what it costs is settled, or for a person. */
bool order_has_bill(const struct order *o);

/* Energy flows, or flowed and the pile's record is still to come: what it
   costs is only estimated. */
bool order_is_estimated(const struct order *o);

/* What the driver pays, or would if it ended now. */
money order_view_cost(const struct order_view *p);

/* A labelled figure of a list; unit may be NULL. */
void order_put_figure(struct vnode *list, size_t i, const char *label,
                      const char *value, const char *unit);

/* Texts of the request: "14:05:16", "¥1,234.50", and v * 10^-scale with so
   many places. Empty for no moment. */
const char *order_clock(struct cx *cx, stamp t);
const char *order_yuan(struct cx *cx, money m);
const char *order_decimal(struct cx *cx, int64_t v, int scale, int shown);

/* Fills the first tab: bill by period, facts, curves. */
void order_put_bill(struct order_view *p);

#endif
