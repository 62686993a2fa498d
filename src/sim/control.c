/*
 * The control socket: see control.h.
 */
#include "sim/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/money.h"
#include "sim/chance.h"
#include "sim/pile.h"
#include "sim/session.h"
#include "sim/sim.h"

enum { CLIENTS = 16, LINE = 512, WORDS = 5, ANSWER_MAX = 1 << 20 };

struct client {
    int fd;
    size_t len;
    char line[LINE];
};

struct control {
    struct sim *sim;
    int fd;
    struct client clients[CLIENTS];
    char path[108];
};

/* SIM_CONTROL is the listener, SIM_CONTROL + 1 + i a client. */
static bool watch(struct control *c, int fd, uint64_t number)
{
    struct epoll_event ev = { .events = EPOLLIN, .data.u64 = number };

    return epoll_ctl(c->sim->epoll_fd, EPOLL_CTL_ADD, fd, &ev) == 0;
}

struct control *control_new(struct sim *sim, const char *path, char *err,
                            size_t err_size)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    struct control *c;

    if (path[0] == '\0')
        return NULL;
    c = calloc(1, sizeof *c);
    must(c != NULL);
    c->sim = sim;
    for (int i = 0; i < CLIENTS; i++)
        c->clients[i].fd = -1;
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    snprintf(c->path, sizeof c->path, "%s", path);
    if (strlen(path) < sizeof at.sun_path && c->fd >= 0) {
        unlink(path);
        if (bind(c->fd, (const struct sockaddr *)&at, sizeof at) == 0 &&
            listen(c->fd, CLIENTS) == 0 && watch(c, c->fd, SIM_CONTROL))
            return c;
    }
    snprintf(err, err_size, "control socket %s: %s", path, strerror(errno));
    control_free(c);
    return NULL;
}

static void close_client(struct client *k)
{
    if (k->fd >= 0)
        close(k->fd);
    k->fd = -1;
    k->len = 0;
}

void control_free(struct control *c)
{
    if (c == NULL)
        return;
    for (int i = 0; i < CLIENTS; i++)
        close_client(&c->clients[i]);
    if (c->fd >= 0) {
        close(c->fd);
        unlink(c->path);
    }
    free(c);
}

/* ---- orders ------------------------------------------------------------- */

struct order {
    struct sim *sim;
    int n;
    char *words[WORDS];
    struct pile *pile;
    struct gun *gun;
    struct buf *answer;
};

static void order_plug(struct order *o)
{
    buf_puts(o->answer, gun_plug(o->pile, o->gun)
             ? "ok" : "error: a car is there");
}

static void order_unplug(struct order *o)
{
    buf_puts(o->answer, gun_unplug(o->pile, o->gun)
             ? "ok" : "error: no car is there");
}

static void order_card(struct order *o)
{
    uint8_t card[8];

    if (!wire_unhex(o->words[3], card, sizeof card))
        buf_puts(o->answer, "error: a card has 16 hex digits");
    else
        buf_puts(o->answer, gun_swipe(o->pile, o->gun, card)
                 ? "ok" : "error: the pile does not react");
}

static void order_vin(struct order *o)
{
    buf_puts(o->answer, gun_plug_and_charge(o->pile, o->gun)
             ? "ok" : "error: the pile does not react");
}

static void order_stop(struct order *o)
{
    buf_puts(o->answer, gun_press_stop(o->pile, o->gun)
             ? "ok" : "error: nothing is running");
}

static void order_fault(struct order *o)
{
    int64_t bits;

    if (!decimal_parse(o->words[3], 0, &bits) || bits < 0 || bits > 0xFFFF) {
        buf_puts(o->answer, "error: BITS is 0..65535");
        return;
    }
    gun_set_faults(o->pile, o->gun, (uint16_t)bits);
    buf_puts(o->answer, "ok");
}

