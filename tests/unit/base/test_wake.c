/*
 * Wake-up datagrams: only ours, only fresh ones, whole.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/crypto.h"
#include "base/stamp.h"
#include "base/wake.h"

static const int64_t now_us = INT64_C(1795000000000000);

static void one_of_ours_is_understood(void **state)
{
    uint8_t d[WAKE_SIZE];
    int64_t subject = 0;

    (void)state;
    wake_encode(INT64_C(1234567890123), now_us, d);
    assert_true(wake_decode(d, sizeof d, now_us, &subject));
    assert_int_equal(subject, INT64_C(1234567890123));
    assert_true(wake_decode(d, sizeof d, now_us + 5000000, &subject));
    assert_true(wake_decode(d, sizeof d, now_us - 5000000, &subject));
}

static void forged_cut_and_stale_ones_are_dropped(void **state)
{
    uint8_t d[WAKE_SIZE + 1] = { 0 };
    int64_t subject = 77;

    (void)state;
    wake_encode(5, now_us, d);
    for (size_t n = 0; n < WAKE_SIZE; n++)
        assert_false(wake_decode(d, n, now_us, &subject));
    assert_false(wake_decode(d, WAKE_SIZE + 1, now_us, &subject));
    for (size_t i = 0; i < WAKE_SIZE * 8; i++) {
        d[i / 8] ^= (uint8_t)(1 << i % 8);
        assert_false(wake_decode(d, WAKE_SIZE, now_us, &subject));
        d[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    assert_false(wake_decode(d, WAKE_SIZE, now_us + 5000001, &subject));
    assert_false(wake_decode(d, WAKE_SIZE, now_us - 5000001, &subject));
    assert_int_equal(subject, 77);
}

static void a_datagram_arrives(void **state)
{
    char bound[60];
    uint8_t d[WAKE_SIZE + 1];
    int fd = wake_listen("127.0.0.1", 0, bound);
    int64_t subject = 0;
    ssize_t n = -1;

    (void)state;
    assert_true(fd >= 0);
    wake_send(bound, 42);
    wake_send("nonsense", 43); /* ignored */
    wake_send("", 43);
    wake_send("127.0.0.1:99999", 43);
    for (int i = 0; i < 100 && n < 0; i++, usleep(10000))
        n = recv(fd, d, sizeof d, 0);
    assert_int_equal(n, WAKE_SIZE);
    assert_true(wake_decode(d, (size_t)n, stamp_now().ms * 1000, &subject));
    assert_int_equal(subject, 42);
    assert_true(recv(fd, d, sizeof d, 0) < 0);
    close(fd);
    assert_int_equal(wake_listen("not an address", 0, bound), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_of_ours_is_understood),
        cmocka_unit_test(forged_cut_and_stale_ones_are_dropped),
        cmocka_unit_test(a_datagram_arrives),
    };

    crypto_start();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
