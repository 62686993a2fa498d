/*
 * GET /console/find?q=: what Ctrl K shows beside the menus. Answers
 * [{"title": "32010600011923 A01 · 南站", "kind": "电桩", "path": "/..."}].
 */
#include "charging/find_admin.h"

#include <inttypes.h>
#include <string.h>

#include "charging/find.h"

enum { JSON_MAX = 32 * 1024 };

struct find_args {
    const char *q;
};

static const struct arg find_args[] = {
    ARG(struct find_args, q, .flags = ARG_REQUIRED, .min = 2,
        .max = FIND_TEXT_MAX),
};

/* What is searched, in the order in which it is shown. */
static const struct kind {
    const char *word, *name, *perm;
    struct find_hit *(*find)(struct cx *cx, const char *text, size_t *count);
} kinds[] = {
    { "订单", "order", "order.view", find_orders },
    { "电桩", "pile", "station.view", find_piles },
    { "电站", "station", "station.view", find_stations },
};

static void put(struct cx *cx, struct json_out *j, const struct kind *k,
                const char *text)
{
    size_t n;
    const struct find_hit *hit = k->find(cx, text, &n);

    for (size_t i = 0; i < n; i++) {
        json_open(j, NULL, '{');
        json_text(j, "title", hit[i].title);
        json_text(j, "kind", k->word);
        json_text(j, "path", cx_printf(cx, "/console/%s/%" PRId64, k->name,
                                       hit[i].id));
        json_close(j, '}');
    }
}

static void find(struct request *req, const void *args)
{
    const struct find_args *a = args;
    struct cx *cx = req->cx;
    struct buf *out = cx_buf(cx, JSON_MAX);
    struct json_out j = { .to = out };

    json_open(&j, NULL, '[');
    for (size_t i = 0; i < COUNT(kinds); i++)
        if (request_may(req, kinds[i].perm))
            put(cx, &j, &kinds[i], a->q);
    json_close(&j, ']');
    answer_json(req, buf_text(out));
}

const struct route find_routes[FIND_ROUTES] = {
    { GET, "/console/find", AUTH_ACCOUNT, PERM_ANY,
      .args = LIST(find_args), .args_size = sizeof(struct find_args),
      .run = find },
};
