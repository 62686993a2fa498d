/*
 * Values inside YKC frames: pile codes, guns, trade numbers, cards, and the
 * runs of like members that records and tariffs hold.
 */
#include <stdio.h>
#include <string.h>

#include "protocol/ykc/frame.h"

enum { PILE_CODE_BYTES = 7 };

_Static_assert(2 * PILE_CODE_BYTES + 1 == YKC_PILE_TEXT, "digits and NUL");
_Static_assert(sizeof ((struct ykc_login *)0)->pile_code == YKC_PILE_TEXT,
               "as frames hold it");
_Static_assert(sizeof ((struct ykc_realtime *)0)->trade_number ==
               YKC_TRADE_TEXT, "as frames hold it");

bool ykc_pile_code(const struct ykc_frame *f, const uint8_t *body,
                   char out[YKC_PILE_TEXT])
{
    size_t at;

    if (ykc_field(f, "pile_code", &at) == NULL)
        return false;
    must(at + PILE_CODE_BYTES <= f->least); /* so far any body goes */
    wire_hex(body + at, PILE_CODE_BYTES, out);
    return true;
}

bool ykc_pile_code_is_valid(const char *code)
{
    return strlen(code) == 14 && strspn(code, "0123456789") == 14;
}

int ykc_gun(uint8_t raw, int gun_count)
{
    int bcd = (raw >> 4) * 10 + (raw & 15);

    must(gun_count >= 0);
    must(gun_count <= UINT8_MAX); /* the wire says it in a byte */
    if ((raw & 15) <= 9 && raw >> 4 <= 9 && bcd >= 1 && bcd <= gun_count)
        return bcd;
    return raw >= 1 && raw <= gun_count ? raw : 0;
}

uint8_t ykc_gun_byte(int gun)
{
    must(gun >= 1);
    must(gun <= 99);
    return (uint8_t)(gun / 10 << 4 | gun % 10);
}

void ykc_trade_number(const char *pile_code, int gun, stamp at,
                      unsigned counter, char out[YKC_TRADE_TEXT])
{
    struct civil c = stamp_civil(at);

    must(ykc_pile_code_is_valid(pile_code));
    must(gun >= 1);
    must(gun <= 99);
    must(counter <= 9999);
    must(at.ms > 0);
    snprintf(out, YKC_TRADE_TEXT, "%.14s%02u%02u%02u%02u%02u%02u%02u%04u",
             pile_code, (unsigned)gun % 100, (unsigned)c.year % 100,
             (unsigned)c.month % 100, (unsigned)c.day % 100,
             (unsigned)c.hour % 100, (unsigned)c.minute % 100,
             (unsigned)c.second % 100, counter % 10000);
    must(strlen(out) == YKC_TRADE_TEXT - 1);
}

bool ykc_trade_number_is_zero(const char *trade_number)
{
    return trade_number[strspn(trade_number, "0")] == '\0';
}

void ykc_vin_reverse(const char *vin, char out[YKC_VIN_TEXT])
{
    size_t n = strnlen(vin, YKC_VIN_TEXT - 1);

    must(out != vin); /* it would read what it has written */
    for (size_t i = 0; i < n; i++)
        out[i] = vin[n - 1 - i];
    out[n] = '\0';
    must(strlen(out) == n);
}

void ykc_card_reverse(const char *card, size_t n, char out[YKC_CARD_TEXT])
{
    must(strlen(card) == YKC_CARD_TEXT - 1);
    must(n == 4 || n == 7);
    must(out != card);
    memcpy(out, card, YKC_CARD_TEXT);
    for (size_t i = 0; i < n; i++)
        memcpy(out + 16 - 2 * n + 2 * i, card + 14 - 2 * i, 2);
}

