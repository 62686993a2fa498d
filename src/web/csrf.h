/*
 * Who may have sent this request (rules A7, I8): cookies, the token that goes
 * with every unsafe request, and single-use form tokens.
 */
#ifndef WEB_CSRF_H
#define WEB_CSRF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cx.h"
#include "web/request.h"

enum { TOKEN_MAX = 64 }; /* of a session cookie or bearer token */

/* What the check needs of the request's headers; "" if absent. */
struct origin {
    const char *origin; /* Origin */
    const char *host;   /* Host */
    const char *site;   /* Sec-Fetch-Site */
};

/* Names of the cookies: __Host- where they are secure. */
const char *session_cookie(const struct config *c);
const char *guest_cookie(const struct config *c);

/* Text of a Set-Cookie header. value "" deletes it. */
const char *set_cookie(struct cx *cx, const char *name, const char *value);

/*
 * The token of the session, or, before sign-in, the one that goes with the
 * guest cookie (sign-in is protected too: nobody can be signed in as somebody
 * else without noticing).
 */
const char *csrf_token(struct cx *cx, const struct session *s,
                       const char *guest);

/* True if the request comes from a page of this site and carries token. */
bool csrf_is_good(const struct config *c, const struct origin *from,
                  const char *token, const char *sent);

/* A fresh token for a form of this session; the key in it is random. */
const char *form_token_new(struct cx *cx, const struct session *s);

/* The key of a form token that this session was given; NULL otherwise. Used
   up by ROUTE_FORM_ONCE, see idem.h. */
const char *form_token_key(struct cx *cx, const struct session *s,
                           const char *token);

#endif
