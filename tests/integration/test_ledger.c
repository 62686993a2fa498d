/*
 * The ledger against a real server: each document's postings, holds, the
 * order of spending, keys that come again, many at once.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "db/db.h"
#include "ledger/ledger.h"
#include "tests/integration/testdb.h"

/* ---- helpers --------------------------------------------------------- */

/* Runs body in a transaction; the error code, CX_OK if it committed. */
struct in_tx {
    void (*body)(struct cx *, void *);
    void *arg;
};

static void run_tx(struct cx *cx, void *arg)
{
    struct in_tx *t = arg;

    db_tx(cx, t->body, t->arg);
}

static enum cx_code tx(struct cx *cx, void (*body)(struct cx *, void *),
                       void *arg)
{
    struct in_tx t = { body, arg };

    return cx_run(cx, run_tx, &t) ? CX_OK : cx->error.code;
}

/* The books as a whole, asked in SQL that the ledger does not use. */
static void assert_books_balance(struct cx *cx)
{
    assert_int_equal(
        testdb_int(cx, "SELECT COUNT(*) FROM (SELECT tx_id FROM"
                       " ledger_posting GROUP BY tx_id HAVING SUM(amount)"
                       " <> 0 OR COUNT(*) < 2) t"), 0);
    assert_int_equal(
        testdb_int(cx, "SELECT COUNT(*) FROM ledger_tx t WHERE NOT EXISTS"
                       " (SELECT 1 FROM ledger_posting p WHERE p.tx_id ="
                       " t.id)"), 0);
    assert_int_equal(
        testdb_int(cx, "SELECT COUNT(*) FROM ledger_account a WHERE is_hot ="
                       " 0 AND balance <> (SELECT COALESCE(SUM(amount), 0)"
                       " FROM ledger_posting p WHERE p.account_id = a.id)"),
        0);
    assert_int_equal(
        testdb_int(cx, "SELECT COUNT(*) FROM ledger_account a WHERE held <>"
                       " (SELECT COALESCE(SUM(h.amount), 0) FROM"
                       " ledger_hold_part h WHERE h.account_id = a.id AND"
                       " NOT EXISTS (SELECT 1 FROM ledger_hold_end e WHERE"
                       " e.hold_id = h.hold_id))"), 0);
}

struct money_in {
    const char *key;
    int64_t driver;
    int64_t fen;
    int64_t tx_id;
};

static void topup(struct cx *cx, void *arg)
{
    struct money_in *m = arg;

    m->tx_id = ledger_topup(cx, m->key, 1, m->driver, CHANNEL_DEMO,
                            FEN(m->fen));
}

static void grant(struct cx *cx, void *arg)
{
    struct money_in *m = arg;

    m->tx_id = ledger_grant(cx, m->key, m->driver, FEN(m->fen), "补偿");
}

static void gift(struct cx *cx, void *arg)
{
    struct money_in *m = arg;

    m->tx_id = ledger_gift(cx, m->key, m->driver, FEN(m->fen), "新人礼");
}

struct hold_ask {
    const char *key;
    int64_t driver, least, most;
    int64_t id, held;
};

static void hold(struct cx *cx, void *arg)
{
    struct hold_ask *h = arg;
    money held;

    h->id = ledger_hold(cx, h->key, "order", 1, h->driver, FEN(h->least),
                        FEN(h->most), (stamp){ 0 }, &held);
    h->held = held.fen;
}

struct spend_ask {
    const char *key;
    int64_t driver, hold_id, elec, service;
    struct ledger_payment paid;
};

static void spend(struct cx *cx, void *arg)
{
    struct spend_ask *s = arg;
    const struct ledger_doc doc = { "order.settle", s->key, "order",
                                    s->driver, NULL };

    s->paid = ledger_spend(cx, &doc, s->driver, s->hold_id,
                           POSTINGS({ LEDGER_MERCHANT, 7, FEN(s->elec) },
                                    { LEDGER_SERVICE, 3, FEN(s->service) }));
}

static void give_back(struct cx *cx, void *arg)
{
    struct spend_ask *s = arg;
    const struct ledger_doc doc = { "order.adjust", s->key, "order",
                                    s->driver, NULL };

    s->paid = ledger_give_back(cx, &doc, s->driver,
                               POSTINGS({ LEDGER_MERCHANT, 7, FEN(-s->elec) },
                                        { LEDGER_SERVICE, 3,
                                          FEN(-s->service) }));
}

struct end_ask {
    int64_t id;
    bool expire, done;
};

