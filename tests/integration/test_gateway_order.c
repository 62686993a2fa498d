/*
 * Commands and running orders with the real gateway: start, charge, stop,
 * what the pile refuses, what gets lost (YKC 8.2 and 8.7; G6-G9, G13-G16,
 * G23, F43, F47, F60).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "asset/live.h"
#include "base/crypto.h"
#include "base/stamp.h"
#include "base/wake.h"
#include "charging/command.h"
#include "charging/order_state.h"
#include "tests/integration/gateway_rig.h"
#include "tests/integration/testdb.h"

#define TRADE "32010200000001012511050740000001"
#define NEXT  "32010200000001012511050740000002"

static struct rig rig;

static int start(void **state)
{
    (void)state;
    return rig_begin(&rig, NULL, 120000);
}

static int stop(void **state)
{
    (void)state;
    return rig_end(&rig);
}

/* ---- what the web side writes --------------------------------------- */

static int64_t make_order(const char *trade, int state)
{
    rig_sql(&rig, "INSERT INTO charge_order (order_no, trade_no, provider_id,"
            " merchant_id, station_id, pile_id, connector_id, gun, start_by,"
            " state, tariff_version_id, created_at) VALUES ('O%.20s', '%s',"
            " 2, 3, 1, 1, 1, 1, 1, %d, 1, NOW(3))", trade + 12, trade,
            state);
    return rig_int(&rig, "SELECT MAX(id) FROM charge_order");
}

static int64_t queue_start(int64_t order_id, const char *trade)
{
    struct ykc_remote_start f = { .gun_number = 1, .account_balance = 10000,
                                  .pile_code = "32010200000001" };

    snprintf(f.trade_number, sizeof f.trade_number, "%s", trade);
    return rig_queue(&rig, COMMAND_START, ykc_type_remote_start, &f, 1,
                     order_id, trade);
}

static int64_t queue_stop(int64_t order_id, const char *trade)
{
    struct ykc_remote_stop f = { .gun_number = 1,
                                 .pile_code = "32010200000001" };

    return rig_queue(&rig, COMMAND_STOP, ykc_type_remote_stop, &f, 1, order_id,
                     trade);
}

static void wait_order(const char *trade, int state, int ms)
{
    char sql[200];

    snprintf(sql, sizeof sql, "SELECT state FROM charge_order"
             " WHERE trade_no = '%s'", trade);
    rig_wait_int(&rig, sql, state, ms);
}

static void wait_command(int64_t id, int state, int ms)
{
    char sql[200];

    snprintf(sql, sizeof sql, "SELECT state FROM pile_command WHERE id = %lld",
             (long long)id);
    rig_wait_int(&rig, sql, state, ms);
}

/* ---- what the pile says --------------------------------------------- */

static void say_started(struct pile *p, const char *trade, int result,
                        int reason)
{
    struct ykc_remote_start_reply f = {
        .gun_number = 1, .result = (uint8_t)result,
        .failure_reason = (uint8_t)reason, .pile_code = "32010200000001"
    };

    snprintf(f.trade_number, sizeof f.trade_number, "%s", trade);
    pile_send(p, ykc_type_remote_start_reply, &f);
}

static void say_stopped(struct pile *p, int result, int reason)
{
    struct ykc_remote_stop_reply f = {
        .gun_number = 1, .result = (uint8_t)result,
        .failure_reason = (uint8_t)reason, .pile_code = "32010200000001"
    };

    pile_send(p, ykc_type_remote_stop_reply, &f);
}

static void report(struct pile *p, int state, const char *trade,
                   uint32_t energy)
{
    struct ykc_realtime f = pile_report(1, 1, state, true, trade, energy);

    pile_send(p, ykc_type_realtime, &f);
}

/* Logged in, idle, and known to be. */
static void ready(struct pile *p)
{
    pile_login(p, &rig, 1);
    report(p, YKC_STATE_IDLE, NULL, 0);
    rig_wait_int(&rig, "SELECT state FROM connector_live"
                 " WHERE connector_id = 1", CONNECTOR_OCCUPIED, 3000);
}

/* An order that is charging. */
static int64_t charging(struct pile *p)
{
    int64_t order = make_order(TRADE, ORDER_CREATED);

    ready(p);
    queue_start(order, TRADE);
    pile_expect(p, ykc_type_remote_start, 3000);
    say_started(p, TRADE, 1, 0);
    report(p, YKC_STATE_CHARGING, TRADE, 10);
    wait_order(TRADE, ORDER_CHARGING, 3000);
    return order;
}

/* ---- the whole way -------------------------------------------------- */

