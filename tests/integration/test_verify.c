/*
 * pilehub ledger verify finds what is wrong: each kind of damage is done to
 * sound books, and the check that is meant for it says so, naming the row.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "asset/live.h"
#include "charging/order.h"
#include "charging/order_verify.h"
#include "charging/settle.h"
#include "db/db.h"
#include "ledger/verify.h"
#include "payment/payment_verify.h"
#include "tests/integration/testdb.h"
#include "tests/integration/world.h"

/* ---- sound books ----------------------------------------------------- */

static void settle_body(struct cx *cx, void *arg)
{
    (void)arg;
    order_settle_waiting(cx);
}

/* Order 1 is settled, order 2 runs; a top-up of 500.00 was paid. */
static void make_books(struct cx *cx)
{
    int64_t driver = world_driver(cx, 0, 1000, 100);
    struct world_start s = { { .connector_id = 1, .driver_id = driver,
                               .start_by = START_BY_APP }, 0 };
    struct order *o;

    testdb_sql(cx, "INSERT INTO payment (id, out_trade_no, driver_id,"
                   " channel, amount, state, paid_at, expires_at, created_at,"
                   " updated_at) VALUES (2, 'w2', 2, 'demo', 50000, 3,"
                   " NOW(3), NOW(3), NOW(3), NOW(3))");
    s.ask.driver_id = world_driver(cx, 50000, 0, 0);
    assert_int_equal(s.ask.driver_id, 2);
    assert_int_equal(world_tx(cx, world_start_body, &s), CX_OK);
    assert_int_equal(s.id, 1);
    o = world_order(cx, 1);
    cx->now = stamp_add_ms(cx->now, 1500000);
    world_record(cx, &(struct world_record){
        .trade_no = o->trade_no, .start = o->created_at, .end = cx->now,
        .energy = { [RATE_PEAK] = 400000 }, .total_e4 = -1 });
    testdb_run(cx, settle_body, NULL);
    assert_int_equal(world_order(cx, 1)->state, ORDER_SETTLED);
    assert_int_equal(world_tx(cx, world_start_body, &s), CX_OK);
}

/* ---- damage ------------------------------------------------------- */

static const struct {
    const char *damage;
    const char *found; /* part of the check's name */
} cases[] = {
    { "UPDATE ledger_posting SET amount = amount + 1 ORDER BY id LIMIT 1",
      "each transaction adds up to zero" },
    { "UPDATE ledger_posting SET amount = amount - 1, balance_after ="
      " balance_after - 1 WHERE balance_after IS NOT NULL ORDER BY id LIMIT"
      " 1", "each transaction adds up to zero" },
    { "INSERT INTO ledger_tx (kind, idem_key, ref_kind, ref_id, content,"
      " actor_kind, actor_id, at) VALUES ('x', 'x', 'x', 1, REPEAT('x', 32),"
      " 1, 1, NOW(3))", "two postings or more" },
    { "UPDATE ledger_account SET balance = balance + 1 WHERE kind = 11 AND"
      " owner_id = 2", "the balance of each account" },
    { "UPDATE ledger_account SET balance = 5 WHERE kind = 21",
      "hot accounts keep nothing" },
    { "UPDATE ledger_posting SET balance_after = balance_after + 1 WHERE"
      " balance_after IS NOT NULL ORDER BY id LIMIT 1",
      "left the balance that it says" },
    { "UPDATE ledger_account SET held = held - 1 WHERE kind = 11 AND owner_id"
      " = 2", "what is held" },
    { "DELETE FROM ledger_hold_end", "what is held" },
    { "UPDATE ledger_hold_part SET amount = amount + 1 LIMIT 1",
      "the parts of each hold" },
    { "UPDATE ledger_hold_end SET tx_id = NULL", "names its transaction" },
    { "UPDATE ledger_account SET floor = 90000 WHERE kind = 11",
      "below its floor" }, /* refused by the database, see below */
    { "UPDATE charge_order SET total_fen = total_fen + 1 WHERE id = 1",
      "booked at its total" },
    { "UPDATE charge_order SET state = 9 WHERE id = 1",
      "no order was booked" },
    { "UPDATE charge_order SET elec_fen = elec_fen + 1, service_fen ="
      " service_fen - 1 WHERE id = 1", "the bill by rate" },
    { "UPDATE charge_order SET elec_fen = elec_fen + 1 WHERE id = 1",
      "electricity and service" },
    { "UPDATE order_bill SET energy_e4kwh = energy_e4kwh + 1",
      "the bill by rate" },
    { "UPDATE order_bill SET elec_e5 = elec_e5 + 1, elec_nano = elec_nano +"
      " energy_e4kwh", "frozen at start" },
    { "UPDATE charge_order SET hold_open = 0 WHERE id = 2",
      "reserved money belongs" },
    { "UPDATE charge_order SET state = 10 WHERE id = 2",
      "reserved money belongs" },
    { "UPDATE charge_order SET hold_open = 1 WHERE id = 1",
      "marked as reserving" },
    { "DELETE FROM trade_record", "settled from a record have it" },
    { "UPDATE charge_order SET state = 6 WHERE id = 1",
      "settled records have" },
    { "INSERT INTO order_adjust (order_id, at, energy_e4kwh, elec_fen,"
      " service_fen, total_fen, arrears_fen, reason, actor_kind, actor_id)"
      " VALUES (1, NOW(3), 0, 1, 0, 1, 0, 'x', 1, 1)", "corrections" },
    { "UPDATE day_station SET total_fen = total_fen + 1", "days, hours" },
    { "UPDATE hour_station SET total_fen = total_fen + 1", "days, hours" },
    { "UPDATE total_station SET total_fen = total_fen + 1", "days, hours" },
    { "UPDATE payment SET amount = amount - 1", "each payment that was" },
    { "UPDATE payment SET state = 4", "a payment that was not paid" },
    { "INSERT INTO payment_refund (refund_no, payment_id, amount, state,"
      " reason, done_at, created_at) VALUES ('RF1', 2, 7, 5, 'x', NOW(3),"
      " NOW(3))", "paid by hand" },
};

