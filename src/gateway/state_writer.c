/*
 * What the network threads tell about piles becomes rows: logins and states
 * of piles, the live row of each connector, running orders, events. All of a
 * fifth of a second goes in one transaction; of several reports of a gun only
 * the last is written, for a gun carries along what its order needs to know.
 */
#include <string.h>

#include "asset/link.h"
#include "asset/live.h"
#include "base/log.h"
#include "charging/order_live.h"
#include "charging/record_store.h"
#include "gateway/gateway.h"
#include "gateway/track.h"

enum {
    BATCH = 1000,         /* notes of one transaction */
    GATHER_MS = 200,
    RETRY_MS = 500,
    TARIFF_NOT_SAID = 0xFFFF, /* no tariff has this number */
    SWEEP_MS = 10000,
    CLEAN_MS = 600000
};

struct stater {
    struct worker *w;
    struct tracks tracks;
    struct note notes[BATCH];
    size_t n;
    struct telemetry_row telemetry[BATCH]; /* made in the transaction */
    size_t telemetry_count;
    struct charger *lost[BATCH];           /* piles that others hold now */
    size_t lost_count;
    int64_t swept_ms, cleaned_ms;
};

/* ---- the work of one transaction ------------------------------------ */

/* Rows collected from the notes. */
struct rows {
    struct stater *x;
    struct pile_login *logins;
    struct charger **login_piles;
    size_t login_count;
    struct pile_status *statuses;
    struct charger **status_piles;
    size_t status_count;
    int64_t *offline;
    size_t offline_count;
    struct connector_report *reports;
    struct charger **report_piles;
    size_t report_count;
    struct order_progress *progress;
    size_t progress_count;
    struct pile_event_row *events;
    size_t event_count;
};

static void rows_init(struct rows *r, struct cx *cx, struct stater *x)
{
    size_t n = x->n + 1;

    *r = (struct rows){ .x = x };
    r->logins = arena_array(cx->arena, n, sizeof *r->logins);
    r->login_piles = arena_array(cx->arena, n, sizeof *r->login_piles);
    r->statuses = arena_array(cx->arena, n, sizeof *r->statuses);
    r->status_piles = arena_array(cx->arena, n, sizeof *r->status_piles);
    r->offline = arena_array(cx->arena, n, sizeof *r->offline);
    r->reports = arena_array(cx->arena, n, sizeof *r->reports);
    r->report_piles = arena_array(cx->arena, n, sizeof *r->report_piles);
    r->progress = arena_array(cx->arena, n, sizeof *r->progress);
    /* A login or its end makes an event besides. */
    r->events = arena_array(cx->arena, 2 * n, sizeof *r->events);
}

static void add_event(struct rows *r, int64_t pile_id, int gun, int kind,
                      stamp at, const char *detail)
{
    r->events[r->event_count++] =
        (struct pile_event_row){ pile_id, gun, kind, at, detail };
}

static void take_login(struct rows *r, struct cx *cx, const struct note *n)
{
    struct pile_login *l = &r->logins[r->login_count];

    *l = (struct pile_login){
        .pile_id = n->charger->id, .at = n->at,
        .address = n->login.address, .firmware = n->login.firmware,
        .protocol = cx_printf(cx, "%d.%d", n->login.protocol / 10,
                              n->login.protocol % 10),
        .pin = n->login.pin
    };
    r->login_piles[r->login_count++] = n->charger;
    add_event(r, n->charger->id, 0, EVENT_ONLINE, n->at, l->address);
}

