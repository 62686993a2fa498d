/*
 * pilehub-gateway: the daemon that piles are connected to. Starts the
 * threads, receives wake-ups and signals, writes the statistics file, and
 * stops everything in order.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/config.h"
#include "base/log.h"
#include "base/program.h"
#include "base/wake.h"
#include "db/db.h"
#include "gateway/net.h"

enum {
    SPARE_FILES = 64,        /* descriptors besides the connections */
    QUEUE_RECORDS = 8192, QUEUE_NOTES = 32768, QUEUE_FRAMES = 16384,
    QUEUE_TELEMETRY = 16384, QUEUE_ENDS = 16384, QUEUE_LOOKUPS = 256,
    QUEUE_MAIL = 4096,
    STATS_MS = 1000,
    WAKES_PER_S = 50,        /* G23: more are dropped, everybody also polls */
    STATS_MAX = 65536
};

/* ---- limits of the process ------------------------------------------ */

/*
 * Every connection is a descriptor. A gateway that would run out of them in
 * a storm does not start (stack notes, section 7); a demo makes do.
 */
static bool raise_limits(const struct config *config, int64_t *most)
{
    rlim_t need = (rlim_t)config->pile_max + SPARE_FILES;
    struct rlimit r;

    *most = config->pile_max;
    must(getrlimit(RLIMIT_NOFILE, &r) == 0);
    if (r.rlim_cur >= need)
        return true;
    r.rlim_cur = need < r.rlim_max ? need : r.rlim_max;
    if (r.rlim_max < need) {
        struct rlimit higher = { need, need };

        if (setrlimit(RLIMIT_NOFILE, &higher) == 0)
            return true;
    }
    must(setrlimit(RLIMIT_NOFILE, &r) == 0);
    if (r.rlim_cur >= need)
        return true;
    log_warn("gateway.descriptors", F_INT("need", need),
             F_INT("have", r.rlim_cur));
    *most = (int64_t)r.rlim_cur - SPARE_FILES;
    return config_is_demo(config) && *most > 0;
}

/* ---- starting ------------------------------------------------------- */

static void start_worker(struct gateway *g, struct worker *w,
                         void *(*run)(void *))
{
    w->gateway = g;
    must(pthread_create(&w->thread, NULL, run, w) == 0);
}

static void start_workers(struct gateway *g)
{
    start_worker(g, &g->keeper, keeper);
    start_worker(g, &g->recorder, record_writer);
    start_worker(g, &g->stater, state_writer);
    start_worker(g, &g->historian, history_writer);
    start_worker(g, &g->commander, command_writer);
}

static int thread_count(const struct config *config)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    int64_t n = config->pile_threads != 0 ? config->pile_threads : cores;

    return n < 1 ? 1 : n > NETS_MAX ? NETS_MAX : (int)n;
}

static void make_queues(struct gateway *g)
{
    queue_init(&g->records, sizeof(struct record_item), QUEUE_RECORDS, -1);
    queue_init(&g->notes, sizeof(struct note), QUEUE_NOTES, -1);
    queue_init(&g->frames, sizeof(struct frame_item), QUEUE_FRAMES, -1);
    queue_init(&g->telemetry, sizeof(struct telemetry_row), QUEUE_TELEMETRY,
               -1);
    queue_init(&g->ends, sizeof(struct command_end), QUEUE_ENDS, -1);
    queue_init(&g->lookups, sizeof(struct lookup_item), QUEUE_LOOKUPS, -1);
    for (int i = 0; i < g->net_count; i++) {
        g->mail_fd[i] = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
        must(g->mail_fd[i] >= 0);
        queue_init(&g->mail[i], sizeof(struct mail), QUEUE_MAIL,
                   g->mail_fd[i]);
    }
}

static void free_queues(struct gateway *g)
{
    struct queue *all[] = { &g->records, &g->notes, &g->frames,
                            &g->telemetry, &g->ends, &g->lookups };

    for (size_t i = 0; i < COUNT(all); i++)
        queue_fini(all[i]);
    for (int i = 0; i < g->net_count; i++) {
        queue_fini(&g->mail[i]);
        close(g->mail_fd[i]);
    }
}

