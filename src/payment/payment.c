#include "payment/payment.h"

#include <string.h>

#include "base/config.h"
#include "base/crypto.h"
#include "base/log.h"
#include "db/db.h"
#include "db/outbox.h"
#include "payment/payment_row.h"
#include "report/rollup.h"
#include "system/audit.h"

LABELS_DEFINE(payment_state, PAYMENT_STATES);

enum {
    TOPUP_LIFE_MS = 30 * 60 * 1000, /* an unpaid top-up is closed after it */
    OPEN_MAX = 20,                  /* unpaid top-ups of one driver (I5) */
};

/* Drivers see their own; of the console only the platform sees payments,
   because a driver's wallet belongs to no provider. */
const struct scope_columns payment_scope = { .driver = "p.driver_id" };

static const struct db_field payment_fields[] = {
    DB_FIELD(struct payment, id),
    DB_FIELD(struct payment, out_trade_no),
    DB_FIELD(struct payment, driver_id),
    DB_FIELD(struct payment, channel),
    DB_FIELD(struct payment, amount),
    DB_FIELD(struct payment, state),
    DB_FIELD(struct payment, channel_trade_no),
    DB_FIELD(struct payment, client),
    DB_FIELD(struct payment, created_at),
    DB_FIELD(struct payment, paid_at),
    DB_FIELD(struct payment, expires_at),
    DB_FIELD(struct payment, queries),
    DB_FIELD(struct payment, error),
};

#define PAYMENT_SELECT                                                       \
    "SELECT p.id, p.out_trade_no, p.driver_id, p.channel, p.amount,"         \
    " p.state, p.channel_trade_no, p.client, p.created_at, p.paid_at,"       \
    " p.expires_at, p.queries, p.error"                                      \
    "  FROM payment p"
#define PAYMENT_ROW ROW(struct payment, payment_fields)

struct payment *payment_load_no(struct cx *cx, const char *out_trade_no)
{
    static const char sql[] = PAYMENT_SELECT " WHERE p.out_trade_no = ?";

    return scoped_row_by(cx, sql, V(out_trade_no), &payment_scope,
                         PAYMENT_ROW, "充值单");
}

const struct payment *payment_list_mine(struct cx *cx, int64_t driver_id,
                                        int64_t before_id, int limit,
                                        size_t *count)
{
    static const char sql[] =
        PAYMENT_SELECT
        " WHERE p.driver_id = ? AND p.id < ?"
        " ORDER BY p.id DESC LIMIT ?";
    int64_t before = before_id == 0 ? INT64_MAX : before_id;

    return db_rows(cx, sql, BIND(V(driver_id), V(before), V(limit)),
                   PAYMENT_ROW, count);
}

struct payment *payment_find(struct cx *cx, int64_t id)
{
    static const char sql[] = PAYMENT_SELECT " WHERE p.id = ?";

    return db_row(cx, sql, BIND(V(id)), PAYMENT_ROW);
}

struct payment *payment_lock(struct cx *cx, int64_t id)
{
    static const char sql[] = PAYMENT_SELECT " WHERE p.id = ? FOR UPDATE";

    db_need_tx(cx);
    return db_row(cx, sql, BIND(V(id)), PAYMENT_ROW);
}

struct payment *payment_lock_no(struct cx *cx, const char *out_trade_no)
{
    static const char sql[] =
        PAYMENT_SELECT " WHERE p.out_trade_no = ? FOR UPDATE";

    db_need_tx(cx);
    return db_row(cx, sql, BIND(V(out_trade_no)), PAYMENT_ROW);
}

const char *payment_number(struct cx *cx, const char *letters)
{
    struct civil c = stamp_civil(cx->now);

    return cx_printf(cx, "%s%02d%02d%02d%02d%02d%02d%05u%05u", letters,
                     c.year % 100, c.month, c.day, c.hour, c.minute, c.second,
                     random_below(100000), random_below(100000));
}

