/*
 * A web pool of its own for one test program: settings, secret, socket and
 * log in a temporary directory, on the database of testdb.
 */
#ifndef TESTS_WEB_SERVER_H
#define TESTS_WEB_SERVER_H

#include <stdbool.h>
#include <sys/types.h>

struct web_server {
    char dir[64];
    char socket[100];
    char config[100];
    char log[100];
    char program[400];
    pid_t pid;
};

/* Starts program (below the build directory) with further settings, lines
   KEY=VALUE. Fails the test if it is not up within 5 s. */
void web_server_start(struct web_server *s, const char *program,
                      const char *settings);

/* The same without waiting until it is up. */
void web_server_launch(struct web_server *s, const char *program,
                       const char *settings);

/* SIGTERM and wait; the exit code, or -1. */
int web_server_stop(struct web_server *s);

/* Cleans up after one that is gone already. */
void web_server_forget(struct web_server *s);

/* Waits until it answers; false after ms. */
bool web_server_wait(const struct web_server *s, int ms);

/* The workers' process ids; how many. */
size_t web_server_workers(const struct web_server *s, pid_t *out,
                          size_t max);

/* Prints the workers' command lines, states and signals, and the log's end:
   for a test that fails now and then. */
void web_server_show(const struct web_server *s);

/* True if the log holds the text. */
bool web_server_logged(const struct web_server *s, const char *text);

#endif
