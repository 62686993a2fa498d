/*
 * Which route answers a path. The table is made once, before the workers
 * fork, from what the features bring; a route that does not say who may use
 * it, or that two features bring, is refused there (rule A8).
 */
#ifndef WEB_ROUTER_H
#define WEB_ROUTER_H

#include <stddef.h>

#include "base/arena.h"
#include "base/macros.h"
#include "web/endpoint.h"
#include "web/feature.h"
#include "web/request.h"

enum {
    ROUTES_MAX = 4096,
    ROUTE_PARTS_MAX = 12, /* segments of a path */
    PATH_MAX_LEN = 1024,
};

/* What the counters of /metrics are split by. */
enum route_class { CLASS_PAGE, CLASS_API, CLASS_PROBE, ROUTE_CLASSES };

/* One row: a page's route or an endpoint. */
struct route_row {
    struct route route;             /* for endpoints: all but run */
    const struct endpoint *endpoint; /* NULL: a page */
    const char *feature;            /* who brought it */
    enum route_class class;
    size_t parts;                   /* of the path */
    const char *part[ROUTE_PARTS_MAX];
};

struct router {
    struct arena *arena;
    struct route_row *rows;
    size_t count;
    size_t *order; /* rows by number of parts, literals before names */
    size_t first[ROUTE_PARTS_MAX + 2]; /* in order, by number of parts */
};

/* Values of the ":name" parts, decoded. */
struct route_match {
    const struct route_row *row;
    size_t count;
    const char *name[ROUTE_PARTS_MAX];
    const char *value[ROUTE_PARTS_MAX];
};

/* All routes of the features, and the program's own. NULL and *error set
   (text in the arena) if one is not fit to run. */
struct router *router_new(struct arena *arena, const struct features *features,
                          const struct route *own, size_t own_count,
                          const char **error);

/* One row more; NULL, or what is wrong with it. Then router_sort. */
const char *router_add(struct router *r, const char *feature,
                       const struct route *route,
                       const struct endpoint *endpoint);
void router_sort(struct router *r);

/*
 * Splits a raw path into decoded segments. False if it is malformed: no
 * leading slash, empty, "." or ".." segments, bad escapes, a slash, NUL or
 * control character inside a segment, or too many of them.
 */
MUST_USE bool path_split(struct arena *arena, const char *raw, size_t len,
                         const char *segments[ROUTE_PARTS_MAX],
                         size_t *count);

enum match { MATCH_NONE, MATCH_OTHER_METHOD, MATCH_FOUND };

/* The row for the segments; a literal segment wins over a name. */
enum match router_find(const struct router *r, enum method method,
                       const char *const *segments, size_t count,
                       struct route_match *out);

#endif
