/*
 * QR symbols of connectors: as path data for a page and as PNG for a file.
 */
#ifndef ASSET_QR_H
#define ASSET_QR_H

#include <stddef.h>

#include "base/cx.h"

struct qr {
    int width;         /* modules of a side, without the quiet zone */
    const char *shape; /* SVG path data, one run of dark modules a part */
};

/* Error correction M: a scratched sticker still reads. */
struct qr qr_make(struct cx *cx, const char *text);

/* The same as a grey PNG with its quiet zone, scale pixels a module. */
const void *qr_png(struct cx *cx, const char *text, int scale, size_t *len);

#endif
