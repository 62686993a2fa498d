/*
 * Inside of the db layer: the settings of a session and of the server. Only
 * src/db includes this.
 */
#ifndef DB_SETTINGS_H
#define DB_SETTINGS_H

#include "db/conn.h"

enum {
    SETTINGS_WHY = 600,
    SETTINGS_DIFFER = 1 /* no error of the client library has this number */
};

/* Sets what a session needs and reads it back (T1, T4). 0, or why not: an
   error number, or SETTINGS_DIFFER. */
unsigned settings_apply(struct db *db);

/* Has the server the settings of T1 and T8? The same; why says which lack. */
unsigned settings_of_server(struct db *db, char why[SETTINGS_WHY]);

#endif
