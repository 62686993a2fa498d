#include "tests/integration/web/fcgi.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { BEGIN = 1, PARAMS = 4, STDIN = 5, STDOUT = 6, END = 3 };

struct message {
    unsigned char *data;
    size_t len, cap;
};

static void put(struct message *m, const void *p, size_t n)
{
    if (m->len + n > m->cap) {
        m->cap = (m->len + n) * 2;
        m->data = realloc(m->data, m->cap);
        if (m->data == NULL)
            abort();
    }
    memcpy(m->data + m->len, p, n);
    m->len += n;
}

static void record(struct message *m, int type, const void *p, size_t n)
{
    unsigned char head[8] = { 1, (unsigned char)type, 0, 1,
                              (unsigned char)(n >> 8), (unsigned char)n,
                              0, 0 };

    put(m, head, sizeof head);
    put(m, p, n);
}

/* A stream is records of at most 32 KiB, and an empty one. */
static void stream(struct message *m, int type, const void *p, size_t n)
{
    const char *s = p;

    while (n > 0) {
        size_t part = n > 32768 ? 32768 : n;

        record(m, type, s, part);
        s += part;
        n -= part;
    }
    record(m, type, "", 0);
}

static void put_length(struct message *m, size_t n)
{
    unsigned char big[4] = { (unsigned char)(0x80 | n >> 24),
                             (unsigned char)(n >> 16),
                             (unsigned char)(n >> 8), (unsigned char)n };
    unsigned char small = (unsigned char)n;

    if (n < 128)
        put(m, &small, 1);
    else
        put(m, big, 4);
}

static void param(struct message *m, const char *name, const char *value)
{
    if (value == NULL)
        return;
    put_length(m, strlen(name));
    put_length(m, strlen(value));
    put(m, name, strlen(name));
    put(m, value, strlen(value));
}

static void params(struct message *m, const struct fcgi_call *c, size_t len)
{
    const char *query = strchr(c->uri, '?');
    char text[24];

    snprintf(text, sizeof text, "%zu", len);
    param(m, "REQUEST_METHOD", c->method == NULL ? "GET" : c->method);
    param(m, "REQUEST_URI", c->uri);
    param(m, "QUERY_STRING", query == NULL ? "" : query + 1);
    param(m, "CONTENT_TYPE", c->type == NULL ? "" : c->type);
    param(m, "CONTENT_LENGTH", len == 0 ? "" : text);
    param(m, "REMOTE_ADDR", c->address == NULL ? "127.0.0.1" : c->address);
    param(m, "HTTP_HOST", "127.0.0.1:8080");
    param(m, "HTTP_USER_AGENT", "tests/1.0");
    for (size_t i = 0; i < FCGI_HEADERS_MAX; i++)
        if (c->headers[i].name != NULL)
            param(m, c->headers[i].name, c->headers[i].value);
}

int fcgi_send(const char *path, const struct fcgi_call *c)
{
    static const unsigned char begin[8] = { 0, 1, 0, 0, 0, 0, 0, 0 };
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    struct message m = { 0 }, p = { 0 };
    size_t len = c->body == NULL ? 0 : c->body_len == 0 ? strlen(c->body)
                                                        : c->body_len;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t sent = 0;

    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        close(fd);
        return -1;
    }
    record(&m, BEGIN, begin, sizeof begin);
    params(&p, c, len);
    stream(&m, PARAMS, p.data, p.len);
    stream(&m, STDIN, c->body, len);
    while (sent < m.len) {
        ssize_t n = send(fd, m.data + sent, m.len - sent, MSG_NOSIGNAL);

        if (n <= 0)
            break; /* answered before it was all read */
        sent += (size_t)n;
    }
    free(m.data);
    free(p.data);
    return fd;
}

static bool read_all(int fd, void *p, size_t n)
{
    char *to = p;

    while (n > 0) {
        ssize_t got = read(fd, to, n);

        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        to += got;
        n -= (size_t)got;
    }
    return true;
}

static void split(struct fcgi_reply *r, struct message *out)
{
    char *end;

    put(out, "", 1);
    out->len--;
    r->head = (char *)out->data;
    end = strstr(r->head, "\r\n\r\n");
    if (end == NULL) {
        r->body = r->head + out->len;
        return;
    }
    *end = '\0';
    r->body = end + 4;
    r->body_len = out->len - (size_t)(r->body - r->head);
    if (strncmp(r->head, "Status: ", 8) == 0)
        r->status = (int)strtol(r->head + 8, NULL, 10);
}

bool fcgi_receive(int fd, struct fcgi_reply *r)
{
    struct message out = { 0 };
    unsigned char head[8], data[65535 + 255];

    memset(r, 0, sizeof *r);
    while (read_all(fd, head, sizeof head)) {
        size_t n = (size_t)head[4] << 8 | head[5];

        if (!read_all(fd, data, n + head[6]) || head[1] == END)
            break;
        if (head[1] == STDOUT && out.len + n < FCGI_REPLY_MAX)
            put(&out, data, n);
    }
    close(fd);
    split(r, &out);
    return true;
}

