#include "charging/order_money.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "db/db.h"
#include "db/outbox.h"
#include "ledger/ledger.h"
#include "system/audit.h"

/* A stop reason of the record: 40 is our own command; the rest is the pile's
   or the car's doing. */
enum { STOPPED_BY_APP = 0x40 };

/* ---- roll-ups -------------------------------------------------------- */

static int64_t hour_of(stamp t)
{
    must(t.ms > 0);
    return t.ms / INT64_C(3600000);
}

/* Orders count in the hour in which they were settled: books of the past do
   not change when a record is late. */
static void roll_up(struct cx *cx, const struct order *o,
                    const struct rollup *r, struct rollups *all)
{
    struct rollup *to = NULL;

    must(o->station_id > 0);
    for (size_t i = 0; i < all->n; i++)
        if (all->v[i].station_id == o->station_id &&
            hour_of(all->v[i].at) == hour_of(cx->now))
            to = &all->v[i];
    if (to == NULL) {
        must(all->n < ROLLUPS_MAX);
        to = &all->v[all->n++];
        *to = (struct rollup){ .station_id = o->station_id,
                               .provider_id = o->provider_id,
                               .merchant_id = o->merchant_id,
                               .at = cx->now };
    }
    to->orders = checked_add(to->orders, r->orders);
    to->seconds = checked_add(to->seconds, r->seconds);
    to->elec = money_add(to->elec, r->elec);
    to->service = money_add(to->service, r->service);
    for (int i = 0; i < RATES; i++)
        to->energy_e4kwh[i] = checked_add(to->energy_e4kwh[i],
                                          r->energy_e4kwh[i]);
}

void rollups_write(struct cx *cx, struct rollups *r)
{
    db_need_tx(cx);
    must(r->n <= ROLLUPS_MAX);
    /* By station, so that two writers meet in one order. */
    for (size_t i = 1; i < r->n; i++)
        for (size_t k = i;
             k > 0 && r->v[k - 1].station_id > r->v[k].station_id; k--) {
            struct rollup swap = r->v[k];

            r->v[k] = r->v[k - 1];
            r->v[k - 1] = swap;
        }
    for (size_t i = 0; i < r->n; i++) {
        must(i == 0 || r->v[i].station_id >= r->v[i - 1].station_id);
        rollup_add(cx, &r->v[i]);
    }
    r->n = 0;
}

static int64_t seconds_of(const struct settling *s)
{
    int64_t ms = checked_sub(s->end.ms, s->start.ms);

    return ms > 0 ? ms / 1000 : 0;
}

/* ---- rows ------------------------------------------------------------ */

static void forget_bill(struct cx *cx, const struct order *o)
{
    static const char sql[] = "DELETE FROM order_bill WHERE order_id = ?";

    db_need_tx(cx); /* a new one is written in it */
    must(o->state == ORDER_REVIEW || o->state == ORDER_SETTLED);
    db_exec(cx, sql, BIND(V(o->id)));
}

enum { BILL_COLUMNS = 9 };

/* The rows of one bill; how many. */
static size_t bill_values(const struct order *o, const struct settling *s,
                          struct db_value v[RATES * BILL_COLUMNS])
{
    size_t n = 0;

    for (int i = 0; i < RATES; i++) {
        const struct bill_line *l = &s->bill->rate[i];
        int64_t price = 0, amount = 0;

        if (s->record != NULL) {
            price = s->record->rate[i].price_e5;
            amount = s->record->rate[i].amount_e4yuan;
        }
        if (l->energy_e4kwh == 0 && amount == 0)
            continue;
        must(l->elec_nano == checked_mul(l->energy_e4kwh, l->elec_e5));
        must(l->service_nano == checked_mul(l->energy_e4kwh, l->service_e5));
        memcpy(&v[n * BILL_COLUMNS],
               ((struct db_value[BILL_COLUMNS]){
                   V(o->id), V(i), V(l->energy_e4kwh), V(l->elec_e5),
                   V(l->service_e5), V(l->elec_nano), V(l->service_nano),
                   V(price), V(amount) }),
               BILL_COLUMNS * sizeof *v);
        n++;
    }
    return n;
}

static void write_bills(struct cx *cx, const struct settled *orders,
                        size_t n)
{
    static const char sql[] =
        "INSERT INTO order_bill (order_id, rate, energy_e4kwh, elec_e5,"
        " service_e5, elec_nano, service_nano, pile_price_e5,"
        " pile_amount_e4yuan) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    struct db_value v[LEDGER_MANY * RATES * BILL_COLUMNS];
    size_t rows = 0;

    db_need_tx(cx);
    must(n > 0);
    must(n <= LEDGER_MANY);
    for (size_t i = 0; i < n; i++)
        rows += bill_values(orders[i].o, &orders[i].s,
                            &v[rows * BILL_COLUMNS]);
    must(rows <= n * RATES);
    if (rows > 0)
        db_insert_rows(cx, sql, v, rows, BILL_COLUMNS);
}

