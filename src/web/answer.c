/*
 * The answer_* functions of request.h, and the header block of every answer.
 */
#include "web/answer.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"
#include "web/input.h"

void answer_init(struct answer *a)
{
    *a = (struct answer){ .fd = -1 };
    buf_init(&a->body, ANSWER_BODY_MAX);
}

void answer_reset(struct answer *a)
{
    struct answer fresh = { .fd = -1, .body = a->body, .https = a->https };

    if (a->tree != NULL)
        view_free(a->tree);
    if (a->fd >= 0)
        close(a->fd);
    *a = fresh;
    buf_clear(&a->body);
}

void answer_fini(struct answer *a)
{
    answer_reset(a);
    buf_fini(&a->body);
}

/* ---- what handlers call ------------------------------------------------ */

static struct answer *started(struct request *req, int status,
                              const char *type)
{
    struct answer *a = req->answer;

    if (a->status == 0)
        a->status = status;
    a->type = type;
    buf_clear(&a->body);
    return a;
}

static void set_template(struct request *req, enum answer_layout layout,
                         const char *name, struct vnode *tree,
                         const char *title)
{
    struct answer *a = started(req, 200, "text/html; charset=utf-8");

    if (a->tree != NULL && a->tree != tree)
        view_free(a->tree);
    a->layout = layout;
    a->template_name = name;
    a->tree = view_disown(req->cx, tree);
    a->title = title;
}

void answer_page(struct request *req, const char *template_name,
                 struct vnode *tree, const char *title)
{
    set_template(req, LAYOUT_FULL, template_name, tree, title);
}

void answer_bare(struct request *req, const char *template_name,
                 struct vnode *tree, const char *title)
{
    set_template(req, LAYOUT_BARE, template_name, tree, title);
}

void answer_fragment(struct request *req, const char *template_name,
                     struct vnode *tree)
{
    set_template(req, LAYOUT_NONE, template_name, tree, NULL);
}

void answer_status(struct request *req, int status)
{
    req->answer->status = status;
}

bool path_is_ours(const char *path)
{
    return path[0] == '/' && path[1] != '/' && path[1] != '\\' &&
           header_is_clean(path);
}

void answer_redirect(struct request *req, const char *path)
{
    struct answer *a;

    must(path_is_ours(path)); /* I7: never where a user points to */
    a = started(req, req->htmx ? 200 : 303, "text/html; charset=utf-8");
    a->location = path;
    answer_header(req, req->htmx ? "HX-Redirect" : "Location", path);
}

void answer_json(struct request *req, const char *json)
{
    struct answer *a = started(req, 200, "application/json; charset=utf-8");

    buf_puts(&a->body, json);
}

void answer_data(struct request *req, const char *type, const void *data,
                 size_t len)
{
    struct answer *a = started(req, 200, type);

    buf_add(&a->body, data, len);
}

/* A download never becomes a page of this site (rule U4). */
static void attach(struct request *req, const char *name)
{
    const char *plain = name;

    for (const char *p = name; *p != '\0'; p++)
        if (*p < ' ' || *p > '~' || *p == '"' || *p == '\\')
            plain = "download";
    answer_header(req, "Content-Disposition",
                  cx_printf(req->cx,
                            "attachment; filename=\"%s\"; filename*=UTF-8''%s",
                            plain, url_encode(req->cx->arena, name)));
    answer_header(req, "Content-Security-Policy",
                  "default-src 'none'; sandbox; frame-ancestors 'none'");
}

void answer_file(struct request *req, const char *type, const char *name,
                 const void *data, size_t len)
{
    answer_data(req, type, data, len);
    attach(req, name);
}

void answer_fd(struct request *req, const char *type, const char *name,
               int fd, int64_t len)
{
    struct answer *a = started(req, 200, type);

    if (a->fd >= 0)
        close(a->fd);
    a->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    if (a->fd < 0)
        cx_fail(req->cx, ERR_INTERNAL, "系统资源不足，稍后重试。");
    a->fd_len = len;
    attach(req, name);
}

bool header_is_clean(const char *value)
{
    for (const char *p = value; *p != '\0'; p++)
        if (*p < ' ' || *p > '~')
            return false;
    return true;
}

