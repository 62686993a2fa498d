/*
 * Stations on the map, with the live state of their connectors, in the
 * caller's scope. What would run into each other on the screen is put
 * together on the server, so that a page never gets more than 300 markers.
 */
#ifndef CHARGING_MAP_H
#define CHARGING_MAP_H

#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"

enum {
    MAP_MARKERS_MAX = 300,
    MAP_STATES = 6,      /* connector_live.state - 1 */
    MAP_ZOOM_MIN = 3, MAP_ZOOM_MAX = 18,
};

/* What the page asks for; "" and 0 do not limit. Positions in 1e-6 degree. */
struct map_query {
    int west_e6, south_e6, east_e6, north_e6;
    const char *city;
    int state;        /* stations with at least one connector in it */
    const char *text; /* operator, station or pile code contains it */
};

/* The whole earth. */
#define MAP_EVERYWHERE .west_e6 = -180000000, .south_e6 = -90000000, \
    .east_e6 = 180000000, .north_e6 = 90000000

struct map_station {
    int64_t id;
    const char *name, *operator_name, *province, *city, *district, *address;
    const char *hours;
    int lng_e6, lat_e6;
    int64_t charging, idle, occupied, reserved, fault, offline;
    int64_t power_w, cap_w; /* used now; the station's limit or its piles' */
    int64_t piles;
};

/* Stations that have a position, by id. */
struct map_station *map_stations(struct cx *cx, const struct map_query *q,
                                 size_t *count);

/* Piles of these stations, by kind and by state; all is their number. */
struct map_piles {
    int64_t all, dc, ac;
    int64_t states[MAP_STATES]; /* as connector_live.state - 1 */
};
struct map_piles map_piles(struct cx *cx, const struct map_query *q);

/* One station in scope, or ERR_NOT_FOUND. */
struct map_station *map_station_load(struct cx *cx, int64_t id);

/* Its connectors by state, in the order of connector_live.state. */
void map_parts(const struct map_station *s, int64_t parts[MAP_STATES]);

/* State of the station: fault if one has a fault, idle if one is free,
   offline if all are, else occupied. */
int map_state(const struct map_station *s);

/* One marker: a station, or several in one place. */
struct map_marker {
    const struct map_station *station; /* NULL: a cluster */
    size_t n;                          /* stations */
    int lng_e6, lat_e6;                /* middle of a cluster */
    int64_t piles;
    int64_t parts[MAP_STATES];
};

/*
 * Puts stations that are closer than a marker at this zoom together; coarser
 * until at most MAP_MARKERS_MAX are left. Arena memory of cx.
 */
struct map_marker *map_markers(struct cx *cx, const struct map_station *s,
                               size_t n, int zoom, size_t *count);

/* Cities with a station in scope, by name. */
const char **map_cities(struct cx *cx, size_t *count);

#endif
