/*
 * How a background program begins: PROGRAM [-c FILE].
 */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include <stdint.h>
#include <sys/types.h>

#include "base/config.h"

/* SIGALRM after so many milliseconds; 0: none any more. */
void program_alarm(int64_t ms);

/* No core dumps and no debugger of another process of the same user: memory
   holds keys, passwords and people's data (W9). After every exec. */
void program_keep_private(void);

/* SIGTERM to this process when the parent that forked it dies, at once if it
   has died already. Callers block the signal until they can take it. */
void program_end_with(pid_t parent);

/*
 * Reads the settings, starts the log, as name without "pilehub-", and the
 * keys. NULL after saying why on stderr; the caller exits with 2.
 */
const struct config *program_begin(const char *name, int argc, char **argv);

#endif
