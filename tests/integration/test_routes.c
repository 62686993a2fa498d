/*
 * Every route x every role x own and foreign ids (rule A8), generated from
 * the routes as the program registers them, on the demo's data:
 *
 *   - nobody gets anything but what says AUTH_NONE;
 *   - without the permission the answer is 403;
 *   - with it, what is inside one's scope is there, and what is not is 404,
 *     with nothing changed;
 *   - lists, pickers and counts show what is inside the scope and no more;
 *   - no answer is an error of ours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/config.h"
#include "base/crypto.h"
#include "feature_list.h"
#include "tests/integration/testdb.h"
#include "tests/integration/web/fcgi.h"
#include "tests/integration/web/people.h"
#include "tests/integration/web/server.h"
#include "web/app.h"
#include "web/resource.h"

enum { IDS = 12, ROLES = 6, URI_MAX = 300 };

static struct web_server server;
static const struct app *app;
static struct cx *db; /* the test's own connection, all in scope */

/* ---- people ------------------------------------------------------------ */

static struct role {
    const char *name;
    const char *phone;
    bool may;            /* everything; else nothing */
    struct scope scope;
    int64_t account_id;
    struct browser b;
} roles[ROLES] = {
    { "platform", "13300000001", true },
    { "nobody", "13300000002", false },
    { "provider", "13300000003", true },
    { "other provider", "13300000004", true },
    { "merchant", "13300000005", true },
    { "bound", "13300000006", true },
};

static int64_t number_in(const char *text)
{
    return strtoll(text, NULL, 10);
}

static int64_t number(const char *sql)
{
    int64_t n = testdb_int(db, sql);

    return n;
}

static void add_account(struct role *r, int64_t org_id, const char *hash)
{
    testdb_sql(db, cx_printf(db, "INSERT INTO role (org_id, name, built_in,"
                             " created_at, updated_at) VALUES (%lld,"
                             " '测试 %s', %d, NOW(3), NOW(3))",
                             (long long)org_id, r->phone, r->may));
    testdb_sql(db, cx_printf(db, "INSERT INTO account (org_id, phone, name,"
                             " password, password_at, created_at, updated_at)"
                             " VALUES (%lld, '%s', '%s', '%s', NOW(3),"
                             " NOW(3), NOW(3))", (long long)org_id, r->phone,
                             r->name, hash));
    r->account_id = number("SELECT LAST_INSERT_ID()");
    testdb_sql(db, cx_printf(db, "INSERT INTO account_role SELECT %lld, id"
                             " FROM role WHERE name = '测试 %s'",
                             (long long)r->account_id, r->phone));
}

static void make_people(void)
{
    static int64_t bound;
    int64_t platform = number("SELECT id FROM org WHERE kind = 1");
    int64_t first = number("SELECT MIN(provider_id) FROM station");
    int64_t second = number("SELECT MAX(provider_id) FROM station");
    int64_t merchant = number(cx_printf(
        db, "SELECT MIN(merchant_id) FROM station WHERE provider_id = %lld",
        (long long)first));
    char hash[PASSWORD_HASH_SIZE];

    assert_true(first != 0 && first != second);
    password_hash(db, "Grain-of-7Salt", hash);
    add_account(&roles[0], platform, hash);
    roles[0].scope = (struct scope){ .all = true };
    add_account(&roles[1], platform, hash);
    roles[1].scope = (struct scope){ .all = true };
    add_account(&roles[2], first, hash);
    roles[2].scope = (struct scope){ .provider_id = first };
    add_account(&roles[3], second, hash);
    roles[3].scope = (struct scope){ .provider_id = second };
    add_account(&roles[4], merchant, hash);
    roles[4].scope = (struct scope){ .provider_id = first,
                                     .merchant_id = merchant };
    add_account(&roles[5], first, hash);
    bound = number(cx_printf(db, "SELECT MIN(id) FROM station WHERE"
                             " provider_id = %lld", (long long)first));
    testdb_sql(db, cx_printf(db, "UPDATE account SET station_bound = 1"
                             " WHERE id = %lld",
                             (long long)roles[5].account_id));
    testdb_sql(db, cx_printf(db, "INSERT INTO account_station VALUES (%lld,"
                             " %lld)", (long long)roles[5].account_id,
                             (long long)bound));
    roles[5].scope = (struct scope){ .provider_id = first,
                                     .station_ids = &bound,
                                     .station_count = 1 };
}

static void sign_all_in(void)
{
    for (size_t i = 0; i < ROLES; i++) {
        roles[i].b = (struct browser){ .socket = server.socket };
        assert_true(browser_sign_in(&roles[i].b, roles[i].phone,
                                    "Grain-of-7Salt"));
    }
}

