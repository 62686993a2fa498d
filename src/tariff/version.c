/*
 * Versions of tariffs: which one is in force, and their numbers in frames.
 */
#include "tariff/version.h"

#include <stdlib.h>
#include <string.h>

#include "db/db.h"

#define VERSION_COLUMNS                                                      \
    "v.id, v.tariff_id, v.version_no, v.wire_no, v.starts_at, v.slots,"      \
    " v.sharp_elec_e5, v.sharp_service_e5, v.peak_elec_e5,"                  \
    " v.peak_service_e5, v.flat_elec_e5, v.flat_service_e5,"                 \
    " v.valley_elec_e5, v.valley_service_e5, v.created_by, v.created_at"

static const struct db_field version_row[] = {
    DB_FIELD(struct tariff_version, id),
    DB_FIELD(struct tariff_version, tariff_id),
    DB_FIELD(struct tariff_version, version_no),
    DB_FIELD(struct tariff_version, wire_no),
    DB_FIELD(struct tariff_version, starts_at),
    DB_FIELD(struct tariff_version, slots),
    DB_FIELD(struct tariff_version, prices.elec_e5[RATE_SHARP]),
    DB_FIELD(struct tariff_version, prices.service_e5[RATE_SHARP]),
    DB_FIELD(struct tariff_version, prices.elec_e5[RATE_PEAK]),
    DB_FIELD(struct tariff_version, prices.service_e5[RATE_PEAK]),
    DB_FIELD(struct tariff_version, prices.elec_e5[RATE_FLAT]),
    DB_FIELD(struct tariff_version, prices.service_e5[RATE_FLAT]),
    DB_FIELD(struct tariff_version, prices.elec_e5[RATE_VALLEY]),
    DB_FIELD(struct tariff_version, prices.service_e5[RATE_VALLEY]),
    DB_FIELD(struct tariff_version, created_by),
    DB_FIELD(struct tariff_version, created_at),
};

static const struct tariff_version *one(struct cx *cx, const char *sql,
                                        struct db_binds binds)
{
    return db_row(cx, sql, binds, ROW(struct tariff_version, version_row));
}

const struct tariff_version *tariff_version_load(struct cx *cx, int64_t id)
{
    static const char sql[] =
        "SELECT " VERSION_COLUMNS " FROM tariff_version v WHERE v.id = ?";
    const struct tariff_version *v = one(cx, sql, BIND(V(id)));

    if (v == NULL)
        cx_fail(cx, ERR_NOT_FOUND, "没有找到这一版计费规则。");
    return v;
}

const struct tariff_version *version_last(struct cx *cx, int64_t tariff_id)
{
    static const char sql[] =
        "SELECT " VERSION_COLUMNS " FROM tariff_version v"
        " WHERE v.tariff_id = ? ORDER BY v.version_no DESC LIMIT 1";
    const struct tariff_version *v = one(cx, sql, BIND(V(tariff_id)));

    must(v != NULL); /* every tariff is made with one */
    return v;
}

const struct tariff_version *tariff_versions(struct cx *cx,
                                             int64_t tariff_id,
                                             size_t *count)
{
    static const char sql[] =
        "SELECT " VERSION_COLUMNS " FROM tariff_version v"
        " WHERE v.tariff_id = ? ORDER BY v.version_no DESC LIMIT 500";

    return db_rows(cx, sql, BIND(V(tariff_id)),
                   ROW(struct tariff_version, version_row), count);
}

const struct tariff_version *tariff_at(struct cx *cx, int64_t station_id,
                                       int64_t area_id, stamp at)
{
    static const char sql[] =
        "SELECT " VERSION_COLUMNS
        "  FROM tariff t JOIN tariff_version v ON v.tariff_id = t.id"
        " WHERE t.station_id = ? AND t.status = 1"
        "   AND (t.area_id IS NULL OR t.area_id = ?) AND v.starts_at <= ?"
        " ORDER BY t.area_id IS NULL, v.version_no DESC LIMIT 1";

    return one(cx, sql, BIND(V(station_id), V(area_id), V(at)));
}

const struct tariff_version *tariff_next(struct cx *cx, int64_t station_id,
                                         int64_t area_id, stamp at)
{
    static const char sql[] =
        "SELECT " VERSION_COLUMNS
        "  FROM tariff t JOIN tariff_version v ON v.tariff_id = t.id"
        " WHERE t.station_id = ? AND t.status = 1"
        "   AND (t.area_id IS NULL OR t.area_id = ?) AND v.starts_at > ?"
        "   AND v.version_no = t.version_no"
        " ORDER BY t.area_id IS NULL LIMIT 1";

    return one(cx, sql, BIND(V(station_id), V(area_id), V(at)));
}

