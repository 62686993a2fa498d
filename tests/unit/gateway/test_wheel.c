/*
 * Timers: every one fires once, never early, at most a tick late, whatever
 * is set, moved and cleared meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "gateway/wheel.h"

static void a_timer_fires_at_its_time_or_a_tick_later(void **state)
{
    static const int64_t delays[] = { 0, 1, 63, 64, 65, 1000, 5000, 65000,
                                      65535, 65536, 70000, 131072, 600000 };

    (void)state;
    for (size_t i = 0; i < COUNT(delays); i++) {
        struct wheel w;
        struct timer t = { 0 };
        int64_t start = 1000003, now = start;

        wheel_init(&w, start);
        wheel_set(&w, &t, start + delays[i]);
        while (wheel_next(&w, now) == NULL)
            now++;
        assert_in_range(now - start - delays[i], 0, WHEEL_TICK_MS);
        assert_false(timer_is_set(&t));
        assert_int_equal(w.count, 0);
        assert_null(wheel_next(&w, now + 200000));
    }
}

static void the_wheel_tells_how_long_to_sleep(void **state)
{
    struct wheel w;
    struct timer t = { 0 };
    int64_t now = 5000;

    (void)state;
    wheel_init(&w, now);
    assert_int_equal(wheel_wait_ms(&w, now), -1);
    wheel_set(&w, &t, now + 10000);
    /* Sleeping as told, it takes few steps and is not late. */
    for (int steps = 0; wheel_next(&w, now) == NULL; steps++) {
        int wait = wheel_wait_ms(&w, now);

        assert_true(wait > 0);
        assert_true(steps < 3);
        now += wait;
    }
    assert_in_range(now, 15000, 15000 + WHEEL_TICK_MS);
}

static void a_moved_timer_fires_once_at_the_new_time(void **state)
{
    struct wheel w;
    struct timer t = { 0 };

    (void)state;
    wheel_init(&w, 0);
    wheel_set(&w, &t, 1000);
    wheel_set(&w, &t, 3000);
    assert_null(wheel_next(&w, 2900));
    assert_ptr_equal(wheel_next(&w, 3100), &t);
    assert_null(wheel_next(&w, 100000));
    wheel_set(&w, &t, 200000);
    wheel_clear(&w, &t);
    wheel_clear(&w, &t);
    assert_null(wheel_next(&w, 900000));
}

static void many_random_timers(void **state)
{
    enum { N = 5000 };
    static struct timer timers[N];
    static int fired[N];
    uint64_t seed = 42;
    struct wheel w;
    int64_t now = 77;
    int all = 0;

    (void)state;
    wheel_init(&w, now);
    for (int i = 0; i < N; i++) {
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        timers[i] = (struct timer){ .kind = i };
        wheel_set(&w, &timers[i], now + (int64_t)(seed >> 40) % 300000);
    }
    while (all < N) {
        struct timer *t;

        now += 1 + (int64_t)(seed % 150);
        seed = seed * 6364136223846793005U + 1442695040888963407U;
        while ((t = wheel_next(&w, now)) != NULL) {
            assert_true(t->due_ms <= now);
            assert_true(now - t->due_ms <= WHEEL_TICK_MS + 151);
            assert_int_equal(fired[t->kind]++, 0);
            all++;
        }
        assert_true(now < 400000);
    }
    assert_int_equal(w.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_timer_fires_at_its_time_or_a_tick_later),
        cmocka_unit_test(the_wheel_tells_how_long_to_sleep),
        cmocka_unit_test(a_moved_timer_fires_once_at_the_new_time),
        cmocka_unit_test(many_random_timers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
