/*
 * Finding an order, a pile or a station by a piece of what is printed on it,
 * in the caller's scope: what Ctrl K asks.
 */
#ifndef CHARGING_FIND_H
#define CHARGING_FIND_H

#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"

enum { FIND_EACH = 4, FIND_TEXT_MAX = 40 };

struct find_hit {
    int64_t id;
    const char *title;
};

/* Order numbers that begin with text, or the order of a whole trade number. */
struct find_hit *find_orders(struct cx *cx, const char *text, size_t *count);

/* Pile codes that begin with text (or with the QR number of a connector), and
   piles whose name contains it. */
struct find_hit *find_piles(struct cx *cx, const char *text, size_t *count);

/* Stations whose name contains text. */
struct find_hit *find_stations(struct cx *cx, const char *text,
                               size_t *count);

#endif
