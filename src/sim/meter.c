/*
 * The pile's meter and tariff: see meter.h.
 */
#include "sim/meter.h"

#include <string.h>

enum { SLOT_MS = 30 * 60 * 1000 };

bool sim_tariff_take(struct sim_tariff *t,
                     const struct ykc_tariff_reply *frame)
{
    for (size_t i = 0; i < COUNT(frame->slot_rate_codes); i++)
        if (frame->slot_rate_codes[i] >= YKC_RATES)
            return false;
    t->held = true;
    memcpy(t->number, frame->tariff_number, sizeof t->number);
    memcpy(t->slots, frame->slot_rate_codes, sizeof t->slots);
    for (int rate = 0; rate < YKC_RATES; rate++)
        t->prices[rate] = ykc_tariff_prices(frame, (enum ykc_rate_code)rate);
    return true;
}

uint32_t sim_tariff_price(const struct sim_tariff *t,
                          enum ykc_rate_code rate)
{
    return t->prices[rate].electricity_e5yuan + t->prices[rate].service_e5yuan;
}

void meter_run(struct meter *m, const struct sim_tariff *t, stamp from,
               int64_t ms, int64_t power_w, struct sim_bill *bill)
{
    int64_t in_day, piece, units;

    must(ms >= 0 && power_w >= 0);
    while (ms > 0) {
        in_day = from.ms - stamp_day(from).ms;
        piece = SLOT_MS - in_day % SLOT_MS;
        piece = piece < ms ? piece : ms;
        m->rest_wms += power_w * piece;
        units = m->rest_wms / METER_UNIT_WMS;
        m->rest_wms %= METER_UNIT_WMS;
        m->reading_e4kwh += (uint64_t)units;
        bill->energy_e4kwh[t->slots[in_day / SLOT_MS]] += (uint32_t)units;
        bill->total_e4kwh += (uint32_t)units;
        from = stamp_add_ms(from, piece);
        ms -= piece;
    }
}

void sim_bill_price(struct sim_bill *bill, const struct sim_tariff *t)
{
    bill->total_e4yuan = 0;
    for (int rate = 0; rate < YKC_RATES; rate++) {
        uint64_t price = sim_tariff_price(t, (enum ykc_rate_code)rate);

        bill->amount_e4yuan[rate] =
            (uint32_t)(price * bill->energy_e4kwh[rate] / 100000);
        bill->total_e4yuan += bill->amount_e4yuan[rate];
    }
}
