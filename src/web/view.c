/*
 * ClearSilver behind an opaque tree. This is the one file that includes it:
 * its headers blank PACKAGE_NAME and leak macros, so config.h stays out.
 *
 * Each template is parsed once per process and rendered with a fresh HDF per
 * page; a parsed template is not shareable between threads, so neither is
 * this file. Every NEOERR is logged and ignored here, which also frees it.
 *
 * ClearSilver does not survive that there is no memory (it crashes in its
 * tables), so this file does not try to: the worker dies and another takes
 * over, as when it is killed. Nothing is rendered before COMMIT.
 */
#include <cs/cs.h>
#include <util/neo_err.h>
#include <util/neo_files.h>
#include <util/neo_hdf.h>
#include <util/neo_str.h>

#include <dirent.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/utf8.h"
#include "web/view.h"

enum {
    JSON_MAX = 1024 * 1024,
    TEMPLATES_MAX = 256,
    PARTS_MAX = 16,    /* files of one template, itself included */
    NAME_MAX_LEN = 100,
    ARENA_MAX = 4 * 1024 * 1024,
    PRINTED_MAX = 2000, /* bytes of v_printf */
};

struct part {
    char name[NAME_MAX_LEN + 1];
    struct timespec changed;
};

struct parsed {
    struct views *views;
    char name[NAME_MAX_LEN + 1];
    CSPARSE *cs;
    struct part parts[PARTS_MAX];
    size_t part_count;
};

/* The templates of a process, lent to its units of work. */
struct views {
    char dir[400];
    bool reload;
    struct arena *arena;
    HDF *site;
    struct parsed *v[TEMPLATES_MAX];
    size_t n;
};

/* Logs and frees the error; true if there was one. */
static bool failed(NEOERR *err, const char *name)
{
    STRING text;

    if (err == STATUS_OK)
        return false;
    string_init(&text);
    nerr_error_traceback(err, &text);
    log_error("view.failed", F_TEXT("template", name),
              F_TEXT("error", text.buf));
    string_clear(&text);
    nerr_ignore(&err);
    return true;
}

static void must_work(NEOERR *err)
{
    must(!failed(err, ""));
}

/* ---- the tree ---------------------------------------------------------- */

static HDF *hdf_of(struct vnode *n)
{
    return (HDF *)(void *)n;
}

static struct vnode *vnode_of(HDF *h)
{
    return (struct vnode *)(void *)h;
}

void view_free(struct vnode *tree)
{
    HDF *h = hdf_of(tree);

    hdf_destroy(&h);
}

static void free_tree(void *p)
{
    view_free(p);
}

struct vnode *view_new(struct cx *cx)
{
    HDF *h;

    must_work(nerr_init());
    must_work(hdf_init(&h));
    must_work(hdf_set_value(h, "Config.VarEscapeMode", "html"));
    return cx_own(cx, h, free_tree);
}

struct vnode *view_disown(struct cx *cx, struct vnode *tree)
{
    cx_disown(cx, tree);
    return tree;
}

struct vnode *v_child(struct vnode *n, const char *name)
{
    HDF *h;

    must_work(hdf_get_node(hdf_of(n), name, &h));
    return vnode_of(h);
}

struct vnode *v_item(struct vnode *n, size_t i)
{
    char name[24];

    snprintf(name, sizeof name, "%zu", i);
    return v_child(n, name);
}

void v_set(struct vnode *n, const char *name, const char *value)
{
    if (value != NULL)
        must_work(hdf_set_value(hdf_of(n), name, value));
}

void v_int(struct vnode *n, const char *name, int64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%lld", (long long)value);
    v_set(n, name, text);
}

void v_flag(struct vnode *n, const char *name, bool value)
{
    if (value)
        v_set(n, name, "1");
}

void v_printf(struct vnode *n, const char *name, const char *fmt, ...)
{
    char text[PRINTED_MAX + 1];
    va_list ap;
    int len;

    va_start(ap, fmt);
    len = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    must(len >= 0);
    if (len > PRINTED_MAX) {
        size_t end = PRINTED_MAX;

        /* Never through a character. */
        while (end > PRINTED_MAX - 4 && !utf8_valid(text, end))
            end--;
        text[end] = '\0';
    }
    v_set(n, name, text);
}

