/*
 * Refunds of money that came too late: queued with the change that found it,
 * sent by a job under a number of its own until the channel has an answer.
 */
#include <string.h>

#include "base/log.h"
#include "db/db.h"
#include "payment/payment.h"
#include "payment/payment_row.h"
#include "system/audit.h"

LABELS_DEFINE(refund_state, REFUND_STATES);

enum { BATCH = 20, RUN_MS = 20000, SILENCE_MAX = 2 };

/* 10 s, 20 s, 40 s ... at most an hour. */
static int64_t wait_ms(int tries)
{
    int64_t ms = 10000;

    for (int i = 0; i < tries && ms < 3600000; i++)
        ms *= 2;
    return ms < 3600000 ? ms : 3600000;
}

static const struct db_field refund_fields[] = {
    DB_FIELD(struct refund, id),     DB_FIELD(struct refund, refund_no),
    DB_FIELD(struct refund, payment_id), DB_FIELD(struct refund, amount),
    DB_FIELD(struct refund, state),  DB_FIELD(struct refund, tries),
    DB_FIELD(struct refund, reason),
};

#define REFUND_SELECT \
    "SELECT id, refund_no, payment_id, amount, state, tries, reason" \
    "  FROM payment_refund"

struct refund *refund_lock(struct cx *cx, int64_t id, struct payment **p)
{
    static const char of[] = "SELECT payment_id FROM payment_refund"
                             " WHERE id = ?";
    static const char sql[] = REFUND_SELECT " WHERE id = ? FOR UPDATE";

    *p = payment_lock(cx, db_int(cx, of, BIND(V(id))));
    if (*p == NULL)
        cx_fail(cx, ERR_NOT_FOUND, "没有找到这笔退款。");
    return db_row(cx, sql, BIND(V(id)), ROW(struct refund, refund_fields));
}

void refund_queue(struct cx *cx, const struct payment *p, const char *reason)
{
    static const char sql[] =
        "INSERT INTO payment_refund (refund_no, payment_id, amount, state,"
        " reason, next_at, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)";

    db_need_tx(cx);
    db_insert(cx, sql,
              BIND(V(payment_number(cx, "RF")), V(p->id), V(p->amount),
                   V(REFUND_QUEUED), V(reason), V(cx->now), V(cx->now)));
}

struct sending {
    int64_t id;
    struct refund *r;
    enum pay_outcome outcome;
    struct pay_refund answer;
    struct pay_why why;
    bool answered;
};

static void finish(struct cx *cx, const struct sending *s)
{
    static const char refund_sql[] =
        "UPDATE payment_refund"
        "   SET state = ?, channel_refund_no = ?, done_at = ?,"
        "       next_at = NULL, error = '', tries = tries + 1"
        " WHERE id = ?";
    static const char payment_sql[] =
        "UPDATE payment SET state = ?, updated_at = ?"
        " WHERE id = ? AND state = 7";

    db_exec(cx, refund_sql,
            BIND(V(REFUND_DONE), V(s->answer.channel_refund_no), V(cx->now),
                 V(s->r->id)));
    must(db_change_one(cx, payment_sql,
                       BIND(V(PAYMENT_REFUNDED), V(cx->now),
                            V(s->r->payment_id))));
    audit(cx, "payment.refunded", "payment", s->r->payment_id,
          cx_printf(cx, "退款 %s 已退回原支付账户", s->r->refund_no));
}

static void give_up(struct cx *cx, const struct sending *s, const char *why)
{
    static const char sql[] =
        "UPDATE payment_refund"
        "   SET state = ?, error = ?, next_at = NULL, tries = tries + 1"
        " WHERE id = ?";

    db_exec(cx, sql, BIND(V(REFUND_FAILED), V(why), V(s->r->id)));
    audit(cx, "payment.refund_failed", "payment", s->r->payment_id,
          cx_printf(cx, "退款 %s 被渠道拒绝：%s", s->r->refund_no, why));
    log_error("payment.refund_failed", F_TEXT("refund_no", s->r->refund_no),
              F_TEXT("why", why));
}

