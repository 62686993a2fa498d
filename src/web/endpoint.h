/*
 * A JSON endpoint is an argument table and a short function (style 3.4).
 * A handler holds no parsing, SQL, status code or permission test.
 *
 * Answers: {"code":0,"data":...} with 200, or
 * {"code":40900,"message":"...","field":"...","request_id":"..."} with the
 * HTTP status of the error.
 *
 * EP_IDEMPOTENT (rules M9, M10): the request must carry Idempotency-Key
 * (8..64 of [A-Za-z0-9_-]). Key, actor and a hash of the body go into idem
 * first, in the transaction of the effects; the answer is stored with them.
 * Same key and body: the stored answer again, and header Idempotent-Replay: 1.
 * Same key, other body: ERR_IDEM_MISMATCH, nothing happens.
 * With ROUTE_NO_TX the answer is stored after the handler returned, so the
 * handler makes its own effects unique by cx->idem_key.
 */
#ifndef WEB_ENDPOINT_H
#define WEB_ENDPOINT_H

#include "base/buf.h"
#include "base/cx.h"
#include "web/args.h"
#include "web/request.h"

enum endpoint_flags {
    EP_IDEMPOTENT = 1 << 8, /* beside the route flags */
};

struct endpoint {
    enum method method;
    const char *path; /* may hold ":name" */
    enum auth auth;
    const char *perm; /* AUTH_ACCOUNT only */
    unsigned flags;
    int per_minute;   /* per actor, or per address if nobody; 0: no limit */
    const char *summary; /* one line, for the API reference */
    struct args args;
    size_t args_size;
    /* Writes the value of "data" (an object or array) to out. */
    void (*run)(struct cx *cx, const void *args, struct json_out *out);
};

#endif
