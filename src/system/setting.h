/*
 * Settings of the installation: rows of one table of words, kept in the
 * database, so that every host goes by the same. They decide about security,
 * so the programs may only read them: pilehub setting set writes them as the
 * database's owner, with its audit row in the same transaction. (What differs
 * between hosts is in base/config.h.)
 */
#ifndef SYSTEM_SETTING_H
#define SYSTEM_SETTING_H

#include <stddef.h>

#include "base/cx.h"

enum setting {
    SETTING_DUTIES, /* org/duty.h */
    SETTINGS
};

enum { DUTIES_SEPARATE, DUTIES_JOINT };

/* The word that is set, by its place in the list of words; the first is the
   default. At most a second old in a request that only reads. */
int setting_of(struct cx *cx, enum setting s);

/* Sets it. ERR_INVALID for a name or a word that does not exist, saying which
   do. In a transaction. */
void setting_set(struct cx *cx, const char *name, const char *word);

struct setting_text {
    const char *name, *words, *word, *help;
};

/* Row s as people read it. */
struct setting_text setting_text(struct cx *cx, enum setting s);

#endif