static void take_status(struct rows *r, struct cx *cx, const struct note *n)
{
    struct pile_status *s = &r->statuses[r->status_count];
    bool was_online = atomic_load(&n->charger->is_stored_online);

    *s = (struct pile_status){
        .pile_id = n->charger->id, .online = n->status.online,
        .seen_at = { n->status.seen_at },
        .offline_at = { n->status.online ? 0 : n->status.offline_at },
        .tariff_no = n->status.tariff_held == TARIFF_NOT_SAID
            ? NULL : cx_printf(cx, "%04X", (unsigned)n->status.tariff_held),
        .clock_off_ms = n->status.clock_off_ms
    };
    r->status_piles[r->status_count++] = n->charger;
    if (n->status.online)
        return;
    r->offline[r->offline_count++] = n->charger->id;
    if (was_online)
        add_event(r, n->charger->id, 0, EVENT_OFFLINE, n->at, "");
}

/* 0.1 V x 0.1 A */
static int power_w(const struct gun *g)
{
    return (int)g->voltage_dv * (int)g->current_da / 100;
}

static const char *trade_text(struct cx *cx, const uint8_t trade[16])
{
    char *text;

    if (trade_is_zero(trade))
        return NULL;
    text = arena_alloc(cx->arena, 33);
    return wire_hex(trade, 16, text);
}

/* ---- orders --------------------------------------------------------- */

/* A session runs that its order has given up: it is stopped, once (G15). */
static void stop_unwanted(struct stater *x, struct cx *cx, struct track *t)
{
    if (t->state != ORDER_START_FAILED || t->is_stop_asked)
        return;
    t->is_stop_asked = true;
    log_warn("order.unwanted", F_INT("order", t->order_id));
    command_stop_unwanted(cx, t->pile_id, t->gun, t->order_id, t->trade_no);
    (void)x;
}

/* Moves the order by what the gun has seen of its session. */
static void move_order(struct stater *x, struct cx *cx, struct track *t,
                       const struct gun *g, int64_t now_ms)
{
    struct holder h = x->w->gateway->holder;

    if (g->flags & GUN_CHARGED && t->state < ORDER_CHARGING) {
        bool moved = order_charging(cx, h, t->order_id,
                                    (stamp){ g->charging_at });

        track_refresh(t, cx, now_ms);
        t->charging_at = (stamp){ g->charging_at };
        if (!moved)
            log_info("order.not_charging", F_INT("order", t->order_id),
                     F_INT("state", t->state));
    }
    if (g->flags & GUN_CHARGED && g->idle_reports == 0 &&
        t->state == ORDER_START_FAILED)
        stop_unwanted(x, cx, t);
    if (g->idle_reports > 0 && t->state <= ORDER_STOPPING) {
        order_ended(cx, h, t->order_id, g->idle_reports,
                    (stamp){ g->ended_at });
        track_refresh(t, cx, now_ms);
    }
}

/* One row for each 0x13: the other frames only add to it. */
static void add_telemetry(struct stater *x, const struct note *n,
                          struct track *t)
{
    const struct gun *g = &n->report;

    if (x->telemetry_count == BATCH || g->reported_ms == t->reported_ms)
        return;
    t->reported_ms = g->reported_ms;
    x->telemetry[x->telemetry_count++] = (struct telemetry_row){
        .at = n->at, .connector_id = g->connector_id,
        .order_id = t->order_id,
        .state = connector_state_of(g->state, g->plugged),
        .voltage_dv = g->voltage_dv, .current_da = g->current_da,
        .power_w = power_w(g), .soc = g->soc_session,
        .battery_c = g->battery_c,
        .gun_c = g->gun_c, .demand_da = g->demand_da,
        .energy_e4kwh = g->energy_e4kwh, .amount_e4yuan = g->amount_e4yuan
    };
}

/*
 * The order of the session, if the number is one of this pile and gun (G7:
 * anybody can name a number). Its id, or 0.
 */
