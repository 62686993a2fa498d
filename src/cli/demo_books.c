/*
 * The history as rows: orders with their bills and trade records, payments,
 * and through the ledger the money that they moved.
 */
#include "cli/demo.h"

#include <stdlib.h>

#include "base/crypto.h"
#include "charging/order_state.h"
#include "cli/demo_frames.h"
#include "db/db.h"
#include "db/rows.h"
#include "ledger/ledger_past.h"
#include "protocol/ykc/frame.h"
#include "tariff/billing.h"

enum { PAYMENT_PAID = 3, RECORD_TRADE = 0x3B };

struct books {
    struct demo *d;
    struct ledger_past *ledger;
    struct rows *orders, *bills, *records, *payments;
    int64_t *hold_ids; /* by session */
};

/* What happened, to be written in the order of time. */
enum what { TOPPED_UP, STARTED, ENDED };
struct entry {
    stamp at;
    enum what what;
    int64_t id; /* of the payment or order: its index and 1 */
};

static int by_time(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;

    if (x->at.ms != y->at.ms)
        return x->at.ms < y->at.ms ? -1 : 1;
    if (x->what != y->what)
        return x->what < y->what ? -1 : 1;
    return x->id < y->id ? -1 : 1;
}

static stamp recorded_at(const struct demo_session *s)
{
    return stamp_add_ms(s->ended_at, 2000 + s->ended_at.ms % 5000);
}

static stamp settled_at(const struct demo_session *s)
{
    return stamp_add_ms(s->ended_at, 7600 + s->ended_at.ms % 400);
}

static const char *order_no(struct cx *cx, const struct demo_session *s,
                            int64_t id)
{
    struct civil c = stamp_civil(s->created_at);

    return cx_printf(cx, "C%04d%02d%02d%02d%02d%02d%03d", c.year, c.month,
                     c.day, c.hour, c.minute, c.second, (int)(id % 1000));
}

/* ---- orders ------------------------------------------------------------- */

/* What the pile would have charged: its own arithmetic, in 1e-4 yuan. */
static int64_t pile_amount(int64_t energy_e4kwh, int64_t price_e5)
{
    return (energy_e4kwh * price_e5 + 50000) / 100000;
}

static int64_t save_bill(struct books *b, const struct demo_session *s,
                         int64_t order_id, const struct tariff_prices *p)
{
    int64_t total = 0;

    for (int r = 0; r < RATES; r++) {
        int64_t energy = s->rate_e4kwh[r];
        int64_t price = p->elec_e5[r] + p->service_e5[r];
        int64_t amount = pile_amount(energy, price);

        total += amount;
        rows_add(b->bills,
                 BIND(V(order_id), V(r), V(energy), V(p->elec_e5[r]),
                      V(p->service_e5[r]), V(energy * p->elec_e5[r]),
                      V(energy * p->service_e5[r]), V(price), V(amount)));
    }
    return total;
}

/* The frame that the pile sent, and what identifies it: its body, without head
   and check. */
static struct bytes sent(const struct books *b, struct arena *a,
                         const struct demo_session *s, const char *trade_no,
                         struct bytes *hash)
{
    uint8_t frame[YKC_MAX_FRAME], *sum = arena_alloc(a, SHA256_SIZE);
    size_t n = demo_record_frame(b->d, s, trade_no, frame);

    sha256(frame + 6, n - 8, sum);
    *hash = (struct bytes){ sum, SHA256_SIZE };
    return (struct bytes){ arena_memdup(a, frame, n), n };
}

static void save_record(struct books *b, const struct demo_session *s,
                        const char *trade_no, int state, const char *error)
{
    const struct demo_gun *g = &b->d->guns[s->gun];
    struct bytes hash;
    struct bytes raw = sent(b, rows_arena(b->records), s, trade_no, &hash);

    rows_add(b->records,
             BIND(V(rows_text(b->records, "%s", trade_no)), V(g->pile_id),
                  V(g->gun), V(RECORD_TRADE), V(hash), V(raw), V(state),
                  V(error), V(recorded_at(s)), V(recorded_at(s))));
}

