/*
 * Loads: see bench.h. The clients are as thin as they can be and as honest
 * as they must be: every byte that comes back goes through the real parser.
 */
#include "sim/bench.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/stamp.h"
#include "protocol/ykc/stream.h"
#include "sim/fleet.h"
#include "sim/pile.h"
#include "sim/target.h"

enum {
    EVENTS = 512,
    CONNECTING_MOST = 1024,   /* at a time: the backlog of a listener */
    PILES_PER_SOURCE = 16,    /* below the usual limit for one address */
    LOGIN_LIMIT_MS = 120000,
    RETRY_MS = 200,
    BEAT_MS = 10000,          /* while only staying */
    WARM_UP_MS = 1000,
    IN_FLIGHT_MOST = 16,
    BEAT_SIZE = 17,
    BUCKETS = 256             /* of the latency: 8 to each doubling */
};

enum client_state { CLIENT_CLOSED, CLIENT_CONNECTING, CLIENT_LOGIN,
                    CLIENT_READY, CLIENT_REFUSED };

struct client {
    int fd;
    enum client_state state;
    char code[YKC_PILE_TEXT];
    int64_t retry_ms;
    uint32_t sent;            /* records so far: makes their numbers */
    int64_t asked_us[IN_FLIGHT_MOST]; /* when those in flight went */
    uint32_t asked, answered; /* so many so far: places in it */
    uint8_t beat[BEAT_SIZE];  /* its heartbeat, the same every time */
    struct ykc_stream in;
};

struct bench {
    const struct sim_options *o;
    struct target target;
    size_t sources;
    int epoll_fd;
    struct client *clients;
    size_t count, room;
    size_t next;              /* the first that never connected */
    size_t connecting, ready, refused;
    uint64_t broken;          /* connections lost */
    bool loading;             /* clients send what is measured */
    bool counting;
    uint64_t answers, errors;
    stamp began;              /* gives the records their numbers */
    uint64_t latency[BUCKETS];
};

static int64_t now_us(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000) + t.tv_nsec / 1000;
}

/* ---- latency ------------------------------------------------------------ */

static size_t bucket_of(int64_t us)
{
    size_t doubling = 0;

    us = us < 8 ? 8 : us;
    while (us >= 16) {
        us >>= 1;
        doubling++;
    }
    doubling = doubling * 8 + (size_t)us - 8;
    return doubling < BUCKETS ? doubling : BUCKETS - 1;
}

/* The upper end of the bucket below which that many percent lie. */
static int64_t percentile_us(const struct bench *b, uint64_t percent)
{
    uint64_t total = 0, below = 0;

    for (size_t i = 0; i < BUCKETS; i++)
        total += b->latency[i];
    for (size_t i = 0; total > 0 && i < BUCKETS; i++) {
        below += b->latency[i];
        if (below * 100 >= total * percent)
            return (int64_t)(8 + i % 8 + 1) << i / 8;
    }
    return 0;
}

/* ---- clients ------------------------------------------------------------ */

static void make_heartbeat(struct client *c)
{
    struct ykc_heartbeat f = { .gun_number = 1 };
    struct ykc_head head = { .type = ykc_type_heartbeat };
    uint8_t bytes[YKC_MAX_FRAME];
    size_t len;

    memcpy(f.pile_code, c->code, sizeof f.pile_code);
    must(ykc_build(&head, &f, bytes, &len) == WIRE_OK && len == BEAT_SIZE);
    memcpy(c->beat, bytes, BEAT_SIZE);
}

static void take_code(void *arg, const struct pile_spec *spec)
{
    struct bench *b = arg;

    if (b->count == (size_t)b->o->connections)
        return;
    if (b->count == b->room) {
        b->room = b->room == 0 ? 1024 : 2 * b->room;
        b->clients = reallocarray(b->clients, b->room, sizeof *b->clients);
        must(b->clients != NULL);
    }
    memset(&b->clients[b->count], 0, sizeof *b->clients);
    b->clients[b->count].fd = -1;
    memcpy(b->clients[b->count].code, spec->code, sizeof spec->code);
    make_heartbeat(&b->clients[b->count]);
    b->count++;
}

