/*
 * Reconciliation (rules R1, R2, R5): are the books what they claim to be.
 * Read-only; run it in db_report for one consistent moment.
 */
#ifndef LEDGER_VERIFY_H
#define LEDGER_VERIFY_H

#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"

/* One check: how many rows break it, and the first of them. */
struct finding {
    const char *what;
    const char *title; /* of the page, in Chinese */
    int64_t breaks;
    const char *first; /* "tx 17: -3", or NULL */
};

/* A check is a statement with one parameter, the moment from which rows
   count; its row is the number of breaks and the first one. */
struct verify_check {
    const char *what;
    const char *title;
    const char *sql;
};

/* Runs checks one after the other. since 0: from the beginning. */
const struct finding *verify_run(struct cx *cx,
                                 const struct verify_check *checks,
                                 size_t count, stamp since);

/* The books alone. */
const struct finding *ledger_verify(struct cx *cx, stamp since,
                                    size_t *count);

/* What there is, in figures. */
struct ledger_figures {
    int64_t transactions, postings, accounts, holds, open_holds;
    int64_t paid, granted, gift, held, arrears; /* fen */
    int64_t merchants, services, channels;      /* fen */
};
const struct ledger_figures *ledger_figures(struct cx *cx);

/*
 * Jobs. What they find is kept for the page of checks, and breaks are logged
 * as errors: what was posted lately, each minute (R1), and all of it, daily.
 */
void ledger_watch(struct cx *cx);
void ledger_watch_all(struct cx *cx);

/* The same for the checks of another feature: reads the findings of collect
   in one consistent moment, then keeps them. A check that is not repeated
   within twice every_s counts as overdue. */
struct watch {
    const struct finding *(*collect)(struct cx *cx, stamp since,
                                     size_t *count);
    stamp since;
    int64_t every_s;
};
void verify_watch(struct cx *cx, const struct watch *w);

/* Checks that are broken or overdue. */
int64_t verify_wrong_count(struct cx *cx);

#endif
