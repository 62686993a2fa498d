/*
 * Sessions at a gun: see session.h.
 */
#include "sim/session.h"

#include <string.h>

#include "sim/report.h"
#include "sim/sim.h"

enum {
    PREPARE_MS = 1500,       /* each stage of the talk with the car */
    ASK_MS = 10000,          /* an answer to 0x31 */
    ASK_TRIES = 3,
    PLUG_MS = 60000,         /* to plug in after a start from afar */
    STEP_MS = 1000,          /* a session advances */
    LONGEST_STEP_MS = 5000,  /* of the session's own time, at once */
    CHARGING_REPORT_MS = 15000,
    IDLE_REPORT_MS = 300000
};

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t gun_due(const struct gun *g)
{
    return earlier(earlier(g->phase_at, g->step_at),
                   earlier(g->report_at, g->visit_at));
}

static void plan_visit(struct pile *p, struct gun *g, enum visit what,
                       int64_t least_ms, int64_t most_ms)
{
    g->visit = what;
    g->visit_at = sim_after(p->sim, rng_between(&p->rng, least_ms, most_ms));
}

static bool has_session(const struct gun *g)
{
    return g->phase == GUN_PREPARING || g->phase == GUN_CHARGING;
}

static void go_idle(struct gun *g)
{
    g->phase = GUN_IDLE;
    g->phase_at = g->step_at = NEVER;
    g->session.power_w = 0;
    g->parallel_number[0] = '\0';
}

/* Says how the gun is now, and when it says so again. */
static void report_now(struct pile *p, struct gun *g)
{
    report_state(p, g);
    if (g->phase == GUN_CHARGING)
        report_battery(p, g);
    g->report_at = sim_after(p->sim, g->phase == GUN_CHARGING
                             ? CHARGING_REPORT_MS : IDLE_REPORT_MS);
}

/* A start that was allowed: the talk with the car begins. */
static void open_session(struct pile *p, struct gun *g, const char *trade,
                         uint8_t start_flag, const uint8_t card[8],
                         uint32_t balance_fen)
{
    struct session *s = &g->session;

    memset(s, 0, sizeof *s);
    memcpy(s->trade_number, trade, sizeof s->trade_number);
    memcpy(s->card, card, sizeof s->card);
    s->start_flag = start_flag;
    s->balance_fen = balance_fen;
    s->tariff = p->tariff;
    s->start = pile_clock(p);
    s->meter_start_e4kwh = g->meter.reading_e4kwh;
    s->leave_ms = NEVER;
    s->fails = rng_chance(&p->rng, p->sim->faults.start_fail);
    g->phase = GUN_PREPARING;
    g->step = 0;
    g->phase_at = sim_after(p->sim, PREPARE_MS);
    p->sim->counts.starts++;
}

void gun_remember(struct pile *p, struct gun *g)
{
    struct ykc_trade_record r;

    if (g->phase != GUN_CHARGING)
        return;
    report_record(p, g, YKC_STOP_POWER_LOST, &r);
    store_running(&p->sim->store, &r);
}

static void begin_charging(struct pile *p, struct gun *g)
{
    struct session *s = &g->session;
    const struct sim_options *o = p->sim->options;

    g->phase = GUN_CHARGING;
    g->phase_at = NEVER;
    s->start = pile_clock(p);
    s->stepped_ms = p->sim->now_ms;
    if (o->stay_max_s > 0)
        s->leave_ms = p->sim->now_ms + 1000 * rng_between(
            &p->rng, o->stay_min_s, o->stay_max_s);
    g->step_at = p->sim->now_ms + STEP_MS;
    p->sim->counts.sessions++;
    report_now(p, g);
    gun_remember(p, g);
}

