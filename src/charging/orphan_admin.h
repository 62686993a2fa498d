#ifndef CHARGING_ORPHAN_ADMIN_H
#define CHARGING_ORPHAN_ADMIN_H

struct resource;
extern const struct resource orphan_page;

#endif
