/*
 * Drivers (车主): people who charge. They sign in with their phone; the first
 * time makes their account. A driver's rows belong to no provider: of the
 * console only the platform sees them.
 */
#ifndef DRIVER_DRIVER_H
#define DRIVER_DRIVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/label.h"
#include "base/stamp.h"
#include "db/scope.h"

#define DRIVER_STATUSES(X)                               \
    X(DRIVER_ENABLED,  1, "enabled",  "正常", "ok")       \
    X(DRIVER_DISABLED, 2, "disabled", "停用", "offline")

LABELS_DECLARE(driver_status, DRIVER_STATUSES);

/* Purpose of the one-time codes of drivers (system/sms.h). */
#define DRIVER_CODE_PURPOSE "driver"

struct driver {
    int64_t id;
    const char *phone;
    const char *name;  /* "" if not given */
    const char *plate; /* "" if not given */
    int status;        /* enum driver_status */
    stamp created_at;
};

extern const struct scope_columns driver_scope; /* alias d */

/* Finds the id of the driver of a phone: the lookup of filters. */
extern const char driver_by_phone[];

/* In the caller's scope, or ERR_NOT_FOUND. */
struct driver *driver_load(struct cx *cx, int64_t id);

/* The driver who acts, as the session read it at the start of this unit of
   work; fails if it is not a driver. */
const struct driver *driver_acting(struct cx *cx);

/*
 * The driver of a phone whose owner has just proved to be it; made if new.
 * Fails with ERR_FORBIDDEN if disabled. In a transaction.
 */
struct driver *driver_enter(struct cx *cx, const char *phone, bool *is_new);

/* What drivers say about themselves; "" clears. In a transaction. */
void driver_describe(struct cx *cx, int64_t id, const char *name,
                     const char *plate);

/* Ends all sessions at once, and takes no start (order_start). */
void driver_disable(struct cx *cx, int64_t id);
void driver_enable(struct cx *cx, int64_t id);

/*
 * A car plate as people type it: blanks and the dot dropped, letters in upper
 * case, full-width ones folded. NULL if it is none: ordinary, new-energy
 * (small and large), embassy and consulate ones are known.
 */
const char *plate_normal(struct cx *cx, const char *typed);

#endif
