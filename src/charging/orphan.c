#include "charging/orphan.h"

#include "asset/charge_point.h"
#include "base/utf8.h"
#include "charging/order_row.h"
#include "charging/order_start.h"
#include "charging/record.h"
#include "db/scope.h"
#include "driver/payer.h"
#include "system/audit.h"

enum { WHY_LEAST = 2, WHY_MOST = 200 };

LABELS_DEFINE(orphan_how, ORPHAN_HOWS);

static const struct db_field orphan_row[] = {
    DB_FIELD(struct orphan, id),      DB_FIELD(struct orphan, trade_no),
    DB_FIELD(struct orphan, pile_id), DB_FIELD(struct orphan, gun),
    DB_FIELD(struct orphan, state),   DB_FIELD(struct orphan, raw),
    DB_FIELD(struct orphan, received_at),
};

const struct orphan *orphan_load(struct cx *cx, int64_t id)
{
    static const struct scope_columns scope = SCOPE_STATION("s");
    static const char sql[] =
        "SELECT r.id, r.trade_no, r.pile_id, r.gun, r.state, r.raw,"
        "       r.received_at"
        "  FROM trade_record r JOIN pile p ON p.id = r.pile_id"
        "  JOIN station s ON s.id = p.station_id WHERE r.id = ?";

    return scoped_row(cx, sql, id, &scope, ROW(struct orphan, orphan_row),
                      "交易记录");
}

/* ---- common to all decisions ----------------------------------------- */

/* An order that waits for review with this record decides about it there. */
static void need_undecided(struct cx *cx, const struct orphan *r)
{
    static const char in_review[] =
        "SELECT EXISTS (SELECT 1 FROM trade_record r JOIN charge_order o"
        "    ON o.trade_no = COALESCE(r.for_trade_no, r.trade_no)"
        " WHERE r.id = ? AND o.state = 9 AND o.pile_id = r.pile_id"
        "   AND o.gun = r.gun)";

    if (r->state != RECORD_ORPHAN && r->state != RECORD_REVIEW)
        cx_fail(cx, ERR_STATE, "这条记录已处理，可能是别人刚处理的。");
    if (db_int(cx, in_review, BIND(V(r->id))))
        cx_fail(cx, ERR_STATE, "这条记录的订单在待复核，到订单页复核。");
}

/* The record, locked before any order (T3). */
static const struct orphan *take(struct cx *cx, int64_t id, const char *why)
{
    static const char sql[] =
        "SELECT id, trade_no, pile_id, gun, state, raw, received_at"
        "  FROM trade_record WHERE id = ? FOR UPDATE";
    size_t chars = utf8_count(why);
    const struct orphan *r;

    db_need_tx(cx);
    if (chars < WHY_LEAST || chars > WHY_MOST)
        cx_fail_field(cx, "why", "写明依据，2–200 个字。");
    orphan_load(cx, id);
    r = db_row(cx, sql, BIND(V(id)), ROW(struct orphan, orphan_row));
    must(r != NULL); /* loaded just now, and never deleted */
    need_undecided(cx, r);
    return r;
}

static const struct record *read_it(struct cx *cx, const struct orphan *r)
{
    struct record *out = CX_NEW(cx, struct record);

    if (!record_read(r->raw.data, r->raw.len, out))
        cx_fail_field(cx, "how", "报文不完整，不能结算，只能忽略。");
    return out;
}

static void note(struct cx *cx, const struct orphan *r, int how,
                 const char *why, const char *what)
{
    static const char sql[] =
        "UPDATE trade_record SET handled_at = ?, handled_how = ?,"
        " handled_why = ? WHERE id = ?";

    must(db_change_one(cx, sql, BIND(V(cx->now), V(how), V(why),
                                     V(r->id))));
    audit(cx, how == ORPHAN_DISMISSED ? "record.dismiss" : "record.assign",
          "orphan", r->id, cx_printf(cx, "%s，%s", what, why));
}

