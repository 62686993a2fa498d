/*
 * The home page (首页): live counts, today and yesterday, trend, ranking.
 * tests/templates/home.hdf shows the tree.
 */
#include "report/home_admin.h"

#include <inttypes.h>
#include <string.h>

#include "asset/live.h"
#include "asset/station.h"
#include "base/money.h"
#include "report/figures.h"

enum { SPARK_DAYS = 14, SPARK_W = 640, SPARK_H = 240, RANK_ROWS = 12 };

#define HOME_DAYS(X)                              \
    X(DAY_TODAY,     1, "today",     "今日", NULL) \
    X(DAY_YESTERDAY, 2, "yesterday", "昨日", NULL) \
    X(DAY_MONTH,     3, "month",     "本月", NULL)
#define HOME_TRENDS(X)                                    \
    X(TREND_30D,   1, "30d",   "近 30 天", NULL)           \
    X(TREND_MONTH, 2, "month", "上月 / 本月", NULL)         \
    X(TREND_12M,   3, "12m",   "近 12 月", NULL)
#define HOME_RANKS(X)                                  \
    X(HOME_ENERGY, 1, "energy", "电量", NULL)           \
    X(HOME_AMOUNT, 2, "amount", "金额", NULL)           \
    X(HOME_USE,    3, "use",    "利用率", NULL)

LABELS_DECLARE(home_day, HOME_DAYS);
LABELS_DECLARE(home_trend, HOME_TRENDS);
LABELS_DECLARE(home_rank, HOME_RANKS);
LABELS_DEFINE(home_day, HOME_DAYS);
LABELS_DEFINE(home_trend, HOME_TRENDS);
LABELS_DEFINE(home_rank, HOME_RANKS);

struct home_args {
    int day, trend, rank;
    int64_t station;
};

static const struct arg home_args[] = {
    ARG(struct home_args, day, .labels = LIST(home_day_labels)),
    ARG(struct home_args, trend, .labels = LIST(home_trend_labels)),
    ARG(struct home_args, rank, .labels = LIST(home_rank_labels)),
    ARG(struct home_args, station, .min = 0, .max = INT64_MAX),
};

struct home {
    struct cx *cx;
    struct home_args a;
    stamp today;
    stamp from, until; /* of the chosen day or month */
    struct vnode *tree;
};

static const char *key(struct labels l, int value)
{
    return label_of(l, value)->key;
}

/* This page with one parameter changed. */
static const char *path(const struct home *h, int day, int trend, int rank)
{
    const char *p =
        cx_printf(h->cx, "/console/?day=%s&trend=%s&rank=%s",
                  key((struct labels)LIST(home_day_labels), day),
                  key((struct labels)LIST(home_trend_labels), trend),
                  key((struct labels)LIST(home_rank_labels), rank));

    if (h->a.station != 0)
        p = cx_printf(h->cx, "%s&station=%" PRId64, p, h->a.station);
    return p;
}

/* ---- figures ------------------------------------------------------------ */

/* Yesterday up to this time of day; the running hour counts by its minutes. */
static struct figures same_moment(const struct figures hours[24], stamp now)
{
    int minute = stamp_minute_of_day(now), hour = minute / 60;
    struct figures sum = { 0 };

    for (int i = 0; i <= hour; i++) {
        int64_t num = i < hour ? 60 : minute % 60;

        sum.orders += hours[i].orders * num / 60;
        sum.energy_e4kwh += hours[i].energy_e4kwh * num / 60;
        sum.total_fen += hours[i].total_fen * num / 60;
        sum.service_fen += hours[i].service_fen * num / 60;
        sum.seconds += hours[i].seconds * num / 60;
    }
    return sum;
}

struct kpi {
    const char *label, *unit;
    size_t offset;   /* in struct figures */
    int scale, shown; /* as decimal_text */
    int64_t divide;  /* before that */
};

#define OF(member) offsetof(struct figures, member)
static const struct kpi kpis[] = {
    { "充电量", "kWh", OF(energy_e4kwh), 4, 2, 1 },
    { "订单", "笔", OF(orders), 0, 0, 1 },
    { "订单总额", "元", OF(total_fen), 2, 2, 1 },
    { "充电服务费", "元", OF(service_fen), 2, 2, 1 },
    { "充电时长", "h", OF(seconds), 1, 1, 360 },
};
#undef OF

