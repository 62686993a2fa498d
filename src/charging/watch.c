#include "charging/watch.h"

#include <string.h>

#include "asset/charge_point.h"
#include "asset/live.h"
#include "base/config.h"
#include "base/log.h"
#include "charging/command.h"
#include "charging/order_row.h"
#include "charging/order_stop.h"
#include "charging/provisional.h"
#include "db/db.h"
#include "ledger/ledger.h"
#include "system/audit.h"

enum {
    BATCH = 200,                /* orders of one run and state */
    UNSENT_MS = 30 * 1000,      /* 0x34 is sent within 15 s or never */
    PLUG_MS = 60 * 1000,
    START_MS = 90 * 1000,
    OFFLINE_MS = 10 * 60 * 1000,
    ASK_MS = 10 * 60 * 1000,
    HOUR_MS = 60 * 60 * 1000
};

/* ---- going through orders -------------------------------------------- */

struct watched {
    int64_t id;
    void (*act)(struct cx *cx, struct order *o,
                const struct charge_point *p);
};

static void watch_locked(struct cx *cx, void *arg)
{
    const struct watched *w = arg;
    struct order *o = order_lock(cx, w->id);
    const struct charge_point *p = charge_point_find(cx, o->connector_id);

    must(p != NULL);
    w->act(cx, o, p);
}

static void watch_one(struct cx *cx, void *arg)
{
    db_tx(cx, watch_locked, arg);
}

static void watch_each(struct cx *cx, const struct order *orders, size_t n,
                       void (*act)(struct cx *cx, struct order *o,
                                   const struct charge_point *p))
{
    for (size_t i = 0; i < n; i++) {
        struct watched w = { orders[i].id, act };

        if (!cx_run(cx, watch_one, &w))
            log_warn("watch.failed", F_INT("order", w.id),
                     F_TEXT("why", cx->error.text));
    }
}

static bool older(struct cx *cx, stamp t, int64_t ms)
{
    return t.ms != 0 && cx->now.ms - t.ms >= ms;
}

/* ---- starts ---------------------------------------------------------- */

static void fail_start(struct cx *cx, struct order *o, const char *why)
{
    static const char sql[] =
        "UPDATE charge_order SET state = 7, fail_reason = ?,"
        " ended_at = COALESCE(ended_at, ?),"
        " stop_by = IF(stop_by = 0, 4, stop_by), ver = ver + 1"
        " WHERE id = ? AND state IN (1, 2, 3)";

    must(db_change_one(cx, sql, BIND(V(why), V(cx->now), V(o->id))));
    audit(cx, "order.start_failed", "order", o->id, why);
}

static void watch_start(struct cx *cx, struct order *o,
                        const struct charge_point *p)
{
    if (o->state == ORDER_CREATED) {
        /* Nobody sent it, and nobody will: the command has expired. A card
           start is sent by 0x32, which the pile does not answer. */
        if (older(cx, o->created_at, UNSENT_MS))
            fail_start(cx, o, "启动指令未能下发。");
        return;
    }
    if (o->state == ORDER_WAITING_PLUG && older(cx, o->sent_at, PLUG_MS))
        fail_start(cx, o, "60 秒内未插枪。");
    else if (o->state == ORDER_STARTING && older(cx, o->sent_at, START_MS))
        fail_start(cx, o, "90 秒内未开始充电。");
    else
        return;
    /* It may still begin: tell the pile not to (G15). */
    if (p->online)
        order_queue_stop(cx, o, p->pile_no);
}

void order_watch_starts(struct cx *cx)
{
    static const int states[] = { ORDER_CREATED, ORDER_STARTING,
                                  ORDER_WAITING_PLUG };

    for (size_t i = 0; i < COUNT(states); i++) {
        size_t n;
        const struct order *o = order_list_state(cx, states[i], 0, BATCH,
                                                 &n);

        watch_each(cx, o, n, watch_start);
    }
}

/* ---- failed starts --------------------------------------------------- */

/* A start command that never left the gateway started nothing. */
static bool was_sent(struct cx *cx, const struct order *o)
{
    const struct command_view *c = command_last(cx, o->id, 0, 0,
                                                o->start_by == START_BY_CARD
                                                    ? COMMAND_PERMIT
                                                    : COMMAND_START);

    return o->sent_at.ms != 0 ||
           (c != NULL && (c->sent_at.ms != 0 || c->state == COMMAND_SENT));
}

/*
 * Nothing runs: the gun reported something else than charging after the
 * failure, or the pile has been gone so long that it would have come back.
 */
