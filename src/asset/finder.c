#include "asset/finder.h"

#include <stdlib.h>
#include <string.h>

#include "asset/asset.h"
#include "asset/live.h"
#include "asset/pile.h"
#include "db/db.h"

enum { CANDIDATES_MAX = 20000, CITIES_MAX = 500 };

/* Circles tried one after the other until they hold a page. Beyond the last
   one the whole Earth. */
static const int64_t radii_m[] = { 3000, 12000, 50000, 200000, 1000000 };

/* ---- which stations ---- */

struct candidate {
    int64_t id;
    int lng_e6, lat_e6;
    int64_t distance_m;
};

static const struct db_field candidate_fields[] = {
    DB_FIELD(struct candidate, id),
    DB_FIELD(struct candidate, lng_e6),
    DB_FIELD(struct candidate, lat_e6),
};

/* The piles of a disabled area are not there for drivers. */
#define AREA_OPEN \
    "EXISTS (SELECT 1 FROM area a WHERE a.id = p.area_id AND a.status = 1)"

/* What is asked besides the place: four conditions, each off by its first
   parameter. */
#define WANTED                                                               \
    "   AND s.status = 1 AND s.review = 2 AND s.kind = 1"                    \
    "   AND (? = '' OR s.city = ?)"                                          \
    "   AND (? = '' OR INSTR(s.name, ?) > 0 OR INSTR(s.address, ?) > 0"      \
    "        OR INSTR(s.district, ?) > 0)"                                   \
    "   AND (? = 0 OR EXISTS (SELECT 1 FROM pile p"                          \
    "        WHERE p.station_id = s.id AND p.kind = ? AND p.status = 1"      \
    "          AND p.deleted_at IS NULL AND " AREA_OPEN "))"                 \
    "   AND (? = 0 OR EXISTS (SELECT 1 FROM connector_live l"                \
    "        JOIN connector c ON c.id = l.connector_id"                      \
    "        JOIN pile p ON p.id = c.pile_id"                                \
    "        WHERE l.station_id = s.id AND l.state = 2 AND c.status = 1"     \
    "          AND p.status = 1 AND p.deleted_at IS NULL AND " AREA_OPEN     \
    "          AND (? = 0 OR p.kind = ?)))"
#define WANTED_BINDS(a)                                                      \
    V((a)->city), V((a)->city), V((a)->q), V((a)->q), V((a)->q), V((a)->q),  \
        V((a)->kind), V((a)->kind), V((a)->only_free), V((a)->kind),         \
        V((a)->kind)

static int by_distance(const void *pa, const void *pb)
{
    const struct candidate *a = pa, *b = pb;

    if (a->distance_m != b->distance_m)
        return a->distance_m < b->distance_m ? -1 : 1;
    return (a->id > b->id) - (a->id < b->id);
}

/* Those within the circle and behind the page before, in order. */
static struct candidate *circle(struct cx *cx, const struct finder_ask *ask,
                                int64_t radius_m, size_t *count)
{
    static const char sql[] =
        "SELECT s.id, s.lng_e6, s.lat_e6 FROM station s"
        " WHERE s.lat_e6 BETWEEN ? AND ? AND s.lng_e6 BETWEEN ? AND ?"
        "   AND (s.lat_e6 <> 0 OR s.lng_e6 <> 0)" WANTED
        " LIMIT 20000";
    struct square box = { -180000000, 180000000, -90000000, 90000000 };
    struct candidate *found;
    size_t n = 0, kept = 0;

    if (radius_m > 0)
        box = distance_square(ask->place, radius_m);
    found = db_rows(cx, sql,
                    BIND(V(box.lat_min), V(box.lat_max), V(box.lng_min),
                         V(box.lng_max), WANTED_BINDS(ask)),
                    ROW(struct candidate, candidate_fields), &n);
    must(n <= CANDIDATES_MAX);
    for (size_t i = 0; i < n; i++) {
        struct candidate c = found[i];

        c.distance_m = distance_m(
            ask->place, (struct place){ c.lng_e6, c.lat_e6 });
        if (radius_m > 0 && c.distance_m > radius_m)
            continue;
        if (ask->after_id != 0 &&
            (c.distance_m < ask->after_m ||
             (c.distance_m == ask->after_m && c.id <= ask->after_id)))
            continue;
        found[kept++] = c;
    }
    if (kept > 1)
        qsort(found, kept, sizeof *found, by_distance);
    *count = kept;
    return found;
}

