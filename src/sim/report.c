/*
 * Frames about a gun: see report.h.
 */
#include "sim/report.h"

#include <string.h>

#include "sim/sim.h"

/* Members that the frames of this file begin with. */
#define NAME(frame, p, g)                                                    \
    do {                                                                     \
        memcpy((frame)->pile_code, (p)->spec.code,                           \
               sizeof (frame)->pile_code);                                   \
        (frame)->gun_number = ykc_gun_byte(gun_number((p), (g)));            \
        if ((g)->phase == GUN_CHARGING || (g)->phase == GUN_PREPARING)       \
            memcpy((frame)->trade_number, (g)->session.trade_number,         \
                   sizeof (frame)->trade_number);                            \
    } while (0)

enum { AC_VOLTAGE_DV = 2200, AMP_OFFSET = 4000, TEMP_OFFSET = 50 };

static uint16_t minutes(int64_t ms)
{
    return (uint16_t)(ms / 60000);
}

static int32_t voltage_dv(const struct pile *p, const struct gun *g)
{
    return p->spec.is_ac ? AC_VOLTAGE_DV : car_voltage_dv(&g->car);
}

/* In 0.1 A: W / 0.1 V * 100. */
static uint16_t current_da(const struct pile *p, const struct gun *g)
{
    return (uint16_t)(INT64_C(100) * g->session.power_w / voltage_dv(p, g));
}

static uint8_t temperature(int32_t mc)
{
    return (uint8_t)(mc / 1000 + TEMP_OFFSET);
}

void report_state(struct pile *p, struct gun *g)
{
    struct ykc_realtime f = { .state = YKC_STATE_IDLE };
    const struct session *s = &g->session;

    NAME(&f, p, g);
    if (g->phase == GUN_CHARGING)
        f.state = YKC_STATE_CHARGING;
    else if (g->faults != 0)
        f.state = YKC_STATE_FAULT;
    f.gun_returned = !g->plugged;
    f.plugged_in = g->plugged;
    f.hardware_faults = g->faults;
    if (g->phase == GUN_CHARGING) {
        f.output_voltage = (uint16_t)voltage_dv(p, g);
        f.output_current = current_da(p, g);
        f.gun_cable_temperature =
            temperature(g->car.ambient_mc + s->power_w / 8);
        f.charged_time = minutes(s->elapsed_ms);
        f.charged_energy = s->bill.total_e4kwh;
        f.energy_incl_loss = s->bill.total_e4kwh;
        f.amount_so_far = s->bill.total_e4yuan;
    }
    if (g->phase == GUN_CHARGING && !p->spec.is_ac) {
        f.soc = (uint8_t)(car_soc_permille(&g->car) / 10);
        f.battery_max_temperature = temperature(g->car.pack_mc);
        f.remaining_time =
            (uint16_t)(car_seconds_left(&g->car, s->power_w) / 60);
    }
    pile_request(p, ykc_type_realtime, &f);
}

void report_handshake(struct pile *p, struct gun *g)
{
    struct ykc_handshake f = {
        .bms_protocol_version = { 1, 1, 0 },
        .battery_type = g->car.battery_type, .battery_maker = "CATL",
        .production_year = 2022 - 1985, .production_month = 6,
        .production_day = 18, .charge_count = 214, .ownership = 1,
    };

    NAME(&f, p, g);
    /* Ah x 10 of Wh and 0.1 V */
    f.rated_capacity = (uint16_t)(g->car.capacity_wms / 3600000 * 100 /
                                  g->car.nominal_dv);
    f.rated_total_voltage = (uint16_t)g->car.nominal_dv;
    memcpy(f.vin, g->car.vin, sizeof f.vin);
    pile_request(p, ykc_type_handshake, &f);
}

void report_parameters(struct pile *p, struct gun *g)
{
    int32_t top_dv = g->car.nominal_dv * 108 / 100;
    struct ykc_parameters f = {
        .cell_max_voltage = 365, .max_temperature = 55 + TEMP_OFFSET,
        .pile_max_voltage = 10000, .pile_min_voltage = 2000,
        .pile_max_current = AMP_OFFSET + 2500, .pile_min_current = AMP_OFFSET,
    };

    NAME(&f, p, g);
    f.max_current = (uint16_t)(AMP_OFFSET + INT64_C(100) *
                               g->car.max_power_w / g->car.nominal_dv);
    f.nominal_energy = (uint16_t)(g->car.capacity_wms / 360000000);
    f.max_total_voltage = (uint16_t)top_dv;
    f.soc = (uint16_t)car_soc_permille(&g->car);
    f.pack_voltage_now = (uint16_t)car_voltage_dv(&g->car);
    pile_request(p, ykc_type_parameters, &f);
}

