/*
 * Random numbers, hashes, signatures, password hashes. Thin wrappers: all of
 * the work is OpenSSL's and libsodium's.
 */
#ifndef BASE_CRYPTO_H
#define BASE_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

struct cx;

enum { SHA256_SIZE = 32, PASSWORD_HASH_SIZE = 128 };

/* Call once per process before anything else here; aborts on failure. */
void crypto_start(void);

/* From the system's generator (rule S3); aborts if there is none. */
void random_bytes(void *out, size_t n);

/* Uniform in [0, bound). */
uint32_t random_below(uint32_t bound);

void sha256(const void *p, size_t n, uint8_t out[SHA256_SIZE]);
void hmac_sha256(const void *key, size_t key_len, const void *p, size_t n,
                 uint8_t out[SHA256_SIZE]);

/* Constant time (rule S3). */
bool secret_equal(const void *a, const void *b, size_t n);
bool secret_text_equal(const char *a, const char *b);

/* The value of a hex digit of either case; -1 if it is none. */
int hex_value(char c);

/* Lower-case hex and back. hex_encode writes 2n + 1 bytes, returns out. */
char *hex_encode(const void *p, size_t n, char *out);
/* False unless text is exactly 2n hex digits. */
MUST_USE bool hex_decode(const char *text, void *out, size_t n);

/* URL-safe base64 without padding; out holds 4 * ((n + 2) / 3) + 1. */
char *base64url_encode(const void *p, size_t n, char *out);

/* Argon2id, 2 passes, 19 MiB (rule A1): about 11 ms, and so never inside a
   transaction (T4), where it aborts. Fails with ERR_MEMORY. */
void password_hash(struct cx *cx, const char *password,
                   char out[PASSWORD_HASH_SIZE]);
bool password_verify(struct cx *cx, const char *hash, const char *password);

/* Reads 64 hex digits; false if there are none. */
MUST_USE bool key_read(const char *path, uint8_t out[SHA256_SIZE]);

/* The secret file, and a secret for one purpose that is derived from it. */
void secret_load(const char *path); /* aborts if missing or malformed */
void secret_derive(const char *purpose, uint8_t out[SHA256_SIZE]);

/* Overwrites memory that held a secret (rule W9). */
void secret_wipe(void *p, size_t n);

#endif
