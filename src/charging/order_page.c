/*
 * One order: head with timeline and figures, bill and curves, ledger,
 * evidence, log. tests/templates/order.hdf shows the tree.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/money.h"
#include "charging/evidence.h"
#include "charging/gun_admin.h"
#include "charging/order.h"
#include "charging/order_admin.h"
#include "charging/order_evidence_page.h"
#include "charging/order_review_admin.h"
#include "charging/provisional.h"
#include "charging/wall.h"
#include "ledger/ledger.h"
#include "protocol/ykc/codes.h"
#include "system/audit.h"
#include "system/audit_admin.h"
#include "tariff/billing.h"
#include "tariff/tariff.h"

struct page {
    struct request *req;
    struct cx *cx;
    struct order *o;
    struct order_names *names;
    const struct tariff_version *tariff; /* as frozen at the start */
    struct measured measured;            /* while it runs: so far, and */
    struct bill bill;                    /* what that comes to */
    struct vnode *tree, *v;              /* v is Order */
};

#define WORD(tag, value) label_word((struct labels)LIST(tag##_labels), value)

static const char *clock_text(struct cx *cx, stamp t)
{
    char text[STAMP_TEXT];

    if (t.ms == 0)
        return "";
    return cx_printf(cx, "%.8s", stamp_text(t, text) + 11);
}

static const char *duration_text(struct cx *cx, int64_t seconds)
{
    return cx_printf(cx, "%" PRId64 ":%02" PRId64 ":%02" PRId64,
                     seconds / 3600, seconds / 60 % 60, seconds % 60);
}

static const char *yuan(struct cx *cx, money m)
{
    char text[MONEY_TEXT];

    return cx_printf(cx, "¥%s", money_pretty(m, text));
}

static const char *decimal(struct cx *cx, int64_t v, int scale, int shown)
{
    char text[MONEY_TEXT];

    return cx_strdup(cx, decimal_text(v, scale, shown, true, text));
}

/* ---- head ------------------------------------------------------------ */

struct step {
    const char *title;
    stamp at;
    const char *instead; /* the state if the order ended badly here */
    bool skip;           /* does not happen to this order */
};

static void put_steps(struct page *p)
{
    const struct order *o = p->o;
    /* The pile that asked for a start does not answer the permission. */
    bool asked = o->start_by == START_BY_CARD || o->start_by == START_BY_VIN;
    const struct step steps[] = {
        { "创建订单", o->created_at },
        { "冻结金额", o->hold_id != 0 ? o->created_at : (stamp){ 0 } },
        { asked ? "允许启动" : "下发启动", o->sent_at },
        { "桩已应答", o->replied_at,
          .skip = asked && o->replied_at.ms == 0 },
        { "开始充电", o->charging_at.ms ? o->charging_at : o->started_at,
          .instead = o->state == ORDER_START_FAILED ? "fail" : NULL },
        { "停止充电", o->finished_at.ms ? o->finished_at : o->ended_at },
        { "收到记录", o->recorded_at },
        { "结算完成", o->settled_at,
          .instead = o->state == ORDER_REVIEW ? "warn" : NULL },
    };
    struct vnode *list = v_child(p->v, "steps");
    size_t n = 0;

    for (size_t i = 0; i < COUNT(steps); i++) {
        bool done = steps[i].at.ms != 0;
        struct vnode *s;

        if (steps[i].skip)
            continue;
        s = v_item(list, n++);

        v_set(s, "title", steps[i].title);
        v_set(s, "time", done ? clock_text(p->cx, steps[i].at) : "—");
        v_set(s, "state", steps[i].instead != NULL ? steps[i].instead
                          : done                   ? "done"
                                                   : "todo");
    }
}

static void put_figure(struct vnode *list, size_t i, const char *label,
                       const char *value, const char *unit)
{
    struct vnode *f = v_item(list, i);

    v_set(f, "label", label);
    v_set(f, "value", value);
    if (unit != NULL)
        v_set(f, "unit", unit);
}

