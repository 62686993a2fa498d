/*
 * Asking the channel instead of waiting for it (rule O5), and closing what
 * nobody paid.
 */
#include "base/log.h"
#include "db/db.h"
#include "payment/payment.h"
#include "payment/payment_row.h"
#include "system/audit.h"

enum {
    BATCH = 200,          /* questions of a run; a run every 5 s: 40 a second */
    RUN_MS = 20000,       /* of one run of the job */
    SILENCE_MAX = 2,      /* unanswered calls in a row: enough until next run */
    FIRST_MS = 10000,
    SECOND_MS = 30000,
    STEP_MS = 40000,      /* and 5 s until the job looks, and its run: < 60 s */
    RETRY_MS = 40000,     /* after an unanswered close */
    LATE_MS = 15000,      /* beyond it the 60 s of F32 are in danger */
};

stamp payment_next_query(stamp created_at, stamp expires_at, stamp now)
{
    stamp next = stamp_add_ms(created_at, FIRST_MS);

    if (next.ms <= now.ms)
        next = stamp_add_ms(created_at, SECOND_MS);
    if (next.ms <= now.ms)
        next = stamp_add_ms(now, STEP_MS);
    if (next.ms > expires_at.ms)
        next = expires_at;
    return next.ms <= now.ms ? stamp_add_ms(now, 1000) : next;
}

struct question {
    struct payment *p;
    bool planned; /* by the schedule, not by an app */
    enum pay_outcome outcome;
    bool closing; /* the channel has closed it, or never had it */
    struct pay_trade trade;
    struct pay_why why;
};

static bool is_open(const struct payment *p)
{
    return p->state == PAYMENT_CREATED || p->state == PAYMENT_UNKNOWN;
}

static void plan_next(struct cx *cx, const struct question *q)
{
    static const char sql[] =
        "UPDATE payment"
        "   SET query_at = ?, queries = queries + 1, error = ?"
        " WHERE id = ? AND state IN (1, 2, 4)";
    const struct payment *p = q->p;
    stamp next = payment_next_query(p->created_at, p->expires_at, cx->now);

    if (p->state == PAYMENT_CLOSED && q->outcome == PAY_OK)
        next = (stamp){ 0 }; /* that was the last question */
    else if (next.ms < stamp_add_ms(cx->now, RETRY_MS).ms &&
             cx->now.ms >= p->expires_at.ms)
        next = stamp_add_ms(cx->now, RETRY_MS);
    db_exec(cx, sql,
            BIND(V(next), V(q->outcome == PAY_OK ? "" : q->why.text),
                 V(p->id)));
}

static void keep_answer(struct cx *cx, void *arg)
{
    struct question *q = arg;
    int before = q->p->state;
    const char *why = "";

    q->p = payment_lock(cx, q->p->id);
    must(q->p != NULL);
    if (q->outcome == PAY_OK && q->closing && q->trade.state != PAY_PAID)
        q->trade.state = PAY_CLOSED;
    if (q->outcome == PAY_OK &&
        payment_apply(cx, q->p, &q->trade, &why) == VERDICT_REFUSED) {
        q->outcome = PAY_UNKNOWN;
        q->why = (struct pay_why){ "MISMATCH", "渠道的应答与本单不符。" };
        audit(cx, "payment.mismatch", "payment", q->p->id,
              cx_printf(cx, "渠道的应答与充值单不符（%s），没有入账", why));
    }
    /* What was closed just now has its last question planned. */
    if (q->planned && (is_open(q->p) || (q->p->state == PAYMENT_CLOSED &&
                                         before == PAYMENT_CLOSED)))
        plan_next(cx, q);
}

/*
 * One question, and at expiry the close before it: only what the channel has
 * closed is closed here. Returns false if the channel did not answer.
 */
static bool ask(struct cx *cx, struct question *q)
{
    const struct pay_provider *provider = pay_provider_find(q->p->channel);

    must(!db_in_tx(cx->db));
    if (provider == NULL || !provider->is_configured(cx)) {
        q->outcome = PAY_UNKNOWN;
        q->why = (struct pay_why){ "UNCONFIGURED", "未配置支付渠道。" };
        db_tx(cx, keep_answer, q);
        return false;
    }
    q->outcome = PAY_OK;
    if (is_open(q->p) && cx->now.ms >= q->p->expires_at.ms) {
        q->outcome = provider->close(cx, q->p->out_trade_no, &q->why);
        q->closing = q->outcome == PAY_OK;
    }
    /* A refused close has most likely been paid: the question tells. */
    if (q->outcome != PAY_UNKNOWN)
        q->outcome = provider->query(cx, q->p->out_trade_no, &q->trade,
                                     &q->why);
    db_tx(cx, keep_answer, q);
    return q->outcome != PAY_UNKNOWN;
}

struct payment *payment_check(struct cx *cx, const char *out_trade_no)
{
    struct question *q = CX_NEW(cx, struct question);

    q->p = payment_load_no(cx, out_trade_no);
    if (!is_open(q->p))
        return q->p;
    ask(cx, q);
    return payment_load_no(cx, out_trade_no);
}

/* ---- the job ---- */

struct due {
    int64_t id;
    stamp query_at;
};

struct run {
    int64_t id;
    bool answered;
};

static void ask_one(struct cx *cx, void *arg)
{
    struct run *r = arg;
    struct question *q = CX_NEW(cx, struct question);

    q->planned = true;
    q->p = payment_find(cx, r->id);
    if (q->p != NULL)
        r->answered = ask(cx, q);
}

void payment_query_due(struct cx *cx)
{
    static const char sql[] =
        "SELECT id, query_at FROM payment"
        " WHERE state IN (1, 2, 4) AND query_at <= ?"
        " ORDER BY query_at"
        " LIMIT 200";
    static const struct db_field row[] = { DB_FIELD(struct due, id),
                                           DB_FIELD(struct due, query_at) };
    int64_t began_ms = monotonic_ms();
    size_t count = 0;
    int silent = 0;
    const struct due *due;
    struct run *r = CX_NEW(cx, struct run);

    payment_act_as(cx, ACTOR_SYSTEM, "系统");
    due = db_rows(cx, sql, BIND(V(cx->now)), ROW(struct due, row), &count);
    must(count <= BATCH);
    if (count > 0 && due[0].query_at.ms + LATE_MS < cx->now.ms)
        log_error("payment.query_late",
                  F_INT("seconds", (cx->now.ms - due[0].query_at.ms) / 1000));
    for (size_t i = 0; i < count; i++) {
        if (silent >= SILENCE_MAX || monotonic_ms() - began_ms > RUN_MS)
            break;
        *r = (struct run){ .id = due[i].id, .answered = true };
        if (!cx_run(cx, ask_one, r))
            log_error("payment.query_failed", F_INT("payment", r->id),
                      F_TEXT("why", cx->error.text));
        silent = r->answered ? 0 : silent + 1;
    }
}
