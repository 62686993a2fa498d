/*
 * One row: all its columns in groups, what may be done with it, and the rows
 * before and after it. The tree (templates/detail.cs):
 *
 *   Detail.id .name .title (电桩) .unit .text (name of the row) .path .list
 *   Detail.edit .drawer   flags: may edit; the form opens in the drawer
 *   Detail.groups.N .title .rows.M .title .name .kind .value .mark .unit .href
 *                   .masked (flag: may be shown in clear)
 *   Detail.acts.N   .name .title .icon .danger .url (a link) .ask (flag: a
 *                   confirmation comes first) .more (flag: has no button
 *                   of its own, but stands in the menu that Detail.more says
 *                   there is)
 *   Detail.prev .next
 *   Detail.state .key .word: the mark of the row's first state, in the head
 *   Detail.panels.N .title .warn (instead of all else) .facts.M .label .value
 *                   .path, .prices.M as tariff/price_page.h, .guns.M .code
 *                   .path .name .key .word .power .soc .energy: what other
 *                   features say of the row
 *   Detail.figures.N .label .value .path, if the descriptor's hook adds some
 */
#include <string.h>

#include "db/db.h"
#include "web/app.h"
#include "web/resource_in.h"

enum { ACTS_SHOWN = 3 }; /* as buttons in the head; the rest in a menu */

/* The row's cells: one per column, then ids of references. */
struct row {
    const struct resource *r;
    int64_t id;
    const char *const *cells;
    size_t ref[COLUMNS_SHOWN_MAX];
    const char *text;
};

static struct row *load(struct cx *cx, const struct resource *r, int64_t id)
{
    struct row *row = CX_NEW(cx, struct row);
    const char *cells[2 * COLUMNS_SHOWN_MAX + 1];
    struct list_sql s;
    struct db_table t;
    size_t n = 0, text;

    must(r->columns.n <= COLUMNS_SHOWN_MAX);
    for (size_t i = 0; i < r->columns.n; i++)
        cells[n++] = r->columns.v[i].sql;
    for (size_t i = 0; i < r->columns.n; i++)
        if (r->columns.v[i].ref != NULL && r->columns.v[i].ref_sql != NULL) {
            row->ref[i] = n;
            cells[n++] = r->columns.v[i].ref_sql;
        }
    text = n;
    cells[n++] = resource_text_sql(r);
    s = list_row_sql(list_query_new(cx, resource_source(cx, r)), cells, n, id);
    t = db_table(cx, s.sql, s.binds);
    if (t.rows == 0)
        resource_require(cx, r, 0); /* fails in the words of the resource */
    row->r = r;
    row->id = id;
    row->cells = t.cells;
    row->text = t.cells[text] != NULL ? t.cells[text] : "";
    return row;
}

/* ---- what may be done -------------------------------------------------- */

static bool may_see_clear(const struct request *req)
{
    return request_may(req, PERM_UNMASK);
}

/* "/console/pile/%s/qr" with the id in its place. */
static const char *act_url(struct cx *cx, const struct action *x, int64_t id)
{
    const char *at = strstr(x->url, "%s");

    if (at == NULL)
        return x->url;
    return cx_printf(cx, "%.*s%lld%s", (int)(at - x->url), x->url,
                     (long long)id, at + 2);
}

/* Which row actions hold for the row now, by the conditions of all. */
static void act_conditions(struct cx *cx, const struct resource *r, int64_t id,
                           bool *holds)
{
    const char *cells[COLUMNS_SHOWN_MAX];
    size_t which[COLUMNS_SHOWN_MAX], n = 0;
    struct list_sql s;
    struct db_table t;

    must(r->actions.n <= COLUMNS_SHOWN_MAX);
    for (size_t i = 0; i < r->actions.n; i++) {
        holds[i] = true;
        if (r->actions.v[i].when == NULL)
            continue;
        which[n] = i;
        cells[n++] = r->actions.v[i].when;
    }
    if (n == 0)
        return;
    s = list_row_sql(list_query_new(cx, resource_source(cx, r)), cells, n, id);
    t = db_table(cx, s.sql, s.binds);
    for (size_t i = 0; i < n && t.rows > 0; i++)
        holds[which[i]] = t.cells[i] != NULL && strcmp(t.cells[i], "0") != 0;
}

static bool may_edit(struct request *req, const struct resource *r,
                     int64_t id)
{
    return r->perm.edit != NULL && request_may(req, r->perm.edit) &&
           resource_editable(req->cx, r, id);
}

