/*
 * Roll-ups made anew from what they sum up: after history was loaded.
 */
#include "db/db.h"
#include "report/rollup.h"

static void remake_hours(struct cx *cx)
{
    static const char sql[] =
        "REPLACE INTO hour_station (hour, station_id, provider_id,"
        "   merchant_id, orders, energy_e4kwh, total_fen, service_fen,"
        "   seconds)"
        " SELECT DATE_FORMAT(finished_at, '%Y-%m-%d %H:00:00') AS h,"
        "   station_id, MAX(provider_id), MAX(merchant_id), COUNT(*),"
        "   SUM(energy_e4kwh), SUM(total_fen), SUM(service_fen), SUM(seconds)"
        "  FROM charge_order WHERE state = 10 AND finished_at IS NOT NULL"
        " GROUP BY h, station_id";

    db_exec(cx, sql, BIND());
}

static void remake_days(struct cx *cx)
{
    static const char sql[] =
        "REPLACE INTO day_station (day, station_id, provider_id, merchant_id,"
        "   orders, energy_e4kwh, elec_fen, service_fen, total_fen, seconds)"
        " SELECT DATE(finished_at) AS d, station_id, MAX(provider_id),"
        "   MAX(merchant_id), COUNT(*), SUM(energy_e4kwh), SUM(elec_fen),"
        "   SUM(service_fen), SUM(total_fen), SUM(seconds)"
        "  FROM charge_order WHERE state = 10 AND finished_at IS NOT NULL"
        " GROUP BY d, station_id";
    /* Not an UPDATE with a join: that reads the bills again for each day. */
    static const char rates[] =
        "INSERT INTO day_station (day, station_id, provider_id, merchant_id,"
        "   sharp_e4kwh, peak_e4kwh, flat_e4kwh, valley_e4kwh)"
        " SELECT DATE(o.finished_at) AS d, o.station_id, MAX(o.provider_id),"
        "   MAX(o.merchant_id), SUM(IF(b.rate = 0, b.energy_e4kwh, 0)),"
        "   SUM(IF(b.rate = 1, b.energy_e4kwh, 0)),"
        "   SUM(IF(b.rate = 2, b.energy_e4kwh, 0)),"
        "   SUM(IF(b.rate = 3, b.energy_e4kwh, 0))"
        "  FROM charge_order o JOIN order_bill b ON b.order_id = o.id"
        " WHERE o.state = 10 AND o.finished_at IS NOT NULL"
        " GROUP BY d, o.station_id"
        " ON DUPLICATE KEY UPDATE sharp_e4kwh = VALUES(sharp_e4kwh),"
        "   peak_e4kwh = VALUES(peak_e4kwh),"
        "   flat_e4kwh = VALUES(flat_e4kwh),"
        "   valley_e4kwh = VALUES(valley_e4kwh)";

    db_exec(cx, sql, BIND());
    db_exec(cx, rates, BIND());
}

static void remake_platform(struct cx *cx)
{
    static const char drivers[] =
        "INSERT INTO day_platform (day, drivers)"
        " SELECT DATE(created_at) AS d, COUNT(*) FROM driver GROUP BY d";
    static const char topups[] =
        "INSERT INTO day_platform (day, topups, topup_fen)"
        " SELECT DATE(paid_at) AS d, COUNT(*), SUM(amount) FROM payment"
        "  WHERE state = 3 AND paid_at IS NOT NULL GROUP BY d"
        " ON DUPLICATE KEY UPDATE topups = VALUES(topups),"
        "   topup_fen = VALUES(topup_fen)";
    static const char clear[] = "DELETE FROM day_platform";

    db_exec(cx, clear, BIND());
    db_exec(cx, drivers, BIND());
    db_exec(cx, topups, BIND());
}

void rollup_remake(struct cx *cx)
{
    db_need_tx(cx);
    remake_hours(cx);
    remake_days(cx);
    remake_platform(cx);
    rollup_rebuild(cx);
}