/* ---- rows -------------------------------------------------------------- */

static const struct resource *resource_named(const char *name)
{
    for (size_t i = 0; i < all_features.n; i++)
        for (size_t k = 0; k < all_features.v[i]->pages.n; k++)
            if (strcmp(all_features.v[i]->pages.v[k]->name, name) == 0)
                return all_features.v[i]->pages.v[k];
    /* Pages of their own that show rows of others. */
    if (strcmp(name, "wall") == 0)
        return resource_named("connector");
    return strcmp(name, "map") == 0 ? resource_named("station") : NULL;
}

static const struct resource *resource_of(const struct route_row *row)
{
    if (row->parts < 2 || strcmp(row->part[0], "console") != 0)
        return NULL;
    return resource_named(row->part[1]);
}

/* One row of a resource and whether a role should see it. */
struct row {
    int64_t id;
    bool seen[ROLES];
};

struct rows {
    size_t count;
    struct row v[IDS];
    int64_t total[ROLES]; /* rows that the role should see */
};

/*
 * What the role should see, worked out from the owners of each row, not by
 * scope_sql: NULL owners and missing columns are seen by nobody limited.
 */
static bool should_see(const struct role *role,
                       const struct scope_columns *c,
                       const char *const *cells)
{
    const struct scope *s = &role->scope;

    if (c->account != NULL)
        return cells[5] != NULL &&
               number_in(cells[5]) == role->account_id;
    if (s->provider_id != 0 &&
        (cells[1] == NULL || number_in(cells[1]) != s->provider_id))
        return false;
    if (s->merchant_id != 0 &&
        (cells[2] == NULL || number_in(cells[2]) != s->merchant_id))
        return false;
    if (s->station_count != 0 &&
        (cells[3] == NULL || number_in(cells[3]) != s->station_ids[0]))
        return false;
    return true;
}

struct load {
    const char *sql;
    struct db_table t;
};

static void load_work(struct cx *cx, void *arg)
{
    struct load *l = arg;

    l->t = db_table(cx, l->sql, BIND());
}

static struct db_table table(const char *sql)
{
    static struct load l;

    l.sql = sql;
    testdb_run(db, load_work, &l);
    return l.t;
}

static const char *or_null(const char *column)
{
    return column == NULL ? "NULL" : column;
}

/* Rows from both ends of the table, and how many each role should see. */
static struct rows *rows_of(const struct resource *r)
{
    const struct scope_columns *c = &r->scope;
    struct rows *rows = CX_NEW(db, struct rows);
    const char *sql = cx_printf(
        db, "SELECT %s, %s, %s, %s, %s, %s FROM %s WHERE %s ORDER BY 1",
        r->key, or_null(c->provider), or_null(c->merchant),
        or_null(c->station), or_null(c->driver), or_null(c->account),
        r->from, r->where == NULL ? "1" : r->where);
    struct db_table t = table(sql);

    for (size_t i = 0; i < t.rows; i++) {
        const char *const *cells = &t.cells[i * t.columns];
        bool keep = i < IDS / 2 || i + IDS / 2 >= t.rows;

        for (size_t k = 0; k < ROLES; k++) {
            bool seen = should_see(&roles[k], c, cells);

            rows->total[k] += seen;
            if (keep && rows->count < IDS)
                rows->v[rows->count].seen[k] = seen;
        }
        if (keep && rows->count < IDS)
            rows->v[rows->count++].id = number_in(cells[0]);
    }
    return rows;
}

/* ---- asking ------------------------------------------------------------ */

/* The route's path with value in the place of its first name. */
static const char *uri_of(const struct route_row *row, const char *value)
{
    char *uri = arena_alloc(db->arena, URI_MAX);
    size_t n = 0;

    for (size_t i = 0; i < row->parts; i++)
        n += (size_t)snprintf(uri + n, URI_MAX - n, "/%s",
                              row->part[i][0] == ':' ? value : row->part[i]);
    return n == 0 ? "/" : uri;
}

static bool has_name(const struct route_row *row)
{
    for (size_t i = 0; i < row->parts; i++)
        if (row->part[i][0] == ':')
            return true;
    return false;
}

static int ask(struct browser *b, const struct route_row *row,
               const char *uri, struct fcgi_reply *keep)
{
    struct fcgi_reply r;
    char form[300];
    int status;

    snprintf(form, sizeof form, "_form=%s", b->form);
    if (row->route.method == GET)
        browser_get(b, uri, &r);
    else if (row->endpoint != NULL)
        browser_json(b, uri, "{}", &r);
    else
        browser_post(b, uri, form, &r);
    status = r.status;
    if (keep != NULL)
        *keep = r;
    else
        fcgi_free(&r);
    return status;
}

