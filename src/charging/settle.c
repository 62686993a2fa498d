#include "charging/settle.h"

#include <string.h>

#include "asset/charge_point.h"
#include "asset/link.h"
#include "asset/live.h"
#include "base/log.h"
#include "charging/order_row.h"
#include "charging/suspect.h"
#include "db/db.h"
#include "db/outbox.h"
#include "ledger/ledger.h"

enum {
    GROUP = LEDGER_MANY, /* records of one transaction */
    ARENA_BYTES = 64 << 20,
    RUN_MS = 500,        /* longest run of the job: others wait */
    RETRY_FIRST_MS = 1000,
    RETRY_LAST_MS = 300000,
    OVERLAP_ORDERS = 20  /* of the gun, newest first, that are compared */
};

/* ---- one record ------------------------------------------------------ */

struct record_row {
    int64_t id;
    char trade_no[TRADE_NO_SIZE];
    int64_t pile_id;
    int gun;
    struct bytes raw;
    int state;
    stamp received_at;
    int aborts;
};

static const struct db_field record_row[] = {
    DB_FIELD(struct record_row, id),
    DB_FIELD(struct record_row, trade_no),
    DB_FIELD(struct record_row, pile_id),
    DB_FIELD(struct record_row, gun),
    DB_FIELD(struct record_row, raw),
    DB_FIELD(struct record_row, state),
    DB_FIELD(struct record_row, received_at),
    DB_FIELD(struct record_row, aborts),
};

void record_set_state(struct cx *cx, int64_t id, int state,
                      const char *error)
{
    static const char sql[] =
        "UPDATE trade_record SET state = ?, error = ? WHERE id = ?";

    db_need_tx(cx);
    must(id > 0);
    must(label_of((struct labels)LIST(record_state_labels), state) != NULL);
    must(db_change_one(cx, sql, BIND(V(state), V(error), V(id))));
}

static const struct waiting_record *waiting_record_of(
    struct cx *cx, const struct record_row *row)
{
    struct waiting_record *w;

    if (row == NULL)
        return NULL;
    must(row->id > 0);
    must(row->aborts >= 0);
    w = CX_NEW(cx, struct waiting_record);
    w->id = row->id;
    w->received_at = row->received_at;
    w->is_suspect = row->aborts >= SUSPECT_TRIES;
    return record_read(row->raw.data, row->raw.len, &w->record) ? w : NULL;
}

static const struct record_row *find_of_trade(struct cx *cx,
                                              const char *trade_no)
{
    static const char sql[] =
        "SELECT id, trade_no, pile_id, gun, raw, state, received_at, aborts"
        "  FROM trade_record"
        " WHERE for_trade_no = ? OR (trade_no = ? AND for_trade_no IS NULL)"
        " ORDER BY for_trade_no IS NULL LIMIT 1";

    must(trade_no[0] != '\0');
    return db_row(cx, sql, BIND(V(trade_no), V(trade_no)),
                  ROW(struct record_row, record_row));
}

const struct waiting_record *record_of_trade(struct cx *cx,
                                             const char *trade_no)
{
    return waiting_record_of(cx, find_of_trade(cx, trade_no));
}

/* By its key, as the other condition would lock what it looks through. */
const struct waiting_record *record_lock_of_trade(struct cx *cx,
                                                  const char *trade_no)
{
    static const char sql[] =
        "SELECT id, trade_no, pile_id, gun, raw, state, received_at, aborts"
        "  FROM trade_record WHERE id = ? FOR UPDATE";
    const struct record_row *row;

    db_need_tx(cx);
    row = find_of_trade(cx, trade_no);
    if (row == NULL)
        return NULL;
    return waiting_record_of(cx, db_row(cx, sql, BIND(V(row->id)),
                                        ROW(struct record_row, record_row)));
}

void record_set_aside(struct cx *cx, const struct record_place *r, int state,
                      const char *why)
{
    const struct pile_event_row event = { r->pile_id, r->gun, EVENT_RECORD,
                                          cx->now, why };

    must(state == RECORD_ORPHAN || state == RECORD_REVIEW);
    must(why[0] != '\0'); /* a person has to know */
    must(r->pile_id > 0);
    record_set_state(cx, r->id, state, why);
    pile_event_add(cx, &event, 1);
    outbox_add(cx, "record.set_aside",
               cx_printf(cx, "record:%lld", (long long)r->id),
               cx_printf(cx, "{\"record_id\":%lld}", (long long)r->id));
    log_warn("record.set_aside", F_INT("record", r->id), F_TEXT("why", why));
}

