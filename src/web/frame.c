/*
 * What every page has around it. The tree that the layouts and all templates
 * may use; a flag is "1" or absent, all values are text ready to print:
 *
 *   Page.title      h1, also in <title>
 *   Page.brand      name over the menu: the caller's organisation
 *   Page.product    pilehub, for <title> and the sign-in page
 *   Page.path       path of this page, e.g. /console/pile
 *   Page.csrf       token; forms: <input type="hidden" name="_csrf">,
 *                   htmx: body hx-headers='{"X-CSRF-Token": "..."}'
 *   Page.form       fresh single-use token: <input type="hidden"
 *                   name="_form">, for forms of money and rights (rule I8)
 *   Page.theme      light | dark, from cookie "theme"; data-bs-theme of html
 *   Page.folded     flag: menu folded, from cookie "fold" (1)
 *   Page.rows       tight | normal | roomy, from cookie "rows"
 *   Page.demo       flag: demo mode; pages say so where a fake stands in
 *   Page.version    of the build; static files are asked for with ?v= this
 *   Page.now        "14:05:20", time of the data, for .live
 *   Page.time       "2026-11-20 14:05", for print heads
 *   Page.ref        E-7F31C0: number that finds the log line
 *   Page.crumbs.N   .title, .path (absent on the last one): group, page
 *   Page.toasts.N   .text, .kind (ok | warn | fault): shown once
 *
 *   Menu.N          .title .icon (name in the sprite)
 *                   single entry: .path, .on (flag: this page)
 *                   group: .open (flag) and .items.M: .title .path .on
 *                   .live (count as text, absent if zero) .hot (flag)
 *                   Only what the account may open is there.
 *
 *   Me.name Me.initial (first character) Me.phone (masked) Me.role Me.org
 *   Data.title      全部电站 or the name of what the account is bound to
 *   Data.count      number of stations in scope
 *   Alarm.count     faulted connectors in scope (absent if zero; live count
 *                   "alarm")
 *   Task.count      background tasks of this person (live count "task")
 *   Alarm.path Task.path  where these are listed; absent: not shown in the bar
 *   Page.find       path that answers Ctrl K: ?q= gives JSON, at most 12 of
 *                   {"title": "32010600011923", "kind": "电桩", "path": "/..."};
 *                   absent: the box searches the menu only
 *   Page.charts Page.map Page.tariff  flags that a page sets for the scripts it
 *                   needs (part/scripts.cs)
 *
 * Layouts, each rendered before or after the page's own template, in one
 * buffer, but parsed apart: a template that uses macros includes them itself
 * (<?cs include!"macro/ui.cs" ?>).
 *
 *   layout/head.cs, foot.cs            signed in: doctype, shell, menu, top
 *   layout/bare_head.cs, bare_foot.cs  no shell: sign-in, big screen, errors
 *                                      before sign-in
 *   layout/fragment.cs                 before the template for htmx requests:
 *                                      toasts as an out-of-band swap
 *
 * page/error.cs is the page of every error:
 *   Error.status    400 401 403 404 405 409 413 422 429 500 502 503
 *   Error.kind      denied | missing | conflict | busy | down | broken | bad:
 *                   which picture
 *   Error.title     你没有「提现审核」的权限
 *   Error.text      what it means and what to do
 *   Error.ref       E-7F31C0; absent when a number would help nobody
 *   Error.retry     flag: 重试 makes sense (GET only)
 *   Error.home      flag: there is a home page to go to (signed in)
 *
 * A page that refreshes itself sends the header X-Poll: 1 (htmx: hx-headers),
 * so that looking away ends the session after 30 minutes all the same.
 * Preferences are cookies that scripts write: theme, fold, rows.
 * Signing out is POST /logout with _csrf. One's own page is /console/me.
 */
#include <string.h>

#include "base/config.h"
#include "db/kept.h"
#include "web/app.h"

/* ---- preferences and the page itself ----------------------------------- */

static const char *preference(const struct serving *s, const char *name,
                              char out[16])
{
    return cookie_find(s->cookies, name, out, 16) ? out : "";
}

static void put_preferences(const struct serving *s, struct vnode *page)
{
    static const char *const rows[] = { "tight", "normal", "roomy" };
    char text[16];

    v_set(page, "theme", strcmp(preference(s, "theme", text), "dark") == 0
                             ? "dark" : "light");
    v_flag(page, "folded", strcmp(preference(s, "fold", text), "1") == 0);
    preference(s, "rows", text);
    for (size_t i = 0; i < COUNT(rows); i++)
        if (*preference(s, "rows", text) != '\0' &&
            strcmp(text, rows[i]) == 0)
            v_set(page, "rows", rows[i]);
}

