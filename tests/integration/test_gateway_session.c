/*
 * The sessions of piles with the real gateway: login, heartbeats, tariffs,
 * what is dropped, what is closed (G1-G4, G7, G17, G18).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/stamp.h"
#include "tests/integration/gateway_rig.h"
#include "tests/integration/testdb.h"

static struct rig rig;

static int start(void **state)
{
    (void)state;
    return rig_begin(&rig, NULL, 0);
}

/* A pile may be silent for longer than a frame may stall. */
static int start_patient(void **state)
{
    (void)state;
    return rig_begin(&rig, NULL, 20000);
}

static int stop(void **state)
{
    (void)state;
    return rig_end(&rig);
}

static void a_login_is_answered_at_once_with_the_clock(void **state)
{
    struct ykc_login l = pile_login_frame(1);
    const union ykc_any *any;
    struct pile p;
    int64_t began, off;

    (void)state;
    pile_connect(&p, &rig, 1);
    p.sequence = 0x1234;
    began = monotonic_ms();
    pile_send(&p, ykc_type_login, &l);
    any = pile_expect(&p, ykc_type_login_reply, 1000);
    assert_string_equal(any->login_reply.pile_code, rig_code(1));
    assert_int_equal(any->login_reply.result, 0);
    /* The sequence of the request comes back. */
    assert_int_equal(p.raw.head.sequence[0], 0x34);
    assert_int_equal(p.raw.head.sequence[1], 0x12);
    any = pile_expect(&p, ykc_type_clock, 1000);
    assert_true(monotonic_ms() - began < 500);
    off = wire_stamp(any->clock.platform_time).ms - stamp_now().ms;
    assert_in_range(off + 1000, 0, 2000);
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 1", 1, 3000);
    assert_string_equal(rig_text(&rig, "SELECT CONCAT(firmware, ' ',"
                                 " protocol, ' ', address_seen) FROM pile"
                                 " WHERE id = 1"), "V2.3.1 1.6 127.0.0.1");
    rig_wait_int(&rig, "SELECT COUNT(*) FROM pile_event WHERE pile_id = 1"
                 " AND kind = 1", 1, 2000);
    pile_close(&p);
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 1", 0, 3000);
}

static void a_repeated_login_keeps_the_session(void **state)
{
    struct ykc_login l = pile_login_frame(1);
    struct pile p;

    (void)state;
    pile_login(&p, &rig, 1);
    pile_send(&p, ykc_type_login, &l);
    assert_int_equal(pile_expect(&p, ykc_type_login_reply,
                                 1000)->login_reply.result, 0);
    pile_expect(&p, ykc_type_clock, 1000);
    pile_heartbeat(&p, 1);
    pile_expect(&p, ykc_type_heartbeat_reply, 1000);
    pile_close(&p);
}

static void unknown_and_disabled_piles_get_the_same_answer(void **state)
{
    struct ykc_login l = pile_login_frame(7);
    struct pile p;

    (void)state;
    pile_connect(&p, &rig, 7);
    pile_send(&p, ykc_type_login, &l);
    assert_int_equal(pile_expect(&p, ykc_type_login_reply,
                                 3000)->login_reply.result, 1);
    pile_expect_closed(&p, 1000);
    pile_close(&p);

    rig_sql(&rig, "UPDATE pile SET status = 2, updated_at = NOW(3)"
            " WHERE id = 2");
    rig_sleep(6000); /* the list is read every 5 s */
    l = pile_login_frame(2);
    pile_connect(&p, &rig, 2);
    pile_send(&p, ykc_type_login, &l);
    assert_int_equal(pile_expect(&p, ykc_type_login_reply,
                                 3000)->login_reply.result, 1);
    pile_expect_closed(&p, 1000);
    pile_close(&p);
}

static void a_pile_registered_later_may_log_in(void **state)
{
    struct ykc_login l = pile_login_frame(7);
    struct pile p;

    (void)state;
    rig_sql(&rig, "INSERT INTO pile (id, no, name, station_id, area_id,"
            " kind, guns, power_w, created_at, updated_at) VALUES (90, '%s',"
            " 'late', 1, 1, 1, 2, 60000, NOW(3), NOW(3))", rig_code(7));
    pile_connect(&p, &rig, 7);
    pile_send(&p, ykc_type_login, &l);
    assert_int_equal(pile_expect(&p, ykc_type_login_reply,
                                 3000)->login_reply.result, 0);
    pile_close(&p);
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 90", 0, 3000);
    rig_sql(&rig, "DELETE FROM pile WHERE id = 90");
}

