/*
 * Signing in and out (P001, P003, X001). One's own page: me_admin.c.
 *
 *   GET  /login                 ?view=password|sms|first|reset, ?next=/console/
 *   POST /login                 phone, password, captcha, captcha_id, next
 *   GET  /login/captcha         a new captcha field, for htmx
 *   GET  /login/captcha.png     ?id=
 *   POST /login/code            phone, purpose=sms|first|reset, captcha,
 *                               captcha_id: sends a code (slow pool)
 *   POST /login/sms             phone, code, purpose, next: signs in, or goes
 *                               on to choosing a password
 *   GET  /login/password        choose a password: first sign-in, forgotten,
 *                               expired, or the activation link (?key=)
 *   POST /login/password        key, password, again
 *   POST /logout
 *   GET  /console/me            own data, sessions
 *   POST /console/me/password   old, password, again
 *   POST /console/me/kill       id: ends another session of one's own
 *
 * page/login.cs, between the bare layouts (names as ready text, flags "1"):
 *   Login.view       password | sms | first | reset | set
 *                    first and reset look like sms (phone, then code), with
 *                    their own h1: 首次登录, 找回密码; set: two password boxes
 *   Login.title      h1
 *   Login.phone      as typed
 *   Login.next       hidden field, posted back
 *   Login.error      sentence of the red note, or absent
 *   Login.note       sentence of a neutral note (你已退出登录。), or absent
 *   Login.phone_error .password_error .again_error .code_error
 *   Login.captcha_error      sentence below the field, or absent
 *   Login.captcha    id: show the captcha field with the picture
 *                    /login/captcha.png?id=, hidden field captcha_id; absent:
 *                    none is needed. Another picture: htmx GET
 *                    /login/captcha -> page/captcha.cs (same names)
 *   Login.sent       flag: a code is on its way
 *   Login.sent_to    138****7051
 *   Login.wait       seconds until another code may be asked for ("48")
 *   Login.sms_off    未配置短信服务，验证码无法发送。 or absent
 *   Login.key        hidden field of the set view
 *   Login.rules      sentence of the password rules, below the box
 *   Login.who        set view: name of the account
 * page/me.cs:
 *   Person.name .phone .org .roles .password_at (when it was last changed)
 *   Person.rules, Person.error, Person.old_error .password_error .again_error
 *   Person.sessions.N  .id .address .agent (Chrome · Windows) .agent_full
 *                   .created .seen .current (flag)
 */
#include "org/sign_in_admin.h"

#include <string.h>

#include "base/log.h"
#include "db/db.h"
#include "org/captcha_image.h"
#include "org/me_admin.h"
#include "org/password.h"
#include "org/session.h"
#include "org/sign_in.h"
#include "system/audit.h"
#include "system/captcha.h"
#include "system/sms.h"
#include "web/input.h"
#include "web/session.h"

enum {
    TRIES_A_MINUTE = 20,       /* of one address */
    HASHES_A_MINUTE = 600,     /* of this machine: 11 ms each (A1) */
    CAPTCHAS_A_MINUTE = 30,    /* of one address */
    CLAIM_MS = 10 * 60 * 1000, /* from the code to the password */
    NEXT_MAX = 300,
};

#define HOME "/console"

/* ---- the page ---------------------------------------------------------- */

struct login {
    const char *view, *phone, *next;
    const char *error, *note;
    const char *phone_error, *password_error, *again_error, *code_error;
    const char *captcha_error;
    bool captcha; /* ask for one */
    bool sent;
    const char *key, *who;
};

static const struct {
    const char *view, *title;
} views[] = {
    { "password", "登录运营后台" }, { "sms", "登录运营后台" },
    { "first", "首次登录" },        { "reset", "找回密码" },
    { "set", "设置密码" },
};

static const char *title_of(const char *view)
{
    for (size_t i = 0; i < COUNT(views); i++)
        if (strcmp(views[i].view, view) == 0)
            return views[i].title;
    return views[0].title;
}

/* Only into the console, so that nobody is led elsewhere after signing in. */
static const char *safe_next(const char *next)
{
    if (strncmp(next, HOME, strlen(HOME)) == 0 && path_is_ours(next))
        return next;
    return HOME;
}

static void put_errors(struct vnode *n, const struct login *l)
{
    v_set(n, "error", l->error);
    v_set(n, "note", l->note);
    v_set(n, "phone_error", l->phone_error);
    v_set(n, "password_error", l->password_error);
    v_set(n, "again_error", l->again_error);
    v_set(n, "code_error", l->code_error);
    v_set(n, "captcha_error", l->captcha_error);
}

