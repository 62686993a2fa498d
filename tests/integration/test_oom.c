/*
 * Memory that runs out (rule C8): every flow that moves money is run again and
 * again, and the n-th allocation of it fails, of ours or of a library's, for
 * n = 1, 2, ... until there are no more. It never crashes, leaves neither
 * transaction nor memory behind, tells the truth, and the same again brings it
 * to the same end. PILEHUB_OOM=all: every n, otherwise a few of each flow;
 * PILEHUB_OOM_ONLY: the flow with that name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/log.h"
#include "db/conn.h"
#include "db/db.h"
#include "tests/integration/flows.h"
#include "tests/integration/oom.h"
#include "tests/integration/testdb.h"
#include "tests/integration/world.h"

enum {
    STRIDE = 41,
    /* What the client library of MariaDB loses when it has no memory for the
       next block of an answer: a few, and its connection is dropped. Our
       own losses are found by the sanitizer build, where only our calls
       fail. */
    LIBRARY = 64 * 1024,
    FLOWS_MAX = 20
};

static struct cx *quiet;
static long at, calls;

static void begin(void)
{
    oom_begin(at);
}

static void end(void)
{
    calls = oom_end();
}

static const struct flow_hooks hooks = { begin, end, oom_in_use };

static void each_allocation_fails(void **state)
{
    const struct flow *flow = *state;
    long runs = 0, left;
    char what[40];

    at = 0;
    flow_try(quiet, flow, "in peace", &hooks);
    left = flow_try(quiet, flow, "in peace", &hooks);
    assert_in_range(calls, 5, 1000000);
    assert_int_equal(left, 0);
    at = oom_first(flow->name, STRIDE);
    do {
        snprintf(what, sizeof what, "allocation %ld", at);
        left = flow_try(quiet, flow, what, &hooks);
        if (left > LIBRARY)
            fail_msg("%s: %s: %ld bytes left", flow->name, what, left);
        at += oom_step(STRIDE);
        runs++;
    } while (oom_hit());
    world_assert_books(quiet);
    print_message("# %s: %ld allocations, %ld runs\n", flow->name, calls,
                  runs);
}

/* A connect that fails for want of our own memory says nothing of the server:
   the next one is tried at once. */
static void a_connect_is_tried_again_at_once(void **state)
{
    struct db *db = quiet->db;
    long n = 0, left = 0;

    (void)state;
    do {
        conn_drop(db);
        oom_begin(++n);
        if (!db_ping(db))
            left++;
        oom_end();
        if (!db_ping(db))
            fail_msg("allocation %ld of a connect: not tried again", n);
    } while (oom_hit());
    print_message("# connect: %ld allocations, %ld failed it\n", n - 1, left);
    assert_in_range(left, OOM_SEES_LIBRARIES ? 5 : 0, n);
}

int main(void)
{
    struct CMUnitTest tests[FLOWS_MAX + 1];
    int failed;

    must(flow_count <= FLOWS_MAX);
    testdb_start("oom");
    if (getenv("PILEHUB_OOM_LOG") == NULL)
        log_to(-1);
    for (size_t i = 0; i < flow_count; i++)
        tests[i] = (struct CMUnitTest){
            flows[i].name, each_allocation_fails, NULL, NULL,
            (void *)(uintptr_t)&flows[i]
        };
    tests[flow_count] = (struct CMUnitTest)
        cmocka_unit_test(a_connect_is_tried_again_at_once);
    cmocka_set_test_filter(getenv("PILEHUB_OOM_ONLY"));
    quiet = flow_world();
    failed = _cmocka_run_group_tests("oom", tests, flow_count + 1, NULL,
                                     NULL);
    testdb_cx_free(quiet);
    testdb_stop();
    return failed;
}
