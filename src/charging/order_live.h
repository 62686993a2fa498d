/*
 * An order while it runs: what the gateway writes as frames arrive (YKC 8.2).
 * Every change names the states it may be made from, so that what jobs and
 * people did meanwhile is never undone; and the holder of the pile (rule G6),
 * so that a gateway that lost the pile changes nothing. Nothing here touches
 * money.
 */
#ifndef CHARGING_ORDER_LIVE_H
#define CHARGING_ORDER_LIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "asset/link.h"
#include "base/cx.h"
#include "base/money.h"
#include "base/stamp.h"
#include "charging/order_state.h"

struct order_live {
    int64_t id;
    char trade_no[33];
    int64_t pile_id;
    int gun;
    int state; /* enum order_state */
    int64_t tariff_version_id;
    stamp charging_at, live_at;
    int soc_start;
    int64_t live_energy_e4kwh;
    money live_amount;
    int idle_reports;
};

/* The order of a trade number, or NULL. */
const struct order_live *order_live_find(struct cx *cx, const char *trade_no);

/* All orders that piles still have a session for (states 2 to 6), by id. */
const struct order_live *order_live_all(struct cx *cx, int64_t after_id,
                                        size_t *count);

struct order_progress {
    int64_t order_id;
    int64_t pile_id;
    stamp at;
    int soc; /* 0: nothing new, keeps what was said before */
    int soc_start, power_w;
    int64_t energy_e4kwh;
    money amount; /* our estimate at the frozen tariff */
    int idle_reports;
    const char *vin;
};

/* Live figures: energy and amount only ever grow. */
int64_t order_progress_write(struct cx *cx, struct holder h,
                             const struct order_progress *rows, size_t n);

/* The start was let in the pile's hands: 0x34 or an allowing 0x32 is sent. */
bool order_sent(struct cx *cx, struct holder h, int64_t order_id);

/* The start command could not be sent: nothing runs. why is shown. */
bool order_not_sent(struct cx *cx, int64_t order_id, const char *why);

/*
 * 0x33. ok: starting (again). reason 05: waiting for the plug. Else failed,
 * with the reason in Chinese. False if the order is past that: a start that
 * succeeds now must be stopped (rule G15).
 */
bool order_replied(struct cx *cx, struct holder h, int64_t order_id, bool ok,
                   int reason);

/* First 0x13 in state charging with its number. False as above. */
bool order_charging(struct cx *cx, struct holder h, int64_t order_id,
                    stamp at);

/* 0x36 is sent. */
bool order_stop_sent(struct cx *cx, struct holder h, int64_t order_id);

/* 0x35: stopped, or was not charging. */
bool order_stop_replied(struct cx *cx, struct holder h, int64_t order_id,
                        stamp at);

/* No energy flows any more: reports idle in a row, 1 ends an order that was
   being stopped, 2 any other. */
bool order_ended(struct cx *cx, struct holder h, int64_t order_id,
                 int idle_reports, stamp at);

#endif
