/*
 * What the simulator is told: its command line, and the file of piles.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "sim/fleet.h"
#include "sim/options.h"
#include "sim/pile.h"

enum { MOST_WORDS = 12 };

static bool read_words(struct sim_options *o, const char *line)
{
    static char text[400];
    char *argv[MOST_WORDS + 1] = { text }, *at = text;
    char err[200] = "";
    int argc = 0;

    snprintf(text, sizeof text, "pilehub-sim %s", line);
    while (*at != '\0' && argc < MOST_WORDS) {
        argv[argc++] = at;
        at += strcspn(at, " ");
        if (*at != '\0')
            *at++ = '\0';
    }
    return sim_options_read(o, argc, argv, err, sizeof err);
}

static void good_words_are_taken(void **state)
{
    struct sim_options o;

    (void)state;
    assert_true(read_words(&o, "--piles 5 --port 99 --auto-plug-s 3 "
                               "--bad-crc 7 --skew-s -60"));
    assert_int_equal(o.mode, SIM_FLEET);
    assert_int_equal(o.piles, 5);
    assert_int_equal(o.port, 99);
    assert_int_equal(o.auto_plug_s, 3);
    assert_int_equal(o.faults.bad_crc, 7);
    assert_int_equal(o.skew_s, -60);
    assert_string_equal(o.host, "127.0.0.1");
    assert_true(read_words(&o, "--bench-heartbeat 100 5 8 --port 7"));
    assert_int_equal(o.mode, SIM_HEARTBEAT);
    assert_int_equal(o.connections, 100);
    assert_int_equal(o.seconds, 5);
    assert_int_equal(o.in_flight, 8);
    assert_int_equal(o.port, 7);
    assert_true(read_words(&o, "--storm 18000"));
    assert_int_equal(o.mode, SIM_STORM);
    assert_int_equal(o.connections, 18000);
    assert_int_equal(o.seconds, 0);
    assert_true(read_words(&o, "--bench-records 4 2 --skip-login"));
    assert_true(o.skip_login);
    assert_true(read_words(&o, "--file x --stay-min-s 9"));
    assert_int_equal(o.stay_max_s, 9);
    assert_true(read_words(&o, "--help"));
}

static void wrong_words_are_refused(void **state)
{
    static const char *const wrong[] = {
        "", "piles 5", "--piles", "--piles x", "--piles -1", "--piles 1.5",
        "--piles 5 --port 0", "--piles 5 --port 65536",
        "--piles 5 --drop 101", "--piles 5 --nothing 1", "--storm",
        "--storm x", "--bench-heartbeat 5", "--bench-records",
        "--piles 5 --speed 0", "--piles 5 --haste 0",
    };
    struct sim_options o;

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++)
        if (read_words(&o, wrong[i]))
            fail_msg("taken: %s", wrong[i]);
}

static void faults_are_set_by_name(void **state)
{
    struct sim_faults f = { 0 };

    (void)state;
    assert_true(sim_fault_set(&f, "no-record", "100"));
    assert_true(sim_fault_set(&f, "slow_ms", "2500"));
    assert_int_equal(f.no_record, 100);
    assert_int_equal(f.slow_ms, 2500);
    assert_false(sim_fault_set(&f, "no-record", "101"));
    assert_false(sim_fault_set(&f, "no-record", ""));
    assert_false(sim_fault_set(&f, "norecord", "1"));
    assert_false(sim_fault_set(&f, "", "1"));
}

static void codes_follow_one_another(void **state)
{
    char code[YKC_PILE_TEXT];

    (void)state;
    fleet_code("32010200000001", 0, code);
    assert_string_equal(code, "32010200000001");
    fleet_code("32010200000998", 5, code);
    assert_string_equal(code, "32010200001003");
    fleet_code("32010199999999", 1, code);
    assert_string_equal(code, "32010200000000");
}

struct taken {
    size_t n;
    struct pile_spec spec[8];
};

static void take(void *arg, const struct pile_spec *spec)
{
    struct taken *t = arg;

    assert_true(t->n < 8);
    t->spec[t->n++] = *spec;
}

static bool read_text(const char *text, struct taken *t)
{
    struct sim_options o = { .file = NULL };
    char path[64], err[200] = "";
    FILE *f;
    bool good;

    snprintf(path, sizeof path, "/tmp/pilehub-piles-%d", (int)getpid());
    f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    o.file = path;
    memset(t, 0, sizeof *t);
    good = fleet_each(&o, 0, take, t, err, sizeof err);
    unlink(path);
    assert_true(good == (err[0] == '\0'));
    return good;
}

static void a_file_of_piles_is_read(void **state)
{
    struct taken t;

    (void)state;
    assert_true(read_text("code,type,guns,power_w,busy\n# remark\n\n"
                          "32010200000001,dc,2,120000,150\r\n"
                          "32010200000002,ac\n"
                          "32010200000003\n", &t));
    assert_int_equal(t.n, 3);
    assert_string_equal(t.spec[0].code, "32010200000001");
    assert_false(t.spec[0].is_ac);
    assert_int_equal(t.spec[0].guns, 2);
    assert_int_equal(t.spec[0].power_w, 120000);
    assert_int_equal(t.spec[0].busy_percent, 150);
    assert_true(t.spec[1].is_ac);
    assert_int_equal(t.spec[1].guns, 1);
    assert_int_equal(t.spec[1].power_w, 7000);
    assert_int_equal(t.spec[2].busy_percent, 100);
}

static void a_wrong_line_is_told(void **state)
{
    static const char *const wrong[] = {
        "3201020000001,dc\n", "320102000000011,dc\n",
        "3201020000000a,dc\n", "32010200000001,xx\n",
        "32010200000001,dc,0\n", "32010200000001,dc,17\n",
        "32010200000001,dc,2,999\n", "32010200000001,dc,2,x\n",
        "32010200000001,dc,2,120000,1001\n",
    };
    struct taken t;

    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++)
        if (read_text(wrong[i], &t))
            fail_msg("taken: %s", wrong[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_words_are_taken),
        cmocka_unit_test(wrong_words_are_refused),
        cmocka_unit_test(faults_are_set_by_name),
        cmocka_unit_test(codes_follow_one_another),
        cmocka_unit_test(a_file_of_piles_is_read),
        cmocka_unit_test(a_wrong_line_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