static const char *trade_no_of(const struct demo *d,
                               const struct demo_session *s)
{
    const struct demo_gun *g = &d->guns[s->gun];
    char no[YKC_TRADE_TEXT];

    ykc_trade_number(g->pile_no, g->gun, s->created_at,
                     (unsigned)s->counter % 10000, no);
    return cx_strdup(d->cx, no);
}

/* An hour later the pile told of the same charge with more energy. */
static void save_conflict(struct books *b, const struct demo_session *first)
{
    static const char sql[] =
        "INSERT INTO trade_record_conflict (trade_no, pile_id, body_hash,"
        " raw, received_at) VALUES (?, ?, ?, ?, ?)";
    const struct demo *d = b->d;
    const char *no = trade_no_of(d, first);
    struct demo_session s = *first;
    struct bytes hash, raw;

    for (int r = 0; r < RATES; r++)
        if (s.rate_e4kwh[r] > 0) {
            s.rate_e4kwh[r] += 1000;
            s.energy_e4kwh += 1000;
        }
    raw = sent(b, d->cx->arena, &s, no, &hash);
    db_insert(d->cx, sql,
              BIND(V(no), V(d->guns[s.gun].pile_id), V(hash), V(raw),
                   V(((stamp){ recorded_at(first).ms + 3600000 }))));
}

/* The day before a merchant's first charge its pile kept one to itself. */
static void save_orphan(struct books *b, const struct demo_session *first)
{
    const struct demo_gun *g = &b->d->guns[first->gun];
    struct demo_session s = *first;
    char no[33];

    s.charging_at = stamp_add_days(s.charging_at, -1);
    s.ended_at = stamp_add_days(s.ended_at, -1);
    ykc_trade_number(g->pile_no, g->gun, s.charging_at, 9001, no);
    save_record(b, &s, no, RECORD_ORPHAN, "没有这个交易流水号的订单。");
}

/* One of each kind for every merchant. */
static void save_odd_records(struct books *b)
{
    const struct demo *d = b->d;
    int64_t *done = arena_array(d->cx->arena, d->session_count,
                                sizeof *done);
    size_t n = 0;

    for (size_t i = 0; i < d->session_count; i++) {
        const struct demo_session *s = &d->sessions[i];
        int64_t merchant = d->stations[d->guns[s->gun].station].merchant_id;
        bool had = s->failed;

        for (size_t k = 0; k < n; k++)
            had = had || done[k] == merchant;
        if (had)
            continue;
        done[n++] = merchant;
        save_orphan(b, s);
        save_conflict(b, s);
    }
}

struct order_row {
    const char *no, *trade_no;
    const struct demo_tariff *tariff;
    int64_t id, pile_amount;
};

/* A start that the vehicle did not take up. */
static void save_failed(struct books *b, const struct demo_session *s,
                        const struct order_row *o)
{
    static const char *const reasons[] = {
        "车辆未插枪或连接异常", "电桩启动失败：接收 BRM 超时", "电桩应答超时",
    };
    struct demo *d = b->d;
    const struct demo_gun *g = &d->guns[s->gun];
    const struct demo_station *t = &d->stations[g->station];
    const struct demo_driver *p = &d->drivers[s->driver];
    const char *why = reasons[o->id % (int64_t)COUNT(reasons)];
    stamp none = { 0 };

    rows_add(b->orders,
             BIND(V(o->id), V(o->no), V(o->trade_no), V(t->provider_id),
                  V(t->merchant_id), V(t->id), V(g->pile_id),
                  V(g->connector_id), V(g->gun), V(p->id), V(START_BY_APP),
                  V((const char *)p->plate), V(ORDER_START_FAILED),
                  V(o->tariff->version_id), V(b->hold_ids[o->id - 1]),
                  V(s->hold_fen), V(why), V(0), V(STOP_BY_NOBODY),
                  V(s->created_at), V(stamp_add_ms(s->created_at, 240)),
                  V(stamp_add_ms(s->created_at, 3100)), V(none), V(none),
                  V(s->ended_at), V(none), V(none), V(none), V(none), V(0),
                  V(0), V(0), V(0), V(0), V(0), V(0), V(0), V(0), V(0), V(0),
                  V(0), V(0)));
}

