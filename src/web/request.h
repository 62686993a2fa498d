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

struct app;
struct answer;
struct input;
struct session;

struct request {
    struct cx *cx;
    enum method method;
    const char *path;    /* decoded, normalised */
    const char *query;   /* raw, without "?" */
    const char *address; /* of the client, from the known proxy only (S6) */
    const char *agent;   /* User-Agent, at most 200 bytes of clean text */
    const char *host;    /* Host */
    bool htmx;           /* HX-Request: answer with a fragment */
    bool poll;           /* X-Poll: a page refreshing itself, which does not
                            keep a session alive */
    bool json;           /* Accept: application/json or path ends in .json */
    struct session *session; /* web/session.h; NULL if nobody is signed in */
    struct input *input;     /* parameters; read through the declared args */
    struct answer *answer;
    const void *target;      /* of the route, see struct route */
    const struct app *app;
};

enum auth {
    AUTH_UNSET,   /* a mistake: the program does not start (A8) */
    AUTH_NONE,    /* anybody; say why in a comment beside the route */
    AUTH_ACCOUNT, /* a signed-in account that has the permission */
    AUTH_DRIVER,  /* Authorization: Bearer, a driver's session */
};

/* Permission of what every signed-in account may do. */
#define PERM_ANY "*"

enum route_flags {
    ROUTE_NO_TX = 1 << 0,   /* POST that must not run inside a transaction:
                               it calls third parties and opens its own */
    ROUTE_NO_CSRF = 1 << 1, /* signed callbacks only */
    ROUTE_UPLOAD = 1 << 2,  /* multipart body up to 50 MiB */
    ROUTE_SLOW = 1 << 3,    /* may wait for a third party: the web pool hands
                               the request over to the slow pool */
    ROUTE_FORM_ONCE = 1 << 4, /* money and rights (I8): the form carries the
                               single-use Page.form as _form; a repeat gets
                               the first answer again and has no effect */
    ROUTE_RAW = 1 << 5,     /* reads req->input itself; no args are declared */
    ROUTE_BODY = 1 << 6,    /* signed callback: any body up to 1 MiB, as it
                               came in req->input (web/input.h) */
    ROUTE_STALE = 1 << 7,   /* open to a session that must choose a new
                               password first */
};

/*
 * A page of its own. The path may hold ":name" parts, which fill the argument
 * of that name. A path is asked for with or without ".json" at its end, see
 * struct request. A POST runs inside one transaction that is repeated on
 * deadlock and committed before any byte of the answer leaves (W3), unless
 * ROUTE_NO_TX. Whoever needs AUTH_ACCOUNT names a permission or PERM_ANY;
 * others leave perm NULL.
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
    const void *target; /* handed to run as req->target; for engines that
                           serve many descriptors by one function */
};

/* A header of the request ("Pilehub-Signature"), or NULL. For callbacks; what
   the web layer has its own member for is read there. */
const char *request_header(const struct request *req, const char *name);

/* ---- answers ---------------------------------------------------------- */

/*
 * The page of a template: adds the frame (menu, person, theme, CSRF token;
 * names in web/frame.c) to tree and renders layout/head.cs, the template and
 * layout/foot.cs; for an htmx request layout/fragment.cs and the template.
 * title is the h1. Rendered after the transaction (T4, W3).
 */
void answer_page(struct request *req, const char *template_name,
                 struct vnode *tree, const char *title);

/* The same between layout/bare_head.cs and layout/bare_foot.cs, which have no
   menu and no top bar: sign-in, big screen, errors before sign-in. */
void answer_bare(struct request *req, const char *template_name,
                 struct vnode *tree, const char *title);

/* A part of a page, whatever the request was; Page.csrf and Page.form are
   there, the menu is not. */
void answer_fragment(struct request *req, const char *template_name,
                     struct vnode *tree);

/* 303 to a path of this site; for htmx HX-Redirect. */
void answer_redirect(struct request *req, const char *path);

/* Another status than 200, before or after one of the others. */
void answer_status(struct request *req, int status);

/* JSON text as it is, with 200. */
void answer_json(struct request *req, const char *json);

/* A file to be saved; name is ours, never the user's (I4). */
void answer_file(struct request *req, const char *type, const char *name,
                 const void *data, size_t len);

/* The same from an open file, streamed; fd stays the caller's. */
void answer_fd(struct request *req, const char *type, const char *name,
               int fd, int64_t len);

/* Bytes shown in place, an image made here; never what somebody uploaded. */
void answer_data(struct request *req, const char *type, const void *data,
                 size_t len);

/* Further header, e.g. "HX-Trigger". */
void answer_header(struct request *req, const char *name, const char *value);

/* A short message shown as a toast on this page, or after the redirect.
   kind: ok, warn, fault. */
void answer_toast(struct request *req, const char *text);
void answer_toast_as(struct request *req, const char *kind, const char *text);

/* The session cookie of somebody who just signed in; "" signs out. */
void answer_session(struct request *req, const char *token);

/* A path of this site, "/..." and nothing else: fit for a redirect (I7). */
bool path_is_ours(const char *path);

/* One more try of what, by whom, if there were fewer than per_minute: rate
   limits beside those of the routes. Counted on this machine. */
bool request_take(struct request *req, const char *what, const char *who,
                  int per_minute);

/* The person has this permission here: those of the platform count only for
   whoever sees all of it. */
bool request_may(const struct request *req, const char *perm);

#endif
