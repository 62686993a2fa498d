/*
 * The charging wall (充电实况): live cards or table, refreshed every 5 s.
 * tests/templates/wall.hdf shows the tree.
 */
#include "charging/wall_admin.h"

#include <inttypes.h>
#include <string.h>

#include "asset/asset.h"
#include "asset/asset_admin.h"
#include "asset/live.h"
#include "asset/station.h"
#include "base/money.h"
#include "charging/gun_admin.h"
#include "charging/wall.h"
#include "web/resource.h"

enum { PAGE_GUNS = 120 }; /* whole stations together */

#define WALL_VIEWS(X)                         \
    X(VIEW_CARDS, 1, "cards", "卡片", NULL)    \
    X(VIEW_TABLE, 2, "table", "表格", NULL)
LABELS_DECLARE(wall_view, WALL_VIEWS);
LABELS_DEFINE(wall_view, WALL_VIEWS);

struct wall_args {
    int view, state, run;
    int64_t station, after;
    const char *q;
};

static const struct arg wall_args[] = {
    ARG(struct wall_args, view, .labels = LIST(wall_view_labels)),
    ARG(struct wall_args, state, .labels = LIST(connector_state_labels)),
    ARG(struct wall_args, run, .labels = LIST(asset_status_labels)),
    ARG(struct wall_args, station, .min = 0, .max = INT64_MAX,
        .check = station_filter_error),
    ARG(struct wall_args, after, .min = 0, .max = INT64_MAX),
    ARG(struct wall_args, q, .max = 20),
};

struct wall {
    struct request *req;
    struct cx *cx;
    struct wall_args a;
    struct wall_query query;
    struct vnode *v;
};

/* Percent-encodes what is typed, for a link. */
static const char *encode(struct cx *cx, const char *text)
{
    char *out = arena_alloc(cx->arena, 3 * strlen(text) + 1), *p = out;

    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
            (c >= 'a' && c <= 'z') || strchr("-._~", c) != NULL)
            *p++ = (char)c;
        else
            p += snprintf(p, 4, "%%%02X", c);
    }
    return out;
}

static const char *path(const struct wall *w, int view, int state,
                        int64_t after)
{
    struct cx *cx = w->cx;
    const char *p = cx_printf(cx, "/console/wall?view=%s",
                              wall_view_labels[view - 1].key);

    if (state != 0)
        p = cx_printf(cx, "%s&state=%s", p,
                      connector_state_labels[state - 1].key);
    if (w->a.run != 0)
        p = cx_printf(cx, "%s&run=%s", p,
                      asset_status_labels[w->a.run - 1].key);
    if (w->a.station != 0)
        p = cx_printf(cx, "%s&station=%" PRId64, p, w->a.station);
    if (w->a.q[0] != '\0')
        p = cx_printf(cx, "%s&q=%s", p, encode(cx, w->a.q));
    if (after != 0)
        p = cx_printf(cx, "%s&after=%" PRId64, p, after);
    return p;
}

static void put_head(struct wall *w)
{
    struct wall_counts counts = wall_count(w->cx, &w->query);
    struct vnode *states = v_child(w->v, "states"), *s = v_item(states, 0);
    struct vnode *runs = v_child(w->v, "runs");
    char text[MONEY_TEXT];

    v_set(w->v, "self", path(w, w->a.view, w->a.state, w->a.after));
    v_set(w->v, "view", wall_view_labels[w->a.view - 1].key);
    v_set(w->v, "cards_path", path(w, VIEW_CARDS, w->a.state, 0));
    v_set(w->v, "table_path", path(w, VIEW_TABLE, w->a.state, 0));
    v_set(w->v, "q", w->a.q);
    v_set(w->v, "power", decimal_text(counts.power_w, 3, 1, true, text));
    if (w->a.station != 0) {
        v_int(w->v, "station", w->a.station);
        v_set(w->v, "station_name",
              station_load(w->cx, w->a.station)->name);
    }
    v_set(s, "word", "全部");
    v_int(s, "count", counts.state[0]);
    v_set(s, "path", path(w, w->a.view, 0, 0));
    v_flag(s, "on", w->a.state == 0);
    for (size_t i = 0; i < connector_state_count; i++) {
        const struct label *l = &connector_state_labels[i];

        s = v_item(states, i + 1);
        v_set(s, "key", l->key);
        v_set(s, "word", l->word);
        v_int(s, "count", counts.state[l->value]);
        v_set(s, "path", path(w, w->a.view, l->value, 0));
        v_flag(s, "on", w->a.state == l->value);
    }
    v_set(w->v, "state", w->a.state != 0
              ? connector_state_labels[w->a.state - 1].key : "");
    v_set(v_item(runs, 0), "word", "全部运营状态");
    v_flag(v_item(runs, 0), "on", w->a.run == 0);
    for (size_t i = 0; i < asset_status_count; i++) {
        v_set(v_item(runs, i + 1), "key", asset_status_labels[i].key);
        v_set(v_item(runs, i + 1), "word",
              i == 0 ? "运营中" : asset_status_labels[i].word);
        v_flag(v_item(runs, i + 1), "on",
               w->a.run == asset_status_labels[i].value);
    }
    v_flag(w->v, "any", counts.state[0] > 0);
}