static void put_acts(struct request *req, struct vnode *n,
                     const struct resource *r, int64_t id)
{
    bool *holds = arena_array(req->cx->arena, r->actions.n + 1, sizeof *holds);
    struct vnode *acts = v_child(n, "acts");
    size_t count = 0;

    act_conditions(req->cx, r, id, holds);
    for (size_t pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < r->actions.n; i++) {
            const struct action *x = &r->actions.v[i];
            struct vnode *a;

            if (!(x->flags & ACT_ROW) || !holds[i] ||
                !request_may(req, x->perm) ||
                ((x->flags & ACT_DANGER) != 0) != (pass == 1))
                continue;
            a = v_item(acts, count++);
            v_set(a, "name", x->name);
            v_set(a, "title", x->title);
            v_set(a, "icon", x->icon);
            v_flag(a, "danger", pass == 1);
            v_flag(a, "ask", (x->flags & ACT_CONFIRM) != 0);
            if (x->flags & ACT_LINK)
                v_set(a, "url", act_url(req->cx, x, id));
        }
    /* The menu takes one place itself, so it never holds a single act. */
    for (size_t i = ACTS_SHOWN - 1; count > ACTS_SHOWN && i < count; i++)
        v_flag(v_item(acts, i), "more", true);
    v_flag(n, "more", count > ACTS_SHOWN);
    v_flag(n, "edit", may_edit(req, r, id));
    v_set(n, "edit_word", r->edit_word);
    v_flag(n, "drawer", !form_is_page(r));
}

static void put_head(struct request *req, struct vnode *n,
                     const struct resource *r, int64_t id, const char *text)
{
    v_int(n, "id", id);
    v_set(n, "name", r->name);
    v_set(n, "title", r->title);
    v_set(n, "unit", resource_unit(r));
    v_set(n, "text", text);
    v_set(n, "list", resource_path(req->cx, r));
    v_set(n, "path", row_path(req->cx, r, id, ""));
    put_acts(req, n, r, id);
}

void resource_menu(struct request *req, const void *args)
{
    const struct resource *r = req->target;
    int64_t id = id_of(req->cx, r, input_get(req->input, "id"));
    const char *text = resource_text(req->cx, r, id);
    struct vnode *tree = view_new(req->cx);

    (void)args;
    if (text == NULL)
        resource_require(req->cx, r, id);
    put_head(req, v_child(tree, "Detail"), r, id, text);
    answer_fragment(req, "menu.cs", tree);
}

/* ---- the page ---------------------------------------------------------- */

static void put_value(struct request *req, struct vnode *n,
                      const struct row *row, size_t i)
{
    const struct column *c = &row->r->columns.v[i];
    const char *raw = row->cells[i];
    const struct label label = cell_label(c->labels, raw);
    const char *ref = row->ref[i] == 0 ? NULL : row->cells[row->ref[i]];

    v_set(n, "title", c->title);
    v_set(n, "name", c->name);
    v_set(n, "value", cell_pretty(req->cx, c, raw));
    if (c->kind == CELL_MONO)
        v_set(n, "kind", "mono");
    if (c->kind == CELL_ENUM && label.key != NULL)
        v_set(n, "mark", label.mark);
    if (raw != NULL && *cell_unit_beside(c) != '\0')
        v_set(n, "unit", cell_unit_beside(c));
    if (ref != NULL && c->ref->perm.view != NULL &&
        request_may(req, c->ref->perm.view))
        v_printf(n, "href", "%s/%s", resource_path(req->cx, c->ref), ref);
    v_flag(n, "masked", c->kind == CELL_PHONE && raw != NULL &&
                            *raw != '\0' && may_see_clear(req));
}

static void put_groups(struct request *req, struct vnode *detail,
                       const struct row *row)
{
    struct vnode *groups = v_child(detail, "groups"), *group = NULL;
    size_t n = 0, m = 0;

    for (size_t i = 0; i < row->r->columns.n; i++) {
        const char *title = row->r->columns.v[i].group;

        if (group == NULL || title != NULL) {
            group = v_item(groups, n++);
            v_set(group, "title", title != NULL ? title : "基本信息");
            m = 0;
        }
        put_value(req, v_item(v_child(group, "rows"), m++), row, i);
    }
}

/* The first of the row's states stands beside its name. */
static void put_state(struct vnode *detail, const struct row *row)
{
    for (size_t i = 0; i < row->r->columns.n; i++) {
        const struct label l = cell_label(row->r->columns.v[i].labels,
                                          row->cells[i]);

        if (row->r->columns.v[i].kind != CELL_ENUM || l.mark == NULL)
            continue;
        v_set(v_child(detail, "state"), "key", l.mark);
        v_set(v_child(detail, "state"), "word", l.word);
        return;
    }
}

