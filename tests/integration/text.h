/*
 * Text that a test puts together: statements, paths, forms.
 */
#ifndef TESTS_TEXT_H
#define TESTS_TEXT_H

#include "base/macros.h"

/* As printf; stands until the 512th call after this one. Fails the test if it
   is longer than 4,000 bytes. */
const char *text(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