void payment_act_as(struct cx *cx, enum actor_kind kind, const char *name)
{
    if (cx->actor.kind != ACTOR_NONE)
        return;
    cx->actor.kind = kind;
    cx->actor.name = name;
}

/* ---- what the channel says ---- */

void payment_book(struct cx *cx, struct payment *p,
                  const char *channel_trade_no, stamp paid_at)
{
    /* 7: late money that a person gave to the driver after all. */
    static const char sql[] =
        "UPDATE payment"
        "   SET state = ?, channel_trade_no = ?, paid_at = ?,"
        "       query_at = NULL, error = '', updated_at = ?"
        " WHERE id = ? AND state IN (1, 2, 7)";
    const struct pay_provider *provider = pay_provider_find(p->channel);
    char amount[MONEY_TEXT];

    must(provider != NULL);
    must(db_change_one(cx, sql,
                       BIND(V(PAYMENT_PAID), V(channel_trade_no),
                            V(paid_at), V(cx->now), V(p->id))));
    ledger_topup(cx, p->out_trade_no, p->id, p->driver_id, provider->channel,
                 p->amount);
    rollup_add_topup(cx, paid_at, p->amount);
    money_text(p->amount, amount);
    audit(cx, "payment.paid", "payment", p->id,
          cx_printf(cx, "充值到账 %s 元", amount));
    outbox_add(cx, "payment.paid",
               cx_printf(cx, "driver:%lld", (long long)p->driver_id),
               cx_printf(cx, "{\"payment_id\":%lld,\"driver_id\":%lld,"
                             "\"amount\":%lld}",
                         (long long)p->id, (long long)p->driver_id,
                         (long long)p->amount.fen));
    p->state = PAYMENT_PAID;
    p->paid_at = paid_at;
}

/* Money for an order that was given up (O5): it goes back. */
static void return_late(struct cx *cx, struct payment *p,
                        const struct pay_trade *t)
{
    static const char sql[] =
        "UPDATE payment"
        "   SET state = ?, channel_trade_no = ?, paid_at = ?,"
        "       query_at = NULL, updated_at = ?"
        " WHERE id = ? AND state IN (4, 5)";

    must(db_change_one(cx, sql,
                       BIND(V(PAYMENT_REFUNDING), V(t->channel_trade_no),
                            V(t->paid_at), V(cx->now), V(p->id))));
    refund_queue(cx, p, "订单关闭后到账，自动退回");
    audit(cx, "payment.late", "payment", p->id,
          "充值单关闭后收到付款，已转自动退款");
    log_warn("payment.late", F_TEXT("out_trade_no", p->out_trade_no));
    p->state = PAYMENT_REFUNDING;
    p->paid_at = t->paid_at;
}

static enum payment_verdict apply_paid(struct cx *cx, struct payment *p,
                                       const struct pay_trade *t,
                                       const char **why)
{
    if (money_cmp(t->amount, p->amount) != 0) {
        *why = "amount";
        return VERDICT_REFUSED;
    }
    if (p->channel_trade_no != NULL &&
        strcmp(p->channel_trade_no, t->channel_trade_no) != 0) {
        *why = "channel_trade_no";
        return VERDICT_REFUSED;
    }
    switch (p->state) {
    case PAYMENT_CREATED:
    case PAYMENT_UNKNOWN:
        payment_book(cx, p, t->channel_trade_no, t->paid_at);
        return VERDICT_APPLIED;
    case PAYMENT_CLOSED:
    case PAYMENT_FAILED:
        return_late(cx, p, t);
        return VERDICT_APPLIED;
    default:
        return VERDICT_NO_EFFECT;
    }
}

static enum payment_verdict apply_closed(struct cx *cx, struct payment *p)
{
    static const char sql[] =
        "UPDATE payment"
        "   SET state = ?, query_at = ?, updated_at = ?"
        " WHERE id = ? AND state IN (1, 2)";
    /* Asked once more when the channel itself can no longer change its mind. */
    stamp last = stamp_add_ms(p->created_at, 25 * INT64_C(3600000));