static int64_t follow_order(struct rows *r, struct cx *cx,
                            const struct note *n, const char *trade_no)
{
    const struct gun *g = &n->report;
    int64_t now_ms = monotonic_ms();
    struct track *t;

    if (trade_no == NULL)
        return 0;
    t = track_find(&r->x->tracks, cx, trade_no, now_ms);
    if (t->order_id == 0 || t->pile_id != n->charger->id || t->gun != n->gun)
        return 0;
    if (t->state <= ORDER_START_FAILED)
        move_order(r->x, cx, t, g, now_ms);
    if (!(g->flags & GUN_CHARGED) || t->state > ORDER_AWAITING_RECORD)
        return t->order_id;
    r->progress[r->progress_count++] = (struct order_progress){
        .order_id = t->order_id, .pile_id = t->pile_id, .at = n->at,
        .soc = g->soc_session, .soc_start = g->soc_start, .power_w = power_w(g),
        .energy_e4kwh = g->energy_e4kwh,
        .amount = track_estimate(t, n->at, g->energy_e4kwh),
        .idle_reports = g->idle_reports, .vin = n->report.vin
    };
    add_telemetry(r->x, n, t);
    return t->order_id;
}

static void take_gun(struct rows *r, struct cx *cx, const struct note *n)
{
    const struct gun *g = &n->report;
    const char *trade_no = trade_text(cx, g->trade);
    int64_t order_id = follow_order(r, cx, n, trade_no);

    /* Only said to be starting: nothing was reported yet. */
    if (!(g->flags & GUN_SEEN) || g->connector_id == 0)
        return;
    r->reports[r->report_count] = (struct connector_report){
        .connector_id = g->connector_id,
        .state = connector_state_of(g->state, g->plugged),
        .plugged = g->plugged == 1, .trade_no = trade_no,
        .order_id = order_id, .voltage_dv = g->voltage_dv,
        .current_da = g->current_da, .power_w = power_w(g), .soc = g->soc,
        .battery_c = g->battery_c, .gun_c = g->gun_c,
        .minutes = g->minutes, .remain_min = g->remain_min,
        .energy_e4kwh = g->energy_e4kwh, .amount_e4yuan = g->amount_e4yuan,
        .fault_bits = g->faults, .vin = n->report.vin, .at = n->at
    };
    r->report_piles[r->report_count++] = n->charger;
}

static void take_request(struct cx *cx, const struct note *n)
{
    struct request_in in = {
        .pile_id = n->charger->id, .gun = n->gun,
        .frame_type = n->request.raw[5], .raw = n->request.raw,
        .len = n->request.len, .at = n->at
    };

    pile_request_add(cx, &in);
}

static void take_note(struct rows *r, struct cx *cx, const struct note *n)
{
    switch (n->kind) {
    case NOTE_LOGIN: /* taken before all others */
        break;
    case NOTE_STATUS:
        take_status(r, cx, n);
        break;
    case NOTE_GUN:
        take_gun(r, cx, n);
        break;
    case NOTE_EVENT:
        add_event(r, n->charger != NULL ? n->charger->id : n->pile_id,
                  n->gun, n->event.kind, n->at, n->event.text);
        break;
    case NOTE_REQUEST:
        take_request(cx, n);
        break;
    }
}

/* ---- who holds the pile --------------------------------------------- */

/* Those of the piles whose rows did not match: somebody else has them. */
static void note_lost(struct rows *r, struct cx *cx,
                      struct charger *const *piles, size_t n)
{
    struct stater *x = r->x;
    int64_t *ids = arena_array(cx->arena, n + 1, sizeof *ids);
    const int64_t *lost;
    size_t count;

    for (size_t i = 0; i < n; i++)
        ids[i] = piles[i]->id;
    lost = pile_lost(cx, x->w->gateway->holder, ids, n, &count);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < n && x->lost_count < BATCH; k++)
            if (piles[k]->id == lost[i])
                x->lost[x->lost_count++] = piles[k];
}

static void claim_piles(struct rows *r, struct cx *cx)
{
    if (r->login_count > 0 &&
        pile_claim(cx, r->x->w->gateway->holder, r->logins,
                   r->login_count) < (int64_t)r->login_count)
        note_lost(r, cx, r->login_piles, r->login_count);
}

