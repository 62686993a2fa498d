/*
 * What the code on a gun opens when a phone's own camera reads it, not the
 * app: which gun it is, whether it is free, and what it costs now. It shows no
 * more than the driver API tells anybody.
 */
#include "asset/finder.h"
#include "asset/live.h"
#include "base/money.h"
#include "driver/driver_pages.h"
#include "tariff/price_page.h"
#include "tariff/tariff.h"
#include "web/request.h"

struct code_args {
    const char *qr_no;
};

static const struct arg code_args[] = {
    ARG(struct code_args, qr_no, .title = "枪口号", .flags = ARG_REQUIRED,
        .min = 1, .max = 40),
};

static void put_state(struct vnode *v, const struct found_connector *c)
{
    struct labels states = LIST(connector_state_labels);
    const struct label *l = label_of(states, c->state);

    v_set(v, "key", c->enabled ? l->key : "offline");
    v_set(v, "word", c->enabled ? l->word : "停用");
    if (!c->enabled || c->state == CONNECTOR_FAULT ||
        c->state == CONNECTOR_OFFLINE)
        v_set(v, "obstacle", "这把枪现在不能充电，请换一把。");
}

static void put_place(struct vnode *v, const struct found_connector *c)
{
    char text[MONEY_TEXT];

    v_set(v, "name", c->name);
    v_set(v, "no", c->qr_no);
    v_set(v, "station", c->station_name);
    v_set(v, "address", c->address);
    v_set(v, "hours", c->hours);
    v_set(v, "hotline", c->hotline);
    v_set(v, "parking_no", c->parking_no);
    v_set(v, "power", decimal_text(c->power_w, 3, 0, false, text));
}

static void show(struct request *req, const void *args)
{
    const struct code_args *a = args;
    struct cx *cx = req->cx;
    const struct found_connector *c = finder_connector(cx, a->qr_no);
    const struct tariff_version *t = tariff_at(cx, c->station_id, c->area_id,
                                               cx->now);
    struct vnode *tree = view_new(cx), *v = v_child(tree, "Gun");

    put_place(v, c);
    put_state(v, c);
    if (t != NULL)
        price_rows(cx, v_child(v, "prices"), t);
    answer_bare(req, "page/code.cs", tree,
                cx_printf(cx, "%s · %s", c->station_name, c->name));
}

const struct route code_routes[CODE_ROUTES] = {
    { GET, "/q/:qr_no", AUTH_NONE, .args = LIST(code_args),
      .args_size = sizeof(struct code_args), .run = show },
};
