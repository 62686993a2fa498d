/*
 * Query strings, forms, JSON, cookies and multipart bodies: what is taken,
 * and above all what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "web/input.h"

enum { ARENA = 32 << 20 };

static struct arena *arena;
static struct input in;

static int start(void **state)
{
    (void)state;
    arena = arena_new(ARENA);
    input_init(&in, arena);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    input_close(&in);
    arena_free(arena);
    return 0;
}

static void again(void)
{
    input_close(&in);
    arena_reset(arena);
    input_init(&in, arena);
}

/* Name=value of each parameter, one a line. */
static const char *shown(void)
{
    const char *text = "";

    for (size_t i = 0; i < in.count; i++)
        text = arena_printf(arena, "%s%s=%s|", text, in.params[i].name,
                            in.params[i].value);
    return text;
}

/* ---- url-encoded ------------------------------------------------------- */

static void forms(void **state)
{
    static const struct {
        const char *text;
        enum input_status status;
        const char *shown;
    } cases[] = {
        { "", INPUT_OK, "" },
        { "&&&", INPUT_OK, "" },
        { "a=1", INPUT_OK, "a=1|" },
        { "a=1&b=2", INPUT_OK, "a=1|b=2|" },
        { "a", INPUT_OK, "a=|" },
        { "a=", INPUT_OK, "a=|" },
        { "a=b=c", INPUT_OK, "a=b=c|" },
        { "a=x+y%20z", INPUT_OK, "a=x y z|" },
        { "a=%E5%85%85%E7%94%B5", INPUT_OK, "a=充电|" },
        { "a%2Eb=1", INPUT_OK, "a.b=1|" },
        { "a=%0d%0a", INPUT_OK, "a=\r\n|" },
        { "a=1&a=2", INPUT_TWICE, NULL },
        { "a=1&%61=2", INPUT_TWICE, NULL },
        { "=1", INPUT_BAD_NAME, NULL },
        { "a b=1", INPUT_BAD_NAME, NULL },
        { "a[]=1", INPUT_BAD_NAME, NULL },
        { "a%00=1", INPUT_BAD_NAME, NULL },
        { "%E5%85%85=1", INPUT_BAD_NAME, NULL },
        { "a=%", INPUT_BAD_ESCAPE, NULL },
        { "a=%4", INPUT_BAD_ESCAPE, NULL },
        { "a=%4g", INPUT_BAD_ESCAPE, NULL },
        { "a=%00", INPUT_BAD_TEXT, NULL },
        { "a=%01", INPUT_BAD_TEXT, NULL },
        { "a=%7f", INPUT_BAD_TEXT, NULL },
        { "a=%ff", INPUT_BAD_TEXT, NULL },
        { "a=%c0%80", INPUT_BAD_TEXT, NULL },         /* overlong NUL */
        { "a=%ed%a0%80", INPUT_BAD_TEXT, NULL },      /* surrogate */
        { "a=%f4%90%80%80", INPUT_BAD_TEXT, NULL },   /* above U+10FFFF */
        { "a=%e5%85", INPUT_BAD_TEXT, NULL },         /* cut */
        { "a=%c2%85", INPUT_BAD_TEXT, NULL },         /* C1 */
        { "a=%e2%80%ae", INPUT_BAD_TEXT, NULL },      /* bidi override */
        { "a=%ef%bb%bf", INPUT_BAD_TEXT, NULL },      /* byte order mark */
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum input_status status;

        again();
        status = input_urlencoded(&in, cases[i].text, strlen(cases[i].text));
        if (status != cases[i].status)
            fail_msg("%s: %d", cases[i].text, (int)status);
        if (cases[i].shown != NULL)
            assert_string_equal(shown(), cases[i].shown);
        assert_true((*input_message(status) == '\0') == (status == INPUT_OK));
    }
}

