#include "charging/settle.h"

#include <string.h>

#include "asset/charge_point.h"
#include "base/log.h"
#include "charging/order_row.h"
#include "db/db.h"
#include "db/outbox.h"

enum {
    GROUP = 50,          /* records of one transaction */
    ARENA_BYTES = 64 << 20,
    RUN_MS = 500,        /* longest run of the job: others wait */
    RETRY_FIRST_MS = 1000,
    RETRY_LAST_MS = 300000,
    OVERLAP_ORDERS = 20  /* of the gun, newest first, that are compared */
};

/* ---- one record --------------------------------------------------------- */

struct record_row {
    int64_t id;
    char trade_no[TRADE_NO_SIZE];
    int64_t pile_id;
    int gun;
    struct bytes raw;
    int state;
    stamp received_at;
};

static const struct db_field record_row[] = {
    DB_FIELD(struct record_row, id),
    DB_FIELD(struct record_row, trade_no),
    DB_FIELD(struct record_row, pile_id),
    DB_FIELD(struct record_row, gun),
    DB_FIELD(struct record_row, raw),
    DB_FIELD(struct record_row, state),
    DB_FIELD(struct record_row, received_at),
};

void record_set_state(struct cx *cx, int64_t id, int state,
                      const char *error)
{
    static const char sql[] =
        "UPDATE trade_record SET state = ?, error = ? WHERE id = ?";

    must(db_change_one(cx, sql, BIND(V(state), V(error), V(id))));
}

const struct waiting_record *record_of_trade(struct cx *cx,
                                             const char *trade_no)
{
    static const char sql[] =
        "SELECT id, trade_no, pile_id, gun, raw, state, received_at"
        "  FROM trade_record WHERE trade_no = ?";
    const struct record_row *row =
        db_row(cx, sql, BIND(V(trade_no)), ROW(struct record_row,
                                               record_row));
    struct waiting_record *w;

    if (row == NULL)
        return NULL;
    w = CX_NEW(cx, struct waiting_record);
    w->id = row->id;
    w->received_at = row->received_at;
    return record_read(row->raw.data, row->raw.len, &w->record) ? w : NULL;
}

/* A record that is not for any order, or not for this one: kept, shown to
   people, no money moves (G11). */
static void set_aside(struct cx *cx, const struct record_row *row, int state,
                      const char *why)
{
    record_set_state(cx, row->id, state, why);
    outbox_add(cx, "record.set_aside",
               cx_printf(cx, "record:%lld", (long long)row->id),
               cx_printf(cx, "{\"record_id\":%lld}", (long long)row->id));
    log_warn("record.set_aside", F_INT("record", row->id),
             F_TEXT("trade_no", row->trade_no), F_TEXT("why", why));
}

static bool overlaps(struct cx *cx, const struct order *o, stamp from,
                     stamp to)
{
    static const char sql[] =
        "SELECT COUNT(*) FROM (SELECT id, state, energy_e4kwh, started_at,"
        "   finished_at FROM charge_order WHERE connector_id = ?"
        "   ORDER BY id DESC LIMIT ?) t"
        " WHERE t.id <> ? AND t.state IN (9, 10) AND t.energy_e4kwh > 0"
        "   AND t.started_at < ? AND t.finished_at > ?";

    return db_int(cx, sql, BIND(V(o->connector_id), V((int)OVERLAP_ORDERS),
                                V(o->id), V(to), V(from))) != 0;
}

static void case_of(struct cx *cx, const struct order *o,
                    const struct record *r, stamp received_at,
                    struct record_case *c)
{
    const struct charge_point *p = charge_point_find(cx, o->connector_id);

    must(p != NULL);
    *c = (struct record_case){
        .record = r,
        .version = tariff_version_load(cx, o->tariff_version_id),
        .power_w = p->power_w, .clock_off_ms = p->clock_off_ms,
        .created_at = o->created_at, .from = o->charging_at,
        .to = o->ended_at, .received_at = received_at,
        .live_e4kwh = o->live_energy_e4kwh
    };
    c->overlaps = r->total_e4kwh > 0 &&
                  overlaps(cx, o, record_start(c), record_end(c));
}

static struct settling settling_of(const struct record_case *c,
                                   const struct bill *b)
{
    return (struct settling){ .bill = b, .record = c->record,
                              .start = record_start(c),
                              .end = record_end(c),
                              .recorded_at = c->received_at,
                              .event = "order.settle" };
}

/* The record of an order in a state that can be billed. */
static void bill_record(struct cx *cx, struct order *o,
                        const struct record_row *row, const struct record *r,
                        struct rollups *rollups)
{
    struct record_case c;
    struct bill b;
    struct settling s;
    unsigned wrong;
    const char *why;

    case_of(cx, o, r, row->received_at, &c);
    wrong = record_problems(&c);
    why = record_problems_text(cx, wrong);
    record_bill(r, &c.version->prices, &b);
    s = settling_of(&c, &b);
    if (o->state == ORDER_SETTLED) { /* provisional: G13 */
        s.event = "order.correct";
        s.note = "补到交易记录";
        if (wrong != 0) {
            set_aside(cx, row, RECORD_REVIEW, why);
            return;
        }
        order_correct(cx, o, &s, "record", "补到交易记录", rollups);
        record_set_state(cx, row->id, RECORD_SETTLED, "");
    } else if (wrong != 0) {
        order_hold_for_review(cx, o, &s, why);
        record_set_state(cx, row->id, RECORD_REVIEW, why);
    } else {
        order_settle(cx, o, &s, rollups);
        record_set_state(cx, row->id,
                         b.energy_e4kwh > 0 ? RECORD_SETTLED : RECORD_ZERO,
                         "");
    }
}

