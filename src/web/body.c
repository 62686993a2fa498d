/*
 * The body of a request and everything else that becomes a parameter; then
 * the check that it was sent from a page of ours (rule A7).
 */
#include "web/app.h"

#include <string.h>
#include <strings.h>

#include "base/crypto.h"

enum { CHUNK = 16 * 1024 };

static void refuse(struct cx *cx, enum input_status status)
{
    switch (status) {
    case INPUT_OK:
        return;
    case INPUT_TOO_MANY:
    case INPUT_TOO_LONG:
        cx_fail(cx, ERR_TOO_LARGE, "%s", input_message(status));
    case INPUT_DISK:
        cx_fail(cx, ERR_INTERNAL, "%s", input_message(status));
    default:
        cx_fail(cx, ERR_BAD_REQUEST, "%s", input_message(status));
    }
}

static void close_input(void *p)
{
    input_close(p);
}

static bool is_type(const char *content_type, const char *type)
{
    size_t n = strlen(type);

    return strncasecmp(content_type, type, n) == 0 &&
           strchr("; \t", content_type[n]) != NULL;
}

/* The whole body in the arena. */
static void read_raw(struct serving *s, size_t max)
{
    struct cx *cx = s->req.cx;
    const struct transport *t = s->transport;
    char *data;
    size_t n = 0;

    if (s->content_length > max)
        cx_fail(cx, ERR_TOO_LARGE, "提交的内容过长。");
    data = arena_alloc(cx->arena, s->content_length + 1);
    while (n < s->content_length) {
        ssize_t got = t->read(t->from, data + n, s->content_length - n);

        if (got <= 0)
            refuse(cx, INPUT_CUT);
        n += (size_t)got;
    }
    s->raw = data;
    s->raw_len = n;
}

static void read_multipart(struct serving *s)
{
    struct cx *cx = s->req.cx;
    const char *boundary = input_boundary(cx->arena, s->content_type);
    struct input_source source = { s->transport->read, s->transport->from,
                                   s->req.app->spool };

    if (!(s->match.row->route.flags & ROUTE_UPLOAD))
        cx_fail(cx, ERR_BAD_REQUEST, "这里不接收文件。");
    /* Content of the files, and some room for the heads of the parts. */
    if (s->content_length > INPUT_UPLOAD_MAX + INPUT_RAW_MAX)
        cx_fail(cx, ERR_TOO_LARGE, "文件过大，最多 50 MB。");
    if (boundary == NULL)
        refuse(cx, INPUT_BAD_MULTIPART);
    refuse(cx, input_multipart(&s->input, boundary, &source));
}

static void read_typed(struct serving *s)
{
    struct cx *cx = s->req.cx;

    if (is_type(s->content_type, "multipart/form-data")) {
        read_multipart(s);
    } else if (is_type(s->content_type,
                       "application/x-www-form-urlencoded")) {
        read_raw(s, INPUT_FORM_MAX);
        refuse(cx, input_urlencoded(&s->input, s->raw, s->raw_len));
    } else if (is_type(s->content_type, "application/json")) {
        read_raw(s, INPUT_FORM_MAX);
        refuse(cx, input_json(&s->input, s->raw, s->raw_len));
    } else {
        cx_fail(cx, ERR_BAD_REQUEST, "不支持这种内容类型。");
    }
}

/* A JSON endpoint takes JSON only: a form of another site cannot send it
   without being asked first by the browser. */
static void read_body(struct serving *s)
{
    const struct route_row *row = s->match.row;
    struct cx *cx = s->req.cx;

    if (row->route.flags & ROUTE_BODY) {
        read_raw(s, INPUT_RAW_MAX);
        s->input.body = s->raw;
        s->input.body_len = s->raw_len;
        return;
    }
    if (s->content_length == 0)
        return;
    if (row->endpoint != NULL && !(row->route.flags & ROUTE_UPLOAD) &&
        !is_type(s->content_type, "application/json"))
        cx_fail(cx, ERR_BAD_REQUEST, "应为 JSON（application/json）。");
    read_typed(s);
}

void serving_read_input(struct serving *s)
{
    struct cx *cx = s->req.cx;

    input_init(&s->input, cx->arena);
    s->req.input = cx_own(cx, &s->input, close_input);
    for (size_t i = 0; i < s->match.count; i++)
        refuse(cx, input_add(&s->input, PARAM_TEXT, s->match.name[i],
                             strlen(s->match.name[i]), s->match.value[i],
                             strlen(s->match.value[i])));
    if (strlen(s->req.query) > INPUT_QUERY_MAX)
        cx_fail(cx, ERR_TOO_LARGE, "链接过长。");
    refuse(cx, input_urlencoded(&s->input, s->req.query,
                                strlen(s->req.query)));
    if (s->req.method == POST)
        read_body(s);
}

/* Before sign-in a cookie of its own stands for the browser. */
void serving_read_guest(struct serving *s)
{
    char old[TOKEN_MAX + 1], text[2 * 16 + 1];
    uint8_t random[16];

    if (cookie_find(s->cookies, guest_cookie(s->req.app->config), old,
                    sizeof old) && strlen(old) == 2 * sizeof random) {
        s->guest = cx_strdup(s->req.cx, old);
        return;
    }
    random_bytes(random, sizeof random);
    s->guest = cx_strdup(s->req.cx, hex_encode(random, sizeof random, text));
    s->guest_is_new = true;
}

void serving_check_csrf(struct serving *s)
{
    const struct route_row *row = s->match.row;
    const char *sent = s->sent_token;

    if (s->req.method != POST || (row->route.flags & ROUTE_NO_CSRF) ||
        row->route.auth == AUTH_DRIVER)
        return;
    if (row->route.auth == AUTH_NONE && row->endpoint != NULL)
        return; /* no cookie is looked at */
    if (*sent == '\0' && input_get(&s->input, "_csrf") != NULL)
        sent = input_get(&s->input, "_csrf");
    if (s->guest_is_new && s->req.session == NULL)
        sent = "";
    if (!csrf_is_good(s->req.app->config, &s->origin,
                      csrf_token(s->req.cx, s->req.session, s->guest), sent))
        cx_fail(s->req.cx, ERR_CSRF,
                "页面已过期或请求来源不明，刷新页面后重试。");
}
