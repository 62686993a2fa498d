/*
 * Small macros used everywhere. Nothing here hides control flow.
 */
#ifndef BASE_MACROS_H
#define BASE_MACROS_H

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* A constant list for a descriptor: no sentinel to forget. */
#define LIST(a) { (a), COUNT(a) }

#define PRINTF_LIKE(fmt, first) __attribute__((format(printf, fmt, first)))
#define NORETURN __attribute__((noreturn))
#define MUST_USE __attribute__((warn_unused_result))
#define UNUSED __attribute__((unused))

/*
 * Aborts on our own mistake, in production too (rule W7). Never for what the
 * outside world sends: that is cx_fail or a returned error. One fact each, so
 * that the message says which was broken. A function named must_... asserts
 * several and does nothing else. In money and protocol there are two a
 * function on average, which tests/tidy counts.
 */
#define must(x) ((x) ? (void)0 : must_failed(#x, __FILE__, __LINE__))

NORETURN static inline void must_failed(const char *what, const char *file,
                                        int line)
{
    fprintf(stderr, "must(%s) failed at %s:%d\n", what, file, line);
    abort();
}

#endif
