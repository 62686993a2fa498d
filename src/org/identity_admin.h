/*
 * Accounts and drivers for the web layer (web/session.h).
 */
#ifndef ORG_IDENTITY_ADMIN_H
#define ORG_IDENTITY_ADMIN_H

#include "web/session.h"

extern const struct identity org_identity;

#endif