/* ---- numbers in frames ----------------------------------------------- */

enum { WIRE_LAST = 9999, STATION_STEP = 397 };

/*
 * A pile tells by this number which prices it holds (ykc-1.6 section 4.6), so
 * within a station a number comes again only when its old version is neither
 * anybody's newest nor younger than 400 days. Stations begin at different
 * numbers: a pile that moves does not take the other station's for its own.
 */
static void free_wire_no(struct cx *cx, int64_t station_id, char out[5])
{
    static const char last[] =
        "SELECT v.wire_no FROM tariff t"
        "  JOIN tariff_version v ON v.tariff_id = t.id"
        " WHERE t.station_id = ? ORDER BY v.id DESC LIMIT 1";
    static const char taken[] =
        "SELECT COUNT(*) FROM tariff t"
        "  JOIN tariff_version v ON v.tariff_id = t.id"
        " WHERE t.station_id = ? AND v.wire_no = ?"
        "   AND (v.version_no >= t.version_no OR v.created_at > ?)";
    const char *text = db_text(cx, last, BIND(V(station_id)));
    long no = text != NULL ? strtol(text, NULL, 10)
                           : (long)(station_id * STATION_STEP % WIRE_LAST);
    stamp old = stamp_add_days(cx->now, -400);

    for (int tries = 0; tries < WIRE_LAST; tries++) {
        no = no % WIRE_LAST + 1;
        snprintf(out, 5, "%04u", (unsigned)no % 10000U);
        if (db_int(cx, taken, BIND(V(station_id), V((const char *)out),
                                   V(old))) == 0)
            return;
    }
    cx_fail(cx, ERR_CONFLICT, "该电站 400 天内的计费版本过多，暂不能再发布。");
}

void version_add(struct cx *cx, int64_t station_id, int64_t tariff_id,
                 int version_no, stamp starts_at, const char *slots,
                 const struct tariff_prices *p)
{
    static const char sql[] =
        "INSERT INTO tariff_version (tariff_id, version_no, wire_no,"
        " starts_at, slots, sharp_elec_e5, sharp_service_e5, peak_elec_e5,"
        " peak_service_e5, flat_elec_e5, flat_service_e5, valley_elec_e5,"
        " valley_service_e5, created_by, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    char no[5];

    db_need_tx(cx);
    free_wire_no(cx, station_id, no);
    db_insert(cx, sql,
              BIND(V(tariff_id), V(version_no), V((const char *)no),
                   V(starts_at), V(slots), V(p->elec_e5[RATE_SHARP]),
                   V(p->service_e5[RATE_SHARP]), V(p->elec_e5[RATE_PEAK]),
                   V(p->service_e5[RATE_PEAK]), V(p->elec_e5[RATE_FLAT]),
                   V(p->service_e5[RATE_FLAT]), V(p->elec_e5[RATE_VALLEY]),
                   V(p->service_e5[RATE_VALLEY]), V(cx->actor.id),
                   V(cx->now)));
}

void version_replace(struct cx *cx, int64_t id, stamp starts_at,
                     const char *slots, const struct tariff_prices *p)
{
    static const char sql[] =
        "UPDATE tariff_version SET starts_at = ?, slots = ?,"
        " sharp_elec_e5 = ?, sharp_service_e5 = ?, peak_elec_e5 = ?,"
        " peak_service_e5 = ?, flat_elec_e5 = ?, flat_service_e5 = ?,"
        " valley_elec_e5 = ?, valley_service_e5 = ?, created_by = ?,"
        " created_at = ? WHERE id = ? AND starts_at > ?";

    db_need_tx(cx);
    if (!db_change_one(cx, sql,
                       BIND(V(starts_at), V(slots), V(p->elec_e5[RATE_SHARP]),
                            V(p->service_e5[RATE_SHARP]),
                            V(p->elec_e5[RATE_PEAK]),
                            V(p->service_e5[RATE_PEAK]),
                            V(p->elec_e5[RATE_FLAT]),
                            V(p->service_e5[RATE_FLAT]),
                            V(p->elec_e5[RATE_VALLEY]),
                            V(p->service_e5[RATE_VALLEY]), V(cx->actor.id),
                            V(cx->now), V(id), V(cx->now))))
        cx_fail(cx, ERR_CONFLICT, "这一版刚刚生效，重新打开后再修改。");
}