static void end_hold(struct cx *cx, void *arg)
{
    struct end_ask *e = arg;

    e->done = e->expire ? ledger_hold_expire(cx, e->id)
                        : ledger_hold_void(cx, e->id);
}

struct wallet_of {
    int64_t driver;
    struct wallet w;
};

static void read_wallet(struct cx *cx, void *arg)
{
    struct wallet_of *w = arg;

    w->w = ledger_wallet(cx, w->driver);
}

static struct wallet wallet(struct cx *cx, int64_t driver)
{
    struct wallet_of w = { driver, { { 0 } } };

    testdb_run(cx, read_wallet, &w);
    return w.w;
}

static void fill(struct cx *cx, int64_t driver, int64_t paid,
                 int64_t granted, int64_t gifts)
{
    struct money_in in = { cx_printf(cx, "in%lld", (long long)driver),
                           driver, paid, 0 };

    if (paid > 0)
        assert_int_equal(tx(cx, topup, &in), CX_OK);
    in.fen = granted;
    if (granted > 0)
        assert_int_equal(tx(cx, grant, &in), CX_OK);
    in.fen = gifts;
    if (gifts > 0)
        assert_int_equal(tx(cx, gift, &in), CX_OK);
}

static int set_up(void **state)
{
    *state = testdb_cx();
    return 0;
}

static int tear_down(void **state)
{
    assert_books_balance(*state);
    testdb_cx_free(*state);
    return 0;
}

/* ---- documents ------------------------------------------------------- */

static void a_topup_is_booked_once(void **state)
{
    struct cx *cx = *state;
    struct money_in in = { "T1", 101, 5000, 0 };
    int64_t first;

    assert_int_equal(tx(cx, topup, &in), CX_OK);
    first = in.tx_id;
    assert_int_equal(tx(cx, topup, &in), CX_OK); /* the notice again */
    assert_int_equal(in.tx_id, first);
    assert_int_equal(wallet(cx, 101).paid.fen, 5000);
    in.fen = 5001;
    assert_int_equal(tx(cx, topup, &in), ERR_IDEM_MISMATCH);
    in.fen = 5000;
    in.driver = 102;
    assert_int_equal(tx(cx, topup, &in), ERR_IDEM_MISMATCH);
    assert_int_equal(wallet(cx, 101).available.fen, 5000);
    assert_int_equal(wallet(cx, 102).available.fen, 0);
}

static void money_goes_to_its_own_account(void **state)
{
    struct cx *cx = *state;
    struct wallet w;

    fill(cx, 103, 100, 20, 3);
    w = wallet(cx, 103);
    assert_int_equal(w.paid.fen, 100);
    assert_int_equal(w.granted.fen, 20);
    assert_int_equal(w.gift.fen, 3);
    assert_int_equal(w.available.fen, 123);
    /* hot accounts keep nothing in line */
    assert_int_equal(testdb_int(cx, "SELECT SUM(balance) FROM ledger_account"
                                    " WHERE is_hot = 1"), 0);
}

/* ---- holds and the order of spending --------------------------------- */

static const struct mix {
    int64_t paid, granted, gift; /* in the wallet */
    int64_t most, fee;           /* hold at most, then charge */
    int64_t from_gift, from_granted, from_paid, arrears;
} mixes[] = {
    { 1000, 0, 0, 500, 300, 0, 0, 300, 0 },      /* rest returns */
    { 1000, 0, 0, 500, 500, 0, 0, 500, 0 },      /* all of the hold */
    { 1000, 0, 0, 500, 700, 0, 0, 700, 0 },      /* more, still there */
    { 1000, 0, 0, 500, 1200, 0, 0, 1000, 200 },  /* more than there is */
    { 1000, 200, 50, 500, 40, 40, 0, 0, 0 },     /* gift first */
    { 1000, 200, 50, 500, 240, 50, 190, 0, 0 },
    { 1000, 200, 50, 500, 400, 50, 200, 150, 0 },
    { 1000, 200, 50, 9999, 1250, 50, 200, 1000, 0 },
    { 1000, 200, 50, 9999, 1251, 50, 200, 1000, 1 },
    { 0, 200, 50, 100, 251, 50, 200, 0, 1 },
    { 0, 0, 50, 50, 1, 1, 0, 0, 0 },
};

