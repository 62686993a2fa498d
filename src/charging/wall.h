/*
 * The live state of connectors as the charging wall (充电实况) shows it, in the
 * caller's scope. Reads live rows only: the cost does not grow with history.
 */
#ifndef CHARGING_WALL_H
#define CHARGING_WALL_H

#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"

/* What the page asks for; 0 and "" do not limit. */
struct wall_query {
    int state;          /* connector_live.state */
    int station_status; /* asset_status: 运营状态 of the station */
    int64_t station_id;
    const char *text;   /* pile code, connector, plate or station contains it */
};

/* Connectors per state under the other conditions; [0] is their sum. */
struct wall_counts {
    int64_t state[7];
    int64_t power_w; /* all charging power */
};
struct wall_counts wall_count(struct cx *cx, const struct wall_query *q);

/* Connectors charging now: for the menu, so on every page. */
int64_t wall_charging(struct cx *cx);

struct wall_station {
    int64_t id;
    const char *name;
    int64_t guns; /* that match */
    int64_t piles;
    int64_t power_w, cap_w; /* used now; the station's limit or its piles' */
};

/* Stations with matching connectors, by id, after the given one. */
struct wall_station *wall_stations(struct cx *cx, const struct wall_query *q,
                                   int64_t after, size_t *count);

struct wall_gun {
    int64_t id, station_id, pile_id;
    const char *name, *pile_no, *qr_no;
    int gun, power_rated_w, nature;
    int state;
    stamp since_at, seen_at;
    int power_w, voltage_dv, current_da, soc, battery_c, gun_c, minutes;
    int remain_min, fault_bits, plugged;
    int64_t energy_e4kwh;
    int64_t order_id;
    const char *order_no; /* NULL: none */
    int order_state;
    stamp charging_at;
    int64_t amount_fen; /* our estimate */
    const char *plate;
    stamp last_end;     /* of the connector's last order */
};

/* Matching connectors of these stations, by station and name. */
struct wall_gun *wall_guns(struct cx *cx, const struct wall_query *q,
                           int64_t first_station, int64_t last_station,
                           size_t *count);

/* One connector in scope, or ERR_NOT_FOUND; and all of a pile. */
struct wall_gun *wall_gun_load(struct cx *cx, int64_t connector_id);
struct wall_gun *wall_guns_of(struct cx *cx, int64_t pile_id, size_t *count);

/* What the hardware fault bits say (YKC 7.3), in Chinese; "" for none. */
const char *wall_fault_text(struct cx *cx, int fault_bits);

#endif
