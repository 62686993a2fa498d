/*
 * Hashes, texts of bytes, and above all password hashes (rule A1): Argon2id
 * with 19 MiB and two passes at least, and every character counts.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/cx.h"

enum { MEMORY_LEAST_KIB = 19 * 1024, PASSES_LEAST = 2 };

static struct cx *cx;

static int64_t number_after(const char *text, const char *mark)
{
    const char *at = strstr(text, mark);

    assert_non_null(at);
    return strtoll(at + strlen(mark), NULL, 10);
}

static void passwords_cost_what_the_rule_asks(void **state)
{
    char hash[PASSWORD_HASH_SIZE], again[PASSWORD_HASH_SIZE];

    (void)state;
    password_hash(cx, "Grain-of-7Salt", hash);
    assert_memory_equal(hash, "$argon2id$v=19$", 15);
    assert_in_range(number_after(hash, "m="), MEMORY_LEAST_KIB, 1 << 20);
    assert_in_range(number_after(hash, ",t="), PASSES_LEAST, 20);
    password_hash(cx, "Grain-of-7Salt", again);
    assert_string_not_equal(hash, again); /* a salt of its own */
    assert_true(password_verify(cx, hash, "Grain-of-7Salt"));
    assert_true(password_verify(cx, again, "Grain-of-7Salt"));
    assert_false(password_verify(cx, hash, "grain-of-7Salt"));
    assert_false(password_verify(cx, hash, ""));
    assert_false(password_verify(cx, "", "Grain-of-7Salt"));
    assert_false(password_verify(cx, "x", "Grain-of-7Salt"));
}

struct attempt {
    char hash[PASSWORD_HASH_SIZE];
    bool right;
};

static void hash_again(struct cx *c, void *arg)
{
    struct attempt *a = arg;
    char hash[PASSWORD_HASH_SIZE];

    password_hash(c, "Grain-of-7Salt", hash);
    memcpy(a->hash, hash, sizeof hash);
}

static void verify_again(struct cx *c, void *arg)
{
    struct attempt *a = arg;

    a->right = password_verify(c, a->hash, "Grain-of-7Salt");
}

/* Address space for what there is and 8 MiB more. */
static void limit_memory(struct rlimit *before)
{
    struct rlimit tight;
    FILE *f = fopen("/proc/self/statm", "r");
    long pages = 0;

    assert_non_null(f);
    assert_int_equal(fscanf(f, "%ld", &pages), 1);
    fclose(f);
    getrlimit(RLIMIT_AS, before);
    tight = *before;
    tight.rlim_cur = (rlim_t)(pages * sysconf(_SC_PAGESIZE)) + (8U << 20);
    assert_int_equal(setrlimit(RLIMIT_AS, &tight), 0);
}

/* Who has no memory to look must not call a right password wrong. */
static void without_memory_nothing_is_wrong(void **state)
{
    struct attempt a = { "", false };
    struct rlimit before;
    bool hashed, verified;

    (void)state;
    assert_true(cx_run(cx, hash_again, &a));
    limit_memory(&before);
    hashed = cx_run(cx, hash_again, &a) || cx->error.code != ERR_MEMORY;
    verified = cx_run(cx, verify_again, &a) || cx->error.code != ERR_MEMORY;
    setrlimit(RLIMIT_AS, &before);
    assert_false(hashed);
    assert_false(verified);
    assert_true(cx_run(cx, verify_again, &a));
    assert_true(a.right);
}

/* Nothing is cut off, and no character ends it early. */
static void every_character_counts(void **state)
{
    char text[65 * 4], hash[PASSWORD_HASH_SIZE];

    (void)state;
    memset(text, 'a', 64);
    text[64] = '\0';
    password_hash(cx, text, hash);
    assert_true(password_verify(cx, hash, text));
    text[63] = 'b';
    assert_false(password_verify(cx, hash, text));
    text[63] = '\0';
    assert_false(password_verify(cx, hash, text));
    /* 64 Chinese characters are 192 bytes, beyond what bcrypt would see. */
    for (size_t i = 0; i < 64; i++)
        memcpy(text + 3 * i, "梅", 3);
    text[192] = '\0';
    password_hash(cx, text, hash);
    assert_true(password_verify(cx, hash, text));
    text[191]++;
    assert_false(password_verify(cx, hash, text));
}

static void sums_are_those_of_the_standards(void **state)
{
    uint8_t out[SHA256_SIZE];
    char hex[2 * SHA256_SIZE + 1];

    (void)state;
    sha256("abc", 3, out); /* FIPS 180-4 */
    assert_string_equal(hex_encode(out, sizeof out, hex),
                        "ba7816bf8f01cfea414140de5dae2223"
                        "b00361a396177a9cb410ff61f20015ad");
    hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, out);
    assert_string_equal(hex_encode(out, sizeof out, hex), /* RFC 4231 */
                        "5bdcc146bf60754e6a042426089575c7"
                        "5a003f089d2739839dec58b964ec3843");
}

static void texts_of_bytes_come_back(void **state)
{
    uint8_t bytes[40], back[40];
    char hex[2 * sizeof bytes + 1], text[60];

    (void)state;
    for (size_t n = 0; n <= sizeof bytes; n++) {
        random_bytes(bytes, n);
        assert_true(hex_decode(hex_encode(bytes, n, hex), back, n));
        assert_memory_equal(bytes, back, n);
        assert_int_equal(strlen(base64url_encode(bytes, n, text)),
                         (4 * n + 2) / 3);
        assert_int_equal(strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijkl"
                                      "mnopqrstuvwxyz0123456789-_"),
                         strlen(text));
    }
    assert_false(hex_decode("0g", back, 1));
    assert_false(hex_decode("000", back, 1));
    assert_false(hex_decode("0", back, 1));
}

static void random_numbers_are_even(void **state)
{
    int seen[10] = { 0 };

    (void)state;
    for (int i = 0; i < 10000; i++) {
        uint32_t n = random_below(10);

        assert_in_range(n, 0, 9);
        seen[n]++;
    }
    /* Six standard deviations around 1,000. */
    for (int i = 0; i < 10; i++)
        assert_in_range(seen[i], 820, 1180);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords_cost_what_the_rule_asks),
        cmocka_unit_test(without_memory_nothing_is_wrong),
        cmocka_unit_test(every_character_counts),
        cmocka_unit_test(sums_are_those_of_the_standards),
        cmocka_unit_test(texts_of_bytes_come_back),
        cmocka_unit_test(random_numbers_are_even),
    };
    int failed;

    crypto_start();
    cx = cx_new(NULL, NULL, 1 << 20);
    cx_begin(cx);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    cx_free(cx);
    return failed;
}
