/*
 * Proving to be an account: sign_in.h.
 */
#include "org/sign_in.h"

#include <arpa/inet.h>
#include <string.h>

#include "base/crypto.h"
#include "base/log.h"
#include "db/db.h"
#include "org/password.h"
#include "org/session.h"
#include "system/audit.h"
#include "system/guard.h"
#include "system/sms.h"

enum { ENABLED = 1 };

/* Of a random word that nobody knows: checked when there is no account, so
   that both cases take the same time (A4). */
static const char nobodys_hash[] =
    "$argon2id$v=19$m=19456,t=2,p=1$U7/vFgLjiyyOzj/d6+bspg"
    "$yQlchmlKj714+yduaJd66a3SzZbUcQE9Ncp8KiaL43k";

static const struct db_field account_row[] = {
    DB_FIELD(struct sign_in_account, id),
    DB_FIELD(struct sign_in_account, phone),
    DB_FIELD(struct sign_in_account, name),
    DB_FIELD(struct sign_in_account, org_name),
    DB_FIELD(struct sign_in_account, status),
    DB_FIELD(struct sign_in_account, password),
};

/* Status 1 only if its organisation and that one's provider are enabled. */
static struct sign_in_account *find_phone(struct cx *cx, const char *phone)
{
    static const char sql[] =
        "SELECT a.id, a.phone, a.name, o.name,"
        "   GREATEST(a.status, o.status, COALESCE(p.status, 1)), a.password"
        "  FROM account a JOIN org o ON o.id = a.org_id"
        "  LEFT JOIN org p ON p.id = o.provider_id"
        " WHERE a.phone = ?";

    return db_row(cx, sql, BIND(V(phone)),
                  ROW(struct sign_in_account, account_row));
}

static const char *phone_subject(struct cx *cx, const char *phone)
{
    return cx_printf(cx, "login:%s", phone);
}

/*
 * The first bits of the caller's address as a subject. A customer gets a whole
 * /64 of IPv6, so that counts as one address there; an IPv4 address counts
 * alone. Networks: /24 and /48.
 */
static const char *subject_of(struct cx *cx, const char *what, size_t v4_bytes,
                              size_t v6_bytes)
{
    const char *address = cx->actor.address;
    uint8_t b[sizeof(struct in6_addr)];
    char hex[2 * sizeof b + 1];

    if (inet_pton(AF_INET, address, b) == 1)
        return cx_printf(cx, "%s:%s", what, hex_encode(b, v4_bytes, hex));
    if (inet_pton(AF_INET6, address, b) == 1)
        return cx_printf(cx, "%s:%s", what, hex_encode(b, v6_bytes, hex));
    return cx_printf(cx, "%s:?", what);
}

static const char *address_subject(struct cx *cx)
{
    return subject_of(cx, "addr", 4, 8);
}

static const char *network_subject(struct cx *cx)
{
    return subject_of(cx, "net", 3, 6);
}

static const char *masked(struct cx *cx, const char *phone)
{
    return mask_phone(phone, arena_alloc(cx->arena, 24));
}

bool sign_in_needs_captcha(struct cx *cx, const char *phone)
{
    return guard_look(cx, address_subject(cx), SIGN_IN_WINDOW_MS).fails >=
               ADDRESS_CAPTCHA_AFTER ||
           (*phone != '\0' &&
            guard_look(cx, phone_subject(cx, phone),
                       SIGN_IN_WINDOW_MS).fails >= SIGN_IN_CAPTCHA_AFTER);
}

/* ---- what is written --------------------------------------------------- */

struct work {
    const struct sign_in *s;
    const struct sign_in_account *account; /* or NULL */
    const char *how;
    struct sign_in_result *result;
};

