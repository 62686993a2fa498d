/*
 * Money, prices and energy: integers only (rule M1).
 *
 *   money    fen, 0.01 yuan
 *   price    1e-5 yuan per kWh   (YKC price unit)
 *   energy   1e-4 kWh            (YKC energy unit)
 *   product  1e-9 yuan = price x energy; 1 fen = 10^7 of it
 *
 * Every operation is checked; overflow aborts, because no sum that a charging
 * platform can meet comes near 2^63 and a wrapped one must never be booked.
 */
#ifndef BASE_MONEY_H
#define BASE_MONEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

typedef struct money {
    int64_t fen;
} money;

#define FEN(n) ((money){ (n) })

enum { MONEY_TEXT = 32 };

/* 1 fen in the unit of price x energy (1e-9 yuan). */
#define NANO_PER_FEN INT64_C(10000000)

money money_add(money a, money b);
money money_sub(money a, money b);
money money_neg(money a);
static inline int money_cmp(money a, money b)
{
    return a.fen < b.fen ? -1 : a.fen > b.fen;
}
static inline money money_min(money a, money b)
{
    return a.fen < b.fen ? a : b;
}

int64_t checked_add(int64_t a, int64_t b);
int64_t checked_sub(int64_t a, int64_t b);
int64_t checked_mul(int64_t a, int64_t b);

/* a * b / c cut to whole, the product in 128 bits; a, b >= 0 and c > 0. */
int64_t checked_mul_div(int64_t a, int64_t b, int64_t c);

/* 1e-9 yuan to fen, half up on the magnitude (rule M2): -0.5 fen is -1. */
money money_from_nano(int64_t nano);

/*
 * Cuts total into n shares in the ratio of weights (all >= 0, sum > 0), by
 * largest remainder, ties to the earlier one: the shares always add up to
 * total (rule M2). A negative total mirrors the positive cut.
 */
void money_split(money total, const int64_t *weights, size_t n, money *shares);

/* "-1234.56", no thousands commas. Returns out. */
char *money_text(money m, char out[MONEY_TEXT]);

/* "1,234.56" with commas; for people. Returns out. */
char *money_pretty(money m, char out[MONEY_TEXT]);

/* Reads "12", "12.3", "12.34", at most 12 digits before the point. */
MUST_USE bool money_parse(const char *text, money *out);

/*
 * A scaled integer as decimal text: decimal_text(12345, 4, 2, out) is "1.23"
 * (value 1.2345 in units of 10^-4, shown with 2 places, half up). With
 * commas when thousands is true. shown may be 0..scale. Returns out.
 */
char *decimal_text(int64_t value, int scale, int shown, bool thousands,
                   char out[MONEY_TEXT]);

/* Reads decimal text into an integer of 10^-scale; false if too precise. */
MUST_USE bool decimal_parse(const char *text, int scale, int64_t *out);

#endif
