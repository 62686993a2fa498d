/*
 * The page of the audit: read only.
 */
#ifndef SYSTEM_AUDIT_ADMIN_H
#define SYSTEM_AUDIT_ADMIN_H

#include "web/resource.h"

extern const struct resource audit_page;

#endif
