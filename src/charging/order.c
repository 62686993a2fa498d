/*
 * Orders: loading.
 */
#include "charging/order.h"

#include "charging/order_row.h"
#include "db/db.h"
#include "db/scope.h"
#include "ledger/ledger.h"

LABELS_DEFINE(order_state, ORDER_STATES);
LABELS_DEFINE(order_start_by, ORDER_STARTS_BY);
LABELS_DEFINE(order_stop_by, ORDER_STOPS_BY);
LABELS_DEFINE(record_state, RECORD_STATES);
LABELS_DEFINE(request_state, REQUEST_STATES);

#define ORDER_COLUMNS                                                        \
    "o.id, o.order_no, o.trade_no, o.provider_id, o.merchant_id,"            \
    " o.station_id, o.pile_id, o.connector_id, o.gun, o.driver_id,"          \
    " o.start_by, o.state, o.tariff_version_id, o.hold_id, o.hold_fen,"      \
    " o.hold_open, o.fail_reason, o.review_reason, o.stop_reason,"           \
    " o.stop_by, o.created_at, o.sent_at, o.replied_at, o.charging_at,"      \
    " o.stop_sent_at, o.ended_at, o.recorded_at, o.settled_at,"              \
    " o.started_at, o.finished_at, o.live_at, o.soc_start, o.soc,"           \
    " o.max_power_w, o.live_energy_e4kwh, o.live_amount_fen,"                \
    " o.energy_e4kwh, o.meter_start_e4kwh, o.meter_end_e4kwh, o.elec_fen,"   \
    " o.service_fen, o.total_fen, o.arrears_fen, o.pile_amount_e4yuan,"      \
    " o.seconds, o.provisional_at IS NOT NULL AND o.recorded_at IS NULL,"    \
    " o.ver FROM charge_order o"

static const struct db_field order_row[] = {
    DB_FIELD(struct order, id),
    DB_FIELD(struct order, order_no),
    DB_FIELD(struct order, trade_no),
    DB_FIELD(struct order, provider_id),
    DB_FIELD(struct order, merchant_id),
    DB_FIELD(struct order, station_id),
    DB_FIELD(struct order, pile_id),
    DB_FIELD(struct order, connector_id),
    DB_FIELD(struct order, gun),
    DB_FIELD(struct order, driver_id),
    DB_FIELD(struct order, start_by),
    DB_FIELD(struct order, state),
    DB_FIELD(struct order, tariff_version_id),
    DB_FIELD(struct order, hold_id),
    DB_FIELD(struct order, hold_fen),
    DB_FIELD(struct order, hold_open),
    DB_FIELD(struct order, fail_reason),
    DB_FIELD(struct order, review_reason),
    DB_FIELD(struct order, stop_reason),
    DB_FIELD(struct order, stop_by),
    DB_FIELD(struct order, created_at),
    DB_FIELD(struct order, sent_at),
    DB_FIELD(struct order, replied_at),
    DB_FIELD(struct order, charging_at),
    DB_FIELD(struct order, stop_sent_at),
    DB_FIELD(struct order, ended_at),
    DB_FIELD(struct order, recorded_at),
    DB_FIELD(struct order, settled_at),
    DB_FIELD(struct order, started_at),
    DB_FIELD(struct order, finished_at),
    DB_FIELD(struct order, live_at),
    DB_FIELD(struct order, soc_start),
    DB_FIELD(struct order, soc),
    DB_FIELD(struct order, max_power_w),
    DB_FIELD(struct order, live_energy_e4kwh),
    DB_FIELD(struct order, live_amount_fen),
    DB_FIELD(struct order, energy_e4kwh),
    DB_FIELD(struct order, meter_start_e4kwh),
    DB_FIELD(struct order, meter_end_e4kwh),
    DB_FIELD(struct order, elec_fen),
    DB_FIELD(struct order, service_fen),
    DB_FIELD(struct order, total_fen),
    DB_FIELD(struct order, arrears_fen),
    DB_FIELD(struct order, pile_amount_e4yuan),
    DB_FIELD(struct order, seconds),
    DB_FIELD(struct order, provisional),
    DB_FIELD(struct order, ver),
};