static void save_settled(struct books *b, const struct demo_session *s,
                         const struct order_row *o)
{
    struct demo *d = b->d;
    const struct demo_gun *g = &d->guns[s->gun];
    const struct demo_station *t = &d->stations[g->station];
    const struct demo_driver *p = &d->drivers[s->driver];
    int64_t total = money_add(s->elec, s->service).fen;
    stamp stop = { s->stop_by == STOP_BY_DRIVER ? s->ended_at.ms - 1500 : 0 };

    rows_add(b->orders,
             BIND(V(o->id), V(o->no), V(o->trade_no), V(t->provider_id),
                  V(t->merchant_id), V(t->id), V(g->pile_id),
                  V(g->connector_id), V(g->gun), V(p->id),
                  V(s->by_card ? START_BY_CARD : START_BY_APP),
                  V((const char *)p->plate), V(ORDER_SETTLED),
                  V(o->tariff->version_id), V(b->hold_ids[o->id - 1]),
                  V(s->hold_fen), V(""), V(s->stop_reason), V(s->stop_by),
                  V(s->created_at), V(stamp_add_ms(s->created_at, 240)),
                  V(stamp_add_ms(s->created_at, 3100)), V(s->charging_at),
                  V(stop), V(s->ended_at), V(recorded_at(s)),
                  V(settled_at(s)), V(s->charging_at), V(s->ended_at),
                  V(s->soc_start), V(s->soc_end), V(s->max_power_w),
                  V(s->energy_e4kwh), V(total), V(s->energy_e4kwh),
                  V(s->meter_start_e4kwh),
                  V(s->meter_start_e4kwh + s->energy_e4kwh), V(s->elec),
                  V(s->service), V(total), V(o->pile_amount),
                  V((s->ended_at.ms - s->charging_at.ms) / 1000)));
}

static void save_order(struct books *b, int64_t id)
{
    struct demo *d = b->d;
    const struct demo_session *s = &d->sessions[id - 1];
    const struct demo_gun *g = &d->guns[s->gun];
    struct order_row o = { .id = id };

    o.tariff = demo_tariff_of(d, g, s->created_at);
    o.no = order_no(d->cx, s, o.id);
    o.trade_no = trade_no_of(d, s);
    b->hold_ids[id - 1] = ledger_past_hold(
        b->ledger, o.no, "order", o.id, d->drivers[s->driver].id,
        FEN(s->hold_fen), s->created_at, stamp_add_days(s->created_at, 3));
    if (s->failed) {
        save_failed(b, s, &o);
        return;
    }
    o.pile_amount = save_bill(b, s, o.id, &o.tariff->prices);
    save_settled(b, s, &o);
    save_record(b, s, o.trade_no, RECORD_SETTLED, "");
}

/* ---- money -------------------------------------------------------------- */

static void book_topup(struct books *b, int64_t id)
{
    const struct demo_topup *t = &b->d->topups[id - 1];
    int64_t driver_id = b->d->drivers[t->driver].id;
    const char *no = cx_printf(b->d->cx, "T%lld%07lld",
                               (long long)(t->at.ms / 1000), (long long)id);

    rows_add(b->payments,
             BIND(V(id), V(no), V(driver_id), V(t->amount), V(PAYMENT_PAID),
                  V(rows_text(b->payments, "4200%012lld", (long long)id)),
                  V(t->at), V(stamp_add_ms(t->at, 1800000)),
                  V(stamp_add_ms(t->at, -9000)), V(t->at)));
    ledger_past_topup(b->ledger, no, id, driver_id, CHANNEL_DEMO,
                      FEN(t->amount), t->at);
}

static void book_session(struct books *b, const struct entry *e)
{
    struct demo *d = b->d;
    const struct demo_session *s = &d->sessions[e->id - 1];
    const struct demo_station *t = &d->stations[d->guns[s->gun].station];
    const struct posting credits[] = {
        { LEDGER_MERCHANT, t->merchant_id, s->elec },
        { LEDGER_SERVICE, t->provider_id, s->service },
    };
    const struct ledger_doc doc = { .kind = "order.settle",
                                    .key = order_no(d->cx, s, e->id),
                                    .ref_kind = "order", .ref_id = e->id,
                                    .note = "充电结算" };

    if (s->failed)
        ledger_past_void(b->ledger, b->hold_ids[e->id - 1], e->at);
    else
        ledger_past_spend(b->ledger, &doc, d->drivers[s->driver].id,
                          b->hold_ids[e->id - 1], credits, COUNT(credits),
                          e->at);
}

