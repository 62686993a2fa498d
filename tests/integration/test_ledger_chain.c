/*
 * The chain of the ledger, and the heads that were noted (rule L2): what a
 * hand in the tables would do shows at its row, and who makes the whole chain
 * anew does not meet the heads, or cannot sign them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/config.h"
#include "db/db.h"
#include "ledger/ledger.h"
#include "ledger/ledger_chain.h"
#include "tests/integration/testdb.h"

enum { ROWS = 250 }; /* more than a batch */

static char key_file[] = "/tmp/pilehub-seal-XXXXXX";
static struct config config;

static void write_key(char digit)
{
    FILE *f = fopen(key_file, "w");

    assert_non_null(f);
    for (int i = 0; i < 64; i++)
        fputc(digit, f);
    fclose(f);
}

static void book(struct cx *cx, void *arg)
{
    const int *range = arg;

    for (int i = range[0]; i < range[1]; i++)
        ledger_grant(cx, cx_printf(cx, "g%d", i), 1 + i % 7, FEN(100 + i),
                     "测试");
}

static void book_tx(struct cx *cx, void *arg)
{
    db_tx(cx, book, arg);
}

static void seal(struct cx *cx, void *arg)
{
    (void)arg;
    ledger_seal(cx);
}

static void note_head(struct cx *cx, void *arg)
{
    (void)arg;
    ledger_head(cx);
}

static void verify_work(struct cx *cx, void *arg)
{
    *(struct chain_verdict *)arg = ledger_chain_verify(cx, 0, NULL);
}

static struct chain_verdict verify(struct cx *cx)
{
    struct chain_verdict v;

    testdb_run(cx, verify_work, &v);
    return v;
}

static void grow(struct cx *cx, int from, int to)
{
    int range[2] = { from, to };

    testdb_run(cx, book_tx, range);
    testdb_run(cx, seal, NULL);
}

/* The rows as they were made, sealed, with a head at ROWS. */
static int fresh(void **state)
{
    static const char *const tables[] = {
        "chain_head", "ledger_seal", "ledger_posting", "ledger_tx",
        "ledger_account"
    };
    struct cx *cx = testdb_cx();

    cx->config = &config;
    write_key('5');
    for (size_t i = 0; i < COUNT(tables); i++)
        testdb_sql(cx, cx_printf(cx, "DELETE FROM %s", tables[i]));
    grow(cx, 0, ROWS);
    testdb_run(cx, note_head, NULL);
    *state = cx;
    return 0;
}

static int done(void **state)
{
    testdb_cx_free(*state);
    return 0;
}

static void every_transaction_is_sealed_once(void **state)
{
    struct cx *cx = *state;
    struct chain_verdict v = verify(cx);

    assert_int_equal(v.bad_seq, 0);
    assert_int_equal(v.rows, ROWS);
    assert_int_equal(v.heads, 1);
    assert_int_equal(v.unsealed, 0);
    testdb_run(cx, seal, NULL);
    testdb_run(cx, note_head, NULL); /* again: nothing new */
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM ledger_seal"),
                     ROWS);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM chain_head"), 1);
    grow(cx, ROWS, ROWS + 5);
    testdb_run(cx, note_head, NULL);
    v = verify(cx);
    assert_int_equal(v.rows, ROWS + 5);
    assert_int_equal(v.heads, 2);
}

#define OF(seq) "(SELECT tx_id FROM ledger_seal WHERE seq = " #seq ")"