    if (!db_change_one(cx, sql, BIND(V(PAYMENT_CLOSED), V(last), V(cx->now),
                                     V(p->id))))
        return VERDICT_NO_EFFECT;
    audit(cx, "payment.closed", "payment", p->id, "充值单未支付，已关闭");
    p->state = PAYMENT_CLOSED;
    return VERDICT_APPLIED;
}

/* The channel knows the order and waits for the payer. */
static enum payment_verdict apply_waiting(struct cx *cx, struct payment *p,
                                          const struct pay_trade *t)
{
    static const char sql[] =
        "UPDATE payment"
        "   SET state = ?, channel_trade_no = ?, error = '', updated_at = ?,"
        "       client = CASE WHEN ? = '' THEN client ELSE ? END"
        " WHERE id = ? AND state IN (1, 2)";

    if (!db_change_one(cx, sql,
                       BIND(V(PAYMENT_CREATED), V(t->channel_trade_no),
                            V(cx->now), V(t->client), V(t->client),
                            V(p->id))))
        return VERDICT_NO_EFFECT;
    p->state = PAYMENT_CREATED;
    if (t->client[0] != '\0')
        p->client = t->client;
    return VERDICT_APPLIED;
}

enum payment_verdict payment_apply(struct cx *cx, struct payment *p,
                                   const struct pay_trade *t,
                                   const char **why)
{
    enum payment_verdict v = VERDICT_NO_EFFECT;

    db_need_tx(cx);
    *why = "";
    if (strcmp(t->out_trade_no, p->out_trade_no) != 0) {
        *why = "out_trade_no";
        v = VERDICT_REFUSED;
    } else if (t->state == PAY_PAID) {
        v = apply_paid(cx, p, t, why);
    } else if (t->state == PAY_WAITING) {
        if (money_cmp(t->amount, p->amount) != 0) {
            *why = "amount";
            v = VERDICT_REFUSED;
        } else {
            v = apply_waiting(cx, p, t);
        }
    } else if (t->state == PAY_CLOSED) {
        v = apply_closed(cx, p);
    }
    if (v == VERDICT_REFUSED)
        log_error("payment.mismatch", F_TEXT("out_trade_no", p->out_trade_no),
                  F_TEXT("field", *why));
    return v;
}

/* ---- beginning ---- */

struct opening {
    int64_t driver_id;
    const struct pay_provider *provider;
    money amount;
    struct payment *p;
};

static struct payment *find_by_key(struct cx *cx, int64_t driver_id,
                                   const char *key)
{
    static const char sql[] =
        PAYMENT_SELECT " WHERE p.driver_id = ? AND p.idem_key = ?";

    return db_row(cx, sql, BIND(V(driver_id), V(key)), PAYMENT_ROW);
}

static void need_room(struct cx *cx, int64_t driver_id)
{
    static const char sql[] =
        "SELECT COUNT(*) FROM payment"
        " WHERE driver_id = ? AND state IN (1, 2)";

    if (db_int(cx, sql, BIND(V(driver_id))) >= OPEN_MAX)
        cx_fail(cx, ERR_TOO_MANY,
                "未支付的充值单过多，先完成或等它们关闭后再试。");
}

