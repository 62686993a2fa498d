/*
 * Memory that runs out while a page is made (rule C8): every GET of the
 * console and of the driver's API is asked again and again, and the n-th
 * allocation of it fails, of ours or of a library's. The answer is the whole
 * page all the same, or 503; the next request is served as if nothing had
 * been. PILEHUB_OOM=all: every n, otherwise a few of each page. POSTs:
 * test_unsafe.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/integration/oom.h"
#include "tests/integration/site.h"
#include "tests/integration/testdb.h"
#include "web/resource.h"
#include "web/router.h"

enum { STRIDE = 61 };

static struct visitor admin, driver;
static struct router *router;
static long at, calls;

static void before(void)
{
    oom_begin(at);
}

static void after(void)
{
    calls = oom_end();
}

static const struct resource *named(const char *name)
{
    const struct features *f = site_features();

    for (size_t i = 0; i < f->n; i++)
        for (size_t k = 0; k < f->v[i]->pages.n; k++)
            if (strcmp(f->v[i]->pages.v[k]->name, name) == 0)
                return f->v[i]->pages.v[k];
    return strcmp(name, "wall") == 0 ? named("connector") : NULL;
}

static const char *id_for(const struct resource *r)
{
    struct cx *cx = site_cx();

    return r == NULL ? "1" : cx_printf(cx, "%lld", (long long)testdb_int(
        cx, cx_printf(cx, "SELECT COALESCE(MAX(%s), 1) FROM %s WHERE %s",
                      r->key, r->from, r->where == NULL ? "1" : r->where)));
}

static const char *path_of(const struct route_row *row)
{
    const struct resource *r = row->parts < 2 ? NULL : named(row->part[1]);
    struct cx *cx = site_cx();
    const char *path = "";

    for (size_t i = 0; i < row->parts; i++)
        path = cx_printf(cx, "%s/%s", path,
                         row->part[i][0] == ':' ? id_for(r) : row->part[i]);
    if (strstr(path, "/do/") != NULL && r != NULL)
        path = cx_printf(cx, "%s?ids=%s", path, id_for(r));
    return row->parts == 0 ? "/" : path;
}

static struct site_reply get(const struct route_row *row, const char *path,
                             long fails)
{
    struct visitor *v = row->route.auth == AUTH_DRIVER ? &driver : &admin;
    struct site_reply r;

    at = fails;
    site_around(before, after);
    r = site_get(v, path);
    site_around(NULL, NULL);
    return r;
}

/* Times in it change; its size does not, or hardly. Of an error there is a
   bare page for when that of the console cannot be made. */
static bool is_whole(const struct site_reply *r, int status, size_t len)
{
    return r->status == status &&
           (r->len + len / 50 + 40 > len || (status >= 400 && oom_hit()));
}

static long starve(const struct route_row *row, const char *path)
{
    struct site_reply r;
    size_t len;
    long runs = 0, n;
    int status;

    get(row, path, 0); /* what is kept is kept */
    r = get(row, path, 0);
    status = r.status;
    len = r.len;
    for (n = oom_first(path, STRIDE);; n += oom_step(STRIDE)) {
        r = get(row, path, n);
        if ((r.status != 503 || !oom_hit()) && !is_whole(&r, status, len))
            fail_msg("%s, allocation %ld of %ld: %d with %zu of %zu bytes",
                     path, n, calls, r.status, r.len, len);
        runs++;
        if (!oom_hit())
            break;
    }
    r = get(row, path, 0);
    if (!is_whole(&r, status, len))
        fail_msg("%s afterwards: %d with %zu of %zu bytes", path, r.status,
                 r.len, len);
    return runs;
}

static void every_page_is_whole_or_refused(void **state)
{
    size_t used, pages = 0, left = 0;
    long runs = 0;

    (void)state;
    for (size_t i = 0; i < router->count; i++) {
        const struct route_row *row = &router->rows[i];
        const char *path = path_of(row);

        if (row->route.method != GET)
            continue;
        starve(row, path);
        used = oom_in_use();
        runs += starve(row, path);
        if (oom_in_use() > used)
            left += oom_in_use() - used;
        pages++;
    }
    print_message("# %zu pages, %ld runs, %zu bytes left\n", pages, runs,
                  left);
    assert_in_range(pages, 100, 10000);
}

static int start(void **state)
{
    struct cx *cx;
    const char *error;

    (void)state;
    site_start("oom_pages");
    site_demo();
    cx = site_cx();
    site_sign_in(&admin, site_person("13700000001",
                                     testdb_int(cx, "SELECT id FROM org WHERE"
                                                    " kind = 1"), "*"));
    site_driver(&driver, testdb_int(cx, "SELECT MIN(id) FROM driver"));
    router = router_new(cx->arena, site_features(), NULL, 0, &error);
    return router == NULL;
}

static int stop(void **state)
{
    (void)state;
    return site_stop(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_is_whole_or_refused),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