/* Whatever the phone, and whether by password or by code. */
static void count_caller(struct cx *cx)
{
    guard_fail(cx, address_subject(cx), SIGN_IN_WINDOW_MS, ADDRESS_TRIES,
               SIGN_IN_LOCK_MS);
    guard_fail(cx, network_subject(cx), SIGN_IN_WINDOW_MS, NETWORK_TRIES,
               SIGN_IN_LOCK_MS);
}

static void note_failure(struct cx *cx, const struct work *w)
{
    audit(cx, "account.sign_in_failed", "account",
          w->account == NULL ? 0 : w->account->id,
          cx_printf(cx, "%s 登录失败（%s）", masked(cx, w->s->phone), w->how));
}

/* A wrong code does not count against the phone: its codes have limits of
   their own, and its owner still comes in by password. */
static void code_fail_work(struct cx *cx, void *arg)
{
    count_caller(cx);
    note_failure(cx, arg);
}

static void fail_work(struct cx *cx, void *arg)
{
    struct work *w = arg;
    struct guard_state g = guard_fail(cx, phone_subject(cx, w->s->phone),
                                      SIGN_IN_WINDOW_MS, SIGN_IN_TRIES,
                                      SIGN_IN_LOCK_MS);

    count_caller(cx);
    note_failure(cx, w);
    w->result->outcome = g.locked_to.ms != 0 ? SIGN_IN_LOCKED : SIGN_IN_WRONG;
    w->result->locked_to = g.locked_to;
    w->result->left = SIGN_IN_TRIES - g.fails;
}

static void open_work(struct cx *cx, void *arg)
{
    static const char sql[] =
        "UPDATE account SET signed_in_at = ? WHERE id = ?";
    struct work *w = arg;
    int64_t id = w->account->id;

    must(session_become(cx, id));
    guard_clear(cx, phone_subject(cx, w->account->phone));
    w->result->token = session_open(cx, SESSION_ACCOUNT, id, w->s->agent);
    db_exec(cx, sql, BIND(V(cx->now), V(id)));
    audit(cx, "account.sign_in", "account", id,
          cx_printf(cx, "%s 登录（%s）", w->account->name, w->how));
    w->result->outcome = SIGN_IN_OK;
}

/* A try during the lock, or without its captcha, is on record and is not
   looked at (L1). */
static void barred_work(struct cx *cx, void *arg)
{
    const struct work *w = arg;

    audit(cx, "account.sign_in_failed", "account",
          w->account == NULL ? 0 : w->account->id,
          cx_printf(cx, "%s 登录被拒绝：%s", masked(cx, w->s->phone),
                    w->result->outcome == SIGN_IN_LOCKED
                        ? "已锁定" : "没有通过图形验证码"));
}

/* Proof of the phone alone: it opens the way to a password. */
static void proved_work(struct cx *cx, void *arg)
{
    const struct work *w = arg;

    audit(cx, "account.claim", "account", w->account->id,
          cx_printf(cx, "%s 已验证手机号，将设置密码", w->account->name));
}

static void disabled_work(struct cx *cx, void *arg)
{
    struct work *w = arg;

    audit(cx, "account.sign_in_failed", "account", w->account->id,
          cx_printf(cx, "%s 登录被拒绝：账号或组织已停用",
                    w->account->name));
    w->result->outcome = SIGN_IN_DISABLED;
}

static void too_often_work(struct cx *cx, void *arg)
{
    (void)arg;
    audit(cx, "account.sign_in_failed", "account", 0,
          "登录被拒绝：一分钟内尝试过多");
}

void sign_in_too_often(struct cx *cx)
{
    db_tx(cx, too_often_work, NULL);
}

/* ---- the three ways ---------------------------------------------------- */

/* True, with the result set, if this try may not even be made. */
static bool is_barred(struct cx *cx, const struct sign_in *s,
                      struct sign_in_result *out)
{
    struct guard_state phone = guard_look(cx, phone_subject(cx, s->phone),
                                          SIGN_IN_WINDOW_MS);
    const char *callers[] = { address_subject(cx), network_subject(cx) };
    stamp to = phone.locked_to;

