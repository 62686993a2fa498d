/*
 * The whole product in the test's own process: requests go straight into
 * app_serve, with the real features, templates and a database of their own.
 */
#ifndef TESTS_SITE_H
#define TESTS_SITE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "web/feature.h"

/* Makes the database t_<name>_<pid>, settings below /tmp, the app. */
void site_start(const char *name);

/* Takes it all away: the tear-down of a group of tests. Returns 0. */
int site_stop(void **state);

/* Loads the small demo. */
void site_demo(void);

const char *site_home(void);

/* Somebody with a browser. */
struct visitor {
    int64_t account_id;
    char token[80], csrf[80], form[130];
    char bearer[100]; /* a driver's: "Bearer ..." */
    bool htmx;
};

/* A session for an account of the database. */
void site_sign_in(struct visitor *v, int64_t account_id);

/* The account with that phone. */
int64_t site_account(const char *phone);

/*
 * Adds an account that has these permissions ("a b c"; "*": a built-in role)
 * in the organisation; its id.
 */
int64_t site_person(const char *phone, int64_t org_id, const char *perms);

struct site_reply {
    int status;
    char *body;      /* until the next request */
    size_t len;
    char location[300];
    char type[120];
    char trigger[600]; /* HX-Trigger */
};

/* The answer has this part in it, or has not; else the test fails and shows
   the beginning of the answer. */
void assert_has(const struct site_reply *r, const char *part);
void assert_has_not(const struct site_reply *r, const char *part);

struct site_reply site_get(struct visitor *v, const char *uri);

/* form is url-encoded; the tokens of the session are added. */
struct site_reply site_post(struct visitor *v, const char *uri,
                            const char *form);

/* JSON, as an app sends it, with an idempotency key of its own. */
struct site_reply site_json(struct visitor *v, const char *uri,
                            const char *json);

/* A driver's session. */
void site_driver(struct visitor *v, int64_t driver_id);

/* Opens uri with the form as its query, then posts the form there: what a
   person does who is asked before an action, each time with a new token. */
struct site_reply site_act(struct visitor *v, const char *uri,
                           const char *form);

/* multipart with one file. */
struct site_reply site_upload(struct visitor *v, const char *uri,
                              const char *name, const void *data, size_t len);

/* Runs act in n processes at once, each with connections of its own; how many
   of them returned true. */
int site_at_once(int n, bool (*act)(int index, void *arg), void *arg);

/* What is called around each request that is served, or NULL: the product's
   own code and nothing of the test's runs between. */
void site_around(void (*before)(void), void (*after)(void));

/* Runs what a job runs, as pilehub-jobs would. */
void site_job(void (*run)(struct cx *cx));

/* A unit of work on the site's database, for checks; scope: everything. */
struct cx *site_cx(void);

const struct features *site_features(void);

#endif
