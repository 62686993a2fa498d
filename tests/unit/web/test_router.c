/*
 * The route table: which row answers, and which rows are refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "web/router.h"

enum { ARENA = 16 << 20 };

static struct arena *arena;

static int start(void **state)
{
    (void)state;
    arena = arena_new(ARENA);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_free(arena);
    return 0;
}

static void page(struct request *req, const void *args)
{
    (void)req, (void)args;
}

static void json(struct cx *cx, const void *args, struct json_out *out)
{
    (void)cx, (void)args, (void)out;
}

static struct router *router_of(const struct route *routes, size_t n,
                                const char **error)
{
    static const struct features none;

    return router_new(arena, &none, routes, n, error);
}

static const struct route routes[] = {
    { GET, "/", AUTH_NONE, .run = page },
    { GET, "/console", AUTH_ACCOUNT, PERM_ANY, .run = page },
    { GET, "/console/pile/:id", AUTH_ACCOUNT, PERM_ANY, .run = page },
    { GET, "/console/pile/new", AUTH_ACCOUNT, PERM_ANY, .run = page },
    { POST, "/console/pile/new", AUTH_ACCOUNT, PERM_ANY, .run = page },
    { GET, "/console/pile/:id/edit", AUTH_ACCOUNT, PERM_ANY, .run = page },
    { GET, "/console/pile/new/:part", AUTH_ACCOUNT, PERM_ANY, .run = page },
    { GET, "/console/:what/all", AUTH_ACCOUNT, PERM_ANY, .run = page },
    { GET, "/api/:v/orders/:no", AUTH_DRIVER, .run = page },
};

static void the_row_is_found(void **state)
{
    static const struct {
        enum method method;
        const char *path;
        enum match match;
        const char *row;
    } cases[] = {
        { GET, "/", MATCH_FOUND, "/" },
        { GET, "/console", MATCH_FOUND, "/console" },
        { GET, "/console/", MATCH_FOUND, "/console" },
        { GET, "/console/pile/7", MATCH_FOUND, "/console/pile/:id" },
        { GET, "/console/pile/new", MATCH_FOUND, "/console/pile/new" },
        { POST, "/console/pile/new", MATCH_FOUND, "/console/pile/new" },
        { POST, "/console/pile/7", MATCH_OTHER_METHOD, NULL },
        { GET, "/console/pile/7/edit", MATCH_FOUND,
          "/console/pile/:id/edit" },
        { GET, "/console/pile/new/edit", MATCH_FOUND,
          "/console/pile/new/:part" },
        { GET, "/console/pile/all", MATCH_FOUND, "/console/pile/:id" },
        { GET, "/console/x/all", MATCH_FOUND, "/console/:what/all" },
        { GET, "/console/x/none", MATCH_NONE, NULL },
        { GET, "/api/v1/orders/5", MATCH_FOUND, "/api/:v/orders/:no" },
        { GET, "/Console", MATCH_NONE, NULL },
        { GET, "/console/pile/7/edit/x", MATCH_NONE, NULL },
    };
    const char *error, *parts[ROUTE_PARTS_MAX];
    struct router *r = router_of(routes, COUNT(routes), &error);

    (void)state;
    assert_non_null(r);
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct route_match m;
        enum match match;
        size_t n;

        assert_true(path_split(arena, cases[i].path, strlen(cases[i].path),
                               parts, &n));
        match = router_find(r, cases[i].method, parts, n, &m);
        if (match != cases[i].match)
            fail_msg("%s: %d", cases[i].path, (int)match);
        if (match == MATCH_FOUND)
            assert_string_equal(m.row->route.path, cases[i].row);
    }
}

static void names_are_filled_and_decoded(void **state)
{
    static const char path[] = "/api/v1/orders/A%20%E5%85%85";
    const char *error, *parts[ROUTE_PARTS_MAX];
    struct router *r = router_of(routes, COUNT(routes), &error);
    struct route_match m;
    size_t n;

    (void)state;
    assert_true(path_split(arena, path, sizeof path - 1, parts, &n));
    assert_int_equal(router_find(r, GET, parts, n, &m), MATCH_FOUND);
    assert_int_equal(m.count, 2);
    assert_string_equal(m.name[0], "v");
    assert_string_equal(m.value[0], "v1");
    assert_string_equal(m.name[1], "no");
    assert_string_equal(m.value[1], "A 充");
}

static void bad_paths_are_not_split(void **state)
{
    static const char *const bad[] = {
        "", "x", "//", "/a//b", "/.", "/..", "/a/../b", "/%2e%2e/b", "/%2e",
        "/a%2fb", "/a%5cb", "/a%00", "/a%0a", "/a%", "/a%zz", "/%ff",
        "/1/2/3/4/5/6/7/8/9/10/11/12/13",
    };
    const char *parts[ROUTE_PARTS_MAX];
    char long_path[PATH_MAX_LEN + 10];
    size_t n;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++)
        if (path_split(arena, bad[i], strlen(bad[i]), parts, &n))
            fail_msg("%s", bad[i]);
    memset(long_path, '/', 1);
    memset(long_path + 1, 'a', sizeof long_path - 1);
    assert_false(path_split(arena, long_path, sizeof long_path, parts, &n));
}

/* Rule A8 and the flags that make no sense. */
static void unfit_routes_stop_the_program(void **state)
{
    static const struct endpoint free_idem = {
        .method = POST, .path = "/api/x", .auth = AUTH_NONE,
        .flags = EP_IDEMPOTENT, .run = json
    };
    static const struct {
        struct route route;
        const char *why;
    } cases[] = {
        { { GET, "/x", .run = page }, "does not say who may use it" },
        { { GET, "/x", AUTH_ACCOUNT, .run = page }, "names no permission" },
        { { GET, "/x", AUTH_ACCOUNT, "no.such", .run = page },
          "permission no.such is in no feature's list" },
        { { GET, "/x", AUTH_NONE, "a.b", .run = page },
          "a permission, but not for accounts" },
        { { GET, "/x", AUTH_NONE }, "has no handler" },
        { { 0, "/x", AUTH_NONE, .run = page }, "no method" },
        { { GET, "x", AUTH_NONE, .run = page }, "no path" },
        { { GET, "/x/../y", AUTH_NONE, .run = page },
          "the path is malformed" },
        { { GET, "/x.json", AUTH_NONE, .run = page },
          "ends in .json, which every path may" },
        { { GET, "/x", AUTH_NONE, NULL, ROUTE_NO_TX, .run = page },
          "a flag that only a POST may have" },
        { { POST, "/x", AUTH_NONE, NULL, ROUTE_FORM_ONCE, .run = page },
          "ROUTE_FORM_ONCE is for pages of accounts" },
        { { POST, "/x", AUTH_NONE, NULL, ROUTE_BODY, .run = page },
          "ROUTE_BODY is for signed callbacks" },
        { { POST, "/x", AUTH_ACCOUNT, PERM_ANY, EP_IDEMPOTENT, .run = page },
          "EP_IDEMPOTENT is for endpoints" },
    };
    const char *error;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_null(router_of(&cases[i].route, 1, &error));
        if (strstr(error, cases[i].why) == NULL)
            fail_msg("%s, not %s", error, cases[i].why);
    }

    struct router *r = router_of(routes, COUNT(routes), &error);
    struct route taken = { GET, "/console/pile/:other", AUTH_NONE,
                           .run = page };
    struct route api = { POST, "/api/x", AUTH_NONE, NULL, EP_IDEMPOTENT };

    assert_string_equal(router_add(r, "t", &taken, NULL),
                        "another route has this method and path");
    assert_string_equal(router_add(r, "t", &api, &free_idem),
                        "EP_IDEMPOTENT needs somebody");
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_row_is_found), T(names_are_filled_and_decoded),
        T(bad_paths_are_not_split), T(unfit_routes_stop_the_program),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
