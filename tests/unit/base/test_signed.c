/*
 * Signatures of calls and callbacks: base/signed.h. The expected values were
 * made with `openssl dgst -sha256 -hmac`.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "base/signed.h"

#define KEY "0f1e2d3c4b5a"
#define NONCE "00112233445566778899aabbccddeeff"
#define AT "1767225600"
#define BODY "{\"amount\":5000}"

static const stamp now = { INT64_C(1767225600) * 1000 };

static void signature_is_the_one_of_the_document(void **state)
{
    char hex[SIGNED_HEX];

    (void)state;
    assert_string_equal(
        signed_hex(KEY, "POST /pay/orders", AT, NONCE, BODY, strlen(BODY),
                   hex),
        "9f0bca416c174a8b3487110f44acb850"
        "d01b352493813712348db882af0ac1e0");
    assert_string_equal(signed_hex(KEY, "notify", AT, NONCE, "", 0, hex),
                        "415d8df4fbd3f70b525ca9de256b1e5b"
                        "49146cebda3535d77834b72ef25b3ccf");
}

/* What a message may look like, and whether it is taken. */
struct message {
    const char *what;
    const char *key, *head, *at, *nonce, *body;
    int64_t off_s; /* our clock beyond the signed time */
    bool good;
};

static void only_the_signed_message_is_taken(void **state)
{
    static const struct message cases[] = {
        { "as signed", KEY, "notify", AT, NONCE, BODY, 0, true },
        { "300 s old", KEY, "notify", AT, NONCE, BODY, 300, true },
        { "300 s ahead", KEY, "notify", AT, NONCE, BODY, -300, true },
        { "301 s old", KEY, "notify", AT, NONCE, BODY, 301, false },
        { "301 s ahead", KEY, "notify", AT, NONCE, BODY, -301, false },
        { "other key", "0f1e2d3c4b5b", "notify", AT, NONCE, BODY, 0, false },
        { "no key", "", "notify", AT, NONCE, BODY, 0, false },
        { "other head", KEY, "answer", AT, NONCE, BODY, 0, false },
        { "other body", KEY, "notify", AT, NONCE, "{\"amount\":5001}", 0,
          false },
        { "cut body", KEY, "notify", AT, NONCE, "{\"amount\":5000", 0, false },
        { "other time", KEY, "notify", "1767225601", NONCE, BODY, 0, false },
        { "time with sign", KEY, "notify", "+1767225600", NONCE, BODY, 0,
          false },
        { "time of 40 digits", KEY, "notify",
          "1767225600176722560017672256001767225600", NONCE, BODY, 0, false },
        { "empty time", KEY, "notify", "", NONCE, BODY, 0, false },
        { "other nonce", KEY, "notify", AT,
          "00112233445566778899aabbccddeefe", BODY, 0, false },
        { "short nonce", KEY, "notify", AT, "00", BODY, 0, false },
        { "no nonce", KEY, "notify", AT, NULL, BODY, 0, false },
        { "no time", KEY, "notify", NULL, NONCE, BODY, 0, false },
    };
    char hex[SIGNED_HEX];

    (void)state;
    signed_hex(KEY, "notify", AT, NONCE, BODY, strlen(BODY), hex);
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct message *m = &cases[i];
        struct signed_headers h = { m->at, m->nonce, hex };
        stamp at = stamp_add_ms(now, m->off_s * 1000);

        if (signed_check(m->key, m->head, &h, m->body, strlen(m->body), at) !=
            m->good)
            fail_msg("%s", m->what);
    }
}

static void a_signature_of_any_other_form_is_refused(void **state)
{
    struct signed_headers h = { AT, NONCE, NULL };
    char hex[SIGNED_HEX + 2];

    (void)state;
    signed_hex(KEY, "notify", AT, NONCE, BODY, strlen(BODY), hex);
    assert_false(signed_check(KEY, "notify", &h, BODY, strlen(BODY), now));
    h.signature = "";
    assert_false(signed_check(KEY, "notify", &h, BODY, strlen(BODY), now));
    h.signature = hex;
    assert_true(signed_check(KEY, "notify", &h, BODY, strlen(BODY), now));
    hex[64] = '0';
    hex[65] = '\0';
    assert_false(signed_check(KEY, "notify", &h, BODY, strlen(BODY), now));
    hex[64] = '\0';
    for (int i = 0; i < 64; i++) {
        char was = hex[i];

        hex[i] = was == '0' ? '1' : '0';
        assert_false(signed_check(KEY, "notify", &h, BODY, strlen(BODY),
                                  now));
        hex[i] = was;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signature_is_the_one_of_the_document),
        cmocka_unit_test(only_the_signed_message_is_taken),
        cmocka_unit_test(a_signature_of_any_other_form_is_refused),
    };

    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
