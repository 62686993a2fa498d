/*
 * Which allocation of which thread of the gateway fails (rule C8): a piece of
 * memory that the test and the gateway under test share. PILEHUB_OOM_PLAN
 * names its file.
 */
#ifndef TESTS_OOM_PLAN_H
#define TESTS_OOM_PLAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum oom_thread {
    OOM_MAIN, OOM_NET, OOM_RECORDER, OOM_STATER, OOM_HISTORIAN,
    OOM_COMMANDER, OOM_KEEPER, OOM_THREADS
};

struct oom_plan {
    _Atomic int thread;
    _Atomic long at;      /* the one that fails; 0: none, and none counted;
                             -1: all of them */
    _Atomic long calls;   /* since the test set it to 0 */
    _Atomic bool hit;
    _Atomic size_t in_use; /* bytes, of the whole process */
};

#endif
