/*
 * One connection: reading frames out of it, writing answers into it, its
 * deadlines and its end.
 */
#include "gateway/net.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/config.h"
#include "base/log.h"

/* ---- places --------------------------------------------------------- */

/* False without memory: everything is as it was, or a list has more room. */
static bool more_places(struct net *n)
{
    uint32_t chunks = n->places / CONN_CHUNK, all = n->places + CONN_CHUNK;
    struct conn **list = realloc(n->chunks, (chunks + 1) * sizeof *list);
    uint32_t *free_places;
    struct conn *chunk;

    if (list == NULL)
        return false;
    n->chunks = list;
    free_places = realloc(n->free_places, all * sizeof *free_places);
    if (free_places == NULL)
        return false;
    n->free_places = free_places;
    chunk = calloc(CONN_CHUNK, sizeof *chunk);
    if (chunk == NULL)
        return false;
    n->chunks[chunks] = chunk;
    for (uint32_t i = CONN_CHUNK; i-- > 0;) {
        chunk[i].magic = CONN_MAGIC;
        chunk[i].fd = -1;
        chunk[i].place = n->places + i;
        n->free_places[n->free_count++] = n->places + i;
    }
    n->places = all;
    return true;
}

static struct conn *take_place(struct net *n)
{
    uint32_t place;

    if (n->free_count == 0 && !more_places(n))
        return NULL;
    place = n->free_places[--n->free_count];
    return &n->chunks[place / CONN_CHUNK][place % CONN_CHUNK];
}

static void line_up(struct net *n, struct conn *c)
{
    c->older = n->newest;
    c->newer = NULL;
    if (n->newest != NULL)
        n->newest->newer = c;
    else
        n->oldest = c;
    n->newest = c;
}

static void leave_line(struct net *n, struct conn *c)
{
    if (c->older != NULL)
        c->older->newer = c->newer;
    else
        n->oldest = c->newer;
    if (c->newer != NULL)
        c->newer->older = c->older;
    else
        n->newest = c->older;
    c->older = c->newer = NULL;
}

struct conn *conn_open(struct net *n, int fd, const struct address *from)
{
    struct conn *c = take_place(n);
    struct epoll_event e = { .events = EPOLLIN };

    if (c == NULL)
        return NULL;
    must(c->magic == CONN_MAGIC && c->fd < 0);
    c->generation++;
    e.data.u64 = conn_id_of(n, c);
    if (epoll_ctl(n->epoll, EPOLL_CTL_ADD, fd, &e) != 0) {
        must(errno == ENOMEM || errno == ENOSPC); /* the kernel's */
        n->free_places[n->free_count++] = c->place;
        return NULL;
    }
    c->fd = fd;
    c->flags = n->gateway->config->pile_proxy ? CONN_PROXY : 0;
    c->crc_seen = YKC_CRC_LOW;
    c->sequence = 0;
    c->address = *from;
    c->opened_ms = n->now_ms;
    ykc_stream_init(&c->stream);
    c->timer.kind = TIMER_CONN;
    wheel_set(&n->wheel, &c->timer, n->now_ms + LOGIN_FIRST_MS);
    line_up(n, c);
    atomic_fetch_add(&n->gateway->waiting, 1);
    atomic_fetch_add(&n->gateway->connected, 1);
    count_one(&n->counts, COUNT_accepted);
    return c;
}

void conn_is_accepted(struct net *n, struct conn *c)
{
    if (c->flags & CONN_ACCEPTED)
        return;
    c->flags |= CONN_ACCEPTED;
    leave_line(n, c);
    atomic_fetch_sub(&n->gateway->waiting, 1);
    if (!(c->flags & CONN_PROXY))
        limits_leave(&n->gateway->limits, &c->address);
}