/* Everything that a refused request must leave as it is. */
static int64_t state_of_all_tables(void)
{
    static const char skip[] =
        "'session','audit','audit_seal','guard','captcha','idem','lease',"
        "'sms_code','job_run','user_pref'";
    struct db_table names = table(cx_printf(
        db, "SELECT table_name FROM information_schema.tables WHERE"
        " table_schema = DATABASE() AND table_name NOT IN (%s)", skip));
    const char *list = "";
    struct db_table sums;
    int64_t all = 0;

    for (size_t i = 0; i < names.rows; i++)
        list = cx_printf(db, "%s%s`%s`", list, i == 0 ? "" : ", ",
                         names.cells[i]);
    sums = table(cx_printf(db, "CHECKSUM TABLE %s", list));
    for (size_t i = 0; i < sums.rows; i++)
        if (sums.cells[2 * i + 1] != NULL)
            all = all * 31 + number_in(sums.cells[2 * i + 1]);
    return all;
}

static const char *name_of(const struct route_row *row)
{
    return cx_printf(db, "%s %s", row->route.method == GET ? "GET" : "POST",
                     row->route.path);
}

#define EACH_ROW(row)                                                         \
    for (const struct route_row *row = app->router->rows;                     \
         row < app->router->rows + app->router->count; row++)

/* ---- the promises ------------------------------------------------------ */

/* Rule S5, on every route. */
static void check_headers(const struct route_row *row,
                          const struct fcgi_reply *r)
{
    static const char *const names[] = {
        "Content-Type", "Content-Length", "X-Content-Type-Options",
        "X-Frame-Options", "Referrer-Policy", "Permissions-Policy",
        "Cache-Control",
    };
    char value[400];

    for (size_t i = 0; i < COUNT(names); i++)
        if (!fcgi_header(r, names[i], value, sizeof value))
            fail_msg("%s: no %s", name_of(row), names[i]);
    if (!fcgi_header(r, "Content-Security-Policy", value, sizeof value) ||
        strstr(value, "frame-ancestors 'none'") == NULL ||
        strstr(value, "unsafe") != NULL)
        fail_msg("%s: %s", name_of(row), value);
}

static void nobody_gets_in(void **state)
{
    size_t asked = 0;

    (void)state;
    EACH_ROW(row) {
        struct browser b = { .socket = server.socket };
        struct fcgi_reply r;
        int status;
        char to[URI_MAX];

        status = ask(&b, row, uri_of(row, "1"), &r);
        check_headers(row, &r);
        if (row->route.auth == AUTH_NONE) {
            fcgi_free(&r);
            continue;
        }
        if (row->route.auth == AUTH_DRIVER || row->endpoint != NULL) {
            if (status != 401)
                fail_msg("%s: %d", name_of(row), status);
        } else if (status != 303 ||
                   !fcgi_header(&r, "Location", to, sizeof to) ||
                   strncmp(to, "/login", 6) != 0) {
            fail_msg("%s: %d", name_of(row), status);
        }
        fcgi_free(&r);
        asked++;
    }
    assert_in_range(asked, 100, ROUTES_MAX);
    print_message("# %zu routes\n", asked);
}

static void a_drivers_route_takes_no_cookie_and_the_other_way(void **state)
{
    (void)state;
    EACH_ROW(row)
        if (row->route.auth == AUTH_DRIVER) {
            int status = ask(&roles[0].b, row, uri_of(row, "1"), NULL);

            if (status != 401)
                fail_msg("%s: %d", name_of(row), status);
        }
}

static void without_the_permission_it_is_403(void **state)
{
    int64_t before = state_of_all_tables();

    (void)state;
    EACH_ROW(row) {
        int status;

        if (row->route.auth != AUTH_ACCOUNT ||
            strcmp(row->route.perm, PERM_ANY) == 0)
            continue;
        status = ask(&roles[1].b, row, uri_of(row, "1"), NULL);
        if (status != 403)
            fail_msg("%s: %d", name_of(row), status);
    }
    assert_int_equal(state_of_all_tables(), before);
}

/* Pages without an id open for whoever may, and are never our error. */
static void pages_open(void **state)
{
    (void)state;
    EACH_ROW(row) {
        if (row->route.auth != AUTH_ACCOUNT || row->route.method != GET ||
            has_name(row))
            continue;
        for (size_t k = 0; k < ROLES; k++) {
            int status;

            if (!roles[k].may)
                continue;
            status = ask(&roles[k].b, row, uri_of(row, ""), NULL);
            /* An action's confirmation wants its rows, some pages an
               argument; a permission may be the platform's alone. */
            if (status >= 500 || status == 0 ||
                (k == 0 && (status == 403 || status == 404)))
                fail_msg("%s as %s: %d", name_of(row), roles[k].name,
                         status);
        }
    }
}

