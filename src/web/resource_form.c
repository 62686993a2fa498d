/*
 * Creating and editing a row: as a drawer over the list (htmx) or as a page
 * of its own. The tree (templates/form.cs, macro/form.cs):
 *
 *   Form.title .text (name of the row) .url .list .drawer .new (flags)
 *   Form.version .to         hidden fields
 *   Form.error               of the whole; Form.errors how many fields
 *   Form.bad.N .id .title    the fields that are wrong
 *   Form.groups.N .title .fields.M
 *       .name .id .title .kind (text area secret date time number select
 *       switch pick many) .value .shown .pick .within .suffix .help .error
 *       .required .optional .fixed .wide .mono (flags) .max .options.K .value
 *       .text .on
 *   Form.conflict .who .fields.N .name .title .mine .theirs
 */
#include <string.h>

#include "db/idem.h"
#include "web/app.h"
#include "web/resource_in.h"

/* More fields than that get a page of their own. */
enum { DRAWER_FIELDS_MAX = 16 };

bool form_is_page(const struct resource *r)
{
    return r->own_form || r->fields.n > DRAWER_FIELDS_MAX;
}

/* ---- the tree ---------------------------------------------------------- */

static const char *control_of(const struct field *f)
{
    if (f->ref != NULL)
        return f->flags & FIELD_MANY ? "many" : "pick";
    if (f->labels.n > 0)
        return "select";
    if (f->kind == FIELD_BOOL)
        return "switch";
    if (f->kind == FIELD_STAMP)
        return f->flags & FIELD_DATE ? "date" : "time";
    if (f->kind != FIELD_TEXT)
        return "number";
    if (f->flags & FIELD_SECRET)
        return "secret";
    return f->flags & FIELD_AREA ? "area" : "text";
}

static void put_options(struct vnode *n, const struct field_state *fs)
{
    struct vnode *options = v_child(n, "options");

    for (size_t i = 0; i < fs->f->labels.n; i++) {
        struct vnode *o = v_item(options, i);

        v_set(o, "value", fs->f->labels.v[i].key);
        v_set(o, "text", fs->f->labels.v[i].word);
        v_flag(o, "on", strcmp(fs->text, fs->f->labels.v[i].key) == 0);
    }
}

static void put_picker(struct cx *cx, struct vnode *n,
                       const struct field_state *fs)
{
    v_printf(n, "pick", "%s/pick", resource_path(cx, fs->f->ref));
    v_set(n, "within", fs->f->within);
    v_set(n, "shown", fs->shown);
}

static void put_field(struct cx *cx, struct vnode *n,
                      const struct form_state *s, const struct field_state *fs,
                      bool mark_optional)
{
    const struct field *f = fs->f;
    bool fixed = field_is_fixed(s, f);

    v_set(n, "name", f->name);
    v_printf(n, "id", "f-%s", f->name);
    v_set(n, "title", f->title);
    v_set(n, "kind", control_of(f));
    v_set(n, "value", fs->text);
    v_set(n, "suffix", f->suffix);
    v_set(n, "help", f->help);
    v_set(n, "error", fs->error);
    v_flag(n, "required", (f->flags & FIELD_REQUIRED) && !fixed);
    v_flag(n, "optional", !(f->flags & FIELD_REQUIRED) && mark_optional &&
                              f->kind != FIELD_BOOL);
    v_flag(n, "fixed", fixed);
    v_flag(n, "wide", (f->flags & (FIELD_WIDE | FIELD_AREA | FIELD_MANY)) !=
                          0);
    if (f->kind == FIELD_TEXT && f->ref == NULL)
        v_int(n, "max", f->max > 0 ? f->max : ARG_TEXT_MAX);
    if (f->labels.n > 0)
        put_options(n, fs);
    if (f->ref != NULL)
        put_picker(cx, n, fs);
}

static void put_fields(struct cx *cx, struct vnode *form,
                       const struct form_state *s)
{
    struct vnode *groups = v_child(form, "groups"), *group = NULL;
    size_t n = 0, m = 0, bad = 0, required = 0;

    for (size_t i = 0; i < s->r->fields.n; i++)
        required += (s->r->fields.v[i].flags & FIELD_REQUIRED) != 0;
    for (size_t i = 0; i < s->r->fields.n; i++) {
        const struct field_state *fs = &s->fields[i];

        if (group == NULL || fs->f->group != NULL) {
            group = v_item(groups, n++);
            v_set(group, "title", fs->f->group);
            m = 0;
        }
        put_field(cx, v_item(v_child(group, "fields"), m++), s, fs,
                  2 * required > s->r->fields.n);
        if (fs->error != NULL) {
            struct vnode *b = v_item(v_child(form, "bad"), bad++);

            v_printf(b, "id", "f-%s", fs->f->name);
            v_set(b, "title", fs->f->title);
        }
    }
    if (bad > 0)
        v_int(form, "errors", (int64_t)bad);
    v_flag(form, "stars", required > 0);
}

