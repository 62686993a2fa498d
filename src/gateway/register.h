/*
 * This gateway's own row: its name, where it is woken, and the epoch that
 * tells one start of it from the next (rule G6).
 */
#ifndef GATEWAY_REGISTER_H
#define GATEWAY_REGISTER_H

#include <stdbool.h>

#include "asset/link.h"
#include "base/cx.h"

/* A new start of the gateway with this name. */
struct holder gateway_register(struct cx *cx, const char *name,
                               const char *control);

/* Still here. False: a later start has taken the name. */
bool gateway_seen(struct cx *cx, struct holder h);

#endif
