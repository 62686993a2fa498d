#include "cli/demo_frames.h"

#include <stdio.h>
#include <string.h>

#include "db/db.h"
#include "db/rows.h"

enum {
    RECENT_DAYS = 2,
    STEP_MS = 60000,      /* between two readings */
    FRAMES_EVERY = 5,     /* readings, of which one is kept as a frame */
    START_BY_APP_FLAG = 1,
    STATE_CHARGING = 3,   /* of 0x13 */
    NOT_RETURNED = 0
};

struct recorder {
    struct demo *d;
    struct rows *frames, *readings;
    uint16_t sequence;
};

/* One reading of a running charge. */
struct reading {
    stamp at;
    int permille; /* of its time */
    int voltage_dv, current_da, power_w, soc, battery_c, gun_c;
    int64_t energy_e4kwh, amount_e4yuan;
};

static int64_t price_of(const struct tariff_prices *p, int rate)
{
    return p->elec_e5[rate] + p->service_e5[rate];
}

size_t demo_record_frame(const struct demo *d, const struct demo_session *s,
                         const char *trade_no, uint8_t out[YKC_MAX_FRAME])
{
    const struct demo_gun *g = &d->guns[s->gun];
    const struct demo_tariff *t = demo_tariff_of(d, g, s->created_at);
    const struct ykc_head head = { .type = ykc_type_trade_record,
                                   .sequence = { (uint8_t)s->counter, 0x01 } };
    struct ykc_trade_record r = { .gun_number = ykc_gun_byte(g->gun) };
    size_t n = 0;

    memcpy(r.trade_number, trade_no, sizeof r.trade_number);
    memcpy(r.pile_code, g->pile_no, sizeof r.pile_code);
    r.start_time = wire_time(s->charging_at);
    r.end_time = wire_time(s->ended_at);
    for (int i = 0; i < RATES; i++) {
        int64_t energy = s->rate_e4kwh[i], price = price_of(&t->prices, i);
        struct ykc_rate rate = {
            .price_e5yuan = (uint32_t)price,
            .energy_e4kwh = (uint32_t)energy,
            .energy_incl_loss_e4kwh = (uint32_t)energy,
            .amount_e4yuan = (uint32_t)((energy * price + 50000) / 100000),
        };

        ykc_record_set_rate(&r, (enum ykc_rate_code)i, rate);
        r.amount += rate.amount_e4yuan;
    }
    r.meter_at_start = (uint64_t)s->meter_start_e4kwh;
    r.meter_at_end = (uint64_t)(s->meter_start_e4kwh + s->energy_e4kwh);
    r.total_energy = (uint32_t)s->energy_e4kwh;
    r.total_energy_incl_loss = r.total_energy;
    r.start_flag = s->by_card ? 2 : START_BY_APP_FLAG;
    r.trade_time = r.end_time;
    r.stop_reason = (uint8_t)s->stop_reason;
    must(ykc_build(&head, &r, out, &n) == WIRE_OK);
    return n;
}

static struct reading reading_at(const struct demo_session *s, bool dc,
                                 stamp at)
{
    int64_t whole = s->ended_at.ms - s->charging_at.ms;
    int permille = (int)((at.ms - s->charging_at.ms) * 1000 / whole);
    struct reading r = { .at = at, .permille = permille };

    r.energy_e4kwh = demo_energy_at(s, permille);
    r.amount_e4yuan = money_add(s->elec, s->service).fen * 100 *
                      r.energy_e4kwh / s->energy_e4kwh;
    r.power_w = demo_power_at(s, permille);
    r.soc = s->soc_start + (int)((s->soc_end - s->soc_start) *
                                 r.energy_e4kwh / s->energy_e4kwh);
    r.voltage_dv = dc ? 3450 + r.soc * 7 : 2200 + (int)(at.ms / 1000 % 7);
    r.current_da = (int)((int64_t)r.power_w * 100 / r.voltage_dv);
    r.battery_c = 27 + permille / 90;
    r.gun_c = 29 + permille / 45;
    return r;
}

static void log_frame(struct recorder *rec, const struct demo_session *s,
                      stamp at, uint8_t type, const void *body,
                      const char *trade_no)
{
    const struct demo_gun *g = &rec->d->guns[s->gun];
    struct ykc_head head = ykc_request_head(type, &rec->sequence);
    uint8_t frame[YKC_MAX_FRAME];
    size_t n;

    must(ykc_build(&head, body, frame, &n) == WIRE_OK);
    rows_add(rec->frames,
             BIND(V(at), V(g->pile_id), V(g->gun),
                  V(ykc_direction(type) == YKC_FROM_PILE), V((int)type),
                  V(rows_text(rec->frames, "%s", trade_no)),
                  V(((struct bytes){
                      arena_memdup(rows_arena(rec->frames), frame, n), n }))));
}

