/*
 * pilehub-jobs: timers, settlement, delivery of events. A parent that forks
 * workers and starts those anew that die; SIGTERM lets each finish the job in
 * hand. Any number of instances may run: a lease per job decides who runs it.
 *
 *   pilehub-jobs -c FILE
 */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/config.h"
#include "base/log.h"
#include "base/program.h"
#include "db/db.h"
#include "feature_list.h"
#include "jobs/keep.h"
#include "jobs/schedule.h"

enum {
    WORKERS = JOBS_LANES,
    ARENA_BYTES = 128 << 20,
    STATEMENT_LIMIT_S = 300, /* T4 */
    DRAIN_MS = 30000,
    RESTART_FIRST_MS = 100,
    RESTART_LAST_MS = 5000,
    STEADY_MS = 10000        /* one that lived so long starts afresh */
};

struct child {
    pid_t pid;
    int64_t started_ms;
    int64_t start_ms; /* not before this */
    int64_t delay_ms;
};

/* ---- a worker -------------------------------------------------------- */

/* A worker takes over the leases of the dead one in whose place it is, as it
   has the same name: that of the instance, or host and parent. */
static const char *owner_name(const struct config *c, pid_t parent,
                              size_t worker, char out[80])
{
    char host[40] = "";

    gethostname(host, sizeof host - 1);
    if (c->jobs_name[0] != '\0')
        snprintf(out, 80, "%.60s/%zu", c->jobs_name, worker);
    else
        snprintf(out, 80, "%s:%d/%zu", host, (int)parent, worker);
    return out;
}

static bool wait_for_stop(int64_t ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
    sigset_t stop;

    sigemptyset(&stop);
    sigaddset(&stop, SIGTERM);
    return sigtimedwait(&stop, NULL, &t) == SIGTERM;
}

static void NORETURN work(const struct config *config, pid_t parent,
                          size_t worker)
{
    struct db_login login = db_login_of(config, STATEMENT_LIMIT_S);
    struct db *db = db_open(&login);
    struct cx *cx = cx_new(db, config, ARENA_BYTES);
    struct schedule s;
    char owner[80];

    program_end_with(parent);
    must(cx != NULL);
    schedule_init(&s, cx, owner_name(config, parent, worker, owner),
                  &all_features, kept_jobs, KEPT_JOBS, worker, WORKERS);
    while (!wait_for_stop(schedule_step(&s)))
        continue;
    schedule_stop(&s);
    cx_free(cx);
    db_close(db);
    _exit(0);
}

/* ---- the parent ------------------------------------------------------ */

static void start(struct child *c, const struct config *config,
                  size_t worker)
{
    pid_t parent = getpid();

    c->started_ms = monotonic_ms();
    c->pid = fork();
    if (c->pid == 0)
        work(config, parent, worker);
    if (c->pid < 0) {
        log_error("jobs.fork_failed");
        c->pid = 0;
        c->start_ms = c->started_ms + RESTART_LAST_MS;
    }
}

/* One that dies at once is started later and later. */
static void note_death(struct child *c, int status)
{
    int64_t now = monotonic_ms();

    log_error("jobs.worker_died", F_INT("pid", c->pid),
              F_INT("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
              F_INT("code", WIFEXITED(status) ? WEXITSTATUS(status) : 0));
    if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
        log_error("jobs.over_limit", F_INT("pid", c->pid));
    c->pid = 0;
    c->delay_ms = now - c->started_ms > STEADY_MS || c->delay_ms == 0
                      ? RESTART_FIRST_MS
                      : c->delay_ms * 2;
    if (c->delay_ms > RESTART_LAST_MS)
        c->delay_ms = RESTART_LAST_MS;
    c->start_ms = now + c->delay_ms;
}

static size_t reap(struct child *children, bool stopping)
{
    size_t living = 0;
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (size_t i = 0; i < WORKERS; i++)
            if (children[i].pid == pid) {
                if (stopping)
                    children[i].pid = 0;
                else
                    note_death(&children[i], status);
            }
    for (size_t i = 0; i < WORKERS; i++)
        living += children[i].pid != 0;
    return living;
}

static void signal_all(const struct child *children, int signal)
{
    for (size_t i = 0; i < WORKERS; i++)
        if (children[i].pid > 0)
            kill(children[i].pid, signal);
}

static int stop(struct child *children, const sigset_t *signals)
{
    const struct timespec tick = { 0, 50 * 1000000L };
    int64_t end = monotonic_ms() + DRAIN_MS;

    log_info("jobs.stopping");
    signal_all(children, SIGTERM);
    while (reap(children, true) > 0 && monotonic_ms() < end)
        sigtimedwait(signals, NULL, &tick);
    signal_all(children, SIGKILL);
    log_info("jobs.stopped");
    return 0;
}

static int run(const struct config *config)
{
    const struct timespec tick = { 0, 100 * 1000000L };
    struct child children[WORKERS] = { { .pid = 0 } };
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGCHLD);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGPIPE);
    must(sigprocmask(SIG_BLOCK, &signals, NULL) == 0);
    log_info("jobs.started", F_INT("workers", WORKERS));
    for (;;) {
        int signal;

        reap(children, false);
        for (size_t i = 0; i < WORKERS; i++)
            if (children[i].pid == 0 && monotonic_ms() >=
                                            children[i].start_ms)
                start(&children[i], config, i);
        signal = sigtimedwait(&signals, NULL, &tick);
        if (signal == SIGTERM || signal == SIGINT)
            return stop(children, &signals);
    }
}

int main(int argc, char **argv)
{
    const struct config *config = program_begin("jobs", argc, argv);

    if (config == NULL)
        return 2;
    return db_server_is_fit(config) ? run(config) : 1;
}
