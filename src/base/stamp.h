/*
 * Points in time. A stamp counts milliseconds since 1970-01-01 00:00 UTC;
 * zero means "none" (NULL in the database). The platform's wall time is
 * Asia/Shanghai, UTC+8 without daylight saving, so conversions are plain
 * arithmetic and need no time zone files.
 */
#ifndef BASE_STAMP_H
#define BASE_STAMP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"

typedef struct stamp {
    int64_t ms;
} stamp;

/* Wall-clock parts of a stamp, in Asia/Shanghai. */
struct civil {
    int year;   /* 1970..9999 */
    int month;  /* 1..12 */
    int day;    /* 1..31 */
    int hour;   /* 0..23 */
    int minute; /* 0..59 */
    int second; /* 0..59 */
    int ms;     /* 0..999 */
};

enum { STAMP_TEXT = 24 }; /* "2026-11-20 14:05:16.123" and the NUL */

/* Milliseconds of one day. */
#define DAY_MS INT64_C(86400000)

/* The system clock. Feature code uses cx->now instead. */
stamp stamp_now(void);

/* A clock that never jumps, for timeouts; its zero is arbitrary. */
int64_t monotonic_ms(void);
int64_t monotonic_us(void);

struct civil stamp_civil(stamp t);
stamp stamp_from_civil(const struct civil *c);

/* True if the parts name a real moment (no 31 April, no minute 60). */
bool civil_is_valid(const struct civil *c);

/* 1 Monday .. 7 Sunday. */
int stamp_weekday(stamp t);

/* 00:00:00.000 of the stamp's day. */
stamp stamp_day(stamp t);
stamp stamp_add_days(stamp t, int days);
stamp stamp_add_ms(stamp t, int64_t ms);

/* Minute of the day, 0..1439. */
int stamp_minute_of_day(stamp t);

/* "2026-11-20 14:05:16.123"; "" for the zero stamp. Returns out. */
char *stamp_text(stamp t, char out[STAMP_TEXT]);

/* "2026-11-20"; "" for the zero stamp. Returns out. */
char *stamp_date_text(stamp t, char out[STAMP_TEXT]);

/*
 * Reads "YYYY-MM-DD", "YYYY-MM-DD hh:mm", "...:ss" or "...:ss.fff" (up to six
 * fraction digits, cut to ms; a "T" may stand for the blank).
 * False, and *out untouched, for anything else.
 */
MUST_USE bool stamp_parse(const char *text, stamp *out);

#endif
