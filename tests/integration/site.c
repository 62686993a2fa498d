#include "tests/integration/site.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/config.h"
#include "base/crypto.h"
#include "db/db.h"
#include "db/read_check.h"
#include "feature_list.h"
#include "org/session.h"
#include "tests/integration/testdb.h"
#include "web/app.h"

enum { ARENA = 64 << 20, BODY = 60 << 20 };

static struct {
    char home[60];
    const struct config *config;
    struct arena *arena;
    struct views *views;
    const struct app *app;
    struct db *db;
    struct cx *cx;      /* serves */
    struct cx *checks;
    struct answer answer;
    char *file;         /* of an answer that is a file */
    void (*before)(void), (*after)(void);
} site;

static void die(const char *what)
{
    fprintf(stderr, "site: %s\n", what);
    exit(1);
}

static void put_env(const char *name, const char *value)
{
    if (setenv(name, value, 1) != 0)
        die(name);
}

static void settings(void)
{
    const char *source = getenv("PILEHUB_SOURCE");
    char path[400], error[300];
    FILE *f;

    snprintf(path, sizeof path, "%s/secret", site.home);
    f = fopen(path, "w");
    if (f == NULL || fputs("000102030405060708090a0b0c0d0e0f"
                           "101112131415161718191a1b1c1d1e1f\n", f) < 0 ||
        fclose(f) != 0)
        die(path);
    put_env("PILEHUB_SECRET_FILE", path);
    put_env("PILEHUB_HOME", site.home);
    put_env("PILEHUB_DB_SOCKET", testdb_socket());
    put_env("PILEHUB_DB_NAME", testdb_name());
    put_env("PILEHUB_DB_USER", "root");
    put_env("PILEHUB_COOKIE_SECURE", "0");
    /* The slow pool serves uploads itself. */
    put_env("PILEHUB_WEB_POOL", "slow");
    snprintf(path, sizeof path, "%s/templates",
             source == NULL ? "." : source);
    put_env("PILEHUB_TEMPLATES", path);
    site.config = config_load(NULL, error, sizeof error);
    if (site.config == NULL)
        die(error);
    secret_load(site.config->secret_file);
}

void site_start(const char *name)
{
    struct db_login login;

    testdb_start(name);
    snprintf(site.home, sizeof site.home, "/tmp/pilehub-site-XXXXXX");
    if (mkdtemp(site.home) == NULL)
        die("mkdtemp");
    settings();
    site.arena = arena_new(ARENA);
    site.views = view_start(site.config->templates, false);
    site.app = site.views == NULL
                   ? NULL
                   : app_new(site.arena, site.config, &all_features,
                             shared_new());
    if (site.app == NULL)
        die("the app does not start");
    login = db_login_of(site.config, 30);
    site.db = db_open(&login);
    db_check_reads(site.db);
    site.cx = cx_new(site.db, site.config, ARENA);
    site.cx->views = site.views;
    site.checks = testdb_cx();
    answer_init(&site.answer);
}

int site_stop(void **state)
{
    (void)state;
    answer_fini(&site.answer);
    free(site.file);
    testdb_cx_free(site.checks);
    cx_free(site.cx);
    db_close(site.db);
    view_stop(site.views);
    arena_free(site.arena);
    if (fork() == 0) {
        execlp("rm", "rm", "-rf", site.home, (char *)NULL);
        _exit(127);
    }
    (void)wait(NULL);
    testdb_stop();
    return 0;
}

const char *site_home(void)
{
    return site.home;
}

void site_around(void (*before)(void), void (*after)(void))
{
    site.before = before;
    site.after = after;
}

const struct features *site_features(void)
{
    return &all_features;
}

struct cx *site_cx(void)
{
    return site.checks;
}

