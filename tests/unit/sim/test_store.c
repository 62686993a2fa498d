/*
 * What a pile remembers: records until they are confirmed, meters, and the
 * session that a power cut ended. Half written lines never were.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "sim/store.h"

struct memory {
    size_t records, meters;
    struct ykc_trade_record record[8];
    uint64_t meter_sum;
};

static void on_record(void *arg, const struct ykc_trade_record *r)
{
    struct memory *m = arg;

    assert_true(m->records < 8);
    m->record[m->records++] = *r;
}

static void on_meter(void *arg, const char *pile_code, int gun,
                     uint64_t reading_e4kwh)
{
    struct memory *m = arg;

    assert_string_equal(pile_code, "32010200000001");
    assert_int_equal(gun, 1);
    m->meters++;
    m->meter_sum += reading_e4kwh;
}

static struct ykc_trade_record record(int n, uint32_t energy)
{
    struct ykc_trade_record r = { .total_energy = energy, .gun_number = 1,
                                  .stop_reason = YKC_STOP_APP };

    snprintf(r.trade_number, sizeof r.trade_number, "%032d", n);
    snprintf(r.pile_code, sizeof r.pile_code, "32010200000001");
    return r;
}

static char path[64];

static int make_path(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "/tmp/pilehub-store-%d", (int)getpid());
    unlink(path);
    return 0;
}

static int remove_path(void **state)
{
    (void)state;
    unlink(path);
    return 0;
}

static struct store open_store(struct memory *m)
{
    struct store_reader reader = { m, on_record, on_meter };
    struct store s;
    char err[200] = "";

    memset(m, 0, sizeof *m);
    assert_true(store_open(&s, path, &reader, err, sizeof err));
    return s;
}

static void what_is_owed_survives_and_what_is_done_does_not(void **state)
{
    struct ykc_trade_record a = record(1, 100), b = record(2, 200),
                            c = record(3, 300);
    struct memory m;
    struct store s = open_store(&m);

    (void)state;
    assert_int_equal(m.records, 0);
    store_running(&s, &a);
    store_record(&s, &a);
    store_running(&s, &b);
    store_record(&s, &b);
    store_done(&s, a.trade_number);
    store_meter(&s, "32010200000001", 1, 5);
    store_meter(&s, "32010200000001", 1, 7);
    c.total_energy = 250;
    store_running(&s, &c);
    c.total_energy = 300;
    store_running(&s, &c);
    store_close(&s);
    for (int again = 0; again < 2; again++) { /* reading keeps it all */
        s = open_store(&m);
        store_close(&s);
        assert_int_equal(m.records, 2);
        assert_string_equal(m.record[0].trade_number, b.trade_number);
        assert_int_equal(m.record[0].total_energy, 200);
        assert_int_equal(m.record[0].stop_reason, YKC_STOP_APP);
        assert_int_equal(m.record[1].total_energy, 300);
        assert_int_equal(m.record[1].stop_reason, YKC_STOP_POWER_LOST);
        assert_int_equal(m.meters, 1);
        assert_int_equal(m.meter_sum, 7);
    }
    s = open_store(&m);
    store_done(&s, b.trade_number);
    store_done(&s, c.trade_number);
    store_close(&s);
    s = open_store(&m);
    store_close(&s);
    assert_int_equal(m.records, 0);
}

/* Cut anywhere, the file gives a state that was true before. */
static void a_cut_file_is_a_file_of_earlier(void **state)
{
    struct ykc_trade_record a = record(1, 100);
    struct memory m;
    struct store s = open_store(&m);
    char bytes[4096];
    size_t n;
    FILE *f;

    (void)state;
    store_running(&s, &a);
    store_record(&s, &a);
    store_done(&s, a.trade_number);
    store_close(&s);
    f = fopen(path, "r");
    assert_non_null(f);
    n = fread(bytes, 1, sizeof bytes, f);
    fclose(f);
    for (size_t cut = 0; cut <= n; cut++) {
        f = fopen(path, "w");
        assert_non_null(f);
        assert_int_equal(fwrite(bytes, 1, cut, f), cut);
        fclose(f);
        s = open_store(&m);
        store_close(&s);
        assert_true(m.records <= 1);
        if (cut == n)
            assert_int_equal(m.records, 0);
    }
}

static void nonsense_is_passed_over(void **state)
{
    struct memory m;
    struct store s;
    FILE *f = fopen(path, "w");

    (void)state;
    assert_non_null(f);
    fputs("record zz\nrunning\nmeter\nmeter 1\nmeter x y z\nwhat\n\n"
          "done 1\nmeter 32010200000001 1 -5\n", f);
    fclose(f);
    s = open_store(&m);
    store_close(&s);
    assert_int_equal(m.records, 0);
    assert_int_equal(m.meters, 0);
}

static void a_directory_that_is_not_there_is_an_error(void **state)
{
    struct memory m = { 0 };
    struct store_reader reader = { &m, on_record, on_meter };
    struct store s;
    char err[200] = "";

    (void)state;
    assert_false(store_open(&s, "/no/such/place", &reader, err, sizeof err));
    assert_string_not_equal(err, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            what_is_owed_survives_and_what_is_done_does_not, make_path,
            remove_path),
        cmocka_unit_test_setup_teardown(a_cut_file_is_a_file_of_earlier,
                                        make_path, remove_path),
        cmocka_unit_test_setup_teardown(nonsense_is_passed_over, make_path,
                                        remove_path),
        cmocka_unit_test(a_directory_that_is_not_there_is_an_error),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
