/*
 * Roles: the list, and a form of its own with the tree of permissions.
 *
 * page/role.cs:
 *   Role.id .name .note .ver .url .back .new .fixed (flags) .org .org_id
 *   Role.error .name_error .org_error
 *   Role.apart (flag: duties are apart) .duty (whose role it is)
 *   Role.groups.N .title .menus.M and .acts.M
 *       .perm .title .pages (what it opens) .on .locked (the caller lacks it)
 *       .platform (flag: good for the platform's own accounts only)
 *       .duty (whose it is, when duties are apart)
 */
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "db/db.h"
#include "org/duty.h"
#include "org/org.h"
#include "org/org_admin.h"
#include "org/people.h"
#include "org/role.h"
#include "web/app.h"

static const struct column columns[] = {
    { "name", "角色名称", "r.name", CELL_TEXT, COL_SORT | COL_LINK,
      .group = "角色" },
    { "org", "所属组织", "o.name", CELL_TEXT, .ref = &org_page,
      .ref_sql = "o.id" },
    { "built_in", "内置", "r.built_in > 0", CELL_BOOL },
    { "perms", "权限",
      "CASE r.built_in WHEN 1 THEN '全部' WHEN 2 THEN '系统管理' ELSE"
      " (SELECT COUNT(*) FROM role_perm p WHERE p.role_id = r.id) END",
      CELL_TEXT },
    { "accounts", "账号",
      "(SELECT COUNT(*) FROM account_role ar WHERE ar.role_id = r.id)",
      CELL_INT },
    { "note", "说明", "r.note", CELL_TEXT },
    { "created", "创建时间", "r.created_at", CELL_TIME, COL_SORT,
      .group = "记录" },
    { "updated", "修改时间", "r.updated_at", CELL_TIME },
};

static const struct filter filters[] = {
    { "q", "角色名称", "r.name", FILTER_FUZZY },
    { "org", "所属组织", "r.org_id", FILTER_REF, .ref = &org_page },
};

static const struct action actions[] = {
    { "delete", "删除", ACT_ROW | ACT_CONFIRM | ACT_DANGER, "role.edit",
      role_delete, .confirm = "删除后不能恢复。使用中的角色不能删除。",
      .keep = "保留", .done = "角色已删除。", .icon = "trash",
      .when = "r.built_in = 0" },
};

const struct resource role_page = {
    .name = "role", .title = "角色", .unit = "个", .icon = "shield",
    .sub = "菜单与按钮权限的组合，授予账号",
    .small = true, .key = "r.id", .order = "-created", .text = "r.name",
    .search = "r.name|o.name",
    .from = "role r LEFT JOIN org o ON o.id = r.org_id",
    .scope = { .provider = "o.provider_id", .merchant = "o.id" },
    .perm = { .view = "role.view", .create = "role.edit", .edit = "role.edit",
              .export = "role.view" },
    .columns = LIST(columns), .filters = LIST(filters),
    .actions = LIST(actions), .own_form = true,
};

/* ---- the tree of permissions -------------------------------------------- */

static bool in_list(const char *const *perms, size_t n, const char *perm)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(perms[i], perm) == 0)
            return true;
    return false;
}

/* The pages of the menu that a permission opens: 电站、区域、电桩. */
static const char *opened(struct cx *cx, const struct features *all,
                          const char *perm)
{
    const char *text = "";

    for (size_t i = 0; i < all->n; i++) {
        const struct feature *f = all->v[i];

        for (size_t k = 0; k < f->entries.n; k++)
            if (f->entries.v[k].perm != NULL &&
                strcmp(f->entries.v[k].perm, perm) == 0)
                text = cx_printf(cx, "%s%s%s", text, *text == '\0' ? "" : "、",
                                 f->entries.v[k].title);
        for (size_t k = 0; k < f->pages.n; k++)
            if (!f->pages.v[k]->no_menu &&
                strcmp(f->pages.v[k]->perm.view, perm) == 0)
                text = cx_printf(cx, "%s%s%s", text, *text == '\0' ? "" : "、",
                                 f->pages.v[k]->title);
    }
    return text;
}

static void put_perm(struct request *req, struct vnode *n,
                     const struct permission *p, const char *pages, bool on)
{
    if (duty_divides(req->cx))
        v_set(n, "duty", duty_text(req->cx, duty_of(p->name)));
    v_set(n, "perm", p->name);
    v_set(n, "title", p->title);
    v_set(n, "pages", pages);
    v_flag(n, "on", on);
    v_flag(n, "locked", !request_may(req, p->name));
    v_flag(n, "platform", p->platform);
}

/* Rows of the platform are not there for others: a right to them would open
   an empty page, so it is not offered. */
static bool is_offered(const struct permission *p, bool platform)
{
    return platform || !p->platform;
}

static bool brings_offered(const struct feature *f, bool platform)
{
    for (size_t i = 0; i < f->perms.n; i++)
        if (is_offered(&f->perms.v[i], platform))
            return true;
    return false;
}

/* Not yet of any organisation counts as the platform's: all is shown. */
static bool is_platforms(struct cx *cx, const struct role_form *f)
{
    return f->org_id == 0 || org_load(cx, f->org_id)->kind == ORG_PLATFORM;
}

