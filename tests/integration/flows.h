/*
 * Every flow that moves money, for loops that let each of its steps go wrong:
 * of the database (test_faults, rule T14) and of memory (test_oom, rule C8).
 */
#ifndef TESTS_FLOWS_H
#define TESTS_FLOWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"

struct flow {
    const char *name;
    /* Makes what the flow needs; fills the case. */
    void (*prepare)(struct cx *cx, int64_t out[2]);
    /* One unit of work, as its caller runs it. */
    void (*run)(struct cx *cx, const int64_t in[2]);
    /* True if the effect is there, whole; fails the test if it is there in
       part or twice. */
    bool (*done)(struct cx *cx, const int64_t in[2]);
    bool job; /* swallows failures: its answer says nothing */
};

extern const struct flow flows[];
extern const size_t flow_count;

struct flow_hooks {
    void (*begin)(void);
    void (*end)(void);
    size_t (*in_use)(void); /* bytes allocated, or NULL */
};

/*
 * Makes what the flow needs, runs it between begin and end, the same
 * again, and looks: fails the test if the answer was a lie, if the effect is
 * there in part, or if the repeat does not converge. quiet is the unit of work
 * that prepares and looks; the flow has one of its own, with a connection.
 * what names the fault. Returns the bytes that the run left behind, by in_use.
 */
long flow_try(struct cx *quiet, const struct flow *flow, const char *what,
              const struct flow_hooks *hooks);

/* The world that the flows need; free with testdb_cx_free. */
struct cx *flow_world(void);

#endif
