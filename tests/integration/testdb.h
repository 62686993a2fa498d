/*
 * A database of its own for one test program: made from schema/ on the
 * private server of PILEHUB_TEST_SOCKET, dropped at the end. Without that
 * variable the program exits 77 (skipped).
 */
#ifndef TESTS_TESTDB_H
#define TESTS_TESTDB_H

#include "base/cx.h"
#include "db/db.h"

/* Makes and migrates the database t_<name>_<pid>. Call first in main. */
void testdb_start(const char *name);

/* Drops it. Call last in main. */
void testdb_stop(void);

/* A unit of work with a connection of its own (root); free with
   testdb_cx_free. cx_begin has been called, the scope is the platform's. */
struct cx *testdb_cx(void);
void testdb_cx_free(struct cx *cx);

/* The users that scripts/run makes (pilehub_web, pilehub_jobs,
   pilehub_gateway; no passwords), with their rights on this database. */
void testdb_users(struct cx *cx);

/* As testdb_cx, but connected as one of them. */
struct cx *testdb_cx_as(const char *user);

/* Name of the database, and the socket, for programs that are started. */
const char *testdb_name(void);
const char *testdb_socket(void);

/* Runs work outside a transaction and fails the test if it fails. */
void testdb_run(struct cx *cx, void (*work)(struct cx *, void *), void *arg);

/* Until workers have forgotten what they kept of the database (db/kept.h):
   after changes that were not made through them. */
void testdb_moment(void);

/* One statement without parameters or result; aborts the test if it fails. */
void testdb_sql(struct cx *cx, const char *sql);

/* First column of the first row as an integer. */
int64_t testdb_int(struct cx *cx, const char *sql);

#endif
