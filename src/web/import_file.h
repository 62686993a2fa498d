/*
 * Uploaded tables kept between dry run and commit. Inside of the resource
 * engine.
 */
#ifndef WEB_IMPORT_FILE_H
#define WEB_IMPORT_FILE_H

#include <stdint.h>

#include "web/resource_in.h"

struct import_file {
    int64_t id;
    const char *token; /* its name on disk */
    const char *name;  /* as uploaded, for people */
    int fd;            /* closed with the unit of work */
};

/* Keeps a copy of the upload for the acting account. */
struct import_file *import_keep(struct cx *cx, const struct resource *r,
                                const struct upload *from);

/* The file of the acting account with that token, unchanged and not expired;
   fails otherwise. */
struct import_file *import_load(struct cx *cx, const struct resource *r,
                                const char *token);

/* In a transaction: the file is imported now, for the first and only time. */
void import_use(struct cx *cx, const struct import_file *file);

/* Removes it from disk. */
void import_drop(struct cx *cx, const struct import_file *file);

#endif
