/*
 * Orders that nothing happens to any more (rules G13-G15, ykc-1.6 section
 * 8.7): jobs' work. Each function goes through the few orders in question,
 * each in a transaction of its own.
 */
#ifndef CHARGING_WATCH_H
#define CHARGING_WATCH_H

#include "base/cx.h"

/* No charging within 90 s of 0x34, no plug within 60 s: stop and fail. */
void order_watch_starts(struct cx *cx);

/* Failed starts: their money comes back once nothing can be running. */
void order_watch_failed(struct cx *cx);

/* Ended without a record: ask after 10 min, settle from telemetry after a
   day (the setting order_record_h). */
void order_watch_records(struct cx *cx);

#endif
