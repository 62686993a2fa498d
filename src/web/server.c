/*
 * The master of a web pool: server.h.
 */
#include "web/server.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/config.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/program.h"
#include "db/db.h"
#include "web/app.h"
#include "web/worker.h"

enum {
    BACKLOG = 4096,
    TICK_MS = 100,
    DRAIN_MS = 10000,      /* W8 */
    OVER_MS = 1000,        /* after its own budget alarm a worker is stuck */
    DEATHS_WINDOW_MS = 10000,
    DEATHS_MAX = 5,        /* in the window; then respawning slows down (W1) */
    SLOW_RESPAWN_MS = 1000,
    ARENA_MAX = 32 * 1024 * 1024,
    OLD_MAX = WORKERS_MAX,
};

struct server {
    const char *config_path;
    char *program; /* argv[0] */
    const struct config *config;
    const struct features *features;
    struct arena *arena;
    struct shared *shared;
    struct views *views;
    const struct app *app;
    int listen_fd;
    size_t workers;
    int64_t born_ms[WORKERS_MAX];
    int64_t deaths_ms[DEATHS_MAX]; /* the last ones, oldest first */
    int64_t respawn_at_ms;
    pid_t old[OLD_MAX]; /* workers of the program this one replaces */
    size_t old_count;
};

/* ---- the socket -------------------------------------------------------- */

/* A socket that nobody listens on is a leftover; one that answers is not. */
static bool is_in_use(const struct sockaddr_un *to)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool answers;

    must(fd >= 0);
    answers = connect(fd, (const struct sockaddr *)to, sizeof *to) == 0;
    close(fd);
    return answers;
}

static int open_socket(const char *path)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    mode_t mask;
    int fd;

    if (path[0] == '\0' || strlen(path) >= sizeof at.sun_path)
        return -1;
    memcpy(at.sun_path, path, strlen(path) + 1);
    if (is_in_use(&at)) {
        log_error("web.socket", F_TEXT("path", path),
                  F_TEXT("error", "another process listens there"));
        return -1;
    }
    unlink(path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    must(fd >= 0);
    mask = umask(0117); /* 0660 */
    if (bind(fd, (const struct sockaddr *)&at, sizeof at) != 0 ||
        listen(fd, BACKLOG) != 0) {
        log_error("web.socket", F_TEXT("path", path),
                  F_TEXT("error", strerror(errno)));
        close(fd);
        fd = -1;
    }
    umask(mask);
    return fd;
}

/* ---- workers ----------------------------------------------------------- */

static void start_worker(struct server *s, size_t i)
{
    struct worker w = { s->app, s->views, s->listen_fd, &s->shared->slots[i],
                        getpid() };
    pid_t pid = fork();

    if (pid == 0)
        exit(worker_run(&w));
    if (pid < 0) {
        log_error("web.fork", F_TEXT("error", strerror(errno)));
        return;
    }
    atomic_store(&w.slot->pid, pid);
    s->born_ms[i] = monotonic_ms();
}

/* A death that was not asked for. Six within ten seconds: something is wrong
   with more than one request. */
static void note_death(struct server *s, const struct slot *slot, int status)
{
    int64_t now = monotonic_ms();
    bool over = WIFEXITED(status) &&
                WEXITSTATUS(status) == WORKER_OVER_BUDGET;

    atomic_fetch_add(&s->shared->respawns, 1);
    if (over)
        atomic_fetch_add(&s->shared->over_budget, 1);
    log_error(over ? "web.over_budget" : "web.died",
              F_TEXT("request", slot->request_id),
              F_INT("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0),
              F_INT("exit", WIFEXITED(status) ? WEXITSTATUS(status) : 0));
    if (s->deaths_ms[0] != 0 && now - s->deaths_ms[0] < DEATHS_WINDOW_MS) {
        log_error("web.dying_often", F_INT("deaths", DEATHS_MAX + 1));
        s->respawn_at_ms = now + SLOW_RESPAWN_MS;
    }
    memmove(s->deaths_ms, s->deaths_ms + 1,
            sizeof s->deaths_ms - sizeof s->deaths_ms[0]);
    s->deaths_ms[DEATHS_MAX - 1] = now;
}

static void reap_old(struct server *s, pid_t pid)
{
    for (size_t i = 0; i < s->old_count; i++)
        if (s->old[i] == pid) {
            s->old[i] = s->old[--s->old_count];
            return;
        }
}

static void reap(struct server *s, bool stopping)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        reap_old(s, pid);
        for (size_t i = 0; i < s->workers; i++) {
            struct slot *slot = &s->shared->slots[i];

            if (atomic_load(&slot->pid) != pid)
                continue;
            atomic_store(&slot->busy_since_ms, 0);
            atomic_store(&slot->pid, 0);
            if (!stopping && !(WIFEXITED(status) && WEXITSTATUS(status) == 0))
                note_death(s, slot, status);
        }
    }
}

