#include "charging/gun_admin.h"

#include <inttypes.h>
#include <string.h>

#include "asset/asset.h"
#include "asset/asset_admin.h"
#include "asset/live.h"
#include "asset/pile.h"
#include "asset/station.h"
#include "base/money.h"
#include "charging/order.h"
#include "charging/wall.h"
#include "db/db.h"
#include "system/audit.h"
#include "tariff/price_page.h"
#include "tariff/tariff.h"
#include "web/feature.h"

#define STOP_REASONS(X)                                  \
    X(REASON_REPAIR, 1, "repair", "现场设备检修", NULL)    \
    X(REASON_DRIVER, 2, "driver", "车主电话要求", NULL)    \
    X(REASON_SAFETY, 3, "safety", "安全原因", NULL)       \
    X(REASON_OTHER,  4, "other",  "其他", NULL)
LABELS_DECLARE(stop_reason, STOP_REASONS);
LABELS_DEFINE(stop_reason, STOP_REASONS);

const struct arg gun_args[GUN_ARGS] = {
    ARG(struct gun_args, id, .min = 1, .max = INT64_MAX),
    ARG(struct gun_args, order_no, .max = 24),
    ARG(struct gun_args, reason, .labels = LIST(stop_reason_labels)),
};

const char *duration_words(struct cx *cx, stamp from)
{
    int64_t minutes = (cx->now.ms - from.ms) / 60000;

    if (minutes < 1)
        return "不到 1 分钟";
    if (minutes < 60)
        return cx_printf(cx, "%" PRId64 " 分钟", minutes);
    if (minutes < 24 * 60)
        return cx_printf(cx, "%" PRId64 " 小时 %" PRId64 " 分", minutes / 60,
                         minutes % 60);
    return cx_printf(cx, "%" PRId64 " 天 %" PRId64 " 小时",
                     minutes / 1440, minutes / 60 % 24);
}

/* 1:39:26 */
static const char *elapsed(struct cx *cx, const struct wall_gun *g)
{
    int64_t s = g->charging_at.ms != 0
                    ? (cx->now.ms - g->charging_at.ms) / 1000
                    : g->minutes * INT64_C(60);

    s = s > 0 ? s : 0;
    return cx_printf(cx, "%" PRId64 ":%02" PRId64 ":%02" PRId64, s / 3600,
                     s / 60 % 60, s % 60);
}

/* 粤AD86215 as 粤A·D86215: one Chinese character, one letter, the rest. */
static const char *plate_text(struct cx *cx, const char *plate)
{
    if (plate == NULL || plate[0] == '\0')
        return "未识别";
    if (strlen(plate) < 6 || (unsigned char)plate[0] < 0x80)
        return plate;
    return cx_printf(cx, "%.4s·%s", plate, plate + 4);
}

void gun_figures(struct cx *cx, struct vnode *v, const struct wall_gun *g)
{
    char text[MONEY_TEXT];

    /* A car on alternating current does not tell. */
    if (g->soc > 0)
        v_int(v, "soc", g->soc);
    v_set(v, "power", decimal_text(g->power_w, 3, 1, true, text));
    v_set(v, "volt", decimal_text(g->voltage_dv, 1, 1, false, text));
    v_set(v, "amp", decimal_text(g->current_da, 1, 1, false, text));
    if (g->battery_c > 0)
        v_int(v, "temp", g->battery_c);
    v_set(v, "elapsed", elapsed(cx, g));
    v_set(v, "energy", decimal_text(g->energy_e4kwh, 4, 2, true, text));
    v_printf(v, "amount", "¥%s", money_pretty(FEN(g->amount_fen), text));
    v_set(v, "plate", plate_text(cx, g->plate));
    if (g->remain_min > 0)
        v_printf(v, "left", "剩余约 %d 分", g->remain_min);
}

bool gun_can_stop(const struct request *req, const struct wall_gun *g)
{
    return g->state == CONNECTOR_CHARGING && g->order_no != NULL &&
           g->nature == NATURE_SELF && request_may(req, "order.control");
}

