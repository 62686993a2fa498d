/*
 * The gateway's side of pile_command: which rows it is to send, and what
 * became of them. A row is marked sent in the same transaction that moves its
 * order, and only then is the frame sent: whatever dies in between, a start
 * goes out at most once (rule G15).
 */
#ifndef CHARGING_COMMAND_SEND_H
#define CHARGING_COMMAND_SEND_H

#include <stddef.h>
#include <stdint.h>

#include "asset/link.h"
#include "base/cx.h"
#include "charging/command.h"
#include "db/db.h"

struct command_row {
    int64_t id, pile_id;
    int gun, kind;
    int64_t order_id; /* 0: none */
    char trade_no[33]; /* "": none */
    struct bytes args;
};

/*
 * Takes the queued commands of the holder's piles, oldest first, at most
 * COMMANDS_TAKEN, marks them sent and moves their orders. Those that may not
 * be sent any more are refused here. Runs a transaction of its own.
 */
enum { COMMANDS_TAKEN = 200 };
const struct command_row *commands_take(struct cx *cx, struct holder h,
                                        size_t *count);

/* What became of a command that was taken. */
struct command_end {
    int64_t id;
    int64_t order_id;
    int kind;
    int state;  /* enum command_state: SENT (again), DONE, REFUSED, ... */
    int result; /* raw bytes of the reply; -1: none */
    int reason;
    int tries;
    stamp at;
};

/*
 * Writes the ends, and moves orders by the replies to start and stop. Calls
 * unwanted for a start that succeeded too late: it must be stopped. Runs a
 * transaction of its own.
 */
void commands_end(struct cx *cx, struct holder h,
                  const struct command_end *rows, size_t n);

/*
 * Queued commands whose pile is offline or whose time is over: they end, and
 * so does the order of a start. At most 200 a call; returns how many.
 */
int64_t commands_expire(struct cx *cx);

/* After a start of the gateway: what was sent before has lost its reply. */
void commands_forget(struct cx *cx, struct holder h);

/*
 * Queues a stop for the gun by the platform itself: a session that nobody
 * is waiting for any more.
 */
void command_stop_unwanted(struct cx *cx, int64_t pile_id, int gun,
                           int64_t order_id, const char *trade_no);

#endif