/* A pile that lies adds a fifth. Meter and platform tell otherwise. */
static void lie(struct pile *p, struct ykc_trade_record *r)
{
    bool energy = rng_chance(&p->rng, p->sim->faults.lie_energy);
    bool price = rng_chance(&p->rng, p->sim->faults.lie_price);

    if (!energy && !price)
        return;
    r->total_energy = r->amount = 0;
    for (int rate = 0; rate < YKC_RATES; rate++) {
        enum ykc_rate_code code = (enum ykc_rate_code)rate;
        struct ykc_rate v = ykc_record_rate(r, code);

        v.energy_e4kwh += energy ? v.energy_e4kwh / 5 : 0;
        v.price_e5yuan += price ? v.price_e5yuan / 5 : 0;
        v.energy_incl_loss_e4kwh = v.energy_e4kwh;
        v.amount_e4yuan = (uint32_t)((uint64_t)v.price_e5yuan *
                                     v.energy_e4kwh / 100000);
        r->total_energy += v.energy_e4kwh;
        r->amount += v.amount_e4yuan;
        ykc_record_set_rate(r, code, v);
    }
    r->total_energy_incl_loss = r->total_energy;
    p->sim->counts.faults_injected++;
}

/* Ends the session, charging or not yet, with its record. */
static void end_session(struct pile *p, struct gun *g, uint8_t reason)
{
    struct sim *sim = p->sim;
    struct ykc_trade_record r;

    if (g->phase == GUN_CHARGING)
        report_end(p, g, reason);
    report_record(p, g, reason, &r);
    go_idle(g);
    store_meter(&sim->store, p->spec.code, gun_number(p, g),
                g->meter.reading_e4kwh);
    sim->counts.stops++;
    report_now(p, g);
    if (rng_chance(&p->rng, sim->faults.no_record)) {
        sim->counts.records_withheld++;
        store_done(&sim->store, r.trade_number);
    } else {
        lie(p, &r);
        pile_owe(p, &r);
    }
    if (g->by_chance)
        plan_visit(p, g, VISIT_LEAVE, 30000, 300000);
}

/* What the pile can give this gun now: DC guns share its power. */
static int32_t power_limit_w(const struct pile *p)
{
    int64_t limit = p->spec.power_w;
    int charging = 0;

    for (int i = 0; i < p->spec.guns; i++)
        charging += p->guns[i].phase == GUN_CHARGING;
    if (!p->spec.is_ac && charging > 1)
        limit /= charging;
    return (int32_t)(limit * p->power_percent / 100);
}

/* Why the session ends now, or 0. */
static uint8_t reason_to_stop(const struct pile *p, const struct gun *g)
{
    const struct session *s = &g->session;

    if (car_is_full(&g->car) || car_is_satisfied(&g->car))
        return YKC_STOP_FULL;
    if (s->balance_fen > 0 &&
        s->bill.total_e4yuan >= s->balance_fen * UINT64_C(100))
        return YKC_STOP_AMOUNT_LIMIT;
    return p->sim->now_ms >= s->leave_ms ? YKC_STOP_MANUAL : 0;
}

/* Energy flows until now, or until there is a reason to stop. */
static uint8_t advance(struct pile *p, struct gun *g)
{
    struct session *s = &g->session;
    int64_t left = (p->sim->now_ms - s->stepped_ms) *
                   p->sim->options->speed;
    uint8_t reason = reason_to_stop(p, g);

    s->stepped_ms = p->sim->now_ms;
    while (left > 0 && reason == 0) {
        int64_t step = earlier(left, LONGEST_STEP_MS);

        s->power_w = car_power_w(&g->car, power_limit_w(p), p->spec.is_ac,
                                 s->elapsed_ms);
        s->power_w = (int32_t)(s->power_w *
                               rng_between(&p->rng, 990, 1000) / 1000);
        meter_run(&g->meter, &s->tariff,
                  stamp_add_ms(s->start, s->elapsed_ms), step, s->power_w,
                  &s->bill);
        sim_bill_price(&s->bill, &s->tariff);
        car_charge(&g->car, s->power_w, step);
        s->elapsed_ms += step;
        left -= step;
        reason = reason_to_stop(p, g);
    }
    return reason;
}

