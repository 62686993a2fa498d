/*
 * Trade records with the real gateway (G10, G11): what 0x40 promises, however
 * often a record comes, whoever sends it, and whatever dies meanwhile.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/stamp.h"
#include "tests/integration/gateway_rig.h"
#include "tests/integration/mariadb.h"
#include "tests/integration/testdb.h"

#define TRADE "32010200000001012511050740000001"
#define OTHER "32010200000002012511050740000002"

static struct rig rig;
static struct mariadb server;

static void server_up(void)
{
    static const char *const options[] = { "--default-time-zone=+08:00",
                                           NULL };

    mariadb_up(&server, options);
}

static int start(void **state)
{
    (void)state;
    if (server.pid == 0)
        server_up();
    rig.program = rig.fault = NULL;
    return rig_begin(&rig, NULL, 60000);
}

static int stop(void **state)
{
    (void)state;
    return rig_end(&rig);
}

/* An order of pile 1, or of another, in this state. */
static void make_order(int pile, int gun, const char *trade, int order_state)
{
    rig_sql(&rig, "INSERT INTO charge_order (order_no, trade_no, provider_id,"
            " merchant_id, station_id, pile_id, connector_id, gun, start_by,"
            " state, tariff_version_id, created_at) VALUES ('O%.20s', '%s',"
            " 2, 3, 1, %d, %d, %d, 1, %d, 1, NOW(3))", trade + 12, trade,
            pile, 2 * pile - 2 + gun, gun, order_state);
}

static int order_state(const char *trade)
{
    char sql[200];

    snprintf(sql, sizeof sql, "SELECT state FROM charge_order"
             " WHERE trade_no = '%s'", trade);
    return (int)rig_int(&rig, sql);
}

static int64_t records(void)
{
    return rig_int(&rig, "SELECT COUNT(*) FROM trade_record");
}

/* Sends it and takes the confirmation, which must be for this one. */
static void send_confirmed(struct pile *p, const struct ykc_trade_record *f)
{
    const union ykc_any *any;
    uint8_t low = (uint8_t)p->sequence;

    pile_send(p, ykc_type_trade_record, f);
    any = pile_expect(p, ykc_type_record_confirmation, 3000);
    assert_string_equal(any->record_confirmation.trade_number,
                        f->trade_number);
    assert_int_equal(any->record_confirmation.result, 0);
    assert_int_equal(p->raw.head.sequence[0], low);
}

static void a_record_is_stored_before_it_is_confirmed(void **state)
{
    struct ykc_trade_record f = pile_record(1, 1, TRADE, 105000);
    struct pile p;

    (void)state;
    make_order(1, 1, TRADE, 4);
    pile_login(&p, &rig, 1);
    send_confirmed(&p, &f);
    assert_int_equal(records(), 1);
    assert_int_equal(order_state(TRADE), 8);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM trade_record"
                             " WHERE trade_no = '" TRADE "' AND pile_id = 1"
                             " AND gun = 1 AND frame_type = 59 AND state = 1"
                             " AND LENGTH(raw) = 166 AND gateway_id = 1"
                             " AND next_at <= NOW(3)"), 1);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM frame_log WHERE trade_no = '"
                 TRADE "' AND type = 59 AND up = 1", 1, 3000);
    pile_close(&p);
}

static void the_same_record_again_changes_nothing(void **state)
{
    struct ykc_trade_record f = pile_record(1, 1, TRADE, 105000);
    struct pile p;

    (void)state;
    make_order(1, 1, TRADE, 4);
    pile_login(&p, &rig, 1);
    send_confirmed(&p, &f);
    rig_sql(&rig, "UPDATE charge_order SET state = 10"); /* settled */
    send_confirmed(&p, &f);
    pile_close(&p);
    pile_login(&p, &rig, 1); /* and after a reconnect */
    send_confirmed(&p, &f);
    assert_int_equal(records(), 1);
    assert_int_equal(order_state(TRADE), 10);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*)"
                             " FROM trade_record_conflict"), 0);
    rig_wait_count(&rig, "records_repeated_total", 2, 3000);
    pile_close(&p);
}