enum { ORDER_SET = 27 };

/* The parts of a bill add up to what the driver sees (M2). */
static void must_be_whole(const struct bill *b)
{
    must(b->energy_e4kwh >= 0);
    must(b->elec.fen >= 0);
    must(b->service.fen >= 0);
    must(money_cmp(b->total, money_add(b->elec, b->service)) == 0);
}

/* The order's figures, as the record or the telemetry has them. */
static void order_values(struct cx *cx, const struct order *o,
                         const struct settling *s, int state, money arrears,
                         const char *review, struct db_value v[ORDER_SET])
{
    const struct record *r = s->record;
    int reason = r != NULL ? r->stop_reason : 0;
    int by = reason == 0 || reason == STOPPED_BY_APP ? STOP_BY_NOBODY
                                                      : STOP_BY_PILE;
    const char *vin = r != NULL ? r->vin : "";

    must(o->id > 0);
    must(state == ORDER_SETTLED || state == ORDER_REVIEW);
    must(arrears.fen >= 0);
    must((r == NULL) == (s->recorded_at.ms == 0));
    must_be_whole(s->bill);
    memcpy(v, ((struct db_value[ORDER_SET]){
        V(state), V(review), V(state), V(s->start), V(s->end), V(s->end),
        V(s->recorded_at), V(state), V(s->recorded_at), V(cx->now),
        V(state), V(cx->now), V(s->bill->energy_e4kwh),
        V(r != NULL ? r->meter_start_e4kwh : 0),
        V(r != NULL ? r->meter_end_e4kwh : 0), V(s->bill->elec),
        V(s->bill->service), V(s->bill->total), V(arrears),
        V(r != NULL ? r->amount_e4yuan : 0), V(seconds_of(s)), V_ID(reason),
        V(by), V(by), V(vin), V(vin), V(o->id) }),
        ORDER_SET * sizeof *v);
}

static void write_orders(struct cx *cx, const struct db_value *v, size_t n)
{
    static const char sql[] =
        "UPDATE charge_order SET state = ?, review_reason = ?,"
        " hold_open = IF(? = 10, 0, hold_open), started_at = ?,"
        " finished_at = ?, ended_at = COALESCE(ended_at, ?),"
        " recorded_at = COALESCE(recorded_at, ?),"
        " provisional_at = IF(? = 10 AND ? IS NULL, ?, provisional_at),"
        " settled_at = IF(? = 10, COALESCE(settled_at, ?), settled_at),"
        " energy_e4kwh = ?, meter_start_e4kwh = ?, meter_end_e4kwh = ?,"
        " elec_fen = ?, service_fen = ?, total_fen = ?, arrears_fen = ?,"
        " pile_amount_e4yuan = ?, seconds = ?, stop_reason = ?,"
        " stop_by = IF(stop_by = 0 AND ? <> 0, ?, stop_by),"
        " vin = IF(? = '', vin, ?), ver = ver + 1 WHERE id = ?";

    db_need_tx(cx);
    must(n > 0);
    must(db_insert_rows(cx, sql, v, n, ORDER_SET) == (int64_t)n);
}

static void write_order(struct cx *cx, const struct order *o,
                        const struct settling *s, int state, money arrears,
                        const char *review)
{
    struct db_value v[ORDER_SET];

    order_values(cx, o, s, state, arrears, review, v);
    write_orders(cx, v, 1);
}

static const char *event_json(struct cx *cx, const struct order *o,
                              const struct bill *b)
{
    struct buf *text = cx_buf(cx, 1000);
    struct json_out j = { text, false };

    json_open(&j, NULL, '{');
    json_int(&j, "order_id", o->id);
    json_text(&j, "order_no", o->order_no);
    json_int(&j, "driver_id", o->driver_id);
    json_int(&j, "station_id", o->station_id);
    json_int(&j, "merchant_id", o->merchant_id);
    json_int(&j, "provider_id", o->provider_id);
    json_int(&j, "energy_e4kwh", b->energy_e4kwh);
    json_int(&j, "elec_fen", b->elec.fen);
    json_int(&j, "service_fen", b->service.fen);
    json_int(&j, "total_fen", b->total.fen);
    json_close(&j, '}');
    must(buf_text(text) != NULL);
    return cx_strdup(cx, buf_text(text));
}

