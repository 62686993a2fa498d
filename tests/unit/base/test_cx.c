/* The unit of work: base/cx.h, arena, buffers, JSON, settings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/config.h"
#include "base/cx.h"

static char order[8];

static void note(void *p)
{
    size_t n = strlen(order);

    order[n] = *(char *)p;
    order[n + 1] = '\0';
}

static int set_up(void **state)
{
    *state = cx_new(NULL, NULL, 1U << 20);
    cx_begin(*state);
    order[0] = '\0';
    return 0;
}

static int tear_down(void **state)
{
    cx_free(*state);
    return 0;
}

static void own_two(struct cx *cx, void *arg)
{
    static char a = 'a', b = 'b', c = 'c';

    cx_own(cx, &a, note);
    cx_own(cx, &b, note);
    cx_own(cx, &c, note);
    cx_disown(cx, &b);
    if (arg != NULL)
        cx_fail(cx, ERR_CONFLICT, "电桩 %s 已属于其他电站", (char *)arg);
}

static void clean_up_runs_backwards_either_way(void **state)
{
    struct cx *cx = *state;
    char no[] = "0001";

    assert_true(cx_run(cx, own_two, NULL));
    assert_string_equal(order, "ca");
    order[0] = '\0';
    assert_false(cx_run(cx, own_two, no));
    assert_string_equal(order, "ca");
    assert_int_equal(cx->error.code, ERR_CONFLICT);
    assert_string_equal(cx->error.text, "电桩 0001 已属于其他电站");
    assert_null(cx->error.field);
}

static void inner_fails(struct cx *cx, void *arg)
{
    char no[] = "1";

    (void)arg;
    if (cx_run(cx, own_two, no))
        fail();
    cx_refail(cx);
}

static void a_failure_can_be_passed_on(void **state)
{
    struct cx *cx = *state;

    assert_false(cx_run(cx, inner_fails, NULL));
    assert_int_equal(cx->error.code, ERR_CONFLICT);
}

static void fails_on_a_field(struct cx *cx, void *arg)
{
    (void)arg;
    cx_fail_field(cx, "power", "应在 1–960 kW 之间。");
}

static void a_field_is_named(void **state)
{
    struct cx *cx = *state;

    assert_false(cx_run(cx, fails_on_a_field, NULL));
    assert_int_equal(cx_status(cx->error.code), 400);
    assert_int_equal(cx_number(cx->error.code), 40001);
    assert_string_equal(cx->error.field, "power");
}

static void arena_is_zeroed_aligned_and_reused(void **state)
{
    struct arena *a = arena_new(1U << 20);

    (void)state;
    for (int round = 0; round < 3; round++) {
        for (size_t n = 1; n < 3000; n += 37) {
            unsigned char *p = arena_alloc(a, n);

            assert_int_equal((uintptr_t)p % 16, 0);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(p[i], 0);
            memset(p, 0xff, n);
        }
        arena_reset(a);
        assert_int_equal(arena_used(a), 0);
    }
    assert_string_equal(arena_printf(a, "%s-%d", "x", 7), "x-7");
    arena_free(a);
}

static void a_full_buffer_stays_failed(void **state)
{
    struct buf b;

    (void)state;
    buf_init(&b, 10);
    buf_puts(&b, "12345");
    buf_printf(&b, "%d", 67890);
    assert_string_equal(buf_text(&b), "1234567890");
    buf_putc(&b, 'x');
    assert_null(buf_text(&b));
    buf_clear(&b);
    assert_string_equal(buf_text(&b), "");
    buf_fini(&b);
}

static void json_is_escaped_for_a_script_element(void **state)
{
    struct buf b;
    struct json_out j = { &b, false };

    (void)state;
    buf_init(&b, 1000);
    json_open(&j, NULL, '{');
    json_text(&j, "a", "</script>&\"\\\n\xe2\x80\xa8 中");
    json_int(&j, "n", INT64_MIN);
    json_open(&j, "list", '[');
    json_bool(&j, NULL, true);
    json_none(&j, NULL);
    json_close(&j, ']');
    json_text(&j, "none", NULL);
    json_raw(&j, "raw", "1.5");
    json_close(&j, '}');
    assert_string_equal(buf_text(&b),
        "{\"a\":\"\\u003c/script\\u003e\\u0026\\\"\\\\\\u000a\\u2028 中\","
        "\"n\":-9223372036854775808,\"list\":[true,null],\"none\":null,"
        "\"raw\":1.5}");
    buf_fini(&b);
}

static const struct config *load_text(const char *text, char err[200])
{
    char path[] = "/tmp/pilehub-config-XXXXXX";
    int fd = mkstemp(path);
    const struct config *c;

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    close(fd);
    c = config_load(path, err, 200);
    unlink(path);
    return c;
}

static void settings_are_checked(void **state)
{
    static const char *const bad[] = {
        "no_such=1\n", "web_workers=0\n", "web_workers=four\n",
        "web_workers=65\n", "cookie_secure=yes\n", "mode=live\n",
        "pile_port=70000\n", "nonsense\n", "mode=production\n"
    };
    const struct config *c;
    char err[200];

    (void)state;
    for (size_t i = 0; i < COUNT(bad); i++) {
        err[0] = '\0';
        assert_null(load_text(bad[i], err));
        assert_true(err[0] != '\0');
    }
    c = load_text("# comment\n\nweb_workers=7\nhome=/srv/x y\n", err);
    assert_non_null(c);
    assert_int_equal(c->web_workers, 7);
    assert_string_equal(c->home, "/srv/x y");
    assert_string_equal(c->db_name, "pilehub");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
        T(clean_up_runs_backwards_either_way),
        T(a_failure_can_be_passed_on),
        T(a_field_is_named),
        cmocka_unit_test(arena_is_zeroed_aligned_and_reused),
        cmocka_unit_test(a_full_buffer_stays_failed),
        cmocka_unit_test(json_is_escaped_for_a_script_element),
        cmocka_unit_test(settings_are_checked),
#undef T
    };

    return cmocka_run_group_tests_name("cx", tests, NULL, NULL);
}
