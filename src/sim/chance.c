/*
 * Chance: see chance.h.
 */
#include "sim/chance.h"

#include "base/stamp.h"
#include "protocol/ykc/codes.h"
#include "sim/pile.h"
#include "sim/session.h"
#include "sim/sim.h"

enum {
    TRIES = 20,         /* to find a gun that will do */
    FIRST_MS = 50000,   /* in which the first cars come */
    AGAIN_MS = 60000,   /* in an hour in which nobody comes */
    SETTLED_MS = 10000, /* until the piles are there */
    WELL_MS = 90000,    /* in which nothing goes wrong */
    DOWN_LEAST_S = 120, /* a lost link, a broken gun */
    DOWN_MOST_S = 1500,
    AT_ONCE = 5         /* a part of an hour's mishaps that comes at once:
                           about as many as there are at any time */
};

/* The time until the next of so many in ten hours, which is up to twice the
   mean. */
static int64_t next_after(struct sim *sim, int64_t in_ten_hours)
{
    return sim->now_ms +
           rng_between(&sim->rng, 1,
                       2 * (INT64_C(36000000) / in_ten_hours) + 1);
}

/* How many drivers come in ten hours like the one of that moment. */
static int64_t rate_at(const struct sim *sim, stamp t)
{
    if (sim->options->week[0] == '\0')
        return 10 * sim->options->arrivals;
    return sim->week[24 * (stamp_weekday(t) - 1) + stamp_civil(t).hour];
}

/* Those who are there when the fleet begins: as told, or about as many as
   came within the last hour, which is how long a charge takes. */
static int64_t first_cars(const struct sim *sim)
{
    const struct sim_options *o = sim->options;
    stamp hour_ago = stamp_add_ms(stamp_now(), -INT64_C(3600000));

    if (o->begin > 0 || o->week[0] == '\0')
        return o->begin;
    return rate_at(sim, hour_ago) / 10;
}

static void plan_arrival(struct sim *sim)
{
    int64_t rate = rate_at(sim, stamp_now());

    sim->arrivals_at = NEVER;
    if (sim->first_left > 0) {
        sim->arrivals_at = sim->now_ms + FIRST_MS / sim->first_cars + 1;
        sim->first_left--;
    } else if (rate > 0) {
        sim->arrivals_at = next_after(sim, rate);
    } else if (sim->options->week[0] != '\0') {
        /* Nobody in this hour: look again. */
        sim->arrivals_at = sim->now_ms + AGAIN_MS;
    }
}

static void plan_mishap(struct sim *sim)
{
    sim->mishap_at = NEVER;
    if (sim->mishaps_left > 0) {
        sim->mishaps_left--;
        sim->mishap_at = sim->now_ms + 1000;
    } else if (sim->options->mishaps > 0) {
        sim->mishap_at = next_after(sim, 10 * sim->options->mishaps);
    }
}

void chance_begin(struct sim *sim)
{
    if (sim->card_count > 0)
        sim->next_card = (size_t)rng_below(&sim->rng,
                                           (int64_t)sim->card_count);
    sim->first_cars = sim->first_left = first_cars(sim);
    plan_arrival(sim);
    if (sim->arrivals_at != NEVER)
        sim->arrivals_at += SETTLED_MS;
    sim->mishaps_left = sim->options->mishaps / AT_ONCE;
    plan_mishap(sim);
    if (sim->mishap_at != NEVER)
        sim->mishap_at += WELL_MS;
}

int64_t chance_due(const struct sim *sim)
{
    return sim->arrivals_at < sim->mishap_at ? sim->arrivals_at
                                             : sim->mishap_at;
}

/* A driver looks for a free gun; the busier places first. Cards take turns,
   so that nobody comes back while still charging elsewhere. */
static void arrive(struct sim *sim)
{
    const uint8_t *card = sim->cards[sim->next_card];

    for (int i = 0; i < TRIES; i++) {
        struct pile *p =
            sim->piles[rng_below(&sim->rng, (int64_t)sim->count)];
        struct gun *g = &p->guns[rng_below(&sim->rng, p->spec.guns)];

        if (p->link != LINK_READY ||
            rng_below(&sim->rng, 200) >= p->spec.busy_percent ||
            !gun_visit(p, g, card))
            continue;
        sim->next_card = (sim->next_card + 1) % sim->card_count;
        pile_tick(p);
        sim_schedule(sim, p);
        return;
    }
}

void chance_drop(struct sim *sim, struct pile *p, int64_t seconds)
{
    pile_disconnect(p, 1000);
    p->link_at = sim->now_ms + 1000 * seconds;
    pile_tick(p);
    sim_schedule(sim, p);
}

/* A free gun breaks, or a pile that nobody uses loses its link. Whoever is
   charging is left alone: the demo's orders shall end well. */
static void go_wrong(struct sim *sim)
{
    static const uint16_t faults[] = {
        YKC_FAULT_EMERGENCY_STOP, YKC_FAULT_NO_RECTIFIER,
        YKC_FAULT_OUTLET_HOT, YKC_FAULT_METER, YKC_FAULT_FAN, YKC_FAULT_DOOR,
    };
    int64_t down_s = rng_between(&sim->rng, DOWN_LEAST_S, DOWN_MOST_S);
    bool is_link = rng_chance(&sim->rng, 40);
    uint16_t fault = faults[rng_below(&sim->rng, COUNT(faults))];

    for (int i = 0; i < TRIES; i++) {
        struct pile *p =
            sim->piles[rng_below(&sim->rng, (int64_t)sim->count)];
        struct gun *g = &p->guns[rng_below(&sim->rng, p->spec.guns)];

        if (p->link != LINK_READY || !pile_is_idle(p))
            continue;
        if (is_link)
            chance_drop(sim, p, down_s);
        else if (!gun_break(p, g, fault, down_s))
            continue;
        pile_tick(p);
        sim_schedule(sim, p);
        return;
    }
}

void chance_tick(struct sim *sim)
{
    if (sim->arrivals_at <= sim->now_ms) {
        if (sim->first_left > 0 || rate_at(sim, stamp_now()) > 0)
            arrive(sim);
        plan_arrival(sim);
    }
    if (sim->mishap_at <= sim->now_ms) {
        go_wrong(sim);
        plan_mishap(sim);
    }
}
