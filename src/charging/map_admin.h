#ifndef CHARGING_MAP_ADMIN_H
#define CHARGING_MAP_ADMIN_H

#include "web/feature.h"

enum { MAP_ROUTES = 3 };
extern const struct route map_routes[MAP_ROUTES];

#endif
