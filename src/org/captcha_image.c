/*
 * Draws a captcha: each character from gd's built-in bitmap font, enlarged
 * through a random lean and wave, with lines across. No font file is needed.
 */
#include "org/captcha_image.h"

#include <gd.h>
#include <gdfontg.h>
#include <string.h>

#include "base/crypto.h"
#include "system/captcha.h"

enum {
    WIDTH = 224,
    HEIGHT = 80,
    SCALE = 4, /* of the 9 x 15 font */
    STEP = 52, /* from one character to the next */
    LINES = 4,
};

static int between(int low, int high)
{
    return low + (int)random_below((uint32_t)(high - low + 1));
}

static int dark_colour(gdImagePtr image)
{
    static const unsigned char colours[][3] = {
        { 0x31, 0x50, 0x7f }, { 0x6a, 0x3f, 0xb8 }, { 0x0a, 0x75, 0x57 },
        { 0x8a, 0x56, 0x00 }, { 0xb8, 0x3a, 0x4b },
    };
    const unsigned char *c = colours[random_below(COUNT(colours))];

    return gdImageColorAllocate(image, c[0], c[1], c[2]);
}

/* One point of the font becomes a square; rows are shifted by lean and wave. */
static void draw_character(gdImagePtr to, char c, int left)
{
    gdFontPtr font = gdFontGetGiant();
    gdImagePtr glyph = gdImageCreate(font->w, font->h);
    int ink, colour = dark_colour(to);
    int lean = between(-5, 5), top = between(2, HEIGHT - font->h * SCALE - 2);
    int wave = between(-2, 2);

    if (glyph == NULL)
        return;
    gdImageColorAllocate(glyph, 255, 255, 255);
    ink = gdImageColorAllocate(glyph, 0, 0, 0);
    gdImageChar(glyph, font, 0, 0, (unsigned char)c, ink);
    for (int y = 0; y < font->h; y++)
        for (int x = 0; x < font->w; x++) {
            int px = left + x * SCALE + lean * (font->h / 2 - y) / 3 +
                     (y % 5 < 2 ? wave : -wave);
            int py = top + y * SCALE + wave * x / 2;

            if (gdImageGetPixel(glyph, x, y) == ink)
                gdImageFilledRectangle(to, px, py, px + SCALE,
                                       py + SCALE, colour);
        }
    gdImageDestroy(glyph);
}

static void draw_lines(gdImagePtr image)
{
    int colour = gdImageColorAllocate(image, 0x8b, 0xa0, 0xc0);

    gdImageSetThickness(image, 3);
    for (int i = 0; i < LINES; i++)
        gdImageArc(image, between(20, WIDTH - 20), between(-20, HEIGHT + 20),
                   between(WIDTH / 2, 2 * WIDTH), between(HEIGHT / 2,
                                                          2 * HEIGHT),
                   between(0, 180), between(180, 360), colour);
}

const void *captcha_png(struct cx *cx, const char *text, size_t *len)
{
    gdImagePtr image = gdImageCreateTrueColor(WIDTH, HEIGHT);
    void *png, *copy;
    int size = 0;

    if (image == NULL)
        cx_fail(cx, ERR_INTERNAL, "系统资源不足，稍后重试。");
    gdImageFilledRectangle(image, 0, 0, WIDTH, HEIGHT,
                           gdImageColorAllocate(image, 0xee, 0xf2, 0xf8));
    for (int i = 0; text[i] != '\0' && i < CAPTCHA_LENGTH; i++)
        draw_character(image, text[i], 10 + i * STEP + between(-4, 4));
    draw_lines(image);
    png = gdImagePngPtr(image, &size);
    gdImageDestroy(image);
    if (png == NULL)
        cx_fail(cx, ERR_INTERNAL, "系统资源不足，稍后重试。");
    copy = arena_memdup(cx->arena, png, (size_t)size);
    gdFree(png);
    *len = (size_t)size;
    return copy;
}
