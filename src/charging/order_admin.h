#ifndef CHARGING_ORDER_ADMIN_H
#define CHARGING_ORDER_ADMIN_H

#include "web/request.h"

struct resource;
extern const struct resource order_page;

enum { ORDER_ROUTES = 6 };
extern const struct route order_routes[ORDER_ROUTES];

#endif
