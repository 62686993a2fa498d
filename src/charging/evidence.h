/*
 * What stands behind one order, for its page: neighbours, people and places,
 * frames, curve. The caller has loaded the order in the reader's scope.
 */
#ifndef CHARGING_EVIDENCE_H
#define CHARGING_EVIDENCE_H

#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"
#include "charging/order.h"
#include "db/db.h"

/* The orders before and after in the list (by time, in scope); 0: none. */
void order_neighbours(struct cx *cx, const struct order *o, int64_t *newer,
                      int64_t *older);

/* Orders in scope that wait for a person. */
int64_t order_review_count(struct cx *cx);

struct order_names {
    const char *driver, *phone, *plate, *vin; /* NULL or "": unknown */
    const char *station, *area, *pile_no, *connector, *qr_no;
    const char *merchant, *provider;
};
struct order_names *order_names(struct cx *cx, int64_t order_id);

/* Frames of a session in the order they passed; n counts all from 1. */
struct order_frame {
    int64_t n;
    stamp at;
    int up, type;
    struct bytes raw;
};

enum order_frames_shown {
    FRAMES_KEY, /* without the repeated real-time data */
    FRAMES_ALL,
    FRAMES_UP
};

enum { ORDER_FRAMES_PAGE = 200 };

/* After frame n (0: from the first), at most a page. */
struct order_frame *order_frames(struct cx *cx, const char *trade_no,
                                 enum order_frames_shown shown, int64_t after,
                                 size_t *count);
struct order_frame *order_frame(struct cx *cx, const char *trade_no,
                                int64_t n); /* NULL: none */
int64_t order_frame_count(struct cx *cx, const char *trade_no);

/* Readings of the session, thinned to at most some 720. */
struct order_reading {
    stamp at;
    int soc, power_w, voltage_dv, current_da, demand_da;
};
struct order_reading *order_curve(struct cx *cx, int64_t order_id,
                                  size_t *count);

#endif
