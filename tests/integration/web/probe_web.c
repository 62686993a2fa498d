/*
 * A web pool with one feature made for tests: handlers that succeed, fail,
 * take too long, eat memory and crash. Effects are rows of table t_effect.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "db/db.h"
#include "org/identity_admin.h"
#include "org/sign_in_admin.h"
#include "system/audit.h"
#include "web/input.h"
#include "web/server.h"
#include "web/session.h"

struct text_args {
    const char *text;
    int n;
};

static const struct arg text_args[] = {
    ARG(struct text_args, text, .max = 40),
    ARG(struct text_args, n, .min = 0, .max = 100000),
};

static void effect(struct cx *cx, const char *what)
{
    static const char sql[] = "INSERT INTO t_effect (what) VALUES (?)";

    db_exec(cx, sql, BIND(V(what)));
    audit(cx, "t.effect", "t", 0, what);
}

static void sleep_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    nanosleep(&t, NULL);
}

/* ---- pages ------------------------------------------------------------- */

static void hello(struct request *req, const void *args)
{
    const struct text_args *a = args;

    if (a->n > 0)
        sleep_ms(a->n);
    answer_json(req, "{\"hello\":true}");
}

static void busy(struct request *req, const void *args)
{
    (void)args;
    for (volatile unsigned i = 0;; i++)
        ;
    answer_json(req, "{}");
}

static void crash(struct request *req, const void *args)
{
    (void)req, (void)args;
    abort();
}

static void greedy(struct request *req, const void *args)
{
    (void)args;
    for (;;)
        memset(arena_alloc(req->cx->arena, 1 << 20), 1, 1 << 20);
}

/* Memory that is not the arena's: the library's, say. */
static void bloat(struct request *req, const void *args)
{
    enum { MANY_MIB = 2048 };

    (void)args;
    for (int i = 0; i < MANY_MIB; i++) {
        void *p = malloc(1 << 20);

        must(p != NULL);
        memset(p, 1, 1 << 12);
    }
    answer_json(req, "{\"bloat\":true}");
}

static void broken(struct request *req, const void *args)
{
    (void)args;
    cx_fail(req->cx, ERR_INTERNAL, "secret detail 4711");
}

static void page(struct request *req, const void *args)
{
    const struct text_args *a = args;
    struct vnode *tree = view_new(req->cx);
    struct vnode *e = v_child(tree, "Error");

    v_set(e, "title", a->text);
    v_set(e, "text", a->text);
    answer_page(req, "page/error.cs", tree, "测试页");
    answer_toast(req, "看到了。");
}

static void close_file(void *p)
{
    fclose(p);
}

static void file(struct request *req, const void *args)
{
    FILE *f = cx_own(req->cx, tmpfile(), close_file);

    (void)args;
    for (int i = 0; i < 300000; i++)
        fputs("0123456789", f);
    fflush(f);
    answer_fd(req, "application/octet-stream", "数据.bin", fileno(f),
              3000000);
}

static void write_one(struct request *req, const void *args)
{
    const struct text_args *a = args;

    effect(req->cx, a->text);
    if (strcmp(a->text, "fail") == 0)
        cx_fail(req->cx, ERR_STATE, "现在不行。");
    if (strcmp(a->text, "die") == 0)
        kill(getpid(), SIGKILL);
    answer_redirect(req, "/t/hello");
    answer_toast(req, "已写入。");
}

static void write_bare_work(struct cx *cx, void *arg)
{
    effect(cx, arg);
}

static void write_bare(struct request *req, const void *args)
{
    const struct text_args *a = args;

    db_tx(req->cx, write_bare_work, (void *)(uintptr_t)a->text);
    if (a->n > 0)
        sleep_ms(a->n);
    if (strcmp(a->text, "wrong") == 0) {
        answer_json(req, "{}");
        answer_status(req, 422);
        return;
    }
    if (strcmp(a->text, "fail") == 0)
        cx_fail(req->cx, ERR_STATE, "现在不行。");
    answer_redirect(req, "/t/hello");
}

static void platform_only(struct request *req, const void *args)
{
    (void)args;
    effect(req->cx, "money");
    answer_redirect(req, "/t/hello");
}

struct upload_args {
    struct upload file;
    const char *note;
};

static const struct arg upload_args[] = {
    ARG(struct upload_args, file, .flags = ARG_REQUIRED),
    ARG(struct upload_args, note, .max = 40),
};

static void upload(struct request *req, const void *args)
{
    const struct upload_args *a = args;
    unsigned char byte = 0;

    must(pread(a->file.fd, &byte, 1, a->file.size - 1) == 1);
    answer_json(req, cx_printf(req->cx,
                               "{\"size\":%lld,\"last\":%d,\"name\":\"%s\"}",
                               (long long)a->file.size, byte, a->file.name));
}

static void slow(struct request *req, const void *args)
{
    (void)args;
    answer_json(req, "{\"slow\":true}");
}

static void callback(struct request *req, const void *args)
{
    (void)args;
    answer_json(req, cx_printf(req->cx, "{\"bytes\":%zu}",
                               req->input->body_len));
}

