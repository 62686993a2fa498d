/*
 * What src/driver shows and answers, for its feature record, and the page of
 * drivers for references of other features.
 */
#ifndef DRIVER_DRIVER_PAGES_H
#define DRIVER_DRIVER_PAGES_H

#include "web/feature.h"
#include "web/resource.h"

extern const struct feature_part sign_in_api, station_api, order_api,
    wallet_api;

extern const struct resource driver_page;

#endif
