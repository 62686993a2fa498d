/*
 * Stations: rules and SQL.
 */
#include "asset/station.h"

#include <string.h>

#include "asset/area.h"
#include "db/db.h"
#include "org/org.h"
#include "system/audit.h"

LABELS_DEFINE(station_review, STATION_REVIEWS);

const struct scope_columns station_scope = SCOPE_STATION("s");

static const struct db_field station_row[] = {
    DB_FIELD(struct station, id),
    DB_FIELD(struct station, provider_id),
    DB_FIELD(struct station, merchant_id),
    DB_FIELD(struct station, name),
    DB_FIELD(struct station, nature),
    DB_FIELD(struct station, status),
    DB_FIELD(struct station, review),
    DB_FIELD(struct station, contact),
    DB_FIELD(struct station, phone),
    DB_FIELD(struct station, hotline),
    DB_FIELD(struct station, intro),
    DB_FIELD(struct station, hours),
    DB_FIELD(struct station, max_power_w),
    DB_FIELD(struct station, load_w),
    DB_FIELD(struct station, province),
    DB_FIELD(struct station, city),
    DB_FIELD(struct station, district),
    DB_FIELD(struct station, address),
    DB_FIELD(struct station, lng_e6),
    DB_FIELD(struct station, lat_e6),
    DB_FIELD(struct station, parking_note),
};

struct station *station_load(struct cx *cx, int64_t id)
{
    static const char sql[] =
        "SELECT s.id, s.provider_id, s.merchant_id, s.name, s.nature,"
        "   s.status, s.review, s.contact, s.phone, s.hotline, s.intro,"
        "   s.hours, s.max_power_w, s.load_w, s.province, s.city,"
        "   s.district, s.address, s.lng_e6, s.lat_e6, s.parking_note"
        "  FROM station s WHERE s.id = ?";

    return scoped_row(cx, sql, id, &station_scope,
                      ROW(struct station, station_row), "电站");
}

const char *station_filter_error(struct cx *cx, const void *id)
{
    static const char sql[] = "SELECT s.id FROM station s WHERE s.id = ?";
    int64_t wanted = *(const int64_t *)id;

    if (wanted == 0 ||
        scoped_int(cx, sql, BIND(V(wanted)), &station_scope, "") == wanted)
        return NULL;
    return "没有这个电站，或不在你的数据范围内。";
}

void station_need_enabled(struct cx *cx, const struct station *s)
{
    if (s->status != ASSET_ENABLED)
        cx_fail_field(cx, "station_id", "电站「%s」已停用，启用后才能添加。",
                      s->name);
}

/* Checked coordinates; both or none. */
static void coordinates(struct cx *cx, const struct station_form *f, int *lng,
                        int *lat)
{
    *lng = *lat = 0;
    if (f->lng[0] == '\0' && f->lat[0] == '\0')
        return;
    if (!degrees_parse(f->lng, 180, lng) || *lng == 0)
        cx_fail_field(cx, "lng", "应为经度，如 113.269000，最多 6 位小数。");
    if (!degrees_parse(f->lat, 90, lat) || *lat == 0)
        cx_fail_field(cx, "lat", "应为纬度，如 22.988000，最多 6 位小数。");
}

static void check_name(struct cx *cx, int64_t id, const struct station_form *f)
{
    static const char sql[] =
        "SELECT id FROM station"
        " WHERE merchant_id = ? AND name = ? AND id <> ?";

    if (db_int(cx, sql, BIND(V(f->merchant_id), V(f->name), V(id))) != 0)
        cx_fail_field(cx, "name", "该商户已有同名电站。");
}