static void an_order_runs_from_start_to_record(void **state)
{
    struct ykc_trade_record record = pile_record(1, 1, TRADE, 105000);
    const union ykc_any *any;
    int64_t order = make_order(TRADE, ORDER_CREATED), command;
    struct pile p;

    (void)state;
    ready(&p);
    command = queue_start(order, TRADE);
    any = pile_expect(&p, ykc_type_remote_start, 3000);
    assert_string_equal(any->remote_start.trade_number, TRADE);
    assert_int_equal(any->remote_start.account_balance, 10000);
    wait_order(TRADE, ORDER_STARTING, 1000);
    wait_command(command, COMMAND_SENT, 1000);
    say_started(&p, TRADE, 1, 0);
    wait_command(command, COMMAND_DONE, 3000);
    rig_wait_int(&rig, "SELECT replied_at IS NOT NULL FROM charge_order", 1,
                 1000);
    report(&p, YKC_STATE_CHARGING, TRADE, 1000);
    wait_order(TRADE, ORDER_CHARGING, 3000);
    rig_sleep(1000);
    report(&p, YKC_STATE_CHARGING, TRADE, 105000);
    rig_wait_int(&rig, "SELECT live_energy_e4kwh FROM charge_order", 105000,
                 3000);
    assert_string_equal(rig_text(&rig, "SELECT CONCAT_WS(' ', state, plugged,"
        " trade_no, voltage_dv, current_da, power_w, soc, battery_c, gun_c,"
        " energy_e4kwh) FROM connector_live WHERE connector_id = 1"),
        "1 1 " TRADE " 4025 853 34333 57 31 35 105000");
    assert_int_equal(rig_int(&rig, "SELECT order_id FROM connector_live"
                             " WHERE connector_id = 1"), order);
    /* 10.5 kWh at 0.65 to 1.70 yuan, as the hour has it. */
    assert_in_range(rig_int(&rig, "SELECT live_amount_fen"
                            " FROM charge_order"), 682, 1785);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM telemetry WHERE order_id ="
                 " (SELECT id FROM charge_order)", 2, 3000);
    report(&p, YKC_STATE_IDLE, TRADE, 105000);
    /* One report may be a slip: the gateway asks for a second. */
    pile_expect(&p, ykc_type_read, 1000);
    rig_sleep(600);
    wait_order(TRADE, ORDER_CHARGING, 100);
    report(&p, YKC_STATE_IDLE, NULL, 0);
    wait_order(TRADE, ORDER_AWAITING_RECORD, 3000);
    pile_send(&p, ykc_type_trade_record, &record);
    pile_expect(&p, ykc_type_record_confirmation, 3000);
    wait_order(TRADE, ORDER_RECORDED, 100);
    rig_wait_int(&rig, "SELECT state * 10 + (trade_no IS NULL)"
                 " FROM connector_live WHERE connector_id = 1", 31, 3000);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM frame_log"
                             " WHERE trade_no = '" TRADE "' AND type IN"
                             " (52, 51)"), 2);
    pile_close(&p);
}

static void a_wake_up_saves_the_wait(void **state)
{
    struct ykc_read f = { .gun_number = 1, .pile_code = "32010200000001" };
    char secret[100];
    int64_t began, command;
    struct pile p;

    (void)state;
    snprintf(secret, sizeof secret, "%s/secret", rig.home);
    secret_load(secret);
    ready(&p);
    rig_sleep(200);
    began = monotonic_ms();
    for (int i = 0; i < 3; i++) {
        command = rig_queue(&rig, COMMAND_READ, ykc_type_read, &f, 1, 0, NULL);
        wake_send(rig.control, 1);
        pile_expect(&p, ykc_type_read, 900);
        report(&p, YKC_STATE_IDLE, NULL, 0);
        wait_command(command, COMMAND_DONE, 2000);
    }
    /* Without them the three would take a second each on average 1.5. */
    assert_in_range(monotonic_ms() - began, 0, 1400);
    rig_wait_count(&rig, "wakes_total", 3, 3000);
    pile_close(&p);
}

static void forged_wake_ups_are_dropped(void **state)
{
    struct sockaddr_in to = { .sin_family = AF_INET };
    uint8_t datagram[WAKE_SIZE];
    const char *colon = strchr(rig.control, ':');
    int fd = socket(AF_INET, SOCK_DGRAM, 0);

    (void)state;
    assert_non_null(colon);
    to.sin_port = htons((uint16_t)strtol(colon + 1, NULL, 10));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    memset(datagram, 7, sizeof datagram);
    for (int i = 0; i < 500; i++)
        sendto(fd, datagram, sizeof datagram, 0, (struct sockaddr *)&to,
               sizeof to);
    close(fd);
    rig_wait_count(&rig, "wakes_refused_total", 100, 3000);
    assert_int_equal(rig_count(&rig, "wakes_total"), 0);
}

