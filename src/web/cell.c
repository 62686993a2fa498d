/*
 * Formats and units of cells, by the table of docs/architecture.md (tables
 * and numbers).
 */
#include "web/cell.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"

#define MINUS "\u2212" /* wider than a hyphen: as wide as a plus */

struct look {
    int scale;       /* stored in units of 10^-scale of what is shown */
    int places;      /* shown on pages */
    bool number;
    bool sum;
    const char *unit;
};

static const struct look looks[] = {
    [CELL_TEXT]    = { 0 },
    [CELL_MONO]    = { 0 },
    [CELL_INT]     = { .number = true, .sum = true },
    [CELL_MONEY]   = { 2, 2, true, true, "元" },
    [CELL_PRICE]   = { 5, 4, true, false, "元/kWh" },
    [CELL_ENERGY]  = { 4, 2, true, true, "kWh" },
    [CELL_KW]      = { 3, 1, true, true, "kW" },
    [CELL_VOLT]    = { 1, 1, true, false, "V" },
    [CELL_AMP]     = { 1, 1, true, false, "A" },
    [CELL_PERCENT] = { 2, 2, true, false, "%" },
    [CELL_TIME]    = { 0 },
    [CELL_DATE]    = { 0 },
    [CELL_SECONDS] = { .number = true, .sum = true },
    [CELL_ENUM]    = { 0 },
    [CELL_BOOL]    = { 0 },
    [CELL_PHONE]   = { 0 },
};

static const struct look *look_of(enum cell kind)
{
    must((size_t)kind < COUNT(looks));
    return &looks[kind];
}

const char *cell_unit(enum cell kind)
{
    const char *unit = look_of(kind)->unit;

    return unit != NULL ? unit : "";
}

bool cell_is_number(enum cell kind)
{
    return look_of(kind)->number;
}

int cell_places(enum cell kind)
{
    return look_of(kind)->scale;
}

bool cell_can_sum(enum cell kind)
{
    return look_of(kind)->sum;
}

static bool read_int(const char *raw, int64_t *out)
{
    char *end;
    long long v = strtoll(raw, &end, 10);

    if (end == raw || *end != '\0')
        return false;
    *out = v;
    return true;
}

struct label cell_label(struct labels labels, const char *raw)
{
    const struct label *found;
    int64_t v;

    if (raw == NULL)
        return NO_LABEL;
    if (!read_int(raw, &v))
        return label_of_key(labels, raw);
    found = v < INT16_MIN || v > INT16_MAX ? NULL : label_of(labels, (int)v);
    return found != NULL ? *found : NO_LABEL;
}

/* "138****1234" (rule A9). */
static const char *masked(struct arena *a, const char *phone)
{
    char text[24];

    return *phone == '\0' ? "" : arena_strdup(a, mask_phone(phone, text));
}

/* "1:39:26"; days stay hours. */
static const char *duration(struct arena *a, int64_t s)
{
    const char *sign = s < 0 ? "-" : "";

    s = llabs(s);
    return arena_printf(a, "%s%lld:%02lld:%02lld", sign,
                        (long long)s / 3600, (long long)s / 60 % 60,
                        (long long)s % 60);
}

/* A number with places, the minus made wide for people. */
static const char *number(struct arena *a, const struct look *l, int64_t v,
                          int places, bool people, const char *sign)
{
    char text[MONEY_TEXT];
    const char *p = decimal_text(v, l->scale, places, people, text);
    const char *minus = "";

    if (*p == '-') {
        minus = people ? MINUS : "-";
        p++;
    }
    return arena_printf(a, "%s%s%s", minus, sign, p);
}

/* "11-20 14:05:16" this year, with the year else. raw has milliseconds. */
static const char *moment(struct cx *cx, const char *raw)
{
    char today[STAMP_TEXT];
    size_t len = strlen(raw);

    if (len < sizeof "YYYY-MM-DD hh:mm:ss" - 1)
        return cx_strdup(cx, raw);
    stamp_date_text(cx->now, today);
    if (strncmp(raw, today, 5) == 0)
        return cx_printf(cx, "%.14s", raw + 5);
    return cx_printf(cx, "%.19s", raw);
}

/* True if the title already says the unit: 金额（元）, 电量 kWh. */
static bool says_unit(const struct column *c, const char *unit)
{
    return c->title != NULL && strstr(c->title, unit) != NULL;
}

const char *cell_unit_beside(const struct column *c)
{
    const char *unit = cell_unit(c->kind);

    return c->kind == CELL_MONEY || says_unit(c, unit) ? "" : unit;
}

