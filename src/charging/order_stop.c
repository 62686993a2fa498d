/*
 * Stopping a charge. 0x36 carries no trade number, so it is queued only while
 * the order is the gun's current one, and the gateway looks again before it
 * sends (ykc-1.6, 0x36).
 */
#include <string.h>

#include "asset/charge_point.h"
#include "asset/live.h"
#include "charging/command.h"
#include "charging/order.h"
#include "charging/order_row.h"
#include "charging/order_stop.h"
#include "db/db.h"
#include "protocol/ykc/frame.h"
#include "system/audit.h"

void order_queue_stop(struct cx *cx, const struct order *o,
                      const char *pile_no)
{
    struct ykc_remote_stop f = { .gun_number = ykc_gun_byte(o->gun) };
    uint8_t body[YKC_MAX_BODY];
    size_t n;

    snprintf(f.pile_code, sizeof f.pile_code, "%s", pile_no);
    must(ykc_encode(ykc_frame(ykc_type_remote_stop), &f, body, sizeof body,
                    &n) == WIRE_OK);
    command_queue(cx, &(struct command){ .pile_id = o->pile_id,
                                         .gun = o->gun,
                                         .kind = COMMAND_STOP,
                                         .order_id = o->id,
                                         .trade_no = o->trade_no,
                                         .args = body, .args_len = n });
}

void order_queue_read(struct cx *cx, const struct order *o,
                      const char *pile_no)
{
    struct ykc_read f = { .gun_number = ykc_gun_byte(o->gun) };
    uint8_t body[YKC_MAX_BODY];
    size_t n;

    snprintf(f.pile_code, sizeof f.pile_code, "%s", pile_no);
    must(ykc_encode(ykc_frame(ykc_type_read), &f, body, sizeof body, &n) ==
         WIRE_OK);
    command_queue(cx, &(struct command){ .pile_id = o->pile_id,
                                         .gun = o->gun,
                                         .kind = COMMAND_READ,
                                         .order_id = o->id,
                                         .trade_no = o->trade_no,
                                         .args = body, .args_len = n });
}

/* A stop of this order is still on its way. */
static bool is_being_stopped(struct cx *cx, const struct order *o)
{
    const struct command_view *c = command_last(cx, o->id, 0, 0,
                                                COMMAND_STOP);

    return c != NULL &&
           (c->state == COMMAND_SENT ||
            (c->state == COMMAND_QUEUED &&
             cx->now.ms - c->created_at.ms <
                 command_ttl_s(COMMAND_STOP) * INT64_C(1000)));
}

/* The gun says that it charges for this order, whatever the order says: a
   stop is always allowed then (G16). */
static bool is_running(const struct order *o, const struct charge_point *p)
{
    return p->state == CONNECTOR_CHARGING &&
           strcmp(p->trade_no, o->trade_no) == 0;
}

static bool is_over(struct cx *cx, const struct order *o)
{
    if (o->state == ORDER_AWAITING_RECORD)
        return true;
    if (o->state == ORDER_START_FAILED)
        cx_fail(cx, ERR_STATE, "这次充电没有启动，无需停止。");
    if (!order_is_open(o->state))
        cx_fail(cx, ERR_STATE, "充电已经结束。");
    return false;
}

void order_stop(struct cx *cx, int64_t order_id, enum order_stop_by by)
{
    static const char sql[] =
        "UPDATE charge_order SET stop_by = IF(stop_by = 0, ?, stop_by),"
        " ver = ver + 1 WHERE id = ?";
    const struct charge_point *p;
    struct order *o = order_load(cx, order_id);

    db_need_tx(cx);
    o = order_lock(cx, o->id);
    p = charge_point_find(cx, o->connector_id);
    must(p != NULL);
    if ((!is_running(o, p) && is_over(cx, o)) || is_being_stopped(cx, o))
        return;
    if (!p->online)
        cx_fail(cx, ERR_PILE_OFFLINE,
                "电桩离线，停止指令发不出去。可在电桩上停止，费用以记录为准。");
    if (p->state == CONNECTOR_CHARGING && p->trade_no[0] != '\0' &&
        strcmp(p->trade_no, o->trade_no) != 0)
        cx_fail(cx, ERR_STATE, "电枪 %s 正在为别的订单充电，没有停止。",
                p->name);
    order_queue_stop(cx, o, p->pile_no);
    must(db_change_one(cx, sql, BIND(V((int)by), V(o->id))));
    audit(cx, "order.stop", "order", o->id, o->order_no);
}