static bool has_bill(const struct order *o)
{
    return o->state >= ORDER_RECORDED;
}

/* Energy flows, or flowed and the pile's record is still to come: what it
   costs is only estimated. */
static bool is_estimated(const struct order *o)
{
    return o->charging_at.ms != 0 && o->state >= ORDER_CHARGING &&
           o->state <= ORDER_AWAITING_RECORD;
}

static money cost_of(const struct page *p)
{
    return has_bill(p->o) ? p->o->total_fen : p->bill.total;
}

static int64_t seconds_of(const struct page *p)
{
    const struct order *o = p->o;

    if (o->seconds > 0 || o->charging_at.ms == 0)
        return o->seconds;
    return ((o->ended_at.ms != 0 ? o->ended_at.ms : p->cx->now.ms) -
            o->charging_at.ms) / 1000;
}

static void put_figures(struct page *p)
{
    const struct order *o = p->o;
    struct cx *cx = p->cx;
    struct vnode *list = v_child(p->v, "figures");
    int64_t energy = has_bill(o) ? o->energy_e4kwh : o->live_energy_e4kwh;
    int64_t seconds = seconds_of(p);
    /* 1e-4 kWh over seconds in W: x 360 */
    int64_t mean_w = seconds > 0 ? energy * 360 / seconds : 0;

    put_figure(list, 0, has_bill(o) ? "实付" : "预估",
               yuan(cx, cost_of(p)), NULL);
    put_figure(list, 1, "电量", decimal(cx, energy, 4, 4), "kWh");
    put_figure(list, 2, "时长", duration_text(cx, seconds), NULL);
    put_figure(list, 3, "SOC",
               o->soc > 0 ? cx_printf(cx, "%d → %d", o->soc_start, o->soc)
                          : "—", "%");
    put_figure(list, 4, "最大 / 平均功率",
               cx_printf(cx, "%s / %s", decimal(cx, o->max_power_w, 3, 1),
                         decimal(cx, mean_w, 3, 1)), "kW");
    put_figure(list, 5, "电表起止",
               o->meter_end_e4kwh > 0
                   ? cx_printf(cx, "%s → %s",
                               decimal(cx, o->meter_start_e4kwh, 4, 4),
                               decimal(cx, o->meter_end_e4kwh, 4, 4))
                   : "—", NULL);
    v_set(v_item(list, 5), "small", "1");
}

static void put_acts(struct page *p)
{
    const struct order *o = p->o;
    struct vnode *list = v_child(p->v, "acts");
    size_t n = 0;

    if (o->state == ORDER_CHARGING &&
        gun_can_stop(p->req, wall_gun_load(p->cx, o->connector_id))) {
        struct vnode *a = v_item(list, n++);

        v_set(a, "title", "停止充电");
        v_printf(a, "path", "/console/wall/%" PRId64 "/stop",
                 o->connector_id);
        v_flag(a, "danger", true);
    }
    if (request_may(p->req, "order.review") &&
        order_is_reviewable(p->cx, o) &&
        !correction_is_waiting(p->cx, CORRECTION_ORDER, o->id)) {
        struct vnode *a = v_item(list, n++);

        v_set(a, "title", "复核");
        v_printf(a, "path", "/console/order/%" PRId64 "/review", o->id);
    }
}

static void put_alert(struct page *p)
{
    const struct order *o = p->o;
    struct vnode *a = v_child(p->v, "alert");

    if (o->state == ORDER_REVIEW) {
        v_set(a, "key", "warn");
        v_set(a, "title",
              correction_is_waiting(p->cx, CORRECTION_ORDER, o->id)
                  ? "复核意见等待审批。" : "需要复核。");
        v_set(a, "text", o->review_reason);
    } else if (o->state == ORDER_START_FAILED) {
        v_set(a, "key", "fault");
        v_set(a, "title", "启动失败。");
        v_set(a, "text", o->fail_reason);
    } else if (o->arrears_fen.fen > 0) {
        v_set(a, "key", "warn");
        v_set(a, "title", "余额不足。");
        v_printf(a, "text", "%s 记为欠费，补足前不能再次启动充电。",
                 yuan(p->cx, o->arrears_fen));
    } else {
        return;
    }
    v_set(p->v, "alert", "1");
}