static void try_later(struct cx *cx, const struct sending *s)
{
    static const char sql[] =
        "UPDATE payment_refund"
        "   SET state = ?, error = ?, next_at = ?, tries = tries + 1"
        " WHERE id = ?";
    stamp next = stamp_add_ms(cx->now, wait_ms(s->r->tries));

    db_exec(cx, sql,
            BIND(V(REFUND_SENT),
                 V(s->outcome == PAY_OK ? "" : s->why.text), V(next),
                 V(s->r->id)));
}

static void keep_answer(struct cx *cx, void *arg)
{
    struct sending *s = arg;
    struct payment *p;

    s->r = refund_lock(cx, s->id, &p);
    if (s->r->state != REFUND_QUEUED && s->r->state != REFUND_SENT)
        return;
    if (s->outcome == PAY_REFUSED)
        give_up(cx, s, s->why.text);
    else if (s->outcome == PAY_OK && s->answer.state == PAY_REFUND_CLOSED)
        give_up(cx, s, "渠道关闭了退款");
    else if (s->outcome == PAY_OK && s->answer.state == PAY_REFUND_DONE &&
             money_cmp(s->answer.amount, s->r->amount) == 0)
        finish(cx, s);
    else
        try_later(cx, s);
}

/*
 * A number that was sent before is asked for first: only if the channel does
 * not know it is it sent again, the same number with the same content.
 */
static void send_one(struct cx *cx, void *arg)
{
    static const char sql[] = REFUND_SELECT " WHERE id = ?";
    struct sending *s = arg;
    const struct pay_provider *provider;
    struct payment *p;

    s->r = db_row(cx, sql, BIND(V(s->id)), ROW(struct refund, refund_fields));
    if (s->r == NULL)
        return;
    p = payment_find(cx, s->r->payment_id);
    must(p != NULL && !db_in_tx(cx->db));
    provider = pay_provider_find(p->channel);
    s->outcome = PAY_UNKNOWN;
    s->why = (struct pay_why){ "UNCONFIGURED", "未配置支付渠道。" };
    if (provider != NULL && provider->is_configured(cx)) {
        s->outcome = PAY_OK;
        s->answer.state = PAY_REFUND_NONE;
        if (s->r->state == REFUND_SENT)
            s->outcome = provider->refund_query(cx, s->r->refund_no,
                                                &s->answer, &s->why);
        if (s->outcome == PAY_OK && s->answer.state == PAY_REFUND_NONE)
            s->outcome = provider->refund(
                cx,
                &(struct pay_refund_order){ s->r->refund_no, p->out_trade_no,
                                            s->r->amount, p->amount,
                                            s->r->reason },
                &s->answer, &s->why);
    }
    s->answered = s->outcome != PAY_UNKNOWN;
    db_tx(cx, keep_answer, s);
}

void payment_refund_due(struct cx *cx)
{
    static const char sql[] =
        "SELECT id FROM payment_refund"
        " WHERE state IN (1, 2) AND next_at <= ?"
        " ORDER BY next_at"
        " LIMIT 20";
    static const struct db_field row[] = { DB_FIELD(struct sending, id) };
    int64_t began_ms = monotonic_ms();
    size_t count = 0;
    int silent = 0;
    struct sending *due;

    payment_act_as(cx, ACTOR_SYSTEM, "系统");
    due = db_rows(cx, sql, BIND(V(cx->now)), ROW(struct sending, row),
                  &count);
    must(count <= BATCH);
    for (size_t i = 0; i < count; i++) {
        if (silent >= SILENCE_MAX || monotonic_ms() - began_ms > RUN_MS)
            break;
        due[i].answered = true;
        if (!cx_run(cx, send_one, &due[i]))
            log_error("payment.refund_job", F_INT("refund", due[i].id),
                      F_TEXT("why", cx->error.text));
        silent = due[i].answered ? 0 : silent + 1;
    }
}