static void write_rows(struct rows *r, struct cx *cx)
{
    struct worker *w = r->x->w;
    struct holder h = w->gateway->holder;
    int64_t stale = 0;

    if (r->progress_count > 0)
        order_progress_write(cx, h, r->progress, r->progress_count);
    if (r->status_count > 0)
        stale = (int64_t)r->status_count -
                pile_status_write(cx, h, r->statuses, r->status_count);
    if (stale > 0)
        note_lost(r, cx, r->status_piles, r->status_count);
    if (r->report_count > 0)
        stale += (int64_t)r->report_count -
                 connector_report_write(cx, h, r->reports, r->report_count);
    if (r->offline_count > 0)
        connector_offline(cx, h, r->offline, r->offline_count, cx->now);
    if (r->event_count > 0)
        pile_event_add(cx, r->events, r->event_count);
    if (stale > 0)
        count_add(&w->counts, COUNT_stale_rows, (uint64_t)stale);
    count_add(&w->counts, COUNT_state_rows,
              r->status_count + r->report_count + r->login_count);
}

/*
 * Of several notes about a gun the last one counts, and the end of a session
 * does not when the pile is back already.
 */
static bool is_overtaken(const struct stater *x, size_t i)
{
    const struct note *n = &x->notes[i];
    bool ends = n->kind == NOTE_STATUS && !n->status.online;

    if (n->kind != NOTE_GUN && !ends)
        return false;
    for (size_t k = i + 1; k < x->n; k++) {
        const struct note *m = &x->notes[k];

        if (m->charger != n->charger)
            continue;
        if (ends && m->kind == NOTE_LOGIN)
            return true;
        if (!ends && m->kind == NOTE_GUN && m->gun == n->gun &&
            memcmp(m->report.trade, n->report.trade, 16) == 0)
            return true;
    }
    return false;
}

/* Logins first: all other writes say whose the pile is. */
static void batch_tx(struct cx *cx, void *arg)
{
    struct stater *x = arg;
    struct rows r;

    x->telemetry_count = 0;
    x->lost_count = 0;
    rows_init(&r, cx, x);
    for (size_t i = 0; i < x->n; i++)
        if (x->notes[i].kind == NOTE_LOGIN)
            take_login(&r, cx, &x->notes[i]);
    claim_piles(&r, cx);
    for (size_t i = 0; i < x->n; i++)
        if (!is_overtaken(x, i))
            take_note(&r, cx, &x->notes[i]);
    write_rows(&r, cx);
}

static void batch_work(struct cx *cx, void *arg)
{
    db_tx(cx, batch_tx, arg);
}

/* ---- after the commit ----------------------------------------------- */

static void release_lost(struct stater *x)
{
    struct gateway *g = x->w->gateway;

    for (size_t i = 0; i < x->lost_count; i++) {
        struct charger *ch = x->lost[i];
        struct mail m = { .kind = MAIL_RELEASE, .charger = ch,
                          .to = atomic_load(&ch->owner) };

        atomic_store(&ch->is_stored_online, false);
        if (m.to != 0)
            mail_send(g, conn_id_net(m.to), &m);
    }
}

static void committed(struct stater *x)
{
    struct gateway *g = x->w->gateway;

    for (size_t i = 0; i < x->n; i++) {
        const struct note *n = &x->notes[i];

        if (n->kind == NOTE_LOGIN)
            atomic_store(&n->charger->is_stored_online, true);
        else if (n->kind == NOTE_STATUS)
            atomic_store(&n->charger->is_stored_online, n->status.online);
    }
    for (size_t i = 0; i < x->telemetry_count; i++)
        if (!queue_put(&g->telemetry, &x->telemetry[i]))
            count_one(&x->w->counts, COUNT_dropped_rows);
    release_lost(x);
}