static void a_charge_takes_gift_then_granted_then_paid(void **state)
{
    struct cx *cx = *state;

    for (size_t i = 0; i < COUNT(mixes); i++) {
        const struct mix *m = &mixes[i];
        int64_t driver = 200 + (int64_t)i;
        int64_t all = m->paid + m->granted + m->gift;
        const char *key = cx_printf(cx, "mix%zu", i);
        struct hold_ask h = { key, driver, 1, m->most, 0, 0 };
        struct spend_ask s = { key, driver, 0, m->fee - m->fee / 3,
                               m->fee / 3, { 0 } };
        struct wallet w;

        fill(cx, driver, m->paid, m->granted, m->gift);
        assert_int_equal(tx(cx, hold, &h), CX_OK);
        assert_int_equal(h.held, m->most < all ? m->most : all);
        assert_int_equal(wallet(cx, driver).held.fen, h.held);
        assert_int_equal(wallet(cx, driver).available.fen, all - h.held);
        s.hold_id = h.id;
        assert_int_equal(tx(cx, spend, &s), CX_OK);
        assert_int_equal(s.paid.gift.fen, m->from_gift);
        assert_int_equal(s.paid.granted.fen, m->from_granted);
        assert_int_equal(s.paid.paid.fen, m->from_paid);
        assert_int_equal(s.paid.arrears.fen, m->arrears);
        w = wallet(cx, driver);
        assert_int_equal(w.held.fen, 0);
        assert_int_equal(w.available.fen,
                         all - (m->fee - m->arrears));
        assert_int_equal(w.arrears.fen, m->arrears);
        /* again: no effect, the same answer */
        assert_int_equal(tx(cx, spend, &s), CX_OK);
        assert_int_equal(s.paid.gift.fen, m->from_gift);
        assert_int_equal(s.paid.arrears.fen, m->arrears);
        assert_int_equal(wallet(cx, driver).available.fen, w.available.fen);
    }
}

static void arrears_block_a_hold_and_are_paid_first(void **state)
{
    struct cx *cx = *state;
    struct hold_ask h = { "arr", 300, 1, 100, 0, 0 };
    struct spend_ask s = { "arr", 300, 0, 130, 0, { 0 } };
    struct money_in in = { "arr1", 300, 20, 0 };

    fill(cx, 300, 100, 0, 0);
    assert_int_equal(tx(cx, hold, &h), CX_OK);
    s.hold_id = h.id;
    assert_int_equal(tx(cx, spend, &s), CX_OK);
    assert_int_equal(wallet(cx, 300).arrears.fen, 30);
    h.key = "arr-2";
    assert_int_equal(tx(cx, hold, &h), ERR_ARREARS);
    assert_int_equal(tx(cx, topup, &in), CX_OK); /* pays 20 of the 30 */
    assert_int_equal(wallet(cx, 300).arrears.fen, 10);
    assert_int_equal(wallet(cx, 300).paid.fen, 0);
    assert_int_equal(tx(cx, hold, &h), ERR_ARREARS);
    in.key = "arr2";
    in.fen = 500;
    assert_int_equal(tx(cx, topup, &in), CX_OK);
    assert_int_equal(wallet(cx, 300).arrears.fen, 0);
    assert_int_equal(wallet(cx, 300).paid.fen, 490);
    assert_int_equal(tx(cx, hold, &h), CX_OK);
}

static void a_hold_needs_its_least(void **state)
{
    struct cx *cx = *state;
    struct hold_ask h = { "least", 301, 101, 200, 0, 0 };

    assert_int_equal(tx(cx, hold, &h), ERR_BALANCE); /* no wallet at all */
    fill(cx, 301, 100, 0, 0);
    assert_int_equal(tx(cx, hold, &h), ERR_BALANCE);
    h.least = 100;
    assert_int_equal(tx(cx, hold, &h), CX_OK);
    assert_int_equal(h.held, 100);
    assert_int_equal(tx(cx, hold, &h), CX_OK); /* the same one again */
    assert_int_equal(wallet(cx, 301).held.fen, 100);
    h.key = "least-2";
    h.least = 1;
    assert_int_equal(tx(cx, hold, &h), ERR_BALANCE); /* nothing is left */
}

static void a_hold_ends_once(void **state)
{
    struct cx *cx = *state;
    struct hold_ask h = { "once", 302, 1, 60, 0, 0 };
    struct spend_ask s = { "once", 302, 0, 50, 0, { 0 } };
    struct end_ask e = { .id = 0 };

    fill(cx, 302, 100, 0, 0);
    assert_int_equal(tx(cx, hold, &h), CX_OK);
    e.id = h.id;
    assert_int_equal(tx(cx, end_hold, &e), CX_OK);
    assert_true(e.done);
    assert_int_equal(wallet(cx, 302).available.fen, 100);
    e.expire = true;
    assert_int_equal(tx(cx, end_hold, &e), CX_OK);
    assert_false(e.done);
    /* energy that flowed all the same is paid from what is free */
    s.hold_id = h.id;
    assert_int_equal(tx(cx, spend, &s), CX_OK);
    assert_int_equal(wallet(cx, 302).available.fen, 50);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM ledger_hold_end e"
                                    " JOIN ledger_hold h ON h.id = e.hold_id"
                                    " WHERE h.idem_key = 'once' AND how = 2"),
                     1);
}

