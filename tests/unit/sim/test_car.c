/*
 * Cars charge as cars do: full power, then a taper, and never more than the
 * battery holds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "sim/car.h"

static struct car big_car(int soc_permille)
{
    struct car c = { .capacity_wms = INT64_C(216000000000), /* 60 kWh */
                     .max_power_w = 150000, .onboard_w = 7000,
                     .nominal_dv = 3500, .pack_mc = 25000,
                     .ambient_mc = 25000 };

    c.stored_wms = c.capacity_wms / 1000 * soc_permille;
    c.target_wms = c.capacity_wms;
    return c;
}

static void power_is_what_pile_and_car_allow(void **state)
{
    struct car c = big_car(300);

    (void)state;
    assert_int_equal(car_power_w(&c, 120000, false, 60000), 120000);
    assert_int_equal(car_power_w(&c, 180000, false, 60000), 150000);
    assert_int_equal(car_power_w(&c, 120000, true, 60000), 7000);
    assert_int_equal(car_power_w(&c, 120000, false, 0), 0);
    assert_int_equal(car_power_w(&c, 120000, false, 10000), 60000);
    c.pack_mc = 49000;
    assert_int_equal(car_power_w(&c, 120000, false, 60000), 84000);
}

static void power_tapers_above_80_percent(void **state)
{
    int32_t last = 120000, now;
    struct car c;

    (void)state;
    for (int soc = 800; soc <= 1000; soc++) {
        c = big_car(soc);
        now = car_power_w(&c, 120000, false, 60000);
        assert_true(now <= last);
        last = now;
    }
    assert_int_equal(last, 120000 * 12 / 100);
}

/* Every model, from its arrival to the last watt hour. */
static void every_car_gets_satisfied(void **state)
{
    struct rng rng = rng_make(3, 1);
    struct car c;
    int64_t seconds, last_dv, start_wms;
    int32_t power;
    int soc;

    (void)state;
    for (int round = 0; round < 300; round++) {
        car_arrive(&c, &rng);
        assert_int_equal(strlen(c.vin), 17);
        assert_true(c.stored_wms < c.target_wms);
        start_wms = c.stored_wms;
        last_dv = car_voltage_dv(&c);
        for (seconds = 0; !car_is_satisfied(&c); seconds++) {
            power = car_power_w(&c, 120000, false, seconds * 1000);
            car_charge(&c, power, 1000);
            assert_true(power >= 0 && power <= 120000);
            assert_true(car_voltage_dv(&c) >= last_dv);
            last_dv = car_voltage_dv(&c);
            soc = car_soc_permille(&c);
            assert_true(soc >= 0 && soc <= 1000);
            assert_true(c.pack_mc > 10000 && c.pack_mc < 75000);
            assert_true(seconds < 6 * 3600);
        }
        /* no faster than the pile's power allows */
        assert_true((c.stored_wms - start_wms) / 120000000 <= seconds);
        assert_true(car_seconds_left(&c, 1000) == 0);
    }
}

static void the_same_seed_brings_the_same_cars(void **state)
{
    struct rng a = rng_make(5, 77), b = rng_make(5, 77), c = rng_make(5, 78);
    struct car x, y, z;
    int different = 0;

    (void)state;
    for (int i = 0; i < 50; i++) {
        memset(&x, 0, sizeof x);
        memset(&y, 0, sizeof y);
        car_arrive(&x, &a);
        car_arrive(&y, &b);
        car_arrive(&z, &c);
        assert_string_equal(x.vin, y.vin);
        assert_int_equal(x.stored_wms, y.stored_wms);
        different += strcmp(x.vin, z.vin) != 0;
    }
    assert_true(different >= 49);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(power_is_what_pile_and_car_allow),
        cmocka_unit_test(power_tapers_above_80_percent),
        cmocka_unit_test(every_car_gets_satisfied),
        cmocka_unit_test(the_same_seed_brings_the_same_cars),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
