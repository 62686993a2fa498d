/*
 * The sample trees of tests/templates: NAME.hdf holds the tree of one page,
 * NAME.gold what its template makes of it. The reader knows what the samples
 * use: "name = value", "name {", "}" and comments.
 */
#ifndef TESTS_SAMPLE_H
#define TESTS_SAMPLE_H

#include "base/cx.h"
#include "web/view.h"

enum { SAMPLE_MAX = 1024 * 1024 };

/* Gives the tree another value to set for each one read, or the same. */
typedef const char *sample_change(const char *name, const char *value);

/*
 * The tree of tests/templates/NAME.hdf over the frame's, and over that of
 * Sample.base if it names one. change may be NULL.
 */
struct vnode *sample_read(struct cx *cx, const char *root, const char *name,
                          sample_change *change);

/* The template alone, as the golden files hold it. */
void sample_render(struct cx *cx, struct vnode *tree, struct buf *out);

/* With the layout around it, as a browser gets it. */
void sample_page(struct cx *cx, struct vnode *tree, struct buf *out);

/* A file below tests/templates in arena memory, or NULL. */
char *sample_file(struct cx *cx, const char *root, const char *name,
                  const char *suffix);

#endif
