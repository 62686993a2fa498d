#include "report/figures.h"

#include "db/db.h"
#include "db/scope.h"

static const struct scope_columns owned = SCOPE_OWNED("d");
static const struct scope_columns by_station = SCOPE_STATION("s");

#define FIGURES_FIELDS(type, at)                                         \
    { "orders", DB_F_I64, offsetof(type, at.orders), 8 },                \
    { "energy", DB_F_I64, offsetof(type, at.energy_e4kwh), 8 },          \
    { "elec", DB_F_I64, offsetof(type, at.elec_fen), 8 },                \
    { "service", DB_F_I64, offsetof(type, at.service_fen), 8 },          \
    { "total", DB_F_I64, offsetof(type, at.total_fen), 8 },              \
    { "seconds", DB_F_I64, offsetof(type, at.seconds), 8 }

static const struct db_field at_row[] = {
    DB_FIELD(struct figures_at, at),
    FIGURES_FIELDS(struct figures_at, sum),
};

struct one {
    struct figures sum;
};

static const struct db_field one_row[] = {
    FIGURES_FIELDS(struct one, sum),
};

/* Dates are bound as "2026-11-20": a DATE column is compared as it is. */
static const char *date(struct cx *cx, stamp t)
{
    char text[STAMP_TEXT];

    return cx_strdup(cx, stamp_date_text(t, text));
}

struct figures_at *figures_days(struct cx *cx, int64_t station_id, stamp from,
                                stamp until, size_t *count)
{
    static const char sql[] =
        "SELECT d.day, SUM(d.orders), SUM(d.energy_e4kwh), SUM(d.elec_fen),"
        "   SUM(d.service_fen), SUM(d.total_fen), SUM(d.seconds)"
        "  FROM day_station d WHERE d.day >= ? AND d.day < ?"
        "   AND (? = 0 OR d.station_id = ?)";

    return scoped_rows(cx, sql,
                       BIND(V(date(cx, from)), V(date(cx, until)),
                            V(station_id), V(station_id)),
                       &owned, " GROUP BY d.day ORDER BY d.day",
                       ROW(struct figures_at, at_row), count);
}

struct figures_at *figures_months(struct cx *cx, int64_t station_id,
                                  stamp from, stamp until, size_t *count)
{
    static const char sql[] =
        "SELECT d.month, SUM(d.orders), SUM(d.energy_e4kwh),"
        "   SUM(d.elec_fen), SUM(d.service_fen), SUM(d.total_fen),"
        "   SUM(d.seconds)"
        "  FROM month_station d WHERE d.month >= ? AND d.month < ?"
        "   AND (? = 0 OR d.station_id = ?)";

    return scoped_rows(cx, sql,
                       BIND(V(date(cx, from)), V(date(cx, until)),
                            V(station_id), V(station_id)),
                       &owned, " GROUP BY d.month ORDER BY d.month",
                       ROW(struct figures_at, at_row), count);
}

struct figures figures_total(struct cx *cx, int64_t station_id)
{
    static const char sql[] =
        "SELECT SUM(d.orders), SUM(d.energy_e4kwh), SUM(d.elec_fen),"
        "   SUM(d.service_fen), SUM(d.total_fen), SUM(d.seconds)"
        "  FROM total_station d WHERE (? = 0 OR d.station_id = ?)";
    size_t n;
    struct one *o = scoped_rows(cx, sql, BIND(V(station_id), V(station_id)),
                                &owned, "", ROW(struct one, one_row), &n);

    return o[0].sum;
}

