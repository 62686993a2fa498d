/*
 * Car plates: GA 36 in the forms that are on the road.
 */
#include <string.h>

#include "base/utf8.h"
#include "driver/driver.h"

enum { PLATE_CHARS = 8, TYPED_MAX = 40 };

static const char provinces[] =
    "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";
static const char last_words[] = "挂学警港澳领";

/* Position of a character in a list of characters. */
static bool is_one_of(const char *list, uint32_t c)
{
    size_t n = strlen(list);

    while (n > 0) {
        uint32_t here;
        size_t len = utf8_read(list, n, &here);

        if (here == c)
            return true;
        list += len;
        n -= len;
    }
    return false;
}

static bool is_digit(uint32_t c)
{
    return c >= '0' && c <= '9';
}

/* I and O are not used: they look like digits. */
static bool is_letter(uint32_t c)
{
    return c >= 'A' && c <= 'Z' && c != 'I' && c != 'O';
}

static bool is_mark(uint32_t c)
{
    return is_digit(c) || is_letter(c);
}

/* The letters that stand for electric and other new-energy cars. */
static bool is_energy(uint32_t c)
{
    return c >= 'A' && c <= 'K' && c != 'I';
}

static bool all(const uint32_t *c, size_t n, bool (*is)(uint32_t))
{
    for (size_t i = 0; i < n; i++)
        if (!is(c[i]))
            return false;
    return true;
}

static bool is_plate(const uint32_t *c, size_t n)
{
    static const uint32_t embassy = 0x4f7f; /* 使 */

    if (n == 7 && c[0] == embassy)
        return all(c + 1, 6, is_digit);
    if (n < 7 || !is_one_of(provinces, c[0]) || !is_letter(c[1]))
        return false;
    if (n == 7)
        return all(c + 2, 4, is_mark) &&
               (is_mark(c[6]) || is_one_of(last_words, c[6]));
    if (n != 8)
        return false;
    return (is_energy(c[2]) && is_mark(c[3]) && all(c + 4, 4, is_digit)) ||
           (all(c + 2, 5, is_digit) && is_energy(c[7]));
}

/* The character as it stands on plates; 0: it is left out. */
static uint32_t fold(uint32_t c)
{
    if (c >= 0xff01 && c <= 0xff5e) /* full width */
        c -= 0xff01 - '!';
    if (c >= 'a' && c <= 'z')
        c -= 'a' - 'A';
    if (c == ' ' || c == 0x3000 || c == 0xb7 || c == '-' || c == 0x2022)
        return 0;
    return c;
}

const char *plate_normal(struct cx *cx, const char *typed)
{
    uint32_t c[PLATE_CHARS + 1];
    char *text = arena_alloc(cx->arena, TYPED_MAX);
    size_t n = 0, left = strlen(typed), at = 0;

    while (left > 0) {
        uint32_t raw, folded;
        size_t len = utf8_read(typed, left, &raw);

        if (len == 0)
            return NULL;
        folded = fold(raw);
        if (folded != 0) {
            if (n >= PLATE_CHARS)
                return NULL;
            c[n++] = folded;
            if (folded < 0x80) {
                text[at++] = (char)folded;
            } else {
                memcpy(text + at, typed, len);
                at += len;
            }
        }
        typed += len;
        left -= len;
    }
    return is_plate(c, n) ? text : NULL;
}