static bool start_nets(struct gateway *g)
{
    g->port = (int)g->config->pile_port;
    for (int i = 0; i < g->net_count; i++) {
        g->nets[i] = net_new(g, i);
        if (g->nets[i] == NULL)
            return false;
    }
    for (int i = 0; i < g->net_count; i++)
        must(pthread_create(&g->nets[i]->thread, NULL, net_thread,
                            g->nets[i]) == 0);
    log_info("gateway.ready", F_INT("port", g->port),
             F_TEXT("control", g->control), F_INT("threads", g->net_count));
    return true;
}

/* ---- statistics ----------------------------------------------------- */

static uint64_t total(const struct gateway *g, enum counter k)
{
    const struct worker *workers[] = { &g->keeper, &g->recorder, &g->stater,
                                       &g->historian, &g->commander };
    uint64_t sum = 0;

    for (int i = 0; i < g->net_count; i++)
        if (g->nets[i] != NULL)
            sum += count_read(&g->nets[i]->counts, k);
    for (size_t i = 0; i < COUNT(workers); i++)
        sum += count_read(&workers[i]->counts, k);
    return sum + count_read(&g->counts, k);
}

/* Text format of Prometheus, in one file that changes at once. */
static void write_stats(struct gateway *g)
{
    char path[512], fresh[520];
    struct buf b;
    int fd;

    buf_init(&b, STATS_MAX);
    buf_printf(&b, "pilehub_gateway_connections %d\n",
               atomic_load(&g->connected));
    buf_printf(&b, "pilehub_gateway_piles_online %d\n",
               atomic_load(&g->online));
    buf_printf(&b, "pilehub_gateway_port %d\n", g->port);
    buf_printf(&b, "pilehub_gateway_loaded %d\n",
               (int)atomic_load(&g->is_loaded));
    for (int k = 0; k < COUNTER_MAX; k++)
        buf_printf(&b, "# HELP pilehub_gateway_%s_total %s\n"
                   "# TYPE pilehub_gateway_%s_total counter\n"
                   "pilehub_gateway_%s_total %llu\n",
                   counter_infos[k].name, counter_infos[k].help,
                   counter_infos[k].name, counter_infos[k].name,
                   (unsigned long long)total(g, (enum counter)k));
    snprintf(path, sizeof path, "%s/run/%s.stats", g->config->home,
             g->config->gateway_name);
    snprintf(fresh, sizeof fresh, "%s.new", path);
    fd = b.failed ? -1 : open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                              0600);
    if (fd >= 0) {
        bool whole = write(fd, b.data, b.len) == (ssize_t)b.len;

        close(fd);
        if (!whole || rename(fresh, path) != 0)
            log_warn("gateway.stats", F_TEXT("error", strerror(errno)));
    }
    buf_fini(&b);
}

/* ---- the main loop -------------------------------------------------- */

struct control {
    int wake_fd, signal_fd;
    int64_t stats_ms, second_ms;
    int wakes; /* heeded in this second */
};

/* "Look at pile X": the command writer looks at all of them (G23). */
static void read_wakes(struct gateway *g, struct control *c)
{
    uint8_t bytes[WAKE_SIZE + 1];
    int64_t now_ms = monotonic_ms(), subject;
    ssize_t n;

    if (now_ms - c->second_ms >= 1000) {
        c->second_ms = now_ms;
        c->wakes = 0;
    }
    while ((n = recv(c->wake_fd, bytes, sizeof bytes, MSG_DONTWAIT)) >= 0) {
        if (c->wakes >= WAKES_PER_S ||
            !wake_decode(bytes, (size_t)n, stamp_now().ms * 1000, &subject)) {
            count_one(&g->counts, COUNT_wakes_refused);
            continue;
        }
        c->wakes++;
        count_one(&g->counts, COUNT_wakes);
        queue_poke(&g->ends);
    }
}

static int make_signal_fd(void)
{
    sigset_t set;
    int fd;

    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    must(pthread_sigmask(SIG_BLOCK, &set, NULL) == 0);
    signal(SIGPIPE, SIG_IGN);
    fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    must(fd >= 0);
    return fd;
}

