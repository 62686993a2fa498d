#include "charging/command.h"

#include "asset/charge_point.h"
#include "base/wake.h"
#include "db/db.h"

LABELS_DEFINE(command_kind, COMMAND_KINDS);
LABELS_DEFINE(command_state, COMMAND_STATES);

enum { ARGS_MAX = 300 };

/* Seconds in which a command must be sent. A start must not surprise a driver
   who walked away; a permission is wanted within 3 s. */
static const int ttl_s[] = {
    [COMMAND_START] = 15,      [COMMAND_STOP] = 60,
    [COMMAND_TARIFF] = 300,    [COMMAND_REBOOT] = 30,
    [COMMAND_CLOCK] = 60,      [COMMAND_READ] = 30,
    [COMMAND_PARAMETERS] = 60, [COMMAND_QR_PREFIX] = 60,
    [COMMAND_PERMIT] = 3,      [COMMAND_BALANCE] = 30,
};

int command_ttl_s(int kind)
{
    must(kind >= COMMAND_START && kind <= COMMAND_BALANCE);
    return ttl_s[kind];
}

struct wake_up {
    const char *to;
    int64_t pile_id;
};

static void wake(void *arg)
{
    const struct wake_up *w = arg;

    wake_send(w->to, w->pile_id);
}

static void wake_gateway(struct cx *cx, int64_t pile_id)
{
    struct wake_up *w = CX_NEW(cx, struct wake_up);

    *w = (struct wake_up){ pile_gateway_control(cx, pile_id), pile_id };
    if (w->to != NULL)
        db_on_commit(cx, wake, w);
}

int64_t command_queue(struct cx *cx, const struct command *c)
{
    static const char sql[] =
        "INSERT INTO pile_command (pile_id, gun, kind, order_id, trade_no,"
        " args, actor_kind, actor_id, created_at, expires_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    stamp expires = stamp_add_ms(cx->now,
                                 command_ttl_s(c->kind) * INT64_C(1000));
    int64_t id;

    db_need_tx(cx);
    must(c->pile_id != 0 && c->args_len <= ARGS_MAX);
    id = db_insert(cx, sql,
                   BIND(V(c->pile_id), V(c->gun), V(c->kind),
                        V_ID(c->order_id), V(c->trade_no),
                        V(((struct bytes){ c->args_len > 0 ? c->args : "",
                                           c->args_len })),
                        V((int)cx->actor.kind), V(cx->actor.id), V(cx->now),
                        V(expires)));
    wake_gateway(cx, c->pile_id);
    return id;
}

static const struct db_field view_row[] = {
    DB_FIELD(struct command_view, id),
    DB_FIELD(struct command_view, kind),
    DB_FIELD(struct command_view, state),
    DB_FIELD(struct command_view, result),
    DB_FIELD(struct command_view, reason),
    DB_FIELD(struct command_view, tries),
    DB_FIELD(struct command_view, created_at),
    DB_FIELD(struct command_view, sent_at),
    DB_FIELD(struct command_view, replied_at),
};

const struct command_view *command_last(struct cx *cx, int64_t order_id,
                                        int64_t pile_id, int gun, int kind)
{
    static const char of_order[] =
        "SELECT id, kind, state, result, reason, tries, created_at, sent_at,"
        "       replied_at FROM pile_command"
        " WHERE order_id = ? AND kind = ? ORDER BY id DESC LIMIT 1";
    static const char of_pile[] =
        "SELECT id, kind, state, result, reason, tries, created_at, sent_at,"
        "       replied_at FROM pile_command"
        " WHERE pile_id = ? AND gun = ? AND kind = ?"
        " ORDER BY id DESC LIMIT 1";

    return order_id != 0
               ? db_row(cx, of_order, BIND(V(order_id), V(kind)),
                        ROW(struct command_view, view_row))
               : db_row(cx, of_pile, BIND(V(pile_id), V(gun), V(kind)),
                        ROW(struct command_view, view_row));
}
