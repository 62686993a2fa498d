/*
 * Inside of the db layer: the settings of a session and of the server. Only
 * src/db includes this.
 */
#ifndef DB_SETTINGS_H
#define DB_SETTINGS_H

#include <stdbool.h>

#include "db/conn.h"

enum { SETTINGS_WHY = 600 };

/* Sets what a session needs and reads it back (T1, T4). */
bool settings_apply(struct db *db);

/* Has the server the settings of T1 and T8? If not, why says which lack. */
bool settings_server_fits(struct db *db, char why[SETTINGS_WHY]);

#endif
