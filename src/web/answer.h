/*
 * An answer while it is being made. Handlers use the answer_* functions of
 * request.h; only the web layer looks inside.
 *
 * A template is remembered and rendered after the transaction (T4); a failed
 * attempt is forgotten by answer_reset, so that a repeated transaction starts
 * from nothing (T5).
 */
#ifndef WEB_ANSWER_H
#define WEB_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/cx.h"
#include "web/request.h"

enum {
    ANSWER_HEADERS_MAX = 24,
    ANSWER_BODY_MAX = 32 * 1024 * 1024,
};

enum answer_layout { LAYOUT_NONE, LAYOUT_FULL, LAYOUT_BARE };

struct answer {
    int status; /* 0: nothing answered yet */
    const char *type;
    size_t header_count;
    struct {
        const char *name, *value;
    } headers[ANSWER_HEADERS_MAX];
    const char *location; /* 303 */
    const char *toast;    /* after a redirect: kept in the session */
    const char *toast_kind;
    const char *template_name; /* to be rendered */
    enum answer_layout layout;
    struct vnode *tree; /* owned */
    const char *title;
    bool https;           /* the site is served over TLS only */
    struct buf body;      /* owned */
    int fd;               /* owned; -1: none */
    int64_t fd_len;
};

void answer_init(struct answer *a);
/* Back to nothing, keeping the memory of the body. */
void answer_reset(struct answer *a);
void answer_fini(struct answer *a);

/* The header block: status, what every answer has (rule S5), its own. */
void answer_head(const struct answer *a, struct buf *out);

/* Text that may stand in a header: one line of visible ASCII. */
bool header_is_clean(const char *value);

/* What a Content-Disposition or an HX-Trigger wants: JSON in ASCII. */
const char *json_ascii(struct cx *cx, const char *text);

#endif
