/*
 * The FastCGI side of a worker: waiting, reading, sending, and the limits of
 * rule W4. The waiting loop is explained in docs/architecture.md: it is what
 * lets a worker stop without losing a request.
 */
#include "web/worker.h"

#include <errno.h>
#include <fcgiapp.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/config.h"
#include "base/crypto.h"
#include "base/log.h"
#include "base/program.h"
#include "base/stamp.h"
#include "db/db.h"

enum {
    IDLE_TICK_S = 30,
    LAST_ONES = 4,  /* requests still taken after the word to stop */
    SEND_CHUNK = 64 * 1024,
    HEAD_MAX = 32 * 1024,
    WEB_STATEMENT_S = 10, /* T4 */
    SLOW_STATEMENT_S = 30,
};

/* ---- signals ----------------------------------------------------------- */

/* The connection of the request being served, for the last word below. */
static volatile sig_atomic_t last_word_fd = -1;
static volatile sig_atomic_t last_word_id;

/*
 * The budget is used up (W4): answer 503 on the bare connection and end. Only
 * async-signal-safe calls; the handler's state is not touched any more. The
 * database rolls back when its connection closes, unless it had the COMMIT.
 */
static void on_budget(int signal)
{
    static const char text[] =
        "Status: 503 Service Unavailable\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n"
        "Cache-Control: no-store\r\n"
        "X-Content-Type-Options: nosniff\r\n\r\n"
        "这个请求耗时过长，已中止。是否生效还不能确定，核对后再决定是否重试。\n";
    enum { TEXT = sizeof text - 1, STDOUT = 6, END = 3 };
    unsigned char id_high = (unsigned char)(last_word_id >> 8);
    unsigned char id_low = (unsigned char)last_word_id;
    unsigned char head[8] = { 1, STDOUT, id_high, id_low,
                              TEXT >> 8, TEXT & 255, 0, 0 };
    unsigned char end[24] = { 1, STDOUT, id_high, id_low, 0, 0, 0, 0,
                              1, END, id_high, id_low, 0, 8, 0, 0 };

    (void)signal;
    if (last_word_fd >= 0 &&
        write(last_word_fd, head, sizeof head) == sizeof head &&
        write(last_word_fd, text, TEXT) == TEXT &&
        write(last_word_fd, end, sizeof end) == sizeof end)
        shutdown(last_word_fd, SHUT_WR);
    _exit(WORKER_OVER_BUDGET);
}

static void handle(int signal, void (*handler)(int))
{
    struct sigaction a = { .sa_handler = handler };

    sigemptyset(&a.sa_mask);
    must(sigaction(signal, &a, NULL) == 0);
}

/* SIGTERM stays blocked: the worker reads it where it waits. */
static void set_signals(const struct worker *w, sigset_t *stop)
{
    handle(SIGALRM, on_budget);
    handle(SIGPIPE, SIG_IGN);
    handle(SIGHUP, SIG_IGN); /* for the master, though sent to the group */
    handle(SIGINT, SIG_IGN);
    handle(SIGUSR1, SIG_IGN);
    handle(SIGCHLD, SIG_DFL);
    sigemptyset(stop);
    sigaddset(stop, SIGTERM);
    must(sigprocmask(SIG_SETMASK, stop, NULL) == 0);
    program_end_with(w->master);
}

/* Exceeding a limit ends the worker, not the host (W4). */
static void set_limits(void)
{
#ifndef __SANITIZE_ADDRESS__
    struct rlimit space = { (rlim_t)WORKER_SPACE_MAX << 20,
                            (rlim_t)WORKER_SPACE_MAX << 20 };

    must(setrlimit(RLIMIT_AS, &space) == 0);
#endif
}

/* ---- waiting ----------------------------------------------------------- */

/* Where requests come in. */
struct door {
    int listen_fd;
    int stop_fd; /* readable once SIGTERM has come */
    int watch;   /* epoll on both; -1 after SIGTERM */
    int last;    /* after SIGTERM: so many more requests */
    int64_t silent_ms; /* a connection that sends nothing is given up */
};

static void watch_for(const struct door *d, int fd, uint32_t events)
{
    struct epoll_event e = { .events = events, .data.fd = fd };

    must(epoll_ctl(d->watch, EPOLL_CTL_ADD, fd, &e) == 0);
}

/* The listening socket is watched exclusively, so that a connection wakes one
   worker and not all of them. */
