/*
 * Every frame of the protocol, in both directions: golden vectors, random
 * values, wrong lengths, the checks that need no state.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/buf.h"
#include "protocol/ykc/frame.h"
#include "protocol/ykc/show.h"
#include "tests/unit/protocol/vectors.h"

/* Every worked example decodes, and encodes back to the same bytes. */
static void golden_frames_decode_and_encode_back(void **state)
{
    uint8_t in[YKC_MAX_FRAME], back[YKC_MAX_FRAME];
    struct ykc_raw raw;
    const struct ykc_frame *f;
    union ykc_any any;
    size_t n, len, used;

    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        n = vector_bytes(i, in);
        assert_int_equal(ykc_open(in, n, &raw), WIRE_OK);
        assert_int_equal(raw.len, n);
        assert_int_equal(raw.head.crc, YKC_CRC_LOW);
        assert_int_equal(ykc_check(&raw, ykc_direction(raw.head.type), &f),
                         YKC_GOOD);
        assert_string_equal(f->name, vectors[i].name);
        assert_int_equal(ykc_decode(f, raw.body, raw.body_len, &any, &used),
                         WIRE_OK);
        assert_int_equal(used, raw.body_len);
        assert_int_equal(ykc_build(&raw.head, &any, back, &len), WIRE_OK);
        assert_int_equal(len, n);
        assert_memory_equal(back, in, n);
    }
}

static void no_prefix_of_a_golden_frame_decodes(void **state)
{
    uint8_t in[YKC_MAX_FRAME];
    struct ykc_raw raw;
    union ykc_any any;
    size_t n;

    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        const struct ykc_frame *f = ykc_frame_named(vectors[i].name);

        n = vector_bytes(i, in);
        for (size_t k = 0; k < n; k++)
            assert_int_equal(ykc_open(in, k, &raw), WIRE_SHORT);
        for (size_t k = 0; k + 8 < n; k++)
            assert_int_equal(ykc_decode(f, in + 6, k, &any, NULL),
                             WIRE_SHORT);
    }
}

