/*
 * Arguments: every kind with what it takes, what it refuses, and in which
 * words.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "web/args.h"
#include "web/input.h"

enum { CX_BYTES = 4 << 20 };

struct all {
    bool flag;
    int count;
    int state;
    int64_t id;
    const char *name;
    const char *phone;
    const char *note;
    const char *secret;
    money amount;
    stamp at;
    stamp day;
};

static const struct label states[] = {
    { 1, "idle", "空闲", "idle" }, { 2, "busy", "占用", "occupied" },
};

static const char *not_seven(struct cx *cx, const void *value)
{
    (void)cx;
    return *(const int *)value == 7 ? "不能是 7。" : NULL;
}

static const struct arg args[] = {
    ARG(struct all, flag),
    ARG(struct all, count, .min = 1, .max = 16, .check = not_seven),
    ARG(struct all, state, .labels = LIST(states)),
    ARG(struct all, id, .min = 1, .max = INT64_MAX),
    ARG(struct all, name, .min = 2, .max = 5, .title = "名称"),
    ARG(struct all, phone, .flags = ARG_PHONE),
    ARG(struct all, note, .flags = ARG_MULTILINE, .max = 20),
    ARG(struct all, secret, .flags = ARG_SECRET, .max = 20),
    ARG(struct all, amount, .min = 100, .max = 1000000),
    ARG(struct all, at),
    ARG(struct all, day, .flags = ARG_DATE),
};

static struct cx *cx;
static struct input in;
static struct all out;
static const char *left_out;

static int start(void **state)
{
    (void)state;
    cx = cx_new(NULL, NULL, CX_BYTES);
    cx_begin(cx);
    input_init(&in, cx->arena);
    memset(&out, 0, sizeof out);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    input_close(&in);
    cx_free(cx);
    return 0;
}

static void read_all(struct cx *c, void *arg)
{
    static const struct args list = LIST(args);

    left_out = args_read(c, &list, &in, *(enum args_rule *)arg, &out);
}

/* True if the query was fine. */
static bool read_query(const char *text, enum args_rule rule)
{
    stop(NULL);
    start(NULL);
    assert_int_equal(input_urlencoded(&in, text, strlen(text)), INPUT_OK);
    return cx_run(cx, read_all, &rule);
}

static bool read_json(const char *text)
{
    enum args_rule rule = ARGS_STRICT;

    stop(NULL);
    start(NULL);
    assert_int_equal(input_json(&in, text, strlen(text)), INPUT_OK);
    return cx_run(cx, read_all, &rule);
}

static void everything_lands_in_its_member(void **state)
{
    (void)state;
    assert_true(read_query("flag=on&count=16&state=busy&id=9007199254740993"
                           "&name=+%E5%85%85%E7%94%B5+&phone=138+2264-7051"
                           "&note=a%0d%0ab&secret=+x+&amount=12.50"
                           "&at=2026-11-20T14:05&day=2026-11-20",
                           ARGS_STRICT));
    assert_true(out.flag);
    assert_int_equal(out.count, 16);
    assert_int_equal(out.state, 2);
    assert_true(out.id == INT64_C(9007199254740993));
    assert_string_equal(out.name, "充电");
    assert_string_equal(out.phone, "13822647051");
    assert_string_equal(out.note, "a\nb");
    assert_string_equal(out.secret, " x ");
    assert_true(out.amount.fen == 1250);
    assert_int_equal(stamp_civil(out.at).hour, 14);
    assert_int_equal(stamp_civil(out.day).hour, 0);
}

static void absent_is_zero_and_never_null(void **state)
{
    (void)state;
    assert_true(read_query("", ARGS_STRICT));
    assert_false(out.flag);
    assert_int_equal(out.count, 0);
    assert_string_equal(out.name, "");
    assert_string_equal(out.phone, "");
    assert_true(out.at.ms == 0);
    assert_true(read_query("name=&count=&amount=++", ARGS_STRICT));
    assert_string_equal(out.name, "");
}

static void json_types_are_binding(void **state)
{
    static const char *const bad[] = {
        "{\"count\":\"3\"}", "{\"name\":12}", "{\"flag\":1}",
        "{\"flag\":\"on\"}", "{\"amount\":\"12.50\"}", "{\"at\":1}",
        "{\"state\":1}", "{\"id\":true}",
    };

    (void)state;
    assert_true(read_json("{\"flag\":true,\"count\":3,\"state\":\"idle\","
                          "\"amount\":1250,\"name\":\"充电站\","
                          "\"at\":\"2026-11-20 14:05:16.123\"}"));
    assert_true(out.flag);
    assert_true(out.amount.fen == 1250);
    for (size_t i = 0; i < COUNT(bad); i++)
        if (read_json(bad[i]))
            fail_msg("%s", bad[i]);
}

