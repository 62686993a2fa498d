/*
 * The check of rule T2 for tests: a row that a transaction has read without a
 * lock must not be changed by it afterwards, unless the change states what it
 * expects (WHERE id = ? AND ...). A connection that is not checked pays one
 * comparison with NULL a statement.
 *
 * What a statement does is read off its text when it is prepared: its first
 * table, whether it locks, and which of its values, or of its columns, is the
 * row's id. Rows found by other means than their id, in joined tables or by
 * tables whose key is not called id are not seen; a lock by another row (the
 * station's for its tariffs) is in the list of read_check.c, with the reason.
 */
#ifndef DB_READ_CHECK_H
#define DB_READ_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct db_binds;
struct read_check;

enum row_use { ROW_NONE, ROW_READ, ROW_LOCK, ROW_CHANGE };

struct row_use_of {
    enum row_use use;
    uint64_t table;       /* hash of its name */
    int key_param;        /* this bound value is the id; -1: none */
    bool key_first;       /* the first column is the id */
    bool guarded;         /* a change that says what it expects */
};

/* Checks this connection from now on: for tests. */
void db_check_reads(struct db *db);

/* What sql does with rows of its first table. */
struct row_use_of read_check_parse(const char *sql);

/* Before a statement runs; aborts on an unguarded change of a row that was
   read unlocked. */
void read_check_run(struct db *db, const struct row_use_of *use,
                    const struct db_binds *binds, const char *sql);

/* For each row that a statement gives, with its first column. */
void read_check_row(struct db *db, const struct row_use_of *use,
                    const char *first);

/* A row that an INSERT made. */
void read_check_own(struct db *db, const struct row_use_of *use, int64_t id);

/* A transaction begins or ends. */
void read_check_forget(struct db *db);

#endif
