#include "charging/suspect.h"

#include "base/log.h"
#include "charging/order_row.h"
#include "charging/settle.h"
#include "db/db.h"
#include "system/audit.h"

enum { AGAIN_MS = 1000 }; /* after the first try; then twice as long */

static const char reason[] = "结算这条记录时程序多次中断，等待人工处理。";

bool settle_run_begin(struct cx *cx)
{
    static const char ask[] =
        "SELECT begun_at IS NOT NULL FROM settle_run WHERE id = 1";
    static const char mark[] =
        "UPDATE settle_run SET begun_at = NOW(3) WHERE id = 1";
    bool died = db_int(cx, ask, BIND()) != 0;

    if (died)
        log_error("settle.run_died");
    db_exec(cx, mark, BIND());
    return died;
}

void settle_run_end(struct cx *cx)
{
    static const char sql[] =
        "UPDATE settle_run SET begun_at = NULL WHERE id = 1";

    db_exec(cx, sql, BIND());
}

struct suspect_row {
    int aborts;
    char trade_no[TRADE_NO_SIZE];
    int64_t pile_id;
    int gun;
};

static const struct db_field suspect_row[] = {
    DB_FIELD(struct suspect_row, aborts),
    DB_FIELD(struct suspect_row, trade_no),
    DB_FIELD(struct suspect_row, pile_id),
    DB_FIELD(struct suspect_row, gun),
};

/* Nothing here looks into the record: that is what goes wrong. The order's
   money stays reserved. */
static void hold_order(struct cx *cx, const struct suspect_row *r)
{
    static const char sql[] =
        "UPDATE charge_order SET state = 9, review_reason = ?, ver = ver + 1"
        " WHERE id = ? AND pile_id = ? AND gun = ? AND state BETWEEN 1 AND 8";
    const char *trade_no = r->trade_no;
    size_t n;
    const struct order *o = order_lock_trades(cx, &trade_no, 1, &n);

    if (n == 0 || !db_change_one(cx, sql, BIND(V(reason), V(o->id),
                                            V(r->pile_id), V(r->gun))))
        return;
    audit(cx, "order.review_wanted", "order", o->id, reason);
}

static void give_up(struct cx *cx, int64_t id, const struct suspect_row *r)
{
    const struct record_place place = { id, r->pile_id, r->gun };

    log_error("settle.quarantined", F_INT("record", id),
              F_TEXT("trade_no", r->trade_no));
    hold_order(cx, r);
    record_set_aside(cx, &place, RECORD_REVIEW, reason);
}

static void count_try(struct cx *cx, void *arg)
{
    static const char ask[] =
        "SELECT aborts, COALESCE(for_trade_no, trade_no) AS trade_no,"
        "       pile_id, gun"
        "  FROM trade_record WHERE id = ? AND state = 1 AND next_at <= ?"
        "   FOR UPDATE";
    static const char count[] =
        "UPDATE trade_record SET"
        " next_at = ? + INTERVAL (? << aborts) * 1000 MICROSECOND,"
        " aborts = aborts + 1 WHERE id = ?";
    struct suspect *s = arg;
    const struct suspect_row *r =
        db_row(cx, ask, BIND(V(s->id), V(cx->now)),
               ROW(struct suspect_row, suspect_row));

    s->is_over = r == NULL || r->aborts >= SUSPECT_TRIES;
    if (r == NULL)
        return; /* another run has it in hand */
    if (s->is_over)
        give_up(cx, s->id, r);
    else
        db_exec(cx, count, BIND(V(cx->now), V((int)AGAIN_MS), V(s->id)));
}

void suspect_spared(struct cx *cx, void *arg)
{
    static const char sql[] =
        "UPDATE trade_record SET aborts = aborts - 1, next_at = ?"
        " WHERE id = ? AND state = 1 AND aborts > 0";
    const struct suspect *s = arg;

    db_exec(cx, sql, BIND(V(cx->now), V(s->id)));
}

void suspect_check(struct cx *cx, void *arg)
{
    db_tx(cx, count_try, arg);
}
