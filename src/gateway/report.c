/*
 * What a pile reports of its guns: 0x13 and the BMS frames of a session. The
 * gun remembers what matters to the order (first seen charging, reports
 * without charging in a row), so that the state writer sees it even if it
 * comes late and only to the last of several reports.
 */
#include "gateway/net.h"

#include <string.h>

#include "asset/live.h"
#include "protocol/ykc/show.h"

enum {
    DATA_LATE_MS = 45000,   /* charging without 0x13: read (8.7) */
    DATA_LOST_MS = 120000,  /* and tell */
    FIRST_REPORT_MS = 10000 /* no 0x13 after login: read */
};

static uint32_t bit_of(const struct in *in)
{
    return 1U << (in->gun_no - 1);
}

/* Raw temperature 0 means none; otherwise offset 50. */
static int8_t degrees(uint8_t raw)
{
    int t = raw == 0 ? 0 : raw - 50;

    return (int8_t)(t > 127 ? 127 : t);
}

/* ---- sessions ------------------------------------------------------- */

static void begin_trade(struct gun *g, const uint8_t trade[16])
{
    memcpy(g->trade, trade, sizeof g->trade);
    memset(g->next, 0, sizeof g->next);
    g->charging_at = 0;
    g->ended_at = 0;
    g->idle_reports = 0;
    g->energy_e4kwh = 0;
    g->amount_e4yuan = 0;
    g->soc_start = 0;
    g->soc_session = 0;
    g->demand_da = 0;
    g->flags &= (uint8_t)~(GUN_STARTED | GUN_CHARGED | GUN_LATE);
    g->vin[0] = '\0';
}

void report_started(struct net *n, struct charger *ch, int gun,
                    const uint8_t trade[16])
{
    struct gun *g = &ch->guns[gun - 1];

    if (ch->dirty & 1U << (gun - 1))
        session_flush(n); /* the end of the session before */
    if (memcmp(g->trade, trade, sizeof g->trade) != 0)
        begin_trade(g, trade);
    g->flags |= GUN_STARTED;
    session_dirty(n, ch, 1U << (gun - 1));
}

static void change_session(struct in *in, const uint8_t trade[16])
{
    if (in->charger->dirty & bit_of(in))
        session_flush(in->net);
    begin_trade(in->gun, trade);
}

/*
 * Another number while a session runs: believed at the second time, or if the
 * session was not charging in the last report anyway. The session before is
 * over then.
 */
static bool other_trade(struct in *in, const uint8_t trade[16])
{
    struct gun *g = in->gun;
    bool runs = g->flags & GUN_CHARGED && g->idle_reports == 0;

    if (runs && memcmp(g->next, trade, sizeof g->next) != 0) {
        memcpy(g->next, trade, sizeof g->next);
        return false;
    }
    if (runs) {
        g->idle_reports = 2;
        g->ended_at = in->net->now.ms;
        session_dirty(in->net, in->charger, bit_of(in));
    }
    change_session(in, trade);
    return true;
}

static void is_charging(struct in *in)
{
    struct gun *g = in->gun;

    if (g->charging_at == 0)
        g->charging_at = in->net->now.ms;
    g->flags |= GUN_CHARGED;
    g->flags &= (uint8_t)~GUN_LATE;
    g->idle_reports = 0;
    g->ended_at = 0;
    memset(g->next, 0, sizeof g->next);
}

/* The second report without charging is asked for, not waited for (8.6). */
static void is_not_charging(struct in *in)
{
    struct gun *g = in->gun;
    conn_id id = conn_id_of(in->net, in->conn);

    if (!(g->flags & GUN_CHARGED))
        return;
    if (g->idle_reports < UINT8_MAX)
        g->idle_reports++;
    if (g->ended_at == 0)
        g->ended_at = in->net->now.ms;
    if (g->idle_reports == 1 && net_conn(in->net, id) != NULL)
        session_read(in->net, in->conn, in->charger, in->gun_no);
}

/* Does the report speak of the session of the gun? */
static bool follow_session(struct in *in, const struct ykc_realtime *r,
                           const uint8_t trade[16])
{
    struct gun *g = in->gun;
    bool is_other = !trade_is_zero(trade) &&
                    memcmp(trade, g->trade, sizeof g->trade) != 0;

    if (r->state == YKC_STATE_CHARGING) {
        if (trade_is_zero(trade))
            return false;
        if (is_other && !other_trade(in, trade))
            return false;
        is_charging(in);
        return true;
    }
    is_not_charging(in);
    return !is_other && !trade_is_zero(trade);
}

/* ---- 0x13 ----------------------------------------------------------- */

static void tell_faults(struct in *in, uint16_t before, uint16_t now)
{
    const struct wire_field *f = ykc_field(in->frame, "hardware_faults",
                                           NULL);
    struct ykc_realtime shown = { .hardware_faults = now };
    char text[WIRE_TEXT];

    if (before == now)
        return;
    if (now == 0) {
        session_event(in->net, in->charger, in->gun_no, EVENT_FAULT_CLEARED,
                      "故障消除");
        return;
    }
    session_event(in->net, in->charger, in->gun_no, EVENT_FAULT, "%s",
                  wire_pretty(f, &shown, text));
}

