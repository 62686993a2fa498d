/*
 * Billing against a reference written differently: minute by minute, in
 * 128-bit fractions, with its own calendar and its own rounding.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tariff/billing.h"

/* ---- random numbers that repeat -------------------------------------- */

static uint64_t seed = 20261120;

static uint64_t next_random(void)
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static int64_t between(int64_t least, int64_t most)
{
    return least + (int64_t)(next_random() % (uint64_t)(most - least + 1));
}

/* ---- the reference --------------------------------------------------- */

/*
 * Energy flows evenly between two readings: minute k of m gets E/m units, and
 * one more whenever the running remainder fills a unit up.
 */
struct reference {
    int64_t energy[RATES];
    unsigned __int128 elec_nano, service_nano;
};

static int64_t half_up(unsigned __int128 nano)
{
    unsigned __int128 fen = nano / 10000000u;

    return (int64_t)(nano - fen * 10000000u >= 5000000u ? fen + 1 : fen);
}

static void reference_add(struct reference *r, const char *slots,
                          const struct tariff_prices *p, int start_minute,
                          int minutes, int64_t energy)
{
    int64_t fill = 0; /* of a unit, in 1/minutes */
    int minute = start_minute % 1440;

    for (int k = 0; k < minutes; k++) {
        int64_t units = energy / minutes;
        int rate = slots[minute / 30] - '0';

        fill += energy % minutes;
        if (fill >= minutes) {
            fill -= minutes;
            units++;
        }
        r->energy[rate] += units;
        r->elec_nano += (unsigned __int128)units * (uint64_t)p->elec_e5[rate];
        r->service_nano +=
            (unsigned __int128)units * (uint64_t)p->service_e5[rate];
        minute = minute == 1439 ? 0 : minute + 1;
    }
}

/* ---- a million sessions ---------------------------------------------- */

/* Days that a calendar gets wrong, beside ordinary ones. */
static stamp random_day(void)
{
    static const char *const special[] = {
        "2024-02-28", "2024-02-29", "2023-12-31", "2025-12-31", "2026-02-28",
        "2028-02-29", "2026-03-29", "2026-10-25", "2099-12-31", "1990-07-01"
    };
    stamp t;

    if (next_random() % 4 == 0) {
        assert_true(stamp_parse(special[next_random() % 10], &t));
        return t;
    }
    assert_true(stamp_parse("2024-01-01", &t));
    return stamp_add_days(t, (int)between(0, 3000));
}

static void random_tariff(char slots[TARIFF_SLOTS + 1],
                          struct tariff_prices *p)
{
    int run = 0;
    char rate = '2';

    for (int i = 0; i < TARIFF_SLOTS; i++) {
        if (run-- <= 0) {
            rate = (char)('0' + between(0, RATES - 1));
            run = (int)between(0, 11);
        }
        slots[i] = rate;
    }
    slots[TARIFF_SLOTS] = '\0';
    for (int i = 0; i < RATES; i++) {
        p->elec_e5[i] = between(0, TARIFF_PRICE_MAX_E5);
        p->service_e5[i] = between(0, TARIFF_PRICE_MAX_E5);
    }
}

static int random_minutes(void)
{
    switch (next_random() % 8) {
    case 0:
        return (int)between(1, 3);
    case 1:
        return (int)between(1440, 4400); /* more than a day */
    case 2:
        return (int)between(1, 48) * 30;
    default:
        return (int)between(1, 240);
    }
}

enum { READINGS_MAX = 5 };

/* One random session of 1 to 4 stretches; true if both ways agree. */
static bool session_agrees(void)
{
    struct bill_point curve[READINGS_MAX];
    struct tariff_prices prices;
    struct reference r = { { 0 } };
    char slots[TARIFF_SLOTS + 1];
    int start = (int)between(0, 1439), minute = start;
    size_t n = 1;
    int64_t parts[RATES];
    struct bill b;

    random_tariff(slots, &prices);
    curve[0] = (struct bill_point){
        stamp_add_ms(random_day(), start * INT64_C(60000)), 0
    };
    do {
        int minutes = random_minutes();
        int64_t energy = between(0, next_random() % 16 ? 2000000 : 100000000);

        reference_add(&r, slots, &prices, minute, minutes, energy);
        minute += minutes;
        curve[n] = (struct bill_point){
            stamp_add_ms(curve[n - 1].at, minutes * INT64_C(60000)),
            curve[n - 1].energy_e4kwh + energy
        };
        n++;
    } while (n < READINGS_MAX && next_random() % 2 == 0);
    bill_split(slots, curve, n, parts);
    bill_compute(&prices, parts, &b);
    return memcmp(parts, r.energy, sizeof parts) == 0 &&
           b.elec.fen == half_up(r.elec_nano) &&
           b.service.fen == half_up(r.service_nano) &&
           b.total.fen == half_up(r.elec_nano) + half_up(r.service_nano) &&
           b.energy_e4kwh == curve[n - 1].energy_e4kwh;
}

static void a_million_bills_equal_the_reference(void **state)
{
    int64_t differences = 0;

    (void)state;
    for (int i = 0; i < 1000000; i++)
        differences += !session_agrees();
    assert_int_equal(differences, 0);
}

/* ---- single promises ------------------------------------------------- */

static stamp at(const char *text)
{
    stamp t;

    assert_true(stamp_parse(text, &t));
    return t;
}

