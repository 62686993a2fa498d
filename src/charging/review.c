/*
 * People decide on what the checks held back.
 */
#include <string.h>

#include "base/utf8.h"
#include "charging/order.h"
#include "charging/order_money.h"
#include "charging/order_row.h"
#include "charging/settle.h"
#include "db/db.h"

enum { REASON_LEAST = 2, REASON_MOST = 200 };

/* 10,000 kWh in one session is a slip of the keyboard. */
#define REVIEW_ENERGY_MAX_E4 INT64_C(100000000)

static void bill_of(struct cx *cx, const struct order *o,
                    const struct waiting_record *w,
                    const int64_t *energy_e4kwh, struct bill *out)
{
    const struct tariff_version *v = tariff_version_load(
        cx, o->tariff_version_id);

    if (energy_e4kwh == NULL) {
        if (w == NULL)
            cx_fail(cx, ERR_STATE, "这个订单没有交易记录，填写核对后的电量。");
        record_bill(&w->record, &v->prices, out);
        return;
    }
    for (int i = 0; i < RATES; i++)
        if (energy_e4kwh[i] < 0 || energy_e4kwh[i] > REVIEW_ENERGY_MAX_E4)
            cx_fail_field(cx, "energy", "应在 0–10000 kWh 之间。");
    bill_compute(&v->prices, energy_e4kwh, out);
}

/* A settled order is open to review only while a late record of it waits. */
static void need_reviewable(struct cx *cx, const struct order *o,
                            const struct waiting_record *w)
{
    if (o->state == ORDER_REVIEW)
        return;
    if (o->state != ORDER_SETTLED || !o->provisional || w == NULL)
        cx_fail(cx, ERR_STATE, "这个订单不在复核中，可能已由别人处理。");
}

void order_review_preview(struct cx *cx, int64_t order_id,
                          const int64_t *energy_e4kwh, struct bill *out)
{
    struct order *o = order_load(cx, order_id);
    const struct waiting_record *w = record_of_trade(cx, o->trade_no);

    need_reviewable(cx, o, w);
    if (w != NULL && w->is_suspect && energy_e4kwh == NULL)
        cx_fail(cx, ERR_STATE, "这条记录多次使结算中断，金额无法预先核算。");
    bill_of(cx, o, w, energy_e4kwh, out);
}

static stamp first_of(stamp a, stamp b, stamp c)
{
    return a.ms != 0 ? a : b.ms != 0 ? b : c;
}

/* ---- with a second person (M13) --------------------------------------- */

static const int64_t nothing[RATES];

static const int64_t *energy_of(enum correction_how how)
{
    must(how == CORRECT_AS_RECORD || how == CORRECT_AS_ZERO);
    return how == CORRECT_AS_ZERO ? nothing : NULL;
}

static money most(money a, money b)
{
    return money_cmp(a, b) > 0 ? a : b;
}

/*
 * What the decision is about: the difference of an order that is settled
 * already; else what will be charged, or what the record says and will not
 * be. The order is locked.
 */
static money at_stake(struct cx *cx, const struct order *o,
                      const struct waiting_record *w, enum correction_how how)
{
    struct bill decided, recorded = { .total = FEN(0) };
    money d;

    bill_of(cx, o, w, energy_of(how), &decided);
    if (o->state == ORDER_SETTLED) {
        d = money_sub(decided.total, o->total_fen);
        return d.fen < 0 ? money_neg(d) : d;
    }
    if (w != NULL)
        bill_of(cx, o, w, NULL, &recorded);
    return most(decided.total, most(recorded.total, o->live_amount_fen));
}

static struct order *lock_reviewable(struct cx *cx, int64_t order_id,
                                     const struct waiting_record **w)
{
    struct order *o = order_load(cx, order_id);

    db_need_tx(cx);
    *w = record_lock_of_trade(cx, o->trade_no); /* before the order (T3) */
    o = order_lock(cx, o->id);
    need_reviewable(cx, o, *w);
    return o;
}

bool order_review_submit(struct cx *cx, int64_t order_id,
                         enum correction_how how, const char *reason)
{
    const struct waiting_record *w;
    struct order *o = lock_reviewable(cx, order_id, &w);

    if (!correction_open(cx, &(struct correction_ask){
                                 CORRECTION_ORDER, o->id, o->order_no, how,
                                 at_stake(cx, o, w, how), reason,
                                 o->provider_id, o->merchant_id,
                                 o->station_id }))
        return false;
    order_review(cx, o->id, energy_of(how), reason);
    return true;
}

void order_review_approved(struct cx *cx, const struct correction *c)
{
    const struct waiting_record *w;
    struct order *o = lock_reviewable(cx, c->ref_id, &w);

    must(c->kind == CORRECTION_ORDER);
    if (money_cmp(at_stake(cx, o, w, (enum correction_how)c->how),
                  c->amount) != 0)
        cx_fail(cx, ERR_STATE,
                "提交之后订单有了变化，金额已不同。驳回后重新复核。");
    order_review(cx, o->id, energy_of((enum correction_how)c->how),
                 c->reason);
}

bool order_is_reviewable(struct cx *cx, const struct order *o)
{
    if (o->state == ORDER_SETTLED && o->provisional)
        return record_of_trade(cx, o->trade_no) != NULL;
    return o->state == ORDER_REVIEW;
}

/* ---- the decision itself ---------------------------------------------- */

void order_review(struct cx *cx, int64_t order_id,
                  const int64_t *energy_e4kwh, const char *reason)
{
    size_t chars = reason != NULL ? utf8_count(reason) : 0;
    struct rollups rollups = { .n = 0 };
    struct order *o = order_load(cx, order_id);
    const struct waiting_record *w;
    struct settling s = { .event = "order.review" };
    struct bill b;

    db_need_tx(cx);
    if (chars < REASON_LEAST || chars > REASON_MOST)
        cx_fail_field(cx, "reason", "写明复核的依据，2–200 个字。");
    w = record_lock_of_trade(cx, o->trade_no); /* before the order (T3) */
    o = order_lock(cx, o->id);
    need_reviewable(cx, o, w);
    bill_of(cx, o, w, energy_e4kwh, &b);
    s.bill = &b;
    s.note = reason;
    s.record = w != NULL ? &w->record : NULL;
    s.recorded_at = w != NULL ? w->received_at : o->recorded_at;
    s.start = first_of(o->started_at, o->charging_at, o->created_at);
    s.end = first_of(o->finished_at, o->ended_at, cx->now);
    if (o->state == ORDER_SETTLED)
        order_correct(cx, o, &s, "review", reason, &rollups);
    else
        order_settle(cx, o, &s, &rollups);
    if (w != NULL)
        record_set_state(cx, w->id,
                         b.energy_e4kwh > 0 ? RECORD_SETTLED : RECORD_ZERO,
                         "");
    rollups_write(cx, &rollups);
}
