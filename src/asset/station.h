/*
 * Stations (电站): where piles stand. Every station belongs to a merchant, and
 * through it to a provider; those two are frozen on everything below it.
 */
#ifndef ASSET_STATION_H
#define ASSET_STATION_H

#include <stdbool.h>
#include <stdint.h>

#include "asset/asset.h"
#include "base/cx.h"
#include "base/label.h"
#include "db/scope.h"

#define STATION_REVIEWS(X)                                   \
    X(REVIEW_WAITING,  1, "waiting",  "待审核", "warn")       \
    X(REVIEW_PASSED,   2, "passed",   "已通过", "ok")         \
    X(REVIEW_REJECTED, 3, "rejected", "已驳回", "fault")

LABELS_DECLARE(station_review, STATION_REVIEWS);

struct station {
    int64_t id, provider_id, merchant_id;
    const char *name;
    int nature, status, review;
    const char *contact, *phone, *hotline, *intro, *hours;
    int max_power_w, load_w;
    const char *province, *city, *district, *address;
    int lng_e6, lat_e6; /* GCJ-02, millionths of a degree; 0: not set */
    const char *parking_note;
};

/* What a form or an import gives. */
struct station_form {
    int64_t merchant_id;
    const char *name;
    int nature;
    const char *contact, *phone, *hotline, *intro, *hours;
    int max_power_w, load_w;
    const char *province, *city, *district, *address;
    const char *lng, *lat; /* degrees as typed, or "" */
    const char *parking_note;
};

extern const struct scope_columns station_scope; /* alias s */

/* The station in the caller's scope, or ERR_NOT_FOUND. */
struct station *station_load(struct cx *cx, int64_t id);

/* A check of web/args.h for a filter by station (int64_t): 0 and those in the
   caller's scope are fine. */
const char *station_filter_error(struct cx *cx, const void *id);

/* Fails at the field station_id if it is disabled: nothing may be added. */
void station_need_enabled(struct cx *cx, const struct station *s);

/* Creates (id 0, with its default area) or changes a station; its id. */
int64_t station_save(struct cx *cx, int64_t id, const struct station_form *f);

/* In the caller's scope. Fails with ERR_STATE if it is so already. */
void station_enable(struct cx *cx, int64_t id);
void station_disable(struct cx *cx, int64_t id);

/* What stands below a station, for its detail page. */
struct station_counts {
    int64_t areas, piles, connectors, spaces;
};
struct station_counts *station_count(struct cx *cx, int64_t id);

#endif
