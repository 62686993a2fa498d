/*
 * Records that end the process which settles them (rule W7: it stops rather
 * than continue wrong). A run that died leaves its mark; the run after it
 * takes every record alone and counts the try before it begins. A record that
 * never came back from SUSPECT_TRIES of them goes to a person, and everything
 * else goes on. A healthy run costs two small writes, not one a record.
 */
#ifndef CHARGING_SUSPECT_H
#define CHARGING_SUSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cx.h"

enum { SUSPECT_TRIES = 3 };

/* Sets the mark; true if that of an earlier run was still there. */
MUST_USE bool settle_run_begin(struct cx *cx);
void settle_run_end(struct cx *cx);

struct suspect {
    int64_t id;   /* of the record */
    bool is_over; /* out: no try now: given to a person, or another's */
};

/* Counts a try of the record and commits that, or gives it to a person. For
   cx_run: arg is a struct suspect. */
void suspect_check(struct cx *cx, void *arg);

/* The try came back, or was not begun, for the database failed: it does not
   count, and the record is due again. For cx_run, the same arg. */
void suspect_spared(struct cx *cx, void *arg);

#endif