static void report_demand(struct pile *p, struct gun *g)
{
    struct ykc_demand f = { .mode = 2 };
    uint16_t current = (uint16_t)(AMP_OFFSET + current_da(p, g));
    uint16_t voltage = (uint16_t)voltage_dv(p, g);

    NAME(&f, p, g);
    f.voltage_demand = (uint16_t)(g->car.nominal_dv * 108 / 100);
    f.current_demand = (uint16_t)(current + 20);
    f.measured_voltage = f.pile_output_voltage = voltage;
    f.measured_current = f.pile_output_current = current;
    f.highest_cell_voltage =
        (uint16_t)(320 + car_soc_permille(&g->car) * 35 / 1000);
    f.highest_cell_group = (uint8_t)(g->car.vin[16] - '0');
    f.soc = (uint8_t)(car_soc_permille(&g->car) / 10);
    f.estimated_remaining_time =
        (uint16_t)(car_seconds_left(&g->car, g->session.power_w) / 60);
    f.charged_time = minutes(g->session.elapsed_ms);
    pile_request(p, ykc_type_demand, &f);
}

void report_battery(struct pile *p, struct gun *g)
{
    struct ykc_bms_info f = {
        .cell_with_highest_voltage = 17, .highest_temperature_point = 3,
        .lowest_temperature_point = 11, .flags = 0x1000, /* may charge */
    };

    if (p->spec.is_ac)
        return;
    report_demand(p, g);
    NAME(&f, p, g);
    f.highest_temperature = temperature(g->car.pack_mc);
    f.lowest_temperature = temperature(g->car.pack_mc - 3000);
    pile_request(p, ykc_type_bms_info, &f);
}

void report_end(struct pile *p, struct gun *g, uint8_t stop_reason)
{
    struct ykc_bms_stop car = { .stop_reason = 0x01 };   /* SOC reached */
    struct ykc_pile_stop pile = { .stop_reason = 0x04 }; /* by hand */
    struct ykc_charging_end f = {
        .cell_min_voltage = 330, .cell_max_voltage = 336,
        .charger_number = (uint32_t)p->number + 1,
    };

    if (p->spec.is_ac)
        return;
    if (stop_reason == YKC_STOP_FULL) {
        NAME(&car, p, g);
        pile_request(p, ykc_type_bms_stop, &car);
    } else {
        if (ykc_stop_class(stop_reason) == YKC_STOP_ABORTED)
            pile.stop_reason = 0x10;
        if (stop_reason == YKC_STOP_ESTOP)
            pile.stop_fault = 0x100;
        NAME(&pile, p, g);
        pile_request(p, ykc_type_pile_stop, &pile);
    }
    NAME(&f, p, g);
    f.final_soc = (uint8_t)(car_soc_permille(&g->car) / 10);
    f.min_temperature = temperature(g->car.pack_mc - 3000);
    f.max_temperature = temperature(g->car.pack_mc);
    f.charged_time = minutes(g->session.elapsed_ms);
    f.output_energy = (uint16_t)(g->session.bill.total_e4kwh / 1000);
    pile_request(p, ykc_type_charging_end, &f);
}

void report_record(struct pile *p, struct gun *g, uint8_t stop_reason,
                   struct ykc_trade_record *r)
{
    const struct session *s = &g->session;
    stamp end = stamp_add_ms(s->start, s->elapsed_ms);

    *r = (struct ykc_trade_record){ .stop_reason = stop_reason };
    memcpy(r->trade_number, s->trade_number, sizeof r->trade_number);
    memcpy(r->pile_code, p->spec.code, sizeof r->pile_code);
    r->gun_number = ykc_gun_byte(gun_number(p, g));
    r->start_time = wire_time(s->start);
    r->end_time = r->trade_time = wire_time(end);
    for (int rate = 0; rate < YKC_RATES; rate++) {
        enum ykc_rate_code code = (enum ykc_rate_code)rate;

        ykc_record_set_rate(r, code, (struct ykc_rate){
            sim_tariff_price(&s->tariff, code), s->bill.energy_e4kwh[rate],
            s->bill.energy_e4kwh[rate], s->bill.amount_e4yuan[rate] });
    }
    r->meter_at_start = s->meter_start_e4kwh;
    r->meter_at_end = s->meter_start_e4kwh + s->bill.total_e4kwh;
    r->total_energy = r->total_energy_incl_loss = s->bill.total_e4kwh;
    r->amount = s->bill.total_e4yuan;
    if (!p->spec.is_ac)
        memcpy(r->vin, g->car.vin, sizeof r->vin);
    r->start_flag = s->start_flag;
    memcpy(r->physical_card, s->card, sizeof r->physical_card);
}
