/*
 * Tariffs: what a kWh costs, at which half hour of the day. A tariff belongs
 * to a station, or to one area of it; its prices stand in versions. A version
 * takes effect at 00:00 of a day (S3.2.7: 当日 24:00 生效) and is never changed
 * once it has; an order keeps the version it started with.
 */
#ifndef TARIFF_TARIFF_H
#define TARIFF_TARIFF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/label.h"
#include "base/money.h"
#include "base/stamp.h"
#include "db/scope.h"

/* The four rates, as on the wire. */
#define TARIFF_RATES(X)                       \
    X(RATE_SHARP,  0, "sharp",  "尖", NULL)    \
    X(RATE_PEAK,   1, "peak",   "峰", NULL)    \
    X(RATE_FLAT,   2, "flat",   "平", NULL)    \
    X(RATE_VALLEY, 3, "valley", "谷", NULL)

#define TARIFF_MODES(X)                                   \
    X(TARIFF_UNIFIED, 1, "unified", "统一计价", NULL)       \
    X(TARIFF_PERIODS, 2, "periods", "峰平谷计价", NULL)

#define TARIFF_STATUSES(X)                                 \
    X(TARIFF_ENABLED,  1, "enabled",  "启用", "ok")         \
    X(TARIFF_DISABLED, 2, "disabled", "停用", "offline")

LABELS_DECLARE(tariff_rate, TARIFF_RATES);
LABELS_DECLARE(tariff_mode, TARIFF_MODES);
LABELS_DECLARE(tariff_status, TARIFF_STATUSES);

enum { RATES = tariff_rate_count };
enum { TARIFF_SLOTS = 48 }; /* half hours of a day */

/* Highest price of a field: 10 yuan per kWh. The wire could carry more; a
   price beyond this is a slip of the keyboard. */
#define TARIFF_PRICE_MAX_E5 INT64_C(1000000)

/* Electricity and service price per rate, 1e-5 yuan per kWh. */
struct tariff_prices {
    int64_t elec_e5[RATES];
    int64_t service_e5[RATES];
};

struct tariff_version {
    int64_t id;
    int64_t tariff_id;
    int version_no;
    char wire_no[5];              /* 4 digits, in frames */
    stamp starts_at;              /* 00:00 of a day */
    char slots[TARIFF_SLOTS + 1]; /* '0'..'3' per half hour */
    struct tariff_prices prices;  /* rates without a slot are 0 */
    int64_t created_by;
    stamp created_at;
};

struct tariff {
    int64_t id;
    int64_t provider_id, merchant_id, station_id;
    int64_t area_id; /* 0: the whole station */
    const char *name;
    int mode;   /* enum tariff_mode */
    int status; /* enum tariff_status */
    const char *note;
    int version_no;
    stamp updated_at;
    int ver;
    const char *station_name;
    const char *area_name; /* NULL: the whole station */
};

/*
 * What a form, a JSON body or an import says. Unified: only the flat prices
 * count, slots may be NULL. Periods: slots has 48 characters '0'..'3', and a
 * character that is none of them is a half hour not covered.
 */
struct tariff_draft {
    int64_t station_id;
    int64_t area_id; /* 0: the whole station */
    const char *name;
    int mode;
    const char *note;
    const char *slots;
    struct tariff_prices prices;
    stamp starts_at; /* a 00:00, not before the next one, which 0 means */
    bool backdated;  /* demo data and imports: any 00:00 will do */
};

/*
 * NULL if the draft's name, prices, slots and start are good; otherwise the
 * error in Chinese, and *field is the wrong one: "name", "mode", "note",
 * "slots", "starts_on", "sharp_elec" ... "valley_service". For forms, before
 * anything is asked of the database.
 */
const char *tariff_draft_error(struct cx *cx, const struct tariff_draft *d,
                               const char **field);

extern const struct scope_columns tariff_scope; /* alias t */

/* In the caller's scope, or ERR_NOT_FOUND. */
struct tariff *tariff_load(struct cx *cx, int64_t id);

/* Any version, without scope: for an order that the caller may see. */
const struct tariff_version *tariff_version_load(struct cx *cx, int64_t id);

/* All versions of a loaded tariff, newest first. */
const struct tariff_version *tariff_versions(struct cx *cx,
                                             int64_t tariff_id,
                                             size_t *count);

/*
 * The version in force at a moment for a pile that stands in this area, or
 * NULL: the enabled tariff of the area if there is one, else that of the
 * station. No scope: drivers, piles and jobs ask too.
 */
const struct tariff_version *tariff_at(struct cx *cx, int64_t station_id,
                                       int64_t area_id, stamp at);

/* The version that follows it, or NULL if none is planned. */
const struct tariff_version *tariff_next(struct cx *cx, int64_t station_id,
                                         int64_t area_id, stamp at);

/*
 * A new tariff with its first version. Fails with ERR_INVALID naming the
 * field, with ERR_CONFLICT if the station (or area) has an enabled tariff or
 * the name is taken. The station must be in the caller's scope.
 */
int64_t tariff_create(struct cx *cx, const struct tariff_draft *d);

/*
 * New name, note and prices. Other prices make a new version; one that is
 * planned and not yet in force is replaced, one in force is never touched.
 * seen_ver is tariff.ver as the editor saw it; ERR_CONFLICT if somebody else
 * changed it since. Station, area and mode stay as they are.
 */
void tariff_edit(struct cx *cx, int64_t id, const struct tariff_draft *d,
                 int seen_ver);

/* In the caller's scope; again has no effect. Enabling fails with ERR_CONFLICT
   if another one is enabled for the same place. */
void tariff_enable(struct cx *cx, int64_t id);
void tariff_disable(struct cx *cx, int64_t id);

/* ---- 计费测试 ------------------------------------------------------------ */

/*
 * What a charge would cost. With starts_at and minutes the energy is spread
 * evenly over that time; with starts_at.ms 0 energy_e4kwh gives the
 * energy of each rate.
 */
struct tariff_question {
    int64_t total_e4kwh;
    stamp starts_at;
    int minutes; /* 1..2880 */
    int64_t energy_e4kwh[RATES];
};
struct bill;
void tariff_try(struct cx *cx, const struct tariff_version *v,
                const struct tariff_question *q, struct bill *out);

#endif
