/*
 * A trade record's frame on a detail page: in the words of the protocol, and
 * its bytes.
 */
#ifndef CHARGING_RECORD_FRAME_PAGE_H
#define CHARGING_RECORD_FRAME_PAGE_H

#include <stddef.h>

#include "base/cx.h"
#include "db/db.h"
#include "web/view.h"

/* As the detail's group i under that title. */
void record_frame_put(struct cx *cx, struct vnode *detail, size_t i,
                      const char *title, struct bytes raw);

#endif
