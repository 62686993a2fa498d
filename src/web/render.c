/*
 * The last step of an answer: templates become bytes, after the transaction
 * (T4, W3), and cookies are set.
 */
#include "web/app.h"

#include <string.h>

#include "base/config.h"

void answer_session(struct request *req, const char *token)
{
    answer_header(req, "Set-Cookie",
                  set_cookie(req->cx, session_cookie(req->cx->config),
                             token));
}

static const char *head_of(const struct serving *s)
{
    if (s->req.answer->layout == LAYOUT_BARE)
        return "layout/bare_head.cs";
    if (s->req.answer->layout == LAYOUT_FULL)
        return s->req.htmx ? "layout/fragment.cs" : "layout/head.cs";
    return NULL;
}

static const char *foot_of(const struct serving *s)
{
    if (s->req.answer->layout == LAYOUT_BARE)
        return "layout/bare_foot.cs";
    if (s->req.answer->layout == LAYOUT_FULL && !s->req.htmx)
        return "layout/foot.cs";
    return NULL;
}

static void render(struct serving *s)
{
    struct cx *cx = s->req.cx;
    struct answer *a = s->req.answer;
    const char *head = head_of(s), *foot = foot_of(s);

    must(!cx->in_tx); /* T4 */
    frame_fill(&s->req, a->tree, a->title,
               a->layout == LAYOUT_FULL && !s->req.htmx);
    if (head != NULL)
        view_render(cx, head, a->tree, &a->body);
    view_render(cx, a->template_name, a->tree, &a->body);
    if (foot != NULL)
        view_render(cx, foot, a->tree, &a->body);
    view_free(a->tree);
    a->tree = NULL;
}

/* A toast on an answer that has no place for it. */
static void trigger_toast(struct serving *s)
{
    struct cx *cx = s->req.cx;
    const struct answer *a = s->req.answer;

    if (a->toast == NULL || a->location != NULL || !s->req.htmx ||
        (a->template_name != NULL && a->title != NULL))
        return;
    answer_header(&s->req, "HX-Trigger",
                  cx_printf(cx, "{\"toast\":{\"kind\":\"%s\","
                            "\"text\":\"%s\"}}", a->toast_kind,
                            json_ascii(cx, a->toast)));
}

void answer_finish(struct serving *s)
{
    struct answer *a = s->req.answer;

    if (a->tree != NULL)
        render(s);
    if (a->body.starved)
        cx_fail_memory(s->req.cx);
    trigger_toast(s);
    if (s->guest_is_new && s->req.session == NULL && a->template_name != NULL)
        answer_header(&s->req, "Set-Cookie",
                      set_cookie(s->req.cx, guest_cookie(s->req.cx->config),
                                 s->guest));
}
