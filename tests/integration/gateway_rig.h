/*
 * A gateway under test: the real process with the rights of its database
 * user, on a database of its own, and piles made of a socket and the codec.
 */
#ifndef TESTS_GATEWAY_RIG_H
#define TESTS_GATEWAY_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cx.h"
#include "protocol/ykc/frame.h"
#include "protocol/ykc/stream.h"

/*
 * The park: station 1 with area 1, a tariff by period in force ("0001"), and
 * piles 32010200000001 to ...05, ids 1 to 5, two guns each; connector ids are
 * 2 * pile - 1 and 2 * pile. A station 2 with no tariff holds pile 6.
 */
enum { RIG_PILES = 6 };
const char *rig_code(int pile);

struct rig {
    pid_t pid;
    int port;
    int log_fd; /* what it wrote to stderr */
    char home[64];
    char control[64];
    char log[1 << 20];
    struct cx *cx; /* root, for looking */
    const char *program; /* NULL: pilehub-gateway */
    const char *fault;   /* where the test build dies; NULL: nowhere */
    const char *settings; /* further lines of the settings, or NULL */
    const char *name;     /* of the gateway; NULL: gw1 */
    int offline_ms;       /* silence of a pile; 0: 5 s */
    _Atomic int64_t *forward_ms; /* rig_clock's */
};

/* Database, users, park. Once per program. */
void rig_init(struct rig *r, const char *name);
void rig_fini(struct rig *r);

/* A clean park: no orders, records, commands, events; piles offline. */
void rig_reset(struct rig *r);

/* Starts the gateway and waits until it listens. */
void rig_start(struct rig *r);
/* SIGTERM, and waits; its exit status. */
int rig_stop(struct rig *r);

/*
 * A test's set-up: a clean park and a gateway with these further settings
 * (NULL: none) that gives up a pile after so much silence (0: 5 s). And the
 * end: one that still runs must stop with 0. Both return 0.
 */
int rig_begin(struct rig *r, const char *settings, int offline_ms);
int rig_end(struct rig *r);

/* Waits for a process that ends by itself: status as of waitpid. */
int rig_wait_exit(struct rig *r, int ms);
void rig_kill(struct rig *r);
/* Stops the whole process where it is, and goes on with it. On a busy machine
   its threads run on for a while after the signal: waits for all of them. */
void rig_pause(struct rig *r);
void rig_resume(struct rig *r);

/* What it has written to its log so far. */
const char *rig_log(struct rig *r);

/* The statistics file; -1 if the line is not there. */
int64_t rig_count(struct rig *r, const char *name);
/* Waits until the counter is at least this; fails the test otherwise. */
void rig_wait_count(struct rig *r, const char *name, int64_t least, int ms);

/* Waits until the first column of the statement is this number. */
void rig_wait_int(struct rig *r, const char *sql, int64_t want, int ms);
int64_t rig_int(struct rig *r, const char *sql);
/* First column of the first row as text; "" if none. In the arena. */
const char *rig_text(struct rig *r, const char *sql);
void rig_sql(struct rig *r, const char *format, ...) PRINTF_LIKE(2, 3);

/* Queues a frame as a command for a gun of pile 1, good for a minute; its id.
   order_id 0 and trade NULL: for no order. */
int64_t rig_queue(struct rig *r, int kind, uint8_t type, const void *frame,
                  int gun, int64_t order_id, const char *trade);

/* A resident set in KiB. */
int64_t rig_rss_kib(const struct rig *r);
/* CPU ticks used so far, of 10 ms. */
int64_t rig_cpu_ticks(const struct rig *r);

void rig_sleep(int ms);

/* The program with kill points, whose clock goes on by ms at once with
   rig_forward; what waits for it is done when its thread next wakes, so let
   a pile say something. Before rig_start. */
void rig_clock(struct rig *r);
void rig_forward(struct rig *r, int64_t ms);

/* ---- a pile --------------------------------------------------------- */

struct pile {
    int fd;
    int no;              /* 1.. of the park */
    uint16_t sequence;
    struct ykc_stream stream;
    struct ykc_raw raw;  /* of the last frame expected */
    union ykc_any any;
    uint8_t *tape;       /* what it sends is kept here, if set after the
                            connect */
    size_t taped, tape_size;
};

/* Connects; from 127.0.0.1, or another loopback address. */
void pile_connect(struct pile *p, const struct rig *r, int no);
void pile_connect_from(struct pile *p, const struct rig *r, int no,
                       const char *address);
/* Hangs up, and waits until the gateway has seen that; a second at most. */
void pile_close(struct pile *p);

/* Sends a frame: the struct of its type. */
void pile_send(struct pile *p, uint8_t type, const void *frame);
void pile_send_bytes(struct pile *p, const void *bytes, size_t n);
/* The bytes of a frame, for sending them otherwise; their number. */
size_t pile_frame(struct pile *p, uint8_t type, const void *frame,
                  uint8_t out[YKC_MAX_FRAME]);

/* The next frame, of any type, within ms; false if none came. */
bool pile_next(struct pile *p, int ms);
/* Waits for a frame of this type, dropping others; fails the test if none
   comes. The decoded frame. */
const union ykc_any *pile_expect(struct pile *p, uint8_t type, int ms);
/* No frame of this type for so long. */
void pile_expect_none(struct pile *p, uint8_t type, int ms);
/* The other side closes within ms. */
void pile_expect_closed(struct pile *p, int ms);

/* Connects, logs in, and takes 0x02 (accepted), 0x56 and the reads. */
void pile_login(struct pile *p, const struct rig *r, int no);
struct ykc_login pile_login_frame(int no);
void pile_heartbeat(struct pile *p, int gun);

/* 0x13 with these values; trade NULL: none. */
struct ykc_realtime pile_report(int no, int gun, int state, bool plugged,
                                const char *trade, uint32_t energy);
/* A believable record of a session. */
struct ykc_trade_record pile_record(int no, int gun, const char *trade,
                                    uint32_t energy);

#endif
