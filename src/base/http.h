/*
 * The only way out: calls to third parties (rule O2). https only, unless the
 * process runs in demo mode and the address is a loopback one; certificates
 * verified, no redirects, no proxy from the environment, connect 3 s, total
 * 10 s, answer at most 1 MiB. Fails with ERR_PARTNER, at once and with nothing
 * sent while the partner is left alone (base/breaker.h). Never inside a
 * transaction: must() checks (rule T4).
 */
#ifndef BASE_HTTP_H
#define BASE_HTTP_H

#include <stddef.h>

struct cx;

struct http_call {
    const char *partner; /* a literal: who is called (breaker.h); or NULL */
    const char *method;          /* "GET", "POST" */
    const char *url;
    const char *const *headers;  /* "Name: value", NULL at the end; or NULL */
    const char *body;            /* or NULL */
    size_t body_len;
};

struct http_answer {
    int status;
    const char *body; /* in the arena, NUL-terminated */
    size_t body_len;
    const char *const *headers; /* as received, NULL at the end */
};

struct http_answer *http_send(struct cx *cx, const struct http_call *call);

/* Value of the named header, or NULL. */
const char *http_header(const struct http_answer *a, const char *name);

#endif
