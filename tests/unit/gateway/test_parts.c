/*
 * The small parts that threads share: queue, limits of addresses, the set of
 * piles, and the orders that the state writer follows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/stamp.h"
#include "gateway/charger.h"
#include "gateway/limits.h"
#include "gateway/queue.h"
#include "gateway/track.h"

/* ---- queue ---------------------------------------------------------- */

static void a_queue_is_bounded_and_in_order(void **state)
{
    struct queue q;
    int out[20];

    (void)state;
    queue_init(&q, sizeof(int), 10, -1);
    for (int round = 0; round < 7; round++) {
        for (int i = 0; i < 10; i++)
            assert_true(queue_put(&q, &i));
        assert_false(queue_put(&q, &round));
        assert_int_equal(queue_room(&q), 0);
        assert_int_equal(queue_take(&q, out, 3, 0), 3);
        for (int i = 10; i < 13; i++)
            assert_true(queue_put(&q, &i)); /* around the end of the ring */
        assert_int_equal(queue_take(&q, out, 20, 0), 10);
        for (int i = 0; i < 10; i++)
            assert_int_equal(out[i], i + 3);
    }
    assert_int_equal(queue_take(&q, out, 20, 0), 0);
    queue_fini(&q);
}

enum { PRODUCERS = 4, EACH = 20000 };

static void *produce(void *arg)
{
    struct queue *q = arg;

    for (int i = 0; i < EACH; i++)
        while (!queue_put(q, &i))
            sched_yield();
    return NULL;
}

static void many_threads_lose_nothing(void **state)
{
    pthread_t threads[PRODUCERS];
    int64_t sum = 0;
    struct queue q;
    int out[64], n = 0;

    (void)state;
    queue_init(&q, sizeof(int), 100, -1);
    for (int i = 0; i < PRODUCERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &q), 0);
    while (n < PRODUCERS * EACH) {
        size_t got = queue_take(&q, out, 64, 1000);

        /* It may wake up early, with nothing. */
        for (size_t i = 0; i < got; i++)
            sum += out[i];
        n += (int)got;
    }
    for (int i = 0; i < PRODUCERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(sum, (int64_t)PRODUCERS * EACH * (EACH - 1) / 2);
    queue_fini(&q);
}

static void a_poke_is_not_lost(void **state)
{
    int64_t began = monotonic_ms();
    struct queue q;
    int out;

    (void)state;
    queue_init(&q, sizeof(int), 4, -1);
    queue_poke(&q); /* before anybody waits */
    assert_int_equal(queue_take(&q, &out, 1, 5000), 0);
    assert_true(monotonic_ms() - began < 1000);
    queue_close(&q);
    assert_int_equal(queue_take(&q, &out, 1, 5000), 0);
    assert_true(monotonic_ms() - began < 1000);
    queue_fini(&q);
}

/* ---- limits --------------------------------------------------------- */

static void an_address_has_so_many_connections_before_login(void **state)
{
    struct limits l;
    struct address a, b;

    (void)state;
    assert_true(address_parse("10.0.0.1", &a));
    assert_true(address_parse("10.0.0.2", &b));
    limits_init(&l, 3);
    for (int i = 0; i < 3; i++)
        assert_true(limits_enter(&l, &a, 1000));
    assert_false(limits_enter(&l, &a, 1000));
    assert_true(limits_enter(&l, &b, 1000));
    limits_leave(&l, &a);
    assert_true(limits_enter(&l, &a, 1000));
    limits_fini(&l);
}

static void refused_logins_silence_longer_each_time(void **state)
{
    struct limits l;
    struct address a;
    int64_t now = 1000;

    (void)state;
    assert_true(address_parse("10.0.0.1", &a));
    limits_init(&l, 32);
    assert_true(limits_enter(&l, &a, now));
    for (int64_t span = 30000; span <= 600000; span *= 2) {
        for (int i = 1; i < LIMITS_FAILURES; i++)
            assert_int_equal(limits_failure(&l, &a, now), LIMITS_ANSWER);
        assert_int_equal(limits_failure(&l, &a, now), LIMITS_LOCKED);
        assert_int_equal(limits_failure(&l, &a, now + span - 1),
                         LIMITS_SILENT);
        now += span;
        /* Others behind the address are not kept out. */
        assert_true(limits_enter(&l, &a, now - 1));
        limits_leave(&l, &a);
    }
    /* Slow enough it is no sweep: ten in ten minutes. */
    now += 10000000;
    for (int i = 0; i < 30; i++) {
        assert_int_equal(limits_failure(&l, &a, now), LIMITS_ANSWER);
        now += 61000 / 8;
    }
    limits_fini(&l);
}

static void more_addresses_than_places_do_no_harm(void **state)
{
    struct limits l;
    struct address a = { { 0 } };

    (void)state;
    limits_init(&l, 2);
    for (uint32_t i = 0; i < 100000; i++) {
        memcpy(a.ip + 8, &i, sizeof i);
        assert_true(limits_enter(&l, &a, 1000 + i));
        limits_leave(&l, &a);
    }
    limits_fini(&l);
}

/* ---- piles ---------------------------------------------------------- */

static int retired;

static void retire(void *arg, void *p)
{
    (void)arg;
    retired++;
    free(p);
}