static void tell(struct cx *cx, const char *topic,
                 const struct settled *orders, size_t n)
{
    struct outbox_item items[LEDGER_MANY];

    must(n > 0);
    must(n <= LEDGER_MANY);
    for (size_t i = 0; i < n; i++)
        items[i] = (struct outbox_item){
            cx_printf(cx, "order:%" PRId64, orders[i].o->id),
            event_json(cx, orders[i].o, orders[i].s.bill)
        };
    outbox_add_many(cx, topic, items, n);
}

/* All of a group have the event of the first. */
static void note_acts(struct cx *cx, const struct settled *orders, size_t n)
{
    struct audit_item items[LEDGER_MANY];
    char total[MONEY_TEXT];

    must(n > 0);
    must(n <= LEDGER_MANY);
    for (size_t i = 0; i < n; i++) {
        const struct settling *s = &orders[i].s;

        must(strcmp(s->event, orders[0].s.event) == 0);
        items[i] = (struct audit_item){
            orders[i].o->id,
            cx_printf(cx, "%s ¥%s%s%s", orders[i].o->order_no,
                      money_text(s->bill->total, total),
                      s->note != NULL ? "，" : "",
                      s->note != NULL ? s->note : "")
        };
    }
    audit_many(cx, orders[0].s.event, "order", items, n);
}

/* ---- settling -------------------------------------------------------- */

/* What each order owes those who earn by it; the arrears it leaves. */
static void book_orders(struct cx *cx, const struct settled *orders,
                        size_t n, money *arrears)
{
    struct ledger_charge charges[LEDGER_MANY];
    struct ledger_payment paid[LEDGER_MANY];
    struct posting credits[LEDGER_MANY][2];
    size_t of[LEDGER_MANY], count = 0;

    for (size_t i = 0; i < n; i++) {
        const struct order *o = orders[i].o;
        const struct bill *b = orders[i].s.bill;

        arrears[i] = FEN(0);
        must(o->driver_id > 0);
        must_be_whole(b);
        if (b->total.fen == 0)
            continue;
        credits[count][0] = (struct posting){ LEDGER_MERCHANT,
                                              o->merchant_id, b->elec };
        credits[count][1] = (struct posting){ LEDGER_SERVICE,
                                              o->provider_id, b->service };
        charges[count] = (struct ledger_charge){
            { "order.settle", o->order_no, "order", o->id, "充电结算" },
            o->driver_id, o->hold_id, credits[count], 2
        };
        of[count++] = i;
    }
    if (count > 0)
        ledger_spend_many(cx, charges, count, paid);
    for (size_t k = 0; k < count; k++) {
        must(paid[k].arrears.fen >= 0);
        must(money_cmp(paid[k].arrears, orders[of[k]].s.bill->total) <= 0);
        arrears[of[k]] = paid[k].arrears;
    }
    for (size_t i = 0; i < n; i++)
        if (orders[i].s.bill->total.fen == 0 && orders[i].o->hold_id != 0)
            ledger_hold_void(cx, orders[i].o->hold_id);
}

static void count_order(struct cx *cx, const struct settled *x,
                        struct rollups *rollups)
{
    const struct bill *b = x->s.bill;
    struct rollup r = { .orders = 1, .elec = b->elec, .service = b->service,
                        .seconds = seconds_of(&x->s) };

    if (b->energy_e4kwh == 0)
        return;
    for (int i = 0; i < RATES; i++)
        r.energy_e4kwh[i] = b->rate[i].energy_e4kwh;
    roll_up(cx, x->o, &r, rollups);
}

void order_settle_many(struct cx *cx, const struct settled *orders, size_t n,
                       struct rollups *rollups)
{
    struct db_value v[LEDGER_MANY * ORDER_SET];
    money arrears[LEDGER_MANY];

    db_need_tx(cx);
    must(n > 0);
    must(n <= LEDGER_MANY);
    for (size_t i = 0; i < n; i++) /* once: after it only order_correct */
        must(orders[i].o->state != ORDER_SETTLED);
    book_orders(cx, orders, n, arrears);
    for (size_t i = 0; i < n; i++) {
        if (orders[i].o->state == ORDER_REVIEW)
            forget_bill(cx, orders[i].o); /* of the record as it came */
        order_values(cx, orders[i].o, &orders[i].s, ORDER_SETTLED,
                     arrears[i], "", &v[i * ORDER_SET]);
        count_order(cx, &orders[i], rollups);
    }
    write_bills(cx, orders, n);
    write_orders(cx, v, n);
    note_acts(cx, orders, n);
    tell(cx, "order.settled", orders, n);
}

void order_settle(struct cx *cx, struct order *o, const struct settling *s,
                  struct rollups *rollups)
{
    order_settle_many(cx, &(struct settled){ o, *s }, 1, rollups);
}