void site_demo(void)
{
    const char *build = getenv("PILEHUB_BUILD");
    char program[400];
    int status;
    pid_t pid;

    snprintf(program, sizeof program, "%s/pilehub",
             build == NULL ? "." : build);
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        if (freopen("/dev/null", "w", stdout) == NULL)
            _exit(126);
        execl(program, program, "demo", "load", "--small", "--seed", "7",
              (char *)NULL);
        _exit(127);
    }
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
        WEXITSTATUS(status) != 0)
        die("the demo was not loaded");
}

struct job_run {
    void (*run)(struct cx *cx);
};

static void run_job(struct cx *cx, void *arg)
{
    ((const struct job_run *)arg)->run(cx);
}

void site_job(void (*run)(struct cx *cx))
{
    struct job_run job = { run };

    cx_begin(site.cx);
    site.cx->actor.kind = ACTOR_SYSTEM;
    site.cx->scope.all = true;
    testdb_run(site.cx, run_job, &job);
}

/* A forked process must not touch its parent's connection. */
static void own_connections(void)
{
    struct db_login login = db_login_of(site.config, 30);

    site.db = db_open(&login);
    db_check_reads(site.db);
    site.cx = cx_new(site.db, site.config, ARENA);
    site.cx->views = site.views;
    site.checks = testdb_cx();
}

int site_at_once(int n, bool (*act)(int index, void *arg), void *arg)
{
    int done = 0, status;

    fflush(NULL);
    for (int i = 0; i < n; i++) {
        pid_t pid = fork();

        if (pid < 0)
            die("fork");
        if (pid > 0)
            continue;
        own_connections();
        _exit(act(i, arg) ? 0 : 1);
    }
    while (wait(&status) > 0)
        done += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return done;
}

/* ---- people ------------------------------------------------------------- */

struct opening {
    enum session_kind kind;
    int64_t owner_id;
    const char *token;
};

static void open_session(struct cx *cx, void *arg)
{
    struct opening *o = arg;

    o->token = session_open(cx, o->kind, o->owner_id, "test");
}

static void open_in_tx(struct cx *cx, void *arg)
{
    db_tx(cx, open_session, arg);
}

static void load_csrf(struct cx *cx, void *arg)
{
    struct visitor *v = arg;
    struct session_row *row = session_load(cx, SESSION_ACCOUNT, v->token,
                                           true);

    if (row == NULL)
        die("the session is not good");
    snprintf(v->csrf, sizeof v->csrf, "%s", row->csrf);
}

void site_sign_in(struct visitor *v, int64_t account_id)
{
    struct opening o = { SESSION_ACCOUNT, account_id, NULL };

    *v = (struct visitor){ .account_id = account_id };
    cx_begin(site.cx);
    testdb_run(site.cx, open_in_tx, &o);
    snprintf(v->token, sizeof v->token, "%s", o.token);
    testdb_run(site.cx, load_csrf, v);
}

void site_driver(struct visitor *v, int64_t driver_id)
{
    struct opening o = { SESSION_DRIVER, driver_id, NULL };

    *v = (struct visitor){ .account_id = driver_id };
    cx_begin(site.cx);
    testdb_run(site.cx, open_in_tx, &o);
    snprintf(v->bearer, sizeof v->bearer, "Bearer %s", o.token);
}

static int64_t ask(const char *format, ...) PRINTF_LIKE(1, 2);
static int64_t ask(const char *format, ...)
{
    char sql[600];
    va_list ap;

    va_start(ap, format);
    vsnprintf(sql, sizeof sql, format, ap);
    va_end(ap);
    return testdb_int(site.checks, sql);
}

static void run(const char *format, ...) PRINTF_LIKE(1, 2);
static void run(const char *format, ...)
{
    char sql[600];
    va_list ap;

    va_start(ap, format);
    vsnprintf(sql, sizeof sql, format, ap);
    va_end(ap);
    testdb_sql(site.checks, sql);
}

int64_t site_account(const char *phone)
{
    return ask("SELECT id FROM account WHERE phone = '%s'", phone);
}

