/*
 * Signing in and out, and how sessions end (P001, P003, X001; rules A1-A8).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/stamp.h"
#include "db/db.h"
#include "org/people.h"
#include "org/session.h"
#include "tests/integration/testdb.h"
#include "tests/integration/web/fcgi.h"
#include "tests/integration/web/inbox.h"
#include "tests/integration/web/people.h"
#include "tests/integration/web/server.h"

static struct web_server server;
static struct people people;
static struct inbox inbox;

static struct browser browser_at(const char *address)
{
    return (struct browser){ .socket = server.socket, .address = address };
}

static void sql(const char *format, ...) PRINTF_LIKE(1, 2);

static void sql(const char *format, ...)
{
    struct cx *cx = testdb_cx();
    va_list ap;

    va_start(ap, format);
    testdb_sql(cx, arena_vprintf(cx->arena, format, ap));
    va_end(ap);
    testdb_cx_free(cx);
}

static int64_t number(const char *text)
{
    struct cx *cx = testdb_cx();
    int64_t n = testdb_int(cx, text);

    testdb_cx_free(cx);
    return n;
}

/* Rows of the audit about the newest tries; format as in LIKE. */
static int64_t audited(const char *event, const char *address)
{
    char query[300];

    snprintf(query, sizeof query, "SELECT COUNT(*) FROM audit WHERE event ="
             " '%s' AND address LIKE '%s' AND LENGTH(request_id) >= 8",
             event, address);
    return number(query);
}

/* Nothing that an earlier test counted or locked. */
static int forget(void **state)
{
    (void)state;
    sql("DELETE FROM guard");
    sql("DELETE FROM captcha");
    return 0;
}

static bool is_in(struct browser *b)
{
    struct fcgi_reply r;
    bool in;

    browser_get(b, "/console/me", &r);
    in = r.status == 200;
    fcgi_free(&r);
    return in;
}

/* One try by password; what the page said. */
static struct fcgi_reply try(struct browser *b, const char *phone,
                             const char *password, const char *more)
{
    struct fcgi_reply r;
    char form[400];

    browser_get(b, "/login", &r);
    fcgi_free(&r);
    snprintf(form, sizeof form, "phone=%s&password=%s%s", phone, password,
             more);
    browser_post(b, "/login", form, &r);
    return r;
}

/* ---- in and out -------------------------------------------------------- */

static void right_password_opens_the_console(void **state)
{
    struct browser b = browser_at("10.0.0.1");
    struct fcgi_reply r = try(&b, "138+0000-0001", PEOPLE_PASSWORD,
                              "&next=%2Fconsole%2Fpile");
    char to[100], cookie[300], query[500];

    (void)state;
    assert_int_equal(r.status, 303);
    assert_true(fcgi_header(&r, "Location", to, sizeof to));
    assert_string_equal(to, "/console/pile");
    assert_true(fcgi_header(&r, "Set-Cookie", cookie, sizeof cookie));
    assert_non_null(strstr(cookie, "; Path=/; HttpOnly; SameSite=Lax"));
    fcgi_free(&r);
    assert_true(is_in(&b));
    assert_int_equal(number("SELECT COUNT(*) FROM audit WHERE"
                            " event = 'account.sign_in' AND address ="
                            " '10.0.0.1' AND actor_name = '周敏'"), 1);
    /* Only the hash of the token is kept. */
    assert_int_equal(strlen(b.session), 3 + 43);
    snprintf(query, sizeof query, "SELECT COUNT(*) FROM session WHERE"
             " token_hash = UNHEX(SHA2('%s', 256))", b.session + 3);
    assert_int_equal(number(query), 1);
}

static void next_leads_nowhere_else(void **state)
{
    static const char *const bad[] = {
        "https://evil.cn/", "//evil.cn", "/%5Cevil.cn", "javascript:x",
        "/consol", "/logout", "%0d%0aX: y", "/console%0d%0aX:y",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        struct browser b = browser_at("10.0.0.2");
        struct fcgi_reply r;
        char to[300], more[100];

        forget(NULL);
        snprintf(more, sizeof more, "&next=%s", bad[i]);
        r = try(&b, ADMIN_PHONE, PEOPLE_PASSWORD, more);
        if (r.status == 303) {
            assert_true(fcgi_header(&r, "Location", to, sizeof to));
            assert_string_equal(to, "/console");
        } else {
            assert_int_equal(r.status, 400);
        }
        fcgi_free(&r);
    }
}