const char *v_get(struct vnode *n, const char *name)
{
    return hdf_get_value(hdf_of(n), name, NULL);
}

struct json_out *view_json(struct cx *cx)
{
    struct json_out *j = CX_NEW(cx, struct json_out);

    j->to = cx_buf(cx, JSON_MAX);
    return j;
}

void v_json(struct cx *cx, struct vnode *n, const char *name,
            const struct json_out *j)
{
    if (buf_text(j->to) == NULL)
        cx_fail(cx, ERR_TOO_LARGE, "数据过多，缩小范围后重试。");
    v_set(n, name, buf_text(j->to));
}

/* ---- templates --------------------------------------------------------- */

static bool path_of(const struct views *views, const char *name, char *path,
                    size_t size)
{
    int n;

    if (name[0] == '/' || strstr(name, "..") != NULL ||
        strlen(name) > NAME_MAX_LEN)
        return false;
    n = snprintf(path, size, "%s/%s", views->dir, name);
    return n > 0 && (size_t)n < size;
}

static bool changed_at(const struct views *views, const char *name,
                       struct timespec *at)
{
    char path[512];
    struct stat st;

    if (!path_of(views, name, path, sizeof path) || stat(path, &st) != 0)
        return false;
    *at = st.st_mtim;
    return true;
}

/* Called by the parser for the template and for each include in it. */
static NEOERR *load(void *ctx, HDF *hdf, const char *name, char **out)
{
    struct parsed *p = ctx;
    struct part *part;
    char path[512];

    (void)hdf;
    if (!path_of(p->views, name, path, sizeof path) ||
        p->part_count == PARTS_MAX)
        return nerr_raise(NERR_NOT_FOUND, "template refused: %s", name);
    part = &p->parts[p->part_count++];
    snprintf(part->name, sizeof part->name, "%s", name);
    if (!changed_at(p->views, name, &part->changed))
        return nerr_raise(NERR_NOT_FOUND, "no such template: %s", name);
    return nerr_pass(ne_load_file(path, out));
}

static NEOERR *html_escape(const char *in, char **out)
{
    return nerr_pass(neos_html_escape(in, (int)strlen(in), out));
}

static NEOERR *url_escape(const char *in, char **out)
{
    return nerr_pass(neos_url_escape(in, out, NULL));
}

static NEOERR *url_validate(const char *in, char **out)
{
    return nerr_pass(neos_url_validate(in, out));
}

static const struct {
    char name[16];
    NEOERR *(*run)(const char *in, char **out);
} escapers[] = {
    { "html_escape", html_escape },
    { "url_escape", url_escape },
    { "url_validate", url_validate },
};

static NEOERR *parse(struct parsed *p)
{
    NEOERR *err = cs_init(&p->cs, p->views->site);

    if (err != STATUS_OK)
        return nerr_pass(err);
    cs_register_fileload(p->cs, p, load);
    for (size_t i = 0; i < COUNT(escapers) && err == STATUS_OK; i++) {
        struct {
            char text[sizeof escapers[i].name];
        } name;

        /* The parser copies the name, but takes it as plain char. */
        memcpy(name.text, escapers[i].name, sizeof name.text);
        err = cs_register_esc_strfunc(p->cs, name.text, escapers[i].run);
    }
    if (err == STATUS_OK)
        err = cs_parse_file(p->cs, p->name);
    return nerr_pass(err);
}

static struct parsed *find(const struct views *views, const char *name)
{
    for (size_t i = 0; i < views->n; i++)
        if (strcmp(views->v[i]->name, name) == 0)
            return views->v[i];
    return NULL;
}

/* False if the file does not parse; the template is then not usable. */
static bool parse_again(struct parsed *p)
{
    if (p->cs != NULL)
        cs_destroy(&p->cs);
    p->part_count = 0;
    if (!failed(parse(p), p->name))
        return true;
    if (p->cs != NULL)
        cs_destroy(&p->cs);
    p->cs = NULL;
    return false;
}

static struct parsed *add(struct views *views, const char *name)
{
    struct parsed *p;

