/*
 * The station map (场站地图). tests/templates/map.hdf and map_station.hdf show
 * the trees and the JSON of the markers.
 */
#include "charging/map_admin.h"

#include <inttypes.h>
#include <string.h>

#include "asset/asset.h"
#include "asset/live.h"
#include "base/money.h"
#include "charging/map.h"
#include "report/figures.h"
#include "tariff/tariff.h"

enum { BOX_NUMBERS = 4, JSON_MAX = 512 * 1024 };

/* Cities whose land is drawn bright; static/vendor/geo has a file of each,
   scripts/lib/geo.txt says from where. */
static const struct land {
    const char *city, *file;
} lands[] = {
    { "广州市", "guangzhou" },
    { "深圳市", "shenzhen" },
};

struct map_args {
    const char *city, *q;
    int state;
};

static const struct arg map_args[] = {
    ARG(struct map_args, city, .max = 20),
    ARG(struct map_args, q, .max = 40),
    ARG(struct map_args, state, .labels = LIST(connector_state_labels)),
};

/* ---- the page -------------------------------------------------------- */

static void put_choice(struct vnode *list, size_t i, const char *key,
                       const char *word, bool on)
{
    struct vnode *v = v_item(list, i);

    v_set(v, "key", key);
    v_set(v, "word", word);
    v_flag(v, "on", on);
}

static void put_filters(struct cx *cx, struct vnode *v,
                        const struct map_args *a)
{
    struct vnode *cities = v_child(v, "cities");
    struct vnode *states = v_child(v, "states");
    size_t n;
    const char **names = map_cities(cx, &n);

    v_set(v, "q", a->q);
    put_choice(cities, 0, "", "全部城市", a->city[0] == '\0');
    for (size_t i = 0; i < n; i++)
        put_choice(cities, i + 1, names[i], names[i],
                   strcmp(names[i], a->city) == 0);
    put_choice(states, 0, "", "全部状态", a->state == 0);
    for (size_t i = 0; i < connector_state_count; i++) {
        const struct label *l = &connector_state_labels[i];

        put_choice(states, i + 1, l->key, cx_printf(cx, "有%s", l->word),
                   a->state == l->value);
    }
}

static void put_land(struct cx *cx, struct vnode *v, const char *city)
{
    const char *bright = "";

    for (size_t i = 0; i < COUNT(lands); i++)
        if (city[0] == '\0' || strcmp(lands[i].city, city) == 0)
            bright = cx_printf(cx, "%s%s%s", bright,
                               bright[0] == '\0' ? "" : ",", lands[i].file);
    v_set(v, "geo", "china,guangdong");
    v_set(v, "bright", bright);
}

/* The smallest box around all stations, for the first view. */
static void put_view(struct cx *cx, struct vnode *v,
                     const struct map_station *s, size_t n)
{
    int west = 0, east = 0, south = 0, north = 0;

    for (size_t i = 0; i < n; i++) {
        west = i == 0 || s[i].lng_e6 < west ? s[i].lng_e6 : west;
        east = i == 0 || s[i].lng_e6 > east ? s[i].lng_e6 : east;
        south = i == 0 || s[i].lat_e6 < south ? s[i].lat_e6 : south;
        north = i == 0 || s[i].lat_e6 > north ? s[i].lat_e6 : north;
    }
    if (n == 0)
        return;
    v_printf(v, "box", "%s,%s,%s,%s", degrees_text(cx, west),
             degrees_text(cx, south), degrees_text(cx, east),
             degrees_text(cx, north));
}

static void put_figure(struct vnode *list, size_t i, const char *label,
                       int64_t value)
{
    char text[MONEY_TEXT];

    v_set(v_item(list, i), "label", label);
    v_set(v_item(list, i), "value", decimal_text(value, 0, 0, true, text));
}

static void put_share(struct vnode *row, const char *kind, const char *word,
                      int64_t n, int64_t all)
{
    char text[MONEY_TEXT];

    v_set(row, "kind", kind);
    v_set(row, "word", word);
    v_set(row, "count", decimal_text(n, 0, 0, true, text));
    v_set(row, "w", decimal_text(all > 0 ? n * 10000 / all : 0, 2, 2, false,
                                 text));
}

/* Bars: piles by kind, then by state. */
static void put_piles(struct vnode *v, const struct map_piles *p)
{
    struct vnode *kinds = v_child(v, "kinds"), *states = v_child(v, "states");

    put_share(v_item(kinds, 0), NULL, "直流桩", p->dc, p->all);
    put_share(v_item(kinds, 1), NULL, "交流桩", p->ac, p->all);
    for (size_t i = 0; i < MAP_STATES; i++)
        put_share(v_item(states, i), connector_state_labels[i].key,
                  connector_state_labels[i].word, p->states[i], p->all);
}

