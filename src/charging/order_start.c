/*
 * Starting a charge: every check, the order with its trade number, the price
 * version, the money and the command, in one transaction. The connector's
 * counter row is the guard: two starts of one gun stand in line there.
 */
#include <inttypes.h>
#include <string.h>

#include "asset/charge_point.h"
#include "asset/live.h"
#include "base/config.h"
#include "base/crypto.h"
#include "charging/command.h"
#include "charging/order.h"
#include "charging/order_balance.h"
#include "charging/order_start.h"
#include "db/db.h"
#include "driver/payer.h"
#include "ledger/ledger.h"
#include "protocol/ykc/frame.h"
#include "system/audit.h"
#include "tariff/tariff.h"
#include "tariff/tariff_frame.h"

enum {
    AWAITING_BLOCKS_MS = 120000, /* a record is due within 30 s of the end */
    RECENT_ORDERS = 8,
    COUNTER_END = 10000
};

/* Longest time that a hold may stay without anything to bill: a session, the
   wait for its record, and a day. */
#define HOLD_DAYS 7

/* ---- checks ---------------------------------------------------------- */

static void need_point(struct cx *cx, const struct charge_point *p,
                       bool plug_later)
{
    if (!p->is_enabled)
        cx_fail(cx, ERR_STATE, "电枪 %s 已停用，换一把枪。", p->name);
    if (!p->online || p->state == CONNECTOR_OFFLINE)
        cx_fail(cx, ERR_PILE_OFFLINE, "电枪 %s 离线，换一把枪。", p->name);
    if (p->state == CONNECTOR_CHARGING)
        cx_fail(cx, ERR_PILE_BUSY, "电枪 %s 正在充电。", p->name);
    if (p->state == CONNECTOR_FAULT)
        cx_fail(cx, ERR_STATE, "电枪 %s 故障，换一把枪。", p->name);
    if (p->state == CONNECTOR_RESERVED)
        cx_fail(cx, ERR_PILE_BUSY, "电枪 %s 已被预约。", p->name);
    if (!p->plugged && !plug_later)
        cx_fail(cx, ERR_STATE, "电枪 %s 未插好，插枪后再启动。", p->name);
}

struct recent {
    int64_t id;
    int state;
    bool hold_open;
    stamp ended_at;
};

/*
 * No second order on the gun while one is open or its start is unknown
 * (G15): a failed start keeps the gun until it is known that nothing runs,
 * which is when its hold ends.
 */
static void need_free_gun(struct cx *cx, const struct charge_point *p)
{
    static const char sql[] =
        "SELECT id, state, hold_open, ended_at FROM charge_order"
        " WHERE connector_id = ? ORDER BY id DESC LIMIT ?";
    static const struct db_field row[] = {
        DB_FIELD(struct recent, id), DB_FIELD(struct recent, state),
        DB_FIELD(struct recent, hold_open),
        DB_FIELD(struct recent, ended_at),
    };
    size_t n;
    const struct recent *r = db_rows(cx, sql,
                                     BIND(V(p->connector_id),
                                          V((int)RECENT_ORDERS)),
                                     ROW(struct recent, row), &n);

    for (size_t i = 0; i < n; i++) {
        bool waits = r[i].state == ORDER_AWAITING_RECORD;

        if (waits && r[i].ended_at.ms != 0 &&
            cx->now.ms - r[i].ended_at.ms > AWAITING_BLOCKS_MS)
            continue;
        if (order_is_open(r[i].state))
            cx_fail(cx, ERR_PILE_BUSY, "电枪 %s 有未结束的订单。", p->name);
        if (r[i].state == ORDER_START_FAILED && r[i].hold_open)
            cx_fail(cx, ERR_PILE_BUSY,
                    "电枪 %s 上一次启动的结果还在确认，稍后再试。", p->name);
    }
}

static const struct payer *need_payer(struct cx *cx, int64_t driver_id)
{
    const struct payer *p = payer_find(cx, driver_id);

    if (p == NULL)
        cx_fail(cx, ERR_NOT_FOUND, "没有找到这个车主。");
    if (!p->is_enabled)
        cx_fail(cx, ERR_FORBIDDEN, "账户已停用，不能启动充电。");
    return p;
}

