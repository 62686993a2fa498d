/*
 * Stands between a program and the database, and cuts a connection around a
 * COMMIT (rule T6): the program cannot know whether it took effect.
 */
#ifndef TESTS_DBPROXY_H
#define TESTS_DBPROXY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

enum cut {
    CUT_NONE,
    CUT_BEFORE, /* nothing of the COMMIT reaches the server */
    CUT_HALF,   /* half of its bytes do */
    CUT_SENT,   /* all of it does, and both sides are cut at once */
    CUT_LATE,   /* it reaches the server well after the program was cut */
    CUT_AFTER,  /* the server has answered; the program does not hear it */
    CUTS
};

struct dbproxy {
    char dir[40];
    char socket[60]; /* where programs connect to */
    const char *server;
    int listen_fd;
    pthread_t thread;
    atomic_int plan; /* enum cut, for one COMMIT */
    atomic_int skip; /* so many COMMITs pass before it */
};

/* Listens for connections to the server at this socket, until stopped. */
void dbproxy_start(struct dbproxy *p, const char *server);
void dbproxy_stop(struct dbproxy *p);

/* Cuts the connection that sends the next COMMIT but skip. */
void dbproxy_cut(struct dbproxy *p, enum cut cut, int skip);

/* True once a COMMIT has been cut. */
bool dbproxy_has_cut(const struct dbproxy *p);

#endif