static void show_map(struct request *req, const void *args)
{
    const struct map_args *a = args;
    struct cx *cx = req->cx;
    struct vnode *tree = view_new(cx), *v = v_child(tree, "Map");
    struct vnode *figures = v_child(v, "figures");
    const struct map_query q = { MAP_EVERYWHERE, .city = a->city,
                                 .state = a->state, .text = a->q };
    size_t n;
    struct map_station *s = map_stations(cx, &q, &n);
    const struct map_piles piles = map_piles(cx, &q);

    v_flag(v_child(tree, "Page"), "map", true);
    v_set(v, "data", "/console/map/data");
    put_filters(cx, v, a);
    put_land(cx, v, a->city);
    put_view(cx, v, s, n);
    put_figure(figures, 0, "电站", (int64_t)n);
    put_figure(figures, 1, "直流桩", piles.dc);
    put_figure(figures, 2, "交流桩", piles.ac);
    put_piles(v_child(v, "piles"), &piles);
    answer_page(req, "page/map.cs", tree, "场站地图");
}

/* ---- markers --------------------------------------------------------- */

struct data_args {
    const char *box, *city, *q;
    int zoom, state;
};

/* west,south,east,north in degrees */
static const char *box_error(struct cx *cx, const void *value);

static const struct arg data_args[] = {
    ARG(struct data_args, box, .flags = ARG_REQUIRED, .max = 80,
        .check = box_error),
    ARG(struct data_args, city, .max = 20),
    ARG(struct data_args, q, .max = 40),
    ARG(struct data_args, zoom, .flags = ARG_REQUIRED, .min = MAP_ZOOM_MIN,
        .max = MAP_ZOOM_MAX),
    ARG(struct data_args, state, .labels = LIST(connector_state_labels)),
};

static bool read_box(struct cx *cx, const char *text, int e6[BOX_NUMBERS])
{
    char *rest = cx_strdup(cx, text);

    for (int i = 0; i < BOX_NUMBERS; i++) {
        const char *number = strsep(&rest, ",");

        /* A view may reach beyond the date line; there are no stations. */
        if (number == NULL || !degrees_parse(number, 720, &e6[i]))
            return false;
    }
    return rest == NULL && e6[0] <= e6[2] && e6[1] <= e6[3];
}

static const char *box_error(struct cx *cx, const void *value)
{
    int e6[BOX_NUMBERS];

    return read_box(cx, *(const char *const *)value, e6)
               ? NULL : "应为西、南、东、北四个度数。";
}

static void json_parts(struct json_out *j, const int64_t parts[MAP_STATES])
{
    json_open(j, "parts", '[');
    for (size_t k = 0; k < MAP_STATES; k++)
        json_int(j, NULL, parts[k]);
    json_close(j, ']');
}

static void json_place(struct cx *cx, struct json_out *j, int lng_e6,
                       int lat_e6)
{
    char text[MONEY_TEXT];

    json_raw(j, "lng", cx_strdup(cx, decimal_text(lng_e6, 6, 6, false,
                                                  text)));
    json_raw(j, "lat", cx_strdup(cx, decimal_text(lat_e6, 6, 6, false,
                                                  text)));
}

static void json_station(struct cx *cx, struct json_out *j,
                         const struct map_marker *m)
{
    const struct map_station *s = m->station;
    char text[MONEY_TEXT];
    int64_t all = 0;

    for (size_t k = 0; k < MAP_STATES; k++)
        all += m->parts[k];
    json_open(j, NULL, '{');
    json_text(j, "id", cx_printf(cx, "%" PRId64, s->id));
    json_text(j, "name", s->name);
    json_text(j, "district", s->district);
    json_place(cx, j, s->lng_e6, s->lat_e6);
    json_text(j, "key", connector_state_labels[map_state(s) - 1].key);
    json_int(j, "free", s->idle);
    json_int(j, "all", all);
    json_int(j, "piles", s->piles);
    json_text(j, "power", decimal_text(s->power_w, 3, 1, true, text));
    json_parts(j, m->parts);
    json_close(j, '}');
}

static void json_cluster(struct cx *cx, struct json_out *j,
                         const struct map_marker *m)
{
    json_open(j, NULL, '{');
    json_place(cx, j, m->lng_e6, m->lat_e6);
    json_int(j, "n", (int64_t)m->n);
    json_int(j, "piles", m->piles);
    json_parts(j, m->parts);
    json_close(j, '}');
}

static void show_markers(struct request *req, const void *args)
{
    const struct data_args *a = args;
    struct cx *cx = req->cx;
    struct map_query q = { .city = a->city, .state = a->state, .text = a->q };
    int e6[BOX_NUMBERS] = { 0 };
    size_t n, count;
    struct map_station *found;
    struct map_marker *m;
    struct buf *out = cx_buf(cx, JSON_MAX);
    struct json_out j = { .to = out };

    must(read_box(cx, a->box, e6));
    q.west_e6 = e6[0];
    q.south_e6 = e6[1];
    q.east_e6 = e6[2];
    q.north_e6 = e6[3];
    found = map_stations(cx, &q, &n);
    m = map_markers(cx, found, n, a->zoom, &count);
    json_open(&j, NULL, '{');
    json_open(&j, "stations", '[');
    for (size_t i = 0; i < count; i++)
        if (m[i].station != NULL)
            json_station(cx, &j, &m[i]);
    json_close(&j, ']');
    json_open(&j, "clusters", '[');
    for (size_t i = 0; i < count; i++)
        if (m[i].station == NULL)
            json_cluster(cx, &j, &m[i]);
    json_close(&j, ']');
    json_int(&j, "total", (int64_t)n);
    json_close(&j, '}');
    answer_json(req, buf_text(out));
}