static void parameters_have_a_limit(void **state)
{
    const char *text = "p0=";
    char name[INPUT_NAME_MAX + 4];

    (void)state;
    for (int i = 1; i < INPUT_PARAMS_MAX; i++)
        text = arena_printf(arena, "%s&p%d=", text, i);
    assert_int_equal(input_urlencoded(&in, text, strlen(text)), INPUT_OK);
    assert_int_equal(in.count, INPUT_PARAMS_MAX);
    assert_int_equal(input_urlencoded(&in, "x=1", 3), INPUT_TOO_MANY);
    again();
    memset(name, 'n', sizeof name);
    assert_int_equal(input_urlencoded(&in, name, INPUT_NAME_MAX), INPUT_OK);
    assert_int_equal(input_urlencoded(&in, name, INPUT_NAME_MAX + 1),
                     INPUT_TOO_LONG);
}

static void encoding_and_decoding_agree(void **state)
{
    static const char text[] = "充电 a/b?c=d&e%+~._-\n\"<>";
    const char *encoded = url_encode(arena, text);
    size_t len;
    char *back = url_decode(arena, encoded, strlen(encoded), false, &len);

    (void)state;
    assert_int_equal(strspn(encoded, "abcdefghijklmnopqrstuvwxyz"
                                     "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789-._~%"), strlen(encoded));
    assert_non_null(back);
    assert_int_equal(len, strlen(text));
    assert_string_equal(back, text);
}

/* ---- JSON -------------------------------------------------------------- */

static void json(void **state)
{
    static const struct {
        const char *text;
        enum input_status status;
        const char *shown;
    } cases[] = {
        { "{}", INPUT_OK, "" },
        { "{\"a\":\"x\",\"b\":12,\"c\":true,\"d\":false,\"e\":null}",
          INPUT_OK, "a=x|b=12|c=1|d=|" },
        { "{\"n\":9007199254740993}", INPUT_OK, "n=9007199254740993|" },
        { "{\"n\":-9223372036854775808}", INPUT_OK,
          "n=-9223372036854775808|" },
        { "{\"a\":\"充电\"}", INPUT_OK, "a=充电|" },
        { "", INPUT_BAD_JSON, NULL },
        { "[]", INPUT_BAD_JSON, NULL },
        { "\"a\"", INPUT_BAD_JSON, NULL },
        { "null", INPUT_BAD_JSON, NULL },
        { "{\"a\":1", INPUT_BAD_JSON, NULL },
        { "{\"a\":1}x", INPUT_BAD_JSON, NULL },
        { "{\"a\":1,\"a\":2}", INPUT_BAD_JSON, NULL },
        { "{\"a\":1.5}", INPUT_BAD_JSON, NULL },
        { "{\"a\":1e2}", INPUT_BAD_JSON, NULL },
        { "{\"a\":9223372036854775808}", INPUT_BAD_JSON, NULL },
        { "{\"a\":{}}", INPUT_BAD_JSON, NULL },
        { "{\"a\":[1]}", INPUT_BAD_JSON, NULL },
        { "{'a':1}", INPUT_BAD_JSON, NULL },
        { "{\"a\":\"\\u0000\"}", INPUT_BAD_JSON, NULL },
        { "{\"a\":\"\\ud800\"}", INPUT_BAD_JSON, NULL },
        { "{\"a\":\"\xff\"}", INPUT_BAD_JSON, NULL },
        { "{\"a\":\"\\u0001\"}", INPUT_BAD_TEXT, NULL },
        { "{\"a b\":1}", INPUT_BAD_NAME, NULL },
        { "{\"\":1}", INPUT_BAD_NAME, NULL },
    };
    char deep[200];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum input_status status;

        again();
        status = input_json(&in, cases[i].text, strlen(cases[i].text));
        if (status != cases[i].status)
            fail_msg("%s: %d", cases[i].text, (int)status);
        if (cases[i].shown != NULL)
            assert_string_equal(shown(), cases[i].shown);
    }
    memset(deep, '[', sizeof deep);
    assert_int_equal(input_json(&in, deep, sizeof deep), INPUT_BAD_JSON);
}

static void json_types_are_kept(void **state)
{
    static const char text[] = "{\"s\":\"1\",\"n\":1,\"b\":true}";

    (void)state;
    assert_int_equal(input_json(&in, text, sizeof text - 1), INPUT_OK);
    assert_int_equal(input_find(&in, "s")->kind, PARAM_STRING);
    assert_int_equal(input_find(&in, "n")->kind, PARAM_NUMBER);
    assert_int_equal(input_find(&in, "b")->kind, PARAM_BOOL);
    assert_null(input_find(&in, "x"));
}

