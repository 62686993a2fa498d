/*
 * Cookies, CSRF and form tokens.
 */
#include "web/csrf.h"

#include <string.h>
#include <strings.h>

#include "base/config.h"
#include "base/crypto.h"
#include "web/session.h"

enum {
    KEY_BYTES = 16, /* the random part of a form token */
    KEY_HEX = 2 * KEY_BYTES,
    MAC_HEX = 2 * SHA256_SIZE,
};

const char *session_cookie(const struct config *c)
{
    return c->cookie_secure ? "__Host-ph" : "ph";
}

const char *guest_cookie(const struct config *c)
{
    return c->cookie_secure ? "__Host-ph-guest" : "ph-guest";
}

const char *set_cookie(struct cx *cx, const char *name, const char *value)
{
    return cx_printf(cx, "%s=%s; Path=/; HttpOnly; SameSite=Lax%s%s", name,
                     value, cx->config->cookie_secure ? "; Secure" : "",
                     *value == '\0' ? "; Max-Age=0" : "");
}

static const char *mac(struct cx *cx, const char *purpose, const char *text)
{
    uint8_t key[SHA256_SIZE], out[SHA256_SIZE];

    secret_derive(purpose, key);
    hmac_sha256(key, sizeof key, text, strlen(text), out);
    secret_wipe(key, sizeof key);
    return hex_encode(out, sizeof out, arena_alloc(cx->arena, MAC_HEX + 1));
}

const char *csrf_token(struct cx *cx, const struct session *s,
                       const char *guest)
{
    return s != NULL ? s->csrf : mac(cx, "csrf.guest", guest);
}

/* Scheme and authority of the configured address: "http://host:port". */
static bool is_public(const struct config *c, const char *origin)
{
    size_t n = strlen(origin);

    return strncmp(c->public_url, origin, n) == 0 &&
           (c->public_url[n] == '\0' || c->public_url[n] == '/');
}

/*
 * A browser states where a POST comes from; it is the host it was sent to, or
 * the configured one. Old or odd clients that state nothing still need the
 * token.
 */
static bool is_from_here(const struct config *c, const struct origin *from)
{
    const char *authority = strstr(from->origin, "://");

    if (*from->site != '\0' && strcmp(from->site, "same-origin") != 0)
        return false;
    if (*from->origin == '\0' || is_public(c, from->origin))
        return true;
    return authority != NULL && *from->host != '\0' &&
           strcasecmp(authority + 3, from->host) == 0;
}

bool csrf_is_good(const struct config *c, const struct origin *from,
                  const char *token, const char *sent)
{
    return is_from_here(c, from) && *token != '\0' &&
           secret_text_equal(token, sent);
}

/* ---- form tokens ------------------------------------------------------- */

static const char *form_mac(struct cx *cx, const struct session *s,
                            const char *key)
{
    return mac(cx, "form.once",
               cx_printf(cx, "%lld:%s:%s", (long long)s->id, s->csrf, key));
}

const char *form_token_new(struct cx *cx, const struct session *s)
{
    uint8_t random[KEY_BYTES];
    char key[KEY_HEX + 1];

    random_bytes(random, sizeof random);
    hex_encode(random, sizeof random, key);
    return cx_printf(cx, "%s.%s", key, form_mac(cx, s, key));
}

const char *form_token_key(struct cx *cx, const struct session *s,
                           const char *token)
{
    const char *key;

    if (strlen(token) != KEY_HEX + 1 + MAC_HEX || token[KEY_HEX] != '.')
        return NULL;
    key = arena_strndup(cx->arena, token, KEY_HEX);
    return secret_text_equal(form_mac(cx, s, key), token + KEY_HEX + 1) ? key
                                                                        : NULL;
}