static void prepare(struct pile *p, struct gun *g)
{
    if (g->session.fails && g->step > 0) {
        end_session(p, g, YKC_STOP_START_BRM);
        return;
    }
    if (p->spec.is_ac || g->step == 2) {
        begin_charging(p, g);
        return;
    }
    if (g->step == 0)
        report_handshake(p, g);
    else
        report_parameters(p, g);
    g->step++;
    g->phase_at = sim_after(p->sim, PREPARE_MS);
}

static void ask(struct pile *p, struct gun *g)
{
    struct ykc_start_request f = { .start_mode = g->ask_mode };

    memcpy(f.pile_code, p->spec.code, sizeof f.pile_code);
    f.gun_number = ykc_gun_byte(gun_number(p, g));
    if (g->ask_mode == YKC_START_MODE_VIN)
        ykc_vin_reverse(g->car.vin, f.vin);
    else
        memcpy(f.account_or_physical_card, g->card, sizeof g->card);
    pile_request(p, ykc_type_start_request, &f);
    p->sim->counts.cards_asked++;
    g->step++;
    g->phase_at = sim_after(p->sim, ASK_MS);
}

/* The phase's time is over. */
static void phase_tick(struct pile *p, struct gun *g)
{
    g->phase_at = NEVER;
    switch (g->phase) {
    case GUN_PREPARING:
        prepare(p, g);
        break;
    case GUN_ASKING:
        if (g->step < ASK_TRIES) {
            ask(p, g);
            break;
        }
        go_idle(g);
        if (g->by_chance)
            plan_visit(p, g, VISIT_LEAVE, 5000, 30000);
        break;
    case GUN_WAITING: /* nobody came */
        go_idle(g);
        break;
    case GUN_IDLE:
    case GUN_CHARGING:
        break;
    }
}

static void visit_tick(struct pile *p, struct gun *g)
{
    enum visit what = g->visit;

    g->visit = VISIT_NONE;
    g->visit_at = NEVER;
    switch (what) {
    case VISIT_SWIPE:
        if (!gun_swipe(p, g, g->card))
            plan_visit(p, g, VISIT_LEAVE, 10000, 60000);
        break;
    case VISIT_PLUG:
        g->by_chance = gun_plug(p, g) || g->by_chance;
        break;
    case VISIT_LEAVE:
        gun_unplug(p, g);
        break;
    case VISIT_REPAIR:
        gun_set_faults(p, g, 0);
        break;
    case VISIT_NONE:
        break;
    }
}

void gun_tick(struct pile *p, struct gun *g)
{
    int64_t now = p->sim->now_ms;
    uint8_t reason;

    if (g->phase_at <= now)
        phase_tick(p, g);
    if (g->step_at <= now) {
        g->step_at = now + STEP_MS;
        reason = advance(p, g);
        if (reason != 0)
            end_session(p, g, reason);
    }
    if (g->visit_at <= now)
        visit_tick(p, g);
    if (g->report_at <= now) {
        report_now(p, g);
        gun_remember(p, g);
    }
}

/* 0x33 or 0xA3. */
static void reply_start(struct pile *p, struct gun *g,
                        const struct ykc_head *head, const char *trade,
                        uint8_t reason, const char *parallel_number)
{
    struct ykc_remote_start_reply f = { .result = reason == 0,
                                        .failure_reason = reason };
    struct ykc_parallel_start_reply both = { .result = reason == 0,
                                             .failure_reason = reason };

    if (reason != 0)
        p->sim->counts.starts_refused++;
    memcpy(f.trade_number, trade, sizeof f.trade_number);
    memcpy(f.pile_code, p->spec.code, sizeof f.pile_code);
    f.gun_number = ykc_gun_byte(gun_number(p, g));
    if (parallel_number[0] == '\0') {
        pile_reply(p, ykc_type_remote_start_reply, head, &f);
        return;
    }
    memcpy(both.trade_number, trade, sizeof both.trade_number);
    memcpy(both.pile_code, p->spec.code, sizeof both.pile_code);
    both.gun_number = f.gun_number;
    both.main_or_auxiliary_gun = g != &p->guns[0];
    memcpy(both.parallel_number, parallel_number,
           sizeof both.parallel_number);
    pile_reply(p, ykc_type_parallel_start_reply, head, &both);
}