/* ---- start: refused, unplugged, lost, late -------------------------- */

static void a_refused_start_says_why(void **state)
{
    int64_t order = make_order(TRADE, ORDER_CREATED), command;
    struct pile p;

    (void)state;
    ready(&p);
    command = queue_start(order, TRADE);
    pile_expect(&p, ykc_type_remote_start, 3000);
    say_started(&p, TRADE, 0, 3);
    wait_order(TRADE, ORDER_START_FAILED, 3000);
    wait_command(command, COMMAND_REFUSED, 3000);
    assert_string_equal(rig_text(&rig, "SELECT fail_reason"
                                 " FROM charge_order"),
                        "电桩拒绝启动：设备故障（0x03）");
    pile_close(&p);
}

static void an_unplugged_start_may_still_succeed(void **state)
{
    int64_t order = make_order(TRADE, ORDER_CREATED), command;
    struct pile p;

    (void)state;
    ready(&p);
    command = queue_start(order, TRADE);
    pile_expect(&p, ykc_type_remote_start, 3000);
    say_started(&p, TRADE, 0, 5);
    wait_order(TRADE, ORDER_WAITING_PLUG, 3000);
    say_started(&p, TRADE, 1, 0);
    wait_order(TRADE, ORDER_STARTING, 3000);
    wait_command(command, COMMAND_DONE, 3000);
    report(&p, YKC_STATE_CHARGING, TRADE, 0);
    wait_order(TRADE, ORDER_CHARGING, 3000);
    pile_close(&p);
}

static void a_start_is_never_sent_twice(void **state)
{
    int64_t order = make_order(TRADE, ORDER_CREATED), command;
    struct pile p;

    (void)state;
    ready(&p);
    command = queue_start(order, TRADE);
    pile_expect(&p, ykc_type_remote_start, 3000);
    /* No 0x33 in 10 s: the gun is asked, the start not repeated. */
    pile_expect(&p, ykc_type_read, 12000);
    pile_expect_none(&p, ykc_type_remote_start, 3000);
    /* It charges although no 0x33 came: adopted. */
    report(&p, YKC_STATE_CHARGING, TRADE, 100);
    wait_order(TRADE, ORDER_CHARGING, 3000);
    wait_command(command, COMMAND_SENT, 100);
    pile_close(&p);
}

static void a_start_is_sent_once_although_the_gateway_dies(void **state)
{
    int64_t order = make_order(TRADE, ORDER_CREATED);
    struct pile p;

    (void)state;
    rig_stop(&rig);
    rig.program = "tests/integration/pilehub-gateway-faults";
    rig.fault = "command.taken";
    rig_start(&rig);
    /* It dies at its first look for commands, so with none queued. */
    rig_wait_exit(&rig, 5000);
    rig.fault = NULL;
    rig.program = NULL;
    rig_start(&rig);
    ready(&p);
    rig_kill(&rig);
    pile_close(&p);
    /* Marked sent, and then the end: what the driver's order went through. */
    queue_start(order, TRADE);
    rig_sql(&rig, "UPDATE pile_command SET state = 2, sent_at = NOW(3),"
            " tries = 1");
    rig_sql(&rig, "UPDATE charge_order SET state = 2, sent_at = NOW(3)");
    rig_start(&rig);
    pile_login(&p, &rig, 1);
    pile_expect_none(&p, ykc_type_remote_start, 2500);
    assert_int_equal(rig_int(&rig, "SELECT state FROM pile_command"),
                     COMMAND_NO_REPLY);
    wait_order(TRADE, ORDER_STARTING, 100); /* unknown: jobs look after it */
    pile_close(&p);
}

static void a_late_success_of_a_failed_start_is_stopped(void **state)
{
    int64_t order = make_order(TRADE, ORDER_CREATED);
    struct pile p;

    (void)state;
    ready(&p);
    queue_start(order, TRADE);
    pile_expect(&p, ykc_type_remote_start, 3000);
    rig_sql(&rig, "UPDATE charge_order SET state = 7");
    report(&p, YKC_STATE_CHARGING, TRADE, 100);
    assert_string_equal(pile_expect(&p, ykc_type_remote_stop,
                                    4000)->remote_stop.pile_code,
                        rig_code(1));
    report(&p, YKC_STATE_CHARGING, TRADE, 200);
    pile_expect_none(&p, ykc_type_remote_stop, 1500); /* one command */
    wait_order(TRADE, ORDER_START_FAILED, 100);
    pile_close(&p);
}

