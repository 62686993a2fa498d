/*
 * One simulated pile: its link to the platform, its guns, what it knows and
 * what it owes. Times are of the loop's clock in ms; NEVER means not due.
 */
#ifndef SIM_PILE_H
#define SIM_PILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/stamp.h"
#include "protocol/ykc/frame.h"
#include "protocol/ykc/stream.h"
#include "sim/car.h"
#include "sim/meter.h"
#include "sim/rng.h"

struct sim;

#define NEVER INT64_MAX

enum { MOST_GUNS = 16, MOST_OFFLINE_CARDS = 200, MOST_RECORDS = 500 };

/* A line of the file of piles. */
struct pile_spec {
    char code[YKC_PILE_TEXT];
    bool is_ac;
    int guns;
    int32_t power_w;
    int busy_percent; /* how often cars come, beside the others */
};

/* One charge, from the start that was accepted to the record. */
struct session {
    char trade_number[YKC_TRADE_TEXT];
    uint8_t start_flag;
    uint8_t card[8];
    uint32_t balance_fen;     /* 0: no limit */
    stamp start;              /* the pile's clock */
    int64_t elapsed_ms;       /* of the session's own, maybe faster, time */
    int64_t stepped_ms;       /* the loop's clock when it last advanced */
    int64_t leave_ms;         /* when the driver stops it; NEVER: the car */
    struct sim_tariff tariff; /* frozen at the start */
    struct sim_bill bill;
    uint64_t meter_start_e4kwh;
    int32_t power_w;
    bool fails;               /* the start was accepted but goes wrong */
};

enum gun_phase {
    GUN_IDLE,
    GUN_ASKING,      /* 0x31 sent, 0x32 awaited */
    GUN_WAITING,     /* started from afar without a car: 60 s to plug in */
    GUN_PREPARING,   /* handshake and configuration with the car */
    GUN_CHARGING
};

/* What the driver at the gun does next, or the one who mends it. */
enum visit {
    VISIT_NONE, VISIT_SWIPE, VISIT_PLUG, VISIT_LEAVE, VISIT_REPAIR
};

struct gun {
    enum gun_phase phase;
    bool plugged;
    bool by_chance;           /* the car came by itself and leaves so too */
    uint8_t lock_position;
    uint16_t faults;          /* as in 0x13 */
    struct meter meter;
    struct car car;
    struct session session;
    int64_t phase_at;         /* the phase's next step or end */
    int64_t step_at;          /* the session advances */
    int64_t report_at;        /* 0x13, and 0x23 and 0x25 while charging */
    int64_t visit_at;
    enum visit visit;
    int step;                 /* of preparing; tries of asking */
    uint8_t card[8];          /* of the driver at the gun */
    uint8_t ask_mode;         /* YKC_START_MODE_... of the 0x31 */
    struct ykc_head start;    /* of the 0x34, for a late 0x33 */
    char parallel_number[13]; /* "" unless 0xA4 started it */
};

enum link { LINK_DOWN, LINK_CONNECTING, LINK_LOGIN, LINK_READY };

/* A record that the platform has not confirmed. */
struct owed {
    struct owed *next;
    struct ykc_trade_record record;
    int tries;
};

struct offline_card {
    char logical[YKC_CARD_TEXT];
    uint8_t physical[8];
};

struct pile {
    struct sim *sim;
    struct pile_spec spec;
    size_t number;            /* in the fleet: gives its source address */
    size_t place;             /* in the queue */
    int64_t due_ms;           /* the earliest of all times below */
    struct rng rng;

    enum link link;
    int fd;
    bool want_write;          /* epoll waits for room */
    enum ykc_crc crc;
    uint16_t sequence;
    int64_t clock_offset_ms;  /* pile clock less system clock, as set */
    int failures;             /* connects or logins in a row */
    int missed;               /* heartbeats in a row */
    int64_t link_at;          /* next try to connect; end of patience */
    int64_t beat_at;
    int64_t tariff_at;        /* ask again */
    int64_t record_at;        /* send the first record owed */
    int64_t flush_at;         /* bytes wait on purpose */
    int64_t reboot_at;
    int64_t update_at;

    bool tariff_differs;      /* 0x06 said so: ask with 0x09 */
    bool forbidden;           /* 0x52 took it out of service */
    bool reboot_when_idle;
    uint8_t power_percent;
    char version[9];
    struct sim_tariff tariff;
    struct offline_card *cards;
    size_t card_count;
    struct owed *owed;
    size_t owed_count;
    unsigned trade_counter;

    uint8_t *out;             /* bytes not yet written */
    size_t out_len, out_size;
    struct ykc_stream in;
    struct gun guns[];
};

struct pile *pile_new(struct sim *sim, const struct pile_spec *spec,
                      size_t number);
void pile_free(struct pile *p);

/* Does what is due, and says when to come again: see pile->due_ms. */
void pile_tick(struct pile *p);
/* The socket has something to say. */
void pile_serve(struct pile *p, uint32_t events);

/* Ends the link; the next try comes after so long. */
void pile_disconnect(struct pile *p, int64_t retry_ms);

/* What the pile believes the time is. */
stamp pile_clock(const struct pile *p);

/* Frames to the platform; lost if there is no link. */
void pile_request(struct pile *p, uint8_t type, const void *frame);
void pile_reply(struct pile *p, uint8_t type, const struct ykc_head *request,
                const void *frame);

/* The gun of a raw byte, or NULL. */
struct gun *pile_gun(struct pile *p, uint8_t raw);
int gun_number(const struct pile *p, const struct gun *g);

/* A record from before the restart, to send after the login. */
void pile_recall(struct pile *p, const struct ykc_trade_record *r);
/* A record to keep and send; takes a copy. */
void pile_owe(struct pile *p, const struct ykc_trade_record *r);
/* 0x40 came for it. */
void pile_settle(struct pile *p, const char *trade_number);

/* A frame of the platform that passed the checks: command.c. */
void pile_obey(struct pile *p, const struct ykc_frame *f,
               const struct ykc_raw *raw);

bool pile_is_idle(const struct pile *p);

#endif