bool fcgi_call(const char *path, const struct fcgi_call *c,
               struct fcgi_reply *r)
{
    int fd = fcgi_send(path, c);

    memset(r, 0, sizeof *r);
    return fd >= 0 && fcgi_receive(fd, r);
}

void fcgi_free(struct fcgi_reply *r)
{
    free(r->head);
    memset(r, 0, sizeof *r);
}

bool fcgi_header(const struct fcgi_reply *r, const char *name, char *out,
                 size_t size)
{
    size_t n = strlen(name);

    for (const char *p = r->head; p != NULL && *p != '\0';) {
        const char *end = strstr(p, "\r\n");
        size_t len = end == NULL ? strlen(p) : (size_t)(end - p);

        if (len > n + 1 && strncasecmp(p, name, n) == 0 && p[n] == ':') {
            snprintf(out, size, "%.*s", (int)(len - n - 2), p + n + 2);
            return true;
        }
        p = end == NULL ? NULL : end + 2;
    }
    return false;
}

/* ---- a browser --------------------------------------------------------- */

/* Every Set-Cookie line that is one of ours. */
static void keep_cookies(struct browser *b, const struct fcgi_reply *r)
{
    for (const char *p = r->head; p != NULL; ) {
        const char *end = strstr(p, "\r\n");
        const char *v = p + strlen("Set-Cookie: ");

        if (strncmp(p, "Set-Cookie: ", 12) == 0 && strncmp(v, "ph=", 3) == 0)
            snprintf(b->session, sizeof b->session, "%.*s",
                     (int)strcspn(v, ";"), v);
        if (strncmp(p, "Set-Cookie: ", 12) == 0 &&
            strncmp(v, "ph-guest=", 9) == 0)
            snprintf(b->guest, sizeof b->guest, "%.*s", (int)strcspn(v, ";"),
                     v);
        p = end == NULL ? NULL : end + 2;
    }
    if (strcmp(b->session, "ph=") == 0)
        b->session[0] = '\0';
}

static void keep_value(const char *body, const char *mark, char *out,
                       size_t size)
{
    const char *p = body == NULL ? NULL : strstr(body, mark);

    if (p == NULL)
        return;
    p += strlen(mark);
    snprintf(out, size, "%.*s", (int)strcspn(p, "\""), p);
}

static void keep(struct browser *b, const struct fcgi_reply *r)
{
    if (r->head == NULL)
        return;
    keep_cookies(b, r);
    keep_value(r->body, "name=\"_csrf\" value=\"", b->csrf, sizeof b->csrf);
    keep_value(r->body, "name=\"_form\" value=\"", b->form, sizeof b->form);
}

static void go(struct browser *b, struct fcgi_call *c, struct fcgi_reply *r)
{
    char cookies[200];

    snprintf(cookies, sizeof cookies, "%s%s%s", b->session,
             b->session[0] != '\0' && b->guest[0] != '\0' ? "; " : "",
             b->guest);
    c->address = b->address;
    c->headers[FCGI_HEADERS_MAX - 1].name = "HTTP_COOKIE";
    c->headers[FCGI_HEADERS_MAX - 1].value = cookies;
    fcgi_call(b->socket, c, r);
    keep(b, r);
}

void browser_get(struct browser *b, const char *uri, struct fcgi_reply *r)
{
    struct fcgi_call c = { .uri = uri };

    go(b, &c, r);
}

void browser_post(struct browser *b, const char *uri, const char *form,
                  struct fcgi_reply *r)
{
    struct fcgi_call c = {
        .method = "POST", .uri = uri,
        .type = "application/x-www-form-urlencoded", .body = form,
        .headers = { { "HTTP_X_CSRF_TOKEN", b->csrf },
                     { "HTTP_ORIGIN", "http://127.0.0.1:8080" },
                     { "HTTP_SEC_FETCH_SITE", "same-origin" } },
    };

    go(b, &c, r);
}

void browser_json(struct browser *b, const char *uri, const char *json,
                  struct fcgi_reply *r)
{
    struct fcgi_call c = {
        .method = "POST", .uri = uri, .type = "application/json",
        .body = json, .headers = { { "HTTP_X_CSRF_TOKEN", b->csrf } },
    };

    go(b, &c, r);
}

bool browser_sign_in(struct browser *b, const char *phone,
                     const char *password)
{
    struct fcgi_reply r;
    char form[300];
    bool ok;

    browser_get(b, "/login", &r);
    fcgi_free(&r);
    snprintf(form, sizeof form, "phone=%s&password=%s&next=", phone,
             password);
    browser_post(b, "/login", form, &r);
    ok = r.status == 303 && b->session[0] != '\0';
    fcgi_free(&r);
    if (!ok)
        return false;
    /* The token of the session. */
    browser_get(b, "/console/me", &r);
    fcgi_free(&r);
    return true;
}