struct verdict {
    const char *expect;
    int64_t breaks;
    bool found;
};

static void look(struct verdict *v, const struct finding *f, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        v->breaks += f[i].breaks;
        if (f[i].breaks == 0)
            continue;
        assert_non_null(f[i].first);
        v->found |= v->expect != NULL && strstr(f[i].what, v->expect) != NULL;
    }
}

static void verify_body(struct cx *cx, void *arg)
{
    const stamp all = { 0 };
    struct verdict *v = arg;
    const struct finding *f;
    size_t n;

    f = ledger_verify(cx, all, &n);
    look(v, f, n);
    f = order_verify(cx, all, &n);
    look(v, f, n);
    f = payment_verify(cx, all, &n);
    look(v, f, n);
}

static void sound_books_pass(void **state)
{
    struct cx *cx = *state;
    struct verdict v = { NULL, 0, false };

    testdb_run(cx, verify_body, &v);
    assert_int_equal(v.breaks, 0);
}

static void do_damage(struct cx *cx, void *arg)
{
    db_exec(cx, arg, BIND());
}

static void every_damage_is_found(void **state)
{
    struct cx *cx = *state;
    size_t refused = 0;

    for (size_t i = 0; i < COUNT(cases); i++) {
        struct verdict v = { cases[i].found, 0, false };

        testdb_sql(cx, "START TRANSACTION");
        if (cx_run(cx, do_damage, (void *)(uintptr_t)cases[i].damage)) {
            testdb_run(cx, verify_body, &v);
            if (!v.found)
                print_error("not found: %s\n", cases[i].damage);
            assert_true(v.found);
        } else {
            refused++; /* by a CHECK: it cannot even be done */
        }
        testdb_sql(cx, "ROLLBACK");
    }
    assert_int_equal(refused, 1);
}

/* ---- the jobs ------------------------------------------------------------ */

static void run_checks(struct cx *cx, void *arg)
{
    int64_t *wrong = arg;

    ledger_watch(cx);
    ledger_watch_all(cx);
    order_watch_books(cx);
    payment_watch_books(cx);
    *wrong = verify_wrong_count(cx);
    cx->scope = (struct scope){ .merchant_id = 3 };
    assert_int_equal(verify_wrong_count(cx), 0); /* of the platform only */
}