#define A .args = LIST(text_args), .args_size = sizeof(struct text_args)

/* AUTH_NONE: made for tests. */
static const struct route routes[] = {
    { GET, "/t/hello", AUTH_NONE, NULL, 0, A, .run = hello },
    { GET, "/t/busy", AUTH_NONE, .run = busy },
    { GET, "/t/crash", AUTH_NONE, .run = crash },
    { GET, "/t/greedy", AUTH_NONE, .run = greedy },
    { GET, "/t/bloat", AUTH_NONE, .run = bloat },
    { GET, "/t/broken", AUTH_NONE, .run = broken },
    { GET, "/t/file", AUTH_NONE, .run = file },
    { GET, "/t/page", AUTH_ACCOUNT, "t.view", 0, A, .run = page },
    { POST, "/t/write", AUTH_ACCOUNT, "t.write", 0, A, .run = write_one },
    { POST, "/t/bare", AUTH_ACCOUNT, "t.write", ROUTE_NO_TX, A,
      .run = write_bare },
    { POST, "/t/once", AUTH_ACCOUNT, "t.write", ROUTE_FORM_ONCE, A,
      .run = write_one },
    { POST, "/t/once_bare", AUTH_ACCOUNT, "t.write",
      ROUTE_FORM_ONCE | ROUTE_NO_TX, A, .run = write_bare },
    { POST, "/t/platform", AUTH_ACCOUNT, "t.platform", 0, .run = platform_only },
    { POST, "/t/upload", AUTH_ACCOUNT, "t.write", ROUTE_UPLOAD,
      LIST(upload_args), sizeof(struct upload_args), .run = upload },
    { POST, "/t/slow", AUTH_NONE, NULL, ROUTE_SLOW | ROUTE_NO_CSRF,
      .run = slow },
    { POST, "/t/callback", AUTH_NONE, NULL, ROUTE_NO_CSRF | ROUTE_BODY,
      .run = callback },
};

/* ---- endpoints --------------------------------------------------------- */

static void put_effect(struct cx *cx, const void *args, struct json_out *out)
{
    const struct text_args *a = args;

    effect(cx, a->text);
    if (a->n > 0)
        sleep_ms(a->n);
    if (strcmp(a->text, "fail") == 0)
        cx_fail(cx, ERR_BALANCE, "余额不足。");
    json_open(out, NULL, '{');
    json_text(out, "text", a->text);
    json_text(out, "time", cx_printf(cx, "%lld", (long long)cx->now.ms));
    json_close(out, '}');
}

/* Its own transaction, unique by the key. */
static void put_bare(struct cx *cx, const void *args, struct json_out *out)
{
    static const char sql[] =
        "INSERT INTO t_unique (idem_key) VALUES (?)";
    const struct text_args *a = args;

    db_insert_new(cx, sql, BIND(V(cx->idem_key)));
    if (a->n > 0)
        sleep_ms(a->n);
    json_open(out, NULL, '{');
    json_text(out, "text", a->text);
    json_close(out, '}');
}

static void who(struct cx *cx, const void *args, struct json_out *out)
{
    (void)args;
    json_open(out, NULL, '{');
    json_int(out, "driver", cx->actor.id);
    json_int(out, "scope", cx->scope.driver_id);
    json_close(out, '}');
}

static const struct endpoint endpoints[] = {
    { POST, "/api/t/v1/effects", AUTH_DRIVER, NULL, EP_IDEMPOTENT, A,
      .run = put_effect },
    { POST, "/api/t/v1/bare", AUTH_DRIVER, NULL, EP_IDEMPOTENT | ROUTE_NO_TX,
      A, .run = put_bare },
    { GET, "/api/t/v1/who", AUTH_DRIVER, .run = who },
    { GET, "/api/t/v1/often", AUTH_DRIVER, .per_minute = 5, .run = who },
    { POST, "/api/t/v1/staff", AUTH_ACCOUNT, "t.write", 0, A,
      .run = put_effect },
};

static const struct permission perms[] = {
    { "t.platform", "测试平台", true },
    { "t.view", "测试查看" },
    { "t.write", "测试写入" },
};

static int64_t three(struct cx *cx)
{
    (void)cx;
    return 3;
}

static const struct live_count lives[] = { { "t", true, three } };

static const struct menu_entry entries[] = {
    { "测试页", "/t/page", "t.view", "home", "t" },
    { "别的", "/t/other", "t.platform", "home" },
};

static const struct feature probe_feature = {
    .name = "t", .menu = "测试", .icon = "home", .entries = LIST(entries),
    .routes = LIST(routes), .endpoints = LIST(endpoints),
    .perms = LIST(perms), .lives = LIST(lives),
};

/* Signing in, without what else the feature brings. */
static const struct feature people_feature = {
    .name = "people", .routes = { sign_in_routes, SIGN_IN_ROUTES },
    .identity = &org_identity,
};

int main(int argc, char **argv)
{
    static const struct feature *const list[] = { &probe_feature,
                                                  &people_feature };
    const struct features features = LIST(list);

    return web_main(argc, argv, &features);
}
