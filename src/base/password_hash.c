/*
 * Password hashes: crypto.h. Apart from the rest of it, because a name of
 * OpenSSL's is also one of ours.
 */
#include <string.h>
#include <sys/mman.h>

#include <sodium.h>

#include "base/crypto.h"
#include "base/cx.h"

/* 19 MiB and two passes: rule A1's floor, 11 ms on the reference machine. */
#define ARGON_PASSES 2
#define ARGON_BYTES  (19U * 1024 * 1024)

void password_hash(struct cx *cx, const char *password,
                   char out[PASSWORD_HASH_SIZE])
{
    must(!cx->in_tx);
    must(PASSWORD_HASH_SIZE >= crypto_pwhash_STRBYTES);
    /* Memory is the only thing that it can lack. */
    if (crypto_pwhash_str_alg(out, password, strlen(password), ARGON_PASSES,
                              ARGON_BYTES, crypto_pwhash_ALG_ARGON2ID13) != 0)
        cx_fail_memory(cx);
}

/* The library takes its memory by mmap, too. */
static bool memory_is_there(void)
{
    void *p = mmap(NULL, ARGON_BYTES, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return p != MAP_FAILED && munmap(p, ARGON_BYTES) == 0;
}

bool password_verify(struct cx *cx, const char *hash, const char *password)
{
    must(!cx->in_tx);
    if (crypto_pwhash_str_verify(hash, password, strlen(password)) == 0)
        return true;
    /* It says "wrong" without memory, too, and that would lock people out. */
    if (!memory_is_there())
        cx_fail_memory(cx);
    return false;
}
