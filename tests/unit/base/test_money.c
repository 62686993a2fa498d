/* Money, prices, energy: base/money.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/macros.h"
#include "base/money.h"

static void nano_rounds_half_up_on_the_magnitude(void **state)
{
    static const struct { int64_t nano, fen; } cases[] = {
        { 0, 0 }, { 4999999, 0 }, { 5000000, 1 }, { 9999999, 1 },
        { 10000000, 1 }, { 14999999, 1 }, { 15000000, 2 },
        { -4999999, 0 }, { -5000000, -1 }, { -15000000, -2 },
        { INT64_MAX, INT64_MAX / 10000000 },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_int_equal(money_from_nano(cases[i].nano).fen, cases[i].fen);
}

static void shares_add_up_to_the_whole(void **state)
{
    uint64_t seed = 1;

    (void)state;
    for (int round = 0; round < 200000; round++) {
        int64_t weights[7], sum = 0;
        money shares[7], total;

        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        for (size_t i = 0; i < 7; i++)
            weights[i] = (int64_t)(seed >> (7 * i) & 127);
        weights[3]++; /* the sum must not be 0 */
        total = FEN((int64_t)(seed >> 40) - 4000000);
        money_split(total, weights, 7, shares);
        for (size_t i = 0; i < 7; i++) {
            sum += shares[i].fen;
            if (weights[i] == 0)
                assert_int_equal(shares[i].fen, 0);
        }
        assert_int_equal(sum, total.fen);
    }
}

static void ties_go_to_the_earlier_party(void **state)
{
    const int64_t weights[] = { 1, 1, 1 };
    money shares[3];

    (void)state;
    money_split(FEN(100), weights, 3, shares);
    assert_int_equal(shares[0].fen, 34);
    assert_int_equal(shares[1].fen, 33);
    assert_int_equal(shares[2].fen, 33);
    money_split(FEN(-100), weights, 3, shares);
    assert_int_equal(shares[0].fen, -34);
}

static void texts(void **state)
{
    char t[MONEY_TEXT];

    (void)state;
    assert_string_equal(money_text(FEN(-5), t), "-0.05");
    assert_string_equal(money_pretty(FEN(123456789), t), "1,234,567.89");
    assert_string_equal(money_text(FEN(INT64_MIN), t),
                        "-92233720368547758.08");
    assert_string_equal(decimal_text(12345, 4, 2, false, t), "1.23");
    assert_string_equal(decimal_text(12350, 4, 2, false, t), "1.24");
    assert_string_equal(decimal_text(99999, 4, 0, false, t), "10");
    assert_string_equal(decimal_text(-4, 4, 2, false, t), "0.00");
    assert_string_equal(decimal_text(141080, 5, 4, false, t), "1.4108");
    assert_string_equal(decimal_text(639300, 4, 4, true, t), "63.9300");
}

static void parses_exactly_or_not_at_all(void **state)
{
    static const char *const bad[] = {
        "", "-", ".", "1.", ".5", "1.234", "1,000", " 1", "1 ", "1e3",
        "+1", "--1", "1234567890123", "0x10", "1.2.3", "１"
    };
    money m = FEN(77);
    int64_t v;

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(money_parse(bad[i], &m));
        assert_int_equal(m.fen, 77);
    }
    assert_true(money_parse("12", &m));
    assert_int_equal(m.fen, 1200);
    assert_true(money_parse("-0.5", &m));
    assert_int_equal(m.fen, -50);
    assert_true(money_parse("1.2300", &m));
    assert_int_equal(m.fen, 123);
    assert_true(money_parse("999999999999.99", &m));
    assert_int_equal(m.fen, INT64_C(99999999999999));
    assert_true(decimal_parse("1.20001", 5, &v));
    assert_int_equal(v, 120001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nano_rounds_half_up_on_the_magnitude),
        cmocka_unit_test(shares_add_up_to_the_whole),
        cmocka_unit_test(ties_go_to_the_earlier_party),
        cmocka_unit_test(texts),
        cmocka_unit_test(parses_exactly_or_not_at_all),
    };

    return cmocka_run_group_tests_name("money", tests, NULL, NULL);
}
