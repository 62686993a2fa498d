/*
 * Row and bulk actions: which rows, the question before, and what came of it
 * row by row. Rows are named by ids=1,2,3, by one parameter "row.12" for each
 * tick, or by all=1 with the filters of the list (up to 1,000).
 *
 *   Ask.title   重启 32010600011923？ / 重启 4 台电桩？
 *   Ask.text    the consequence; Ask.keep the safe choice; Ask.yes the verb
 *   Ask.url Ask.back Ask.ids .why_word .danger .why (flags)
 *   Result.title .done .failed; Result.rows.N .text .error; Result.back
 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "db/db.h"
#include "web/app.h"
#include "web/resource_in.h"

enum { WHY_LEAST = 2, WHY_MOST = 200 };

struct targets {
    const struct resource *r;
    const struct action *x;
    size_t n;
    int64_t ids[BULK_MAX];
};

/* ---- which rows, which action ------------------------------------------ */

static const struct action *action_of(struct request *req,
                                      const struct resource *r)
{
    const char *name = strrchr(req->path, '/') + 1;

    for (size_t i = 0; i < r->actions.n; i++)
        if (strcmp(r->actions.v[i].name, name) == 0)
            return &r->actions.v[i];
    must(!"the route of an action that the descriptor does not have");
    return NULL;
}

static void add_id(struct cx *cx, struct targets *t, int64_t id)
{
    for (size_t i = 0; i < t->n; i++)
        if (t->ids[i] == id)
            return;
    if (t->n == BULK_MAX)
        cx_fail_field(cx, "ids", "一次最多处理 %d %s，缩小筛选条件后再试。",
                      BULK_MAX, resource_unit(t->r));
    t->ids[t->n++] = id;
}

static void add_list(struct cx *cx, struct targets *t, const char *ids)
{
    while (*ids != '\0') {
        size_t len = strcspn(ids, ",");

        add_id(cx, t, id_of(cx, t->r, arena_strndup(cx->arena, ids, len)));
        ids += len + (ids[len] == ',');
    }
}

static void add_all(struct cx *cx, struct targets *t, const struct input *in)
{
    struct list_state *st = list_state_read(cx, t->r, in);
    struct list_sql s = list_ids_sql(list_state_query(cx, st, NO_FILTER),
                                     BULK_MAX + 1);
    struct db_table rows = db_table(cx, s.sql, s.binds);

    for (size_t i = 0; i < rows.rows; i++)
        add_id(cx, t, id_of(cx, t->r, rows.cells[i]));
}

/* Those that the caller may not see are not there: 404, whoever asks. */
static void require_all(struct cx *cx, const struct targets *t)
{
    struct list_query *q = list_query_new(cx, resource_source(cx, t->r));
    struct list_sql s;

    list_where_ids(q, t->r->key, t->ids, t->n);
    s = list_count_sql(q, 0);
    if (db_int(cx, s.sql, s.binds) != (int64_t)t->n)
        cx_fail(cx, ERR_NOT_FOUND, "所选的%s中有的已删除，或不在你的数据"
                "范围内。刷新后再选。", t->r->title);
}

static struct targets *targets_of(struct request *req)
{
    struct cx *cx = req->cx;
    const struct input *in = req->input;
    struct targets *t = CX_NEW(cx, struct targets);
    const char *all = input_get(in, "all"), *ids = input_get(in, "ids");

    t->r = req->target;
    t->x = action_of(req, t->r);
    if (all != NULL && strcmp(all, "1") == 0) {
        add_all(cx, t, in);
    } else {
        if (ids != NULL)
            add_list(cx, t, ids);
        for (size_t i = 0; i < in->count; i++)
            if (strncmp(in->params[i].name, "row.", 4) == 0)
                add_id(cx, t, id_of(cx, t->r, in->params[i].name + 4));
    }
    if (t->n == 0)
        cx_fail_field(cx, "ids", "还没有选择%s。", t->r->title);
    if (t->n > 1 && !(t->x->flags & ACT_BULK))
        cx_fail_field(cx, "ids", "「%s」一次只能处理一%s。", t->x->title,
                      resource_unit(t->r));
    require_all(cx, t);
    return t;
}

/* ---- the question ------------------------------------------------------ */

static const char *question(struct cx *cx, const struct targets *t)
{
    if (t->n == 1)
        return cx_printf(cx, "%s %s？", t->x->title,
                         resource_text(cx, t->r, t->ids[0]));
    return cx_printf(cx, "%s %zu %s%s？", t->x->title, t->n,
                     resource_unit(t->r), t->r->title);
}

/* The chosen rows again, as hidden fields of the question: what was counted
   in the question is what will be done, whatever the filter finds by then. */
static void put_targets(struct cx *cx, struct vnode *ask,
                        const struct targets *t)
{
    const char *ids = cx_printf(cx, "%lld", (long long)t->ids[0]);

    for (size_t i = 1; i < t->n; i++)
        ids = cx_printf(cx, "%s,%lld", ids, (long long)t->ids[i]);
    v_set(ask, "ids", ids);
}

static const char *why_word(const struct action *x)
{
    return x->why_word != NULL ? x->why_word : "依据";
}

void resource_confirm(struct request *req, const void *args)
{
    struct cx *cx = req->cx;
    struct targets *t = targets_of(req);
    struct vnode *tree = view_new(cx), *ask = v_child(tree, "Ask");

    (void)args;
    v_set(ask, "title", question(cx, t));
    v_set(ask, "text", t->x->confirm);
    v_set(ask, "yes", t->x->title);
    v_set(ask, "keep", t->x->keep != NULL ? t->x->keep : "取消");
    v_printf(ask, "url", "%s/do/%s", resource_path(cx, t->r), t->x->name);
    v_set(ask, "back", list_back(req, t->r));
    v_flag(ask, "danger", (t->x->flags & ACT_DANGER) != 0);
    v_flag(ask, "why", t->x->run_why != NULL);
    v_set(ask, "why_word", why_word(t->x));
    put_targets(cx, ask, t);
    if (req->htmx)
        answer_fragment(req, "ask.cs", tree);
    else
        answer_page(req, "ask.cs", tree, t->x->title);
}

