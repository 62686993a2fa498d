/*
 * Secrets are planted in every parameter, field, cookie and header that any
 * route reads, by strangers, by an administrator and by a driver; afterwards
 * the log at its most talkative, the audit and the outbox hold none of them,
 * nor any token that was really used (rule L4).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "db/db.h"
#include "feature_list.h"
#include "tests/integration/testdb.h"
#include "tests/integration/web/fcgi.h"
#include "tests/integration/web/people.h"
#include "tests/integration/web/server.h"
#include "web/resource.h"
#include "web/router.h"

enum { LOG_BYTES = 32 << 20, FORM_MAX = 6000 };

#define SECRET "Canary-Secret-77"
#define PHONE "13987650123"
#define PLATE "粤Z7K3Q9"
#define TOKEN "CanaryTokenAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

static struct web_server server;
static struct people people;
static struct router *router;
static struct cx *cx;
static struct browser admin;
static char bearer[PEOPLE_BEARER];
static int asked;

/* ---- planting ---------------------------------------------------------- */

struct form {
    char text[FORM_MAX];
    size_t n;
    bool json;
};

static void form_open(struct form *f, bool json)
{
    *f = (struct form){ .json = json };
    if (json)
        f->text[f->n++] = '{';
}

static void put(struct form *f, const char *name, const char *value,
                bool is_number)
{
    const char *quote = is_number ? "" : "\"";
    int n;

    if (f->json)
        n = snprintf(f->text + f->n, FORM_MAX - f->n, "%s\"%s\":%s%s%s",
                     f->n > 1 ? "," : "", name, quote, value, quote);
    else
        n = snprintf(f->text + f->n, FORM_MAX - f->n, "%s%s=%s",
                     f->n > 0 ? "&" : "", name, value);
    assert_in_range(n, 1, FORM_MAX - f->n - 2);
    f->n += (size_t)n;
}

static const char *form_close(struct form *f)
{
    if (f->json)
        f->text[f->n++] = '}';
    f->text[f->n] = '\0';
    return f->text;
}

/* What such a field is called, if it is one of those that L4 names. */
static const char *secret_named(const char *name)
{
    static const struct { const char *part, *value; } names[] = {
        { "phone", PHONE }, { "plate", PLATE }, { "pass", SECRET },
        { "old", SECRET }, { "again", SECRET }, { "key", SECRET },
        { "code", SECRET }, { "card", SECRET }, { "vin", SECRET },
        { "hotline", PHONE }, { "captcha", SECRET },
    };

    for (size_t i = 0; i < COUNT(names); i++)
        if (strstr(name, names[i].part) != NULL)
            return names[i].value;
    return NULL;
}

static void put_arg(struct form *f, const struct arg *a)
{
    bool is_number = a->kind != ARG_TEXT && a->kind != ARG_STAMP &&
                     a->labels.n == 0;
    const char *value = secret_named(a->name);

    if (a->flags & ARG_PHONE)
        value = PHONE;
    else if (a->flags & ARG_SECRET)
        value = SECRET;
    if (a->kind != ARG_TEXT || value == NULL)
        value = "1";
    /* Short enough to get past the parser. */
    if (a->max > 0 && a->max < 16 && a->kind == ARG_TEXT &&
        strcmp(value, SECRET) == 0)
        value = cx_printf(cx, "%.*s", (int)a->max, SECRET);
    put(f, a->name, value, is_number);
}

static void put_resource(struct form *f, const struct resource *r, bool get)
{
    for (size_t i = 0; i < r->fields.n && !get; i++) {
        const char *value = secret_named(r->fields.v[i].name);

        if (r->fields.v[i].flags & FIELD_PHONE)
            value = PHONE;
        put(f, r->fields.v[i].name, value == NULL ? "1" : value, false);
    }
    for (size_t i = 0; i < r->filters.n && get; i++)
        if (r->filters.v[i].kind <= FILTER_FUZZY)
            put(f, r->filters.v[i].name, PHONE, false);
}

static const char *filled(const struct route_row *row)
{
    struct form *f = CX_NEW(cx, struct form);
    bool get = row->route.method == GET;

    form_open(f, row->endpoint != NULL && !get);
    for (size_t i = 0; i < row->route.args.n; i++)
        if (row->route.args.v[i].kind != ARG_FILE)
            put_arg(f, &row->route.args.v[i]);
    if (row->route.target != NULL)
        put_resource(f, row->route.target, get);
    if (!f->json && row->route.args.n == 0 && row->route.target == NULL)
        put(f, "anything", SECRET, false);
    return form_close(f);
}

static const char *path_of(const struct route_row *row)
{
    const char *path = "";

    for (size_t i = 0; i < row->parts; i++)
        path = cx_printf(cx, "%s/%s", path,
                         row->part[i][0] == ':' ? "1" : row->part[i]);
    return row->parts == 0 ? "/" : path;
}

/* ---- asking ------------------------------------------------------------ */

enum who { STRANGER, ADMIN, DRIVER, WHO };

