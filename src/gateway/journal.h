/*
 * The journal of trade records (rule G10): what a pile sent is on disk here
 * before anything else happens to it, so that a database that is down or a
 * process that dies loses nothing. Appended in groups, one fdatasync a group.
 *
 * Files of a directory: journal.log is being written; once it is large and
 * all of it is committed it becomes journal-NNNNNN.log, of which the newest
 * ones are kept as evidence (a commit that the database lost later can be
 * repeated from them).
 *
 * An entry: "PHJ1", length of the payload, CRC-32C of the payload, payload.
 * A torn entry at the end is what a crash leaves: it is cut off. It was never
 * acknowledged, so its pile sends it again.
 */
#ifndef GATEWAY_JOURNAL_H
#define GATEWAY_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

enum {
    JOURNAL_ENTRY_MAX = 512,         /* bytes of a payload */
    JOURNAL_ROTATE = 8 * 1024 * 1024,
    JOURNAL_KEEP = 16                /* old files */
};

struct journal {
    int dir_fd;
    int fd;
    int64_t size;     /* of journal.log: all of it synced */
    uint8_t *buffer;  /* entries added since the last sync */
    size_t used, room;
    unsigned last_no; /* of the newest old file */
};

/*
 * Opens the directory, making it if needed, and calls replay for every whole
 * entry of journal.log. False, with the reason in the log, if the directory
 * cannot be used.
 */
MUST_USE bool journal_open(struct journal *j, const char *dir,
                           void (*replay)(void *arg, const void *payload,
                                          size_t n),
                           void *arg);
void journal_close(struct journal *j);

/* Adds an entry to the group. */
void journal_add(struct journal *j, const void *payload, size_t n);

/*
 * Writes the group and waits until it is on disk. False if that failed: then
 * nothing of the group counts, and the file is as it was before.
 */
MUST_USE bool journal_sync(struct journal *j);

/* All that was synced is committed: a large file may go aside. */
void journal_committed(struct journal *j);

#endif
