/*
 * Orders as their driver sees them, with the names of where they are.
 */
#ifndef CHARGING_MY_ORDER_H
#define CHARGING_MY_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/money.h"
#include "base/stamp.h"
#include "charging/order_state.h"

struct my_order {
    int64_t id;
    const char *order_no;
    int state;   /* enum order_state */
    int start_by, stop_by;
    int64_t station_id, connector_id, tariff_version_id;
    const char *station_name, *connector_name, *qr_no, *pile_no;
    const char *plate, *fail_reason;
    money hold_fen;
    stamp created_at, charging_at, ended_at, settled_at;
    stamp started_at, finished_at; /* by the record */
    int soc_start, soc, seconds;
    int64_t live_energy_e4kwh;
    money live_amount_fen;
    int64_t energy_e4kwh;
    money elec_fen, service_fen, total_fen, arrears_fen;
};

/* In the caller's scope, or ERR_NOT_FOUND. */
struct my_order *my_order_load(struct cx *cx, const char *order_no);

/* A driver's orders, newest first; before_id 0 for the first page, then the
   id of the last one read. */
struct my_order *my_order_list(struct cx *cx, int64_t driver_id,
                               int64_t before_id, int limit, size_t *count);

/* Those that are not over: a driver may charge several cars. Looked for
   among the newest MY_ORDERS_LOOK, so that the cost does not grow. */
enum { MY_ORDERS_LOOK = 30 };
struct my_order *my_order_open(struct cx *cx, int64_t driver_id,
                               size_t *count);

/* How many orders the driver ever had. */
int64_t my_order_count(struct cx *cx, int64_t driver_id);

#endif