/* ---- cards ----------------------------------------------------------- */

static void put_idle(struct cx *cx, struct vnode *v, const struct wall_gun *g)
{
    char text[STAMP_TEXT];

    /* Not since when it is idle: a pile that was away for a moment is idle
       only since it is back, which says nothing to people. */
    if (g->last_end.ms != 0) {
        v_printf(v, "line1", "上次充电结束于 %.11s",
                 stamp_text(g->last_end, text) + 5);
        v_printf(v, "line2", "距今 %s", duration_words(cx, g->last_end));
    } else {
        v_set(v, "line1", "还没有充过电");
        if (g->since_at.ms != 0)
            v_printf(v, "line2", "空闲 %s", duration_words(cx, g->since_at));
    }
}

static void put_other(struct cx *cx, struct vnode *v, const struct wall_gun *g)
{
    char text[STAMP_TEXT];
    const char *since = g->since_at.ms == 0
                            ? "" : stamp_text(g->since_at, text) + 5;

    if (g->state == CONNECTOR_OCCUPIED) {
        v_set(v, "line1", g->last_end.ms != 0 &&
                                  g->last_end.ms >= g->since_at.ms - 60000
                              ? "充电已结束，车未离开"
                              : "已插枪，等待启动");
        v_printf(v, "line2", "%.14s 起", since);
    } else if (g->state == CONNECTOR_FAULT) {
        const char *fault = wall_fault_text(cx, g->fault_bits);

        v_set(v, "line1", fault[0] != '\0' ? fault : "电桩上报故障");
        v_printf(v, "line2", "%.14s 起", since);
    } else if (g->state == CONNECTOR_OFFLINE) {
        v_set(v, "line1", since[0] == '\0'
                  ? "电桩还没有登录过"
                  : cx_printf(cx, "离线 %s",
                              duration_words(cx, g->since_at)));
        if (g->seen_at.ms != 0)
            v_printf(v, "line2", "最后通信 %.14s",
                     stamp_text(g->seen_at, text) + 5);
    } else {
        v_printf(v, "line1", "%.14s 起", since);
    }
}

static void put_gun(const struct wall *w, struct vnode *v,
                    const struct wall_gun *g)
{
    const struct label *l =
        label_of((struct labels)LIST(connector_state_labels), g->state);
    char text[MONEY_TEXT];

    v_int(v, "id", g->id);
    v_set(v, "name", g->name);
    v_set(v, "rated", decimal_text(g->power_rated_w, 3, 0, true, text));
    v_set(v, "key", l->key);
    v_set(v, "word", l->word);
    if (g->state == CONNECTOR_CHARGING) {
        gun_figures(w->cx, v, g);
        v_flag(v, "stop", gun_can_stop(w->req, g));
    } else if (g->state == CONNECTOR_IDLE) {
        put_idle(w->cx, v, g);
    } else {
        put_other(w->cx, v, g);
    }
    if ((g->state == CONNECTOR_FAULT || g->state == CONNECTOR_OFFLINE) &&
        request_may(w->req, pile_page.perm.view)) {
        v_set(v, "act", "查看电桩");
        v_printf(v, "act_path", "/console/pile/%" PRId64, g->pile_id);
    }
}