static void check_id(const struct route_row *row, size_t role,
                     const struct row *at)
{
    int status = ask(&roles[role].b, row,
                     uri_of(row, cx_printf(db, "%lld", (long long)at->id)),
                     NULL);
    bool platform_only = status == 403 && !roles[role].scope.all;

    if (platform_only)
        return;
    /* A change may be refused for what it lacks before its row is sought. */
    if (row->route.method == POST && !at->seen[role] &&
        (status == 400 || status == 422))
        return;
    if (at->seen[role] ? status == 404 || status >= 500 || status == 0
                       : status != 404)
        fail_msg("%s, id %lld as %s: %d, %s", name_of(row),
                 (long long)at->id, roles[role].name, status,
                 at->seen[role] ? "in scope" : "out of scope");
}

static void rows_out_of_scope_do_not_exist(void **state)
{
    size_t asked = 0, foreign = 0;

    (void)state;
    EACH_ROW(row) {
        const struct resource *r = resource_of(row);
        struct rows *rows;

        if (row->route.method != GET || r == NULL || !has_name(row))
            continue;
        rows = rows_of(r);
        for (size_t i = 0; i < rows->count; i++)
            for (size_t k = 0; k < ROLES; k++)
                if (roles[k].may) {
                    check_id(row, k, &rows->v[i]);
                    asked++;
                    foreign += !rows->v[i].seen[k];
                }
        check_id(row, 0, &(struct row){ .id = 999999999 });
    }
    assert_in_range(asked, 1000, 10000000);
    assert_in_range(foreign, 300, 10000000);
    print_message("# %zu asked, %zu of them foreign\n", asked, foreign);
}

/* Changes are asked for on foreign rows only; nothing may come of them. */
static void foreign_rows_are_not_changed(void **state)
{
    int64_t before = state_of_all_tables();
    size_t asked = 0;

    (void)state;
    EACH_ROW(row) {
        const struct resource *r = resource_of(row);
        struct rows *rows;

        if (row->route.method != POST || r == NULL || !has_name(row))
            continue;
        rows = rows_of(r);
        for (size_t i = 0; i < rows->count; i++)
            for (size_t k = 0; k < ROLES; k++)
                if (roles[k].may && !rows->v[i].seen[k]) {
                    check_id(row, k, &rows->v[i]);
                    asked++;
                }
    }
    assert_in_range(asked, 100, 10000000);
    assert_int_equal(state_of_all_tables(), before);
    print_message("# %zu asked\n", asked);
}

static void foreign_rows_are_not_acted_on(void **state)
{
    int64_t before = state_of_all_tables();
    size_t asked = 0;

    (void)state;
    EACH_ROW(row) {
        const struct resource *r = resource_of(row);
        struct rows *rows;

        if (r == NULL || row->parts != 4 || row->route.method != POST ||
            strcmp(row->part[2], "do") != 0)
            continue;
        rows = rows_of(r);
        for (size_t i = 0; i < rows->count; i++)
            for (size_t k = 0; k < ROLES; k++) {
                struct fcgi_reply reply;
                char form[300];

                if (!roles[k].may || rows->v[i].seen[k])
                    continue;
                snprintf(form, sizeof form, "ids=%lld&_form=%s",
                         (long long)rows->v[i].id, roles[k].b.form);
                browser_post(&roles[k].b, row->route.path, form, &reply);
                if ((reply.status != 404 &&
                     (reply.status != 403 || roles[k].scope.all)) ||
                    strstr(reply.body, "页面已过期") != NULL)
                    fail_msg("%s: %d", name_of(row), reply.status);
                fcgi_free(&reply);
                asked++;
            }
    }
    assert_in_range(asked, 30, 10000000);
    assert_int_equal(state_of_all_tables(), before);
    print_message("# %zu asked\n", asked);
}

/* ---- forged requests (A7) ---------------------------------------------- */

/* Without, with a wrong and with another session's token, and with the right
   one from elsewhere. */
static const struct forgery {
    const char *token; /* NULL: none; "own", "other", or as it is */
    const char *origin, *site;
} forgeries[] = {
    { NULL, "", "" },
    { "0000000000000000000000000000000000000000000000000000000000000000",
      "", "same-origin" },
    { "other", "http://127.0.0.1:8080", "same-origin" },
    { "own", "https://evil.example", "" },
    { "own", "null", "" },
    { "own", "", "cross-site" },
    { "own", "", "same-site" },
};