static void put_tab(struct page *p, size_t i, const char *key,
                    const char *title, const char *tail, int64_t count)
{
    struct vnode *t = v_item(v_child(p->v, "tabs"), i);

    v_set(t, "key", key);
    v_set(t, "title", title);
    v_printf(t, "path", "/console/order/%" PRId64 "%s", p->o->id, tail);
    if (count > 0)
        v_int(t, "count", count);
}

static struct page *begin(struct request *req, int64_t id, const char *tab)
{
    struct cx *cx = req->cx;
    struct page *p = CX_NEW(cx, struct page);
    struct labels states = LIST(order_state_labels);
    int64_t newer, older;

    p->req = req;
    p->cx = cx;
    p->o = order_load(cx, id);
    p->names = order_names(cx, id);
    p->tariff = tariff_version_load(cx, p->o->tariff_version_id);
    if (is_estimated(p->o)) {
        order_measure(cx, p->o, p->tariff, &p->measured);
        bill_compute(&p->tariff->prices, p->measured.energy_e4kwh, &p->bill);
    }
    p->tree = view_new(cx);
    p->v = v_child(p->tree, "Order");
    v_set(p->v, "no", p->o->order_no);
    v_set(p->v, "key", label_of(states, p->o->state)->mark);
    v_set(p->v, "word", label_of(states, p->o->state)->word);
    v_set(p->v, "back", "/console/order");
    v_set(p->v, "tab", tab);
    order_neighbours(cx, p->o, &newer, &older);
    if (newer != 0)
        v_printf(p->v, "prev", "/console/order/%" PRId64, newer);
    if (older != 0)
        v_printf(p->v, "next", "/console/order/%" PRId64, older);
    put_tab(p, 0, "bill", "账单与曲线", "", 0);
    put_tab(p, 1, "ledger", "记账分录", "/ledger", 0);
    put_tab(p, 2, "evidence", "报文证据", "/evidence",
            order_frame_count(cx, p->o->trade_no));
    put_tab(p, 3, "log", "操作记录", "/log", 0);
    put_steps(p);
    put_figures(p);
    put_acts(p);
    put_alert(p);
    return p;
}

static void finish(struct page *p)
{
    answer_page(p->req, "page/order.cs", p->tree,
                cx_printf(p->cx, "订单 %s", p->o->order_no));
}

/* ---- bill ------------------------------------------------------------ */

/* When the rate ran between two moments: "10:41 – 11:00、12:00 – 12:20";
   first is when it began, the end if it never did. */
static const char *rate_span(struct page *p, int rate, stamp start, stamp end,
                             int64_t *first)
{
    const char *slots = p->tariff->slots, *text = "";
    int64_t at = start.ms;
    int spans = 0;

    *first = end.ms;
    while (at != 0 && at < end.ms) {
        stamp t = { at };
        int slot = stamp_minute_of_day(t) / 30;
        int64_t next = stamp_day(t).ms + (slot + 1) * INT64_C(1800000);
        int64_t from = at;

        at = next < end.ms ? next : end.ms;
        if (slots[slot] - '0' != rate)
            continue;
        while (at < end.ms &&
               slots[stamp_minute_of_day((stamp){ at }) / 30] - '0' == rate) {
            at += 1800000;
            at = at < end.ms ? at : end.ms;
        }
        if (++spans > 2)
            return cx_printf(p->cx, "%s 等", text);
        if (spans == 1)
            *first = from;
        text = cx_printf(p->cx, "%s%s%.5s – %.5s", text, spans > 1 ? "、" : "",
                         clock_text(p->cx, (stamp){ from }),
                         clock_text(p->cx, (stamp){ at }));
    }
    return spans == 0 ? "—" : text;
}

