#ifndef ASSET_QR_ADMIN_H
#define ASSET_QR_ADMIN_H

#include "web/request.h"

enum { QR_ROUTES = 3 };
extern const struct route qr_routes[QR_ROUTES];

#endif