static void set_aside(struct cx *cx, const struct record_row *row, int state,
                      const char *why)
{
    const struct record_place place = { row->id, row->pile_id, row->gun };

    record_set_aside(cx, &place, state, why);
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

    must(o->connector_id > 0);
    must(o->id > 0);
    return db_int(cx, sql, BIND(V(o->connector_id), V((int)OVERLAP_ORDERS),
                                V(o->id), V(to), V(from))) != 0;
}

/* A record with its order, and what is to be said of them. */
struct candidate {
    const struct record_row *row;
    bool is_read;
    struct record record;
    struct order *o;      /* NULL: none has this number */
    bool is_judged;
    struct record_case c;
    struct bill bill;
    unsigned wrong;
};

/* Orders of one group mostly have the same prices. */
static const struct tariff_version *version_of(struct cx *cx,
                                               const struct candidate *all,
                                               size_t n, int64_t id)
{
    must(id > 0);
    must(n <= GROUP);
    for (size_t i = 0; i < n; i++)
        if (all[i].is_judged && all[i].c.version->id == id)
            return all[i].c.version;
    return tariff_version_load(cx, id);
}

static void judge(struct cx *cx, struct candidate *x,
                  const struct candidate *all, size_t n)
{
    const struct order *o = x->o;
    const struct charge_point *p = charge_point_find(cx, o->connector_id);

    must(x->is_read);
    must(!x->is_judged);
    must(p != NULL);
    x->c = (struct record_case){
        .record = &x->record,
        .version = version_of(cx, all, n, o->tariff_version_id),
        .power_w = p->power_w, .clock_off_ms = p->clock_off_ms,
        .created_at = o->created_at, .from = o->charging_at,
        .to = o->ended_at, .received_at = x->row->received_at,
        .live_e4kwh = o->live_energy_e4kwh
    };
    x->c.overlaps = x->record.total_e4kwh > 0 &&
                    overlaps(cx, o, record_start(&x->c), record_end(&x->c));
    x->wrong = record_problems(&x->c);
    record_bill(&x->record, &x->c.version->prices, &x->bill);
    must(x->c.version->id == o->tariff_version_id); /* frozen at start */
    x->is_judged = true;
}

static struct settling settling_of(const struct candidate *x)
{
    must(x->is_judged); /* before it there is no bill */
    must(x->o != NULL);
    return (struct settling){ .bill = &x->bill, .record = &x->record,
                              .start = record_start(&x->c),
                              .end = record_end(&x->c),
                              .recorded_at = x->row->received_at,
                              .event = "order.settle" };
}

/* Kept by its content though it has a number: see record_store.c. */
static bool has_foreign_number(const struct candidate *x)
{
    const char *no = x->record.trade_no;

    return x->row->trade_no[0] == 'z' && strspn(no, "0") != strlen(no);
}

/* Why the record is not for this order; NULL if it is. */
static const char *misfit(const struct candidate *x, int *state)
{
    const struct order *o = x->o;

    *state = RECORD_REVIEW;
    if (!x->is_read)
        return "报文不完整，不能解析。";
    if (o == NULL) {
        *state = RECORD_ORPHAN;
        if (has_foreign_number(x))
            return "交易流水号属于另一把枪的订单。";
        return x->record.start_flag == RECORD_BY_OFFLINE_CARD
                   ? "离线卡交易，未启用离线卡。"
                   : "没有这个交易流水号的订单。";
    }
    if (o->pile_id != x->row->pile_id || o->gun != x->row->gun)
        return "记录与订单的电桩或枪号不符。";
    if (o->state == ORDER_REVIEW ||
        (o->state == ORDER_SETTLED && !o->provisional))
        return "订单已处理，这条记录未入账。";
    return NULL;
}

/* Nothing is wrong with it, and nothing has been settled before. */
static bool is_plain(struct cx *cx, struct candidate *x,
                     const struct candidate *all, size_t n)
{
    int state;

    if (misfit(x, &state) != NULL || x->o->state == ORDER_SETTLED)
        return false;
    judge(cx, x, all, n);
    return x->wrong == 0;
}

/* Whatever is not plain. */
static void settle_odd(struct cx *cx, struct candidate *x,
                       struct rollups *rollups)
{
    struct settling s;
    int state;
    const char *why = misfit(x, &state);

    db_need_tx(cx);
    must(x->row->state == RECORD_WAITING);
    if (why != NULL) {
        set_aside(cx, x->row, state, why);
        return;
    }
    if (!x->is_judged)
        judge(cx, x, NULL, 0);
    why = record_problems_text(cx, x->wrong);
    must((why[0] != '\0') == (x->wrong != 0));
    s = settling_of(x);
    if (x->o->state == ORDER_SETTLED && x->wrong != 0) {
        set_aside(cx, x->row, RECORD_REVIEW, why);
    } else if (x->o->state == ORDER_SETTLED) { /* provisional: G13 */
        s.event = "order.correct";
        s.note = "补到交易记录";
        order_correct(cx, x->o, &s, "record", s.note, rollups);
        record_set_state(cx, x->row->id, RECORD_SETTLED, "");
    } else if (x->wrong != 0) {
        order_hold_for_review(cx, x->o, &s, why);
        record_set_state(cx, x->row->id, RECORD_REVIEW, why);
    } else { /* plain, but after another one of its gun */
        order_settle(cx, x->o, &s, rollups);
        record_set_state(cx, x->row->id,
                         x->bill.energy_e4kwh > 0 ? RECORD_SETTLED
                                                  : RECORD_ZERO, "");
    }
}