void order_hold_for_review(struct cx *cx, struct order *o,
                           const struct settling *s, const char *reason)
{
    const struct settled x = { o, *s };

    must(o->state != ORDER_SETTLED);
    must(reason[0] != '\0'); /* a person has to know why */
    write_bills(cx, &x, 1);
    write_order(cx, o, s, ORDER_REVIEW, FEN(0), reason);
    audit(cx, "order.review_wanted", "order", o->id, reason);
    tell(cx, "order.review", &x, 1);
}

/* ---- after settlement ------------------------------------------------ */

struct difference {
    int64_t energy[RATES];
    int64_t energy_sum;
    money elec, service, total;
    int64_t seconds;
};

/* Moves the difference between the driver and those who earn. */
static int64_t book_difference(struct cx *cx, const struct order *o,
                               const struct difference *d, const char *key,
                               money *arrears)
{
    const struct ledger_doc doc = {
        "order.adjust", cx_printf(cx, "%s:%s", o->order_no, key), "order",
        o->id, "结算更正"
    };
    const struct posting p[] = {
        { LEDGER_MERCHANT, o->merchant_id, d->elec },
        { LEDGER_SERVICE, o->provider_id, d->service }
    };
    struct ledger_payment moved = { 0 };

    must(money_cmp(d->total, money_add(d->elec, d->service)) == 0);
    if (d->total.fen > 0) {
        moved = ledger_spend(cx, &doc, o->driver_id, 0, p, COUNT(p));
        *arrears = moved.arrears;
    } else if (d->total.fen < 0) {
        moved = ledger_give_back(cx, &doc, o->driver_id, p, COUNT(p));
        *arrears = money_neg(moved.arrears);
    } else if (d->elec.fen != 0) {
        return ledger_post(cx, &doc, p, COUNT(p));
    }
    return moved.tx_id;
}

static void write_adjustment(struct cx *cx, const struct order *o,
                             const struct difference *d, money arrears,
                             const char *reason, int64_t tx_id)
{
    static const char sql[] =
        "INSERT INTO order_adjust (order_id, at, energy_e4kwh, elec_fen,"
        " service_fen, total_fen, arrears_fen, reason, actor_kind, actor_id,"
        " tx_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

    db_need_tx(cx);
    must(reason[0] != '\0');
    must(tx_id != 0 || d->total.fen == 0); /* no change without postings */
    db_insert(cx, sql,
              BIND(V(o->id), V(cx->now), V(d->energy_sum), V(d->elec),
                   V(d->service), V(d->total), V(arrears), V(reason),
                   V((int)cx->actor.kind), V(cx->actor.id), V_ID(tx_id)));
}

static void difference_of(struct cx *cx, const struct order *o,
                          const struct settling *s, struct difference *d)
{
    size_t n;
    const struct order_bill_row *old = order_bill(cx, o->id, &n);

    *d = (struct difference){
        .energy_sum = checked_sub(s->bill->energy_e4kwh, o->energy_e4kwh),
        .elec = money_sub(s->bill->elec, o->elec_fen),
        .service = money_sub(s->bill->service, o->service_fen),
        .total = money_sub(s->bill->total, o->total_fen),
        .seconds = checked_sub(seconds_of(s), o->seconds)
    };
    for (int i = 0; i < RATES; i++)
        d->energy[i] = s->bill->rate[i].energy_e4kwh;
    for (size_t i = 0; i < n; i++) {
        int rate = old[i].rate;

        must(rate >= 0);
        must(rate < RATES);
        d->energy[rate] = checked_sub(d->energy[rate], old[i].energy_e4kwh);
    }
}

void order_correct(struct cx *cx, struct order *o, const struct settling *s,
                   const char *key, const char *reason,
                   struct rollups *rollups)
{
    struct difference d;
    struct rollup r;
    const struct settled x = { o, *s };
    money arrears = FEN(0);
    int64_t tx_id;

    must(o->state == ORDER_SETTLED);
    difference_of(cx, o, s, &d);
    tx_id = book_difference(cx, o, &d, key, &arrears);
    forget_bill(cx, o);
    write_bills(cx, &x, 1);
    write_order(cx, o, s, ORDER_SETTLED, money_add(o->arrears_fen, arrears),
                "");
    if (tx_id != 0 || d.energy_sum != 0)
        write_adjustment(cx, o, &d, arrears, reason, tx_id);
    r = (struct rollup){ .orders = (s->bill->energy_e4kwh > 0) -
                                   (o->energy_e4kwh > 0),
                         .elec = d.elec, .service = d.service,
                         .seconds = d.seconds };
    memcpy(r.energy_e4kwh, d.energy, sizeof r.energy_e4kwh);
    roll_up(cx, o, &r, rollups);
    note_acts(cx, &x, 1);
    tell(cx, "order.corrected", &x, 1);
}