/* ---- cookies ----------------------------------------------------------- */

static void cookies(void **state)
{
    static const struct {
        const char *header;
        const char *value; /* of "ph"; NULL: none */
    } cases[] = {
        { "", NULL },
        { "ph=abc", "abc" },
        { "a=1; ph=abc; b=2", "abc" },
        { "a=1;ph=abc", "abc" },
        { "  ph=abc  ", "abc  " },
        { "xph=abc", NULL },
        { "phx=abc", NULL },
        { "ph", NULL },
        { "ph=", "" },
        { "PH=abc", NULL },
        { "ph=abc; ph=def", NULL }, /* somebody planted one */
        { "ph=0123456789012345678901234567890123456789", NULL },
        { ";;; ;ph=x;;", "x" },
        { "a=ph=abc", NULL },
    };
    char out[32];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool found = cookie_find(cases[i].header, "ph", out, sizeof out);

        if (found != (cases[i].value != NULL))
            fail_msg("%s", cases[i].header);
        if (found)
            assert_string_equal(out, cases[i].value);
    }
}

/* ---- multipart --------------------------------------------------------- */

struct source {
    const char *data;
    size_t len, at, step;
};

static ssize_t give(void *from, char *to, size_t n)
{
    struct source *s = from;
    size_t left = s->len - s->at;

    if (n > s->step)
        n = s->step;
    if (n > left)
        n = left;
    memcpy(to, s->data + s->at, n);
    s->at += n;
    return (ssize_t)n;
}

static enum input_status multipart(const char *data, size_t len, size_t step)
{
    struct source s = { data, len, 0, step };
    struct input_source source = { give, &s, "/tmp" };

    again();
    return input_multipart(&in, "XY", &source);
}

#define PART(head, body) "--XY\r\nContent-Disposition: form-data; " head \
                         "\r\n\r\n" body "\r\n"
#define END "--XY--\r\n"

static const char whole[] =
    PART("name=\"a\"", "1")
    PART("name=\"f\"; filename=\"x/y\\z.csv\"\r\nContent-Type: text/csv",
         "line\r\n--X\r\nmore\r\n--XZ")
    PART("name=\"empty\"", "")
    PART("name=\"none\"; filename=\"\"", "")
    END;

/* However the bytes arrive, the same comes of them. */
static void parts_and_files(void **state)
{
    (void)state;
    for (size_t step = 1; step < sizeof whole; step++) {
        const struct param *f;
        char content[40] = "";

        if (multipart(whole, sizeof whole - 1, step) != INPUT_OK)
            fail_msg("step %zu", step);
        assert_int_equal(in.count, 3);
        assert_string_equal(input_get(&in, "a"), "1");
        assert_string_equal(input_get(&in, "empty"), "");
        assert_null(input_find(&in, "none"));
        f = input_find(&in, "f");
        assert_non_null(f);
        assert_int_equal(f->kind, PARAM_FILE);
        assert_null(input_get(&in, "f"));
        assert_string_equal(f->file.name, "z.csv");
        assert_int_equal(f->file.size, 21);
        assert_int_equal(read(f->file.fd, content, sizeof content - 1), 21);
        assert_string_equal(content, "line\r\n--X\r\nmore\r\n--XZ");
    }
}

/* No beginning of it passes for the whole. */
static void cut_anywhere_is_refused(void **state)
{
    (void)state;
    for (size_t n = 0; n < sizeof whole - 1 - 4; n++)
        if (multipart(whole, n, 1000) == INPUT_OK)
            fail_msg("%zu bytes", n);
}

