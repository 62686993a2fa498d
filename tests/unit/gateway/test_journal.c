/*
 * The journal: what was synced comes back, a torn end does not, old files
 * are kept for a while.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "gateway/journal.h"

static char dir[40];

struct seen {
    int count;
    int sum;
    size_t bytes;
};

static void see(void *arg, const void *payload, size_t n)
{
    struct seen *s = arg;

    s->count++;
    s->sum += ((const uint8_t *)payload)[0];
    s->bytes += n;
}

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/journal-test-XXXXXX");
    return mkdtemp(dir) == NULL;
}

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

static int remove_dir(void **state)
{
    (void)state;
    return nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static struct seen reopen(struct journal *j)
{
    struct seen s = { 0, 0, 0 };

    assert_true(journal_open(j, dir, see, &s));
    return s;
}

static void add(struct journal *j, int from, int to)
{
    uint8_t payload[200];

    for (int i = from; i < to; i++) {
        memset(payload, i, sizeof payload);
        journal_add(j, payload, (size_t)(1 + i));
    }
}

static void path_of(const char *name, char out[100])
{
    snprintf(out, 100, "%s/%s", dir, name);
}

static void what_was_synced_comes_back(void **state)
{
    struct journal j;
    struct seen s;

    (void)state;
    s = reopen(&j);
    assert_int_equal(s.count, 0);
    add(&j, 0, 10);
    assert_true(journal_sync(&j));
    add(&j, 10, 20);
    assert_true(journal_sync(&j));
    assert_true(journal_sync(&j)); /* nothing to do */
    add(&j, 20, 30); /* never synced */
    journal_close(&j);
    s = reopen(&j);
    assert_int_equal(s.count, 20);
    assert_int_equal(s.sum, 190);
    assert_int_equal(s.bytes, 210);
    add(&j, 30, 31);
    assert_true(journal_sync(&j));
    journal_close(&j);
    assert_int_equal(reopen(&j).count, 21);
    journal_close(&j);
}

static void a_torn_end_is_cut_off(void **state)
{
    struct journal j;
    char path[100];
    struct stat st;

    (void)state;
    reopen(&j);
    add(&j, 0, 5);
    assert_true(journal_sync(&j));
    journal_close(&j);
    path_of("journal.log", path);
    assert_int_equal(stat(path, &st), 0);
    /* Cut anywhere within the last entry: four remain, and new ones fit. */
    for (off_t cut = 1; cut <= 16; cut++) {
        assert_int_equal(truncate(path, st.st_size - cut), 0);
        assert_int_equal(reopen(&j).count, 4);
        add(&j, 4, 5);
        assert_true(journal_sync(&j));
        journal_close(&j);
        assert_int_equal(reopen(&j).count, 5);
        journal_close(&j);
    }
}

static void damage_ends_the_reading(void **state)
{
    struct journal j;
    char path[100];
    int fd;

    (void)state;
    reopen(&j);
    add(&j, 0, 5);
    assert_true(journal_sync(&j));
    journal_close(&j);
    path_of("journal.log", path);
    fd = open(path, O_WRONLY);
    assert_int_equal(pwrite(fd, "X", 1, 13 + 12), 1); /* in the second */
    close(fd);
    assert_int_equal(reopen(&j).count, 1);
    journal_close(&j);
}

static void a_large_committed_file_goes_aside(void **state)
{
    struct journal j;
    uint8_t payload[JOURNAL_ENTRY_MAX] = { 1 };
    char path[100];

    (void)state;
    reopen(&j);
    for (unsigned file = 1; file <= JOURNAL_KEEP + 2; file++) {
        while (j.size < JOURNAL_ROTATE) {
            for (int i = 0; i < 400; i++)
                journal_add(&j, payload, sizeof payload);
            assert_true(journal_sync(&j));
        }
        journal_committed(&j);
        assert_int_equal(j.size, 0);
        assert_int_equal(j.last_no, file);
    }
    path_of("journal-000018.log", path);
    assert_int_equal(access(path, F_OK), 0);
    path_of("journal-000003.log", path);
    assert_int_equal(access(path, F_OK), 0);
    path_of("journal-000002.log", path);
    assert_int_not_equal(access(path, F_OK), 0);
    journal_close(&j);
    assert_int_equal(reopen(&j).count, 0);
    assert_int_equal(j.last_no, 18); /* found again */
    journal_close(&j);
}

static void a_write_that_fails_keeps_nothing(void **state)
{
    struct journal j;
    int full = open("/dev/full", O_RDWR), fd;

    (void)state;
    assert_true(full >= 0);
    reopen(&j);
    add(&j, 0, 3);
    assert_true(journal_sync(&j));
    fd = j.fd;
    j.fd = full; /* the disk is full for a while */
    add(&j, 3, 6);
    assert_false(journal_sync(&j));
    j.fd = fd;
    add(&j, 6, 8);
    assert_true(journal_sync(&j));
    journal_close(&j);
    close(full);
    assert_int_equal(reopen(&j).sum, 0 + 1 + 2 + 6 + 7);
    journal_close(&j);
}

int main(void)
{
#define JOURNAL_TEST(f) cmocka_unit_test_setup_teardown(f, make_dir, remove_dir)
    const struct CMUnitTest tests[] = {
        JOURNAL_TEST(what_was_synced_comes_back),
        JOURNAL_TEST(a_torn_end_is_cut_off),
        JOURNAL_TEST(damage_ends_the_reading),
        JOURNAL_TEST(a_large_committed_file_goes_aside),
        JOURNAL_TEST(a_write_that_fails_keeps_nothing),
    };

    log_to(open("/dev/null", O_WRONLY | O_CLOEXEC));
    return cmocka_run_group_tests(tests, NULL, NULL);
}
