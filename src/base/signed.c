#include "base/signed.h"

#include <string.h>

#include <sodium.h>

#include "base/crypto.h"
#include "base/cx.h"
#include "base/log.h"

enum { NONCE_BYTES = 16, CALL_HEADERS_MAX = 16 };

/* Reads seconds: 1 to 12 digits and nothing else; -1 if not. */
static int64_t seconds_of(const char *text)
{
    size_t n = strspn(text, "0123456789");
    int64_t v = 0;

    if (n == 0 || n > 12 || text[n] != '\0')
        return -1;
    for (size_t i = 0; i < n; i++)
        v = v * 10 + (text[i] - '0');
    return v;
}

char *signed_hex(const char *key, const char *head, const char *timestamp,
                 const char *nonce, const void *body, size_t len,
                 char out[SIGNED_HEX])
{
    const char *const lines[] = { head, timestamp, nonce };
    crypto_auth_hmacsha256_state s;
    uint8_t mac[SHA256_SIZE];

    crypto_auth_hmacsha256_init(&s, (const uint8_t *)key, strlen(key));
    for (size_t i = 0; i < COUNT(lines); i++) {
        crypto_auth_hmacsha256_update(&s, (const uint8_t *)lines[i],
                                      strlen(lines[i]));
        crypto_auth_hmacsha256_update(&s, (const uint8_t *)"\n", 1);
    }
    crypto_auth_hmacsha256_update(&s, body, len);
    crypto_auth_hmacsha256_update(&s, (const uint8_t *)"\n", 1);
    crypto_auth_hmacsha256_final(&s, mac);
    return hex_encode(mac, sizeof mac, out);
}

bool signed_check(const char *key, const char *head,
                  const struct signed_headers *h, const void *body,
                  size_t len, stamp now)
{
    char hex[SIGNED_HEX];
    int64_t at, off;

    if (key[0] == '\0' || h->timestamp == NULL || h->nonce == NULL ||
        h->signature == NULL)
        return false;
    if (strlen(h->nonce) != 2 * NONCE_BYTES ||
        strlen(h->signature) != sizeof hex - 1)
        return false;
    at = seconds_of(h->timestamp);
    if (at < 0)
        return false;
    off = now.ms / 1000 - at;
    if (off > SIGNED_WINDOW_S || off < -SIGNED_WINDOW_S)
        return false;
    signed_hex(key, head, h->timestamp, h->nonce, body, len, hex);
    return secret_text_equal(hex, h->signature);
}

/* The target of a URL: what follows the host. */
static const char *target_of(const char *url)
{
    const char *p = strstr(url, "://");

    p = strchr(p ? p + 3 : url, '/');
    return p ? p : "/";
}

struct http_answer *signed_send(struct cx *cx, const char *key,
                                const struct http_call *call)
{
    const char **headers =
        arena_array(cx->arena, CALL_HEADERS_MAX, sizeof *headers);
    struct http_call signed_call = *call;
    uint8_t random[NONCE_BYTES];
    char nonce[2 * NONCE_BYTES + 1], hex[SIGNED_HEX];
    const char *at, *body = call->body ? call->body : "";
    struct http_answer *a;
    size_t n = 0;

    if (key[0] == '\0')
        cx_fail(cx, ERR_UNCONFIGURED, "未配置外部服务的密钥。");
    for (; call->headers != NULL && call->headers[n] != NULL; n++) {
        must(n + 4 < CALL_HEADERS_MAX);
        headers[n] = call->headers[n];
    }
    random_bytes(random, sizeof random);
    hex_encode(random, sizeof random, nonce);
    at = cx_printf(cx, "%lld", (long long)(stamp_now().ms / 1000));
    signed_hex(key, cx_printf(cx, "%s %s", call->method,
                              target_of(call->url)),
               at, nonce, body, call->body_len, hex);
    headers[n++] = cx_printf(cx, SIGNED_TIMESTAMP ": %s", at);
    headers[n++] = cx_printf(cx, SIGNED_NONCE ": %s", nonce);
    headers[n++] = cx_printf(cx, SIGNED_SIGNATURE ": %s", hex);
    signed_call.headers = headers;
    a = http_send(cx, &signed_call);
    if (!signed_check(key, cx_printf(cx, "answer %s", nonce),
                      &(struct signed_headers){
                          http_header(a, SIGNED_TIMESTAMP),
                          http_header(a, SIGNED_NONCE),
                          http_header(a, SIGNED_SIGNATURE) },
                      a->body, a->body_len, stamp_now())) {
        /* A proxy's error page is unsigned, too. */
        log_any(a->status >= 500 ? LOG_WARN : LOG_ERROR,
                "http.unsigned_answer", F_TEXT("url", call->url),
                F_INT("status", a->status), LOG_END);
        cx_fail(cx, ERR_PARTNER, "外部服务的应答未通过验签，稍后重试。");
    }
    return a;
}
