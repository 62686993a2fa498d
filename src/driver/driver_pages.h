/*
 * What src/driver shows and answers, for its feature record, and the page of
 * drivers for references of other features.
 */
#ifndef DRIVER_DRIVER_PAGES_H
#define DRIVER_DRIVER_PAGES_H

#include "web/endpoint.h"
#include "web/resource.h"

enum { SIGN_IN_ENDPOINTS = 7, STATION_ENDPOINTS = 5, ORDER_ENDPOINTS = 5,
       WALLET_ENDPOINTS = 2, CODE_ROUTES = 1 };

extern const struct endpoint sign_in_endpoints[SIGN_IN_ENDPOINTS];
extern const struct endpoint station_endpoints[STATION_ENDPOINTS];
extern const struct endpoint order_endpoints[ORDER_ENDPOINTS];
extern const struct endpoint wallet_endpoints[WALLET_ENDPOINTS];

extern const struct resource driver_page;
extern const struct route code_routes[CODE_ROUTES];

/* What a driver is called in pages: as they call themselves, else by plate,
   else by the masked phone. Alias d. */
#define DRIVER_TEXT                                                \
    "COALESCE(NULLIF(d.name, ''), NULLIF(d.plate, ''),"            \
    " CONCAT(LEFT(d.phone, 3), '****', RIGHT(d.phone, 4)))"

#endif
