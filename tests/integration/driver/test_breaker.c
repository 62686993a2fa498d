/*
 * A payment channel that hangs (rule O2, F30): after three calls without an
 * answer the slow pool leaves it alone. What comes then is refused at once,
 * unsent and repeatable; text messages go on; the channel's first answer opens
 * the way again.
 */
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <unistd.h>

#include "base/stamp.h"
#include "payment/payment.h"
#include "tests/integration/driver/places.h"
#include "tests/integration/driver/stack.h"
#include "tests/integration/testdb.h"
#include "tests/integration/text.h"
#include "tests/integration/web/fcgi.h"

enum { PAUSE_MS = 3000, AT_ONCE_MS = 2000 };

static struct stack stack;
static struct cx *cx;
static char alice[64], bob[64];

static struct api_call topup_call(const char *token, const char *key)
{
    return (struct api_call){ .path = "/topups", .token = token, .key = key,
                              .body = "{\"amount_fen\":1700}" };
}

/* Is the channel left alone, by the pool's own figures? */
static bool is_left_alone(void)
{
    struct fcgi_reply r;
    bool yes, no;

    assert_true(fcgi_call(stack.slow.socket,
                          &(struct fcgi_call){ .uri = "/metrics" }, &r));
    yes = strstr(r.body, "pilehub_partner_left_alone{pool=\"slow\","
                         "partner=\"payment\"} 1\n") != NULL;
    no = strstr(r.body, "pilehub_partner_left_alone{pool=\"slow\","
                        "partner=\"payment\"} 0\n") != NULL;
    assert_true(yes != no);
    fcgi_free(&r);
    return yes;
}

static int64_t calls_seen(void)
{
    json_t *j = fake_get(&stack, "calls");
    const json_t *list = json_is_array(j) ? j : json_object_get(j, "calls");
    int64_t n = 0;

    for (size_t i = 0; i < json_array_size(list); i++)
        n += strstr(json_string_value(json_object_get(
                        json_array_get(list, i), "path")), "/pay/") != NULL;
    json_decref(j);
    return n;
}

static void a_hanging_channel_is_left_alone(void **state)
{
    const struct api_call hang[] = { topup_call(alice, "breaker-key-1"),
                                     topup_call(bob, "breaker-key-2"),
                                     topup_call(alice, "breaker-key-3") };
    struct api_reply r[3];
    int64_t from, seen;

    (void)state;
    fake_do(&stack, "inject",
            "{\"path\":\"/pay/orders\",\"mode\":\"hang\",\"times\":3}");
    api_race(&stack, hang, 3, r);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(r[i].status, 502);
        api_free(&r[i]);
    }
    assert_true(is_left_alone());

    from = monotonic_ms();
    seen = calls_seen();
    for (int i = 0; i < 5; i++)
        api_expect(&stack, topup_call(bob, "breaker-key-4"), 502, 50200);
    assert_in_range(monotonic_ms() - from, 0, AT_ONCE_MS);
    assert_int_equal(calls_seen(), seen); /* nothing was sent */
    assert_int_equal(testdb_int(cx, "SELECT state FROM payment WHERE idem_key"
                                    " = 'breaker-key-4'"), PAYMENT_UNKNOWN);
    /* Others of the same pool go on. */
    api_expect(&stack, (struct api_call){ .path = "/sms-codes",
        .body = "{\"phone\":\"13900000077\"}" }, 200, 0);
}

/* The same keys, once the channel is back: each becomes one payment. */
static void its_first_answer_opens_the_way(void **state)
{
    (void)state;
    usleep((PAUSE_MS + 100) * 1000);
    for (int i = 1; i <= 4; i++)
        api_expect(&stack, topup_call(i == 2 || i == 4 ? bob : alice,
                                      text("breaker-key-%d", i)), 200, 0);
    assert_false(is_left_alone());
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM payment"), 4);
    assert_int_equal(testdb_int(cx, "SELECT COUNT(*) FROM payment WHERE state"
                                    " = 1"), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hanging_channel_is_left_alone),
        cmocka_unit_test(its_first_answer_opens_the_way),
    };
    int failed;

    testdb_start("breaker");
    cx = testdb_cx();
    places_make(cx);
    setenv("PILEHUB_PARTNER_PAUSE_MS", text("%d", PAUSE_MS), 1);
    stack_start(&stack);
    places_sign_in(cx, "13900000001", alice);
    places_sign_in(cx, "13800000001", bob);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    stack_stop(&stack);
    testdb_cx_free(cx);
    testdb_stop();
    return failed;
}