static void any_flipped_bit_is_noticed(void **state)
{
    uint8_t in[YKC_MAX_FRAME];
    struct ykc_raw raw;
    size_t n;

    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        n = vector_bytes(i, in);
        for (size_t bit = 0; bit < 8 * n; bit++) {
            in[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_int_not_equal(ykc_open(in, n, &raw), WIRE_OK);
            in[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
    }
}

static void golden_values_are_read(void **state)
{
    uint8_t in[YKC_MAX_FRAME];
    union ykc_any any;
    struct ykc_rate rate;
    size_t n;

    (void)state;
    n = vector_bytes(0, in);
    assert_int_equal(ykc_decode(ykc_frame(0x01), in + 6, n - 8, &any, NULL),
                     WIRE_OK);
    assert_string_equal(any.login.pile_code, "32010200000001");
    assert_int_equal(any.login.gun_count, 2);
    assert_string_equal(any.login.program_version, "V2.3.1");
    assert_string_equal(any.login.sim_number, "00000000000000000000");

    n = vector_bytes(4, in);
    assert_int_equal(ykc_decode(ykc_frame(0x0A), in + 6, n - 8, &any, NULL),
                     WIRE_OK);
    assert_int_equal(
        ykc_tariff_prices(&any.tariff_reply, YKC_RATE_SHARP)
            .electricity_e5yuan, 120000);
    assert_int_equal(
        ykc_tariff_prices(&any.tariff_reply, YKC_RATE_VALLEY)
            .electricity_e5yuan, 30000);
    assert_int_equal(
        ykc_tariff_prices(&any.tariff_reply, YKC_RATE_VALLEY).service_e5yuan,
        40000);
    assert_int_equal(any.tariff_reply.slot_rate_codes[16], YKC_RATE_PEAK);

    n = vector_bytes(8, in);
    assert_int_equal(ykc_decode(ykc_frame(0x3B), in + 6, n - 8, &any, NULL),
                     WIRE_OK);
    rate = ykc_record_rate(&any.trade_record, YKC_RATE_PEAK);
    assert_int_equal(rate.price_e5yuan, 140000);
    assert_int_equal(rate.energy_e4kwh, 122500);
    assert_int_equal(rate.energy_incl_loss_e4kwh, 122500);
    assert_int_equal(rate.amount_e4yuan, 171500);
    assert_int_equal(any.trade_record.meter_at_start, 1234567890);
    assert_int_equal(any.trade_record.meter_at_end, 1234795390);
    assert_int_equal(any.trade_record.amount, 245000);
    assert_string_equal(any.trade_record.vin, "LSVAM4187C2184847");
    assert_int_equal(any.trade_record.stop_reason, YKC_STOP_APP);
}

/* Random bytes of every length that the table of this frame allows. */
static size_t random_body(const struct ykc_frame *f, uint64_t *seed,
                          uint8_t body[YKC_MAX_BODY])
{
    size_t count = f->rest == YKC_NOTHING
        ? 0 : random_next(seed) % (f->item_max + 1u);
    size_t n = f->size + count * f->item_size;

    for (size_t i = 0; i < n; i++)
        body[i] = (uint8_t)random_next(seed);
    if (f->rest != YKC_NOTHING &&
        f->fields.v[f->fields.n - 1].kind == WIRE_COUNT)
        body[f->size - 1] = (uint8_t)count;
    return n;
}

/* Whatever the bytes: decoded and encoded again they are the same. */
static void every_frame_survives_random_values(void **state)
{
    uint8_t body[YKC_MAX_BODY], back[YKC_MAX_BODY];
    union ykc_any any;
    uint64_t seed = 20251105;
    size_t n, len, used;

    (void)state;
    for (int type = 0; type < 256; type++) {
        const struct ykc_frame *f = ykc_frame((uint8_t)type);

        for (int round = 0; f != NULL && round < 300; round++) {
            n = random_body(f, &seed, body);
            assert_true(n <= YKC_MAX_BODY);
            assert_int_equal(ykc_decode(f, body, n, &any, &used), WIRE_OK);
            assert_int_equal(used, n);
            assert_int_equal(ykc_encode(f, &any, back, sizeof back, &len),
                             WIRE_OK);
            assert_int_equal(len, n);
            assert_memory_equal(back, body, n);
            if (n > 0)
                assert_int_equal(ykc_encode(f, &any, back, n - 1, &len),
                                 WIRE_SHORT);
        }
    }
}

/* The lengths of section 10.0, which nobody computed from our lists. */
static void every_frame_has_the_length_of_the_document(void **state)
{
    static const struct {
        uint8_t type, length, reply;
    } index[] = {
        { 0x01, 0x22, 0x02 }, { 0x02, 0x0C, 0 },    { 0x03, 0x0D, 0x04 },
        { 0x04, 0x0D, 0 },    { 0x05, 0x0D, 0x06 }, { 0x06, 0x0E, 0x09 },
        { 0x09, 0x0B, 0x0A }, { 0x0A, 0x5E, 0 },    { 0x12, 0x0C, 0x13 },
        { 0x13, 0x40, 0 },    { 0x15, 0x4D, 0 },    { 0x17, 0x31, 0 },
        { 0x19, 0x2B, 0 },    { 0x1B, 0x24, 0 },    { 0x1D, 0x20, 0 },
        { 0x21, 0x20, 0 },    { 0x23, 0x30, 0 },    { 0x25, 0x23, 0 },
        { 0x31, 0x37, 0x32 }, { 0x32, 0x2A, 0 },    { 0x34, 0x30, 0x33 },
        { 0x33, 0x1E, 0 },    { 0x36, 0x0C, 0x35 }, { 0x35, 0x0E, 0 },
        { 0x3B, 0xA2, 0x40 }, { 0x3D, 0xCD, 0x40 }, { 0x40, 0x15, 0 },
        { 0x42, 0x18, 0x41 }, { 0x41, 0x14, 0 },    { 0x44, 0x0C, 0x43 },
        { 0x43, 0x0D, 0 },    { 0x46, 0x0C, 0x45 }, { 0x45, 0x0B, 0 },
        { 0x48, 0x0C, 0x47 }, { 0x47, 0x0B, 0 },    { 0x52, 0x0D, 0x51 },
        { 0x51, 0x0C, 0 },    { 0x56, 0x12, 0x55 }, { 0x55, 0x12, 0 },
        { 0x58, 0x5E, 0x57 }, { 0x57, 0x0C, 0 },    { 0x61, 0x14, 0 },
        { 0x62, 0x11, 0x63 }, { 0x63, 0x11, 0 },    { 0x92, 0x0C, 0x91 },
        { 0x91, 0x0C, 0 },    { 0x94, 0x62, 0x93 }, { 0x93, 0x0C, 0 },
        { 0xA1, 0x3E, 0xA2 }, { 0xA2, 0x30, 0 },    { 0xA4, 0x36, 0xA3 },
        { 0xA3, 0x25, 0 },    { 0xF0, 0x0D, 0xF1 }, { 0xF1, 0x0C, 0 },
    };
    size_t known = 0;

    (void)state;
    for (int type = 0; type < 256; type++)
        known += ykc_frame((uint8_t)type) != NULL;
    assert_int_equal(known, COUNT(index));
    for (size_t i = 0; i < COUNT(index); i++) {
        const struct ykc_frame *f = ykc_frame(index[i].type);

        assert_non_null(f);
        assert_int_equal(f->size + 4, index[i].length);
        assert_int_equal(f->reply, index[i].reply);
        assert_ptr_equal(ykc_frame_named(f->name), f);
    }
    assert_null(ykc_frame(0x07));
    assert_null(ykc_frame_named("nothing"));
}

static void both_check_byte_orders_are_accepted(void **state)
{
    uint8_t frame[YKC_MAX_FRAME], swap;
    struct ykc_raw raw;
    size_t n;

    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        n = vector_bytes(i, frame);
        swap = frame[n - 1];
        frame[n - 1] = frame[n - 2];
        frame[n - 2] = swap;
        assert_int_equal(ykc_open(frame, n, &raw), WIRE_OK);
        assert_int_equal(raw.head.crc, YKC_CRC_SWAPPED);
    }
}

/* The head, body and length of a frame that was never on a wire. */
static enum ykc_verdict verdict(uint8_t type, uint8_t encryption,
                                const uint8_t *body, size_t n,
                                enum ykc_direction from)
{
    struct ykc_head head = { .type = type, .encryption = encryption };
    uint8_t bytes[YKC_MAX_FRAME];
    struct ykc_raw raw;
    const struct ykc_frame *f;
    size_t len;

    assert_int_equal(ykc_seal(&head, body, n, bytes, sizeof bytes, &len),
                     WIRE_OK);
    assert_int_equal(ykc_open(bytes, len, &raw), WIRE_OK);
    return ykc_check(&raw, from, &f);
}

static void checks_come_in_the_order_of_the_document(void **state)
{
    uint8_t b[YKC_MAX_BODY] = { 0 };

    (void)state;
    assert_int_equal(verdict(0x03, 0, b, 9, YKC_FROM_PILE), YKC_GOOD);
    assert_int_equal(verdict(0x03, 0, b, 10, YKC_FROM_PILE), YKC_LONG_BODY);
    assert_int_equal(verdict(0x03, 0, b, 8, YKC_FROM_PILE), YKC_SHORT_BODY);
    assert_int_equal(verdict(0x04, 1, b, 8, YKC_FROM_PILE), YKC_ENCRYPTED);
    assert_int_equal(verdict(0x04, 0, b, 8, YKC_FROM_PILE),
                     YKC_WRONG_DIRECTION);
    assert_int_equal(verdict(0x03, 0, b, 9, YKC_TO_PILE),
                     YKC_WRONG_DIRECTION);
    assert_int_equal(verdict(0x99, 0, b, 9, YKC_FROM_PILE),
                     YKC_UNKNOWN_TYPE);
    assert_int_equal(verdict(0x98, 0, b, 9, YKC_FROM_PILE),
                     YKC_WRONG_DIRECTION);
    /* the lock reply of piles that follow the printed length */
    assert_int_equal(verdict(0x63, 0, b, 8, YKC_FROM_PILE), YKC_SHORT_BODY);
    assert_int_equal(verdict(0x63, 0, b, 9, YKC_FROM_PILE), YKC_GOOD);
    assert_int_equal(verdict(0x63, 0, b, 13, YKC_FROM_PILE), YKC_GOOD);
    /* without a count the body must divide */
    assert_int_equal(verdict(0x45, 0, b, 7, YKC_FROM_PILE), YKC_GOOD);
    assert_int_equal(verdict(0x45, 0, b, 16, YKC_FROM_PILE), YKC_BAD_BODY);
    assert_int_equal(verdict(0x45, 0, b, 17, YKC_FROM_PILE), YKC_GOOD);
    assert_int_equal(verdict(0x47, 0, b, 17, YKC_FROM_PILE), YKC_BAD_BODY);
    assert_int_equal(verdict(0x47, 0, b, 250, YKC_FROM_PILE), YKC_GOOD);
    /* with one it must agree */
    b[7] = 2;
    assert_int_equal(verdict(0x44, 0, b, 40, YKC_TO_PILE), YKC_GOOD);
    assert_int_equal(verdict(0x44, 0, b, 39, YKC_TO_PILE), YKC_BAD_BODY);
    assert_int_equal(verdict(0x44, 0, b, 41, YKC_TO_PILE), YKC_BAD_BODY);
}

static void a_short_lock_reply_reads_as_zero_filled(void **state)
{
    uint8_t b[9] = { 0x32, 1, 2, 0, 0, 0, 1, 1, 1 };
    union ykc_any any;
    size_t used;

    (void)state;
    assert_int_equal(ykc_decode(ykc_frame(0x63), b, 9, &any, &used), WIRE_OK);
    assert_int_equal(used, 9);
    assert_int_equal(any.lock_reply.result, 1);
    assert_string_equal(any.lock_reply.pile_code, "32010200000001");
}

static void a_long_body_keeps_its_tail_apart(void **state)
{
    uint8_t b[10] = { 0x32, 1, 2, 0, 0, 0, 1, 1, 0, 0x55 };
    union ykc_any any;
    size_t used;

    (void)state;
    assert_int_equal(ykc_decode(ykc_frame(0x03), b, 10, &any, &used),
                     WIRE_OK);
    assert_int_equal(used, 9);
}

static void impossible_values_do_not_encode(void **state)
{
    uint8_t out[YKC_MAX_FRAME];
    union ykc_any any = { 0 };
    struct ykc_head head = { .type = 0x23 };
    size_t len;

    (void)state;
    any.demand.highest_cell_voltage = 0x1000;
    assert_int_equal(ykc_build(&head, &any, out, &len), WIRE_BAD);
    any.demand.highest_cell_voltage = 0xFFF;
    any.demand.highest_cell_group = 16;
    assert_int_equal(ykc_build(&head, &any, out, &len), WIRE_BAD);
    any.demand.highest_cell_group = 15;
    assert_int_equal(ykc_build(&head, &any, out, &len), WIRE_OK);
    memcpy(any.demand.pile_code, "3201020000000x", 15);
    assert_int_equal(ykc_build(&head, &any, out, &len), WIRE_BAD);
    memcpy(any.demand.pile_code, "320102", 7);
    assert_int_equal(ykc_build(&head, &any, out, &len), WIRE_BAD);

    memset(&any, 0, sizeof any);
    head.type = 0x44;
    any.card_sync.card_count = 16;
    assert_int_equal(ykc_build(&head, &any, out, &len), WIRE_BAD);
    any.card_sync.card_count = 15;
    assert_int_equal(ykc_build(&head, &any, out, &len), WIRE_OK);
    assert_int_equal(out[1], 252);
}

/* The batch sizes that keep a frame and its reply within the limit. */
static void batches_fit_the_sending_limit(void **state)
{
    (void)state;
    assert_true(12 + 16 * YKC_SYNC_CARDS <= YKC_SEND_LENGTH);
    assert_true(12 + 16 * (YKC_SYNC_CARDS + 1) > YKC_SEND_LENGTH);
    assert_true(11 + 10 * YKC_CLEAR_CARDS <= YKC_SEND_LENGTH);
    assert_true(11 + 10 * (YKC_CLEAR_CARDS + 1) > YKC_SEND_LENGTH);
    assert_true(11 + 9 * YKC_QUERY_CARDS <= YKC_SEND_LENGTH);
    assert_true(11 + 9 * (YKC_QUERY_CARDS + 1) > YKC_SEND_LENGTH);
    assert_int_equal(13 + YKC_PREFIX_MAX, YKC_SEND_LENGTH);
}

static void sequences_count_and_echo(void **state)
{
    uint16_t counter = 65535;
    struct ykc_head head = ykc_request_head(0x34, &counter);
    struct ykc_head reply = ykc_reply_head(0x33, &head);

    (void)state;
    assert_int_equal(head.sequence[0], 0xFF);
    assert_int_equal(head.sequence[1], 0xFF);
    assert_int_equal(counter, 0);
    assert_memory_equal(reply.sequence, head.sequence, 2);
    head = ykc_request_head(0x34, &counter);
    assert_int_equal(head.sequence[0], 0);
    counter = 0x0102;
    head = ykc_request_head(0x34, &counter);
    assert_int_equal(head.sequence[0], 2);
    assert_int_equal(head.sequence[1], 1);
}

static void guns_are_bcd_unless_only_binary_fits(void **state)
{
    (void)state;
    assert_int_equal(ykc_gun(0x01, 2), 1);
    assert_int_equal(ykc_gun(0x02, 2), 2);
    assert_int_equal(ykc_gun(0x03, 2), 0);
    assert_int_equal(ykc_gun(0x00, 2), 0);
    assert_int_equal(ykc_gun(0x10, 12), 10);
    assert_int_equal(ykc_gun(0x0A, 12), 10);
    assert_int_equal(ykc_gun(0x10, 9), 0);
    assert_int_equal(ykc_gun(0x10, 16), 10);
    assert_int_equal(ykc_gun(0x11, 10), 0);
    assert_int_equal(ykc_gun(0xFF, 16), 0);
    for (int gun = 1; gun <= 99; gun++)
        assert_int_equal(ykc_gun(ykc_gun_byte(gun), 99), gun);
}

static void trade_numbers_follow_the_rule(void **state)
{
    char no[YKC_TRADE_TEXT];
    stamp at;

    (void)state;
    assert_true(stamp_parse("2025-11-05 07:40:00", &at));
    ykc_trade_number("32010200000001", 1, at, 1, no);
    assert_string_equal(no, "32010200000001012511050740000001");
    assert_false(ykc_trade_number_is_zero(no));
    assert_true(ykc_trade_number_is_zero("00000000000000000000000000000000"));
    assert_true(ykc_trade_number_is_zero(""));
}

static void cards_and_vins_turn_round(void **state)
{
    char card[YKC_CARD_TEXT], vin[YKC_VIN_TEXT];

    (void)state;
    ykc_card_reverse("00000000D14B0A54", 4, card);
    assert_string_equal(card, "00000000540A4BD1");
    ykc_card_reverse("0004112233445566", 7, card);
    assert_string_equal(card, "0066554433221104");
    ykc_vin_reverse("7484812C7814MAVSL", vin);
    assert_string_equal(vin, "LSVAM4187C2184847");
    ykc_vin_reverse("", vin);
    assert_string_equal(vin, "");
}

static void pile_codes_are_found_where_they_stand(void **state)
{
    uint8_t in[YKC_MAX_FRAME];
    char code[YKC_PILE_TEXT];

    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        const struct ykc_frame *f = ykc_frame_named(vectors[i].name);

        vector_bytes(i, in);
        if (f->type == 0x40) {
            assert_false(ykc_pile_code(f, in + 6, code));
            continue;
        }
        assert_true(ykc_pile_code(f, in + 6, code));
        assert_string_equal(code, i == 1 ? "55031412782305"
                                         : "32010200000001");
    }
    assert_true(ykc_pile_code_is_valid("00000000000001"));
    assert_false(ykc_pile_code_is_valid("0000000000000A"));
    assert_false(ykc_pile_code_is_valid("0000000000001"));
    assert_false(ykc_pile_code_is_valid(""));
}