/* ---- the drawer ------------------------------------------------------ */

static void put_figure(struct vnode *list, size_t *i, const char *label,
                       const char *value, const char *unit)
{
    struct vnode *f = v_item(list, (*i)++);

    v_set(f, "label", label);
    v_set(f, "value", value);
    if (unit != NULL)
        v_set(f, "unit", unit);
}

static void put_session(struct cx *cx, struct vnode *v,
                        const struct wall_gun *g)
{
    struct vnode *s = v_child(v, "session"), *list = v_child(s, "figures");
    struct vnode *all = v_child(v, "all");
    size_t i = 0;

    gun_figures(cx, all, g);
    v_set(s, "order_no", g->order_no);
    v_printf(s, "path", "/console/order/%" PRId64, g->order_id);
    put_figure(list, &i, "SOC", v_get(all, "soc"), "%");
    put_figure(list, &i, "功率", v_get(all, "power"), "kW");
    put_figure(list, &i, "电压", v_get(all, "volt"), "V");
    put_figure(list, &i, "电流", v_get(all, "amp"), "A");
    put_figure(list, &i, "电量", v_get(all, "energy"), "kWh");
    put_figure(list, &i, "费用", v_get(all, "amount"), NULL);
    put_figure(list, &i, "时长", v_get(all, "elapsed"), NULL);
    put_figure(list, &i, "剩余",
               g->remain_min > 0 ? cx_printf(cx, "%d", g->remain_min) : NULL,
               "分");
}

static void put_guns(struct cx *cx, struct vnode *v, const struct wall_gun *g)
{
    size_t n;
    struct wall_gun *guns = wall_guns_of(cx, g->pile_id, &n);

    for (size_t i = 0; i < n; i++) {
        struct vnode *row = v_item(v_child(v, "guns"), i);
        const struct label *l =
            label_of((struct labels)LIST(connector_state_labels),
                     guns[i].state);

        v_set(row, "code", guns[i].qr_no);
        v_set(row, "name", guns[i].name);
        v_set(row, "key", l->key);
        v_set(row, "word", l->word);
        v_flag(row, "on", guns[i].id == g->id);
        if (guns[i].state == CONNECTOR_CHARGING)
            gun_figures(cx, row, &guns[i]);
    }
}

static void put_price(struct cx *cx, struct vnode *v, const struct pile *p)
{
    const struct tariff_version *t =
        tariff_at(cx, p->station_id, p->area_id, cx->now);
    struct vnode *price = v_child(v, "price");

    if (t == NULL)
        return;
    v_set(price, "name", tariff_load(cx, t->tariff_id)->name);
    v_printf(price, "version", "第 %d 版", t->version_no);
    v_printf(price, "path", "/console/tariff/%" PRId64, t->tariff_id);
    price_rows(cx, v_child(price, "rows"), t);
}

static struct vnode *section(struct vnode *v, size_t i, const char *title)
{
    struct vnode *s = v_item(v_child(v, "sections"), i);

    v_set(s, "title", title);
    return v_child(s, "rows");
}

static struct vnode *row(struct vnode *rows, size_t i, const char *label,
                         const char *value)
{
    struct vnode *r = v_item(rows, i);

    v_set(r, "label", label);
    v_set(r, "value", value);
    return r;
}

#define WORD(tag, value) label_word((struct labels)LIST(tag##_labels), value)