/* ---- doing it ---------------------------------------------------------- */

struct act {
    const struct targets *t;
    int64_t id;
    const char *why;
};

/* The reason given, or NULL if the action wants none. */
static const char *why_of(struct request *req, const struct action *x)
{
    const char *why = input_get(req->input, "why");
    size_t chars = why != NULL ? utf8_count(why) : 0;

    if (x->run_why == NULL)
        return NULL;
    if (chars < WHY_LEAST || chars > WHY_MOST)
        cx_fail_field(req->cx, "why", "写明%s，%d–%d 个字。", why_word(x),
                      WHY_LEAST, WHY_MOST);
    return why;
}

static bool holds(struct cx *cx, const struct targets *t, int64_t id)
{
    struct list_sql s;
    struct db_table rows;

    if (t->x->when == NULL)
        return true;
    s = list_row_sql(list_query_new(cx, resource_source(cx, t->r)),
                     &t->x->when, 1, id);
    rows = db_table(cx, s.sql, s.binds);
    return rows.rows == 1 && rows.cells[0] != NULL &&
           strcmp(rows.cells[0], "0") != 0;
}

static void act(struct cx *cx, void *arg)
{
    const struct act *a = arg;

    resource_require(cx, a->t->r, a->id);
    if (!holds(cx, a->t, a->id))
        cx_fail(cx, ERR_STATE, "现在的状态不能%s。", a->t->x->title);
    if (a->t->x->run_why != NULL)
        a->t->x->run_why(cx, a->id, a->why);
    else
        a->t->x->run(cx, a->id);
}

static void act_tx(struct cx *cx, void *arg)
{
    db_tx(cx, act, arg);
}

/* Errors of one row; the others go on. */
static bool is_of_the_row(enum cx_code code)
{
    return code != ERR_DATABASE && code != ERR_INTERNAL;
}

struct outcome {
    size_t done, failed;
    const char *error[BULK_MAX]; /* NULL: done */
};

/* Each row in a transaction of its own. */
static struct outcome *run_all(struct cx *cx, const struct targets *t,
                               const char *why)
{
    struct outcome *o = CX_NEW(cx, struct outcome);

    for (size_t i = 0; i < t->n; i++) {
        struct act a = { t, t->ids[i], why };

        if (cx_run(cx, act_tx, &a)) {
            o->done++;
            continue;
        }
        if (t->n == 1 || !is_of_the_row(cx->error.code))
            cx_refail(cx);
        o->failed++;
        o->error[i] = cx_strdup(cx, cx->error.text);
    }
    return o;
}

static void answer_results(struct request *req, const struct targets *t,
                           const struct outcome *o)
{
    struct cx *cx = req->cx;
    struct vnode *tree = view_new(cx), *result = v_child(tree, "Result");
    size_t n = 0;

    v_printf(result, "title", "%s：%zu %s完成，%zu %s未完成", t->x->title,
             o->done, resource_unit(t->r), o->failed, resource_unit(t->r));
    v_set(result, "back", list_back(req, t->r));
    for (size_t i = 0; i < t->n; i++) {
        struct vnode *row;

        if (o->error[i] == NULL)
            continue;
        row = v_item(v_child(result, "rows"), n++);
        v_set(row, "text", resource_text(cx, t->r, t->ids[i]));
        v_set(row, "error", o->error[i]);
    }
    if (!req->htmx) {
        answer_page(req, "result.cs", tree, t->x->title);
        return;
    }
    answer_header(req, "HX-Trigger", "{\"refresh\":{}}");
    answer_fragment(req, "result.cs", tree);
}

static void answer_json_results(struct request *req, const struct targets *t,
                                const struct outcome *o)
{
    struct json_out *j = reply_open(req, '{');

    json_int(j, "done", (int64_t)o->done);
    json_open(j, "failed", '[');
    for (size_t i = 0; i < t->n; i++) {
        if (o->error[i] == NULL)
            continue;
        json_open(j, NULL, '{');
        json_int(j, "id", t->ids[i]);
        json_text(j, "message", o->error[i]);
        json_close(j, '}');
    }
    json_close(j, ']');
    reply_send(req, j, '}');
}

/* The row's own page, where the act may have been asked for, went with it. */
static void answer_gone(struct request *req, const struct targets *t,
                        const char *done)
{
    const char *path = resource_path(req->cx, t->r);
    const char *back = list_back(req, t->r);

    answer_toast(req, done);
    answer_redirect(req, back[strlen(path)] == '/' ? path : back);
}

void resource_act(struct request *req, const void *args)
{
    struct targets *t = targets_of(req);
    struct outcome *o = run_all(req->cx, t, why_of(req, t->x));
    const char *done = t->x->done != NULL ? t->x->done : "已完成。";

    (void)args;
    if (req->json)
        answer_json_results(req, t, o);
    else if (o->failed > 0)
        answer_results(req, t, o);
    else if (t->n == 1 && resource_text(req->cx, t->r, t->ids[0]) == NULL)
        answer_gone(req, t, done);
    else if (t->n == 1)
        answer_done(req, done, list_back(req, t->r));
    else
        answer_done(req, cx_printf(req->cx, "%s（%zu %s）", done, o->done,
                                   resource_unit(t->r)),
                    list_back(req, t->r));
}