static void respawn(struct server *s)
{
    if (monotonic_ms() < s->respawn_at_ms)
        return;
    for (size_t i = 0; i < s->workers; i++)
        if (atomic_load(&s->shared->slots[i].pid) == 0)
            start_worker(s, i);
}

/* The worker's own alarm comes first; this is for one that cannot even take
   a signal any more. */
static void kill_stuck(struct server *s)
{
    int64_t longest = s->config->web_budget_ms + OVER_MS;

    for (size_t i = 0; i < s->workers; i++) {
        struct slot *slot = &s->shared->slots[i];
        int64_t since = atomic_load(&slot->busy_since_ms);
        pid_t pid = atomic_load(&slot->pid);

        if (pid > 0 && since != 0 && monotonic_ms() - since > longest) {
            log_error("web.stuck", F_INT("pid", pid));
            kill(pid, SIGKILL);
        }
    }
}

/* ---- stopping and reloading -------------------------------------------- */

static size_t alive(const struct server *s)
{
    size_t n = s->old_count;

    for (size_t i = 0; i < s->workers; i++)
        n += atomic_load(&s->shared->slots[i].pid) != 0;
    return n;
}

static void signal_all(const struct server *s, int signal)
{
    for (size_t i = 0; i < s->workers; i++) {
        pid_t pid = atomic_load(&s->shared->slots[i].pid);

        if (pid > 0)
            kill(pid, signal);
    }
    for (size_t i = 0; i < s->old_count; i++)
        kill(s->old[i], signal);
}

static void sleep_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    nanosleep(&t, NULL);
}

static int stop(struct server *s)
{
    int64_t end = monotonic_ms() + DRAIN_MS;

    log_info("web.stopping", F_INT("workers", alive(s)));
    unlink(s->config->web_socket);
    signal_all(s, SIGTERM);
    while (alive(s) > 0 && monotonic_ms() < end) {
        reap(s, true);
        sleep_ms(10);
    }
    signal_all(s, SIGKILL);
    while (alive(s) > 0) {
        reap(s, true);
        sleep_ms(1);
    }
    log_info("web.stopped");
    return 0;
}

/* What reloading would run, tried out in a child of its own. */
static bool is_fit(const struct server *s)
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        char check[] = "--check", c[] = "-c";
        char *argv[] = { s->program, check, c,
                         (char *)(uintptr_t)s->config_path, NULL };

        execvp(s->program, argv);
        _exit(127);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid &&
           WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/*
 * The new program keeps process id, socket and children: it is told which
 * descriptor to listen on and which workers are of the past.
 */
static void reload(struct server *s)
{
    struct buf inherit;
    char check[] = "--inherit", c[] = "-c";

    if (!is_fit(s)) {
        log_error("web.reload", F_TEXT("error", "not fit, nothing changed"));
        return;
    }
    buf_init(&inherit, 4096);
    buf_printf(&inherit, "%d", s->listen_fd);
    for (size_t i = 0; i < s->workers; i++)
        if (atomic_load(&s->shared->slots[i].pid) > 0)
            buf_printf(&inherit, ",%d",
                       (int)atomic_load(&s->shared->slots[i].pid));
    for (size_t i = 0; i < s->old_count; i++)
        buf_printf(&inherit, ",%d", (int)s->old[i]);

    char *argv[] = { s->program, c, (char *)(uintptr_t)s->config_path, check,
                     inherit.data, NULL };

    must(fcntl(s->listen_fd, F_SETFD, 0) == 0);
    execvp(s->program, argv);
    must(fcntl(s->listen_fd, F_SETFD, FD_CLOEXEC) == 0);
    buf_fini(&inherit);
    log_error("web.reload", F_TEXT("error", strerror(errno)));
}

