#include "jobs/schedule.h"

#include <string.h>

#include "base/crypto.h"
#include "base/log.h"
#include "base/program.h"
#include "db/db.h"
#include "db/lease.h"

enum {
    TELL_MS = 10000,     /* how often runs of a fast job are written down */
    MARGIN_MS = 1000,    /* clocks of two machines run apart */
    LATER_MS = 500,      /* after a failure of the database */
    LONGEST_SLEEP_MS = 1000
};

/* ---- the list of jobs ------------------------------------------------ */

static void add(struct schedule *s, const struct job *job, bool is_home)
{
    must(s->n < JOBS_MAX);
    must(job->limit_ms > 0 && job->every_ms > 0);
    for (size_t i = 0; i < s->n; i++)
        must(strcmp(s->slots[i].job->name, job->name) != 0);
    s->slots[s->n++] = (struct slot){
        .job = job, .is_home = is_home,
        .ask_ms = is_home ? 0 : monotonic_ms() + JOBS_OTHER_MS
    };
}

static enum jobs_lane lane_of(const struct job *job)
{
    if (job->waits)
        return LANE_WAITING;
    if (job->limit_ms > JOBS_LONG_MS)
        return LANE_LONG;
    return job->every_ms <= JOBS_FAST_MS ? LANE_FAST : LANE_SHORT;
}

static bool at_home(const struct job *job, size_t worker, size_t workers)
{
    return worker == (size_t)lane_of(job) % workers;
}

void schedule_init(struct schedule *s, struct cx *cx, const char *owner,
                   const struct features *features, const struct job *more,
                   size_t more_count, size_t worker, size_t workers)
{
    *s = (struct schedule){ .cx = cx, .owner = owner };
    for (size_t i = 0; i < features->n; i++)
        for (size_t k = 0; k < features->v[i]->jobs.n; k++) {
            const struct job *job = &features->v[i]->jobs.v[k];

            add(s, job, at_home(job, worker, workers));
        }
    for (size_t i = 0; i < more_count; i++)
        add(s, &more[i], at_home(&more[i], worker, workers));
}

/* ---- units of work --------------------------------------------------- */

static void begin(struct schedule *s, const struct job *job)
{
    db_between(s->cx->db);
    cx_begin(s->cx);
    s->cx->actor = (struct actor){ .kind = ACTOR_SYSTEM, .name = "系统",
                                   .address = "" };
    s->cx->scope = (struct scope){ .all = true };
    s->cx->request_id = job->name;
    log_set_context(job->name);
}

struct asking {
    struct schedule *s;
    struct slot *slot;
};

static const char *lease_name(struct cx *cx, const struct job *job)
{
    return cx_printf(cx, "job:%s", job->name);
}

/* When the job is due by the table, in ms from now; 0 if it never ran. */
static int64_t due_in(struct cx *cx, const struct job *job)
{
    static const char sql[] =
        "SELECT GREATEST(0, TIMESTAMPDIFF(MICROSECOND, NOW(3), next_at)"
        " DIV 1000) FROM job_run WHERE name = ?";
    int64_t ms = db_int(cx, sql, BIND(V(job->name)));

    return ms < job->every_ms ? ms : job->every_ms;
}

static void ask(struct cx *cx, void *arg)
{
    const struct asking *a = arg;
    struct slot *slot = a->slot;
    bool fast = slot->job->every_ms <= JOBS_FAST_MS;
    int64_t ttl = slot->job->limit_ms +
                  (fast ? JOBS_HOLD_FAST_MS : JOBS_HOLD_MS);
    int64_t begun = monotonic_ms();
    int64_t epoch = lease_take(cx, lease_name(cx, slot->job), a->s->owner,
                               ttl);

    if (epoch != 0 && epoch != slot->epoch)
        slot->next_ms = begun + due_in(cx, slot->job);
    slot->epoch = epoch;
    slot->held_ms = begun + ttl - MARGIN_MS;
}

