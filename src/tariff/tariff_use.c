#include "tariff/tariff_use.h"

#include "db/db.h"

struct tariff_use tariff_use_of(struct cx *cx, int64_t station_id,
                                int64_t area_id)
{
    static const struct db_field row[] = {
        DB_FIELD(struct tariff_use, piles),
        DB_FIELD(struct tariff_use, offline),
        DB_FIELD(struct tariff_use, orders),
    };
    static const char sql[] =
        "SELECT COUNT(DISTINCT p.id),"
        "   COUNT(DISTINCT IF(p.online = 0, p.id, NULL)),"
        "   COUNT(l.order_id)"
        "  FROM pile p LEFT JOIN connector_live l"
        "    ON l.pile_id = p.id AND l.state = 1"
        " WHERE p.station_id = ? AND (? = 0 OR p.area_id = ?)"
        "   AND p.deleted_at IS NULL";
    struct tariff_use *u =
        db_row(cx, sql, BIND(V(station_id), V(area_id), V(area_id)),
               ROW(struct tariff_use, row));

    return *u;
}