struct view {
    const char *version; /* of the row that the texts began from; or NULL */
    const struct form_state *theirs; /* conflict: what the row holds now */
};

static void put_conflict(struct request *req, struct vnode *form,
                         const struct form_state *mine,
                         const struct form_state *theirs)
{
    struct vnode *conflict = v_child(form, "conflict");
    const char *who = NULL;
    size_t n = 0;

    if (identity_of(req) != NULL && identity_of(req)->changed != NULL)
        who = identity_of(req)->changed(req->cx, mine->r->name, mine->id);
    v_printf(conflict, "who", "%s修改了此%s，你的修改尚未保存。",
             who != NULL ? who : "有人在你填写期间", mine->r->title);
    for (size_t i = 0; i < mine->r->fields.n; i++) {
        const struct field_state *a = &mine->fields[i];
        const struct field_state *b = &theirs->fields[i];
        struct vnode *f;

        if (strcmp(a->text, b->text) == 0 ||
            (a->f->flags & FIELD_SECRET) || field_is_fixed(mine, a->f))
            continue;
        f = v_item(v_child(conflict, "fields"), n++);
        v_set(f, "name", a->f->name);
        v_set(f, "title", a->f->title);
        v_set(f, "mine", field_said(a));
        v_set(f, "theirs", field_said(b));
    }
}

static void show(struct request *req, const struct form_state *s,
                 const struct view *v)
{
    struct cx *cx = req->cx;
    const struct resource *r = s->r;
    struct vnode *tree = view_new(cx), *form = v_child(tree, "Form");
    const char *title = cx_printf(cx, "%s%s", s->id == 0 ? "新增"
                                  : r->edit_word != NULL ? r->edit_word
                                                         : "编辑",
                                  r->title);
    const char *to = input_get(req->input, "_to");

    v_set(form, "title", title);
    if (s->id != 0)
        v_set(form, "text", resource_text(cx, r, s->id));
    v_set(form, "url", s->id == 0 ? cx_printf(cx, "%s/new",
                                              resource_path(cx, r))
                                  : row_path(cx, r, s->id, "/edit"));
    v_set(form, "list", resource_path(cx, r));
    v_set(form, "to", to);
    v_flag(form, "new", s->id == 0);
    v_flag(form, "drawer", req->htmx);
    v_set(form, "version", v->version);
    v_set(form, "error", s->error);
    put_fields(cx, form, s);
    if (v->theirs != NULL)
        put_conflict(req, form, s, v->theirs);
    if (s->errors > 0 || s->error != NULL)
        answer_status(req, 422);
    if (v->theirs != NULL)
        answer_status(req, req->htmx ? 422 : 409);
    if (req->htmx)
        answer_fragment(req, "form.cs", tree);
    else
        answer_page(req, "form.cs", tree, title);
}

/* ---- reading ----------------------------------------------------------- */

/* The row as it is now, and its version. */
static struct form_state *stored(struct cx *cx, const struct resource *r,
                                 int64_t id, const char **version)
{
    struct form_state *s = form_new(cx, r, id);
    const char *cell = r->version != NULL ? r->version : "1";
    struct list_sql sql =
        list_row_sql(list_query_new(cx, resource_source(cx, r)), &cell, 1, id);
    struct db_table t = db_table(cx, sql.sql, sql.binds);

    if (t.rows == 0)
        resource_require(cx, r, id);
    *version = r->version != NULL ? t.cells[0] : NULL;
    r->fill(cx, id, s->form);
    form_write(cx, s);
    return s;
}

/* "1,2,3" of a field given as "roles.1=1", "roles.2=1": check boxes. */
static const char *ticked(struct cx *cx, const struct input *in,
                          const char *name)
{
    size_t len = strlen(name);
    const char *ids = NULL;

    for (size_t i = 0; i < in->count; i++) {
        const char *p = in->params[i].name;

        if (strncmp(p, name, len) == 0 && p[len] == '.')
            ids = cx_printf(cx, "%s%s%s", ids == NULL ? "" : ids,
                            ids == NULL ? "" : ",", p + len + 1);
    }
    return ids;
}