/* Alarms about records of pile 1. */
static int64_t told(void)
{
    return rig_int(&rig, "SELECT COUNT(*) FROM pile_event WHERE pile_id = 1"
                   " AND kind = 11");
}

static void other_content_is_kept_as_a_conflict(void **state)
{
    struct ykc_trade_record f = pile_record(1, 1, TRADE, 105000), g = f;
    struct pile p;

    (void)state;
    make_order(1, 1, TRADE, 4);
    pile_login(&p, &rig, 1);
    send_confirmed(&p, &f);
    g.total_energy++;
    send_confirmed(&p, &g);
    send_confirmed(&p, &g);
    assert_int_equal(records(), 1);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*)"
                             " FROM trade_record_conflict"), 1);
    assert_int_equal(told(), 1);
    pile_close(&p);
}

/* A pile that makes up a new record each time fills no list of alarms. */
static void conflicts_without_end_are_told_a_few_times(void **state)
{
    struct ykc_trade_record f = pile_record(1, 1, TRADE, 105000);
    struct pile p;

    (void)state;
    make_order(1, 1, TRADE, 4);
    pile_login(&p, &rig, 1);
    for (int i = 0; i < 40; i++) {
        f.total_energy = 105000 + (uint32_t)i % 20;
        send_confirmed(&p, &f);
    }
    assert_int_equal(records(), 1);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*)"
                             " FROM trade_record_conflict"), 19);
    assert_int_equal(told(), 3);
    pile_close(&p);
}

static void glued_records_are_all_confirmed(void **state)
{
    uint8_t bytes[2000];
    struct pile p;
    size_t n = 0;

    (void)state;
    pile_login(&p, &rig, 1);
    for (int i = 0; i < 10; i++) {
        char trade[33];
        struct ykc_trade_record f;

        /* 8 numbers, two of them twice, one of those with other content. */
        snprintf(trade, sizeof trade, "%.30s%02d", TRADE, i % 8);
        f = pile_record(1, 1, trade, i == 9 ? 5 : 1000);
        f.start_time = f.end_time = f.trade_time = wire_time(stamp_now());
        memset(f.start_time.raw, 0, 2);
        memset(f.end_time.raw, 0, 2);
        memset(f.trade_time.raw, 0, 2);
        n += pile_frame(&p, ykc_type_trade_record, &f, bytes + n);
    }
    pile_send_bytes(&p, bytes, n);
    for (int i = 0; i < 10; i++)
        pile_expect(&p, ykc_type_record_confirmation, 3000);
    assert_int_equal(records(), 8);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*)"
                             " FROM trade_record_conflict"), 1);
    pile_close(&p);
}

static void an_unknown_number_is_kept(void **state)
{
    struct ykc_trade_record f = pile_record(1, 1, TRADE, 105000);
    struct pile p;

    (void)state;
    pile_login(&p, &rig, 1);
    send_confirmed(&p, &f);
    assert_int_equal(records(), 1);
    pile_close(&p);
}

static void the_order_of_another_pile_is_not_touched(void **state)
{
    struct ykc_trade_record f = pile_record(1, 1, OTHER, 105000);
    struct ykc_trade_record g = pile_record(1, 2, TRADE, 105000);
    struct pile p;

    (void)state;
    make_order(2, 1, OTHER, 4);
    make_order(1, 1, TRADE, 4);
    pile_login(&p, &rig, 1);
    send_confirmed(&p, &f); /* pile 2's */
    send_confirmed(&p, &g); /* the other gun's */
    assert_int_equal(records(), 2);
    assert_int_equal(order_state(OTHER), 4);
    assert_int_equal(order_state(TRADE), 4);
    pile_close(&p);
}