static struct entry *entries_of(struct demo *d, size_t *count)
{
    struct entry *e = arena_array(d->cx->arena,
                                  2 * d->session_count + d->topup_count,
                                  sizeof *e);
    size_t n = 0;

    for (size_t i = 0; i < d->session_count; i++) {
        const struct demo_session *s = &d->sessions[i];
        int64_t id = (int64_t)i + 1;

        e[n++] = (struct entry){ s->created_at, STARTED, id };
        e[n++] = (struct entry){ s->failed ? s->ended_at : settled_at(s),
                                 ENDED, id };
    }
    for (size_t i = 0; i < d->topup_count; i++)
        e[n++] = (struct entry){ d->topups[i].at, TOPPED_UP,
                                 (int64_t)i + 1 };
    qsort(e, n, sizeof *e, by_time);
    *count = n;
    return e;
}

static void write_all(struct books *b)
{
    size_t n;
    const struct entry *e = entries_of(b->d, &n);

    for (size_t i = 0; i < n; i++) {
        if (e[i].what == TOPPED_UP)
            book_topup(b, e[i].id);
        else if (e[i].what == STARTED)
            save_order(b, e[i].id);
        else
            book_session(b, &e[i]);
    }
}

static void save_counters(struct demo *d)
{
    static const char sql[] =
        "INSERT INTO trade_counter (connector_id, last) VALUES (?, ?)";
    struct rows *r = rows_new(d->cx, sql);

    for (size_t i = 0; i < d->gun_count; i++)
        rows_add(r, BIND(V(d->guns[i].connector_id),
                         V(d->guns[i].counter % 10000)));
    rows_end(r);
}

void demo_make_books(struct demo *d)
{
    static const char orders[] =
        "INSERT INTO charge_order (id, order_no, trade_no, provider_id,"
        "   merchant_id, station_id, pile_id, connector_id, gun, driver_id,"
        "   start_by, plate, state, tariff_version_id, hold_id, hold_fen,"
        "   fail_reason, stop_reason, stop_by, created_at, sent_at,"
        "   replied_at, charging_at, stop_sent_at, ended_at, recorded_at,"
        "   settled_at, started_at, finished_at, soc_start, soc, max_power_w,"
        "   live_energy_e4kwh, live_amount_fen, energy_e4kwh,"
        "   meter_start_e4kwh, meter_end_e4kwh, elec_fen, service_fen,"
        "   total_fen, pile_amount_e4yuan, seconds)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        "   ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    static const char bills[] =
        "INSERT INTO order_bill (order_id, rate, energy_e4kwh, elec_e5,"
        "   service_e5, elec_nano, service_nano, pile_price_e5,"
        "   pile_amount_e4yuan) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    static const char records[] =
        "INSERT INTO trade_record (trade_no, pile_id, gun, frame_type,"
        "   body_hash, raw, state, error, next_at, received_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    static const char payments[] =
        "INSERT INTO payment (id, out_trade_no, driver_id, channel, amount,"
        "   state, channel_trade_no, paid_at, expires_at, created_at,"
        "   updated_at) VALUES (?, ?, ?, 'demo', ?, ?, ?, ?, ?, ?, ?)";
    struct cx *cx = d->cx;
    struct books b = { .d = d, .ledger = ledger_past_new(cx),
                       .orders = rows_new(cx, orders),
                       .bills = rows_new(cx, bills),
                       .records = rows_new(cx, records),
                       .payments = rows_new(cx, payments) };

    b.hold_ids = arena_array(cx->arena, d->session_count, sizeof *b.hold_ids);
    write_all(&b);
    save_odd_records(&b);
    rows_end(b.orders);
    rows_end(b.bills);
    rows_end(b.records);
    rows_end(b.payments);
    ledger_past_end(b.ledger);
    save_counters(d);
}
