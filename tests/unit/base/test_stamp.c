/* Points in time: base/stamp.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/stamp.h"

/* Every day of 200 years against the C library. */
static void agrees_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t day = -10000; day < 63000; day++) {
        stamp t = { day * DAY_MS + 123 };
        struct civil c = stamp_civil(t);
        time_t s = (time_t)(day * 86400 + 8 * 3600);
        struct tm tm;

        assert_non_null(gmtime_r(&s, &tm));
        assert_int_equal(c.year, tm.tm_year + 1900);
        assert_int_equal(c.month, tm.tm_mon + 1);
        assert_int_equal(c.day, tm.tm_mday);
        assert_int_equal(c.hour, 8);
        assert_int_equal(c.ms, 123);
        assert_int_equal(stamp_weekday(t), tm.tm_wday ? tm.tm_wday : 7);
        assert_int_equal(stamp_from_civil(&c).ms, t.ms);
    }
}

static void text_and_back(void **state)
{
    static const char *const texts[] = {
        "1970-01-01 08:00:00.001", "2024-02-29 23:59:59.999",
        "2026-11-20 14:05:16.123", "9999-12-31 23:59:59.999"
    };
    char out[STAMP_TEXT];
    stamp t;

    (void)state;
    for (size_t i = 0; i < COUNT(texts); i++) {
        assert_true(stamp_parse(texts[i], &t));
        assert_string_equal(stamp_text(t, out), texts[i]);
    }
    assert_true(stamp_parse("2026-11-20", &t));
    assert_string_equal(stamp_text(t, out), "2026-11-20 00:00:00.000");
    assert_true(stamp_parse("2026-11-20T01:02", &t));
    assert_string_equal(stamp_text(t, out), "2026-11-20 01:02:00.000");
    assert_true(stamp_parse("2026-11-20 01:02:03.123456", &t));
    assert_string_equal(stamp_text(t, out), "2026-11-20 01:02:03.123");
    assert_string_equal(stamp_text((stamp){ 0 }, out), "");
}

static void refuses_what_is_no_moment(void **state)
{
    static const char *const bad[] = {
        "", "2026", "2026-13-01", "2026-00-10", "2026-02-29", "2026-04-31",
        "2026-11-20 24:00", "2026-11-20 12:60", "2026-11-20 12:00:60",
        "2026-11-20 12:00:00.", "2026-11-20 12:00:00.1234567",
        "2026-11-20x", "2026-1-2", "1969-12-31", " 2026-11-20"
    };
    stamp t = { 42 };

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(stamp_parse(bad[i], &t));
        assert_int_equal(t.ms, 42);
    }
}

static void days(void **state)
{
    stamp t, d;

    (void)state;
    assert_true(stamp_parse("2026-11-20 00:00", &t));
    assert_int_equal(stamp_day(t).ms, t.ms);
    assert_int_equal(stamp_minute_of_day(t), 0);
    d = stamp_add_ms(t, -1);
    assert_int_equal(stamp_day(d).ms, stamp_add_days(t, -1).ms);
    assert_int_equal(stamp_minute_of_day(d), 1439);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(agrees_with_the_c_library),
        cmocka_unit_test(text_and_back),
        cmocka_unit_test(refuses_what_is_no_moment),
        cmocka_unit_test(days),
    };

    return cmocka_run_group_tests_name("stamp", tests, NULL, NULL);
}
