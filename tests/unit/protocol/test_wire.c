/*
 * The codec's parts: check field, times, numbers as text and back.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "protocol/wire.h"
#include "protocol/ykc/codes.h"

static void crc_gives_the_check_value(void **state)
{
    (void)state;
    assert_int_equal(wire_crc("123456789", 9), 0x4B37);
    assert_int_equal(wire_crc("", 0), 0xFFFF);
}

/* Bit by bit, from the definition, for lengths up to a frame. */
static void crc_table_agrees_with_the_definition(void **state)
{
    uint8_t b[255];
    uint16_t crc;

    (void)state;
    for (size_t i = 0; i < sizeof b; i++)
        b[i] = (uint8_t)(i * 7 + 3);
    for (size_t n = 0; n <= sizeof b; n++) {
        crc = 0xFFFF;
        for (size_t i = 0; i < n; i++) {
            crc ^= b[i];
            for (int bit = 0; bit < 8; bit++)
                crc = (uint16_t)(crc & 1 ? crc >> 1 ^ 0xA001 : crc >> 1);
        }
        assert_int_equal(wire_crc(b, n), crc);
    }
}

static struct wire_time time_hex(const char *hex)
{
    struct wire_time t;

    assert_true(wire_unhex(hex, t.raw, sizeof t.raw));
    return t;
}

static void times_read_with_all_flag_bits_masked(void **state)
{
    static const struct {
        const char *hex, *text;
    } cases[] = {
        { "98B70E11100314", "2020-03-16 17:14:47.000" },
        { "E02E2807050B19", "2025-11-05 07:40:12.000" },
        { "409C1908050B19", "2025-11-05 08:25:40.000" },
        { "5FEA3B171F0C7F", "2127-12-31 23:59:59.999" },
        { "00000000010100", "2000-01-01 00:00:00.000" },
        { "000000001D0218", "2024-02-29 00:00:00.000" },
        /* IV, SU, day of week and the reserved bits set */
        { "98B7CEF1F0F394", "2020-03-16 17:14:47.000" },
        { "00000000000000", "" },
        { "FFFFFFFFFFFFFF", "" },
        { "60EA0000010119", "" }, /* millisecond 60000 */
        { "00003C00010119", "" }, /* minute 60 */
        { "00000018010119", "" }, /* hour 24 */
        { "00000000000119", "" }, /* day 0 */
        { "00000000010019", "" }, /* month 0 */
        { "00000000010D19", "" }, /* month 13 */
        { "000000001D0219", "" }, /* 29 February 2025 */
        { "000000001F0419", "" }, /* 31 April */
    };
    char text[STAMP_TEXT];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++)
        assert_string_equal(
            stamp_text(wire_stamp(time_hex(cases[i].hex)), text),
            cases[i].text);
}

/* About every minute of two years around a leap day, and the limits. */
static void times_write_back_to_the_same_moment(void **state)
{
    stamp from, to, last;

    (void)state;
    assert_true(stamp_parse("2023-12-31 00:00:00.001", &from));
    assert_true(stamp_parse("2026-01-02", &to));
    for (stamp t = from; t.ms < to.ms; t = stamp_add_ms(t, 61007))
        assert_int_equal(wire_stamp(wire_time(t)).ms, t.ms);
    assert_true(stamp_parse("2127-12-31 23:59:59.999", &last));
    assert_int_equal(wire_stamp(wire_time(last)).ms, last.ms);
    assert_int_equal(wire_stamp(wire_time(stamp_add_ms(last, 1))).ms, 0);
    assert_true(stamp_parse("1999-12-31 23:59:59.999", &last));
    assert_int_equal(wire_stamp(wire_time(last)).ms, 0);
}

struct sample {
    uint8_t u8;
    uint16_t u16;
    uint32_t u24;
    uint64_t u40;
    uint64_t bits;
    uint8_t gun;
    uint16_t low;
    uint8_t high;
    char bcd[5];
    char str[5];
    uint8_t raw[2];
    uint8_t list[3];
    struct wire_time time;
};

