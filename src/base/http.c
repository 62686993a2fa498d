#include "base/http.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "base/breaker.h"
#include "base/buf.h"
#include "base/config.h"
#include "base/cx.h"
#include "base/log.h"
#include "base/stamp.h"

enum {
    CONNECT_MS = 3000,          /* rule O2 */
    TOTAL_MS = 10000,           /* rule O2 */
    ANSWER_MAX = 1024 * 1024,   /* rule O2 */
    HEADERS_MAX = 64
};

struct receiver {
    struct buf body;
    struct buf headers; /* one per line */
};

static size_t on_body(char *p, size_t size, size_t n, void *to)
{
    struct receiver *r = to;

    buf_add(&r->body, p, size * n);
    return r->body.failed ? 0 : size * n; /* 0 stops the transfer */
}

static size_t on_header(char *p, size_t size, size_t n, void *to)
{
    struct receiver *r = to;

    buf_add(&r->headers, p, size * n);
    return r->headers.failed ? 0 : size * n;
}

static void receiver_free(void *p)
{
    struct receiver *r = p;

    buf_fini(&r->body);
    buf_fini(&r->headers);
}

/* Plain http only in demo mode, and only to this machine. */
static bool url_is_allowed(const struct cx *cx, const char *url)
{
    static const char *const local[] = { "http://127.0.0.1:",
                                         "http://127.0.0.1/",
                                         "http://localhost:",
                                         "http://localhost/" };

    if (strncmp(url, "https://", 8) == 0)
        return true;
    if (cx->config == NULL || !config_is_demo(cx->config))
        return false;
    for (size_t i = 0; i < COUNT(local); i++)
        if (strncmp(url, local[i], strlen(local[i])) == 0)
            return true;
    return false;
}

static void free_headers(void *p)
{
    curl_slist_free_all(*(struct curl_slist **)p);
}

static struct curl_slist *header_list(struct cx *cx,
                                      const struct http_call *call)
{
    struct curl_slist **list = CX_NEW(cx, struct curl_slist *);

    cx_own(cx, list, free_headers);
    for (size_t i = 0; call->headers != NULL && call->headers[i]; i++) {
        struct curl_slist *longer =
            curl_slist_append(*list, call->headers[i]);

        if (longer == NULL)
            cx_fail_memory(cx);
        *list = longer;
    }
    return *list;
}

static bool set_options(CURL *c, const struct cx *cx,
                        const struct http_call *call, struct receiver *r,
                        struct curl_slist *headers)
{
    bool ok = true;

    /* Those that copy a text may lack the memory for it. */
    ok &= curl_easy_setopt(c, CURLOPT_URL, call->url) == CURLE_OK;
    ok &= curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, call->method) == CURLE_OK;
    if (call->body != NULL) {
        curl_easy_setopt(c, CURLOPT_POSTFIELDS, call->body);
        curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE,
                         (curl_off_t)call->body_len);
    }
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
    ok &= curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK;
    ok &= curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK;
    curl_easy_setopt(c, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, (long)TOTAL_MS);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, r);
    curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(c, CURLOPT_HEADERDATA, r);
    if (cx->config != NULL && cx->config->http_ca_file[0] != '\0')
        ok &= curl_easy_setopt(c, CURLOPT_CAINFO,
                               cx->config->http_ca_file) == CURLE_OK;
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers);
    return ok;
}

static const char *const *split_headers(struct cx *cx, char *text)
{
    const char **list = arena_array(cx->arena, HEADERS_MAX + 1, sizeof *list);
    size_t n = 0;

    while (*text != '\0' && n < HEADERS_MAX) {
        size_t len = strcspn(text, "\r\n");

        if (len > 0)
            list[n++] = arena_strndup(cx->arena, text, len);
        text += len;
        text += strspn(text, "\r\n");
    }
    return list;
}

/* The breaker of whom is called, or NULL; fails while they are left alone. */
static struct breaker *may_call(struct cx *cx, const struct http_call *call)
{
    struct breaker *b;

    if (cx->breakers == NULL || call->partner == NULL)
        return NULL;
    b = breaker_of(cx->breakers, call->partner);
    if (!breaker_admits(b, monotonic_ms(), cx->config->partner_pause_ms))
        cx_fail(cx, ERR_PARTNER,
                "外部服务连续没有应答，暂停调用；这次请求没有发出，稍后重试。");
    return b;
}

/* Any answer is one, even an error. */
static void note_end(const struct cx *cx, struct breaker *b, CURLcode rc)
{
    if (b == NULL)
        return;
    if (rc == CURLE_OK)
        breaker_answered(b);
    else
        breaker_failed(b, monotonic_ms(), cx->config->partner_pause_ms);
}

struct http_answer *http_send(struct cx *cx, const struct http_call *call)
{
    struct http_answer *a = CX_NEW(cx, struct http_answer);
    struct receiver *r = CX_NEW(cx, struct receiver);
    struct curl_slist *headers;
    struct breaker *b;
    CURL *c;
    CURLcode rc;
    long status = 0;

    must(!cx->in_tx); /* T4 */
    if (!url_is_allowed(cx, call->url))
        cx_fail(cx, ERR_UNCONFIGURED, "外部服务地址须为 https。");
    buf_init(&r->body, ANSWER_MAX);
    buf_init(&r->headers, 64 * 1024);
    cx_own(cx, r, receiver_free);
    c = cx_own(cx, curl_easy_init(), curl_easy_cleanup);
    headers = header_list(cx, call);
    if (!set_options(c, cx, call, r, headers))
        cx_fail_memory(cx);
    b = may_call(cx, call);
    rc = curl_easy_perform(c);
    note_end(cx, b, rc);
    if (rc == CURLE_OUT_OF_MEMORY || r->body.starved || r->headers.starved)
        cx_fail_memory(cx);
    if (rc != CURLE_OK) {
        log_warn("http.failed", F_TEXT("url", call->url),
                 F_TEXT("why", curl_easy_strerror(rc)));
        cx_fail(cx, ERR_PARTNER, "外部服务没有应答，稍后重试。");
    }
    curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
    a->status = (int)status;
    a->body_len = r->body.len;
    a->body = arena_strndup(cx->arena, r->body.data ? r->body.data : "",
                            r->body.len);
    a->headers = split_headers(cx, r->headers.data ? r->headers.data
                                                   : (char[]){ "" });
    return a;
}

const char *http_header(const struct http_answer *a, const char *name)
{
    size_t n = strlen(name);

    for (size_t i = 0; a->headers[i] != NULL; i++)
        if (strncasecmp(a->headers[i], name, n) == 0 &&
            a->headers[i][n] == ':') {
            const char *v = a->headers[i] + n + 1;

            return v + strspn(v, " ");
        }
    return NULL;
}