/* ---- groups ---------------------------------------------------------- */

struct group {
    int64_t ids[GROUP];
    size_t n;
    bool is_suspect; /* may end this process */
    bool is_last;    /* nothing else waits */
};

struct id_row {
    int64_t id;
    int aborts;
};

/* One that ended a run before goes alone. */
static void find_waiting(struct cx *cx, void *arg)
{
    static const char sql[] =
        "SELECT id, aborts FROM trade_record WHERE state = 1 AND next_at <= ?"
        " ORDER BY next_at, id LIMIT ?";
    static const struct db_field row[] = { DB_FIELD(struct id_row, id),
                                           DB_FIELD(struct id_row, aborts) };
    struct group *g = arg;
    size_t n;
    const struct id_row *ids = db_rows(cx, sql,
                                       BIND(V(cx->now), V((int)GROUP)),
                                       ROW(struct id_row, row), &n);

    must(n <= GROUP);
    *g = (struct group){ .is_last = n < GROUP };
    for (size_t i = 0; i < n; i++) {
        must(ids[i].id > 0);
        g->is_suspect = g->is_suspect || ids[i].aborts > 0;
        if (g->is_suspect && i > 0)
            break;
        g->ids[g->n++] = ids[i].id;
    }
    g->is_last = g->is_last && g->n == n;
}

/* Locks the records that still wait, and then their orders (T3). */
static size_t take(struct cx *cx, const struct group *g,
                   struct candidate x[GROUP])
{
    static const char sql[] =
        "SELECT id, COALESCE(for_trade_no, trade_no) AS trade_no, pile_id,"
        "   gun, raw, state, received_at, aborts"
        "  FROM trade_record FORCE INDEX (PRIMARY)"
        " WHERE id IN (?, ?, ?, ?, ?) AND state = 1 ORDER BY id FOR UPDATE";
    const char *trade_nos[GROUP];
    const struct record_row *rows;
    struct db_value v[GROUP];
    struct order *orders;
    size_t n, count;

    db_need_tx(cx);
    must(g->n > 0);
    must(g->n <= GROUP);
    for (size_t i = 0; i < GROUP; i++)
        v[i] = V(g->ids[i < g->n ? i : 0]);
    rows = db_rows(cx, sql, (struct db_binds){ v, GROUP },
                   ROW(struct record_row, record_row), &n);
    must(n <= g->n);
    for (size_t i = 0; i < n; i++) {
        must(rows[i].state == RECORD_WAITING);
        must(i == 0 || rows[i].id > rows[i - 1].id); /* T3 */
        x[i] = (struct candidate){ .row = &rows[i] };
        x[i].is_read = record_read(rows[i].raw.data, rows[i].raw.len,
                                   &x[i].record);
        trade_nos[i] = rows[i].trade_no;
    }
    if (n == 0)
        return 0; /* another run was faster */
    orders = order_lock_trades(cx, trade_nos, n, &count);
    must(count <= n);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < count; k++)
            if (strcmp(orders[k].trade_no, trade_nos[i]) == 0)
                x[i].o = &orders[k];
    return n;
}

/* Two of one gun are judged one after the other: they may overlap. */
static bool gun_is_taken(const struct settled *plain, size_t n,
                         const struct order *o)
{
    must(n < GROUP); /* room for this one */
    for (size_t i = 0; i < n; i++)
        if (plain[i].o->connector_id == o->connector_id)
            return true;
    return false;
}

static void mark_settled(struct cx *cx, const struct settled *plain,
                         const struct candidate *const *of, size_t n)
{
    static const char sql[] =
        "UPDATE trade_record SET state = ?, error = '' WHERE id = ?";
    struct db_value v[2 * GROUP];

    must(n > 0);
    must(n <= GROUP);
    for (size_t i = 0; i < n; i++) {
        must(of[i]->o == plain[i].o); /* each record with its order */
        v[2 * i] = V(plain[i].s.bill->energy_e4kwh > 0 ? RECORD_SETTLED
                                                       : RECORD_ZERO);
        v[2 * i + 1] = V(of[i]->row->id);
    }
    must(db_insert_rows(cx, sql, v, n, 2) == (int64_t)n);
}

