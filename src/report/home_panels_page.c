/* The panels beside and below the curve. */
#include "report/home_page.h"

#include <inttypes.h>

#include "asset/live.h"
#include "base/money.h"

enum { RANK_ROWS = 12 };

/* ---- states, periods ---------------------------------------------------- */

static const char *share_text(struct cx *cx, int64_t part, int64_t whole,
                              int places)
{
    int64_t scale = places == 1 ? 1000 : 10000;
    int64_t v = whole > 0 ? (part * scale * 2 + whole) / (whole * 2) : 0;
    char text[MONEY_TEXT];

    return cx_strdup(cx, decimal_text(v, places, places, false, text));
}

void home_put_states(struct home *h)
{
    struct vnode *v = v_child(h->tree, "Home.states");
    int64_t counts[7], before = 0;
    char text[MONEY_TEXT];
    size_t parts = 0;

    figures_states(h->cx, h->a.station, counts);
    v_set(v, "total", decimal_text(counts[0], 0, 0, true, text));
    for (size_t i = 0; i < connector_state_count; i++) {
        const struct label *l = &connector_state_labels[i];
        struct vnode *row = v_item(v_child(v, "rows"), i);
        int64_t n = counts[l->value];

        v_set(row, "key", l->key);
        v_set(row, "word", l->word);
        v_set(row, "count", decimal_text(n, 0, 0, true, text));
        v_printf(row, "share", "%s%%", share_text(h->cx, n, counts[0], 1));
        v_printf(row, "path", h->a.station != 0
                     ? "/console/wall?state=%s&station=%" PRId64
                     : "/console/wall?state=%s",
                 l->key, h->a.station);
        if (n > 0) {
            struct vnode *part = v_item(v_child(v, "parts"), parts++);

            v_set(part, "kind", l->key);
            v_set(part, "x", share_text(h->cx, before, counts[0], 2));
            v_set(part, "w", share_text(h->cx, n, counts[0], 2));
        }
        before += n;
    }
}

static void put_hours(struct home *h, struct vnode *v)
{
    struct figures now[24], before[24];
    const char *slots = figures_slots(h->cx, h->a.station);
    int hour = stamp_minute_of_day(h->cx->now) / 60;
    bool month = h->a.day == DAY_MONTH;
    stamp day = h->a.day == DAY_YESTERDAY ? h->from : h->today;
    stamp first = month ? home_month_start(h->today, 0) : day;
    struct json_out *j = view_json(h->cx);

    figures_hours(h->cx, h->a.station, first, stamp_add_days(day, 1), now);
    figures_hours(h->cx, h->a.station,
                  month ? home_month_start(h->today, 1)
                        : stamp_add_days(day, -1),
                  first, before);
    json_open(j, NULL, '{');
    json_text(j, "word", month ? "本月" : "本日");
    json_text(j, "before", month ? "上月" : "前一日");
    json_open(j, "kwh", '[');
    for (int i = 0; i < 24; i++)
        home_json_point(j,
                        !month && day.ms == h->today.ms && i > hour ? NULL
                                                                    : &now[i],
                        SERIES_ENERGY);
    json_close(j, ']');
    json_open(j, "p", '[');
    for (size_t i = 0; i < 24; i++)
        json_int(j, NULL, slots != NULL ? slots[2 * i] - '0' : 2);
    json_close(j, ']');
    json_open(j, "prev", '[');
    for (int i = 0; i < 24; i++)
        home_json_point(j, &before[i], SERIES_ENERGY);
    json_close(j, ']');
    json_close(j, '}');
    v_json(h->cx, v, "json", j);
}

void home_put_periods(struct home *h)
{
    static const char *const keys[] = { "sharp", "peak", "flat", "valley" };
    struct vnode *v = v_child(h->tree, "Home.tou");
    int64_t rates[4], sum = 0;
    char text[MONEY_TEXT];

    put_hours(h, v);
    figures_rates(h->cx, h->a.station, h->from, h->until, rates);
    for (size_t i = 0; i < 4; i++)
        sum += rates[i];
    v_printf(v, "title", "%s分时电量",
             label_word((struct labels)LIST(home_day_labels), h->a.day));
    v_set(v, "total", decimal_text(sum, 4, 0, true, text));
    for (size_t i = 0; i < 4; i++) {
        struct vnode *row = v_item(v_child(v, "rows"), i);

        v_set(row, "key", keys[i]);
        v_set(row, "value", decimal_text(rates[i], 4, 0, true, text));
        v_printf(row, "share", "%s%%", share_text(h->cx, rates[i], sum, 1));
    }
}

/* ---- totals, to do, ranking --------------------------------------------- */

static void put_total(struct vnode *list, size_t *i, const char *label,
                      const char *value, const char *unit)
{
    struct vnode *v = v_item(list, (*i)++);

    v_set(v, "label", label);
    v_set(v, "value", value);
    v_set(v, "unit", unit);
}

