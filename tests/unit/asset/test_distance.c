/*
 * Distances between places: asset/distance.h. The expected metres are of the
 * haversine formula on the same sphere, computed elsewhere.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "asset/distance.h"
#include "base/macros.h"

struct pair {
    const char *what;
    struct place a, b;
    int64_t metres;
};

/* Allowed error: a metre, or 0.1 % up to 100 km and 1 % beyond. */
static void distances_are_those_of_the_sphere(void **state)
{
    static const struct pair cases[] = {
        { "Guangzhou tower - near", { 113330803, 23113403 }, { 113331000, 23113500 }, 23 },
        { "Guangzhou tower - Tianhe", { 113330803, 23113403 }, { 113361200, 23124680 }, 3352 },
        { "Guangzhou tower - Foshan", { 113330803, 23113403 }, { 113121400, 23021500 }, 23735 },
        { "Guangzhou tower - Shenzhen north", { 113330803, 23113403 },
          { 114029103, 22609003 }, 90911 },
        { "Beijing - Tianjin", { 116397499, 39908722 }, { 117200983, 39084158 }, 114715 },
        { "Guangzhou tower - Beijing", { 113330803, 23113403 }, { 116397499, 39908722 }, 1889705 },
        { "Beijing - Harbin", { 116397499, 39908722 }, { 126535300, 45803700 }, 1053357 },
        { "Urumqi - Harbin", { 87616800, 43825600 }, { 126535300, 45803700 }, 3047341 },
        { "Sanya - Guangzhou tower", { 109511900, 18252800 }, { 113330803, 23113403 }, 670670 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct pair *c = &cases[i];
        int64_t d = distance_m(c->a, c->b);
        int64_t share = c->metres <= 100000 ? 1000 : 100;
        int64_t most = c->metres / share + 1;

        /* Beyond 1,000 km only the order of magnitude is promised. */
        if (c->metres > 1000000)
            most = c->metres / 20;
        if (llabs(d - c->metres) > most)
            fail_msg("%s: %lld, not %lld", c->what, (long long)d,
                     (long long)c->metres);
        assert_int_equal(distance_m(c->b, c->a), d);
    }
}

static void the_same_place_is_nowhere_far(void **state)
{
    struct place p = { 113330803, 23113403 };

    (void)state;
    assert_int_equal(distance_m(p, p), 0);
    assert_int_equal(distance_m((struct place){ 0, 90000000 },
                                (struct place){ 180000000, 90000000 }), 0);
}

static void the_date_line_is_no_border(void **state)
{
    (void)state;
    assert_in_range(distance_m((struct place){ 179999000, 0 },
                               (struct place){ -179999000, 0 }), 221, 224);
}

/* Everything within the radius lies within the square, at its rim too. */
static void the_square_holds_the_circle(void **state)
{
    static const int64_t radii[] = { 1, 500, 3000, 50000, 1000000 };

    (void)state;
    for (int lat = -80; lat <= 80; lat += 10) {
        for (size_t i = 0; i < COUNT(radii); i++) {
            struct place at = { 100000000, lat * 1000000 };
            struct square box = distance_square(at, radii[i]);
            struct place corner[] = {
                { box.lng_min, at.lat_e6 }, { box.lng_max, at.lat_e6 },
                { at.lng_e6, box.lat_min }, { at.lng_e6, box.lat_max },
            };

            for (size_t k = 0; k < COUNT(corner); k++)
                assert_true(distance_m(at, corner[k]) >= radii[i] - 1);
        }
    }
}

static void nothing_overflows_at_the_ends_of_the_earth(void **state)
{
    struct place a = { -180000000, -90000000 }, b = { 180000000, 90000000 };

    (void)state;
    assert_in_range(distance_m(a, b), 19000000, 21000000);
    distance_square(a, INT64_C(40000000));
    distance_square(b, INT64_C(40000000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_those_of_the_sphere),
        cmocka_unit_test(the_same_place_is_nowhere_far),
        cmocka_unit_test(the_date_line_is_no_border),
        cmocka_unit_test(the_square_holds_the_circle),
        cmocka_unit_test(nothing_overflows_at_the_ends_of_the_earth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