static int64_t station_create(struct cx *cx, const struct station_form *f,
                              int lng, int lat)
{
    static const char sql[] =
        "INSERT INTO station (provider_id, merchant_id, name, nature,"
        "   contact, phone, hotline, intro, hours, max_power_w, load_w,"
        "   province, city, district, address, lng_e6, lat_e6, parking_note,"
        "   created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    const struct org *merchant = org_load(cx, f->merchant_id);
    int64_t id;

    if (merchant->kind != ORG_MERCHANT)
        cx_fail_field(cx, "merchant_id", "应选择一个商户。");
    id = db_insert(cx, sql,
                   BIND(V(merchant->provider_id), V(merchant->id), V(f->name),
                        V(f->nature), V(f->contact), V(f->phone),
                        V(f->hotline), V(f->intro), V(f->hours),
                        V(f->max_power_w), V(f->load_w), V(f->province),
                        V(f->city), V(f->district), V(f->address), V(lng),
                        V(lat), V(f->parking_note), V(cx->now), V(cx->now)));
    area_add_default(cx, id, f->name, f->phone, f->max_power_w);
    audit(cx, "station.create", "station", id, f->name);
    return id;
}

static void station_change(struct cx *cx, int64_t id,
                           const struct station_form *f, int lng, int lat)
{
    static const char sql[] =
        "UPDATE station SET name = ?, nature = ?, contact = ?, phone = ?,"
        "   hotline = ?, intro = ?, hours = ?, max_power_w = ?, load_w = ?,"
        "   province = ?, city = ?, district = ?, address = ?, lng_e6 = ?,"
        "   lat_e6 = ?, parking_note = ?, updated_at = ?, ver = ver + 1"
        " WHERE id = ?";

    db_exec(cx, sql,
            BIND(V(f->name), V(f->nature), V(f->contact), V(f->phone),
                 V(f->hotline), V(f->intro), V(f->hours), V(f->max_power_w),
                 V(f->load_w), V(f->province), V(f->city), V(f->district),
                 V(f->address), V(lng), V(lat), V(f->parking_note),
                 V(cx->now), V(id)));
    audit(cx, "station.edit", "station", id, f->name);
}

int64_t station_save(struct cx *cx, int64_t id, const struct station_form *f)
{
    struct station_form form = *f;
    int lng, lat;

    if (id != 0)
        form.merchant_id = station_load(cx, id)->merchant_id;
    coordinates(cx, &form, &lng, &lat);
    check_name(cx, id, &form);
    if (id == 0)
        return station_create(cx, &form, lng, lat);
    station_change(cx, id, &form, lng, lat);
    return id;
}

static void set_status(struct cx *cx, int64_t id, int status,
                       const char *event)
{
    static const char sql[] =
        "UPDATE station SET status = ?, updated_at = ?, ver = ver + 1"
        " WHERE id = ? AND status <> ?";
    struct station *s = station_load(cx, id);

    if (!db_change_one(cx, sql, BIND(V(status), V(cx->now), V(id),
                                     V(status))))
        cx_fail(cx, ERR_STATE, "电站「%s」已是这个状态。", s->name);
    audit(cx, event, "station", id, s->name);
}

void station_enable(struct cx *cx, int64_t id)
{
    set_status(cx, id, ASSET_ENABLED, "station.enable");
}

void station_disable(struct cx *cx, int64_t id)
{
    set_status(cx, id, ASSET_DISABLED, "station.disable");
}

struct station_counts *station_count(struct cx *cx, int64_t id)
{
    static const struct db_field row[] = {
        DB_FIELD(struct station_counts, areas),
        DB_FIELD(struct station_counts, piles),
        DB_FIELD(struct station_counts, connectors),
        DB_FIELD(struct station_counts, spaces),
    };
    static const char sql[] =
        "SELECT (SELECT COUNT(*) FROM area WHERE station_id = s.id),"
        "   (SELECT COUNT(*) FROM pile"
        "     WHERE station_id = s.id AND deleted_at IS NULL),"
        "   (SELECT COUNT(*) FROM connector c JOIN pile p ON p.id = c.pile_id"
        "     WHERE c.station_id = s.id AND p.deleted_at IS NULL),"
        "   (SELECT COALESCE(SUM(spaces), 0) FROM area"
        "     WHERE station_id = s.id)"
        "  FROM station s WHERE s.id = ?";

    return db_row(cx, sql, BIND(V(id)), ROW(struct station_counts, row));
}