static int64_t value_of(const struct kpi *k, const struct figures *f)
{
    int64_t v;

    memcpy(&v, (const char *)f + k->offset, sizeof v);
    return v;
}

static const char *figure_text(struct cx *cx, const struct kpi *k, int64_t v)
{
    char text[MONEY_TEXT];

    return cx_strdup(cx, decimal_text(v / k->divide, k->scale, k->shown, true,
                                      text));
}

static void set_delta(struct vnode *n, int64_t now, int64_t before)
{
    char text[MONEY_TEXT];
    int64_t permille;

    if (before <= 0)
        return;
    permille = (now - before) * 1000 / before;
    v_set(n, "dir", permille > 0 ? "up" : permille < 0 ? "down" : "flat");
    if (permille != 0)
        v_printf(n, "delta", "%s%%",
                 decimal_text(permille < 0 ? -permille : permille, 1, 1, true,
                              text));
}

/* The last days as points of a 64 x 24 picture, in tenths. */
static void set_spark(struct cx *cx, struct vnode *n,
                      const int64_t values[SPARK_DAYS])
{
    int64_t low = values[0], high = values[0];
    const char *points = "";

    for (int i = 1; i < SPARK_DAYS; i++) {
        low = values[i] < low ? values[i] : low;
        high = values[i] > high ? values[i] : high;
    }
    if (high == low)
        return;
    for (int i = 0; i < SPARK_DAYS; i++) {
        char x[MONEY_TEXT], y[MONEY_TEXT];
        int64_t up = (values[i] - low) * (SPARK_H - 50) / (high - low);

        points = cx_printf(
            cx, "%s%s%s,%s", points, i > 0 ? " " : "",
            decimal_text(i * SPARK_W / (SPARK_DAYS - 1), 1, 1, false, x),
            decimal_text(SPARK_H - 20 - up, 1, 1, false, y));
    }
    v_set(n, "spark", points);
}

static void spark_values(const struct home *h, const struct kpi *k,
                         const struct figures_at *days, size_t n,
                         int64_t values[SPARK_DAYS])
{
    for (int i = 0; i < SPARK_DAYS; i++) {
        stamp day = stamp_add_days(h->today, i - SPARK_DAYS);

        values[i] = 0;
        for (size_t d = 0; d < n; d++)
            if (days[d].at.ms == day.ms)
                values[i] = value_of(k, &days[d].sum);
    }
}

static struct figures sum_of(const struct figures_at *days, size_t n,
                             stamp from, stamp until)
{
    struct figures sum = { 0 };

    for (size_t i = 0; i < n; i++) {
        const struct figures *f = &days[i].sum;

        if (days[i].at.ms < from.ms || days[i].at.ms >= until.ms)
            continue;
        sum.orders += f->orders;
        sum.energy_e4kwh += f->energy_e4kwh;
        sum.total_fen += f->total_fen;
        sum.service_fen += f->service_fen;
        sum.seconds += f->seconds;
    }
    return sum;
}

/* What the chosen days are compared with: the same moment of yesterday, the
   day before, or the same days of last month. */
struct compared {
    struct figures now, before, whole;
    const char *label; /* of whole */
};

static stamp month_start(stamp t, int back)
{
    struct civil c = stamp_civil(t);

    c = (struct civil){ c.year, c.month - back, 1, 0, 0, 0, 0 };
    while (c.month < 1) {
        c.month += 12;
        c.year--;
    }
    return stamp_from_civil(&c);
}

static struct compared compare(struct home *h, const struct figures_at *days,
                               size_t n)
{
    struct compared c = { .label = NULL };
    struct figures hours[24];
    stamp last = month_start(h->today, 1);

    c.now = sum_of(days, n, h->from, h->until);
    if (h->a.day == DAY_TODAY) {
        figures_hours(h->cx, h->a.station, stamp_add_days(h->today, -1),
                      h->today, hours);
        c.before = same_moment(hours, h->cx->now);
        c.whole = sum_of(days, n, stamp_add_days(h->today, -1), h->today);
    } else if (h->a.day == DAY_YESTERDAY) {
        c.before = c.whole = sum_of(days, n, stamp_add_days(h->from, -1),
                                    h->from);
        c.label = "前日";
    } else {
        int passed = (int)((h->today.ms - h->from.ms) / DAY_MS) + 1;

        c.before = sum_of(days, n, last, stamp_add_days(last, passed));
        c.whole = sum_of(days, n, last, h->from);
        c.label = "上月";
    }
    return c;
}