static void put_code(struct cx *cx, struct vnode *n, const struct login *l)
{
    char text[24];
    int wait;

    if (!sms_is_configured(cx))
        v_set(n, "sms_off", "未配置短信服务，验证码无法发送。");
    if (!l->sent)
        return;
    v_flag(n, "sent", true);
    v_set(n, "sent_to", mask_phone(l->phone, text));
    wait = sms_code_wait_s(cx, l->phone,
                           cx_printf(cx, "account.%s", l->view));
    if (wait > 0)
        v_int(n, "wait", wait);
}

static void show(struct request *req, const struct login *l)
{
    struct cx *cx = req->cx;
    struct vnode *tree = view_new(cx), *n = v_child(tree, "Login");
    bool by_code = strcmp(l->view, "password") != 0 &&
                   strcmp(l->view, "set") != 0;

    v_set(n, "view", l->view);
    v_set(n, "title", title_of(l->view));
    v_set(n, "phone", l->phone);
    v_set(n, "next", l->next);
    put_errors(n, l);
    if (l->captcha && request_take(req, "captcha", req->address,
                                   CAPTCHAS_A_MINUTE))
        v_set(n, "captcha", captcha_new(cx));
    if (by_code)
        put_code(cx, n, l);
    v_set(n, "key", l->key);
    v_set(n, "who", l->who);
    v_set(n, "rules", password_rules);
    answer_bare(req, "page/login.cs", tree, title_of(l->view));
    if (l->error != NULL || l->phone_error != NULL ||
        l->password_error != NULL || l->again_error != NULL ||
        l->code_error != NULL || l->captcha_error != NULL)
        answer_status(req, 422);
}

/* ---- reading what was typed -------------------------------------------- */

struct phone_box {
    const char *phone;
};

static const struct arg phone_arg = ARG(struct phone_box, phone,
                                        .flags = ARG_PHONE | ARG_REQUIRED);

/* The phone as it is kept, or NULL with l->phone_error set. */
static const char *read_phone(struct request *req, struct login *l)
{
    struct phone_box box = { "" };

    l->phone_error = arg_read(req->cx, &phone_arg,
                              input_find(req->input, "phone"), &box);
    return l->phone_error == NULL ? box.phone : NULL;
}

static bool solved(struct request *req, const char *id, const char *answer)
{
    return *id != '\0' && *answer != '\0' &&
           captcha_solve(req->cx, id, answer);
}

/* So many tries of an address, and so many of all (0: any number), each of
   them refused on record. */
static void need_turn(struct request *req, const char *what, int of_all)
{
    if (request_take(req, what, req->address, TRIES_A_MINUTE) &&
        (of_all == 0 || request_take(req, what, "*", of_all)))
        return;
    sign_in_too_often(req->cx);
    cx_fail(req->cx, ERR_TOO_MANY, "登录尝试过于频繁，一分钟后再试。");
}

static const char *lock_text(struct cx *cx, stamp to)
{
    struct civil c = stamp_civil(to);

    return cx_printf(cx, "密码错误次数过多，%02d:%02d 前不能用密码登录，"
                     "可改用短信验证码登录。", c.hour, c.minute);
}

/* ---- password ---------------------------------------------------------- */

struct login_args {
    const char *view, *next;
    bool out;
};

static const struct arg login_args[] = {
    ARG(struct login_args, view, .max = 10),
    ARG(struct login_args, next, .max = NEXT_MAX),
    ARG(struct login_args, out),
};

static void login_get(struct request *req, const void *args)
{
    const struct login_args *a = args;
    struct login l = { .view = "password", .phone = "",
                       .next = safe_next(a->next) };

    if (req->session != NULL) {
        answer_redirect(req, l.next);
        return;
    }
    for (size_t i = 0; i < COUNT(views) - 1; i++) /* "set" needs its key */
        if (strcmp(views[i].view, a->view) == 0)
            l.view = views[i].view;
    if (a->out)
        l.note = "你已退出登录。";
    l.captcha = sign_in_needs_captcha(req->cx, "");
    show(req, &l);
}

struct password_args {
    const char *phone, *password, *captcha, *captcha_id, *next;
};

static const struct arg password_args[] = {
    ARG(struct password_args, phone, .max = 20),
    ARG(struct password_args, password, .flags = ARG_SECRET, .max = 64),
    ARG(struct password_args, captcha, .max = 8),
    ARG(struct password_args, captcha_id, .max = 32),
    ARG(struct password_args, next, .max = NEXT_MAX),
};