static void put_tree(struct request *req, struct vnode *role,
                     const struct role_form *form)
{
    const struct features *all = req->app->features;
    struct vnode *groups = v_child(role, "groups"), *g = NULL;
    const char *title = "", *last;
    bool platform = is_platforms(req->cx, form);
    size_t n = 0, menus = 0, acts = 0;

    for (size_t i = 0; i < all->n; i++) {
        const struct feature *f = all->v[i];

        if (!brings_offered(f, platform))
            continue;
        /* Neighbours of one group of the menu stand in one row, as there. */
        last = title;
        title = f->menu != NULL ? f->menu : "首页";
        if (g == NULL || strcmp(title, last) != 0) {
            g = v_item(groups, n++);
            v_set(g, "title", title);
            menus = acts = 0;
        }
        for (size_t k = 0; k < f->perms.n; k++) {
            const struct permission *p = &f->perms.v[k];
            const char *pages = opened(req->cx, all, p->name);
            bool menu = *pages != '\0';

            if (!is_offered(p, platform))
                continue;
            put_perm(req, v_item(v_child(g, menu ? "menus" : "acts"),
                                 menu ? menus++ : acts++),
                     p, pages, in_list(form->perms, form->perm_count,
                                       p->name));
        }
    }
}

static const struct permission *known(const struct features *all,
                                      const char *perm)
{
    for (size_t i = 0; i < all->n; i++)
        for (size_t k = 0; k < all->v[i]->perms.n; k++)
            if (strcmp(all->v[i]->perms.v[k].name, perm) == 0)
                return &all->v[i]->perms.v[k];
    return NULL;
}

/* ---- the form ----------------------------------------------------------- */

struct shown {
    int64_t id;
    struct role_form f;
    const char *org_name;
    const char *error, *name_error, *org_error;
};

static void show(struct request *req, const struct shown *s)
{
    struct cx *cx = req->cx;
    struct vnode *tree = view_new(cx), *n = v_child(tree, "Role");
    const char *title = s->id == 0 ? "新增角色" : "编辑角色";

    v_flag(n, "new", s->id == 0);
    v_set(n, "name", s->f.name);
    v_set(n, "note", s->f.note);
    v_int(n, "ver", s->f.ver);
    v_set(n, "org", s->org_name);
    if (s->f.org_id != 0)
        v_int(n, "org_id", s->f.org_id);
    v_set(n, "back", "/console/role");
    v_set(n, "url", s->id == 0 ? "/console/role/new"
                               : cx_printf(cx, "/console/role/%lld/edit",
                                           (long long)s->id));
    v_set(n, "error", s->error);
    v_set(n, "name_error", s->name_error);
    v_set(n, "org_error", s->org_error);
    if (duty_divides(cx)) {
        v_flag(n, "apart", true);
        if (s->f.perm_count > 0)
            v_set(n, "duty", duty_text(cx, duty_common(s->f.perms,
                                                       s->f.perm_count)));
    }
    put_tree(req, n, &s->f);
    if (s->error != NULL || s->name_error != NULL || s->org_error != NULL)
        answer_status(req, 422);
    answer_page(req, "page/role.cs", tree, title);
}

static int64_t id_of(struct request *req)
{
    const char *text = input_get(req->input, "id");

    return text == NULL ? 0 : strtoll(text, NULL, 10);
}

static void role_form(struct request *req, const void *args)
{
    struct cx *cx = req->cx;
    struct shown s = { .id = id_of(req) };

    (void)args;
    if (input_get(req->input, "id") != NULL) {
        const struct role *r = role_load(cx, s.id);

        if (r->built_in != BUILT_IN_NOT)
            cx_fail(cx, ERR_STATE, "内置角色不能修改。");
        s.f = (struct role_form){ .org_id = r->org_id, .name = r->name,
                                  .note = r->note, .ver = r->ver };
        s.org_name = r->org_name;
        s.f.perms = role_perms(cx, s.id, &s.f.perm_count);
    } else {
        s.f.org_id = cx->actor.org_id;
        s.org_name = org_load(cx, cx->actor.org_id)->name;
    }
    show(req, &s);
}

/* A form of rights holds nothing but its fields (I1). */
static void refuse_unknown(struct cx *cx, const struct input *in)
{
    static const char *const known[] = { "id", "org_id", "name", "note",
                                         "ver" };

    for (size_t i = 0; i < in->count; i++) {
        const char *name = in->params[i].name;
        bool is_known = *name == '_' || strncmp(name, "perm.", 5) == 0;

        for (size_t k = 0; k < COUNT(known) && !is_known; k++)
            is_known = strcmp(name, known[k]) == 0;
        if (!is_known)
            cx_fail(cx, ERR_BAD_REQUEST, "没有名为 %s 的字段。", name);
    }
}

