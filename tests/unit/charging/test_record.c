/*
 * What a trade record may say. Each check with a record just good enough and
 * one just too bad; then a million mutated records, judged by rules written a
 * second time: whatever passes is within bounds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "charging/record.h"
#include "protocol/ykc/frame.h"

static struct tariff_version version = {
    .slots = "333333333333333322221111000022222222222222222222",
    .prices = { { 130000, 110000, 80000, 40000 },
                { 40000, 35000, 30000, 25000 } }
};

static stamp at(const char *text)
{
    stamp t;

    assert_true(stamp_parse(text, &t));
    return t;
}

/* 10:30 to 12:30 on 60 kW: 60 kWh peak, 20 sharp. */
static void good(struct record *r, struct record_case *c)
{
    *r = (struct record){
        .start = at("2026-11-20 10:30:00"), .end = at("2026-11-20 12:30:00"),
        .meter_start_e4kwh = 5000000, .meter_end_e4kwh = 5800000,
        .total_e4kwh = 800000, .total_with_loss_e4kwh = 800000,
        .amount_e4yuan = 1210000
    };
    r->rate[RATE_PEAK].price_e5 = 145000;
    r->rate[RATE_PEAK].energy_e4kwh = 600000;
    r->rate[RATE_PEAK].amount_e4yuan = 870000;
    r->rate[RATE_SHARP].price_e5 = 170000;
    r->rate[RATE_SHARP].energy_e4kwh = 200000;
    r->rate[RATE_SHARP].amount_e4yuan = 340000;
    *c = (struct record_case){
        .record = r, .version = &version, .power_w = 60000,
        .created_at = at("2026-11-20 10:29:50"),
        .received_at = at("2026-11-20 12:30:05")
    };
}

static unsigned verdict(void (*change)(struct record *, struct record_case *))
{
    struct record r;
    struct record_case c;

    good(&r, &c);
    if (change != NULL)
        change(&r, &c);
    return record_problems(&c);
}

/* ---- each check, at its edge ----------------------------------------- */

#define CHANGE(name, ...)                                               \
    static void name(struct record *r, struct record_case *c)           \
    {                                                                   \
        (void)r;                                                        \
        (void)c;                                                        \
        __VA_ARGS__;                                                    \
    }

CHANGE(sum_edge, r->total_e4kwh += 10; r->meter_end_e4kwh += 10)
CHANGE(sum_bad, r->total_e4kwh += 11; r->meter_end_e4kwh += 11)
CHANGE(meter_edge, r->meter_end_e4kwh += 1)
CHANGE(meter_bad, r->meter_end_e4kwh += 2)
CHANGE(meter_back, r->meter_end_e4kwh = 1)
CHANGE(meter_none, r->meter_start_e4kwh = r->meter_end_e4kwh = 0)
CHANGE(power_edge, c->power_w = 38098) /* 80 kWh / 7201 s / 1.05 */
CHANGE(power_bad, c->power_w = 38060)
CHANGE(price_bad, r->rate[RATE_PEAK].price_e5++)
CHANGE(price_unused, r->rate[RATE_VALLEY].price_e5 = 7)
CHANGE(amount_edge, r->rate[RATE_PEAK].amount_e4yuan += 100)
CHANGE(amount_bad, r->rate[RATE_PEAK].amount_e4yuan -= 101)
CHANGE(all_edge, r->amount_e4yuan += 300) /* two rates and one fen */
CHANGE(all_bad, r->amount_e4yuan += 301)
CHANGE(no_time, r->end = r->start)
CHANGE(back, r->end = stamp_add_ms(r->start, -1000))
CHANGE(early_edge, c->created_at = stamp_add_ms(r->start, 300000))
CHANGE(early_bad, c->created_at = stamp_add_ms(r->start, 300001))
CHANGE(late_bad, c->received_at = stamp_add_ms(r->end, -300001))
CHANGE(skew_edge, c->clock_off_ms = -300000)
CHANGE(skew_bad, c->clock_off_ms = -300001)
CHANGE(loss_empty, r->total_with_loss_e4kwh = 0)
CHANGE(loss_bad, r->total_with_loss_e4kwh += 11)
CHANGE(overlap, c->overlaps = true)
CHANGE(period_bad, r->rate[RATE_PEAK].energy_e4kwh = 0;
       r->rate[RATE_PEAK].amount_e4yuan = 0;
       r->rate[RATE_VALLEY].price_e5 = 65000;
       r->rate[RATE_VALLEY].energy_e4kwh = 600000;
       r->rate[RATE_VALLEY].amount_e4yuan = 390000;
       r->amount_e4yuan = 730000)
CHANGE(nothing, memset(r->rate, 0, sizeof r->rate); r->total_e4kwh = 0;
       r->meter_end_e4kwh = r->meter_start_e4kwh; r->amount_e4yuan = 0;
       r->total_with_loss_e4kwh = 0)
