/*
 * Peers that mean no good, or cannot help it: floods, peers that do not read,
 * peers that say nothing, storms (G3, G18-G20, F51, F55, F56); and what takes
 * time: tariffs that change, frames out of order (F47).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "asset/live.h"
#include "base/stamp.h"
#include "charging/order_state.h"
#include "tests/integration/gateway_rig.h"
#include "tests/integration/testdb.h"

#define TRADE "32010200000001012511050740000001"

static struct rig rig;

static int start(void **state)
{
    (void)state;
    return rig_begin(&rig, NULL, 30000);
}

static int stop(void **state)
{
    (void)state;
    return rig_end(&rig);
}

/* ---- floods --------------------------------------------------------- */

/* Sends as much of it as the other side takes; false once it has closed. */
static bool pour(struct pile *p, const uint8_t *bytes, size_t n)
{
    size_t sent = 0;

    while (sent < n) {
        ssize_t k = send(p->fd, bytes + sent, n - sent, MSG_NOSIGNAL);

        if (k < 0)
            return false;
        sent += (size_t)k;
    }
    return true;
}

static void a_flood_of_telemetry_is_coalesced_then_closed(void **state)
{
    enum { N = 100 };
    static uint8_t bytes[N * 68];
    struct pile bad, good;
    int64_t rows, began;
    size_t n = 0;

    (void)state;
    rig_sql(&rig, "INSERT INTO charge_order (order_no, trade_no, provider_id,"
            " merchant_id, station_id, pile_id, connector_id, gun, start_by,"
            " state, tariff_version_id, created_at) VALUES ('O1', '%s', 2, 3,"
            " 1, 1, 1, 1, 1, 2, 1, NOW(3))", TRADE);
    pile_login(&bad, &rig, 1);
    pile_login(&good, &rig, 2);
    for (int i = 0; i < N; i++) {
        struct ykc_realtime f = pile_report(1, 1, YKC_STATE_CHARGING, true,
                                            TRADE, (uint32_t)i);

        n += pile_frame(&bad, ykc_type_realtime, &f, bytes + n);
    }
    began = monotonic_ms();
    while (pour(&bad, bytes, n)) {
        assert_true(monotonic_ms() - began < 10000);
        /* Others are served all the time. */
        pile_heartbeat(&good, 1);
        pile_expect(&good, ykc_type_heartbeat_reply, 500);
    }
    pile_close(&bad);
    rig_wait_count(&rig, "flooding_total", 1, 3000);
    rig_wait_count(&rig, "throttled_total", 1000, 3000);
    rig_sleep(1000);
    /* A few hundred frames were kept, not the thousands that came. */
    rows = rig_int(&rig, "SELECT COUNT(*) FROM frame_log WHERE type = 19");
    assert_in_range(rows, 100, 1000);
    assert_in_range(rig_int(&rig, "SELECT COUNT(*) FROM telemetry"), 1, 100);
    pile_close(&good);
}

