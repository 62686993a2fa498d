/*
 * Frames that come seldom and what time brings, with the real gateway: ground
 * lock, update, the daily clock, missing real-time data, the descriptor limit
 * (YKC 8.7; G17, G19). Its clock is set forward where nobody can wait.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "asset/live.h"
#include "base/macros.h"
#include "base/stamp.h"
#include "charging/order_state.h"
#include "tests/integration/gateway_rig.h"
#include "tests/integration/testdb.h"

#define TRADE "32010200000001012511050740000001"

enum { SECOND = 1000, HOUR = 3600 * SECOND };

static struct rig rig;

static int start(void **state)
{
    (void)state;
    rig_clock(&rig);
    return rig_begin(&rig, NULL, 120000);
}

static int stop(void **state)
{
    (void)state;
    return rig_end(&rig);
}

static int64_t events(int kind)
{
    char sql[100];

    snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM pile_event WHERE pile_id"
             " = 1 AND kind = %d", kind);
    return rig_int(&rig, sql);
}

static void wait_events(int kind, int64_t n)
{
    char sql[100];

    snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM pile_event WHERE pile_id"
             " = 1 AND kind = %d", kind);
    rig_wait_int(&rig, sql, n, 5000);
}

static void report(struct pile *p, int state, const char *trade)
{
    struct ykc_realtime f = pile_report(1, 1, state, true, trade, 10);

    pile_send(p, ykc_type_realtime, &f);
}

static void idle(struct pile *p)
{
    struct ykc_realtime f = pile_report(1, 2, YKC_STATE_IDLE, false, NULL, 0);

    pile_send(p, ykc_type_realtime, &f);
    report(p, YKC_STATE_IDLE, NULL);
}

/* Frames of this type that came within some 50 ms of silence. */
static int drain(struct pile *p, uint8_t type)
{
    int n = 0;

    while (pile_next(p, 50))
        n += p->raw.head.type == type;
    return n;
}

/*
 * Time passes for the gateway, and its thread of this pile sees it; how many
 * frames of this type it brought.
 */
static int later(struct pile *p, int64_t ms, uint8_t type)
{
    int n = 0;

    rig_forward(&rig, ms);
    pile_heartbeat(p, 1);
    do {
        assert_true(pile_next(p, 3000));
        n += p->raw.head.type == type;
    } while (p->raw.head.type != ykc_type_heartbeat_reply);
    return n + drain(p, type);
}

/* ---- ground lock ----------------------------------------------------- */

static void a_ground_lock_in_trouble_is_told(void **state)
{
    struct ykc_lock_status f = { .gun_number = 1,
                                 .pile_code = "32010200000001",
                                 .lock_position = 0x55, .lock_battery = 90 };
    struct pile p;

    (void)state;
    pile_login(&p, &rig, 1);
    pile_send(&p, ykc_type_lock_status, &f); /* all is well */
    f.alarm = 0xFF;
    pile_send(&p, ykc_type_lock_status, &f);
    wait_events(EVENT_LOCK, 1);
    assert_string_equal(rig_text(&rig, "SELECT detail FROM pile_event WHERE"
                                       " kind = 13"), "地锁摇臂破坏");
    f.gun_number = 3; /* it has two */
    pile_send(&p, ykc_type_lock_status, &f);
    rig_wait_count(&rig, "bad_gun_total", 1, 3000);
    assert_int_equal(events(EVENT_LOCK), 1);
    pile_close(&p);
}

