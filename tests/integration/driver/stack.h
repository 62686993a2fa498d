/*
 * The whole of what a driver's app talks to, for one test program: nginx with
 * the product's own site, both pools, and the third parties, on the database
 * of testdb. Every answer is judged by docs/api/driver.yaml as it comes.
 */
#ifndef TESTS_DRIVER_STACK_H
#define TESTS_DRIVER_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <jansson.h>

#include "base/config.h"
#include "tests/integration/driver/contract.h"
#include "tests/integration/web/server.h"

#define PAYMENT_KEY "5f1c0e6d2b7a4938"
#define SMS_KEY "a1b2c3d4e5f60718"

struct stack {
    struct web_server web, slow;
    pid_t fakes, nginx;
    int http_port, fakes_port;
    int proxy_port; /* the same site, told by PROXY who calls: for limits,
                       from which this machine is free */
    char dir[64];
    char address[32]; /* callers come from it */
    struct contract *contract;
    const struct config *config; /* of the pools, for jobs run in the test */
};

void stack_start(struct stack *s);
void stack_stop(struct stack *s);

/* ---- the driver API ---- */

struct api_call {
    const char *method; /* NULL: POST with a body, GET without */
    const char *path;   /* below /api/driver/v1 */
    const char *body;   /* JSON, or NULL */
    const char *token;  /* of a session, or NULL */
    const char *key;    /* Idempotency-Key, or NULL */
    const char *bearer; /* the whole Authorization, instead of token */
    bool unjudged;      /* what the document does not promise */
};

struct api_reply {
    int status; /* 0: no answer */
    int code;
    bool replayed;
    json_t *body;
    json_t *data;     /* of body; borrowed */
    char *text;       /* as it came */
};

/* Calls and judges; fails the test if the answer is not as documented. */
struct api_reply api(struct stack *s, struct api_call call);
void api_free(struct api_reply *r);

/* Calls, expects the status and code, frees. */
void api_expect(struct stack *s, struct api_call call, int status, int code);

/* Calls from now on come from another loopback address: limits of those who
   are not signed in are by address. */
void new_address(struct stack *s);

/* n calls at the same moment; replies is an array of n. */
void api_race(struct stack *s, const struct api_call *calls, int n,
              struct api_reply *replies);
/* The same call n times. */
void api_parallel(struct stack *s, struct api_call call, int n,
                  struct api_reply *replies);

/* Members of an answer's data; fail the test if they are not there. */
const char *data_text(const struct api_reply *r, const char *name);
int64_t data_int(const struct api_reply *r, const char *name);

/* Signs in by the real way: code, inbox, session. Token in out. */
void sign_in(struct stack *s, const char *phone, char out[64]);

/* The newest code that was sent to a phone; false if none. */
bool inbox_code(struct stack *s, const char *phone, char out[8]);

/* ---- the fakes ---- */

/* POST /_fake/WHAT; the answer. */
json_t *fake(struct stack *s, const char *what, const char *body);
json_t *fake_get(struct stack *s, const char *what);
/* POST and forget. */
void fake_do(struct stack *s, const char *what, const char *body);

/* ---- plain HTTP ---- */

struct http_reply {
    int status;
    char *body;
    char *head;
};
struct http_reply http(const char *method, const char *url,
                       const char *const *headers, const char *body);
/* From this local address. */
struct http_reply http_from(const char *address, const char *method,
                            const char *url, const char *const *headers,
                            const char *body);
void http_reply_free(struct http_reply *r);

#endif
