/*
 * A bounded queue between threads: items of one size, copied in and out. Many
 * put, one takes. Putting never waits (network threads may not): it says
 * whether there was room.
 */
#ifndef GATEWAY_QUEUE_H
#define GATEWAY_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

struct queue {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    size_t item_size;
    size_t capacity;
    size_t first, count;
    bool closed, is_poked;
    int wake_fd; /* an eventfd to write to as well, or -1 */
    char *items;
};

void queue_init(struct queue *q, size_t item_size, size_t capacity,
                int wake_fd);
void queue_fini(struct queue *q);

/* A copy of the item at the end; false, and nothing kept, if it is full. */
MUST_USE bool queue_put(struct queue *q, const void *item);

/* Room for so many more at this moment. */
size_t queue_room(struct queue *q);

/* Takes up to max items; waits at most wait_ms for the first one, and may
   come back earlier without any. */
size_t queue_take(struct queue *q, void *items, size_t max, int wait_ms);

/* Ends all waiting; items can still be taken. */
void queue_close(struct queue *q);
bool queue_is_closed(struct queue *q);

/* Wakes the taker, now or at its next wait, although nothing was put. */
void queue_poke(struct queue *q);

#endif
