/* Car plates as people type them: driver/driver.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/cx.h"
#include "driver/driver.h"

struct plate {
    const char *typed;
    const char *normal; /* NULL: refused */
};

static void plates_are_known_or_refused(void **state)
{
    static const struct plate cases[] = {
        { "粤B12345", "粤B12345" },
        { "京AF0236", "京AF0236" },
        { "粤Z1234港", "粤Z1234港" },
        { "粤B1234学", "粤B1234学" },
        { "粤B1234领", "粤B1234领" },
        { "粤BD12345", "粤BD12345" },
        { "沪AF12345", "沪AF12345" },
        { "粤BAA1234", "粤BAA1234" },
        { "粤B12345D", "粤B12345D" },
        { "使014578", "使014578" },
        { "粤b·d12345", "粤BD12345" },
        { " 粤 B D 1 2 3 4 5 ", "粤BD12345" },
        { "粤Ｂ１２３４５", "粤B12345" },
        { "粤I12345", NULL },
        { "粤B1234O", NULL },
        { "粤BL12345", NULL },
        { "粤B12345L", NULL },
        { "粤BD123456", NULL },
        { "粤B123456", NULL },
        { "粤BD1234", "粤BD1234" },
        { "粤B1234", NULL },
        { "B12345", NULL },
        { "港B12345", NULL },
        { "粤", NULL },
        { "粤粤12345", NULL },
        { "粤B12港45", NULL },
        { "使01457", NULL },
        { "", NULL },
        { "粤B12345'; --", NULL },
        { "粤粤粤粤粤粤粤粤粤粤粤粤", NULL },
    };
    struct cx *cx = cx_new(NULL, NULL, 1U << 20);

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *got;

        cx_begin(cx);
        got = plate_normal(cx, cases[i].typed);
        if ((got == NULL) != (cases[i].normal == NULL) ||
            (got != NULL && strcmp(got, cases[i].normal) != 0))
            fail_msg("\"%s\": %s", cases[i].typed, got ? got : "refused");
    }
    cx_free(cx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plates_are_known_or_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