static void signing_out_ends_the_session(void **state)
{
    struct browser b = browser_at("10.0.0.3");
    struct fcgi_reply r;
    char old[80], to[100];

    (void)state;
    assert_true(browser_sign_in(&b, ADMIN_PHONE, PEOPLE_PASSWORD));
    snprintf(old, sizeof old, "%s", b.session);
    browser_post(&b, "/logout", "", &r);
    assert_int_equal(r.status, 303);
    assert_true(fcgi_header(&r, "Location", to, sizeof to));
    assert_string_equal(to, "/login?out=1");
    fcgi_free(&r);
    assert_string_equal(b.session, "");
    assert_int_equal(audited("account.sign_out", "10.0.0.3"), 1);
    snprintf(b.session, sizeof b.session, "%s", old);
    assert_false(is_in(&b));
    browser_get(&b, "/login?out=1", &r);
    assert_non_null(strstr(r.body, "你已退出登录。"));
    fcgi_free(&r);
}

/* A session that was there before is no session afterwards (fixation). */
static void signing_in_makes_a_new_token(void **state)
{
    struct browser b = browser_at("10.0.0.4");
    char first[80];

    (void)state;
    snprintf(b.session, sizeof b.session,
             "ph=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    assert_true(browser_sign_in(&b, ADMIN_PHONE, PEOPLE_PASSWORD));
    assert_null(strstr(b.session, "AAAAAAAA"));
    snprintf(first, sizeof first, "%s", b.session);
    b.session[0] = '\0';
    assert_true(browser_sign_in(&b, ADMIN_PHONE, PEOPLE_PASSWORD));
    assert_string_not_equal(first, b.session);
}

/* ---- guessing (A4) ----------------------------------------------------- */

static void failures_count_down_then_lock(void **state)
{
    struct fcgi_reply r;

    (void)state;
    /* From different addresses, so that no captcha is asked for before the
       phone's own third failure. */
    for (int i = 0; i < 3; i++) {
        char address[20], said[40];
        struct browser b;

        snprintf(address, sizeof address, "10.1.0.%d", i);
        b = browser_at(address);
        r = try(&b, PROVIDER_PHONE, "Wrong-pass-1", "");
        assert_int_equal(r.status, 422);
        snprintf(said, sizeof said, "还可尝试 %d 次，之后将锁定", 4 - i);
        if (strstr(r.body, said) == NULL)
            fail_msg("%d: no %s", i, said);
        fcgi_free(&r);
    }
    assert_int_equal(audited("account.sign_in_failed", "10.1.0.%"), 3);
    /* Now a captcha is asked for, and the right password alone is no use. */
    struct browser b = browser_at("10.1.0.9");

    r = try(&b, PROVIDER_PHONE, PEOPLE_PASSWORD, "");
    assert_int_equal(r.status, 422);
    assert_non_null(strstr(r.body, "输入图中的 4 个字符。"));
    assert_non_null(strstr(r.body, "/login/captcha.png?id="));
    fcgi_free(&r);
    assert_int_equal(audited("account.sign_in_failed", "10.1.0.9"), 1);
}

struct captcha {
    char id[33], answer[9];
};

static void read_captcha(struct cx *cx, void *arg)
{
    static const char q[] = "SELECT answer FROM captcha WHERE id = ?";
    struct captcha *c = arg;
    const char *answer = db_text(cx, q, BIND(V((const char *)c->id)));

    assert_non_null(answer);
    snprintf(c->answer, sizeof c->answer, "%s", answer);
}

/* The captcha on the page, as a person reads it. */
static void solve(const struct fcgi_reply *page, char *form, size_t size)
{
    const char *p = strstr(page->body, "captcha.png?id=");
    struct cx *cx = testdb_cx();
    struct captcha *c = CX_NEW(cx, struct captcha);

    assert_non_null(p);
    snprintf(c->id, sizeof c->id, "%.32s", p + 15);
    testdb_run(cx, read_captcha, c);
    snprintf(form, size, "&captcha_id=%s&captcha=%s", c->id, c->answer);
    testdb_cx_free(cx);
}

static void captcha_opens_the_way_once(void **state)
{
    struct browser b = browser_at("10.2.0.1");
    struct fcgi_reply r = { 0 };
    char solved[100], png[60];

    (void)state;
    for (int i = 0; i < 3; i++) {
        fcgi_free(&r);
        r = try(&b, PROVIDER_PHONE, "Wrong-pass-1", "");
    }
    solve(&r, solved, sizeof solved);
    snprintf(png, sizeof png, "/login/captcha.png?id=%.32s",
             solved + strlen("&captcha_id="));
    fcgi_free(&r);
    browser_get(&b, png, &r);
    assert_int_equal(r.status, 200);
    assert_memory_equal(r.body, "\x89PNG", 4);
    fcgi_free(&r);
    /* Wrong password with a solved captcha: uses it up. */
    r = try(&b, PROVIDER_PHONE, "Wrong-pass-2", solved);
    assert_non_null(strstr(r.body, "还可尝试 1 次"));
    fcgi_free(&r);
    r = try(&b, PROVIDER_PHONE, PEOPLE_PASSWORD, solved);
    assert_int_equal(r.status, 422);
    solve(&r, solved, sizeof solved);
    fcgi_free(&r);
    r = try(&b, PROVIDER_PHONE, PEOPLE_PASSWORD, solved);
    assert_int_equal(r.status, 303);
    fcgi_free(&r);
    /* Success forgives the phone; the address is still remembered. */
    assert_int_equal(number("SELECT COUNT(*) FROM guard WHERE subject ="
                            " 'login:" PROVIDER_PHONE "'"), 0);
}

static void fifth_failure_locks_for_a_quarter(void **state)
{
    struct browser b = browser_at("10.3.0.1");
    struct fcgi_reply r;

    (void)state;
    sql("INSERT INTO guard (subject, fails, window_at) VALUES"
        " ('login:" PROVIDER_PHONE "', 4, NOW(3)) ON DUPLICATE KEY UPDATE"
        " fails = 4, window_at = NOW(3), locked_to = NULL");
    sql("INSERT INTO captcha VALUES (REPEAT('a', 32), 'AB34',"
        " NOW(3) + INTERVAL 1 MINUTE)");
    r = try(&b, PROVIDER_PHONE, "Wrong-pass-1",
            "&captcha=ab34&captcha_id=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa");
    assert_int_equal(r.status, 422);
    assert_non_null(strstr(r.body, "密码错误次数过多"));
    fcgi_free(&r);
    r = try(&b, PROVIDER_PHONE, PEOPLE_PASSWORD, "");
    assert_non_null(strstr(r.body, "密码错误次数过多"));
    fcgi_free(&r);
    assert_int_equal(audited("account.sign_in_failed", "10.3.0.1"), 2);
    assert_in_range(number("SELECT TIMESTAMPDIFF(SECOND, NOW(3), locked_to)"
                           " FROM guard WHERE subject = 'login:"
                           PROVIDER_PHONE "'"), 880, 901);
    /* It ends by itself. */
    sql("UPDATE guard SET locked_to = NOW(3) - INTERVAL 1 SECOND");
    r = try(&b, PROVIDER_PHONE, PEOPLE_PASSWORD, "");
    assert_int_equal(r.status, 303);
    fcgi_free(&r);
}

static void an_address_is_slowed_down_whatever_the_phone(void **state)
{
    struct browser b = browser_at("10.4.0.1");
    struct fcgi_reply r;
    int tries = 4;

    (void)state;
    for (int i = 0; i < 3; i++) {
        char phone[20];

        snprintf(phone, sizeof phone, "1370000000%d", i);
        r = try(&b, phone, "Wrong-pass-1", "");
        fcgi_free(&r);
    }
    r = try(&b, ADMIN_PHONE, PEOPLE_PASSWORD, "");
    assert_int_equal(r.status, 422);
    assert_non_null(strstr(r.body, "captcha"));
    fcgi_free(&r);
    for (int i = 0; i < 30; i++) {
        r = try(&b, ADMIN_PHONE, "x", "");
        tries++;
        if (r.status == 429)
            break;
        fcgi_free(&r);
    }
    assert_int_equal(r.status, 429);
    fcgi_free(&r);
    /* Each of them is on record, whatever it was refused for (L1). */
    assert_int_equal(audited("account.sign_in_failed", "10.4.0.1"), tries);
}

/* Many addresses of one network count together (A4); others get in. */
static void a_network_is_slowed_down_whatever_the_address(void **state)
{
    struct browser b = browser_at("10.44.0.200");
    struct fcgi_reply r;

    (void)state;
    sql("INSERT INTO guard (subject, fails, window_at) VALUES"
        " ('net:0a2c00', 149, NOW(3))");
    r = try(&b, "13700000009", "Wrong-pass-1", "");
    fcgi_free(&r);
    b = browser_at("10.44.0.7");
    r = try(&b, ADMIN_PHONE, PEOPLE_PASSWORD, "");
    assert_int_equal(r.status, 422);
    assert_non_null(strstr(r.body, "密码错误次数过多"));
    fcgi_free(&r);
    b = browser_at("10.44.1.7");
    assert_true(browser_sign_in(&b, ADMIN_PHONE, PEOPLE_PASSWORD));
    /* Of IPv6 whole /64s are one address, /48s a network. */
    b = browser_at("2001:db8:1:2::7");
    r = try(&b, "13700000009", "Wrong-pass-1", "");
    fcgi_free(&r);
    assert_int_equal(number("SELECT COUNT(*) FROM guard WHERE subject IN"
                            " ('addr:20010db800010002', 'net:20010db80001')"
                            " AND fails = 1"), 2);
}

/* The fastest of some tries: what it takes when nothing else runs. */
static int64_t fastest_us(const char *phone)
{
    int64_t best = INT64_MAX;
    struct fcgi_reply r;

    for (int i = 0; i < 9; i++) {
        char address[30], form[100];
        struct browser b;
        int64_t took;

        forget(NULL);
        snprintf(address, sizeof address, "10.5.%s.%d", phone + 9, i);
        b = browser_at(address);
        browser_get(&b, "/login", &r);
        fcgi_free(&r);
        snprintf(form, sizeof form, "phone=%s&password=Wrong-pass-1", phone);
        took = monotonic_us();
        browser_post(&b, "/login", form, &r);
        took = monotonic_us() - took;
        best = took < best ? took : best;
        fcgi_free(&r);
    }
    return best;
}

/* Unknown, unclaimed and disabled phones answer as a wrong password does. */
static void nobody_learns_which_phones_exist(void **state)
{
    static const char *const phones[] = { "13799999999", NEW_PHONE,
                                          OFF_PHONE, ADMIN_PHONE };
    int64_t us[COUNT(phones)];
    struct fcgi_reply r;
    bool alike = false;

    (void)state;
    for (size_t i = 0; i < COUNT(phones); i++) {
        char address[20];
        struct browser b;

        forget(NULL);
        snprintf(address, sizeof address, "10.6.0.%zu", i);
        b = browser_at(address);
        r = try(&b, phones[i], "Wrong-pass-1", "");
        assert_int_equal(r.status, 422);
        assert_non_null(strstr(r.body, "手机号或密码不正确，还可尝试 4 次"));
        fcgi_free(&r);
    }
    /* A busy machine may slow one of them; a real difference comes again. */
    for (int round = 0; round < 6 && !alike; round++) {
        alike = true;
        for (size_t i = 0; i < COUNT(phones); i++)
            us[i] = fastest_us(phones[i]);
        for (size_t i = 0; i < COUNT(phones); i++)
            alike = alike && us[i] * 100 / us[COUNT(phones) - 1] >= 60 &&
                    us[i] * 100 / us[COUNT(phones) - 1] <= 160;
    }
    assert_true(alike);
    forget(NULL);
    struct browser b = browser_at("10.6.0.9");

    r = try(&b, OFF_PHONE, PEOPLE_PASSWORD, "");
    assert_non_null(strstr(r.body, "账号或所属组织已停用"));
    fcgi_free(&r);
}

/* ---- codes and first passwords (A3) ------------------------------------ */

static void claim(struct browser *b, const char *purpose, const char *phone,
                  char *key, size_t size)
{
    struct fcgi_reply r;
    char form[200], code[7], to[400];

    browser_get(b, "/login?view=first", &r);
    fcgi_free(&r);
    snprintf(form, sizeof form, "phone=%s&purpose=%s", phone, purpose);
    browser_post(b, "/login/code", form, &r);
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.body, "验证码已发送到"));
    fcgi_free(&r);
    assert_true(inbox_code(&inbox, phone, code));
    snprintf(form, sizeof form, "phone=%s&purpose=%s&code=%s", phone,
             purpose, code);
    browser_post(b, "/login/sms", form, &r);
    assert_int_equal(r.status, 303);
    assert_true(fcgi_header(&r, "Location", to, sizeof to));
    assert_memory_equal(to, "/login/password?key=", 20);
    snprintf(key, size, "%.*s", (int)strcspn(to + 20, "&"), to + 20);
    fcgi_free(&r);
}

