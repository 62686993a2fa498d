#ifndef CHARGING_CONFLICT_ADMIN_H
#define CHARGING_CONFLICT_ADMIN_H

struct resource;
extern const struct resource conflict_page;

#endif
