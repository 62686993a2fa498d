/*
 * The file of common passwords: what is taken for one, and what it holds
 * (rule A1).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/config.h"
#include "org/password_list.h"

enum { CX_BYTES = 1 << 20, ROW = 6 };

static char path[] = "/tmp/pilehub-list-XXXXXX";

/* A file of n rows that ascend, after the magic; size_more bytes follow. */
static void make(const char *magic, uint32_t n, size_t size_more)
{
    FILE *f = fopen(path, "we");

    assert_non_null(f);
    fputs(magic, f);
    for (uint32_t i = 0; i < n; i++) {
        uint8_t row[ROW] = { (uint8_t)(i >> 24), (uint8_t)(i >> 16),
                             (uint8_t)(i >> 8), (uint8_t)i };

        fwrite(row, 1, sizeof row, f);
    }
    for (size_t i = 0; i < size_more; i++)
        fputc('x', f);
    assert_int_equal(fclose(f), 0);
}

static void check(const char *want)
{
    const char *flaw = password_list_flaw(path);

    if (want == NULL ? flaw != NULL
                     : flaw == NULL || strstr(flaw, want) == NULL)
        fail_msg("%s, not %s", flaw == NULL ? "fit" : flaw,
                 want == NULL ? "fit" : want);
}

static void a_file_is_looked_at_whole(void **state)
{
    FILE *f;

    (void)state;
    make("PHPWLST1", PASSWORD_LIST_LEAST, 0);
    check(NULL);
    make("PHPWLST1", PASSWORD_LIST_LEAST - 1, 0);
    check("fewer than 100,000");
    make("PHPWLST1", PASSWORD_LIST_LEAST, 1);
    check("size");
    make("PHPWLST2", PASSWORD_LIST_LEAST, 0);
    check("no list");
    make("", 0, 0);
    check("size");
    make("PHPWLST1", PASSWORD_LIST_LEAST, ROW);
    check(NULL); /* xxxxxx is after all of them */
    make("PHPWLST1", PASSWORD_LIST_LEAST, 2 * ROW);
    check("order"); /* twice the same */
    make("PHPWLST1", PASSWORD_LIST_LEAST, 0);
    f = fopen(path, "r+e");
    assert_non_null(f);
    assert_int_equal(fseek(f, 8 + ROW * 50000, SEEK_SET), 0);
    fputc(0xff, f);
    assert_int_equal(fclose(f), 0);
    check("order");
    unlink(path);
    check("not there");
}

struct sought {
    const char *text;
    bool found;
};

static void look(struct cx *cx, void *arg)
{
    struct sought *s = arg;

    s->found = password_list_has(password_list_open(cx), s->text,
                                 strlen(s->text));
}

/* The list that the programs use. */
static void the_real_list_has_what_people_take(void **state)
{
    static const char *const in[] = {
        "password", "12345678", "qwertyuiop", "1q2w3e4r", "iloveyou",
        "woaini1314", "a1b2c3d4", "dragon", "admin", "abc", "qazwsxedc",
        "zxcvbnm1",
    };
    static const char *const out[] = {
        "", "ab", "fresh-pear", "new-plum", "grain-of-7salt", "xk9$mq2v",
        "Password", "password ",
    };
    struct config config = { .password_list =
                                 getenv("PILEHUB_PASSWORD_LIST") };
    struct cx *cx = cx_new(NULL, &config, CX_BYTES);

    (void)state;
    assert_non_null(config.password_list);
    assert_null(password_list_flaw(config.password_list));
    for (size_t i = 0; i < COUNT(in) + COUNT(out); i++) {
        bool wanted = i < COUNT(in);
        struct sought s = { wanted ? in[i] : out[i - COUNT(in)], !wanted };

        cx_begin(cx);
        assert_true(cx_run(cx, look, &s));
        if (s.found != wanted)
            fail_msg("%s: %s", s.text, wanted ? "missing" : "listed");
    }
    cx_free(cx);
}

/* No list, no password: never silently weaker. */
static void a_missing_list_is_an_error(void **state)
{
    struct config config = { .password_list = "/nowhere/common-passwords" };
    struct cx *cx = cx_new(NULL, &config, CX_BYTES);
    struct sought s = { "password", false };

    (void)state;
    cx_begin(cx);
    assert_false(cx_run(cx, look, &s));
    assert_int_equal(cx->error.code, ERR_INTERNAL);
    cx_free(cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_looked_at_whole),
        cmocka_unit_test(the_real_list_has_what_people_take),
        cmocka_unit_test(a_missing_list_is_an_error),
    };
    int fd = mkstemp(path);

    if (fd < 0)
        return 1;
    close(fd);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
