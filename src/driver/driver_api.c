/*
 * Signing in and out, and what drivers say about themselves.
 */
#include "base/buf.h"
#include "base/log.h"
#include "db/db.h"
#include "driver/driver.h"
#include "driver/driver_pages.h"
#include "org/session.h"
#include "system/audit.h"
#include "system/sms.h"

static void driver_json(struct json_out *j, const char *key,
                        const struct driver *d)
{
    char phone[24];

    json_open(j, key, '{');
    json_text(j, "phone", mask_phone(d->phone, phone));
    json_text(j, "name", d->name);
    json_text(j, "plate", d->plate);
    json_stamp(j, "created_at", d->created_at);
    json_close(j, '}');
}

/* ---- POST sms-codes ---- */

struct phone_args {
    const char *phone;
};

static const struct arg phone_args[] = {
    ARG(struct phone_args, phone, .title = "手机号",
        .flags = ARG_REQUIRED | ARG_PHONE),
};

/* Whether the phone has an account makes no difference: the first sign-in
   makes one. */
static void send_code(struct cx *cx, const void *args, struct json_out *out)
{
    const struct phone_args *a = args;

    sms_code_send(cx, a->phone, DRIVER_CODE_PURPOSE, true);
    json_open(out, NULL, '{');
    json_int(out, "wait_s", SMS_WAIT_S);
    json_int(out, "life_s", SMS_CODE_LIFE_S);
    json_close(out, '}');
}

/* ---- POST sessions ---- */

struct sign_in_args {
    const char *phone;
    const char *code;
    const char *device;
};

static const struct arg sign_in_args[] = {
    ARG(struct sign_in_args, phone, .title = "手机号",
        .flags = ARG_REQUIRED | ARG_PHONE),
    ARG(struct sign_in_args, code, .title = "验证码",
        .flags = ARG_REQUIRED | ARG_SECRET, .max = SMS_CODE_MIN),
    ARG(struct sign_in_args, device, .title = "设备名称", .max = 60),
};

struct sign_in {
    const struct sign_in_args *args;
    struct driver *driver;
    const char *token;
    bool is_new;
};

static void enter(struct cx *cx, void *arg)
{
    struct sign_in *s = arg;
    char phone[24];

    s->driver = driver_enter(cx, s->args->phone, &s->is_new);
    cx->actor.kind = ACTOR_DRIVER;
    cx->actor.id = s->driver->id;
    cx->actor.name = cx_strdup(cx, mask_phone(s->driver->phone, phone));
    s->token = session_open(cx, SESSION_DRIVER, s->driver->id,
                            s->args->device);
    audit(cx, s->is_new ? "driver.register" : "driver.sign_in", "driver",
          s->driver->id, s->is_new ? "首次登录，账号已建立" : "登录");
}

struct failure {
    const char *phone, *why;
};

static void note_failure(struct cx *cx, void *arg)
{
    const struct failure *f = arg;
    char phone[24];

    audit(cx, "driver.sign_in_failed", "driver", 0,
          cx_printf(cx, "%s 登录失败：%s", mask_phone(f->phone, phone),
                    f->why));
}

static void enter_tx(struct cx *cx, void *arg)
{
    db_tx(cx, enter, arg);
}

/* What keeps a driver out who has the right code is on record, too. */
static void enter_or_note(struct cx *cx, struct sign_in *s)
{
    struct cx_error error;
    struct failure f = { s->args->phone, "账号已停用" };

    if (cx_run(cx, enter_tx, s))
        return;
    error = cx->error;
    if (error.code == ERR_FORBIDDEN)
        db_tx(cx, note_failure, &f);
    cx->error = error;
    cx_refail(cx);
}

static void sign_in(struct cx *cx, const void *args, struct json_out *out)
{
    struct sign_in *s = CX_NEW(cx, struct sign_in);
    struct sign_in_args *a =
        arena_memdup(cx->arena, args, sizeof(struct sign_in_args));

    s->args = a;
    if (!sms_code_use(cx, a->phone, DRIVER_CODE_PURPOSE, a->code)) {
        db_tx(cx, note_failure,
              &(struct failure){ a->phone, "验证码不正确" });
        cx_fail_field(cx, "code", "验证码不正确或已过期，请重新获取。");
    }
    enter_or_note(cx, s);
    json_open(out, NULL, '{');
    json_text(out, "token", s->token);
    json_stamp(out, "expires_at",
               stamp_add_days(cx->now, SESSION_DRIVER_DAYS));
    json_bool(out, "is_new", s->is_new);
    driver_json(out, "driver", s->driver);
    json_close(out, '}');
}

/* ---- POST sessions/delete ---- */

