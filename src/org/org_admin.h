/*
 * The pages of organisations, accounts and roles, for each other's pickers
 * and for the feature.
 */
#ifndef ORG_ORG_ADMIN_H
#define ORG_ORG_ADMIN_H

#include "web/request.h"
#include "web/resource.h"

extern const struct resource org_page;
extern const struct resource account_page;
extern const struct resource grant_page; /* roles and stations alone */
extern const struct resource role_page;
extern const struct resource session_page;

/* The invitation of an account, and the form of a role. */
enum { ACCOUNT_ROUTES = 2, ROLE_ROUTES = 4 };
extern const struct route account_routes[ACCOUNT_ROUTES];
extern const struct route role_routes[ROLE_ROUTES];

#endif
