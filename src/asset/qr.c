#include "asset/qr.h"

#include <stdint.h>

#include <png.h>
#include <qrencode.h>

#include "base/buf.h"

enum {
    QUIET = 4,                 /* modules around a symbol, ISO/IEC 18004 */
    PATH_MAX_BYTES = 256 * 1024,
    PNG_MAX_BYTES = 1024 * 1024
};

static void symbol_free(void *p)
{
    QRcode_free(p);
}

static QRcode *symbol(struct cx *cx, const char *text)
{
    return cx_own(cx, QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M),
                  symbol_free);
}

static bool is_dark(const QRcode *q, int x, int y)
{
    return q->data[y * q->width + x] & 1;
}

struct qr qr_make(struct cx *cx, const char *text)
{
    QRcode *q = symbol(cx, text);
    struct buf *b = cx_buf(cx, PATH_MAX_BYTES);

    for (int y = 0; y < q->width; y++)
        for (int x = 0; x < q->width; x++) {
            int run = 0;

            while (x + run < q->width && is_dark(q, x + run, y))
                run++;
            if (run > 0)
                buf_printf(b, "M%d %dh%dv1h-%dz", x, y, run, run);
            x += run;
        }
    must(buf_text(b) != NULL);
    return (struct qr){ q->width, cx_strdup(cx, b->data) };
}

/* One pixel of the picture: 0 dark, 255 light. */
static uint8_t pixel(const QRcode *q, int x, int y)
{
    bool inside = x >= 0 && x < q->width && y >= 0 && y < q->width;

    return inside && is_dark(q, x, y) ? 0 : 255;
}

const void *qr_png(struct cx *cx, const char *text, int scale, size_t *len)
{
    QRcode *q = symbol(cx, text);
    int side = (q->width + 2 * QUIET) * scale;
    png_image image = { .version = PNG_IMAGE_VERSION,
                        .width = (png_uint_32)side,
                        .height = (png_uint_32)side,
                        .format = PNG_FORMAT_GRAY };
    uint8_t *grey = arena_array(cx->arena, (size_t)side, (size_t)side);
    uint8_t *out = arena_alloc(cx->arena, PNG_MAX_BYTES);
    png_alloc_size_t size = PNG_MAX_BYTES;

    must(scale > 0 && scale <= 32);
    for (int i = 0; i < side * side; i++)
        grey[i] = pixel(q, i % side / scale - QUIET, i / side / scale - QUIET);
    if (png_image_write_to_memory(&image, out, &size, 0, grey, 0, NULL) == 0)
        cx_fail_memory(cx); /* nothing else can be wrong with it */
    *len = size;
    return out;
}
