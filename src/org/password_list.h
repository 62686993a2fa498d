/*
 * The list of common passwords (rule A1): what known leaks hold more than
 * once, about 680,000 of them. scripts/assets makes the file, see
 * scripts/lib/password_list.mjs; the setting password_list says where it is.
 *
 * The file: "PHPWLST1", then the first 6 bytes of the SHA-256 of each entry,
 * ascending. Entries are in small letters: all of 8 characters and more, and
 * of the shorter ones those of 3 letters and more, because a password may be
 * built around one. By chance 1 of 400 million texts looks listed.
 */
#ifndef ORG_PASSWORD_LIST_H
#define ORG_PASSWORD_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/cx.h"

enum { PASSWORD_LIST_LEAST = 100000 }; /* entries that A1 asks for */

/* What is wrong with the file, or NULL. For the start of a program: reads
   all of it. */
const char *password_list_flaw(const char *path);

struct password_list;

/* The list, mapped until the unit of work ends; the processes share its
   pages. Fails if the file is not there: no password is taken unseen. */
const struct password_list *password_list_open(struct cx *cx);

/* True if the n bytes, in small letters, are one of the entries. */
bool password_list_has(const struct password_list *list, const char *text,
                       size_t n);

#endif