static void first_password_needs_the_phone(void **state)
{
    struct browser b = browser_at("10.7.0.1");
    struct fcgi_reply r;
    char key[100], form[300];

    (void)state;
    /* No password yet: none opens it. */
    r = try(&b, NEW_PHONE, PEOPLE_PASSWORD, "");
    assert_int_equal(r.status, 422);
    fcgi_free(&r);
    /* A made-up key claims nothing. */
    browser_post(&b, "/login/password", "key=1.abcdef&password=Xy-12345678"
                 "&again=Xy-12345678", &r);
    assert_int_equal(r.status, 422);
    assert_string_equal(b.session, "");
    fcgi_free(&r);
    browser_post(&b, "/login/password", "key=1.abcdef&password=Xy-12345678"
                 "&again=other", &r);
    assert_int_equal(r.status, 422);
    fcgi_free(&r);
    assert_int_equal(audited("account.sign_in_failed", "10.7.0.1"), 3);
    forget(NULL);
    claim(&b, "first", NEW_PHONE, key, sizeof key);
    snprintf(form, sizeof form,
             "key=%s&password=Password1!&again=Password1!", key);
    browser_post(&b, "/login/password", form, &r);
    assert_int_equal(r.status, 422);
    assert_non_null(strstr(r.body, "太常见"));
    fcgi_free(&r);
    snprintf(form, sizeof form,
             "key=%s&password=Fresh-Pear-3&again=Fresh-Pear-4", key);
    browser_post(&b, "/login/password", form, &r);
    assert_non_null(strstr(r.body, "两次输入的密码不一致"));
    fcgi_free(&r);
    snprintf(form, sizeof form,
             "key=%s&password=Fresh-Pear-3&again=Fresh-Pear-3", key);
    browser_post(&b, "/login/password", form, &r);
    assert_int_equal(r.status, 303);
    fcgi_free(&r);
    assert_true(is_in(&b));
    /* Once. */
    struct browser other = browser_at("10.7.0.2");

    browser_get(&other, "/login", &r);
    fcgi_free(&r);
    browser_post(&other, "/login/password", form, &r);
    assert_int_equal(r.status, 422);
    assert_string_equal(other.session, "");
    fcgi_free(&r);
    assert_int_equal(audited("account.password", "10.7.0.1"), 1);
    assert_int_equal(audited("account.claim", "10.7.0.1"), 1);
    assert_int_equal(audited("account.sign_in_failed", "10.7.0.1"), 3);
    assert_int_equal(audited("account.sign_in_failed", "10.7.0.2"), 1);
    assert_true(browser_sign_in(&other, NEW_PHONE, "Fresh-Pear-3"));
}

