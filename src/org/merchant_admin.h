/*
 * The picker of merchants, for forms of other features.
 */
#ifndef ORG_MERCHANT_ADMIN_H
#define ORG_MERCHANT_ADMIN_H

struct resource;

extern const struct resource merchant_page;

#endif