void answer_header(struct request *req, const char *name, const char *value)
{
    struct answer *a = req->answer;

    must(a->header_count < ANSWER_HEADERS_MAX && header_is_clean(value));
    a->headers[a->header_count].name = name;
    /* Written after the tree of the page is gone, from which it may come. */
    a->headers[a->header_count++].value = cx_strdup(req->cx, value);
}

void answer_toast_as(struct request *req, const char *kind, const char *text)
{
    req->answer->toast = text;
    req->answer->toast_kind = kind;
}

void answer_toast(struct request *req, const char *text)
{
    answer_toast_as(req, "ok", text);
}

const char *json_ascii(struct cx *cx, const char *text)
{
    size_t n = strlen(text), to = 0;
    char *out = arena_array(cx->arena, n + 1, 6);

    for (size_t i = 0; i < n;) {
        uint32_t c;
        size_t len = utf8_read(text + i, n - i, &c);

        must(len > 0);
        i += len;
        if (c >= ' ' && c <= '~' && c != '"' && c != '\\')
            out[to++] = (char)c;
        else if (c < 0x10000)
            to += (size_t)snprintf(out + to, 7, "\\u%04x", (unsigned)c);
        else
            to += (size_t)snprintf(out + to, 13, "\\u%04x\\u%04x",
                                   0xd800 + ((unsigned)(c - 0x10000) >> 10),
                                   0xdc00 + ((unsigned)c & 0x3ff));
    }
    return out;
}

/* ---- the header block -------------------------------------------------- */

static const struct {
    const char *name, *value;
} always[] = {
    { "Content-Security-Policy",
      "default-src 'self'; script-src 'self'; style-src 'self'; "
      "img-src 'self' data:; connect-src 'self'; object-src 'none'; "
      "base-uri 'none'; form-action 'self'; frame-ancestors 'none'" },
    { "X-Content-Type-Options", "nosniff" },
    { "X-Frame-Options", "DENY" },
    { "Referrer-Policy", "same-origin" },
    { "Cross-Origin-Opener-Policy", "same-origin" },
    { "Cross-Origin-Resource-Policy", "same-origin" },
    { "Permissions-Policy",
      "camera=(), geolocation=(), microphone=(), payment=(), usb=()" },
    { "Cache-Control", "no-store" },
};

static const char *reason(int status)
{
    switch (status) {
    case 200: return "OK";
    case 204: return "No Content";
    case 303: return "See Other";
    case 400: return "Bad Request";
    case 401: return "Unauthorized";
    case 403: return "Forbidden";
    case 404: return "Not Found";
    case 405: return "Method Not Allowed";
    case 409: return "Conflict";
    case 413: return "Content Too Large";
    case 422: return "Unprocessable Content";
    case 429: return "Too Many Requests";
    case 500: return "Internal Server Error";
    case 502: return "Bad Gateway";
    case 503: return "Service Unavailable";
    default:  return "Other";
    }
}

static bool has_header(const struct answer *a, const char *name)
{
    for (size_t i = 0; i < a->header_count; i++)
        if (strcmp(a->headers[i].name, name) == 0)
            return true;
    return false;
}

void answer_head(const struct answer *a, struct buf *out)
{
    int64_t len = a->fd >= 0 ? a->fd_len : (int64_t)a->body.len;

    buf_printf(out, "Status: %d %s\r\n", a->status, reason(a->status));
    if (a->type != NULL)
        buf_printf(out, "Content-Type: %s\r\n", a->type);
    buf_printf(out, "Content-Length: %lld\r\n", (long long)len);
    for (size_t i = 0; i < COUNT(always); i++)
        if (!has_header(a, always[i].name))
            buf_printf(out, "%s: %s\r\n", always[i].name, always[i].value);
    if (a->https) /* S4 */
        buf_puts(out, "Strict-Transport-Security: max-age=31536000; "
                      "includeSubDomains\r\n");
    for (size_t i = 0; i < a->header_count; i++)
        buf_printf(out, "%s: %s\r\n", a->headers[i].name,
                   a->headers[i].value);
    buf_puts(out, "\r\n");
}