static void heartbeats_echo_pile_gun_and_sequence(void **state)
{
    struct pile p;

    (void)state;
    pile_login(&p, &rig, 1);
    for (int i = 0; i < 20; i++) {
        const union ykc_any *any;

        pile_heartbeat(&p, i % 2 + 1);
        any = pile_expect(&p, ykc_type_heartbeat_reply, 1000);
        assert_string_equal(any->heartbeat_reply.pile_code, rig_code(1));
        assert_int_equal(any->heartbeat_reply.gun_number, i % 2 + 1);
        assert_int_equal(any->heartbeat_reply.heartbeat_answer, 0);
        assert_int_equal(p.raw.head.sequence[0], (p.sequence - 1) & 0xFF);
    }
    pile_close(&p);
}

/* ---- the stream: G1 ------------------------------------------------- */

static void bytes_may_come_one_by_one_or_all_at_once(void **state)
{
    struct ykc_login l = pile_login_frame(1);
    uint8_t bytes[4000];
    struct pile p;
    size_t n;

    (void)state;
    pile_connect(&p, &rig, 1);
    n = pile_frame(&p, ykc_type_login, &l, bytes);
    for (size_t i = 0; i < n; i++)
        pile_send_bytes(&p, bytes + i, 1);
    pile_expect(&p, ykc_type_login_reply, 2000);
    n = 0;
    for (int i = 0; i < 100; i++) {
        struct ykc_heartbeat h = { .gun_number = 1 };

        snprintf(h.pile_code, sizeof h.pile_code, "%s", rig_code(1));
        n += pile_frame(&p, ykc_type_heartbeat, &h, bytes + n);
    }
    pile_send_bytes(&p, bytes, n);
    for (int i = 0; i < 100; i++)
        pile_expect(&p, ykc_type_heartbeat_reply, 2000);
    /* Cut anywhere. */
    for (size_t cut = 1; cut < 17; cut++) {
        pile_send_bytes(&p, bytes, cut);
        rig_sleep(5);
        pile_send_bytes(&p, bytes + cut, 17 - cut);
        pile_expect(&p, ykc_type_heartbeat_reply, 2000);
    }
    pile_close(&p);
}

static void garbage_between_frames_is_skipped(void **state)
{
    static const uint8_t noise[] = { 0x00, 0x68, 0xFF, 0x13, 0x68, 0x02, 0x68 };
    uint8_t bytes[YKC_MAX_FRAME + sizeof noise];
    struct ykc_heartbeat h = { .gun_number = 1 };
    struct pile p;
    size_t n;

    (void)state;
    pile_login(&p, &rig, 1);
    snprintf(h.pile_code, sizeof h.pile_code, "%s", rig_code(1));
    memcpy(bytes, noise, sizeof noise);
    n = pile_frame(&p, ykc_type_heartbeat, &h, bytes + sizeof noise);
    pile_send_bytes(&p, bytes, n + sizeof noise);
    pile_expect(&p, ykc_type_heartbeat_reply, 2000);
    /* A wrong check field: no answer, and the next one is understood. */
    bytes[sizeof noise + 8] ^= 0x40;
    pile_send_bytes(&p, bytes + sizeof noise, n);
    pile_heartbeat(&p, 1);
    pile_expect(&p, ykc_type_heartbeat_reply, 2000);
    pile_expect_none(&p, ykc_type_heartbeat_reply, 200);
    pile_close(&p);
    rig_wait_count(&rig, "crc_error_total", 1, 3000);
}

static void a_flood_of_garbage_is_closed(void **state)
{
    uint8_t noise[6000];
    struct pile p;

    (void)state;
    memset(noise, 0x55, sizeof noise);
    pile_login(&p, &rig, 1);
    pile_send_bytes(&p, noise, sizeof noise);
    pile_expect_closed(&p, 2000);
    pile_close(&p);
    rig_wait_count(&rig, "hopeless_total", 1, 3000);
}

