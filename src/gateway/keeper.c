/*
 * What the gateway knows of the database, kept fresh: the piles that may log
 * in, the tariffs in force, the running orders at start; this gateway's row;
 * piles whose gateway is gone.
 */
#include <string.h>

#include "base/config.h"
#include "base/log.h"
#include "charging/order_live.h"
#include "gateway/book.h"
#include "gateway/gateway.h"
#include "gateway/register.h"

enum {
    RETRY_MS = 500,
    PILES_MS = 5000,        /* how soon a changed pile is known */
    PILES_OVERLAP_MS = 120000, /* clocks of writers differ, commits take time */
    PILES_ALL_MS = 300000,  /* all of them, should that not have been enough */
    BOOK_MS = 2000,
    SWEEP_MS = 10000,
    LOOKUPS = 64,
    UNKNOWN_MAX = 1024,     /* codes that were asked for in vain */
    UNKNOWN_MS = 10000
};

struct keeper_state {
    struct worker *w;
    stamp piles_since;      /* changes up to here are known */
    int64_t piles_ms, all_ms, book_ms, seen_ms, sweep_ms;
    int64_t started_ms;
    struct lookup_item lookups[LOOKUPS];
    size_t lookup_count;
    struct {
        uint64_t code;
        int64_t until_ms;
    } unknown[UNKNOWN_MAX];
};

static void retire(void *gateway, void *p)
{
    gateway_retire(gateway, p);
}

/* ---- piles ---------------------------------------------------------- */

static bool same_policy(const struct policy *p, const struct pile_link *l)
{
    return p != NULL && p->kind == l->login_policy &&
           strcmp(p->pinned, l->pinned_address) == 0 &&
           strcmp(p->sim_no, l->sim_no) == 0;
}

/* NULL for those that are only observed: they need none. */
static struct policy *policy_new(struct cx *cx, const struct pile_link *l)
{
    struct policy *p;

    if (l->login_policy == 3)
        return NULL;
    p = calloc(1, sizeof *p);
    if (p == NULL)
        cx_fail_memory(cx);
    p->kind = l->login_policy;
    snprintf(p->pinned, sizeof p->pinned, "%s", l->pinned_address);
    snprintf(p->sim_no, sizeof p->sim_no, "%s", l->sim_no);
    return p;
}

static void set_policy(struct gateway *g, struct cx *cx, struct charger *ch,
                       const struct pile_link *l)
{
    const struct policy *old = atomic_load(&ch->policy);

    if (l->login_policy == 3 ? old == NULL : same_policy(old, l))
        return;
    atomic_store_explicit(&ch->policy, policy_new(cx, l),
                          memory_order_release);
    gateway_retire(g, (void *)(uintptr_t)old);
}

static void set_link(struct charger *ch, const struct pile_link *l)
{
    atomic_store(&ch->station_id, l->station_id);
    atomic_store(&ch->area_id, l->area_id);
    atomic_store(&ch->crc_tx, (uint8_t)l->crc_tx);
    atomic_store(&ch->fault_shift, (uint8_t)l->fault_shift);
    atomic_store(&ch->kind, (uint8_t)l->kind);
    atomic_store(&ch->is_enabled, l->is_enabled);
}

static uint16_t tariff_of(const char no[5])
{
    uint8_t wire[2];

    return wire_unhex(no, wire, 2) ? (uint16_t)(wire[0] << 8 | wire[1]) : 0;
}

/* The elder must let go: its connection ends, and the pile comes again. */
static void replace(struct gateway *g, struct charger *old)
{
    struct mail m = { .kind = MAIL_RELEASE, .charger = old,
                      .to = atomic_load(&old->owner) };

    atomic_store(&old->is_enabled, false);
    if (m.to != 0)
        mail_send(g, conn_id_net(m.to), &m);
}

/* All that needs memory comes first: afterwards the pile is whole. */
static struct charger *add_pile(struct keeper_state *k, struct cx *cx,
                                const struct pile_link *l, uint64_t code)
{
    struct gateway *g = k->w->gateway;
    struct policy *p = policy_new(cx, l);
    int guns = l->guns < 1 ? 1 : l->guns > CHARGER_GUNS ? CHARGER_GUNS
                                                        : l->guns;
    struct charger *ch = charger_new(&g->chargers, code, l->id, guns);

    if (ch == NULL) {
        free(p);
        cx_fail_memory(cx);
    }
    atomic_store(&ch->policy, p);
    set_link(ch, l);
    ch->tariff_held = tariff_of(l->tariff_no);
    return ch;
}

/* A pile's connectors are a run of the list, which is by pile. */
static size_t set_guns(struct charger *ch, const struct connector_link *c,
                       size_t n)
{
    size_t i = 0;

    for (; i < n && c[i].pile_id == ch->id; i++)
        if (c[i].gun >= 1 && c[i].gun <= ch->gun_count)
            ch->guns[c[i].gun - 1].connector_id = c[i].id;
    return i;
}

