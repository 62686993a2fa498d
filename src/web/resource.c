/*
 * The routes of a resource, and what all of its pages need.
 */
#include "web/resource.h"

#include <stdlib.h>
#include <string.h>

#include "web/app.h"
#include "web/resource_in.h"

/* ---- routes ------------------------------------------------------------ */

struct table {
    struct arena *a;
    const struct resource *r;
    struct route *v;
    size_t n;
};

static void add(struct table *t, enum method method, const char *tail,
                const char *perm, unsigned flags,
                void (*run)(struct request *, const void *))
{
    must(t->n < RESOURCE_ROUTES_MAX);
    t->v[t->n++] = (struct route){
        .method = method,
        .path = arena_printf(t->a, "/console/%s%s", t->r->name, tail),
        .auth = AUTH_ACCOUNT,
        .perm = perm,
        /* A POST of the engine catches what its own transaction throws, to
           show it in the form or in the list of rows. */
        .flags = flags | ROUTE_RAW | (method == POST ? ROUTE_NO_TX : 0),
        .run = run,
        .target = t->r,
    };
}

static void add_actions(struct table *t)
{
    for (size_t i = 0; i < t->r->actions.n; i++) {
        const struct action *x = &t->r->actions.v[i];
        const char *tail = arena_printf(t->a, "/do/%s", x->name);

        if (x->flags & ACT_LINK)
            continue;
        add(t, GET, tail, x->perm, 0, resource_confirm);
        /* What asks before it acts, acts once for each time it asked (I8). */
        add(t, POST, tail, x->perm,
            (x->flags & ACT_CONFIRM) ? ROUTE_FORM_ONCE : 0, resource_act);
    }
}

size_t resource_routes(struct arena *a, const struct resource *r,
                       struct route *out)
{
    struct table t = { a, r, out, 0 };
    const char *view = r->perm.view;

    add(&t, GET, "", view, 0, resource_list);
    if (!r->own_detail)
        add(&t, GET, "/:id", view, 0, resource_detail);
    add(&t, GET, "/:id/menu", view, 0, resource_menu);
    add(&t, GET, "/pick", r->perm.pick != NULL ? r->perm.pick : view, 0,
        resource_pick);
    add(&t, POST, "/columns", view, 0, resource_columns);
    add(&t, POST, "/saved", view, 0, resource_saved);
    add(&t, POST, "/:id/reveal", view, 0, resource_reveal);
    if (r->perm.create != NULL && !r->own_form) {
        add(&t, GET, "/new", r->perm.create, 0, resource_form);
        add(&t, POST, "/new", r->perm.create, 0, resource_save);
    }
    if (r->perm.edit != NULL && !r->own_form) {
        add(&t, GET, "/:id/edit", r->perm.edit, 0, resource_form);
        add(&t, POST, "/:id/edit", r->perm.edit, 0, resource_save);
    }
    if (r->perm.export != NULL)
        add(&t, POST, "/export", r->perm.export, 0, resource_export);
    if (r->perm.import != NULL) {
        add(&t, GET, "/import", r->perm.import, 0, resource_import);
        add(&t, GET, "/import/template", r->perm.import, 0,
            resource_template);
        /* Some thousand rows take longer than the fast pool allows. */
        add(&t, POST, "/import", r->perm.import, ROUTE_UPLOAD | ROUTE_SLOW,
            resource_upload);
        add(&t, POST, "/import/commit", r->perm.import, ROUTE_SLOW,
            resource_commit);
    }
    add_actions(&t);
    return t.n;
}

/* ---- the descriptor in use --------------------------------------------- */

struct list_source *resource_source(struct cx *cx, const struct resource *r)
{
    struct list_source *s = CX_NEW(cx, struct list_source);

    *s = (struct list_source){
        .from = r->from, .where = r->where, .key = r->key, .scope = r->scope,
    };
    return s;
}

size_t column_first(const struct resource *r)
{
    for (size_t i = 0; i < r->columns.n; i++)
        if (r->columns.v[i].flags & COL_LINK)
            return i;
    return 0;
}

const char *resource_text_sql(const struct resource *r)
{
    return r->text != NULL ? r->text : r->columns.v[column_first(r)].sql;
}

static struct db_table one_cell(struct cx *cx, const struct resource *r,
                                const char *cell, int64_t id)
{
    struct list_sql s = list_row_sql(list_query_new(cx, resource_source(cx,
                                                                        r)),
                                     &cell, 1, id);

    return db_table(cx, s.sql, s.binds);
}

const char *resource_text(struct cx *cx, const struct resource *r, int64_t id)
{
    struct db_table t = one_cell(cx, r, resource_text_sql(r), id);

    if (t.rows == 0)
        return NULL;
    return t.cells[0] != NULL ? t.cells[0] : "";
}

bool resource_editable(struct cx *cx, const struct resource *r, int64_t id)
{
    struct db_table t;

    if (r->edit_when == NULL)
        return true;
    t = one_cell(cx, r, r->edit_when, id);
    return t.rows > 0 && t.cells[0] != NULL && strcmp(t.cells[0], "0") != 0;
}

static NORETURN void not_found(struct cx *cx, const struct resource *r)
{
    cx_fail(cx, ERR_NOT_FOUND,
            "没有找到这个%s，可能已删除或不在你的数据范围内。", r->title);
}

void resource_require(struct cx *cx, const struct resource *r, int64_t id)
{
    if (one_cell(cx, r, "1", id).rows == 0)
        not_found(cx, r);
}

int64_t id_of(struct cx *cx, const struct resource *r, const char *text)
{
    char *end;
    long long id;

    if (text == NULL || *text < '1' || *text > '9')
        not_found(cx, r);
    id = strtoll(text, &end, 10);
    if (*end != '\0' || strlen(text) > 18)
        not_found(cx, r);
    return id;
}

const char *resource_path(struct cx *cx, const struct resource *r)
{
    return cx_printf(cx, "/console/%s", r->name);
}

const char *row_path(struct cx *cx, const struct resource *r, int64_t id,
                     const char *what)
{
    return cx_printf(cx, "/console/%s/%lld%s", r->name, (long long)id, what);
}

const char *resource_unit(const struct resource *r)
{
    return r->unit != NULL ? r->unit : "条";
}

const struct identity *identity_of(const struct request *req)
{
    return req->app->identity;
}

const struct export_queue *exports_of(const struct request *req)
{
    const struct features *f = req->app->features;

    for (size_t i = 0; i < f->n; i++)
        if (f->v[i]->exports != NULL)
            return f->v[i]->exports;
    return NULL;
}

/* ---- where to go after an act ------------------------------------------ */

const char *list_back(const struct request *req, const struct resource *r)
{
    const char *path = resource_path(req->cx, r);
    const char *to = input_get(req->input, "_to");
    size_t n = strlen(path);

    if (to != NULL && strncmp(to, path, n) == 0 &&
        (to[n] == '\0' || to[n] == '?' || to[n] == '/') && path_is_ours(to))
        return to;
    return path;
}

void answer_done(struct request *req, const char *text, const char *path)
{
    if (!req->htmx) {
        answer_toast(req, text);
        answer_redirect(req, path);
        return;
    }
    answer_header(req, "HX-Trigger",
                  cx_printf(req->cx, "{\"toast\":{\"kind\":\"ok\","
                            "\"text\":\"%s\"},\"refresh\":{}}",
                            json_ascii(req->cx, text)));
    answer_data(req, "text/html; charset=utf-8", "", 0);
}
