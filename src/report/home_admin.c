/* The home page (首页): live counts, today and yesterday, trend, ranking. */
#include "report/home_admin.h"

#include <inttypes.h>

#include "asset/station.h"
#include "base/money.h"
#include "report/home_page.h"

LABELS_DEFINE(home_day, HOME_DAYS);
LABELS_DEFINE(home_trend, HOME_TRENDS);
LABELS_DEFINE(home_rank, HOME_RANKS);

static const struct arg home_args[] = {
    ARG(struct home_args, day, .labels = LIST(home_day_labels)),
    ARG(struct home_args, trend, .labels = LIST(home_trend_labels)),
    ARG(struct home_args, rank, .labels = LIST(home_rank_labels)),
    ARG(struct home_args, station, .min = 0, .max = INT64_MAX,
        .check = station_filter_error),
};

static const char *key(struct labels l, int value)
{
    return label_of(l, value)->key;
}

const char *home_path(const struct home *h, int day, int trend, int rank)
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

stamp home_month_start(stamp t, int back)
{
    struct civil c = stamp_civil(t);

    c = (struct civil){ c.year, c.month - back, 1, 0, 0, 0, 0 };
    while (c.month < 1) {
        c.month += 12;
        c.year--;
    }
    return stamp_from_civil(&c);
}

void home_json_point(struct json_out *j, const struct figures *f,
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

static void choose_days(struct home *h)
{
    h->today = stamp_day(h->cx->now);
    h->from = h->today;
    h->until = stamp_add_days(h->today, 1);
    if (h->a.day == DAY_YESTERDAY) {
        h->from = stamp_add_days(h->today, -1);
        h->until = h->today;
    } else if (h->a.day == DAY_MONTH) {
        h->from = home_month_start(h->today, 0);
    }
}

static void put_head(struct home *h)
{
    struct vnode *v = v_child(h->tree, "Home");

    v_set(v, "self", home_path(h, h->a.day, h->a.trend, h->a.rank));
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
        v_set(d, "path", home_path(h, l->value, h->a.trend, h->a.rank));
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
    days = figures_days(cx, h->a.station, home_month_start(h->today, 1),
                        stamp_add_days(h->today, 1), &n);
    home_put_kpis(h, days, n);
    home_put_trend(h, days, n);
    home_put_states(h);
    home_put_periods(h);
    home_put_totals(h);
    home_put_todo(h);
    home_put_rank(h);
    v_flag(v_child(h->tree, "Page"), "charts", true);
    answer_page(req, "page/home.cs", h->tree, "首页");
}

const struct route home_routes[HOME_ROUTES] = {
    { GET, "/console/", AUTH_ACCOUNT, PERM_ANY, .args = LIST(home_args),
      .args_size = sizeof(struct home_args), .run = show_home },
};