static void code_signs_in_and_is_used_up(void **state)
{
    struct browser b = browser_at("10.8.0.1");
    struct fcgi_reply r;
    char form[200], code[7];

    (void)state;
    browser_get(&b, "/login?view=sms", &r);
    fcgi_free(&r);
    browser_post(&b, "/login/code", "phone=" CLERK_PHONE "&purpose=sms", &r);
    assert_int_equal(r.status, 200);
    fcgi_free(&r);
    assert_true(inbox_code(&inbox, CLERK_PHONE, code));
    for (int i = 0; i < 2; i++) { /* bound to its purpose, and counted */
        snprintf(form, sizeof form, "phone=%s&purpose=reset&code=%s",
                 CLERK_PHONE, code);
        browser_post(&b, "/login/sms", form, &r);
        assert_int_equal(r.status, 422);
        fcgi_free(&r);
    }
    snprintf(form, sizeof form, "phone=%s&purpose=sms&code=%s", CLERK_PHONE,
             code);
    browser_post(&b, "/login/sms", form, &r);
    assert_int_equal(r.status, 303);
    fcgi_free(&r);
    assert_true(is_in(&b));
    assert_int_equal(number("SELECT COUNT(*) FROM audit WHERE event ="
                            " 'account.sign_in' AND address = '10.8.0.1'"),
                     1);
    assert_int_equal(audited("account.sign_in_failed", "10.8.0.1"), 2);
    b.session[0] = '\0';
    browser_get(&b, "/login?view=sms", &r);
    fcgi_free(&r);
    browser_post(&b, "/login/sms", form, &r);
    assert_int_equal(r.status, 422);
    assert_non_null(strstr(r.body, "验证码不正确或已过期"));
    fcgi_free(&r);
}

