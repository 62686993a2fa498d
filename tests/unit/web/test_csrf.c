/*
 * Tokens: who they belong to, and where a request may come from.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "base/crypto.h"
#include "web/csrf.h"
#include "web/session.h"
#include "web/shared.h"

enum { CX_BYTES = 1 << 20 };

static struct cx *cx;
static const struct config config = {
    .public_url = "https://console.example.cn", .cookie_secure = true
};
static const struct session mine = { .id = 1, .csrf = "aabb" };
static const struct session yours = { .id = 2, .csrf = "ccdd" };

static int start(void **state)
{
    char path[] = "/tmp/pilehub-secret-XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    crypto_start();
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "000102030405060708090a0b0c0d0e0f"
                           "101112131415161718191a1b1c1d1e1f\n", 65), 65);
    close(fd);
    secret_load(path);
    unlink(path);
    cx = cx_new(NULL, &config, CX_BYTES);
    cx_begin(cx);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    cx_free(cx);
    return 0;
}

static void cookies_are_host_bound(void **state)
{
    (void)state;
    assert_string_equal(session_cookie(&config), "__Host-ph");
    assert_string_equal(set_cookie(cx, "__Host-ph", "x"),
                        "__Host-ph=x; Path=/; HttpOnly; SameSite=Lax; Secure");
    assert_non_null(strstr(set_cookie(cx, "__Host-ph", ""), "Max-Age=0"));
}

static void where_a_request_may_come_from(void **state)
{
    static const struct {
        struct origin from; /* Origin, Host, Sec-Fetch-Site */
        bool good;
    } cases[] = {
        { { "https://console.example.cn", "console.example.cn",
            "same-origin" }, true },
        { { "https://console.example.cn", "10.0.0.1", "" }, true },
        { { "http://127.0.0.1:8080", "127.0.0.1:8080", "" }, true },
        { { "http://LOCALHOST:8080", "localhost:8080", "" }, true },
        { { "", "", "" }, true },
        { { "", "", "same-origin" }, true },
        { { "", "", "same-site" }, false },
        { { "", "", "cross-site" }, false },
        { { "", "", "none" }, false },
        { { "null", "127.0.0.1:8080", "" }, false },
        { { "https://evil.cn", "console.example.cn", "" }, false },
        { { "https://console.example.cn.evil.cn", "x", "" }, false },
        { { "https://console.example", "x", "" }, false },
        { { "http://127.0.0.1:8081", "127.0.0.1:8080", "" }, false },
        { { "https://console.example.cn", "x", "cross-site" }, false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        if (csrf_is_good(&config, &cases[i].from, "token", "token") !=
            cases[i].good)
            fail_msg("case %zu", i);
}

static void tokens_are_compared_whole(void **state)
{
    static const struct origin here = { "", "", "" };
    const char *guest = csrf_token(cx, NULL, "guest-1");

    (void)state;
    assert_string_equal(csrf_token(cx, &mine, "g"), "aabb");
    assert_int_equal(strlen(guest), 64);
    assert_string_not_equal(guest, csrf_token(cx, NULL, "guest-2"));
    assert_true(csrf_is_good(&config, &here, "aabb", "aabb"));
    assert_false(csrf_is_good(&config, &here, "aabb", "aab"));
    assert_false(csrf_is_good(&config, &here, "aabb", "aabbc"));
    assert_false(csrf_is_good(&config, &here, "aabb", ""));
    assert_false(csrf_is_good(&config, &here, "", ""));
}

static void form_tokens_belong_to_one_session(void **state)
{
    const char *token = form_token_new(cx, &mine);
    const char *key = form_token_key(cx, &mine, token);
    char forged[200];

    (void)state;
    assert_non_null(key);
    assert_int_equal(strlen(key), 32);
    assert_string_not_equal(token, form_token_new(cx, &mine));
    assert_null(form_token_key(cx, &yours, token));
    assert_null(form_token_key(cx, &mine, ""));
    assert_null(form_token_key(cx, &mine, key));
    for (size_t i = 0; i < strlen(token); i++) {
        snprintf(forged, sizeof forged, "%s", token);
        forged[i] = forged[i] == '0' ? '1' : '0';
        assert_null(form_token_key(cx, &mine, forged));
    }
}

static void rights_are_found_by_name(void **state)
{
    static const char *const some[] = { "a.view", "b.edit", "c.view" };
    static const char *const all[] = { "*" };
    struct session s = { .kind = ACTOR_ACCOUNT, .perms = some,
                         .perm_count = COUNT(some) };

    (void)state;
    assert_true(session_may(&s, "a.view"));
    assert_true(session_may(&s, "b.edit"));
    assert_true(session_may(&s, "c.view"));
    assert_false(session_may(&s, "b.view"));
    assert_false(session_may(&s, "a.vie"));
    assert_false(session_may(&s, ""));
    assert_true(session_may(&s, PERM_ANY));
    assert_false(session_may(NULL, PERM_ANY));
    s.perms = all;
    s.perm_count = 1;
    assert_true(session_may(&s, "b.view"));
    s.kind = ACTOR_DRIVER;
    assert_false(session_may(&s, PERM_ANY));
}

/* Two windows of a minute, the older one fading. */
static void limits_slide(void **state)
{
    struct shared *s = shared_new();
    int64_t t = 60000 * INT64_C(1000);
    int n = 0;

    (void)state;
    for (int i = 0; i < 20; i++)
        n += limit_take(s, "x", "me", 10, t + i);
    assert_int_equal(n, 10);
    assert_true(limit_take(s, "x", "you", 10, t));
    assert_true(limit_take(s, "y", "me", 10, t));
    assert_false(limit_take(s, "x", "me", 10, t + 59999));
    assert_false(limit_take(s, "x", "me", 10, t + 60000));
    n = 0;
    for (int i = 0; i < 20; i++) /* half a minute on, half is free again */
        n += limit_take(s, "x", "me", 10, t + 90000);
    assert_int_equal(n, 5);
    n = 0;
    for (int i = 0; i < 20; i++)
        n += limit_take(s, "x", "me", 10, t + 300000);
    assert_int_equal(n, 10);
    shared_free(s);
}

/* More callers than counters: some are forgotten, nothing breaks. */
static void limits_survive_a_crowd(void **state)
{
    struct shared *s = shared_new();
    char who[20];
    int n = 0;

    (void)state;
    for (int i = 0; i < 100000; i++) {
        snprintf(who, sizeof who, "%d", i);
        n += limit_take(s, "x", who, 1, 60000);
    }
    assert_int_equal(n, 100000);
    shared_free(s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(cookies_are_host_bound), T(where_a_request_may_come_from),
        T(tokens_are_compared_whole), T(form_tokens_belong_to_one_session),
        T(rights_are_found_by_name), T(limits_slide),
        T(limits_survive_a_crowd),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