#define SAMPLE(kind, member, bytes, shown)                           \
    { #member, #member, WIRE_##kind, bytes,                          \
      offsetof(struct sample, member), &ykc_shows[YKC_SHOW_##shown], \
      WIRE_QUIET }

static const struct {
    struct wire_field field;
    const char *text;   /* read, and written back */
    const char *pretty; /* NULL: not looked at */
} good_texts[] = {
    { SAMPLE(U16, u16, 2, VOLT), "402.5", "402.5 V" },
    { SAMPLE(U16, u16, 2, VOLT), "6553.5", "6553.5 V" },
    { SAMPLE(U16, u16, 2, AMP_400), "85.3", "85.3 A" },
    { SAMPLE(U16, u16, 2, AMP_400), "-400.0", "-400.0 A" },
    { SAMPLE(U8, u8, 1, TEMP), "35", "35 °C" },
    { SAMPLE(U8, u8, 1, TEMP), "-50", "-50 °C" },
    { SAMPLE(U8, u8, 1, TEMP_OR_NONE), "", "无" },
    { SAMPLE(U8, u8, 1, PERCENT), "57", "57%" },
    { SAMPLE(U8, u8, 1, STATE), "3", "3 充电" },
    { SAMPLE(U8, u8, 1, STATE), "7", "7 未知" },
    { SAMPLE(U8, u8, 1, STOP), "64", "0x40 APP 远程停止" },
    { SAMPLE(U8, u8, 1, STOP), "145", "0x91 未知" },
    { SAMPLE(U8, u8, 1, VERSION), "1.6", "1.6" },
    { SAMPLE(U8, u8, 1, YEAR), "2020", "2020" },
    { SAMPLE(U24, u24, 3, PLAIN), "16777215", "16777215" },
    { SAMPLE(U40, u40, 5, KWH), "109951162.7775", "109951162.7775 kWh" },
    { SAMPLE(BITS, bits, 2, FAULTS), "0", "无" },
    { SAMPLE(BITS, bits, 2, FAULTS), "4097", "急停按钮动作、门打开" },
    { SAMPLE(BITS, bits, 2, FAULTS), "8192", "0x2000" },
    { SAMPLE(BITS, bits, 2, BMS_FLAGS), "0", "充电 禁止" },
    { SAMPLE(BITS, bits, 2, BMS_FLAGS), "4105",
      "单体电压 过高、SOC 过低、充电 允许" },
    { SAMPLE(BITS, bits, 8, ERRORS), "0x0000000000000001",
      "充电机辨识报文（SPN2560=00） 超时" },
    { SAMPLE(BITS, bits, 8, ERRORS), "0xFFFFFFFFFFFFFFFF", NULL },
    { SAMPLE(GUN, gun, 1, PLAIN), "1", "1" },
    { SAMPLE(GUN, gun, 1, PLAIN), "12", "12" },
    { SAMPLE(GUN, gun, 1, PLAIN), "0x0A", "0x0A" },
    { SAMPLE(LOW12, low, 2, VOLT2), "40.95", "40.95 V" },
    { SAMPLE(HIGH4, high, 0, PLAIN), "15", "15" },
    { SAMPLE(BCD, bcd, 2, PLAIN), "01AF", "01AF" },
    { SAMPLE(STR, str, 4, PLAIN), "V2.3", "V2.3" },
    { SAMPLE(STR, str, 4, PLAIN), "", "无" },
    { SAMPLE(STR, str, 4, SECRET), "abcd", "（隐藏）" },
    { SAMPLE(RAW, raw, 2, PLAIN), "01FF", "01FF" },
    { SAMPLE(LIST8, list, 3, RATE), "3,3,1", "谷×2 峰×1" },
    { SAMPLE(LIST8, list, 3, RATE), "0,9,255", "尖×1 9×1 255×1" },
    { SAMPLE(TIME, time, 7, PLAIN), "2025-11-05 07:40:12.000",
      "2025-11-05 07:40:12.000" },
    { SAMPLE(TIME, time, 7, PLAIN), "", "无效时间" },
};

static void texts_read_back(void **state)
{
    struct sample s;
    char text[WIRE_TEXT];

    (void)state;
    for (size_t i = 0; i < COUNT(good_texts); i++) {
        const struct wire_field *f = &good_texts[i].field;

        memset(&s, 0xEE, sizeof s);
        assert_int_equal(wire_parse(f, &s, good_texts[i].text), WIRE_OK);
        assert_string_equal(wire_text(f, &s, text), good_texts[i].text);
        assert_true(wire_text_is_whole(f, &s));
        wire_pretty(f, &s, text);
        if (good_texts[i].pretty != NULL)
            assert_string_equal(text, good_texts[i].pretty);
    }
}

static const struct {
    struct wire_field field;
    const char *text;
} wrong_texts[] = {
    { SAMPLE(U16, u16, 2, VOLT), "" },
    { SAMPLE(U16, u16, 2, VOLT), "402.55" },
    { SAMPLE(U16, u16, 2, VOLT), "6553.6" },
    { SAMPLE(U16, u16, 2, VOLT), "-0.1" },
    { SAMPLE(U16, u16, 2, VOLT), "1e3" },
    { SAMPLE(U16, u16, 2, VOLT), "402.5 V" },
    { SAMPLE(U16, u16, 2, AMP_400), "-400.1" },
    { SAMPLE(U8, u8, 1, TEMP), "-51" },
    { SAMPLE(U8, u8, 1, TEMP), "206" },
    { SAMPLE(U8, u8, 1, PLAIN), "256" },
    { SAMPLE(U8, u8, 1, PLAIN), "0x" },
    { SAMPLE(U8, u8, 1, PLAIN), "0x0100" },
    { SAMPLE(U24, u24, 3, PLAIN), "16777216" },
    { SAMPLE(U40, u40, 5, PLAIN), "1099511627776" },
    { SAMPLE(BITS, bits, 2, FAULTS), "65536" },
    { SAMPLE(BITS, bits, 8, ERRORS), "0x00000000000000001" },
    { SAMPLE(GUN, gun, 1, PLAIN), "100" },
    { SAMPLE(LOW12, low, 2, VOLT2), "40.96" },
    { SAMPLE(HIGH4, high, 0, PLAIN), "16" },
    { SAMPLE(BCD, bcd, 2, PLAIN), "123" },
    { SAMPLE(BCD, bcd, 2, PLAIN), "12345" },
    { SAMPLE(BCD, bcd, 2, PLAIN), "12aG" },
    { SAMPLE(STR, str, 4, PLAIN), "12345" },
    { SAMPLE(STR, str, 4, PLAIN), "a\n" },
    { SAMPLE(STR, str, 4, PLAIN), "\xE5\x85\x85" },
    { SAMPLE(RAW, raw, 2, PLAIN), "01F" },
    { SAMPLE(RAW, raw, 2, PLAIN), "01fg" },
    { SAMPLE(LIST8, list, 3, RATE), "3,3" },
    { SAMPLE(LIST8, list, 3, RATE), "3,3,3,3" },
    { SAMPLE(LIST8, list, 3, RATE), "3,3,256" },
    { SAMPLE(LIST8, list, 3, RATE), "3,,3" },
    { SAMPLE(LIST8, list, 3, RATE), "3,3,3," },
    { SAMPLE(TIME, time, 7, PLAIN), "2025-02-29 00:00" },
    { SAMPLE(TIME, time, 7, PLAIN), "1999-12-31 00:00" },
    { SAMPLE(TIME, time, 7, PLAIN), "2128-01-01 00:00" },
};

static void wrong_texts_leave_the_field_alone(void **state)
{
    struct sample s, before;

    (void)state;
    memset(&s, 0xEE, sizeof s);
    before = s;
    for (size_t i = 0; i < COUNT(wrong_texts); i++) {
        assert_int_equal(wire_parse(&wrong_texts[i].field, &s,
                                    wrong_texts[i].text), WIRE_BAD);
        assert_memory_equal(&s, &before, sizeof s);
    }
}

/* Bytes after the first 00, and times with flag bits, are kept and told. */
static void what_text_cannot_hold_is_known(void **state)
{
    const struct wire_field str = SAMPLE(STR, str, 4, PLAIN);
    const struct wire_field time = SAMPLE(TIME, time, 7, PLAIN);
    struct sample s = { 0 };

    (void)state;
    memcpy(s.str, "a\0b", 3);
    assert_false(wire_text_is_whole(&str, &s));
    memcpy(s.str, "a\x01\0", 3);
    assert_false(wire_text_is_whole(&str, &s));
    s.time = time_hex("98B70E11700314");
    assert_false(wire_text_is_whole(&time, &s));
    s.time = time_hex("00003C00010119");
    assert_false(wire_text_is_whole(&time, &s));
}

static void a_failed_reader_and_writer_do_nothing_more(void **state)
{
    uint8_t b[4] = { 1, 2, 3, 4 };
    struct wire_in in = wire_in(b, 4);
    struct wire_out out = wire_out(b, 4);

    (void)state;
    assert_int_equal(wire_get(&in, 3), 0x030201);
    assert_int_equal(wire_get(&in, 2), 0);
    assert_int_equal(in.status, WIRE_SHORT);
    assert_int_equal(wire_get(&in, 1), 0);

    wire_put(&out, 256, 1);
    assert_int_equal(out.status, WIRE_BAD);
    wire_put(&out, 9, 1);
    assert_int_equal(b[1], 2);
    out = wire_out(b, 1);
    wire_put(&out, 9, 2);
    assert_int_equal(out.status, WIRE_SHORT);
    assert_int_equal(b[0], 1);
}

static void codes_have_words(void **state)
{
    struct labels stops = LIST(ykc_stop_labels);
    struct labels rejects = LIST(ykc_reject_labels);

    (void)state;
    assert_string_equal(label_of(stops, YKC_STOP_APP)->key, "app");
    for (int code = 0x40; code <= 0x90; code++)
        assert_non_null(label_of(stops, code));
    assert_null(label_of(stops, 0x91));
    for (int code = 1; code <= 0x0B; code++)
        assert_non_null(label_of(rejects, code));
    assert_int_equal(ykc_stop_class(0x40), YKC_STOP_FINISHED);
    assert_int_equal(ykc_stop_class(0x49), YKC_STOP_FINISHED);
    assert_int_equal(ykc_stop_class(0x4A), YKC_STOP_NOT_STARTED);
    assert_int_equal(ykc_stop_class(0x69), YKC_STOP_NOT_STARTED);
    assert_int_equal(ykc_stop_class(0x6A), YKC_STOP_ABORTED);
    assert_int_equal(ykc_stop_class(0x90), YKC_STOP_ABORTED);
    assert_int_equal(ykc_stop_class(0x91), YKC_STOP_VENDOR);
    assert_int_equal(ykc_stop_class(0x00), YKC_STOP_VENDOR);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crc_gives_the_check_value),
        cmocka_unit_test(crc_table_agrees_with_the_definition),
        cmocka_unit_test(times_read_with_all_flag_bits_masked),
        cmocka_unit_test(times_write_back_to_the_same_moment),
        cmocka_unit_test(texts_read_back),
        cmocka_unit_test(wrong_texts_leave_the_field_alone),
        cmocka_unit_test(what_text_cannot_hold_is_known),
        cmocka_unit_test(a_failed_reader_and_writer_do_nothing_more),
        cmocka_unit_test(codes_have_words),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
