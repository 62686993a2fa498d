/*
 * Stands between libFuzzer and a target in the volume build, which has no
 * address sanitizer: every input ends where an unreadable page begins.
 */
#include <string.h>

#include "tests/fuzz/guard.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int fuzz_one(const uint8_t *data, size_t size); /* the target's, renamed */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { MOST = 1 << 16 };
    static uint8_t *end;

    if (end == NULL)
        end = guard_end(MOST);
    must(size <= MOST);
    if (size > 0)
        memcpy(end - size, data, size);
    return fuzz_one(end - size, size);
}