static void a_stalled_frame_is_given_up_after_5_s(void **state)
{
    uint8_t bytes[YKC_MAX_FRAME];
    struct ykc_heartbeat h = { .gun_number = 1 };
    struct pile p;
    size_t n;

    (void)state;
    pile_login(&p, &rig, 1);
    snprintf(h.pile_code, sizeof h.pile_code, "%s", rig_code(1));
    n = pile_frame(&p, ykc_type_heartbeat, &h, bytes);
    /* A damaged length byte hides a good frame behind it. */
    bytes[1] = 0xC8;
    pile_send_bytes(&p, bytes, 4);
    bytes[1] = 0x0D;
    pile_send_bytes(&p, bytes, n);
    pile_expect_none(&p, ykc_type_heartbeat_reply, 3000);
    pile_expect(&p, ykc_type_heartbeat_reply, 4000);
    pile_close(&p);
    rig_wait_count(&rig, "stalled_total", 1, 3000);
}

static void raise_descriptors(rlim_t least)
{
    struct rlimit r;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &r), 0);
    if (r.rlim_cur >= least)
        return;
    r.rlim_cur = least;
    assert_true(r.rlim_max >= least);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &r), 0);
}

static void half_a_frame_costs_no_cpu(void **state)
{
    enum { PEERS = 1000 };
    static struct pile peers[PEERS];
    int64_t before;

    (void)state;
    raise_descriptors(PEERS + 100);
    for (int i = 0; i < PEERS; i++) {
        pile_connect(&peers[i], &rig, 1);
        pile_send_bytes(&peers[i], "\x68\x22\x00", 3);
    }
    rig_sleep(500);
    before = rig_cpu_ticks(&rig);
    rig_sleep(3000);
    /* At most 2 % of a core, all threads together. */
    assert_in_range(rig_cpu_ticks(&rig) - before, 0, 6);
    for (int i = 0; i < PEERS; i++)
        pile_close(&peers[i]);
}

/* ---- what is dropped: section 6.2, G7 ------------------------------- */

static void frames_that_do_not_belong_have_no_effect(void **state)
{
    struct ykc_realtime f;
    struct ykc_heartbeat h = { .gun_number = 1 };
    struct ykc_login_reply echo = { .result = 0 };
    uint8_t bytes[YKC_MAX_FRAME] = { 0x68, 5, 0, 0, 0, 0x77, 1 };
    struct ykc_head strange = { .type = 0x77 };
    struct pile p, other;
    size_t n;

    (void)state;
    pile_connect(&other, &rig, 2);
    snprintf(h.pile_code, sizeof h.pile_code, "%s", rig_code(2));
    pile_send(&other, ykc_type_heartbeat, &h); /* no login before */
    pile_expect_none(&other, ykc_type_heartbeat_reply, 300);

    pile_login(&p, &rig, 1);
    pile_send(&p, ykc_type_heartbeat, &h); /* another pile's */
    f = pile_report(2, 1, YKC_STATE_CHARGING, true,
                    "32010200000002010000000000000001", 1000);
    pile_send(&p, ykc_type_realtime, &f);
    h.gun_number = 3; /* it has two */
    snprintf(h.pile_code, sizeof h.pile_code, "%s", rig_code(1));
    pile_send(&p, ykc_type_heartbeat, &h);
    snprintf(echo.pile_code, sizeof echo.pile_code, "%s", rig_code(1));
    pile_send(&p, ykc_type_login_reply, &echo); /* our own, echoed */
    assert_int_equal(ykc_seal(&strange, bytes, 3, bytes, sizeof bytes, &n),
                     WIRE_OK);
    pile_send_bytes(&p, bytes, n); /* an unknown type */
    strange.type = ykc_type_heartbeat;
    assert_int_equal(ykc_seal(&strange, bytes, 5, bytes, sizeof bytes, &n),
                     WIRE_OK);
    pile_send_bytes(&p, bytes, n); /* too short */
    strange.encryption = 1;
    assert_int_equal(ykc_seal(&strange, bytes, 9, bytes, sizeof bytes, &n),
                     WIRE_OK);
    pile_send_bytes(&p, bytes, n); /* said to be encrypted */
    pile_expect_none(&p, ykc_type_heartbeat_reply, 300);
    pile_heartbeat(&p, 2);
    pile_expect(&p, ykc_type_heartbeat_reply, 1000);
    rig_wait_count(&rig, "encrypted_total", 1, 3000);
    assert_int_equal(rig_count(&rig, "not_logged_in_total"), 1);
    assert_int_equal(rig_count(&rig, "foreign_pile_total"), 2);
    assert_int_equal(rig_count(&rig, "bad_gun_total"), 1);
    assert_int_equal(rig_count(&rig, "wrong_direction_total"), 1);
    assert_int_equal(rig_count(&rig, "unknown_type_total"), 1);
    assert_int_equal(rig_count(&rig, "short_body_total"), 1);
    assert_int_equal(rig_count(&rig, "encrypted_total"), 1);
    assert_int_equal(rig_int(&rig, "SELECT state FROM connector_live"
                             " WHERE connector_id = 3"), 6);
    pile_close(&p);
    pile_close(&other);
}