/* Commits our number; the same key finds the first one again. */
static void open_payment(struct cx *cx, void *arg)
{
    static const char sql[] =
        "INSERT INTO payment (out_trade_no, driver_id, idem_key, channel,"
        " purpose, amount, state, client, expires_at, query_at, error,"
        " created_at, updated_at)"
        " VALUES (?, ?, ?, ?, 1, ?, ?, '', ?, ?, '', ?, ?)";
    struct opening *o = arg;
    stamp expires = stamp_add_ms(cx->now, TOPUP_LIFE_MS);
    bool is_new = false;

    o->p = find_by_key(cx, o->driver_id, cx->idem_key);
    if (o->p == NULL) {
        need_room(cx, o->driver_id);
        is_new = db_insert_new(
            cx, sql,
            BIND(V(payment_number(cx, "TU")), V(o->driver_id),
                 V(cx->idem_key), V(o->provider->name), V(o->amount),
                 V(PAYMENT_CREATED), V(expires),
                 V(payment_next_query(cx->now, expires, cx->now)),
                 V(cx->now), V(cx->now)));
        o->p = find_by_key(cx, o->driver_id, cx->idem_key);
    }
    must(o->p != NULL);
    if (is_new)
        audit(cx, "payment.open", "payment", o->p->id,
              cx_printf(cx, "发起充值 %s", o->p->out_trade_no));
    if (money_cmp(o->p->amount, o->amount) != 0 ||
        strcmp(o->p->channel, o->provider->name) != 0)
        cx_fail(cx, ERR_IDEM_MISMATCH,
                "这个请求编号已用于另一笔充值，没有重复执行。");
}

struct outcome {
    int64_t payment_id;
    enum pay_outcome outcome;
    struct pay_trade trade;
    struct pay_why why;
    struct payment *p;
};

/* The create call had no answer, or a refusal. */
static void note_failure(struct cx *cx, const struct outcome *o)
{
    static const char sql[] =
        "UPDATE payment SET state = ?, error = ?, updated_at = ?,"
        "       query_at = CASE WHEN ? = 5 THEN NULL ELSE query_at END"
        " WHERE id = ? AND state IN (1, 2) AND client = ''";
    int state = o->outcome == PAY_REFUSED ? PAYMENT_FAILED : PAYMENT_UNKNOWN;

    db_exec(cx, sql, BIND(V(state), V(o->why.text), V(cx->now), V(state),
                          V(o->payment_id)));
    if (o->outcome == PAY_REFUSED)
        audit(cx, "payment.failed", "payment", o->payment_id,
              "支付渠道拒绝了充值单");
}

static void keep_created(struct cx *cx, void *arg)
{
    struct outcome *o = arg;
    const char *why;

    o->p = payment_lock(cx, o->payment_id);
    must(o->p != NULL);
    if (o->outcome == PAY_OK &&
        payment_apply(cx, o->p, &o->trade, &why) == VERDICT_REFUSED) {
        o->outcome = PAY_UNKNOWN;
        o->why = (struct pay_why){ "MISMATCH", "渠道的应答与本单不符。" };
    }
    if (o->outcome != PAY_OK)
        note_failure(cx, o);
}

static const char *notify_url(struct cx *cx, const struct pay_provider *p)
{
    const char *base = cx->config->public_url;
    size_t n = strlen(base);

    while (n > 0 && base[n - 1] == '/')
        n--;
    return cx_printf(cx, "%.*s/api/pay/%s/notify", (int)n, base, p->name);
}

static struct payment *order_at_channel(struct cx *cx,
                                        const struct pay_provider *provider,
                                        const struct payment *p)
{
    struct pay_order order = {
        .out_trade_no = p->out_trade_no, .amount = p->amount,
        .subject = "充电余额充值", .payer = "",
        .notify_url = notify_url(cx, provider), .expires_at = p->expires_at,
    };
    struct outcome *o = CX_NEW(cx, struct outcome);

    o->payment_id = p->id;
    o->outcome = provider->create(cx, &order, &o->trade, &o->why);
    db_tx(cx, keep_created, o);
    if (o->outcome == PAY_UNKNOWN) {
        log_warn("payment.create_unknown",
                 F_TEXT("out_trade_no", p->out_trade_no),
                 F_TEXT("code", o->why.code));
        cx_fail(cx, ERR_PARTNER,
                "支付渠道没有应答，稍后重试；同一笔不会重复扣款。");
    }
    if (o->outcome == PAY_REFUSED)
        cx_fail(cx, ERR_STATE, "支付渠道拒绝了这笔充值：%s", o->why.text);
    return payment_find(cx, p->id);
}

