/*
 * Who did what (rule L1). Every change of state writes a row here, in the
 * transaction of the change: an act that cannot be audited does not happen.
 */
#ifndef SYSTEM_AUDIT_H
#define SYSTEM_AUDIT_H

#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"

/*
 * Records event ("pile.reboot") on an object ("pile", id) with a sentence for
 * people. Actor, address, session and request come from cx. Must run inside a
 * transaction.
 */
void audit(struct cx *cx, const char *event, const char *object, int64_t id,
           const char *text);

/* The same with the values before and after as JSON; either may be NULL.
   Never secrets (rule L4). */
void audit_change(struct cx *cx, const char *event, const char *object,
                  int64_t id, const char *text, const char *before,
                  const char *after);

/* One event on several objects at once. */
struct audit_item {
    int64_t id;
    const char *text;
};
void audit_many(struct cx *cx, const char *event, const char *object,
                const struct audit_item *items, size_t n);

/* What was done to one object, newest first, at most 200. The caller has
   loaded the object in the reader's scope. */
struct audit_entry {
    stamp at;
    int actor_kind; /* enum actor_kind */
    const char *actor_name, *event, *text, *address;
};
struct audit_entry *audit_of(struct cx *cx, const char *object, int64_t id,
                             size_t *count);

/* The last thing done to an object, or NULL. For people who meet over one
   form: it asks nobody's scope. */
struct audit_last {
    const char *actor;
    stamp at;
};
struct audit_last *audit_last(struct cx *cx, const char *object, int64_t id);

#endif
