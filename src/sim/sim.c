/*
 * The loop of the fleet: see sim.h.
 */
#include "sim/sim.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/stamp.h"
#include "sim/chance.h"
#include "sim/control.h"
#include "sim/fleet.h"
#include "sim/pile.h"
#include "sim/session.h"

enum {
    EVENTS = 256,
    PILES_PER_SOURCE = 16,
    PILES_PER_SECOND = 200   /* that connect at the start */
};

int64_t sim_after(const struct sim *sim, int64_t ms)
{
    int64_t short_ms = ms / sim->options->haste;

    return sim->now_ms + (short_ms > 0 ? short_ms : 1);
}

void sim_say(const struct sim *sim, const char *fmt, ...)
{
    va_list ap;

    if (sim->options->quiet)
        return;
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    printf("\n");
    fflush(stdout);
}

/* ---- the queue: a heap with the earliest pile on top -------------------- */

static void put(struct sim *sim, size_t place, struct pile *p)
{
    sim->queue[place] = p;
    p->place = place;
}

void sim_schedule(struct sim *sim, struct pile *p)
{
    size_t i = p->place, child;

    while (i > 0 && sim->queue[(i - 1) / 2]->due_ms > p->due_ms) {
        put(sim, i, sim->queue[(i - 1) / 2]);
        i = (i - 1) / 2;
    }
    while ((child = 2 * i + 1) < sim->count) {
        if (child + 1 < sim->count &&
            sim->queue[child + 1]->due_ms < sim->queue[child]->due_ms)
            child++;
        if (sim->queue[child]->due_ms >= p->due_ms)
            break;
        put(sim, i, sim->queue[child]);
        i = child;
    }
    put(sim, i, p);
}

/* ---- making ------------------------------------------------------------- */

static void recall_record(void *arg, const struct ykc_trade_record *r)
{
    struct sim *sim = arg;
    struct pile *p = sim_pile(sim, r->pile_code);
    struct gun *g = p == NULL ? NULL : pile_gun(p, r->gun_number);

    if (g == NULL)
        return;
    pile_recall(p, r);
    if (g->meter.reading_e4kwh < r->meter_at_end)
        g->meter.reading_e4kwh = r->meter_at_end;
}

static void recall_meter(void *arg, const char *pile_code, int gun,
                         uint64_t reading_e4kwh)
{
    struct sim *sim = arg;
    struct pile *p = sim_pile(sim, pile_code);

    if (p != NULL && gun >= 1 && gun <= p->spec.guns)
        p->guns[gun - 1].meter.reading_e4kwh = reading_e4kwh;
}

/* The piles connect one after another, not all at once. */
static void spread_connects(struct sim *sim)
{
    int64_t ramp_ms = 1000 * sim->options->ramp_s;

    if (ramp_ms == 0)
        ramp_ms = 1000 * (int64_t)sim->count / PILES_PER_SECOND;
    sim->queue = calloc(sim->count, sizeof *sim->queue);
    must(sim->queue != NULL);
    for (size_t i = 0; i < sim->count; i++) {
        struct pile *p = sim->piles[i];

        p->link_at = sim->now_ms + ramp_ms * (int64_t)i / (int64_t)sim->count;
        p->due_ms = p->link_at;
        put(sim, i, p); /* in order already: a heap */
    }
}

static bool watch_signals(struct sim *sim)
{
    struct epoll_event ev = { .events = EPOLLIN, .data.u64 = SIM_SIGNAL };
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    if (sigprocmask(SIG_BLOCK, &set, NULL) != 0)
        return false;
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd >= 0 &&
           epoll_ctl(sim->epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0;
}

static bool set_up(struct sim *sim, char *err, size_t err_size)
{
    const struct sim_options *o = sim->options;
    const struct store_reader reader = { sim, recall_record, recall_meter };

    if (!target_find(&sim->target, o->host, (int)o->port)) {
        snprintf(err, err_size, "no such host: %s", o->host);
        return false;
    }
    if (!fleet_make(sim, err, err_size) ||
        !fleet_read_cards(sim, err, err_size) ||
        !fleet_read_week(sim, err, err_size) ||
        !store_open(&sim->store, o->state, &reader, err, err_size))
        return false;
    if ((o->arrivals + o->begin > 0 || o->week[0] != '\0') &&
        sim->card_count == 0) {
        snprintf(err, err_size, "cars that come by chance need --cards");
        return false;
    }
    sim->sources = o->sources > 0 ? (size_t)o->sources
        : sim->count / PILES_PER_SOURCE + 1;
    spread_connects(sim);
    if (!watch_signals(sim)) {
        snprintf(err, err_size, "signals: %s", strerror(errno));
        return false;
    }
    sim->control = control_new(sim, o->control, err, err_size);
    return o->control[0] == '\0' || sim->control != NULL;
}

struct sim *sim_new(const struct sim_options *options, char *err,
                    size_t err_size)
{
    struct sim *sim = calloc(1, sizeof *sim);

    must(sim != NULL);
    target_raise_limit();
    sim->options = options;
    sim->faults = options->faults;
    sim->now_ms = monotonic_ms();
    sim->store.fd = -1;
    sim->rng = rng_make((uint64_t)options->seed, UINT64_MAX - 1);
    sim->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    must(sim->epoll_fd >= 0);
    if (set_up(sim, err, err_size))
        return sim;
    sim_free(sim);
    return NULL;
}

void sim_free(struct sim *sim)
{
    if (sim == NULL)
        return;
    for (size_t i = 0; i < sim->count; i++) {
        for (int gun = 0; gun < sim->piles[i]->spec.guns; gun++)
            gun_remember(sim->piles[i], &sim->piles[i]->guns[gun]);
        pile_free(sim->piles[i]);
    }
    control_free(sim->control);
    store_close(&sim->store);
    close(sim->epoll_fd);
    free(sim->piles);
    free(sim->by_code);
    free(sim->queue);
    free(sim->cards);
    free(sim);
}

/* ---- running ------------------------------------------------------------ */

static void serve(struct sim *sim, const struct epoll_event *ev)
{
    uint64_t number = ev->data.u64;

    if (number == SIM_SIGNAL) {
        sim->stopping = true;
    } else if (number >= SIM_CONTROL) {
        control_serve(sim->control, number, ev->events);
    } else {
        must(number < sim->count);
        pile_serve(sim->piles[number], ev->events);
        sim_schedule(sim, sim->piles[number]);
    }
}

static int wait_ms(const struct sim *sim)
{
    int64_t due = sim->queue[0]->due_ms, now = monotonic_ms();

    due = chance_due(sim) < due ? chance_due(sim) : due;
    if (due <= now)
        return 0;
    return due - now > 1000 ? 1000 : (int)(due - now);
}

void sim_run(struct sim *sim)
{
    struct epoll_event events[EVENTS];
    int n;

    sim_say(sim, "%zu piles, %zu cards, %s:%d", sim->count, sim->card_count,
            sim->options->host, (int)sim->options->port);
    chance_begin(sim);
    while (!sim->stopping) {
        n = epoll_wait(sim->epoll_fd, events, EVENTS, wait_ms(sim));
        must(n >= 0 || errno == EINTR);
        sim->now_ms = monotonic_ms();
        for (int i = 0; i < n; i++)
            serve(sim, &events[i]);
        for (size_t i = 0; i < sim->count &&
             sim->queue[0]->due_ms <= sim->now_ms; i++) {
            struct pile *p = sim->queue[0];

            pile_tick(p);
            sim_schedule(sim, p);
        }
        chance_tick(sim);
    }
}