void order_settle_record(struct cx *cx, int64_t record_id,
                         struct rollups *rollups)
{
    static const char sql[] =
        "SELECT id, trade_no, pile_id, gun, raw, state, received_at"
        "  FROM trade_record WHERE id = ? FOR UPDATE";
    const struct record_row *row =
        db_row(cx, sql, BIND(V(record_id)), ROW(struct record_row,
                                                record_row));
    struct record r;
    struct order *o;

    if (row == NULL || row->state != RECORD_WAITING)
        return; /* another run was faster */
    if (!record_read(row->raw.data, row->raw.len, &r)) {
        set_aside(cx, row, RECORD_REVIEW, "报文不完整，不能解析。");
        return;
    }
    o = order_lock_trade(cx, row->trade_no);
    if (o == NULL)
        set_aside(cx, row, RECORD_ORPHAN,
                  r.start_flag == RECORD_BY_OFFLINE_CARD
                      ? "离线卡交易，未启用离线卡。"
                      : "没有这个交易流水号的订单。");
    else if (o->pile_id != row->pile_id || o->gun != row->gun)
        set_aside(cx, row, RECORD_REVIEW, "记录与订单的电桩或枪号不符。");
    else if (o->state == ORDER_REVIEW ||
             (o->state == ORDER_SETTLED && !o->provisional))
        set_aside(cx, row, RECORD_REVIEW, "订单已处理，这条记录未入账。");
    else
        bill_record(cx, o, row, &r, rollups);
}

/* ---- groups ------------------------------------------------------------- */

struct group {
    int64_t ids[GROUP];
    size_t n;
    struct rollups rollups;
};

struct id_row {
    int64_t id;
};

static void find_waiting(struct cx *cx, void *arg)
{
    static const char sql[] =
        "SELECT id FROM trade_record WHERE state = 1 AND next_at <= ?"
        " ORDER BY next_at, id LIMIT ?";
    static const struct db_field row[] = { DB_FIELD(struct id_row, id) };
    struct group *g = arg;
    const struct id_row *ids = db_rows(cx, sql,
                                       BIND(V(cx->now), V((int)GROUP)),
                                       ROW(struct id_row, row), &g->n);

    for (size_t i = 0; i < g->n; i++)
        g->ids[i] = ids[i].id;
}

static void settle_group(struct cx *cx, void *arg)
{
    struct group *g = arg;

    g->rollups.n = 0;
    for (size_t i = 0; i < g->n; i++)
        order_settle_record(cx, g->ids[i], &g->rollups);
    rollups_write(cx, &g->rollups);
}

static void group_tx(struct cx *cx, void *arg)
{
    db_tx(cx, settle_group, arg);
}

struct failure {
    int64_t id;
    const char *why;
};

/* Tries again later and later; a person sees it in the list of records. */
static void note_failure(struct cx *cx, void *arg)
{
    static const char sql[] =
        "UPDATE trade_record SET tries = tries + 1, error = ?,"
        " next_at = ? + INTERVAL LEAST(?, ? << LEAST(tries, 10)) * 1000"
        " MICROSECOND WHERE id = ? AND state = 1";
    const struct failure *f = arg;

    db_exec(cx, sql, BIND(V(f->why), V(cx->now), V((int)RETRY_LAST_MS),
                          V((int)RETRY_FIRST_MS), V(f->id)));
}

/* One failing record must not hold up the others: each on its own. */
static void settle_singly(struct cx *cx, const struct group *all)
{
    for (size_t i = 0; i < all->n; i++) {
        struct group one = { .ids = { all->ids[i] }, .n = 1 };
        struct failure f = { all->ids[i], NULL };

        if (cx_run(cx, group_tx, &one))
            continue;
        f.why = cx_strdup(cx, cx->error.text);
        log_error("settle.failed", F_INT("record", f.id),
                  F_TEXT("why", f.why));
        if (cx->error.code == ERR_DATABASE || !cx_run(cx, note_failure, &f))
            return; /* the server, not the record: the next run goes on */
    }
}

static void free_unit(void *p)
{
    cx_free(p);
}

void order_settle_waiting(struct cx *cx)
{
    struct cx *unit = cx_own(cx, cx_new(cx->db, cx->config, ARENA_BYTES),
                             free_unit);
    int64_t begun = monotonic_ms();
    struct group g;

    do {
        cx_begin(unit);
        unit->actor = cx->actor;
        unit->scope = cx->scope;
        unit->now = stamp_add_ms(cx->now, monotonic_ms() - begun);
        if (!cx_run(unit, find_waiting, &g))
            break;
        if (g.n > 0 && !cx_run(unit, group_tx, &g)) {
            log_warn("settle.group_failed", F_INT("records", g.n),
                     F_TEXT("why", unit->error.text));
            if (unit->error.code == ERR_DATABASE)
                break;
            settle_singly(unit, &g);
        }
    } while (g.n == GROUP && monotonic_ms() - begun < RUN_MS);
}
