#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { CHUNK_FIRST = 32 * 1024, ALIGN = 16 };

struct chunk {
    struct chunk *next;
    size_t size; /* of data */
    size_t used;
    _Alignas(ALIGN) char data[];
};

struct arena {
    struct chunk *head;  /* the one in use; older ones follow */
    struct chunk *first; /* kept by arena_reset */
    size_t max;
    size_t used;
    size_t taken; /* bytes of all chunks */
    void (*empty)(void *arg); /* or NULL */
    void *arg;
};

static struct chunk *chunk_new(size_t size)
{
    struct chunk *c = malloc(sizeof *c + size);

    if (c == NULL)
        return NULL;
    c->next = NULL;
    c->size = size;
    c->used = 0;
    return c;
}

struct arena *arena_new(size_t max_bytes)
{
    struct arena *a = calloc(1, sizeof *a);
    struct chunk *first = a == NULL ? NULL : chunk_new(CHUNK_FIRST);

    if (first == NULL) {
        free(a);
        return NULL;
    }
    a->first = a->head = first;
    a->max = max_bytes;
    a->taken = CHUNK_FIRST;
    return a;
}

void arena_on_empty(struct arena *a, void (*empty)(void *arg), void *arg)
{
    a->empty = empty;
    a->arg = arg;
}

static void free_to_first(struct arena *a)
{
    while (a->head != a->first) {
        struct chunk *next = a->head->next;

        a->taken -= a->head->size;
        free(a->head);
        a->head = next;
    }
}

void arena_free(struct arena *a)
{
    if (a == NULL)
        return;
    free_to_first(a);
    free(a->first);
    free(a);
}

void arena_reset(struct arena *a)
{
    free_to_first(a);
    a->first->used = 0;
    a->used = 0;
}

void arena_wipe(struct arena *a)
{
    for (struct chunk *c = a->head; c != NULL; c = c->next)
        explicit_bzero(c->data, c->used);
    arena_reset(a);
}

struct arena_mark arena_mark(const struct arena *a)
{
    return (struct arena_mark){ a->head, a->head->used, a->used };
}

void arena_release(struct arena *a, struct arena_mark mark)
{
    must(mark.used <= a->used);
    while (a->head != mark.chunk) {
        struct chunk *next = a->head->next;

        must(next != NULL);
        a->taken -= a->head->size;
        free(a->head);
        a->head = next;
    }
    a->head->used = mark.chunk_used;
    a->used = mark.used;
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}

static bool grow(struct arena *a, size_t need)
{
    size_t size = a->head->size * 2;
    struct chunk *c;

    if (size > 1024 * 1024)
        size = 1024 * 1024;
    if (size < need)
        size = need;
    c = chunk_new(size);
    if (c == NULL)
        return false;
    c->next = a->head;
    a->head = c;
    a->taken += size;
    return true;
}

void *arena_try(struct arena *a, size_t size)
{
    void *p;

    must(size <= SIZE_MAX / 4);
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    must(a->used + size <= a->max); /* rule W4: stop rather than swell */
    if (a->head->size - a->head->used < size && !grow(a, size))
        return NULL;
    p = a->head->data + a->head->used;
    a->head->used += size;
    a->used += size;
    return memset(p, 0, size);
}

void *arena_alloc(struct arena *a, size_t size)
{
    void *p = arena_try(a, size);

    if (p == NULL && a->empty != NULL)
        a->empty(a->arg);
    must(p != NULL);
    return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    must(size == 0 || count <= SIZE_MAX / 4 / size);
    return arena_alloc(a, count * size);
}

char *arena_strdup(struct arena *a, const char *s)
{
    return arena_strndup(a, s, strlen(s));
}

char *arena_strndup(struct arena *a, const char *s, size_t n)
{
    size_t len = strnlen(s, n);
    char *copy = arena_alloc(a, len + 1);

    memcpy(copy, s, len);
    return copy;
}

void *arena_memdup(struct arena *a, const void *p, size_t n)
{
    void *copy = arena_alloc(a, n);

    if (n > 0)
        memcpy(copy, p, n);
    return copy;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap;
    char *s;

    va_start(ap, fmt);
    s = arena_vprintf(a, fmt, ap);
    va_end(ap);
    return s;
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
    va_list again;
    char *s;
    int n;

    va_copy(again, ap);
    n = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    must(n >= 0);
    s = arena_alloc(a, (size_t)n + 1);
    must(vsnprintf(s, (size_t)n + 1, fmt, ap) == n);
    return s;
}
