/*
 * Commands on their way to piles: see command_send.h.
 */
#include "charging/command_send.h"

#include <string.h>

#include "base/log.h"
#include "charging/order_live.h"
#include "protocol/ykc/frame.h"

static const struct db_field queued_row[] = {
    DB_FIELD(struct command_row, id),
    DB_FIELD(struct command_row, pile_id),
    DB_FIELD(struct command_row, gun),
    DB_FIELD(struct command_row, kind),
    DB_FIELD(struct command_row, order_id),
    DB_FIELD(struct command_row, trade_no),
    DB_FIELD(struct command_row, args),
};

struct take {
    struct holder h;
    struct command_row *rows;
    size_t n;
};

/* Does this 0x32 let the pile start? */
static bool permits(const struct command_row *c)
{
    size_t at;

    must(ykc_field(ykc_frame(ykc_type_start_permission), "allowed",
                   &at) != NULL);
    return c->args.len > at && ((const uint8_t *)c->args.data)[at] == 1;
}

/* Moves the order of the command; false if the order forbids it by now. */
static bool move_order(struct cx *cx, struct holder h,
                       const struct command_row *c)
{
    if (c->order_id == 0)
        return true;
    if (c->kind == COMMAND_START)
        return order_sent(cx, h, c->order_id);
    if (c->kind == COMMAND_PERMIT && permits(c))
        return order_sent(cx, h, c->order_id);
    if (c->kind == COMMAND_STOP)
        return order_stop_sent(cx, h, c->order_id);
    return true;
}

static void take_some(struct cx *cx, void *arg)
{
    static const char sql[] =
        "SELECT c.id, c.pile_id, c.gun, c.kind, c.order_id, c.trade_no,"
        "   c.args"
        "  FROM pile_command c JOIN pile p ON p.id = c.pile_id"
        " WHERE c.state = 1 AND c.expires_at >= ?"
        "   AND p.gateway_id = ? AND p.epoch = ? AND p.online = 1"
        " ORDER BY c.id LIMIT 200";
    static const char mark[] =
        "UPDATE pile_command SET state = ?, tries = 1, sent_at = ?"
        " WHERE id = ? AND state = 1";
    struct take *t = arg;
    struct command_row *all =
        db_rows(cx, sql,
                BIND(V(cx->now), V(t->h.gateway_id), V(t->h.epoch)),
                ROW(struct command_row, queued_row), &t->n);
    size_t kept = 0;

    for (size_t i = 0; i < t->n; i++) {
        bool may = move_order(cx, t->h, &all[i]);
        int state = may ? COMMAND_SENT : COMMAND_REFUSED;

        if (db_change_one(cx, mark, BIND(V(state), V(cx->now),
                                         V(all[i].id))) && may)
            all[kept++] = all[i];
    }
    t->rows = all;
    t->n = kept;
}

const struct command_row *commands_take(struct cx *cx, struct holder h,
                                        size_t *count)
{
    struct take t = { .h = h };

    db_tx(cx, take_some, &t);
    *count = t.n;
    return t.rows;
}

struct ends {
    struct holder h;
    const struct command_end *rows;
    size_t n;
};

static struct db_value raw_byte(int v)
{
    return v < 0 ? (struct db_value){ DB_NULL } : db_v_int(v);
}

struct place_row {
    int64_t pile_id;
    int gun;
    char trade_no[33];
};

static const struct db_field place_row[] = {
    DB_FIELD(struct place_row, pile_id),
    DB_FIELD(struct place_row, gun),
    DB_FIELD(struct place_row, trade_no),
};

/* A start that succeeded after everybody had given it up (G15). */
static void stop_late(struct cx *cx, const struct command_end *e)
{
    static const char sql[] =
        "SELECT pile_id, gun, trade_no FROM charge_order WHERE id = ?";
    const struct place_row *p = db_row(cx, sql, BIND(V(e->order_id)),
                                       ROW(struct place_row, place_row));

    log_warn("command.late_start", F_INT("order", e->order_id));
    if (p != NULL)
        command_stop_unwanted(cx, p->pile_id, p->gun, e->order_id,
                              p->trade_no);
}

static void start_ended(struct cx *cx, struct holder h,
                        const struct command_end *e)
{
    static const char offline[] =
        "UPDATE charge_order SET state = 7, sent_at = NULL, ended_at = ?,"
        "   fail_reason = '电桩离线，启动指令未下发', ver = ver + 1"
        " WHERE id = ? AND state IN (1, 2)";

    if (e->state == COMMAND_DONE) {
        if (!order_replied(cx, h, e->order_id, true, 0))
            stop_late(cx, e);
    } else if (e->state == COMMAND_REFUSED) {
        order_replied(cx, h, e->order_id, false, e->reason);
    } else if (e->state == COMMAND_GONE) {
        db_change_one(cx, offline, BIND(V(e->at), V(e->order_id)));
    }
}

