/*
 * Kill points of the crash tests: PILEHUB_FAULT names the place where the
 * process is killed. Not part of the product: only the test build of the
 * gateway has it.
 */
#include "gateway/gateway.h"

#ifdef GATEWAY_FAULTS

#include <signal.h>
#include <stdlib.h>
#include <string.h>

void fault_point(const char *name)
{
    const char *fault = getenv("PILEHUB_FAULT");

    if (fault != NULL && strcmp(fault, name) == 0)
        raise(SIGKILL);
}

#else
typedef int fault_unused; /* a file is not empty */
#endif
