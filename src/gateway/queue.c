/*
 * The queue between threads: see queue.h.
 */
#include "gateway/queue.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

void queue_init(struct queue *q, size_t item_size, size_t capacity,
                int wake_fd)
{
    pthread_condattr_t attr;

    memset(q, 0, sizeof *q);
    must(pthread_mutex_init(&q->lock, NULL) == 0);
    must(pthread_condattr_init(&attr) == 0);
    must(pthread_condattr_setclock(&attr, CLOCK_MONOTONIC) == 0);
    must(pthread_cond_init(&q->filled, &attr) == 0);
    pthread_condattr_destroy(&attr);
    q->item_size = item_size;
    q->capacity = capacity;
    q->wake_fd = wake_fd;
    q->items = calloc(capacity, item_size);
    must(q->items != NULL);
}

void queue_fini(struct queue *q)
{
    free(q->items);
    pthread_cond_destroy(&q->filled);
    pthread_mutex_destroy(&q->lock);
}

static char *item_at(const struct queue *q, size_t i)
{
    return q->items + (q->first + i) % q->capacity * q->item_size;
}

static void wake(struct queue *q)
{
    uint64_t one = 1;

    pthread_cond_signal(&q->filled);
    /* Full only after 2^64 - 2 unread wakes: the reader is awake then. */
    if (q->wake_fd >= 0 && write(q->wake_fd, &one, sizeof one) < 0)
        return;
}

bool queue_put(struct queue *q, const void *item)
{
    bool taken = false, was_empty = false;

    pthread_mutex_lock(&q->lock);
    if (q->count < q->capacity) {
        was_empty = q->count == 0;
        memcpy(item_at(q, q->count), item, q->item_size);
        q->count++;
        taken = true;
    }
    pthread_mutex_unlock(&q->lock);
    if (was_empty)
        wake(q);
    return taken;
}

size_t queue_room(struct queue *q)
{
    size_t room;

    pthread_mutex_lock(&q->lock);
    room = q->capacity - q->count;
    pthread_mutex_unlock(&q->lock);
    return room;
}

static struct timespec deadline_in(int wait_ms)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += wait_ms / 1000;
    t.tv_nsec += (long)(wait_ms % 1000) * 1000000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    return t;
}

/* A poke or a signal ends the waiting early, with nothing taken. */
static void wait_for_one(struct queue *q, int wait_ms)
{
    struct timespec until = deadline_in(wait_ms);

    if (q->count == 0 && !q->closed && !q->is_poked && wait_ms > 0)
        pthread_cond_timedwait(&q->filled, &q->lock, &until);
    q->is_poked = false;
}

size_t queue_take(struct queue *q, void *items, size_t max, int wait_ms)
{
    size_t n, run;

    pthread_mutex_lock(&q->lock);
    wait_for_one(q, wait_ms);
    n = q->count < max ? q->count : max;
    run = q->capacity - q->first; /* up to the end of the ring */
    if (run > n)
        run = n;
    memcpy(items, item_at(q, 0), run * q->item_size);
    memcpy((char *)items + run * q->item_size, q->items,
           (n - run) * q->item_size);
    q->first = (q->first + n) % q->capacity;
    q->count -= n;
    if (q->count == 0)
        q->first = 0; /* a quiet queue keeps to few pages */
    pthread_mutex_unlock(&q->lock);
    return n;
}

void queue_close(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->closed = true;
    pthread_mutex_unlock(&q->lock);
    pthread_cond_broadcast(&q->filled);
}

bool queue_is_closed(struct queue *q)
{
    bool closed;

    pthread_mutex_lock(&q->lock);
    closed = q->closed;
    pthread_mutex_unlock(&q->lock);
    return closed;
}

void queue_poke(struct queue *q)
{
    pthread_mutex_lock(&q->lock);
    q->is_poked = true;
    wake(q);
    pthread_mutex_unlock(&q->lock);
}
