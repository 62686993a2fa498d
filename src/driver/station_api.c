/*
 * Stations, connectors and prices for drivers. Everybody may look: apps show
 * the map before anybody signs in. Only the connector of a QR code asks who
 * it is, to say whether that driver could start there.
 */
#include "asset/asset.h"
#include "asset/finder.h"
#include "asset/live.h"
#include "asset/pile.h"
#include "base/buf.h"
#include "driver/driver_pages.h"
#include "driver/start_check.h"
#include "tariff/price.h"
#include "tariff/tariff.h"

#include <string.h>

enum { PAGE = 10, LOOKS_PER_MINUTE = 240 };

static const struct labels states = LIST(connector_state_labels);
static const struct labels rates = LIST(tariff_rate_labels);

/* ---- parts ---- */

/* What a kWh costs now and what it will cost next; null without tariff. */
static void price_json(struct json_out *j, const char *key,
                       const struct price_now *p)
{
    if (p->rate < 0) {
        json_none(j, key);
        return;
    }
    json_open(j, key, '{');
    json_text(j, "rate", label_key_of(rates, p->rate));
    json_text(j, "rate_text", label_word(rates, p->rate));
    json_int(j, "elec_e5yuan", p->elec_e5);
    json_int(j, "service_e5yuan", p->service_e5);
    json_int(j, "total_e5yuan", p->elec_e5 + p->service_e5);
    json_stamp(j, "until", p->until);
    if (p->until.ms == 0)
        json_none(j, "next_total_e5yuan");
    else
        json_int(j, "next_total_e5yuan", p->next_e5);
    json_close(j, '}');
}

static void count_json(struct json_out *j, const char *key,
                       struct finder_count c)
{
    json_open(j, key, '{');
    json_int(j, "total", c.total);
    json_int(j, "free", c.free);
    json_close(j, '}');
}

/* The members that a list and a page of a station share. */
static void station_members(struct json_out *j, const struct found_station *s,
                            const struct price_now *price)
{
    json_int(j, "id", s->id);
    json_text(j, "name", s->name);
    json_text(j, "operator", s->provider_name);
    json_text(j, "city", s->city);
    json_text(j, "district", s->district);
    json_text(j, "address", s->address);
    json_text(j, "hours", s->hours);
    json_int(j, "lng_e6", s->place.lng_e6);
    json_int(j, "lat_e6", s->place.lat_e6);
    if (s->distance_m < 0)
        json_none(j, "distance_m");
    else
        json_int(j, "distance_m", s->distance_m);
    json_int(j, "max_power_w", s->max_power_w);
    count_json(j, "dc", s->dc);
    count_json(j, "ac", s->ac);
    price_json(j, "price", price);
}

static void connector_json(struct json_out *j, const char *key,
                           const struct found_connector *c)
{
    bool charging = c->state == CONNECTOR_CHARGING;

    json_open(j, key, '{');
    json_text(j, "qr_no", c->qr_no);
    json_text(j, "name", c->name);
    json_text(j, "pile_no", c->pile_no);
    json_text(j, "pile_name", c->pile_name);
    json_text(j, "area", c->area_name);
    json_text(j, "parking_no", c->parking_no);
    json_text(j, "kind", c->kind == PILE_AC ? "ac" : "dc");
    json_text(j, "speed",
              label_key_of((struct labels)LIST(pile_speed_labels), c->speed));
    json_int(j, "power_w", c->power_w);
    json_text(j, "state",
              c->enabled ? label_key_of(states, c->state) : "disabled");
    json_text(j, "state_text",
              c->enabled ? label_word(states, c->state) : "停用");
    json_stamp(j, "since", c->since_at);
    if (charging) {
        json_int(j, "soc", c->soc);
        json_int(j, "live_power_w", c->live_power_w);
        json_int(j, "remain_min", c->remain_min);
    } else {
        json_none(j, "soc");
        json_none(j, "live_power_w");
        json_none(j, "remain_min");
    }
    json_close(j, '}');
}