    for (size_t i = 0; i < COUNT(callers); i++) {
        struct guard_state g = guard_look(cx, callers[i], SIGN_IN_WINDOW_MS);

        if (g.locked_to.ms > to.ms)
            to = g.locked_to;
    }
    if (to.ms != 0) {
        out->outcome = SIGN_IN_LOCKED;
        out->locked_to = to;
        return true;
    }
    out->left = SIGN_IN_TRIES - phone.fails;
    if (!s->human && sign_in_needs_captcha(cx, s->phone)) {
        out->outcome = SIGN_IN_CAPTCHA;
        return true;
    }
    return false;
}

static struct sign_in_result *result_new(struct cx *cx,
                                         const struct sign_in_account *a)
{
    struct sign_in_result *r = CX_NEW(cx, struct sign_in_result);

    if (a != NULL) {
        r->account_id = a->id;
        r->name = a->name;
    }
    return r;
}

struct sign_in_result sign_in_password(struct cx *cx, const struct sign_in *s,
                                       const char *password)
{
    const struct sign_in_account *a = find_phone(cx, s->phone);
    struct sign_in_result *r = result_new(cx, a);
    struct work *w = CX_NEW(cx, struct work);
    bool right;

    *w = (struct work){ s, a, "密码", r };
    if (is_barred(cx, s, r)) {
        db_tx(cx, barred_work, w);
        return *r;
    }
    right = password_verify(cx, a != NULL && a->password != NULL
                                    ? a->password : nobodys_hash, password);
    if (a == NULL || a->password == NULL || !right)
        db_tx(cx, fail_work, w);
    else if (a->status != ENABLED)
        db_tx(cx, disabled_work, w);
    else
        db_tx(cx, open_work, w);
    return *r;
}

void sign_in_send_code(struct cx *cx, const char *phone, const char *purpose)
{
    const struct sign_in_account *a = find_phone(cx, phone);

    sms_code_send(cx, phone, cx_printf(cx, "account.%s", purpose),
                  a != NULL && a->status == ENABLED);
}

struct sign_in_result sign_in_code(struct cx *cx, const struct sign_in *s,
                                   const char *purpose, const char *code)
{
    const struct sign_in_account *a = find_phone(cx, s->phone);
    struct sign_in_result *r = result_new(cx, a);
    struct work *w = CX_NEW(cx, struct work);
    bool right = sms_code_use(cx, s->phone,
                              cx_printf(cx, "account.%s", purpose), code);

    *w = (struct work){ s, a, "短信验证码", r };
    r->outcome = SIGN_IN_WRONG;
    if (!right || a == NULL) {
        db_tx(cx, code_fail_work, w);
        return *r;
    }
    if (a->status != ENABLED) {
        db_tx(cx, disabled_work, w);
    } else if (a->password == NULL || strcmp(purpose, "sms") != 0) {
        db_tx(cx, proved_work, w);
        r->outcome = SIGN_IN_CLAIM;
    } else {
        db_tx(cx, open_work, w);
    }
    return *r;
}

/* ---- choosing a password ----------------------------------------------- */

static const char claim_purpose[] = "account.claim";

const char *sign_in_key_new(struct cx *cx, const char *phone, int64_t life_ms)
{
    return sms_key_new(cx, phone, claim_purpose, life_ms);
}

struct sign_in_account *sign_in_key_account(struct cx *cx, const char *key)
{
    const char *phone = sms_key_phone(cx, key, claim_purpose, false);
    struct sign_in_account *a = phone == NULL ? NULL : find_phone(cx, phone);

    return a != NULL && a->status == ENABLED ? a : NULL;
}

static const char *flaw_of(struct cx *cx, const struct sign_in_account *a,
                           const char *password)
{
    const char *words[] = { a->phone, a->name, a->org_name, NULL };
    const char *flaw = password_flaw(cx, password, words);

    if (flaw == NULL && password_was_used(cx, a->id, password))
        flaw = "不能与最近 5 次用过的密码相同。";
    return flaw;
}