void figures_hours(struct cx *cx, int64_t station_id, stamp from,
                   stamp until, struct figures out[24])
{
    static const char sql[] =
        "SELECT MIN(d.hour), SUM(d.orders), SUM(d.energy_e4kwh), 0,"
        "   SUM(d.service_fen), SUM(d.total_fen), SUM(d.seconds)"
        "  FROM hour_station d WHERE d.hour >= ? AND d.hour < ?"
        "   AND (? = 0 OR d.station_id = ?)";
    size_t n;
    struct figures_at *rows =
        scoped_rows(cx, sql,
                    BIND(V(from), V(until), V(station_id), V(station_id)),
                    &owned, " GROUP BY HOUR(d.hour)",
                    ROW(struct figures_at, at_row), &n);

    for (size_t i = 0; i < 24; i++)
        out[i] = (struct figures){ 0 };
    for (size_t i = 0; i < n; i++)
        out[stamp_minute_of_day(rows[i].at) / 60] = rows[i].sum;
}

struct rates {
    int64_t sharp, peak, flat, valley;
};

void figures_rates(struct cx *cx, int64_t station_id, stamp from, stamp until,
                   int64_t energy_e4kwh[4])
{
    static const struct db_field row[] = {
        DB_FIELD(struct rates, sharp), DB_FIELD(struct rates, peak),
        DB_FIELD(struct rates, flat),  DB_FIELD(struct rates, valley),
    };
    static const char sql[] =
        "SELECT SUM(d.sharp_e4kwh), SUM(d.peak_e4kwh), SUM(d.flat_e4kwh),"
        "   SUM(d.valley_e4kwh)"
        "  FROM day_station d WHERE d.day >= ? AND d.day < ?"
        "   AND (? = 0 OR d.station_id = ?)";
    size_t n;
    struct rates *r = scoped_rows(cx, sql,
                                  BIND(V(date(cx, from)), V(date(cx, until)),
                                       V(station_id), V(station_id)),
                                  &owned, "", ROW(struct rates, row), &n);

    energy_e4kwh[0] = r->sharp;
    energy_e4kwh[1] = r->peak;
    energy_e4kwh[2] = r->flat;
    energy_e4kwh[3] = r->valley;
}

struct state_count {
    int state;
    int64_t count;
};

void figures_states(struct cx *cx, int64_t station_id, int64_t counts[7])
{
    static const struct db_field row[] = {
        DB_FIELD(struct state_count, state),
        DB_FIELD(struct state_count, count),
    };
    static const char sql[] =
        "SELECT l.state, COUNT(*) FROM connector_live l"
        "  JOIN station s ON s.id = l.station_id"
        " WHERE (? = 0 OR l.station_id = ?)";
    size_t n;
    struct state_count *c =
        scoped_rows(cx, sql, BIND(V(station_id), V(station_id)), &by_station,
                    " GROUP BY l.state", ROW(struct state_count, row), &n);

    for (size_t i = 0; i < 7; i++)
        counts[i] = 0;
    for (size_t i = 0; i < n; i++) {
        must(c[i].state >= 1 && c[i].state <= 6);
        counts[c[i].state] = c[i].count;
        counts[0] += c[i].count;
    }
}

struct platform_figures figures_platform(struct cx *cx, stamp from,
                                         stamp until)
{
    static const struct db_field row[] = {
        DB_FIELD(struct platform_figures, drivers),
        DB_FIELD(struct platform_figures, topups),
        DB_FIELD(struct platform_figures, topup_fen),
    };
    static const char sql[] =
        "SELECT SUM(drivers), SUM(topups), SUM(topup_fen) FROM day_platform"
        " WHERE day >= ? AND day < ?";
    struct platform_figures *f;

    must(cx->scope.all);
    f = db_row(cx, sql,
               BIND(V(from.ms == 0 ? "2000-01-01" : date(cx, from)),
                    V(date(cx, until))),
               ROW(struct platform_figures, row));
    return *f;
}

