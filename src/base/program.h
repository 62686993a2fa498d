/*
 * How a background program begins: PROGRAM [-c FILE].
 */
#ifndef BASE_PROGRAM_H
#define BASE_PROGRAM_H

#include "base/config.h"

/*
 * Reads the settings, starts the log, as name without "pilehub-", and the
 * keys. NULL after saying why on stderr; the caller exits with 2.
 */
const struct config *program_begin(const char *name, int argc, char **argv);

#endif
