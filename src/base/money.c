#include "base/money.h"

#include <string.h>

int64_t checked_add(int64_t a, int64_t b)
{
    int64_t r;

    must(!__builtin_add_overflow(a, b, &r));
    return r;
}

int64_t checked_sub(int64_t a, int64_t b)
{
    int64_t r;

    must(!__builtin_sub_overflow(a, b, &r));
    return r;
}

int64_t checked_mul(int64_t a, int64_t b)
{
    int64_t r;

    must(!__builtin_mul_overflow(a, b, &r));
    return r;
}

int64_t checked_mul_div(int64_t a, int64_t b, int64_t c)
{
    __int128 r;

    must(a >= 0);
    must(b >= 0);
    must(c > 0);
    r = (__int128)a * b / c;
    must(r <= INT64_MAX);
    return (int64_t)r;
}

money money_add(money a, money b)
{
    return FEN(checked_add(a.fen, b.fen));
}

money money_sub(money a, money b)
{
    return FEN(checked_sub(a.fen, b.fen));
}

money money_neg(money a)
{
    return FEN(checked_sub(0, a.fen));
}

money money_from_nano(int64_t nano)
{
    int64_t whole = nano / NANO_PER_FEN;
    int64_t rest = nano % NANO_PER_FEN;
    __int128 off;

    if (rest >= NANO_PER_FEN / 2)
        whole++;
    else if (rest <= -NANO_PER_FEN / 2)
        whole--;
    off = (__int128)whole * NANO_PER_FEN - nano;
    must(off <= NANO_PER_FEN / 2); /* half a fen at most (M2) */
    must(off >= -NANO_PER_FEN / 2);
    return FEN(whole);
}

/* The next share that gets one more fen: largest remainder, then earliest. */
static size_t largest(const __int128 *rest, size_t n)
{
    size_t best = 0;

    must(n > 0);
    for (size_t i = 1; i < n; i++)
        if (rest[i] > rest[best])
            best = i;
    must(rest[best] > 0); /* what is left over is a rest of somebody */
    return best;
}

_Static_assert(MONEY_TEXT >= 19 + 6 + sizeof "-.", "any amount has room");

enum { SPLIT_MAX = 64 };

void money_split(money total, const int64_t *weights, size_t n, money *shares)
{
    __int128 rest[SPLIT_MAX];
    int64_t sum = 0, given = 0, whole;
    bool negative = total.fen < 0;

    must(n > 0);
    must(n <= SPLIT_MAX);
    for (size_t i = 0; i < n; i++) {
        must(weights[i] >= 0);
        sum = checked_add(sum, weights[i]);
    }
    must(sum > 0);
    whole = negative ? checked_sub(0, total.fen) : total.fen;
    for (size_t i = 0; i < n; i++) {
        __int128 part = (__int128)whole * weights[i];

        shares[i] = FEN((int64_t)(part / sum));
        rest[i] = part % sum;
        given = checked_add(given, shares[i].fen);
    }
    must(given <= whole);
    must(whole - given < (int64_t)n); /* each rest is less than a fen */
    for (; given < whole; given++) {
        size_t i = largest(rest, n);

        must(weights[i] > 0);
        shares[i].fen++;
        rest[i] = -1;
    }
    must(given == whole); /* the parts add up to the whole (M2) */
    for (size_t i = 0; negative && i < n; i++)
        shares[i] = money_neg(shares[i]);
}

static uint64_t magnitude(int64_t v)
{
    return v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
}

static uint64_t power_of_ten(int n)
{
    uint64_t p = 1;

    must(n >= 0);
    must(n <= 18);
    while (n-- > 0)
        p *= 10;
    return p;
}

char *decimal_text(int64_t value, int scale, int shown, bool thousands,
                   char out[MONEY_TEXT])
{
    char tail[MONEY_TEXT], *p = tail + sizeof tail;
    uint64_t v = magnitude(value);
    uint64_t cut = power_of_ten(scale - shown);
    bool negative;
    int place = 0;

    must(shown >= 0);
    must(shown <= scale);
    must(scale <= 12);
    v = v / cut + (v % cut * 2 >= cut && cut > 1);
    negative = value < 0 && v > 0;
    *--p = '\0';
    for (; place < shown; place++, v /= 10)
        *--p = (char)('0' + v % 10);
    if (shown > 0)
        *--p = '.';
    place = 0;
    do {
        if (thousands && place > 0 && place % 3 == 0)
            *--p = ',';
        *--p = (char)('0' + v % 10);
        v /= 10;
        place++;
    } while (v > 0);
    if (negative)
        *--p = '-';
    must(p >= tail);
    return memcpy(out, p, (size_t)(tail + sizeof tail - p));
}

char *money_text(money m, char out[MONEY_TEXT])
{
    return decimal_text(m.fen, 2, 2, false, out);
}

char *money_pretty(money m, char out[MONEY_TEXT])
{
    return decimal_text(m.fen, 2, 2, true, out);
}

bool decimal_parse(const char *text, int scale, int64_t *out)
{
    bool negative = *text == '-';
    const char *p = text + negative;
    int64_t v = 0;
    int whole = 0, places = 0;

    must(scale >= 0);
    must(scale <= 12);
    for (; *p >= '0' && *p <= '9'; p++, whole++)
        if (whole < 13)
            v = v * 10 + (*p - '0');
    if (whole == 0 || whole > 12)
        return false;
    if (*p == '.') {
        for (p++; *p >= '0' && *p <= '9'; p++, places++)
            if (places < scale)
                v = v * 10 + (*p - '0');
            else if (*p != '0')
                return false;
        if (places == 0)
            return false;
    }
    if (*p != '\0')
        return false;
    for (; places < scale; places++)
        if (__builtin_mul_overflow(v, 10, &v))
            return false;
    must(v >= 0);
    *out = negative ? -v : v;
    return true;
}

bool money_parse(const char *text, money *out)
{
    int64_t fen;

    if (!decimal_parse(text, 2, &fen))
        return false;
    *out = FEN(fen);
    return true;
}
