#include "tests/integration/mariadb.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <mysql.h>

#include "base/macros.h"

enum { START_MS = 20000, STOP_MS = 15000, TICK_MS = 20 };

/* A server that starts removes the temporary tables it finds, and two may be
   starting at once: each has a place of its own. */
static pid_t start(const char *const argv[], const char *tmp)
{
    pid_t pid = fork();

    if (pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setenv("TMPDIR", tmp, 1);
        dup2(null, 0);
        dup2(null, 1);
        dup2(null, 2);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    return pid;
}

static const char *user_option(void)
{
    return geteuid() == 0 ? "--user=root" : "--loose-user=";
}

void mariadb_make(struct mariadb *m, const char *at)
{
    char data[100];
    const char *const argv[] = {
        "mariadb-install-db", "--no-defaults",
        geteuid() == 0 ? "--user=root" : "--force", data,
        "--auth-root-authentication-method=normal", "--skip-test-db", NULL
    };
    int status = -1;

    *m = (struct mariadb){ .pid = 0 };
    snprintf(m->dir, sizeof m->dir, "%s/pilehub-db-XXXXXX",
             at == NULL ? "/tmp" : at);
    if (mkdtemp(m->dir) == NULL) {
        perror(m->dir);
        exit(1);
    }
    snprintf(m->socket, sizeof m->socket, "%s/sock", m->dir);
    snprintf(data, sizeof data, "--datadir=%s/data", m->dir);
    if (waitpid(start(argv, m->dir), &status, 0) < 0 || status != 0) {
        mariadb_remove(m);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
            exit(77); /* no server installed here */
        fprintf(stderr, "mariadb-install-db failed, status %d\n", status);
        exit(1);
    }
}

static bool answers(const struct mariadb *m)
{
    MYSQL *my = mysql_init(NULL);
    bool up = mysql_real_connect(my, NULL, "root", "", NULL, 0, m->socket,
                                 0) != NULL;

    mysql_close(my);
    return up;
}

void mariadb_up(struct mariadb *m, const char *const *options)
{
    const struct timespec tick = { 0, TICK_MS * 1000000L };
    char data[100], at[100], log[100];
    const char *argv[32 + MARIADB_OPTIONS] = {
        "mariadbd", "--no-defaults", user_option(), data, at, log,
        "--skip-networking", "--innodb-buffer-pool-size=32M",
        "--innodb-log-file-size=32M", "--character-set-server=utf8mb4",
        "--innodb-flush-log-at-trx-commit=1", "--log-bin=binlog",
        "--sync-binlog=1", "--binlog-format=ROW", "--server-id=1",
        "--innodb-snapshot-isolation=ON",
        "--transaction-isolation=READ-COMMITTED",
        "--idle-write-transaction-timeout=15", NULL
    };
    size_t n = 0;

    snprintf(data, sizeof data, "--datadir=%s/data", m->dir);
    snprintf(at, sizeof at, "--socket=%s", m->socket);
    snprintf(log, sizeof log, "--log-error=%s/err", m->dir);
    while (argv[n] != NULL)
        n++;
    for (; options != NULL && *options != NULL; options++)
        argv[n++] = *options;
    must(n < COUNT(argv));
    m->pid = start(argv, m->dir);
    for (int waited = 0; waited < START_MS; waited += TICK_MS) {
        if (answers(m))
            return;
        nanosleep(&tick, NULL);
    }
    fprintf(stderr, "no database, see %s/err\n", m->dir);
    exit(1);
}

void mariadb_down(struct mariadb *m, int signal)
{
    const struct timespec tick = { 0, TICK_MS * 1000000L };

    if (m->pid <= 0)
        return;
    kill(m->pid, signal);
    for (int waited = 0; waitpid(m->pid, NULL, WNOHANG) == 0;
         waited += TICK_MS) {
        if (waited > STOP_MS) /* it may wait for room on its disk */
            kill(m->pid, SIGKILL);
        nanosleep(&tick, NULL);
    }
    m->pid = 0;
}

void mariadb_remove(struct mariadb *m)
{
    const char *const argv[] = { "rm", "-rf", m->dir, NULL };

    mariadb_down(m, SIGKILL);
    waitpid(start(argv, "/tmp"), NULL, 0);
}
