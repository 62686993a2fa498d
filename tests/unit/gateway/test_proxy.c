/*
 * The PROXY header and address ranges.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "gateway/proxy.h"

static const char v2_ipv4[] =
    "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c\x0a\x01\x02\x03\x0a\x00\x00\x01"
    "\x0f\xa0\x22\x3f";
static const char v2_local[] = "\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00";
static const char v2_ipv6[] =
    "\r\n\r\n\0\r\nQUIT\n\x21\x21\x00\x24"
    "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07"
    "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\x0f\xa0\x22\x3f";

static void headers_are_read(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
        const char *from; /* NULL: not said */
    } cases[] = {
        { "PROXY TCP4 10.1.2.3 10.0.0.1 4000 8767\r\n", 40, "10.1.2.3" },
        { "PROXY TCP6 2001:db8::7 ::1 4000 8767\r\n", 38, "2001:db8::7" },
        { "PROXY UNKNOWN\r\n", 15, NULL },
        { "PROXY UNKNOWN ff::1 ff::2 1 2\r\n", 31, NULL },
        { v2_ipv4, 28, "10.1.2.3" },
        { v2_ipv6, 52, "2001:db8::7" },
        { v2_local, 16, NULL },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint8_t in[200];
        struct address from = { { 1 } };
        size_t used = 0;
        char text[ADDRESS_TEXT];

        memset(in, 0x68, sizeof in);
        memcpy(in, cases[i].bytes, cases[i].n);
        assert_int_equal(proxy_read(in, sizeof in, &used, &from), PROXY_OK);
        assert_int_equal(used, cases[i].n);
        if (cases[i].from != NULL)
            assert_string_equal(address_text(&from, text), cases[i].from);
        else
            assert_int_equal(from.ip[0], 1);
        for (size_t n = 0; n < cases[i].n; n++)
            assert_int_equal(proxy_read(in, n, &used, &from), PROXY_SHORT);
    }
}

static void what_is_no_header_is_refused(void **state)
{
    static const struct {
        const char *bytes;
        size_t n;
    } cases[] = {
        { "\x68\x22\x00\x00\x00\x01", 6 },
        { "PROXY TCP4 10.1.2.3\n", 20 },               /* no CR */
        { "PROXY TCP4 10.1.2.300 1.1.1.1 1 2\r\n", 35 }, /* no address */
        { "PROXY UDP4 10.1.2.3 1.1.1.1 1 2\r\n", 33 },
        { "PROXY \r\n", 8 },
        { "GET / HTTP/1.1\r\n", 16 },
        { "\r\n\r\n\0\r\nQUIT\n\x11\x11\x00\x0c", 16 },   /* version 1 */
        { "\r\n\r\n\0\r\nQUIT\n\x22\x11\x00\x0c", 16 },   /* command 2 */
        { "\r\n\r\n\0\r\nQUIT\n\x21\x11\xff\xff", 16 },   /* far too long */
        { "\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x04" "abcd", 20 },
        { "\r\n\r\n\0\r\nQUIT\n\x21\x31\x00\x01" "a", 17 }, /* a socket */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct address from;
        size_t used;

        assert_int_equal(proxy_read((const uint8_t *)cases[i].bytes,
                                    cases[i].n, &used, &from), PROXY_BAD);
    }
}

static void a_line_without_end_is_given_up(void **state)
{
    uint8_t in[200];
    struct address from;
    size_t used;

    (void)state;
    memset(in, ' ', sizeof in);
    memcpy(in, "PROXY TCP4", 10);
    assert_int_equal(proxy_read(in, 100, &used, &from), PROXY_SHORT);
    assert_int_equal(proxy_read(in, 107, &used, &from), PROXY_BAD);
}

static void ranges_hold_what_they_say(void **state)
{
    static const struct {
        const char *address, *ranges;
        bool in;
    } cases[] = {
        { "10.1.2.3", "10.1.2.3", true },
        { "10.1.2.3", "10.1.2.4", false },
        { "10.1.2.3", "10.1.0.0/16", true },
        { "10.2.2.3", "10.1.0.0/16", false },
        { "10.1.2.3", "192.168.0.0/24, 10.0.0.0/8", true },
        { "10.1.2.3", "10.1.2.2/31", true },
        { "10.1.2.3", "0.0.0.0/0", true },
        { "2001:db8::1", "0.0.0.0/0", false },
        { "2001:db8::1", "2001:db8::/32", true },
        { "2001:db9::1", "2001:db8::/32", false },
        { "10.1.2.3", "::/0", true },
        { "10.1.2.3", "", false },
        { "10.1.2.3", "10.1.2.3/33", false },
        { "10.1.2.3", "10.1.2.3/x", false },
        { "10.1.2.3", "nonsense, ,10.1.2.3", true },
        { "10.1.2.3", "10.1.2.3/0032", false },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct address a;

        assert_true(address_parse(cases[i].address, &a));
        assert_int_equal(address_is_in(&a, cases[i].ranges), cases[i].in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(headers_are_read),
        cmocka_unit_test(what_is_no_header_is_refused),
        cmocka_unit_test(a_line_without_end_is_given_up),
        cmocka_unit_test(ranges_hold_what_they_say),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