static void ask(const struct route_row *row, enum who who)
{
    bool get = row->route.method == GET;
    const char *text = filled(row), *path = path_of(row);
    struct fcgi_call c = {
        .method = get ? "GET" : "POST",
        .uri = get ? cx_printf(cx, "%s?%s", path, text) : path,
        .type = row->endpoint != NULL ? "application/json"
                                      : "application/x-www-form-urlencoded",
        .body = get ? NULL : text,
        .address = who == STRANGER ? "203.0.113.5" : "203.0.113.6",
        .headers = {
            { "HTTP_X_CSRF_TOKEN", who == ADMIN ? admin.csrf : TOKEN },
            { "HTTP_IDEMPOTENCY_KEY", cx_printf(cx, "Canary-Key-%d", asked) },
            { "HTTP_AUTHORIZATION", who == DRIVER ? bearer
                                                  : "Bearer " TOKEN },
            { "HTTP_COOKIE", who == ADMIN ? admin.session : "ph=" TOKEN
              "; ph-guest=" TOKEN } },
    };
    struct fcgi_reply r;

    if (who == ADMIN && !get && row->endpoint == NULL)
        c.body = cx_printf(cx, "%s&_form=%s", text, admin.form);
    if (!fcgi_call(server.socket, &c, &r) || r.status == 0)
        fail_msg("%s: no answer", path);
    fcgi_free(&r);
    asked++;
}

static void sign_admin_in(void)
{
    struct fcgi_reply r;

    browser_get(&admin, "/console/me", &r);
    if (r.status != 200)
        assert_true(browser_sign_in(&admin, ADMIN_PHONE, PEOPLE_PASSWORD));
    fcgi_free(&r);
}

static const char *real[40]; /* tokens that were in use */
static size_t real_count;

static void remember(const char *token)
{
    if (*token == '\0' || real_count == COUNT(real))
        return;
    for (size_t i = 0; i < real_count; i++)
        if (strcmp(real[i], token) == 0)
            return;
    real[real_count++] = cx_strdup(cx, token);
}

static void every_route_is_asked(void **state)
{
    (void)state;
    for (size_t i = 0; i < router->count; i++)
        for (enum who who = STRANGER; who < WHO; who++) {
            if (who == ADMIN) {
                sign_admin_in();
                remember(strchr(admin.session, '=') + 1);
                remember(admin.csrf);
                remember(admin.form);
            }
            ask(&router->rows[i], who);
        }
    remember(bearer + strlen("Bearer "));
    assert_in_range(asked, 3 * 150, 3 * ROUTES_MAX);
    print_message("# %d requests\n", asked);
}

/* ---- looking ----------------------------------------------------------- */

static const char *log_text(void)
{
    char *text = arena_alloc(cx->arena, LOG_BYTES);
    FILE *f = fopen(server.log, "re");
    size_t n;

    assert_non_null(f);
    n = fread(text, 1, LOG_BYTES - 1, f);
    fclose(f);
    text[n] = '\0';
    assert_in_range(n, 10000, LOG_BYTES - 2);
    return text;
}

static const char *const planted[] = {
    "Canary", PHONE, PLATE, "%E7%B2%A4", PEOPLE_PASSWORD,
};

static void not_in(const char *text, const char *secret)
{
    const char *at = strstr(text, secret), *from = at;

    if (at == NULL)
        return;
    while (from > text && from[-1] != '\n')
        from--;
    fail_msg("%s: %.*s", secret, (int)strcspn(from, "\n"), from);
}

static void the_log_holds_none(void **state)
{
    const char *text = log_text();
    int lines = 0;

    (void)state;
    /* It does tell of each request. */
    for (const char *p = text; (p = strstr(p, " web.request ")) != NULL; p++)
        lines++;
    assert_in_range(lines, asked, 3 * asked);
    for (size_t i = 0; i < COUNT(planted); i++)
        not_in(text, planted[i]);
    assert_in_range(real_count, 4, COUNT(real));
    for (size_t i = 0; i < real_count; i++)
        not_in(text, real[i]);
}

static void neither_do_the_audit_and_the_outbox(void **state)
{
    static const char *const tables[] = {
        "SELECT COUNT(*) FROM audit WHERE CONCAT_WS(' ', text, actor_name,"
        " before_json, after_json)",
        "SELECT COUNT(*) FROM outbox WHERE CONCAT_WS(' ', payload, error)",
    };

    (void)state;
    assert_in_range(testdb_int(cx, "SELECT COUNT(*) FROM audit"), 5,
                    1000000);
    for (size_t t = 0; t < COUNT(tables); t++)
        for (size_t i = 0; i < COUNT(planted) + real_count; i++) {
            const char *secret = i < COUNT(planted)
                ? planted[i] : real[i - COUNT(planted)];

            if (testdb_int(cx, cx_printf(cx, "%s LIKE '%%%s%%'", tables[t],
                                         secret)) != 0)
                fail_msg("%s is in: %s", secret, tables[t]);
        }
}

/* ---- memory (W9) -------------------------------------------------------- */

