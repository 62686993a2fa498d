/*
 * Which route answers a path: router.h.
 */
#include "web/router.h"

#include <stdlib.h>
#include <string.h>

#include "web/resource.h"

/* ---- making the table -------------------------------------------------- */

static const char *flaw(const struct route *route,
                        const struct endpoint *endpoint)
{
    unsigned once = ROUTE_FORM_ONCE;

    if (route->method != GET && route->method != POST)
        return "no method";
    if (route->path == NULL || route->path[0] != '/')
        return "no path";
    if (route->auth == AUTH_UNSET)
        return "does not say who may use it";
    if (route->auth == AUTH_ACCOUNT && route->perm == NULL)
        return "names no permission";
    if (route->auth != AUTH_ACCOUNT && route->perm != NULL)
        return "a permission, but not for accounts";
    if (endpoint == NULL && route->run == NULL)
        return "has no handler";
    if (endpoint != NULL && endpoint->run == NULL)
        return "has no handler";
    if (route->args.n > 0 && route->args_size == 0)
        return "args without args_size";
    if (route->method == GET &&
        (route->flags & (ROUTE_NO_TX | ROUTE_NO_CSRF | ROUTE_UPLOAD | once |
                         ROUTE_BODY | EP_IDEMPOTENT)))
        return "a flag that only a POST may have";
    if ((route->flags & EP_IDEMPOTENT) && endpoint == NULL)
        return "EP_IDEMPOTENT is for endpoints";
    if ((route->flags & EP_IDEMPOTENT) && route->auth == AUTH_NONE)
        return "EP_IDEMPOTENT needs somebody";
    if ((route->flags & once) &&
        (endpoint != NULL || route->auth != AUTH_ACCOUNT))
        return "ROUTE_FORM_ONCE is for pages of accounts";
    if ((route->flags & ROUTE_BODY) && !(route->flags & ROUTE_NO_CSRF))
        return "ROUTE_BODY is for signed callbacks";
    return NULL;
}

static bool same_path(const struct route_row *a, const struct route_row *b)
{
    if (a->parts != b->parts || a->route.method != b->route.method)
        return false;
    for (size_t i = 0; i < a->parts; i++) {
        bool name = a->part[i][0] == ':' && b->part[i][0] == ':';

        if (!name && strcmp(a->part[i], b->part[i]) != 0)
            return false;
    }
    return true;
}

static enum route_class class_of(const struct route_row *row)
{
    if (row->endpoint != NULL || (row->parts > 0 &&
                                  strcmp(row->part[0], "api") == 0))
        return CLASS_API;
    return row->parts == 1 && row->route.auth == AUTH_NONE &&
           (strcmp(row->part[0], "healthz") == 0 ||
            strcmp(row->part[0], "metrics") == 0) ? CLASS_PROBE : CLASS_PAGE;
}

const char *router_add(struct router *r, const char *feature,
                       const struct route *route,
                       const struct endpoint *endpoint)
{
    struct route_row *row = &r->rows[r->count];
    const char *wrong = flaw(route, endpoint);
    size_t len;

    if (wrong != NULL)
        return wrong;
    if (r->count == ROUTES_MAX)
        return "too many routes";
    len = strlen(route->path);
    if (len > 5 && strcmp(route->path + len - 5, ".json") == 0)
        return "ends in .json, which every path may";
    *row = (struct route_row){ .route = *route, .endpoint = endpoint,
                               .feature = feature };
    if (!path_split(r->arena, route->path, len, row->part, &row->parts))
        return "the path is malformed";
    row->class = class_of(row);
    for (size_t i = 0; i < r->count; i++)
        if (same_path(&r->rows[i], row))
            return "another route has this method and path";
    r->order[r->count] = r->count;
    r->count++;
    return NULL;
}

static void endpoint_route(const struct endpoint *e, struct route *out)
{
    *out = (struct route){
        .method = e->method, .path = e->path, .auth = e->auth,
        .perm = e->perm, .flags = e->flags, .args = e->args,
        .args_size = e->args_size,
    };
}

static const char *add_resource(struct router *r, const struct feature *f,
                                const struct resource *resource,
                                const char **path)
{
    struct route routes[RESOURCE_ROUTES_MAX];
    size_t n = resource_routes(r->arena, resource, routes);

    for (size_t i = 0; i < n; i++) {
        const char *wrong = router_add(r, f->name, &routes[i], NULL);

        *path = routes[i].path;
        if (wrong != NULL)
            return wrong;
    }
    return NULL;
}

static const char *add_routes(struct router *r, const struct feature *f,
                              const struct route_list *list,
                              const char **path)
{
    const char *wrong = NULL;

    for (size_t i = 0; i < list->n && wrong == NULL; i++) {
        *path = list->v[i].path;
        wrong = router_add(r, f->name, &list->v[i], NULL);
    }
    return wrong;
}

static const char *add_endpoints(struct router *r, const struct feature *f,
                                 const struct endpoint_list *list,
                                 const char **path)
{
    const char *wrong = NULL;

    for (size_t i = 0; i < list->n && wrong == NULL; i++) {
        struct route route;

        endpoint_route(&list->v[i], &route);
        *path = route.path;
        wrong = router_add(r, f->name, &route, &list->v[i]);
    }
    return wrong;
}