static void put_difference(struct cx *cx, struct vnode *v, int64_t ours_e4,
                           int64_t pile_e4)
{
    int64_t diff = ours_e4 - pile_e4;

    v_set(v, "pile", decimal(cx, pile_e4, 4, 4));
    v_set(v, "diff", decimal(cx, diff, 4, 2));
    /* More than the tolerance of a fen (YKC 4.7). */
    v_flag(v, "bad", diff > 100 || diff < -100);
}

/* A rate of the bill, settled or estimated. */
struct bill_row {
    struct order_bill_row r;
    const char *span;
    int64_t first; /* when it began */
};

/* As they happened; what was not used comes last. */
static int by_first(const void *a, const void *b)
{
    const struct bill_row *x = a, *y = b;

    if (x->first != y->first)
        return x->first < y->first ? -1 : 1;
    return x->r.rate - y->r.rate;
}

static void put_bill_row(struct page *p, struct vnode *v,
                         const struct bill_row *row)
{
    const struct order_bill_row *r = &row->r;
    struct cx *cx = p->cx;
    int64_t ours_e4 = (r->elec_nano + r->service_nano + 50000) / 100000;

    v_set(v, "key", tariff_rate_labels[r->rate].key);
    v_set(v, "span", row->span);
    v_set(v, "energy", decimal(cx, r->energy_e4kwh, 4, 4));
    v_set(v, "elec", decimal(cx, r->elec_e5, 5, 4));
    v_set(v, "service", decimal(cx, r->service_e5, 5, 4));
    v_set(v, "amount", decimal(cx, ours_e4, 4, 4));
    if (has_bill(p->o)) {
        put_difference(cx, v, ours_e4, r->pile_amount_e4yuan);
    } else {
        v_set(v, "pile", "—");
        v_set(v, "diff", "—");
    }
}

static void put_bill_rows(struct page *p, struct vnode *list,
                          const struct order_bill_row *rows, size_t n,
                          stamp start, stamp end)
{
    struct bill_row *sorted = arena_array(p->cx->arena, n + 1,
                                          sizeof *sorted);

    for (size_t i = 0; i < n; i++) {
        sorted[i] = (struct bill_row){ .r = rows[i], .span = "—",
                                       .first = INT64_MAX };
        if (rows[i].energy_e4kwh > 0)
            sorted[i].span = rate_span(p, rows[i].rate, start, end,
                                       &sorted[i].first);
    }
    qsort(sorted, n, sizeof *sorted, by_first);
    for (size_t i = 0; i < n; i++)
        put_bill_row(p, v_item(list, i), &sorted[i]);
}

/* Ours beside the pile's. */
static void put_settled(struct page *p, struct vnode *b,
                        const struct order_bill_row *rows, size_t n)
{
    const struct order *o = p->o;
    struct vnode *sum = v_child(b, "sum");
    struct cx *cx = p->cx;

    put_bill_rows(p, v_child(b, "rows"), rows, n, o->started_at,
                  o->finished_at);
    v_set(sum, "energy", decimal(cx, o->energy_e4kwh, 4, 4));
    v_set(sum, "amount", decimal(cx, o->total_fen.fen, 2, 2));
    put_difference(cx, sum, o->total_fen.fen * 100, o->pile_amount_e4yuan);
    v_set(b, "key", v_get(sum, "bad") != NULL ? "warn" : "ok");
    v_set(b, "word", o->provisional              ? "按遥测暂结"
                     : v_get(sum, "bad") != NULL ? "与桩侧不一致"
                                                 : "与桩侧一致");
    put_figure(v_child(b, "parts"), 0, "电费", yuan(cx, o->elec_fen), NULL);
    put_figure(v_child(b, "parts"), 1, "服务费", yuan(cx, o->service_fen),
               NULL);
}

/* What has flowed so far at the frozen prices: the rates of the tariff's day,
   and what of it the pile has not yet confirmed. */
