/*
 * How full the volumes are that the platform cannot do without (rule W6):
 * the data directory, and the database's if it is on this host.
 */
#ifndef JOBS_DISK_H
#define JOBS_DISK_H

#include "base/cx.h"

enum { DISK_FILLING = 80, DISK_NEARLY_FULL = 90 }; /* percent */

/* The percentage in use of the volume that holds path, as df rounds it (up);
   -1 if it cannot be told. */
int disk_used(const char *path);

/* Logs disk.filling or disk.nearly_full for each that is. */
void disk_watch(struct cx *cx);

#endif