static void log_start(struct recorder *rec, const struct demo_session *s,
                      const char *trade_no)
{
    const struct demo_gun *g = &rec->d->guns[s->gun];
    struct ykc_remote_start ask = {
        .gun_number = ykc_gun_byte(g->gun),
        .account_balance = (uint32_t)s->hold_fen,
    };
    struct ykc_remote_start_reply reply = { .gun_number = ask.gun_number,
                                            .result = 1 };

    memcpy(ask.trade_number, trade_no, sizeof ask.trade_number);
    memcpy(ask.pile_code, g->pile_no, sizeof ask.pile_code);
    memcpy(reply.trade_number, trade_no, sizeof reply.trade_number);
    memcpy(reply.pile_code, g->pile_no, sizeof reply.pile_code);
    log_frame(rec, s, stamp_add_ms(s->created_at, 240), ykc_type_remote_start,
              &ask, trade_no);
    log_frame(rec, s, stamp_add_ms(s->created_at, 3100),
              ykc_type_remote_start_reply, &reply, trade_no);
}

static void log_reading(struct recorder *rec, const struct demo_session *s,
                        const struct reading *r, const char *trade_no)
{
    const struct demo_gun *g = &rec->d->guns[s->gun];
    int64_t passed = (r->at.ms - s->charging_at.ms) / 60000;
    int64_t left = (s->ended_at.ms - r->at.ms) / 60000;
    struct ykc_realtime f = {
        .gun_number = ykc_gun_byte(g->gun), .state = STATE_CHARGING,
        .gun_returned = NOT_RETURNED, .plugged_in = 1,
        .output_voltage = (uint16_t)r->voltage_dv,
        .output_current = (uint16_t)r->current_da,
        .gun_cable_temperature = (uint8_t)(r->gun_c + 50),
        .soc = (uint8_t)r->soc,
        .battery_max_temperature = (uint8_t)(r->battery_c + 50),
        .charged_time = (uint16_t)passed, .remaining_time = (uint16_t)left,
        .charged_energy = (uint32_t)r->energy_e4kwh,
        .energy_incl_loss = (uint32_t)r->energy_e4kwh,
        .amount_so_far = (uint32_t)r->amount_e4yuan,
    };

    memcpy(f.trade_number, trade_no, sizeof f.trade_number);
    memcpy(f.pile_code, g->pile_no, sizeof f.pile_code);
    log_frame(rec, s, r->at, ykc_type_realtime, &f, trade_no);
}

static void log_end(struct recorder *rec, const struct demo_session *s,
                    const char *trade_no)
{
    const struct demo_gun *g = &rec->d->guns[s->gun];
    struct ykc_record_confirmation answer = { .result = 0 };
    stamp at = stamp_add_ms(s->ended_at, 2000 + s->ended_at.ms % 5000);
    uint8_t frame[YKC_MAX_FRAME];
    size_t n = demo_record_frame(rec->d, s, trade_no, frame);

    rows_add(rec->frames,
             BIND(V(at), V(g->pile_id), V(g->gun), V(true),
                  V(ykc_type_trade_record),
                  V(rows_text(rec->frames, "%s", trade_no)),
                  V(((struct bytes){
                      arena_memdup(rows_arena(rec->frames), frame, n), n }))));
    memcpy(answer.trade_number, trade_no, sizeof answer.trade_number);
    log_frame(rec, s, stamp_add_ms(at, 21), ykc_type_record_confirmation,
              &answer, trade_no);
}

static void record(struct recorder *rec, const struct demo_session *s,
                   int64_t order_id)
{
    const struct demo_gun *g = &rec->d->guns[s->gun];
    char trade_no[YKC_TRADE_TEXT];
    int n = 0;

    ykc_trade_number(g->pile_no, g->gun, s->created_at,
                     (unsigned)s->counter % 10000, trade_no);
    log_start(rec, s, trade_no);
    for (stamp at = s->charging_at; at.ms < s->ended_at.ms;
         at = stamp_add_ms(at, STEP_MS)) {
        struct reading r = reading_at(s, g->kind->dc, at);

        rows_add(rec->readings,
                 BIND(V(at), V(g->connector_id), V(order_id),
                      V(STATE_CHARGING), V(r.voltage_dv), V(r.current_da),
                      V(r.power_w), V(r.soc), V(r.battery_c), V(r.gun_c),
                      V(r.current_da + 20), V(r.energy_e4kwh),
                      V(r.amount_e4yuan)));
        if (n++ % FRAMES_EVERY == 0)
            log_reading(rec, s, &r, trade_no);
    }
    log_end(rec, s, trade_no);
}

void demo_make_frames(struct demo *d)
{
    static const char frames[] =
        "INSERT INTO frame_log (at, pile_id, gun, up, type, trade_no, raw)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)";
    static const char readings[] =
        "INSERT INTO telemetry (at, connector_id, order_id, state,"
        "   voltage_dv, current_da, power_w, soc, battery_c, gun_c,"
        "   demand_da, energy_e4kwh, amount_e4yuan)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    struct recorder rec = { .d = d, .frames = rows_new(d->cx, frames),
                            .readings = rows_new(d->cx, readings) };
    stamp from = stamp_add_days(d->now, -RECENT_DAYS);

    for (size_t i = 0; i < d->session_count; i++)
        if (d->sessions[i].created_at.ms >= from.ms && !d->sessions[i].failed)
            record(&rec, &d->sessions[i], (int64_t)i + 1);
    rows_end(rec.frames);
    rows_end(rec.readings);
}