/* The settling job takes it from here. for_trade NULL: its own number. */
static void let_settle(struct cx *cx, const struct orphan *r,
                       const char *for_trade)
{
    static const char sql[] =
        "UPDATE trade_record SET state = 1, tries = 0, aborts = 0,"
        " error = '', next_at = ?, for_trade_no = ? WHERE id = ?";

    must(db_change_one(cx, sql, BIND(V(cx->now), V(for_trade), V(r->id))));
}

/* ---- an order -------------------------------------------------------- */

static void need_fitting(struct cx *cx, const struct orphan *r,
                         const struct order *o)
{
    static const char has_record[] =
        "SELECT EXISTS (SELECT 1 FROM trade_record WHERE id <> ?"
        "   AND (trade_no = ? OR for_trade_no = ?))";

    if (o->pile_id != r->pile_id || o->gun != r->gun)
        cx_fail_field(cx, "order_id", "订单与记录不是同一电桩的同一把枪。");
    if (o->state != ORDER_AWAITING_RECORD && o->state != ORDER_START_FAILED &&
        (o->state != ORDER_SETTLED || !o->provisional))
        cx_fail_field(cx, "order_id", "订单须在等待结算、启动失败或暂结状态。");
    if (db_int(cx, has_record, BIND(V(r->id), V((const char *)o->trade_no),
                                    V((const char *)o->trade_no))))
        cx_fail_field(cx, "order_id", "订单已有交易记录。");
}

void orphan_to_order(struct cx *cx, int64_t id, int64_t order_id,
                     const char *why)
{
    static const char move[] =
        "UPDATE charge_order SET recorded_at = ?,"
        " ended_at = COALESCE(ended_at, ?), state = 8, ver = ver + 1"
        " WHERE id = ? AND state IN (6, 7)";
    const struct orphan *r = take(cx, id, why);
    const struct order *o = order_lock(cx, order_load(cx, order_id)->id);

    read_it(cx, r);
    need_fitting(cx, r, o);
    db_exec(cx, move, BIND(V(r->received_at), V(r->received_at), V(o->id)));
    let_settle(cx, r, o->trade_no);
    note(cx, r, ORPHAN_TO_ORDER, why,
         cx_printf(cx, "归入订单 %s", o->order_no));
    audit(cx, "order.record_assigned", "order", o->id, why);
}

/* ---- a driver -------------------------------------------------------- */

static int64_t make_order(struct cx *cx, const struct orphan *r,
                          const struct record *rec,
                          const struct payer *payer)
{
    static const char move[] =
        "UPDATE charge_order SET recorded_at = ?, ended_at = ? WHERE id = ?";
    const struct charge_point *p = charge_point_of(cx, r->pile_id, r->gun);
    stamp start = rec->start.ms != 0 ? rec->start : r->received_at;
    const struct tariff_version *v;
    int64_t id;

    if (p == NULL)
        cx_fail_field(cx, "how", "电桩没有这把枪。");
    v = tariff_at(cx, p->station_id, p->area_id, start);
    if (v == NULL)
        cx_fail_field(cx, "how", "充电开始时电站没有生效的计费规则。");
    id = order_insert(cx, &(struct order_new){
        .point = p, .driver_id = payer->driver_id, .plate = payer->plate,
        .start_by = rec->start_flag == RECORD_BY_OFFLINE_CARD
                        ? START_BY_OFFLINE_CARD : START_BY_CONSOLE,
        .state = ORDER_RECORDED, .version_id = v->id,
        .trade_no = r->trade_no, .created_at = start });
    must(db_change_one(cx, move, BIND(V(r->received_at), V(r->received_at),
                                      V(id))));
    return id;
}

static const struct payer *need_payer(struct cx *cx, const struct orphan *r,
                                      int64_t driver_id)
{
    static const char taken[] =
        "SELECT EXISTS (SELECT 1 FROM charge_order WHERE trade_no = ?)";
    const struct payer *payer = payer_find(cx, driver_id);

    if (payer == NULL)
        cx_fail_field(cx, "driver_id", "没有找到这个车主。");
    if (db_int(cx, taken, BIND(V((const char *)r->trade_no))))
        cx_fail_field(cx, "how", "这个交易流水号已有订单，不能再补建。");
    return payer;
}

