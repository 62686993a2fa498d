#include "tariff/billing.h"

#include "base/macros.h"

enum { SLOT_MS = 30 * 60 * 1000 };

/* Asia/Shanghai is UTC+8 all year. */
#define WALL_MS INT64_C(28800000)

void bill_compute(const struct tariff_prices *prices,
                  const int64_t energy_e4kwh[RATES], struct bill *out)
{
    int64_t elec = 0, service = 0;

    *out = (struct bill){ .energy_e4kwh = 0 };
    for (int i = 0; i < RATES; i++) {
        struct bill_line *l = &out->rate[i];

        must(energy_e4kwh[i] >= 0);
        must(prices->elec_e5[i] >= 0);
        must(prices->service_e5[i] >= 0);
        *l = (struct bill_line){ energy_e4kwh[i], prices->elec_e5[i],
                                 prices->service_e5[i],
                                 checked_mul(energy_e4kwh[i],
                                             prices->elec_e5[i]),
                                 checked_mul(energy_e4kwh[i],
                                             prices->service_e5[i]) };
        elec = checked_add(elec, l->elec_nano);
        service = checked_add(service, l->service_nano);
        out->energy_e4kwh = checked_add(out->energy_e4kwh, l->energy_e4kwh);
    }
    out->elec = money_from_nano(elec);
    out->service = money_from_nano(service);
    out->total = money_add(out->elec, out->service);
    must(out->elec.fen >= 0);
    must(out->service.fen >= 0);
}

/* Half hours since 1970-01-01 00:00 by the wall clock. */
static int64_t slot_of(stamp at)
{
    must(at.ms >= 0); /* or the cut would go up, not down */
    return checked_add(at.ms, WALL_MS) / SLOT_MS;
}

int bill_rate_at(const char *slots, stamp at)
{
    int rate = slots[slot_of(at) % TARIFF_SLOTS] - '0';

    must(rate >= 0);
    must(rate < RATES);
    return rate;
}

/* Energy that has flowed from a to b when the clock shows at. */
static int64_t energy_until(struct bill_point a, struct bill_point b,
                            int64_t at_ms)
{
    must(at_ms >= a.at.ms);
    must(at_ms <= b.at.ms);
    return checked_mul_div(checked_sub(b.energy_e4kwh, a.energy_e4kwh),
                           at_ms - a.at.ms, b.at.ms - a.at.ms);
}

static void split_between(const char *slots, struct bill_point a,
                          struct bill_point b, int64_t energy_e4kwh[RATES])
{
    int64_t given = 0, all = checked_sub(b.energy_e4kwh, a.energy_e4kwh);

    must(b.at.ms >= a.at.ms);
    must(all >= 0);
    if (b.at.ms == a.at.ms) { /* two readings of one moment */
        int rate = bill_rate_at(slots, b.at);

        energy_e4kwh[rate] = checked_add(energy_e4kwh[rate], all);
        return;
    }
    for (stamp from = a.at, to; from.ms < b.at.ms; from = to) {
        int64_t end = (slot_of(from) + 1) * SLOT_MS - WALL_MS, until;
        int rate = bill_rate_at(slots, from);

        to = (stamp){ end < b.at.ms ? end : b.at.ms };
        must(to.ms > from.ms); /* each step goes on */
        until = energy_until(a, b, to.ms);
        must(until >= given);
        energy_e4kwh[rate] = checked_add(energy_e4kwh[rate], until - given);
        given = until;
    }
    must(given == all); /* no energy is lost at the cuts */
}

void bill_split(const char *slots, const struct bill_point *p, size_t n,
                int64_t energy_e4kwh[RATES])
{
    for (int i = 0; i < RATES; i++)
        energy_e4kwh[i] = 0;
    for (size_t i = 1; i < n; i++) {
        must(p[i].at.ms >= p[i - 1].at.ms);
        must(p[i].energy_e4kwh >= p[i - 1].energy_e4kwh);
        split_between(slots, p[i - 1], p[i], energy_e4kwh);
    }
}

void bill_meter_add(struct bill_meter *m, const char *slots,
                    struct bill_point p)
{
    if (m->started &&
        (p.at.ms < m->last.at.ms || p.energy_e4kwh < m->last.energy_e4kwh))
        return;
    if (m->started)
        split_between(slots, m->last, p, m->energy_e4kwh);
    m->started = true;
    m->last = p;
}
