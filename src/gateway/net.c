/*
 * The loop of a network thread: level-triggered epoll, one listener of its
 * own (SO_REUSEPORT), mail from other threads, timers.
 */
#include "gateway/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "asset/live.h"
#include "base/config.h"
#include "base/log.h"

enum {
    EVENTS = 512,
    ACCEPTS = 256,      /* of one round: others must get their turn */
    MAILS = 64,
    BACKLOG = 4096,     /* a reconnect storm waits here */
    FLUSH_MS = 100,
    EVICT_AFTER_MS = 1000,
    NO_DESCRIPTOR_MS = 200,
    STARVED_MS = 1000,
    ID_LISTENER = 1, ID_MAIL = 2 /* no connection has these */
};

/* ---- sockets -------------------------------------------------------- */

static bool set_option(int fd, int level, int name, int value)
{
    return setsockopt(fd, level, name, &value, sizeof value) == 0;
}

/* The address of the settings with a port, as a socket address. */
static socklen_t address_of(const char *host, int port,
                            struct sockaddr_storage *out)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)out;

    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        return sizeof *v4;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        return sizeof *v6;
    }
    return 0;
}

static int port_of(int fd)
{
    struct sockaddr_storage at = { .ss_family = AF_UNSPEC };
    socklen_t len = sizeof at;

    must(getsockname(fd, (struct sockaddr *)&at, &len) == 0);
    return ntohs(at.ss_family == AF_INET
                     ? ((struct sockaddr_in *)&at)->sin_port
                     : ((struct sockaddr_in6 *)&at)->sin6_port);
}

/*
 * Listeners of one process share the port. The first one is made alone, so
 * that another process that listens there is found out: the kernel would
 * share the piles with it.
 */