/* Waits for something, at most a while. False: told to stop. */
static bool wait_some(struct gateway *g, struct control *c)
{
    struct pollfd p[] = { { .fd = c->wake_fd, .events = POLLIN },
                          { .fd = c->signal_fd, .events = POLLIN } };
    struct signalfd_siginfo s;

    if (poll(p, COUNT(p), 200) > 0 && p[0].revents != 0)
        read_wakes(g, c);
    if (monotonic_ms() - c->stats_ms >= STATS_MS) {
        c->stats_ms = monotonic_ms();
        write_stats(g);
    }
    if (atomic_load(&g->is_stopping) || atomic_load(&g->is_fenced))
        return false;
    return read(c->signal_fd, &s, sizeof s) != sizeof s ||
           s.ssi_signo == SIGHUP;
}

/* ---- stopping ------------------------------------------------------- */

/* Network threads may sleep until something comes. */
static void wake_nets(struct gateway *g)
{
    for (int i = 0; i < g->net_count; i++)
        queue_poke(&g->mail[i]);
}

/* Connections go first, spread over a while; then what they left is
   written; then the rest. */
static void stop_nets(struct gateway *g)
{
    int64_t until = monotonic_ms() + g->config->pile_drain_ms + 2000;

    atomic_store(&g->is_draining, true);
    wake_nets(g);
    while (atomic_load(&g->connected) > 0 && monotonic_ms() < until &&
           !atomic_load(&g->is_fenced))
        worker_pause(&g->keeper, 50);
    atomic_store(&g->is_stopping, true);
    wake_nets(g);
    for (int i = 0; i < g->net_count; i++)
        if (g->nets[i] != NULL && g->nets[i]->thread != 0)
            pthread_join(g->nets[i]->thread, NULL);
}

static void stop_workers(struct gateway *g)
{
    struct worker *order[] = { &g->recorder, &g->stater, &g->historian,
                               &g->commander, &g->keeper };
    struct queue *queues[] = { &g->records, &g->notes, &g->frames, &g->ends,
                               &g->lookups };

    for (size_t i = 0; i < COUNT(order); i++) {
        queue_close(queues[i]);
        if (queues[i] == &g->frames)
            queue_close(&g->telemetry);
        pthread_join(order[i]->thread, NULL);
    }
}

static int run(struct gateway *g, const struct config *config)
{
    struct control c = { .signal_fd = make_signal_fd() };
    bool ok;

    g->config = config;
    g->net_count = thread_count(config);
    c.wake_fd = wake_listen("127.0.0.1", (int)config->control_port,
                            g->control);
    if (c.wake_fd < 0) {
        log_error("gateway.control", F_TEXT("error", strerror(errno)));
        return 1;
    }
    chargers_init(&g->chargers);
    limits_init(&g->limits, (int)config->pile_per_address);
    make_queues(g);
    start_workers(g);
    ok = true;
    while (!atomic_load(&g->is_loaded) && ok)
        ok = wait_some(g, &c);
    if (ok && start_nets(g))
        while (wait_some(g, &c))
            ;
    else
        ok = atomic_load(&g->is_loaded) == false;
    log_info("gateway.stopping", F_INT("piles", atomic_load(&g->online)));
    stop_nets(g);
    stop_workers(g);
    write_stats(g);
    for (int i = 0; i < g->net_count; i++)
        net_free(g->nets[i]);
    free_queues(g);
    limits_fini(&g->limits);
    chargers_fini(&g->chargers);
    gateway_forget(g);
    close(c.wake_fd);
    close(c.signal_fd);
    return !ok || atomic_load(&g->recorder.is_failed) ||
           atomic_load(&g->is_fenced);
}

/* The journal and the statistics stand there. */
static bool make_home(const struct config *config)
{
    char path[512];

    snprintf(path, sizeof path, "%s/run", config->home);
    if ((mkdir(config->home, 0700) == 0 || errno == EEXIST) &&
        (mkdir(path, 0700) == 0 || errno == EEXIST))
        return true;
    log_error("gateway.home", F_TEXT("path", path),
              F_TEXT("error", strerror(errno)));
    return false;
}

int main(int argc, char **argv)
{
    const struct config *config = program_begin("gateway", argc, argv);
    struct gateway *g;
    int status;

    if (config == NULL)
        return 2;
    mallopt(M_ARENA_MAX, 2); /* threads share memory, none needs an own heap */
    g = calloc(1, sizeof *g);
    must(g != NULL);
    if (!make_home(config) || !raise_limits(config, &g->most) ||
        !db_server_is_fit(config)) {
        free(g);
        return 1;
    }
    status = run(g, config);
    free(g);
    return status;
}