static void stop_ended(struct cx *cx, struct holder h,
                       const struct command_end *e)
{
    if (e->state == COMMAND_DONE ||
        (e->state == COMMAND_REFUSED &&
         e->reason == YKC_STOP_FAILURE_NOT_CHARGING))
        order_stop_replied(cx, h, e->order_id, e->at);
}

static void end_some(struct cx *cx, void *arg)
{
    static const char sql[] =
        "UPDATE pile_command SET state = ?, result = ?, reason = ?,"
        "   tries = ?, replied_at = IF(? IN (3, 4), ?, replied_at),"
        "   sent_at = IF(? = 6, NULL, sent_at)"
        " WHERE id = ? AND state <> 3";
    const struct ends *x = arg;

    for (size_t i = 0; i < x->n; i++) {
        const struct command_end *e = &x->rows[i];

        if (e->order_id != 0 && e->kind == COMMAND_START)
            start_ended(cx, x->h, e);
        if (e->order_id != 0 && e->kind == COMMAND_STOP)
            stop_ended(cx, x->h, e);
        db_exec(cx, sql,
                BIND(V(e->state), raw_byte(e->result), raw_byte(e->reason),
                     V(e->tries), V(e->state), V(e->at), V(e->state),
                     V(e->id)));
    }
}

void commands_end(struct cx *cx, struct holder h,
                  const struct command_end *rows, size_t n)
{
    struct ends x = { h, rows, n };

    if (n > 0)
        db_tx(cx, end_some, &x);
}

struct expired_row {
    int64_t id, order_id;
    int kind;
};

static const struct db_field expired_row[] = {
    DB_FIELD(struct expired_row, id),
    DB_FIELD(struct expired_row, order_id),
    DB_FIELD(struct expired_row, kind),
};

static void expire_some(struct cx *cx, void *arg)
{
    static const char sql[] =
        "SELECT c.id, c.order_id, c.kind"
        "  FROM pile_command c JOIN pile p ON p.id = c.pile_id"
        " WHERE c.state = 1 AND (c.expires_at < ? OR p.online = 0)"
        " ORDER BY c.id LIMIT 200";
    static const char mark[] =
        "UPDATE pile_command SET state = 6 WHERE id = ? AND state = 1";
    int64_t *done = arg;
    size_t n;
    const struct expired_row *rows =
        db_rows(cx, sql, BIND(V(cx->now)),
                ROW(struct expired_row, expired_row), &n);

    *done = 0;
    for (size_t i = 0; i < n; i++) {
        bool starts = rows[i].kind == COMMAND_START ||
                      rows[i].kind == COMMAND_PERMIT;

        if (rows[i].order_id != 0 && starts)
            order_not_sent(cx, rows[i].order_id,
                           "电桩离线，启动指令未下发");
        *done += db_change_one(cx, mark, BIND(V(rows[i].id)));
    }
}

int64_t commands_expire(struct cx *cx)
{
    int64_t done;

    db_tx(cx, expire_some, &done);
    return done;
}

void commands_forget(struct cx *cx, struct holder h)
{
    static const char sql[] =
        "UPDATE pile_command c JOIN pile p ON p.id = c.pile_id"
        "   SET c.state = 5"
        " WHERE c.state = 2 AND p.gateway_id = ? AND p.epoch < ?";

    db_exec(cx, sql, BIND(V(h.gateway_id), V(h.epoch)));
}

void command_stop_unwanted(struct cx *cx, int64_t pile_id, int gun,
                           int64_t order_id, const char *trade_no)
{
    static const char pile[] = "SELECT no FROM pile WHERE id = ?";
    const char *no = db_text(cx, pile, BIND(V(pile_id)));
    struct ykc_remote_stop f = { .gun_number = ykc_gun_byte(gun) };
    uint8_t body[YKC_MAX_BODY];
    size_t n;

    must(no != NULL);
    snprintf(f.pile_code, sizeof f.pile_code, "%s", no);
    must(ykc_encode(ykc_frame(ykc_type_remote_stop), &f, body, sizeof body,
                    &n) == WIRE_OK);
    cx->actor.kind = ACTOR_SYSTEM;
    command_queue(cx, &(struct command){ .pile_id = pile_id, .gun = gun,
                                         .kind = COMMAND_STOP,
                                         .order_id = order_id,
                                         .trade_no = trade_no, .args = body,
                                         .args_len = n });
}
