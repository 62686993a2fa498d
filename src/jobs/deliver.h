/*
 * Delivery of events (rule O1): at least once, in order per aggregate, with
 * back-off, and to a dead-letter list at last. A consumer sees an event once:
 * its effect and its mark in outbox_seen are one transaction.
 */
#ifndef JOBS_DELIVER_H
#define JOBS_DELIVER_H

#include "base/cx.h"
#include "web/feature.h"

enum {
    DELIVER_TRIES = 12,        /* then it is dead */
    DELIVER_BACKOFF_MS = 1000, /* doubled each time, half of it at random */
    DELIVER_BACKOFF_MAX_MS = 600000
};

/* Delivers what is due, for at most half a second; how many events. */
int deliver_events(struct cx *cx, const struct features *features);

#endif