static int listen_on(const char *host, int port, bool shared)
{
    struct sockaddr_storage at;
    socklen_t len = address_of(host, port, &at);
    int fd;

    if (len == 0)
        return -1;
    fd = socket(at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (set_option(fd, SOL_SOCKET, SO_REUSEADDR, 1) &&
        set_option(fd, SOL_SOCKET, SO_REUSEPORT, shared) &&
        bind(fd, (struct sockaddr *)&at, len) == 0 &&
        listen(fd, BACKLOG) == 0)
        return fd;
    close(fd);
    return -1;
}

/* The same port again, for all threads. */
static int share(int alone, struct gateway *g)
{
    g->port = port_of(alone);
    close(alone);
    return listen_on(g->config->pile_host, g->port, true);
}

static void watch(struct net *n, int fd, uint64_t id)
{
    struct epoll_event e = { .events = EPOLLIN, .data.u64 = id };

    must(epoll_ctl(n->epoll, EPOLL_CTL_ADD, fd, &e) == 0);
}

struct net *net_new(struct gateway *g, int index)
{
    struct net *n = calloc(1, sizeof *n);

    must(n != NULL);
    n->gateway = g;
    n->index = index;
    n->listener = listen_on(g->config->pile_host, g->port, index > 0);
    if (n->listener >= 0 && index == 0) /* ours from now on: share it */
        n->listener = share(n->listener, g);
    if (n->listener < 0) {
        log_error("gateway.listen", F_TEXT("host", g->config->pile_host),
                  F_INT("port", g->port), F_TEXT("error", strerror(errno)));
        free(n);
        return NULL;
    }
    n->epoll = epoll_create1(EPOLL_CLOEXEC);
    n->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    must(n->epoll >= 0 && n->reserve >= 0);
    n->now_ms = monotonic_ms();
    n->now = stamp_now();
    wheel_init(&n->wheel, n->now_ms);
    watch(n, n->listener, ID_LISTENER);
    watch(n, g->mail_fd[index], ID_MAIL);
    n->is_accepting = true;
    return n;
}

void net_free(struct net *n)
{
    if (n == NULL)
        return;
    for (uint32_t i = 0; i < n->places; i += CONN_CHUNK)
        free(n->chunks[i / CONN_CHUNK]);
    free(n->chunks);
    free(n->free_places);
    pending_fini(n);
    close(n->listener);
    close(n->epoll);
    if (n->reserve >= 0)
        close(n->reserve);
    free(n);
}

struct conn *net_conn(struct net *n, conn_id id)
{
    uint32_t place = conn_id_place(id);
    struct conn *c;

    if (id == 0 || conn_id_net(id) != n->index || place >= n->places)
        return NULL;
    c = &n->chunks[place / CONN_CHUNK][place % CONN_CHUNK];
    must(c->magic == CONN_MAGIC);
    if (c->fd < 0 || c->generation != conn_id_generation(id))
        return NULL;
    return c;
}

/* ---- accepting ------------------------------------------------------ */

static void tune(const struct net *n, int fd)
{
    int unheard_ms = (int)session_suspect_ms(n); /* 30 s (G18) */

    set_option(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_option(fd, IPPROTO_TCP, TCP_KEEPIDLE, 30);
    set_option(fd, IPPROTO_TCP, TCP_KEEPINTVL, 10);
    set_option(fd, IPPROTO_TCP, TCP_KEEPCNT, 3);
    set_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, unheard_ms);
}

static void peer_of(const struct sockaddr_storage *at, struct address *out)
{
    if (at->ss_family == AF_INET6) {
        memcpy(out->ip, &((const struct sockaddr_in6 *)at)->sin6_addr, 16);
        return;
    }
    memset(out->ip, 0, 10);
    memset(out->ip + 10, 0xff, 2);
    memcpy(out->ip + 12, &((const struct sockaddr_in *)at)->sin_addr, 4);
}

static void accepting(struct net *n, bool on)
{
    struct epoll_event e = { .events = on ? EPOLLIN : 0,
                             .data.u64 = ID_LISTENER };

    if (n->is_accepting == on)
        return;
    must(epoll_ctl(n->epoll, EPOLL_CTL_MOD, n->listener, &e) == 0);
    n->is_accepting = on;
}

/*
 * At the descriptor limit a pending connection would wake the loop for ever:
 * it is accepted with the descriptor kept for this, and closed (G19). Another
 * thread may be faster with that one: then nobody is accepted for a while.
 */
static void turn_one_away(struct net *n)
{
    int fd;

    if (n->reserve >= 0)
        close(n->reserve);
    fd = accept4(n->listener, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) {
        close(fd);
        count_one(&n->counts, COUNT_no_descriptor);
    }
    n->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (n->reserve < 0) {
        n->accept_ms = n->now_ms + NO_DESCRIPTOR_MS;
        accepting(n, false);
    }
}

/*
 * Room for one that has not logged in. When all is taken, whoever has been
 * silent longest goes; if nobody has been for long, newcomers wait in the
 * backlog of the socket: a storm is let in at the rate at which it logs in.
 */
static bool make_room(struct net *n)
{
    struct gateway *g = n->gateway;
    struct conn *c = n->oldest;

    if (atomic_load(&g->connected) >= g->most)
        return false;
    if (atomic_load(&g->waiting) < WAITING_MAX)
        return true;
    if (c == NULL || n->now_ms - c->opened_ms < EVICT_AFTER_MS)
        return false;
    conn_close(n, c, COUNT_evicted);
    return true;
}

void net_no_memory(struct net *n, const char *what)
{
    count_one(&n->counts, COUNT_no_memory);
    if (n->now_ms - n->starved_ms < STARVED_MS)
        return;
    n->starved_ms = n->now_ms;
    log_error("gateway.no_memory", F_TEXT("for", what));
}

/* Without memory for it this one is turned away, and the others wait in the
   backlog of the socket for a while. */
static void starve(struct net *n, int fd, const struct address *from)
{
    close(fd);
    if (!n->gateway->config->pile_proxy)
        limits_leave(&n->gateway->limits, from);
    net_no_memory(n, "connections");
    n->accept_ms = n->now_ms + NO_DESCRIPTOR_MS;
    accepting(n, false);
}

/* The address that counts is the balancer's until its header has come. */
static void admit(struct net *n, int fd, const struct sockaddr_storage *at)
{
    struct gateway *g = n->gateway;
    struct address from;

    peer_of(at, &from);
    if (!g->config->pile_proxy &&
        !limits_enter(&g->limits, &from, n->now_ms)) {
        close(fd);
        count_one(&n->counts, COUNT_refused_address);
        return;
    }
    tune(n, fd);
    if (conn_open(n, fd, &from) == NULL)
        starve(n, fd, &from);
}

static void accept_some(struct net *n)
{
    for (int i = 0; i < ACCEPTS && n->is_accepting; i++) {
        struct sockaddr_storage at;
        socklen_t len = sizeof at;
        int fd;

        if (!make_room(n)) {
            accepting(n, false);
            return;
        }
        fd = accept4(n->listener, (struct sockaddr *)&at, &len,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0) {
            admit(n, fd, &at);
        } else if (errno == EMFILE || errno == ENFILE) {
            turn_one_away(n);
            return;
        } else if (errno != EINTR && errno != ECONNABORTED) {
            return;
        }
    }
}

/* ---- mail ----------------------------------------------------------- */

/* A record of another day: a lost confirmation, or an old capture (F48). */
static void tell_old(struct net *n, const struct mail *m)
{
    if (session_may_alarm(n, m->charger))
        session_event(n, m->charger, m->ack.gun, EVENT_PROTOCOL,
                      "早已存入的交易记录再次上传，疑似重放旧报文");
}

/* 0x40: only what is stored is confirmed, with the number as it came. */
static void ack(struct net *n, const struct mail *m)
{
    struct conn *c = net_conn(n, m->to);
    uint8_t body[17] = { 0 };
    struct charger *ch;

    if (c == NULL)
        return; /* the pile sends the record again */
    ch = m->charger != NULL && session_owns(n, c, m->charger) ? m->charger
                                                              : NULL;
    if (ch != NULL && m->ack.is_old)
        tell_old(n, m);
    memcpy(body, m->ack.trade, 16);
    conn_send(n, c, ch,
              ykc_reply_head(ykc_type_record_confirmation, &m->ack.head),
              body, sizeof body);
    count_one(&n->counts, COUNT_records_acked);
}

static void deliver(struct net *n, const struct mail *m)
{
    switch (m->kind) {
    case MAIL_ACK:
        ack(n, m);
        break;
    case MAIL_COMMAND:
        pending_command(n, m);
        break;
    case MAIL_PROBE:
    case MAIL_ADMIT:
    case MAIL_REFUSE:
    case MAIL_RELEASE:
        login_mail(n, m);
        break;
    }
}

static void read_mail(struct net *n)
{
    struct queue *q = &n->gateway->mail[n->index];
    struct mail mails[MAILS];
    uint64_t wakes;
    size_t count;

    if (read(n->gateway->mail_fd[n->index], &wakes, sizeof wakes) < 0)
        return;
    while ((count = queue_take(q, mails, MAILS, 0)) > 0)
        for (size_t i = 0; i < count; i++)
            deliver(n, &mails[i]);
}

/* ---- the loop ------------------------------------------------------- */

static void run_timers(struct net *n)
{
    struct timer *t;

    while ((t = wheel_next(&n->wheel, n->now_ms)) != NULL) {
        if (t->kind == TIMER_PENDING) {
            pending_tick(n, t);
        } else {
            struct conn *c = (struct conn *)((char *)t -
                                             offsetof(struct conn, timer));

            must(c->magic == CONN_MAGIC);
            conn_tick(n, c);
        }
    }
}

static void handle(struct net *n, const struct epoll_event *e)
{
    struct conn *c;

    if (e->data.u64 == ID_LISTENER) {
        accept_some(n);
        return;
    }
    if (e->data.u64 == ID_MAIL) {
        read_mail(n);
        return;
    }
    c = net_conn(n, e->data.u64);
    if (c != NULL && e->events & EPOLLOUT)
        conn_writable(n, c);
    c = net_conn(n, e->data.u64);
    if (c != NULL && e->events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        conn_readable(n, c);
}

/* Closes connections evenly over the time the settings give (G19). */
static void drain(struct net *n)
{
    int64_t span = n->gateway->config->pile_drain_ms, gone;
    uint32_t until;

    accepting(n, false);
    if (n->drain_from_ms == 0)
        n->drain_from_ms = n->now_ms;
    gone = n->now_ms - n->drain_from_ms;
    until = gone >= span ? n->places
                         : (uint32_t)((int64_t)n->places * gone / span);
    for (; n->drained < until; n->drained++) {
        struct conn *c = &n->chunks[n->drained / CONN_CHUNK]
                                   [n->drained % CONN_CHUNK];

        if (c->fd >= 0)
            conn_close(n, c, COUNT_closed);
    }
}

static int wait_ms(const struct net *n)
{
    int wait = wheel_wait_ms(&n->wheel, n->now_ms);

    if (n->dirty != NULL || !n->is_accepting ||
        atomic_load_explicit(&n->gateway->is_draining, memory_order_relaxed))
        return wait >= 0 && wait < FLUSH_MS ? wait : FLUSH_MS;
    return wait;
}

static void round_end(struct net *n)
{
    run_timers(n);
    if (n->dirty != NULL && n->now_ms - n->flushed_ms >= FLUSH_MS)
        session_flush(n);
    if (atomic_load_explicit(&n->gateway->is_draining, memory_order_relaxed))
        drain(n);
    else if (!n->is_accepting && n->now_ms >= n->accept_ms && make_room(n))
        accepting(n, true);
}

void net_round(struct net *n, int most_ms)
{
    struct epoll_event events[EVENTS];
    int wait = wait_ms(n), count;

    if (most_ms >= 0 && (wait < 0 || wait > most_ms))
        wait = most_ms;
    count = epoll_wait(n->epoll, events, EVENTS, wait);
    must(count >= 0 || errno == EINTR);
    n->now_ms = monotonic_ms();
    n->now = stamp_now();
    for (int i = 0; i < count; i++)
        handle(n, &events[i]);
    round_end(n);
}

void *net_thread(void *arg)
{
    struct net *n = arg;

    while (!atomic_load(&n->gateway->is_stopping))
        net_round(n, -1);
    session_flush(n);
    return NULL;
}