/* ---- numbers --------------------------------------------------------- */

/* Locks the connector's counter, so that nobody else starts there now. */
static void lock_counter(struct cx *cx, int64_t connector_id)
{
    static const char sql[] =
        "INSERT INTO trade_counter (connector_id, last) VALUES (?, 0)"
        " ON DUPLICATE KEY UPDATE last = last";

    db_exec(cx, sql, BIND(V(connector_id)));
}

/* A trade number that no order and no record has had (G8). */
static void next_trade_no(struct cx *cx, const struct charge_point *p,
                          char out[TRADE_NO_SIZE])
{
    static const char step[] =
        "UPDATE trade_counter SET last = MOD(last + 1, 10000)"
        " WHERE connector_id = ?";
    static const char last[] =
        "SELECT last FROM trade_counter WHERE connector_id = ?";
    static const char used[] =
        "SELECT EXISTS (SELECT 1 FROM charge_order WHERE trade_no = ?)"
        "    OR EXISTS (SELECT 1 FROM trade_record WHERE trade_no = ?)";

    for (int tries = 0; tries < COUNTER_END; tries++) {
        int64_t n;

        must(db_change_one(cx, step, BIND(V(p->connector_id))));
        n = db_int(cx, last, BIND(V(p->connector_id)));
        ykc_trade_number(p->pile_no, p->gun, cx->now, (unsigned)n, out);
        if (!db_int(cx, used, BIND(V((const char *)out),
                                   V((const char *)out))))
            return;
    }
    cx_fail(cx, ERR_STATE, "电枪 %s 的交易流水号已用完，稍后重试。", p->name);
}

static void order_no_of(struct cx *cx, char out[ORDER_NO_SIZE])
{
    struct civil c = stamp_civil(cx->now);

    snprintf(out, ORDER_NO_SIZE, "C%04u%02u%02u%02u%02u%02u%04u",
             (unsigned)c.year % 10000U, (unsigned)c.month % 100U,
             (unsigned)c.day % 100U, (unsigned)c.hour % 100U,
             (unsigned)c.minute % 100U, (unsigned)c.second % 100U,
             random_below(10000) % 10000U);
}

/* ---- the order ------------------------------------------------------- */

int64_t order_insert(struct cx *cx, const struct order_new *n)
{
    static const char sql[] =
        "INSERT INTO charge_order (order_no, trade_no, provider_id,"
        " merchant_id, station_id, pile_id, connector_id, gun, driver_id,"
        " plate, start_by, state, tariff_version_id, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    static const char id[] = "SELECT id FROM charge_order WHERE trade_no = ?";
    const struct charge_point *p = n->point;
    char no[ORDER_NO_SIZE];

    for (int tries = 0; tries < 20; tries++) {
        order_no_of(cx, no);
        if (db_insert_new(cx, sql,
                          BIND(V((const char *)no), V(n->trade_no),
                               V(p->provider_id), V(p->merchant_id),
                               V(p->station_id), V(p->pile_id),
                               V(p->connector_id), V(p->gun),
                               V(n->driver_id), V(n->plate), V(n->start_by),
                               V(n->state), V(n->version_id),
                               V(n->created_at))))
            return db_int(cx, id, BIND(V(n->trade_no)));
    }
    cx_fail(cx, ERR_DATABASE, "系统繁忙，稍后重试。");
}

static money reserve(struct cx *cx, const struct order_ask *ask,
                     int64_t order_id, const char *trade_no)
{
    static const char sql[] =
        "UPDATE charge_order SET hold_id = ?, hold_fen = ?, hold_open = 1,"
        " is_limited = ? WHERE id = ?";
    money least = FEN(cx->config->order_least_fen), most, held;
    int64_t hold_id;

    most = FEN(cx->config->order_hold_fen);
    if (ask->hold.fen != 0) {
        if (ask->hold.fen < least.fen || ask->hold.fen > ORDER_HOLD_MAX_FEN)
            cx_fail_field(cx, "hold", "应在 %lld–%lld 元之间。",
                          (long long)least.fen / 100,
                          (long long)ORDER_HOLD_MAX_FEN / 100);
        least = most = ask->hold;
    }
    if (most.fen < least.fen)
        most = least;
    hold_id = ledger_hold(cx, trade_no, "order", order_id, ask->driver_id,
                          least, most, stamp_add_days(cx->now, HOLD_DAYS),
                          &held);
    must(db_change_one(cx, sql, BIND(V(hold_id), V(held),
                                     V((int)(ask->hold.fen != 0)),
                                     V(order_id))));
    return held;
}

