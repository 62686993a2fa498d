/* The strip of figures: the chosen days, beside the ones before. */
#include "report/home_page.h"

#include <string.h>

#include "base/money.h"

enum { SPARK_DAYS = 14, SPARK_W = 640, SPARK_H = 240 };

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

static struct compared compare(struct home *h, const struct figures_at *days,
                               size_t n)
{
    struct compared c = { .label = NULL };
    struct figures hours[24];
    stamp last = home_month_start(h->today, 1);

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
    stamp back = h->a.day == DAY_MONTH ? home_month_start(h->today, 1)
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

void home_put_kpis(struct home *h, const struct figures_at *days, size_t n)
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
