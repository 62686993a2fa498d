#include "tests/integration/world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "asset/live.h"
#include "base/config.h"
#include "base/crypto.h"
#include "db/db.h"
#include "ledger/ledger.h"
#include "protocol/ykc/frame.h"
#include "tariff/tariff.h"
#include "tests/integration/testdb.h"

const struct tariff_prices world_prices = {
    { 130000, 110000, 80000, 40000 }, { 40000, 35000, 30000, 25000 }
};

/* ---- units of work --------------------------------------------------- */

struct in_tx {
    void (*body)(struct cx *, void *);
    void *arg;
};

static void run_tx(struct cx *cx, void *arg)
{
    struct in_tx *t = arg;

    db_tx(cx, t->body, t->arg);
}

enum cx_code world_tx(struct cx *cx, void (*body)(struct cx *, void *),
                      void *arg)
{
    struct in_tx t = { body, arg };

    return cx_run(cx, run_tx, &t) ? CX_OK : cx->error.code;
}

struct cx *world_cx(void)
{
    static const struct config *config;
    struct cx *cx = testdb_cx();
    char err[200];

    if (config == NULL)
        config = config_load(NULL, err, sizeof err);
    cx->config = config;
    return cx;
}

void world_again(struct cx *cx)
{
    stamp now = cx->now;

    cx_begin(cx);
    cx->now = now;
    cx->scope.all = true;
    cx->actor.kind = ACTOR_SYSTEM;
    cx->actor.name = "test";
}

/* ---- what there is --------------------------------------------------- */

static void make_tariff(struct cx *cx, void *arg)
{
    const struct tariff_draft d = {
        .station_id = WORLD_STATION, .name = "分时", .mode = TARIFF_PERIODS,
        .slots = WORLD_SLOTS, .prices = world_prices,
        .starts_at = stamp_add_days(stamp_day(cx->now), -400),
        .backdated = true
    };

    *(int64_t *)arg = tariff_create(cx, &d);
}

/* Piles from first to last, with their guns, in three statements. */
static void make_piles(struct cx *cx, int first, int last)
{
    testdb_sql(cx, cx_printf(cx,
        "INSERT INTO pile (id, no, name, station_id, area_id, kind, guns,"
        " power_w, online, created_at, updated_at) SELECT seq,"
        " LPAD(32010600019235 + seq, 14, '0'), CONCAT('A', seq), 1, 1, 1, 2,"
        " 120000, 1, '2024-01-01', '2024-01-01' FROM seq_%d_to_%d", first,
        last));
    testdb_sql(cx, cx_printf(cx,
        "INSERT INTO connector (id, pile_id, station_id, gun, name, qr_no,"
        " created_at, updated_at) SELECT 2 * (p.seq - 1) + g.seq, p.seq, 1,"
        " g.seq, CONCAT('A', p.seq, '-', g.seq),"
        " CONCAT(LPAD(32010600019235 + p.seq, 14, '0'), '0', g.seq),"
        " '2024-01-01', '2024-01-01' FROM seq_%d_to_%d p, seq_1_to_2 g",
        first, last));
    testdb_sql(cx, cx_printf(cx,
        "INSERT INTO connector_live (connector_id, station_id, pile_id, gun,"
        " state, plugged) SELECT id, 1, pile_id, gun, 2, 1 FROM connector"
        " WHERE pile_id BETWEEN %d AND %d", first, last));
}

void world_make(struct cx *cx)
{
    int64_t tariff;

    testdb_sql(cx, "INSERT INTO org (id, parent_id, kind, name, provider_id,"
                   " created_at, updated_at) VALUES (1, NULL, 1, '平台',"
                   " NULL, NOW(3), NOW(3)), (2, 1, 2, '服务商', 2, NOW(3),"
                   " NOW(3)), (3, 2, 3, '商户', 2, NOW(3), NOW(3))");
    testdb_sql(cx, "INSERT INTO station (id, provider_id, merchant_id, name,"
                   " created_at, updated_at) VALUES (1, 2, 3, '东广场站',"
                   " NOW(3), NOW(3))");
    testdb_sql(cx, "INSERT INTO area (id, station_id, no, name, is_default,"
                   " created_at, updated_at) VALUES (1, 1, 'Q000001-01',"
                   " '默认区域', 1, NOW(3), NOW(3))");
    make_piles(cx, 1, 1);
    assert_int_equal(world_tx(cx, make_tariff, &tariff), CX_OK);
    assert_int_equal(tariff, 1);
}