/* Why no session can begin at this gun, a car aside. */
static uint8_t obstacle(const struct pile *p, const struct gun *g)
{
    if (p->forbidden)
        return YKC_START_FAILURE_DISABLED;
    if (g->faults != 0)
        return YKC_START_FAILURE_FAULT;
    if (g->phase != GUN_IDLE)
        return YKC_START_FAILURE_BUSY;
    return p->tariff.held ? YKC_START_FAILURE_NONE
                          : YKC_START_FAILURE_TARIFF;
}

void gun_start(struct pile *p, struct gun *g, const struct ykc_head *head,
               const struct ykc_remote_start *order,
               const char *parallel_number)
{
    uint8_t reason = obstacle(p, g);
    bool again = has_session(g) && strcmp(g->session.trade_number,
                                          order->trade_number) == 0;

    if (again)
        reason = YKC_START_FAILURE_NONE;
    else if (reason == YKC_START_FAILURE_NONE && !g->plugged)
        reason = YKC_START_FAILURE_NOT_PLUGGED;
    reply_start(p, g, head, order->trade_number, reason, parallel_number);
    if (again || (reason != YKC_START_FAILURE_NONE &&
                  reason != YKC_START_FAILURE_NOT_PLUGGED))
        return;
    open_session(p, g, order->trade_number, YKC_START_FLAG_APP,
                 order->physical_card, order->account_balance);
    memcpy(g->parallel_number, parallel_number, strlen(parallel_number) + 1);
    if (reason == YKC_START_FAILURE_NONE)
        return;
    g->start = *head;
    g->phase = GUN_WAITING;
    g->phase_at = sim_after(p->sim, PLUG_MS);
    if (p->sim->options->auto_plug_s > 0)
        plan_visit(p, g, VISIT_PLUG, 1000 * p->sim->options->auto_plug_s,
                   1000 * p->sim->options->auto_plug_s);
}

uint8_t gun_stop_by_order(struct pile *p, struct gun *g)
{
    if (g->phase == GUN_WAITING)
        go_idle(g);
    if (!has_session(g))
        return YKC_STOP_FAILURE_NOT_CHARGING;
    if (g->phase == GUN_CHARGING)
        advance(p, g);
    end_session(p, g, YKC_STOP_APP);
    return YKC_STOP_FAILURE_NONE;
}

bool gun_press_stop(struct pile *p, struct gun *g)
{
    if (!has_session(g))
        return false;
    if (g->phase == GUN_CHARGING)
        advance(p, g);
    end_session(p, g, YKC_STOP_MANUAL);
    return true;
}

bool gun_plug(struct pile *p, struct gun *g)
{
    if (g->plugged)
        return false;
    g->plugged = true;
    g->by_chance = false;
    car_arrive(&g->car, &p->rng);
    report_now(p, g);
    if (g->phase == GUN_WAITING) {
        reply_start(p, g, &g->start, g->session.trade_number,
                    YKC_START_FAILURE_NONE, g->parallel_number);
        g->phase = GUN_PREPARING;
        g->phase_at = sim_after(p->sim, PREPARE_MS);
    }
    return true;
}

bool gun_unplug(struct pile *p, struct gun *g)
{
    if (!g->plugged)
        return false;
    if (g->phase == GUN_CHARGING) {
        advance(p, g);
        end_session(p, g, YKC_STOP_PILOT);
    } else if (g->phase == GUN_PREPARING) {
        end_session(p, g, YKC_STOP_START_PILOT);
    } else if (g->phase == GUN_ASKING) {
        go_idle(g);
    }
    g->plugged = g->by_chance = false;
    g->visit = VISIT_NONE;
    g->visit_at = NEVER;
    report_now(p, g);
    return true;
}

