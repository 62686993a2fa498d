#ifndef CHARGING_WALL_ADMIN_H
#define CHARGING_WALL_ADMIN_H

#include "web/feature.h"

enum { WALL_ROUTES = 4 };
extern const struct route wall_routes[WALL_ROUTES];

#endif