/* One parameter "perm.NAME" for each tick; unknown names are refused. */
static void read_perms(struct request *req, struct role_form *f)
{
    struct cx *cx = req->cx;
    const struct input *in = req->input;
    const char **perms = arena_array(cx->arena, in->count + 1, sizeof *perms);

    for (size_t i = 0; i < in->count; i++) {
        const char *name = in->params[i].name;

        if (strncmp(name, "perm.", 5) != 0)
            continue;
        if (known(req->app->features, name + 5) == NULL)
            cx_fail(cx, ERR_BAD_REQUEST, "没有名为 %s 的权限。", name + 5);
        perms[f->perm_count++] = name + 5;
    }
    f->perms = perms;
}

/* What the role has of permissions that the caller cannot tick stays. */
static void keep_locked(struct request *req, int64_t id, struct role_form *f)
{
    struct cx *cx = req->cx;
    size_t n;
    const char *const *had = role_perms(cx, id, &n);
    const char **all = arena_array(cx->arena, f->perm_count + n + 1,
                                   sizeof *all);
    size_t count = f->perm_count;

    memcpy(all, f->perms, count * sizeof *all);
    for (size_t i = 0; i < n; i++)
        if (!request_may(req, had[i]) && !in_list(all, count, had[i]))
            all[count++] = had[i];
    f->perms = all;
    f->perm_count = count;
}

/* The form does not offer them; what an older role holds of them stays until
   somebody who has them saves it. */
static void need_offered(struct request *req, struct shown *s)
{
    bool platform = is_platforms(req->cx, &s->f);

    for (size_t i = 0; i < s->f.perm_count; i++) {
        const char *name = s->f.perms[i];
        const struct permission *p = known(req->app->features, name);

        if (p == NULL || is_offered(p, platform) ||
            input_get(req->input, cx_printf(req->cx, "perm.%s", name)) == NULL)
            continue;
        s->error = cx_printf(req->cx, "「%s」只能给平台的角色，这个角色属于"
                             "「%s」。", p->title, s->org_name);
    }
}

static const char *trimmed(struct request *req, const char *name, size_t max,
                           const char **error)
{
    const char *s = input_trimmed(req->cx->arena, req->input, name);

    if (utf8_count(s) > max)
        *error = cx_printf(req->cx, "最多 %zu 个字。", max);
    return s;
}

struct work {
    struct shown *s;
    int64_t saved;
};

static void save(struct cx *cx, void *arg)
{
    struct work *w = arg;

    w->saved = role_save(cx, w->s->id, &w->s->f);
}

static void save_tx(struct cx *cx, void *arg)
{
    db_tx(cx, save, arg);
}

static void read_form(struct request *req, struct shown *s)
{
    const char *org = input_get(req->input, "org_id");
    const char *ver = input_get(req->input, "ver");

    s->f.name = trimmed(req, "name", 20, &s->name_error);
    s->f.note = trimmed(req, "note", 100, &s->error);
    s->f.org_id = org == NULL ? 0 : strtoll(org, NULL, 10);
    s->f.ver = ver == NULL ? 0 : (int)strtol(ver, NULL, 10);
    if (*s->f.name == '\0')
        s->name_error = "不能为空。";
    read_perms(req, &s->f);
    if (s->id != 0) {
        const struct role *r = role_load(req->cx, s->id);

        s->f.org_id = r->org_id;
        s->org_name = r->org_name;
        keep_locked(req, s->id, &s->f);
    } else if (s->f.org_id == 0) {
        s->org_error = "还没有选择。";
    } else {
        s->org_name = org_load(req->cx, s->f.org_id)->name;
    }
    if (s->f.org_id != 0)
        need_offered(req, s);
}

static void role_post(struct request *req, const void *args)
{
    struct cx *cx = req->cx;
    struct shown s = { .id = id_of(req) };
    struct work w = { &s, 0 };

    (void)args;
    refuse_unknown(cx, req->input);
    read_form(req, &s);
    if (s.name_error != NULL || s.org_error != NULL || s.error != NULL) {
        show(req, &s);
        return;
    }
    if (cx_run(cx, save_tx, &w)) {
        answer_toast(req, "角色已保存，相关账号下次操作时生效。");
        answer_redirect(req, "/console/role");
        return;
    }
    if (cx->error.code != ERR_INVALID && cx->error.code != ERR_CONFLICT)
        cx_refail(cx);
    if (cx->error.field != NULL)
        s.name_error = cx_strdup(cx, cx->error.text);
    else
        s.error = cx_strdup(cx, cx->error.text);
    show(req, &s);
}

/* A form of rights: read whole, and it counts once (I8). */
const struct route role_routes[ROLE_ROUTES] = {
    { GET, "/console/role/new", AUTH_ACCOUNT, "role.edit", ROUTE_RAW,
      .run = role_form },
    { POST, "/console/role/new", AUTH_ACCOUNT, "role.edit",
      ROUTE_RAW | ROUTE_NO_TX | ROUTE_FORM_ONCE, .run = role_post },
    { GET, "/console/role/:id/edit", AUTH_ACCOUNT, "role.edit", ROUTE_RAW,
      .run = role_form },
    { POST, "/console/role/:id/edit", AUTH_ACCOUNT, "role.edit",
      ROUTE_RAW | ROUTE_NO_TX | ROUTE_FORM_ONCE, .run = role_post },
};