CHANGE(nothing_seen, nothing(r, c); c->live_e4kwh = 1001)
CHANGE(nothing_noise, nothing(r, c); c->live_e4kwh = 1000)

static void each_check_has_its_edge(void **state)
{
    static const struct {
        void (*change)(struct record *, struct record_case *);
        unsigned wrong;
    } cases[] = {
        { NULL, 0 },
        { sum_edge, 0 },
        { sum_bad, PROBLEM(SUM) | PROBLEM(LOSS) },
        { meter_edge, 0 },
        { meter_bad, PROBLEM(METER) },
        { meter_back, PROBLEM(METER) },
        { meter_none, 0 },
        { power_edge, 0 },
        { power_bad, PROBLEM(POWER) },
        { price_bad, PROBLEM(PRICE) },
        { price_unused, 0 },
        { amount_edge, 0 },
        { amount_bad, PROBLEM(AMOUNT) },
        { all_edge, 0 },
        { all_bad, PROBLEM(AMOUNT) },
        { no_time, PROBLEM(TIMES) },
        { back, PROBLEM(TIMES) },
        { early_edge, 0 },
        { early_bad, PROBLEM(CLOCK) },
        { late_bad, PROBLEM(CLOCK) },
        { skew_edge, 0 },
        { skew_bad, PROBLEM(CLOCK) },
        { loss_empty, 0 },
        { loss_bad, PROBLEM(LOSS) },
        { overlap, PROBLEM(OVERLAP) },
        { period_bad, PROBLEM(PERIOD) },
        { nothing, 0 },
        { nothing_noise, 0 },
        { nothing_seen, PROBLEM(ZERO) },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        unsigned got = verdict(cases[i].change);

        if (got != cases[i].wrong)
            print_error("case %zu: %x, should be %x\n", i, got,
                        cases[i].wrong);
        assert_int_equal(got, cases[i].wrong);
    }
}

static void one_price_all_day_needs_no_clock(void **state)
{
    struct tariff_version flat = {
        .slots = "222222222222222222222222222222222222222222222222",
        .prices = { { 0, 0, 80000, 0 }, { 0, 0, 30000, 0 } }
    };
    struct record r;
    struct record_case c;

    (void)state;
    good(&r, &c);
    c.version = &flat;
    memset(r.rate, 0, sizeof r.rate);
    r.rate[RATE_FLAT].price_e5 = 110000;
    r.rate[RATE_FLAT].energy_e4kwh = 800000;
    r.rate[RATE_FLAT].amount_e4yuan = r.amount_e4yuan = 880000;
    c.clock_off_ms = 86400000;
    assert_int_equal(record_problems(&c), 0);
    /* impossible times: ours stand in */
    r.start.ms = r.end.ms = 0;
    c.from = at("2026-11-20 10:30:00");
    c.to = at("2026-11-20 12:30:00");
    assert_int_equal(record_problems(&c), 0);
    c.to = at("2026-11-20 10:31:00");
    assert_int_equal(record_problems(&c), PROBLEM(POWER));
}

static void a_session_of_days_has_every_rate(void **state)
{
    struct record r;
    struct record_case c;

    (void)state;
    good(&r, &c);
    period_bad(&r, &c);
    r.end = at("2026-11-21 10:30:00");
    c.received_at = at("2026-11-21 10:30:05");
    assert_int_equal(record_problems(&c), 0);
}

/* ---- reading --------------------------------------------------------- */

static void a_frame_is_read_as_it_was_sent(void **state)
{
    struct ykc_trade_record f = { .gun_number = 1 };
    uint16_t counter = 0;
    struct ykc_head head = ykc_request_head(ykc_type_trade_record, &counter);
    uint8_t frame[YKC_MAX_FRAME];
    struct record r;
    size_t len;

    (void)state;
    snprintf(f.trade_number, sizeof f.trade_number,
             "32010600019236012611201030000001");
    snprintf(f.pile_code, sizeof f.pile_code, "32010600019236");
    f.start_time = wire_time(at("2026-11-20 10:30:00"));
    f.sharp_energy = 1;
    f.peak_price = 2;
    f.flat_amount = 3;
    f.valley_energy_incl_loss = 4;
    f.meter_at_end = UINT64_C(0xFFFFFFFFFF);
    f.total_energy = UINT32_MAX;
    f.stop_reason = 0xE2;
    f.physical_card[7] = 0xAB;
    assert_int_equal(ykc_build(&head, &f, frame, &len), WIRE_OK);
    assert_true(record_read(frame, len, &r));
    assert_string_equal(r.trade_no, "32010600019236012611201030000001");
    assert_int_equal(r.start.ms, at("2026-11-20 10:30:00").ms);
    assert_int_equal(r.end.ms, 0); /* all zero is no moment */
    assert_int_equal(r.rate[RATE_SHARP].energy_e4kwh, 1);
    assert_int_equal(r.rate[RATE_PEAK].price_e5, 2);
    assert_int_equal(r.rate[RATE_FLAT].amount_e4yuan, 3);
    assert_int_equal(r.rate[RATE_VALLEY].with_loss_e4kwh, 4);
    assert_int_equal(r.meter_end_e4kwh, INT64_C(0xFFFFFFFFFF));
    assert_int_equal(r.total_e4kwh, UINT32_MAX);
    assert_int_equal(r.stop_reason, 0xE2);
    assert_string_equal(r.card, "00000000000000AB");
    for (size_t n = 0; n < len; n++)
        assert_false(record_read(frame, n, &r));
    frame[40] ^= 1; /* the check field notices */
    assert_false(record_read(frame, len, &r));
}

