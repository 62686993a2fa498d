#ifndef CHARGING_FIND_ADMIN_H
#define CHARGING_FIND_ADMIN_H

#include "web/feature.h"

enum { FIND_ROUTES = 1 };
extern const struct route find_routes[FIND_ROUTES];

#endif