static void a_late_0x33_of_a_failed_start_is_stopped(void **state)
{
    int64_t order = make_order(TRADE, ORDER_CREATED);
    struct pile p;

    (void)state;
    ready(&p);
    queue_start(order, TRADE);
    pile_expect(&p, ykc_type_remote_start, 3000);
    rig_sql(&rig, "UPDATE charge_order SET state = 7");
    say_started(&p, TRADE, 1, 0);
    pile_expect(&p, ykc_type_remote_stop, 4000);
    pile_close(&p);
}

/* ---- commands that do not reach a pile ------------------------------ */

static void commands_for_an_offline_pile_end_at_once(void **state)
{
    int64_t order = make_order(TRADE, ORDER_CREATED), command;

    (void)state;
    command = queue_start(order, TRADE);
    wait_command(command, COMMAND_GONE, 5000);
    wait_order(TRADE, ORDER_START_FAILED, 100);
    assert_int_equal(rig_int(&rig, "SELECT sent_at IS NULL"
                             " FROM charge_order"), 1);
}

static void an_expired_command_is_not_sent(void **state)
{
    int64_t order = make_order(TRADE, ORDER_CREATED), command;
    struct pile p;

    (void)state;
    pile_login(&p, &rig, 1);
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 1", 1, 3000);
    command = queue_start(order, TRADE);
    rig_sql(&rig, "UPDATE pile_command SET expires_at = NOW(3)"
            " - INTERVAL 1 SECOND WHERE state = 1");
    wait_command(command, COMMAND_GONE, 5000);
    pile_expect_none(&p, ykc_type_remote_start, 500);
    pile_close(&p);
}

static void an_unanswered_command_is_repeated_three_times(void **state)
{
    struct ykc_work f = { .max_output_power = 80,
                          .pile_code = "32010200000001" };
    struct ykc_work_reply ok = { .result = 1,
                                 .pile_code = "32010200000001" };
    int64_t command;
    struct pile p;

    (void)state;
    ready(&p);
    command = rig_queue(&rig, COMMAND_PARAMETERS, ykc_type_work, &f, 0, 0,
                        NULL);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pile_expect(&p, ykc_type_work,
                                     12000)->work.max_output_power, 80);
    wait_command(command, COMMAND_NO_REPLY, 12000);
    pile_expect_none(&p, ykc_type_work, 500);
    /* A reply that comes too late is not applied. */
    pile_send(&p, ykc_type_work_reply, &ok);
    rig_sleep(700);
    wait_command(command, COMMAND_NO_REPLY, 100);
    rig_wait_count(&rig, "unsolicited_total", 1, 3000);
    /* Answered at once: once is enough. */
    command = rig_queue(&rig, COMMAND_PARAMETERS, ykc_type_work, &f, 0, 0,
                        NULL);
    pile_expect(&p, ykc_type_work, 3000);
    pile_send(&p, ykc_type_work_reply, &ok);
    wait_command(command, COMMAND_DONE, 3000);
    pile_close(&p);
}

static void replies_that_nobody_asked_for_are_not_applied(void **state)
{
    int64_t order = make_order(TRADE, ORDER_CREATED);
    struct pile p;

    (void)state;
    ready(&p);
    queue_start(order, TRADE);
    pile_expect(&p, ykc_type_remote_start, 3000);
    wait_order(TRADE, ORDER_STARTING, 3000);
    say_started(&p, NEXT, 0, 3); /* another number */
    say_stopped(&p, 1, 0);       /* no stop was sent */
    rig_sleep(800);
    wait_order(TRADE, ORDER_STARTING, 100);
    rig_wait_count(&rig, "unsolicited_total", 2, 3000);
    pile_close(&p);
}

/* ---- balance -------------------------------------------------------- */

static int64_t queue_balance(int gun, int64_t order_id, const char *trade,
                             uint32_t fen)
{
    struct ykc_balance f = { .gun_number = ykc_gun_byte(gun),
                             .pile_code = "32010200000001",
                             .new_balance = fen };

    return rig_queue(&rig, COMMAND_BALANCE, ykc_type_balance, &f, gun, order_id,
                     trade);
}

static void say_balance(struct pile *p, int result)
{
    struct ykc_balance_reply f = { .pile_code = "32010200000001",
                                   .result = (uint8_t)result };

    pile_send(p, ykc_type_balance_reply, &f);
}

