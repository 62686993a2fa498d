/*
 * Who sends a request, as the web layer sees it. Accounts, drivers, roles and
 * their tables belong to a feature; it gives these functions through its
 * struct feature, because web knows no feature.
 */
#ifndef WEB_SESSION_H
#define WEB_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "web/view.h"

struct config;

struct session {
    int64_t id;
    enum actor_kind kind;   /* ACTOR_ACCOUNT or ACTOR_DRIVER */
    const char *csrf;       /* hex: the session's own secret (A7) */
    const char *toast;      /* waiting to be shown, or NULL */
    const char *toast_kind;
    const char *role_names; /* 场站运维、客服 */
    /* Sorted. "*" first: everything but those that follow as "-name". */
    const char *const *perms;
    size_t perm_count;
    bool password_only;     /* nothing but choosing a new password */
    const void *own;        /* of whoever loaded it */
};

struct identity {
    const char *login_path;    /* where nobody is sent to */
    const char *password_path; /* where a password_only session is sent to */
    /*
     * The session of a token, or NULL if it is not good (any more). Sets
     * cx->actor and cx->scope. keep_alive: somebody acts, the idle time
     * starts again. Called outside any transaction.
     */
    struct session *(*load)(struct cx *cx, enum actor_kind kind,
                            const char *token, bool keep_alive);
    /* Keeps a message for the next page (text NULL: it has been shown). */
    void (*toast)(struct cx *cx, const struct session *s, const char *kind,
                  const char *text);
    /* Adds Me.*, Data.* and Page.brand to the tree of a page. */
    void (*frame)(struct cx *cx, const struct session *s,
                  struct vnode *tree);
    /* Who can grant the permission to the caller ("周敏（平台管理员）"), or
       NULL if there is nobody to name. */
    const char *(*granter)(struct cx *cx, const char *perm);
    /* Writes the audit row of what the resource engine did itself (an export,
       an import, a value shown in clear), in its transaction. */
    void (*audit)(struct cx *cx, const char *event, const char *object,
                  int64_t id, const char *text);
    /* Who changed an object last ("林工在 14:02"), or NULL. */
    const char *(*changed)(struct cx *cx, const char *object, int64_t id);
    /* Writes the audit row of a refusal, in a transaction of its own. */
    void (*denied)(struct cx *cx, const char *what);
    /* What these settings lack for people to sign in safely, or NULL. The
       program does not start without it. */
    const char *(*unfit)(const struct config *config);
};

/* The permission is among those of the roles. False without a session. */
bool session_may(const struct session *s, const char *perm);

#endif
