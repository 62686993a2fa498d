/*
 * What one feature folder brings: pages, routes, endpoints, permissions,
 * jobs. Nothing is registered twice; src/features.def lists the features.
 */
#ifndef WEB_FEATURE_H
#define WEB_FEATURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/label.h"
#include "web/endpoint.h"
#include "web/request.h"
#include "web/resource.h"

struct event;
struct identity;

struct permission {
    const char *name;  /* "pile.control" */
    const char *title; /* 控制电桩 */
    bool platform;     /* only the platform's own accounts may hold it */
};

/* An entry of the menu that is not a resource's list. */
struct menu_entry {
    const char *title;
    const char *path;
    const char *perm;
    const char *icon;
    const char *live; /* name of a live count shown at the right, or NULL */
};

/* A live count of the menu: in the caller's scope, one indexed query. */
struct live_count {
    const char *name;
    bool hot;         /* needs a person: shown red */
    int64_t (*count)(struct cx *cx);
    const char *path; /* where exactly these are listed; NULL: the entry's */
};

struct job {
    const char *name;
    int64_t every_ms; /* between two runs */
    int64_t limit_ms; /* lease and longest run */
    void (*run)(struct cx *cx);
    const char *title;
    bool waits; /* for a third party: kept apart from those that do not */
};

/* Receives the events of a topic (db/outbox.h); run is one transaction with
   the mark that it has seen the event. */
struct consumer {
    const char *name;  /* unique, at most 40 characters */
    const char *topic;
    void (*run)(struct cx *cx, const struct event *e);
};

#define EVERY_S(s) (INT64_C(1000) * (s))
#define LIMIT_S(s) (INT64_C(1000) * (s))

/* Routes that another file of the feature holds beside their handlers. */
struct route_list {
    const struct route *v;
    size_t n;
};

/* The same for endpoints. */
struct endpoint_list {
    const struct endpoint *v;
    size_t n;
};

/*
 * What one feature adds to the detail page of another's resource: a card
 * beside its columns. fill runs only for those who have the permission and
 * see the row; resource_detail.c names the tree.
 */
struct panel {
    const struct resource *of;
    const char *title;
    const char *perm;
    void (*fill)(struct cx *cx, int64_t id, struct vnode *panel);
};

struct feature {
    const char *name;
    const char *menu; /* group title; NULL: entries stand on their own */
    const char *icon;
    struct { const struct resource *const *v; size_t n; } pages;
    struct { const struct menu_entry *v; size_t n; } entries; /* first */
    struct route_list routes;
    struct { const struct route_list *v; size_t n; } more_routes;
    struct endpoint_list endpoints;
    struct { const struct endpoint_list *v; size_t n; } more_endpoints;
    struct { const struct permission *v; size_t n; } perms;
    struct { const struct job *v; size_t n; } jobs;
    struct { const struct consumer *v; size_t n; } consumers;
    struct { const struct live_count *v; size_t n; } lives;
    struct { const struct panel *v; size_t n; } panels;
    /* Words for what is audited here: events ("pile.reboot"), and objects
       that are no page's. tests/tidy wants one for each that is written. */
    struct labels events, objects;
    const struct identity *identity; /* web/session.h: one feature has it */
    const struct export_queue *exports; /* resource.h: one feature has it */
};

/* All features in menu order, given to the programs by src/features.c. */
struct features {
    const struct feature *const *v;
    size_t n;
};

#endif
