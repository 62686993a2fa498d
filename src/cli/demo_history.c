/*
 * What was charged: every start of the days up to now, with the rhythm of its
 * kind of site, by a driver who was not charging elsewhere, at a gun that was
 * free, paid from a wallet that was topped up in time.
 */
#include "cli/demo.h"

#include <stdlib.h>

#include "charging/order_state.h"
#include "protocol/ykc/codes.h"
#include "tariff/billing.h"

enum {
    FAILED_PER_THOUSAND = 13,
    DRIVER_TRIES = 8,
    GUN_TRIES = 12,
    LEAST_BALANCE = 3000, /* fen, before a start */
    MOST_HELD = 20000,
    OVERHEAD_PERCENT = 106, /* what the meter counts above the battery */
    SETTLED_MS = 300000,    /* nothing is younger than five minutes */
    BILL_POINTS = 20,       /* readings that a bill is cut from */
    CARD_PER_THOUSAND = 400 /* starts by those who have one */
};

/* A vehicle that arrives; what comes of it is decided later. */
struct arrival {
    stamp at;
    int station;
};

static int by_time(const void *a, const void *b)
{
    const struct arrival *x = a, *y = b;

    if (x->at.ms != y->at.ms)
        return x->at.ms < y->at.ms ? -1 : 1;
    return x->station - y->station;
}

/* A moment of the day, by the hours of the site. */
static stamp moment(struct demo *d, stamp day, enum demo_site site)
{
    int hours[24];
    int64_t hour;

    for (int h = 0; h < 24; h++)
        hours[h] = demo_hour_weight(site, h);
    hour = (int64_t)random_weighted(&d->random, hours, 24);
    return stamp_add_ms(day, hour * 3600000 +
                                 random_between(&d->random, 0, 3599999));
}

/* A young business, in thousandths of the mean: from a quarter of it, while
   few know the stations, to two and a half times. */
static int64_t trend_of(const struct demo *d, int day)
{
    return 250 + 2250 * (int64_t)day * day / (d->days * d->days);
}

/* Weekends are busier, and no day is like another. */
static size_t arrivals_of(struct demo *d, int day, struct arrival *out)
{
    int64_t base = (int64_t)d->goal / d->days;
    int64_t trend = trend_of(d, day);
    int64_t noise = random_bell(&d->random, 90, 110);
    stamp date = stamp_add_days(d->first_day, day);
    int *weights = arena_array(d->cx->arena, d->station_count,
                               sizeof *weights);
    int64_t today = 0, usual = 0; /* how busy this weekday is */
    size_t wanted, n;

    for (size_t i = 0; i < d->station_count; i++) {
        const struct demo_place *p = d->stations[i].place;

        weights[i] = p->busy * demo_weekday_weight(p->site,
                                                   stamp_weekday(date));
        today += weights[i];
        usual += p->busy * 100;
    }
    must(usual > 0);
    wanted = (size_t)(base * trend * noise / 100000 * today / usual);
    for (n = 0; n < wanted; n++) {
        int station = (int)random_weighted(&d->random, weights,
                                           d->station_count);

        out[n] = (struct arrival){
            moment(d, date, d->stations[station].place->site), station
        };
    }
    qsort(out, n, sizeof *out, by_time);
    return n;
}

int64_t demo_arrivals_in_ten_hours(const struct demo *d, int weekday, int hour)
{
    int64_t a_day = (int64_t)d->goal / d->days * trend_of(d, d->days) / 1000;
    int64_t usual = 0, here = 0; /* here in millionths of usual's unit */

    for (size_t i = 0; i < d->station_count; i++) {
        const struct demo_place *p = d->stations[i].place;
        int64_t all = 0;

        for (int h = 0; h < 24; h++)
            all += demo_hour_weight(p->site, h);
        usual += p->busy * 100;
        here += INT64_C(1000000) * p->busy *
                demo_weekday_weight(p->site, weekday) *
                demo_hour_weight(p->site, hour) / all;
    }
    must(usual > 0);
    return 10 * a_day * here / usual / 1000000;
}