int64_t site_person(const char *phone, int64_t org_id, const char *perms)
{
    bool all = strcmp(perms, "*") == 0;
    long long role, account, org = org_id;

    run("INSERT INTO role (org_id, name, built_in, created_at, updated_at)"
        " VALUES (%lld, 'role %s', %d, NOW(), NOW())", org, phone + 7,
        all);
    role = ask("SELECT MAX(id) FROM role");
    for (const char *p = perms; !all && *p != '\0';) {
        size_t n = strcspn(p, " ");

        run("INSERT INTO role_perm VALUES (%lld, '%.*s')", role, (int)n, p);
        p += n + (p[n] == ' ');
    }
    run("INSERT INTO account (org_id, phone, name, password, password_at,"
        " created_at, updated_at) VALUES (%lld, '%s', 'p%s', 'x', NOW(),"
        " NOW(), NOW())", org, phone, phone + 7);
    account = site_account(phone);
    run("INSERT INTO account_role VALUES (%lld, %lld)", account, role);
    return account;
}

/* ---- requests ----------------------------------------------------------- */

struct sending {
    const struct visitor *v;
    const char *method, *uri, *type;
    char cookie[100], length[20], query[8000], key[30];
    const char *body;
    size_t len, at;
};

static const char *get_variable(void *from, const char *name)
{
    const struct sending *s = from;
    const struct { const char *name, *value; } table[] = {
        { "REQUEST_METHOD", s->method }, { "REQUEST_URI", s->uri },
        { "QUERY_STRING", s->query },    { "CONTENT_TYPE", s->type },
        { "CONTENT_LENGTH", s->length }, { "HTTP_COOKIE", s->cookie },
        { "HTTP_HOST", "127.0.0.1" },    { "REMOTE_ADDR", "127.0.0.1" },
        { "HTTP_X_CSRF_TOKEN", s->v->csrf },
        { "HTTP_HX_REQUEST", s->v->htmx ? "true" : "" },
        { "HTTP_AUTHORIZATION", s->v->bearer },
        { "HTTP_IDEMPOTENCY_KEY", s->key },
    };

    for (size_t i = 0; i < COUNT(table); i++)
        if (strcmp(table[i].name, name) == 0)
            return table[i].value;
    return NULL;
}

static ssize_t read_bytes(void *from, char *to, size_t n)
{
    struct sending *s = from;

    if (n > s->len - s->at)
        n = s->len - s->at;
    memcpy(to, s->body + s->at, n);
    s->at += n;
    return (ssize_t)n;
}

static void copy_header(const char *name, char *out, size_t size)
{
    const struct answer *a = &site.answer;

    out[0] = '\0';
    for (size_t i = 0; i < a->header_count; i++)
        if (strcmp(a->headers[i].name, name) == 0)
            snprintf(out, size, "%s", a->headers[i].value);
}

/* The token that forms of the page bring back. */
static void remember_form(struct visitor *v, const char *body)
{
    const char *mark = "name=\"_form\" value=\"";
    const char *at = strstr(body, mark);

    if (at != NULL)
        snprintf(v->form, sizeof v->form, "%.*s",
                 (int)strcspn(at + strlen(mark), "\""), at + strlen(mark));
}

static struct site_reply reply_of(struct visitor *v)
{
    struct answer *a = &site.answer;
    struct site_reply r = { .status = a->status };

    copy_header("Location", r.location, sizeof r.location);
    if (r.location[0] == '\0')
        copy_header("HX-Redirect", r.location, sizeof r.location);
    copy_header("HX-Trigger", r.trigger, sizeof r.trigger);
    snprintf(r.type, sizeof r.type, "%s", a->type == NULL ? "" : a->type);
    if (a->fd >= 0) {
        free(site.file);
        site.file = calloc(1, (size_t)a->fd_len + 1);
        if (site.file == NULL ||
            pread(a->fd, site.file, (size_t)a->fd_len, 0) != a->fd_len)
            die("the file cannot be read");
        r.body = site.file;
        r.len = (size_t)a->fd_len;
        return r;
    }
    r.body = a->body.data == NULL ? (char *)(uintptr_t)"" : a->body.data;
    r.len = a->body.len;
    remember_form(v, r.body);
    return r;
}