/* Cuts the link of a pile, or of all; they come back after SECONDS (1). */
static void order_drop(struct order *o)
{
    int64_t seconds = 1;
    struct pile *p = sim_pile(o->sim, o->words[1]);
    bool all = strcmp(o->words[1], "all") == 0;

    if (o->n > 2 && (!decimal_parse(o->words[2], 0, &seconds) ||
                     seconds < 0 || seconds > 86400)) {
        buf_puts(o->answer, "error: SECONDS is 0..86400");
        return;
    }
    if (p == NULL && !all) {
        buf_puts(o->answer, "error: no such pile");
        return;
    }
    for (size_t i = 0; all && i < o->sim->count; i++)
        chance_drop(o->sim, o->sim->piles[i], seconds);
    if (p != NULL)
        chance_drop(o->sim, p, seconds);
    buf_puts(o->answer, "ok");
}

static void order_set(struct order *o)
{
    buf_puts(o->answer, sim_fault_set(&o->sim->faults, o->words[1],
                                      o->words[2])
             ? "ok" : "error: no such fault, or a wrong value");
}

static void order_quit(struct order *o)
{
    o->sim->stopping = true;
    buf_puts(o->answer, "ok");
}

static void gun_status(struct json_out *j, const struct pile *p,
                       const struct gun *g)
{
    static const char *const phases[] = { "idle", "asking", "waiting",
                                          "preparing", "charging" };

    json_open(j, NULL, '{');
    json_int(j, "gun", gun_number(p, g));
    json_text(j, "phase", phases[g->phase]);
    json_bool(j, "plugged", g->plugged);
    json_int(j, "faults", g->faults);
    json_int(j, "meter_e4kwh", (int64_t)g->meter.reading_e4kwh);
    if (g->phase == GUN_CHARGING) {
        json_text(j, "trade_number", g->session.trade_number);
        json_int(j, "power_w", g->session.power_w);
        json_int(j, "soc_permille", car_soc_permille(&g->car));
        json_int(j, "energy_e4kwh", g->session.bill.total_e4kwh);
        json_int(j, "amount_e4yuan", g->session.bill.total_e4yuan);
    }
    json_close(j, '}');
}

static void pile_status(struct json_out *j, const struct pile *p)
{
    static const char *const links[] = { "down", "connecting", "login",
                                         "ready" };

    json_open(j, NULL, '{');
    json_text(j, "pile", p->spec.code);
    json_text(j, "link", links[p->link]);
    json_bool(j, "tariff", p->tariff.held);
    json_bool(j, "forbidden", p->forbidden);
    json_int(j, "records_owed", (int64_t)p->owed_count);
    json_int(j, "offline_cards", (int64_t)p->card_count);
    json_open(j, "guns", '[');
    for (int i = 0; i < p->spec.guns; i++)
        gun_status(j, p, &p->guns[i]);
    json_close(j, ']');
    json_close(j, '}');
}

static void fleet_status(struct json_out *j, const struct sim *sim)
{
    int64_t ready = 0, charging = 0, plugged = 0, owed = 0, power = 0;

    for (size_t i = 0; i < sim->count; i++) {
        const struct pile *p = sim->piles[i];

        ready += p->link == LINK_READY;
        owed += (int64_t)p->owed_count;
        for (int k = 0; k < p->spec.guns; k++) {
            charging += p->guns[k].phase == GUN_CHARGING;
            plugged += p->guns[k].plugged;
            power += p->guns[k].session.power_w;
        }
    }
    json_open(j, NULL, '{');
    json_int(j, "piles", (int64_t)sim->count);
    json_int(j, "online", ready);
    json_int(j, "charging", charging);
    json_int(j, "plugged", plugged);
    json_int(j, "power_w", power);
    json_int(j, "records_owed", owed);
#define COUNTER(name) json_int(j, #name, (int64_t)sim->counts.name);
    SIM_COUNTS(COUNTER)
#undef COUNTER
    json_close(j, '}');
}

static void order_status(struct order *o)
{
    struct json_out j = { .to = o->answer };

    if (o->n == 1) {
        fleet_status(&j, o->sim);
        return;
    }
    o->pile = sim_pile(o->sim, o->words[1]);
    if (o->pile == NULL)
        buf_puts(o->answer, "error: no such pile");
    else
        pile_status(&j, o->pile);
}

enum needs { NEEDS_NOTHING, NEEDS_GUN };