/* ---- GET stations ---- */

struct near_args {
    const char *lng, *lat, *city, *q, *after;
    bool free;
    int kind;
    int limit;
};

static const struct arg near_args[] = {
    ARG(struct near_args, lng, .title = "经度", .max = 11),
    ARG(struct near_args, lat, .title = "纬度", .max = 10),
    ARG(struct near_args, city, .title = "城市", .max = 20),
    ARG(struct near_args, q, .title = "关键词", .max = 40),
    ARG(struct near_args, after, .title = "翻页位置", .max = 40),
    ARG(struct near_args, free, .title = "有空闲"),
    ARG(struct near_args, kind, .title = "充电类型",
        .labels = LIST(pile_kind_labels)),
    ARG(struct near_args, limit, .title = "每页数量", .min = 0,
        .max = FINDER_PAGE_MAX),
};

/* Both or neither. */
static bool read_place(struct cx *cx, const char *lng, const char *lat,
                       struct place *out)
{
    if (lng[0] == '\0' && lat[0] == '\0')
        return false;
    if (!degrees_parse(lng, 180, &out->lng_e6))
        cx_fail_field(cx, "lng", "经度不正确，如 113.269000。");
    if (!degrees_parse(lat, 85, &out->lat_e6))
        cx_fail_field(cx, "lat", "纬度不正确，如 22.988000。");
    return true;
}

/* "METRES-ID" of the last station of the page before. */
static void read_cursor(struct cx *cx, const char *text,
                        struct finder_ask *ask)
{
    int64_t v[2] = { 0, 0 };
    size_t part = 0;

    if (text[0] == '\0')
        return;
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '-' && part == 0 && p > text)
            part = 1;
        else if (*p < '0' || *p > '9' || v[part] > INT64_C(1) << 50)
            cx_fail_field(cx, "after", "翻页位置不正确。");
        else
            v[part] = v[part] * 10 + (*p - '0');
    }
    if (part == 0 || v[1] == 0)
        cx_fail_field(cx, "after", "翻页位置不正确。");
    ask->after_m = v[0];
    ask->after_id = v[1];
}

static void near(struct cx *cx, const void *args, struct json_out *out)
{
    const struct near_args *a = args;
    struct finder_ask ask = { .city = a->city, .q = a->q, .kind = a->kind,
                              .only_free = a->free,
                              .limit = a->limit == 0 ? PAGE : a->limit };
    struct price_now price[FINDER_PAGE_MAX];
    int64_t ids[FINDER_PAGE_MAX];
    const struct found_station *s;
    size_t count = 0;
    bool more = false;

    ask.has_place = read_place(cx, a->lng, a->lat, &ask.place);
    read_cursor(cx, a->after, &ask);
    s = finder_near(cx, &ask, &count, &more);
    for (size_t i = 0; i < count; i++)
        ids[i] = s[i].id;
    price_of_stations(cx, ids, count, cx->now, price);
    json_open(out, NULL, '{');
    json_open(out, "stations", '[');
    for (size_t i = 0; i < count; i++) {
        json_open(out, NULL, '{');
        station_members(out, &s[i], &price[i]);
        json_close(out, '}');
    }
    json_close(out, ']');
    if (more)
        json_text(out, "after",
                  cx_printf(cx, "%lld-%lld",
                            (long long)(s[count - 1].distance_m < 0
                                            ? 0
                                            : s[count - 1].distance_m),
                            (long long)s[count - 1].id));
    else
        json_none(out, "after");
    json_close(out, '}');
}

/* ---- GET stations/:id ---- */

struct station_args {
    int64_t id;
    const char *lng, *lat;
};

static const struct arg station_args[] = {
    ARG(struct station_args, id, .title = "电站编号", .flags = ARG_REQUIRED,
        .min = 1, .max = INT64_MAX),
    ARG(struct station_args, lng, .title = "经度", .max = 11),
    ARG(struct station_args, lat, .title = "纬度", .max = 10),
};