static void every_pile_is_found_while_the_set_grows(void **state)
{
    enum { N = 20000 };
    struct chargers all;
    char code[15];

    (void)state;
    chargers_init(&all);
    for (int i = 0; i < N; i++) {
        struct charger *c;

        snprintf(code, sizeof code, "3201020%07d", i * 7);
        c = charger_new(&all, code_of_text(code), i + 1, 1 + i % 16);
        assert_int_equal(c->gun_count, 1 + i % 16);
        c->guns[c->gun_count - 1].energy_e4kwh = 7; /* its own memory */
        charger_publish(&all, c, retire, NULL);
    }
    assert_int_equal(charger_count(&all), N);
    assert_true(retired > 3);
    for (int i = 0; i < N; i++) {
        const struct charger *c;

        snprintf(code, sizeof code, "3201020%07d", i * 7);
        c = charger_find(&all, code_of_text(code));
        assert_non_null(c);
        assert_int_equal(c->id, i + 1);
        assert_int_equal(c->guns[c->gun_count - 1].energy_e4kwh, 7);
        snprintf(code, sizeof code, "3201020%07d", i * 7 + 1);
        assert_null(charger_find(&all, code_of_text(code)));
    }
    chargers_fini(&all);
}

static void a_pile_with_more_guns_replaces_its_elder(void **state)
{
    struct chargers all;
    uint64_t code = code_of_text("32010200000001");
    struct charger *c;

    (void)state;
    chargers_init(&all);
    charger_publish(&all, charger_new(&all, code, 1, 1), retire, NULL);
    c = charger_new(&all, code, 1, 4);
    charger_publish(&all, c, retire, NULL);
    assert_ptr_equal(charger_find(&all, code), c);
    chargers_fini(&all);
}

static void codes_are_14_decimal_digits(void **state)
{
    uint8_t wire[7] = { 0x32, 0x01, 0x02, 0x00, 0x00, 0x00, 0x01 }, back[7];
    char text[15];
    uint64_t code = code_of_wire(wire);

    (void)state;
    assert_int_equal(code, code_of_text("32010200000001"));
    assert_string_equal(code_text(code, text), "32010200000001");
    code_to_wire(code, back);
    assert_memory_equal(back, wire, 7);
    wire[3] = 0x0A;
    assert_int_equal(code_of_wire(wire), 0);
    assert_int_equal(code_of_text("3201020000000"), 0);
    assert_int_equal(code_of_text("3201020000000A"), 0);
    assert_int_equal(code_of_text("320102000000011"), 0);
}

/* ---- the cost of a running order ------------------------------------ */

static stamp at(int hour, int minute)
{
    struct civil c = { .year = 2026, .month = 11, .day = 20, .hour = hour,
                       .minute = minute };

    return stamp_from_civil(&c);
}

static struct track make_track(void)
{
    struct track t = { .order_id = 1, .charging_at = at(7, 30) };

    /* Valley 0.60 to 08:00, then flat 1.10 with service. */
    memset(t.slots, '2', TARIFF_SLOTS);
    memset(t.slots, '3', 16);
    t.prices.elec_e5[RATE_VALLEY] = 40000;
    t.prices.service_e5[RATE_VALLEY] = 20000;
    t.prices.elec_e5[RATE_FLAT] = 80000;
    t.prices.service_e5[RATE_FLAT] = 30000;
    return t;
}

static void the_estimate_follows_the_half_hours(void **state)
{
    struct track t = make_track();

    (void)state;
    assert_int_equal(track_estimate(&t, at(8, 0), 100000).fen, 600);
    assert_int_equal(track_estimate(&t, at(8, 30), 200000).fen, 1700);
    /* Spread over both sides of the border. */
    t = make_track();
    assert_int_equal(track_estimate(&t, at(8, 30), 200000).fen, 1700);
    /* Readings that go back change nothing. */
    assert_int_equal(track_estimate(&t, at(8, 20), 300000).fen, 1700);
    assert_int_equal(track_estimate(&t, at(8, 40), 100000).fen, 1700);
    assert_int_equal(track_estimate(&t, at(8, 40), 200000).fen, 1700);
}

static void the_estimate_goes_on_from_what_was_stored(void **state)
{
    struct track t = make_track();

    (void)state;
    t.before = FEN(1234);
    bill_meter_add(&t.meter, t.slots,
                   (struct bill_point){ at(9, 0), 150000 });
    assert_int_equal(track_estimate(&t, at(9, 30), 250000).fen, 1234 + 1100);
    t.slots[0] = '\0'; /* no tariff known: no guess */
    assert_int_equal(track_estimate(&t, at(9, 45), 350000).fen, 1234);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_queue_is_bounded_and_in_order),
        cmocka_unit_test(many_threads_lose_nothing),
        cmocka_unit_test(a_poke_is_not_lost),
        cmocka_unit_test(an_address_has_so_many_connections_before_login),
        cmocka_unit_test(refused_logins_silence_longer_each_time),
        cmocka_unit_test(more_addresses_than_places_do_no_harm),
        cmocka_unit_test(every_pile_is_found_while_the_set_grows),
        cmocka_unit_test(a_pile_with_more_guns_replaces_its_elder),
        cmocka_unit_test(codes_are_14_decimal_digits),
        cmocka_unit_test(the_estimate_follows_the_half_hours),
        cmocka_unit_test(the_estimate_goes_on_from_what_was_stored),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