static void signed_in(struct request *req, const char *token,
                      const char *next)
{
    answer_redirect(req, safe_next(next));
    answer_session(req, token);
}

static const char *refusal(struct cx *cx, const struct sign_in_result *r)
{
    switch (r->outcome) {
    case SIGN_IN_LOCKED:
        return lock_text(cx, r->locked_to);
    case SIGN_IN_DISABLED:
        return "账号或所属组织已停用，请联系管理员。";
    case SIGN_IN_CAPTCHA:
        return NULL;
    default:
        return cx_printf(cx, "手机号或密码不正确，还可尝试 %d 次，"
                         "之后将锁定 15 分钟。", r->left);
    }
}

static void login_post(struct request *req, const void *args)
{
    const struct password_args *a = args;
    struct cx *cx = req->cx;
    struct login l = { .view = "password", .phone = a->phone,
                       .next = safe_next(a->next) };
    struct sign_in s = { .phone = read_phone(req, &l), .agent = req->agent };
    struct sign_in_result r;

    if (*a->password == '\0')
        l.password_error = "不能为空。";
    need_turn(req, "login", HASHES_A_MINUTE);
    if (l.phone_error != NULL || l.password_error != NULL) {
        l.captcha = sign_in_needs_captcha(cx, "");
        show(req, &l);
        return;
    }
    s.human = solved(req, a->captcha_id, a->captcha);
    r = sign_in_password(cx, &s, a->password);
    if (r.outcome == SIGN_IN_OK) {
        signed_in(req, r.token, a->next);
        return;
    }
    l.error = refusal(cx, &r);
    l.captcha = r.outcome != SIGN_IN_LOCKED &&
                sign_in_needs_captcha(cx, s.phone);
    if (r.outcome == SIGN_IN_CAPTCHA)
        l.captcha_error = *a->captcha == '\0' ? "输入图中的 4 个字符。"
                                              : "图形验证码不正确。";
    show(req, &l);
}

/* ---- captcha ----------------------------------------------------------- */

static void captcha_get(struct request *req, const void *args)
{
    struct vnode *tree = view_new(req->cx);

    (void)args;
    if (!request_take(req, "captcha", req->address, CAPTCHAS_A_MINUTE))
        cx_fail(req->cx, ERR_TOO_MANY, "更换过于频繁，稍后再试。");
    v_set(v_child(tree, "Login"), "captcha", captcha_new(req->cx));
    answer_fragment(req, "page/captcha.cs", tree);
}

struct captcha_args {
    const char *id;
};

static const struct arg captcha_args[] = {
    ARG(struct captcha_args, id, .flags = ARG_REQUIRED, .max = 32),
};

static void captcha_png_get(struct request *req, const void *args)
{
    const struct captcha_args *a = args;
    const char *text = captcha_text(req->cx, a->id);
    const void *png;
    size_t len;

    if (text == NULL)
        cx_fail(req->cx, ERR_NOT_FOUND, "验证码已过期，换一张。");
    png = captcha_png(req->cx, text, &len);
    answer_data(req, "image/png", png, len);
}

/* ---- code by SMS ------------------------------------------------------- */

struct code_args {
    const char *phone, *purpose, *captcha, *captcha_id, *next;
};

static const struct arg code_args[] = {
    ARG(struct code_args, phone, .max = 20),
    ARG(struct code_args, purpose, .flags = ARG_REQUIRED, .max = 10),
    ARG(struct code_args, captcha, .max = 8),
    ARG(struct code_args, captcha_id, .max = 32),
    ARG(struct code_args, next, .max = NEXT_MAX),
};

static const char *purpose_view(struct request *req, const char *purpose)
{
    static const char *const known[] = { "sms", "first", "reset" };

    for (size_t i = 0; i < COUNT(known); i++)
        if (strcmp(known[i], purpose) == 0)
            return known[i];
    cx_fail(req->cx, ERR_BAD_REQUEST, "未知的登录方式。");
}

struct send {
    const char *phone, *purpose;
};

static void send_work(struct cx *cx, void *arg)
{
    const struct send *s = arg;

    sign_in_send_code(cx, s->phone, s->purpose);
}