void world_more_piles(struct cx *cx, int count)
{
    make_piles(cx, 2, count + 1);
}

struct purse {
    int64_t id, paid, granted, gift;
};

static void fill_purse(struct cx *cx, void *arg)
{
    const struct purse *p = arg;
    const char *key = cx_printf(cx, "w%lld", (long long)p->id);

    ledger_open_wallet(cx, p->id);
    if (p->paid > 0)
        ledger_topup(cx, key, p->id, p->id, CHANNEL_DEMO, FEN(p->paid));
    if (p->granted > 0)
        ledger_grant(cx, key, p->id, FEN(p->granted), "");
    if (p->gift > 0)
        ledger_gift(cx, key, p->id, FEN(p->gift), "");
}

int64_t world_driver(struct cx *cx, int64_t paid, int64_t granted,
                     int64_t gift)
{
    struct purse p = { 0, paid, granted, gift };

    p.id = testdb_int(cx, "SELECT COALESCE(MAX(id), 0) + 1 FROM driver");
    testdb_sql(cx, cx_printf(cx,
        "INSERT INTO driver (id, phone, plate, created_at, updated_at)"
        " VALUES (%lld, '138%08lld', '粤A12345', NOW(3), NOW(3))",
        (long long)p.id, (long long)p.id));
    assert_int_equal(world_tx(cx, fill_purse, &p), CX_OK);
    return p.id;
}

struct wallet_of {
    int64_t driver_id;
    struct wallet w;
};

static void read_wallet(struct cx *cx, void *arg)
{
    struct wallet_of *w = arg;

    w->w = ledger_wallet(cx, w->driver_id);
}

struct wallet world_wallet(struct cx *cx, int64_t driver_id)
{
    struct wallet_of w = { .driver_id = driver_id };

    testdb_run(cx, read_wallet, &w);
    return w.w;
}

struct order_of {
    int64_t id;
    struct order *o;
};

static void read_order(struct cx *cx, void *arg)
{
    struct order_of *o = arg;

    o->o = order_load(cx, o->id);
}

struct order *world_order(struct cx *cx, int64_t id)
{
    struct order_of o = { .id = id };

    testdb_run(cx, read_order, &o);
    return o.o;
}

/* ---- what the gateway would write ------------------------------------ */

static const char *sql_stamp(struct cx *cx, stamp t)
{
    char text[STAMP_TEXT];

    return t.ms == 0 ? "NULL"
                     : cx_printf(cx, "'%s'", stamp_text(t, text));
}

void world_live(struct cx *cx, int64_t connector_id, int state,
                const char *trade_no)
{
    testdb_sql(cx, cx_printf(cx,
        "UPDATE connector_live SET state = %d, trade_no = %s%s%s,"
        " seen_at = %s WHERE connector_id = %lld", state,
        trade_no != NULL ? "'" : "", trade_no != NULL ? trade_no : "NULL",
        trade_no != NULL ? "'" : "", sql_stamp(cx, cx->now),
        (long long)connector_id));
}

void world_order_state(struct cx *cx, int64_t order_id, int state)
{
    const char *now = sql_stamp(cx, cx->now);
    const char *more = "";

    if (state == ORDER_STARTING || state == ORDER_WAITING_PLUG)
        more = cx_printf(cx, ", sent_at = COALESCE(sent_at, %s)", now);
    if (state == ORDER_CHARGING)
        more = cx_printf(cx, ", sent_at = COALESCE(sent_at, %s),"
                             " charging_at = COALESCE(charging_at, %s),"
                             " live_at = %s", now, now, now);
    if (state == ORDER_AWAITING_RECORD || state == ORDER_START_FAILED)
        more = cx_printf(cx, ", ended_at = %s", now);
    testdb_sql(cx, cx_printf(cx, "UPDATE charge_order SET state = %d%s"
                                 " WHERE id = %lld", state, more,
                             (long long)order_id));
    testdb_sql(cx, cx_printf(cx, "UPDATE pile_command SET state = 2,"
                                 " sent_at = %s WHERE order_id = %lld AND"
                                 " state = 1", now, (long long)order_id));
}

/* ---- records --------------------------------------------------------- */