/* The protocol document prints two lengths: nine bytes are enough. */
static void a_lock_reply_may_be_short_and_changes_nothing(void **state)
{
    struct ykc_lock_reply f = { .gun_number = 1,
                                .pile_code = "32010200000001", .result = 1 };
    uint8_t body[YKC_MAX_BODY], raw[YKC_MAX_FRAME];
    struct ykc_head head;
    struct pile p;
    size_t n, len;

    (void)state;
    pile_login(&p, &rig, 1);
    assert_int_equal(ykc_encode(ykc_frame(ykc_type_lock_reply), &f, body,
                                sizeof body, &n), WIRE_OK);
    assert_int_equal(n, 13);
    for (size_t size = 8; size <= n; size++) {
        head = ykc_request_head(ykc_type_lock_reply, &p.sequence);
        assert_int_equal(ykc_seal(&head, body, size, raw, sizeof raw, &len),
                         WIRE_OK);
        pile_send_bytes(&p, raw, len);
    }
    rig_wait_count(&rig, "unsolicited_total", 5, 3000);
    rig_wait_count(&rig, "short_body_total", 1, 3000);
    assert_int_equal(rig_count(&rig, "unsolicited_total"), 5);
    pile_heartbeat(&p, 1);
    pile_expect(&p, ykc_type_heartbeat_reply, 1000);
    pile_close(&p);
}

/* ---- update ---------------------------------------------------------- */

/* Nobody asked: kept as evidence, nothing else. */
static void the_end_of_an_update_is_kept_in_the_log(void **state)
{
    struct ykc_update_reply f = { .pile_code = "32010200000001",
                                  .status = 2 };
    struct pile p;

    (void)state;
    pile_login(&p, &rig, 1);
    pile_send(&p, ykc_type_update_reply, &f);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM frame_log WHERE type = 0x93 AND"
                 " pile_id = 1 AND up = 1", 1, 5000);
    rig_wait_count(&rig, "unsolicited_total", 1, 3000);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM pile_command"), 0);
    pile_close(&p);
}

/* ---- clock ----------------------------------------------------------- */

static void the_clock_is_set_every_day(void **state)
{
    struct pile p;
    int set = 0;

    (void)state;
    pile_login(&p, &rig, 1);
    idle(&p);
    drain(&p, 0);
    for (int h = 0; h < 23; h++)
        set += later(&p, HOUR, ykc_type_clock);
    assert_int_equal(set, 0); /* the login has set it */
    for (int h = 0; h < 72; h++)
        set += later(&p, HOUR, ykc_type_clock);
    assert_int_equal(set, 3);
    pile_close(&p);
}

/* ---- missing real-time data ------------------------------------------ */

static void data_that_stays_away_is_asked_for_and_then_told(void **state)
{
    struct pile p;
    int asked = 0;

    (void)state;
    rig_sql(&rig, "INSERT INTO charge_order (order_no, trade_no, provider_id,"
            " merchant_id, station_id, pile_id, connector_id, gun, start_by,"
            " state, tariff_version_id, created_at) VALUES ('O1', '%s', 2, 3,"
            " 1, 1, 1, 1, 1, 2, 1, NOW(3))", TRADE);
    pile_login(&p, &rig, 1);
    idle(&p);
    report(&p, YKC_STATE_CHARGING, TRADE);
    rig_wait_int(&rig, "SELECT state FROM charge_order", ORDER_CHARGING,
                 3000);
    drain(&p, 0);
    /* 40 s, and what this takes: patience; its heartbeats go on */
    for (int i = 0; i < 10; i++)
        assert_int_equal(later(&p, 4 * SECOND, ykc_type_read), 0);
    /* 45 s, and the tick of 15 s after that */
    for (int i = 0; i < 6; i++)
        asked += later(&p, 4 * SECOND, ykc_type_read);
    rig_sleep(300);
    asked += drain(&p, ykc_type_read);
    assert_int_equal(asked, 1);
    assert_int_equal(events(EVENT_DATA_LATE), 0);
    for (int i = 0; i < 5; i++)
        later(&p, 15 * SECOND, 0);
    wait_events(EVENT_DATA_LATE, 1);
    asked = 0;
    for (int i = 0; i < 8; i++)
        asked += later(&p, 15 * SECOND, ykc_type_read);
    assert_in_range(asked, 2, 3); /* it goes on asking every 45 s */
    assert_int_equal(events(EVENT_DATA_LATE), 1); /* and tells once */
    rig_wait_int(&rig, "SELECT state FROM charge_order", ORDER_CHARGING,
                 100);
    /* it speaks again; a second gap is told again */
    report(&p, YKC_STATE_CHARGING, TRADE);
    for (int i = 0; i < 10; i++)
        later(&p, 15 * SECOND, 0);
    wait_events(EVENT_DATA_LATE, 2);
    pile_close(&p);
}

