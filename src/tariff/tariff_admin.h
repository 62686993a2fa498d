#ifndef TARIFF_TARIFF_ADMIN_H
#define TARIFF_TARIFF_ADMIN_H

#include "web/request.h"

struct resource;
extern const struct resource tariff_page;

enum { TARIFF_ROUTES = 7 };
extern const struct route tariff_routes[TARIFF_ROUTES];

#endif
