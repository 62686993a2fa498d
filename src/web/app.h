/*
 * From one HTTP request to its answer, whatever carries them: FastCGI in the
 * workers, a struct in tests and fuzz targets.
 */
#ifndef WEB_APP_H
#define WEB_APP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/cx.h"
#include "db/idem.h"
#include "web/answer.h"
#include "web/csrf.h"
#include "web/feature.h"
#include "web/input.h"
#include "web/router.h"
#include "web/session.h"
#include "web/shared.h"

/* What a process serves with; made once, before the fork. */
struct app {
    const struct config *config;
    const struct features *features;
    const struct router *router;
    const struct identity *identity;
    struct shared *shared;
    const char *version; /* of the static files' links */
    const char *spool;   /* directory of uploads being received */
    bool slow_pool;      /* may wait for third parties itself */
};

/* How the request comes: CGI variables and a body. */
struct transport {
    /* NULL if absent. */
    const char *(*get)(void *from, const char *name);
    /* Up to n bytes of the body; 0 at its end, -1 on error. */
    ssize_t (*read)(void *from, char *to, size_t n);
    void *from;
};

/* What the access line and the counters need. */
struct served {
    enum route_class class;
    const char *method, *path;
    const char *error;   /* name of the error, or NULL */
    bool head;           /* HEAD: the body stays here */
    bool secret;         /* it brought a password or a code: wipe it (W9) */
};

/*
 * The app of a configuration; NULL, with the reason in the log, if a feature
 * brings a route that is not fit to run.
 */
const struct app *app_new(struct arena *arena, const struct config *config,
                          const struct features *features,
                          struct shared *shared);

/* Serves one request in the unit of work cx, which has begun. Always leaves
   an answer. */
void app_serve(const struct app *app, struct cx *cx,
               const struct transport *transport, struct answer *answer,
               struct served *out);

/* ---- inside the web layer ---------------------------------------------- */

/* A request being served; req comes first, so that one leads to the other. */
struct serving {
    struct request req;
    const struct transport *transport;
    struct route_match match;
    struct input input;
    struct origin origin;
    const char *method_name;
    const char *cookies;
    const char *content_type;
    size_t content_length;
    const char *guest;      /* the guest cookie, old or new */
    bool guest_is_new;
    bool had_cookie;        /* of a session, good or not */
    const char *current;    /* HX-Current-URL */
    const char *sent_token; /* X-CSRF-Token */
    const char *raw;        /* body of a JSON request or callback */
    size_t raw_len;
    bool head;
    const struct idem *claim; /* the key under which the answer is kept */
};

struct serving *serving_of(struct request *req);

/* A CGI variable; "" if absent. */
const char *serving_header(const struct serving *s, const char *name);

/* The stages of a request, in order. */
void serving_read_head(struct serving *s);
void serving_find_route(struct serving *s);
/* True if the slow pool shall do it: nginx repeats the request there. */
bool serving_hand_over(struct serving *s);
void serving_read_guest(struct serving *s);
void serving_load_session(struct serving *s);
void serving_authorize(struct serving *s);
void serving_read_input(struct serving *s);
void serving_check_csrf(struct serving *s);

/* E-7F31C0: finds the log line of the request. */
const char *request_ref(struct cx *cx);

/* The answer of cx->error. */
void error_answer(struct serving *s);

/* Fails unless the session may; audited. */
void need_perm(struct request *req, const char *perm);

/* Runs the matched endpoint. */
void endpoint_serve(struct serving *s, const void *args);
/* The stored answer of an endpoint again. */
void endpoint_replay(struct serving *s, const struct idem_answer *stored);

/* Adds Page.* and so on to a tree; full: menu and person, too. */
void frame_fill(struct request *req, struct vnode *tree, const char *title,
                bool full);

/* Renders what the handler chose; sets the cookies. */
void answer_finish(struct serving *s);

/* /healthz and /metrics, which belong to no feature. */
extern const struct route probe_routes[];
extern const size_t probe_route_count;

#endif
