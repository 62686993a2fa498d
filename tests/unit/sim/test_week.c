/*
 * The week of card drivers that a fleet is told.
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
#include "sim/sim.h"

static char path[] = "/tmp/pilehub-week-XXXXXX";
static struct sim_options options;
static struct sim sim;
static char err[200];

/* Days of 24 times the same word; the last one as given. */
static bool read_week(int days, const char *word, const char *last)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    for (int day = 0; day < days; day++)
        for (int hour = 0; hour < 24; hour++)
            fprintf(f, "%s%c", hour == 23 && day == days - 1 ? last : word,
                    hour == 23 ? '\n' : ',');
    assert_int_equal(fclose(f), 0);
    options.week = path;
    sim = (struct sim){ .options = &options };
    err[0] = '\0';
    return fleet_read_week(&sim, err, sizeof err);
}

static void hours_from_monday_in_tenths(void **state)
{
    (void)state;
    assert_true(read_week(7, "12.5", "140"));
    assert_int_equal(sim.week[0], 125);
    assert_int_equal(sim.week[SIM_WEEK_HOURS - 1], 1400);
    assert_true(read_week(7, "0", "0.1"));
    assert_int_equal(sim.week[0], 0);
    assert_int_equal(sim.week[SIM_WEEK_HOURS - 1], 1);
}

static void what_is_no_week_is_refused(void **state)
{
    (void)state;
    assert_false(read_week(6, "1", "1"));
    assert_non_null(strstr(err, ":7: not 24 numbers"));
    assert_false(read_week(7, "1", "1,2"));
    assert_false(read_week(7, "1", "-1"));
    assert_false(read_week(7, "1.25", "1"));
    assert_false(read_week(7, "1", "x"));
    assert_false(read_week(7, "1", ""));
    assert_false(read_week(7, "10000001", "1"));
    options.week = "/nonexistent/week";
    assert_false(fleet_read_week(&sim, err, sizeof err));
    assert_non_null(strstr(err, "/nonexistent/week: "));
}

static void none_is_fine(void **state)
{
    (void)state;
    sim = (struct sim){ .options = &options };
    options.week = "";
    assert_true(fleet_read_week(&sim, err, sizeof err));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hours_from_monday_in_tenths),
        cmocka_unit_test(what_is_no_week_is_refused),
        cmocka_unit_test(none_is_fine),
    };
    int fd = mkstemp(path), failed;

    if (fd < 0)
        return 1;
    close(fd);
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(path);
    return failed;
}