/* What the stream parser saw goes to the totals. */
static void count_stream(struct net *n, const struct ykc_stream_counts *s)
{
    count_add(&n->counts, COUNT_frames_in, s->frames);
    count_add(&n->counts, COUNT_swapped, s->swapped);
    count_add(&n->counts, COUNT_oversize, s->oversize);
    count_add(&n->counts, COUNT_bad_length, s->bad_length);
    count_add(&n->counts, COUNT_crc_error, s->crc_error);
    count_add(&n->counts, COUNT_stalled, s->stalled);
    count_add(&n->counts, COUNT_garbage, s->garbage);
}

void conn_close(struct net *n, struct conn *c, enum counter why)
{
    must(c->magic == CONN_MAGIC && c->fd >= 0);
    login_gone(n, c);
    while (c->piles != NULL)
        login_release(n, c, c->piles, counter_infos[why].help);
    conn_is_accepted(n, c); /* whatever it was: it no longer waits */
    wheel_clear(&n->wheel, &c->timer);
    close(c->fd); /* leaves the epoll set with it */
    c->fd = -1;
    if (n->current == c)
        n->current = NULL;
    free(c->backlog);
    c->backlog = NULL;
    count_stream(n, &c->stream.counts);
    n->free_places[n->free_count++] = c->place;
    atomic_fetch_sub(&n->gateway->connected, 1);
    count_one(&n->counts, COUNT_closed);
    if (why != COUNT_closed)
        count_one(&n->counts, why);
}

/* ---- writing -------------------------------------------------------- */

static void want_writable(struct net *n, struct conn *c, bool on)
{
    struct epoll_event e = { .events = on ? EPOLLIN | EPOLLOUT : EPOLLIN,
                             .data.u64 = conn_id_of(n, c) };

    if (((c->flags & CONN_WRITING) != 0) == on)
        return;
    must(epoll_ctl(n->epoll, EPOLL_CTL_MOD, c->fd, &e) == 0);
    c->flags = (uint8_t)(c->flags ^ CONN_WRITING);
}

/* Keeps what the socket did not take; false if that is too much (G18), or
   there is no memory for it. */
static bool keep(struct net *n, struct conn *c, const uint8_t *p, size_t len)
{
    struct backlog *b = c->backlog;

    if (b == NULL) {
        b = c->backlog = malloc(sizeof *b);
        if (b == NULL)
            return false;
        b->begin = b->end = 0;
    }
    if (b->end + len > sizeof b->bytes) {
        memmove(b->bytes, b->bytes + b->begin, b->end - b->begin);
        b->end -= b->begin;
        b->begin = 0;
    }
    if (b->end + len > sizeof b->bytes)
        return false;
    memcpy(b->bytes + b->end, p, len);
    b->end += len;
    want_writable(n, c, true);
    return true;
}

/* How many bytes went out; -1: the peer is gone. */
static ssize_t push(struct net *n, struct conn *c, const uint8_t *p,
                    size_t len)
{
    ssize_t sent = send(c->fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);

    if (sent < 0)
        return errno == EAGAIN || errno == EINTR || errno == ENOBUFS ? 0 : -1;
    count_add(&n->counts, COUNT_bytes_out, (uint64_t)sent);
    return sent;
}

/* False: the connection has been closed. */
static bool write_out(struct net *n, struct conn *c, const uint8_t *p,
                      size_t len)
{
    ssize_t sent = 0;

    if (len == 0)
        return true;
    if (c->backlog == NULL) {
        sent = push(n, c, p, len);
        if (sent < 0) {
            conn_close(n, c, COUNT_closed);
            return false;
        }
    }
    if ((size_t)sent == len || keep(n, c, p + sent, len - (size_t)sent))
        return true;
    if (c->backlog != NULL) {
        conn_close(n, c, COUNT_send_full);
        return false;
    }
    conn_close(n, c, COUNT_closed);
    net_no_memory(n, "answers");
    return false;
}

