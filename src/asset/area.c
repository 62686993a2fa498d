/*
 * Areas: rules and SQL.
 */
#include "asset/area.h"

#include <inttypes.h>

#include "asset/station.h"
#include "db/db.h"
#include "system/audit.h"

struct area *area_load(struct cx *cx, int64_t id)
{
    static const struct db_field row[] = {
        DB_FIELD(struct area, id),      DB_FIELD(struct area, station_id),
        DB_FIELD(struct area, no),      DB_FIELD(struct area, name),
        DB_FIELD(struct area, phone),   DB_FIELD(struct area, power_w),
        DB_FIELD(struct area, spaces),  DB_FIELD(struct area, status),
        DB_FIELD(struct area, is_default),
    };
    static const char sql[] =
        "SELECT a.id, a.station_id, a.no, a.name, a.phone, a.power_w,"
        "   a.spaces, a.status, a.is_default"
        "  FROM area a JOIN station s ON s.id = a.station_id WHERE a.id = ?";

    return scoped_row(cx, sql, id, &station_scope, ROW(struct area, row),
                      "区域");
}

static void check_name(struct cx *cx, int64_t id, int64_t station_id,
                       const char *name)
{
    static const char sql[] =
        "SELECT id FROM area WHERE station_id = ? AND name = ? AND id <> ?";

    if (db_int(cx, sql, BIND(V(station_id), V(name), V(id))) != 0)
        cx_fail_field(cx, "name", "该电站已有同名区域。");
}

/* Number of an area: Q, station, running number: Q000012-03. */
static int64_t insert(struct cx *cx, const struct area_form *f,
                      bool is_default)
{
    static const char sql[] =
        "INSERT INTO area (station_id, no, name, phone, power_w, spaces,"
        "   is_default, created_at, updated_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    static const char lock[] = "SELECT id FROM station WHERE id = ? FOR UPDATE";
    static const char count[] =
        "SELECT COUNT(*) FROM area WHERE station_id = ?";
    int64_t n;
    const char *no;

    db_int(cx, lock, BIND(V(f->station_id))); /* two areas, two numbers */
    n = db_int(cx, count, BIND(V(f->station_id)));
    no = cx_printf(cx, "Q%06" PRId64 "-%02" PRId64, f->station_id, n + 1);
    return db_insert(cx, sql,
                     BIND(V(f->station_id), V(no), V(f->name), V(f->phone),
                          V(f->power_w), V(f->spaces), V(is_default),
                          V(cx->now), V(cx->now)));
}

void area_add_default(struct cx *cx, int64_t station_id, const char *station,
                      const char *phone, int power_w)
{
    struct area_form f = { .station_id = station_id, .name = "默认区域",
                           .phone = phone, .power_w = power_w };
    int64_t id = insert(cx, &f, true);

    audit(cx, "area.create", "area", id,
          cx_printf(cx, "%s · 默认区域", station));
}

int64_t area_save(struct cx *cx, int64_t id, const struct area_form *f)
{
    static const char sql[] =
        "UPDATE area SET name = ?, phone = ?, power_w = ?, spaces = ?,"
        "   updated_at = ?, ver = ver + 1 WHERE id = ?";
    int64_t station_id = id != 0 ? area_load(cx, id)->station_id
                                 : f->station_id;
    struct station *s = station_load(cx, station_id);

    check_name(cx, id, station_id, f->name);
    if (id == 0) {
        station_need_enabled(cx, s);
        id = insert(cx, f, false);
        audit(cx, "area.create", "area", id,
              cx_printf(cx, "%s · %s", s->name, f->name));
        return id;
    }
    db_exec(cx, sql, BIND(V(f->name), V(f->phone), V(f->power_w),
                          V(f->spaces), V(cx->now), V(id)));
    audit(cx, "area.edit", "area", id,
          cx_printf(cx, "%s · %s", s->name, f->name));
    return id;
}

static void set_status(struct cx *cx, int64_t id, int status,
                       const char *event)
{
    static const char sql[] =
        "UPDATE area SET status = ?, updated_at = ?, ver = ver + 1"
        " WHERE id = ? AND status <> ?";
    struct area *a = area_load(cx, id);

    if (!db_change_one(cx, sql, BIND(V(status), V(cx->now), V(id),
                                     V(status))))
        cx_fail(cx, ERR_STATE, "区域「%s」已是这个状态。", a->name);
    audit(cx, event, "area", id, a->name);
}

void area_enable(struct cx *cx, int64_t id)
{
    set_status(cx, id, ASSET_ENABLED, "area.enable");
}

void area_disable(struct cx *cx, int64_t id)
{
    set_status(cx, id, ASSET_DISABLED, "area.disable");
}