static void a_signed_record_gives_a_plain_one(void **state)
{
    uint8_t in[YKC_MAX_FRAME], body[YKC_MAX_BODY] = { 0 };
    union ykc_any any, wide;
    struct ykc_trade_record got;

    (void)state;
    vector_bytes(8, in);
    assert_int_equal(ykc_decode(ykc_frame(0x3B), in + 6, 158, &any, NULL),
                     WIRE_OK);
    /* the same, with 43 bytes of meter data after the times */
    memcpy(body, in + 6, 38);
    memset(body + 38, 0xA5, 43);
    memcpy(body + 81, in + 6 + 38, 120);
    assert_int_equal(ykc_decode(ykc_frame(0x3D), body, 201, &wide, NULL),
                     WIRE_OK);
    ykc_record_of_signed(&wide.signed_record, &got);
    assert_memory_equal(&got, &any.trade_record, sizeof got);
}

static void summary_says_what_a_frame_is_about(void **state)
{
    static const char *const told[VECTORS] = {
        "桩类型 0 直流桩 · 充电枪数量 2 · 通信协议版本 1.6 · 程序版本 V2.3.1",
        "登录结果 0 成功",
        "枪状态 0 正常",
        "",
        "计费模型编号 0100",
        "逻辑卡号 0000001000000573 · 账户余额 100.00 元",
        "启动结果 1 成功",
        "状态 3 充电 · 输出电流 85.3 A · SOC 57% · 充电度数 10.5000 kWh",
        "总电量 22.7500 kWh · 消费金额 24.5000 元 · "
        "停止原因 0x40 APP 远程停止",
        "确认结果 0 上传成功",
    };
    uint8_t in[YKC_MAX_FRAME];
    struct ykc_raw raw;
    char text[YKC_SUMMARY];

    (void)state;
    for (size_t i = 0; i < VECTORS; i++) {
        assert_int_equal(ykc_open(in, vector_bytes(i, in), &raw), WIRE_OK);
        assert_string_equal(ykc_summary(&raw, text), told[i]);
    }
}