/* A frame whose check field has its high byte first. */
static void send_swapped(struct pile *p, uint8_t type, const void *frame)
{
    uint8_t bytes[YKC_MAX_FRAME], last;
    size_t n = pile_frame(p, type, frame, bytes);

    last = bytes[n - 1];
    bytes[n - 1] = bytes[n - 2];
    bytes[n - 2] = last;
    pile_send_bytes(p, bytes, n);
}

static void both_orders_of_the_check_field_are_understood(void **state)
{
    struct ykc_heartbeat h = { .gun_number = 1 };
    struct ykc_trade_record f =
        pile_record(3, 1, "32010200000003012511050740000003", 100);
    struct pile p;

    (void)state;
    rig_sql(&rig, "UPDATE pile SET crc_tx = 3, updated_at = NOW(3)"
            " WHERE id = 3");
    rig_sleep(6000);
    pile_login(&p, &rig, 3);
    snprintf(h.pile_code, sizeof h.pile_code, "%s", rig_code(3));
    send_swapped(&p, ykc_type_heartbeat, &h);
    pile_expect(&p, ykc_type_heartbeat_reply, 1000);
    /* The pile wants them as it sends them. */
    assert_int_equal(p.raw.head.crc, YKC_CRC_SWAPPED);
    /* That of a record, too, which comes from another thread. */
    send_swapped(&p, ykc_type_trade_record, &f);
    pile_expect(&p, ykc_type_record_confirmation, 5000);
    assert_int_equal(p.raw.head.crc, YKC_CRC_SWAPPED);
    pile_close(&p);
}

/* ---- time: G3, G18 -------------------------------------------------- */

static void without_a_login_the_connection_ends(void **state)
{
    struct pile p;
    int64_t began = monotonic_ms();

    (void)state;
    pile_connect(&p, &rig, 1);
    pile_expect_closed(&p, 12000);
    assert_in_range(monotonic_ms() - began, 9500, 11500);
    pile_close(&p);
    rig_wait_count(&rig, "login_timeout_total", 1, 3000);
}

/* A login of 38 bytes that would take 15 s: bytes do not buy time. */
static void neither_does_a_login_that_drips_in(void **state)
{
    struct ykc_login l = pile_login_frame(1);
    uint8_t bytes[YKC_MAX_FRAME];
    int64_t began = monotonic_ms();
    struct pollfd f = { .events = POLLIN };
    struct pile p;
    size_t n, sent = 0;

    (void)state;
    pile_connect(&p, &rig, 1);
    n = pile_frame(&p, ykc_type_login, &l, bytes);
    f.fd = p.fd;
    do {
        assert_true(sent < n);
        pile_send_bytes(&p, bytes + sent++, 1);
    } while (poll(&f, 1, 400) == 0);
    assert_int_equal(recv(p.fd, bytes, sizeof bytes, 0), 0);
    assert_in_range(monotonic_ms() - began, 9500, 11500);
    pile_close(&p);
    rig_wait_count(&rig, "login_timeout_total", 1, 3000);
}

static void a_silent_pile_goes_offline(void **state)
{
    struct ykc_realtime f;
    struct pile p;
    int64_t began;

    (void)state;
    pile_login(&p, &rig, 1);
    f = pile_report(1, 1, YKC_STATE_IDLE, true, NULL, 0);
    pile_send(&p, ykc_type_realtime, &f);
    began = monotonic_ms();
    rig_wait_int(&rig, "SELECT state FROM connector_live"
                 " WHERE connector_id = 1", 3, 3000);
    pile_expect(&p, ykc_type_read, 8000); /* asked at two thirds of it */
    assert_in_range(monotonic_ms() - began, 2500, 4500);
    pile_expect_none(&p, ykc_type_read, 500);
    pile_expect_closed(&p, 8000); /* 5 s in these tests, 45 s by default */
    assert_in_range(monotonic_ms() - began, 4500, 6500);
    rig_wait_int(&rig, "SELECT state FROM connector_live"
                 " WHERE connector_id = 1", 6, 3000);
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 1", 0, 3000);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM pile_event WHERE pile_id = 1"
                 " AND kind = 2", 1, 3000);
    assert_int_equal(rig_int(&rig, "SELECT offline_at IS NOT NULL FROM pile"
                             " WHERE id = 1"), 1);
    pile_close(&p);
}

