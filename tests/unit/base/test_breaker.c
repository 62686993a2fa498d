/*
 * The breaker alone: when a partner is left alone, who tries again, and that
 * of many at once only one does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <string.h>

#include "base/breaker.h"
#include "base/log.h"

enum { PAUSE = 1000, THREADS = 16 };

static struct breakers all;
static struct breaker *b;

static int fresh(void **state)
{
    (void)state;
    memset(&all, 0, sizeof all);
    b = breaker_of(&all, "payment");
    return 0;
}

static void fail_often(int64_t now_ms, int times)
{
    for (int i = 0; i < times; i++)
        breaker_failed(b, now_ms, PAUSE);
}

static void each_partner_has_its_own(void **state)
{
    struct breaker *other = breaker_of(&all, "sms");

    (void)state;
    assert_ptr_not_equal(other, b);
    assert_ptr_equal(breaker_of(&all, "payment"), b);
    fail_often(5, PARTNER_FAILURES);
    assert_false(breaker_admits(b, 6, PAUSE));
    assert_true(breaker_admits(other, 6, PAUSE));
}

static void only_failures_in_a_row_count(void **state)
{
    (void)state;
    fail_often(5, PARTNER_FAILURES - 1);
    assert_true(breaker_admits(b, 6, PAUSE));
    breaker_answered(b);
    fail_often(7, PARTNER_FAILURES - 1);
    assert_true(breaker_admits(b, 8, PAUSE));
    fail_often(9, 1);
    assert_false(breaker_admits(b, 10, PAUSE));
    assert_int_equal(b->refused, 1);
}

static void one_tries_after_the_pause(void **state)
{
    (void)state;
    fail_often(5, PARTNER_FAILURES);
    assert_false(breaker_admits(b, 4 + PAUSE, PAUSE));
    assert_true(breaker_admits(b, 5 + PAUSE, PAUSE));
    assert_false(breaker_admits(b, 6 + PAUSE, PAUSE));
    /* It failed, too: another pause. */
    breaker_failed(b, 10 + PAUSE, PAUSE);
    assert_false(breaker_admits(b, 9 + 2 * PAUSE, PAUSE));
    /* The next one dies without a word: the one after it tries. */
    assert_true(breaker_admits(b, 10 + 2 * PAUSE, PAUSE));
    assert_true(breaker_admits(b, 10 + 3 * PAUSE, PAUSE));
    breaker_answered(b);
    for (int i = 0; i < 3; i++)
        assert_true(breaker_admits(b, 11 + 3 * PAUSE, PAUSE));
}

static void without_a_pause_nobody_is_left_alone(void **state)
{
    (void)state;
    for (int i = 0; i < 10; i++)
        breaker_failed(b, 5, 0);
    assert_true(breaker_admits(b, 6, 0));
}

static void *knock(void *arg)
{
    _Atomic int *admitted = arg;

    for (int i = 0; i < 1000; i++)
        if (breaker_admits(b, 5 + PAUSE, PAUSE))
            (*admitted)++;
    return NULL;
}

static void of_many_at_once_one_tries(void **state)
{
    pthread_t thread[THREADS];
    _Atomic int admitted = 0;

    (void)state;
    fail_often(5, PARTNER_FAILURES);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&thread[i], NULL, knock, &admitted),
                         0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(thread[i], NULL);
    assert_int_equal(admitted, 1);
    assert_int_equal(b->refused, THREADS * 1000 - 1);
}

#define CASE(name) cmocka_unit_test_setup(name, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(each_partner_has_its_own),
        CASE(only_failures_in_a_row_count),
        CASE(one_tries_after_the_pause),
        CASE(without_a_pause_nobody_is_left_alone),
        CASE(of_many_at_once_one_tries),
    };

    log_to(-1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