static void put_panels(struct request *req, struct vnode *detail,
                       const struct row *row)
{
    const struct features *all = req->app->features;
    size_t n = 0;

    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->v[i]->panels.n; k++) {
            const struct panel *p = &all->v[i]->panels.v[k];
            struct vnode *v;

            if (p->of != row->r || !request_may(req, p->perm))
                continue;
            v = v_item(v_child(detail, "panels"), n++);
            v_set(v, "title", p->title);
            p->fill(req->cx, row->id, v);
        }
}

/* The neighbours in the order of keys: the one made before, the one after. */
static void put_step(struct cx *cx, struct vnode *detail,
                     const struct resource *r, int64_t id, bool back)
{
    static const struct list_order by_key = { "id", NULL, LIST_INT, true };
    const struct list_cursor here = { .id = id };
    const char *cell = "1";
    struct list_sql s =
        list_page_sql(list_query_new(cx, resource_source(cx, r)), &cell, 1,
                      &by_key, &here, back, 1);
    struct db_table t = db_table(cx, s.sql, s.binds);

    if (t.rows > 0)
        v_set(detail, back ? "prev" : "next",
              row_path(cx, r, id_of(cx, r, t.cells[1]), ""));
}

static void detail_json(struct request *req, const struct row *row)
{
    struct json_out *j = reply_open(req, '{');

    json_int(j, "id", row->id);
    for (size_t i = 0; i < row->r->columns.n; i++)
        cell_json(req->cx->arena, &row->r->columns.v[i], row->cells[i], j);
    reply_send(req, j, '}');
}

void resource_detail(struct request *req, const void *args)
{
    const struct resource *r = req->target;
    struct cx *cx = req->cx;
    const struct row *row = load(cx, r, id_of(cx, r, input_get(req->input,
                                                               "id")));
    struct vnode *tree, *detail;

    (void)args;
    if (req->json) {
        detail_json(req, row);
        return;
    }
    tree = view_new(cx);
    detail = v_child(tree, "Detail");
    put_head(req, detail, r, row->id, row->text);
    put_state(detail, row);
    put_groups(req, detail, row);
    put_panels(req, detail, row);
    put_step(cx, detail, r, row->id, true);
    put_step(cx, detail, r, row->id, false);
    if (r->decorate != NULL)
        r->decorate(cx, row->id, detail);
    answer_page(req, r->detail_template != NULL ? r->detail_template
                                                : "detail.cs",
                tree, row->text);
}

/* ---- one value in clear (rule A9) -------------------------------------- */

struct reveal {
    const struct request *req;
    const struct resource *r;
    const struct column *c;
    int64_t id;
    const char *value;
};

static void reveal(struct cx *cx, void *arg)
{
    struct reveal *v = arg;
    struct list_sql s =
        list_row_sql(list_query_new(cx, resource_source(cx, v->r)),
                     &v->c->sql, 1, v->id);
    struct db_table t = db_table(cx, s.sql, s.binds);

    if (t.rows == 0)
        resource_require(cx, v->r, v->id);
    v->value = t.cells[0] != NULL ? t.cells[0] : "";
    identity_of(v->req)->audit(cx, "privacy.reveal", v->r->name, v->id,
                               cx_printf(cx, "查看%s的%s", v->r->title,
                                         v->c->title));
}

/* POST column=phone: the value as a fragment, with an audit row. */
void resource_reveal(struct request *req, const void *args)
{
    const struct resource *r = req->target;
    struct cx *cx = req->cx;
    struct reveal v = { req, r, NULL, 0, NULL };
    const char *name = input_get(req->input, "column");
    struct vnode *tree;

    (void)args;
    v.id = id_of(cx, r, input_get(req->input, "id"));
    for (size_t i = 0; i < r->columns.n && name != NULL; i++)
        if (r->columns.v[i].kind == CELL_PHONE &&
            strcmp(r->columns.v[i].name, name) == 0)
            v.c = &r->columns.v[i];
    if (v.c == NULL)
        cx_fail_field(cx, "column", "没有这一列。");
    need_perm(req, PERM_UNMASK);
    db_tx(cx, reveal, &v);
    tree = view_new(cx);
    v_set(v_child(tree, "Detail"), "clear", v.value);
    answer_fragment(req, "clear.cs", tree);
}