static struct candidate *nearest(struct cx *cx, const struct finder_ask *ask,
                                 size_t *count)
{
    for (size_t i = 0; i < COUNT(radii_m); i++) {
        struct candidate *c;

        if (radii_m[i] < ask->after_m)
            continue;
        c = circle(cx, ask, radii_m[i], count);
        if (*count > (size_t)ask->limit)
            return c;
    }
    return circle(cx, ask, 0, count);
}

static struct candidate *oldest(struct cx *cx, const struct finder_ask *ask,
                                size_t *count)
{
    static const char sql[] =
        "SELECT s.id, s.lng_e6, s.lat_e6 FROM station s"
        " WHERE s.id > ?" WANTED
        " ORDER BY s.id LIMIT ?";
    struct candidate *found =
        db_rows(cx, sql,
                BIND(V(ask->after_id), WANTED_BINDS(ask), V(ask->limit + 1)),
                ROW(struct candidate, candidate_fields), count);

    for (size_t i = 0; i < *count; i++)
        found[i].distance_m = -1;
    return found;
}

/* ---- what they are ---- */

struct station_row {
    int64_t id;
    const char *name, *provider_name, *province, *city, *district, *address;
    const char *hours, *hotline, *phone, *intro, *parking_note;
    int lng_e6, lat_e6, nature;
};

#define S(member) DB_FIELD(struct station_row, member)
static const struct db_field station_fields[] = {
    S(id), S(name), S(provider_name), S(province), S(city), S(district),
    S(address), S(hours), S(hotline), S(phone), S(intro), S(parking_note),
    S(lng_e6), S(lat_e6), S(nature),
};
#undef S

/* A page of ids as parameters; unused ones are 0, which is nobody's id. */
#define TWENTY "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


static struct db_binds twenty(struct cx *cx, const struct candidate *c,
                              size_t n)
{
    struct db_value *v = arena_array(cx->arena, FINDER_PAGE_MAX, sizeof *v);

    must(n <= FINDER_PAGE_MAX);
    for (size_t i = 0; i < FINDER_PAGE_MAX; i++)
        v[i] = V(i < n ? c[i].id : 0);
    return (struct db_binds){ v, FINDER_PAGE_MAX };
}

static struct found_station *station_of(struct found_station *list, size_t n,
                                        int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (list[i].id == id)
            return &list[i];
    return NULL;
}

static void describe(struct found_station *to, const struct station_row *r)
{
    to->name = r->name;
    to->provider_name = r->provider_name;
    to->province = r->province;
    to->city = r->city;
    to->district = r->district;
    to->address = r->address;
    to->hours = r->hours;
    to->hotline = r->hotline;
    to->phone = r->phone;
    to->intro = r->intro;
    to->parking_note = r->parking_note;
    to->place = (struct place){ r->lng_e6, r->lat_e6 };
    to->nature = r->nature;
}

struct count_row {
    int64_t station_id;
    int kind, total, free, max_power_w;
};

static const struct db_field count_fields[] = {
    DB_FIELD(struct count_row, station_id), DB_FIELD(struct count_row, kind),
    DB_FIELD(struct count_row, total),      DB_FIELD(struct count_row, free),
    DB_FIELD(struct count_row, max_power_w),
};

