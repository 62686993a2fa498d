/*
 * A network thread and its connections. Everything here belongs to one
 * thread; other threads reach it by mail only.
 */
#ifndef GATEWAY_NET_H
#define GATEWAY_NET_H

#include "gateway/gateway.h"
#include "gateway/wheel.h"
#include "protocol/ykc/stream.h"

enum {
    CONN_MAGIC = 0x436F6E6E,
    CONN_CHUNK = 128,
    OUT_MAX = 65536,      /* answers to READS_MAX reads: at most 35 KB */
    READS_MAX = 8,        /* reads of one connection before the next one */
    LIST_PILES = 1024     /* piles of one connection (a concentrator) */
};

enum conn_flag {
    CONN_PROXY = 1,      /* the PROXY header has not come yet */
    CONN_TRIED = 2,      /* a 0x01 came */
    CONN_ACCEPTED = 4,   /* a login was accepted: no longer counted */
    CONN_WRITING = 8,    /* EPOLLOUT is armed */
    CONN_CLOSING = 16,   /* close once the queue is sent */
    CONN_ASKED = 32      /* the keeper looks its code up */
};

/* Bytes that the socket did not take; at most SEND_QUEUE_MAX. */
struct backlog {
    size_t begin, end;
    uint8_t bytes[SEND_QUEUE_MAX];
};

struct conn {
    uint32_t magic;
    int fd;               /* -1: the place is free */
    uint32_t place, generation;
    uint8_t flags;        /* enum conn_flag */
    uint8_t crc_seen;     /* enum ykc_crc of the last frame */
    uint16_t sequence;    /* of our own requests */
    uint16_t piles_count;
    struct timer timer;
    struct conn *older, *newer; /* before login: in order of arrival */
    struct charger *piles;      /* bound here, by next_here */
    struct charger *wanted;     /* a login that waits for its answer */
    struct backlog *backlog;
    struct address address;
    int64_t opened_ms;
    uint8_t login[30];    /* body of the login that waits */
    uint8_t login_sequence[2];
    struct ykc_stream stream;
};

struct net {
    struct gateway *gateway;
    int index;
    pthread_t thread;
    int epoll, listener, reserve;
    int64_t accept_ms;     /* no descriptors, no memory: not before */
    int64_t starved_ms;    /* last said that there is no memory */
    bool is_accepting;
    int64_t now_ms;       /* monotonic, of this round */
    stamp now;
    struct counts counts;
    struct wheel wheel;
    struct conn **chunks; /* of CONN_CHUNK places each */
    uint32_t places, free_count;
    uint32_t *free_places;
    struct conn *oldest, *newest; /* that have not logged in */
    struct charger *dirty;
    int64_t flushed_ms;
    struct pending *free_pending;
    struct pending_block *pending_blocks;
    struct conn *current; /* whose answers out holds */
    size_t out_used;
    int64_t drain_from_ms;
    uint32_t drained;     /* places looked at */
    uint8_t out[OUT_MAX];
    union ykc_any any;    /* the frame being handled, decoded */
};

static inline conn_id conn_id_of(const struct net *n, const struct conn *c)
{
    return conn_id_make(n->index, c->place, c->generation);
}

/* ---- net.c ---------------------------------------------------------- */

enum timer_kind { TIMER_CONN, TIMER_PENDING };

/* Makes the listening socket; NULL with the reason in the log. The first
   one settles the port if it is to be any. */
struct net *net_new(struct gateway *g, int index);
void net_free(struct net *n);
void *net_thread(void *net);
/* One round of its loop; waits for something to do, at most so long if not
   negative. */
void net_round(struct net *n, int most_ms);

/* The connection with this identity, or NULL if it is gone. */
struct conn *net_conn(struct net *n, conn_id id);

/* ---- conn.c --------------------------------------------------------- */

/* NULL, and the descriptor is the caller's still, if there is no memory. */
struct conn *conn_open(struct net *n, int fd, const struct address *from);
/* Something was given up for want of memory: counted, and logged once a
   second. */
void net_no_memory(struct net *n, const char *what);
void conn_close(struct net *n, struct conn *c, enum counter why);
/* Closes once everything queued has been sent. */
void conn_finish(struct net *n, struct conn *c);

void conn_readable(struct net *n, struct conn *c);
void conn_writable(struct net *n, struct conn *c);

/* Seals a frame for the connection. True if it was sent or queued. */
bool conn_send(struct net *n, struct conn *c, const struct charger *to,
               struct ykc_head head, const uint8_t *body, size_t len);

/* The timer fired; sooner: at the latest then. */
void conn_tick(struct net *n, struct conn *c);
void conn_sooner(struct net *n, struct conn *c, int64_t due_ms);