static const char *typed(struct cx *cx, const struct field *f, const char *s)
{
    size_t n;

    if (f->flags & FIELD_SECRET)
        return s;
    s += strspn(s, " \t\r\n");
    for (n = strlen(s); n > 0 && strchr(" \t\r\n", s[n - 1]) != NULL;)
        n--;
    return arena_strndup(cx->arena, s, n);
}

/* What the request gives, into the texts. */
static void take(struct cx *cx, const struct input *in, struct form_state *s)
{
    for (size_t i = 0; i < s->r->fields.n; i++) {
        struct field_state *fs = &s->fields[i];
        const char *text = input_get(in, fs->f->name);

        if (text == NULL && (fs->f->flags & FIELD_MANY))
            text = ticked(cx, in, fs->f->name);
        fs->given = text != NULL;
        if (text != NULL)
            fs->text = typed(cx, fs->f, text);
    }
}

static bool is_field(const struct resource *r, const char *name)
{
    for (size_t i = 0; i < r->fields.n; i++) {
        const char *f = r->fields.v[i].name;
        size_t n = strlen(f);

        if (strcmp(f, name) == 0 ||
            ((r->fields.v[i].flags & FIELD_MANY) &&
             strncmp(f, name, n) == 0 && name[n] == '.'))
            return true;
    }
    return name[0] == '_' || strcmp(name, "id") == 0;
}

/* No mass assignment: what is not a field is refused (rule I1). */
static void refuse_unknown(struct cx *cx, const struct input *in,
                           const struct resource *r)
{
    for (size_t i = 0; i < in->count; i++)
        if (!is_field(r, in->params[i].name))
            cx_fail(cx, ERR_BAD_REQUEST, "未知的参数 %s。",
                    in->params[i].name);
}

void resource_form(struct request *req, const void *args)
{
    const struct resource *r = req->target;
    struct cx *cx = req->cx;
    const char *id = input_get(req->input, "id");
    struct view v = { 0 };
    struct form_state *s;

    (void)args;
    if (id != NULL) {
        s = stored(cx, r, id_of(cx, r, id), &v.version);
    } else {
        s = form_new(cx, r, 0);
        take(cx, req->input, s);
        /* What a link gave is shown by its name, and judged when saved. */
        for (size_t i = 0; i < r->fields.n; i++)
            if (s->fields[i].given && r->fields.v[i].ref != NULL)
                (void)field_read(cx, s, i);
    }
    show(req, s, &v);
}

/* ---- saving ------------------------------------------------------------ */

struct saving {
    struct request *req;
    struct form_state *s;
    struct idem once;
    const char *version;
    const char *done;     /* where the first of two equal requests led */
    bool conflict;
    int64_t id;
};

/* The version of the row, locked until the transaction ends. */
static const char *lock_version(struct cx *cx, const struct form_state *s)
{
    struct list_sql sql = list_lock_sql(cx, resource_source(cx, s->r),
                                        s->r->version, s->id);
    struct db_table t = db_table(cx, sql.sql, sql.binds);

    return t.rows == 0 || t.cells[0] == NULL ? "" : t.cells[0];
}

static void save(struct cx *cx, void *arg)
{
    struct saving *w = arg;
    struct form_state *s = w->s;
    const struct idem_answer *before;

    w->conflict = false;
    w->done = NULL;
    before = idem_claim(cx, &w->once);
    if (before != NULL) {
        w->done = before->text != NULL ? before->text : "";
        return;
    }
    if (s->id != 0 && s->r->version != NULL &&
        strcmp(lock_version(cx, s), w->version) != 0) {
        idem_drop(cx, &w->once);
        w->conflict = true;
        return;
    }
    w->id = s->r->save(cx, s->id, s->form);
    idem_keep(cx, &w->once, 303, list_back(w->req, s->r));
}

static void save_tx(struct cx *cx, void *arg)
{
    db_tx(cx, save, arg);
}

/* Errors that the person at the form can do something about. */
static bool is_for_the_form(enum cx_code code)
{
    return code == ERR_INVALID || code == ERR_CONFLICT || code == ERR_STATE ||
           code == ERR_BALANCE || code == ERR_TOO_LARGE;
}