static struct demo_gun *find_gun(struct demo *d, const struct arrival *a)
{
    const struct demo_station *s = &d->stations[a->station];

    for (int i = 0; i < GUN_TRIES; i++) {
        struct demo_gun *g =
            &d->guns[s->first_gun + random_between(&d->random, 0,
                                                   s->guns - 1)];

        if (g->free_at.ms < a->at.ms)
            return g;
    }
    return NULL;
}

/* Some come often: of two drivers the one with the smaller number. Most stay
   in their city. */
static struct demo_driver *find_driver(struct demo *d,
                                       const struct arrival *a)
{
    const char *city = d->stations[a->station].place->city;
    int64_t last = (int64_t)d->driver_count - 1;

    for (int i = 0; i < DRIVER_TRIES; i++) {
        int64_t x = random_between(&d->random, 0, last);
        int64_t y = random_between(&d->random, 0, last);
        struct demo_driver *p = &d->drivers[x < y ? x : y];

        if (p->busy_until.ms >= a->at.ms || p->joined_at.ms >= a->at.ms)
            continue;
        if (d->stations[p->home].place->city == city ||
            random_chance(&d->random, 60))
            return p;
    }
    return NULL;
}

/* How much, how fast, and why it ended. */
static void charge(struct demo *d, struct demo_session *s,
                   const struct demo_gun *g, const struct demo_car *car)
{
    int takes = g->kind->dc ? car->dc_w : car->ac_w;
    int most = takes < g->kind->gun_power_w ? takes : g->kind->gun_power_w;
    int64_t battery = (int64_t)car->battery_kwh * 10000;

    s->power_w = (int)(most *
                       random_bell(&d->random, g->kind->dc ? 46 : 84,
                                   g->kind->dc ? 80 : 90) / 100);
    s->max_power_w = demo_power_at(s, 0);
    s->soc_start = (int)random_bell(&d->random, 8, g->kind->dc ? 48 : 70);
    s->soc_end = random_chance(&d->random, 620)
                     ? (int)random_between(&d->random, 90, 100)
                     : (int)random_between(&d->random, s->soc_start + 8, 92);
    s->energy_e4kwh = battery * (s->soc_end - s->soc_start) / 100 *
                      OVERHEAD_PERCENT / 100;
    /* 1e-4 kWh is 360 watt seconds. */
    s->ended_at = stamp_add_ms(s->charging_at,
                               s->energy_e4kwh * 360 / s->power_w * 1000 +
                                   random_between(&d->random, 0, 999));
    s->stop_by = s->soc_end < 98 && random_chance(&d->random, 700)
                     ? STOP_BY_DRIVER : STOP_BY_PILE;
    s->stop_reason = s->stop_by == STOP_BY_DRIVER ? YKC_STOP_APP
                     : s->soc_end >= 98           ? YKC_STOP_FULL
                     : random_chance(&d->random, 900) ? YKC_STOP_MANUAL
                                                      : YKC_STOP_NO_CURRENT;
}

/* Power falls from 1.1 to 0.8 of its mean as the battery fills; energy is
   the integral of that. */
int demo_power_at(const struct demo_session *s, int permille)
{
    int64_t x = permille;

    return (int)(s->power_w * (11000000 - 3 * x * x) / 10000000);
}

int64_t demo_energy_at(const struct demo_session *s, int permille)
{
    int64_t x = permille;

    return s->energy_e4kwh * (11000000 * x - x * x * x) / INT64_C(10000000000);
}

static void bill(struct demo *d, struct demo_session *s,
                 const struct demo_gun *g)
{
    const struct demo_tariff *t = demo_tariff_of(d, g, s->created_at);
    int64_t whole = s->ended_at.ms - s->charging_at.ms;
    struct bill_point points[BILL_POINTS + 1];
    struct bill b;

    for (int i = 0; i <= BILL_POINTS; i++)
        points[i] = (struct bill_point){
            stamp_add_ms(s->charging_at, whole * i / BILL_POINTS),
            demo_energy_at(s, i * 1000 / BILL_POINTS)
        };
    bill_split(t->slots, points, COUNT(points), s->rate_e4kwh);
    bill_compute(&t->prices, s->rate_e4kwh, &b);
    s->elec = b.elec;
    s->service = b.service;
}