static const char *add_feature(struct router *r, const struct feature *f,
                               const char **path)
{
    const char *wrong = NULL;

    for (size_t i = 0; i < f->pages.n && wrong == NULL; i++)
        wrong = add_resource(r, f, f->pages.v[i], path);
    if (wrong == NULL)
        wrong = add_routes(r, f, &f->routes, path);
    for (size_t i = 0; i < f->more_routes.n && wrong == NULL; i++)
        wrong = add_routes(r, f, &f->more_routes.v[i], path);
    if (wrong == NULL)
        wrong = add_endpoints(r, f, &f->endpoints, path);
    for (size_t i = 0; i < f->more_endpoints.n && wrong == NULL; i++)
        wrong = add_endpoints(r, f, &f->more_endpoints.v[i], path);
    return wrong;
}

/* More parts first is of no meaning; within the same number, at the first
   place where they differ in kind, the literal comes first. */
static int compare_rows(const void *a, const void *b, void *arg)
{
    const struct route_row *rows = arg;
    const struct route_row *x = &rows[*(const size_t *)a];
    const struct route_row *y = &rows[*(const size_t *)b];

    if (x->parts != y->parts)
        return x->parts < y->parts ? -1 : 1;
    for (size_t i = 0; i < x->parts; i++) {
        bool xn = x->part[i][0] == ':', yn = y->part[i][0] == ':';
        int order = xn || yn ? 0 : strcmp(x->part[i], y->part[i]);

        if (xn != yn)
            return xn ? 1 : -1;
        if (order != 0)
            return order;
    }
    return 0;
}

void router_sort(struct router *r)
{
    size_t at = 0;

    qsort_r(r->order, r->count, sizeof *r->order, compare_rows, r->rows);
    for (size_t parts = 0; parts <= ROUTE_PARTS_MAX; parts++) {
        r->first[parts] = at;
        while (at < r->count && r->rows[r->order[at]].parts == parts)
            at++;
    }
    r->first[ROUTE_PARTS_MAX + 1] = at;
}

/* Every permission that a route names stands in some feature's list, else no
   role could hold it. */
static bool perm_exists(const struct features *features, const char *perm)
{
    if (perm == NULL || strcmp(perm, PERM_ANY) == 0)
        return true;
    for (size_t i = 0; i < features->n; i++)
        for (size_t k = 0; k < features->v[i]->perms.n; k++)
            if (strcmp(features->v[i]->perms.v[k].name, perm) == 0)
                return true;
    return false;
}

static const struct route_row *unknown_perm(const struct router *r,
                                            const struct features *features)
{
    for (size_t i = 0; i < r->count; i++)
        if (!perm_exists(features, r->rows[i].route.perm))
            return &r->rows[i];
    return NULL;
}

struct router *router_new(struct arena *arena, const struct features *features,
                          const struct route *own, size_t own_count,
                          const char **error)
{
    struct router *r = ARENA_NEW(arena, struct router);
    const struct route_row *row;
    const char *path = "", *wrong = NULL;

    r->arena = arena;
    r->rows = arena_array(arena, ROUTES_MAX, sizeof *r->rows);
    r->order = arena_array(arena, ROUTES_MAX, sizeof *r->order);
    for (size_t i = 0; i < own_count && wrong == NULL; i++) {
        path = own[i].path;
        wrong = router_add(r, "web", &own[i], NULL);
    }
    for (size_t i = 0; i < features->n && wrong == NULL; i++)
        wrong = add_feature(r, features->v[i], &path);
    row = unknown_perm(r, features);
    if (wrong == NULL && row != NULL) {
        path = row->route.path;
        wrong = arena_printf(arena, "permission %s is in no feature's list",
                             row->route.perm);
    }
    if (wrong != NULL) {
        *error = arena_printf(arena, "%s: %s", path, wrong);
        return NULL;
    }
    router_sort(r);
    return r;
}

/* ---- finding ----------------------------------------------------------- */

static bool matches(const struct route_row *row, const char *const *segments)
{
    for (size_t i = 0; i < row->parts; i++)
        if (row->part[i][0] != ':' && strcmp(row->part[i], segments[i]) != 0)
            return false;
    return true;
}

enum match router_find(const struct router *r, enum method method,
                       const char *const *segments, size_t count,
                       struct route_match *out)
{
    enum match result = MATCH_NONE;

    if (count > ROUTE_PARTS_MAX)
        return MATCH_NONE;
    for (size_t i = r->first[count]; i < r->first[count + 1]; i++) {
        const struct route_row *row = &r->rows[r->order[i]];

        if (!matches(row, segments))
            continue;
        if (row->route.method != method) {
            result = MATCH_OTHER_METHOD;
            continue;
        }
        *out = (struct route_match){ .row = row };
        for (size_t k = 0; k < row->parts; k++)
            if (row->part[k][0] == ':') {
                out->name[out->count] = row->part[k] + 1;
                out->value[out->count++] = segments[k];
            }
        return MATCH_FOUND;
    }
    return result;
}