static void forge(const struct route_row *row, const struct browser *b,
                  const struct browser *other, const struct forgery *f)
{
    const char *token = f->token;
    struct fcgi_call c = { .method = "POST", .uri = uri_of(row, "1"),
                           .type = row->endpoint != NULL
                               ? "application/json"
                               : "application/x-www-form-urlencoded" };
    struct fcgi_reply r;

    if (token != NULL && strcmp(token, "own") == 0)
        token = b->csrf;
    else if (token != NULL && strcmp(token, "other") == 0)
        token = other->csrf;
    c.body = row->endpoint != NULL
        ? "{}" : cx_printf(db, "ids=1&_form=%s", b->form);
    c.headers[0].name = "HTTP_COOKIE";
    c.headers[0].value = *b->session != '\0' ? b->session : b->guest;
    c.headers[1].name = "HTTP_X_CSRF_TOKEN";
    c.headers[1].value = token == NULL ? "" : token;
    c.headers[2].name = "HTTP_ORIGIN";
    c.headers[2].value = f->origin;
    c.headers[3].name = "HTTP_SEC_FETCH_SITE";
    c.headers[3].value = f->site;
    assert_true(fcgi_call(server.socket, &c, &r));
    if (r.status != 403 || (row->endpoint == NULL &&
                            strstr(r.body, "页面已过期") == NULL))
        fail_msg("%s with token %s from %s %s: %d", name_of(row),
                 f->token == NULL ? "-" : f->token, f->origin, f->site,
                 r.status);
    fcgi_free(&r);
}

static void every_post_needs_the_token_of_its_session(void **state)
{
    struct browser guest = { .socket = server.socket };
    struct browser stranger = { .socket = server.socket };
    int64_t before = state_of_all_tables();
    struct fcgi_reply r;
    size_t tried = 0;

    (void)state;
    browser_get(&guest, "/login", &r);
    fcgi_free(&r);
    browser_get(&stranger, "/login", &r);
    fcgi_free(&r);
    assert_string_not_equal(guest.csrf, stranger.csrf);
    EACH_ROW(row) {
        bool is_guests = row->route.auth == AUTH_NONE;

        /* A driver's token is no cookie; callbacks are signed; what is open
           to anybody and reads no cookie has nothing to forge. */
        if (row->route.method != POST || row->route.auth == AUTH_DRIVER ||
            (row->route.flags & ROUTE_NO_CSRF) ||
            (is_guests && row->endpoint != NULL))
            continue;
        for (size_t i = 0; i < COUNT(forgeries); i++)
            forge(row, is_guests ? &guest : &roles[0].b,
                  is_guests ? &stranger : &roles[2].b, &forgeries[i]);
        tried++;
    }
    assert_in_range(tried, 80, ROUTES_MAX);
    assert_int_equal(state_of_all_tables(), before);
    print_message("# %zu routes\n", tried);
}

/* Signed callbacks are the only ones without a token, and each is named. */
static void only_signed_callbacks_go_without(void **state)
{
    (void)state;
    EACH_ROW(row)
        if ((row->route.flags & ROUTE_NO_CSRF) &&
            strcmp(row->route.path, "/api/pay/:channel/notify") != 0)
            fail_msg("%s", name_of(row));
}

/* ---- lists ------------------------------------------------------------- */

static bool is_seen(const struct rows *all, size_t role, int64_t id)
{
    for (size_t i = 0; i < all->count; i++)
        if (all->v[i].id == id)
            return all->v[i].seen[role];
    return true; /* not one of the sample */
}

/* Every "id":N of the answer is inside the scope. */
static void check_ids(const char *uri, const char *json, size_t role,
                      const struct rows *all)
{
    for (const char *p = json; (p = strstr(p, "\"id\":")) != NULL;) {
        p += 5;
        p += *p == '"';
        if (!is_seen(all, role, number_in(p)))
            fail_msg("%s as %s shows %lld", uri, roles[role].name,
                     (long long)number_in(p));
    }
}

static void check_total(const char *uri, const char *json, size_t role,
                        const struct rows *all)
{
    /* The last one: a row may have a column of that name. */
    const char *p = strstr(json, "\"next\":");
    int64_t want = all->total[role] > 10000 ? 10000 : all->total[role];

    p = p == NULL ? NULL : strstr(p, "\"total\":");
    if (p == NULL || number_in(p + 8) != want)
        fail_msg("%s as %s: total %.12s, not %lld", uri, roles[role].name,
                 p == NULL ? "" : p, (long long)want);
}

