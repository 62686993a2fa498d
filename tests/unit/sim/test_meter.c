/*
 * The pile's own arithmetic: the energies of the rates add up to the total
 * and to what the meter moved, whatever the power and the time of day.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "sim/meter.h"
#include "sim/rng.h"

/* The tariff of worked example 5. */
static struct sim_tariff example(void)
{
    static const uint8_t slots[48] = {
        3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 1, 1, 1, 1, 1, 1,
        2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 0, 0, 0, 0, 0, 0,
        2, 2, 2, 2, 2, 2,
    };
    struct sim_tariff t = {
        .held = true,
        .prices = { { 120000, 40000 }, { 100000, 40000 }, { 70000, 40000 },
                    { 30000, 40000 } },
    };

    memcpy(t.slots, slots, sizeof slots);
    return t;
}

static stamp at(const char *text)
{
    stamp t;

    assert_true(stamp_parse(text, &t));
    return t;
}

/* The session of worked example 9 in two pieces of constant power. */
static void a_session_over_a_border_splits_there(void **state)
{
    struct sim_tariff t = example();
    struct meter m = { .reading_e4kwh = 1234567890 };
    struct sim_bill bill = { { 0 } };

    (void)state;
    /* 1 kW for 20 minutes before 8:00 and 15 minutes after */
    meter_run(&m, &t, at("2025-11-05 07:40:00"), 35 * 60000, 1000, &bill);
    sim_bill_price(&bill, &t);
    assert_int_equal(bill.energy_e4kwh[YKC_RATE_VALLEY], 3333);
    assert_int_equal(bill.energy_e4kwh[YKC_RATE_PEAK], 2500);
    assert_int_equal(bill.energy_e4kwh[YKC_RATE_FLAT], 0);
    assert_int_equal(bill.energy_e4kwh[YKC_RATE_SHARP], 0);
    assert_int_equal(bill.total_e4kwh, 5833);
    assert_int_equal(m.reading_e4kwh, 1234567890 + 5833);
    assert_int_equal(bill.amount_e4yuan[YKC_RATE_VALLEY], 2333);
    assert_int_equal(bill.amount_e4yuan[YKC_RATE_PEAK], 3500);
    assert_int_equal(bill.total_e4yuan, 5833);
}

static void every_slot_counts_for_its_own_rate(void **state)
{
    struct sim_tariff t = example();

    (void)state;
    for (int slot = 0; slot < 48; slot++) {
        struct meter m = { 0 };
        struct sim_bill bill = { { 0 } };
        stamp from = stamp_add_ms(at("2024-02-29"), slot * 1800000);

        meter_run(&m, &t, from, 1800000, 72000, &bill);
        assert_int_equal(bill.energy_e4kwh[t.slots[slot]], 360000);
        assert_int_equal(bill.total_e4kwh, 360000);
    }
}

/* Midnight, many days, odd milliseconds: nothing gets lost or doubled. */
static void random_sessions_add_up(void **state)
{
    struct sim_tariff t = example();
    struct rng rng = rng_make(9, 9);

    (void)state;
    for (int round = 0; round < 20000; round++) {
        struct meter m = { .reading_e4kwh = 500 };
        struct sim_bill bill = { { 0 } };
        stamp now = stamp_add_ms(at("2024-02-28 12:00:00"),
                                 rng_below(&rng, 3 * DAY_MS));
        int64_t wms = 0, ms, power;
        uint64_t sum = 0, yuan = 0;

        for (int piece = 0; piece < 30; piece++) {
            ms = rng_below(&rng, round % 10 == 0 ? DAY_MS * 2 : 20000);
            power = rng_below(&rng, 240001);
            meter_run(&m, &t, now, ms, power, &bill);
            now = stamp_add_ms(now, ms);
            wms += ms * power;
        }
        sim_bill_price(&bill, &t);
        for (int rate = 0; rate < YKC_RATES; rate++) {
            sum += bill.energy_e4kwh[rate];
            yuan += bill.amount_e4yuan[rate];
        }
        assert_int_equal(sum, bill.total_e4kwh);
        assert_int_equal(m.reading_e4kwh - 500, sum);
        assert_int_equal(sum, (uint64_t)(wms / METER_UNIT_WMS));
        assert_int_equal(m.rest_wms, wms % METER_UNIT_WMS);
        assert_int_equal(yuan, bill.total_e4yuan);
    }
}

/* What is left below one unit counts for the next session, not for none. */
static void the_rest_of_a_unit_is_kept(void **state)
{
    struct sim_tariff t = example();
    struct meter m = { 0 };
    struct sim_bill first = { { 0 } }, second = { { 0 } };

    (void)state;
    meter_run(&m, &t, at("2025-11-05"), 359, 1000, &first);
    assert_int_equal(first.total_e4kwh, 0);
    meter_run(&m, &t, at("2025-11-05"), 1, 1000, &second);
    assert_int_equal(second.total_e4kwh, 1);
    assert_int_equal(m.reading_e4kwh, 1);
}

static void a_tariff_with_a_wrong_slot_is_not_taken(void **state)
{
    struct sim_tariff t = example(), before = t;
    struct ykc_tariff_reply frame = { .tariff_number = { 0, 7 } };

    (void)state;
    frame.slot_rate_codes[47] = 4;
    assert_false(sim_tariff_take(&t, &frame));
    assert_memory_equal(&t, &before, sizeof t);
    frame.slot_rate_codes[47] = 3;
    ykc_tariff_set_prices(&frame, YKC_RATE_VALLEY,
                          (struct ykc_prices){ 31000, 42000 });
    assert_true(sim_tariff_take(&t, &frame));
    assert_int_equal(sim_tariff_price(&t, YKC_RATE_VALLEY), 73000);
    assert_int_equal(t.number[1], 7);
    assert_int_equal(t.slots[47], YKC_RATE_VALLEY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_over_a_border_splits_there),
        cmocka_unit_test(every_slot_counts_for_its_own_rate),
        cmocka_unit_test(random_sessions_add_up),
        cmocka_unit_test(the_rest_of_a_unit_is_kept),
        cmocka_unit_test(a_tariff_with_a_wrong_slot_is_not_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
