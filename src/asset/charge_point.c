#include "asset/charge_point.h"

#include "db/db.h"

#define POINT_COLUMNS                                                       \
    "c.id, p.id, c.station_id, p.area_id, s.provider_id, s.merchant_id,"    \
    " c.gun, c.name, p.no, p.power_w,"                                      \
    " c.status = 1 AND p.status = 1 AND s.status = 1"                       \
    " AND COALESCE((SELECT a.status FROM area a WHERE a.id = p.area_id), 1)"\
    "   = 1"                                                                \
    " AND p.deleted_at IS NULL, p.online, p.offline_at, p.clock_off_ms,"    \
    " p.tariff_no, l.state, l.plugged, COALESCE(l.trade_no, ''), l.seen_at" \
    "  FROM connector c JOIN pile p ON p.id = c.pile_id"                    \
    "  JOIN station s ON s.id = c.station_id"                               \
    "  JOIN connector_live l ON l.connector_id = c.id"

static const struct db_field point_row[] = {
    DB_FIELD(struct charge_point, connector_id),
    DB_FIELD(struct charge_point, pile_id),
    DB_FIELD(struct charge_point, station_id),
    DB_FIELD(struct charge_point, area_id),
    DB_FIELD(struct charge_point, provider_id),
    DB_FIELD(struct charge_point, merchant_id),
    DB_FIELD(struct charge_point, gun),
    DB_FIELD(struct charge_point, name),
    DB_FIELD(struct charge_point, pile_no),
    DB_FIELD(struct charge_point, power_w),
    DB_FIELD(struct charge_point, is_enabled),
    DB_FIELD(struct charge_point, online),
    DB_FIELD(struct charge_point, offline_at),
    DB_FIELD(struct charge_point, clock_off_ms),
    DB_FIELD(struct charge_point, tariff_no),
    DB_FIELD(struct charge_point, state),
    DB_FIELD(struct charge_point, plugged),
    DB_FIELD(struct charge_point, trade_no),
    DB_FIELD(struct charge_point, seen_at),
};

const struct charge_point *charge_point_find(struct cx *cx,
                                             int64_t connector_id)
{
    static const char sql[] = "SELECT " POINT_COLUMNS " WHERE c.id = ?";

    return db_row(cx, sql, BIND(V(connector_id)),
                  ROW(struct charge_point, point_row));
}

const struct charge_point *charge_point_of(struct cx *cx, int64_t pile_id,
                                           int gun)
{
    static const char sql[] =
        "SELECT " POINT_COLUMNS " WHERE c.pile_id = ? AND c.gun = ?";

    return db_row(cx, sql, BIND(V(pile_id), V(gun)),
                  ROW(struct charge_point, point_row));
}

const char *pile_gateway_control(struct cx *cx, int64_t pile_id)
{
    static const char sql[] =
        "SELECT g.control FROM pile p JOIN gateway g ON g.id = p.gateway_id"
        " WHERE p.id = ?";

    return db_text(cx, sql, BIND(V(pile_id)));
}