struct station_figures *figures_rank(struct cx *cx, int64_t station_id,
                                     stamp from, stamp until,
                                     enum figures_rank_by by, int limit,
                                     size_t *count)
{
    static const struct db_field row[] = {
        DB_FIELD(struct station_figures, station_id),
        DB_FIELD(struct station_figures, name),
        DB_FIELD(struct station_figures, orders),
        DB_FIELD(struct station_figures, energy_e4kwh),
        DB_FIELD(struct station_figures, total_fen),
        DB_FIELD(struct station_figures, service_fen),
        DB_FIELD(struct station_figures, seconds),
        DB_FIELD(struct station_figures, guns),
        DB_FIELD(struct station_figures, idle),
    };
    static const char sql[] =
        "SELECT d.station_id, s.name, SUM(d.orders), SUM(d.energy_e4kwh) AS e,"
        "   SUM(d.total_fen) AS t, SUM(d.service_fen), SUM(d.seconds) AS u,"
        "   (SELECT COUNT(*) FROM connector_live l"
        "     WHERE l.station_id = d.station_id) AS g,"
        "   (SELECT COUNT(*) FROM connector_live l"
        "     WHERE l.station_id = d.station_id AND l.state = 2)"
        "  FROM day_station d JOIN station s ON s.id = d.station_id"
        " WHERE d.day >= ? AND d.day < ? AND (? = 0 OR d.station_id = ?)";
    static const char *const tails[] = {
        [RANK_ENERGY] = " GROUP BY d.station_id ORDER BY e DESC LIMIT 20",
        [RANK_AMOUNT] = " GROUP BY d.station_id ORDER BY t DESC LIMIT 20",
        [RANK_USE] = " GROUP BY d.station_id"
                     " ORDER BY SUM(d.seconds) / GREATEST(g, 1) DESC"
                     " LIMIT 20",
    };
    struct station_figures *f =
        scoped_rows(cx, sql,
                    BIND(V(date(cx, from)), V(date(cx, until)),
                         V(station_id), V(station_id)),
                    &owned, tails[by], ROW(struct station_figures, row),
                    count);

    if (*count > (size_t)limit)
        *count = (size_t)limit;
    return f;
}

struct todo_figures figures_todo(struct cx *cx, int64_t station_id)
{
    static const struct db_field review_row[] = {
        DB_FIELD(struct todo_figures, review),
        DB_FIELD(struct todo_figures, review_fen),
    };
    static const struct db_field offline_row[] = {
        DB_FIELD(struct todo_figures, offline),
        DB_FIELD(struct todo_figures, offline_since),
    };
    static const char review[] =
        "SELECT COUNT(*), COALESCE(SUM(d.live_amount_fen), 0)"
        "  FROM charge_order d WHERE d.state = 9"
        "   AND (? = 0 OR d.station_id = ?)";
    static const char offline[] =
        "SELECT COUNT(*), MIN(p.offline_at) FROM pile p"
        "  JOIN station s ON s.id = p.station_id"
        " WHERE p.deleted_at IS NULL AND p.status = 1 AND p.online = 0"
        "   AND (? = 0 OR p.station_id = ?)";
    struct db_value station[] = { V(station_id), V(station_id) };
    struct db_binds binds = { station, 2 };
    int64_t states[7];
    size_t n;
    struct todo_figures *a = scoped_rows(cx, review, binds, &owned, "",
                                         ROW(struct todo_figures, review_row),
                                         &n);
    struct todo_figures *b =
        scoped_rows(cx, offline, binds, &by_station, "",
                    ROW(struct todo_figures, offline_row), &n);

    figures_states(cx, station_id, states);
    a->fault = states[5];
    a->offline = b->offline;
    a->offline_since = b->offline_since;
    return *a;
}

struct slots {
    const char *slots;
};

const char *figures_slots(struct cx *cx, int64_t station_id)
{
    static const struct db_field row[] = { DB_FIELD(struct slots, slots) };
    static const char sql[] =
        "SELECT v.slots FROM tariff d JOIN tariff_version v"
        "    ON v.tariff_id = d.id AND v.starts_at <= ?"
        " WHERE d.status = 1 AND d.mode = 2 AND (? = 0 OR d.station_id = ?)";
    size_t n;
    struct slots *s =
        scoped_rows(cx, sql,
                    BIND(V(cx->now), V(station_id), V(station_id)), &owned,
                    " ORDER BY d.id, v.starts_at DESC LIMIT 1",
                    ROW(struct slots, row), &n);

    return n > 0 ? s->slots : NULL;
}
