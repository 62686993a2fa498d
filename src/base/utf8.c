/*
 * UTF-8, RFC 3629 table 3-7 of the Unicode standard.
 */
#include "base/utf8.h"

#include <string.h>

size_t utf8_read(const char *s, size_t n, uint32_t *c)
{
    const unsigned char *p = (const unsigned char *)s;
    uint32_t least;
    size_t len;

    if (p[0] < 0x80) {
        *c = p[0];
        return 1;
    }
    if (p[0] >= 0xc2 && p[0] <= 0xdf) {
        len = 2;
        least = 0x80;
    } else if (p[0] >= 0xe0 && p[0] <= 0xef) {
        len = 3;
        least = 0x800;
    } else if (p[0] >= 0xf0 && p[0] <= 0xf4) {
        len = 4;
        least = 0x10000;
    } else {
        return 0;
    }
    if (n < len)
        return 0;

    uint32_t v = p[0] & (0x7fU >> len);

    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        v = v << 6 | (p[i] & 0x3f);
    }
    if (v < least || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
        return 0;
    *c = v;
    return len;
}

static bool is_control(uint32_t c)
{
    if (c < 0x20)
        return c != '\t' && c != '\n' && c != '\r';
    if (c >= 0x7f && c <= 0x9f)
        return true;
    return c == 0x2028 || c == 0x2029 || c == 0xfeff ||
           (c >= 0x202a && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

static bool check(const char *s, size_t n, bool controls)
{
    size_t i = 0;

    while (i < n) {
        uint32_t c;
        size_t len = utf8_read(s + i, n - i, &c);

        if (len == 0 || (!controls && is_control(c)))
            return false;
        i += len;
    }
    return true;
}

bool utf8_valid(const char *s, size_t n)
{
    return check(s, n, true);
}

bool utf8_clean(const char *s, size_t n)
{
    return check(s, n, false);
}

size_t utf8_count(const char *s)
{
    size_t count = 0;

    for (; *s != '\0'; s++)
        if (((unsigned char)*s & 0xc0) != 0x80)
            count++;
    return count;
}

size_t utf8_prefix(const char *s, size_t max)
{
    const char *p = s;

    while (*p != '\0') {
        if (((unsigned char)*p & 0xc0) != 0x80 && max-- == 0)
            break;
        p++;
    }
    return (size_t)(p - s);
}