static void put_sections(struct cx *cx, struct vnode *v, const struct pile *p,
                         const struct station *s)
{
    struct vnode *rows = section(v, 0, "基本属性"), *r;
    char text[MONEY_TEXT];

    r = row(rows, 0, "桩体编码", p->no);
    v_flag(r, "mono", true);
    v_printf(r, "path", "/console/pile/%" PRId64, p->id);
    row(rows, 1, "编号", p->name);
    row(rows, 2, "充电方式", cx_printf(cx, "%s%s", WORD(pile_kind, p->kind),
                                       WORD(pile_speed, p->speed)));
    row(rows, 3, "制造厂商", p->maker);
    v_set(row(rows, 4, "功率", decimal_text(p->power_w, 3, 1, true, text)),
          "unit", "kW");
    row(rows, 5, "类型", p->model);
    row(rows, 6, "枪头数量", cx_printf(cx, "%d", p->guns));
    rows = section(v, 1, "地域属性");
    row(rows, 0, "省市区", cx_printf(cx, "%s %s %s", s->province, s->city,
                                     s->district));
    row(rows, 1, "经纬度",
        s->lng_e6 == 0 ? ""
                       : cx_printf(cx, "%s, %s", degrees_text(cx, s->lng_e6),
                                   degrees_text(cx, s->lat_e6)));
    row(rows, 2, "具体地址", s->address);
    rows = section(v, 2, "运营属性");
    row(rows, 0, "电桩状态", WORD(asset_status, p->status));
    row(rows, 1, "资产归属",
        p->owner[0] != '\0' ? p->owner : WORD(asset_nature, p->nature));
    v_flag(row(rows, 2, "桩体价格 ID", p->tariff_no), "mono", true);
    row(rows, 3, "SIM 卡运营商", WORD(sim_carrier, p->sim_carrier));
    v_flag(row(rows, 4, "SIM 卡编码", p->sim_no), "mono", true);
}

void gun_show(struct request *req, const void *args)
{
    const struct gun_args *a = args;
    struct cx *cx = req->cx;
    struct wall_gun *g = wall_gun_load(cx, a->id);
    struct pile *p = pile_load(cx, g->pile_id);
    struct station *s = station_load(cx, g->station_id);
    const struct label *l =
        label_of((struct labels)LIST(connector_state_labels), g->state);
    struct vnode *tree = view_new(cx), *v = v_child(tree, "Gun");
    char text[STAMP_TEXT];

    v_int(v, "id", g->id);
    v_printf(v, "title", "%s %s", s->name, g->name);
    v_set(v, "key", l->key);
    v_set(v, "word", l->word);
    if (g->since_at.ms != 0)
        v_printf(v, "since", "%.14s 起", stamp_text(g->since_at, text) + 5);
    if (g->state == CONNECTOR_FAULT)
        v_printf(v, "fault", "%s。", wall_fault_text(cx, g->fault_bits));
    if (request_may(req, pile_page.perm.view)) {
        v_printf(v, "pile_path", "/console/pile/%" PRId64, p->id);
        v_printf(v, "qr_path", "/console/connector/%" PRId64 "/qr", g->id);
    }
    v_flag(v, "stop", gun_can_stop(req, g));
    if (g->order_no != NULL)
        put_session(cx, v, g);
    put_guns(cx, v, g);
    put_price(cx, v, p);
    put_sections(cx, v, p, s);
    if (req->htmx)
        answer_fragment(req, "page/gun.cs", tree);
    else
        answer_page(req, "page/gun.cs", tree, v_get(v, "title"));
}

/* ---- stop ------------------------------------------------------------ */

static struct wall_gun *load_for_stop(struct request *req, int64_t id)
{
    struct wall_gun *g = wall_gun_load(req->cx, id);

    if (g->nature != NATURE_SELF)
        cx_fail(req->cx, ERR_FORBIDDEN, "只能停止自营电枪的充电。");
    return g;
}