static void door_open(struct door *d, const struct worker *w,
                      const sigset_t *stop)
{
    *d = (struct door){ .listen_fd = w->listen_fd, .last = LAST_ONES,
                        .silent_ms = w->app->config->web_budget_ms };
    d->stop_fd = signalfd(-1, stop, SFD_CLOEXEC);
    d->watch = epoll_create1(EPOLL_CLOEXEC);
    must(d->stop_fd >= 0 && d->watch >= 0);
    watch_for(d, d->stop_fd, EPOLLIN);
    watch_for(d, d->listen_fd, EPOLLIN | EPOLLEXCLUSIVE);
}

/* From here on connections wake others. */
static void door_leave(struct door *d)
{
    close(d->watch);
    d->watch = -1;
}

static void door_close(struct door *d)
{
    if (d->watch >= 0)
        door_leave(d);
    close(d->stop_fd);
}

/*
 * Waits until there is something to do. The word to stop is heard even if
 * there always is: a signal let in by epoll_pwait would not be, as long as
 * connections are waiting.
 */
static void door_wait(struct door *d, struct db *db)
{
    struct epoll_event e[2];
    int n = epoll_wait(d->watch, e, COUNT(e), IDLE_TICK_S * 1000);

    if (n == 0)
        db_between(db);
    for (int i = 0; i < n; i++)
        if (e[i].data.fd == d->stop_fd)
            door_leave(d);
}

static bool accept_one(FCGX_Request *q, const struct door *d)
{
    struct timeval silent = { d->silent_ms / 1000,
                              d->silent_ms % 1000 * 1000 };
    int fd = accept4(d->listen_fd, NULL, NULL, SOCK_CLOEXEC);

    if (fd >= 0) {
        q->ipcFd = fd;
        must(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &silent,
                        sizeof silent) == 0);
    } else if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED) {
        log_warn("web.accept", F_INT("errno", errno));
    }
    return fd >= 0; /* false mostly means: another worker took it */
}

/*
 * The next request; false when it is time to stop. A connection that its
 * client wants to keep is closed: kept ones would pin workers and starve the
 * rest. A worker that is to stop takes what woke it before it went from the
 * door, and nobody else knows of.
 */
static bool next_request(FCGX_Request *q, struct door *d, struct db *db)
{
    for (;;) {
        if (q->ipcFd >= 0)
            FCGX_Free(q, 1);
        if (d->watch >= 0)
            door_wait(d, db);
        if (d->watch < 0 && d->last-- <= 0)
            return false;
        if (!accept_one(q, d)) {
            if (d->watch < 0)
                return false;
            continue;
        }
        q->keepConnection = 1; /* else FCGX_Accept_r closes what we set */
        if (FCGX_Accept_r(q) == 0)
            return true;
        q->keepConnection = 0;
    }
}

/* ---- one request ------------------------------------------------------- */

static const char *get_param(void *from, const char *name)
{
    FCGX_Request *q = from;

    return FCGX_GetParam(name, q->envp);
}

/* What is in libfcgi's buffer is wiped as it is taken: it gives the buffer
   back as it is (W9). */
static ssize_t read_body(void *from, char *to, size_t n)
{
    FCGX_Request *q = from;
    FCGX_Stream *in = q->in;
    unsigned char *at;
    int c;

    if (in->rdNext == in->stop) {
        c = FCGX_GetChar(in);
        if (c < 0)
            return 0;
        FCGX_UnGetChar(c, in);
    }
    at = in->rdNext;
    if (n > (size_t)(in->stop - at))
        n = (size_t)(in->stop - at);
    must(FCGX_GetStr(to, (int)n, in) == (int)n);
    secret_wipe(at, n);
    return (ssize_t)n;
}

/* What nobody read is taken off the connection, or nginx would see it closed
   while still sending. It holds the whole body already. */
static void drain(FCGX_Request *q)
{
    char waste[4096];
    size_t sum = 0;

    while (sum < INPUT_UPLOAD_MAX + INPUT_RAW_MAX) {
        ssize_t n = read_body(q, waste, sizeof waste);

        if (n <= 0)
            break;
        sum += (size_t)n;
    }
    secret_wipe(waste, sizeof waste);
}

static size_t send_fd(FCGX_Request *q, const struct answer *a)
{
    char chunk[SEND_CHUNK];
    int64_t sent = 0;

    while (sent < a->fd_len) {
        size_t want = a->fd_len - sent < SEND_CHUNK
            ? (size_t)(a->fd_len - sent) : SEND_CHUNK;
        ssize_t n = pread(a->fd, chunk, want, (off_t)sent);

        if (n <= 0 || FCGX_PutStr(chunk, (int)n, q->out) != n)
            break; /* the length in the head tells the client */
        sent += n;
    }
    return (size_t)sent;
}

