/*
 * The first start of scripts/run: whatever ends the making of its database,
 * the next start finds a whole one or none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/macros.h"

enum { CUT_FIRST_MS = 30, CUT_STEP_MS = 150, CUTS = 6 };

static char dir[] = "/tmp/pilehub-create-XXXXXX";

static bool exists(const char *name)
{
    char path[100];

    snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

/* db_create in a process group of its own. */
static pid_t create(void)
{
    static const char script[] =
        "cd \"$PILEHUB_SOURCE\" && . scripts/lib/common.sh &&"
        " . scripts/lib/db.sh && db_create \"$0\"";
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        (void)setpgid(0, 0);
        (void)execlp("bash", "bash", "-c", script, dir, (char *)NULL);
        _exit(127);
    }
    (void)setpgid(pid, pid);
    return pid;
}

static void a_cut_leaves_no_half_database(void **state)
{
    int status;

    (void)state;
    for (int i = 0; i < CUTS; i++) {
        pid_t pid = create();

        usleep((useconds_t)(CUT_FIRST_MS + i * CUT_STEP_MS) * 1000);
        (void)kill(-pid, SIGKILL);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        /* Its server has a moment to be gone, too. */
        for (int k = 0; k < 100 && kill(-pid, 0) == 0; k++)
            usleep(20 * 1000);
        if (WIFEXITED(status))
            break; /* a fast machine: it was done before the cut */
        assert_false(exists("data"));
    }
    if (!exists("data")) {
        assert_int_equal(waitpid(create(), &status, 0) > 0, 1);
        assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    }
    assert_true(exists("data/mysql"));
    assert_true(exists("data/ibdata1"));
    assert_false(exists("data.new"));
}

static int setup(void **state)
{
    (void)state;
    return mkdtemp(dir) == NULL;
}

static int teardown(void **state)
{
    int status;
    pid_t pid = fork();

    (void)state;
    if (pid == 0) {
        (void)execlp("rm", "rm", "-rf", dir, (char *)NULL);
        _exit(127);
    }
    return waitpid(pid, &status, 0) != pid || status != 0;
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_leaves_no_half_database),
    };

    if (access("/usr/bin/mariadb-install-db", X_OK) != 0)
        return 77;
    return cmocka_run_group_tests(tests, setup, teardown);
}