/* The first note of the batch alone. False: it waits, with the others. */
static bool write_first(struct stater *x, struct cx *cx)
{
    const struct note *first = &x->notes[0];
    size_t all = x->n;
    bool done;

    x->n = 1;
    done = worker_run(x->w, cx, batch_work, x);
    if (done) {
        committed(x);
    } else {
        tracks_clear(&x->tracks);
        if (cx_error_passes(cx)) {
            x->n = all;
            return false;
        }
        log_error("state.note_dropped", F_INT("kind", first->kind),
                  F_INT("pile", first->charger ? first->charger->id : 0));
        count_one(&x->w->counts, COUNT_dropped_rows);
    }
    x->n = all - 1;
    memmove(x->notes, x->notes + 1, x->n * sizeof *x->notes);
    return true;
}

/*
 * Not the server but the data: note by note, and those that fail are dropped
 * with a trace. False: the server failed meanwhile; what is left waits.
 */
static bool one_by_one(struct stater *x, struct cx *cx)
{
    while (x->n > 0)
        if (!write_first(x, cx))
            return false;
    return true;
}

/* False: there is no database, or no memory; the batch waits. */
static bool write_batch(struct stater *x, struct cx *cx)
{
    if (worker_run(x->w, cx, batch_work, x)) {
        committed(x);
        x->n = 0;
        return true;
    }
    tracks_clear(&x->tracks); /* what it holds was undone */
    return !cx_error_passes(cx) && one_by_one(x, cx);
}

/* ---- now and then --------------------------------------------------- */

/* Rows that say online although nobody is bound: the note was lost. */
static void sweep(struct stater *x)
{
    struct gateway *g = x->w->gateway;
    size_t all = charger_count(&g->chargers);
    stamp now = stamp_now();

    for (size_t i = 0; i < all && x->n < BATCH; i++) {
        struct charger *ch = charger_at(&g->chargers, i);

        if (!atomic_load(&ch->is_stored_online) || atomic_load(&ch->owner))
            continue;
        x->notes[x->n++] = (struct note){
            .kind = NOTE_STATUS, .charger = ch, .at = now,
            .status = { .online = false, .offline_at = now.ms,
                        .tariff_held = TARIFF_NOT_SAID }
        };
    }
}

static void now_and_then(struct stater *x)
{
    int64_t now_ms = monotonic_ms();

    if (now_ms - x->swept_ms >= SWEEP_MS) {
        sweep(x);
        x->swept_ms = now_ms;
    }
    if (now_ms - x->cleaned_ms >= CLEAN_MS) {
        tracks_clean(&x->tracks, now_ms);
        x->cleaned_ms = now_ms;
    }
}

/* More comes within the fifth of a second that a batch gathers. */
static void gather(struct stater *x)
{
    struct queue *q = &x->w->gateway->notes;
    int64_t until = monotonic_ms() + GATHER_MS;

    x->n = queue_take(q, x->notes, BATCH, 1000);
    while (x->n > 0 && x->n < BATCH && !queue_is_closed(q)) {
        int64_t left = until - monotonic_ms();

        if (left <= 0)
            break;
        x->n += queue_take(q, x->notes + x->n, BATCH - x->n, (int)left);
    }
}

void *state_writer(void *arg)
{
    struct worker *w = arg;
    struct stater *x = calloc(1, sizeof *x);
    struct cx *cx = worker_cx(w);

    must(x != NULL);
    x->w = w;
    tracks_init(&x->tracks);
    x->swept_ms = x->cleaned_ms = monotonic_ms();
    for (;;) {
        bool is_over = queue_is_closed(&w->gateway->notes);

        if (x->n == 0)
            now_and_then(x);
        if (x->n == 0)
            gather(x);
        if (x->n == 0 && is_over)
            break;
        if (x->n > 0 && !write_batch(x, cx)) {
            if (is_over)
                break; /* no database at the end: the sweep finds it later */
            worker_pause(w, RETRY_MS);
        }
    }
    tracks_fini(&x->tracks);
    worker_cx_free(cx);
    free(x);
    return NULL;
}