/* True if the text stands in memory from..to of the process. */
static bool is_between(int memory, unsigned long from, unsigned long to,
                       const char *text)
{
    enum { PIECE = 1 << 20 };
    static char piece[PIECE];
    size_t len = strlen(text);

    while (from + len <= to) {
        size_t want = to - from < PIECE ? to - from : PIECE;
        ssize_t n = pread(memory, piece, want, (off_t)from);

        if (n < (ssize_t)len)
            return false; /* a hole that the kernel keeps to itself */
        if (memmem(piece, (size_t)n, text, len) != NULL)
            return true;
        from += (size_t)n - len + 1; /* it may lie across two pieces */
    }
    return false;
}

/* A worker may have half of that (W4); more is a sanitizer's own map of all
   addresses, which holds no text. */
static const unsigned long REGION_MAX = 1UL << 30;

/* All that a core dump of it would hold. */
static void is_not_in_memory(pid_t pid, const char *text)
{
    char path[60], line[400], rights[8];
    unsigned long from, to;
    FILE *maps;
    int memory;

    snprintf(path, sizeof path, "/proc/%d/mem", (int)pid);
    memory = open(path, O_RDONLY | O_CLOEXEC);
    if (memory < 0) { /* nobody but root may look at such a process */
        assert_int_equal(errno, EACCES);
        assert_int_not_equal(getuid(), 0);
        return;
    }
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    maps = fopen(path, "re");
    assert_non_null(maps);
    while (fgets(line, sizeof line, maps) != NULL)
        if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3 &&
            rights[0] == 'r' && strstr(line, "[v") == NULL &&
            to - from <= REGION_MAX &&
            is_between(memory, from, to, text))
            fail_msg("%s is in the memory of %d: %s", text, (int)pid, line);
    fclose(maps);
    close(memory);
}

static void has_no_core_dumps(pid_t pid)
{
    char path[60], line[200];
    bool none = false;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/limits", (int)pid);
    f = fopen(path, "re");
    assert_non_null(f);
    while (fgets(line, sizeof line, f) != NULL)
        none |= strncmp(line, "Max core file size        0   "
                              "                 0 ", 48) == 0;
    fclose(f);
    assert_true(none);
}

static void sign_in_with(struct browser *b, const char *password)
{
    char form[200];
    struct fcgi_reply r;

    browser_get(b, "/login", &r);
    fcgi_free(&r);
    snprintf(form, sizeof form, "phone=" CLERK_PHONE "&password=%s",
             password);
    browser_post(b, "/login", form, &r);
    fcgi_free(&r);
}

static void no_memory_keeps_a_password(void **state)
{
    static const char *const typed[] = {
        "Wrong-Mem-Canary-1", PEOPLE_PASSWORD, "Fresh-Mem-Canary-2",
        "Other-Mem-Canary-3",
    };
    struct browser b = { .socket = server.socket,
                         .address = "203.0.113.9" };
    struct fcgi_reply r;
    char form[400];
    pid_t all[9];
    size_t n;

    (void)state;
    testdb_sql(cx, "DELETE FROM guard");
    sign_in_with(&b, typed[0]);
    sign_in_with(&b, typed[1]);
    browser_get(&b, "/console/me", &r);
    assert_int_equal(r.status, 200);
    fcgi_free(&r);
    snprintf(form, sizeof form, "old=%s&password=%s&again=%s&_form=%s",
             typed[1], typed[2], typed[2], b.form);
    browser_post(&b, "/console/me/password", form, &r);
    assert_int_equal(r.status, 303);
    fcgi_free(&r);
    snprintf(form, sizeof form, "key=1.none&password=%s&again=%s", typed[3],
             typed[3]);
    browser_post(&b, "/login/password", form, &r);
    assert_int_equal(r.status, 422);
    fcgi_free(&r);
    n = web_server_workers(&server, all, COUNT(all) - 1);
    assert_in_range(n, 1, COUNT(all) - 1);
    all[n++] = server.pid;
    for (size_t i = 0; i < n; i++) {
        has_no_core_dumps(all[i]);
        for (size_t k = 0; k < COUNT(typed); k++)
            is_not_in_memory(all[i], typed[k]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_route_is_asked),
        cmocka_unit_test(the_log_holds_none),
        cmocka_unit_test(neither_do_the_audit_and_the_outbox),
        cmocka_unit_test(no_memory_keeps_a_password),
    };
    const char *error;
    int failed;

    testdb_start("canaries");
    people_make(&people);
    cx = testdb_cx();
    router = router_new(cx->arena, &all_features, NULL, 0, &error);
    if (router == NULL)
        return 1;
    web_server_start(&server, "pilehub-web",
                     "web_workers=2\nweb_pool=slow\nlog_level=debug\n");
    people_bearer(people.driver[0], bearer);
    admin = (struct browser){ .socket = server.socket };
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (web_server_stop(&server) != 0)
        failed++;
    testdb_cx_free(cx);
    testdb_stop();
    return failed;
}
