#ifndef CHARGING_ORDER_ADMIN_H
#define CHARGING_ORDER_ADMIN_H

#include "web/request.h"

struct resource;
extern const struct resource order_page;

enum { ORDER_ROUTES = 6 };
extern const struct route order_routes[ORDER_ROUTES];

/* Orders that wait for a person, for the menu. */
int64_t order_review_count(struct cx *cx);

#endif
