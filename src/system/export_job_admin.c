/*
 * Making export files. The rows are streamed on the job's own connection, so
 * that progress is written on a second one. A file is made anew if the process
 * died in the middle; the half of it has no name yet.
 */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/log.h"
#include "db/db.h"
#include "feature_list.h"
#include "system/export_admin.h"
#include "system/export_task.h"

enum { SIDE_ARENA = 1 << 20, TELL_EVERY_MS = 500, STATEMENT_LIMIT_S = 10 };

static const struct resource *page_named(const char *name)
{
    for (size_t i = 0; i < all_features.n; i++)
        for (size_t k = 0; k < all_features.v[i]->pages.n; k++) {
            const struct resource *r = all_features.v[i]->pages.v[k];

            if (strcmp(r->name, name) == 0 && r->perm.export != NULL)
                return r;
        }
    return NULL;
}

/* The second connection, for progress. */
struct side {
    struct cx *cx;
    struct db *db;
    int64_t task, rows, told_ms;
};

static void side_close(void *p)
{
    struct side *s = p;

    cx_free(s->cx);
    db_close(s->db);
}

static struct side *side_open(struct cx *cx, int64_t task)
{
    struct side *s = CX_NEW(cx, struct side);
    struct db_login login = db_login_of(cx->config, STATEMENT_LIMIT_S);

    s->task = task;
    cx_own(cx, s, side_close);
    s->db = db_open(&login);
    s->cx = s->db == NULL ? NULL : cx_new(s->db, cx->config, SIDE_ARENA);
    if (s->cx == NULL)
        cx_fail_memory(cx);
    return s;
}

static void tell_work(struct cx *cx, void *arg)
{
    const struct side *s = arg;

    export_progress(cx, s->task, s->rows);
}

static void tell(void *arg, int64_t rows)
{
    struct side *s = arg;

    if (monotonic_ms() - s->told_ms < TELL_EVERY_MS)
        return;
    s->told_ms = monotonic_ms();
    s->rows = rows;
    cx_begin(s->cx);
    /* Progress that cannot be told is no reason to stop. */
    if (!cx_run(s->cx, tell_work, s))
        log_warn("export.progress", F_INT("task", s->task),
                 F_TEXT("error", s->cx->error.text));
}

struct making {
    const struct export_task *task;
    const struct resource *r;
    const char *name;
    int64_t rows, size;
};

/* As the account that asked, with the rights it has now. */
static void make(struct cx *cx, void *arg)
{
    struct making *m = arg;
    const struct export_task *t = m->task;
    struct side *side = side_open(cx, t->id);
    uint8_t random[8];
    char hex[2 * sizeof random + 1];

    m->r = page_named(t->resource);
    if (m->r == NULL || !export_become(cx, t, m->r->perm.export))
        cx_fail(cx, ERR_FORBIDDEN, "账号已停用，或不再有导出的权限。");
    export_start(cx, t->id, resource_export_count(cx, m->r, t->query));
    random_bytes(random, sizeof random);
    m->name = cx_printf(cx, "%lld-%s.%s", (long long)t->id,
                        hex_encode(random, sizeof random, hex), t->format);
    m->rows = resource_export_run(cx, &(struct export_order){
                                          .r = m->r, .format = t->format,
                                          .query = t->query, .name = m->name,
                                          .progress = tell, .arg = side,
                                      }, &m->size);
}

void export_run(struct cx *cx)
{
    const struct actor actor = cx->actor;
    const struct scope scope = cx->scope;
    const struct export_task *t = export_next(cx);
    struct making m = { .task = t };
    bool made;

    if (t == NULL)
        return;
    made = cx_run(cx, make, &m);
    cx->actor = actor;
    cx->scope = scope;
    if (made) {
        export_done(cx, t->id, m.name, m.rows, m.size);
        log_info("export.done", F_INT("task", t->id), F_INT("rows", m.rows),
                 F_INT("bytes", m.size));
        return;
    }
    /* The server going away is no fault of the task: the next run begins it
       again. */
    if (cx_error_passes(cx))
        cx_refail(cx);
    export_failed(cx, t->id, cx->error.text);
}

static void remove_all(struct cx *cx, const char *dir,
                       const char *const *files, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *path = cx_printf(cx, "%s/%s", home_dir(cx, dir),
                                     files[i]);

        if (*files[i] != '\0' && unlink(path) != 0)
            log_info("export.clean", F_TEXT("missing", path));
    }
}

static void close_dir(void *p)
{
    (void)closedir(p);
}

/* What a process left half written when it was killed has no name yet. */
static void remove_halves(struct cx *cx, const char *what)
{
    const char *path = home_dir(cx, what);
    DIR *dir = cx_own(cx, opendir(path), close_dir);
    struct dirent *e;

    while ((e = readdir(dir)) != NULL) {
        const char *file = cx_printf(cx, "%s/%s", path, e->d_name);
        struct stat st;

        if (strncmp(e->d_name, ".sheet-", 7) == 0 && stat(file, &st) == 0 &&
            cx->now.ms - (int64_t)st.st_mtime * 1000 > DAY_MS)
            (void)unlink(file);
    }
}

void export_clean(struct cx *cx)
{
    const char *const *files;
    size_t n;

    remove_halves(cx, "exports");
    remove_halves(cx, "imports");

    files = export_sweep(cx, &n);
    remove_all(cx, "exports", files, n);
    files = import_sweep(cx, &n);
    remove_all(cx, "imports", files, n);
}
