/*
 * One HTTP request and its answer, as handlers see them.
 */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cx.h"
#include "web/args.h"
#include "web/view.h"

enum method { GET = 1, POST = 2 }; /* unsafe methods only by POST (A7) */

struct session;

struct request {
    struct cx *cx;
    enum method method;
    const char *path;    /* decoded, normalised */
    const char *query;   /* raw, without "?" */
    const char *address; /* of the client, from the known proxy only (S6) */
    bool htmx;           /* HX-Request: answer with a fragment */
    bool json;           /* Accept: application/json or path ends in .json */
    struct session *session; /* NULL if nobody is signed in */
    struct input *input;     /* parameters; read through the declared args */
    struct answer *answer;
};

enum auth {
    AUTH_NONE,    /* anybody; say why in a comment beside the route */
    AUTH_ACCOUNT, /* a signed-in account, and the permission if one is named */
    AUTH_DRIVER,  /* Authorization: Bearer, a driver's session */
};

enum route_flags {
    ROUTE_NO_TX = 1 << 0,   /* POST that must not run inside a transaction:
                               it calls third parties and opens its own */
    ROUTE_NO_CSRF = 1 << 1, /* signed callbacks only */
    ROUTE_UPLOAD = 1 << 2,  /* multipart body up to 50 MiB */
};

/*
 * A page of its own. The path may hold ":name" parts, which fill the argument
 * of that name. A POST runs inside one transaction that is repeated on
 * deadlock and committed before any byte of the answer leaves (W3), unless
 * ROUTE_NO_TX. perm is NULL only for AUTH_NONE or for what every account may.
 */
struct route {
    enum method method;
    const char *path;
    enum auth auth;
    const char *perm;
    unsigned flags;
    struct args args;
    size_t args_size;
    void (*run)(struct request *req, const void *args);
};

/* ---- answers ---------------------------------------------------------- */

/*
 * The page of a template: adds the frame (menu, person, theme, CSRF token)
 * to tree and renders layout/head.cs, the template and layout/foot.cs, or
 * only the template for an htmx request. title is the h1.
 */
void answer_page(struct request *req, const char *template_name,
                 struct vnode *tree, const char *title);

/* A part of a page, whatever the request was. */
void answer_fragment(struct request *req, const char *template_name,
                     struct vnode *tree);

/* 303 to a path of this site; for htmx HX-Redirect. */
void answer_redirect(struct request *req, const char *path);

/* JSON text as it is, with 200. */
void answer_json(struct request *req, const char *json);

/* A file to be saved; name is ours, never the user's (I4). */
void answer_file(struct request *req, const char *type, const char *name,
                 const void *data, size_t len);

/* The same from an open file, streamed; fd stays the caller's. */
void answer_fd(struct request *req, const char *type, const char *name,
               int fd, int64_t len);

/* Further header, e.g. "HX-Trigger". */
void answer_header(struct request *req, const char *name, const char *value);

/* A short message shown as a toast on this page, or after the redirect. */
void answer_toast(struct request *req, const char *text);

bool request_may(const struct request *req, const char *perm);

#endif
