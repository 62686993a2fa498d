/*
 * Errors as answers: a page that says what happened, what it means and what
 * to do, or JSON. Details stay in the log, found by the reference (rule I6).
 */
#include "web/app.h"

#include <string.h>

#include "base/config.h"
#include "base/log.h"

enum { REFERENCE_HEX = 6 };

const char *request_ref(struct cx *cx)
{
    char *ref = cx_printf(cx, "E-%.*s", REFERENCE_HEX, cx->request_id);

    for (char *p = ref; *p != '\0'; p++)
        if (*p >= 'a' && *p <= 'f')
            *p = (char)(*p - 'a' + 'A');
    return ref;
}

/* What a page says of each kind of failure; text NULL: the text given to
   cx_fail. */
static const struct words {
    enum cx_code code;
    const char *kind, *title, *text;
} words[] = {
    { ERR_BAD_REQUEST, "bad", "没能看懂这个请求", NULL },
    { ERR_INVALID, "bad", "提交的内容有误", NULL },
    { ERR_BAD_SIGNATURE, "bad", "签名不正确", NULL },
    { ERR_UNAUTHENTICATED, "denied", "需要登录", NULL },
    { ERR_CSRF, "denied", "页面已过期", NULL },
    { ERR_NOT_FOUND, "missing", "没有找到", NULL },
    { ERR_METHOD, "bad", "不支持这种请求方法", NULL },
    { ERR_TOO_LARGE, "bad", "提交的内容过大", NULL },
    { ERR_IDEM_MISMATCH, "conflict", "请求编号重复", NULL },
    { ERR_TOO_MANY, "busy", "操作过于频繁", NULL },
    { ERR_INTERNAL, "broken", "页面没能打开",
      "服务器处理这个请求时出错，已自动记录。你刚才的操作没有生效，"
      "可以放心重试。" },
    { ERR_PARTNER, "down", "第三方服务没有响应", NULL },
    { ERR_UNCONFIGURED, "down", "服务尚未配置", NULL },
    { ERR_DATABASE, "down", "服务暂时不可用", NULL },
    { ERR_MEMORY, "down", "服务暂时不可用", NULL },
};

static const struct words other = { CX_OK, "conflict", "操作没有完成", NULL };

static const struct words *words_of(enum cx_code code)
{
    for (size_t i = 0; i < COUNT(words); i++)
        if (words[i].code == code)
            return &words[i];
    return &other;
}

static const char *text_of(const struct cx_error *e)
{
    const struct words *w = words_of(e->code);

    return w->text == NULL ? e->text : w->text;
}

static void log_failure(struct cx *cx, int status)
{
    const struct cx_error *e = &cx->error;

    if (status < 500)
        return;
    log_error("web.failed", F_TEXT("ref", request_ref(cx)),
              F_TEXT("code", cx_code_name(e->code)), F_TEXT("text", e->text),
              F_TEXT("file", e->file == NULL ? "" : e->file),
              F_INT("line", e->line));
}

static void json_answer(struct serving *s, int status)
{
    struct cx *cx = s->req.cx;
    struct buf text;
    struct json_out out = { .to = &text };
    char least[200];

    buf_init(&text, 4096);
    json_open(&out, NULL, '{');
    json_int(&out, "code", cx_number(cx->error.code));
    json_text(&out, "message", text_of(&cx->error));
    if (cx->error.code == ERR_INVALID && cx->error.field != NULL)
        json_text(&out, "field", cx->error.field);
    json_text(&out, "request_id", cx->request_id);
    json_close(&out, '}');
    if (buf_text(&text) != NULL) {
        answer_json(&s->req, buf_text(&text));
    } else { /* no memory even for that */
        snprintf(least, sizeof least, "{\"code\":%d,\"message\":\"%s\","
                 "\"request_id\":\"%s\"}", cx_number(ERR_MEMORY),
                 "服务器内存不足，请核对后再重试。", cx->request_id);
        answer_json(&s->req, least);
        status = cx_status(ERR_MEMORY);
    }
    buf_fini(&text);
    answer_status(&s->req, status);
}

/* htmx shows nothing of an error: the sentence goes out as a toast. */
static void htmx_answer(struct serving *s, int status)
{
    struct cx *cx = s->req.cx;
    const char *text = text_of(&cx->error);

    if (status >= 500)
        text = cx_printf(cx, "%s（%s）", text, request_ref(cx));
    answer_data(&s->req, "text/html; charset=utf-8", "", 0);
    answer_status(&s->req, status);
    answer_header(&s->req, "HX-Trigger",
                  cx_printf(cx, "{\"toast\":{\"kind\":\"fault\","
                            "\"text\":\"%s\"}}", json_ascii(cx, text)));
}