static void put_estimate(struct page *p, struct vnode *b)
{
    struct order_bill_row rows[RATES];
    struct vnode *sum = v_child(b, "sum");
    struct cx *cx = p->cx;
    size_t n = 0;

    for (int i = 0; i < RATES; i++) {
        const struct bill_line *l = &p->bill.rate[i];

        if (strchr(p->tariff->slots, '0' + i) == NULL)
            continue;
        rows[n++] = (struct order_bill_row){
            .rate = i, .energy_e4kwh = l->energy_e4kwh,
            .elec_e5 = p->tariff->prices.elec_e5[i],
            .service_e5 = p->tariff->prices.service_e5[i],
            .elec_nano = l->elec_nano, .service_nano = l->service_nano,
        };
    }
    put_bill_rows(p, v_child(b, "rows"), rows, n, p->measured.start,
                  p->measured.end);
    v_set(sum, "energy", decimal(cx, p->bill.energy_e4kwh, 4, 4));
    v_set(sum, "amount", decimal(cx, p->bill.total.fen, 2, 2));
    v_set(sum, "pile", "—");
    v_set(sum, "diff", "—");
    v_set(b, "key", "warn");
    v_set(b, "word", "预估");
    v_printf(b, "hint", "按 %s 的电量和启动时的电价估算，"
             "结算以电桩的交易记录为准。",
             clock_text(cx, p->measured.end));
    put_figure(v_child(b, "parts"), 0, "电费", yuan(cx, p->bill.elec), NULL);
    put_figure(v_child(b, "parts"), 1, "服务费", yuan(cx, p->bill.service),
               NULL);
}

static void put_bill(struct page *p)
{
    const struct order *o = p->o;
    struct vnode *b = v_child(p->v, "bill");
    size_t n;
    const struct order_bill_row *rows = order_bill(p->cx, o->id, &n);

    v_printf(b, "version", "计费规则第 %d 版（启动时冻结）",
             p->tariff->version_no);
    v_set(b, "total_label", has_bill(o) ? "实付" : "预估");
    v_set(b, "total", yuan(p->cx, cost_of(p)));
    v_set(b, "text", o->state == ORDER_START_FAILED
                         ? "没有充电，不产生费用。"
                         : "开始充电后按时段列出预估费用，"
                           "收到电桩的交易记录后结算。");
    if (n > 0)
        put_settled(p, b, rows, n);
    else if (is_estimated(o))
        put_estimate(p, b);
}

static struct vnode *fact(struct vnode *rows, size_t i, const char *label,
                          const char *value)
{
    struct vnode *r = v_item(rows, i);

    v_set(r, "label", label);
    v_set(r, "value", value != NULL && value[0] != '\0' ? value : "—");
    return r;
}

static const char *stop_text(struct page *p)
{
    const struct order *o = p->o;

    if (o->recorded_at.ms == 0)
        return "—";
    return cx_printf(p->cx, "%s（0x%02X）",
                     label_word((struct labels)LIST(ykc_stop_labels),
                                o->stop_reason),
                     (unsigned)o->stop_reason);
}

static void put_facts(struct page *p)
{
    const struct order_names *n = p->names;
    const struct order *o = p->o;
    struct vnode *left = v_child(v_item(v_child(p->v, "facts"), 0), "rows");
    struct vnode *right = v_child(v_item(v_child(p->v, "facts"), 1), "rows");
    struct vnode *r;
    char masked[24];

    r = fact(left, 0, "车主", n->driver != NULL && n->driver[0] != '\0'
                                  ? n->driver
                                  : "未登记姓名");
    if (n->phone != NULL) {
        v_set(r, "note", mask_phone(n->phone, masked));
        v_printf(r, "path", "/console/driver/%" PRId64, o->driver_id);
    }
    fact(left, 1, "支付",
         cx_printf(p->cx, "钱包余额 · 冻结 %s", yuan(p->cx, o->hold_fen)));
    fact(left, 2, "车牌", n->plate);
    v_flag(fact(left, 3, "VIN", n->vin), "mono", true);
    fact(left, 4, "商户", n->merchant);
    r = fact(right, 0, "电站", n->station);
    v_printf(r, "path", "/console/station/%" PRId64, o->station_id);
    v_set(r, "note", n->area != NULL ? n->area : "");
    r = fact(right, 1, "电枪", n->qr_no);
    v_flag(r, "mono", true);
    v_printf(r, "path", "/console/pile/%" PRId64, o->pile_id);
    v_set(r, "note", n->connector != NULL ? n->connector : "");
    fact(right, 2, "启动方式", WORD(order_start_by, o->start_by));
    fact(right, 3, "停止原因", stop_text(p));
    v_flag(fact(right, 4, "交易流水号", o->trade_no), "mono", true);
}