void order_prepare(struct cx *cx, const struct order_ask *ask,
                   struct order_started *out)
{
    const struct charge_point *p;
    const struct tariff_version *v;
    const struct payer *payer = need_payer(cx, ask->driver_id);

    db_need_tx(cx);
    lock_counter(cx, ask->connector_id);
    p = charge_point_find(cx, ask->connector_id);
    if (p == NULL)
        cx_fail(cx, ERR_NOT_FOUND, "没有找到这把电枪。");
    need_point(cx, p, ask->plug_later);
    need_free_gun(cx, p);
    v = tariff_at(cx, p->station_id, p->area_id, cx->now);
    if (v == NULL)
        cx_fail(cx, ERR_STATE, "这个电站没有生效的计费规则，不能启动充电。");
    *out = (struct order_started){ .point = p, .payer = payer, .version = v };
    next_trade_no(cx, p, out->trade_no);
    out->order_id = order_insert(cx, &(struct order_new){
        .point = p, .driver_id = payer->driver_id,
        .plate = ask->plate != NULL ? ask->plate : payer->plate,
        .start_by = ask->start_by, .state = ORDER_CREATED,
        .version_id = v->id, .trade_no = out->trade_no,
        .created_at = cx->now });
    out->held = reserve(cx, ask, out->order_id, out->trade_no);
    order_retell_balances(cx, payer->driver_id);
    audit(cx, "order.start", "order", out->order_id, p->name);
}

/* ---- the command ----------------------------------------------------- */

/* A pile that does not hold the prices is told them first; commands of one
   pile are sent in their order. */
static void push_tariff(struct cx *cx, const struct order_started *s)
{
    struct ykc_tariff_reply reply;
    struct ykc_tariff_push push;
    uint8_t body[YKC_MAX_BODY];
    size_t n;

    if (strcmp(s->point->tariff_no, s->version->wire_no) == 0)
        return;
    tariff_frame(s->point->pile_no, s->version, &reply);
    ykc_tariff_push_of(&reply, &push);
    must(ykc_encode(ykc_frame(ykc_type_tariff_push), &push, body,
                    sizeof body, &n) == WIRE_OK);
    command_queue(cx, &(struct command){ .pile_id = s->point->pile_id,
                                         .kind = COMMAND_TARIFF,
                                         .args = body, .args_len = n });
}

/* The pile may stop by itself at this balance: what is reserved, not what the
   driver has. */
static void queue_start(struct cx *cx, const struct order_started *s)
{
    struct ykc_remote_start f = { .gun_number = ykc_gun_byte(s->point->gun) };
    uint8_t body[YKC_MAX_BODY];
    size_t n;

    must(s->held.fen > 0 && s->held.fen <= UINT32_MAX);
    snprintf(f.trade_number, sizeof f.trade_number, "%s", s->trade_no);
    snprintf(f.pile_code, sizeof f.pile_code, "%s", s->point->pile_no);
    if (s->payer->physical_no[0] != '\0') {
        snprintf(f.logical_card, sizeof f.logical_card, "%s",
                 s->payer->logical_no);
        must(hex_decode(s->payer->physical_no, f.physical_card,
                        sizeof f.physical_card));
    }
    f.account_balance = (uint32_t)s->held.fen;
    must(ykc_encode(ykc_frame(ykc_type_remote_start), &f, body, sizeof body,
                    &n) == WIRE_OK);
    command_queue(cx, &(struct command){ .pile_id = s->point->pile_id,
                                         .gun = s->point->gun,
                                         .kind = COMMAND_START,
                                         .order_id = s->order_id,
                                         .trade_no = s->trade_no,
                                         .args = body, .args_len = n });
}

int64_t order_start(struct cx *cx, const struct order_ask *ask)
{
    struct order_started s;

    order_prepare(cx, ask, &s);
    push_tariff(cx, &s);
    queue_start(cx, &s);
    return s.order_id;
}