/* Answers to one read leave in one write. False: closed. */
static bool flush_out(struct net *n, struct conn *c)
{
    size_t used = n->out_used;

    n->out_used = 0;
    return write_out(n, c, n->out, used);
}

void conn_writable(struct net *n, struct conn *c)
{
    struct backlog *b = c->backlog;
    ssize_t sent;

    if (b == NULL) {
        want_writable(n, c, false);
        return;
    }
    sent = push(n, c, b->bytes + b->begin, b->end - b->begin);
    if (sent < 0) {
        conn_close(n, c, COUNT_closed);
        return;
    }
    b->begin += (size_t)sent;
    if (b->begin < b->end)
        return;
    free(b);
    c->backlog = NULL;
    want_writable(n, c, false);
    if (c->flags & CONN_CLOSING)
        conn_close(n, c, COUNT_closed);
}

void conn_finish(struct net *n, struct conn *c)
{
    /* Within a read, conn_readable closes it after the answers. */
    c->flags |= CONN_CLOSING;
    if (n->current != c && c->backlog == NULL)
        conn_close(n, c, COUNT_closed);
}

bool conn_send(struct net *n, struct conn *c, const struct charger *to,
               struct ykc_head head, const uint8_t *body, size_t len)
{
    uint8_t one[YKC_MAX_FRAME];
    size_t size;
    int crc = to != NULL
        ? atomic_load_explicit(&to->crc_tx, memory_order_relaxed) : 1;

    if (crc == 2 || (crc == 3 && c->crc_seen == YKC_CRC_SWAPPED))
        head.crc = YKC_CRC_SWAPPED;
    count_one(&n->counts, COUNT_frames_out);
    if (n->current == c) {
        must(n->out_used + YKC_MAX_FRAME <= sizeof n->out);
        must(ykc_seal(&head, body, len, n->out + n->out_used,
                      sizeof n->out - n->out_used, &size) == WIRE_OK);
        n->out_used += size;
        return true;
    }
    must(ykc_seal(&head, body, len, one, sizeof one, &size) == WIRE_OK);
    return write_out(n, c, one, size);
}

/* ---- reading -------------------------------------------------------- */

/*
 * Takes the PROXY header off the front. True if frames may follow. The limits
 * of the address apply from here on.
 */
static bool read_proxy(struct net *n, struct conn *c)
{
    struct ykc_stream *s = &c->stream;
    size_t used = 0;

    switch (proxy_read(s->buffer + s->begin, (size_t)(s->end - s->begin),
                       &used, &c->address)) {
    case PROXY_SHORT:
        /* A header longer than the buffer carries nothing we need. */
        if (s->end - s->begin < YKC_STREAM_BUFFER)
            return false;
        conn_close(n, c, COUNT_bad_proxy);
        return false;
    case PROXY_BAD:
        conn_close(n, c, COUNT_bad_proxy);
        return false;
    case PROXY_OK:
        break;
    }
    s->begin = (uint16_t)(s->begin + used);
    if (!limits_enter(&n->gateway->limits, &c->address, n->now_ms)) {
        conn_close(n, c, COUNT_refused_address);
        return false;
    }
    c->flags &= (uint8_t)~CONN_PROXY;
    return true;
}

/* Handles the frames in the buffer. False: the connection is closed. */
static bool take_frames(struct net *n, struct conn *c)
{
    conn_id id = conn_id_of(n, c);
    struct ykc_raw raw;

    if (c->flags & CONN_PROXY && !read_proxy(n, c))
        return net_conn(n, id) != NULL;
    while (!(c->flags & CONN_CLOSING) &&
           ykc_stream_next(&c->stream, n->now_ms, &raw)) {
        session_frame(n, c, &raw);
        if (net_conn(n, id) == NULL)
            return false;
    }
    if (ykc_stream_is_hopeless(&c->stream, n->now_ms)) {
        conn_close(n, c, COUNT_hopeless);
        return false;
    }
    return true;
}

