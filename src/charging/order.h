/*
 * Charging orders: start, stop, settlement, review.
 *
 *   start     checks, order and trade number, price version frozen, money
 *             held, 0x34 queued: all in one transaction
 *   stop      0x36 queued, if the order still is the gun's current one
 *   settle    jobs, from the stored trade record, within a second
 *   review    what a check stopped waits here with its money still held,
 *             until a person decides
 */
#ifndef CHARGING_ORDER_H
#define CHARGING_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/money.h"
#include "base/stamp.h"
#include "charging/order_state.h"
#include "ledger/correction.h"
#include "db/scope.h"
#include "tariff/billing.h"

enum { ORDER_NO_SIZE = 25, TRADE_NO_SIZE = 33 };

/* A driver may ask for at most this much to be reserved. */
#define ORDER_HOLD_MAX_FEN INT64_C(200000)

struct order {
    int64_t id;
    char order_no[ORDER_NO_SIZE];
    char trade_no[TRADE_NO_SIZE];
    int64_t provider_id, merchant_id, station_id, pile_id, connector_id;
    int gun;
    int64_t driver_id; /* 0: unknown (offline card not found) */
    int start_by;      /* enum order_start_by */
    int state;         /* enum order_state */
    int64_t tariff_version_id;
    int64_t hold_id; /* 0: none */
    money hold_fen;
    bool hold_open; /* the money is still reserved */
    const char *fail_reason;
    const char *review_reason;
    int stop_reason; /* raw byte of the record; 0 if none came */
    int stop_by;
    stamp created_at, sent_at, replied_at, charging_at, stop_sent_at;
    stamp ended_at, recorded_at, settled_at, started_at, finished_at;
    stamp live_at;
    int soc_start, soc, max_power_w;
    int64_t live_energy_e4kwh;
    money live_amount_fen;
    int64_t energy_e4kwh, meter_start_e4kwh, meter_end_e4kwh;
    money elec_fen, service_fen, total_fen, arrears_fen;
    int64_t pile_amount_e4yuan;
    int seconds;
    bool provisional; /* settled from telemetry, no record yet (G13) */
    int ver;
};

extern const struct scope_columns order_scope; /* alias o */

/* In the caller's scope (a driver sees the own ones), or ERR_NOT_FOUND. */
struct order *order_load(struct cx *cx, int64_t id);

/* ---- start ----------------------------------------------------------- */

struct order_ask {
    int64_t connector_id;
    int64_t driver_id;
    int start_by;      /* enum order_start_by */
    money hold;        /* 0: what is available, at most the setting */
    const char *plate; /* or NULL: the driver's */
    bool plug_later;   /* start although no vehicle is plugged in yet */
};

/*
 * Starts a charge; the order's id. The caller runs it in the transaction that
 * also holds its idempotency key. An order that still waits for its record
 * does not hold the gun for ever: two minutes after its end another may
 * start, if the gun reports that it does not charge. Fails with
 * ERR_NOT_FOUND, ERR_PILE_OFFLINE, ERR_PILE_BUSY, ERR_STATE (fault, disabled,
 * not plugged in, no tariff), ERR_ARREARS, ERR_BALANCE, ERR_FORBIDDEN (driver
 * disabled).
 * Whoever may name a connector may start there, so it is not scoped; a
 * console caller checks order.control and the station's scope before.
 */
int64_t order_start(struct cx *cx, const struct order_ask *ask);

/*
 * Stops a charge of the caller's scope. by is STOP_BY_DRIVER or _CONSOLE (the
 * caller has checked order.control). Stopping again has no effect. Fails with
 * ERR_STATE if the order is over, with ERR_PILE_OFFLINE if the pile is.
 */
void order_stop(struct cx *cx, int64_t order_id, enum order_stop_by by);

/* ---- money of an order ----------------------------------------------- */

/* One row per rate of a settled (or reviewed) order: the bill by period with
   the pile's own figures beside. */
struct order_bill_row {
    int rate;
    int64_t energy_e4kwh, elec_e5, service_e5, elec_nano, service_nano;
    int64_t pile_price_e5, pile_amount_e4yuan;
};
const struct order_bill_row *order_bill(struct cx *cx, int64_t order_id,
                                        size_t *count);

/* ---- review ---------------------------------------------------------- */

/* A check held it back, or a late record of an order that was settled without
   it waits: a person may decide. */
bool order_is_reviewable(struct cx *cx, const struct order *o);

/*
 * The acting person decides (rule M13): at once (true), or, beyond the
 * setting correction_fen, when a second one has approved (false), who then
 * calls the other. As order_review, and fails with ERR_STATE if a decision
 * waits already, or if what was approved is not at stake any more.
 */
bool order_review_submit(struct cx *cx, int64_t order_id,
                         enum correction_how how, const char *reason);
void order_review_approved(struct cx *cx, const struct correction *c);

/*
 * What the decision does; pages call the two above. With the reason that goes
 * into the audit: settle it as the record says (energy NULL), or at these
 * checked figures per rate (all zero: nothing is charged and the hold is
 * voided).
 * Needs permission order.review, checked by the caller; the order is loaded
 * in the caller's scope. reason has 2..200 characters.
 */
void order_review(struct cx *cx, int64_t order_id,
                  const int64_t *energy_e4kwh, const char *reason);

/* What review would charge at these figures, for the confirmation. */
void order_review_preview(struct cx *cx, int64_t order_id,
                          const int64_t *energy_e4kwh, struct bill *out);

#endif