void home_put_totals(struct home *h)
{
    struct vnode *list = v_child(h->tree, "Home.totals");
    struct figures f = figures_total(h->cx, h->a.station);
    char text[MONEY_TEXT];
    size_t i = 0;

    if (h->cx->scope.all && h->a.station == 0) {
        struct platform_figures p =
            figures_platform(h->cx, (stamp){ 0 },
                             stamp_add_days(h->today, 1));

        put_total(list, &i, "开账户数",
                  decimal_text(p.drivers, 0, 0, true, text), "户");
        put_total(list, &i, "充值金额",
                  money_pretty(FEN(p.topup_fen), text), "元");
    }
    put_total(list, &i, "充电金额", money_pretty(FEN(f.total_fen), text),
              "元");
    put_total(list, &i, "充电度数",
              decimal_text(f.energy_e4kwh, 4, 2, true, text), "kWh");
    put_total(list, &i, "充电次数",
              decimal_text(f.orders, 0, 0, true, text), "次");
    put_total(list, &i, "充电时长",
              decimal_text(f.seconds / 360, 1, 1, true, text), "h");
    v_printf(v_child(h->tree, "Home"), "totals_note", "截至 %02d:%02d",
             stamp_minute_of_day(h->cx->now) / 60,
             stamp_minute_of_day(h->cx->now) % 60);
}

static void put_task(struct vnode *list, size_t i, const char *icon,
                     const char *title, int64_t count, const char *to)
{
    struct vnode *v = v_item(list, i);

    v_set(v, "icon", icon);
    v_set(v, "title", title);
    v_int(v, "count", count);
    v_set(v, "path", to);
}

void home_put_todo(struct home *h)
{
    struct vnode *list = v_child(h->tree, "Home.todo");
    struct todo_figures t = figures_todo(h->cx, h->a.station);
    char text[MONEY_TEXT];

    put_task(list, 0, "alert-triangle", "待复核订单", t.review,
             "/console/order?state=review");
    if (t.review > 0)
        v_printf(v_item(list, 0), "note", "合计 ¥%s",
                 money_pretty(FEN(t.review_fen), text));
    put_task(list, 1, "plug-connected-x", "故障电枪", t.fault,
             "/console/wall?state=fault");
    put_task(list, 2, "wifi-off", "离线电桩", t.offline,
             "/console/pile?online=offline");
    if (t.offline > 0 && t.offline_since.ms != 0)
        v_printf(v_item(list, 2), "note", "最久 %" PRId64 " 分钟",
                 (h->cx->now.ms - t.offline_since.ms) / 60000);
}

static void put_rank_row(struct home *h, struct vnode *v,
                         const struct station_figures *f)
{
    int64_t span = (h->until.ms < h->cx->now.ms ? h->until.ms
                                                : h->cx->now.ms) -
                   h->from.ms;
    int64_t whole = f->guns * span / 1000;
    char text[MONEY_TEXT];

    v_set(v, "name", f->name);
    v_printf(v, "path", "/console/station/%" PRId64, f->station_id);
    v_set(v, "energy", decimal_text(f->energy_e4kwh, 4, 2, true, text));
    v_set(v, "orders", decimal_text(f->orders, 0, 0, true, text));
    v_set(v, "amount", money_pretty(FEN(f->total_fen), text));
    v_set(v, "fee", money_pretty(FEN(f->service_fen), text));
    v_set(v, "use_w", share_text(h->cx, f->seconds < whole ? f->seconds
                                                           : whole,
                                 whole, 1));
    v_printf(v, "use", "%s%%", v_get(v, "use_w"));
    v_int(v, "idle", f->idle);
    v_int(v, "guns", f->guns);
}

void home_put_rank(struct home *h)
{
    struct vnode *v = v_child(h->tree, "Home.rank");
    size_t n;
    struct station_figures *f =
        figures_rank(h->cx, h->a.station, h->from, h->until,
                     (enum figures_rank_by)(h->a.rank - 1), RANK_ROWS, &n);

    v_printf(v, "title", "电站%s排行",
             label_word((struct labels)LIST(home_day_labels), h->a.day));
    for (size_t i = 0; i < home_rank_count; i++) {
        struct vnode *by = v_item(v_child(v, "by"), i);
        const struct label *l = &home_rank_labels[i];

        v_set(by, "title", l->word);
        v_set(by, "path", home_path(h, h->a.day, h->a.trend, l->value));
        v_flag(by, "on", l->value == h->a.rank);
    }
    for (size_t i = 0; i < n; i++) {
        struct vnode *row = v_item(v_child(v, "rows"), i);

        v_int(row, "no", (int64_t)i + 1);
        put_rank_row(h, row, &f[i]);
    }
}
