/*
 * HTTP messages signed with a key that both sides hold, as the demo payment
 * provider and the SMS service use them. Three headers travel with a message:
 *
 *   Pilehub-Timestamp   seconds since 1970, at most 300 s from our clock
 *   Pilehub-Nonce       32 hex digits, new for every message
 *   Pilehub-Signature   hex HMAC-SHA256 of head, timestamp, nonce and body,
 *                       each followed by a line end
 *
 * head says what the message is, so that one can never pass for another:
 * "POST /pay/orders" (method and target as sent) of a request, "answer " and
 * the nonce of the request of its answer, "notify" of a callback.
 */
#ifndef BASE_SIGNED_H
#define BASE_SIGNED_H

#include <stdbool.h>
#include <stddef.h>

#include "base/http.h"
#include "base/macros.h"
#include "base/stamp.h"

struct cx;

#define SIGNED_TIMESTAMP "Pilehub-Timestamp"
#define SIGNED_NONCE "Pilehub-Nonce"
#define SIGNED_SIGNATURE "Pilehub-Signature"

enum { SIGNED_WINDOW_S = 300, SIGNED_HEX = 65 };

/* The headers of a message as they came; NULL if absent. */
struct signed_headers {
    const char *timestamp;
    const char *nonce;
    const char *signature;
};

/* The signature of a message: 64 hex digits and the NUL. Returns out. */
char *signed_hex(const char *key, const char *head, const char *timestamp,
                 const char *nonce, const void *body, size_t len,
                 char out[SIGNED_HEX]);

/* True if the headers sign this body under the key and are not stale. An
   empty key signs nothing. */
bool signed_check(const char *key, const char *head,
                  const struct signed_headers *h, const void *body,
                  size_t len, stamp now);

/*
 * Sends a call signed with the key, and checks that the answer is signed too,
 * whatever its status. Fails as http_send does; with ERR_UNCONFIGURED
 * without a key. An answer that is not the partner's counts as none.
 */
struct http_answer *signed_send(struct cx *cx, const char *key,
                                const struct http_call *call);

#endif