/* ---- one station ----------------------------------------------------- */

struct station_args {
    int64_t id;
};

static const struct arg station_args[] = {
    ARG(struct station_args, id, .min = 1, .max = INT64_MAX),
};

static void put_states(struct vnode *v, const struct map_station *s)
{
    int64_t parts[MAP_STATES], all = 0, before = 0;
    size_t shown = 0, drawn = 0;
    char text[MONEY_TEXT];

    map_parts(s, parts);
    for (size_t k = 0; k < MAP_STATES; k++)
        all += parts[k];
    for (size_t k = 0; k < MAP_STATES; k++) {
        const struct label *l = &connector_state_labels[k];
        struct vnode *n;

        /* 充电中, 空闲, 占用 always; the others when there are any. */
        if (k < 3 || parts[k] > 0) {
            n = v_item(v_child(v, "states"), shown++);
            v_set(n, "key", l->key);
            v_set(n, "word", l->word);
            v_int(n, "count", parts[k]);
        }
        if (parts[k] == 0)
            continue;
        n = v_item(v_child(v, "parts"), drawn++);
        v_set(n, "kind", l->key);
        v_set(n, "x", decimal_text(before * 10000 / all, 2, 2, false, text));
        v_set(n, "w", decimal_text(parts[k] * 10000 / all, 2, 2, false,
                                   text));
        before += parts[k];
    }
    if (parts[CONNECTOR_FAULT - 1] > 0) {
        v_set(v, "key", "fault");
        v_printf(v, "word", "%" PRId64 " 故障", parts[CONNECTOR_FAULT - 1]);
    }
}

static void put_price(struct cx *cx, struct vnode *v, int64_t station_id)
{
    const struct tariff_version *t = tariff_at(cx, station_id, 0, cx->now);
    int slot = stamp_minute_of_day(cx->now) / 30, rate, from = slot, to = slot;
    char text[MONEY_TEXT];

    if (t == NULL) {
        v_set(v, "price", "没有生效的计费规则");
        return;
    }
    while (from > 0 && t->slots[from - 1] == t->slots[slot])
        from--;
    while (to < TARIFF_SLOTS && t->slots[to] == t->slots[slot])
        to++;
    rate = t->slots[slot] - '0';
    v_set(v, "tou", tariff_rate_labels[rate].key);
    v_printf(v, "price", "¥%s/kWh，%02d:%02d – %02d:%02d",
             decimal_text(t->prices.elec_e5[rate] +
                              t->prices.service_e5[rate], 5, 4, false, text),
             from / 2, from % 2 * 30, to / 2, to % 2 * 30);
}

static void put_today(struct cx *cx, struct vnode *v, int64_t station_id)
{
    stamp today = stamp_day(cx->now);
    size_t n;
    const struct figures_at *day =
        figures_days(cx, station_id, today, stamp_add_days(today, 1), &n);
    struct figures f = n > 0 ? day[0].sum : (struct figures){ .orders = 0 };
    char energy[MONEY_TEXT], amount[MONEY_TEXT];

    v_printf(v, "today", "%s kWh · ¥%s · %" PRId64 " 单",
             decimal_text(f.energy_e4kwh, 4, 2, true, energy),
             money_pretty(FEN(f.total_fen), amount), f.orders);
}

static void show_station(struct request *req, const void *args)
{
    const struct station_args *a = args;
    struct cx *cx = req->cx;
    struct vnode *tree = view_new(cx), *v = v_child(tree, "Site");
    const struct map_station *s = map_station_load(cx, a->id);
    char text[MONEY_TEXT];

    v_int(v, "id", s->id);
    v_set(v, "name", s->name);
    v_printf(v, "address", "%s%s · %s · %s", s->district, s->address,
             s->operator_name, s->hours);
    v_set(v, "power", decimal_text(s->power_w, 3, 1, true, text));
    v_set(v, "cap", decimal_text(s->cap_w, 3, 0, true, text));
    put_states(v, s);
    put_today(cx, v, s->id);
    put_price(cx, v, s->id);
    answer_fragment(req, "page/map_station.cs", tree);
}

const struct route map_routes[MAP_ROUTES] = {
    { GET, "/console/map", AUTH_ACCOUNT, "wall.view",
      .args = LIST(map_args), .args_size = sizeof(struct map_args),
      .run = show_map },
    { GET, "/console/map/data", AUTH_ACCOUNT, "wall.view",
      .args = LIST(data_args), .args_size = sizeof(struct data_args),
      .run = show_markers },
    { GET, "/console/map/:id", AUTH_ACCOUNT, "wall.view",
      .args = LIST(station_args), .args_size = sizeof(struct station_args),
      .run = show_station },
};
