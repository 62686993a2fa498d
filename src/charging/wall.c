#include "charging/wall.h"

#include <string.h>

#include "asset/live.h"
#include "asset/pile.h"
#include "db/db.h"
#include "db/scope.h"
#include "protocol/ykc/codes.h"

static const struct scope_columns scope = SCOPE_STATION("s");

/*
 * Live rows lead and everything is looked up by its key. The state of the
 * order is made an expression, or the optimizer would read the index of
 * states for every connector.
 */
#define WALL_TABLES                                                   \
    "  FROM connector_live l"                                         \
    "  STRAIGHT_JOIN station s ON s.id = l.station_id"                \
    "  STRAIGHT_JOIN connector c ON c.id = l.connector_id"            \
    "  STRAIGHT_JOIN pile p ON p.id = l.pile_id"                      \
    "  LEFT JOIN charge_order o ON o.id = l.order_id"                 \
    "   AND o.state + 0 BETWEEN 1 AND 6"

/* The conditions of the page; each is bound twice or so: 0 and '' pass all. */
#define WALL_FROM                                                     \
    WALL_TABLES                                                       \
    " WHERE (? = 0 OR l.state = ?) AND (? = 0 OR s.status = ?)"       \
    "   AND (? = 0 OR l.station_id = ?)"                              \
    "   AND (? = '' OR p.no LIKE ? OR c.name LIKE ? OR s.name LIKE ?" \
    "        OR o.plate LIKE ?)"
enum { WALL_BINDS = 11 };

static void bind_query(struct cx *cx, const struct wall_query *q, int state,
                       struct db_value v[WALL_BINDS])
{
    const char *like = db_contains(cx, q->text);
    const struct db_value values[WALL_BINDS] = {
        V(state), V(state), V(q->station_status), V(q->station_status),
        V(q->station_id), V(q->station_id), V(q->text), V(like), V(like),
        V(like), V(like)
    };

    memcpy(v, values, sizeof values);
}

struct state_row {
    int state;
    int64_t count, power_w;
};

struct wall_counts wall_count(struct cx *cx, const struct wall_query *q)
{
    static const struct db_field row[] = {
        DB_FIELD(struct state_row, state),
        DB_FIELD(struct state_row, count),
        DB_FIELD(struct state_row, power_w),
    };
    static const char sql[] =
        "SELECT l.state, COUNT(*), SUM(l.power_w)" WALL_FROM;
    struct wall_counts out = { .power_w = 0 };
    struct db_value v[WALL_BINDS];
    struct state_row *rows;
    size_t n;

    bind_query(cx, q, 0, v);
    rows = scoped_rows(cx, sql, (struct db_binds){ v, WALL_BINDS }, &scope,
                       " GROUP BY l.state", ROW(struct state_row, row), &n);
    for (size_t i = 0; i < n; i++) {
        must(rows[i].state >= 1 && rows[i].state <= 6);
        out.state[rows[i].state] = rows[i].count;
        out.state[0] += rows[i].count;
        out.power_w += rows[i].power_w;
    }
    return out;
}

int64_t wall_charging(struct cx *cx)
{
    return connector_count(cx, CONNECTOR_CHARGING);
}

struct wall_station *wall_stations(struct cx *cx, const struct wall_query *q,
                                   int64_t after, size_t *count)
{
    static const struct db_field row[] = {
        DB_FIELD(struct wall_station, id),
        DB_FIELD(struct wall_station, name),
        DB_FIELD(struct wall_station, guns),
        DB_FIELD(struct wall_station, piles),
        DB_FIELD(struct wall_station, power_w),
        DB_FIELD(struct wall_station, cap_w),
    };
    static const char sql[] =
        "SELECT s.id, s.name, COUNT(*), COUNT(DISTINCT l.pile_id),"
        "   (SELECT SUM(x.power_w) FROM connector_live x"
        "     WHERE x.station_id = s.id),"
        "   IF(s.max_power_w > 0, s.max_power_w,"
        "     (SELECT SUM(y.power_w) FROM pile y WHERE y.station_id = s.id"
        "       AND y.deleted_at IS NULL))"
        WALL_FROM " AND s.id > ?";
    struct db_value v[WALL_BINDS + 1];

    bind_query(cx, q, q->state, v);
    v[WALL_BINDS] = V(after);
    return scoped_rows(cx, sql, (struct db_binds){ v, WALL_BINDS + 1 },
                       &scope, " GROUP BY s.id ORDER BY s.id LIMIT 200",
                       ROW(struct wall_station, row), count);
}

