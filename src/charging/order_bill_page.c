/* The bill of an order by period, the facts beside it, and its curves. */
#include "charging/order_page.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/money.h"
#include "charging/evidence.h"
#include "protocol/ykc/codes.h"

/* When the rate ran between two moments: "10:41 – 11:00、12:00 – 12:20";
   first is when it began, the end if it never did. */
static const char *rate_span(struct order_view *p, int rate, stamp start,
                             stamp end, int64_t *first)
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
                         order_clock(p->cx, (stamp){ from }),
                         order_clock(p->cx, (stamp){ at }));
    }
    return spans == 0 ? "—" : text;
}

static void put_difference(struct cx *cx, struct vnode *v, int64_t ours_e4,
                           int64_t pile_e4)
{
    int64_t diff = ours_e4 - pile_e4;
    const char *shown = order_decimal(cx, diff, 4, 2);

    v_set(v, "pile", order_decimal(cx, pile_e4, 4, 4));
    /* A minus is as wide as a plus, which a hyphen is not. */
    v_set(v, "diff", *shown == '-' ? cx_printf(cx, "\u2212%s", shown + 1)
                                   : shown);
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

static void put_bill_row(struct order_view *p, struct vnode *v,
                         const struct bill_row *row)
{
    const struct order_bill_row *r = &row->r;
    struct cx *cx = p->cx;
    int64_t ours_e4 = (r->elec_nano + r->service_nano + 50000) / 100000;

    v_set(v, "key", tariff_rate_labels[r->rate].key);
    v_set(v, "span", row->span);
    v_set(v, "energy", order_decimal(cx, r->energy_e4kwh, 4, 4));
    v_set(v, "elec", order_decimal(cx, r->elec_e5, 5, 4));
    v_set(v, "service", order_decimal(cx, r->service_e5, 5, 4));
    v_set(v, "amount", order_decimal(cx, ours_e4, 4, 4));
    if (order_has_bill(p->o)) {
        put_difference(cx, v, ours_e4, r->pile_amount_e4yuan);
    } else {
        v_set(v, "pile", "—");
        v_set(v, "diff", "—");
    }
}

static void put_bill_rows(struct order_view *p, struct vnode *list,
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

static void put_parts(struct cx *cx, struct vnode *b, money elec,
                      money service)
{
    struct vnode *list = v_child(b, "parts");

    order_put_figure(list, 0, "电费", order_yuan(cx, elec), NULL);
    order_put_figure(list, 1, "服务费", order_yuan(cx, service), NULL);
}

/* Ours beside the pile's. */
static void put_settled(struct order_view *p, struct vnode *b,
                        const struct order_bill_row *rows, size_t n)
{
    const struct order *o = p->o;
    struct vnode *sum = v_child(b, "sum");
    struct cx *cx = p->cx;

    put_bill_rows(p, v_child(b, "rows"), rows, n, o->started_at,
                  o->finished_at);
    v_set(sum, "energy", order_decimal(cx, o->energy_e4kwh, 4, 4));
    v_set(sum, "amount", order_decimal(cx, o->total_fen.fen, 2, 2));
    put_difference(cx, sum, o->total_fen.fen * 100, o->pile_amount_e4yuan);
    v_set(b, "key", v_get(sum, "bad") != NULL ? "warn" : "ok");
    v_set(b, "word", o->provisional              ? "按遥测暂结"
                     : v_get(sum, "bad") != NULL ? "与桩侧不一致"
                                                 : "与桩侧一致");
    put_parts(cx, b, o->elec_fen, o->service_fen);
}

/* What has flowed so far at the frozen prices: the rates of the tariff's day,
   and what of it the pile has not yet confirmed. */
static void put_estimate(struct order_view *p, struct vnode *b)
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
    v_set(sum, "energy", order_decimal(cx, p->bill.energy_e4kwh, 4, 4));
    v_set(sum, "amount", order_decimal(cx, p->bill.total.fen, 2, 2));
    v_set(sum, "pile", "—");
    v_set(sum, "diff", "—");
    v_set(b, "key", "warn");
    v_set(b, "word", "预估");
    v_printf(b, "hint", "按 %s 的电量和启动时的电价估算，"
             "结算以电桩的交易记录为准。",
             order_clock(cx, p->measured.end));
    put_parts(cx, b, p->bill.elec, p->bill.service);
}

static void put_bill(struct order_view *p)
{
    const struct order *o = p->o;
    struct vnode *b = v_child(p->v, "bill");
    size_t n;
    const struct order_bill_row *rows = order_bill(p->cx, o->id, &n);

    v_printf(b, "version", "计费规则第 %d 版（启动时冻结）",
             p->tariff->version_no);
    v_set(b, "total_label", order_has_bill(o) ? "实付" : "预估");
    v_set(b, "total", order_yuan(p->cx, order_view_cost(p)));
    v_set(b, "text", o->state == ORDER_START_FAILED
                         ? "没有充电，不产生费用。"
                         : "开始充电后按时段列出预估费用，"
                           "收到电桩的交易记录后结算。");
    if (n > 0)
        put_settled(p, b, rows, n);
    else if (order_is_estimated(o))
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

static const char *stop_text(struct order_view *p)
{
    const struct order *o = p->o;

    if (o->recorded_at.ms == 0)
        return "—";
    return cx_printf(p->cx, "%s（0x%02X）",
                     label_word((struct labels)LIST(ykc_stop_labels),
                                o->stop_reason),
                     (unsigned)o->stop_reason);
}

static void put_facts(struct order_view *p)
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
         cx_printf(p->cx, "钱包余额 · 冻结 %s", order_yuan(p->cx, o->hold_fen)));
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
    fact(right, 2, "启动方式",
         label_word((struct labels)LIST(order_start_by_labels), o->start_by));
    fact(right, 3, "停止原因", stop_text(p));
    v_flag(fact(right, 4, "交易流水号", o->trade_no), "mono", true);
}

/* ---- curve ----------------------------------------------------------- */

struct series {
    const char *name;
    int scale, shown;
    size_t offset; /* in struct order_reading */
};

static void put_curve(struct order_view *p)
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
    struct json_out *j = view_json(p->cx);

    json_open(j, NULL, '{');
    json_open(j, "t", '[');
    for (size_t i = 0; i < n; i++)
        json_text(j, NULL, order_clock(p->cx, r[i].at));
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
    v_json(p->cx, p->v, "curve", j);
}

void order_put_bill(struct order_view *p)
{
    put_bill(p);
    put_facts(p);
    put_curve(p);
}
