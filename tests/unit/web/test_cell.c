/*
 * How stored values look on a page, in a file, in JSON, and as typed.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "web/cell.h"

static const struct label state_labels[] = {
    { 1, "idle", "空闲", "idle" }, { 2, "fault", "故障", "fault" },
};

static struct cx *cx;

static int setup(void **state)
{
    (void)state;
    cx = cx_new(NULL, NULL, 4 << 20);
    cx_begin(cx);
    assert_true(stamp_parse("2026-11-20 14:05:16", &cx->now));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cx_free(cx);
    return 0;
}

static void values_look_as_the_design_says(void **state)
{
    static const struct {
        enum cell kind;
        const char *raw, *pretty, *plain, *json;
    } cases[] = {
        { CELL_TEXT, "A03-01 号桩", "A03-01 号桩", "A03-01 号桩",
          "\"A03-01 号桩\"" },
        { CELL_TEXT, NULL, "—", "", "null" },
        { CELL_TEXT, "", "—", "", "\"\"" },
        { CELL_MONO, "32010600011923", "32010600011923", "32010600011923",
          "\"32010600011923\"" },
        { CELL_INT, "1234567", "1,234,567", "1234567", "1234567" },
        { CELL_INT, "0", "0", "0", "0" },
        { CELL_INT, "-5", "\u22125", "-5", "-5" },
        { CELL_MONEY, "9946", "¥99.46", "99.46", "99.46" },
        { CELL_MONEY, "0", "¥0.00", "0.00", "0.00" },
        { CELL_MONEY, "-123456", "\u2212¥1,234.56", "-1234.56",
          "-1234.56" },
        { CELL_PRICE, "141083", "1.4108", "1.41083", "1.41083" },
        { CELL_ENERGY, "639300", "63.93", "63.9300", "63.9300" },
        { CELL_KW, "60550", "60.6", "60.550", "60.550" },
        { CELL_VOLT, "3808", "380.8", "380.8", "380.8" },
        { CELL_AMP, "1423", "142.3", "142.3", "142.3" },
        { CELL_PERCENT, "9901", "99.01", "99.01", "99.01" },
        { CELL_TIME, "2026-11-20 14:05:16.123", "11-20 14:05:16",
          "2026-11-20 14:05:16", "\"2026-11-20 14:05:16.123\"" },
        { CELL_TIME, "2025-01-02 03:04:05.000", "2025-01-02 03:04:05",
          "2025-01-02 03:04:05", "\"2025-01-02 03:04:05.000\"" },
        { CELL_TIME, NULL, "—", "", "null" },
        { CELL_DATE, "2026-11-20", "2026-11-20", "2026-11-20",
          "\"2026-11-20\"" },
        { CELL_SECONDS, "5966", "1:39:26", "1:39:26", "5966" },
        { CELL_SECONDS, "90061", "25:01:01", "25:01:01", "90061" },
        { CELL_ENUM, "1", "空闲", "空闲", "\"idle\"" },
        { CELL_ENUM, "9", "—", "9", "\"9\"" },
        { CELL_ENUM, NULL, "—", "", "null" },
        { CELL_BOOL, "1", "是", "是", "true" },
        { CELL_BOOL, "0", "否", "否", "false" },
        { CELL_PHONE, "13800001234", "138****1234", "138****1234",
          "\"138****1234\"" },
        { CELL_PHONE, "", "—", "", "\"\"" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct column c = { "x", "标题", "x", cases[i].kind,
                            .labels = LIST(state_labels) };
        struct json_out j = { 0 };
        struct buf b;

        assert_string_equal(cell_pretty(cx, &c, cases[i].raw),
                            cases[i].pretty);
        assert_string_equal(cell_plain(cx->arena, &c, cases[i].raw),
                            cases[i].plain);
        buf_init(&b, 1000);
        j.to = &b;
        json_open(&j, NULL, '{');
        cell_json(cx->arena, &c, cases[i].raw, &j);
        json_close(&j, '}');
        assert_string_equal(buf_text(&b),
                            cx_printf(cx, "{\"x\":%s}", cases[i].json));
        buf_fini(&b);
    }
}

static void the_unit_stands_once(void **state)
{
    const struct column beside = { "e", "电量", "e", CELL_ENERGY };
    const struct column in_head = { "e", "电量 kWh", "e", CELL_ENERGY };
    const struct column yuan = { "m", "金额 元", "m", CELL_MONEY };

    (void)state;
    assert_string_equal(cell_unit_beside(&beside), "kWh");
    assert_string_equal(cell_unit_beside(&in_head), "");
    assert_string_equal(cell_pretty(cx, &yuan, "9946"), "99.46");
}

static void typed_numbers_are_read_in_their_unit(void **state)
{
    static const struct {
        enum cell kind;
        const char *text;
        int64_t value;
    } good[] = {
        { CELL_KW, "7", 7000 }, { CELL_KW, "60.5", 60500 },
        { CELL_KW, "0.001", 1 }, { CELL_PRICE, "1.41083", 141083 },
        { CELL_MONEY, "1,234.5", 123450 }, { CELL_MONEY, "12", 1200 },
        { CELL_INT, "-3", -3 }, { CELL_INT, "\u22123", -3 },
        { CELL_INT, "1,234,567", 1234567 }, { CELL_ENERGY, "0.0001", 1 },
    };
    static const struct { enum cell kind; const char *text; } bad[] = {
        { CELL_KW, "" }, { CELL_KW, "七" }, { CELL_KW, "1.2345" },
        { CELL_KW, "1,5" }, { CELL_KW, "1e3" }, { CELL_KW, "0x10" },
        { CELL_KW, " 7" }, { CELL_KW, "7 " }, { CELL_KW, "7kW" },
        { CELL_KW, ",123" }, { CELL_KW, "1,,234" }, { CELL_INT, "1.5" },
        { CELL_MONEY, "1.234" }, { CELL_MONEY, "--1" },
        { CELL_INT, "99999999999999999999" },
        { CELL_INT, "1111111111111111111111111111111111111111111111111" },
    };
    int64_t v;

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(cell_read(good[i].kind, good[i].text, &v));
        assert_int_equal(v, good[i].value);
    }
    for (size_t i = 0; i < COUNT(bad); i++)
        if (cell_read(bad[i].kind, bad[i].text, &v))
            fail_msg("\"%s\" is no number", bad[i].text);
}

static void a_stored_number_is_shown_as_typed(void **state)
{
    (void)state;
    assert_string_equal(cell_typed(cx->arena, CELL_KW, 7000), "7");
    assert_string_equal(cell_typed(cx->arena, CELL_KW, 60500), "60.5");
    assert_string_equal(cell_typed(cx->arena, CELL_KW, 0), "0");
    assert_string_equal(cell_typed(cx->arena, CELL_MONEY, 1250), "12.50");
    assert_string_equal(cell_typed(cx->arena, CELL_INT, 100), "100");
    assert_string_equal(cell_range(cx->arena, CELL_KW, 1000, 960000),
                        "1–960 kW");
    assert_string_equal(cell_range(cx->arena, CELL_INT, 0, 0), "");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(values_look_as_the_design_says),
        T(the_unit_stands_once),
        T(typed_numbers_are_read_in_their_unit),
        T(a_stored_number_is_shown_as_typed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
