/*
 * The page of the audit: read only.
 */
#ifndef SYSTEM_AUDIT_ADMIN_H
#define SYSTEM_AUDIT_ADMIN_H

#include "web/resource.h"

extern const struct resource audit_page;

/* What an event is called; one without a word is shown by its key. */
const char *audit_event_word(const char *event);

#endif
