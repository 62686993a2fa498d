/*
 * Imported rows that are there already: found by what tells the resource's
 * rows apart, compared field by field. Inside of the resource engine.
 */
#ifndef WEB_IMPORT_MATCH_H
#define WEB_IMPORT_MATCH_H

#include "web/resource_in.h"

/* 桩编号; 归属电站 + 区域名称; "" if the resource only takes new rows. */
const char *import_key(struct cx *cx, const struct resource *r);

/* The row in the caller's scope that a form that was read names; 0 if none. */
int64_t import_find(struct cx *cx, const struct form_state *form);

/*
 * Makes the form one of that row: what the table does not give, or gives as an
 * empty cell, stays as it is; a field that is fixed once the row exists must
 * agree. Returns what changes ("额定功率 60 → 120；…"), "" if nothing does.
 */
const char *import_merge(struct cx *cx, struct form_state *form, int64_t id);

#endif