static void a_balance_is_told_while_it_charges(void **state)
{
    struct pile p;
    int64_t order = charging(&p), command;

    (void)state;
    command = queue_balance(1, order, TRADE, 25000);
    assert_int_equal(pile_expect(&p, ykc_type_balance,
                                 3000)->balance.new_balance, 25000);
    assert_int_equal(p.any.balance.gun_number, 1);
    say_balance(&p, 0); /* 00 is yes here */
    wait_command(command, COMMAND_DONE, 3000);
    command = queue_balance(1, order, TRADE, 26000);
    pile_expect(&p, ykc_type_balance, 3000);
    say_balance(&p, 2);
    wait_command(command, COMMAND_REFUSED, 3000);
    /* not answered: again after 10 s, and no more once the charge is over */
    command = queue_balance(1, order, TRADE, 27000);
    pile_expect(&p, ykc_type_balance, 3000);
    pile_expect(&p, ykc_type_balance, 12000);
    report(&p, YKC_STATE_IDLE, TRADE, 20);
    wait_command(command, COMMAND_REFUSED, 12000);
    pile_expect_none(&p, ykc_type_balance, 200);
    wait_order(TRADE, ORDER_CHARGING, 100);
    pile_close(&p);
}

static void a_balance_is_not_told_to_others(void **state)
{
    struct pile p;
    int64_t order, command;

    (void)state;
    ready(&p);
    order = make_order(TRADE, ORDER_CHARGING);
    command = queue_balance(1, order, TRADE, 25000); /* idle */
    wait_command(command, COMMAND_REFUSED, 3000);
    make_order(NEXT, ORDER_STARTING);
    report(&p, YKC_STATE_CHARGING, NEXT, 100);
    wait_order(NEXT, ORDER_CHARGING, 3000);
    command = queue_balance(1, order, TRADE, 25000); /* another's session */
    wait_command(command, COMMAND_REFUSED, 3000);
    pile_expect_none(&p, ykc_type_balance, 500);
    say_balance(&p, 0);
    rig_wait_count(&rig, "unsolicited_total", 1, 3000);
    pile_close(&p);
}

/* The reply does not say its gun: one at a time. */
static void balances_of_two_guns_are_told_one_after_the_other(void **state)
{
    struct ykc_realtime f = pile_report(1, 2, YKC_STATE_CHARGING, true, NEXT,
                                        10);
    struct pile p;
    int64_t order = charging(&p), first, second;

    (void)state;
    pile_send(&p, ykc_type_realtime, &f);
    rig_wait_int(&rig, "SELECT state FROM connector_live"
                 " WHERE connector_id = 2", CONNECTOR_CHARGING, 3000);
    first = queue_balance(1, order, TRADE, 25000);
    assert_int_equal(pile_expect(&p, ykc_type_balance,
                                 3000)->balance.new_balance, 25000);
    second = queue_balance(2, 0, NEXT, 1000);
    wait_command(second, COMMAND_SENT, 3000); /* taken by the gateway */
    pile_expect_none(&p, ykc_type_balance, 2500);
    say_balance(&p, 2);
    wait_command(first, COMMAND_REFUSED, 3000);
    wait_command(second, COMMAND_SENT, 100);
    assert_int_equal(pile_expect(&p, ykc_type_balance,
                                 3000)->balance.new_balance, 1000);
    say_balance(&p, 0);
    wait_command(second, COMMAND_DONE, 3000);
    pile_close(&p);
}

/* ---- stop ----------------------------------------------------------- */

/* A charge whose pile has been told to stop; the command. */
static int64_t told_to_stop(struct pile *p)
{
    int64_t command = queue_stop(charging(p), TRADE);

    pile_expect(p, ykc_type_remote_stop, 3000);
    return command;
}

static void a_stop_ends_the_order(void **state)
{
    struct pile p;
    int64_t command = told_to_stop(&p);

    (void)state;
    wait_order(TRADE, ORDER_STOPPING, 1000);
    say_stopped(&p, 1, 0);
    wait_order(TRADE, ORDER_AWAITING_RECORD, 3000);
    wait_command(command, COMMAND_DONE, 100);
    pile_close(&p);
}

static void not_charging_means_stopped(void **state)
{
    struct pile p;
    int64_t command = told_to_stop(&p);

    (void)state;
    say_stopped(&p, 0, 2);
    wait_order(TRADE, ORDER_AWAITING_RECORD, 3000);
    wait_command(command, COMMAND_REFUSED, 100);
    pile_close(&p);
}

static void one_idle_report_ends_an_order_that_is_stopping(void **state)
{
    struct pile p;

    (void)state;
    told_to_stop(&p);
    wait_order(TRADE, ORDER_STOPPING, 1000);
    report(&p, YKC_STATE_IDLE, NULL, 0);
    wait_order(TRADE, ORDER_AWAITING_RECORD, 3000);
    pile_close(&p);
}

