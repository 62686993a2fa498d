/*
 * The head of a request: method, path, headers, and the route they lead to.
 */
#include "web/app.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

enum { AGENT_MAX = 200 };

const char *serving_header(const struct serving *s, const char *name)
{
    const char *v = s->transport->get(s->transport->from, name);

    return v == NULL ? "" : v;
}

const char *request_header(const struct request *req, const char *name)
{
    const struct serving *s = (const struct serving *)(const void *)req;
    char variable[80] = "HTTP_";
    size_t n = strlen(variable);

    for (; *name != '\0'; name++) {
        must(n < sizeof variable - 1);
        variable[n++] = *name == '-' ? '_' : (char)toupper(*name);
    }
    return s->transport->get(s->transport->from, variable);
}

static void read_method(struct serving *s)
{
    const char *name = serving_header(s, "REQUEST_METHOD");

    s->head = strcmp(name, "HEAD") == 0;
    s->method_name = strcmp(name, "POST") == 0 ? "POST" : s->head ? "HEAD"
                                                                  : "GET";
    s->req.method = strcmp(name, "POST") == 0 ? POST : GET;
    if (s->req.method == GET && !s->head && strcmp(name, "GET") != 0)
        cx_fail(s->req.cx, ERR_METHOD, "不支持这种请求方法。");
}

static void read_length(struct serving *s)
{
    const char *text = serving_header(s, "CONTENT_LENGTH");
    size_t n = strspn(text, "0123456789");

    if (text[n] != '\0' || n > 10)
        cx_fail(s->req.cx, ERR_BAD_REQUEST, "内容长度不正确。");
    s->content_length = n == 0 ? 0 : (size_t)strtoull(text, NULL, 10);
}

/* User-Agent is kept with sessions, for people: whatever is not clean text
   is dropped whole. */
static const char *clean_agent(struct cx *cx, const char *agent)
{
    size_t n = strlen(agent);

    if (n > AGENT_MAX)
        n = AGENT_MAX;
    while (n > 0 && n > AGENT_MAX - 4 && !utf8_clean(agent, n))
        n--;
    return utf8_clean(agent, n) ? arena_strndup(cx->arena, agent, n) : "";
}

void serving_read_head(struct serving *s)
{
    struct request *req = &s->req;

    s->cookies = serving_header(s, "HTTP_COOKIE");
    s->content_type = serving_header(s, "CONTENT_TYPE");
    s->sent_token = serving_header(s, "HTTP_X_CSRF_TOKEN");
    s->current = serving_header(s, "HTTP_HX_CURRENT_URL");
    s->origin = (struct origin){ serving_header(s, "HTTP_ORIGIN"),
                                 serving_header(s, "HTTP_HOST"),
                                 serving_header(s, "HTTP_SEC_FETCH_SITE") };
    /* Logged when the answer is out and the parameters are gone. */
    req->address = cx_strdup(req->cx, serving_header(s, "REMOTE_ADDR"));
    req->host = s->origin.host;
    req->agent = clean_agent(req->cx, serving_header(s, "HTTP_USER_AGENT"));
    req->query = serving_header(s, "QUERY_STRING");
    req->htmx = strcmp(serving_header(s, "HTTP_HX_REQUEST"), "true") == 0;
    req->poll = *serving_header(s, "HTTP_X_POLL") != '\0';
    req->json = strstr(serving_header(s, "HTTP_ACCEPT"),
                       "application/json") != NULL;
    req->cx->actor.address = req->address;
    read_method(s);
    read_length(s);
}

/* ---- route ------------------------------------------------------------- */

static void set_path(struct serving *s, const char *const *segments, size_t n)
{
    struct buf *path = cx_buf(s->req.cx, PATH_MAX_LEN + ROUTE_PARTS_MAX + 2);

    for (size_t i = 0; i < n; i++) {
        buf_putc(path, '/');
        buf_puts(path, segments[i]);
    }
    s->req.path = n == 0 ? "/" : cx_strdup(s->req.cx, buf_text(path));
}

/* "/console/pile.json" is "/console/pile", answered as JSON. */
static void strip_json(struct serving *s, const char **segments, size_t n)
{
    size_t len = n == 0 ? 0 : strlen(segments[n - 1]);

    if (len <= 5 || strcmp(segments[n - 1] + len - 5, ".json") != 0)
        return;
    segments[n - 1] = arena_strndup(s->req.cx->arena, segments[n - 1],
                                    len - 5);
    s->req.json = true;
}

void serving_find_route(struct serving *s)
{
    struct cx *cx = s->req.cx;
    const char *uri = serving_header(s, "REQUEST_URI");
    const char *segments[ROUTE_PARTS_MAX];
    size_t n;

    if (!path_split(cx->arena, uri, strcspn(uri, "?#"), segments, &n))
        cx_fail(cx, ERR_NOT_FOUND, "没有这个页面。");
    strip_json(s, segments, n);
    set_path(s, segments, n);
    if (n > 0 && strcmp(segments[0], "api") == 0)
        s->req.json = true;
    switch (router_find(s->req.app->router, s->req.method, segments, n,
                        &s->match)) {
    case MATCH_NONE:
        cx_fail(cx, ERR_NOT_FOUND, "没有这个页面。");
    case MATCH_OTHER_METHOD:
        cx_fail(cx, ERR_METHOD, "不支持这种请求方法。");
    case MATCH_FOUND:
        break;
    }
    s->req.target = s->match.row->route.target;
    if (s->match.row->endpoint != NULL)
        s->req.json = true;
}

bool serving_hand_over(struct serving *s)
{
    if (!(s->match.row->route.flags & ROUTE_SLOW) || s->req.app->slow_pool)
        return false;
    s->req.answer->status = 200;
    answer_header(&s->req, "X-Accel-Redirect", "@slow");
    return true;
}
