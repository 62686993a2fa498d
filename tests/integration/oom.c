#include "tests/integration/oom.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

static _Thread_local struct {
    bool on, hit;
    int spared;
    long calls, at;
} plan;

void oom_begin(long at)
{
    plan.calls = 0;
    plan.at = at;
    plan.hit = false;
    plan.on = true;
}

long oom_end(void)
{
    plan.on = false;
    return plan.calls;
}

bool oom_hit(void)
{
    return plan.hit;
}

/* 0: a few; -1: all; else that one. */
static long wanted(void)
{
    const char *which = getenv("PILEHUB_OOM");

    if (which == NULL)
        return 0;
    return strcmp(which, "all") == 0 ? -1 : strtol(which, NULL, 10);
}

long oom_step(long stride)
{
    long which = wanted();

    return which == 0 ? stride : which < 0 ? 1 : LONG_MAX / 2;
}

long oom_first(const char *what, long stride)
{
    unsigned long hash = 5381;

    for (; *what != '\0'; what++)
        hash = hash * 33 + (unsigned char)*what;
    if (wanted() != 0)
        return wanted() < 0 ? 1 : wanted();
    return 1 + (long)(hash % (unsigned long)stride);
}

void oom_spare(int by)
{
    plan.spared += by;
}

static bool (*judge)(void);

void oom_ask(bool (*is_due)(void))
{
    judge = is_due;
}

static bool is_due(void)
{
    if (plan.spared > 0)
        return false;
    if (plan.on && ++plan.calls == plan.at)
        plan.hit = true;
    else if (judge == NULL || !judge())
        return false;
    errno = ENOMEM;
    return true;
}

/* The client library crashes in connecting; nothing has been done by then. */
void *__real_mysql_real_connect(void *my, const char *host, const char *user,
                                const char *password, const char *name,
                                unsigned port, const char *path,
                                unsigned long flags);
void *__wrap_mysql_real_connect(void *my, const char *host, const char *user,
                                const char *password, const char *name,
                                unsigned port, const char *path,
                                unsigned long flags);
void *__wrap_mysql_real_connect(void *my, const char *host, const char *user,
                                const char *password, const char *name,
                                unsigned port, const char *path,
                                unsigned long flags)
{
    oom_spare(1);
    my = __real_mysql_real_connect(my, host, user, password, name, port, path,
                                   flags);
    oom_spare(-1);
    return my;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

#ifdef __SANITIZE_ADDRESS__

void *__wrap_malloc(size_t size)
{
    return is_due() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return is_due() ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return is_due() ? NULL : __real_realloc(p, size);
}

size_t oom_in_use(void)
{
    return 0;
}

#else

/* Those of glibc, under the names that remain. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void __libc_free(void *p);

static _Atomic size_t in_use;

static void *counted(void *p)
{
    if (p != NULL)
        in_use += malloc_usable_size(p);
    return p;
}

void *malloc(size_t size)
{
    return is_due() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
    return is_due() ? NULL : counted(__libc_calloc(n, size));
}

void *realloc(void *p, size_t size)
{
    size_t before = p == NULL ? 0 : malloc_usable_size(p);
    void *larger;

    if (is_due())
        return NULL;
    larger = counted(__libc_realloc(p, size));
    if (larger != NULL || size == 0)
        in_use -= before;
    return larger;
}

void free(void *p)
{
    if (p != NULL)
        in_use -= malloc_usable_size(p);
    __libc_free(p);
}

/* Our own calls reach the above like those of everybody else. */
void *__wrap_malloc(size_t size)
{
    return __real_malloc(size);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return __real_realloc(p, size);
}

size_t oom_in_use(void)
{
    return in_use;
}

#endif
