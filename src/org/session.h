/*
 * Sessions of console accounts and drivers (rule A6): a random 256-bit token
 * of which only the SHA-256 is kept. A session ends when it is idle too long
 * or too old, when its owner is disabled or changes roles or password
 * (rights_ver), and when somebody ends it.
 */
#ifndef ORG_SESSION_H
#define ORG_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"

enum session_kind { SESSION_ACCOUNT = 1, SESSION_DRIVER = 2 };

enum {
    SESSION_IDLE_MS = 30 * 60 * 1000,           /* accounts */
    SESSION_LONGEST_MS = 12 * 60 * 60 * 1000,   /* accounts */
    SESSION_DRIVER_DAYS = 30,                   /* sliding */
    SESSIONS_MAX = 5,                           /* of one owner */
};

/* What a good token stands for. */
struct session_row {
    int64_t id;
    int64_t owner_id;
    const char *csrf;  /* hex */
    const char *toast; /* as kept by session_toast, or NULL */
    stamp created_at, seen_at;
    /* Accounts: */
    const char *name, *phone, *org_name;
    int64_t org_id;
    int org_kind;
    const char *role_names;      /* 场站运维、客服 */
    const char *const *perms;    /* as in web/session.h */
    size_t perm_count;
    stamp password_at;
    bool password_expired;       /* older than 90 days (A2) */
};

/*
 * Opens a session for an owner who has just proved to be it, and ends the
 * oldest beyond SESSIONS_MAX. The address is the actor's. Returns the token,
 * which is nowhere else. In a transaction.
 */
const char *session_open(struct cx *cx, enum session_kind kind,
                         int64_t owner_id, const char *agent);

/*
 * The session of a token, or NULL if it is no good. Sets cx->actor and
 * cx->scope. keep_alive: its owner acts now.
 */
struct session_row *session_load(struct cx *cx, enum session_kind kind,
                                 const char *token, bool keep_alive);

/* Sets cx->actor and cx->scope to an account that has just proved to be it;
   for what it does before it has a session. False if there is none. */
bool session_become(struct cx *cx, int64_t account_id);

/* Ends one session; false if it was not the owner's. In a transaction. */
bool session_end(struct cx *cx, enum session_kind kind, int64_t owner_id,
                 int64_t session_id);

/* Ends all of them but one (0: all); how many. In a transaction. */
int64_t session_end_all(struct cx *cx, enum session_kind kind,
                        int64_t owner_id, int64_t except_id);

/* Ends the session of an account in the caller's scope that the caller may
   switch off; not the one it acts in. In a transaction. */
void session_stop(struct cx *cx, int64_t session_id);

struct session_entry {
    int64_t id;
    const char *address, *agent;
    stamp created_at, seen_at;
};

/* "Chrome · Windows" of what a browser says it is (User-Agent); what is not
   known is said as it came. */
const char *session_device(struct cx *cx, const char *agent);

/* The owner's sessions that are still good, newest first. */
struct session_entry *session_list(struct cx *cx, enum session_kind kind,
                                   int64_t owner_id, size_t *count);

/* Keeps a text for the session's next page; NULL: it has been shown. */
void session_toast(struct cx *cx, int64_t session_id, const char *text);

#endif