/* An idle gun reports every five minutes: nothing is late. */
static void an_idle_gun_is_not_asked(void **state)
{
    struct pile p;

    (void)state;
    pile_login(&p, &rig, 1);
    idle(&p);
    drain(&p, 0);
    for (int i = 0; i < 12; i++)
        assert_int_equal(later(&p, 15 * SECOND, ykc_type_read), 0);
    assert_int_equal(events(EVENT_DATA_LATE), 0);
    pile_close(&p);
}

/* ---- descriptors ----------------------------------------------------- */

/* The limit that leaves the gateway so many descriptors. */
static rlim_t limit_for(int room)
{
    char path[40];
    rlim_t limit = 0;

    while (room > 0) {
        snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)rig.pid,
                 (int)limit++);
        if (faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) != 0)
            room--;
    }
    return limit;
}

static int count_closed(struct pile *flood, int n)
{
    int closed = 0;
    char byte;

    for (int i = 0; i < n; i++)
        closed += recv(flood[i].fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 0;
    return closed;
}

static void at_the_descriptor_limit_those_that_are_in_go_on(void **state)
{
    enum { FLOOD = 120, ROOM = 20 };
    struct pile p, flood[FLOOD], late;
    struct rlimit limit, before;
    int64_t ticks;
    int closed;

    (void)state;
    pile_login(&p, &rig, 1);
    idle(&p);
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 1", 1, 5000);
    assert_int_equal(prlimit(rig.pid, RLIMIT_NOFILE, NULL, &before), 0);
    limit = before;
    limit.rlim_cur = limit_for(ROOM);
    assert_int_equal(prlimit(rig.pid, RLIMIT_NOFILE, &limit, NULL), 0);
    for (int i = 0; i < FLOOD; i++)
        pile_connect(&flood[i], &rig, 2);
    /* Those without room are closed; not all at once, because the threads take
       each other's spare descriptor. */
    for (int64_t until = monotonic_ms() + 9000;
         (closed = count_closed(flood, FLOOD)) < ROOM;) {
        if (monotonic_ms() > until)
            fail_msg("%d of %d were closed", closed, (int)FLOOD);
        rig_sleep(50);
    }
    /* full, it turns no circles */
    ticks = rig_cpu_ticks(&rig);
    for (int i = 0; i < 5; i++) {
        pile_heartbeat(&p, 1);
        pile_expect(&p, ykc_type_heartbeat_reply, 2000);
        rig_sleep(200);
    }
    assert_in_range(rig_cpu_ticks(&rig) - ticks, 0, 30);
    for (int i = 0; i < FLOOD; i++)
        pile_close(&flood[i]);
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 1", 1, 3000);
    for (int tries = 0;; tries++) { /* the closed ones have to be noticed */
        struct ykc_login l = pile_login_frame(2);

        assert_in_range(tries, 0, 50);
        pile_connect(&late, &rig, 2);
        pile_send(&late, ykc_type_login, &l);
        if (pile_next(&late, 1000))
            break;
        pile_close(&late);
    }
    assert_int_equal(late.raw.head.type, ykc_type_login_reply);
    assert_int_equal(prlimit(rig.pid, RLIMIT_NOFILE, &before, NULL), 0);
    pile_close(&late);
    pile_close(&p);
}

int main(void)
{
#define GATEWAY_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        GATEWAY_TEST(a_ground_lock_in_trouble_is_told),
        GATEWAY_TEST(a_lock_reply_may_be_short_and_changes_nothing),
        GATEWAY_TEST(the_end_of_an_update_is_kept_in_the_log),
        GATEWAY_TEST(the_clock_is_set_every_day),
        GATEWAY_TEST(data_that_stays_away_is_asked_for_and_then_told),
        GATEWAY_TEST(an_idle_gun_is_not_asked),
        GATEWAY_TEST(at_the_descriptor_limit_those_that_are_in_go_on),
    };
    int failed;

    rig_init(&rig, "gwframes");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rig_fini(&rig);
    return failed;
}