const char *cell_pretty(struct cx *cx, const struct column *c,
                        const char *raw)
{
    const struct look *l = look_of(c->kind);
    struct label label;
    int64_t v;

    if (raw == NULL || *raw == '\0')
        return CELL_NONE;
    if (c->say != NULL)
        return c->say(cx, raw);
    switch (c->kind) {
    case CELL_TIME:
        return moment(cx, raw);
    case CELL_DATE:
        return cx_printf(cx, "%.10s", raw);
    case CELL_ENUM:
        label = cell_label(c->labels, raw);
        if (label.key != NULL)
            return label.word;
        return read_int(raw, &v) ? CELL_NONE : raw;
    case CELL_BOOL:
        return strcmp(raw, "0") == 0 ? "否" : "是";
    case CELL_PHONE:
        return masked(cx->arena, raw);
    default:
        break;
    }
    if (!l->number || !read_int(raw, &v))
        return raw;
    if (c->kind == CELL_SECONDS)
        return duration(cx->arena, v);
    return number(cx->arena, l, v, l->places, true,
                  c->kind == CELL_MONEY && !says_unit(c, "元") ? "¥" : "");
}

const char *cell_plain(struct arena *a, const struct column *c,
                       const char *raw)
{
    const struct look *l = look_of(c->kind);
    struct label label;
    int64_t v;

    if (raw == NULL || *raw == '\0')
        return "";
    switch (c->kind) {
    case CELL_TIME:
        return arena_printf(a, "%.19s", raw);
    case CELL_DATE:
        return arena_printf(a, "%.10s", raw);
    case CELL_ENUM:
        label = cell_label(c->labels, raw);
        return label.key != NULL ? label.word : raw;
    case CELL_BOOL:
        return strcmp(raw, "0") == 0 ? "否" : "是";
    case CELL_PHONE:
        return masked(a, raw);
    default:
        break;
    }
    if (!l->number || !read_int(raw, &v))
        return raw;
    if (c->kind == CELL_SECONDS)
        return duration(a, v);
    return number(a, l, v, l->scale, false, "");
}

void cell_json(struct arena *a, const struct column *c, const char *raw,
               struct json_out *out)
{
    const struct look *l = look_of(c->kind);
    struct label label;
    int64_t v;

    if (raw == NULL) {
        json_none(out, c->name);
    } else if (c->kind == CELL_ENUM) {
        label = cell_label(c->labels, raw);
        json_text(out, c->name, label.key != NULL ? label.key : raw);
    } else if (c->kind == CELL_BOOL) {
        json_bool(out, c->name, strcmp(raw, "0") != 0);
    } else if (c->kind == CELL_PHONE) {
        json_text(out, c->name, masked(a, raw));
    } else if (l->number && read_int(raw, &v)) {
        json_raw(out, c->name, number(a, l, v, l->scale, false, ""));
    } else {
        json_text(out, c->name, raw);
    }
}

/* ---- typed numbers ----------------------------------------------------- */

const char *cell_typed(struct arena *a, enum cell kind, int64_t value)
{
    const struct look *l = look_of(kind);
    char text[MONEY_TEXT];
    size_t len;

    decimal_text(value, l->scale, l->scale, false, text);
    len = strlen(text);
    if (strchr(text, '.') != NULL) {
        /* Money keeps its two places, as it is written. */
        while (kind != CELL_MONEY && text[len - 1] == '0')
            len--;
        if (text[len - 1] == '.')
            len--;
    }
    return arena_strndup(a, text, len);
}

/* 1,234 holds a comma; 1,5 is a mistake. */
static bool is_thousands(const char *comma)
{
    return strspn(comma + 1, "0123456789") == 3;
}

bool cell_read(enum cell kind, const char *text, int64_t *out)
{
    char plain[MONEY_TEXT];
    size_t n = 0;

    if (strncmp(text, MINUS, strlen(MINUS)) == 0) {
        plain[n++] = '-';
        text += strlen(MINUS);
    }
    for (; *text != '\0'; text++) {
        if (*text == ',' && n > 0 && is_thousands(text))
            continue;
        if (n + 1 == sizeof plain)
            return false;
        plain[n++] = *text;
    }
    plain[n] = '\0';
    return decimal_parse(plain, look_of(kind)->scale, out);
}

const char *cell_range(struct arena *a, enum cell kind, int64_t min,
                       int64_t max)
{
    const char *unit = cell_unit(kind);

    if (max <= min)
        return "";
    return arena_printf(a, "%s–%s%s%s", cell_typed(a, kind, min),
                        cell_typed(a, kind, max), *unit == '\0' ? "" : " ",
                        unit);
}
