/*
 * Pages of this feature, for pickers and links of others.
 */
#ifndef ASSET_ASSET_ADMIN_H
#define ASSET_ASSET_ADMIN_H

struct resource;

extern const struct resource station_page, area_page, pile_page,
    connector_page;

#endif