static size_t send_answer(FCGX_Request *q, const struct answer *a, bool head)
{
    struct buf top;
    size_t sent;

    buf_init(&top, HEAD_MAX);
    answer_head(a, &top);
    must(buf_text(&top) != NULL);
    FCGX_PutStr(top.data, (int)top.len, q->out);
    sent = top.len;
    buf_fini(&top);
    if (head)
        return sent;
    if (a->fd >= 0)
        return sent + send_fd(q, a);
    for (size_t at = 0; at < a->body.len;) {
        size_t n = a->body.len - at < SEND_CHUNK ? a->body.len - at
                                                 : SEND_CHUNK;

        if (FCGX_PutStr(a->body.data + at, (int)n, q->out) != (int)n)
            break;
        at += n;
    }
    return sent + a->body.len;
}

static void log_request(struct cx *cx, const struct served *served,
                        int status, int64_t took_us, size_t bytes)
{
    log_info("web.request", F_TEXT("method", served->method),
             F_TEXT("path", served->path), F_INT("status", status),
             F_INT("us", took_us), F_INT("bytes", bytes),
             F_INT("actor_kind", cx->actor.kind),
             F_INT("actor", cx->actor.id),
             F_TEXT("address", cx->actor.address),
             F_TEXT("error", served->error == NULL ? "" : served->error));
}

/* For the log, should this request be the last one. */
static void note_request(struct slot *slot, const FCGX_Request *q)
{
    const char *id = FCGX_GetParam("REQUEST_ID", q->envp);

    snprintf(slot->request_id, sizeof slot->request_id, "%s",
             id == NULL ? "" : id);
    atomic_store(&slot->busy_since_ms, monotonic_ms());
}

static void serve(const struct worker *w, struct cx *cx, FCGX_Request *q,
                  struct answer *answer)
{
    struct transport transport = { get_param, read_body, q };
    struct served served = { .class = CLASS_PAGE };
    int64_t began = monotonic_us();
    size_t bytes;

    last_word_id = q->requestId;
    last_word_fd = q->ipcFd;
    note_request(w->slot, q);
    program_alarm(w->app->config->web_budget_ms);
    cx_begin(cx);
    app_serve(w->app, cx, &transport, answer, &served);
    last_word_fd = -1; /* from here on bytes are on their way */
    drain(q);
    bytes = send_answer(q, answer, served.head);
    FCGX_Finish_r(q);
    program_alarm(0);

    int64_t took = monotonic_us() - began;

    shared_count(w->app->shared, served.class, answer->status, took, bytes);
    log_request(cx, &served, answer->status, took, bytes);
    log_set_context("");
    answer_reset(answer);
    if (served.secret)
        arena_wipe(cx->arena);
    atomic_fetch_add(&w->slot->served, 1);
    atomic_store(&w->slot->busy_since_ms, 0);
}

int worker_run(const struct worker *w)
{
    const struct config *config = w->app->config;
    struct db_login login = db_login_of(config, w->app->slow_pool
                                                    ? SLOW_STATEMENT_S
                                                    : WEB_STATEMENT_S);
    struct answer answer;
    struct door door;
    FCGX_Request q;
    sigset_t stop;
    struct db *db;
    struct cx *cx;
    int64_t served = 0;

    set_limits();
    must(FCGX_Init() == 0);
    set_signals(w, &stop);
    must(FCGX_InitRequest(&q, w->listen_fd, FCGI_FAIL_ACCEPT_ON_INTR) == 0);
    door_open(&door, w, &stop);
    db = db_open(&login);
    must(db != NULL);
    db_use_gate(db, &w->app->shared->gate,
                (size_t)(w->slot - w->app->shared->slots));
    db_use_times(db, &w->app->shared->transactions);
    cx = cx_new(db, config, WORKER_ARENA_MAX);
    must(cx != NULL);
    cx->views = w->views;
    cx->breakers = &w->app->shared->breakers;
    answer_init(&answer);
    while (served < config->web_recycle &&
           next_request(&q, &door, db)) {
        serve(w, cx, &q, &answer);
        db_between(db);
        served++;
    }
    FCGX_Free(&q, 1);
    door_close(&door);
    answer_fini(&answer);
    cx_free(cx);
    db_close(db);
    return 0;
}
