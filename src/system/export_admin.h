/*
 * Exports in the background: the list of one's own, the download, the job
 * that makes them.
 */
#ifndef SYSTEM_EXPORT_ADMIN_H
#define SYSTEM_EXPORT_ADMIN_H

#include "web/request.h"
#include "web/resource.h"

extern const struct resource export_page;
extern const struct export_queue export_queue;

enum { EXPORT_ROUTES = 2 };
extern const struct route export_routes[EXPORT_ROUTES];

/* Jobs: makes the next file, if one waits; removes files that are over. */
void export_run(struct cx *cx);
void export_clean(struct cx *cx);

#endif
