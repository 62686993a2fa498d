#include "base/crypto.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <sodium.h>

static uint8_t master[SHA256_SIZE];

void crypto_start(void)
{
    must(sodium_init() >= 0);
}

void random_bytes(void *out, size_t n)
{
    randombytes_buf(out, n);
}

uint32_t random_below(uint32_t bound)
{
    must(bound > 0);
    return randombytes_uniform(bound);
}

void sha256(const void *p, size_t n, uint8_t out[SHA256_SIZE])
{
    crypto_hash_sha256(out, p, n);
}

void hmac_sha256(const void *key, size_t key_len, const void *p, size_t n,
                 uint8_t out[SHA256_SIZE])
{
    crypto_auth_hmacsha256_state s;

    crypto_auth_hmacsha256_init(&s, key, key_len);
    crypto_auth_hmacsha256_update(&s, p, n);
    crypto_auth_hmacsha256_final(&s, out);
    sodium_memzero(&s, sizeof s);
}

bool secret_equal(const void *a, const void *b, size_t n)
{
    return CRYPTO_memcmp(a, b, n) == 0;
}

bool secret_text_equal(const char *a, const char *b)
{
    size_t n = strlen(a);

    return n == strlen(b) && secret_equal(a, b, n);
}

char *hex_encode(const void *p, size_t n, char *out)
{
    static const char digit[] = "0123456789abcdef";
    const uint8_t *b = p;

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = digit[b[i] >> 4];
        out[2 * i + 1] = digit[b[i] & 15];
    }
    out[2 * n] = '\0';
    return out;
}

int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool hex_decode(const char *text, void *out, size_t n)
{
    uint8_t *b = out;

    if (strlen(text) != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = hex_value(text[2 * i]), low = hex_value(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return false;
        b[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

char *base64url_encode(const void *p, size_t n, char *out)
{
    return sodium_bin2base64(out, 4 * ((n + 2) / 3) + 1, p, n,
                             sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

bool key_read(const char *path, uint8_t out[SHA256_SIZE])
{
    char text[2 * SHA256_SIZE + 2] = "";
    FILE *f = fopen(path, "re");
    bool ok = f != NULL && fgets(text, sizeof text, f) != NULL;

    if (f != NULL)
        fclose(f);
    text[strcspn(text, "\r\n")] = '\0';
    ok = ok && hex_decode(text, out, SHA256_SIZE);
    secret_wipe(text, sizeof text);
    return ok;
}

void secret_load(const char *path)
{
    if (!key_read(path, master)) {
        fprintf(stderr, "secret_file %s: should hold 64 hex digits\n", path);
        exit(1);
    }
}

void secret_derive(const char *purpose, uint8_t out[SHA256_SIZE])
{
    hmac_sha256(master, sizeof master, purpose, strlen(purpose), out);
}

void secret_wipe(void *p, size_t n)
{
    OPENSSL_cleanse(p, n);
}