static void an_answer_keeps_a_silent_pile_online(void **state)
{
    struct ykc_realtime f = pile_report(1, 1, YKC_STATE_IDLE, true, NULL, 0);
    struct pile p;

    (void)state;
    pile_login(&p, &rig, 1);
    pile_send(&p, ykc_type_realtime, &f);
    for (int i = 0; i < 3; i++) { /* 10 s, without a heartbeat */
        pile_expect(&p, ykc_type_read, 5000);
        pile_send(&p, ykc_type_realtime, &f);
    }
    assert_int_equal(rig_int(&rig, "SELECT online FROM pile WHERE id = 1"),
                     1);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM pile_event WHERE"
                             " kind = 2"), 0);
    pile_close(&p);
}

static void heartbeats_keep_it_online(void **state)
{
    struct pile p;

    (void)state;
    pile_login(&p, &rig, 1);
    for (int i = 0; i < 8; i++) {
        rig_sleep(1000);
        pile_heartbeat(&p, 1);
        pile_expect(&p, ykc_type_heartbeat_reply, 1000);
    }
    assert_int_equal(rig_int(&rig, "SELECT online FROM pile WHERE id = 1"),
                     1);
    pile_close(&p);
}

/* ---- tariff, clock -------------------------------------------------- */

static void check_tariff(struct pile *p, const uint8_t number[2],
                         uint8_t want)
{
    struct ykc_tariff_check c = { .tariff_number = { number[0],
                                                     number[1] } };

    snprintf(c.pile_code, sizeof c.pile_code, "%s", rig_code(p->no));
    pile_send(p, ykc_type_tariff_check, &c);
    assert_int_equal(pile_expect(p, ykc_type_tariff_check_reply,
                                 1000)->tariff_check_reply.result, want);
}

static void a_pile_fetches_the_tariff_in_force(void **state)
{
    struct ykc_tariff_request ask = { .pile_code = "32010200000001" };
    const struct ykc_tariff_reply *t;
    struct pile p;

    (void)state;
    pile_login(&p, &rig, 1);
    check_tariff(&p, (const uint8_t[]){ 0, 0 }, 1);
    /* The right number, but nobody gave it to this pile. */
    check_tariff(&p, (const uint8_t[]){ 0, 1 }, 1);
    pile_send(&p, ykc_type_tariff_request, &ask);
    t = &pile_expect(&p, ykc_type_tariff_reply, 1000)->tariff_reply;
    assert_string_equal(t->pile_code, rig_code(1));
    assert_int_equal(t->tariff_number[1], 1);
    assert_int_equal(t->sharp_electricity_price, 130000);
    assert_int_equal(t->valley_service_price, 25000);
    assert_int_equal(t->loss_ratio, 0);
    assert_int_equal(t->slot_rate_codes[0], 3);
    assert_int_equal(t->slot_rate_codes[24], 0);
    check_tariff(&p, (const uint8_t[]){ 0, 1 }, 0);
    rig_wait_int(&rig, "SELECT tariff_no = '0001' FROM pile WHERE id = 1", 1,
                 3000);
    pile_close(&p);
    /* After the next login it is still known to hold it. */
    pile_login(&p, &rig, 1);
    check_tariff(&p, (const uint8_t[]){ 0, 1 }, 0);
    pile_close(&p);
}

static void without_a_tariff_there_is_no_answer(void **state)
{
    struct ykc_tariff_request ask = { .pile_code = "32010200000006" };
    struct pile p;

    (void)state;
    pile_login(&p, &rig, 6);
    check_tariff(&p, (const uint8_t[]){ 0, 0 }, 1);
    pile_send(&p, ykc_type_tariff_request, &ask);
    pile_expect_none(&p, ykc_type_tariff_reply, 500);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM pile_event WHERE pile_id = 6"
                 " AND kind = 9", 1, 3000);
    pile_close(&p);
}