static void code_is_tried_five_times_and_sent_once_a_minute(void **state)
{
    struct browser b = browser_at("10.9.0.1");
    struct fcgi_reply r;
    char form[200], code[7];

    (void)state;
    browser_get(&b, "/login?view=sms", &r);
    fcgi_free(&r);
    for (int i = 0; i < 2; i++) {
        browser_post(&b, "/login/code", "phone=" ADMIN_PHONE "&purpose=sms",
                     &r);
        assert_int_equal(r.status, i == 0 ? 200 : 422);
        fcgi_free(&r);
    }
    assert_true(inbox_code(&inbox, ADMIN_PHONE, code));
    assert_int_equal(audited("sms.code", "10.9.0.1"), 1);
    for (int i = 0; i < 5; i++) {
        browser_post(&b, "/login/sms",
                     "phone=" ADMIN_PHONE "&purpose=sms&code=000000", &r);
        assert_int_equal(r.status, 422);
        fcgi_free(&r);
    }
    snprintf(form, sizeof form, "phone=%s&purpose=sms&code=%s", ADMIN_PHONE,
             code);
    browser_post(&b, "/login/sms", form, &r);
    assert_int_equal(r.status, 422);
    fcgi_free(&r);
    /* Who guesses codes must read a picture before the next is sent. */
    browser_post(&b, "/login/code", "phone=13711111111&purpose=sms", &r);
    assert_int_equal(r.status, 422);
    assert_non_null(strstr(r.body, "输入图中的 4 个字符。"));
    fcgi_free(&r);
    assert_int_equal(audited("sms.code_refused", "10.9.0.1"), 2);
    /* A phone that is nobody's looks the same, and gets nothing. */
    b = browser_at("10.9.0.2");
    browser_get(&b, "/login?view=sms", &r);
    fcgi_free(&r);
    browser_post(&b, "/login/code", "phone=13711111111&purpose=sms", &r);
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.body, "验证码已发送到 137****1111"));
    fcgi_free(&r);
    assert_false(inbox_code(&inbox, "13711111111", code));
}

