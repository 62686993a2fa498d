#ifndef REPORT_HOME_ADMIN_H
#define REPORT_HOME_ADMIN_H

#include "web/request.h"

enum { HOME_ROUTES = 1 };
extern const struct route home_routes[HOME_ROUTES];

#endif