/* A wrong gun in between does not cost the right one its record. */
static void a_wrong_gun_does_not_take_the_number(void **state)
{
    struct ykc_trade_record f = pile_record(1, 2, TRADE, 105000);
    struct ykc_trade_record g = pile_record(1, 1, TRADE, 105000);
    struct pile p;

    (void)state;
    make_order(1, 1, TRADE, 4);
    pile_login(&p, &rig, 1);
    send_confirmed(&p, &f);
    send_confirmed(&p, &f); /* known by its content */
    assert_int_equal(order_state(TRADE), 4);
    send_confirmed(&p, &g);
    assert_int_equal(order_state(TRADE), 8);
    send_confirmed(&p, &f);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM trade_record"
                             " WHERE trade_no = '" TRADE "' AND gun = 1"), 1);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM trade_record"
                             " WHERE trade_no LIKE 'z%' AND gun = 2"), 1);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*)"
                             " FROM trade_record_conflict"), 0);
    pile_close(&p);
}

static void a_record_moves_the_order_from_every_state_before(void **state)
{
    struct pile p;

    (void)state;
    pile_login(&p, &rig, 1);
    for (int s = 1; s <= 10; s++) {
        char trade[33];
        struct ykc_trade_record f;

        snprintf(trade, sizeof trade, "%.30s%02d", TRADE, s);
        make_order(1, 1, trade, s);
        f = pile_record(1, 1, trade, 1000);
        send_confirmed(&p, &f);
        assert_int_equal(order_state(trade), s < 8 ? 8 : s);
    }
    pile_close(&p);
}

static void records_without_a_number_are_told_apart(void **state)
{
    static const char zero[] = "00000000000000000000000000000000";
    struct ykc_trade_record f = pile_record(1, 1, zero, 1000), g = f;
    struct pile p;

    (void)state;
    g.end_time = wire_time(stamp_add_ms(stamp_now(), -60000));
    pile_login(&p, &rig, 1);
    send_confirmed(&p, &f);
    send_confirmed(&p, &g);
    send_confirmed(&p, &f);
    assert_int_equal(records(), 2);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM trade_record"
                             " WHERE trade_no LIKE 'z%'"), 2);
    pile_close(&p);
}

static void signed_records_are_taken_too(void **state)
{
    struct ykc_trade_record f = pile_record(1, 1, TRADE, 105000);
    struct ykc_signed_record s = { .gun_number = 1 };
    struct pile p;

    (void)state;
    snprintf(s.trade_number, sizeof s.trade_number, "%s", TRADE);
    snprintf(s.pile_code, sizeof s.pile_code, "%s", rig_code(1));
    s.start_time = f.start_time;
    s.end_time = f.end_time;
    s.total_energy = f.total_energy;
    pile_login(&p, &rig, 1);
    pile_send(&p, ykc_type_signed_record, &s);
    pile_expect(&p, ykc_type_record_confirmation, 3000);
    assert_int_equal(rig_int(&rig, "SELECT frame_type FROM trade_record"),
                     61);
    pile_close(&p);
}

static void what_cannot_be_read_is_kept_and_not_confirmed(void **state)
{
    struct ykc_trade_record f = pile_record(1, 1, TRADE, 105000);
    struct ykc_head head = { .type = ykc_type_trade_record };
    uint8_t bytes[YKC_MAX_FRAME];
    struct pile p;
    size_t n;

    (void)state;
    pile_login(&p, &rig, 1);
    pile_frame(&p, ykc_type_trade_record, &f, bytes);
    assert_int_equal(ykc_seal(&head, bytes + 6, 100, bytes, sizeof bytes,
                              &n), WIRE_OK);
    pile_send_bytes(&p, bytes, n);
    pile_expect_none(&p, ykc_type_record_confirmation, 700);
    assert_int_equal(records(), 0);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM frame_log WHERE pile_id = 1"
                 " AND type = 59", 1, 3000);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM pile_event WHERE pile_id = 1"
                 " AND kind = 11", 1, 3000);
    pile_close(&p);
}

/* ---- without a database: F8, F9, F59 -------------------------------- */