static void show_dialog(struct request *req, const struct wall_gun *g,
                        int reason, const char *error)
{
    struct cx *cx = req->cx;
    struct vnode *tree = view_new(cx), *v = v_child(tree, "Stop");
    char energy[MONEY_TEXT], amount[MONEY_TEXT];

    v_int(v, "id", g->id);
    v_set(v, "name", g->name);
    v_set(v, "order_no", g->order_no);
    v_printf(v, "text",
             "%s 正在充电：%s已充 %s kWh，费用 ¥%s。停止后立即结算。",
             plate_text(cx, g->plate),
             g->soc > 0 ? cx_printf(cx, "SOC %d%%，", g->soc) : "",
             decimal_text(g->energy_e4kwh, 4, 2, true, energy),
             money_pretty(FEN(g->amount_fen), amount));
    for (size_t i = 0; i < stop_reason_count; i++) {
        struct vnode *r = v_item(v_child(v, "reasons"), i);

        v_set(r, "key", stop_reason_labels[i].key);
        v_set(r, "word", stop_reason_labels[i].word);
        v_flag(r, "on", stop_reason_labels[i].value == reason);
    }
    if (error != NULL)
        v_set(v, "error", error);
    answer_fragment(req, "page/stop.cs", tree);
}

void gun_ask_stop(struct request *req, const void *args)
{
    const struct gun_args *a = args;
    struct wall_gun *g = load_for_stop(req, a->id);

    if (g->order_no == NULL)
        cx_fail(req->cx, ERR_STATE, "%s 没有进行中的充电。", g->name);
    show_dialog(req, g, REASON_REPAIR, NULL);
}

struct stopping {
    int64_t order_id;
    const char *reason;
};

static void stop_work(struct cx *cx, void *arg)
{
    const struct stopping *s = arg;

    order_stop(cx, s->order_id, STOP_BY_CONSOLE);
    audit(cx, "order.stop_reason", "order", s->order_id, s->reason);
}

static void stop_tx(struct cx *cx, void *arg)
{
    db_tx(cx, stop_work, arg);
}

void gun_stop(struct request *req, const void *args)
{
    const struct gun_args *a = args;
    struct cx *cx = req->cx;
    struct wall_gun *g = load_for_stop(req, a->id);
    struct stopping *s = CX_NEW(cx, struct stopping);

    if (g->order_no == NULL || strcmp(g->order_no, a->order_no) != 0)
        cx_fail(cx, ERR_STATE, "订单 %s 已不在 %s 上充电，没有下发停止。",
                a->order_no, g->name);
    if (a->reason == 0)
        cx_fail_field(cx, "reason", "选择停止原因。");
    *s = (struct stopping){ g->order_id,
                            stop_reason_labels[a->reason - 1].word };
    if (!cx_run(cx, stop_tx, s)) {
        if (cx_status(cx->error.code) >= 500)
            cx_refail(cx);
        show_dialog(req, g, a->reason, cx_strdup(cx, cx->error.text));
        return;
    }
    answer_header(req, "HX-Trigger",
                  "{\"toast\":{\"kind\":\"ok\",\"text\":"
                  "\"\\u5df2\\u4e0b\\u53d1\\uff0c\\u7b49\\u5f85\\u7535"
                  "\\u6869\\u5e94\\u7b54\\uff08\\u6700\\u957f 30 \\u79d2"
                  "\\uff09\\u3002\"}}");
    answer_data(req, "text/html; charset=utf-8", "", 0);
}

/* ---- on the page of a pile ------------------------------------------- */

static void fill_pile(struct cx *cx, int64_t id, struct vnode *v)
{
    size_t n;
    struct wall_gun *g = wall_guns_of(cx, id, &n);

    for (size_t i = 0; i < n; i++) {
        struct vnode *row = v_item(v_child(v, "guns"), i);
        const struct label *l =
            label_of((struct labels)LIST(connector_state_labels), g[i].state);

        v_set(row, "code", g[i].qr_no);
        v_set(row, "name", g[i].name);
        v_printf(row, "path", "/console/connector/%" PRId64, g[i].id);
        v_set(row, "key", l->mark);
        v_set(row, "word", l->word);
        if (g[i].state == CONNECTOR_CHARGING)
            gun_figures(cx, row, &g[i]);
    }
}

const struct panel gun_panels[GUN_PANELS] = {
    { &pile_page, "电枪", "wall.view", fill_pile },
};
