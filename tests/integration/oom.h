/*
 * Memory that runs out on request (rule C8): the n-th allocation of this
 * thread fails, once. The program that links this has its own malloc, calloc
 * and realloc, so that those of the C library and of every library that is
 * used count, too. A sanitizer brings its own: there only the calls of our
 * own code are caught, by the linker (--wrap), and leaks are found.
 */
#ifndef TESTS_OOM_H
#define TESTS_OOM_H

#include <stdbool.h>
#include <stddef.h>

/* Whether those of libraries count. */
#ifdef __SANITIZE_ADDRESS__
enum { OOM_SEES_LIBRARIES = 0 };
#else
enum { OOM_SEES_LIBRARIES = 1 };
#endif

/* From now on the at-th allocation fails; 0: none, they are only counted. */
void oom_begin(long at);

/* No more; how many there were. */
long oom_end(void);

/* Whether it came to the one that fails. */
bool oom_hit(void);

/* Between 1 and -1 nothing fails or is counted: a library that is known to
   crash. */
void oom_spare(int by);

/* A further judge, of another process's making: whether this allocation is to
   fail. Once, before there are threads. */
void oom_ask(bool (*is_due)(void));

/* Bytes that are allocated now; 0 where that cannot be asked. */
size_t oom_in_use(void);

/* Which of 1, 2, ... are tried: every one with PILEHUB_OOM=all, the n-th with
   PILEHUB_OOM=n, else every stride-th, from a first one that differs for each
   what. */
long oom_first(const char *what, long stride);
long oom_step(long stride);

#endif
