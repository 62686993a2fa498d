/*
 * The home page's parts. Each fills one panel of the tree that page/home.cs
 * draws (tests/templates/home.hdf shows it); home_admin.c puts them together.
 */
#ifndef REPORT_HOME_PAGE_H
#define REPORT_HOME_PAGE_H

#include "base/buf.h"
#include "base/label.h"
#include "report/figures.h"
#include "web/request.h"

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

struct home_args {
    int day, trend, rank;
    int64_t station;
};

struct home {
    struct cx *cx;
    struct home_args a;
    stamp today;
    stamp from, until; /* of the chosen day or month */
    struct vnode *tree;
};

/* The page with one choice changed. */
const char *home_path(const struct home *h, int day, int trend, int rank);

/* The first day of a month, so many months before t's. */
stamp home_month_start(stamp t, int back);

/* One point of a chart: kWh or yuan with two places; null without figures. */
enum series { SERIES_ENERGY, SERIES_AMOUNT, SERIES_ELEC, SERIES_FEE };
void home_json_point(struct json_out *j, const struct figures *f,
                     enum series s);

/* The panels. days holds the figures of the last two months, ascending. */
void home_put_kpis(struct home *h, const struct figures_at *days, size_t n);
void home_put_trend(struct home *h, const struct figures_at *days, size_t n);
void home_put_states(struct home *h);
void home_put_periods(struct home *h);
void home_put_totals(struct home *h);
void home_put_todo(struct home *h);
void home_put_rank(struct home *h);

#endif
