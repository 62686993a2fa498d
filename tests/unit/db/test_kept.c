/*
 * Answers of a moment ago: found while they are fresh and nobody changed
 * anything, and never a mixture of two.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "db/kept.h"

static const char sql[] = "SELECT COUNT(*) FROM pile WHERE kind = ?";
static struct kept *kept;
static struct cx *cx;

static int setup(void **state)
{
    (void)state;
    kept = mmap(NULL, sizeof *kept, PROT_READ | PROT_WRITE,
                MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    assert_true(kept != MAP_FAILED);
    cx = cx_new(NULL, NULL, 1 << 20);
    cx_begin(cx);
    cx->kept = kept;
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cx_free(cx);
    assert_int_equal(munmap(kept, sizeof *kept), 0);
    return 0;
}

static bool find(int64_t kind, int64_t *n)
{
    return kept_find(cx, sql, BIND(V(kind)), n, sizeof *n).found;
}

static void put(int64_t kind, int64_t owner, int64_t n)
{
    struct kept_try t = kept_find(cx, sql, BIND(V(kind)), &n, sizeof n);

    assert_false(t.found);
    kept_put(cx, &t, owner, &n);
}

static void an_answer_is_found_for_a_second(void **state)
{
    int64_t n = 0;

    (void)state;
    assert_false(find(1, &n));
    put(1, 0, 42);
    assert_true(find(1, &n));
    assert_int_equal(n, 42);
    cx->now.ms += KEPT_MS - 1;
    assert_true(find(1, &n));
    cx->now.ms += 1;
    assert_false(find(1, &n));
    /* The clock was set back: not fresh for hours. */
    cx->now.ms -= KEPT_MS + 1;
    assert_false(find(1, &n));
}

static void other_values_are_other_answers(void **state)
{
    int64_t n = 0;
    struct kept_try t;

    (void)state;
    put(1, 0, 42);
    assert_false(find(2, &n));
    t = kept_find(cx, sql, BIND(V("1")), &n, sizeof n);
    assert_false(t.found);
    t = kept_find(cx, "SELECT 1", BIND(V(1)), &n, sizeof n);
    assert_false(t.found);
    t = kept_find(cx, sql, BIND(V(1), V(1)), &n, sizeof n);
    assert_false(t.found);
    /* What runs into each other as text does not as values. */
    t = kept_find(cx, sql, BIND(V("ab"), V("c")), &n, sizeof n);
    kept_put(cx, &t, 0, &n);
    t = kept_find(cx, sql, BIND(V("a"), V("bc")), &n, sizeof n);
    assert_false(t.found);
}

static void a_change_forgets_everything(void **state)
{
    int64_t n = 0;

    (void)state;
    put(1, 0, 42);
    put(2, 7, 43);
    kept_forget(kept);
    assert_false(find(1, &n));
    assert_false(find(2, &n));
    put(1, 0, 44);
    assert_true(find(1, &n));
    assert_int_equal(n, 44);
}

static void an_owner_forgets_only_what_is_theirs(void **state)
{
    int64_t n = 0;

    (void)state;
    put(1, 7, 42);
    put(2, 8, 43);
    put(3, 0, 44);
    kept_forget_owner(kept, 7);
    assert_false(find(1, &n));
    assert_true(find(2, &n));
    assert_true(find(3, &n));
}

/* Read before the change, kept after it: that would be old for a second. */
static void what_was_read_before_a_change_is_not_kept(void **state)
{
    int64_t n = 42;
    struct kept_try t = kept_find(cx, sql, BIND(V(1)), &n, sizeof n);

    (void)state;
    kept_forget_owner(kept, 7);
    kept_put(cx, &t, 7, &n);
    assert_false(find(1, &n));
    t = kept_find(cx, sql, BIND(V(1)), &n, sizeof n);
    kept_forget(kept);
    kept_put(cx, &t, 0, &n);
    assert_false(find(1, &n));
}

static void who_changes_something_finds_nothing(void **state)
{
    int64_t n = 5;
    struct kept_try t;

    (void)state;
    put(1, 0, 42);
    cx->kept = NULL;
    t = kept_find(cx, sql, BIND(V(1)), &n, sizeof n);
    assert_false(t.found);
    assert_int_equal(n, 5);
    kept_put(cx, &t, 0, &n);
    cx->kept = kept;
    assert_true(find(1, &n));
    assert_int_equal(n, 42);
}

enum { MANY = KEPT_BYTES / 8 };

/* Writes ever other answers, each of equal numbers, without end. */
static void write_for_ever(int64_t from)
{
    int64_t numbers[MANY];

    for (int64_t n = from;; n += 2) {
        struct kept_try t;

        cx_begin(cx);
        cx->kept = kept;
        t = kept_find(cx, sql, BIND(), numbers, sizeof numbers);
        for (size_t i = 0; i < MANY; i++)
            numbers[i] = n;
        t.found = false;
        kept_put(cx, &t, 0, numbers);
    }
}

static void two_writers_never_mix(void **state)
{
    int64_t numbers[MANY];
    pid_t writers[2];
    size_t seen = 0;

    (void)state;
    for (int i = 0; i < 2; i++) {
        writers[i] = fork();
        if (writers[i] == 0)
            write_for_ever(i + 1);
        assert_true(writers[i] > 0);
    }
    for (size_t tries = 0; tries < 200000 && seen < 20000; tries++) {
        struct kept_try t;

        cx_begin(cx);
        cx->kept = kept;
        t = kept_find(cx, sql, BIND(), numbers, sizeof numbers);
        seen += t.found;
        for (size_t i = 1; t.found && i < MANY; i++)
            assert_int_equal(numbers[i], numbers[0]);
    }
    /* Killed in the middle of writing. */
    for (int i = 0; i < 2; i++) {
        assert_int_equal(kill(writers[i], SIGKILL), 0);
        assert_int_equal(waitpid(writers[i], NULL, 0), writers[i]);
    }
    assert_true(seen > 0);
    kept_forget(kept);
    put(1, 0, 42);
    assert_true(find(1, numbers));
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(an_answer_is_found_for_a_second),
        CASE(other_values_are_other_answers),
        CASE(a_change_forgets_everything),
        CASE(an_owner_forgets_only_what_is_theirs),
        CASE(what_was_read_before_a_change_is_not_kept),
        CASE(who_changes_something_finds_nothing),
        CASE(two_writers_never_mix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
