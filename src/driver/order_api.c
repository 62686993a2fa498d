/*
 * Charging: start, watch, stop, and what it cost.
 */
#include "asset/finder.h"
#include "asset/live.h"
#include "base/buf.h"
#include "base/config.h"
#include "charging/my_order.h"
#include "charging/order.h"
#include "driver/driver.h"
#include "driver/driver_pages.h"
#include "ledger/ledger.h"
#include "tariff/tariff.h"

enum { PAGE = 20 };

static const struct labels states = LIST(order_state_labels);
static const struct labels stops = LIST(order_stop_by_labels);
static const struct labels rates = LIST(tariff_rate_labels);

/* ---- parts ---- */

/* Until the bill is made, what is known from the pile. */
static bool is_billed(const struct my_order *o)
{
    return o->state == ORDER_SETTLED;
}

static int64_t elapsed_s(const struct cx *cx, const struct my_order *o)
{
    stamp end = o->ended_at.ms != 0 ? o->ended_at : cx->now;

    if (is_billed(o))
        return o->seconds;
    if (o->charging_at.ms == 0 || end.ms < o->charging_at.ms)
        return 0;
    return (end.ms - o->charging_at.ms) / 1000;
}

/* The members that a list and the page of an order share. */
static void order_members(const struct cx *cx, struct json_out *j,
                          const struct my_order *o)
{
    bool billed = is_billed(o);

    json_text(j, "order_no", o->order_no);
    json_text(j, "state", label_key_of(states, o->state));
    json_text(j, "state_text", label_word(states, o->state));
    json_int(j, "station_id", o->station_id);
    json_text(j, "station_name", o->station_name);
    json_text(j, "connector_name", o->connector_name);
    json_text(j, "qr_no", o->qr_no);
    json_text(j, "pile_no", o->pile_no);
    json_text(j, "plate", o->plate);
    json_stamp(j, "created_at", o->created_at);
    json_stamp(j, "started_at", billed ? o->started_at : o->charging_at);
    json_stamp(j, "ended_at", billed ? o->finished_at : o->ended_at);
    json_int(j, "seconds", elapsed_s(cx, o));
    json_bool(j, "billed", billed);
    json_int(j, "energy_e4kwh",
             billed ? o->energy_e4kwh : o->live_energy_e4kwh);
    json_int(j, "cost_fen",
             billed ? o->total_fen.fen : o->live_amount_fen.fen);
}

static void live_json(struct json_out *j, const struct live_session *l)
{
    if (l == NULL) {
        json_none(j, "live");
        return;
    }
    json_open(j, "live", '{');
    json_int(j, "power_w", l->power_w);
    json_int(j, "voltage_dv", l->voltage_dv);
    json_int(j, "current_da", l->current_da);
    json_int(j, "soc", l->soc);
    json_int(j, "remain_min", l->remain_min);
    json_int(j, "battery_c", l->battery_c);
    json_stamp(j, "seen_at", l->seen_at);
    json_close(j, '}');
}

/*
 * The bill by period. Lines are exact to 1e-9 yuan and the order is rounded
 * once, so the fen of a line is its share by largest remainder: the lines
 * add up to what was paid.
 */
static void bill_json(struct cx *cx, struct json_out *j,
                      const struct my_order *o)
{
    const struct order_bill_row *b;
    int64_t elec[RATES] = { 0 }, service[RATES] = { 0 };
    money elec_fen[RATES] = { { 0 } }, service_fen[RATES] = { { 0 } };
    int64_t elec_sum = 0, service_sum = 0;
    size_t n = 0;

    b = order_bill(cx, o->id, &n);
    must(n <= RATES);
    for (size_t i = 0; i < n; i++) {
        elec_sum += elec[i] = b[i].elec_nano;
        service_sum += service[i] = b[i].service_nano;
    }
    if (elec_sum > 0)
        money_split(o->elec_fen, elec, n, elec_fen);
    if (service_sum > 0)
        money_split(o->service_fen, service, n, service_fen);
    json_open(j, "bill", '[');
    for (size_t i = 0; i < n; i++) {
        json_open(j, NULL, '{');
        json_text(j, "rate", label_key_of(rates, b[i].rate));
        json_text(j, "rate_text", label_word(rates, b[i].rate));
        json_int(j, "energy_e4kwh", b[i].energy_e4kwh);
        json_int(j, "elec_e5yuan", b[i].elec_e5);
        json_int(j, "service_e5yuan", b[i].service_e5);
        json_int(j, "elec_fen", elec_fen[i].fen);
        json_int(j, "service_fen", service_fen[i].fen);
        json_close(j, '}');
    }
    json_close(j, ']');
}

static void order_json(struct cx *cx, struct json_out *j, const char *key,
                       const struct my_order *o)
{
    const struct live_session *live =
        order_is_open(o->state)
            ? finder_session(cx, o->connector_id, o->id)
            : NULL;

    json_open(j, key, '{');
    order_members(cx, j, o);
    json_int(j, "hold_fen", o->hold_fen.fen);
    json_int(j, "soc_start", o->soc_start);
    json_int(j, "soc", o->soc);
    json_text(j, "stop_by", label_key_of(stops, o->stop_by));
    json_text(j, "fail_reason",
              o->fail_reason[0] != '\0' ? o->fail_reason : NULL);
    live_json(j, live);
    if (is_billed(o)) {
        json_stamp(j, "settled_at", o->settled_at);
        json_int(j, "elec_fen", o->elec_fen.fen);
        json_int(j, "service_fen", o->service_fen.fen);
        json_int(j, "arrears_fen", o->arrears_fen.fen);
        bill_json(cx, j, o);
    } else {
        json_none(j, "settled_at");
        json_none(j, "elec_fen");
        json_none(j, "service_fen");
        json_none(j, "arrears_fen");
        json_none(j, "bill");
    }
    json_close(j, '}');
}