/* A driver sees the own orders; accounts see those of their organisation. */
const struct scope_columns order_scope = {
    .provider = "o.provider_id", .merchant = "o.merchant_id",
    .station = "o.station_id", .driver = "o.driver_id"
};

struct order *order_load(struct cx *cx, int64_t id)
{
    static const char sql[] = "SELECT " ORDER_COLUMNS " WHERE o.id = ?";

    return scoped_row(cx, sql, id, &order_scope,
                      ROW(struct order, order_row), "订单");
}

struct order *order_lock(struct cx *cx, int64_t id)
{
    static const char sql[] =
        "SELECT " ORDER_COLUMNS " WHERE o.id = ? FOR UPDATE";

    db_need_tx(cx);
    return db_row(cx, sql, BIND(V(id)), ROW(struct order, order_row));
}

struct order *order_lock_trades(struct cx *cx, const char *const *trade_nos,
                                size_t n, size_t *count)
{
    /* The index is named: a scan of a small table would lock it whole. */
    static const char sql[] =
        "SELECT " ORDER_COLUMNS " FORCE INDEX (trade_no)"
        " WHERE o.trade_no IN (?, ?, ?, ?, ?) ORDER BY o.id FOR UPDATE";
    struct db_value v[LEDGER_MANY];

    db_need_tx(cx);
    must(n > 0 && n <= LEDGER_MANY);
    for (size_t i = 0; i < LEDGER_MANY; i++)
        v[i] = V(trade_nos[i < n ? i : 0]);
    return db_rows(cx, sql, (struct db_binds){ v, LEDGER_MANY },
                   ROW(struct order, order_row), count);
}

struct order *order_list_state(struct cx *cx, int state, int64_t after_id,
                               int limit, size_t *count)
{
    static const char sql[] =
        "SELECT " ORDER_COLUMNS " FORCE INDEX (state)"
        " WHERE o.state = ? AND o.id > ? ORDER BY o.id LIMIT ?";

    return db_rows(cx, sql, BIND(V(state), V(after_id), V(limit)),
                   ROW(struct order, order_row), count);
}

struct order *order_list_held(struct cx *cx, int state, int64_t after_id,
                              int limit, size_t *count)
{
    static const char sql[] =
        "SELECT " ORDER_COLUMNS " FORCE INDEX (hold_open)"
        " WHERE o.hold_open = 1 AND o.id > ? AND o.state = ?"
        " ORDER BY o.id LIMIT ?";

    return db_rows(cx, sql, BIND(V(after_id), V(state), V(limit)),
                   ROW(struct order, order_row), count);
}

/* ---- the bill -------------------------------------------------------- */

const struct order_bill_row *order_bill(struct cx *cx, int64_t order_id,
                                        size_t *count)
{
    static const char sql[] =
        "SELECT rate, energy_e4kwh, elec_e5, service_e5, elec_nano,"
        "       service_nano, pile_price_e5, pile_amount_e4yuan"
        "  FROM order_bill WHERE order_id = ? ORDER BY rate";
    static const struct db_field row[] = {
        DB_FIELD(struct order_bill_row, rate),
        DB_FIELD(struct order_bill_row, energy_e4kwh),
        DB_FIELD(struct order_bill_row, elec_e5),
        DB_FIELD(struct order_bill_row, service_e5),
        DB_FIELD(struct order_bill_row, elec_nano),
        DB_FIELD(struct order_bill_row, service_nano),
        DB_FIELD(struct order_bill_row, pile_price_e5),
        DB_FIELD(struct order_bill_row, pile_amount_e4yuan),
    };

    return db_rows(cx, sql, BIND(V(order_id)),
                   ROW(struct order_bill_row, row), count);
}