#define GUN_COLUMNS                                                      \
    "SELECT l.connector_id, l.station_id, l.pile_id, c.name, p.no,"      \
    "   c.qr_no, l.gun, p.power_w, p.nature, l.state, l.since_at,"       \
    "   l.seen_at, l.power_w, l.voltage_dv, l.current_da, l.soc,"        \
    "   l.battery_c, l.gun_c, l.minutes, l.remain_min, l.fault_bits,"    \
    "   l.plugged, l.energy_e4kwh, o.id, o.order_no, o.state,"           \
    "   o.charging_at, o.live_amount_fen, o.plate,"                      \
    "   IF(l.state = 1, NULL, (SELECT z.finished_at FROM charge_order z" \
    "     WHERE z.connector_id = l.connector_id"                         \
    "     ORDER BY z.id DESC LIMIT 1))"

static const struct db_field gun_row[] = {
    DB_FIELD(struct wall_gun, id),
    DB_FIELD(struct wall_gun, station_id),
    DB_FIELD(struct wall_gun, pile_id),
    DB_FIELD(struct wall_gun, name),
    DB_FIELD(struct wall_gun, pile_no),
    DB_FIELD(struct wall_gun, qr_no),
    DB_FIELD(struct wall_gun, gun),
    DB_FIELD(struct wall_gun, power_rated_w),
    DB_FIELD(struct wall_gun, nature),
    DB_FIELD(struct wall_gun, state),
    DB_FIELD(struct wall_gun, since_at),
    DB_FIELD(struct wall_gun, seen_at),
    DB_FIELD(struct wall_gun, power_w),
    DB_FIELD(struct wall_gun, voltage_dv),
    DB_FIELD(struct wall_gun, current_da),
    DB_FIELD(struct wall_gun, soc),
    DB_FIELD(struct wall_gun, battery_c),
    DB_FIELD(struct wall_gun, gun_c),
    DB_FIELD(struct wall_gun, minutes),
    DB_FIELD(struct wall_gun, remain_min),
    DB_FIELD(struct wall_gun, fault_bits),
    DB_FIELD(struct wall_gun, plugged),
    DB_FIELD(struct wall_gun, energy_e4kwh),
    DB_FIELD(struct wall_gun, order_id),
    DB_FIELD(struct wall_gun, order_no),
    DB_FIELD(struct wall_gun, order_state),
    DB_FIELD(struct wall_gun, charging_at),
    DB_FIELD(struct wall_gun, amount_fen),
    DB_FIELD(struct wall_gun, plate),
    DB_FIELD(struct wall_gun, last_end),
};

struct wall_gun *wall_guns(struct cx *cx, const struct wall_query *q,
                           int64_t first_station, int64_t last_station,
                           size_t *count)
{
    static const char sql[] =
        GUN_COLUMNS WALL_FROM " AND l.station_id BETWEEN ? AND ?";
    struct db_value v[WALL_BINDS + 2];

    bind_query(cx, q, q->state, v);
    v[WALL_BINDS] = V(first_station);
    v[WALL_BINDS + 1] = V(last_station);
    return scoped_rows(cx, sql, (struct db_binds){ v, WALL_BINDS + 2 },
                       &scope, " ORDER BY l.station_id, c.name",
                       ROW(struct wall_gun, gun_row), count);
}

struct wall_gun *wall_gun_load(struct cx *cx, int64_t connector_id)
{
    static const char sql[] =
        GUN_COLUMNS WALL_TABLES " WHERE l.connector_id = ?";

    return scoped_row(cx, sql, connector_id, &scope,
                      ROW(struct wall_gun, gun_row), "电枪");
}

struct wall_gun *wall_guns_of(struct cx *cx, int64_t pile_id, size_t *count)
{
    static const char sql[] =
        GUN_COLUMNS WALL_TABLES " WHERE l.pile_id = ?";

    return scoped_rows(cx, sql, BIND(V(pile_id)), &scope,
                       " ORDER BY l.gun", ROW(struct wall_gun, gun_row),
                       count);
}

const char *wall_fault_text(struct cx *cx, int fault_bits)
{
    const struct wire_show *show = &ykc_shows[YKC_SHOW_FAULTS];
    const char *text = "";

    for (size_t i = 0; i < show->flag_count; i++)
        if (fault_bits & 1 << show->flags[i].shift)
            text = text[0] == '\0'
                       ? show->flags[i].title
                       : cx_printf(cx, "%s、%s", text, show->flags[i].title);
    return text;
}
