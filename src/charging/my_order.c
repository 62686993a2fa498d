#include "charging/my_order.h"

#include "db/db.h"
#include "db/scope.h"

static const struct scope_columns order_scope = {
    .provider = "o.provider_id", .merchant = "o.merchant_id",
    .station = "o.station_id", .driver = "o.driver_id",
};

#define O(member) DB_FIELD(struct my_order, member)
static const struct db_field order_fields[] = {
    O(id), O(order_no), O(state), O(start_by), O(stop_by), O(station_id),
    O(connector_id), O(tariff_version_id), O(station_name),
    O(connector_name), O(qr_no), O(pile_no), O(plate), O(fail_reason),
    O(hold_fen), O(created_at), O(charging_at), O(ended_at), O(settled_at),
    O(started_at), O(finished_at), O(soc_start), O(soc), O(seconds),
    O(live_energy_e4kwh), O(live_amount_fen), O(energy_e4kwh), O(elec_fen),
    O(service_fen), O(total_fen), O(arrears_fen),
};
#undef O
#define ORDER_ROW ROW(struct my_order, order_fields)

/* Who pressed stop sees it at once, though the gateway has not sent it yet. */
#define ORDER_COLUMNS                                                        \
    "SELECT o.id, o.order_no, IF(o.state = 4 AND EXISTS (SELECT 1"           \
    "     FROM pile_command m WHERE m.order_id = o.id AND m.kind = 2"        \
    "       AND m.state = 1), 5, o.state), o.start_by, o.stop_by,"           \
    "   o.station_id,"                                                       \
    "   o.connector_id, o.tariff_version_id, s.name, c.name, c.qr_no, p.no," \
    "   o.plate, o.fail_reason, o.hold_fen, o.created_at, o.charging_at,"    \
    "   o.ended_at, o.settled_at, o.started_at, o.finished_at, o.soc_start," \
    "   o.soc, o.seconds, o.live_energy_e4kwh, o.live_amount_fen,"           \
    "   o.energy_e4kwh, o.elec_fen, o.service_fen, o.total_fen,"             \
    "   o.arrears_fen"
#define ORDER_NAMES                                                          \
    "  JOIN station s ON s.id = o.station_id"                                \
    "  JOIN pile p ON p.id = o.pile_id"                                      \
    "  JOIN connector c ON c.id = o.connector_id"

struct my_order *my_order_load(struct cx *cx, const char *order_no)
{
    static const char sql[] =
        ORDER_COLUMNS " FROM charge_order o" ORDER_NAMES
        " WHERE o.order_no = ?";

    return scoped_row_by(cx, sql, V(order_no), &order_scope, ORDER_ROW,
                         "订单");
}

struct my_order *my_order_list(struct cx *cx, int64_t driver_id,
                               int64_t before_id, int limit, size_t *count)
{
    static const char sql[] =
        ORDER_COLUMNS " FROM charge_order o" ORDER_NAMES
        " WHERE o.driver_id = ? AND o.id < ?"
        " ORDER BY o.id DESC LIMIT ?";
    int64_t before = before_id == 0 ? INT64_MAX : before_id;

    return db_rows(cx, sql, BIND(V(driver_id), V(before), V(limit)),
                   ORDER_ROW, count);
}

struct my_order *my_order_open(struct cx *cx, int64_t driver_id,
                               size_t *count)
{
    static const char sql[] =
        ORDER_COLUMNS
        "  FROM (SELECT id FROM charge_order WHERE driver_id = ?"
        "         ORDER BY id DESC LIMIT ?) n"
        "  JOIN charge_order o ON o.id = n.id" ORDER_NAMES
        " WHERE o.state BETWEEN 1 AND 6"
        " ORDER BY o.id DESC";

    return db_rows(cx, sql, BIND(V(driver_id), V(MY_ORDERS_LOOK)), ORDER_ROW,
                   count);
}

int64_t my_order_count(struct cx *cx, int64_t driver_id)
{
    static const char sql[] =
        "SELECT COUNT(*) FROM charge_order WHERE driver_id = ?";

    return db_int(cx, sql, BIND(V(driver_id)));
}
