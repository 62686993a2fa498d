/* When a channel is asked about an unpaid top-up: rule O5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"
#include "payment/payment.h"

static const stamp made = { INT64_C(1767225600000) };

static int64_t next_s(int queries, int64_t life_s, int64_t now_s)
{
    stamp expires = stamp_add_ms(made, life_s * 1000);
    stamp t = payment_next_query(made, expires, queries,
                                 stamp_add_ms(made, now_s * 1000));

    return (t.ms - made.ms) / 1000;
}

static void questions_grow_rarer_until_expiry(void **state)
{
    static const int64_t day[] = { 10,   30,    60,    180,   600,
                                   1800, 3600,  7200,  10800, 14400 };

    (void)state;
    for (size_t i = 0; i < COUNT(day); i++)
        assert_int_equal(next_s((int)i, 86400, 0), day[i]);
    assert_int_equal(next_s(29, 86400, 0), 86400);
    assert_int_equal(next_s(100, 86400, 0), 86400);
}

static void the_last_question_is_at_expiry(void **state)
{
    (void)state;
    assert_int_equal(next_s(4, 1800, 0), 600);
    assert_int_equal(next_s(5, 1800, 0), 1800);
    assert_int_equal(next_s(6, 1800, 0), 1800);
    assert_int_equal(next_s(0, 5, 0), 5);
}

static void a_job_that_was_away_does_not_ask_for_the_past(void **state)
{
    (void)state;
    assert_int_equal(next_s(1, 86400, 500), 501);
    assert_int_equal(next_s(1, 60, 500), 501);
    assert_int_equal(next_s(-1, 86400, 0), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(questions_grow_rarer_until_expiry),
        cmocka_unit_test(the_last_question_is_at_expiry),
        cmocka_unit_test(a_job_that_was_away_does_not_ask_for_the_past),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
