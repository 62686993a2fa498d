/*
 * Schema changes: schema/NNNN_what.sql, applied in order, each recorded with
 * its SHA-256 and the statement reached, so that a killed run goes on where
 * it stopped and an edited file is refused.
 *
 * Who may do what with a table stands beside it: GRANT and REVOKE statements
 * of a migration. migrate passes over them, because users belong to a server
 * and not to a database, and may not be there yet; grant_rights runs them.
 */
#ifndef DB_MIGRATE_H
#define DB_MIGRATE_H

#include "base/cx.h"

/*
 * Applies what is missing from dir. Returns how many files ran; fails with
 * ERR_INTERNAL naming file and statement. Statements end with ";" at the end
 * of a line. Waits while another one runs on the same database, up to 10
 * minutes; one that fails keeps its turn until its connection ends. progress
 * is called before each file, or NULL.
 */
int migrate(struct cx *cx, const char *dir,
            void (*progress)(const char *file));

/* How many files are not applied yet. */
int migrate_pending(struct cx *cx, const char *dir);

/*
 * Gives the programs' users their rights on this database: dir/grants.sql,
 * which holds those of the first migrations, then the GRANT and REVOKE
 * statements of all migrations in order. May be repeated; what is granted
 * beside these stays. Returns how many statements ran; fails with
 * ERR_INTERNAL if a migration is missing or a user.
 */
int grant_rights(struct cx *cx, const char *dir);

#endif
