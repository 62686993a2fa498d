/*
 * The jobs that belong to no feature.
 */
#ifndef JOBS_KEEP_H
#define JOBS_KEEP_H

#include "web/feature.h"

enum { KEPT_JOBS = 7 };
extern const struct job kept_jobs[KEPT_JOBS];

#endif