static void a_wrong_clock_is_told(void **state)
{
    struct ykc_clock_reply c = { .pile_code = "32010200000001" };
    struct pile p;

    (void)state;
    pile_login(&p, &rig, 1);
    c.pile_time = wire_time(stamp_add_ms(stamp_now(), 500));
    pile_send(&p, ykc_type_clock_reply, &c);
    pile_close(&p);
    rig_wait_int(&rig, "SELECT online FROM pile WHERE id = 1", 0, 3000);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM pile_event"
                             " WHERE kind = 8"), 0);
    pile_login(&p, &rig, 1);
    c.pile_time = wire_time(stamp_add_ms(stamp_now(), -3600000));
    pile_send(&p, ykc_type_clock_reply, &c);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM pile_event WHERE pile_id = 1"
                 " AND kind = 8", 1, 3000);
    rig_wait_int(&rig, "SELECT ABS(clock_off_ms + 3600000) < 3000 FROM pile"
                 " WHERE id = 1", 1, 3000);
    /* Nobody asked: it is not believed. */
    c.pile_time = wire_time(stamp_add_ms(stamp_now(), 86400000));
    pile_send(&p, ykc_type_clock_reply, &c);
    rig_sleep(700);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM pile_event"
                             " WHERE kind = 8"), 1);
    pile_close(&p);
}

/* Within the tenth of a second in which notes are gathered. */
static void a_pile_that_hangs_up_at_once_was_there(void **state)
{
    (void)state;
    for (int no = 1; no <= 4; no++) {
        struct ykc_login l = pile_login_frame(no);
        struct pile p;

        pile_connect(&p, &rig, no);
        pile_send(&p, ykc_type_login, &l);
        pile_expect(&p, ykc_type_login_reply, 1000);
        pile_close(&p);
    }
    rig_wait_int(&rig, "SELECT COUNT(*) FROM pile_event WHERE kind = 1 AND"
                 " at > NOW(3) - INTERVAL 1 HOUR", 4, 3000);
    rig_wait_int(&rig, "SELECT COUNT(*) FROM pile WHERE online = 0 AND"
                 " login_at > NOW(3) - INTERVAL 1 HOUR AND firmware ="
                 " 'V2.3.1'", 4, 3000);
}

int main(void)
{
#define GATEWAY_TEST(f) cmocka_unit_test_setup_teardown(f, start, stop)
    const struct CMUnitTest tests[] = {
        GATEWAY_TEST(a_login_is_answered_at_once_with_the_clock),
        GATEWAY_TEST(a_repeated_login_keeps_the_session),
        GATEWAY_TEST(a_pile_that_hangs_up_at_once_was_there),
        GATEWAY_TEST(unknown_and_disabled_piles_get_the_same_answer),
        GATEWAY_TEST(a_pile_registered_later_may_log_in),
        GATEWAY_TEST(heartbeats_echo_pile_gun_and_sequence),
        GATEWAY_TEST(bytes_may_come_one_by_one_or_all_at_once),
        GATEWAY_TEST(garbage_between_frames_is_skipped),
        GATEWAY_TEST(a_flood_of_garbage_is_closed),
        GATEWAY_TEST(half_a_frame_costs_no_cpu),
        GATEWAY_TEST(frames_that_do_not_belong_have_no_effect),
        GATEWAY_TEST(both_orders_of_the_check_field_are_understood),
        GATEWAY_TEST(without_a_login_the_connection_ends),
        GATEWAY_TEST(neither_does_a_login_that_drips_in),
        GATEWAY_TEST(a_silent_pile_goes_offline),
        GATEWAY_TEST(an_answer_keeps_a_silent_pile_online),
        GATEWAY_TEST(heartbeats_keep_it_online),
        GATEWAY_TEST(a_pile_fetches_the_tariff_in_force),
        GATEWAY_TEST(without_a_tariff_there_is_no_answer),
        GATEWAY_TEST(a_wrong_clock_is_told),
        cmocka_unit_test_setup_teardown(a_stalled_frame_is_given_up_after_5_s,
                                        start_patient, stop),
    };
    int failed;

    rig_init(&rig, "gwsession");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rig_fini(&rig);
    return failed;
}