static void put_group(struct vnode *v, const struct wall_station *s)
{
    char text[MONEY_TEXT];
    int64_t share = s->cap_w > 0 ? s->power_w * 10000 / s->cap_w : 0;

    v_int(v, "id", s->id);
    v_set(v, "name", s->name);
    v_printf(v, "note", "%" PRId64 " 桩 %" PRId64 " 枪", s->piles, s->guns);
    v_set(v, "power", decimal_text(s->power_w, 3, 1, true, text));
    v_set(v, "cap", decimal_text(s->cap_w, 3, 0, true, text));
    v_set(v, "share", decimal_text(share < 10000 ? share : 10000, 2, 2,
                                   false, text));
}

/* How many stations make up one page: at least one. */
static size_t page_stations(const struct wall_station *s, size_t n)
{
    int64_t guns = 0;
    size_t i = 0;

    while (i < n && (i == 0 || guns + s[i].guns <= PAGE_GUNS))
        guns += s[i++].guns;
    return i;
}

static void put_groups(struct wall *w)
{
    size_t n, count, shown, next = 0;
    struct wall_station *s = wall_stations(w->cx, &w->query, w->a.after, &n);
    struct wall_gun *g;

    shown = page_stations(s, n);
    if (shown == 0)
        return;
    g = wall_guns(w->cx, &w->query, s[0].id, s[shown - 1].id, &count);
    for (size_t i = 0; i < shown; i++) {
        struct vnode *group = v_item(v_child(w->v, "groups"), i);
        struct vnode *guns = v_child(group, "guns");

        put_group(group, &s[i]);
        for (size_t k = 0; next < count && g[next].station_id == s[i].id; k++)
            put_gun(w, v_item(guns, k), &g[next++]);
    }
    v_printf(w->v, "foot", "本页 %zu 枪", count);
    if (shown < n)
        v_set(w->v, "next", path(w, w->a.view, w->a.state, s[shown - 1].id));
    if (w->a.after != 0)
        v_set(w->v, "prev", path(w, w->a.view, w->a.state, 0));
}

static void put_filtered(struct wall *w)
{
    const char *text = "";

    if (w->a.state != 0)
        text = cx_printf(w->cx, "状态为「%s」",
                         connector_state_labels[w->a.state - 1].word);
    if (w->a.station != 0)
        text = cx_printf(w->cx, "%s%s电站为「%s」", text,
                         text[0] ? "，" : "", v_get(w->v, "station_name"));
    if (w->a.run != 0)
        text = cx_printf(w->cx, "%s%s运营状态为「%s」", text,
                         text[0] ? "，" : "",
                         asset_status_labels[w->a.run - 1].word);
    if (w->a.q[0] != '\0')
        text = cx_printf(w->cx, "%s%s包含「%s」", text, text[0] ? "，" : "",
                         w->a.q);
    if (text[0] != '\0')
        v_printf(w->v, "filtered", "%s。可以放宽条件再看。", text);
}

static void show_wall(struct request *req, const void *args)
{
    struct vnode *tree = view_new(req->cx);
    struct wall *w = CX_NEW(req->cx, struct wall);

    *w = (struct wall){ .req = req, .cx = req->cx,
                        .a = *(const struct wall_args *)args,
                        .v = v_child(tree, "Wall") };
    w->a.view = w->a.view ? w->a.view : VIEW_CARDS;
    w->query = (struct wall_query){ w->a.state, w->a.run, w->a.station,
                                    w->a.q };
    put_head(w);
    put_filtered(w);
    put_groups(w);
    answer_page(req, "page/wall.cs", tree, "充电实况");
}

const struct route wall_routes[WALL_ROUTES] = {
    { GET, "/console/wall", AUTH_ACCOUNT, "wall.view",
      .args = LIST(wall_args), .args_size = sizeof(struct wall_args),
      .run = show_wall },
    { GET, "/console/wall/:id", AUTH_ACCOUNT, "wall.view",
      .args = { gun_args, 1 }, .args_size = sizeof(struct gun_args),
      .run = gun_show },
    { GET, "/console/wall/:id/stop", AUTH_ACCOUNT, "order.control",
      .args = { gun_args, 1 }, .args_size = sizeof(struct gun_args),
      .run = gun_ask_stop },
    { POST, "/console/wall/:id/stop", AUTH_ACCOUNT, "order.control",
      ROUTE_NO_TX | ROUTE_FORM_ONCE, .args = { gun_args, GUN_ARGS },
      .args_size = sizeof(struct gun_args), .run = gun_stop },
};