static void lists_count_what_is_in_scope(void **state)
{
    (void)state;
    for (size_t i = 0; i < all_features.n; i++)
        for (size_t k = 0; k < all_features.v[i]->pages.n; k++) {
            const struct resource *r = all_features.v[i]->pages.v[k];
            const struct rows *all = rows_of(r);

            for (size_t role = 0; role < ROLES; role++) {
                struct fcgi_reply reply;
                const char *uri = cx_printf(db, "/console/%s.json", r->name);

                if (!roles[role].may)
                    continue;
                browser_get(&roles[role].b, uri, &reply);
                if (reply.status == 200) {
                    check_ids(uri, reply.body, role, all);
                    check_total(uri, reply.body, role, all);
                } else if (reply.status != 403 || roles[role].scope.all) {
                    fail_msg("%s as %s: %d", uri, roles[role].name,
                             reply.status);
                }
                fcgi_free(&reply);
                uri = cx_printf(db, "/console/%s/pick?q=", r->name);
                browser_get(&roles[role].b, uri, &reply);
                if (reply.status == 200)
                    check_ids(uri, reply.body, role, all);
                fcgi_free(&reply);
            }
        }
}

/* ---- what is not a list ------------------------------------------------- */

/* Lines of a CSV file but the head; breaks inside quotes are no ends. */
static int64_t csv_rows(const char *text)
{
    int64_t n = 0;
    bool quoted = false;

    for (; *text != '\0'; text++) {
        quoted ^= *text == '"';
        n += *text == '\n' && !quoted;
    }
    return n - 1;
}

/* Small ones come at once; what waits for a job is test_export's. */
static void exports_hold_what_is_in_scope(void **state)
{
    size_t asked = 0, fewer = 0;

    (void)state;
    for (size_t i = 0; i < all_features.n; i++)
        for (size_t k = 0; k < all_features.v[i]->pages.n; k++) {
            const struct resource *r = all_features.v[i]->pages.v[k];
            const struct rows *all = rows_of(r);

            for (size_t role = 0; role < ROLES; role++) {
                struct fcgi_reply reply;
                char type[100];

                if (!roles[role].may || r->perm.export == NULL)
                    continue;
                browser_post(&roles[role].b,
                             cx_printf(db, "/console/%s/export", r->name),
                             "format=csv", &reply);
                if (reply.status == 200 &&
                    fcgi_header(&reply, "Content-Type", type, sizeof type) &&
                    strncmp(type, "text/csv", 8) == 0) {
                    if (csv_rows(reply.body) > all->total[role])
                        fail_msg("%s as %s: %lld rows", r->name,
                                 roles[role].name,
                                 (long long)csv_rows(reply.body));
                    asked++;
                    fewer += csv_rows(reply.body) < all->total[0];
                } else if (reply.status >= 400 && reply.status != 403 &&
                           reply.status != 429) {
                    fail_msg("%s as %s: %d", r->name, roles[role].name,
                             reply.status);
                }
                fcgi_free(&reply);
            }
        }
    assert_in_range(asked, 15, 1000);
    assert_in_range(fewer, 10, 1000);
    print_message("# %zu files\n", asked);
}

static void search_finds_what_is_in_scope(void **state)
{
    static const char *const names[] = { "order", "pile", "station" };
    size_t found = 0, foreign = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        const struct resource *r = resource_named(names[i]);
        const struct rows *all = rows_of(r);

        for (size_t k = 0; k < all->count; k++) {
            const char *word = table(cx_printf(
                db, "SELECT %s FROM %s WHERE %s = %lld",
                strcmp(names[i], "pile") == 0 ? "p.no" : r->text, r->from,
                r->key, (long long)all->v[k].id)).cells[0];
            const char *path = cx_printf(db, "\"/console/%s/%lld\"", names[i],
                                         (long long)all->v[k].id);

            for (size_t role = 0; role < ROLES; role++) {
                struct fcgi_reply reply;
                bool is_there;

                browser_get(&roles[role].b, cx_printf(
                    db, "/console/find?q=%s", url_encode(db->arena, word)),
                    &reply);
                assert_int_equal(reply.status, 200);
                is_there = strstr(reply.body, path) != NULL;
                if (is_there && (!roles[role].may || !all->v[k].seen[role]))
                    fail_msg("%s finds %s by %s", roles[role].name, path,
                             word);
                found += is_there;
                foreign += !all->v[k].seen[role];
                fcgi_free(&reply);
            }
        }
    }
    assert_in_range(found, 20, 100000);
    assert_in_range(foreign, 20, 100000);
}

