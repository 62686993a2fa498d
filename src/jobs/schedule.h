/*
 * The scheduler: runs the jobs of the features, each in one process at a time
 * however many there are. Whoever holds the lease of a job keeps it and runs
 * the job at its interval; if that process dies, another takes over when the
 * lease ends. The effects of jobs do not lean on the lease: they are guarded
 * by the rows they change, so that one that was paused past its lease does no
 * harm (rule T9).
 */
#ifndef JOBS_SCHEDULE_H
#define JOBS_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "web/feature.h"

enum {
    JOBS_MAX = 64,
    JOBS_FAST_MS = 1000,      /* jobs that run at least so often are fast */
    JOBS_LONG_MS = 60000,     /* those that may take longer than this, long */
    JOBS_HOLD_MS = 10000,     /* a lease outlasts the longest run by this, */
    JOBS_HOLD_FAST_MS = 3000, /* by less where others should step in soon */
    JOBS_HOME_MS = 1000,      /* how often a process asks for its own jobs, */
    JOBS_OTHER_MS = 4000      /* and for those that are at home elsewhere */
};

/*
 * Jobs of a kind are at home in one worker, so that one that waits for a
 * third party keeps only such ones waiting, and a long one only long ones.
 */
enum jobs_lane { LANE_FAST, LANE_SHORT, LANE_WAITING, LANE_LONG, JOBS_LANES };

struct config;
struct db;

/* What one worker process does. */
struct schedule {
    struct cx *cx;
    const char *owner; /* of the leases: unique, and the same again when a
                          worker is started in place of a dead one, so that
                          it goes on at once */
    struct slot {
        const struct job *job;
        bool is_home;
        int64_t epoch;     /* 0: somebody else's */
        int64_t held_ms;   /* until then, by the clock that never jumps */
        int64_t ask_ms, next_ms, told_ms;
        int64_t runs, failures; /* since told_ms */
    } slots[JOBS_MAX];
    size_t n;
};

/* The jobs of all features and those given beside them, each at home in the
   worker of its lane; with fewer workers than lanes they share. */
void schedule_init(struct schedule *s, struct cx *cx, const char *owner,
                   const struct features *features, const struct job *more,
                   size_t more_count, size_t worker, size_t workers);

/* Runs what is due; milliseconds until something will be. */
int64_t schedule_step(struct schedule *s);

/* Gives the leases back, so that others go on at once. */
void schedule_stop(struct schedule *s);

#endif