/* One read; false when there is no more, or the connection is closed. */
static bool read_once(struct net *n, struct conn *c)
{
    size_t space;
    uint8_t *p = ykc_stream_space(&c->stream, &space);
    ssize_t got = recv(c->fd, p, space, 0);

    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
        flush_out(n, c);
        if (c->fd >= 0)
            conn_close(n, c, COUNT_closed);
        return false;
    }
    if (got < 0)
        return false;
    count_add(&n->counts, COUNT_bytes_in, (uint64_t)got);
    ykc_stream_filled(&c->stream, (size_t)got, n->now_ms);
    return take_frames(n, c) && (size_t)got == space;
}

static void settle(struct net *n, struct conn *c)
{
    int64_t due;

    if (!flush_out(n, c))
        return;
    if (c->flags & CONN_CLOSING && c->backlog == NULL) {
        conn_close(n, c, COUNT_closed);
        return;
    }
    due = ykc_stream_deadline(&c->stream);
    if (due != INT64_MAX)
        conn_sooner(n, c, due);
}

/* What still comes while the last answers go out is of no interest. */
static void discard(struct net *n, struct conn *c)
{
    ssize_t got = recv(c->fd, n->out, sizeof n->out, 0);

    if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
        conn_close(n, c, COUNT_closed);
}

void conn_readable(struct net *n, struct conn *c)
{
    conn_id id = conn_id_of(n, c);

    must(n->current == NULL);
    if (c->flags & CONN_CLOSING) {
        discard(n, c);
        return;
    }
    n->current = c;
    n->out_used = 0;
    for (int i = 0; i < READS_MAX && read_once(n, c); i++)
        ;
    if (net_conn(n, id) != NULL)
        settle(n, c);
    n->current = NULL;
}

/* ---- time ----------------------------------------------------------- */

void conn_sooner(struct net *n, struct conn *c, int64_t due_ms)
{
    if (!timer_is_set(&c->timer) || due_ms < c->timer.due_ms)
        wheel_set(&n->wheel, &c->timer, due_ms);
}

/* Gives a partial frame up. False: closed. */
static bool unstall(struct net *n, struct conn *c)
{
    bool open;

    if (ykc_stream_deadline(&c->stream) > n->now_ms ||
        c->flags & CONN_PROXY)
        return true;
    n->current = c;
    n->out_used = 0;
    ykc_stream_stall(&c->stream, n->now_ms);
    open = take_frames(n, c) && flush_out(n, c);
    n->current = NULL;
    return open;
}

/* Deadlines of a connection that has not logged in; closed if one passed. */
static int64_t login_due(struct net *n, struct conn *c)
{
    int64_t first = c->opened_ms + LOGIN_FIRST_MS;
    int64_t last = c->opened_ms + LOGIN_MS;

    if (c->flags & CONN_TRIED)
        first = last;
    if (first > n->now_ms)
        return first;
    conn_close(n, c, COUNT_login_timeout);
    return 0;
}

/* Each pile of the connection; those that fell silent are let go. */
static int64_t piles_due(struct net *n, struct conn *c)
{
    int64_t due = INT64_MAX;
    struct charger *next;

    for (struct charger *ch = c->piles; ch != NULL; ch = next) {
        int64_t at;

        next = ch->next_here;
        at = session_tick(n, c, ch);
        if (at != 0 && at < due)
            due = at;
    }
    if (c->piles == NULL)
        conn_close(n, c, COUNT_silent);
    return due;
}

void conn_tick(struct net *n, struct conn *c)
{
    conn_id id = conn_id_of(n, c);
    int64_t due, stall;

    if (!unstall(n, c))
        return;
    due = c->piles == NULL ? login_due(n, c) : piles_due(n, c);
    if (net_conn(n, id) == NULL)
        return;
    stall = ykc_stream_deadline(&c->stream);
    wheel_set(&n->wheel, &c->timer, stall < due ? stall : due);
}