/* The members of one rate follow each other in the order of the struct. */
#define ONE_RUN(rate)                                                     \
    _Static_assert(offsetof(struct ykc_trade_record, rate##_amount) -     \
                   offsetof(struct ykc_trade_record, rate##_price) ==     \
                   offsetof(struct ykc_rate, amount_e4yuan), "one run");  \
    _Static_assert(offsetof(struct ykc_tariff_reply,                      \
                            rate##_service_price) -                       \
                   offsetof(struct ykc_tariff_reply,                      \
                            rate##_electricity_price) ==                  \
                   offsetof(struct ykc_prices, service_e5yuan), "one run");
ONE_RUN(sharp)
ONE_RUN(peak)
ONE_RUN(flat)
ONE_RUN(valley)

static const size_t rate_at[YKC_RATES] = {
    [YKC_RATE_SHARP] = offsetof(struct ykc_trade_record, sharp_price),
    [YKC_RATE_PEAK] = offsetof(struct ykc_trade_record, peak_price),
    [YKC_RATE_FLAT] = offsetof(struct ykc_trade_record, flat_price),
    [YKC_RATE_VALLEY] = offsetof(struct ykc_trade_record, valley_price),
};

struct ykc_rate ykc_record_rate(const struct ykc_trade_record *r,
                                enum ykc_rate_code rate)
{
    struct ykc_rate value;

    must((int)rate >= 0);
    must((int)rate < YKC_RATES);
    memcpy(&value, (const char *)r + rate_at[rate], sizeof value);
    return value;
}

void ykc_record_set_rate(struct ykc_trade_record *r, enum ykc_rate_code rate,
                         struct ykc_rate value)
{
    must((int)rate >= 0);
    must((int)rate < YKC_RATES);
    memcpy((char *)r + rate_at[rate], &value, sizeof value);
}

void ykc_record_of_signed(const struct ykc_signed_record *from,
                          struct ykc_trade_record *to)
{
#define COPY(T, kind, member, ...)                                      \
    _Static_assert(sizeof to->member == sizeof from->member, #member); \
    memcpy(&to->member, &from->member, sizeof to->member);
    memset(to, 0, sizeof *to);
    YKC_TRADE_RECORD(COPY, x)
#undef COPY
}

static const size_t prices_at[YKC_RATES] = {
    [YKC_RATE_SHARP] =
        offsetof(struct ykc_tariff_reply, sharp_electricity_price),
    [YKC_RATE_PEAK] =
        offsetof(struct ykc_tariff_reply, peak_electricity_price),
    [YKC_RATE_FLAT] =
        offsetof(struct ykc_tariff_reply, flat_electricity_price),
    [YKC_RATE_VALLEY] =
        offsetof(struct ykc_tariff_reply, valley_electricity_price),
};

struct ykc_prices ykc_tariff_prices(const struct ykc_tariff_reply *t,
                                    enum ykc_rate_code rate)
{
    struct ykc_prices value;

    must((int)rate >= 0);
    must((int)rate < YKC_RATES);
    memcpy(&value, (const char *)t + prices_at[rate], sizeof value);
    return value;
}

void ykc_tariff_set_prices(struct ykc_tariff_reply *t,
                           enum ykc_rate_code rate, struct ykc_prices value)
{
    must((int)rate >= 0);
    must((int)rate < YKC_RATES);
    memcpy((char *)t + prices_at[rate], &value, sizeof value);
}

_Static_assert(sizeof(struct ykc_tariff_push) ==
               sizeof(struct ykc_tariff_reply), "the same fields");
_Static_assert(offsetof(struct ykc_tariff_push, slot_rate_codes) ==
               offsetof(struct ykc_tariff_reply, slot_rate_codes),
               "in the same order");

void ykc_tariff_push_of(const struct ykc_tariff_reply *from,
                        struct ykc_tariff_push *to)
{
    memcpy(to, from, sizeof *to);
}

void ykc_tariff_reply_of(const struct ykc_tariff_push *from,
                         struct ykc_tariff_reply *to)
{
    memcpy(to, from, sizeof *to);
}