static void station(struct cx *cx, const void *args, struct json_out *out)
{
    const struct station_args *a = args;
    struct place from;
    bool has_place = read_place(cx, a->lng, a->lat, &from);
    const struct found_station *s =
        finder_station(cx, a->id, has_place ? &from : NULL);
    struct price_now price;
    const struct found_connector *c;
    size_t count = 0;

    price_of_stations(cx, &s->id, 1, cx->now, &price);
    c = finder_connectors(cx, s->id, &count);
    json_open(out, NULL, '{');
    station_members(out, s, &price);
    json_text(out, "province", s->province);
    json_text(out, "hotline", s->hotline[0] != '\0' ? s->hotline : s->phone);
    json_text(out, "intro", s->intro);
    json_text(out, "parking_note", s->parking_note);
    json_open(out, "connectors", '[');
    for (size_t i = 0; i < count; i++)
        connector_json(out, NULL, &c[i]);
    json_close(out, ']');
    json_close(out, '}');
}

/* ---- GET stations/:id/tariff ---- */

struct tariff_args {
    int64_t id;
    int64_t area_id;
};

static const struct arg tariff_args[] = {
    ARG(struct tariff_args, id, .title = "电站编号", .flags = ARG_REQUIRED,
        .min = 1, .max = INT64_MAX),
    ARG(struct tariff_args, area_id, .title = "区域编号", .min = 0,
        .max = INT64_MAX),
};

static const char *clock_text(struct cx *cx, int minute)
{
    return cx_printf(cx, "%02d:%02d", minute / 60, minute % 60);
}