static void what_comes_back_goes_where_it_came_from(void **state)
{
    struct cx *cx = *state;
    struct spend_ask s = { "gb", 303, 0, 150, 0, { 0 } };
    struct spend_ask b = { "gb1", 303, 0, 25, 0, { 0 } };
    struct money_in in = { "gbin", 303, 1000, 0 };

    fill(cx, 303, 60, 30, 10);
    assert_int_equal(tx(cx, spend, &s), CX_OK); /* 10 + 30 + 60 + 50 owed */
    assert_int_equal(wallet(cx, 303).arrears.fen, 50);
    assert_int_equal(tx(cx, give_back, &b), CX_OK);
    assert_int_equal(b.paid.arrears.fen, 25);
    assert_int_equal(wallet(cx, 303).arrears.fen, 25);
    assert_int_equal(tx(cx, give_back, &b), CX_OK); /* the same again */
    assert_int_equal(wallet(cx, 303).arrears.fen, 25);
    /* the rest of the debt is paid; then it comes back as paid money */
    assert_int_equal(tx(cx, topup, &in), CX_OK);
    assert_int_equal(wallet(cx, 303).paid.fen, 975);
    b = (struct spend_ask){ "gb2", 303, 0, 124, 0, { 0 } };
    assert_int_equal(tx(cx, give_back, &b), CX_OK);
    assert_int_equal(b.paid.paid.fen, 85);
    assert_int_equal(b.paid.granted.fen, 30);
    assert_int_equal(b.paid.gift.fen, 9);
    assert_int_equal(wallet(cx, 303).paid.fen, 975 + 85);
    assert_int_equal(wallet(cx, 303).gift.fen, 9);
}

static void general_postings(struct cx *cx, void *arg)
{
    const struct ledger_doc doc = { "test", arg, "test", 1, NULL };

    ledger_post(cx, &doc,
                POSTINGS({ LEDGER_PAID, 305, FEN(-40) },
                         { LEDGER_PAID, 304, FEN(-60) },
                         { LEDGER_SERVICE, 3, FEN(100) }));
}

static void any_document_keeps_to_the_floor(void **state)
{
    struct cx *cx = *state;
    struct money_in one = { "g-more", 305, 1, 0 };
    char key[] = "g1";

    fill(cx, 304, 100, 0, 0);
    fill(cx, 305, 39, 0, 0);
    assert_int_equal(tx(cx, general_postings, key), ERR_BALANCE);
    assert_int_equal(wallet(cx, 304).paid.fen, 100); /* nothing happened */
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM ledger_tx WHERE"
                                    " kind = 'test'"), 0);
    assert_int_equal(tx(cx, topup, &one), CX_OK);
    assert_int_equal(tx(cx, general_postings, key), CX_OK);
    assert_int_equal(tx(cx, general_postings, key), CX_OK);
    assert_int_equal(wallet(cx, 304).paid.fen, 40);
    assert_int_equal(wallet(cx, 305).paid.fen, 0);
}

/* ---- many at once ---------------------------------------------------- */

/* Runs body(index) in n processes at once; how many exited with 0. */
static int in_parallel(int n, int (*body)(int index))
{
    int good = 0, status;

    fflush(NULL);
    for (int i = 0; i < n; i++) {
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
            _exit(body(i));
    }
    while (wait(&status) > 0)
        good += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    return good;
}

static int spend_one(int index)
{
    struct cx *cx = testdb_cx();
    struct hold_ask h = { cx_printf(cx, "race%d", index), 400, 100, 100, 0,
                          0 };
    enum cx_code code = tx(cx, hold, &h);

    return code == CX_OK ? 0 : code == ERR_BALANCE ? 1 : 2;
}

static void of_64_spends_exactly_as_many_pass_as_there_is_money_for(
    void **state)
{
    struct cx *cx = *state;

    fill(cx, 400, 1250, 300, 55); /* 1605 fen: for 16 of 100 */
    assert_int_equal(in_parallel(64, spend_one), 16);
    assert_int_equal(wallet(cx, 400).available.fen, 5);
    assert_int_equal(wallet(cx, 400).held.fen, 1600);
}

