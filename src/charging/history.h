/*
 * What is kept of running charges: the curve, and the frames themselves as
 * evidence. Partitioned by month, written in bulk, never changed.
 */
#ifndef CHARGING_HISTORY_H
#define CHARGING_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"

struct telemetry_row {
    stamp at;
    int64_t connector_id;
    int64_t order_id; /* 0: none */
    int state;        /* enum connector_state */
    int voltage_dv, current_da, power_w;
    int soc, battery_c, gun_c, demand_da;
    int64_t energy_e4kwh, amount_e4yuan;
};

/* Appends points of curves, many rows a statement. */
void telemetry_add(struct cx *cx, const struct telemetry_row *rows, size_t n);

struct frame_row {
    stamp at;
    int64_t pile_id;
    int gun; /* 0: the whole pile */
    bool up; /* from the pile */
    int type;
    const char *trade_no; /* NULL: none */
    const void *raw;
    size_t len;
};

/* Appends frames to the evidence, many rows a statement; raw is copied. */
void frame_log_add(struct cx *cx, const struct frame_row *rows, size_t n);

#endif
