/*
 * Fields as text: for programs (JSON, the simulator's orders), which must
 * read back to the same bytes, and for people (the evidence page).
 */
#include "protocol/wire.h"

#include <inttypes.h>
#include <string.h>

#include "base/money.h"

/* Text that is built piece by piece; what does not fit is dropped. */
struct line {
    char *at;
    size_t left; /* without the NUL */
};

static void line_add(struct line *l, const char *s)
{
    size_t n = strlen(s);

    must(l->left < WIRE_TEXT);
    must(*l->at == '\0');
    if (n > l->left)
        n = l->left;
    memcpy(l->at, s, n);
    l->at += n;
    l->left -= n;
    *l->at = '\0';
}

static struct line line_in(char out[WIRE_TEXT])
{
    out[0] = '\0';
    return (struct line){ out, WIRE_TEXT - 1 };
}

static bool is_wide_bits(const struct wire_field *f)
{
    must(f->kind != WIRE_BITS || f->size <= 8);
    return f->kind == WIRE_BITS && f->size > 4;
}

static bool is_bcd_byte(uint64_t raw)
{
    must(raw <= UINT8_MAX);
    return (raw & 15) <= 9 && raw >> 4 <= 9;
}

/* The number that a raw gun byte means when the gun count is not known. */
static uint64_t gun_number(uint64_t raw)
{
    must(raw <= UINT8_MAX);
    return is_bcd_byte(raw) ? (raw >> 4) * 10 + (raw & 15) : raw;
}

static bool is_none(const struct wire_field *f, const void *p)
{
    must(f->show != NULL);
    return f->show->zero_is_none && wire_number(f, p) == 0;
}

static bool is_text_kind(const struct wire_field *f)
{
    return f->kind == WIRE_BCD || f->kind == WIRE_STR ||
           f->kind == WIRE_TIME || f->kind == WIRE_RAW ||
           f->kind == WIRE_LIST8;
}

bool wire_is_number(const struct wire_field *f, const void *p)
{
    if (is_text_kind(f) || is_wide_bits(f) || is_none(f, p))
        return false;
    return f->kind != WIRE_GUN || is_bcd_byte(wire_number(f, p));
}

static void number_text(const struct wire_field *f, const void *p, char *out)
{
    uint64_t raw = wire_number(f, p);
    const struct wire_show *show = f->show;

    must(!is_text_kind(f));
    must(is_wide_bits(f) || raw <= INT64_MAX);
    must(show->places >= 0);
    if (is_wide_bits(f))
        snprintf(out, WIRE_TEXT, "0x%0*" PRIX64, 2 * f->size, raw);
    else if (f->kind == WIRE_GUN && !is_bcd_byte(raw))
        snprintf(out, WIRE_TEXT, "0x%02" PRIX64, raw);
    else if (f->kind == WIRE_GUN)
        snprintf(out, WIRE_TEXT, "%" PRIu64, gun_number(raw));
    else if (is_none(f, p))
        out[0] = '\0';
    else
        decimal_text((int64_t)raw + show->offset, show->places, show->places,
                     false, out);
}

char *wire_printable(const char *m, size_t size, char *out)
{
    size_t n = 0;

    must(size < WIRE_TEXT);
    for (size_t i = 0; i < size && m[i] != '\0'; i++)
        if (m[i] >= 0x20 && m[i] <= 0x7E)
            out[n++] = m[i];
    must(n <= size);
    out[n] = '\0';
    return out;
}

static void list_text(const uint8_t *m, size_t size, char *out)
{
    struct line l = line_in(out);
    char one[8];

    must(size * sizeof "255" < WIRE_TEXT); /* all of it fits */
    for (size_t i = 0; i < size; i++) {
        snprintf(one, sizeof one, "%s%d", i > 0 ? "," : "", m[i]);
        line_add(&l, one);
    }
}

static struct wire_time time_of(const char *m)
{
    struct wire_time t;

    memcpy(&t, m, sizeof t);
    return t;
}

char *wire_text(const struct wire_field *f, const void *p,
                char out[WIRE_TEXT])
{
    const char *m = (const char *)p + f->at;

    must(f->show != NULL);
    must(f->size < WIRE_TEXT / 2);
    switch (f->kind) {
    case WIRE_BCD:
        snprintf(out, WIRE_TEXT, "%s", m);
        break;
    case WIRE_STR:
        wire_printable(m, f->size, out);
        break;
    case WIRE_TIME:
        stamp_text(wire_stamp(time_of(m)), out);
        break;
    case WIRE_RAW:
        wire_hex(m, f->size, out);
        break;
    case WIRE_LIST8:
        list_text((const uint8_t *)m, f->size, out);
        break;
    case WIRE_U8: case WIRE_U16: case WIRE_U24: case WIRE_U32: case WIRE_U40:
    case WIRE_BITS: case WIRE_GUN: case WIRE_LOW12: case WIRE_HIGH4:
    case WIRE_COUNT: case WIRE_TALLY:
        number_text(f, p, out);
        break;
    }
    must(strnlen(out, WIRE_TEXT) < WIRE_TEXT);
    return out;
}

