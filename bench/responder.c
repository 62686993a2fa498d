/*
 * The least that can answer heartbeats: an epoll loop that looks at the first
 * frame of each connection, makes the reply to it once, and from then on
 * sends that reply for every 17 bytes that come, unread. What a gateway
 * reaches is told as a part of what this does on the same machine.
 *
 *   responder PORT THREADS
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/macros.h"
#include "base/money.h"
#include "protocol/ykc/frame.h"

enum { EVENTS = 512, BEAT = 17, MOST = 64 };

struct peer {
    int fd;
    size_t rest;          /* bytes of a heartbeat not yet answered */
    uint8_t reply[BEAT];
    int known;
};

static int listen_at(int port)
{
    struct sockaddr_in at = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(fd, 4096) != 0) {
        perror("responder");
        exit(1);
    }
    return fd;
}

static void watch(int epoll, int fd, void *what)
{
    struct epoll_event ev = { .events = EPOLLIN, .data.ptr = what };

    must(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &ev) == 0);
}

static void take_peers(int epoll, int listener)
{
    struct peer *p;
    int fd, on = 1;

    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        p = calloc(1, sizeof *p);
        must(p != NULL);
        p->fd = fd;
        watch(epoll, fd, p);
    }
}

/* A heartbeat always comes whole on loopback when it is the first. */
static void learn(struct peer *p, const uint8_t *bytes, size_t n)
{
    struct ykc_raw raw;
    struct ykc_head head;
    uint8_t body[9] = { 0 };
    size_t len;

    if (ykc_open(bytes, n, &raw) != WIRE_OK || raw.len != BEAT)
        return;
    memcpy(body, raw.body, 8);
    head = ykc_reply_head(ykc_type_heartbeat_reply, &raw.head);
    must(ykc_seal(&head, body, 9, p->reply, BEAT, &len) == WIRE_OK);
    p->known = 1;
}

static void answer(struct peer *p)
{
    uint8_t in[MOST * BEAT], out[MOST * BEAT];
    ssize_t n = recv(p->fd, in, sizeof in, 0);
    size_t beats;

    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        close(p->fd);
        free(p);
        return;
    }
    if (n < 0)
        return;
    if (!p->known)
        learn(p, in, (size_t)n);
    if (!p->known)
        return;
    p->rest += (size_t)n;
    beats = p->rest / BEAT;
    p->rest %= BEAT;
    beats = beats < MOST ? beats : MOST;
    for (size_t i = 0; i < beats; i++)
        memcpy(out + i * BEAT, p->reply, BEAT);
    if (beats > 0 && send(p->fd, out, beats * BEAT, MSG_NOSIGNAL) < 0)
        p->known = 0;
}

static void *serve(void *arg)
{
    int listener = listen_at(*(int *)arg), epoll = epoll_create1(0), n;
    struct epoll_event events[EVENTS];

    watch(epoll, listener, NULL);
    for (;;) {
        n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            if (events[i].data.ptr == NULL)
                take_peers(epoll, listener);
            else
                answer(events[i].data.ptr);
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    struct rlimit limit;
    int64_t port, threads;
    pthread_t thread;
    int number;

    if (argc != 3 || !decimal_parse(argv[1], 0, &port) ||
        !decimal_parse(argv[2], 0, &threads) || port < 1 || threads < 1) {
        fprintf(stderr, "usage: responder PORT THREADS\n");
        return 2;
    }
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    number = (int)port;
    for (int64_t i = 1; i < threads; i++)
        must(pthread_create(&thread, NULL, serve, &number) == 0);
    serve(&number);
    return 0;
}