static void malformed_parts_are_refused(void **state)
{
    static const struct {
        const char *data;
        enum input_status status;
    } cases[] = {
        { "", INPUT_CUT },
        { "preamble\r\n--XY\r\n", INPUT_BAD_MULTIPART },
        { "--XX\r\n", INPUT_BAD_MULTIPART },
        { "--XYZ\r\n", INPUT_BAD_MULTIPART },
        { "--XY\r\n\r\n\r\n\r\n--XY--", INPUT_BAD_MULTIPART },
        { PART("", "x") END, INPUT_BAD_MULTIPART },
        { PART("name=a", "x") END, INPUT_BAD_MULTIPART },
        { PART("name=\"a", "x") END, INPUT_BAD_MULTIPART },
        { PART("name=\"a b\"", "x") END, INPUT_BAD_NAME },
        { PART("name=\"a\"", "x") PART("name=\"a\"", "y") END, INPUT_TWICE },
        { PART("name=\"a\"", "\x01") END, INPUT_BAD_TEXT },
        { PART("name=\"a\"", "\xff") END, INPUT_BAD_TEXT },
        { PART("name=\"a\"; filename=\"\xff\"", "x") END,
          INPUT_BAD_MULTIPART },
        { PART("name=\"a\"\r\nContent-Transfer-Encoding: base64", "eA==")
          END, INPUT_BAD_MULTIPART },
        { PART("name=\"a\"\r\nContent-Disposition: form-data; name=\"b\"",
               "x") END, INPUT_BAD_MULTIPART },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        enum input_status status = multipart(cases[i].data,
                                             strlen(cases[i].data), 1000);

        if (status != cases[i].status)
            fail_msg("case %zu: %d", i, (int)status);
    }
}

static void text_and_files_have_limits(void **state)
{
    static const char head[] = "--XY\r\nContent-Disposition: form-data; "
                               "name=\"a\"\r\n\r\n";
    static const char tail[] = "\r\n--XY--\r\n";
    size_t n = INPUT_FORM_MAX;
    char *data = malloc(sizeof head + n + 1 + sizeof tail);

    (void)state;
    assert_non_null(data);
    for (size_t more = 0; more < 2; more++) {
        size_t len = n + more;

        memcpy(data, head, sizeof head - 1);
        memset(data + sizeof head - 1, 'x', len);
        memcpy(data + sizeof head - 1 + len, tail, sizeof tail - 1);
        assert_int_equal(multipart(data, sizeof head - 1 + len +
                                             sizeof tail - 1, 5000),
                         more == 0 ? INPUT_OK : INPUT_TOO_LONG);
    }
    free(data);
}

static int open_files(void)
{
    int n = 0;

    for (int fd = 3; fd < 200; fd++)
        n += fcntl(fd, F_GETFD) != -1;
    return n;
}

static void nothing_stays_open(void **state)
{
    int before = open_files();

    (void)state;
    multipart(whole, sizeof whole - 1, 7);
    assert_int_equal(open_files(), before + 1);
    input_close(&in);
    assert_int_equal(open_files(), before);
    multipart(whole, sizeof whole - 40, 7); /* fails */
    input_close(&in);
    assert_int_equal(open_files(), before);
}

static void boundaries(void **state)
{
    static const struct {
        const char *type, *boundary;
    } cases[] = {
        { "multipart/form-data; boundary=abc", "abc" },
        { "multipart/form-data; boundary=\"a b\"", "a b" },
        { "multipart/form-data; charset=x; BOUNDARY=abc; y=z", "abc" },
        { "multipart/form-data", NULL },
        { "multipart/form-data; boundary=", NULL },
        { "multipart/form-data; boundary=\"abc", NULL },
        { "multipart/form-data; boundary=\"abc \"", NULL },
        { "multipart/form-data; boundary=a\xe4", NULL },
        { "multipart/form-data; boundary=0123456789012345678901234567890123"
          "4567890123456789012345678901234567890", NULL },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *b = input_boundary(arena, cases[i].type);

        if ((b == NULL) != (cases[i].boundary == NULL))
            fail_msg("%s", cases[i].type);
        if (b != NULL)
            assert_string_equal(b, cases[i].boundary);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(forms), T(parameters_have_a_limit), T(encoding_and_decoding_agree),
        T(json), T(json_types_are_kept), T(cookies), T(parts_and_files),
        T(cut_anywhere_is_refused), T(malformed_parts_are_refused),
        T(text_and_files_have_limits), T(nothing_stays_open), T(boundaries),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
