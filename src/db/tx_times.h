/*
 * How long write transactions last, from before START TRANSACTION to after
 * COMMIT or ROLLBACK (rule T4: 99 of 100 at most 50 ms): counters by length,
 * for /metrics and the bench. Atomic operations only: the workers of a pool
 * share them, and one may be killed at any instruction (W1).
 */
#ifndef DB_TX_TIMES_H
#define DB_TX_TIMES_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct db;

enum { TX_LENGTHS = 10 };

/* All zero is none yet. */
struct tx_times {
    _Atomic uint64_t count[TX_LENGTHS + 1]; /* the last: longer than all */
    _Atomic uint64_t sum_us;
};

/* The upper ends of the counters. */
extern const int64_t tx_length_us[TX_LENGTHS];

/* Each try of a transaction of db is counted in times from now on. */
void db_use_times(struct db *db, struct tx_times *times);

void tx_times_note(struct tx_times *times, int64_t us);

/* The upper end that per_mille of the transactions do not exceed, in us; 0 if
   there were none, INT64_MAX if it lies beyond all ends. */
int64_t tx_times_within(const struct tx_times *times, int per_mille);

#endif
