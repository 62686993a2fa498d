/*
 * Memory of one unit of work: taken bit by bit, given back at once.
 * Bounded: a request that asks for more than the limit stops the process
 * (rule W4), so callers limit what they read before they allocate.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "base/macros.h"

struct arena;

/* A new arena that will hold at most max_bytes, or NULL if there is no memory
   for it. Free with arena_free. */
struct arena *arena_new(size_t max_bytes);
void arena_free(struct arena *a);

/*
 * What is called, and must not return, when the system has no memory left
 * (rule W2); without it the process stops. Exceeding max_bytes always stops
 * the process: that is a request too large, not a host too small.
 */
void arena_on_empty(struct arena *a, void (*empty)(void *arg), void *arg);

/* Gives everything back but keeps the first chunk for the next unit. */
void arena_reset(struct arena *a);

/* The same, and overwrites what was handed out: it held a secret (W9). */
void arena_wipe(struct arena *a);

/*
 * Gives back what was handed out since the mark: for a loop over many rows.
 * Nothing taken since may be in use any more; in particular nothing put on a
 * clean-up list that has not run yet.
 */
struct arena_mark {
    void *chunk;
    size_t chunk_used, used;
};
struct arena_mark arena_mark(const struct arena *a);
void arena_release(struct arena *a, struct arena_mark mark);

/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *a);

/* Zeroed memory aligned for any type. Never NULL: aborts at the limit. */
void *arena_alloc(struct arena *a, size_t size);

/* The same, but NULL if the system has no memory left. */
void *arena_try(struct arena *a, size_t size);

/* A new array of count objects of the given size; aborts on overflow. */
void *arena_array(struct arena *a, size_t count, size_t size);

/* Copies, and formatted text, that live as long as the arena's content. */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t n);
void *arena_memdup(struct arena *a, const void *p, size_t n);

char *arena_printf(struct arena *a, const char *fmt, ...) PRINTF_LIKE(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap);

#define ARENA_NEW(a, type) ((type *)arena_alloc((a), sizeof(type)))

#endif