static void a_peer_that_does_not_read_is_closed(void **state)
{
    static uint8_t bytes[17 * 200];
    struct ykc_heartbeat h = { .gun_number = 1,
                               .pile_code = "32010200000001" };
    int small = 4096;
    struct pile p;
    int64_t began = monotonic_ms();
    size_t n = 0;

    (void)state;
    pile_login(&p, &rig, 1);
    setsockopt(p.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    for (int i = 0; i < 200; i++)
        n += pile_frame(&p, ykc_type_heartbeat, &h, bytes + n);
    while (pour(&p, bytes, n))
        assert_true(monotonic_ms() - began < 20000);
    pile_close(&p);
    rig_wait_count(&rig, "send_full_total", 1, 3000);
}

/* ---- before login --------------------------------------------------- */

static int start_narrow(void **state)
{
    (void)state;
    return rig_begin(&rig, "pile_per_address=8\npile_max=2000", 30000);
}

static void an_address_may_wait_with_so_many_connections(void **state)
{
    static struct pile peers[8];
    struct pile more, other;

    (void)state;
    for (int i = 0; i < 8; i++)
        pile_connect_from(&peers[i], &rig, 1, "127.0.0.20");
    rig_sleep(300); /* threads accept in any order */
    pile_connect_from(&more, &rig, 1, "127.0.0.20");
    pile_expect_closed(&more, 1000);
    pile_close(&more);
    pile_connect_from(&other, &rig, 1, "127.0.0.21");
    pile_heartbeat(&other, 1);
    pile_expect_none(&other, ykc_type_heartbeat_reply, 200);
    pile_close(&peers[0]);
    rig_sleep(200);
    pile_connect_from(&more, &rig, 1, "127.0.0.20");
    pile_expect_none(&more, ykc_type_heartbeat_reply, 300); /* still open */
    assert_int_equal(send(more.fd, "x", 1, MSG_NOSIGNAL), 1);
    pile_close(&more);
    pile_close(&other);
    for (int i = 1; i < 8; i++)
        pile_close(&peers[i]);
    rig_wait_count(&rig, "refused_address_total", 1, 3000);
}

static int start_wide(void **state)
{
    struct rlimit r;

    (void)state;
    getrlimit(RLIMIT_NOFILE, &r);
    r.rlim_cur = r.rlim_max;
    setrlimit(RLIMIT_NOFILE, &r);
    return rig_begin(&rig, "pile_per_address=4000\npile_max=3000", 30000);
}

static void silent_peers_do_not_keep_piles_out(void **state)
{
    enum { PEERS = 2300 }; /* 2,000 may wait */
    static struct pile peers[PEERS];
    struct pile p;
    int64_t began;

    (void)state;
    for (int i = 0; i < PEERS; i++) {
        char address[20];

        snprintf(address, sizeof address, "127.0.1.%d", 1 + i % 200);
        pile_connect_from(&peers[i], &rig, 1, address);
    }
    began = monotonic_ms();
    pile_login(&p, &rig, 1);
    assert_in_range(monotonic_ms() - began, 0, 2500);
    rig_wait_count(&rig, "evicted_total", 100, 5000);
    pile_close(&p);
    for (int i = 0; i < PEERS; i++)
        pile_close(&peers[i]);
}

/* ---- a change of tariff --------------------------------------------- */

static int start_quick(void **state)
{
    (void)state;
    return rig_begin(&rig, NULL, 6000);
}

static void a_new_version_is_pushed_to_idle_piles(void **state)
{
    struct ykc_realtime idle[2] = {
        pile_report(1, 1, YKC_STATE_IDLE, false, NULL, 0),
        pile_report(1, 2, YKC_STATE_IDLE, false, NULL, 0)
    };
    struct ykc_tariff_request ask = { .pile_code = "32010200000001" };
    struct ykc_tariff_check check = { .pile_code = "32010200000001",
                                      .tariff_number = { 0, 1 } };
    struct ykc_tariff_push_reply ok = { .result = 1,
                                        .pile_code = "32010200000001" };
    int64_t until = monotonic_ms() + 90000;
    struct pile p;

    (void)state;
    pile_login(&p, &rig, 1);
    for (int gun = 0; gun < 2; gun++)
        pile_send(&p, ykc_type_realtime, &idle[gun]);
    pile_send(&p, ykc_type_tariff_request, &ask);
    pile_expect(&p, ykc_type_tariff_reply, 1000);
    pile_send(&p, ykc_type_tariff_check, &check);
    assert_int_equal(pile_expect(&p, ykc_type_tariff_check_reply,
                                 1000)->tariff_check_reply.result, 0);
    rig_sql(&rig, "INSERT INTO tariff_version (id, tariff_id, version_no,"
            " wire_no, starts_at, slots, sharp_elec_e5, sharp_service_e5,"
            " peak_elec_e5, peak_service_e5, flat_elec_e5, flat_service_e5,"
            " valley_elec_e5, valley_service_e5, created_by, created_at)"
            " SELECT 2, 1, 2, '0002', NOW(3) + INTERVAL 3 SECOND, slots, 1,"
            " 1, 1, 1, 77000, 1, 1, 1, 1, NOW(3) FROM tariff_version"
            " WHERE id = 1");
    /* Not in the first minute after a login: the pile asks by itself then. */
    do {
        assert_true(monotonic_ms() < until);
        pile_heartbeat(&p, 1);
        pile_expect(&p, ykc_type_heartbeat_reply, 1000);
    } while (!pile_next(&p, 2000) ||
             p.raw.head.type != ykc_type_tariff_push);
    assert_int_equal(p.any.tariff_push.tariff_number[1], 2);
    assert_int_equal(p.any.tariff_push.flat_electricity_price, 77000);
    assert_string_equal(p.any.tariff_push.pile_code, rig_code(1));
    pile_send(&p, ykc_type_tariff_push_reply, &ok);
    rig_wait_int(&rig, "SELECT tariff_no = '0002' FROM pile WHERE id = 1", 1,
                 3000);
    pile_expect_none(&p, ykc_type_tariff_push, 4000);
    rig_sql(&rig, "DELETE FROM tariff_version WHERE id = 2");
    pile_close(&p);
}

/* ---- out of order: F47 ---------------------------------------------- */

static void a_record_before_everything_else_still_counts(void **state)
{
    struct ykc_trade_record record = pile_record(1, 1, TRADE, 1000);
    struct ykc_realtime f = pile_report(1, 1, YKC_STATE_CHARGING, true, TRADE,
                                        900);
    struct pile p;

    (void)state;
    rig_sql(&rig, "INSERT INTO charge_order (order_no, trade_no, provider_id,"
            " merchant_id, station_id, pile_id, connector_id, gun, start_by,"
            " state, tariff_version_id, created_at) VALUES ('O1', '%s', 2, 3,"
            " 1, 1, 1, 1, 1, 2, 1, NOW(3))", TRADE);
    pile_login(&p, &rig, 1);
    pile_send(&p, ykc_type_trade_record, &record);
    pile_expect(&p, ykc_type_record_confirmation, 3000);
    pile_send(&p, ykc_type_realtime, &f); /* late */
    rig_wait_int(&rig, "SELECT state FROM connector_live"
                 " WHERE connector_id = 1", CONNECTOR_CHARGING, 3000);
    rig_sleep(500);
    assert_int_equal(rig_int(&rig, "SELECT state FROM charge_order"),
                     ORDER_RECORDED);
    assert_int_equal(rig_int(&rig, "SELECT live_energy_e4kwh"
                             " FROM charge_order"), 0);
    pile_close(&p);
}

static void a_disabled_pile_may_bring_its_session_home(void **state)
{
    struct ykc_realtime f = pile_report(1, 1, YKC_STATE_CHARGING, true, TRADE,
                                        900);
    struct ykc_trade_record record = pile_record(1, 1, TRADE, 1000);
    struct ykc_login l = pile_login_frame(1);
    struct pile p;

    (void)state;
    pile_login(&p, &rig, 1);
    pile_send(&p, ykc_type_realtime, &f);
    rig_wait_count(&rig, "realtime_total", 1, 3000);
    rig_sql(&rig, "UPDATE pile SET status = 2, updated_at = NOW(3)"
            " WHERE id = 1");
    rig_sleep(6000);
    pile_heartbeat(&p, 1); /* it is not thrown out */
    pile_expect(&p, ykc_type_heartbeat_reply, 1000);
    pile_close(&p);
    rig_sleep(300);
    pile_login(&p, &rig, 1);
    pile_send(&p, ykc_type_trade_record, &record);
    pile_expect(&p, ykc_type_record_confirmation, 3000);
    pile_close(&p);
    rig_sleep(300);
    pile_connect(&p, &rig, 1);
    pile_send(&p, ykc_type_login, &l);
    assert_int_equal(pile_expect(&p, ykc_type_login_reply,
                                 2000)->login_reply.result, 1);
    pile_close(&p);
}

/* ---- frames by chance: whole, cut, glued, changed ------------------- */

struct chance {
    uint64_t seed;
};

static uint32_t below(struct chance *c, uint32_t bound)
{
    c->seed = c->seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(c->seed >> 33) % bound;
}

/* A frame of any odd type with a body by chance, of pile 1 most of the time;
   sometimes a byte of it is changed afterwards. */
static size_t chance_frame(struct chance *c, uint8_t out[YKC_MAX_FRAME])
{
    static const uint8_t own[7] = { 0x32, 0x01, 0x02, 0, 0, 0, 0x01 };
    static const uint8_t others[7] = { 0x32, 0x01, 0x02, 0, 0, 0, 0x02 };
    struct ykc_head head = { .type = (uint8_t)(below(c, 128) * 2 + 1) };
    uint8_t body[YKC_MAX_BODY];
    const struct ykc_frame *f = ykc_frame(head.type);
    size_t n = f != NULL && below(c, 8) > 0 ? f->least : below(c, 200), len;
    size_t at = 0;

    for (size_t i = 0; i < sizeof body; i++)
        body[i] = (uint8_t)(below(c, 3) == 0 ? below(c, 256) : 0);
    if (f != NULL)
        ykc_field(f, "pile_code", &at);
    memcpy(body + at, below(c, 20) > 0 ? own : others, 7);
    if (at + 7 < sizeof body && below(c, 3) > 0)
        body[at + 7] = (uint8_t)(1 + below(c, 2));
    assert_int_equal(ykc_seal(&head, body, n, out, YKC_MAX_FRAME, &len),
                     WIRE_OK);
    if (below(c, 30) == 0)
        out[below(c, (uint32_t)len)] ^= (uint8_t)(1U << below(c, 8));
    return len;
}

/*
 * From another address each time: what it does gets addresses locked out. As
 * long as frames of the old connection are still being read, it lives, and
 * the pile is told to come again.
 */
static void login_again(struct pile *p, int times)
{
    struct ykc_login l = pile_login_frame(1);
    char address[20];

    for (int tries = 0; tries < 20; tries++) {
        snprintf(address, sizeof address, "127.0.%d.%d", 2 + tries,
                 1 + times % 250);
        pile_connect_from(p, &rig, 1, address);
        pile_send(p, ykc_type_login, &l);
        if (pile_expect(p, ykc_type_login_reply,
                        3000)->login_reply.result == 0)
            return;
        pile_close(p);
        rig_sleep(200);
    }
    fail_msg("the pile does not get in again");
}

static void frames_by_chance_do_no_harm(void **state)
{
    enum { ROUNDS = 400, EACH = 25 };
    struct chance c = { 20261120 };
    uint8_t bytes[EACH * YKC_MAX_FRAME];
    struct pile bad = { .fd = -1 }, good;
    int64_t confirmed = 0;

    (void)state;
    rig_sql(&rig, "INSERT INTO charge_order (order_no, trade_no, provider_id,"
            " merchant_id, station_id, pile_id, connector_id, gun, start_by,"
            " state, tariff_version_id, created_at) VALUES ('O1', '%s', 2, 3,"
            " 1, 2, 3, 1, 1, 4, 1, NOW(3))", TRADE);
    pile_login(&good, &rig, 2);
    for (int i = 0; i < ROUNDS; i++) {
        size_t n = 0, sent = 0;

        if (bad.fd < 0)
            login_again(&bad, i);
        for (int k = 0; k < EACH; k++)
            n += chance_frame(&c, bytes + n);
        while (bad.fd >= 0 && sent < n) { /* in pieces */
            size_t piece = 1 + below(&c, 300);

            piece = piece < n - sent ? piece : n - sent;
            if (send(bad.fd, bytes + sent, piece, MSG_NOSIGNAL) < 0)
                pile_close(&bad);
            sent += piece;
        }
        while (bad.fd >= 0 && pile_next(&bad, 2))
            confirmed += bad.raw.head.type == ykc_type_record_confirmation;
        pile_heartbeat(&good, 1);
        pile_expect(&good, ykc_type_heartbeat_reply, 1000);
        if (i % 40 == 39) /* also what a close in the middle leaves */
            pile_close(&bad);
    }
    rig_sleep(1500);
    /* Nothing is confirmed that is not stored. */
    assert_true(rig_int(&rig, "SELECT COUNT(*) FROM trade_record") +
                rig_int(&rig, "SELECT COUNT(*) FROM trade_record_conflict") >
                0);
    assert_true(confirmed > 0);
    /* Pile 2 has lost nothing by it. */
    assert_int_equal(rig_int(&rig, "SELECT state FROM charge_order"), 4);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM trade_record"
                             " WHERE pile_id <> 1"), 0);
    assert_int_equal(rig_int(&rig, "SELECT COUNT(*) FROM connector_live"
                             " WHERE pile_id = 2 AND state <> 6"), 0);
    rig_wait_count(&rig, "unknown_type_total", 100, 3000);
    pile_close(&bad);
    pile_close(&good);
}

int main(void)
{
#define GATEWAY_TEST(f, s) cmocka_unit_test_setup_teardown(f, s, stop)
    const struct CMUnitTest tests[] = {
        GATEWAY_TEST(a_flood_of_telemetry_is_coalesced_then_closed, start),
        GATEWAY_TEST(a_peer_that_does_not_read_is_closed, start),
        GATEWAY_TEST(an_address_may_wait_with_so_many_connections,
                     start_narrow),
        GATEWAY_TEST(silent_peers_do_not_keep_piles_out, start_wide),
        GATEWAY_TEST(a_new_version_is_pushed_to_idle_piles, start_quick),
        GATEWAY_TEST(a_record_before_everything_else_still_counts, start),
        GATEWAY_TEST(a_disabled_pile_may_bring_its_session_home, start),
        GATEWAY_TEST(frames_by_chance_do_no_harm, start),
    };
    int failed;

    rig_init(&rig, "gwlimits");
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    rig_fini(&rig);
    return failed;
}
