/*
 * Areas (区域): parts of a station. Each station is made with a default one.
 */
#ifndef ASSET_AREA_H
#define ASSET_AREA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cx.h"
#include "db/scope.h"

struct area {
    int64_t id, station_id;
    const char *no, *name, *phone;
    int power_w, spaces, status;
    bool is_default;
};

struct area_form {
    int64_t station_id;
    const char *name, *phone;
    int power_w, spaces;
};

/* The area in the caller's scope, or ERR_NOT_FOUND. */
struct area *area_load(struct cx *cx, int64_t id);

/* Creates (id 0) or changes an area of a station in the caller's scope; its
   id. Fails at the field name if the station has one of that name. */
int64_t area_save(struct cx *cx, int64_t id, const struct area_form *f);

/* The area a new station starts with. */
void area_add_default(struct cx *cx, int64_t station_id, const char *station,
                      const char *phone, int power_w);

/* A disabled area takes no piles and no tariffs and is hidden from drivers. */
void area_enable(struct cx *cx, int64_t id);
void area_disable(struct cx *cx, int64_t id);

#endif
