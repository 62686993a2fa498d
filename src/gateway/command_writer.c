/*
 * Commands: every second, or when woken, what is queued for our piles is
 * marked sent and given to the network threads; what became of commands comes
 * back and is written.
 */
#include <string.h>

#include "base/log.h"
#include "gateway/gateway.h"

enum {
    POLL_MS = 1000,
    RETRY_MS = 500,
    BATCH = 256,
    EXPIRE_MS = 2000
};

struct commander {
    struct worker *w;
    struct command_end ends[BATCH];
    size_t end_count;
    const struct command_row *rows;
    size_t row_count;
    int64_t expired_ms;
};

/* ---- out ------------------------------------------------------------ */

static void take_work(struct cx *cx, void *arg)
{
    struct commander *x = arg;

    x->rows = commands_take(cx, x->w->gateway->holder, &x->row_count);
}

static struct charger *charger_of_id(struct gateway *g, int64_t pile_id)
{
    size_t n = charger_count(&g->chargers);

    /* The newest comes first: one with more guns replaces its elder. */
    for (size_t i = n; i-- > 0;) {
        struct charger *ch = charger_at(&g->chargers, i);

        if (ch->id == pile_id)
            return ch;
    }
    return NULL;
}

static void gone(struct commander *x, const struct command_row *c)
{
    struct command_end e = {
        .id = c->id, .order_id = c->order_id, .kind = c->kind,
        .state = COMMAND_GONE, .result = -1, .reason = -1,
        .at = stamp_now()
    };

    count_one(&x->w->counts, COUNT_commands_offline);
    if (!queue_put(&x->w->gateway->ends, &e))
        log_warn("gateway.command_lost", F_INT("command", c->id));
}

static void hand_over(struct commander *x, const struct command_row *c)
{
    struct gateway *g = x->w->gateway;
    struct charger *ch = charger_of_id(g, c->pile_id);
    struct mail m = { .kind = MAIL_COMMAND, .charger = ch };

    m.to = ch != NULL ? atomic_load(&ch->owner) : 0;
    if (m.to == 0 || c->args.len > sizeof m.command.body) {
        gone(x, c);
        return;
    }
    m.command.id = c->id;
    m.command.order_id = c->order_id;
    m.command.kind = c->kind;
    m.command.gun = (uint8_t)c->gun;
    m.command.has_trade = wire_unhex(c->trade_no, m.command.trade, 16);
    m.command.len = (uint8_t)c->args.len;
    memcpy(m.command.body, c->args.data, c->args.len);
    mail_send(g, conn_id_net(m.to), &m);
}

/* False: the database failed. */
static bool send_queued(struct commander *x, struct cx *cx)
{
    if (!worker_run(x->w, cx, take_work, x))
        return false;
    fault_point("command.taken");
    for (size_t i = 0; i < x->row_count; i++)
        hand_over(x, &x->rows[i]);
    return true;
}

/* ---- back ----------------------------------------------------------- */

static void end_work(struct cx *cx, void *arg)
{
    const struct commander *x = arg;

    commands_end(cx, x->w->gateway->holder, x->ends, x->end_count);
}

static bool write_ends(struct commander *x, struct cx *cx)
{
    if (x->end_count == 0 || worker_run(x->w, cx, end_work, x)) {
        x->end_count = 0;
        return true;
    }
    if (!cx_error_passes(cx)) {
        log_error("command.ends_dropped", F_INT("count", x->end_count));
        x->end_count = 0;
    }
    return false;
}

static void expire_work(struct cx *cx, void *arg)
{
    struct commander *x = arg;

    count_add(&x->w->counts, COUNT_commands_offline,
              (uint64_t)commands_expire(cx));
}

static bool expire(struct commander *x, struct cx *cx)
{
    int64_t now_ms = monotonic_ms();

    if (now_ms - x->expired_ms < EXPIRE_MS)
        return true;
    x->expired_ms = now_ms;
    return worker_run(x->w, cx, expire_work, x);
}

/* ---- the thread ----------------------------------------------------- */

static bool one_round(struct commander *x, struct cx *cx)
{
    struct queue *q = &x->w->gateway->ends;

    /* A wake-up pokes this queue. */
    if (x->end_count == 0)
        x->end_count = queue_take(q, x->ends, BATCH, POLL_MS);
    if (!write_ends(x, cx))
        return false;
    return atomic_load(&x->w->gateway->is_draining) ||
           (send_queued(x, cx) && expire(x, cx));
}

void *command_writer(void *arg)
{
    struct worker *w = arg;
    struct commander *x = calloc(1, sizeof *x);
    struct cx *cx = worker_cx(w);

    must(x != NULL);
    x->w = w;
    while (!atomic_load(&w->gateway->is_loaded) &&
           !atomic_load(&w->gateway->is_stopping))
        worker_pause(w, 50);
    for (;;) {
        bool is_over = queue_is_closed(&w->gateway->ends);

        if (!one_round(x, cx)) {
            if (is_over)
                break;
            worker_pause(w, RETRY_MS);
        }
        if (is_over && x->end_count == 0 &&
            queue_room(&w->gateway->ends) == w->gateway->ends.capacity)
            break;
    }
    worker_cx_free(cx);
    free(x);
    return NULL;
}
