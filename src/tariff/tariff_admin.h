#ifndef TARIFF_TARIFF_ADMIN_H
#define TARIFF_TARIFF_ADMIN_H

#include "web/feature.h"

extern const struct resource tariff_page;

enum { TARIFF_ROUTES = 7 };
extern const struct route tariff_routes[TARIFF_ROUTES];

enum { TARIFF_PANELS = 1 };
extern const struct panel tariff_panels[TARIFF_PANELS];

#endif
