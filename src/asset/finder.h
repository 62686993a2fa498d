/*
 * Stations as drivers find them: near, by city, by name, by code. Everybody
 * may see these rows, so they have no scope; what is disabled or not passed
 * its review is not there.
 */
#ifndef ASSET_FINDER_H
#define ASSET_FINDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "asset/distance.h"
#include "base/cx.h"
#include "base/stamp.h"

enum { FINDER_PAGE_MAX = 20 };

/* Connectors of one kind at a station: enabled ones, and those that a car
   can be plugged into now. */
struct finder_count {
    int total, free;
};

struct found_station {
    int64_t id;
    const char *name, *provider_name;
    const char *province, *city, *district, *address, *hours, *hotline;
    const char *phone; /* of the operator, shown if there is no hotline */
    const char *intro, *parking_note;
    struct place place;
    int nature;
    int64_t distance_m; /* -1: the driver's place is not known */
    struct finder_count dc, ac;
    int max_power_w;    /* of the strongest connector */
};

struct finder_ask {
    bool has_place;
    struct place place;
    const char *city;  /* exactly, or "" */
    const char *q;     /* part of name or address, or "" */
    bool only_free;    /* stations with a free connector */
    int kind;          /* enum pile_kind that must be there; 0: any */
    int64_t after_m, after_id; /* the last of the page before; id 0: first */
    int limit;         /* at most FINDER_PAGE_MAX */
};

/*
 * Nearest first if the place is known, else oldest first; *more tells whether
 * there are others behind the page.
 */
struct found_station *finder_near(struct cx *cx, const struct finder_ask *ask,
                                  size_t *count, bool *more);

/* One of them, or ERR_NOT_FOUND. from NULL: without distance. */
struct found_station *finder_station(struct cx *cx, int64_t id,
                                     const struct place *from);

/* Fails with ERR_NOT_FOUND unless the station has the area, in use. */
void finder_need_area(struct cx *cx, int64_t station_id, int64_t area_id);

struct found_connector {
    int64_t id, pile_id, station_id, area_id;
    const char *name, *qr_no, *parking_no, *area_name;
    const char *pile_no, *pile_name;
    const char *station_name, *address, *hours, *hotline;
    int gun, kind, speed, power_w;
    bool enabled;      /* the connector, its pile and its station are */
    int state;         /* enum connector_state */
    bool plugged;
    int live_power_w, soc, remain_min; /* while charging */
    stamp since_at;
};

/* All connectors of a station, by name. */
struct found_connector *finder_connectors(struct cx *cx, int64_t station_id,
                                          size_t *count);

/* By the number in its QR code, or ERR_NOT_FOUND. */
struct found_connector *finder_connector(struct cx *cx, const char *qr_no);

/* The live figures of the session of an order, NULL if it is not the one that
   its connector is busy with. */
struct live_session {
    int state, voltage_dv, current_da, power_w, soc, minutes, remain_min;
    int battery_c;
    stamp seen_at;
};
struct live_session *finder_session(struct cx *cx, int64_t connector_id,
                                    int64_t order_id);

/* Cities that have stations, with how many. */
struct found_city {
    const char *province, *city;
    int64_t stations;
};
struct found_city *finder_cities(struct cx *cx, size_t *count);

#endif
