#include "report/rollup.h"

#include "db/db.h"

static void add_hour(struct cx *cx, const struct rollup *r, int64_t energy,
                     money total)
{
    static const char sql[] =
        "INSERT INTO hour_station (hour, station_id, provider_id,"
        "   merchant_id, orders, energy_e4kwh, total_fen, service_fen,"
        "   seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON DUPLICATE KEY UPDATE orders = orders + VALUES(orders),"
        "   energy_e4kwh = energy_e4kwh + VALUES(energy_e4kwh),"
        "   total_fen = total_fen + VALUES(total_fen),"
        "   service_fen = service_fen + VALUES(service_fen),"
        "   seconds = seconds + VALUES(seconds)";
    stamp hour = stamp_add_ms(stamp_day(r->at),
                              stamp_minute_of_day(r->at) / 60 *
                                  INT64_C(3600000));

    db_exec(cx, sql, BIND(V(hour), V(r->station_id), V(r->provider_id),
                          V(r->merchant_id), V(r->orders), V(energy),
                          V(total), V(r->service), V(r->seconds)));
}

static void add_day(struct cx *cx, const struct rollup *r, int64_t energy,
                    money total)
{
    static const char sql[] =
        "INSERT INTO day_station (day, station_id, provider_id, merchant_id,"
        "   orders, energy_e4kwh, elec_fen, service_fen, total_fen, seconds,"
        "   sharp_e4kwh, peak_e4kwh, flat_e4kwh, valley_e4kwh)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON DUPLICATE KEY UPDATE orders = orders + VALUES(orders),"
        "   energy_e4kwh = energy_e4kwh + VALUES(energy_e4kwh),"
        "   elec_fen = elec_fen + VALUES(elec_fen),"
        "   service_fen = service_fen + VALUES(service_fen),"
        "   total_fen = total_fen + VALUES(total_fen),"
        "   seconds = seconds + VALUES(seconds),"
        "   sharp_e4kwh = sharp_e4kwh + VALUES(sharp_e4kwh),"
        "   peak_e4kwh = peak_e4kwh + VALUES(peak_e4kwh),"
        "   flat_e4kwh = flat_e4kwh + VALUES(flat_e4kwh),"
        "   valley_e4kwh = valley_e4kwh + VALUES(valley_e4kwh)";
    char day[STAMP_TEXT];

    stamp_date_text(r->at, day);
    db_exec(cx, sql,
            BIND(V((const char *)day), V(r->station_id), V(r->provider_id),
                 V(r->merchant_id), V(r->orders), V(energy), V(r->elec),
                 V(r->service), V(total), V(r->seconds),
                 V(r->energy_e4kwh[0]), V(r->energy_e4kwh[1]),
                 V(r->energy_e4kwh[2]), V(r->energy_e4kwh[3])));
}

static void add_month(struct cx *cx, const struct rollup *r, int64_t energy,
                      money total)
{
    static const char sql[] =
        "INSERT INTO month_station (month, station_id, provider_id,"
        "   merchant_id, orders, energy_e4kwh, elec_fen, service_fen,"
        "   total_fen, seconds) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON DUPLICATE KEY UPDATE orders = orders + VALUES(orders),"
        "   energy_e4kwh = energy_e4kwh + VALUES(energy_e4kwh),"
        "   elec_fen = elec_fen + VALUES(elec_fen),"
        "   service_fen = service_fen + VALUES(service_fen),"
        "   total_fen = total_fen + VALUES(total_fen),"
        "   seconds = seconds + VALUES(seconds)";
    char month[STAMP_TEXT];

    stamp_date_text(r->at, month);
    month[8] = '0';
    month[9] = '1';
    db_exec(cx, sql,
            BIND(V((const char *)month), V(r->station_id),
                 V(r->provider_id), V(r->merchant_id), V(r->orders),
                 V(energy), V(r->elec), V(r->service), V(total),
                 V(r->seconds)));
}

static void add_total(struct cx *cx, const struct rollup *r, int64_t energy,
                      money total)
{
    static const char sql[] =
        "INSERT INTO total_station (station_id, provider_id, merchant_id,"
        "   orders, energy_e4kwh, elec_fen, service_fen, total_fen, seconds)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON DUPLICATE KEY UPDATE orders = orders + VALUES(orders),"
        "   energy_e4kwh = energy_e4kwh + VALUES(energy_e4kwh),"
        "   elec_fen = elec_fen + VALUES(elec_fen),"
        "   service_fen = service_fen + VALUES(service_fen),"
        "   total_fen = total_fen + VALUES(total_fen),"
        "   seconds = seconds + VALUES(seconds)";

    db_exec(cx, sql,
            BIND(V(r->station_id), V(r->provider_id), V(r->merchant_id),
                 V(r->orders), V(energy), V(r->elec), V(r->service),
                 V(total), V(r->seconds)));
}

void rollup_add(struct cx *cx, const struct rollup *r)
{
    money total = money_add(r->elec, r->service);
    int64_t energy = 0;

    db_need_tx(cx);
    for (size_t i = 0; i < 4; i++)
        energy = checked_add(energy, r->energy_e4kwh[i]);
    add_hour(cx, r, energy, total);
    add_day(cx, r, energy, total);
    add_month(cx, r, energy, total);
    add_total(cx, r, energy, total);
}

static void add_platform(struct cx *cx, stamp at, int64_t drivers,
                         int64_t topups, money amount)
{
    static const char sql[] =
        "INSERT INTO day_platform (day, drivers, topups, topup_fen)"
        " VALUES (?, ?, ?, ?)"
        " ON DUPLICATE KEY UPDATE drivers = drivers + VALUES(drivers),"
        "   topups = topups + VALUES(topups),"
        "   topup_fen = topup_fen + VALUES(topup_fen)";
    char day[STAMP_TEXT];

    db_need_tx(cx);
    stamp_date_text(at, day);
    db_exec(cx, sql, BIND(V((const char *)day), V(drivers), V(topups),
                          V(amount)));
}

void rollup_add_driver(struct cx *cx, stamp at)
{
    add_platform(cx, at, 1, 0, FEN(0));
}

void rollup_add_topup(struct cx *cx, stamp at, money amount)
{
    add_platform(cx, at, 0, 1, amount);
}

void rollup_rebuild(struct cx *cx)
{
    static const char months[] =
        "REPLACE INTO month_station (month, station_id, provider_id,"
        "   merchant_id, orders, energy_e4kwh, elec_fen, service_fen,"
        "   total_fen, seconds)"
        " SELECT DATE_FORMAT(day, '%Y-%m-01') AS m, station_id,"
        "   MAX(provider_id), MAX(merchant_id), SUM(orders),"
        "   SUM(energy_e4kwh), SUM(elec_fen), SUM(service_fen),"
        "   SUM(total_fen), SUM(seconds)"
        "  FROM day_station GROUP BY m, station_id";
    static const char totals[] =
        "REPLACE INTO total_station (station_id, provider_id, merchant_id,"
        "   orders, energy_e4kwh, elec_fen, service_fen, total_fen, seconds)"
        " SELECT station_id, MAX(provider_id), MAX(merchant_id), SUM(orders),"
        "   SUM(energy_e4kwh), SUM(elec_fen), SUM(service_fen),"
        "   SUM(total_fen), SUM(seconds)"
        "  FROM month_station GROUP BY station_id";

    db_exec(cx, months, BIND());
    db_exec(cx, totals, BIND());
}