static void close_client(struct bench *b, struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    b->connecting -= c->state == CLIENT_CONNECTING;
    b->ready -= c->state == CLIENT_READY;
    b->broken += c->state != CLIENT_REFUSED;
    if (c->state != CLIENT_REFUSED)
        c->state = CLIENT_CLOSED;
    c->retry_ms = monotonic_ms() + RETRY_MS;
}

static void send_bytes(struct bench *b, struct client *c, const uint8_t *p,
                       size_t n)
{
    /* A few small frames fit every socket's buffer; if not, something is
       wrong over there. */
    if (send(c->fd, p, n, MSG_NOSIGNAL) != (ssize_t)n)
        close_client(b, c);
}

static void send_login(struct bench *b, struct client *c)
{
    struct ykc_login f = { .gun_count = 2, .protocol_version = 16 };
    struct ykc_head head = { .type = ykc_type_login };
    uint8_t bytes[YKC_MAX_FRAME];
    size_t len;

    memcpy(f.pile_code, c->code, sizeof f.pile_code);
    memcpy(f.program_version, "V3.2.4", 7);
    must(ykc_build(&head, &f, bytes, &len) == WIRE_OK);
    send_bytes(b, c, bytes, len);
}

static size_t put_heartbeat(const struct client *c, uint8_t *to)
{
    memcpy(to, c->beat, BEAT_SIZE);
    return BEAT_SIZE;
}

static size_t make_record(const struct bench *b, struct client *c,
                          uint8_t *to)
{
    stamp at = stamp_add_ms(b->began, 1000 * (int64_t)(c->sent / 10000));
    struct ykc_trade_record f = {
        .gun_number = 1, .flat_price = 110000, .flat_energy = 105000,
        .flat_energy_incl_loss = 105000, .flat_amount = 115500,
        .meter_at_start = 1000000, .meter_at_end = 1105000,
        .total_energy = 105000, .total_energy_incl_loss = 105000,
        .amount = 115500, .start_flag = YKC_START_FLAG_APP,
        .stop_reason = YKC_STOP_APP,
    };
    struct ykc_head head = { .type = ykc_type_trade_record };
    size_t len;

    ykc_trade_number(c->code, 1, at, c->sent++ % 10000, f.trade_number);
    memcpy(f.pile_code, c->code, sizeof f.pile_code);
    f.start_time = wire_time(stamp_add_ms(at, -1200000));
    f.end_time = f.trade_time = wire_time(at);
    must(ykc_build(&head, &f, to, &len) == WIRE_OK);
    return len;
}

/* So many more of what is measured, in one write. */
static void send_load(struct bench *b, struct client *c, size_t n)
{
    uint8_t bytes[IN_FLIGHT_MOST * YKC_MAX_FRAME];
    int64_t now = now_us();
    size_t len = 0;

    for (size_t i = 0; i < n; i++) {
        len += b->o->mode == SIM_RECORDS ? make_record(b, c, bytes + len)
                                         : put_heartbeat(c, bytes + len);
        c->asked_us[c->asked++ % IN_FLIGHT_MOST] = now;
    }
    if (len > 0)
        send_bytes(b, c, bytes, len);
}

static void start_connect(struct bench *b, struct client *c)
{
    size_t number = (size_t)(c - b->clients);
    struct epoll_event ev = { .events = EPOLLOUT, .data.u64 = number };

    c->fd = target_connect(&b->target, number % b->sources);
    if (c->fd < 0) {
        close_client(b, c);
        return;
    }
    ykc_stream_init(&c->in);
    c->asked = c->answered = 0;
    c->state = CLIENT_CONNECTING;
    b->connecting++;
    must(epoll_ctl(b->epoll_fd, EPOLL_CTL_ADD, c->fd, &ev) == 0);
}

static void become_ready(struct bench *b, struct client *c)
{
    c->state = CLIENT_READY;
    b->ready++;
    if (b->loading)
        send_load(b, c, (size_t)b->o->in_flight);
}

