/*
 * A COMMIT that does not come back: the disk of the binary log is full, and
 * the server waits until somebody makes room. Every worker that wrote would
 * wait with it, and nobody would be left to read (rule W6). So the workers of
 * a pool share who is in a COMMIT since when: once one has been for long,
 * writes are refused at once, and only now and then one tries.
 *
 * Atomic operations only: a worker may be killed at any instruction (W1).
 */
#ifndef DB_GATE_H
#define DB_GATE_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"

enum { GATE_WORKERS = 64 };

/* All zero is open. */
struct gate {
    _Atomic int64_t committing_ms[GATE_WORKERS]; /* since then, monotonic */
    _Atomic int64_t closed_ms;                   /* until then; 0: open */
};

/* The connection of worker i uses the gate. The mark of the one before goes;
   if that one died of a COMMIT, writes stay refused for a while. */
void db_use_gate(struct db *db, struct gate *gate, size_t i);

/* Fails with ERR_DATABASE while writes do not come back. */
void gate_need(struct cx *cx);

/* Around a COMMIT; came_back if it had an answer. */
void gate_enter(struct db *db);
void gate_leave(struct db *db, bool came_back);

#endif
