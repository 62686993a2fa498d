/* What drivers are told about prices: tariff/price.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "tariff/price.h"

/* 00-08 valley, 08-10 flat, 10-12 peak, 12-14 sharp, 14-24 flat. */
#define SLOTS "333333333333333322221111000022222222222222222222"
#define FLAT "222222222222222222222222222222222222222222222222"

static stamp at(const char *text)
{
    stamp t = { 0 };

    assert_true(stamp_parse(text, &t));
    return t;
}

static struct tariff_version version(const char *slots, const char *from)
{
    struct tariff_version v = {
        .starts_at = at(from),
        .prices = { { 130000, 110000, 80000, 40000 },
                    { 40000, 35000, 30000, 25000 } },
    };

    memcpy(v.slots, slots, TARIFF_SLOTS + 1);
    return v;
}

static void price_changes_at_the_next_border(void **state)
{
    static const struct {
        const char *now;
        int rate;
        int64_t total;
        const char *until;
        int64_t next;
    } cases[] = {
        { "2026-11-20 00:00", RATE_VALLEY, 65000, "2026-11-20 08:00", 110000 },
        { "2026-11-20 07:59:59.999", RATE_VALLEY, 65000, "2026-11-20 08:00",
          110000 },
        { "2026-11-20 08:00", RATE_FLAT, 110000, "2026-11-20 10:00", 145000 },
        { "2026-11-20 13:30", RATE_SHARP, 170000, "2026-11-20 14:00",
          110000 },
        { "2026-11-20 23:59", RATE_FLAT, 110000, "2026-11-21 00:00", 65000 },
        { "2028-02-29 23:59", RATE_FLAT, 110000, "2028-03-01 00:00", 65000 },
    };
    struct tariff_version v = version(SLOTS, "2026-01-01");

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct price_now p = price_at(&v, NULL, at(cases[i].now));

        assert_int_equal(p.rate, cases[i].rate);
        assert_int_equal(p.elec_e5 + p.service_e5, cases[i].total);
        assert_int_equal(p.until.ms, at(cases[i].until).ms);
        assert_int_equal(p.next_e5, cases[i].next);
    }
}

static void one_price_all_day_has_no_border(void **state)
{
    struct tariff_version v = version(FLAT, "2026-01-01");
    struct price_now p = price_at(&v, NULL, at("2026-11-20 13:00"));

    (void)state;
    assert_int_equal(p.until.ms, 0);
    assert_int_equal(p.next_e5, 110000);
}

static void equal_prices_of_two_rates_are_no_border(void **state)
{
    struct tariff_version v = version(SLOTS, "2026-01-01");
    struct price_now p;

    (void)state;
    /* Peak now costs what flat costs. */
    v.prices.elec_e5[RATE_PEAK] = 75000;
    p = price_at(&v, NULL, at("2026-11-20 08:30"));
    assert_int_equal(p.until.ms, at("2026-11-20 12:00").ms);
    assert_int_equal(p.next_e5, 170000);
}

static void a_planned_version_changes_the_price_at_midnight(void **state)
{
    struct tariff_version v = version(FLAT, "2026-01-01");
    struct tariff_version next = version(FLAT, "2026-11-21");
    struct price_now p;

    (void)state;
    next.prices.elec_e5[RATE_FLAT] = 90000;
    p = price_at(&v, &next, at("2026-11-20 13:00"));
    assert_int_equal(p.until.ms, at("2026-11-21").ms);
    assert_int_equal(p.next_e5, 120000);
    /* Farther away than a day: it stays as it is for what is shown. */
    next.starts_at = at("2026-11-23");
    p = price_at(&v, &next, at("2026-11-20 13:00"));
    assert_int_equal(p.until.ms, 0);
}

static void spans_cover_the_day_without_gap(void **state)
{
    struct tariff_version v = version(SLOTS, "2026-01-01");
    struct price_span s[TARIFF_SLOTS];
    size_t n = price_spans(&v, s);

    (void)state;
    assert_int_equal(n, 5);
    assert_int_equal(s[0].from_min, 0);
    assert_int_equal(s[n - 1].to_min, 1440);
    for (size_t i = 1; i < n; i++) {
        assert_int_equal(s[i].from_min, s[i - 1].to_min);
        assert_int_not_equal(s[i].rate, s[i - 1].rate);
    }
    v = version(FLAT, "2026-01-01");
    assert_int_equal(price_spans(&v, s), 1);
    for (int i = 0; i < TARIFF_SLOTS; i++)
        v.slots[i] = (char)('0' + i % 4);
    assert_int_equal(price_spans(&v, s), TARIFF_SLOTS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(price_changes_at_the_next_border),
        cmocka_unit_test(one_price_all_day_has_no_border),
        cmocka_unit_test(equal_prices_of_two_rates_are_no_border),
        cmocka_unit_test(a_planned_version_changes_the_price_at_midnight),
        cmocka_unit_test(spans_cover_the_day_without_gap),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