static void connected(struct bench *b, struct client *c)
{
    struct epoll_event ev = { .events = EPOLLIN,
                              .data.u64 = (uint64_t)(c - b->clients) };
    int error = 0;
    socklen_t size = sizeof error;

    if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 ||
        error != 0) {
        close_client(b, c);
        return;
    }
    must(epoll_ctl(b->epoll_fd, EPOLL_CTL_MOD, c->fd, &ev) == 0);
    b->connecting--;
    c->state = CLIENT_LOGIN;
    if (b->o->skip_login)
        become_ready(b, c);
    else
        send_login(b, c);
}

/* Is this the answer that is counted? */
static bool is_answer(const struct bench *b, uint8_t type)
{
    return type == (b->o->mode == SIM_RECORDS
                    ? ykc_type_record_confirmation
                    : ykc_type_heartbeat_reply);
}

/* Answers come in the order of the questions, or nearly. */
static void count_answers(struct bench *b, struct client *c, size_t n)
{
    int64_t now = now_us();

    for (; n > 0; n--) {
        int64_t asked = c->asked_us[c->answered++ % IN_FLIGHT_MOST];

        if (!b->counting)
            continue;
        b->answers++;
        b->latency[bucket_of(now - asked)]++;
    }
}

static void receive(struct bench *b, struct client *c)
{
    struct ykc_raw raw;
    size_t room, answers = 0;
    uint8_t *at = ykc_stream_space(&c->in, &room);
    ssize_t n = recv(c->fd, at, room, 0);

    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            close_client(b, c);
        return;
    }
    ykc_stream_filled(&c->in, (size_t)n, 0);
    while (ykc_stream_next(&c->in, 0, &raw)) {
        if (raw.head.type == ykc_type_login_reply &&
            c->state == CLIENT_LOGIN) {
            if (raw.body_len < 8 || raw.body[7] != 0) {
                b->refused++;
                c->state = CLIENT_REFUSED;
                close_client(b, c);
                return;
            }
            become_ready(b, c);
            if (c->fd < 0)
                return;
        }
        answers += is_answer(b, raw.head.type);
    }
    b->errors += c->in.counts.garbage > 0;
    if (answers == 0 || !b->loading)
        return;
    count_answers(b, c, answers);
    send_load(b, c, answers < IN_FLIGHT_MOST ? answers : IN_FLIGHT_MOST);
}

/* One round of the loop, at most so long. */
static void turn(struct bench *b, int timeout_ms)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(b->epoll_fd, events, EVENTS, timeout_ms);

    for (int i = 0; i < n; i++) {
        struct client *c = &b->clients[events[i].data.u64];

        if (c->fd < 0)
            continue;
        if (c->state == CLIENT_CONNECTING)
            connected(b, c);
        else
            receive(b, c);
    }
}

/* Connects those that never were, and those that lost their connection. */
static void connect_more(struct bench *b)
{
    int64_t now;

    while (b->connecting < CONNECTING_MOST && b->next < b->count)
        start_connect(b, &b->clients[b->next++]);
    if (b->next < b->count || b->broken == 0)
        return;
    now = monotonic_ms();
    for (size_t i = 0; i < b->count; i++)
        if (b->clients[i].state == CLIENT_CLOSED &&
            b->clients[i].retry_ms <= now &&
            b->connecting < CONNECTING_MOST)
            start_connect(b, &b->clients[i]);
}

/* Until every client is logged in, or refused, or the patience ends. */
static int64_t log_all_in(struct bench *b)
{
    int64_t began = now_us();
    int64_t limit = monotonic_ms() + LOGIN_LIMIT_MS;

    while (b->ready + b->refused < b->count && monotonic_ms() < limit) {
        connect_more(b);
        turn(b, b->next < b->count ? 0 : 50);
    }
    return now_us() - began;
}