/* One old worker goes for each new one that is up. */
static void retire_one(struct server *s)
{
    if (s->old_count > 0 && alive(s) > s->workers)
        kill(s->old[0], SIGTERM);
}

/* ---- the loop ---------------------------------------------------------- */

static int run(struct server *s)
{
    struct timespec tick = { 0, TICK_MS * 1000000L };
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGCHLD);
    must(sigprocmask(SIG_BLOCK, &signals, NULL) == 0);
    log_info("web.started", F_TEXT("pool", s->config->web_pool),
             F_INT("workers", s->workers),
             F_INT("routes", s->app->router->count));
    for (;;) {
        int signal;

        respawn(s);
        retire_one(s);
        kill_stuck(s);
        signal = sigtimedwait(&signals, NULL, &tick);
        if (signal == SIGTERM || signal == SIGINT)
            return stop(s);
        if (signal == SIGHUP)
            reload(s);
        reap(s, false);
    }
}

/* ---- starting ---------------------------------------------------------- */

/* False, and said in the log, if people could not sign in safely. */
static bool identity_is_fit(const struct server *s)
{
    const struct identity *identity = s->app->identity;
    const char *flaw = identity == NULL || identity->unfit == NULL
        ? NULL : identity->unfit(s->config);

    if (flaw != NULL)
        log_error("web.identity", F_TEXT("error", flaw));
    return flaw == NULL;
}

static bool prepare(struct server *s)
{
    char error[300];

    program_keep_private();
    s->config = config_load(s->config_path, error, sizeof error);
    if (s->config == NULL) {
        fprintf(stderr, "pilehub-web: %s\n", error);
        return false;
    }
    log_start("pilehub-web", log_level_named(s->config->log_level));
    crypto_start();
    secret_load(s->config->secret_file);
    if (!db_server_is_fit(s->config))
        return false;
    s->workers = (size_t)s->config->web_workers;
    s->arena = arena_new(ARENA_MAX);
    must(s->arena != NULL);
    s->shared = shared_new();
    s->views = view_start(s->config->templates, config_is_demo(s->config));
    if (s->views == NULL)
        return false;
    s->app = app_new(s->arena, s->config, s->features, s->shared);
    return s->app != NULL && identity_is_fit(s);
}

static void clean_up(struct server *s)
{
    if (s->views != NULL)
        view_stop(s->views);
    if (s->shared != NULL)
        shared_free(s->shared);
    if (s->arena != NULL)
        arena_free(s->arena);
}

/* "5,123,124": descriptor, then workers. */
static void inherit(struct server *s, const char *text)
{
    char *end;

    s->listen_fd = (int)strtol(text, &end, 10);
    must(fcntl(s->listen_fd, F_SETFD, FD_CLOEXEC) == 0);
    while (*end == ',' && s->old_count < OLD_MAX)
        s->old[s->old_count++] = (pid_t)strtol(end + 1, &end, 10);
}

int web_main(int argc, char **argv, const struct features *features)
{
    struct server s = { .program = argv[0], .features = features,
                        .config_path = "", .listen_fd = -1 };
    const char *inherited = NULL;
    bool check = false;
    int code;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-c") == 0 && i + 1 < argc) {
            s.config_path = argv[++i];
        } else if (strcmp(argv[i], "--inherit") == 0 && i + 1 < argc) {
            inherited = argv[++i];
        } else if (strcmp(argv[i], "--check") == 0) {
            check = true;
        } else {
            fprintf(stderr, "Usage: pilehub-web [-c FILE] [--check]\n");
            return 2;
        }
    }
    code = prepare(&s) ? 0 : 1;
    if (code == 0 && !check) {
        if (inherited != NULL)
            inherit(&s, inherited);
        else
            s.listen_fd = open_socket(s.config->web_socket);
        code = s.listen_fd < 0 ? 1 : run(&s);
    }
    clean_up(&s);
    return code;
}