/* True if the lease covers a whole run from now on. */
static bool hold(struct schedule *s, struct slot *slot, int64_t now)
{
    struct asking a = { s, slot };

    if (slot->epoch != 0 && slot->held_ms - now > slot->job->limit_ms)
        return true;
    if (now < slot->ask_ms)
        return false;
    slot->ask_ms = now + (slot->is_home ? JOBS_HOME_MS : JOBS_OTHER_MS) +
                   (int64_t)random_below(JOBS_HOME_MS / 4);
    begin(s, slot->job);
    if (!cx_run(s->cx, ask, &a))
        slot->epoch = 0;
    return slot->epoch != 0;
}

static void tell(struct cx *cx, void *arg)
{
    static const char sql[] =
        "INSERT INTO job_run (name, started_at, ended_at, next_at, runs,"
        " failures, error) VALUES (?, ?, NOW(3), NOW(3) + INTERVAL ? * 1000"
        " MICROSECOND, ?, ?, ?)"
        " ON DUPLICATE KEY UPDATE started_at = VALUES(started_at),"
        " ended_at = VALUES(ended_at), next_at = VALUES(next_at),"
        " runs = runs + VALUES(runs), failures = failures + VALUES(failures),"
        " error = VALUES(error)";
    const struct slot *slot = arg;
    const char *why = cx->error.code == CX_OK ? NULL
                                              : cx_strdup(cx, cx->error.text);

    db_exec(cx, sql, BIND(V(slot->job->name), V(cx->now),
                          V(slot->job->every_ms), V(slot->runs),
                          V(slot->failures), V(why)));
}

static void work(struct cx *cx, void *arg)
{
    const struct job *job = arg;

    job->run(cx);
}

/* A run that takes longer than its limit ends the process (SIGALRM); the
   parent starts another. */
static void run(struct schedule *s, struct slot *slot, int64_t now)
{
    const struct job *job = slot->job;
    bool done;

    begin(s, job);
    program_alarm(job->limit_ms);
    done = cx_run(s->cx, work, (void *)(uintptr_t)job);
    program_alarm(0);
    if (!done)
        log_error("job.failed", F_TEXT("job", job->name),
                  F_TEXT("why", s->cx->error.text));
    slot->runs++;
    slot->failures += !done;
    slot->next_ms = now + job->every_ms;
    if (job->every_ms > JOBS_FAST_MS || now - slot->told_ms >= TELL_MS ||
        !done) {
        if (cx_run(s->cx, tell, slot))
            slot->runs = slot->failures = 0;
        slot->told_ms = now;
    }
    if (!done)
        slot->next_ms = monotonic_ms() +
                        (job->every_ms > LATER_MS ? job->every_ms : LATER_MS);
}

int64_t schedule_step(struct schedule *s)
{
    int64_t sleep = LONGEST_SLEEP_MS;

    for (size_t i = 0; i < s->n; i++) {
        struct slot *slot = &s->slots[i];
        int64_t now = monotonic_ms(), left;

        if (hold(s, slot, now)) {
            now = monotonic_ms(); /* taking the lease took a moment */
            if (now >= slot->next_ms)
                run(s, slot, now);
            left = slot->next_ms - monotonic_ms();
        } else {
            left = slot->ask_ms - now;
        }
        if (left < sleep)
            sleep = left > 0 ? left : 0;
    }
    log_set_context("");
    return sleep;
}

static void drop(struct cx *cx, void *arg)
{
    const struct slot *slot = arg;

    lease_drop(cx, lease_name(cx, slot->job), slot->epoch);
}

void schedule_stop(struct schedule *s)
{
    for (size_t i = 0; i < s->n; i++) {
        struct slot *slot = &s->slots[i];

        if (slot->epoch == 0)
            continue;
        begin(s, slot->job);
        if (!cx_run(s->cx, drop, slot))
            return; /* the database is gone; the leases will end */
        slot->epoch = 0;
    }
}