static void an_unanswered_stop_is_repeated_and_raises_an_alarm(void **state)
{
    struct pile p;
    int64_t command = told_to_stop(&p), began;

    (void)state;
    began = monotonic_ms();
    pile_expect(&p, ykc_type_remote_stop, 6000);
    pile_expect(&p, ykc_type_remote_stop, 6000);
    assert_in_range(monotonic_ms() - began, 9500, 11500);
    wait_command(command, COMMAND_NO_REPLY, 7000);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM pile_event WHERE pile_id = 1"
                 " AND kind = 10", 1, 3000);
    wait_order(TRADE, ORDER_STOPPING, 100);
    pile_close(&p);
}

static void a_stop_does_not_hit_somebody_elses_session(void **state)
{
    struct pile p;
    int64_t order, command;

    (void)state;
    ready(&p);
    order = make_order(TRADE, ORDER_CHARGING);
    make_order(NEXT, ORDER_STARTING);
    report(&p, YKC_STATE_CHARGING, NEXT, 100);
    wait_order(NEXT, ORDER_CHARGING, 3000);
    command = queue_stop(order, TRADE);
    wait_command(command, COMMAND_REFUSED, 3000);
    pile_expect_none(&p, ykc_type_remote_stop, 500);
    pile_close(&p);
}

/* ---- telemetry ------------------------------------------------------ */

static void energy_and_cost_only_grow(void **state)
{
    struct pile p;

    (void)state;
    charging(&p);
    report(&p, YKC_STATE_CHARGING, TRADE, 50000);
    rig_wait_int(&rig, "SELECT live_energy_e4kwh FROM charge_order", 50000,
                 3000);
    report(&p, YKC_STATE_CHARGING, TRADE, 40000);
    rig_sleep(700);
    assert_int_equal(rig_int(&rig, "SELECT live_energy_e4kwh"
                             " FROM charge_order"), 50000);
    pile_close(&p);
}

static void the_number_of_another_gun_moves_no_order(void **state)
{
    struct ykc_realtime f = pile_report(1, 2, YKC_STATE_CHARGING, true, TRADE,
                                        9000);
    struct pile p, q;

    (void)state;
    make_order(TRADE, ORDER_STARTING); /* of gun 1 */
    ready(&p);
    pile_send(&p, ykc_type_realtime, &f);
    pile_login(&q, &rig, 2);
    f = pile_report(2, 1, YKC_STATE_CHARGING, true, TRADE, 9000);
    pile_send(&q, ykc_type_realtime, &f);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM connector_live WHERE state = 1",
                 2, 3000);
    wait_order(TRADE, ORDER_STARTING, 100);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM connector_live"
                             " WHERE order_id IS NOT NULL"), 0);
    pile_close(&p);
    pile_close(&q);
}

static void another_number_is_believed_the_second_time(void **state)
{
    struct pile p;

    (void)state;
    charging(&p);
    make_order(NEXT, ORDER_STARTING);
    report(&p, YKC_STATE_CHARGING, NEXT, 5);
    rig_sleep(700);
    wait_order(TRADE, ORDER_CHARGING, 100);
    report(&p, YKC_STATE_CHARGING, NEXT, 10);
    wait_order(TRADE, ORDER_AWAITING_RECORD, 3000);
    wait_order(NEXT, ORDER_CHARGING, 3000);
    pile_close(&p);
}

static void a_disconnect_settles_nothing(void **state)
{
    struct pile p;

    (void)state;
    charging(&p);
    report(&p, YKC_STATE_CHARGING, TRADE, 5000);
    rig_wait_int(&rig, "SELECT live_energy_e4kwh FROM charge_order", 5000,
                 3000);
    pile_close(&p);
    rig_wait_int(&rig, "SELECT state FROM connector_live"
                 " WHERE connector_id = 1", CONNECTOR_OFFLINE, 3000);
    wait_order(TRADE, ORDER_CHARGING, 100);
    pile_login(&p, &rig, 1);
    report(&p, YKC_STATE_CHARGING, TRADE, 8000);
    rig_wait_int(&rig, "SELECT live_energy_e4kwh FROM charge_order", 8000,
                 3000);
    wait_order(TRADE, ORDER_CHARGING, 100);
    pile_close(&p);
}

static void a_new_gateway_process_goes_on_with_the_order(void **state)
{
    struct pile p;
    int64_t amount;

    (void)state;
    charging(&p);
    report(&p, YKC_STATE_CHARGING, TRADE, 50000);
    rig_wait_int(&rig, "SELECT live_energy_e4kwh FROM charge_order", 50000,
                 3000);
    amount = rig_int(&rig, "SELECT live_amount_fen FROM charge_order");
    assert_in_range(amount, 325, 850);
    rig_kill(&rig);
    pile_close(&p);
    rig_start(&rig);
    pile_login(&p, &rig, 1);
    report(&p, YKC_STATE_CHARGING, TRADE, 100000);
    rig_wait_int(&rig, "SELECT live_energy_e4kwh FROM charge_order", 100000,
                 3000);
    assert_in_range(rig_int(&rig, "SELECT live_amount_fen"
                            " FROM charge_order"), amount + 325,
                    amount + 850);
    /* And sees its end, although it did not see it run for long. */
    report(&p, YKC_STATE_IDLE, NULL, 0);
    report(&p, YKC_STATE_IDLE, NULL, 0);
    wait_order(TRADE, ORDER_AWAITING_RECORD, 3000);
    pile_close(&p);
}

