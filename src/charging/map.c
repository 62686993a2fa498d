#include "charging/map.h"

#include <stdlib.h>
#include <string.h>

#include "asset/live.h"
#include "asset/pile.h"
#include "db/db.h"
#include "db/scope.h"

enum {
    MARKER_PX = 64,      /* what a marker takes on the screen */
    TOUCH_X = 56, TOUCH_Y = 40, /* nearer than this they overlap */
    WORLD_PX = 256,      /* the world at zoom 0 */
    STATIONS_MAX = 5000, /* in one view */
};

static const struct scope_columns scope = SCOPE_STATION("s");

#define STATION_COLUMNS                                                     \
    "SELECT s.id, s.name, o.name, s.province, s.city, s.district,"          \
    "   s.address, s.hours, s.lng_e6, s.lat_e6,"                            \
    "   SUM(l.state = 1), SUM(l.state = 2), SUM(l.state = 3),"              \
    "   SUM(l.state = 4), SUM(l.state = 5), SUM(l.state = 6),"              \
    "   SUM(l.power_w), IF(s.max_power_w > 0, s.max_power_w,"               \
    "     (SELECT SUM(y.power_w) FROM pile y WHERE y.station_id = s.id"     \
    "       AND y.deleted_at IS NULL)),"                                    \
    "   (SELECT COUNT(*) FROM pile z WHERE z.station_id = s.id"             \
    "     AND z.deleted_at IS NULL)"                                        \
    "  FROM station s"                                                      \
    "  JOIN org o ON o.id = s.merchant_id"                                  \
    "  LEFT JOIN connector_live l ON l.station_id = s.id"

/* Position, city and text of a query, in this order. */
#define STATION_WHERE                                                       \
    " WHERE s.lng_e6 BETWEEN ? AND ? AND s.lat_e6 BETWEEN ? AND ?"          \
    "   AND s.lng_e6 <> 0 AND (? = '' OR s.city = ?)"                       \
    "   AND (? = '' OR s.name LIKE ? OR o.name LIKE ? OR EXISTS ("          \
    "     SELECT 1 FROM pile z WHERE z.station_id = s.id"                   \
    "       AND z.deleted_at IS NULL AND z.no LIKE ?))"
#define STATION_BINDS(q, like)                                              \
    V((q)->west_e6), V((q)->east_e6), V((q)->south_e6), V((q)->north_e6),   \
    V((q)->city), V((q)->city), V((q)->text), V(like), V(like), V(like)

static const struct db_field station_row[] = {
    DB_FIELD(struct map_station, id),
    DB_FIELD(struct map_station, name),
    DB_FIELD(struct map_station, operator_name),
    DB_FIELD(struct map_station, province),
    DB_FIELD(struct map_station, city),
    DB_FIELD(struct map_station, district),
    DB_FIELD(struct map_station, address),
    DB_FIELD(struct map_station, hours),
    DB_FIELD(struct map_station, lng_e6),
    DB_FIELD(struct map_station, lat_e6),
    DB_FIELD(struct map_station, charging),
    DB_FIELD(struct map_station, idle),
    DB_FIELD(struct map_station, occupied),
    DB_FIELD(struct map_station, reserved),
    DB_FIELD(struct map_station, fault),
    DB_FIELD(struct map_station, offline),
    DB_FIELD(struct map_station, power_w),
    DB_FIELD(struct map_station, cap_w),
    DB_FIELD(struct map_station, piles),
};

struct map_station *map_stations(struct cx *cx, const struct map_query *q,
                                 size_t *count)
{
    static const char sql[] = STATION_COLUMNS STATION_WHERE;
    const char *like = db_contains(cx, q->text);
    struct map_station *s;
    size_t n, kept = 0;

    s = scoped_rows(cx, sql, BIND(STATION_BINDS(q, like)), &scope,
                    " GROUP BY s.id ORDER BY s.id LIMIT 5000",
                    ROW(struct map_station, station_row), &n);
    must(n <= STATIONS_MAX);
    for (size_t i = 0; i < n; i++) {
        int64_t parts[MAP_STATES];

        map_parts(&s[i], parts);
        if (q->state == 0 || parts[q->state - 1] > 0)
            s[kept++] = s[i];
    }
    *count = kept;
    return s;
}

struct pile_count {
    int kind, state;
    int64_t n;
};

struct map_piles map_piles(struct cx *cx, const struct map_query *q)
{
    static const char sql[] =
        "SELECT p.kind, " PILE_STATE ", COUNT(*)"
        "  FROM pile p JOIN station s ON s.id = p.station_id"
        "  JOIN org o ON o.id = s.merchant_id"
        STATION_WHERE
        "   AND p.deleted_at IS NULL AND (? = 0 OR EXISTS ("
        "     SELECT 1 FROM connector_live x WHERE x.station_id = s.id"
        "       AND x.state = ?))";
    static const struct db_field row[] = {
        DB_FIELD(struct pile_count, kind), DB_FIELD(struct pile_count, state),
        DB_FIELD(struct pile_count, n),
    };
    const char *like = db_contains(cx, q->text);
    struct map_piles sum = { 0 };
    size_t n;
    struct pile_count *c =
        scoped_rows(cx, sql, BIND(STATION_BINDS(q, like), V(q->state),
                                  V(q->state)),
                    &scope, " GROUP BY 1, 2", ROW(struct pile_count, row),
                    &n);

