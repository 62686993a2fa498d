/*
 * The prices of a day as pages show them: one row for each run of half hours
 * at one rate. templates/macro/price.cs draws them.
 */
#ifndef TARIFF_PRICE_PAGE_H
#define TARIFF_PRICE_PAGE_H

#include "base/cx.h"
#include "web/view.h"

struct tariff_version;

/* Adds .key .span .elec .service .total (yuan a kWh) and .now, a flag. */
void price_rows(struct cx *cx, struct vnode *rows,
                const struct tariff_version *t);

#endif