/* Without a link only cards that the platform placed in the pile start. */
static bool start_offline(struct pile *p, struct gun *g)
{
    char trade[YKC_TRADE_TEXT];

    for (size_t i = 0; i < p->card_count; i++) {
        if (memcmp(p->cards[i].physical, g->card, sizeof g->card) != 0)
            continue;
        ykc_trade_number(p->spec.code, gun_number(p, g), pile_clock(p),
                         p->trade_counter++ % 10000, trade);
        open_session(p, g, trade, YKC_START_FLAG_OFFLINE_CARD, g->card, 0);
        return true;
    }
    return false;
}

static bool begin_asking(struct pile *p, struct gun *g, uint8_t mode)
{
    if (obstacle(p, g) != YKC_START_FAILURE_NONE || !g->plugged)
        return false;
    if (p->link != LINK_READY)
        return mode == YKC_START_MODE_CARD && start_offline(p, g);
    g->phase = GUN_ASKING;
    g->ask_mode = mode;
    g->step = 0;
    ask(p, g);
    return true;
}

bool gun_swipe(struct pile *p, struct gun *g, const uint8_t card[8])
{
    if (has_session(g))
        return memcmp(g->session.card, card, sizeof g->session.card) == 0 &&
               gun_press_stop(p, g);
    memmove(g->card, card, sizeof g->card);
    return begin_asking(p, g, YKC_START_MODE_CARD);
}

bool gun_visit(struct pile *p, struct gun *g, const uint8_t card[8])
{
    if (g->phase != GUN_IDLE || g->visit != VISIT_NONE || g->faults != 0 ||
        !gun_plug(p, g))
        return false;
    g->by_chance = true;
    memcpy(g->card, card, sizeof g->card);
    plan_visit(p, g, VISIT_SWIPE, 3000, 10000);
    return true;
}

bool gun_plug_and_charge(struct pile *p, struct gun *g)
{
    return begin_asking(p, g, YKC_START_MODE_VIN);
}

void gun_permission(struct pile *p, struct gun *g,
                    const struct ykc_start_permission *answer)
{
    static const uint8_t no_card[8];

    if (g->phase != GUN_ASKING)
        return;
    if (answer->allowed != 1 ||
        ykc_trade_number_is_zero(answer->trade_number)) {
        p->sim->counts.cards_refused++;
        go_idle(g);
        if (g->by_chance)
            plan_visit(p, g, VISIT_LEAVE, 10000, 60000);
        return;
    }
    if (g->ask_mode == YKC_START_MODE_VIN)
        open_session(p, g, answer->trade_number, YKC_START_FLAG_VIN, no_card,
                     answer->account_balance);
    else
        open_session(p, g, answer->trade_number, YKC_START_FLAG_CARD,
                     g->card, answer->account_balance);
}

void gun_set_faults(struct pile *p, struct gun *g, uint16_t faults)
{
    g->faults = faults;
    if (faults != 0 && g->phase == GUN_CHARGING) {
        advance(p, g);
        end_session(p, g, faults & YKC_FAULT_EMERGENCY_STOP
                    ? YKC_STOP_ESTOP : YKC_STOP_LOCKED_OUT);
    } else if (faults != 0 && g->phase == GUN_PREPARING) {
        end_session(p, g, faults & YKC_FAULT_EMERGENCY_STOP
                    ? YKC_STOP_START_ESTOP : YKC_STOP_START_CONTROL);
    } else {
        report_now(p, g);
    }
}

bool gun_break(struct pile *p, struct gun *g, uint16_t faults,
               int64_t seconds)
{
    if (g->phase != GUN_IDLE || g->plugged || g->visit != VISIT_NONE ||
        g->faults != 0)
        return false;
    gun_set_faults(p, g, faults);
    plan_visit(p, g, VISIT_REPAIR, 1000 * seconds, 1000 * seconds);
    return true;
}
