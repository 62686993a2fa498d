/*
 * Timers of one thread: a hashed wheel. Setting, clearing and moving cost the
 * same however many there are. Coarse on purpose (64 ms): nothing here needs
 * better, and a thousand deadlines in one tick are one wake-up.
 */
#ifndef GATEWAY_WHEEL_H
#define GATEWAY_WHEEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

enum {
    WHEEL_TICK_MS = 64,
    WHEEL_SLOTS = 1024 /* 65 s around; what is later goes around again */
};

/* Part of the object that waits. Zeroed: not set. */
struct timer {
    struct timer *next;
    struct timer **link; /* what points here; NULL: not set */
    int64_t due_ms;
    int kind;            /* of the object: for whoever gets it back */
};

struct wheel {
    int64_t tick; /* the next to be looked at */
    size_t count; /* timers set */
    struct timer *slots[WHEEL_SLOTS];
};

void wheel_init(struct wheel *w, int64_t now_ms);

/* Sets or moves. Fires at or up to one tick after due_ms, never before. */
void wheel_set(struct wheel *w, struct timer *t, int64_t due_ms);
void wheel_clear(struct wheel *w, struct timer *t);

static inline bool timer_is_set(const struct timer *t)
{
    return t->link != NULL;
}

/* Takes out one timer that is due, or NULL. Call until NULL. */
struct timer *wheel_next(struct wheel *w, int64_t now_ms);

/* How long to sleep at most: -1 if no timer is set. */
int wheel_wait_ms(const struct wheel *w, int64_t now_ms);

#endif
