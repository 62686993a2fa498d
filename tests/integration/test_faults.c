/*
 * The fault loop (rule T14): every flow that moves money is run once to count
 * its calls to the database, then again for each call and each fault: dead
 * lock, stale snapshot, lock wait, connection lost before the call reached
 * the server and after it took effect there. Afterwards the books balance,
 * the answer was true, and the same again brings it to the same end.
 *
 * The client library is wrapped by the linker (--wrap), so the product knows
 * nothing of this.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>
#include <mysql.h>
#include <mysqld_error.h>
#include <errmsg.h>

#include "base/log.h"
#include "db/db.h"
#include "tests/integration/flows.h"
#include "tests/integration/testdb.h"
#include "tests/integration/world.h"

/* ---- the faulty client library --------------------------------------- */

enum fault { DEADLOCK, STALE, LOCK_WAIT, LOST_BEFORE, LOST_AFTER, FAULTS };

static struct {
    bool on;
    int calls;      /* so far */
    int at;         /* which fails; 0: none */
    enum fault fault;
    const void *handle; /* MYSQL or MYSQL_STMT whose error is ours */
    unsigned error;
    bool hit;
} plan;

int __real_mysql_query(MYSQL *my, const char *sql);
int __real_mysql_stmt_execute(MYSQL_STMT *stmt);
int __real_mysql_stmt_prepare(MYSQL_STMT *stmt, const char *sql,
                              unsigned long len);
unsigned __real_mysql_errno(MYSQL *my);
unsigned __real_mysql_stmt_errno(MYSQL_STMT *stmt);
int __wrap_mysql_query(MYSQL *my, const char *sql);
int __wrap_mysql_stmt_execute(MYSQL_STMT *stmt);
int __wrap_mysql_stmt_prepare(MYSQL_STMT *stmt, const char *sql,
                              unsigned long len);
unsigned __wrap_mysql_errno(MYSQL *my);
unsigned __wrap_mysql_stmt_errno(MYSQL_STMT *stmt);

unsigned __wrap_mysql_errno(MYSQL *my)
{
    return plan.handle == my ? plan.error : __real_mysql_errno(my);
}

unsigned __wrap_mysql_stmt_errno(MYSQL_STMT *stmt)
{
    return plan.handle == stmt ? plan.error : __real_mysql_stmt_errno(stmt);
}

static void cut(MYSQL *my)
{
    shutdown(mysql_get_socket(my), SHUT_RDWR);
}

static bool is_due(void)
{
    plan.handle = NULL;
    if (!plan.on)
        return false;
    plan.calls++;
    if (plan.calls != plan.at)
        return false;
    plan.hit = true;
    return true;
}

/* What the server does with this fault; the error that the caller sees. */
static int fail_with(MYSQL *my, const void *handle, unsigned error)
{
    if (error == ER_LOCK_DEADLOCK || error == ER_CHECKREAD)
        __real_mysql_query(my, "ROLLBACK"); /* both undo everything */
    plan.handle = handle;
    plan.error = error;
    return 1;
}

/* True if the fault is one that stands in place of the call. */
static bool instead(unsigned *error)
{
    static const unsigned errors[] = { ER_LOCK_DEADLOCK, ER_CHECKREAD,
                                       ER_LOCK_WAIT_TIMEOUT };

    if (plan.fault > LOCK_WAIT)
        return false;
    *error = errors[plan.fault];
    return true;
}

int __wrap_mysql_query(MYSQL *my, const char *sql)
{
    unsigned error;

    if (!is_due())
        return __real_mysql_query(my, sql);
    if (instead(&error))
        return fail_with(my, my, error);
    if (plan.fault == LOST_BEFORE) {
        cut(my);
        return __real_mysql_query(my, sql);
    }
    if (__real_mysql_query(my, sql) != 0)
        return 1;
    cut(my);
    return fail_with(my, my, CR_SERVER_LOST);
}

int __wrap_mysql_stmt_execute(MYSQL_STMT *stmt)
{
    MYSQL *my = stmt->mysql;
    unsigned error;

    if (!is_due())
        return __real_mysql_stmt_execute(stmt);
    if (instead(&error))
        return fail_with(my, stmt, error);
    if (plan.fault == LOST_BEFORE) {
        cut(my);
        return __real_mysql_stmt_execute(stmt);
    }
    if (__real_mysql_stmt_execute(stmt) != 0)
        return 1;
    cut(my);
    return fail_with(my, stmt, CR_SERVER_LOST);
}

int __wrap_mysql_stmt_prepare(MYSQL_STMT *stmt, const char *sql,
                              unsigned long len)
{
    MYSQL *my = stmt->mysql;

    if (is_due() && plan.fault > LOCK_WAIT)
        cut(my);
    return __real_mysql_stmt_prepare(stmt, sql, len);
}

/* ---- the loop -------------------------------------------------------- */

static struct cx *quiet;

static void begin(void)
{
    plan.calls = 0;
    plan.handle = NULL;
    plan.hit = false;
    plan.on = true;
}

static void end(void)
{
    plan.on = false;
    plan.handle = NULL;
}

static const struct flow_hooks hooks = { begin, end, NULL };

/* One run with the fault at that call; false if the flow has fewer calls. */
static bool run_once(const struct flow *flow, int at, enum fault fault)
{
    char what[40];

    plan.at = at;
    plan.fault = fault;
    snprintf(what, sizeof what, "call %d fault %d", at, (int)fault);
    flow_try(quiet, flow, what, &hooks);
    return plan.hit;
}

/* All faults with PILEHUB_FAULTS=all; otherwise each call meets the worst,
   lost after it took effect, and one of the others in turn. */
static bool is_wanted(int at, int fault)
{
    const char *which = getenv("PILEHUB_FAULTS");

    return (which != NULL && strcmp(which, "all") == 0) ||
           fault == LOST_AFTER || fault == at % LOST_AFTER;
}

static void faults_of(const struct flow *flow)
{
    int at = 1, runs = 0;

    for (bool hit = true; hit; at++) {
        hit = false;
        for (int f = 0; f < FAULTS; f++)
            if (is_wanted(at, f)) {
                hit |= run_once(flow, at, (enum fault)f);
                runs++;
            }
    }
    world_assert_books(quiet);
    print_message("# %s: %d calls, %d runs\n", flow->name, at - 2, runs);
    assert_true(at > 5);
}

static void every_fault_at_every_call(void **state)
{
    faults_of(*state);
}

int main(void)
{
    struct CMUnitTest tests[20];
    int failed;

    must(flow_count <= COUNT(tests));
    testdb_start("faults");
    log_to(-1);
    for (size_t i = 0; i < flow_count; i++)
        tests[i] = (struct CMUnitTest){
            flows[i].name, every_fault_at_every_call, NULL, NULL,
            (void *)(uintptr_t)&flows[i]
        };
    quiet = flow_world();
    failed = _cmocka_run_group_tests("faults", tests, flow_count, NULL, NULL);
    testdb_cx_free(quiet);
    testdb_stop();
    return failed;
}
