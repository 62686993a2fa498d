/*
 * What src/payment shows, for its feature record.
 */
#ifndef PAYMENT_PAYMENT_PAGES_H
#define PAYMENT_PAYMENT_PAGES_H

#include "web/feature.h"
#include "web/resource.h"

extern const struct feature_part payment_api;

/* Pages (payment_admin.c). */
extern const struct resource payment_page;

#endif