static void code_post(struct request *req, const void *args)
{
    const struct code_args *a = args;
    struct cx *cx = req->cx;
    struct login l = { .view = purpose_view(req, a->purpose),
                       .phone = a->phone, .next = safe_next(a->next) };
    struct send *s = CX_NEW(cx, struct send);

    *s = (struct send){ read_phone(req, &l), l.view };
    l.captcha = sign_in_needs_captcha(cx, "");
    if (s->phone != NULL && l.captcha &&
        !solved(req, a->captcha_id, a->captcha)) {
        l.captcha_error = *a->captcha == '\0' ? "输入图中的 4 个字符。"
                                              : "图形验证码不正确。";
        sms_code_refused(cx, s->phone, s->purpose, "没有通过图形验证码");
    }
    if (s->phone != NULL && l.captcha_error == NULL) {
        l.phone = s->phone;
        l.sent = cx_run(cx, send_work, s);
        if (!l.sent) {
            l.error = cx_strdup(cx, cx->error.text);
            l.sent = cx->error.code == ERR_TOO_MANY &&
                     sms_code_wait_s(cx, s->phone,
                                     cx_printf(cx, "account.%s",
                                               l.view)) > 0;
        }
    }
    show(req, &l);
}

struct sms_args {
    const char *phone, *purpose, *code, *next;
};

static const struct arg sms_args[] = {
    ARG(struct sms_args, phone, .max = 20),
    ARG(struct sms_args, purpose, .flags = ARG_REQUIRED, .max = 10),
    ARG(struct sms_args, code, .flags = ARG_SECRET, .max = 10),
    ARG(struct sms_args, next, .max = NEXT_MAX),
};

struct key_work {
    const char *phone, *key;
};

static void make_key(struct cx *cx, void *arg)
{
    struct key_work *k = arg;

    k->key = sign_in_key_new(cx, k->phone, CLAIM_MS);
}

static void go_to_password(struct request *req, const char *phone,
                           const char *next)
{
    struct cx *cx = req->cx;
    struct key_work *k = CX_NEW(cx, struct key_work);

    k->phone = phone;
    db_tx(cx, make_key, k);
    answer_redirect(req, cx_printf(cx, "/login/password?key=%s&next=%s",
                                   k->key,
                                   url_encode(cx->arena, safe_next(next))));
}

static void sms_post(struct request *req, const void *args)
{
    const struct sms_args *a = args;
    struct cx *cx = req->cx;
    struct login l = { .view = purpose_view(req, a->purpose),
                       .phone = a->phone, .next = safe_next(a->next) };
    struct sign_in s = { .phone = read_phone(req, &l), .agent = req->agent };
    struct sign_in_result r = { .outcome = SIGN_IN_WRONG };

    need_turn(req, "login.sms", 0);
    if (s.phone != NULL)
        r = sign_in_code(cx, &s, l.view, a->code);
    if (r.outcome == SIGN_IN_OK) {
        signed_in(req, r.token, a->next);
        return;
    }
    if (r.outcome == SIGN_IN_CLAIM) {
        go_to_password(req, s.phone, a->next);
        return;
    }
    l.sent = s.phone != NULL;
    if (r.outcome == SIGN_IN_DISABLED)
        l.error = refusal(cx, &r);
    else if (s.phone != NULL)
        l.code_error = "验证码不正确或已过期。";
    show(req, &l);
}

/* ---- choosing a password ----------------------------------------------- */

struct set_args {
    const char *key, *password, *again, *next;
};

static const struct arg set_get_args[] = {
    ARG(struct set_args, key, .flags = ARG_REQUIRED | ARG_SECRET, .max = 80),
    ARG(struct set_args, next, .max = NEXT_MAX),
};

static const struct arg set_args[] = {
    ARG(struct set_args, key, .flags = ARG_REQUIRED | ARG_SECRET, .max = 80),
    ARG(struct set_args, password, .flags = ARG_SECRET, .max = 100),
    ARG(struct set_args, again, .flags = ARG_SECRET, .max = 100),
    ARG(struct set_args, next, .max = NEXT_MAX),
};

static void show_set(struct request *req, const struct set_args *a,
                     struct login *l)
{
    const struct sign_in_account *who = sign_in_key_account(req->cx, a->key);

    if (who == NULL) {
        l->view = "first";
        l->error = "链接已失效，重新获取验证码。";
        l->captcha = sign_in_needs_captcha(req->cx, "");
    } else {
        l->key = a->key;
        l->who = who->name;
    }
    show(req, l);
}

static void set_get(struct request *req, const void *args)
{
    const struct set_args *a = args;
    struct login l = { .view = "set", .phone = "",
                       .next = safe_next(a->next) };

    show_set(req, a, &l);
}

