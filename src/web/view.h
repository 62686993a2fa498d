/*
 * Pages: C fills a typed tree and prints no markup, templates decide looks
 * and compute nothing (style 3.11). The only file that knows ClearSilver is
 * view.c; the tree is opaque here.
 *
 * Values are escaped by the template engine (mode html). Numbers that
 * templates compare or print go in as text; ids and money never as int.
 */
#ifndef WEB_VIEW_H
#define WEB_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cx.h"

struct vnode; /* one node of the tree */

/* A new tree that ends with the unit of work. */
struct vnode *view_new(struct cx *cx);

/* Takes the tree off the unit of work: the caller frees it. */
struct vnode *view_disown(struct cx *cx, struct vnode *tree);
void view_free(struct vnode *tree);

/* The child of that name (code constants only, may be dotted), made if new. */
struct vnode *v_child(struct vnode *n, const char *name);

/* Item i of a list: child named by its number. */
struct vnode *v_item(struct vnode *n, size_t i);

void v_set(struct vnode *n, const char *name, const char *value);
void v_int(struct vnode *n, const char *name, int64_t value);
/* "1", or nothing at all, so that <?cs if:x ?> works. */
void v_flag(struct vnode *n, const char *name, bool value);
/* At most 2000 bytes, then cut after a whole character. */
void v_printf(struct vnode *n, const char *name, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* Reads a value back, or NULL. */
const char *v_get(struct vnode *n, const char *name);

/* A JSON document for a script of the page, and its way into the tree.
   v_json fails with ERR_TOO_LARGE beyond 1 MiB. */
struct json_out *view_json(struct cx *cx);
void v_json(struct cx *cx, struct vnode *n, const char *name,
            const struct json_out *j);

/*
 * Parses every template below dir once (those in macro/ and part/ where they
 * are included), before the workers fork; NULL, with
 * file and error in the log, if one does not parse. With reload (demo mode) a
 * changed file is parsed again at the next render. Lent to cx->views.
 */
struct views *view_start(const char *dir, bool reload);
void view_stop(struct views *views);

/* Renders a template ("page/home.cs") to out. Fails with ERR_INTERNAL. */
void view_render(struct cx *cx, const char *template_name, struct vnode *tree,
                 struct buf *out);

#endif