/* Figures and map of a place outside are not there; inside they are. */
static void dashboards_ask_for_the_scope(void **state)
{
    const struct rows *all = rows_of(resource_named("station"));
    size_t shown = 0;

    (void)state;
    for (size_t k = 0; k < all->count; k++)
        for (size_t role = 0; role < ROLES; role++) {
            struct fcgi_reply reply;
            bool is_there;

            if (!roles[role].may)
                continue;
            browser_get(&roles[role].b, cx_printf(
                db, "/console/?station=%lld", (long long)all->v[k].id),
                &reply);
            /* As if it had not been asked for: it is not there. */
            assert_int_equal(reply.status, 200);
            assert_int_equal(strstr(reply.body, "没有这个电站，或不在") == NULL,
                             all->v[k].seen[role]);
            fcgi_free(&reply);
            browser_get(&roles[role].b, "/console/map/data?zoom=18"
                        "&box=70,0,140,55", &reply);
            assert_int_equal(reply.status, 200);
            is_there = strstr(reply.body, cx_printf(
                db, "\"id\":\"%lld\"", (long long)all->v[k].id)) != NULL;
            if (is_there && !all->v[k].seen[role])
                fail_msg("the map shows %lld to %s", (long long)all->v[k].id,
                         roles[role].name);
            shown += is_there;
            fcgi_free(&reply);
        }
    assert_in_range(shown, all->count, 1000);
}

/*
 * Routes that belong to no resource and so are in none of the matrices above:
 * each is named here with whose rows it gives. A new one fails until somebody
 * has thought about it.
 */
static void every_other_route_is_named(void **state)
{
    static const struct { const char *path, *whose; } named[] = {
        { "/healthz", "nobody's" }, { "/metrics", "counts, this host only" },
        { "/", "a redirect" }, { "/login", "nobody's" },
        { "/login/captcha", "nobody's" }, { "/login/captcha.png", "nobody's" },
        { "/login/code", "nobody's" }, { "/login/sms", "nobody's" },
        { "/login/password", "who has the key" },
        { "/q/:qr_no", "nobody's: what stands on the gun" },
        { "/logout", "one's own session" },
        { "/console/", "dashboards_ask_for_the_scope" },
        { "/console/find", "search_finds_what_is_in_scope" },
        { "/console/me", "one's own" },
        { "/console/me/password", "one's own" },
        { "/console/me/kill", "one's own; test_web_sessions" },
        { "/api/driver/v1/sms-codes", "nobody's" },
        { "/api/driver/v1/sessions", "nobody's; the driver's own" },
        { "/api/driver/v1/sessions/:id/delete",
          "the driver's own; drivers_list_and_end_their_sessions" },
        { "/api/driver/v1/stations", "shown to everybody" },
        { "/api/driver/v1/stations/:id", "shown to everybody" },
        { "/api/driver/v1/stations/:id/tariff", "shown to everybody" },
        { "/api/driver/v1/cities", "shown to everybody" },
        { "/api/driver/v1/connectors/:qr_no", "shown to every driver" },
        { "/api/driver/v1/sessions/delete", "the driver's own" },
        { "/api/driver/v1/me", "the driver's own" },
        { "/api/driver/v1/orders", "the driver's own" },
        { "/api/driver/v1/orders/current", "the driver's own" },
        { "/api/driver/v1/wallet", "the driver's own" },
        { "/api/driver/v1/wallet/entries", "the driver's own" },
        { "/api/driver/v1/topups", "the driver's own" },
        { "/api/driver/v1/orders/:order_no", "drivers_see_only_their_own" },
        { "/api/driver/v1/orders/:order_no/stop",
          "drivers_see_only_their_own" },
        { "/api/driver/v1/topups/:out_trade_no",
          "drivers_see_only_their_own" },
        { "/api/driver/v1/topups/:out_trade_no/check",
          "drivers_see_only_their_own" },
        { "/api/pay/:channel/notify", "who signs" },
    };
    size_t used = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(named); i++)
        EACH_ROW(row)
            if (strcmp(named[i].path, row->route.path) == 0) {
                used++;
                break;
            }
    assert_int_equal(used, COUNT(named));
    EACH_ROW(row) {
        bool found = resource_of(row) != NULL;

        for (size_t i = 0; i < COUNT(named) && !found; i++)
            found = strcmp(named[i].path, row->route.path) == 0;
        if (!found)
            fail_msg("%s: whose rows does it give?", name_of(row));
        if (row->route.auth == AUTH_NONE && resource_of(row) != NULL)
            fail_msg("%s is open to everybody", name_of(row));
    }
}

/* The audit knows of each refusal. */
static void refusals_are_audited(void **state)
{
    (void)state;
    assert_in_range(number(cx_printf(
        db, "SELECT COUNT(*) FROM audit WHERE event = 'permission.denied'"
        " AND actor_id = %lld", (long long)roles[1].account_id)), 50,
        1000000);
}

