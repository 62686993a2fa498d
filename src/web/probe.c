/*
 * /healthz and /metrics: for machines of our own. They look at no session.
 */
#include "web/app.h"

#include <string.h>

#include "base/config.h"
#include "db/db.h"

enum { METRICS_MAX = 64 * 1024 };

/* From this machine only: whoever scrapes asks nginx on loopback or the
   socket (S6: no debug routes for the world). */
static void only_from_here(struct request *req)
{
    if (*req->address != '\0' && strncmp(req->address, "127.", 4) != 0 &&
        strcmp(req->address, "::1") != 0 &&
        strncmp(req->address, "unix:", 5) != 0)
        cx_fail(req->cx, ERR_NOT_FOUND, "没有这个页面。");
}

static void health(struct request *req, const void *args)
{
    bool ok = req->cx->db != NULL && db_ping(req->cx->db);

    (void)args;
    answer_json(req, ok ? "{\"database\":true}" : "{\"database\":false}");
    answer_status(req, ok ? 200 : 503);
}

static void metrics(struct request *req, const void *args)
{
    struct buf text;

    (void)args;
    only_from_here(req);
    buf_init(&text, METRICS_MAX);
    shared_metrics(req->app->shared, req->cx->config->web_pool, &text);
    answer_data(req, "text/plain; version=0.0.4; charset=utf-8",
                buf_text(&text) == NULL ? "" : buf_text(&text), text.len);
    buf_fini(&text);
}

/* AUTH_NONE: probes have no account; what they tell is no secret (healthz),
   or only told to this machine (metrics). */
const struct route probe_routes[] = {
    { .method = GET, .path = "/healthz", .auth = AUTH_NONE, .run = health },
    { .method = GET, .path = "/metrics", .auth = AUTH_NONE, .run = metrics },
};
const size_t probe_route_count = COUNT(probe_routes);