/* Whose form it is, and what it says: the same one twice counts once (I8). */
static void claim_of(struct request *req, struct saving *w)
{
    struct cx *cx = req->cx;
    const char *key = form_token_key(cx, req->session,
                                     input_get(req->input, "_form"));
    const char *text = cx_printf(cx, "%s %lld", w->s->r->name,
                                 (long long)w->s->id);

    if (key == NULL)
        cx_fail(cx, ERR_CSRF, "表单已过期，刷新页面后再试。");
    for (size_t i = 0; i < w->s->r->fields.n; i++)
        text = cx_printf(cx, "%s\n%s", text, w->s->fields[i].text);
    w->once = (struct idem){
        .scope = cx_printf(cx, "form:%lld", (long long)req->session->id),
        .key = key,
    };
    sha256(text, strlen(text), w->once.hash);
}

static void saved(struct request *req, const struct saving *w)
{
    const struct resource *r = w->s->r;
    struct cx *cx = req->cx;
    bool again = input_get(req->input, "_again") != NULL;

    if (req->json) {
        answer_json(req, cx_printf(cx, "{\"code\":0,\"data\":{\"id\":%lld}}",
                                   (long long)w->id));
    } else if (again && req->htmx) {
        struct view v = { 0 };

        answer_header(req, "HX-Trigger",
                      cx_printf(cx, "{\"toast\":{\"kind\":\"ok\",\"text\":"
                                "\"%s\"},\"refresh\":{}}",
                                json_ascii(cx, "已保存，可继续新增。")));
        show(req, form_new(cx, r, 0), &v);
    } else if (again) {
        answer_toast(req, "已保存，可继续新增。");
        answer_redirect(req, cx_printf(cx, "%s/new", resource_path(cx, r)));
    } else {
        answer_done(req, "已保存。", list_back(req, r));
    }
}

static void attempt(struct request *req, struct form_state *s,
                    struct view *v, struct saving *w)
{
    struct cx *cx = req->cx;

    if (!cx_run(cx, save_tx, w)) {
        if (!is_for_the_form(cx->error.code) || req->json)
            cx_refail(cx);
        form_note(cx, s);
        show(req, s, v);
    } else if (w->conflict) {
        if (req->json)
            cx_fail(cx, ERR_CONFLICT, "此%s已被修改，取最新的版本后再提交。",
                    s->r->title);
        v->theirs = stored(cx, s->r, s->id, &v->version);
        show(req, s, v);
    } else if (w->done != NULL) {
        answer_done(req, "这张表单已提交过，没有重复执行。",
                    path_is_ours(w->done) ? w->done
                                          : resource_path(cx, s->r));
    } else {
        saved(req, w);
    }
}

/* After a conflict: the fields where the other version was chosen. */
static void take_theirs(struct cx *cx, const struct input *in,
                        struct form_state *s, const struct form_state *theirs)
{
    for (size_t i = 0; i < s->r->fields.n; i++) {
        const char *keep = input_get(in, cx_printf(cx, "_keep.%s",
                                                   s->r->fields.v[i].name));

        if (keep != NULL && strcmp(keep, "theirs") == 0)
            s->fields[i].text = theirs->fields[i].text;
    }
}

void resource_save(struct request *req, const void *args)
{
    const struct resource *r = req->target;
    struct cx *cx = req->cx;
    const char *id = input_get(req->input, "id");
    struct form_state *s, *now = NULL;
    struct saving w = { .req = req };
    struct view v = { 0 };

    (void)args;
    refuse_unknown(cx, req->input, r);
    s = form_new(cx, r, id == NULL ? 0 : id_of(cx, r, id));
    if (s->id != 0) {
        now = stored(cx, r, s->id, &v.version);
        v.version = input_get(req->input, "_version");
        if (v.version == NULL)
            v.version = "";
    }
    take(cx, req->input, s);
    for (size_t i = 0; now != NULL && i < r->fields.n; i++)
        if (field_is_fixed(s, &r->fields.v[i])) {
            form_copy(s, now, &r->fields.v[i]);
            s->fields[i] = now->fields[i];
        }
    if (now != NULL)
        take_theirs(cx, req->input, s, now);
    form_read(cx, s);
    if (s->errors > 0) {
        for (size_t i = 0; req->json && i < r->fields.n; i++)
            if (s->fields[i].error != NULL)
                cx_fail_field(cx, r->fields.v[i].name, "%s",
                              s->fields[i].error);
        show(req, s, &v);
        return;
    }
    w.s = s;
    w.version = v.version;
    claim_of(req, &w);
    attempt(req, s, &v, &w);
}
