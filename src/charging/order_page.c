/*
 * One order: head with timeline and figures, and its tabs: bill and curves,
 * ledger, evidence, log.
 */
#include <inttypes.h>
#include <string.h>

#include "base/log.h"
#include "base/money.h"
#include "charging/evidence.h"
#include "charging/gun_admin.h"
#include "charging/order_admin.h"
#include "charging/order_evidence_page.h"
#include "charging/order_page.h"
#include "charging/order_review_admin.h"
#include "charging/wall.h"
#include "ledger/ledger.h"
#include "system/audit.h"
#include "system/audit_admin.h"

#define WORD(tag, value) label_word((struct labels)LIST(tag##_labels), value)

const char *order_clock(struct cx *cx, stamp t)
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

const char *order_yuan(struct cx *cx, money m)
{
    char text[MONEY_TEXT];

    return cx_printf(cx, "¥%s", money_pretty(m, text));
}

const char *order_decimal(struct cx *cx, int64_t v, int scale, int shown)
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

static void put_steps(struct order_view *p)
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
        v_set(s, "time", done ? order_clock(p->cx, steps[i].at) : "—");
        v_set(s, "state", steps[i].instead != NULL ? steps[i].instead
                          : done                   ? "done"
                                                   : "todo");
    }
}

void order_put_figure(struct vnode *list, size_t i, const char *label,
                       const char *value, const char *unit)
{
    struct vnode *f = v_item(list, i);

    v_set(f, "label", label);
    v_set(f, "value", value);
    if (unit != NULL)
        v_set(f, "unit", unit);
}

bool order_has_bill(const struct order *o)
{
    return o->state >= ORDER_RECORDED;
}

bool order_is_estimated(const struct order *o)
{
    return o->charging_at.ms != 0 && o->state >= ORDER_CHARGING &&
           o->state <= ORDER_AWAITING_RECORD;
}

money order_view_cost(const struct order_view *p)
{
    return order_has_bill(p->o) ? p->o->total_fen : p->bill.total;
}

static int64_t seconds_of(const struct order_view *p)
{
    const struct order *o = p->o;

    if (o->seconds > 0 || o->charging_at.ms == 0)
        return o->seconds;
    return ((o->ended_at.ms != 0 ? o->ended_at.ms : p->cx->now.ms) -
            o->charging_at.ms) / 1000;
}

static void put_figures(struct order_view *p)
{
    const struct order *o = p->o;
    struct cx *cx = p->cx;
    struct vnode *list = v_child(p->v, "figures");
    int64_t energy = order_has_bill(o) ? o->energy_e4kwh : o->live_energy_e4kwh;
    int64_t seconds = seconds_of(p);
    /* 1e-4 kWh over seconds in W: x 360 */
    int64_t mean_w = seconds > 0 ? energy * 360 / seconds : 0;

    order_put_figure(list, 0, order_has_bill(o) ? "实付" : "预估",
                     order_yuan(cx, order_view_cost(p)), NULL);
    order_put_figure(list, 1, "电量", order_decimal(cx, energy, 4, 4), "kWh");
    order_put_figure(list, 2, "时长", duration_text(cx, seconds), NULL);
    order_put_figure(list, 3, "SOC",
                     o->soc > 0
                         ? cx_printf(cx, "%d → %d", o->soc_start, o->soc)
                         : "—", "%");
    order_put_figure(list, 4, "最大 / 平均功率",
                     cx_printf(cx, "%s / %s",
                               order_decimal(cx, o->max_power_w, 3, 1),
                               order_decimal(cx, mean_w, 3, 1)), "kW");
    order_put_figure(list, 5, "电表起止",
                     o->meter_end_e4kwh > 0
                         ? cx_printf(cx, "%s → %s",
                                     order_decimal(cx, o->meter_start_e4kwh,
                                                   4, 4),
                                     order_decimal(cx, o->meter_end_e4kwh,
                                                   4, 4))
                         : "—", NULL);
    v_set(v_item(list, 5), "small", "1");
}

static void put_acts(struct order_view *p)
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

static void put_alert(struct order_view *p)
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
                 order_yuan(p->cx, o->arrears_fen));
    } else {
        return;
    }
    v_set(p->v, "alert", "1");
}

static void put_tab(struct order_view *p, size_t i, const char *key,
                    const char *title, const char *tail, int64_t count)
{
    struct vnode *t = v_item(v_child(p->v, "tabs"), i);

    v_set(t, "key", key);
    v_set(t, "title", title);
    v_printf(t, "path", "/console/order/%" PRId64 "%s", p->o->id, tail);
    if (count > 0)
        v_int(t, "count", count);
}

static struct order_view *begin(struct request *req, int64_t id,
                                const char *tab)
{
    struct cx *cx = req->cx;
    struct order_view *p = CX_NEW(cx, struct order_view);
    struct labels states = LIST(order_state_labels);
    int64_t newer, older;

    p->req = req;
    p->cx = cx;
    p->o = order_load(cx, id);
    p->names = order_names(cx, id);
    p->tariff = tariff_version_load(cx, p->o->tariff_version_id);
    if (order_is_estimated(p->o)) {
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

static void finish(struct order_view *p)
{
    answer_page(p->req, "page/order.cs", p->tree,
                cx_printf(p->cx, "订单 %s", p->o->order_no));
}

struct order_args {
    int64_t id;
};

static void show_bill(struct request *req, const void *args)
{
    const struct order_args *a = args;
    struct order_view *p = begin(req, a->id, "bill");

    order_put_bill(p);
    v_flag(v_child(p->tree, "Page"), "charts", true);
    finish(p);
}

/* ---- ledger ---------------------------------------------------------- */

static const char *owner_text(struct order_view *p,
                              const struct ledger_entry *e)
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

static size_t put_holds(struct order_view *p)
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
        v_set(v_item(e, 0), "debit", order_yuan(p->cx, h[i].amount));
        v_set(v_item(e, 1), "account", "冻结");
        v_set(v_item(e, 1), "credit", order_yuan(p->cx, h[i].amount));
    }
    return n;
}

static void show_ledger(struct request *req, const void *args)
{
    const struct order_args *a = args;
    struct order_view *p = begin(req, a->id, "ledger");
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
              order_yuan(p->cx, e[i].amount.fen < 0 ? money_neg(e[i].amount)
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
    struct order_view *p = begin(req, a->id, "log");
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
    struct order_view *p = begin(req, a->id, "evidence");

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