/* ---- how sessions end (A6) --------------------------------------------- */

static void session_ends_when(const char *what, const char *change,
                              const char *undo)
{
    struct browser b = browser_at("10.10.0.1");

    forget(NULL);
    assert_true(browser_sign_in(&b, BOUND_PHONE, PEOPLE_PASSWORD));
    assert_true(is_in(&b));
    sql("%s", change);
    if (is_in(&b))
        fail_msg("still in after: %s", what);
    sql("%s", undo);
}

#define BOUND_ID "(SELECT id FROM account WHERE phone = '" BOUND_PHONE "')"

static void sessions_end_when_they_must(void **state)
{
    static const char enable[] = "UPDATE account SET status = 1";
    static const char orgs[] = "UPDATE org SET status = 1";

    (void)state;
    session_ends_when("idle", "UPDATE session SET seen_at = NOW(3) -"
                      " INTERVAL 31 MINUTE", "DO 1");
    session_ends_when("too old", "UPDATE session SET expires_at = NOW(3)",
                      "DO 1");
    session_ends_when("disabled", "UPDATE account SET status = 2 WHERE"
                      " phone = '" BOUND_PHONE "'", enable);
    session_ends_when("rights changed", "UPDATE account SET rights_ver ="
                      " rights_ver + 1 WHERE phone = '" BOUND_PHONE "'",
                      "DO 1");
    session_ends_when("organisation disabled", "UPDATE org SET status = 2"
                      " WHERE name = '岭海'", orgs);
    session_ends_when("deleted", "DELETE FROM session WHERE owner_id = "
                      BOUND_ID, "DO 1");
    sql("UPDATE account SET status = 2 WHERE phone = '" OFF_PHONE "'");
}

static void absolute_age_is_twelve_hours(void **state)
{
    struct browser b = browser_at("10.11.0.1");

    (void)state;
    assert_true(browser_sign_in(&b, CLERK_PHONE, PEOPLE_PASSWORD));
    assert_in_range(number("SELECT TIMESTAMPDIFF(SECOND, created_at,"
                           " expires_at) FROM session ORDER BY id DESC"
                           " LIMIT 1"), 43200, 43200);
}

static void a_poll_does_not_keep_a_session_alive(void **state)
{
    struct browser b = browser_at("10.12.0.1");
    struct fcgi_call c = { .uri = "/console/me",
                           .headers = { { "HTTP_X_POLL", "1" } } };
    struct fcgi_reply r;

    (void)state;
    assert_true(browser_sign_in(&b, CLERK_PHONE, PEOPLE_PASSWORD));
    sql("UPDATE session SET seen_at = NOW(3) - INTERVAL 10 MINUTE");
    c.headers[1].name = "HTTP_COOKIE";
    c.headers[1].value = b.session;
    assert_true(fcgi_call(server.socket, &c, &r));
    assert_int_equal(r.status, 200);
    fcgi_free(&r);
    assert_in_range(number("SELECT MAX(TIMESTAMPDIFF(SECOND, seen_at,"
                           " NOW(3))) FROM session"), 600, 660);
    assert_true(is_in(&b));
    assert_in_range(number("SELECT MIN(TIMESTAMPDIFF(SECOND, seen_at,"
                           " NOW(3))) FROM session"), 0, 5);
}

static void sixth_session_ends_the_first(void **state)
{
    struct browser b[6];

    (void)state;
    for (int i = 0; i < 6; i++) {
        forget(NULL);
        b[i] = browser_at("10.13.0.1");
        assert_true(browser_sign_in(&b[i], OTHER_PHONE, PEOPLE_PASSWORD));
    }
    assert_false(is_in(&b[0]));
    for (int i = 1; i < 6; i++)
        assert_true(is_in(&b[i]));
}

