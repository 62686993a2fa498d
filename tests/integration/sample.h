/*
 * Something to fill into the form of any resource: what a person might type,
 * by the kind of each field.
 */
#ifndef TESTS_SAMPLE_H
#define TESTS_SAMPLE_H

#include <stdbool.h>

#include "tests/integration/site.h"
#include "web/resource.h"

/*
 * The form of a new row, or of the change of one, url-encoded: texts and
 * numbers within their bounds, the first word of an enumeration, the first
 * row that v's picker offers. What may be left out and has a check of its own
 * is left out.
 */
const char *sample_form(struct visitor *v, const struct resource *r,
                        bool is_new);

#endif
