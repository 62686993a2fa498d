/*
 * Memory for fuzzed objects: bytes that end right before a page that nobody
 * may touch, so that reading or writing past them crashes in every build,
 * also where no address sanitizer looks.
 */
#ifndef FUZZ_GUARD_H
#define FUZZ_GUARD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "base/macros.h"

enum { GUARD_PAGE = 4096 };

/* The end of `most` writable bytes; they stay until the program ends. */
static inline uint8_t *guard_end(size_t most)
{
    size_t room = (most + GUARD_PAGE - 1) / GUARD_PAGE * GUARD_PAGE;
    uint8_t *p = mmap(NULL, room + GUARD_PAGE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    must(p != MAP_FAILED);
    must(mprotect(p + room, GUARD_PAGE, PROT_NONE) == 0);
    return p + room;
}

#endif
