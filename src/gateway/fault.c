/*
 * Kill points of the crash tests: PILEHUB_FAULT names the place where the
 * process is killed. And a clock that a test sets forward: PILEHUB_CLOCK
 * names a file that holds the milliseconds. Not part of the product: only the
 * test build of the gateway has it.
 */
#include "gateway/gateway.h"

#ifdef GATEWAY_FAULTS

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

void fault_point(const char *name)
{
    const char *fault = getenv("PILEHUB_FAULT");

    if (fault != NULL && strcmp(fault, name) == 0)
        raise(SIGKILL);
}

/* The linker puts it in the place of monotonic_ms (tests/gateway.inc). */
int64_t __real_monotonic_ms(void);
int64_t __wrap_monotonic_ms(void);

static _Atomic int64_t nothing;
static _Atomic int64_t *_Atomic forward;

static _Atomic int64_t *map_clock(void)
{
    const char *path = getenv("PILEHUB_CLOCK");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
    void *at;

    if (fd < 0)
        return &nothing;
    at = mmap(NULL, sizeof *forward, PROT_READ, MAP_SHARED, fd, 0);
    must(at != MAP_FAILED);
    close(fd);
    return at;
}

int64_t __wrap_monotonic_ms(void)
{
    if (atomic_load(&forward) == NULL)
        atomic_store(&forward, map_clock());
    return __real_monotonic_ms() + atomic_load(atomic_load(&forward));
}

#else
typedef int fault_unused; /* a file is not empty */
#endif
