#include "charging/record.h"

#include <stdlib.h>
#include <string.h>

#include "base/crypto.h"
#include "protocol/ykc/frame.h"

enum {
    SUM_SLACK = 10,          /* 0.001 kWh */
    METER_SLACK = 1,         /* one unit of the meter */
    SECOND_MS = 1000,        /* piles cut their times to seconds */
    SKEW_MS = 5 * 60 * 1000, /* G17 */
    JOULES_PER_E4KWH = 360,
    LIVE_IS_SURE = 1000      /* 0.1 kWh seen: not a meter's noise */
};

/* 1 fen in 1e-9 yuan is the slack per rate; amounts are 1e-4 yuan. */
#define NANO_PER_E4YUAN INT64_C(100000)

/* ---- reading --------------------------------------------------------- */

/* Texts are copied as frames hold them, and both count four rates. */
#define SAME_SIZE(ours, theirs)                                             \
    _Static_assert(sizeof ((struct record *)0)->ours ==                     \
                   sizeof ((struct ykc_trade_record *)0)->theirs, #ours);
SAME_SIZE(trade_no, trade_number)
SAME_SIZE(pile_no, pile_code)
SAME_SIZE(vin, vin)
_Static_assert((int)RATES == (int)YKC_RATES, "rates");
_Static_assert(sizeof ((struct record *)0)->card ==
               2 * sizeof ((struct ykc_trade_record *)0)->physical_card + 1,
               "card");

static void copy_record(const struct ykc_trade_record *f, struct record *out)
{
    *out = (struct record){ .start = wire_stamp(f->start_time),
                            .end = wire_stamp(f->end_time) };
    memcpy(out->trade_no, f->trade_number, sizeof out->trade_no);
    memcpy(out->pile_no, f->pile_code, sizeof out->pile_no);
    for (int i = 0; i < RATES; i++) {
        struct ykc_rate r = ykc_record_rate(f, (enum ykc_rate_code)i);

        out->rate[i].price_e5 = r.price_e5yuan;
        out->rate[i].energy_e4kwh = r.energy_e4kwh;
        out->rate[i].with_loss_e4kwh = r.energy_incl_loss_e4kwh;
        out->rate[i].amount_e4yuan = r.amount_e4yuan;
    }
    out->meter_start_e4kwh = (int64_t)f->meter_at_start;
    out->meter_end_e4kwh = (int64_t)f->meter_at_end;
    out->total_e4kwh = f->total_energy;
    out->total_with_loss_e4kwh = f->total_energy_incl_loss;
    out->amount_e4yuan = f->amount;
    memcpy(out->vin, f->vin, sizeof out->vin);
    out->start_flag = f->start_flag;
    out->stop_reason = f->stop_reason;
    hex_encode(f->physical_card, sizeof f->physical_card, out->card);
    for (char *c = out->card; *c != '\0'; c++)
        *c = *c >= 'a' ? (char)(*c - 'a' + 'A') : *c;
}

bool record_read(const void *raw, size_t len, struct record *out)
{
    struct ykc_raw r;
    union ykc_any any;
    struct ykc_trade_record plain;
    const struct ykc_frame *f;

    if (ykc_open(raw, len, &r) != WIRE_OK)
        return false;
    f = ykc_frame(r.head.type);
    if (f == NULL ||
        (f->type != ykc_type_trade_record &&
         f->type != ykc_type_signed_record) ||
        ykc_decode(f, r.body, r.body_len, &any, NULL) != WIRE_OK)
        return false;
    if (f->type == ykc_type_signed_record)
        ykc_record_of_signed(&any.signed_record, &plain);
    else
        plain = any.trade_record;
    copy_record(&plain, out);
    return true;
}

/* ---- the bill -------------------------------------------------------- */

static int64_t sum_of(const struct record *r)
{
    int64_t sum = 0;

    for (int i = 0; i < RATES; i++)
        sum = checked_add(sum, r->rate[i].energy_e4kwh);
    return sum;
}

void record_bill(const struct record *r, const struct tariff_prices *prices,
                 struct bill *out)
{
    int64_t energy[RATES];

    for (int i = 0; i < RATES; i++)
        energy[i] = r->rate[i].energy_e4kwh;
    /* 32 bits of energy and prices below 10 yuan: this cannot overflow. */
    bill_compute(prices, energy, out);
    must(out->energy_e4kwh == sum_of(r));
}

/* ---- checks ---------------------------------------------------------- */

stamp record_start(const struct record_case *c)
{
    return c->record->start.ms != 0 ? c->record->start
           : c->from.ms != 0        ? c->from
                                    : c->created_at;
}

stamp record_end(const struct record_case *c)
{
    return c->record->end.ms != 0 ? c->record->end
           : c->to.ms != 0        ? c->to
                                  : c->received_at;
}

static unsigned check_energy(const struct record *r)
{
    int64_t meter = checked_sub(r->meter_end_e4kwh, r->meter_start_e4kwh);
    unsigned wrong = 0;

    if (llabs(checked_sub(sum_of(r), r->total_e4kwh)) > SUM_SLACK)
        wrong |= PROBLEM(SUM);
    /* Both zero: a pile without a readable meter. */
    if ((r->meter_start_e4kwh != 0 || r->meter_end_e4kwh != 0) &&
        llabs(checked_sub(meter, r->total_e4kwh)) > METER_SLACK)
        wrong |= PROBLEM(METER);
    /* The loss ratio that we send is 0; many piles leave the field empty. */
    if (r->total_with_loss_e4kwh != 0 &&
        llabs(checked_sub(r->total_with_loss_e4kwh, r->total_e4kwh)) >
            SUM_SLACK)
        wrong |= PROBLEM(LOSS);
    return wrong;
}

static unsigned check_power(const struct record_case *c)
{
    int64_t ms = checked_sub(record_end(c).ms, record_start(c).ms);
    int64_t most;

    must(c->power_w >= 0);
    if (ms <= 0)
        return PROBLEM(TIMES);
    most = checked_mul_div(checked_mul(c->power_w, 105),
                           checked_add(ms, SECOND_MS),
                           INT64_C(100) * 1000 * JOULES_PER_E4KWH);
    return c->record->total_e4kwh > most || sum_of(c->record) > most
               ? PROBLEM(POWER)
               : 0;
}

/* A rate that no half hour of the session has cannot have energy. */
static unsigned check_periods(const struct record_case *c)
{
    stamp from = record_start(c), to = record_end(c);
    bool seen[RATES] = { false };

    must(from.ms < to.ms); /* or check_power has found it */
    if (to.ms - from.ms >= DAY_MS)
        return 0; /* every half hour came by */
    /* The edge of a half hour may be cut on either side. */
    from = stamp_add_ms(from, -60 * SECOND_MS);
    to = stamp_add_ms(to, 60 * SECOND_MS);
    for (stamp t = from;; t = stamp_add_ms(t, 60 * SECOND_MS)) {
        seen[bill_rate_at(c->version->slots, t.ms < to.ms ? t : to)] = true;
        if (t.ms >= to.ms)
            break;
    }
    for (int i = 0; i < RATES; i++)
        if (c->record->rate[i].energy_e4kwh > 0 && !seen[i])
            return PROBLEM(PERIOD);
    return 0;
}

static unsigned check_prices(const struct record_case *c)
{
    const struct tariff_prices *p = &c->version->prices;

    for (int i = 0; i < RATES; i++)
        if (c->record->rate[i].energy_e4kwh > 0 &&
            c->record->rate[i].price_e5 !=
                checked_add(p->elec_e5[i], p->service_e5[i]))
            return PROBLEM(PRICE);
    return 0;
}

/* How far our amount and the pile's are apart, in 1e-9 yuan. */
static int64_t off_by(int64_t nano, int64_t e4yuan)
{
    must(nano >= 0);
    return llabs(checked_sub(nano, checked_mul(e4yuan, NANO_PER_E4YUAN)));
}

/* The pile rounds as it likes: 1 fen per rate used, and one in all. */
static unsigned check_amounts(const struct record_case *c)
{
    const struct record *r = c->record;
    int64_t ours = 0, slack = NANO_PER_FEN;
    struct bill b;

    record_bill(r, &c->version->prices, &b);
    for (int i = 0; i < RATES; i++) {
        int64_t nano = checked_add(b.rate[i].elec_nano,
                                   b.rate[i].service_nano);

        if (off_by(nano, r->rate[i].amount_e4yuan) > NANO_PER_FEN)
            return PROBLEM(AMOUNT);
        if (r->rate[i].energy_e4kwh > 0)
            slack += NANO_PER_FEN;
        ours = checked_add(ours, nano);
    }
    return off_by(ours, r->amount_e4yuan) > slack ? PROBLEM(AMOUNT) : 0;
}

static bool has_many_rates(const char *slots)
{
    must(strlen(slots) == TARIFF_SLOTS);
    return strspn(slots, (char[2]){ slots[0], '\0' }) < TARIFF_SLOTS;
}

static unsigned check_clock(const struct record_case *c)
{
    const struct record *r = c->record;

    must(c->created_at.ms > 0);
    must(c->received_at.ms > 0);
    if (!has_many_rates(c->version->slots))
        return 0;
    if (r->start.ms == 0 || r->end.ms == 0 ||
        llabs(c->clock_off_ms) > SKEW_MS ||
        r->start.ms < c->created_at.ms - SKEW_MS ||
        r->end.ms > c->received_at.ms + SKEW_MS)
        return PROBLEM(CLOCK);
    return 0;
}

unsigned record_problems(const struct record_case *c)
{
    const struct record *r = c->record;
    unsigned wrong = 0;

    if (sum_of(r) == 0 && r->total_e4kwh == 0)
        return c->live_e4kwh > LIVE_IS_SURE ? PROBLEM(ZERO) : 0;
    wrong |= check_energy(r);
    wrong |= check_power(c);
    wrong |= check_prices(c);
    wrong |= check_amounts(c);
    wrong |= check_clock(c);
    if ((wrong & (PROBLEM(TIMES) | PROBLEM(CLOCK))) == 0)
        wrong |= check_periods(c);
    if (c->overlaps)
        wrong |= PROBLEM(OVERLAP);
    must(wrong >> PROBLEM_COUNT == 0);
    return wrong;
}

const char *record_problems_text(struct cx *cx, unsigned problems)
{
    static const char *const texts[] = {
#define RECORD_TEXT(name, text) text,
        RECORD_PROBLEMS(RECORD_TEXT)
#undef RECORD_TEXT
    };
    const char *all = "";

    must(problems >> PROBLEM_COUNT == 0); /* each has its text */
    for (int i = 0; i < PROBLEM_COUNT; i++)
        if (problems & 1U << i)
            all = all[0] == '\0' ? texts[i]
                                 : cx_printf(cx, "%s；%s", all, texts[i]);
    must((problems == 0) == (all[0] == '\0'));
    return all;
}