static void put_topup(struct home *h, struct vnode *n, const char *day)
{
    struct platform_figures now, before;
    char text[MONEY_TEXT];
    stamp back = h->a.day == DAY_MONTH ? month_start(h->today, 1)
                                       : stamp_add_days(h->from, -1);

    now = figures_platform(h->cx, h->from, h->until);
    before = figures_platform(h->cx, back, h->from);
    v_printf(n, "label", "%s充值金额", day);
    v_set(n, "value", money_pretty(FEN(now.topup_fen), text));
    v_set(n, "unit", "元");
    v_set(n, "before", money_pretty(FEN(before.topup_fen), text));
    if (h->a.day == DAY_MONTH)
        v_set(n, "before_label", "上月");
}

static void put_kpis(struct home *h, const struct figures_at *days, size_t n)
{
    struct vnode *list = v_child(h->tree, "Home.kpis");
    struct compared c = compare(h, days, n);
    const char *day = label_word((struct labels)LIST(home_day_labels),
                                 h->a.day);
    int64_t spark[SPARK_DAYS];

    for (size_t i = 0; i < COUNT(kpis); i++) {
        const struct kpi *k = &kpis[i];
        struct vnode *v = v_item(list, i);

        v_printf(v, "label", "%s%s", day, k->label);
        v_set(v, "value", figure_text(h->cx, k, value_of(k, &c.now)));
        v_set(v, "unit", k->unit);
        v_set(v, "path", "/console/order");
        v_set(v, "before", figure_text(h->cx, k, value_of(k, &c.whole)));
        if (c.label != NULL)
            v_set(v, "before_label", c.label);
        set_delta(v, value_of(k, &c.now), value_of(k, &c.before));
        spark_values(h, k, days, n, spark);
        set_spark(h->cx, v, spark);
    }
    if (h->cx->scope.all && h->a.station == 0)
        put_topup(h, v_item(list, COUNT(kpis)), day);
}

/* ---- trend -------------------------------------------------------------- */

static struct json_out *json_begin(struct cx *cx, struct buf **b)
{
    struct json_out *j = CX_NEW(cx, struct json_out);

    *b = cx_buf(cx, 256 * 1024);
    j->to = *b;
    return j;
}

enum series { SERIES_ENERGY, SERIES_AMOUNT, SERIES_ELEC, SERIES_FEE };

/* kWh and yuan with two places. */
static void json_point(struct json_out *j, const struct figures *f,
                       enum series s)
{
    char text[MONEY_TEXT];

    if (f == NULL)
        json_none(j, NULL);
    else if (s == SERIES_ENERGY)
        json_raw(j, NULL, decimal_text(f->energy_e4kwh, 4, 2, false, text));
    else
        json_raw(j, NULL, decimal_text(s == SERIES_AMOUNT ? f->total_fen
                                       : s == SERIES_ELEC ? f->elec_fen
                                                          : f->service_fen,
                                       2, 2, false, text));
}

static const struct figures *find(const struct figures_at *rows, size_t n,
                                  stamp at)
{
    static const struct figures none;

    for (size_t i = 0; i < n; i++)
        if (rows[i].at.ms == at.ms)
            return &rows[i].sum;
    return &none;
}

struct trend {
    const struct figures_at *rows;
    size_t n;
    int points;
    stamp (*at)(const struct home *h, int i);
    const char *(*name)(struct cx *cx, stamp at);
};

static stamp at_day30(const struct home *h, int i)
{
    return stamp_add_days(h->today, i - 30);
}

static stamp at_month_day(const struct home *h, int i)
{
    return stamp_add_days(month_start(h->today, 0), i);
}

static stamp at_month(const struct home *h, int i)
{
    return month_start(h->today, 11 - i);
}

static const char *name_day(struct cx *cx, stamp at)
{
    struct civil c = stamp_civil(at);

    return cx_printf(cx, "%02d-%02d", c.month, c.day);
}

static const char *name_month(struct cx *cx, stamp at)
{
    struct civil c = stamp_civil(at);

    return cx_printf(cx, "%04d-%02d", c.year, c.month);
}