/* With the rights of the jobs, outside a transaction, later by this. */
static int64_t check_all(int64_t later_s)
{
    struct cx *cx = testdb_cx_as("pilehub_jobs");
    int64_t wrong = -1;

    cx->now = stamp_add_ms(cx->now, later_s * 1000);
    testdb_run(cx, run_checks, &wrong);
    testdb_cx_free(cx);
    return wrong;
}

static void count_wrong(struct cx *cx, void *arg)
{
    *(int64_t *)arg = verify_wrong_count(cx);
}

static void the_jobs_keep_what_they_find(void **state)
{
    struct cx *cx = *state;
    static const char latest[] =
        "SELECT UNIX_TIMESTAMP(MAX(broken_at)) FROM book_check";
    int64_t checks, since, wrong;

    testdb_users(cx);
    assert_int_equal(check_all(0), 0);
    checks = testdb_int(cx, "SELECT COUNT(*) FROM book_check WHERE breaks = 0"
                            " AND broken_at IS NULL AND title <> ''");
    assert_int_equal(checks, 27);
    testdb_sql(cx, "UPDATE payment SET amount = amount - 1 WHERE state = 3");
    assert_int_equal(check_all(1), 1);
    assert_int_equal(testdb_int(cx, "SELECT breaks FROM book_check WHERE name"
                                    " LIKE 'each payment that was paid%' AND"
                                    " first_row LIKE 'payment %'"), 1);
    since = testdb_int(cx, latest);
    assert_int_equal(check_all(100), 1);
    assert_int_equal(testdb_int(cx, latest), since);
    testdb_sql(cx, "UPDATE payment SET amount = amount + 1 WHERE state = 3");
    assert_int_equal(check_all(0), 0);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM book_check WHERE"
                             " broken_at IS NOT NULL"), 0);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM book_check"), checks);
    /* One that does not run any more is as bad as one that fails. */
    testdb_sql(cx, "UPDATE book_check SET checked_at = NOW(3) - INTERVAL 130"
                   " SECOND WHERE every_s = 60");
    cx->now = stamp_now();
    testdb_run(cx, count_wrong, &wrong);
    assert_int_equal(wrong, 2);
}

/* ---- the command --------------------------------------------------------- */

static int run_command(void)
{
    const char *build = getenv("PILEHUB_BUILD");
    char config[200], program[500];
    int status;
    pid_t pid;
    FILE *f;

    snprintf(config, sizeof config, "/tmp/%s.conf", testdb_name());
    f = fopen(config, "w");
    assert_non_null(f);
    fprintf(f, "db_socket=%s\ndb_user=root\ndb_name=%s\n", testdb_socket(),
            testdb_name());
    fclose(f);
    snprintf(program, sizeof program, "%s/pilehub",
             build != NULL ? build : ".");
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        if (freopen("/dev/null", "w", stdout) != NULL)
            execl(program, program, "-c", config, "ledger", "verify",
                  (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    unlink(config);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void the_command_exits_with_1_if_anything_is_broken(void **state)
{
    struct cx *cx = *state;

    assert_int_equal(run_command(), 0);
    testdb_sql(cx, "UPDATE day_station SET total_fen = total_fen + 1");
    assert_int_equal(run_command(), 1);
    testdb_sql(cx, "UPDATE day_station SET total_fen = total_fen - 1");
    assert_int_equal(run_command(), 0);
}

static int set_up(void **state)
{
    *state = world_cx();
    return 0;
}

static int tear_down(void **state)
{
    testdb_cx_free(*state);
    return 0;
}

int main(void)
{
#define WITH_CX(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        WITH_CX(sound_books_pass),
        WITH_CX(the_jobs_keep_what_they_find),
        WITH_CX(every_damage_is_found),
        WITH_CX(the_command_exits_with_1_if_anything_is_broken),
    };
    struct cx *cx;
    int failed;

    testdb_start("verify");
    cx = world_cx();
    assert_true(stamp_parse("2026-11-20 10:30:00", &cx->now));
    world_make(cx);
    make_books(cx);
    testdb_cx_free(cx);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    testdb_stop();
    return failed;
}