static void fill_rates(const struct world_record *r,
                       struct ykc_trade_record *f, int64_t *sum,
                       int64_t *amount)
{
    bool own_prices = false, own_amounts = false;

    for (int i = 0; i < RATES; i++) {
        own_prices |= r->price_e5[i] != 0;
        own_amounts |= r->amount_e4[i] != 0;
    }
    for (int i = 0; i < RATES; i++) {
        struct ykc_rate rate = { 0 };
        int64_t price = own_prices ? r->price_e5[i]
                                   : world_prices.elec_e5[i] +
                                         world_prices.service_e5[i];

        rate.energy_e4kwh = (uint32_t)r->energy[i];
        rate.energy_incl_loss_e4kwh = rate.energy_e4kwh;
        rate.price_e5yuan = (uint32_t)price;
        rate.amount_e4yuan = (uint32_t)(
            own_amounts ? r->amount_e4[i] : r->energy[i] * price / 100000);
        ykc_record_set_rate(f, (enum ykc_rate_code)i, rate);
        *sum += r->energy[i];
        *amount += rate.amount_e4yuan;
    }
}

size_t world_record_frame(const struct world_record *r, uint8_t out[259])
{
    struct ykc_trade_record f = { .gun_number = ykc_gun_byte(
                                      r->gun != 0 ? r->gun : 1) };
    uint16_t counter = 7;
    struct ykc_head head = ykc_request_head(ykc_type_trade_record, &counter);
    int64_t sum = 0, amount = 0;
    size_t len;

    snprintf(f.trade_number, sizeof f.trade_number, "%s", r->trade_no);
    snprintf(f.pile_code, sizeof f.pile_code, "%s",
             r->pile_no != NULL ? r->pile_no : WORLD_PILE_NO);
    f.start_time = wire_time(r->start);
    f.end_time = wire_time(r->end);
    f.trade_time = f.end_time;
    fill_rates(r, &f, &sum, &amount);
    f.meter_at_start = (uint64_t)r->meter_start;
    f.meter_at_end = (uint64_t)(r->meter_end == -1 ? r->meter_start + sum
                                                   : r->meter_end);
    f.total_energy = (uint32_t)(r->total_e4 == -1 ? sum : r->total_e4);
    f.total_energy_incl_loss = f.total_energy;
    f.amount = (uint32_t)amount;
    f.start_flag = (uint8_t)(r->start_flag != 0 ? r->start_flag : 1);
    f.stop_reason = (uint8_t)r->stop_reason;
    if (r->card != NULL)
        assert_true(hex_decode(r->card, f.physical_card, 8));
    assert_int_equal(ykc_build(&head, &f, out, &len), WIRE_OK);
    return len;
}

int64_t world_record(struct cx *cx, const struct world_record *r)
{
    uint8_t frame[YKC_MAX_FRAME];
    char hex[2 * YKC_MAX_FRAME + 1];
    size_t len = world_record_frame(r, frame);
    const char *now = sql_stamp(cx, cx->now);

    hex_encode(frame, len, hex);
    testdb_sql(cx, cx_printf(cx,
        "INSERT IGNORE INTO trade_record (trade_no, pile_id, gun, frame_type,"
        " body_hash, raw, next_at, received_at) VALUES ('%s', %lld, %d, 59,"
        " UNHEX(SHA2('%s', 256)), X'%s', %s, %s)", r->trade_no,
        (long long)(r->pile_id != 0 ? r->pile_id : WORLD_PILE),
        r->gun != 0 ? r->gun : 1, hex, hex, now, now));
    testdb_sql(cx, cx_printf(cx,
        "UPDATE charge_order SET state = 8, recorded_at ="
        " COALESCE(recorded_at, %s), ended_at = COALESCE(ended_at, %s)"
        " WHERE trade_no = '%s' AND pile_id = %lld AND state BETWEEN 1 AND 7",
        now, now, r->trade_no,
        (long long)(r->pile_id != 0 ? r->pile_id : WORLD_PILE)));
    return testdb_int(cx, cx_printf(cx, "SELECT id FROM trade_record WHERE"
                                        " trade_no = '%s'", r->trade_no));
}

/* ---- the end of each test -------------------------------------------- */

static void none(struct cx *cx, const char *what, const char *sql)
{
    int64_t n = testdb_int(cx, sql);

    if (n != 0)
        print_error("%s: %lld\n", what, (long long)n);
    assert_int_equal(n, 0);
}