/* It is no longer one of those that have not logged in. */
void conn_is_accepted(struct net *n, struct conn *c);

/* ---- session.c ------------------------------------------------------ */

struct in {
    struct net *net;
    struct conn *conn;
    const struct ykc_raw *raw;
    const struct ykc_frame *frame;
    const union ykc_any *any;
    struct charger *charger;
    struct gun *gun; /* NULL: the frame has none */
    int gun_no;      /* 1.. */
};

void session_frame(struct net *n, struct conn *c, const struct ykc_raw *raw);

/* The pile is bound to this connection. */
bool session_owns(const struct net *n, const struct conn *c,
                  const struct charger *ch);

/* Silence after which a pile is asked whether it lives (G18): 30 of 45 s. */
int64_t session_suspect_ms(const struct net *n);

/* What is due for a pile at the tick of its connection; when next. */
int64_t session_tick(struct net *n, struct conn *c, struct charger *ch);

/* Sends a request of our own about a pile. */
void session_ask(struct net *n, struct conn *c, struct charger *ch,
                 uint8_t type, const uint8_t *body, size_t len);
void session_read(struct net *n, struct conn *c, struct charger *ch, int gun);
void session_clock(struct net *n, struct conn *c, struct charger *ch);

/* Copies a frame into the log of frames. */
void session_log(struct net *n, const struct charger *ch, int gun, bool up,
                 uint8_t type, const uint8_t *trade, const uint8_t *raw,
                 size_t len);

/* Tells the state writer: an event, or that something has changed. */
void session_event(struct net *n, struct charger *ch, int gun, int kind,
                   const char *format, ...) PRINTF_LIKE(5, 6);
/* At most one of these a minute and pile. */
bool session_may_alarm(const struct net *n, struct charger *ch);
enum { DIRTY_PILE = 1 << 16, DIRTY_LOGIN = 1 << 17 }; /* below: guns */
void session_dirty(struct net *n, struct charger *ch, uint32_t what);
/* Hands over what is dirty, as far as there is room. */
void session_flush(struct net *n);
/* The same for one pile, which another thread may own next: what finds no
   room is lost. */
void session_flush_pile(struct net *n, struct charger *ch);
void session_unlist(struct charger *ch);

/* ---- login.c -------------------------------------------------------- */

void login_frame(struct in *in);
void login_refuse(struct net *n, struct conn *c);
void login_mail(struct net *n, const struct mail *m);

/* Unbinds; the pile is offline unless somebody else is waiting for it. */
void login_release(struct net *n, struct conn *c, struct charger *ch,
                   const char *why);
/* The connection ends: what it waited for is given up. */
void login_gone(struct net *n, struct conn *c);
/* A pile that is being asked whether it lives has answered, or has not. */
void login_alive(struct net *n, struct conn *c, struct charger *ch);
bool login_is_dead(const struct net *n, const struct charger *ch);

/* ---- frames.c, report.c --------------------------------------------- */

void heartbeat_frame(struct in *in);
void tariff_check_frame(struct in *in);
void tariff_request_frame(struct in *in);
void clock_reply_frame(struct in *in);
void record_frame(struct in *in);
void request_frame(struct in *in);
void lock_frame(struct in *in);
void update_frame(struct in *in);
void report_frame(struct in *in);
void handshake_frame(struct in *in);
void parameters_frame(struct in *in);
void demand_frame(struct in *in);
void charging_end_frame(struct in *in);

/* Keeps a record that cannot be read as evidence for people. */
void record_unreadable(struct net *n, struct charger *ch,
                       const struct ykc_raw *raw);

/* A session begins on the gun by our own command. */
void report_started(struct net *n, struct charger *ch, int gun,
                    const uint8_t trade[16]);
/* Asks for what is late. */
void report_tick(struct net *n, struct conn *c, struct charger *ch);

/* ---- pending.c ------------------------------------------------------ */

void start_reply_frame(struct in *in);
void stop_reply_frame(struct in *in);
void result_frame(struct in *in);
void tariff_reply_frame(struct in *in);

void pending_command(struct net *n, const struct mail *m);
/* Pushes the tariff in force if the pile holds another and is idle. */
void pending_tariff(struct net *n, struct conn *c, struct charger *ch);
/* A 0x13 came: that answers a 0x12. */
void pending_read_done(struct net *n, struct charger *ch, int gun);
/* The timer of a command fired. */
void pending_tick(struct net *n, struct timer *t);
/* The pile is unbound: nothing will be answered. */
void pending_drop(struct net *n, struct charger *ch);
void pending_fini(struct net *n);

#endif