static void an_end_that_a_new_process_finds_is_seen(void **state)
{
    struct pile p;

    (void)state;
    charging(&p);
    rig_sleep(500);
    rig_kill(&rig);
    pile_close(&p);
    rig_start(&rig);
    pile_login(&p, &rig, 1);
    report(&p, YKC_STATE_IDLE, NULL, 0);
    report(&p, YKC_STATE_IDLE, NULL, 0);
    wait_order(TRADE, ORDER_AWAITING_RECORD, 3000);
    pile_close(&p);
}

/* A gun without a car says 0: that is not what the battery came to. */
static void the_last_soc_stays_when_the_car_has_gone(void **state)
{
    struct ykc_demand d = { .gun_number = 1, .current_demand = 5200,
                            .soc = 61, .trade_number = TRADE,
                            .pile_code = "32010200000001" };
    struct pile p;

    (void)state;
    charging(&p);
    pile_send(&p, ykc_type_demand, &d);
    rig_wait_int(&rig, "SELECT soc FROM charge_order", 61, 3000);
    report(&p, YKC_STATE_IDLE, NULL, 0);
    report(&p, YKC_STATE_IDLE, NULL, 0);
    wait_order(TRADE, ORDER_AWAITING_RECORD, 3000);
    assert_int_equal(rig_int(&rig, "SELECT soc FROM charge_order"), 61);
    rig_wait_int(&rig, "SELECT soc FROM telemetry ORDER BY at DESC LIMIT 1",
                 61, 3000);
    pile_close(&p);
}

static void frames_of_the_car_are_kept(void **state)
{
    struct ykc_handshake h = { .gun_number = 1, .battery_type = 3,
                               .trade_number = TRADE,
                               .pile_code = "32010200000001",
                               .vin = "LSVAM4187C2184847" };
    struct ykc_demand d = { .gun_number = 1, .current_demand = 5200,
                            .soc = 61, .trade_number = TRADE,
                            .pile_code = "32010200000001" };
    struct pile p;

    (void)state;
    charging(&p);
    pile_send(&p, ykc_type_handshake, &h);
    rig_wait_int(&rig, "SELECT vin = 'LSVAM4187C2184847' FROM charge_order",
                 1, 3000);
    pile_send(&p, ykc_type_demand, &d);
    rig_wait_int(&rig, "SELECT soc FROM charge_order", 61, 3000);
    report(&p, YKC_STATE_CHARGING, TRADE, 700);
    rig_wait_int(&rig, "SELECT MAX(demand_da) FROM telemetry", 1200, 3000);
    rig_wait_int(&rig, "SELECT COUNT(DISTINCT type) FROM frame_log"
                 " WHERE trade_no = '" TRADE "' AND type IN"
                 " (19, 21, 35, 51, 52)", 5, 3000);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM frame_log"
                             " WHERE type IN (3, 4)"), 0);
    pile_close(&p);
}

static void faults_are_told_and_told_to_be_over(void **state)
{
    struct ykc_realtime f = pile_report(1, 1, YKC_STATE_FAULT, false, NULL,
                                        0);
    struct pile p;

    (void)state;
    ready(&p);
    f.hardware_faults = 0x1FFF; /* all of them: a long text */
    pile_send(&p, ykc_type_realtime, &f);
    rig_wait_int(&rig, "SELECT state FROM connector_live"
                 " WHERE connector_id = 1", CONNECTOR_FAULT, 3000);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM pile_event WHERE pile_id = 1"
                 " AND gun = 1 AND kind = 3 AND detail LIKE '%急停%'", 1,
                 3000);
    report(&p, YKC_STATE_IDLE, NULL, 0);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM pile_event WHERE pile_id = 1"
                 " AND kind = 4", 1, 3000);
    pile_close(&p);
}

/* ---- card start, tariff push ---------------------------------------- */

