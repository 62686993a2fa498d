#include "charging/evidence.h"

#include "charging/order_state.h"
#include "db/scope.h"

enum { CURVE_POINTS = 720 };

static const struct scope_columns owned = SCOPE_OWNED("o");

static int64_t neighbour(struct cx *cx, const char *sql,
                         const struct order *o, const char *tail)
{
    return scoped_int(cx, sql, BIND(V(o->created_at), V(o->created_at),
                                    V(o->id)), &owned, tail);
}

void order_neighbours(struct cx *cx, const struct order *o, int64_t *newer,
                      int64_t *older)
{
    static const char above[] =
        "SELECT o.id FROM charge_order o"
        " WHERE (o.created_at > ? OR (o.created_at = ? AND o.id > ?))";
    static const char below[] =
        "SELECT o.id FROM charge_order o"
        " WHERE (o.created_at < ? OR (o.created_at = ? AND o.id < ?))";

    *newer = neighbour(cx, above, o, " ORDER BY o.created_at, o.id LIMIT 1");
    *older = neighbour(cx, below, o,
                       " ORDER BY o.created_at DESC, o.id DESC LIMIT 1");
}

int64_t order_review_count(struct cx *cx)
{
    static const char sql[] =
        "SELECT COUNT(*) FROM charge_order o WHERE o.state = ?";

    return scoped_int(cx, sql, BIND(V((int)ORDER_REVIEW)), &owned, "");
}

struct order_names *order_names(struct cx *cx, int64_t order_id)
{
    static const struct db_field row[] = {
        DB_FIELD(struct order_names, driver),
        DB_FIELD(struct order_names, phone),
        DB_FIELD(struct order_names, plate),
        DB_FIELD(struct order_names, vin),
        DB_FIELD(struct order_names, station),
        DB_FIELD(struct order_names, area),
        DB_FIELD(struct order_names, pile_no),
        DB_FIELD(struct order_names, connector),
        DB_FIELD(struct order_names, qr_no),
        DB_FIELD(struct order_names, merchant),
        DB_FIELD(struct order_names, provider),
    };
    static const char sql[] =
        "SELECT d.name, d.phone, o.plate, o.vin, s.name, a.name, p.no,"
        "   c.name, c.qr_no, m.name, v.name"
        "  FROM charge_order o"
        "  LEFT JOIN driver d ON d.id = o.driver_id"
        "  LEFT JOIN station s ON s.id = o.station_id"
        "  LEFT JOIN pile p ON p.id = o.pile_id"
        "  LEFT JOIN area a ON a.id = p.area_id"
        "  LEFT JOIN connector c ON c.id = o.connector_id"
        "  LEFT JOIN org m ON m.id = o.merchant_id"
        "  LEFT JOIN org v ON v.id = o.provider_id"
        " WHERE o.id = ?";
    struct order_names *n = db_row(cx, sql, BIND(V(order_id)),
                                   ROW(struct order_names, row));

    must(n != NULL);
    return n;
}

static const struct db_field frame_row[] = {
    DB_FIELD(struct order_frame, n),    DB_FIELD(struct order_frame, at),
    DB_FIELD(struct order_frame, up),   DB_FIELD(struct order_frame, type),
    DB_FIELD(struct order_frame, raw),
};

#define FRAMES_NUMBERED                                                   \
    "SELECT n, at, up, type, raw FROM (SELECT"                            \
    "   ROW_NUMBER() OVER (ORDER BY at, up DESC, type) AS n, at, up,"     \
    "   type, raw FROM frame_log WHERE trade_no = ?) f"

struct order_frame *order_frames(struct cx *cx, const char *trade_no,
                                 enum order_frames_shown shown, int64_t after,
                                 size_t *count)
{
    /* 0x13, 0x23 and 0x25 come every 15 s while charging. */
    static const char key[] =
        FRAMES_NUMBERED
        " WHERE n > ? AND type NOT IN (0x13, 0x23, 0x25)"
        " ORDER BY n LIMIT 200";
    static const char all[] =
        FRAMES_NUMBERED " WHERE n > ? ORDER BY n LIMIT 200";
    static const char up[] =
        FRAMES_NUMBERED " WHERE n > ? AND up = 1 ORDER BY n LIMIT 200";
    static const char *const sql[] = { [FRAMES_KEY] = key,
                                       [FRAMES_ALL] = all, [FRAMES_UP] = up };

    return db_rows(cx, sql[shown], BIND(V(trade_no), V(after)),
                   ROW(struct order_frame, frame_row), count);
}

struct order_frame *order_frame(struct cx *cx, const char *trade_no, int64_t n)
{
    static const char sql[] = FRAMES_NUMBERED " WHERE n = ?";

    return db_row(cx, sql, BIND(V(trade_no), V(n)),
                  ROW(struct order_frame, frame_row));
}

int64_t order_frame_count(struct cx *cx, const char *trade_no)
{
    static const char sql[] =
        "SELECT COUNT(*) FROM frame_log WHERE trade_no = ?";

    return db_int(cx, sql, BIND(V(trade_no)));
}

struct order_reading *order_curve(struct cx *cx, int64_t order_id,
                                  size_t *count)
{
    static const struct db_field row[] = {
        DB_FIELD(struct order_reading, at),
        DB_FIELD(struct order_reading, soc),
        DB_FIELD(struct order_reading, power_w),
        DB_FIELD(struct order_reading, voltage_dv),
        DB_FIELD(struct order_reading, current_da),
        DB_FIELD(struct order_reading, demand_da),
    };
    static const char number[] =
        "SELECT COUNT(*) FROM telemetry WHERE order_id = ?";
    static const char sql[] =
        "SELECT at, soc, power_w, voltage_dv, current_da, demand_da FROM"
        " (SELECT at, soc, power_w, voltage_dv, current_da, demand_da,"
        "   ROW_NUMBER() OVER (ORDER BY at) AS n"
        "   FROM telemetry WHERE order_id = ?) t"
        " WHERE n % ? = 0 ORDER BY at LIMIT 800";
    int64_t all = db_int(cx, number, BIND(V(order_id)));
    int64_t step = all / CURVE_POINTS + 1;

    return db_rows(cx, sql, BIND(V(order_id), V(step)),
                   ROW(struct order_reading, row), count);
}