/* The parts of every frame lie side by side from the first byte on. */
static void parts_cover_every_byte_once(void **state)
{
    uint8_t body[YKC_MAX_BODY], bytes[YKC_MAX_FRAME];
    struct ykc_parts walk;
    struct ykc_part part;
    struct ykc_raw raw;
    uint64_t seed = 7;
    size_t n, len, next;

    (void)state;
    for (int round = 0; round < 20 * 256; round++) {
        struct ykc_head head = { .type = (uint8_t)round };
        const struct ykc_frame *f = ykc_frame(head.type);

        n = f == NULL ? random_next(&seed) % 20 : random_body(f, &seed, body);
        if (round >= 10 * 256 && n < YKC_MAX_BODY)
            body[n++] = 0x68; /* a tail, or a body that does not divide */
        assert_int_equal(ykc_seal(&head, body, n, bytes, sizeof bytes, &len),
                         WIRE_OK);
        assert_int_equal(ykc_open(bytes, len, &raw), WIRE_OK);
        next = 0;
        for (ykc_parts_open(&walk, &raw); ykc_parts_next(&walk, &part);) {
            if (strcmp(part.name, "highest_cell_group") == 0)
                next -= 2; /* the upper bits of the field before */
            assert_int_equal(part.offset, next);
            assert_true(part.size > 0);
            next += part.size;
        }
        assert_int_equal(next, len);
    }
}

