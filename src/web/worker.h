/*
 * A worker process: one request at a time from the pool's socket, until told
 * to stop or worn out. Crash-only (rule W1): it may be killed at any point.
 */
#ifndef WEB_WORKER_H
#define WEB_WORKER_H

#include <sys/types.h>

#include "base/cx.h"
#include "web/app.h"
#include "web/shared.h"

enum {
    WORKER_ARENA_MAX = 64 * 1024 * 1024,
    WORKER_SPACE_MAX = 512,  /* MiB of address space */
    WORKER_OVER_BUDGET = 70, /* exit code: a request took too long */
};

struct worker {
    const struct app *app;
    struct views *views;
    int listen_fd;     /* non-blocking, shared with the other workers */
    struct slot *slot; /* tells the master what it does */
    pid_t master;      /* whose end is the worker's */
};

/* Serves; the exit code of the process. Called once, after the fork. */
int worker_run(const struct worker *w);

#endif