static void json_series(struct home *h, struct json_out *j, const char *name,
                        const struct trend *t, enum series s)
{
    json_open(j, name, '[');
    for (int i = 0; i < t->points; i++) {
        stamp at = t->at(h, i);

        json_point(j, at.ms > h->today.ms ? NULL : find(t->rows, t->n, at), s);
    }
    json_close(j, ']');
}

/* Energy of the same days of last month, drawn dashed. */
static void json_previous(struct home *h, struct json_out *j,
                          const struct trend *t)
{
    stamp last = month_start(h->today, 1), end = month_start(h->today, 0);

    json_open(j, "prev", '[');
    for (int i = 0; i < t->points; i++) {
        stamp at = stamp_add_days(last, i);

        json_point(j, at.ms >= end.ms ? NULL : find(t->rows, t->n, at),
                   SERIES_ENERGY);
    }
    json_close(j, ']');
}

/* Energy of the mean day, or month, of those that are over or running. */
static int64_t mean_energy(const struct home *h, const struct trend *t)
{
    int64_t sum = 0, n = 0;

    for (int i = 0; i < t->points; i++) {
        stamp at = t->at(h, i);

        if (at.ms > h->today.ms)
            break;
        sum += find(t->rows, t->n, at)->energy_e4kwh;
        n++;
    }
    return n == 0 ? 0 : (2 * sum + n) / (2 * n);
}

static struct trend trend_of(struct home *h, const struct figures_at *days,
                             size_t n)
{
    struct trend t = { days, n, 30, at_day30, name_day };

    if (h->a.trend == TREND_MONTH) {
        t.points = 31;
        t.at = at_month_day;
    } else if (h->a.trend == TREND_12M) {
        t = (struct trend){ NULL, 0, 12, at_month, name_month };
        t.rows = figures_months(h->cx, h->a.station,
                                month_start(h->today, 11),
                                stamp_add_days(h->today, 1), &t.n);
    }
    return t;
}

static void put_trend(struct home *h, const struct figures_at *days, size_t n)
{
    struct vnode *v = v_child(h->tree, "Home.trend");
    struct trend t = trend_of(h, days, n);
    struct buf *b;
    struct json_out *j = json_begin(h->cx, &b);
    int64_t mean = mean_energy(h, &t);
    char text[MONEY_TEXT];

    v_printf(v, "mean", "%s均充电量", h->a.trend == TREND_12M ? "月" : "日");
    v_set(v, "mean_kwh", decimal_text(mean, 4, 2, true, text));
    json_open(j, NULL, '{');
    json_raw(j, "mean", decimal_text(mean, 4, 2, false, text));
    json_open(j, "x", '[');
    for (int i = 0; i < t.points; i++)
        json_text(j, NULL, t.name(h->cx, t.at(h, i)));
    json_close(j, ']');
    json_series(h, j, "energy", &t, SERIES_ENERGY);
    json_series(h, j, "amount", &t, SERIES_AMOUNT);
    json_series(h, j, "elec", &t, SERIES_ELEC);
    json_series(h, j, "fee", &t, SERIES_FEE);
    if (h->a.trend == TREND_MONTH)
        json_previous(h, j, &t);
    json_close(j, '}');
    v_set(v, "json", buf_text(b));
    v_set(v, "title", label_word((struct labels)LIST(home_trend_labels),
                                 h->a.trend));
    for (size_t i = 0; i < home_trend_count; i++) {
        struct vnode *r = v_item(v_child(v, "ranges"), i);
        const struct label *l = &home_trend_labels[i];

        v_set(r, "title", l->word);
        v_set(r, "path", path(h, h->a.day, l->value, h->a.rank));
        v_flag(r, "on", l->value == h->a.trend);
    }
}

/* ---- states, periods ---------------------------------------------------- */

static const char *share_text(struct cx *cx, int64_t part, int64_t whole,
                              int places)
{
    int64_t scale = places == 1 ? 1000 : 10000;
    int64_t v = whole > 0 ? (part * scale * 2 + whole) / (whole * 2) : 0;
    char text[MONEY_TEXT];

    return cx_strdup(cx, decimal_text(v, places, places, false, text));
}