struct payment *payment_topup(struct cx *cx, int64_t driver_id,
                              const char *channel, money amount)
{
    struct opening *o = CX_NEW(cx, struct opening);

    must(!db_in_tx(cx->db) && cx->idem_key != NULL);
    *o = (struct opening){ .driver_id = driver_id, .amount = amount,
                           .provider = pay_provider_need(cx, channel) };
    db_tx(cx, open_payment, o);
    if (o->p->state == PAYMENT_FAILED)
        cx_fail(cx, ERR_STATE, "支付渠道拒绝了这笔充值：%s", o->p->error);
    if (o->p->client[0] != '\0' || (o->p->state != PAYMENT_CREATED &&
                                    o->p->state != PAYMENT_UNKNOWN))
        return o->p;
    return order_at_channel(cx, o->provider, o->p);
}

/* ---- callbacks ---- */

static void keep_notice(struct cx *cx, const struct pay_provider *provider,
                        const struct pay_notice *n,
                        const struct pay_message *m, int64_t payment_id,
                        enum payment_verdict verdict, const char *why)
{
    static const char sql[] =
        "INSERT INTO payment_notice (channel, notice_no, out_trade_no,"
        " payment_id, verdict, why, body, received_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    /* A repeat never makes an applied one look refused. */
    static const char again[] =
        "UPDATE payment_notice SET verdict = ?"
        " WHERE channel = ? AND notice_no = ? AND verdict > ?";

    if (n->notice_no[0] == '\0' || strlen(n->notice_no) > 64)
        return;
    if (db_insert_new(cx, sql,
                      BIND(V(provider->name), V(n->notice_no),
                           V(cx_printf(cx, "%.64s", n->trade.out_trade_no)),
                           V_ID(payment_id), V((int)verdict), V(why),
                           V(arena_strndup(cx->arena, m->body, m->len)),
                           V(cx->now))))
        return;
    db_exec(cx, again, BIND(V((int)verdict), V(provider->name),
                            V(n->notice_no), V((int)verdict)));
}

static bool refuse_notice(struct cx *cx, const struct pay_provider *provider,
                          const struct pay_notice *n,
                          const struct pay_message *m, int64_t payment_id,
                          const char *why)
{
    log_error("payment.notice_refused", F_TEXT("channel", provider->name),
              F_TEXT("out_trade_no", n->trade.out_trade_no),
              F_TEXT("field", why));
    keep_notice(cx, provider, n, m, payment_id, VERDICT_REFUSED, why);
    audit(cx, "payment.notice_refused", "payment", payment_id,
          cx_printf(cx, "%s的回调与订单不符（%s），没有入账",
                    provider->title, why));
    return false;
}

bool payment_take_notice(struct cx *cx, const struct pay_provider *provider,
                         const struct pay_message *m)
{
    struct pay_notice *n = CX_NEW(cx, struct pay_notice);
    enum payment_verdict verdict;
    struct payment *p;
    const char *why = "";

    db_need_tx(cx);
    payment_act_as(cx, ACTOR_PARTNER, provider->title);
    switch (provider->read_notice(cx, m, n)) {
    case NOTICE_FORGED:
        /* Anybody can send these: a line in the log, no row. */
        log_warn("payment.notice_forged", F_TEXT("channel", provider->name),
                 F_TEXT("address", cx->actor.address));
        return false;
    case NOTICE_UNREAD:
        return refuse_notice(cx, provider, n, m, 0, n->why.text);
    case NOTICE_TRADE:
        break;
    }
    p = payment_lock_no(cx, n->trade.out_trade_no);
    if (p == NULL || strcmp(p->channel, provider->name) != 0)
        return refuse_notice(cx, provider, n, m, 0, "out_trade_no");
    if (n->trade.state == PAY_NONE || n->trade.state == PAY_WAITING)
        return refuse_notice(cx, provider, n, m, p->id, "state");
    verdict = payment_apply(cx, p, &n->trade, &why);
    if (verdict == VERDICT_REFUSED)
        return refuse_notice(cx, provider, n, m, p->id, why);
    keep_notice(cx, provider, n, m, p->id, verdict, "");
    return true;
}