static void changing_the_password_ends_the_others(void **state)
{
    struct browser a = browser_at("10.14.0.1"), b = browser_at("10.14.0.2");
    struct fcgi_reply r;
    char form[300];

    (void)state;
    assert_true(browser_sign_in(&a, OTHER_PHONE, PEOPLE_PASSWORD));
    assert_true(browser_sign_in(&b, OTHER_PHONE, PEOPLE_PASSWORD));
    snprintf(form, sizeof form, "old=wrong&password=New-Plum-45"
             "&again=New-Plum-45&_form=%s", a.form);
    browser_post(&a, "/console/me/password", form, &r);
    assert_int_equal(r.status, 422);
    assert_non_null(strstr(r.body, "现在的密码不正确"));
    fcgi_free(&r);
    snprintf(form, sizeof form, "old=" PEOPLE_PASSWORD
             "&password=New-Plum-45&again=New-Plum-45&_form=%s", a.form);
    browser_post(&a, "/console/me/password", form, &r);
    assert_int_equal(r.status, 303);
    fcgi_free(&r);
    assert_true(is_in(&a));
    assert_false(is_in(&b));
    /* None of the last five comes back. */
    snprintf(form, sizeof form, "old=New-Plum-45&password=" PEOPLE_PASSWORD
             "&again=" PEOPLE_PASSWORD "&_form=%s", a.form);
    browser_post(&a, "/console/me/password", form, &r);
    assert_int_equal(r.status, 422);
    assert_non_null(strstr(r.body, "最近 5 次"));
    fcgi_free(&r);
}

static void old_password_must_be_changed_first(void **state)
{
    struct browser b = browser_at("10.15.0.1");
    struct fcgi_reply r;
    char to[60];

    (void)state;
    assert_true(browser_sign_in(&b, CLERK_PHONE, PEOPLE_PASSWORD));
    sql("UPDATE account SET password_at = NOW(3) - INTERVAL 91 DAY WHERE"
        " phone = '" CLERK_PHONE "'");
    browser_get(&b, "/t/page", &r);
    assert_int_equal(r.status, 303);
    assert_true(fcgi_header(&r, "Location", to, sizeof to));
    assert_string_equal(to, "/console/me");
    fcgi_free(&r);
    browser_get(&b, "/console/me", &r);
    assert_int_equal(r.status, 200);
    assert_non_null(strstr(r.body, "超过 90 天"));
    fcgi_free(&r);
    sql("UPDATE account SET password_at = NOW(3) WHERE phone = '"
        CLERK_PHONE "'");
}

static void one_may_end_ones_other_sessions_only(void **state)
{
    struct browser a = browser_at("10.16.0.1"), b = browser_at("10.16.0.2");
    struct fcgi_reply r;
    char form[60];

    (void)state;
    assert_true(browser_sign_in(&a, PROVIDER_PHONE, PEOPLE_PASSWORD));
    assert_true(browser_sign_in(&b, ADMIN_PHONE, PEOPLE_PASSWORD));
    snprintf(form, sizeof form, "id=%lld",
             (long long)number("SELECT MAX(id) FROM session"));
    browser_post(&a, "/console/me/kill", form, &r);
    assert_int_equal(r.status, 404);
    fcgi_free(&r);
    assert_true(is_in(&b));
    browser_post(&b, "/console/me/kill", form, &r);
    assert_int_equal(r.status, 303);
    fcgi_free(&r);
    assert_false(is_in(&b));
}

/* ---- drivers ----------------------------------------------------------- */

static void drivers_come_by_bearer_token(void **state)
{
    long long driver = people.driver[1];
    char bearer[PEOPLE_BEARER], cookie[PEOPLE_BEARER], who[100];
    struct fcgi_call c = { .uri = "/api/t/v1/who" };
    struct fcgi_reply r;

    (void)state;
    people_bearer(driver, bearer);
    assert_true(fcgi_call(server.socket, &c, &r));
    assert_int_equal(r.status, 401);
    fcgi_free(&r);
    c.headers[0].name = "HTTP_AUTHORIZATION";
    c.headers[0].value = bearer;
    assert_true(fcgi_call(server.socket, &c, &r));
    assert_int_equal(r.status, 200);
    snprintf(who, sizeof who, "{\"code\":0,\"data\":{\"driver\":%lld,"
             "\"scope\":%lld}}", driver, driver);
    assert_string_equal(r.body, who);
    fcgi_free(&r);
    /* It is no account's cookie, and a cookie is no bearer token. */
    snprintf(cookie, sizeof cookie, "ph=%s", bearer + strlen("Bearer "));
    assert_true(fcgi_call(server.socket, &(struct fcgi_call){
        .uri = "/console/me", .headers = { { "HTTP_COOKIE", cookie } } }, &r));
    assert_int_equal(r.status, 303);
    fcgi_free(&r);
    sql("UPDATE driver SET status = 2 WHERE id = %lld", driver);
    testdb_moment();
    assert_true(fcgi_call(server.socket, &c, &r));
    assert_int_equal(r.status, 401);
    fcgi_free(&r);
}