static void add_counts(struct cx *cx, struct found_station *list, size_t n,
                       struct db_binds ids)
{
    static const char sql[] =
        "SELECT p.station_id, p.kind, COUNT(*),"
        "   CAST(SUM(COALESCE(l.state, 6) = 2) AS SIGNED), MAX(p.power_w)"
        "  FROM pile p"
        "  JOIN area a ON a.id = p.area_id AND a.status = 1"
        "  JOIN connector c ON c.pile_id = p.id AND c.status = 1"
        "  LEFT JOIN connector_live l ON l.connector_id = c.id"
        " WHERE p.station_id IN " TWENTY
        "   AND p.status = 1 AND p.deleted_at IS NULL"
        " GROUP BY p.station_id, p.kind";
    size_t rows = 0;
    const struct count_row *r =
        db_rows(cx, sql, ids, ROW(struct count_row, count_fields), &rows);

    for (size_t i = 0; i < rows; i++) {
        struct found_station *s = station_of(list, n, r[i].station_id);
        struct finder_count c = { r[i].total, r[i].free };

        must(s != NULL);
        if (r[i].kind == PILE_AC)
            s->ac = c;
        else
            s->dc = c;
        if (r[i].max_power_w > s->max_power_w)
            s->max_power_w = r[i].max_power_w;
    }
}

/* The stations of the candidates, in their order. */
static struct found_station *fill(struct cx *cx, const struct candidate *c,
                                  size_t n)
{
    static const char sql[] =
        "SELECT s.id, s.name, o.name, s.province, s.city, s.district,"
        "   s.address, s.hours, s.hotline, s.phone, s.intro,"
        "   s.parking_note, s.lng_e6, s.lat_e6, s.nature"
        "  FROM station s JOIN org o ON o.id = s.provider_id"
        " WHERE s.id IN " TWENTY;
    struct found_station *list = arena_array(cx->arena, n + 1, sizeof *list);
    struct db_binds ids = twenty(cx, c, n);
    const struct station_row *r;
    size_t rows = 0;

    if (n == 0)
        return list;
    for (size_t i = 0; i < n; i++)
        list[i] = (struct found_station){ .id = c[i].id,
                                          .distance_m = c[i].distance_m };
    r = db_rows(cx, sql, ids, ROW(struct station_row, station_fields), &rows);
    must(rows == n);
    for (size_t i = 0; i < rows; i++)
        describe(station_of(list, n, r[i].id), &r[i]);
    add_counts(cx, list, n, ids);
    return list;
}

struct found_station *finder_near(struct cx *cx, const struct finder_ask *ask,
                                  size_t *count, bool *more)
{
    struct candidate *c;
    size_t n = 0;

    must(ask->limit > 0 && ask->limit <= FINDER_PAGE_MAX);
    c = ask->has_place ? nearest(cx, ask, &n) : oldest(cx, ask, &n);
    *more = n > (size_t)ask->limit;
    *count = *more ? (size_t)ask->limit : n;
    return fill(cx, c, *count);
}

struct found_station *finder_station(struct cx *cx, int64_t id,
                                     const struct place *from)
{
    static const char sql[] =
        "SELECT s.id, s.lng_e6, s.lat_e6 FROM station s"
        " WHERE s.id = ? AND s.status = 1 AND s.review = 2 AND s.kind = 1";
    struct candidate *c = db_row(cx, sql, BIND(V(id)),
                                 ROW(struct candidate, candidate_fields));

    if (c == NULL)
        cx_fail(cx, ERR_NOT_FOUND, "没有找到这个电站，可能已停止营业。");
    c->distance_m = -1;
    if (from != NULL && (c->lng_e6 != 0 || c->lat_e6 != 0))
        c->distance_m =
            distance_m(*from, (struct place){ c->lng_e6, c->lat_e6 });
    return fill(cx, c, 1);
}

void finder_need_area(struct cx *cx, int64_t station_id, int64_t area_id)
{
    static const char sql[] = "SELECT id FROM area WHERE id = ?"
                              " AND station_id = ? AND status = 1";

    if (db_int(cx, sql, BIND(V(area_id), V(station_id))) == 0)
        cx_fail(cx, ERR_NOT_FOUND, "电站没有这个区域，或它已停用。");
}

/* ---- connectors ---- */