/* Stays connected, with the heartbeats of an idle fleet. */
static void stay(struct bench *b, int64_t ms)
{
    int64_t end = monotonic_ms() + ms, beat_at = 0;
    struct client *c;

    while (monotonic_ms() < end) {
        if (beat_at <= monotonic_ms()) {
            beat_at = monotonic_ms() + BEAT_MS;
            for (size_t i = 0; i < b->count; i++) {
                c = &b->clients[i];
                if (c->state == CLIENT_READY)
                    send_bytes(b, c, c->beat, BEAT_SIZE);
            }
        }
        turn(b, 200);
    }
}

static int storm(struct bench *b)
{
    int64_t us = log_all_in(b);

    printf("{\"mode\":\"storm\",\"piles\":%zu,\"logged_in\":%zu,"
           "\"refused\":%zu,\"lost\":%llu,\"seconds\":%lld.%06lld}\n",
           b->count, b->ready, b->refused, (unsigned long long)b->broken,
           (long long)(us / 1000000), (long long)(us % 1000000));
    fflush(stdout);
    if (b->o->seconds > 0) {
        stay(b, 1000 * b->o->seconds);
        printf("{\"mode\":\"stay\",\"still_there\":%zu}\n", b->ready);
    }
    return b->ready == b->count ? 0 : 1;
}

static int load(struct bench *b)
{
    int64_t began, us, end;

    log_all_in(b);
    if (b->ready < b->count)
        fprintf(stderr, "pilehub-sim: only %zu of %zu logged in\n", b->ready,
                b->count);
    b->loading = true;
    for (size_t i = 0; i < b->count; i++)
        if (b->clients[i].state == CLIENT_READY)
            send_load(b, &b->clients[i], (size_t)b->o->in_flight);
    end = monotonic_ms() + WARM_UP_MS;
    while (monotonic_ms() < end)
        turn(b, 100);
    b->counting = true;
    began = now_us();
    end = began + 1000000 * b->o->seconds;
    while (now_us() < end)
        turn(b, 100);
    us = now_us() - began;
    printf("{\"mode\":\"%s\",\"connections\":%zu,\"in_flight\":%lld,"
           "\"seconds\":%lld.%06lld,\"answers\":%llu,\"per_second\":%llu,"
           "\"p50_us\":%lld,\"p99_us\":%lld,\"lost\":%llu,\"errors\":%llu}\n",
           b->o->mode == SIM_RECORDS ? "records" : "heartbeat", b->ready,
           (long long)b->o->in_flight, (long long)(us / 1000000),
           (long long)(us % 1000000), (unsigned long long)b->answers,
           (unsigned long long)(b->answers * 1000000 / (uint64_t)us),
           (long long)percentile_us(b, 50), (long long)percentile_us(b, 99),
           (unsigned long long)b->broken, (unsigned long long)b->errors);
    return b->answers > 0 && b->errors == 0 && b->ready == b->count ? 0 : 1;
}

int bench_run(const struct sim_options *options)
{
    struct bench b = { .o = options, .began = stamp_now() };
    char err[400] = "too few piles in the file";
    int code = 1;

    target_raise_limit();
    b.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    must(b.epoll_fd >= 0);
    if (options->in_flight > IN_FLIGHT_MOST)
        snprintf(err, sizeof err, "at most %d in flight", IN_FLIGHT_MOST);
    else if (!target_find(&b.target, options->host, (int)options->port))
        snprintf(err, sizeof err, "no such host: %s", options->host);
    else if (fleet_each(options, options->connections, take_code, &b, err,
                        sizeof err) &&
             b.count == (size_t)options->connections)
        code = 0;
    if (code != 0) {
        fprintf(stderr, "pilehub-sim: %s\n", err);
    } else {
        b.sources = options->sources > 0 ? (size_t)options->sources
            : b.count / PILES_PER_SOURCE + 1;
        code = options->mode == SIM_STORM ? storm(&b) : load(&b);
    }
    for (size_t i = 0; i < b.count; i++)
        if (b.clients[i].fd >= 0)
            close(b.clients[i].fd);
    free(b.clients);
    close(b.epoll_fd);
    return code;
}