/* ---- a million mutations --------------------------------------------- */

static uint64_t seed = 3;

static uint64_t next_random(void)
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);

    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* A number changed a little, a lot, or beyond sense. */
static int64_t mutated(int64_t v, int64_t most)
{
    int64_t near = v + (int64_t)(next_random() % 300) - 150;

    switch (next_random() % 5) {
    case 0:
        return (v ^ (INT64_C(1) << next_random() % 32)) & most;
    case 1:
        return near < 0 ? 0 : near;
    case 2:
        return (int64_t)(next_random() & (uint64_t)most);
    case 3:
        return 0;
    default:
        return v;
    }
}

static void mutate(struct record *r)
{
    const int64_t u32 = UINT32_MAX, u40 = INT64_C(0xFFFFFFFFFF);
    int k = (int)(next_random() % 4), n = 1 + (int)(next_random() % 3);

    for (int i = 0; i < n; i++)
        switch (next_random() % 10) {
        case 0: r->start.ms += (int64_t)(next_random() % 7200000); break;
        case 1: r->end.ms -= (int64_t)(next_random() % 7200000); break;
        case 2: r->rate[k].price_e5 = mutated(r->rate[k].price_e5, u32);
            break;
        case 3:
            r->rate[k].energy_e4kwh = mutated(r->rate[k].energy_e4kwh, u32);
            break;
        case 4:
            r->rate[k].amount_e4yuan = mutated(r->rate[k].amount_e4yuan,
                                               u32);
            break;
        case 5: r->meter_start_e4kwh = mutated(r->meter_start_e4kwh, u40);
            break;
        case 6: r->meter_end_e4kwh = mutated(r->meter_end_e4kwh, u40);
            break;
        case 7: r->total_e4kwh = mutated(r->total_e4kwh, u32); break;
        case 8: r->amount_e4yuan = mutated(r->amount_e4yuan, u32); break;
        default: r->total_with_loss_e4kwh =
                     mutated(r->total_with_loss_e4kwh, u32); break;
        }
}

/* The bounds, once more, in other words: what may be charged by itself. */
static bool within_bounds(const struct record_case *c)
{
    const struct record *r = c->record;
    __int128 energy = 0, cost = 0, most;
    struct bill b;

    for (int i = 0; i < RATES; i++) {
        const struct tariff_prices *p = &c->version->prices;

        energy += r->rate[i].energy_e4kwh;
        cost += (__int128)r->rate[i].energy_e4kwh *
                (p->elec_e5[i] + p->service_e5[i]);
        if (r->rate[i].energy_e4kwh > 0 &&
            r->rate[i].price_e5 != p->elec_e5[i] + p->service_e5[i])
            return false;
    }
    if (energy == 0 && r->total_e4kwh == 0)
        return true;
    record_bill(r, &c->version->prices, &b);
    most = (__int128)c->power_w * 105 * (r->end.ms - r->start.ms + 1000);
    return r->end.ms > r->start.ms && energy * 36000000 <= most &&
           llabs((int64_t)energy - r->total_e4kwh) <= 10 &&
           ((r->meter_start_e4kwh == 0 && r->meter_end_e4kwh == 0) ||
            llabs(r->meter_end_e4kwh - r->meter_start_e4kwh -
                  r->total_e4kwh) <= 1) &&
           cost - (__int128)r->amount_e4yuan * 100000 <= 50000000 &&
           (__int128)r->amount_e4yuan * 100000 - cost <= 50000000 &&
           llabs(b.total.fen - (int64_t)(cost / 10000000)) <= 2;
}

static void a_million_mutations_charge_nothing_out_of_bounds(void **state)
{
    int64_t passed = 0, outside = 0;

    (void)state;
    for (int i = 0; i < 1000000; i++) {
        struct record r;
        struct record_case c;

        good(&r, &c);
        mutate(&r);
        if (record_problems(&c) == 0) {
            passed++;
            outside += !within_bounds(&c);
        }
    }
    assert_int_equal(outside, 0);
    /* the test would prove nothing if nothing passed, or all did */
    assert_in_range(passed, 10000, 500000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_check_has_its_edge),
        cmocka_unit_test(one_price_all_day_needs_no_clock),
        cmocka_unit_test(a_session_of_days_has_every_rate),
        cmocka_unit_test(a_frame_is_read_as_it_was_sent),
        cmocka_unit_test(a_million_mutations_charge_nothing_out_of_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