#define C(member) DB_FIELD(struct found_connector, member)
static const struct db_field connector_fields[] = {
    C(id), C(pile_id), C(station_id), C(area_id), C(name), C(qr_no),
    C(parking_no), C(area_name), C(pile_no), C(pile_name),
    C(station_name), C(address), C(hours), C(hotline), C(gun), C(kind),
    C(speed), C(power_w), C(enabled), C(state), C(plugged), C(live_power_w),
    C(soc), C(remain_min), C(since_at),
};
#undef C

#define CONNECTOR_SELECT                                                     \
    "SELECT c.id, p.id, s.id, a.id, c.name, c.qr_no, c.parking_no, a.name,"  \
    "   p.no, p.name, s.name, s.address, s.hours,"                           \
    "   COALESCE(NULLIF(s.hotline, ''), s.phone),"                           \
    "   c.gun, p.kind, p.speed, p.power_w,"                                  \
    "   c.status = 1 AND p.status = 1 AND s.status = 1 AND a.status = 1,"    \
    "   COALESCE(l.state, 6), COALESCE(l.plugged, 0),"                       \
    "   COALESCE(l.power_w, 0), COALESCE(l.soc, 0),"                         \
    "   COALESCE(l.remain_min, 0), l.since_at"                               \
    "  FROM connector c"                                                     \
    "  JOIN pile p ON p.id = c.pile_id AND p.deleted_at IS NULL"             \
    "  JOIN station s ON s.id = p.station_id"                                \
    "  JOIN area a ON a.id = p.area_id"                                      \
    "  LEFT JOIN connector_live l ON l.connector_id = c.id"
#define CONNECTOR_ROW ROW(struct found_connector, connector_fields)

struct found_connector *finder_connectors(struct cx *cx, int64_t station_id,
                                          size_t *count)
{
    static const char sql[] =
        CONNECTOR_SELECT
        " WHERE c.station_id = ? AND a.status = 1 ORDER BY c.name, c.id";

    return db_rows(cx, sql, BIND(V(station_id)), CONNECTOR_ROW, count);
}

struct found_connector *finder_connector(struct cx *cx, const char *qr_no)
{
    static const char sql[] = CONNECTOR_SELECT " WHERE c.qr_no = ?";
    struct found_connector *c = db_row(cx, sql, BIND(V(qr_no)), CONNECTOR_ROW);

    if (c == NULL)
        cx_fail(cx, ERR_NOT_FOUND,
                "没有找到这把电枪，请核对枪上的二维码或编号。");
    return c;
}

struct live_session *finder_session(struct cx *cx, int64_t connector_id,
                                    int64_t order_id)
{
    static const struct db_field row[] = {
        DB_FIELD(struct live_session, state),
        DB_FIELD(struct live_session, voltage_dv),
        DB_FIELD(struct live_session, current_da),
        DB_FIELD(struct live_session, power_w),
        DB_FIELD(struct live_session, soc),
        DB_FIELD(struct live_session, minutes),
        DB_FIELD(struct live_session, remain_min),
        DB_FIELD(struct live_session, battery_c),
        DB_FIELD(struct live_session, seen_at),
    };
    static const char sql[] =
        "SELECT state, voltage_dv, current_da, power_w, soc, minutes,"
        "   remain_min, battery_c, seen_at"
        "  FROM connector_live"
        " WHERE connector_id = ? AND order_id = ?";

    return db_row(cx, sql, BIND(V(connector_id), V(order_id)),
                  ROW(struct live_session, row));
}

struct found_city *finder_cities(struct cx *cx, size_t *count)
{
    static const struct db_field row[] = {
        DB_FIELD(struct found_city, province),
        DB_FIELD(struct found_city, city),
        DB_FIELD(struct found_city, stations),
    };
    static const char sql[] =
        "SELECT MAX(province), city, COUNT(*) FROM station"
        " WHERE status = 1 AND review = 2 AND kind = 1 AND city <> ''"
        " GROUP BY city ORDER BY COUNT(*) DESC, city LIMIT 500";
    struct found_city *c =
        db_rows(cx, sql, BIND(), ROW(struct found_city, row), count);

    must(*count <= CITIES_MAX);
    return c;
}
