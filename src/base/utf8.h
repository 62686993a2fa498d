/*
 * UTF-8 as it comes from outside: checked once at the edge (rule I1). No
 * overlong forms, no surrogates, nothing above U+10FFFF.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

/*
 * Reads one character of the n > 0 bytes at s. Returns its length and sets
 * *c, or returns 0 if the bytes are not UTF-8.
 */
size_t utf8_read(const char *s, size_t n, uint32_t *c);

/* True if the n bytes are well-formed. */
bool utf8_valid(const char *s, size_t n);

/* The same, and without control characters, NUL included, other than tab and
   line ends (C0, DEL, C1, U+2028/9, byte order mark and bidi overrides). */
bool utf8_clean(const char *s, size_t n);

/* Characters in well-formed text. */
size_t utf8_count(const char *s);

/* Bytes of the first max characters of well-formed text. */
size_t utf8_prefix(const char *s, size_t max);

#endif