static int topup_same(int index)
{
    struct cx *cx = testdb_cx();
    struct money_in in = { "same", 401, 700, 0 };

    (void)index;
    return tx(cx, topup, &in) == CX_OK ? 0 : 1;
}

static void sixteen_same_topups_have_one_effect(void **state)
{
    struct cx *cx = *state;

    assert_int_equal(in_parallel(16, topup_same), 16);
    assert_int_equal(wallet(cx, 401).paid.fen, 700);
}

enum { RACES = 1000 };

/* 0 settles, 1 voids, 2 expires every hold in turn; exits with the number of
   wins through a table. */
static int race_all(int index)
{
    struct cx *cx = testdb_cx();

    for (int i = 0; i < RACES; i++) {
        char key[20];
        int64_t id;

        snprintf(key, sizeof key, "h%d", i);
        id = testdb_int(cx, cx_printf(cx, "SELECT id FROM ledger_hold WHERE"
                                          " idem_key = '%s'", key));
        if (index == 0) {
            struct spend_ask s = { key, 402, id, 7, 2, { 0 } };

            if (tx(cx, spend, &s) != CX_OK)
                return 1;
        } else {
            struct end_ask e = { id, index == 2, false };

            if (tx(cx, end_hold, &e) != CX_OK)
                return 1;
        }
        cx_begin(cx);
        cx->scope.all = true;
    }
    return 0;
}

static void settle_void_and_expire_race_has_one_winner(void **state)
{
    struct cx *cx = *state;

    fill(cx, 402, 2000000, 0, 0);
    for (int i = 0; i < RACES; i++) {
        struct hold_ask h = { cx_printf(cx, "h%d", i), 402, 100, 100, 0, 0 };

        assert_int_equal(tx(cx, hold, &h), CX_OK);
    }
    assert_int_equal(wallet(cx, 402).held.fen, RACES * 100);
    assert_int_equal(in_parallel(3, race_all), 3);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM ledger_hold_end e"
                                    " JOIN ledger_hold h ON h.id = e.hold_id"
                                    " WHERE h.idem_key LIKE 'h%'"), RACES);
    assert_int_equal(wallet(cx, 402).held.fen, 0);
    assert_int_equal(wallet(cx, 402).available.fen, 2000000 - 9 * RACES);
    /* a race with one runner would prove nothing */
    assert_true(testdb_int(cx, "SELECT COUNT(DISTINCT how) FROM"
                               " ledger_hold_end") == 3);
}

struct two {
    struct cx *other;
    struct money_in mine, theirs;
};

static void topup_while_another_does(struct cx *cx, void *arg)
{
    struct two *t = arg;

    topup(cx, &t->mine);
    assert_int_equal(tx(t->other, topup, &t->theirs), CX_OK);
}

/* Platform accounts are never locked: a transaction that has booked to one
   does not stop another (M14). Waiting would last a second and fail. */
static void hot_accounts_are_never_waited_for(void **state)
{
    struct cx *cx = *state;
    struct two t = { testdb_cx(), { "hot1", 403, 10, 0 },
                     { "hot2", 404, 10, 0 } };

    fill(cx, 403, 1, 0, 0);
    fill(cx, 404, 1, 0, 0);
    testdb_sql(t.other, "SET SESSION innodb_lock_wait_timeout = 1");
    assert_int_equal(tx(cx, topup_while_another_does, &t), CX_OK);
    assert_int_equal(wallet(cx, 403).paid.fen, 11);
    assert_int_equal(wallet(cx, 404).paid.fen, 11);
    testdb_cx_free(t.other);
}

int main(void)
{
#define WITH_CX(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_CX(a_topup_is_booked_once),
        WITH_CX(money_goes_to_its_own_account),
        WITH_CX(a_charge_takes_gift_then_granted_then_paid),
        WITH_CX(arrears_block_a_hold_and_are_paid_first),
        WITH_CX(a_hold_needs_its_least),
        WITH_CX(a_hold_ends_once),
        WITH_CX(what_comes_back_goes_where_it_came_from),
        WITH_CX(any_document_keeps_to_the_floor),
        WITH_CX(of_64_spends_exactly_as_many_pass_as_there_is_money_for),
        WITH_CX(sixteen_same_topups_have_one_effect),
        WITH_CX(settle_void_and_expire_race_has_one_winner),
        WITH_CX(hot_accounts_are_never_waited_for),
    };
    int failed;

    testdb_start("ledger");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    testdb_stop();
    return failed;
}