static void parts_give_physical_values(void **state)
{
    static const struct {
        const char *name;
        size_t offset, size;
        const char *text;
    } want[] = {
        { "type", 5, 1, "0x3B 交易记录" },
        { "start_time", 30, 7, "2025-11-05 07:40:12.000" },
        { "peak_price", 60, 4, "1.40000 元/kWh" },
        { "peak_energy", 64, 4, "12.2500 kWh" },
        { "meter_at_start", 108, 5, "123456.7890 kWh" },
        { "amount", 126, 4, "24.5000 元" },
        { "physical_card", 156, 8, "00000000D14B0A54" },
        { "check", 164, 2, "正确" },
    };
    uint8_t in[YKC_MAX_FRAME];
    struct ykc_raw raw;
    struct ykc_parts walk;
    struct ykc_part part;
    size_t found = 0;

    (void)state;
    assert_int_equal(ykc_open(in, vector_bytes(8, in), &raw), WIRE_OK);
    ykc_parts_open(&walk, &raw);
    while (ykc_parts_next(&walk, &part)) {
        if (found == COUNT(want) || strcmp(part.name, want[found].name) != 0)
            continue;
        assert_int_equal(part.offset, want[found].offset);
        assert_int_equal(part.size, want[found].size);
        assert_string_equal(part.text, want[found].text);
        found++;
    }
    assert_int_equal(found, COUNT(want));
}