static void wrong_values_are_named(void **state)
{
    static const struct {
        const char *query, *field, *text;
    } cases[] = {
        { "flag=maybe", "flag", "应为是或否。" },
        { "count=x", "count", "应为整数。" },
        { "count=1x", "count", "应为整数。" },
        { "count=0x10", "count", "应为整数。" },
        { "count=%2B1", "count", "应为整数。" },
        { "count=0", "count", "应在 1–16 之间。" },
        { "count=17", "count", "应在 1–16 之间。" },
        { "count=7", "count", "不能是 7。" },
        { "count=99999999999999999999", "count", "应为整数。" },
        { "state=charging", "state", "不是可选的值。" },
        { "state=1", "state", "不是可选的值。" },
        { "id=0", "id", "应在 1–9223372036854775807 之间。" },
        { "name=a", "name", "名称至少 2 个字，现在是 1 个。" },
        { "name=abcdef", "name", "名称最多 5 个字，现在是 6 个。" },
        { "name=123456", "name", "名称最多 5 位数字，现在是 6 位。" },
        { "name=%E5%85%85%E7%94%B5%E5%85%85%E7%94%B5%E5%85%85%E7%94%B5",
          "name", "名称最多 5 个字，现在是 6 个。" },
        { "name=a%0ab", "name", "名称不能包含换行或制表符。" },
        { "phone=1382264705", "phone", "应为 11 位数字，现在是 10 位。" },
        { "phone=1382264705a", "phone", "应为 11 位数字。" },
        { "phone=02022647051", "phone", "不是有效的手机号。" },
        { "phone=12822647051", "phone", "不是有效的手机号。" },
        { "amount=1.005", "amount",
          "应为金额，最多两位小数，例如 12.50。" },
        { "amount=-1", "amount", "应在 ¥1.00–¥10,000.00 之间。" },
        { "amount=0.99", "amount", "应在 ¥1.00–¥10,000.00 之间。" },
        { "at=yesterday", "at", "应为时间，例如 2026-11-20 14:05。" },
        { "at=2026-02-30", "at", "应为时间，例如 2026-11-20 14:05。" },
        { "day=2026-11-20+10:00", "day", "应为日期，例如 2026-11-20。" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        if (read_query(cases[i].query, ARGS_STRICT))
            fail_msg("%s is taken", cases[i].query);
        assert_int_equal(cx->error.code, ERR_INVALID);
        assert_string_equal(cx->error.field, cases[i].field);
        if (strcmp(cx->error.text, cases[i].text) != 0)
            fail_msg("%s: %s", cases[i].query, cx->error.text);
    }
}

static void a_page_leaves_out_what_is_wrong(void **state)
{
    (void)state;
    assert_true(read_query("state=none&amount=12.50", ARGS_FORGIVING));
    assert_int_equal(out.state, 0);
    assert_true(out.amount.fen == 1250);
    assert_string_equal(left_out,
                        "网址里的 state 无效，已忽略：不是可选的值。");
    /* Well formed, and refused by its check. */
    assert_true(read_query("count=7", ARGS_FORGIVING));
    assert_int_equal(out.count, 0);
    assert_non_null(left_out);
    assert_true(read_query("name=x&day=2026-11-31", ARGS_FORGIVING));
    assert_string_equal(out.name, "");
    assert_true(out.day.ms == 0);
    assert_true(read_query("state=busy", ARGS_FORGIVING));
    assert_null(left_out);
    assert_int_equal(out.state, 2);
    assert_false(read_query("state=none", ARGS_STRICT));
    assert_false(read_query("state=none", ARGS_OPEN));
}

static void unknown_names_are_refused(void **state)
{
    (void)state;
    assert_false(read_query("admin=1", ARGS_STRICT));
    assert_int_equal(cx->error.code, ERR_BAD_REQUEST);
    assert_true(read_query("admin=1&utm=x", ARGS_OPEN));
    assert_true(read_query("_csrf=1&_form=2", ARGS_STRICT));
}

struct needed {
    const char *name;
    bool agreed;
    struct upload file;
};

static const struct arg needed[] = {
    ARG(struct needed, name, .flags = ARG_REQUIRED, .min = 14, .max = 14),
    ARG(struct needed, agreed, .flags = ARG_REQUIRED),
    ARG(struct needed, file),
};

static void required_values(void **state)
{
    struct needed n = { 0 };
    struct param text = { "name", PARAM_TEXT, "1234567890123", { .fd = -1 } };
    struct param file = { "name", PARAM_FILE, "", { .fd = 1 } };

    (void)state;
    assert_string_equal(arg_read(cx, &needed[0], NULL, &n), "不能为空。");
    assert_string_equal(arg_read(cx, &needed[0], &text, &n),
                        "应为 14 位数字，现在是 13 位。");
    assert_string_equal(arg_read(cx, &needed[0], &file, &n), "不能是文件。");
    assert_string_equal(arg_read(cx, &needed[2], &text, &n), "应为文件。");
    assert_null(arg_read(cx, &needed[1], NULL, &n));
    assert_null(arg_read(cx, &needed[2], NULL, &n));
    assert_int_equal(n.file.fd, -1);
}

#define T(f) cmocka_unit_test_setup_teardown(f, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(everything_lands_in_its_member), T(absent_is_zero_and_never_null),
        T(json_types_are_binding), T(wrong_values_are_named),
        T(unknown_names_are_refused),
        T(a_page_leaves_out_what_is_wrong), T(required_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
