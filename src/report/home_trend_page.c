/* The curve of the last days or months. */
#include "report/home_page.h"

#include "base/money.h"

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
    return stamp_add_days(home_month_start(h->today, 0), i);
}

static stamp at_month(const struct home *h, int i)
{
    return home_month_start(h->today, 11 - i);
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

        home_json_point(j, at.ms > h->today.ms ? NULL
                                               : find(t->rows, t->n, at),
                        s);
    }
    json_close(j, ']');
}

/* Energy of the same days of last month, drawn dashed. */
static void json_previous(struct home *h, struct json_out *j,
                          const struct trend *t)
{
    stamp last = home_month_start(h->today, 1);
    stamp end = home_month_start(h->today, 0);

    json_open(j, "prev", '[');
    for (int i = 0; i < t->points; i++) {
        stamp at = stamp_add_days(last, i);

        home_json_point(j, at.ms >= end.ms ? NULL : find(t->rows, t->n, at),
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
                                home_month_start(h->today, 11),
                                stamp_add_days(h->today, 1), &t.n);
    }
    return t;
}

void home_put_trend(struct home *h, const struct figures_at *days, size_t n)
{
    struct vnode *v = v_child(h->tree, "Home.trend");
    struct trend t = trend_of(h, days, n);
    struct json_out *j = view_json(h->cx);
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
    v_json(h->cx, v, "json", j);
    v_set(v, "title", label_word((struct labels)LIST(home_trend_labels),
                                 h->a.trend));
    for (size_t i = 0; i < home_trend_count; i++) {
        struct vnode *r = v_item(v_child(v, "ranges"), i);
        const struct label *l = &home_trend_labels[i];

        v_set(r, "title", l->word);
        v_set(r, "path", home_path(h, h->a.day, l->value, h->a.rank));
        v_flag(r, "on", l->value == h->a.trend);
    }
}