/* ---- curve ----------------------------------------------------------- */

struct series {
    const char *name;
    int scale, shown;
    size_t offset; /* in struct order_reading */
};

static void put_curve(struct page *p)
{
    static const struct series series[] = {
        { "soc", 0, 0, offsetof(struct order_reading, soc) },
        { "kw", 3, 1, offsetof(struct order_reading, power_w) },
        { "v", 1, 1, offsetof(struct order_reading, voltage_dv) },
        { "a", 1, 1, offsetof(struct order_reading, current_da) },
        { "need", 1, 1, offsetof(struct order_reading, demand_da) },
    };
    size_t n;
    struct order_reading *r = order_curve(p->cx, p->o->id, &n);
    struct json_out *j = page_json(p->cx);

    json_open(j, NULL, '{');
    json_open(j, "t", '[');
    for (size_t i = 0; i < n; i++)
        json_text(j, NULL, clock_text(p->cx, r[i].at));
    json_close(j, ']');
    for (size_t s = 0; s < COUNT(series); s++) {
        json_open(j, series[s].name, '[');
        for (size_t i = 0; i < n; i++) {
            char text[MONEY_TEXT];
            int v;

            memcpy(&v, (const char *)&r[i] + series[s].offset, sizeof v);
            json_raw(j, NULL, decimal_text(v, series[s].scale,
                                           series[s].shown, false, text));
        }
        json_close(j, ']');
    }
    json_close(j, '}');
    v_set(p->v, "curve", page_json_text(p->cx, j));
}

struct order_args {
    int64_t id;
};

static void show_bill(struct request *req, const void *args)
{
    const struct order_args *a = args;
    struct page *p = begin(req, a->id, "bill");

    put_bill(p);
    put_facts(p);
    put_curve(p);
    v_flag(v_child(p->tree, "Page"), "charts", true);
    finish(p);
}

/* ---- ledger ---------------------------------------------------------- */

static const char *owner_text(struct page *p, const struct ledger_entry *e)
{
    const char *word = WORD(ledger_kind, e->kind);
    const char *who = NULL;

    if (e->kind <= LEDGER_ARREARS)
        who = p->names->driver;
    else if (e->kind == LEDGER_MERCHANT)
        who = p->names->merchant;
    else if (e->kind == LEDGER_SERVICE)
        who = p->names->provider;
    return who != NULL && who[0] != '\0'
               ? cx_printf(p->cx, "%s · %s", word, who) : word;
}

static size_t put_holds(struct page *p)
{
    size_t n;
    const struct ledger_hold_view *h = ledger_holds_of(p->cx, "order",
                                                       p->o->id, &n);
    char text[STAMP_TEXT];

    for (size_t i = 0; i < n; i++) {
        struct vnode *d = v_item(v_child(p->v, "docs"), i);
        struct vnode *e = v_child(d, "entries");

        v_set(d, "title", h[i].how == 0 ? "预授权冻结（未解除）"
                                        : "预授权冻结（已解除）");
        v_set(d, "kind", "order.hold");
        v_set(d, "at", stamp_text(h[i].created_at, text));
        v_set(v_item(e, 0), "account", "可用余额");
        v_set(v_item(e, 0), "debit", yuan(p->cx, h[i].amount));
        v_set(v_item(e, 1), "account", "冻结");
        v_set(v_item(e, 1), "credit", yuan(p->cx, h[i].amount));
    }
    return n;
}