void world_assert_books(struct cx *cx)
{
    none(cx, "transactions that do not add up",
         "SELECT COUNT(*) FROM (SELECT tx_id FROM ledger_posting GROUP BY"
         " tx_id HAVING SUM(amount) <> 0 OR COUNT(*) < 2) t");
    none(cx, "transactions without postings",
         "SELECT COUNT(*) FROM ledger_tx t WHERE NOT EXISTS (SELECT 1 FROM"
         " ledger_posting p WHERE p.tx_id = t.id)");
    none(cx, "balances that are not their postings",
         "SELECT COUNT(*) FROM ledger_account a WHERE is_hot = 0 AND balance"
         " <> (SELECT COALESCE(SUM(amount), 0) FROM ledger_posting p WHERE"
         " p.account_id = a.id)");
    none(cx, "held that are not the open holds",
         "SELECT COUNT(*) FROM ledger_account a WHERE held <> (SELECT"
         " COALESCE(SUM(h.amount), 0) FROM ledger_hold_part h WHERE"
         " h.account_id = a.id AND NOT EXISTS (SELECT 1 FROM ledger_hold_end"
         " e WHERE e.hold_id = h.hold_id))");
}

void world_assert_orders(struct cx *cx)
{
    none(cx, "settled orders whose postings differ",
         "SELECT COUNT(*) FROM charge_order o WHERE state = 10 AND total_fen"
         " <> (SELECT COALESCE(SUM(p.amount), 0) FROM ledger_tx t JOIN"
         " ledger_posting p ON p.tx_id = t.id JOIN ledger_account a ON a.id ="
         " p.account_id WHERE t.ref_kind = 'order' AND t.ref_id = o.id AND"
         " a.kind IN (21, 22))");
    none(cx, "marks of reserved money that are wrong",
         "SELECT COUNT(*) FROM charge_order o WHERE hold_id IS NOT NULL AND"
         " hold_open = EXISTS (SELECT 1 FROM ledger_hold_end e WHERE"
         " e.hold_id = o.hold_id)");
    none(cx, "orders that are over with reserved money",
         "SELECT COUNT(*) FROM charge_order WHERE state = 10 AND hold_open ="
         " 1");
    none(cx, "roll-ups that are not the orders",
         "SELECT COALESCE((SELECT SUM(total_fen) FROM day_station), 0) <>"
         " COALESCE((SELECT SUM(total_fen) FROM charge_order WHERE state ="
         " 10), 0) OR COALESCE((SELECT SUM(energy_e4kwh) FROM hour_station),"
         " 0) <> COALESCE((SELECT SUM(energy_e4kwh) FROM charge_order WHERE"
         " state = 10), 0) OR COALESCE((SELECT SUM(orders) FROM day_station),"
         " 0) <> (SELECT COUNT(*) FROM charge_order WHERE state = 10 AND"
         " energy_e4kwh > 0)");
    none(cx, "bills that are not their orders",
         "SELECT COUNT(*) FROM charge_order o WHERE state = 10 AND"
         " energy_e4kwh <> (SELECT COALESCE(SUM(b.energy_e4kwh), 0) FROM"
         " order_bill b WHERE b.order_id = o.id)");
}

int world_parallel(int n, int (*body)(int index, void *arg), void *arg)
{
    int good = 0, status;

    fflush(NULL);
    for (int i = 0; i < n; i++) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
            _exit(body(i, arg));
    }
    while (wait(&status) > 0)
        good += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return good;
}

int world_set_up(void **state)
{
    struct cx *cx = world_cx();

    assert_true(stamp_parse("2026-11-20 10:30:00", &cx->now));
    testdb_sql(cx, "UPDATE connector_live SET state = 2, plugged = 1,"
                   " trade_no = NULL");
    testdb_sql(cx, "UPDATE pile SET online = 1, clock_off_ms = 0");
    /* orders of other tests stay out of each other's way */
    testdb_sql(cx, "UPDATE charge_order SET started_at = '2000-01-01',"
                   " finished_at = '2000-01-01'");
    *state = cx;
    return 0;
}

int world_tear_down(void **state)
{
    world_assert_books(*state);
    world_assert_orders(*state);
    testdb_cx_free(*state);
    return 0;
}

void world_start_body(struct cx *cx, void *start)
{
    struct world_start *s = start;

    s->id = order_start(cx, &s->ask);
}
