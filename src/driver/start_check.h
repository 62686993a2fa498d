/*
 * Why a driver cannot start at a connector right now, to be told before the
 * button is pressed. order_start decides again, and its word counts.
 */
#ifndef DRIVER_START_CHECK_H
#define DRIVER_START_CHECK_H

#include <stdbool.h>

#include "base/cx.h"

struct found_connector;

struct start_obstacle {
    const char *key;  /* for apps: "offline" */
    const char *text; /* for people */
};

/* For the driver who acts (cx->actor); NULL if nothing is in the way. */
const struct start_obstacle *start_check(struct cx *cx,
                                         const struct found_connector *c,
                                         bool has_tariff);

#endif