    must(views->n < TEMPLATES_MAX && strlen(name) <= NAME_MAX_LEN);
    p = ARENA_NEW(views->arena, struct parsed);
    p->views = views;
    snprintf(p->name, sizeof p->name, "%s", name);
    views->v[views->n++] = p;
    return p;
}

/* Macros and parts are only ever included, after what they use. */
static bool only_included(const char *name)
{
    return strcmp(name, "macro") == 0 || strcmp(name, "part") == 0;
}

/* Every template of one directory, then of those in it. */
static bool add_all(struct views *views, const char *under)
{
    char path[512];
    bool ok = true;
    struct dirent *e;
    DIR *d;

    snprintf(path, sizeof path, "%s/%s", views->dir, under);
    d = opendir(path);
    if (d == NULL)
        return false;
    while (ok && (e = readdir(d)) != NULL) {
        const char *dot = strrchr(e->d_name, '.');
        char name[NAME_MAX_LEN + 1];

        if (e->d_name[0] == '.')
            continue;
        must((size_t)snprintf(name, sizeof name, "%s%s%s", under,
                              *under == '\0' ? "" : "/", e->d_name) <
             sizeof name);
        if (e->d_type == DT_DIR)
            ok = only_included(name) || add_all(views, name);
        else if (dot != NULL && strcmp(dot, ".cs") == 0)
            ok = parse_again(add(views, name));
    }
    closedir(d);
    return ok;
}

struct views *view_start(const char *dir, bool reload)
{
    struct arena *arena = arena_new(ARENA_MAX);
    struct views *views = ARENA_NEW(arena, struct views);

    views->arena = arena;
    views->reload = reload;
    must((size_t)snprintf(views->dir, sizeof views->dir, "%s", dir) <
         sizeof views->dir);
    must_work(nerr_init());
    must_work(hdf_init(&views->site));
    must_work(hdf_set_value(views->site, "Config.VarEscapeMode", "html"));
    if (add_all(views, ""))
        return views;
    log_error("view.start", F_TEXT("dir", dir),
              F_TEXT("error", "templates missing or not parsed"));
    view_stop(views);
    return NULL;
}

void view_stop(struct views *views)
{
    for (size_t i = 0; i < views->n; i++)
        if (views->v[i]->cs != NULL)
            cs_destroy(&views->v[i]->cs);
    hdf_destroy(&views->site);
    arena_free(views->arena);
}

static bool is_stale(const struct parsed *p)
{
    struct timespec at;

    for (size_t i = 0; i < p->part_count; i++)
        if (!changed_at(p->views, p->parts[i].name, &at) ||
            at.tv_sec != p->parts[i].changed.tv_sec ||
            at.tv_nsec != p->parts[i].changed.tv_nsec)
            return true;
    return false;
}

static struct parsed *current(struct views *views, const char *name)
{
    struct parsed *p = find(views, name);
    struct timespec at;

    if (p == NULL && views->reload && changed_at(views, name, &at))
        p = add(views, name);
    if (p == NULL)
        return NULL;
    if (p->cs == NULL || (views->reload && is_stale(p)))
        return parse_again(p) ? p : NULL;
    return p;
}

static NEOERR *put(void *ctx, char *text)
{
    buf_puts(ctx, text);
    return STATUS_OK;
}

void view_render(struct cx *cx, const char *template_name, struct vnode *tree,
                 struct buf *out)
{
    struct parsed *p;
    NEOERR *err;

    must(cx->views != NULL);
    p = current(cx->views, template_name);
    if (p == NULL)
        cx_fail(cx, ERR_INTERNAL, "模板 %s 不可用", template_name);
    p->cs->hdf = hdf_of(tree);
    p->cs->global_hdf = cx->views->site;
    err = cs_render(p->cs, out, put);
    p->cs->hdf = cx->views->site;
    if (failed(err, template_name)) {
        /* The error left by way of the renderer's own state: only a fresh
           parse is sure to be sound. */
        parse_again(p);
        cx_fail(cx, ERR_INTERNAL, "模板 %s 出错", template_name);
    }
    if (out->starved)
        cx_fail_memory(cx);
    if (buf_text(out) == NULL)
        cx_fail(cx, ERR_INTERNAL, "页面过大：%s", template_name);
}
