/*
 * A MariaDB server of the test's own, for tests that stop, kill, fill or
 * misconfigure it. Set up as production is (rules T1, T8) unless told
 * otherwise; root without a password; socket only.
 */
#ifndef TESTS_MARIADB_H
#define TESTS_MARIADB_H

#include <stddef.h>
#include <sys/types.h>

enum { MARIADB_OPTIONS = 8 };

struct mariadb {
    char dir[64];
    char socket[80];
    pid_t pid;
};

/*
 * An empty server in a new directory, not running; at is the directory to
 * make it in, NULL for /tmp. Ends the test with 77 if none is installed.
 */
void mariadb_make(struct mariadb *m, const char *at);

/* Starts it and waits until it answers. options come after the usual ones
   and may replace them; up to MARIADB_OPTIONS, then NULL. */
void mariadb_up(struct mariadb *m, const char *const *options);

/* Sends the signal and waits for the end; helps after a while. */
void mariadb_down(struct mariadb *m, int signal);

/* Stops it if it runs, and removes its directory. */
void mariadb_remove(struct mariadb *m);

#endif
