/*
 * Cars: see car.h.
 */
#include "sim/car.h"

#include <stdio.h>

#define WMS_PER_WH INT64_C(3600000)

enum {
    RAMP_MS = 20000,       /* until full power flows */
    TAPER_FROM = 800,      /* permille of charge where the taper begins */
    TAPER_END = 120,       /* permille of full power left at 100 % */
    TO_BATTERY = 940,      /* permille of the energy that gets stored */
    HOT_MC = 48000,        /* above this the car asks for less */
    COOLING_S = 1500,      /* time constant of the pack */
    HEAT_W_PER_K = 4500    /* power that keeps it 1 K above its place */
};

/* Kinds of cars on the road: battery, powers, voltage, chemistry; the common
   ones first. */
static const struct model {
    int32_t wh, dc_w, ac_w, dv;
    uint8_t battery_type;
    const char *maker;
} models[] = {
    { 31900, 40000, 3300, 3200, 0x03, "LZW" },
    { 45100, 60000, 6600, 3328, 0x03, "LGX" },
    { 60480, 88000, 7000, 3392, 0x03, "LGX" },
    { 61400, 120000, 7000, 3650, 0x06, "LSV" },
    { 60000, 170000, 7000, 3450, 0x03, "LRW" },
    { 77000, 110000, 7000, 3550, 0x06, "LMG" },
    { 87500, 180000, 7000, 6400, 0x06, "L1N" },
    { 100000, 240000, 11000, 7000, 0x06, "LNB" },
    { 141000, 120000, 7000, 5760, 0x03, "LKL" },
};

/* Of two the one with the smaller battery: most are small. */
static const struct model *any_model(struct rng *rng)
{
    int64_t a = rng_below(rng, COUNT(models));
    int64_t b = rng_below(rng, COUNT(models));

    return &models[a < b ? a : b];
}

void car_arrive(struct car *c, struct rng *rng)
{
    const struct model *m = any_model(rng);
    int64_t permille = m->wh * WMS_PER_WH / 1000;

    *c = (struct car){
        .capacity_wms = m->wh * WMS_PER_WH,
        .stored_wms = permille * rng_between(rng, 80, 600),
        .max_power_w = m->dc_w, .onboard_w = m->ac_w, .nominal_dv = m->dv,
        .battery_type = m->battery_type,
    };
    /* two of five stop at 80 %, most others want it full */
    if (rng_chance(rng, 40))
        c->target_wms = permille * 800;
    else if (rng_chance(rng, 75))
        c->target_wms = c->capacity_wms;
    else
        c->target_wms = permille * rng_between(rng, 850, 980);
    c->ambient_mc = (int32_t)rng_between(rng, 15000, 32000);
    c->pack_mc = c->ambient_mc + (int32_t)rng_between(rng, 0, 6000);
    snprintf(c->vin, sizeof c->vin, "%sXA%02d%08d%02d", m->maker,
             (int)rng_below(rng, 100), (int)rng_below(rng, 100000000),
             (int)rng_below(rng, 100));
}

int car_soc_permille(const struct car *c)
{
    return (int)(c->stored_wms / (c->capacity_wms / 1000));
}

bool car_is_satisfied(const struct car *c)
{
    return c->stored_wms >= c->target_wms;
}

bool car_is_full(const struct car *c)
{
    return c->stored_wms >= c->capacity_wms;
}

int32_t car_power_w(const struct car *c, int32_t limit_w, bool on_ac,
                    int64_t since_start_ms)
{
    int64_t power = on_ac ? c->onboard_w : c->max_power_w;
    int soc = car_soc_permille(c);

    power = power < limit_w ? power : limit_w;
    if (soc > TAPER_FROM && !on_ac)
        power = power * (1000 - (1000 - TAPER_END) * (soc - TAPER_FROM) /
                         (1000 - TAPER_FROM)) / 1000;
    if (c->pack_mc > HOT_MC && !on_ac)
        power = power * 7 / 10;
    if (since_start_ms < RAMP_MS)
        power = power * since_start_ms / RAMP_MS;
    return (int32_t)power;
}

void car_charge(struct car *c, int32_t power_w, int64_t ms)
{
    int64_t rest_mc = c->ambient_mc + power_w * INT64_C(1000) / HEAT_W_PER_K;

    c->stored_wms += power_w * ms / 1000 * TO_BATTERY;
    if (c->stored_wms > c->capacity_wms)
        c->stored_wms = c->capacity_wms;
    c->pack_mc += (int32_t)((rest_mc - c->pack_mc) * ms /
                            (COOLING_S * INT64_C(1000)));
}

int32_t car_voltage_dv(const struct car *c)
{
    return (int32_t)(c->nominal_dv * (920 + INT64_C(140) *
                                      car_soc_permille(c) / 1000) / 1000);
}

int64_t car_seconds_left(const struct car *c, int32_t power_w)
{
    int64_t missing = c->target_wms - c->stored_wms;

    if (missing <= 0 || power_w <= 0)
        return 0;
    return missing / TO_BATTERY / power_w;
}