static void take_link(struct keeper_state *k, struct cx *cx,
                      const struct pile_link *l,
                      const struct connector_link *c, size_t n)
{
    struct gateway *g = k->w->gateway;
    uint64_t code = code_of_text(l->no);
    struct charger *old, *ch;

    if (code == 0)
        return; /* a code that no pile can send */
    old = charger_find(&g->chargers, code);
    if (old != NULL && old->id == l->id && old->gun_count >= l->guns) {
        set_policy(g, cx, old, l);
        set_link(old, l);
        return;
    }
    ch = add_pile(k, cx, l, code);
    set_guns(ch, c, n);
    charger_publish(&g->chargers, ch, retire, g);
    if (old != NULL)
        replace(g, old);
}

static void take_links(struct keeper_state *k, struct cx *cx,
                       const struct pile_link *l, size_t n)
{
    size_t count, at = 0;
    const struct connector_link *c =
        connector_links(cx, l[0].id, l[n - 1].id, &count);

    for (size_t i = 0; i < n; i++) {
        while (at < count && c[at].pile_id < l[i].id)
            at++;
        take_link(k, cx, &l[i], c + at, count - at);
    }
}

static void read_piles(struct cx *cx, void *arg)
{
    struct keeper_state *k = arg;
    stamp now = cx->now;
    int64_t after = 0;
    size_t n;

    do {
        const struct pile_link *l = pile_links(cx, k->piles_since, after,
                                               &n);

        if (n == 0)
            break;
        take_links(k, cx, l, n);
        after = l[n - 1].id;
    } while (n == PILE_LINKS_PAGE);
    k->piles_since = stamp_add_ms(now, -PILES_OVERLAP_MS);
}

/* ---- sessions that were running before this start ------------------- */

static struct charger *charger_of_trade(struct gateway *g,
                                        const struct order_live *o)
{
    uint8_t trade[16];
    struct charger *ch = NULL;

    /* Our numbers begin with the pile code; others are looked for. */
    if (wire_unhex(o->trade_no, trade, sizeof trade))
        ch = charger_find(&g->chargers, code_of_wire(trade));
    if (ch != NULL && ch->id == o->pile_id)
        return ch;
    for (size_t i = 0; i < charger_count(&g->chargers); i++)
        if (charger_at(&g->chargers, i)->id == o->pile_id)
            return charger_at(&g->chargers, i);
    return NULL;
}

/* Before anybody is bound: the guns are nobody's yet. */
static void resume(struct gateway *g, const struct order_live *o)
{
    struct charger *ch = charger_of_trade(g, o);
    struct gun *gun;

    if (ch == NULL || o->gun < 1 || o->gun > ch->gun_count ||
        o->state == ORDER_AWAITING_RECORD)
        return;
    gun = &ch->guns[o->gun - 1];
    if (!wire_unhex(o->trade_no, gun->trade, sizeof gun->trade))
        return;
    atomic_store(&ch->has_session, true);
    gun->flags = GUN_STARTED;
    gun->energy_e4kwh = (uint32_t)o->live_energy_e4kwh;
    gun->soc_start = (uint8_t)o->soc_start;
    if (o->state >= ORDER_CHARGING) {
        gun->flags |= GUN_CHARGED;
        gun->charging_at = o->charging_at.ms;
        gun->idle_reports = (uint8_t)(o->idle_reports > 200
                                          ? 200 : o->idle_reports);
    }
}

static void read_orders(struct cx *cx, void *arg)
{
    struct keeper_state *k = arg;
    int64_t after = 0;
    size_t n;

    do {
        const struct order_live *o = order_live_all(cx, after, &n);

        for (size_t i = 0; i < n; i++)
            resume(k->w->gateway, &o[i]);
        if (n > 0)
            after = o[n - 1].id;
    } while (n > 0);
}

/* ---- codes that memory does not know -------------------------------- */

static bool is_unknown(struct keeper_state *k, uint64_t code, int64_t now_ms)
{
    size_t i = (size_t)(code % UNKNOWN_MAX);

    return k->unknown[i].code == code && k->unknown[i].until_ms > now_ms;
}

static void look_up(struct cx *cx, void *arg)
{
    struct keeper_state *k = arg;

    for (size_t i = 0; i < k->lookup_count; i++) {
        const struct pile_link *l;
        char code[15];

        if (is_unknown(k, k->lookups[i].code, monotonic_ms()))
            continue;
        l = pile_link_find(cx, code_text(k->lookups[i].code, code));
        if (l != NULL)
            take_links(k, cx, l, 1);
    }
}

/* asked: the database said whether there is such a code. */
static void answer(struct keeper_state *k, const struct lookup_item *ask,
                   bool asked)
{
    struct gateway *g = k->w->gateway;
    struct charger *ch = charger_find(&g->chargers, ask->code);
    struct mail m = { .kind = ch != NULL ? MAIL_ADMIT : MAIL_REFUSE,
                      .to = ask->from, .charger = ch };
    size_t i = (size_t)(ask->code % UNKNOWN_MAX);

    if (ch == NULL && asked) {
        k->unknown[i].code = ask->code;
        k->unknown[i].until_ms = monotonic_ms() + UNKNOWN_MS;
    }
    mail_send(g, conn_id_net(ask->from), &m);
}

