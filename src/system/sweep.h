/*
 * What has done its time is deleted, a little at a time.
 */
#ifndef SYSTEM_SWEEP_H
#define SYSTEM_SWEEP_H

#include "base/cx.h"

/* Expired sessions, codes, captchas, guards; keys of requests
   after 400 days (M10); delivered events after 30. */
void sweep(struct cx *cx);

#endif