static void rates_json(struct json_out *j, const struct tariff_version *v)
{
    json_open(j, "rates", '[');
    for (int r = 0; r < RATES; r++) {
        if (strchr(v->slots, '0' + r) == NULL)
            continue;
        json_open(j, NULL, '{');
        json_text(j, "rate", label_key_of(rates, r));
        json_text(j, "rate_text", label_word(rates, r));
        json_int(j, "elec_e5yuan", v->prices.elec_e5[r]);
        json_int(j, "service_e5yuan", v->prices.service_e5[r]);
        json_int(j, "total_e5yuan",
                 v->prices.elec_e5[r] + v->prices.service_e5[r]);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void spans_json(struct cx *cx, struct json_out *j,
                       const struct tariff_version *v)
{
    struct price_span span[TARIFF_SLOTS];
    size_t n = price_spans(v, span);

    json_open(j, "periods", '[');
    for (size_t i = 0; i < n; i++) {
        json_open(j, NULL, '{');
        json_text(j, "from", clock_text(cx, span[i].from_min));
        json_text(j, "to", clock_text(cx, span[i].to_min));
        json_text(j, "rate", label_key_of(rates, span[i].rate));
        json_int(j, "total_e5yuan",
                 v->prices.elec_e5[span[i].rate] +
                     v->prices.service_e5[span[i].rate]);
        json_close(j, '}');
    }
    json_close(j, ']');
    json_open(j, "slots", '[');
    for (int i = 0; i < TARIFF_SLOTS; i++)
        json_text(j, NULL, label_key_of(rates, v->slots[i] - '0'));
    json_close(j, ']');
}

static void version_json(struct cx *cx, struct json_out *j, const char *key,
                         const struct tariff_version *v)
{
    if (v == NULL) {
        json_none(j, key);
        return;
    }
    json_open(j, key, '{');
    json_stamp(j, "starts_at", v->starts_at);
    rates_json(j, v);
    spans_json(cx, j, v);
    json_close(j, '}');
}

static void tariff(struct cx *cx, const void *args, struct json_out *out)
{
    const struct tariff_args *a = args;
    const struct tariff_version *v, *next;

    finder_station(cx, a->id, NULL);
    if (a->area_id != 0)
        finder_need_area(cx, a->id, a->area_id);
    v = tariff_at(cx, a->id, a->area_id, cx->now);
    if (v == NULL)
        cx_fail(cx, ERR_NOT_FOUND, "这个电站还没有价格。");
    next = tariff_next(cx, a->id, a->area_id, cx->now);
    json_open(out, NULL, '{');
    json_int(out, "station_id", a->id);
    version_json(cx, out, "now", v);
    version_json(cx, out, "next", next);
    json_close(out, '}');
}

/* ---- GET connectors/:qr_no ---- */

struct connector_args {
    const char *qr_no;
};

static const struct arg connector_args[] = {
    ARG(struct connector_args, qr_no, .title = "电枪编号",
        .flags = ARG_REQUIRED, .min = 16, .max = 16),
};

static void connector(struct cx *cx, const void *args, struct json_out *out)
{
    const struct connector_args *a = args;
    const struct found_connector *c = finder_connector(cx, a->qr_no);
    const struct tariff_version *v =
        tariff_at(cx, c->station_id, c->area_id, cx->now);
    struct price_now price = { .rate = -1 };
    const struct start_obstacle *why;

    if (v != NULL)
        price = price_at(v, tariff_next(cx, c->station_id, c->area_id,
                                        cx->now), cx->now);
    why = start_check(cx, c, v != NULL);
    json_open(out, NULL, '{');
    connector_json(out, "connector", c);
    json_open(out, "station", '{');
    json_int(out, "id", c->station_id);
    json_text(out, "name", c->station_name);
    json_text(out, "address", c->address);
    json_text(out, "hours", c->hours);
    json_text(out, "hotline", c->hotline);
    json_close(out, '}');
    price_json(out, "price", &price);
    json_bool(out, "can_start", why == NULL);
    json_text(out, "obstacle", why != NULL ? why->key : NULL);
    json_text(out, "obstacle_text", why != NULL ? why->text : NULL);
    json_close(out, '}');
}

/* ---- GET cities ---- */

static void cities(struct cx *cx, const void *args, struct json_out *out)
{
    size_t count = 0;
    const struct found_city *c = finder_cities(cx, &count);

    (void)args;
    json_open(out, NULL, '{');
    json_open(out, "cities", '[');
    for (size_t i = 0; i < count; i++) {
        json_open(out, NULL, '{');
        json_text(out, "province", c[i].province);
        json_text(out, "city", c[i].city);
        json_int(out, "stations", c[i].stations);
        json_close(out, '}');
    }
    json_close(out, ']');
    json_close(out, '}');
}

/* Everybody may look (see above); limited by address. */
const struct endpoint station_endpoints[STATION_ENDPOINTS] = {
    { .method = GET, .path = "/api/driver/v1/stations", .auth = AUTH_NONE,
      .per_minute = LOOKS_PER_MINUTE, .summary = "Stations, nearest first",
      .args = LIST(near_args), .args_size = sizeof(struct near_args),
      .run = near },
    { .method = GET, .path = "/api/driver/v1/stations/:id",
      .auth = AUTH_NONE, .per_minute = LOOKS_PER_MINUTE,
      .summary = "A station with its connectors", .args = LIST(station_args),
      .args_size = sizeof(struct station_args), .run = station },
    { .method = GET, .path = "/api/driver/v1/stations/:id/tariff",
      .auth = AUTH_NONE, .per_minute = LOOKS_PER_MINUTE,
      .summary = "Prices of a station by period", .args = LIST(tariff_args),
      .args_size = sizeof(struct tariff_args), .run = tariff },
    { .method = GET, .path = "/api/driver/v1/cities", .auth = AUTH_NONE,
      .per_minute = LOOKS_PER_MINUTE, .summary = "Cities with stations",
      .run = cities },
    { .method = GET, .path = "/api/driver/v1/connectors/:qr_no",
      .auth = AUTH_DRIVER, .summary = "A connector by its QR code",
      .args = LIST(connector_args),
      .args_size = sizeof(struct connector_args), .run = connector },
};