/* Reports without a car, and those of AC piles, say 0. */
static void keep_soc(struct gun *g, uint8_t soc)
{
    if (soc > 0 && soc <= 100)
        g->soc_session = soc;
}

static void keep_report(struct in *in, const struct ykc_realtime *r,
                        bool is_session)
{
    struct gun *g = in->gun;
    int shift = atomic_load_explicit(&in->charger->fault_shift,
                                     memory_order_relaxed);
    uint16_t faults = (uint16_t)(r->hardware_faults >> (shift & 15));

    tell_faults(in, g->faults, faults);
    g->faults = faults;
    g->state = r->state;
    g->plugged = r->plugged_in;
    g->voltage_dv = r->output_voltage;
    g->current_da = r->output_current;
    g->gun_c = degrees(r->gun_cable_temperature);
    g->battery_c = degrees(r->battery_max_temperature);
    g->soc = r->soc;
    g->minutes = r->charged_time;
    g->remain_min = r->remaining_time;
    if (!is_session)
        return;
    if (r->charged_energy > g->energy_e4kwh)
        g->energy_e4kwh = r->charged_energy;
    if (r->amount_so_far > g->amount_e4yuan)
        g->amount_e4yuan = r->amount_so_far;
    if (g->soc_start == 0)
        g->soc_start = r->soc;
    keep_soc(g, r->soc);
}

/* What people wait for is told at once, the rest with the next tick. */
static bool is_urgent(const struct gun *before, const struct gun *now)
{
    return before->state != now->state || before->plugged != now->plugged ||
           before->idle_reports != now->idle_reports ||
           memcmp(before->trade, now->trade, sizeof now->trade) != 0;
}

void report_frame(struct in *in)
{
    const struct ykc_realtime *r = &in->any->realtime;
    struct gun before = *in->gun;

    count_one(&in->net->counts, COUNT_realtime);
    in->gun->flags |= GUN_SEEN;
    in->gun->reported_ms = in->net->now_ms;
    keep_report(in, r, follow_session(in, r, in->raw->body));
    pending_read_done(in->net, in->charger, in->gun_no);
    session_dirty(in->net, in->charger, bit_of(in));
    if (is_urgent(&before, in->gun))
        in->net->flushed_ms = 0; /* at the end of this round */
}

/* ---- frames of the BMS ---------------------------------------------- */

static bool is_session(const struct in *in)
{
    return memcmp(in->raw->body, in->gun->trade, 16) == 0 &&
           !trade_is_zero(in->raw->body);
}

/* A VIN is 17 characters without I, O and Q; many cars send zeros. */
static bool vin_is_valid(const char *vin)
{
    return strlen(vin) == 17 &&
           strspn(vin, "0123456789ABCDEFGHJKLMNPRSTUVWXYZ") == 17 &&
           strspn(vin, "0") < 17;
}

void handshake_frame(struct in *in)
{
    if (!is_session(in) || !vin_is_valid(in->any->handshake.vin))
        return;
    snprintf(in->gun->vin, sizeof in->gun->vin, "%s", in->any->handshake.vin);
    session_dirty(in->net, in->charger, bit_of(in));
}

void parameters_frame(struct in *in)
{
    int soc = in->any->parameters.soc / 10;

    if (is_session(in) && soc <= 100)
        in->gun->soc_start = (uint8_t)soc;
}

void demand_frame(struct in *in)
{
    const struct ykc_demand *d = &in->any->demand;

    if (!is_session(in))
        return;
    /* Raw 0 is "not filled in"; otherwise 0.1 A, offset -400 A. */
    in->gun->demand_da = d->current_demand == 0
        ? 0 : (int16_t)(d->current_demand - 4000);
    if (d->soc <= 100)
        in->gun->soc = d->soc;
    keep_soc(in->gun, d->soc);
    session_dirty(in->net, in->charger, bit_of(in));
}

void charging_end_frame(struct in *in)
{
    if (!is_session(in) || in->any->charging_end.final_soc > 100)
        return;
    in->gun->soc = in->any->charging_end.final_soc;
    keep_soc(in->gun, in->gun->soc);
    session_dirty(in->net, in->charger, bit_of(in));
}

/* ---- time ----------------------------------------------------------- */

void report_tick(struct net *n, struct conn *c, struct charger *ch)
{
    conn_id id = conn_id_of(n, c);

    for (int gun = 1; gun <= ch->gun_count; gun++) {
        struct gun *g = &ch->guns[gun - 1];
        bool charging = g->state == YKC_STATE_CHARGING;
        int64_t late = n->now_ms - g->reported_ms;
        int64_t limit = charging ? DATA_LATE_MS : FIRST_REPORT_MS;

        if (net_conn(n, id) == NULL)
            return;
        if ((!charging && g->flags & GUN_SEEN) || late < limit)
            continue;
        if (charging && late >= DATA_LOST_MS && !(g->flags & GUN_LATE)) {
            g->flags |= GUN_LATE;
            session_event(n, ch, gun, EVENT_DATA_LATE,
                          "充电中超过 %d 秒没有实时数据",
                          DATA_LOST_MS / 1000);
        }
        if (n->now_ms - g->asked_ms >= limit)
            session_read(n, c, ch, gun);
    }
}
