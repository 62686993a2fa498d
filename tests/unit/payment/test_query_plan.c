/* When a channel is asked about an unpaid top-up: rule O5. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/macros.h"
#include "payment/payment.h"

static const stamp made = { INT64_C(1767225600000) };

static int64_t next_s(int64_t life_s, int64_t now_s)
{
    stamp expires = stamp_add_ms(made, life_s * 1000);
    stamp t = payment_next_query(made, expires,
                                 stamp_add_ms(made, now_s * 1000));

    return (t.ms - made.ms) / 1000;
}

static void the_first_questions_come_soon(void **state)
{
    (void)state;
    assert_int_equal(next_s(1800, 0), 10);
    assert_int_equal(next_s(1800, 9), 10);
    assert_int_equal(next_s(1800, 10), 30);
    assert_int_equal(next_s(1800, 29), 30);
    assert_int_equal(next_s(1800, 30), 70);
}

/* F32: a question finds what the channel knows, so no gap may be longer, from
   the first second to the last, however late the job comes to it. */
static void no_gap_is_longer_than_forty_seconds(void **state)
{
    int64_t asked = 0;

    (void)state;
    for (int64_t t = 0; t < 86400; t++) {
        assert_true(next_s(86400, t) > t);
        assert_true(next_s(86400, t) <= t + 40);
    }
    for (int64_t t = 0; t < 1800; t = next_s(1800, t) + 4)
        asked++;
    assert_in_range(asked, 40, 45);
}

static void the_last_question_is_at_expiry(void **state)
{
    (void)state;
    assert_int_equal(next_s(1800, 1770), 1800);
    assert_int_equal(next_s(1800, 1799), 1800);
    assert_int_equal(next_s(5, 0), 5);
}

static void after_expiry_it_is_asked_at_once(void **state)
{
    (void)state;
    assert_int_equal(next_s(1800, 1800), 1801);
    assert_int_equal(next_s(60, 500), 501);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_questions_come_soon),
        cmocka_unit_test(no_gap_is_longer_than_forty_seconds),
        cmocka_unit_test(the_last_question_is_at_expiry),
        cmocka_unit_test(after_expiry_it_is_asked_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
