/*
 * Every frame that a pile may send, with planted card numbers, VINs and texts
 * in all of its fields, before and after its login, whole and cut short; then
 * the gateway's log at its most talkative, the audit and the outbox hold none
 * of them, as text or as hex (rule L4). The frames themselves are kept as
 * evidence in frame_log, which is no log.
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

#include "base/macros.h"
#include "tests/integration/gateway_rig.h"
#include "tests/integration/testdb.h"

enum { TYPES = 256, LOG_BYTES = 4 << 20 };

#define LETTERS "LCANARY7VIN0X0017ZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZZ"
#define DIGITS "7391640822557391640822557391640822557391640822557391640822"

static struct rig rig;
static int sent;

static int start(void **state)
{
    (void)state;
    rig_init(&rig, "gwcanaries");
    rig.settings = "log_level=debug\npile_per_address=1000\n";
    rig_reset(&rig);
    rig_start(&rig);
    return 0;
}

static int stop(void **state)
{
    int code = rig_stop(&rig);

    (void)state;
    rig_fini(&rig);
    return code;
}

/* ---- planting ---------------------------------------------------------- */

static void plant(const struct wire_field *f, char *base)
{
    char *at = base + f->at;

    if (strcmp(f->name, "pile_code") == 0) {
        snprintf(at, YKC_PILE_TEXT, "%s", rig_code(1));
        return;
    }
    switch (f->kind) {
    case WIRE_BCD:
        snprintf(at, (size_t)f->size * 2 + 1, "%s", DIGITS);
        break;
    case WIRE_STR:
        snprintf(at, (size_t)f->size + 1, "%s", LETTERS);
        break;
    case WIRE_RAW:
        for (size_t i = 0; i < f->size; i++)
            at[i] = LETTERS[i % (sizeof LETTERS - 1)];
        break;
    case WIRE_GUN:
        *at = 1;
        break;
    default:
        break;
    }
}

/* The frame's bytes; 0 if this kind of frame has nothing to plant in. */
static size_t planted(struct pile *p, const struct ykc_frame *f,
                      uint8_t out[YKC_MAX_FRAME])
{
    static union ykc_any any;

    memset(&any, 0, sizeof any);
    for (size_t i = 0; i < f->fields.n; i++)
        plant(&f->fields.v[i], (char *)&any);
    return pile_frame(p, f->type, &any, out);
}

static void send_all(bool logged_in)
{
    for (int type = 1; type < TYPES; type += 2) {
        const struct ykc_frame *f = ykc_frame((uint8_t)type);
        uint8_t bytes[YKC_MAX_FRAME];
        struct pile p;
        size_t n;

        if (f == NULL || ykc_direction(f->type) != YKC_FROM_PILE)
            continue;
        if (logged_in)
            pile_login(&p, &rig, 1);
        else
            pile_connect(&p, &rig, 1);
        n = planted(&p, f, bytes);
        /* Whole; with a wrong sum; cut off, with the next in its place. */
        pile_send_bytes(&p, bytes, n);
        bytes[n - 1] ^= 0x55;
        pile_send_bytes(&p, bytes, n);
        pile_send_bytes(&p, bytes, n / 2);
        pile_send_bytes(&p, bytes, n);
        rig_sleep(30);
        pile_close(&p);
        sent++;
    }
}

static void every_frame_is_sent(void **state)
{
    (void)state;
    send_all(true);
    send_all(false);
    assert_in_range(sent, 30, 2 * TYPES);
    /* A record of a card that nobody knows goes on to the jobs. */
    rig_sleep(1500);
    assert_in_range(rig_int(&rig, "SELECT COUNT(*) FROM frame_log"), 5,
                    100000);
    print_message("# %d frames\n", sent);
}

/* ---- looking ----------------------------------------------------------- */

static const char *const words[] = {
    "CANARY", "73916408", "43414e415259", "43414E415259", "VIN0X0017",
};

static void the_log_holds_none(void **state)
{
    static char text[LOG_BYTES];
    ssize_t n = pread(rig.log_fd, text, sizeof text - 1, 0);

    (void)state;
    assert_in_range(n, 500, sizeof text - 2);
    text[n] = '\0';
    assert_non_null(strstr(text, "gateway."));
    for (size_t i = 0; i < COUNT(words); i++) {
        const char *at = strstr(text, words[i]), *from = at;

        while (at != NULL && from > text && from[-1] != '\n')
            from--;
        if (at != NULL)
            fail_msg("%s: %.*s", words[i], (int)strcspn(from, "\n"), from);
    }
}

static void neither_do_the_audit_and_the_outbox(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(words); i++) {
        char sql[300];

        snprintf(sql, sizeof sql, "SELECT (SELECT COUNT(*) FROM audit WHERE"
                 " CONCAT_WS(' ', text, before_json, after_json) LIKE"
                 " '%%%s%%') + (SELECT COUNT(*) FROM outbox WHERE payload"
                 " LIKE '%%%s%%')", words[i], words[i]);
        if (rig_int(&rig, sql) != 0)
            fail_msg("%s is told", words[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_sent),
        cmocka_unit_test(the_log_holds_none),
        cmocka_unit_test(neither_do_the_audit_and_the_outbox),
    };

    return cmocka_run_group_tests(tests, start, stop);
}
