/*
 * Pictures that a person reads and a simple program does not: asked for after
 * failed sign-ins (rule A4). Four characters, five minutes, one try.
 */
#ifndef SYSTEM_CAPTCHA_H
#define SYSTEM_CAPTCHA_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cx.h"

enum { CAPTCHA_LENGTH = 4, CAPTCHA_LIFE_MS = 5 * 60 * 1000 };

/* A new one; its id. */
const char *captcha_new(struct cx *cx);

/* The characters to draw, or NULL if it is used or expired. */
const char *captcha_text(struct cx *cx, const char *id);

/* One try, whatever its outcome. Case does not matter. */
bool captcha_solve(struct cx *cx, const char *id, const char *answer);

#endif