void orphan_to_driver(struct cx *cx, int64_t id, int64_t driver_id,
                      const char *why)
{
    const struct orphan *r = take(cx, id, why);
    const struct record *rec = read_it(cx, r);
    const struct payer *payer = need_payer(cx, r, driver_id);
    int64_t order_id;

    order_id = make_order(cx, r, rec, payer);
    let_settle(cx, r, NULL);
    note(cx, r, ORPHAN_TO_DRIVER, why,
         cx_printf(cx, "为车主 %lld 补建订单", (long long)driver_id));
    audit(cx, "order.made_of_record", "order", order_id, why);
}

void orphan_dismiss(struct cx *cx, int64_t id, const char *why)
{
    static const char sql[] =
        "UPDATE trade_record SET state = ? WHERE id = ?";
    const struct orphan *r = take(cx, id, why);

    must(db_change_one(cx, sql, BIND(V((int)RECORD_DISMISSED), V(r->id))));
    note(cx, r, ORPHAN_DISMISSED, why, "忽略");
}

/* ---- with a second person (M13, M18) --------------------------------- */

static enum correction_how correction_how_of(enum orphan_how how)
{
    return how == ORPHAN_TO_ORDER    ? CORRECT_TO_ORDER
           : how == ORPHAN_TO_DRIVER ? CORRECT_TO_DRIVER
                                     : CORRECT_DISMISS;
}

/* What the record costs at the prices in force when it began; without any, or
   if it cannot be read, what the pile says. */
static money at_stake(struct cx *cx, const struct orphan *r,
                      const struct charge_point *p)
{
    struct record rec;
    const struct tariff_version *v = NULL;
    struct bill b;

    if (!record_read(r->raw.data, r->raw.len, &rec))
        return FEN(0);
    if (p != NULL)
        v = tariff_at(cx, p->station_id, p->area_id,
                      rec.start.ms != 0 ? rec.start : r->received_at);
    if (v == NULL)
        return FEN(rec.amount_e4yuan < 0 ? 0 : rec.amount_e4yuan / 100);
    record_bill(&rec, &v->prices, &b);
    return b.total;
}

/* What cannot be done is not put before a second person. */
static void need_possible(struct cx *cx, const struct orphan *r,
                          enum orphan_how how, int64_t target)
{
    if (how == ORPHAN_DISMISSED)
        return;
    read_it(cx, r);
    if (how == ORPHAN_TO_ORDER)
        need_fitting(cx, r, order_load(cx, target));
    else
        need_payer(cx, r, target);
}

static void decide(struct cx *cx, int64_t id, enum correction_how how,
                   int64_t target, const char *why)
{
    if (how == CORRECT_TO_ORDER)
        orphan_to_order(cx, id, target, why);
    else if (how == CORRECT_TO_DRIVER)
        orphan_to_driver(cx, id, target, why);
    else
        orphan_dismiss(cx, id, why);
}

bool orphan_submit(struct cx *cx, int64_t id, enum orphan_how how,
                   int64_t target, const char *why)
{
    const struct orphan *r = take(cx, id, why);
    const struct charge_point *p = charge_point_of(cx, r->pile_id, r->gun);
    struct correction_ask ask = {
        .kind = CORRECTION_ORPHAN, .ref_id = r->id, .ref_no = r->trade_no,
        .how = correction_how_of(how), .amount = at_stake(cx, r, p),
        .reason = why, .target_id = target
    };

    if (p != NULL) {
        ask.provider_id = p->provider_id;
        ask.merchant_id = p->merchant_id;
        ask.station_id = p->station_id;
    }
    need_possible(cx, r, how, target);
    if (!correction_open(cx, &ask))
        return false;
    decide(cx, id, ask.how, target, why);
    return true;
}

void orphan_approved(struct cx *cx, const struct correction *c)
{
    const struct orphan *r = take(cx, c->ref_id, c->reason);

    must(c->kind == CORRECTION_ORPHAN);
    if (money_cmp(at_stake(cx, r, charge_point_of(cx, r->pile_id, r->gun)),
                  c->amount) != 0)
        cx_fail(cx, ERR_STATE, "提交之后金额有了变化。驳回后重新处理。");
    decide(cx, r->id, (enum correction_how)c->how, c->target_id, c->reason);
}
