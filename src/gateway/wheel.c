/*
 * The timer wheel: see wheel.h.
 */
#include "gateway/wheel.h"

#include <string.h>

void wheel_init(struct wheel *w, int64_t now_ms)
{
    memset(w, 0, sizeof *w);
    w->tick = now_ms / WHEEL_TICK_MS;
}

static void unlink_timer(struct timer *t)
{
    *t->link = t->next;
    if (t->next != NULL)
        t->next->link = t->link;
    t->next = NULL;
    t->link = NULL;
}

void wheel_clear(struct wheel *w, struct timer *t)
{
    if (!timer_is_set(t))
        return;
    unlink_timer(t);
    w->count--;
}

/* The first tick that begins at or after the deadline. */
static int64_t tick_of(int64_t due_ms)
{
    return (due_ms + WHEEL_TICK_MS - 1) / WHEEL_TICK_MS;
}

void wheel_set(struct wheel *w, struct timer *t, int64_t due_ms)
{
    int64_t tick = tick_of(due_ms);
    struct timer **slot;

    wheel_clear(w, t);
    if (tick < w->tick)
        tick = w->tick;
    if (tick > w->tick + WHEEL_SLOTS - 2) /* looked at once a round */
        tick = w->tick + WHEEL_SLOTS - 2;
    slot = &w->slots[tick % WHEEL_SLOTS];
    t->due_ms = due_ms;
    t->next = *slot;
    t->link = slot;
    if (t->next != NULL)
        t->next->link = &t->next;
    *slot = t;
    w->count++;
}

struct timer *wheel_next(struct wheel *w, int64_t now_ms)
{
    while (w->tick <= now_ms / WHEEL_TICK_MS) {
        struct timer *t = w->slots[w->tick % WHEEL_SLOTS];

        if (t == NULL) {
            w->tick++;
            continue;
        }
        wheel_clear(w, t);
        if (t->due_ms <= now_ms)
            return t;
        /* Too far ahead when it was set: on to where it belongs. */
        w->tick++;
        wheel_set(w, t, t->due_ms);
        w->tick--;
    }
    return NULL;
}

int wheel_wait_ms(const struct wheel *w, int64_t now_ms)
{
    if (w->count == 0)
        return -1;
    for (int64_t tick = w->tick; tick < w->tick + WHEEL_SLOTS; tick++)
        if (w->slots[tick % WHEEL_SLOTS] != NULL) {
            int64_t wait = tick * WHEEL_TICK_MS - now_ms;

            return wait > 0 ? (int)wait : 0;
        }
    return -1;
}