static void put_states(struct home *h)
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
    stamp first = month ? month_start(h->today, 0) : day;
    struct buf *b;
    struct json_out *j = json_begin(h->cx, &b);

    figures_hours(h->cx, h->a.station, first, stamp_add_days(day, 1), now);
    figures_hours(h->cx, h->a.station,
                  month ? month_start(h->today, 1) : stamp_add_days(day, -1),
                  first, before);
    json_open(j, NULL, '{');
    json_text(j, "word", month ? "本月" : "本日");
    json_text(j, "before", month ? "上月" : "前一日");
    json_open(j, "kwh", '[');
    for (int i = 0; i < 24; i++)
        json_point(j, !month && day.ms == h->today.ms && i > hour ? NULL
                                                                  : &now[i],
                   SERIES_ENERGY);
    json_close(j, ']');
    json_open(j, "p", '[');
    for (size_t i = 0; i < 24; i++)
        json_int(j, NULL, slots != NULL ? slots[2 * i] - '0' : 2);
    json_close(j, ']');
    json_open(j, "prev", '[');
    for (int i = 0; i < 24; i++)
        json_point(j, &before[i], SERIES_ENERGY);
    json_close(j, ']');
    json_close(j, '}');
    v_set(v, "json", buf_text(b));
}

static void put_periods(struct home *h)
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

static void put_totals(struct home *h)
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

static void put_todo(struct home *h)
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

static void put_rank(struct home *h)
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
        v_set(by, "path", path(h, h->a.day, h->a.trend, l->value));
        v_flag(by, "on", l->value == h->a.rank);
    }
    for (size_t i = 0; i < n; i++) {
        struct vnode *row = v_item(v_child(v, "rows"), i);

        v_int(row, "no", (int64_t)i + 1);
        put_rank_row(h, row, &f[i]);
    }
}

/* ---- the page ----------------------------------------------------------- */

static void choose_days(struct home *h)
{
    h->today = stamp_day(h->cx->now);
    h->from = h->today;
    h->until = stamp_add_days(h->today, 1);
    if (h->a.day == DAY_YESTERDAY) {
        h->from = stamp_add_days(h->today, -1);
        h->until = h->today;
    } else if (h->a.day == DAY_MONTH) {
        h->from = month_start(h->today, 0);
    }
}

static void put_head(struct home *h)
{
    struct vnode *v = v_child(h->tree, "Home");

    v_set(v, "self", path(h, h->a.day, h->a.trend, h->a.rank));
    v_set(v, "day", key((struct labels)LIST(home_day_labels), h->a.day));
    v_set(v, "day_title", label_word((struct labels)LIST(home_day_labels),
                                     h->a.day));
    if (h->a.station != 0) {
        v_int(v, "station", h->a.station);
        v_set(v, "station_name", station_load(h->cx, h->a.station)->name);
    }
    for (size_t i = 0; i < home_day_count; i++) {
        struct vnode *d = v_item(v_child(v, "days"), i);
        const struct label *l = &home_day_labels[i];

        v_set(d, "title", l->word);
        v_set(d, "path", path(h, l->value, h->a.trend, h->a.rank));
        v_flag(d, "on", l->value == h->a.day);
    }
}

static void show_home(struct request *req, const void *args)
{
    struct cx *cx = req->cx;
    struct home *h = CX_NEW(cx, struct home);
    struct figures_at *days;
    size_t n;

    /* Where everybody lands; who may not see figures has an own page. */
    if (!request_may(req, "home.view")) {
        answer_redirect(req, "/console/me");
        return;
    }
    h->cx = cx;
    h->a = *(const struct home_args *)args;
    h->a.day = h->a.day ? h->a.day : DAY_TODAY;
    h->a.trend = h->a.trend ? h->a.trend : TREND_30D;
    h->a.rank = h->a.rank ? h->a.rank : HOME_ENERGY;
    h->tree = view_new(cx);
    choose_days(h);
    put_head(h);
    /* Two months of days serve the strip, the sparks and the trend. */
    days = figures_days(cx, h->a.station, month_start(h->today, 1),
                        stamp_add_days(h->today, 1), &n);
    put_kpis(h, days, n);
    put_trend(h, days, n);
    put_states(h);
    put_periods(h);
    put_totals(h);
    put_todo(h);
    put_rank(h);
    v_flag(v_child(h->tree, "Page"), "charts", true);
    answer_page(req, "page/home.cs", h->tree, "首页");
}

const struct route home_routes[HOME_ROUTES] = {
    { GET, "/console/", AUTH_ACCOUNT, PERM_ANY, .args = LIST(home_args),
      .args_size = sizeof(struct home_args), .run = show_home },
};