bool wire_text_is_whole(const struct wire_field *f, const void *p)
{
    const char *m = (const char *)p + f->at;
    struct wire_time t;
    char text[WIRE_TEXT];
    size_t n;

    if (f->kind == WIRE_TIME) {
        t = wire_time(wire_stamp(time_of(m)));
        return memcmp(&t, m, sizeof t) == 0;
    }
    if (f->kind != WIRE_STR)
        return true;
    wire_printable(m, f->size, text);
    n = strlen(text);
    must(n <= f->size);
    if (memcmp(text, m, n) != 0)
        return false;
    while (n < f->size)
        if (m[n++] != '\0')
            return false;
    return true;
}

/* The largest raw value that the field can hold. */
static uint64_t number_max(const struct wire_field *f)
{
    must(!is_text_kind(f));
    must(f->size <= 8);
    if (f->kind == WIRE_LOW12)
        return 0xFFF;
    if (f->kind == WIRE_HIGH4)
        return 15;
    if (f->size >= 8)
        return UINT64_MAX;
    return f->size == 0 ? 0xFF : (UINT64_C(1) << (8 * f->size)) - 1;
}

static bool hex_number(const char *text, uint64_t *out)
{
    size_t n = strlen(text);
    uint8_t b[8] = { 0 };
    uint64_t value = 0;

    if (n < 4 || n > 18 || n % 2 != 0 || text[0] != '0' || text[1] != 'x' ||
        !wire_unhex(text + 2, b, (n - 2) / 2))
        return false;
    must((n - 2) / 2 <= sizeof b);
    for (size_t i = 0; i < (n - 2) / 2; i++)
        value = value << 8 | b[i];
    *out = value;
    return true;
}

static enum wire_status parse_number(const struct wire_field *f, void *p,
                                     const char *text)
{
    int64_t scaled;
    uint64_t raw;

    must(!is_text_kind(f));
    must(f->show->places >= 0);
    if (f->show->zero_is_none && text[0] == '\0') {
        raw = 0;
    } else if (!hex_number(text, &raw)) {
        if (!decimal_parse(text, f->show->places, &scaled) ||
            scaled < f->show->offset)
            return WIRE_BAD;
        raw = (uint64_t)checked_sub(scaled, f->show->offset);
        if (f->kind == WIRE_GUN && raw > 99)
            return WIRE_BAD;
        if (f->kind == WIRE_GUN)
            raw = raw / 10 << 4 | raw % 10;
    }
    if (raw > number_max(f))
        return WIRE_BAD;
    wire_set_number(f, p, raw);
    return WIRE_OK;
}

static enum wire_status parse_str(char *m, size_t size, const char *text)
{
    size_t n = strlen(text);

    must(size > 0);
    must(size < WIRE_TEXT);
    if (n > size)
        return WIRE_BAD;
    for (size_t i = 0; i < n; i++)
        if (text[i] < 0x20 || text[i] > 0x7E)
            return WIRE_BAD;
    memset(m, 0, size + 1);
    memcpy(m, text, n);
    return WIRE_OK;
}

static enum wire_status parse_time(char *m, const char *text)
{
    struct wire_time t = { { 0 } };
    stamp at;

    if (text[0] != '\0') {
        if (!stamp_parse(text, &at))
            return WIRE_BAD;
        t = wire_time(at);
        if (wire_stamp(t).ms != at.ms)
            return WIRE_BAD;
    }
    memcpy(m, &t, sizeof t);
    return WIRE_OK;
}

static enum wire_status parse_list(uint8_t *m, size_t size, const char *text)
{
    uint8_t got[WIRE_TEXT];
    size_t n = 0;
    unsigned value;

    must(size <= sizeof got);
    while (n < size) {
        if (*text < '0' || *text > '9')
            return WIRE_BAD;
        for (value = 0; *text >= '0' && *text <= '9'; text++) {
            value = value * 10 + (unsigned)(*text - '0');
            if (value > 255)
                return WIRE_BAD;
        }
        got[n++] = (uint8_t)value;
        if (n < size && *text++ != ',')
            return WIRE_BAD;
    }
    if (*text != '\0')
        return WIRE_BAD;
    must(n == size);
    memcpy(m, got, size);
    return WIRE_OK;
}