static bool nothing_runs(struct cx *cx, const struct order *o,
                         const struct charge_point *p)
{
    bool mine = strcmp(p->trade_no, o->trade_no) == 0;

    if (!was_sent(cx, o))
        return true;
    if (!p->online)
        return older(cx, p->offline_at, OFFLINE_MS);
    if (p->state == CONNECTOR_CHARGING)
        return !mine && p->trade_no[0] != '\0';
    return p->state != CONNECTOR_OFFLINE && p->seen_at.ms > o->ended_at.ms;
}

static void end_hold(struct cx *cx, struct order *o, bool expired)
{
    static const char sql[] =
        "UPDATE charge_order SET hold_open = 0, ver = ver + 1 WHERE id = ?";

    if (expired)
        ledger_hold_expire(cx, o->hold_id);
    else
        ledger_hold_void(cx, o->hold_id);
    must(db_change_one(cx, sql, BIND(V(o->id))));
    audit(cx, expired ? "order.hold_expired" : "order.hold_voided", "order",
          o->id, o->order_no);
}

static bool hold_is_due(struct cx *cx, const struct order *o)
{
    size_t n;
    const struct ledger_hold_view *h = ledger_holds_of(cx, "order", o->id,
                                                       &n);

    for (size_t i = 0; i < n; i++)
        if (h[i].id == o->hold_id)
            return h[i].expires_at.ms != 0 &&
                   h[i].expires_at.ms <= cx->now.ms;
    return false;
}

static void watch_failed(struct cx *cx, struct order *o,
                         const struct charge_point *p)
{
    if (o->state != ORDER_START_FAILED || !o->hold_open)
        return;
    if (nothing_runs(cx, o, p))
        end_hold(cx, o, false);
    else if (hold_is_due(cx, o))
        end_hold(cx, o, true);
    else if (p->online && p->seen_at.ms <= o->ended_at.ms &&
             command_last(cx, o->id, 0, 0, COMMAND_READ) == NULL)
        order_queue_read(cx, o, p->pile_no); /* do not wait 5 minutes */
}

void order_watch_failed(struct cx *cx)
{
    size_t n;
    const struct order *o = order_list_held(cx, ORDER_START_FAILED, 0, BATCH,
                                            &n);

    watch_each(cx, o, n, watch_failed);
}

/* ---- missing records ------------------------------------------------- */

static int64_t record_ms(struct cx *cx)
{
    return cx->config->order_record_h * HOUR_MS;
}

/* A running order whose pile has been silent for a day has ended when it was
   last heard of (G14 until then: a disconnect settles nothing). */
static void watch_silent(struct cx *cx, struct order *o,
                         const struct charge_point *p)
{
    static const char sql[] =
        "UPDATE charge_order SET state = 6, ended_at = ?, ver = ver + 1"
        " WHERE id = ? AND state IN (4, 5)";
    stamp heard = o->live_at.ms != 0       ? o->live_at
                  : o->charging_at.ms != 0 ? o->charging_at
                                           : o->created_at;

    (void)p;
    if (!older(cx, heard, record_ms(cx)))
        return;
    if (db_change_one(cx, sql, BIND(V(heard), V(o->id))))
        audit(cx, "order.lost", "order", o->id, o->order_no);
}

static void watch_record(struct cx *cx, struct order *o,
                         const struct charge_point *p)
{
    if (o->state != ORDER_AWAITING_RECORD)
        return;
    if (older(cx, o->ended_at, record_ms(cx)))
        order_settle_provisionally(cx, o);
    else if (p->online && older(cx, o->ended_at, ASK_MS) &&
             command_last(cx, o->id, 0, 0, COMMAND_READ) == NULL)
        order_queue_read(cx, o, p->pile_no);
}

void order_watch_records(struct cx *cx)
{
    static const int running[] = { ORDER_CHARGING, ORDER_STOPPING };
    const struct order *o;
    size_t n;

    for (size_t i = 0; i < COUNT(running); i++) {
        int64_t after = 0;

        do {
            o = order_list_state(cx, running[i], after, BATCH, &n);
            for (size_t k = 0; k < n; k++)
                if (older(cx, o[k].live_at.ms != 0 ? o[k].live_at
                                                   : o[k].created_at,
                          record_ms(cx)))
                    watch_each(cx, &o[k], 1, watch_silent);
            after = n > 0 ? o[n - 1].id : 0;
        } while (n == BATCH);
    }
    o = order_list_state(cx, ORDER_AWAITING_RECORD, 0, BATCH, &n);
    watch_each(cx, o, n, watch_record);
}
