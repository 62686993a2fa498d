/*
 * Who sends the request, and whether they may (rules A6, A8).
 */
#include "web/app.h"

#include <string.h>

static void load_account(struct serving *s)
{
    struct request *req = &s->req;
    char token[TOKEN_MAX + 1];

    if (!cookie_find(s->cookies, session_cookie(req->app->config), token,
                     sizeof token))
        return;
    s->had_cookie = true;
    req->session = req->app->identity->load(req->cx, ACTOR_ACCOUNT, token,
                                            !req->poll);
}

static void load_driver(struct serving *s)
{
    struct request *req = &s->req;
    const char *bearer = serving_header(s, "HTTP_AUTHORIZATION");

    if (strncmp(bearer, "Bearer ", 7) != 0 ||
        strlen(bearer + 7) > TOKEN_MAX)
        return;
    req->session = req->app->identity->load(req->cx, ACTOR_DRIVER, bearer + 7,
                                            !req->poll);
}

void serving_load_session(struct serving *s)
{
    const struct route_row *row = s->match.row;

    if (row->class == CLASS_PROBE || s->req.app->identity == NULL)
        return;
    if (row->route.auth == AUTH_DRIVER)
        load_driver(s);
    else if (row->route.auth == AUTH_ACCOUNT || row->endpoint == NULL)
        load_account(s);
    s->req.cx->actor.address = s->req.address;
}

static const struct permission *permission_of(const struct features *all,
                                              const char *perm)
{
    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->v[i]->perms.n; k++)
            if (strcmp(all->v[i]->perms.v[k].name, perm) == 0)
                return &all->v[i]->perms.v[k];
    return NULL;
}

static bool is_taken_away(const struct session *s, const char *perm)
{
    for (size_t i = 1; i < s->perm_count; i++)
        if (s->perms[i][0] == '-' && strcmp(s->perms[i] + 1, perm) == 0)
            return true;
    return false;
}

bool session_may(const struct session *s, const char *perm)
{
    size_t low = 0, high;

    if (s == NULL)
        return false;
    if (strcmp(perm, PERM_ANY) == 0)
        return s->kind == ACTOR_ACCOUNT;
    if (s->perm_count > 0 && strcmp(s->perms[0], "*") == 0)
        return !is_taken_away(s, perm);
    high = s->perm_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = strcmp(perm, s->perms[mid]);

        if (order == 0)
            return true;
        if (order < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return false;
}

bool request_may(const struct request *req, const char *perm)
{
    const struct permission *p;

    if (!session_may(req->session, perm))
        return false;
    if (req->cx->scope.all)
        return true;
    p = permission_of(req->app->features, perm);
    return p == NULL || !p->platform;
}

void need_perm(struct request *req, const char *perm)
{
    const struct permission *p = permission_of(req->app->features, perm);
    const char *title = p == NULL ? perm : p->title;

    if (request_may(req, perm))
        return;
    req->app->identity->denied(req->cx, title);
    cx_fail_at(req->cx, ERR_FORBIDDEN, perm, __FILE__, __LINE__,
               "你没有「%s」的权限。", title);
}

void serving_authorize(struct serving *s)
{
    struct request *req = &s->req;
    const struct route *route = &s->match.row->route;

    if (route->auth == AUTH_NONE)
        return;
    if (req->session == NULL)
        cx_fail(req->cx, ERR_UNAUTHENTICATED, "登录已过期，重新登录。");
    if (route->auth == AUTH_DRIVER)
        return;
    if (req->session->password_only && !(route->flags & ROUTE_STALE))
        cx_fail(req->cx, ERR_UNAUTHENTICATED, "先设置新密码，再继续。");
    need_perm(req, route->perm);
}