static void set_post(struct request *req, const void *args)
{
    const struct set_args *a = args;
    struct cx *cx = req->cx;
    struct login l = { .view = "set", .phone = "",
                       .next = safe_next(a->next) };
    const char *token = NULL;

    need_turn(req, "login", HASHES_A_MINUTE);
    if (strcmp(a->password, a->again) != 0 &&
        sign_in_key_account(cx, a->key) != NULL)
        l.again_error = "两次输入的密码不一致。";
    else
        l.password_error = sign_in_claim(cx, a->key, a->password, req->agent,
                                         &token);
    if (token != NULL)
        signed_in(req, token, a->next);
    else
        show_set(req, a, &l);
}

/* ---- out --------------------------------------------------------------- */

static void logout_post(struct request *req, const void *args)
{
    struct cx *cx = req->cx;

    (void)args;
    session_end(cx, SESSION_ACCOUNT, cx->actor.id, cx->actor.session_id);
    audit(cx, "account.sign_out", "account", cx->actor.id,
          cx_printf(cx, "%s 退出登录", cx->actor.name));
    answer_redirect(req, "/login?out=1");
    answer_session(req, "");
}

static void root_get(struct request *req, const void *args)
{
    (void)args;
    answer_redirect(req, HOME);
}

static const struct arg me_password_args[] = {
    ARG(struct me_password_args, old, .flags = ARG_SECRET, .max = 100),
    ARG(struct me_password_args, password, .flags = ARG_SECRET, .max = 100),
    ARG(struct me_password_args, again, .flags = ARG_SECRET, .max = 100),
};

static const struct arg me_kill_args[] = {
    ARG(struct me_kill_args, id, .flags = ARG_REQUIRED, .min = 1),
};

/* AUTH_NONE: signing in is for those who are not; each handler limits what an
   address may try. */
const struct route sign_in_routes[SIGN_IN_ROUTES] = {
    { .method = GET, .path = "/", .auth = AUTH_NONE, .run = root_get },
    { .method = GET, .path = "/login", .auth = AUTH_NONE,
      .args = LIST(login_args), .args_size = sizeof(struct login_args),
      .run = login_get },
    { .method = POST, .path = "/login", .auth = AUTH_NONE,
      .flags = ROUTE_NO_TX, /* a password hash (T4) */
      .args = LIST(password_args), .args_size = sizeof(struct password_args),
      .run = login_post },
    { .method = GET, .path = "/login/captcha", .auth = AUTH_NONE,
      .run = captcha_get },
    { .method = GET, .path = "/login/captcha.png", .auth = AUTH_NONE,
      .args = LIST(captcha_args), .args_size = sizeof(struct captcha_args),
      .run = captcha_png_get },
    { .method = POST, .path = "/login/code", .auth = AUTH_NONE,
      .flags = ROUTE_NO_TX | ROUTE_SLOW,
      .args = LIST(code_args), .args_size = sizeof(struct code_args),
      .run = code_post },
    { .method = POST, .path = "/login/sms", .auth = AUTH_NONE,
      .flags = ROUTE_NO_TX, /* counts failed tries */
      .args = LIST(sms_args), .args_size = sizeof(struct sms_args),
      .run = sms_post },
    { .method = GET, .path = "/login/password", .auth = AUTH_NONE,
      .args = LIST(set_get_args), .args_size = sizeof(struct set_args),
      .run = set_get },
    { .method = POST, .path = "/login/password", .auth = AUTH_NONE,
      .flags = ROUTE_NO_TX,
      .args = LIST(set_args), .args_size = sizeof(struct set_args),
      .run = set_post },
    { .method = POST, .path = "/logout", .auth = AUTH_ACCOUNT,
      .perm = PERM_ANY, .flags = ROUTE_STALE, .run = logout_post },
    { .method = GET, .path = "/console/me", .auth = AUTH_ACCOUNT,
      .perm = PERM_ANY, .flags = ROUTE_STALE, .run = me_get },
    { .method = POST, .path = "/console/me/password", .auth = AUTH_ACCOUNT,
      .perm = PERM_ANY,
      .flags = ROUTE_STALE | ROUTE_NO_TX | ROUTE_FORM_ONCE,
      .args = LIST(me_password_args),
      .args_size = sizeof(struct me_password_args),
      .run = me_password_post },
    { .method = POST, .path = "/console/me/kill", .auth = AUTH_ACCOUNT,
      .perm = PERM_ANY, .flags = ROUTE_STALE,
      .args = LIST(me_kill_args), .args_size = sizeof(struct me_kill_args),
      .run = me_kill_post },
};
