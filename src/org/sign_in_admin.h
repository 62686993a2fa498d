/*
 * The routes of signing in and of one's own page.
 */
#ifndef ORG_SIGN_IN_ADMIN_H
#define ORG_SIGN_IN_ADMIN_H

#include "web/request.h"

enum { SIGN_IN_ROUTES = 13 };
extern const struct route sign_in_routes[SIGN_IN_ROUTES];

#endif
