/*
 * The header block of an answer (rules S4, S5), and what may stand in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "web/answer.h"

static const char *head_of(bool https)
{
    static struct buf out;
    struct answer a;

    answer_init(&a);
    a.status = 200;
    a.type = "text/html; charset=utf-8";
    a.https = https;
    buf_fini(&out);
    buf_init(&out, 8192);
    answer_head(&a, &out);
    answer_fini(&a);
    return buf_text(&out);
}

static void every_answer_has_them(void **state)
{
    static const char *const lines[] = {
        "Status: 200 OK\r\n", "\r\nContent-Length: 0\r\n",
        "\r\nContent-Type: text/html; charset=utf-8\r\n",
        "\r\nContent-Security-Policy: default-src 'self'; script-src 'self';",
        " object-src 'none';", " base-uri 'none';", " form-action 'self';",
        " frame-ancestors 'none'\r\n",
        "\r\nX-Content-Type-Options: nosniff\r\n",
        "\r\nReferrer-Policy: same-origin\r\n",
        "\r\nPermissions-Policy: camera=(), geolocation=()",
        "\r\nCache-Control: no-store\r\n",
    };
    const char *head = head_of(false);
    size_t n = strlen(head);

    (void)state;
    for (size_t i = 0; i < COUNT(lines); i++)
        if (strstr(head, lines[i]) == NULL)
            fail_msg("no %s in %s", lines[i], head);
    assert_string_equal(head + n - 4, "\r\n\r\n");
    assert_null(strstr(head, "unsafe"));
}

/* For a year, and for the names below; never where there is no TLS. */
static void tls_is_kept_to_where_there_is_tls(void **state)
{
    (void)state;
    assert_non_null(strstr(head_of(true), "\r\nStrict-Transport-Security: "
                                          "max-age=31536000; "
                                          "includeSubDomains\r\n"));
    assert_null(strstr(head_of(false), "Strict-Transport"));
}

static void a_header_has_no_line_ends(void **state)
{
    static const char *const bad[] = { "a\r\nb", "a\nb", "a\rb", "a\tb",
                                       "\x7f", "\xe4\xb8\xad", "\x01" };

    (void)state;
    assert_true(header_is_clean("attachment; filename=\"a b.csv\""));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(header_is_clean(bad[i]));
}

/* I7: never where a user points to. */
static void only_paths_of_ours_are_led_to(void **state)
{
    static const char *const bad[] = {
        "", "console", "//evil.cn", "/\\evil.cn", "https://evil.cn",
        "javascript:x", "/a\r\nb", "\\evil",
    };

    (void)state;
    assert_true(path_is_ours("/console/pile?x=1"));
    for (size_t i = 0; i < COUNT(bad); i++)
        if (path_is_ours(bad[i]))
            fail_msg("%s", bad[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_answer_has_them),
        cmocka_unit_test(tls_is_kept_to_where_there_is_tls),
        cmocka_unit_test(a_header_has_no_line_ends),
        cmocka_unit_test(only_paths_of_ours_are_led_to),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    return failed;
}
