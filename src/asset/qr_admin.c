/*
 * QR codes of connectors: shown, printed, downloaded.
 */
#include "asset/qr_admin.h"

#include <inttypes.h>

#include "asset/pile.h"
#include "asset/qr.h"
#include "asset/station.h"

enum { PNG_SCALE = 12 }; /* pixels a module: sharp on a 10 cm sticker */

struct qr_args {
    int64_t id;
};

static const struct arg qr_args[] = {
    ARG(struct qr_args, id, .flags = ARG_REQUIRED, .min = 1,
        .max = INT64_MAX),
};

static void add_item(struct cx *cx, struct vnode *n, const struct connector *c,
                     const char *station)
{
    struct qr q = qr_make(cx, connector_qr_url(cx, c->qr_no));

    v_set(n, "name", c->name);
    v_set(n, "station", station);
    v_set(n, "code", c->qr_no);
    v_int(n, "box", q.width + 8); /* and 4 modules around */
    v_set(n, "shape", q.shape);
    v_printf(n, "png", "/console/connector/%" PRId64 "/qr.png", c->id);
}

static struct vnode *page(struct cx *cx, struct vnode **items,
                          const char *station)
{
    struct vnode *tree = view_new(cx), *qr = v_child(tree, "Qr");

    v_set(qr, "sub", station);
    v_set(qr, "text",
          cx_printf(cx, "二维码内容：%s 加 16 位枪口号。",
                    connector_qr_url(cx, "")));
    *items = v_child(qr, "items");
    return tree;
}

static void show_pile(struct request *req, const void *args)
{
    const struct qr_args *a = args;
    struct cx *cx = req->cx;
    struct pile *p = pile_load(cx, a->id);
    struct station *s = station_load(cx, p->station_id);
    size_t n;
    struct connector *list = connector_list(cx, p->id, &n);
    struct vnode *items, *tree = page(cx, &items, s->name);

    v_printf(v_child(tree, "Qr"), "back", "/console/pile/%" PRId64, p->id);
    for (size_t i = 0; i < n; i++)
        add_item(cx, v_item(items, i), &list[i], s->name);
    answer_page(req, "page/qr.cs", tree,
                cx_printf(cx, "%s 的二维码", p->name));
}

static void show_connector(struct request *req, const void *args)
{
    const struct qr_args *a = args;
    struct cx *cx = req->cx;
    struct connector *c = connector_load(cx, a->id);
    struct station *s = station_load(cx, c->station_id);
    struct vnode *items, *tree = page(cx, &items, s->name);

    v_printf(v_child(tree, "Qr"), "back", "/console/connector/%" PRId64,
             c->id);
    add_item(cx, v_item(items, 0), c, s->name);
    answer_page(req, "page/qr.cs", tree,
                cx_printf(cx, "%s 的二维码", c->name));
}

static void download(struct request *req, const void *args)
{
    const struct qr_args *a = args;
    struct cx *cx = req->cx;
    struct connector *c = connector_load(cx, a->id);
    size_t len;
    const void *png = qr_png(cx, connector_qr_url(cx, c->qr_no), PNG_SCALE,
                             &len);

    answer_file(req, "image/png", cx_printf(cx, "%s.png", c->qr_no), png,
                len);
}

const struct route qr_routes[QR_ROUTES] = {
    { GET, "/console/pile/:id/qr", AUTH_ACCOUNT, "station.view",
      .args = LIST(qr_args), .args_size = sizeof(struct qr_args),
      .run = show_pile },
    { GET, "/console/connector/:id/qr", AUTH_ACCOUNT, "station.view",
      .args = LIST(qr_args), .args_size = sizeof(struct qr_args),
      .run = show_connector },
    { GET, "/console/connector/:id/qr.png", AUTH_ACCOUNT, "station.view",
      .args = LIST(qr_args), .args_size = sizeof(struct qr_args),
      .run = download },
};
