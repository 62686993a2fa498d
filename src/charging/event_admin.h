/*
 * The page of what happened to piles: lines, faults, and what the gateway
 * refused or warns of (kinds: asset/live.h).
 */
#ifndef CHARGING_EVENT_ADMIN_H
#define CHARGING_EVENT_ADMIN_H

#include "web/resource.h"

extern const struct resource event_page;

#endif
