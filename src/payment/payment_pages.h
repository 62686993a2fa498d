/*
 * What src/payment shows, for its feature record.
 */
#ifndef PAYMENT_PAYMENT_PAGES_H
#define PAYMENT_PAYMENT_PAGES_H

#include "web/endpoint.h"
#include "web/resource.h"

enum { PAYMENT_ENDPOINTS = 4, PAYMENT_ROUTES = 1 };

extern const struct endpoint payment_endpoints[PAYMENT_ENDPOINTS];
extern const struct route payment_routes[PAYMENT_ROUTES];

/* Pages (payment_admin.c, refund_admin.c, correction_admin.c). */
extern const struct resource payment_page;
extern const struct resource refund_page;
extern const struct resource correction_page;

#endif