/* ---- POST orders ---- */

struct start_args {
    const char *qr_no;
    money limit_fen;
    const char *plate;
    bool plug_later;
};

static const struct arg start_args[] = {
    ARG(struct start_args, qr_no, .title = "电枪编号", .flags = ARG_REQUIRED,
        .min = 16, .max = 16),
    ARG(struct start_args, limit_fen, .title = "预留金额",
        .min = 0, .max = ORDER_HOLD_MAX_FEN),
    ARG(struct start_args, plate, .title = "车牌", .max = 12),
    ARG(struct start_args, plug_later, .title = "稍后插枪"),
};

static void start(struct cx *cx, const void *args, struct json_out *out)
{
    const struct start_args *a = args;
    const struct found_connector *c = finder_connector(cx, a->qr_no);
    struct order_ask ask = { .connector_id = c->id,
                             .driver_id = cx->actor.id,
                             .start_by = START_BY_APP, .hold = a->limit_fen,
                             .plug_later = a->plug_later };
    const struct order *o;

    if (a->limit_fen.fen != 0 &&
        a->limit_fen.fen < cx->config->order_least_fen)
        cx_fail_field(cx, "limit_fen", "预留金额太少，至少 %lld.%02lld 元。",
                      (long long)cx->config->order_least_fen / 100,
                      (long long)cx->config->order_least_fen % 100);
    if (a->plate[0] != '\0') {
        ask.plate = plate_normal(cx, a->plate);
        if (ask.plate == NULL)
            cx_fail_field(cx, "plate", "车牌格式不正确，如 粤BD12345。");
    }
    o = order_load(cx, order_start(cx, &ask));
    order_json(cx, out, NULL, my_order_load(cx, o->order_no));
}

/* ---- GET orders/current ---- */

static void current(struct cx *cx, const void *args, struct json_out *out)
{
    size_t count = 0;
    const struct my_order *o = my_order_open(cx, cx->actor.id, &count);

    (void)args;
    json_open(out, NULL, '{');
    json_open(out, "orders", '[');
    for (size_t i = 0; i < count; i++)
        order_json(cx, out, NULL, &o[i]);
    json_close(out, ']');
    json_close(out, '}');
}

/* ---- GET orders/:order_no, POST orders/:order_no/stop ---- */

struct order_args {
    const char *order_no;
};

static const struct arg order_args[] = {
    ARG(struct order_args, order_no, .title = "订单号",
        .flags = ARG_REQUIRED, .max = ORDER_NO_SIZE - 1),
};

static void show(struct cx *cx, const void *args, struct json_out *out)
{
    const struct order_args *a = args;

    order_json(cx, out, NULL, my_order_load(cx, a->order_no));
}

static void stop(struct cx *cx, const void *args, struct json_out *out)
{
    const struct order_args *a = args;

    order_stop(cx, my_order_load(cx, a->order_no)->id, STOP_BY_DRIVER);
    order_json(cx, out, NULL, my_order_load(cx, a->order_no));
}

/* ---- GET orders ---- */

struct list_args {
    int64_t after;
};

static const struct arg list_args[] = {
    ARG(struct list_args, after, .title = "翻页位置", .min = 0,
        .max = INT64_MAX),
};

static void list(struct cx *cx, const void *args, struct json_out *out)
{
    const struct list_args *a = args;
    size_t count = 0;
    const struct my_order *o =
        my_order_list(cx, cx->actor.id, a->after, PAGE + 1, &count);
    size_t shown = count > PAGE ? PAGE : count;

    json_open(out, NULL, '{');
    json_open(out, "orders", '[');
    for (size_t i = 0; i < shown; i++) {
        json_open(out, NULL, '{');
        order_members(cx, out, &o[i]);
        json_close(out, '}');
    }
    json_close(out, ']');
    if (count > PAGE)
        json_int(out, "after", o[PAGE - 1].id);
    else
        json_none(out, "after");
    json_close(out, '}');
}

const struct endpoint order_endpoints[ORDER_ENDPOINTS] = {
    { .method = POST, .path = "/api/driver/v1/orders", .auth = AUTH_DRIVER,
      .flags = EP_IDEMPOTENT, .per_minute = 20,
      .summary = "Start a charge", .args = LIST(start_args),
      .args_size = sizeof(struct start_args), .run = start },
    { .method = GET, .path = "/api/driver/v1/orders", .auth = AUTH_DRIVER,
      .summary = "My orders, newest first", .args = LIST(list_args),
      .args_size = sizeof(struct list_args), .run = list },
    { .method = GET, .path = "/api/driver/v1/orders/current",
      .auth = AUTH_DRIVER, .summary = "My orders that are not over",
      .run = current },
    { .method = GET, .path = "/api/driver/v1/orders/:order_no",
      .auth = AUTH_DRIVER, .summary = "Progress or bill of an order",
      .args = LIST(order_args), .args_size = sizeof(struct order_args),
      .run = show },
    { .method = POST, .path = "/api/driver/v1/orders/:order_no/stop",
      .auth = AUTH_DRIVER, .per_minute = 30, .summary = "Stop a charge",
      .args = LIST(order_args), .args_size = sizeof(struct order_args),
      .run = stop },
};