static const char peak_day[] =
    "333333333333332222110011222222110000110022223333";

static void a_bill_rounds_once_per_kind(void **state)
{
    /* 4 rates of 1.25 kWh-units that are 0.4 fen each: 1.6 fen in all. */
    const struct tariff_prices p = { { 40000, 40000, 40000, 40000 },
                                     { 10000, 10000, 10000, 10000 } };
    const int64_t energy[RATES] = { 100, 100, 100, 100 };
    struct bill b;

    (void)state;
    bill_compute(&p, energy, &b);
    assert_int_equal(b.rate[0].elec_nano, 4000000);
    assert_int_equal(b.elec.fen, 2);    /* 1.6, not 4 x 0 */
    assert_int_equal(b.service.fen, 0); /* 0.4 */
    assert_int_equal(b.total.fen, 2);
    assert_int_equal(b.energy_e4kwh, 400);
}

static void half_a_fen_goes_up(void **state)
{
    const struct tariff_prices p = { { 50000, 0, 0, 0 },
                                     { 49999, 0, 0, 0 } };
    const int64_t energy[RATES] = { 100, 0, 0, 0 };
    struct bill b;

    (void)state;
    bill_compute(&p, energy, &b);
    assert_int_equal(b.elec.fen, 1);
    assert_int_equal(b.service.fen, 0);
}

static void a_curve_is_cut_at_its_readings_and_at_half_hours(void **state)
{
    const struct bill_point curve[] = {
        { at("2026-11-20 10:50:00"), 0 },
        { at("2026-11-20 11:10:00"), 2000 }, /* 1000 on each side of 11:00 */
        { at("2026-11-20 11:20:00"), 2000 }, /* pause */
        { at("2026-11-20 11:31:00"), 13000 },
    };
    int64_t e[RATES];

    (void)state;
    /* slot 21 (10:30) is '0', 22 '1' ... by the text above */
    assert_int_equal(peak_day[21] - '0', 0);
    assert_int_equal(peak_day[22] - '0', 1);
    assert_int_equal(peak_day[23] - '0', 1);
    bill_split(peak_day, curve, COUNT(curve), e);
    assert_int_equal(e[0], 1000);
    assert_int_equal(e[1], 12000);
    assert_int_equal(e[2] + e[3], 0);
}

static void midnight_leap_day_and_two_days_add_up(void **state)
{
    const struct bill_point curve[] = {
        { at("2024-02-28 23:45:00"), 0 }, { at("2024-03-01 00:15:00"), 98000 }
    };
    char slots[TARIFF_SLOTS + 1];
    int64_t e[RATES];

    (void)state;
    memset(slots, '2', TARIFF_SLOTS);
    slots[TARIFF_SLOTS] = '\0';
    slots[0] = '3';                   /* 00:00-00:30 of 29 Feb and 1 Mar */
    slots[47] = '0';                  /* 23:30-24:00 of 28 and 29 Feb */
    bill_split(slots, curve, 2, e);   /* 1470 minutes, 66.67 units each */
    assert_int_equal(e[3], 98000 * 45 / 1470);
    assert_int_equal(e[0], 98000 * 45 / 1470);
    assert_int_equal(e[0] + e[1] + e[2] + e[3], 98000);
}

static void the_meter_gives_what_the_split_gives(void **state)
{
    (void)state;
    for (int round = 0; round < 2000; round++) {
        struct bill_point curve[40];
        struct bill_meter m = { .started = false };
        struct tariff_prices prices;
        char slots[TARIFF_SLOTS + 1];
        int64_t e[RATES];

        random_tariff(slots, &prices);
        curve[0] = (struct bill_point){ random_day(), 0 };
        for (int i = 1; i < 40; i++)
            curve[i] = (struct bill_point){
                stamp_add_ms(curve[i - 1].at, between(0, 3600000)),
                curve[i - 1].energy_e4kwh + between(0, 30000)
            };
        bill_split(slots, curve, 40, e);
        for (int i = 0; i < 40; i++) {
            struct bill_point wrong = curve[i];

            bill_meter_add(&m, slots, curve[i]);
            wrong.at.ms -= 1; /* late and lower readings change nothing */
            bill_meter_add(&m, slots, wrong);
            wrong = curve[i];
            wrong.energy_e4kwh -= 1;
            bill_meter_add(&m, slots, wrong);
        }
        assert_memory_equal(m.energy_e4kwh, e, sizeof e);
    }
}

static void no_energy_costs_nothing(void **state)
{
    const struct tariff_prices p = { { 1000000, 1, 2, 3 }, { 4, 5, 6, 7 } };
    const int64_t none[RATES] = { 0 };
    struct bill b;

    (void)state;
    bill_compute(&p, none, &b);
    assert_int_equal(b.total.fen, 0);
    assert_int_equal(b.energy_e4kwh, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bill_rounds_once_per_kind),
        cmocka_unit_test(half_a_fen_goes_up),
        cmocka_unit_test(a_curve_is_cut_at_its_readings_and_at_half_hours),
        cmocka_unit_test(midnight_leap_day_and_two_days_add_up),
        cmocka_unit_test(the_meter_gives_what_the_split_gives),
        cmocka_unit_test(no_energy_costs_nothing),
        cmocka_unit_test(a_million_bills_equal_the_reference),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