static const struct {
    const char *word;
    int least, most; /* words */
    enum needs needs;
    void (*run)(struct order *o);
} orders[] = {
    { "plug",   3, 3, NEEDS_GUN, order_plug },
    { "unplug", 3, 3, NEEDS_GUN, order_unplug },
    { "card",   4, 4, NEEDS_GUN, order_card },
    { "vin",    3, 3, NEEDS_GUN, order_vin },
    { "stop",   3, 3, NEEDS_GUN, order_stop },
    { "fault",  4, 4, NEEDS_GUN, order_fault },
    { "drop",   2, 3, NEEDS_NOTHING, order_drop },
    { "set",    3, 3, NEEDS_NOTHING, order_set },
    { "status", 1, 2, NEEDS_NOTHING, order_status },
    { "quit",   1, 1, NEEDS_NOTHING, order_quit },
};

static bool find_target(struct order *o, enum needs needs)
{
    int64_t gun;

    if (needs == NEEDS_NOTHING)
        return true;
    o->pile = sim_pile(o->sim, o->words[1]);
    if (o->pile == NULL) {
        buf_puts(o->answer, "error: no such pile");
        return false;
    }
    if (!decimal_parse(o->words[2], 0, &gun) || gun < 1 ||
        gun > o->pile->spec.guns) {
        buf_puts(o->answer, "error: no such gun");
        return false;
    }
    o->gun = &o->pile->guns[gun - 1];
    return true;
}

static void obey(struct sim *sim, char *line, struct buf *answer)
{
    struct order o = { .sim = sim, .answer = answer };
    size_t n;

    while (*line != '\0' && o.n < WORDS) {
        line += strspn(line, " \t\r");
        n = strcspn(line, " \t\r");
        if (n > 0)
            o.words[o.n++] = line;
        line += n;
        if (*line != '\0')
            *line++ = '\0';
    }
    for (size_t i = 0; o.n > 0 && i < COUNT(orders); i++) {
        if (strcmp(o.words[0], orders[i].word) != 0)
            continue;
        if (o.n < orders[i].least || o.n > orders[i].most)
            buf_puts(answer, "error: wrong number of words");
        else if (find_target(&o, orders[i].needs))
            orders[i].run(&o);
        if (o.pile != NULL) {
            pile_tick(o.pile);
            sim_schedule(sim, o.pile);
        }
        return;
    }
    buf_puts(answer, "error: no such order");
}

/* ---- clients ------------------------------------------------------------ */

static void answer_line(struct control *c, struct client *k, char *line)
{
    struct buf answer;

    buf_init(&answer, ANSWER_MAX);
    obey(c->sim, line, &answer);
    buf_putc(&answer, '\n');
    if (buf_text(&answer) == NULL ||
        send(k->fd, answer.data, answer.len, MSG_NOSIGNAL) !=
        (ssize_t)answer.len)
        close_client(k);
    buf_fini(&answer);
}

static void read_client(struct control *c, struct client *k)
{
    ssize_t n = recv(k->fd, k->line + k->len, LINE - 1 - k->len, 0);
    char *end;

    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            close_client(k);
        return;
    }
    k->len += (size_t)n;
    while (k->fd >= 0 &&
           (end = memchr(k->line, '\n', k->len)) != NULL) {
        char line[LINE];
        size_t used = (size_t)(end - k->line) + 1;

        memcpy(line, k->line, used - 1);
        line[used - 1] = '\0';
        memmove(k->line, k->line + used, k->len - used);
        k->len -= used;
        answer_line(c, k, line);
    }
    if (k->len == LINE - 1)
        close_client(k);
}

static void accept_client(struct control *c)
{
    int fd = accept4(c->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    for (int i = 0; fd >= 0 && i < CLIENTS; i++) {
        if (c->clients[i].fd >= 0)
            continue;
        if (!watch(c, fd, SIM_CONTROL + 1 + (uint64_t)i))
            break;
        c->clients[i].fd = fd;
        return;
    }
    if (fd >= 0)
        close(fd);
}

void control_serve(struct control *c, uint64_t number, uint32_t events)
{
    struct client *k;

    (void)events;
    if (number == SIM_CONTROL) {
        accept_client(c);
        return;
    }
    must(number - SIM_CONTROL <= CLIENTS);
    k = &c->clients[number - SIM_CONTROL - 1];
    if (k->fd >= 0)
        read_client(c, k);
}