enum wire_status wire_parse(const struct wire_field *f, void *p,
                            const char *text)
{
    char *m = (char *)p + f->at;
    uint8_t b[WIRE_TEXT];

    must(f->show != NULL);
    must(f->size < WIRE_TEXT / 2);
    switch (f->kind) {
    case WIRE_BCD:
        if (!wire_unhex(text, b, f->size))
            return WIRE_BAD;
        wire_hex(b, f->size, m);
        return WIRE_OK;
    case WIRE_STR:
        return parse_str(m, f->size, text);
    case WIRE_TIME:
        return parse_time(m, text);
    case WIRE_RAW:
        return wire_unhex(text, m, f->size) ? WIRE_OK : WIRE_BAD;
    case WIRE_LIST8:
        return parse_list((uint8_t *)m, f->size, text);
    case WIRE_U8: case WIRE_U16: case WIRE_U24: case WIRE_U32: case WIRE_U40:
    case WIRE_BITS: case WIRE_GUN: case WIRE_LOW12: case WIRE_HIGH4:
    case WIRE_COUNT: case WIRE_TALLY:
        break;
    }
    return parse_number(f, p, text);
}

/* "急停、门禁"; "无" when no flag is worth showing. */
static void pretty_flags(const struct wire_field *f, uint64_t raw, char *out)
{
    struct line l = line_in(out);
    const struct wire_show *show = f->show;

    must(show->flags != NULL);
    must(show->flag_count > 0);
    for (size_t i = 0; i < show->flag_count; i++) {
        const struct wire_flag *flag = &show->flags[i];
        unsigned mask = (1u << flag->width) - 1;
        const char *word;

        must(mask < COUNT(flag->values));
        must(flag->shift + flag->width <= 8 * f->size);
        word = flag->values[raw >> flag->shift & mask];
        if (word == NULL)
            continue;
        line_add(&l, out[0] == '\0' ? "" : "、");
        line_add(&l, flag->title);
        line_add(&l, word[0] == '\0' ? "" : " ");
        line_add(&l, word);
    }
    if (out[0] == '\0')
        snprintf(out, WIRE_TEXT, raw == 0 ? "无" : "0x%0*" PRIX64,
                 2 * f->size, raw);
}

static void pretty_number(const struct wire_field *f, const void *p,
                          char *out)
{
    const struct wire_show *show = f->show;
    uint64_t raw = wire_number(f, p);
    const struct label *label = label_of(show->words, (int)(raw & 0xFFFF));
    const char *unit = show->unit == NULL ? "" : show->unit;
    char text[WIRE_TEXT];

    must(!is_text_kind(f));
    must(show->words.n == 0 || raw <= UINT16_MAX);
    number_text(f, p, text);
    if (show->flags != NULL)
        pretty_flags(f, raw, out);
    else if (is_none(f, p))
        snprintf(out, WIRE_TEXT, "无");
    else if (show->words.n > 0 && show->in_hex)
        snprintf(out, WIRE_TEXT, "0x%02" PRIX64 " %s", raw,
                 label == NULL ? "未知" : label->word);
    else if (show->words.n > 0 && label == NULL)
        snprintf(out, WIRE_TEXT, "%" PRIu64 " 未知", raw);
    else if (show->words.n > 0)
        snprintf(out, WIRE_TEXT, "%" PRIu64 " %s", raw, label->word);
    else
        snprintf(out, WIRE_TEXT, "%.64s%s%s", text,
                 unit[0] == '\0' || unit[0] == '%' ? "" : " ", unit);
}

/* Equal numbers in a row are told once: "谷×16 峰×6". */
static void pretty_list(const struct wire_field *f, const uint8_t *m,
                        char *out)
{
    struct line l = line_in(out);
    const struct label *label;
    char one[48];

    must(f->kind == WIRE_LIST8);
    for (size_t i = 0, run; i < f->size; i += run) {
        for (run = 1; i + run < f->size && m[i + run] == m[i]; run++)
            continue;
        must(i + run <= f->size);
        label = label_of(f->show->words, m[i]);
        if (label == NULL)
            snprintf(one, sizeof one, "%s%d×%zu", i > 0 ? " " : "", m[i],
                     run);
        else
            snprintf(one, sizeof one, "%s%s×%zu", i > 0 ? " " : "",
                     label->word, run);
        line_add(&l, one);
    }
}

char *wire_pretty(const struct wire_field *f, const void *p,
                  char out[WIRE_TEXT])
{
    const char *m = (const char *)p + f->at;

    must(f->show != NULL);
    if (f->show->secret) {
        snprintf(out, WIRE_TEXT, "（隐藏）");
        return out;
    }
    if (f->kind == WIRE_LIST8) {
        pretty_list(f, (const uint8_t *)m, out);
        return out;
    }
    if (!is_text_kind(f)) {
        pretty_number(f, p, out);
        return out;
    }
    wire_text(f, p, out);
    if (f->kind == WIRE_TIME && out[0] == '\0')
        snprintf(out, WIRE_TEXT, "无效时间");
    else if (out[0] == '\0')
        snprintf(out, WIRE_TEXT, "无");
    must(out[0] != '\0'); /* a person is never shown nothing */
    return out;
}