static void tampering_is_noticed_at_its_row(void **state)
{
    static const struct {
        const char *sql;
        int64_t bad;
    } hands[] = {
        { "UPDATE ledger_posting SET amount = amount + 1 WHERE tx_id = "
          OF(100) " AND amount > 0", 100 },
        { "UPDATE ledger_posting SET account_id = account_id + 4 WHERE"
          " tx_id = " OF(9) " AND amount > 0", 9 },
        { "UPDATE ledger_posting SET balance_after = 0 WHERE tx_id = " OF(250)
          " AND balance_after IS NOT NULL", 250 },
        { "DELETE FROM ledger_posting WHERE tx_id = " OF(30), 30 },
        { "INSERT INTO ledger_posting (tx_id, account_id, amount) SELECT "
          OF(31) ", id, 0 FROM ledger_account LIMIT 1", 31 },
        { "UPDATE ledger_tx SET note = '' WHERE id = " OF(1), 1 },
        { "UPDATE ledger_tx SET at = at + INTERVAL 1 SECOND WHERE id = "
          OF(77), 77 },
        { "UPDATE ledger_seal SET seq = 1000 WHERE seq = 250", 1000 },
        { "UPDATE ledger_seal SET chain = REPEAT('x', 32) WHERE seq = 44",
          44 },
    };

    for (size_t i = 0; i < COUNT(hands); i++) {
        struct cx *cx;
        struct chain_verdict v;

        done(state);
        fresh(state);
        cx = *state;
        testdb_sql(cx, hands[i].sql);
        v = verify(cx);
        if (v.bad_seq != hands[i].bad)
            fail_msg("%s: bad at %lld", hands[i].sql, (long long)v.bad_seq);
    }
}

static void a_cut_end_does_not_meet_the_head(void **state)
{
    struct cx *cx = *state;

    testdb_sql(cx, "DELETE FROM ledger_seal WHERE seq > 240");
    assert_int_equal(verify(cx).bad_seq, 241);
}

/* The note of row 3 is another, and all that follows is sealed anew. */
static void make_anew(struct cx *cx)
{
    testdb_sql(cx, "UPDATE ledger_tx SET note = 'x' WHERE id = " OF(3));
    testdb_sql(cx, "DELETE FROM ledger_seal");
    testdb_run(cx, seal, NULL);
}

static void a_chain_made_anew_does_not_meet_the_head(void **state)
{
    struct cx *cx = *state;
    struct chain_verdict v;

    make_anew(cx);
    v = verify(cx);
    assert_int_equal(v.bad_seq, ROWS);
    assert_non_null(strstr(v.why, "noted"));
}

/* Who writes a head to it, too, has not the key. */
static void a_head_by_another_is_not_signed(void **state)
{
    struct cx *cx = *state;
    struct chain_verdict v;

    make_anew(cx);
    testdb_sql(cx, "UPDATE chain_head h JOIN ledger_seal s ON s.seq = h.seq"
                   " SET h.chain = s.chain");
    v = verify(cx);
    assert_int_equal(v.bad_seq, ROWS);
    assert_non_null(strstr(v.why, "signed"));
    testdb_sql(cx, "UPDATE chain_head SET mac = NULL");
    assert_int_equal(verify(cx).bad_seq, ROWS);
    testdb_sql(cx, "DELETE FROM chain_head");
    write_key('6');
    testdb_run(cx, note_head, NULL);
    write_key('5');
    assert_int_equal(verify(cx).bad_seq, ROWS);
}

static void verify_quietly(struct cx *cx, void *arg)
{
    (void)arg;
    ledger_chain_verify(cx, 0, NULL);
}

/* A key that is configured and not there is an error, not "unsigned". */
static void a_missing_key_is_told(void **state)
{
    struct cx *cx = *state;

    assert_int_equal(truncate(key_file, 0), 0);
    assert_false(cx_run(cx, note_head, NULL));
    assert_int_equal(cx->error.code, ERR_UNCONFIGURED);
    assert_false(cx_run(cx, verify_quietly, NULL));
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, fresh, done)
    const struct CMUnitTest tests[] = {
        CASE(every_transaction_is_sealed_once),
        CASE(tampering_is_noticed_at_its_row),
        CASE(a_cut_end_does_not_meet_the_head),
        CASE(a_chain_made_anew_does_not_meet_the_head),
        CASE(a_head_by_another_is_not_signed),
        CASE(a_missing_key_is_told),
    };
    char err[200];
    const struct config *read;
    int failed, fd = mkstemp(key_file);

    if (fd < 0)
        return 1;
    close(fd);
    read = config_load(NULL, err, sizeof err);
    if (read == NULL)
        return 1;
    config = *read;
    config.seal_key_file = key_file;
    testdb_start("ledger_chain");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    testdb_stop();
    unlink(key_file);
    return failed;
}
