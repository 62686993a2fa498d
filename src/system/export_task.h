/*
 * Exports made in the background: one row a file, of the account that asked
 * for it. The page layer makes the file; rules and SQL are here.
 */
#ifndef SYSTEM_EXPORT_TASK_H
#define SYSTEM_EXPORT_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/label.h"

#define EXPORT_STATES(X)                                    \
    X(EXPORT_QUEUED,  1, "queued",  "排队中", "reserved")    \
    X(EXPORT_RUNNING, 2, "running", "导出中", "charging")    \
    X(EXPORT_DONE,    3, "done",    "已完成", "ok")          \
    X(EXPORT_FAILED,  4, "failed",  "失败",   "fault")       \
    X(EXPORT_EXPIRED, 5, "expired", "已过期", "offline")

LABELS_DECLARE(export_state, EXPORT_STATES);

enum { EXPORT_KEEP_DAYS = 7, EXPORT_OPEN_MAX = 5 };

struct export_task {
    int64_t id, account_id;
    const char *resource, *title, *format, *query, *file, *error;
    int state;
    int64_t rows_done, rows_total, size;
    stamp created_at;
};

/* Queues one for the acting account, with an audit row; its id. Fails with
   ERR_TOO_MANY beyond EXPORT_OPEN_MAX unfinished ones. In a transaction. */
int64_t export_add(struct cx *cx, const char *resource, const char *title,
                   const char *format, const char *query, int64_t rows);

/* One of the acting account's own, or ERR_NOT_FOUND. */
struct export_task *export_load(struct cx *cx, int64_t id);

/* The unfinished ones of the acting account. */
int64_t export_open_count(struct cx *cx);

/* The next one to be made, or NULL. Also one that a dead process left
   running: the job that calls this runs alone (its lease). */
struct export_task *export_next(struct cx *cx);

/* It has begun; its rows so far; its end. */
void export_start(struct cx *cx, int64_t id, int64_t total);
void export_progress(struct cx *cx, int64_t id, int64_t rows);
void export_done(struct cx *cx, int64_t id, const char *file, int64_t rows,
                 int64_t size);
void export_failed(struct cx *cx, int64_t id, const char *error);

/* Names of files whose time is over; their rows say so from now on. At most
   100. Also forgets uploads that were never committed. */
const char *const *export_sweep(struct cx *cx, size_t *count);
const char *const *import_sweep(struct cx *cx, size_t *count);

/* The account that asked, with its rights as they are now, becomes the actor
   of cx. False if it may not act any more. */
bool export_become(struct cx *cx, const struct export_task *t,
                   const char *perm);

/* The page was downloaded: audited. In a transaction. */
void export_fetched(struct cx *cx, const struct export_task *t);

#endif
