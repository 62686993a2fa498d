/*
 * What a person prefers, in user_pref: JSON under a name ("list.order"). The
 * documents end with the unit of work.
 */
#ifndef WEB_PREF_H
#define WEB_PREF_H

#include <jansson.h>

#include "base/cx.h"

/* Of a moment ago (db/kept.h), for pages; NULL if there is none. */
const json_t *pref_read(struct cx *cx, const char *name);

/* As it is now, locked for this transaction: to change it. */
const json_t *pref_lock(struct cx *cx, const char *name);

/* value is JSON; NULL: none any more. Needs a transaction. */
void pref_put(struct cx *cx, const char *name, const char *value);

#endif
