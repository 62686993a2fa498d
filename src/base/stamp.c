#include "base/stamp.h"

#include <string.h>
#include <time.h>

#define ZONE_MS (INT64_C(8) * 3600 * 1000)

stamp stamp_now(void)
{
    struct timespec t;

    must(clock_gettime(CLOCK_REALTIME, &t) == 0);
    return (stamp){ (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000 };
}

int64_t monotonic_us(void)
{
    struct timespec t;

    must(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t monotonic_ms(void)
{
    return monotonic_us() / 1000;
}

static int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;

    return a % b < 0 ? q - 1 : q;
}

/*
 * Days since 1970-01-01 of a Gregorian date: years counted from March, so
 * that the leap day is the last of its year.
 */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t m = month <= 2 ? month + 9 : month - 3;
    int64_t leap = floor_div(y, 4) - floor_div(y, 100) + floor_div(y, 400);

    /* 719468 days lie between 0000-03-01 and 1970-01-01. */
    return y * 365 + leap + (153 * m + 2) / 5 + day - 1 - 719468;
}

static bool is_leap(int y)
{
    return (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
}

static int days_in_month(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30,
                                31, 31, 30, 31, 30, 31 };

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

static void civil_date(int64_t days, struct civil *c)
{
    /* A first guess by the mean year, then at most one step either way. */
    int year = (int)floor_div(days * 400, 146097) + 1970;
    int64_t left;

    while (days_of(year, 1, 1) > days)
        year--;
    while (days_of(year + 1, 1, 1) <= days)
        year++;
    left = days - days_of(year, 1, 1);
    c->year = year;
    for (c->month = 1; left >= days_in_month(year, c->month); c->month++)
        left -= days_in_month(year, c->month);
    c->day = (int)left + 1;
}

struct civil stamp_civil(stamp t)
{
    int64_t local = t.ms + ZONE_MS;
    int64_t days = floor_div(local, DAY_MS);
    int rest = (int)(local - days * DAY_MS);
    struct civil c = { 0 };

    civil_date(days, &c);
    c.hour = rest / 3600000;
    c.minute = rest / 60000 % 60;
    c.second = rest / 1000 % 60;
    c.ms = rest % 1000;
    return c;
}

stamp stamp_from_civil(const struct civil *c)
{
    int64_t ms = days_of(c->year, c->month, c->day) * DAY_MS;

    ms += (int64_t)c->hour * 3600000 + (int64_t)c->minute * 60000;
    ms += (int64_t)c->second * 1000 + c->ms;
    return (stamp){ ms - ZONE_MS };
}

bool civil_is_valid(const struct civil *c)
{
    return c->year >= 1970 && c->year <= 9999 && c->month >= 1 &&
           c->month <= 12 && c->day >= 1 &&
           c->day <= days_in_month(c->year, c->month) && c->hour >= 0 &&
           c->hour <= 23 && c->minute >= 0 && c->minute <= 59 &&
           c->second >= 0 && c->second <= 59 && c->ms >= 0 && c->ms <= 999;
}

int stamp_weekday(stamp t)
{
    int64_t days = floor_div(t.ms + ZONE_MS, DAY_MS);

    /* 1970-01-01 was a Thursday. */
    return (int)((days % 7 + 7 + 3) % 7) + 1;
}

stamp stamp_day(stamp t)
{
    return (stamp){ floor_div(t.ms + ZONE_MS, DAY_MS) * DAY_MS - ZONE_MS };
}

stamp stamp_add_days(stamp t, int days)
{
    return (stamp){ t.ms + days * DAY_MS };
}

stamp stamp_add_ms(stamp t, int64_t ms)
{
    return (stamp){ t.ms + ms };
}

int stamp_minute_of_day(stamp t)
{
    int64_t local = t.ms + ZONE_MS;

    return (int)((local - floor_div(local, DAY_MS) * DAY_MS) / 60000);
}

char *stamp_text(stamp t, char out[STAMP_TEXT])
{
    struct civil c = stamp_civil(t);

    out[0] = '\0';
    if (t.ms != 0 && c.year >= 0 && c.year <= 9999)
        must(snprintf(out, STAMP_TEXT, "%04d-%02d-%02d %02d:%02d:%02d.%03d",
                      c.year % 10000, c.month % 100, c.day % 100,
                      c.hour % 100, c.minute % 100, c.second % 100,
                      c.ms % 1000) < STAMP_TEXT);
    return out;
}

char *stamp_date_text(stamp t, char out[STAMP_TEXT])
{
    stamp_text(t, out);
    out[out[0] == '\0' ? 0 : 10] = '\0';
    return out;
}

/* Reads exactly n digits at *p. */
static bool digits(const char **p, int n, int *out)
{
    int v = 0;

    for (int i = 0; i < n; i++) {
        if ((*p)[i] < '0' || (*p)[i] > '9')
            return false;
        v = v * 10 + ((*p)[i] - '0');
    }
    *p += n;
    *out = v;
    return true;
}

static bool mark(const char **p, char c)
{
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

/* ".f" to ".ffffff", cut to milliseconds. */
static bool fraction(const char **p, int *ms)
{
    int n = 0;

    *ms = 0;
    for (; **p >= '0' && **p <= '9'; (*p)++, n++)
        if (n < 3)
            *ms = *ms * 10 + (**p - '0');
    for (int i = n; i < 3; i++)
        *ms *= 10;
    return n >= 1 && n <= 6;
}

bool stamp_parse(const char *text, stamp *out)
{
    struct civil c = { 0 };
    const char *p = text;

    if (!digits(&p, 4, &c.year) || !mark(&p, '-') ||
        !digits(&p, 2, &c.month) || !mark(&p, '-') || !digits(&p, 2, &c.day))
        return false;
    if (*p != '\0') {
        if (!mark(&p, ' ') && !mark(&p, 'T'))
            return false;
        if (!digits(&p, 2, &c.hour) || !mark(&p, ':') ||
            !digits(&p, 2, &c.minute))
            return false;
        if (mark(&p, ':') && !digits(&p, 2, &c.second))
            return false;
        if (mark(&p, '.') && !fraction(&p, &c.ms))
            return false;
    }
    if (*p != '\0' || !civil_is_valid(&c))
        return false;
    *out = stamp_from_civil(&c);
    return true;
}