static void without_a_database(int sig)
{
    struct ykc_trade_record f = pile_record(1, 1, TRADE, 105000);
    struct ykc_trade_record g = pile_record(1, 2, OTHER, 2000);
    struct pile p, q;

    make_order(1, 1, TRADE, 4);
    pile_login(&p, &rig, 1);
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 1", 1, 10000);
    mariadb_down(&server, sig);
    pile_send(&p, ykc_type_trade_record, &f);
    pile_send(&p, ykc_type_trade_record, &g);
    pile_expect_none(&p, ykc_type_record_confirmation, 2000);
    pile_send(&p, ykc_type_trade_record, &f); /* the pile repeats */
    /* Piles notice nothing else: heartbeats, logins, tariffs. */
    pile_heartbeat(&p, 1);
    pile_expect(&p, ykc_type_heartbeat_reply, 3000);
    pile_login(&q, &rig, 2);
    pile_expect_none(&p, ykc_type_record_confirmation, 1500);
    server_up();
    pile_expect(&p, ykc_type_record_confirmation, 15000);
    pile_expect(&p, ykc_type_record_confirmation, 5000);
    pile_expect_none(&p, ykc_type_record_confirmation, 500);
    assert_int_equal(records(), 2);
    assert_int_equal(order_state(TRADE), 8);
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 2", 1, 5000);
    pile_close(&p);
    pile_close(&q);
}

static void records_wait_for_a_stopped_database(void **state)
{
    (void)state;
    without_a_database(SIGTERM);
}

static void records_wait_for_a_killed_database(void **state)
{
    (void)state;
    without_a_database(SIGKILL);
}

static int64_t journal_bytes(void)
{
    struct stat s;
    char path[100];

    snprintf(path, sizeof path, "%s/journal-gw1/journal.log", rig.home);
    return stat(path, &s) == 0 ? (int64_t)s.st_size : 0;
}

static void the_journal_outlives_gateway_and_database(void **state)
{
    struct ykc_trade_record f = pile_record(1, 1, TRADE, 105000);
    struct pile p;
    int64_t before, until;

    (void)state;
    make_order(1, 1, TRADE, 4);
    pile_login(&p, &rig, 1);
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 1", 1, 10000);
    mariadb_down(&server, SIGKILL);
    before = journal_bytes();
    pile_send(&p, ykc_type_trade_record, &f);
    until = monotonic_ms() + 10000;
    while (journal_bytes() == before && monotonic_ms() < until)
        rig_sleep(20);
    rig_sleep(100); /* all of it */
    rig_kill(&rig);
    pile_close(&p);
    server_up();
    assert_int_equal(records(), 0);
    rig_start(&rig);
    /* Nobody has sent it again. */
    rig_wait_int(&rig, "SELECT COUNT(*) FROM trade_record", 1, 5000);
    assert_int_equal(order_state(TRADE), 8);
    pile_login(&p, &rig, 1);
    send_confirmed(&p, &f);
    assert_int_equal(records(), 1);
    pile_close(&p);
}

/* ---- killed at each step: F57 --------------------------------------- */

/* stored: how many records the database holds after the death; replayed:
   how many after the next start, before the pile sends again. */
static void killed_at(const char *fault, int stored, int replayed)
{
    struct ykc_trade_record f = pile_record(1, 1, TRADE, 105000);
    struct pile p;
    bool confirmed;
    int status;

    rig_stop(&rig);
    rig.program = "tests/integration/pilehub-gateway-faults";
    rig.fault = fault;
    rig_start(&rig);
    make_order(1, 1, TRADE, 4);
    pile_login(&p, &rig, 1);
    pile_send(&p, ykc_type_trade_record, &f);
    status = rig_wait_exit(&rig, 5000);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    confirmed = pile_next(&p, 300) &&
                p.raw.head.type == ykc_type_record_confirmation;
    pile_close(&p);
    assert_int_equal(records(), stored);
    assert_true(stored == 1 || !confirmed);
    rig.program = NULL;
    rig.fault = NULL;
    rig_start(&rig);
    if (replayed > stored)
        rig_wait_int(&rig, "SELECT COUNT(*) FROM trade_record", replayed,
                     10000);
    else
        rig_sleep(1500);
    assert_int_equal(records(), replayed);
    pile_login(&p, &rig, 1);
    send_confirmed(&p, &f);
    assert_int_equal(records(), 1);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*)"
                             " FROM trade_record_conflict"), 0);
    assert_int_equal(order_state(TRADE), 8);
    pile_close(&p);
}