static void put_toasts(struct serving *s, struct vnode *page)
{
    const struct answer *a = s->req.answer;
    const struct session *session = s->req.session;
    struct vnode *toasts = v_child(page, "toasts");
    size_t n = 0;

    if (session != NULL && session->toast != NULL) {
        struct vnode *t = v_item(toasts, n++);

        v_set(t, "text", session->toast);
        v_set(t, "kind", session->toast_kind);
        s->req.app->identity->toast(s->req.cx, session, NULL, NULL);
    }
    if (a->toast != NULL) {
        struct vnode *t = v_item(toasts, n++);

        v_set(t, "text", a->toast);
        v_set(t, "kind", a->toast_kind);
    }
}

static void put_page(struct serving *s, struct vnode *page, const char *title)
{
    struct cx *cx = s->req.cx;
    char text[STAMP_TEXT];

    v_set(page, "title", title == NULL ? v_get(page, "title") : title);
    v_set(page, "product", "pilehub");
    v_set(page, "path", s->req.path);
    v_set(page, "csrf", csrf_token(cx, s->req.session, s->guest));
    if (s->req.session != NULL)
        v_set(page, "form", form_token_new(cx, s->req.session));
    put_preferences(s, page);
    v_flag(page, "demo", config_is_demo(cx->config));
    v_set(page, "version", s->req.app->version);
    stamp_text(cx->now, text);
    v_printf(page, "now", "%.8s", text + 11);
    v_printf(page, "time", "%.16s", text);
    v_set(page, "ref", request_ref(cx));
}

/* ---- menu -------------------------------------------------------------- */

struct menu {
    struct serving *s;
    struct vnode *root;
    size_t count;       /* of Menu.N */
    const char *menu;    /* group title of the feature at hand */
    struct vnode *group; /* its node, once it has an entry */
    size_t items;        /* of the group */
    size_t on_len;      /* length of the longest path that fits this page */
    struct vnode *on, *on_group;
    const char *on_title, *on_path, *on_group_title;
};

static const struct live_count *live_of(const struct features *all,
                                        const char *name)
{
    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->v[i]->lives.n; k++)
            if (strcmp(all->v[i]->lives.v[k].name, name) == 0)
                return &all->v[i]->lives.v[k];
    return NULL;
}

/* 1234 -> 1,234 is for tables; here 999+ keeps the menu narrow. */
static void put_count(struct vnode *n, const char *name, int64_t count)
{
    if (count > 999)
        v_set(n, name, "999+");
    else if (count > 0)
        v_int(n, name, count);
}

/* Each page of a person shows the same counts. */
static int64_t count_live(struct cx *cx, const struct live_count *live)
{
    int64_t count;
    struct kept_try t = kept_find(cx, "live count",
                                  BIND(V(live->name), V(cx->actor.id)),
                                  &count, sizeof count);

    if (!t.found) {
        count = live->count(cx);
        kept_put(cx, &t, 0, &count);
    }
    return count;
}

static void put_live(struct menu *m, struct vnode *n, const char *name,
                     const char *path)
{
    const struct live_count *live = live_of(m->s->req.app->features, name);
    int64_t count;

    if (live == NULL)
        return;
    count = count_live(m->s->req.cx, live);
    put_count(n, "live", count);
    v_flag(n, "hot", live->hot);
    if (strcmp(name, "alarm") == 0 || strcmp(name, "task") == 0) {
        struct vnode *bar = v_child(m->root, name[0] == 'a' ? "Alarm"
                                                            : "Task");

        put_count(bar, "count", count);
        v_set(bar, "path", live->path != NULL ? live->path : path);
    }
}

/* The entry whose path is the longest beginning of this page's path. */
static void note_on(struct menu *m, struct vnode *n, struct vnode *group,
                    const char *group_title, const char *title,
                    const char *path)
{
    const char *here = m->s->req.path;
    size_t len = strlen(path);

    while (len > 1 && path[len - 1] == '/')
        len--;
    if (strncmp(here, path, len) != 0 ||
        (here[len] != '\0' && here[len] != '/') || len < m->on_len)
        return;
    m->on_len = len;
    m->on = n;
    m->on_group = group;
    m->on_title = title;
    m->on_path = path;
    m->on_group_title = group_title;
}