static void show_ledger(struct request *req, const void *args)
{
    const struct order_args *a = args;
    struct page *p = begin(req, a->id, "ledger");
    size_t n, docs = put_holds(p), line = 0;
    const struct ledger_entry *e = ledger_of(p->cx, "order", a->id, &n);
    struct vnode *doc = NULL;
    char text[STAMP_TEXT];
    int64_t sum = 0;

    for (size_t i = 0; i < n; i++) {
        struct vnode *v;

        if (i == 0 || e[i].tx_id != e[i - 1].tx_id) {
            doc = v_item(v_child(p->v, "docs"), docs++);
            v_set(doc, "title", ledger_doc_word(e[i].doc_kind));
            v_set(doc, "kind", e[i].doc_kind);
            v_printf(doc, "idem", "#%" PRId64, e[i].tx_id);
            v_set(doc, "at", stamp_text(e[i].at, text));
            line = 0;
        }
        v = v_item(v_child(doc, "entries"), line++);
        v_set(v, "account", owner_text(p, &e[i]));
        v_set(v, e[i].amount.fen < 0 ? "debit" : "credit",
              yuan(p->cx, e[i].amount.fen < 0 ? money_neg(e[i].amount)
                                              : e[i].amount));
        sum += e[i].amount.fen;
    }
    v_set(p->v, "docs_key", sum == 0 ? "ok" : "fault");
    v_set(p->v, "docs_word", sum == 0 ? "借贷相等" : "借贷不等");
    finish(p);
}

/* ---- log ------------------------------------------------------------- */

static void show_log(struct request *req, const void *args)
{
    const struct order_args *a = args;
    struct page *p = begin(req, a->id, "log");
    size_t n;
    struct audit_entry *e = audit_of(p->cx, "order", a->id, &n);
    char text[STAMP_TEXT];

    for (size_t i = 0; i < n; i++) {
        struct vnode *v = v_item(v_child(p->v, "log"), i);

        v_set(v, "at", stamp_text(e[i].at, text));
        v_set(v, "who", e[i].actor_kind == ACTOR_SYSTEM ? "系统"
                                                        : e[i].actor_name);
        v_set(v, "event", audit_event_word(e[i].event));
        v_set(v, "text", e[i].text);
        v_set(v, "address", e[i].address);
    }
    finish(p);
}

/* ---- evidence -------------------------------------------------------- */

static void show_evidence(struct request *req, const void *args)
{
    const struct evidence_args *a = args;
    struct page *p = begin(req, a->id, "evidence");

    order_evidence(p->cx, p->v, p->o, a);
    finish(p);
}

static const struct arg order_args[] = {
    ARG(struct order_args, id, .min = 1, .max = INT64_MAX),
};

#define ONE_ORDER \
    .args = LIST(order_args), .args_size = sizeof(struct order_args)

const struct route order_routes[ORDER_ROUTES] = {
    { GET, "/console/order/:id", AUTH_ACCOUNT, "order.view", ONE_ORDER,
      .run = show_bill },
    { GET, "/console/order/:id/ledger", AUTH_ACCOUNT, "order.view",
      ONE_ORDER, .run = show_ledger },
    { GET, "/console/order/:id/evidence", AUTH_ACCOUNT, "order.view",
      .args = { evidence_args, EVIDENCE_ARGS },
      .args_size = sizeof(struct evidence_args), .run = show_evidence },
    { GET, "/console/order/:id/log", AUTH_ACCOUNT, "order.view", ONE_ORDER,
      .run = show_log },
    { GET, "/console/order/:id/review", AUTH_ACCOUNT, "order.review",
      .args = { review_args, 1 }, .args_size = sizeof(struct review_args),
      .run = review_ask },
    { POST, "/console/order/:id/review", AUTH_ACCOUNT, "order.review",
      ROUTE_NO_TX | ROUTE_FORM_ONCE, .args = { review_args, REVIEW_ARGS },
      .args_size = sizeof(struct review_args), .run = review_decide },
};
