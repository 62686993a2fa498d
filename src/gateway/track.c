/*
 * Running orders in memory: see track.h.
 */
#include "gateway/track.h"

#include <string.h>

#include "base/log.h"
#include "tariff/tariff.h"

enum {
    FIRST_SIZE = 1024,
    ASK_AGAIN_MS = 5000,    /* about a number without an order */
    FORGET_MS = 3600000
};

void tracks_init(struct tracks *all)
{
    all->n = 0;
    all->size = FIRST_SIZE;
    all->v = calloc(all->size, sizeof *all->v);
    must(all->v != NULL);
}

void tracks_fini(struct tracks *all)
{
    free(all->v);
}

void tracks_clear(struct tracks *all)
{
    memset(all->v, 0, all->size * sizeof *all->v);
    all->n = 0;
}

static size_t hash_text(const char *s)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (; *s != '\0'; s++)
        h = (h ^ (unsigned char)*s) * UINT64_C(1099511628211);
    return (size_t)(h >> 16);
}

static struct track *slot_of(struct tracks *all, const char *trade_no)
{
    size_t i = hash_text(trade_no) & (all->size - 1);

    while (all->v[i].trade_no[0] != '\0' &&
           strcmp(all->v[i].trade_no, trade_no) != 0)
        i = (i + 1) & (all->size - 1);
    return &all->v[i];
}

/* Into a table of the given size, but those unused since. Without memory for
   it everything stays as it is. */
static bool rebuild(struct tracks *all, size_t size, int64_t used_since_ms)
{
    struct tracks old = *all;

    all->v = calloc(size, sizeof *all->v);
    if (all->v == NULL) {
        all->v = old.v;
        return false;
    }
    all->n = 0;
    all->size = size;
    for (size_t i = 0; i < old.size; i++)
        if (old.v[i].trade_no[0] != '\0' &&
            old.v[i].used_ms >= used_since_ms) {
            *slot_of(all, old.v[i].trade_no) = old.v[i];
            all->n++;
        }
    free(old.v);
    return true;
}

void tracks_clean(struct tracks *all, int64_t now_ms)
{
    if (!rebuild(all, all->size, now_ms - FORGET_MS))
        log_error("gateway.no_memory", F_TEXT("for", "tracks"));
}

static void read_prices(struct track *t, struct cx *cx, int64_t version_id)
{
    const struct tariff_version *v = tariff_version_load(cx, version_id);

    if (v == NULL)
        return;
    t->prices = v->prices;
    memcpy(t->slots, v->slots, sizeof t->slots);
}

/* Follows the order from what is known of it; a new one from nothing. */
static void begin(struct track *t, struct cx *cx, const struct order_live *o)
{
    t->order_id = o->id;
    t->pile_id = o->pile_id;
    t->gun = o->gun;
    t->state = o->state;
    t->charging_at = o->charging_at;
    t->before = o->live_amount;
    read_prices(t, cx, o->tariff_version_id);
    if (t->slots[0] != '\0' && o->live_at.ms != 0)
        bill_meter_add(&t->meter, t->slots,
                       (struct bill_point){ o->live_at,
                                            o->live_energy_e4kwh });
}

void track_refresh(struct track *t, struct cx *cx, int64_t now_ms)
{
    const struct order_live *o = order_live_find(cx, t->trade_no);

    t->checked_ms = now_ms;
    if (o == NULL)
        return;
    if (t->order_id == 0)
        begin(t, cx, o);
    t->state = o->state;
}

struct track *track_find(struct tracks *all, struct cx *cx,
                         const char *trade_no, int64_t now_ms)
{
    struct track *t = slot_of(all, trade_no), fresh = { .used_ms = now_ms };

    if (t->trade_no[0] != '\0') {
        t->used_ms = now_ms;
        if (t->order_id == 0 && now_ms - t->checked_ms >= ASK_AGAIN_MS)
            track_refresh(t, cx, now_ms);
        return t;
    }
    snprintf(fresh.trade_no, sizeof fresh.trade_no, "%s", trade_no);
    track_refresh(&fresh, cx, now_ms); /* may fail: nothing is kept then */
    if (4 * (all->n + 1) > 3 * all->size && !rebuild(all, 2 * all->size, 0))
        cx_fail_memory(cx);
    t = slot_of(all, trade_no);
    *t = fresh;
    all->n++;
    return t;
}

money track_estimate(struct track *t, stamp at, int64_t energy_e4kwh)
{
    struct bill bill;

    if (t->slots[0] == '\0')
        return t->before;
    if (!t->meter.started)
        bill_meter_add(&t->meter, t->slots,
                       (struct bill_point){
                           t->charging_at.ms != 0 ? t->charging_at : at, 0 });
    bill_meter_add(&t->meter, t->slots,
                   (struct bill_point){ at, energy_e4kwh });
    bill_compute(&t->prices, t->meter.energy_e4kwh, &bill);
    return money_add(t->before, bill.total);
}