static void json_holds_physical_values(void **state)
{
    static const char *const want[] = {
        "\"type\":\"0x13\"", "\"sequence\":42", "\"gun_number\":1",
        "\"output_voltage\":402.5", "\"output_current\":85.3",
        "\"gun_cable_temperature\":35", "\"soc\":57",
        "\"charged_energy\":10.5000", "\"amount_so_far\":7.3500",
        "\"hardware_faults\":0", "\"state\":\"3 充电\"",
    };
    uint8_t in[YKC_MAX_FRAME];
    struct ykc_raw raw;
    struct buf b;
    struct json_out j = { .to = &b };

    (void)state;
    assert_int_equal(ykc_open(in, vector_bytes(7, in), &raw), WIRE_OK);
    buf_init(&b, 65536);
    assert_true(ykc_json(&j, &raw));
    for (size_t i = 0; i < COUNT(want); i++)
        if (strstr(buf_text(&b), want[i]) == NULL)
            fail_msg("%s is missing in %s", want[i], buf_text(&b));
    buf_fini(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(golden_frames_decode_and_encode_back),
        cmocka_unit_test(no_prefix_of_a_golden_frame_decodes),
        cmocka_unit_test(any_flipped_bit_is_noticed),
        cmocka_unit_test(golden_values_are_read),
        cmocka_unit_test(every_frame_survives_random_values),
        cmocka_unit_test(every_frame_has_the_length_of_the_document),
        cmocka_unit_test(both_check_byte_orders_are_accepted),
        cmocka_unit_test(checks_come_in_the_order_of_the_document),
        cmocka_unit_test(a_short_lock_reply_reads_as_zero_filled),
        cmocka_unit_test(a_long_body_keeps_its_tail_apart),
        cmocka_unit_test(impossible_values_do_not_encode),
        cmocka_unit_test(batches_fit_the_sending_limit),
        cmocka_unit_test(sequences_count_and_echo),
        cmocka_unit_test(guns_are_bcd_unless_only_binary_fits),
        cmocka_unit_test(trade_numbers_follow_the_rule),
        cmocka_unit_test(cards_and_vins_turn_round),
        cmocka_unit_test(pile_codes_are_found_where_they_stand),
        cmocka_unit_test(a_signed_record_gives_a_plain_one),
        cmocka_unit_test(summary_says_what_a_frame_is_about),
        cmocka_unit_test(parts_cover_every_byte_once),
        cmocka_unit_test(parts_give_physical_values),
        cmocka_unit_test(json_holds_physical_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
