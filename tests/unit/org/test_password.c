/*
 * What is taken as a password and what is not (rules A1, A2).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"
#include "org/password.h"

enum { CX_BYTES = 1 << 20 };

static const char *const words[] = { "13822647051", "陈嘉怡", "Linghai",
                                     NULL };

struct choice {
    const char *password, *flaw;
};

static void choose(struct cx *cx, void *arg)
{
    struct choice *c = arg;

    c->flaw = password_flaw(cx, c->password, words);
}

static const char *flaw(const char *password)
{
    static struct config config;
    static struct cx *cx;
    struct choice c = { password, NULL };

    config.password_list = getenv("PILEHUB_PASSWORD_LIST");
    if (cx == NULL)
        cx = cx_new(NULL, &config, CX_BYTES);
    cx_begin(cx);
    assert_true(cx_run(cx, choose, &c));
    return c.flaw;
}

static void good_ones(void **state)
{
    static const char *const good[] = {
        "Grain-of-7Salt", "xK9$mQ2v", "Fresh-Pear-3", "New-Plum-45",
        "梅花香自苦寒来Ab3", "correct Horse 9", "Kq3-vm8w-Tz5r",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++)
        if (flaw(good[i]) != NULL)
            fail_msg("%s: %s", good[i], flaw(good[i]));
}

static void bad_ones(void **state)
{
    static const struct {
        const char *password, *why;
    } cases[] = {
        { "", "至少 8 位" },
        { "Ab3$xyz", "至少 8 位，现在是 7 位" },
        { "abcdefgh", "三种" },
        { "abcdefg1", "三种" },
        { "12345678", "三种" },
        { "Password1!", "太常见" },
        { "P@ssw0rd", "太常见" },
        { "P@ssw0rd123", "太常见" },
        { "passw0rd!A", "太常见" },
        { "Admin@123", "太常见" },
        { "Admin123!", "太常见" },
        { "1Qwerty!!", "太常见" },
        { "Welcome2026!", "太常见" },
        { "Chongdian1!", "太常见" },
        { "Pilehub@2026", "太常见" },
        { "Woaini1314!", "太常见" },
        { "A1b2c3d4!", "太常见" },
        { "Qwer1234@", "太常见" },
        { "!Zxcv1234", "太常见" },
        { "Tr0ub4dor&3", "太常见" },
        { "Liverpool1!", "太常见" },
        { "Michael#1985", "太常见" },
        { "Metallica+7", "太常见" },
        { "Dianzhuang_01", "太常见" },
        { "xY12345!z", "连续" },
        { "Xasdfg9!z", "键盘相邻" },
        { "#9aaaaa7K", "重复" },
        { "Zz!54321x", "连续" },
        { "Ab!13822647051", "不能包含手机号" },
        { "Ab!x647051", "不能包含手机号" },
        { "linghaiX9!", "组织名称" },
        { "Ab3陈嘉怡好的", "姓名" },
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *why = flaw(cases[i].password);

        if (why == NULL || strstr(why, cases[i].why) == NULL)
            fail_msg("%s: %s", cases[i].password,
                     why == NULL ? "taken" : why);
    }
}

static void sixty_four_are_allowed(void **state)
{
    char text[70];

    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "aQ7$kW2#"[i % 8];
    text[PASSWORD_LONGEST] = '\0';
    assert_null(flaw(text));
    text[PASSWORD_LONGEST] = 'x';
    text[PASSWORD_LONGEST + 1] = '\0';
    assert_non_null(flaw(text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_ones), cmocka_unit_test(bad_ones),
        cmocka_unit_test(sixty_four_are_allowed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