static void sign_out(struct cx *cx, const void *args, struct json_out *out)
{
    (void)args;
    session_end(cx, SESSION_DRIVER, cx->actor.id, cx->actor.session_id);
    audit(cx, "driver.sign_out", "driver", cx->actor.id, "退出登录");
    json_open(out, NULL, '{');
    json_close(out, '}');
}

/* ---- where one is signed in (A6) ---- */

static void list_sessions(struct cx *cx, const void *args,
                          struct json_out *out)
{
    size_t count;
    const struct session_entry *e = session_list(cx, SESSION_DRIVER,
                                                 cx->actor.id, &count);

    (void)args;
    json_open(out, NULL, '{');
    json_open(out, "sessions", '[');
    for (size_t i = 0; i < count; i++) {
        json_open(out, NULL, '{');
        json_int(out, "id", e[i].id);
        json_text(out, "device", e[i].agent);
        json_text(out, "address", e[i].address);
        json_stamp(out, "created_at", e[i].created_at);
        json_stamp(out, "seen_at", e[i].seen_at);
        json_bool(out, "current", e[i].id == cx->actor.session_id);
        json_close(out, '}');
    }
    json_close(out, ']');
    json_close(out, '}');
}

struct session_args {
    int64_t id;
};

static const struct arg session_args[] = {
    ARG(struct session_args, id, .title = "登录编号", .flags = ARG_REQUIRED,
        .min = 1, .max = INT64_MAX),
};

static void end_session(struct cx *cx, const void *args, struct json_out *out)
{
    const struct session_args *a = args;

    if (!session_end(cx, SESSION_DRIVER, cx->actor.id, a->id))
        cx_fail(cx, ERR_NOT_FOUND, "这台设备已经退出登录。");
    audit(cx, "driver.session_end", "driver", cx->actor.id,
          "结束一台设备的登录");
    json_open(out, NULL, '{');
    json_close(out, '}');
}

/* ---- me ---- */

static void show_me(struct cx *cx, const void *args, struct json_out *out)
{
    (void)args;
    driver_json(out, NULL, driver_acting(cx));
}

struct me_args {
    const char *name;
    const char *plate;
};

static const struct arg me_args[] = {
    ARG(struct me_args, name, .title = "称呼", .max = 20),
    ARG(struct me_args, plate, .title = "车牌", .max = 12),
};

static void change_me(struct cx *cx, const void *args, struct json_out *out)
{
    const struct me_args *a = args;
    const char *plate = "";

    if (a->plate[0] != '\0') {
        plate = plate_normal(cx, a->plate);
        if (plate == NULL)
            cx_fail_field(cx, "plate", "车牌格式不正确，如 粤BD12345。");
    }
    driver_describe(cx, cx->actor.id, a->name, plate);
    driver_json(out, NULL, driver_load(cx, cx->actor.id));
}

const struct endpoint sign_in_endpoints[SIGN_IN_ENDPOINTS] = {
    /* Before there is a session; limited by phone and address. */
    { .method = POST, .path = "/api/driver/v1/sms-codes", .auth = AUTH_NONE,
      .flags = ROUTE_NO_TX | ROUTE_SLOW, .per_minute = 10,
      .summary = "Send a sign-in code", .args = LIST(phone_args),
      .args_size = sizeof(struct phone_args), .run = send_code },
    /* The code is the proof. */
    { .method = POST, .path = "/api/driver/v1/sessions", .auth = AUTH_NONE,
      .flags = ROUTE_NO_TX, .per_minute = 30, .summary = "Sign in",
      .args = LIST(sign_in_args), .args_size = sizeof(struct sign_in_args),
      .run = sign_in },
    { .method = POST, .path = "/api/driver/v1/sessions/delete",
      .auth = AUTH_DRIVER, .summary = "Sign out", .run = sign_out },
    { .method = GET, .path = "/api/driver/v1/sessions", .auth = AUTH_DRIVER,
      .summary = "Where I am signed in", .run = list_sessions },
    { .method = POST, .path = "/api/driver/v1/sessions/:id/delete",
      .auth = AUTH_DRIVER, .summary = "End one of my sessions",
      .per_minute = 20, .args = LIST(session_args),
      .args_size = sizeof(struct session_args), .run = end_session },
    { .method = GET, .path = "/api/driver/v1/me", .auth = AUTH_DRIVER,
      .summary = "Who I am", .run = show_me },
    { .method = POST, .path = "/api/driver/v1/me", .auth = AUTH_DRIVER,
      .summary = "Change my name and plate", .args = LIST(me_args),
      .args_size = sizeof(struct me_args), .per_minute = 20,
      .run = change_me },
};