static void settle_group(struct cx *cx, void *arg)
{
    struct candidate *x = arena_array(cx->arena, GROUP, sizeof *x);
    const struct candidate *of[GROUP];
    struct settled plain[GROUP];
    bool done[GROUP] = { false };
    struct rollups *rollups = CX_NEW(cx, struct rollups);
    size_t n = take(cx, arg, x), count = 0;

    must(n <= GROUP);
    for (size_t i = 0; i < n; i++) {
        if (x[i].o == NULL || gun_is_taken(plain, count, x[i].o) ||
            !is_plain(cx, &x[i], x, n))
            continue;
        done[i] = true;
        of[count] = &x[i];
        plain[count++] = (struct settled){ x[i].o, settling_of(&x[i]) };
    }
    must(count <= n);
    if (count > 0) {
        order_settle_many(cx, plain, count, rollups);
        mark_settled(cx, plain, of, count);
    }
    for (size_t i = 0; i < n; i++)
        if (!done[i])
            settle_odd(cx, &x[i], rollups);
    rollups_write(cx, rollups);
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
        "UPDATE trade_record SET tries = tries + 1, aborts = 0, error = ?,"
        " next_at = ? + INTERVAL LEAST(?, ? << LEAST(tries, 10)) * 1000"
        " MICROSECOND WHERE id = ? AND state = 1";
    const struct failure *f = arg;

    must(f->id > 0);
    must(f->why != NULL);
    db_exec(cx, sql, BIND(V(f->why), V(cx->now), V((int)RETRY_LAST_MS),
                          V((int)RETRY_FIRST_MS), V(f->id)));
}

/* Settles one record, or notes why not. False if the server failed. */
static bool settle_one(struct cx *cx, int64_t id, bool is_suspect)
{
    struct group one = { .ids = { id }, .n = 1 };
    struct suspect s = { .id = id };
    struct failure f = { id, NULL };

    must(id > 0);
    must(!db_in_tx(cx->db)); /* each record has one of its own */
    if ((!is_suspect || cx_run(cx, suspect_check, &s)) &&
        (s.is_over || cx_run(cx, group_tx, &one)))
        return true;
    f.why = cx_strdup(cx, cx->error.text);
    log_error("settle.failed", F_INT("record", id), F_TEXT("why", f.why));
    if (!cx_error_passes(cx))
        return cx_run(cx, note_failure, &f);
    if (is_suspect && !cx_run(cx, suspect_spared, &s))
        log_warn("settle.try_counted", F_INT("record", id));
    return false; /* the next run goes on */
}

/* One failing record must not hold up the others: each on its own. False if
   the server failed. */
static bool settle_singly(struct cx *cx, const struct group *g)
{
    must(g->n > 0);
    must(g->n <= GROUP);
    for (size_t i = 0; i < g->n; i++)
        if (!settle_one(cx, g->ids[i], g->is_suspect))
            return false;
    return true;
}

/* False if the server failed. */
static bool settle_some(struct cx *cx, const struct group *g)
{
    must(g->n > 0);
    if (g->is_suspect)
        return settle_singly(cx, g);
    if (cx_run(cx, group_tx, (void *)(uintptr_t)g))
        return true;
    log_warn("settle.group_failed", F_INT("records", g->n),
             F_TEXT("why", cx->error.text));
    return !cx_error_passes(cx) && settle_singly(cx, g);
}

static void free_unit(void *p)
{
    cx_free(p);
}

/* The rest of a run, with its mark set. */
static void settle_rest(struct cx *unit, struct cx *cx, struct group *g,
                        bool is_suspect)
{
    int64_t begun = monotonic_ms(), ms = 0;
    bool is_last;

    do {
        g->is_suspect = g->is_suspect || is_suspect;
        is_last = g->is_last;
        if (!settle_some(unit, g) || is_last || ms >= RUN_MS)
            break;
        cx_begin(unit);
        unit->actor = cx->actor;
        unit->scope = cx->scope;
        ms = monotonic_ms() - begun;
        must(ms >= 0);
        unit->now = stamp_add_ms(cx->now, ms);
    } while (cx_run(unit, find_waiting, g) && g->n > 0);
}

void order_settle_waiting(struct cx *cx)
{
    struct cx *unit = cx_own(cx, cx_new(cx->db, cx->config, ARENA_BYTES),
                             free_unit);
    struct group g;
    bool died;

    cx_begin(unit);
    unit->actor = cx->actor;
    unit->scope = cx->scope;
    unit->now = cx->now;
    if (!cx_run(unit, find_waiting, &g) || g.n == 0)
        return;
    died = settle_run_begin(cx);
    settle_rest(unit, cx, &g, died);
    settle_run_end(cx);
}
