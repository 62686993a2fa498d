/*
 * The gateway's side of oom_plan.h: every thread knows which it is, for the
 * linker puts these in the place of its functions (--wrap).
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/macros.h"
#include "tests/integration/oom.h"
#include "tests/integration/oom_plan.h"

static struct oom_plan *plan;
static _Thread_local int this_thread = OOM_MAIN;

static bool is_due(void)
{
    long at = atomic_load(&plan->at);

    atomic_store(&plan->in_use, oom_in_use());
    if (at == 0 || this_thread != atomic_load(&plan->thread))
        return false;
    if (atomic_fetch_add(&plan->calls, 1) + 1 != at && at > 0)
        return false;
    atomic_store(&plan->hit, true);
    return true;
}

static void __attribute__((constructor)) follow_plan(void)
{
    const char *path = getenv("PILEHUB_OOM_PLAN");
    int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;

    if (fd < 0)
        return;
    plan = mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
                0);
    must(plan != MAP_FAILED);
    close(fd);
    oom_ask(is_due);
}

#define THREAD(name, which)                  \
    void *__real_##name(void *arg);          \
    void *__wrap_##name(void *arg);          \
    void *__wrap_##name(void *arg)           \
    {                                        \
        this_thread = which;                 \
        return __real_##name(arg);           \
    }

THREAD(net_thread, OOM_NET)
THREAD(record_writer, OOM_RECORDER)
THREAD(state_writer, OOM_STATER)
THREAD(history_writer, OOM_HISTORIAN)
THREAD(command_writer, OOM_COMMANDER)
THREAD(keeper, OOM_KEEPER)