/* The group is made with its first entry; the first two stand open. */
static struct vnode *entry_node(struct menu *m, const struct feature *f)
{
    if (f->menu == NULL)
        return v_item(v_child(m->root, "Menu"), m->count++);
    if (m->group == NULL) {
        m->group = v_item(v_child(m->root, "Menu"), m->count);
        v_set(m->group, "title", f->menu);
        v_set(m->group, "icon", f->icon);
        v_flag(m->group, "open", m->count < 2);
        m->count++;
    }
    return v_item(v_child(m->group, "items"), m->items++);
}

static void put_entry(struct menu *m, const struct feature *f,
                      const struct menu_entry *e)
{
    struct vnode *n;

    if (!request_may(&m->s->req, e->perm == NULL ? PERM_ANY : e->perm))
        return;
    n = entry_node(m, f);
    v_set(n, "title", e->title);
    v_set(n, "path", e->path);
    v_set(n, "icon", e->icon);
    if (e->live != NULL)
        put_live(m, n, e->live, e->path);
    note_on(m, n, m->group, f->menu, e->title, e->path);
}

/* Rows that belong to no organisation are the platform's: a list that would
   always be empty is not offered. */
static bool may_hold_rows(const struct cx *cx, const struct resource *r)
{
    return cx->scope.all || r->scope.provider != NULL ||
           r->scope.merchant != NULL || r->scope.account != NULL;
}

static void put_feature(struct menu *m, const struct feature *f)
{
    struct cx *cx = m->s->req.cx;

    /* Neighbours that name the same group stand in one. */
    if (m->menu == NULL || f->menu == NULL || strcmp(m->menu, f->menu) != 0) {
        m->group = NULL;
        m->items = 0;
    }
    m->menu = f->menu;
    for (size_t i = 0; i < f->entries.n; i++)
        put_entry(m, f, &f->entries.v[i]);
    for (size_t i = 0; i < f->pages.n; i++) {
        const struct resource *r = f->pages.v[i];
        struct menu_entry e = {
            .title = r->title, .perm = r->perm.view, .icon = r->icon,
            .path = cx_printf(cx, "/console/%s", r->name), .live = r->live,
        };

        if (!r->no_menu && may_hold_rows(cx, r))
            put_entry(m, f, &e);
    }
}

static void put_crumbs(const struct menu *m, struct vnode *page,
                       const char *title)
{
    struct vnode *crumbs = v_child(page, "crumbs");
    size_t n = 0;

    if (m->on_group_title != NULL)
        v_set(v_item(crumbs, n++), "title", m->on_group_title);
    if (m->on_title != NULL) {
        bool last = title == NULL || strcmp(title, m->on_title) == 0;
        struct vnode *c = v_item(crumbs, n++);

        v_set(c, "title", m->on_title);
        if (last)
            return;
        v_set(c, "path", m->on_path);
    }
    v_set(v_item(crumbs, n), "title", title);
}

static void put_find(struct serving *s, struct vnode *page)
{
    static const char *const segments[] = { "console", "find" };
    struct route_match match;

    if (router_find(s->req.app->router, GET, segments, COUNT(segments),
                    &match) == MATCH_FOUND &&
        request_may(&s->req, match.row->route.perm))
        v_set(page, "find", match.row->route.path);
}

#define HOME "/console/"

static bool is_home(const char *path)
{
    return strcmp(path, HOME) == 0 || strcmp(path, "/console") == 0;
}

static void put_menu(struct serving *s, struct vnode *tree, const char *title)
{
    const struct features *all = s->req.app->features;
    struct menu m = { .s = s, .root = tree };

    for (size_t i = 0; i < all->n; i++)
        put_feature(&m, all->v[i]);
    /* Every path begins with that of the home page, which is on for its own
       only; a page without an entry has none. */
    if (m.on != NULL)
        v_flag(m.on, "on", strcmp(m.on_path, HOME) != 0 ||
                               is_home(s->req.path));
    if (m.on_group != NULL)
        v_flag(m.on_group, "open", true);
    put_crumbs(&m, v_child(tree, "Page"), title);
    put_find(s, v_child(tree, "Page"));
}

void frame_fill(struct request *req, struct vnode *tree, const char *title,
                bool full)
{
    struct serving *s = serving_of(req);
    struct vnode *page = v_child(tree, "Page");

    put_page(s, page, title);
    if (title != NULL)
        put_toasts(s, page);
    if (!full || req->session == NULL)
        return;
    put_menu(s, tree, title);
    req->app->identity->frame(req->cx, req->session, tree);
}