/* ---- granting (A10) ---------------------------------------------------- */

static void grant_view(struct cx *cx, void *arg)
{
    static const char *const perms[] = { "t.view" };

    (void)arg;
    people_may_grant(cx, perms, COUNT(perms));
}

static void grant_more(struct cx *cx, void *arg)
{
    static const char *const perms[] = { "t.view", "role.edit" };

    (void)arg;
    people_may_grant(cx, perms, COUNT(perms));
}

static void assign_role(struct cx *cx, void *arg)
{
    people_may_assign(cx, *(int64_t *)arg);
}

static void nobody_grants_a_right_they_lack(void **state)
{
    struct cx *cx = testdb_cx();
    int64_t admin = testdb_int(cx, "SELECT id FROM role WHERE name ="
                               " '平台管理员'");
    int64_t other = testdb_int(cx, "SELECT id FROM role WHERE name ="
                               " '管理员'");

    (void)state;
    cx->actor.kind = ACTOR_ACCOUNT;
    cx->actor.id = testdb_int(cx, "SELECT id FROM account WHERE phone = '"
                              PROVIDER_PHONE "'");
    cx->scope = (struct scope){ .provider_id = people.provider[0] };
    assert_true(cx_run(cx, grant_view, NULL));
    assert_false(cx_run(cx, grant_more, NULL));
    assert_int_equal(cx->error.code, ERR_FORBIDDEN);
    /* Roles of others do not exist; a built-in one takes one. */
    assert_false(cx_run(cx, assign_role, &admin));
    assert_int_equal(cx->error.code, ERR_NOT_FOUND);
    assert_false(cx_run(cx, assign_role, &other));
    assert_int_equal(cx->error.code, ERR_NOT_FOUND);
    cx->scope = (struct scope){ .all = true };
    assert_false(cx_run(cx, assign_role, &admin));
    assert_int_equal(cx->error.code, ERR_FORBIDDEN);
    cx->actor.id = testdb_int(cx, "SELECT id FROM account WHERE phone = '"
                              ADMIN_PHONE "'");
    assert_true(cx_run(cx, assign_role, &admin));
    assert_true(cx_run(cx, grant_more, NULL));
    testdb_cx_free(cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(right_password_opens_the_console, forget),
        cmocka_unit_test_setup(next_leads_nowhere_else, forget),
        cmocka_unit_test_setup(signing_out_ends_the_session, forget),
        cmocka_unit_test_setup(signing_in_makes_a_new_token, forget),
        cmocka_unit_test_setup(failures_count_down_then_lock, forget),
        cmocka_unit_test_setup(captcha_opens_the_way_once, forget),
        cmocka_unit_test_setup(fifth_failure_locks_for_a_quarter, forget),
        cmocka_unit_test_setup(an_address_is_slowed_down_whatever_the_phone,
                               forget),
        cmocka_unit_test_setup(a_network_is_slowed_down_whatever_the_address,
                               forget),
        cmocka_unit_test_setup(nobody_learns_which_phones_exist, forget),
        cmocka_unit_test_setup(first_password_needs_the_phone, forget),
        cmocka_unit_test_setup(code_signs_in_and_is_used_up, forget),
        cmocka_unit_test_setup(
            code_is_tried_five_times_and_sent_once_a_minute, forget),
        cmocka_unit_test_setup(sessions_end_when_they_must, forget),
        cmocka_unit_test_setup(absolute_age_is_twelve_hours, forget),
        cmocka_unit_test_setup(a_poll_does_not_keep_a_session_alive, forget),
        cmocka_unit_test_setup(sixth_session_ends_the_first, forget),
        cmocka_unit_test_setup(changing_the_password_ends_the_others,
                               forget),
        cmocka_unit_test_setup(old_password_must_be_changed_first, forget),
        cmocka_unit_test_setup(one_may_end_ones_other_sessions_only, forget),
        cmocka_unit_test_setup(drivers_come_by_bearer_token, forget),
        cmocka_unit_test_setup(nobody_grants_a_right_they_lack, forget),
    };
    char settings[200];
    int failed;

    testdb_start("web_sessions");
    people_make(&people);
    inbox_start(&inbox);
    snprintf(settings, sizeof settings, "web_workers=2\nweb_pool=slow\n"
             "sms_url=http://127.0.0.1:%d/sms\nsms_key=" INBOX_KEY "\n",
             inbox.port);
    web_server_start(&server, "tests/integration/web/probe-web", settings);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    if (web_server_stop(&server) != 0)
        failed++;
    inbox_stop(&inbox);
    testdb_stop();
    return failed;
}