/* Without a database the answer is no: the pile comes again. */
static void serve_lookups(struct keeper_state *k, struct cx *cx)
{
    bool asked;

    if (k->lookup_count == 0)
        return;
    asked = worker_run(k->w, cx, look_up, k);
    if (!asked)
        log_warn("gateway.lookup_failed", F_INT("codes", k->lookup_count));
    for (size_t i = 0; i < k->lookup_count; i++)
        answer(k, &k->lookups[i], asked);
    k->lookup_count = 0;
}

/* ---- tariffs -------------------------------------------------------- */

static void read_book(struct cx *cx, void *arg)
{
    struct keeper_state *k = arg;
    struct gateway *g = k->w->gateway;
    const struct book *old = atomic_load(&g->book);
    struct book *b;

    if (old != NULL && old->changes == book_changes(cx) &&
        (old->until.ms == 0 || old->until.ms > cx->now.ms))
        return;
    b = book_read(cx);
    atomic_store_explicit(&g->book, b, memory_order_release);
    gateway_retire(g, (void *)(uintptr_t)old);
    log_info("gateway.tariffs", F_INT("count", b->count));
}

/* ---- the row of this gateway, and piles of others ------------------- */

static void register_work(struct cx *cx, void *arg)
{
    struct keeper_state *k = arg;
    struct gateway *g = k->w->gateway;

    g->holder = gateway_register(cx, g->config->gateway_name, g->control);
    commands_forget(cx, g->holder);
}

static void seen_work(struct cx *cx, void *arg)
{
    struct keeper_state *k = arg;
    struct gateway *g = k->w->gateway;

    if (gateway_seen(cx, g->holder))
        return;
    log_error("gateway.replaced", F_TEXT("name", g->config->gateway_name));
    atomic_store(&g->is_fenced, true);
}

/* Our own piles of before get the time to come back first (G19). */
static void sweep_work(struct cx *cx, void *arg)
{
    struct keeper_state *k = arg;
    struct gateway *g = k->w->gateway;

    if (monotonic_ms() - k->started_ms < g->config->pile_offline_ms)
        return;
    while (pile_sweep(cx, g->holder) == 500)
        ;
}

/* ---- the thread ----------------------------------------------------- */

static bool is_due(int64_t *last_ms, int64_t every_ms)
{
    int64_t now_ms = monotonic_ms();

    if (now_ms - *last_ms < every_ms)
        return false;
    *last_ms = now_ms;
    return true;
}

/* All that a login needs, in memory. False: the database is not there. */
static bool load(struct keeper_state *k, struct cx *cx)
{
    struct gateway *g = k->w->gateway;

    if (!atomic_load(&g->is_registered)) {
        if (!worker_run(k->w, cx, register_work, k))
            return false;
        atomic_store(&g->is_registered, true);
    }
    if (!worker_run(k->w, cx, read_piles, k) ||
        !worker_run(k->w, cx, read_orders, k) ||
        !worker_run(k->w, cx, read_book, k))
        return false;
    log_info("gateway.loaded", F_INT("piles", charger_count(&g->chargers)),
             F_INT("gateway", g->holder.gateway_id),
             F_INT("epoch", g->holder.epoch));
    atomic_store(&g->is_loaded, true);
    return true;
}

static bool refresh(struct keeper_state *k, struct cx *cx)
{
    bool ok = true;

    gateway_retire(k->w->gateway, NULL);
    if (is_due(&k->seen_ms, GATEWAY_SEEN_MS))
        ok = worker_run(k->w, cx, seen_work, k);
    if (ok && is_due(&k->book_ms, BOOK_MS))
        ok = worker_run(k->w, cx, read_book, k);
    if (is_due(&k->all_ms, PILES_ALL_MS))
        k->piles_since.ms = 0;
    if (ok && is_due(&k->piles_ms, PILES_MS))
        ok = worker_run(k->w, cx, read_piles, k);
    if (ok && is_due(&k->sweep_ms, SWEEP_MS))
        ok = worker_run(k->w, cx, sweep_work, k);
    return ok;
}

void *keeper(void *arg)
{
    struct worker *w = arg;
    struct gateway *g = w->gateway;
    struct keeper_state *k = calloc(1, sizeof *k);
    struct cx *cx = worker_cx(w);

    must(k != NULL);
    k->w = w;
    k->started_ms = k->all_ms = monotonic_ms();
    while (!atomic_load(&g->is_stopping) && !load(k, cx))
        worker_pause(w, RETRY_MS);
    while (!queue_is_closed(&g->lookups)) {
        k->lookup_count = queue_take(&g->lookups, k->lookups, LOOKUPS, 500);
        serve_lookups(k, cx);
        if (!refresh(k, cx))
            worker_pause(w, RETRY_MS);
    }
    worker_cx_free(cx);
    free(k);
    return NULL;
}