static void killed_after_receiving(void **state)
{
    (void)state;
    killed_at("record.received", 0, 0);
}

static void killed_after_the_journal(void **state)
{
    (void)state;
    killed_at("record.journaled", 0, 1);
}

static void killed_after_the_commit(void **state)
{
    (void)state;
    killed_at("record.committed", 1, 1);
}

static void killed_after_the_confirmation(void **state)
{
    (void)state;
    killed_at("record.acknowledged", 1, 1);
}

static void killed_again_and_again(void **state)
{
    enum { ROUNDS = 10, EACH = 5 };
    struct pile p;
    int sent = 0;

    (void)state;
    for (int i = 0; i < ROUNDS; i++) {
        pile_login(&p, &rig, 1);
        for (int k = 0; k < EACH; k++) {
            char trade[33];
            struct ykc_trade_record f;

            snprintf(trade, sizeof trade, "%.28s%04d", TRADE, sent++);
            f = pile_record(1, 1, trade, 1000);
            pile_send(&p, ykc_type_trade_record, &f);
            if (k < EACH - 1) /* the last one is on its way */
                pile_expect(&p, ykc_type_record_confirmation, 3000);
        }
        rig_kill(&rig);
        pile_close(&p);
        /* Every confirmed one is there. */
        assert_true(records() >= (i + 1) * (EACH - 1));
        rig_start(&rig);
    }
    assert_in_range(records(), ROUNDS * (EACH - 1), ROUNDS * EACH);
}

int main(void)
{
#define GATEWAY_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        GATEWAY_TEST(a_record_is_stored_before_it_is_confirmed),
        GATEWAY_TEST(the_same_record_again_changes_nothing),
        GATEWAY_TEST(other_content_is_kept_as_a_conflict),
        GATEWAY_TEST(conflicts_without_end_are_told_a_few_times),
        GATEWAY_TEST(glued_records_are_all_confirmed),
        GATEWAY_TEST(an_unknown_number_is_kept),
        GATEWAY_TEST(the_order_of_another_pile_is_not_touched),
        GATEWAY_TEST(a_wrong_gun_does_not_take_the_number),
        GATEWAY_TEST(a_record_moves_the_order_from_every_state_before),
        GATEWAY_TEST(records_without_a_number_are_told_apart),
        GATEWAY_TEST(signed_records_are_taken_too),
        GATEWAY_TEST(what_cannot_be_read_is_kept_and_not_confirmed),
        GATEWAY_TEST(records_wait_for_a_stopped_database),
        GATEWAY_TEST(records_wait_for_a_killed_database),
        GATEWAY_TEST(the_journal_outlives_gateway_and_database),
        GATEWAY_TEST(killed_after_receiving),
        GATEWAY_TEST(killed_after_the_journal),
        GATEWAY_TEST(killed_after_the_commit),
        GATEWAY_TEST(killed_after_the_confirmation),
        GATEWAY_TEST(killed_again_and_again),
    };
    int failed;

    if (getenv("PILEHUB_TEST_SOCKET") == NULL)
        return 77; /* where the others are skipped, so is this */
    mariadb_make(&server, NULL);
    server_up();
    setenv("PILEHUB_TEST_SOCKET", server.socket, 1);
    rig_init(&rig, "gwrecord");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rig_fini(&rig);
    mariadb_remove(&server);
    return failed;
}
