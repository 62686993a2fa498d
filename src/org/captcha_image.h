/*
 * The picture of a captcha.
 */
#ifndef ORG_CAPTCHA_IMAGE_H
#define ORG_CAPTCHA_IMAGE_H

#include <stddef.h>

#include "base/cx.h"

/* PNG, 112 x 40 points at twice the density, in the arena. */
const void *captcha_png(struct cx *cx, const char *text, size_t *len);

#endif