const struct demo_tariff *demo_tariff_of(const struct demo *d,
                                         const struct demo_gun *g, stamp at)
{
    const struct demo_station *s = &d->stations[g->station];
    const struct demo_tariff *t = g->kind->dc ? s->dc : s->ac;

    return at.ms >= t[1].starts_at.ms ? &t[1] : &t[0];
}

/* Tops up a little before the start until the bill is covered. */
static void fill_wallet(struct demo *d, struct demo_driver *p,
                        const struct demo_session *s)
{
    static const int amounts[] = { 5000, 10000, 20000, 30000, 50000 };
    static const int weights[] = { 10, 40, 30, 12, 8 };
    /* Card holders drive for a living, and pay ahead for days. */
    static const int fleet_weights[] = { 0, 0, 0, 40, 60 };
    int64_t need = money_add(s->elec, s->service).fen;
    stamp at = stamp_add_ms(s->created_at,
                            -random_between(&d->random, 400000, 900000));

    if (need < LEAST_BALANCE)
        need = LEAST_BALANCE;
    while (p->balance < need) {
        struct demo_topup *t = &d->topups[d->topup_count++];

        must(d->topup_count < d->topup_max);
        t->driver = (int)(p - d->drivers);
        t->at = at;
        t->amount = amounts[random_weighted(&d->random,
                                            p->has_card ? fleet_weights
                                                        : weights,
                                            COUNT(amounts))];
        p->balance += t->amount;
        at = stamp_add_ms(at, random_between(&d->random, 20000, 50000));
    }
}

static void start(struct demo *d, const struct arrival *a)
{
    struct demo_session *s = &d->sessions[d->session_count];
    struct demo_gun *g = find_gun(d, a);
    struct demo_driver *p = g != NULL ? find_driver(d, a) : NULL;

    if (p == NULL)
        return;
    *s = (struct demo_session){
        .gun = (int)(g - d->guns), .driver = (int)(p - d->drivers),
        .created_at = a->at, .meter_start_e4kwh = g->meter_e4kwh,
        .failed = random_chance(&d->random, FAILED_PER_THOUSAND),
    };
    s->charging_at = stamp_add_ms(a->at,
                                  random_between(&d->random, 16000, 42000));
    charge(d, s, g, p->car);
    if (s->ended_at.ms > d->now.ms - SETTLED_MS)
        return;
    bill(d, s, g);
    fill_wallet(d, p, s);
    s->counter = ++g->counter;
    s->by_card = p->has_card && random_chance(&d->random, CARD_PER_THOUSAND);
    s->hold_fen = p->balance < MOST_HELD ? p->balance : MOST_HELD;
    if (s->failed) {
        s->ended_at = stamp_add_ms(a->at, 60000);
    } else {
        p->balance -= money_add(s->elec, s->service).fen;
        g->meter_e4kwh += s->energy_e4kwh;
    }
    /* Time to drive away. */
    g->free_at = stamp_add_ms(s->ended_at,
                              random_between(&d->random, 120000, 1500000));
    p->busy_until = stamp_add_ms(s->ended_at, 1800000);
    d->session_count++;
}

void demo_make_history(struct demo *d)
{
    size_t a_day = (size_t)(d->goal / d->days) * 4 + 100;
    size_t most = (size_t)d->goal * 3 / 2 + 1000;
    struct arrival *arrivals = arena_array(d->cx->arena, a_day,
                                           sizeof *arrivals);

    d->sessions = arena_array(d->cx->arena, most, sizeof *d->sessions);
    d->topup_max = most;
    d->topups = arena_array(d->cx->arena, d->topup_max, sizeof *d->topups);
    for (int day = 0; day <= d->days; day++) {
        size_t n = arrivals_of(d, day, arrivals);

        must(n <= a_day && d->session_count + n <= most);
        for (size_t i = 0; i < n; i++)
            if (arrivals[i].at.ms < d->now.ms)
                start(d, &arrivals[i]);
    }
}