    for (size_t i = 0; i < n; i++) {
        must(c[i].state >= 1 && c[i].state <= MAP_STATES);
        *(c[i].kind == PILE_DC ? &sum.dc : &sum.ac) += c[i].n;
        sum.states[c[i].state - 1] += c[i].n;
        sum.all += c[i].n;
    }
    return sum;
}

struct map_station *map_station_load(struct cx *cx, int64_t id)
{
    static const char sql[] = STATION_COLUMNS " WHERE s.id = ?";
    size_t n;
    struct map_station *s =
        scoped_rows(cx, sql, BIND(V(id)), &scope, " GROUP BY s.id",
                    ROW(struct map_station, station_row), &n);

    if (n == 0)
        cx_fail(cx, ERR_NOT_FOUND,
                "没有找到这个电站，可能已删除或不在你的数据范围内。");
    return s;
}

void map_parts(const struct map_station *s, int64_t parts[MAP_STATES])
{
    const int64_t all[MAP_STATES] = { s->charging, s->idle, s->occupied,
                                      s->reserved, s->fault, s->offline };

    memcpy(parts, all, sizeof all);
}

int map_state(const struct map_station *s)
{
    if (s->fault > 0)
        return CONNECTOR_FAULT;
    if (s->idle > 0)
        return CONNECTOR_IDLE;
    if (s->offline > 0 && s->charging + s->occupied + s->reserved == 0)
        return CONNECTOR_OFFLINE;
    return CONNECTOR_OCCUPIED;
}

/* ---- clusters -------------------------------------------------------- */

/* Where a station falls in a grid of cells as large as a marker. */
struct cell {
    int64_t x, y;
    size_t i;
};

static int by_cell(const void *a, const void *b)
{
    const struct cell *p = a, *q = b;

    if (p->x != q->x)
        return p->x < q->x ? -1 : 1;
    if (p->y != q->y)
        return p->y < q->y ? -1 : 1;
    return p->i < q->i ? -1 : p->i > q->i;
}

/* b becomes part of a, which moves to the middle of all its stations. */
static void join(struct map_marker *a, const struct map_marker *b)
{
    int64_t all = (int64_t)(a->n + b->n);

    for (size_t k = 0; k < MAP_STATES; k++)
        a->parts[k] += b->parts[k];
    a->piles += b->piles;
    a->lng_e6 = (int)((a->lng_e6 * (int64_t)a->n +
                       b->lng_e6 * (int64_t)b->n) / all);
    a->lat_e6 = (int)((a->lat_e6 * (int64_t)a->n +
                       b->lat_e6 * (int64_t)b->n) / all);
    a->station = a->n == 0 ? b->station : NULL;
    a->n += b->n;
}

static size_t group(const struct map_station *s, const struct cell *cells,
                    size_t n, struct map_marker *out)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++) {
        const struct map_station *one = &s[cells[i].i];
        struct map_marker m = { one, 1, one->lng_e6, one->lat_e6, one->piles,
                                { 0 } };

        map_parts(one, m.parts);
        if (i == 0 || cells[i].x != cells[i - 1].x ||
            cells[i].y != cells[i - 1].y)
            out[count++] = (struct map_marker){ .n = 0 };
        join(&out[count - 1], &m);
    }
    return count;
}

/* Neighbouring cells may have their markers at the common edge. */
static size_t join_touching(struct map_marker *m, size_t n, int64_t size_e6)
{
    size_t kept = 0;

    for (size_t i = 0; i < n; i++) {
        size_t k = 0;

        while (k < kept &&
               (llabs((int64_t)m[k].lng_e6 - m[i].lng_e6) >=
                    size_e6 * TOUCH_X / MARKER_PX ||
                llabs((int64_t)m[k].lat_e6 - m[i].lat_e6) >=
                    size_e6 * TOUCH_Y / MARKER_PX))
            k++;
        if (k == kept)
            m[kept++] = m[i];
        else
            join(&m[k], &m[i]);
    }
    return kept;
}

struct map_marker *map_markers(struct cx *cx, const struct map_station *s,
                               size_t n, int zoom, size_t *count)
{
    struct cell *cells = arena_array(cx->arena, n + 1, sizeof *cells);
    struct map_marker *out =
        arena_array(cx->arena, n + 1, sizeof *out);
    int64_t size_e6 = INT64_C(360000000) * MARKER_PX /
                      ((int64_t)WORLD_PX << zoom);

    do {
        for (size_t i = 0; i < n; i++)
            cells[i] = (struct cell){
                (s[i].lng_e6 + INT64_C(180000000)) / size_e6,
                (s[i].lat_e6 + INT64_C(90000000)) / size_e6, i
            };
        qsort(cells, n, sizeof *cells, by_cell);
        *count = group(s, cells, n, out);
        size_e6 *= 2;
    } while (*count > MAP_MARKERS_MAX);
    *count = join_touching(out, *count, size_e6 / 2);
    return out;
}

struct city {
    const char *name;
};

const char **map_cities(struct cx *cx, size_t *count)
{
    static const struct db_field row[] = { DB_FIELD(struct city, name) };
    static const char sql[] =
        "SELECT s.city FROM station s WHERE s.city <> '' AND s.lng_e6 <> 0";
    struct city *c = scoped_rows(cx, sql, BIND(), &scope,
                                 " GROUP BY s.city ORDER BY s.city LIMIT 100",
                                 ROW(struct city, row), count);
    const char **names =
        arena_array(cx->arena, *count + 1, sizeof *names);

    for (size_t i = 0; i < *count; i++)
        names[i] = c[i].name;
    return names;
}