struct claim {
    const char *key, *hash, *agent;
    const struct sign_in_account *account;
    struct sign_in_result *result;
};

static void bad_key_work(struct cx *cx, void *arg)
{
    (void)arg;
    count_caller(cx);
    audit(cx, "account.sign_in_failed", "account", 0,
          "设置密码失败：链接无效、已过期或已用过");
}

static void claim_work(struct cx *cx, void *arg)
{
    struct claim *c = arg;
    struct sign_in s = { .phone = c->account->phone, .agent = c->agent };
    struct work w = { &s, c->account, "设置密码", c->result };

    if (sms_key_phone(cx, c->key, claim_purpose, true) == NULL) {
        bad_key_work(cx, NULL);
        return;
    }
    must(session_become(cx, c->account->id));
    password_store(cx, c->account->id, c->hash, 0);
    audit(cx, "account.password", "account", c->account->id,
          cx_printf(cx, "%s 设置了密码", c->account->name));
    open_work(cx, &w);
}

const char *sign_in_claim(struct cx *cx, const char *key,
                          const char *password, const char *agent,
                          const char **token)
{
    const struct sign_in_account *a = sign_in_key_account(cx, key);
    struct claim *c = CX_NEW(cx, struct claim);
    char hash[PASSWORD_HASH_SIZE];
    const char *flaw;

    *token = NULL;
    if (a == NULL) {
        db_tx(cx, bad_key_work, NULL);
        return NULL;
    }
    flaw = flaw_of(cx, a, password);
    if (flaw != NULL)
        return flaw;
    password_hash(cx, password, hash);
    *c = (struct claim){ key, cx_strdup(cx, hash), agent, a,
                         CX_NEW(cx, struct sign_in_result) };
    db_tx(cx, claim_work, c);
    *token = c->result->token;
    return NULL;
}

/* ---- changing one's own ------------------------------------------------ */

static struct sign_in_account *find_self(struct cx *cx)
{
    static const char sql[] =
        "SELECT a.id, a.phone, a.name, o.name, a.status, a.password"
        "  FROM account a JOIN org o ON o.id = a.org_id WHERE a.id = ?";

    return db_row(cx, sql, BIND(V(cx->actor.id)),
                  ROW(struct sign_in_account, account_row));
}

static void change_work(struct cx *cx, void *arg)
{
    struct claim *c = arg;

    password_store(cx, c->account->id, c->hash, cx->actor.session_id);
    audit(cx, "account.password", "account", c->account->id,
          cx_printf(cx, "%s 修改了密码", c->account->name));
}

const char *sign_in_change(struct cx *cx, const char *old,
                           const char *password, const char **flaw)
{
    struct sign_in_account *a = find_self(cx);
    struct sign_in s = { .phone = a == NULL ? "" : a->phone, .human = true };
    struct sign_in_result r = { 0 };
    struct work *w = CX_NEW(cx, struct work);
    struct claim *c = CX_NEW(cx, struct claim);
    char hash[PASSWORD_HASH_SIZE];

    must(a != NULL && cx->actor.kind == ACTOR_ACCOUNT);
    *w = (struct work){ &s, a, "修改密码", &r };
    if (is_barred(cx, &s, &r)) {
        *flaw = "密码错误次数过多，15 分钟后再试。";
        return "old";
    }
    if (a->password == NULL || !password_verify(cx, a->password, old)) {
        db_tx(cx, fail_work, w);
        *flaw = "现在的密码不正确。";
        return "old";
    }
    *flaw = flaw_of(cx, a, password);
    if (*flaw != NULL)
        return "password";
    password_hash(cx, password, hash);
    *c = (struct claim){ .hash = cx_strdup(cx, hash), .account = a };
    db_tx(cx, change_work, c);
    return NULL;
}
