/*
 * The whole of a gateway process. Threads and what passes between them:
 *
 *   network threads   sockets, sessions, timers; never the database
 *     | records         trade records: journal, registry, then 0x40
 *     | notes           logins, states, events: the state writer
 *     | frames          frames and curves: the history writer
 *     | ends            replies to commands: the command writer
 *     | lookups         codes that memory does not know: the keeper
 *     ^ mail            acknowledgements, commands, takeovers
 *   keeper            whitelist, tariffs, this gateway's row, sweeps
 *
 * Queues are bounded. A network thread that finds one full keeps the newest
 * state of each gun to itself (notes), drops evidence and counts it
 * (frames), or leaves a record unacknowledged so that its pile repeats it.
 */
#ifndef GATEWAY_GATEWAY_H
#define GATEWAY_GATEWAY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "asset/link.h"
#include "base/stamp.h"
#include "charging/command_send.h"
#include "charging/history.h"
#include "gateway/charger.h"
#include "gateway/count.h"
#include "gateway/limits.h"
#include "gateway/queue.h"
#include "protocol/ykc/frame.h"

enum {
    NETS_MAX = 64,
    LOGIN_FIRST_MS = 10000,     /* 0x01 within (G3) */
    LOGIN_MS = 30000,           /* a successful login within */
    WAITING_MAX = 2000,         /* connections before login (G3) */
    PROBE_MS = 12000,           /* silence of the old connection (G5) */
    TAKEOVERS_MAX = 6,          /* of a pile within */
    TAKEOVERS_MS = 600000,      /* this time (G5) */
    SEND_QUEUE_MAX = 16384,     /* G18 */
    GATEWAY_SEEN_MS = 5000      /* dead after 15 s: asset/link.h */
};

struct net;
struct book;
struct config;

/* Which connection: network thread + 1, place, generation; 0 is none. */
typedef uint64_t conn_id;

static inline conn_id conn_id_make(int net, uint32_t place,
                                   uint32_t generation)
{
    return (uint64_t)(net + 1) << 56 | (uint64_t)place << 32 | generation;
}
static inline int conn_id_net(conn_id id)
{
    return (int)(id >> 56) - 1;
}
static inline uint32_t conn_id_place(conn_id id)
{
    return (uint32_t)(id >> 32) & 0xFFFFFF;
}
static inline uint32_t conn_id_generation(conn_id id)
{
    return (uint32_t)id;
}

/* ---- what passes between threads ------------------------------------ */

struct record_item {
    int64_t pile_id;
    conn_id from;
    stamp at;
    struct ykc_head head; /* as received: the answer repeats its sequence */
    uint8_t gun;
    uint16_t len;
    uint8_t raw[YKC_MAX_FRAME];
};

enum note_kind {
    NOTE_LOGIN, NOTE_STATUS, NOTE_GUN, NOTE_EVENT, NOTE_REQUEST
};

enum { EVENT_TEXT = 160, REQUEST_MAX = 80 };

struct note {
    enum note_kind kind;
    uint8_t gun;
    struct charger *charger; /* NULL: an event; pile_id says of whom */
    int64_t pile_id;
    stamp at;
    union {
        struct {
            char address[ADDRESS_TEXT];
            char firmware[FIRMWARE_TEXT];
            uint8_t protocol;
            bool pin;
        } login;
        struct {
            bool online;
            int64_t seen_at, offline_at, clock_off_ms;
            uint16_t tariff_held;
        } status;
        struct gun report;
        struct {
            int kind;
            char text[EVENT_TEXT];
        } event;
        struct {
            uint16_t len;
            uint8_t raw[REQUEST_MAX];
        } request;
    };
};

struct frame_item {
    stamp at;
    int64_t pile_id;
    uint8_t gun, type;
    bool up, has_trade;
    uint8_t trade[16];
    uint16_t len;
    uint8_t raw[YKC_MAX_FRAME];
};

struct lookup_item {
    uint64_t code;
    conn_id from;
};

enum mail_kind {
    MAIL_ACK,     /* 0x40 for a stored record */
    MAIL_COMMAND, /* send it */
    MAIL_PROBE,   /* somebody else wants the pile: does it live? (G5) */
    MAIL_ADMIT,   /* the pile is free: bind it */
    MAIL_REFUSE,  /* the pile lives, or the code is unknown */
    MAIL_RELEASE  /* the pile is not ours any more, or was replaced */
};

struct mail {
    enum mail_kind kind;
    conn_id to;
    struct charger *charger;
    union {
        struct {
            struct ykc_head head;
            uint8_t trade[16];
            uint8_t gun;
            bool is_old; /* stored long before: tell */
        } ack;
        struct {
            int64_t id, order_id;
            int kind;
            uint8_t gun;
            bool has_trade;
            uint8_t trade[16];
            uint8_t len;
            uint8_t body[YKC_MAX_BODY];
        } command;
        conn_id contender; /* PROBE */
        bool is_known;     /* REFUSE: the pile lives, it is not unknown */
    };
};

/* ---- the process ---------------------------------------------------- */

/* A writer thread and what it counts. */
struct worker {
    struct gateway *gateway;
    pthread_t thread;
    struct counts counts;
    _Atomic bool is_failed;
};

struct gateway {
    const struct config *config;
    int64_t most;            /* connections */
    struct holder holder;    /* from is_registered on */
    char control[60];
    int port;
    int net_count;
    struct net *nets[NETS_MAX];
    struct chargers chargers;
    struct limits limits;
    _Atomic(const struct book *) book;
    struct queue records, notes, frames, telemetry, ends, lookups;
    struct queue mail[NETS_MAX];
    int mail_fd[NETS_MAX]; /* eventfds that wake the network threads */
    struct worker recorder, stater, historian, commander, keeper;
    _Atomic int waiting;   /* connections before login */
    _Atomic int connected; /* all connections */
    _Atomic int online;    /* piles bound */
    _Atomic bool is_registered; /* holder is known */
    _Atomic bool is_loaded;     /* piles may log in */
    _Atomic bool is_draining; /* close connections, then stop */
    _Atomic bool is_stopping; /* network threads end */
    _Atomic bool is_fenced;   /* a later start has our name: write nothing */
    struct retired *retired;  /* the keeper's: replaced, not yet freed */
    struct counts counts;     /* of the main thread */
};

/* Frees p, which begins with a struct retired, a minute from now. Keeper
   thread only. */
void gateway_retire(struct gateway *g, void *p);
/* All of that, and the tariffs: when no thread runs any more. */
void gateway_forget(struct gateway *g);

/* Waits for room: only for threads that may wait. */
void mail_send(struct gateway *g, int net, const struct mail *m);

/* The threads. */
void *record_writer(void *arg);
void *state_writer(void *arg);
void *history_writer(void *arg);
void *command_writer(void *arg);
void *keeper(void *arg);

/*
 * One attempt of a writer at its work: a unit of work of its own. False if
 * the database failed; the caller tries again later.
 */
struct cx;
MUST_USE bool worker_run(struct worker *w, struct cx *cx,
                         void (*work)(struct cx *, void *), void *arg);
struct cx *worker_cx(struct worker *w);
void worker_cx_free(struct cx *cx);

/* Sleeps, or less if the process is to stop. */
void worker_pause(struct worker *w, int ms);

/* Where a test kills the process: nothing in production builds. */
#ifdef GATEWAY_FAULTS
void fault_point(const char *name);
#else
#define fault_point(name) ((void)0)
#endif

#endif