/* 你没有「提现审核」的权限: which role lacks it, and whom to ask. */
static void denied_words(struct serving *s, struct vnode *e)
{
    struct cx *cx = s->req.cx;
    const struct session *session = s->req.session;
    const char *granter = cx->db == NULL || cx->error.field == NULL
        ? NULL
        : s->req.app->identity->granter(cx, cx->error.field);
    const char *ask = granter == NULL
        ? "如工作需要，请联系管理员开通，开通后刷新本页即可。"
        : cx_printf(cx, "如工作需要，请联系管理员 %s开通，"
                    "开通后刷新本页即可。", granter);

    v_set(e, "kind", "denied");
    v_set(e, "title", cx->error.text);
    v_printf(e, "text", "当前角色「%s」不含此权限。%s",
             session == NULL || session->role_names == NULL
                 ? "" : session->role_names, ask);
}

static void page_words(struct serving *s, struct vnode *e, int status)
{
    const struct cx_error *error = &s->req.cx->error;
    const struct words *w = words_of(error->code);

    v_set(e, "kind", w->kind);
    v_set(e, "title", w->title);
    v_set(e, "text", text_of(error));
    if (status >= 500)
        v_set(e, "ref", request_ref(s->req.cx));
    v_flag(e, "retry", status >= 500 && s->req.method == GET);
}

static void render_page(struct cx *cx, void *arg)
{
    struct serving *s = arg;
    struct vnode *tree = view_new(cx);
    struct vnode *e = v_child(tree, "Error");
    int status = cx_status(cx->error.code);

    v_int(e, "status", status);
    v_flag(e, "home", s->req.session != NULL);
    if (cx->error.code == ERR_FORBIDDEN && s->req.session != NULL)
        denied_words(s, e);
    else
        page_words(s, e, status);

    const char *title = cx_strdup(cx, v_get(e, "title"));

    if (s->req.session != NULL)
        answer_page(&s->req, "page/error.cs", tree, title);
    else
        answer_bare(&s->req, "page/error.cs", tree, title);
    answer_status(&s->req, status);
    answer_finish(s);
}

/* Without database, or without templates that work: one plain sentence. */
static void plain_answer(struct serving *s, int status)
{
    struct cx *cx = s->req.cx;
    const char *text = cx_printf(cx, "%s %s\n", text_of(&cx->error),
                                 request_ref(cx));

    answer_reset(s->req.answer);
    answer_data(&s->req, "text/plain; charset=utf-8", text, strlen(text));
    answer_status(&s->req, status);
}

static void page_answer(struct serving *s, int status)
{
    struct cx *cx = s->req.cx;
    struct cx_error error = cx->error;

    /* The menu and the person come from the database. */
    if (error.code == ERR_DATABASE)
        s->req.session = NULL;
    if (cx_run(cx, render_page, s))
        return;
    if (s->req.session != NULL) {
        s->req.session = NULL;
        cx->error = error;
        answer_reset(s->req.answer);
        if (cx_run(cx, render_page, s))
            return;
    }
    cx->error = error;
    plain_answer(s, status);
}

/* Nobody is signed in: a page leads to the sign-in page and back. */
static void sign_in_answer(struct serving *s)
{
    struct cx *cx = s->req.cx;
    const struct identity *identity = s->req.app->identity;
    const char *next = "";

    if (s->req.session != NULL) {
        answer_redirect(&s->req, identity->password_path);
        return;
    }
    if (s->req.method == GET && !s->req.htmx && s->req.path[1] != '\0')
        next = cx_printf(cx, "?next=%s", url_encode(cx->arena, s->req.path));
    answer_redirect(&s->req, cx_printf(cx, "%s%s", identity->login_path,
                                       next));
    if (s->had_cookie)
        answer_session(&s->req, "");
}

void error_answer(struct serving *s)
{
    struct cx *cx = s->req.cx;
    int status = cx_status(cx->error.code);

    log_failure(cx, status);
    answer_reset(s->req.answer);
    if (cx->error.code == ERR_DATABASE)
        atomic_fetch_add(&s->req.app->shared->db_errors, 1);
    if (cx->error.code == ERR_METHOD)
        answer_header(&s->req, "Allow", "GET, HEAD, POST");
    if (s->req.json)
        json_answer(s, status);
    else if (cx->error.code == ERR_UNAUTHENTICATED &&
             s->req.app->identity != NULL)
        sign_in_answer(s);
    else if (s->req.htmx)
        htmx_answer(s, status);
    else
        page_answer(s, status);
}