/* ---- drivers ----------------------------------------------------------- */

/* The number by which the API knows an order or payment of somebody else. */
static const char *foreign_number(const struct route_row *row, int64_t driver)
{
    static const struct {
        const char *part, *column, *table;
    } kinds[] = {
        { ":order_no", "order_no", "charge_order" },
        { ":out_trade_no", "out_trade_no", "payment" },
    };

    for (size_t i = 0; i < row->parts; i++)
        for (size_t k = 0; k < COUNT(kinds); k++)
            if (strcmp(row->part[i], kinds[k].part) == 0)
                return table(cx_printf(db, "SELECT MAX(%s) FROM %s WHERE"
                                       " driver_id <> %lld",
                                       kinds[k].column, kinds[k].table,
                                       (long long)driver)).cells[0];
    return NULL;
}

static void drivers_see_only_their_own(void **state)
{
    int64_t before, driver = number("SELECT MIN(id) FROM driver");
    char bearer[PEOPLE_BEARER];
    size_t asked = 0;

    (void)state;
    people_bearer(driver, bearer);
    before = state_of_all_tables();
    EACH_ROW(row) {
        const char *no = row->route.auth == AUTH_DRIVER
            ? foreign_number(row, driver) : NULL;
        struct fcgi_reply r;
        struct fcgi_call c = {
            .method = row->route.method == GET ? "GET" : "POST",
            .type = "application/json",
            .body = row->route.method == GET ? NULL : "{}",
        };

        if (no == NULL)
            continue;
        c.uri = uri_of(row, no);
        c.headers[0].name = "HTTP_AUTHORIZATION";
        c.headers[0].value = bearer;
        c.headers[1].name = "HTTP_IDEMPOTENCY_KEY";
        c.headers[1].value = cx_printf(db, "routes-%zu", asked++);
        assert_true(fcgi_call(server.socket, &c, &r));
        if (r.status != 404)
            fail_msg("%s with %s: %d %s", name_of(row), no, r.status,
                     r.body);
        fcgi_free(&r);
    }
    assert_in_range(asked, 3, 1000);
    assert_int_equal(state_of_all_tables(), before);
}

/* ---- set-up ------------------------------------------------------------ */

static void load_demo(const char *home)
{
    const char *build = getenv("PILEHUB_BUILD");
    char program[500];
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_WRONLY);

        dup2(null, 1);
        setenv("PILEHUB_DB_SOCKET", testdb_socket(), 1);
        setenv("PILEHUB_DB_NAME", testdb_name(), 1);
        setenv("PILEHUB_DB_USER", "root", 1);
        setenv("PILEHUB_HOME", home, 1);
        snprintf(program, sizeof program, "%s/pilehub",
                 build == NULL ? "." : build);
        execl(program, program, "demo", "load", "--small", NULL);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        fprintf(stderr, "demo load failed\n");
        exit(1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_gets_in),
        cmocka_unit_test(a_drivers_route_takes_no_cookie_and_the_other_way),
        cmocka_unit_test(without_the_permission_it_is_403),
        cmocka_unit_test(pages_open),
        cmocka_unit_test(rows_out_of_scope_do_not_exist),
        cmocka_unit_test(foreign_rows_are_not_changed),
        cmocka_unit_test(foreign_rows_are_not_acted_on),
        cmocka_unit_test(every_post_needs_the_token_of_its_session),
        cmocka_unit_test(only_signed_callbacks_go_without),
        cmocka_unit_test(lists_count_what_is_in_scope),
        cmocka_unit_test(exports_hold_what_is_in_scope),
        cmocka_unit_test(search_finds_what_is_in_scope),
        cmocka_unit_test(dashboards_ask_for_the_scope),
        cmocka_unit_test(every_other_route_is_named),
        cmocka_unit_test(refusals_are_audited),
        cmocka_unit_test(drivers_see_only_their_own),
    };
    static struct config config = { .home = "/tmp", .web_pool = "slow" };
    struct shared *shared;
    struct arena *arena = arena_new(64 << 20);
    int failed;

    testdb_start("routes");
    db = testdb_cx();
    shared = shared_new();
    app = app_new(arena, &config, &all_features, shared);
    if (app == NULL)
        return 1;
    web_server_start(&server, "pilehub-web", "web_workers=2\n"
                     "web_pool=slow\n");
    load_demo(server.dir);
    make_people();
    sign_all_in();
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (web_server_stop(&server) != 0)
        failed++;
    testdb_cx_free(db);
    testdb_stop();
    arena_free(arena);
    return failed;
}
