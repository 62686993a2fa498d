/*
 * Password hashes: crypto.h. Apart from the rest of it, because a name of
 * OpenSSL's is also one of ours.
 */
#include <string.h>

#include <sodium.h>

#include "base/crypto.h"
#include "base/cx.h"

/* 19 MiB and two passes: rule A1's floor, 11 ms on the reference machine. */
#define ARGON_PASSES 2
#define ARGON_BYTES  (19U * 1024 * 1024)

void password_hash(const struct cx *cx, const char *password,
                   char out[PASSWORD_HASH_SIZE])
{
    must(!cx->in_tx);
    must(PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES);
    must(crypto_pwhash_str_alg(out, password, strlen(password), ARGON_PASSES,
                               ARGON_BYTES,
                               crypto_pwhash_ALG_ARGON2ID13) == 0);
}

bool password_verify(const struct cx *cx, const char *hash,
                     const char *password)
{
    must(!cx->in_tx);
    return crypto_pwhash_str_verify(hash, password, strlen(password)) == 0;
}