static void a_card_start_goes_to_jobs_and_back(void **state)
{
    struct ykc_start_request f = { .gun_number = 1, .start_mode = 1,
                                   .pile_code = "32010200000001" };
    struct ykc_start_permission yes = { .gun_number = 1, .allowed = 1,
                                        .trade_number = TRADE,
                                        .account_balance = 5000,
                                        .pile_code = "32010200000001" };
    int64_t order, command;
    struct pile p;

    (void)state;
    ready(&p);
    pile_send(&p, ykc_type_start_request, &f);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM pile_request WHERE pile_id = 1"
                 " AND gun = 1 AND frame_type = 49 AND state = 1"
                 " AND LENGTH(raw) = 59", 1, 3000);
    order = make_order(TRADE, ORDER_CREATED);
    command = rig_queue(&rig, COMMAND_PERMIT, ykc_type_start_permission, &yes,
                        1, order, TRADE);
    assert_int_equal(pile_expect(&p, ykc_type_start_permission,
                                 3000)->start_permission.allowed, 1);
    wait_command(command, COMMAND_DONE, 3000);
    wait_order(TRADE, ORDER_STARTING, 100);
    report(&p, YKC_STATE_CHARGING, TRADE, 100);
    wait_order(TRADE, ORDER_CHARGING, 3000);
    pile_close(&p);
}

static void a_tariff_that_is_accepted_is_held(void **state)
{
    struct ykc_tariff_push f = { .tariff_number = { 0x00, 0x01 },
                                 .pile_code = "32010200000001" };
    struct ykc_tariff_push_reply ok = { .result = 1,
                                        .pile_code = "32010200000001" };
    int64_t command;
    struct pile p;

    (void)state;
    ready(&p);
    command = rig_queue(&rig, COMMAND_TARIFF, ykc_type_tariff_push, &f, 0, 0,
                        NULL);
    pile_expect(&p, ykc_type_tariff_push, 3000);
    assert_int_equal(rig_int(&rig, "SELECT tariff_no = '0000' FROM pile"
                             " WHERE id = 1"), 1);
    pile_send(&p, ykc_type_tariff_push_reply, &ok);
    wait_command(command, COMMAND_DONE, 3000);
    rig_wait_int(&rig, "SELECT tariff_no = '0001' FROM pile WHERE id = 1", 1,
                 3000);
    pile_close(&p);
}

int main(void)
{
#define GATEWAY_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        GATEWAY_TEST(an_order_runs_from_start_to_record),
        GATEWAY_TEST(a_wake_up_saves_the_wait),
        GATEWAY_TEST(forged_wake_ups_are_dropped),
        GATEWAY_TEST(a_refused_start_says_why),
        GATEWAY_TEST(an_unplugged_start_may_still_succeed),
        GATEWAY_TEST(a_start_is_never_sent_twice),
        GATEWAY_TEST(a_start_is_sent_once_although_the_gateway_dies),
        GATEWAY_TEST(a_late_success_of_a_failed_start_is_stopped),
        GATEWAY_TEST(a_late_0x33_of_a_failed_start_is_stopped),
        GATEWAY_TEST(commands_for_an_offline_pile_end_at_once),
        GATEWAY_TEST(an_expired_command_is_not_sent),
        GATEWAY_TEST(an_unanswered_command_is_repeated_three_times),
        GATEWAY_TEST(replies_that_nobody_asked_for_are_not_applied),
        GATEWAY_TEST(a_balance_is_told_while_it_charges),
        GATEWAY_TEST(a_balance_is_not_told_to_others),
        GATEWAY_TEST(balances_of_two_guns_are_told_one_after_the_other),
        GATEWAY_TEST(a_stop_ends_the_order),
        GATEWAY_TEST(not_charging_means_stopped),
        GATEWAY_TEST(one_idle_report_ends_an_order_that_is_stopping),
        GATEWAY_TEST(an_unanswered_stop_is_repeated_and_raises_an_alarm),
        GATEWAY_TEST(a_stop_does_not_hit_somebody_elses_session),
        GATEWAY_TEST(energy_and_cost_only_grow),
        GATEWAY_TEST(the_number_of_another_gun_moves_no_order),
        GATEWAY_TEST(another_number_is_believed_the_second_time),
        GATEWAY_TEST(a_disconnect_settles_nothing),
        GATEWAY_TEST(a_new_gateway_process_goes_on_with_the_order),
        GATEWAY_TEST(an_end_that_a_new_process_finds_is_seen),
        GATEWAY_TEST(the_last_soc_stays_when_the_car_has_gone),
        GATEWAY_TEST(frames_of_the_car_are_kept),
        GATEWAY_TEST(faults_are_told_and_told_to_be_over),
        GATEWAY_TEST(a_card_start_goes_to_jobs_and_back),
        GATEWAY_TEST(a_tariff_that_is_accepted_is_held),
    };
    int failed;

    rig_init(&rig, "gworder");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rig_fini(&rig);
    return failed;
}