/* Where the page itself begins, behind the menu. */
static const char *page_of(const struct site_reply *r)
{
    const char *page = strstr(r->body, "<main");

    return page != NULL ? page : r->body;
}

void assert_has(const struct site_reply *r, const char *part)
{
    if (strstr(r->body, part) == NULL)
        fail_msg("no \"%s\" in the answer %d: %.3000s", part, r->status,
                 page_of(r));
}

void assert_has_not(const struct site_reply *r, const char *part)
{
    if (strstr(r->body, part) != NULL)
        fail_msg("\"%s\" in the answer %d: %.3000s", part, r->status,
                 page_of(r));
}

static struct site_reply serve(struct visitor *v, struct sending *s)
{
    const struct transport t = { get_variable, read_bytes, s };
    const char *mark = strchr(s->uri, '?');
    struct served served;

    s->v = v;
    snprintf(s->cookie, sizeof s->cookie, "ph=%s", v->token);
    snprintf(s->length, sizeof s->length, "%zu", s->len);
    snprintf(s->query, sizeof s->query, "%s", mark == NULL ? "" : mark + 1);
    cx_begin(site.cx);
    if (site.before != NULL)
        site.before();
    app_serve(site.app, site.cx, &t, &site.answer, &served);
    if (site.after != NULL)
        site.after();
    db_between(site.db); /* no transaction is left open (T7) */
    return reply_of(v);
}

struct site_reply site_get(struct visitor *v, const char *uri)
{
    struct sending s = { .method = "GET", .uri = uri, .type = "" };

    return serve(v, &s);
}

struct site_reply site_post(struct visitor *v, const char *uri,
                            const char *form)
{
    size_t room = strlen(form) + sizeof v->form + 20;
    char *body = malloc(room);
    struct sending s = { .method = "POST", .uri = uri, .body = body,
                         .type = "application/x-www-form-urlencoded" };
    struct site_reply r;

    if (body == NULL)
        die("memory");
    s.len = (size_t)snprintf(body, room, "%s%s_form=%s", form,
                              *form == '\0' ? "" : "&", v->form);
    r = serve(v, &s);
    free(body);
    return r;
}

struct site_reply site_json(struct visitor *v, const char *uri,
                            const char *json)
{
    static int count;
    struct sending s = { .method = "POST", .uri = uri, .body = json,
                         .len = strlen(json), .type = "application/json" };

    snprintf(s.key, sizeof s.key, "site-test-%d", count++);
    return serve(v, &s);
}

struct site_reply site_act(struct visitor *v, const char *uri,
                           const char *form)
{
    char path[300], body[1000], question[1400];

    snprintf(path, sizeof path, "%s", uri);
    snprintf(body, sizeof body, "%s", form);
    snprintf(question, sizeof question, "%s?%s", path, body);
    site_get(v, question);
    return site_post(v, path, body);
}

struct site_reply site_upload(struct visitor *v, const char *uri,
                              const char *name, const void *data, size_t len)
{
    char *body = malloc(len + 600);
    struct sending s = { .method = "POST", .uri = uri, .body = body,
                         .type = "multipart/form-data; boundary=xyz" };
    struct site_reply r;

    if (body == NULL)
        die("memory");
    s.len = (size_t)snprintf(body, 600,
                            "--xyz\r\nContent-Disposition: form-data;"
                            " name=\"file\"; filename=\"%s\"\r\n"
                            "Content-Type: application/octet-stream\r\n\r\n",
                            name);
    memcpy(body + s.len, data, len);
    s.len += len;
    s.len += (size_t)snprintf(body + s.len, 20, "\r\n--xyz--\r\n");
    r = serve(v, &s);
    free(body);
    return r;
}
