/*
 * Console accounts: whose they are, what roles they have, which stations they
 * are bound to. Passwords and sessions are sign_in.h and session.h.
 *
 * Nobody touches an account that has a right they lack themselves (A10): a
 * reset password or an invitation would otherwise be a way to get it.
 */
#ifndef ORG_ACCOUNT_H
#define ORG_ACCOUNT_H

#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"

enum { ACCOUNT_STATIONS_MAX = 500, ACCOUNT_ROLES_MAX = 20 };

struct account {
    int64_t id, org_id;
    const char *name, *phone, *org_name;
    int status; /* org_status */
    bool claimed; /* has chosen a password */
};

struct account_form {
    int64_t org_id;       /* only when it is made */
    const char *phone;    /* the login name; only when it is made */
    const char *name;
    const char *roles;    /* "1,2,3" */
    const char *stations; /* "1,2,3"; "" is every station of the scope */
};

/* In the caller's scope, or ERR_NOT_FOUND. */
struct account *account_load(struct cx *cx, int64_t id);

/* What its form shows, texts in the arena; or ERR_NOT_FOUND. */
void account_fill(struct cx *cx, int64_t id, struct account_form *out);

/* All of these in a transaction. */
int64_t account_save(struct cx *cx, int64_t id, const struct account_form *f);

/* Gives and takes roles and stations of an account that is there: what
   whoever may not make accounts may do when duties are apart. */
struct grant_form {
    const char *name;     /* shown, never changed */
    const char *roles;    /* as above; may be none */
    const char *stations;
};
void account_grant_fill(struct cx *cx, int64_t id, struct grant_form *out);
int64_t account_grant(struct cx *cx, int64_t id, const struct grant_form *f);

/* Not the own one. Fails with ERR_STATE if it is so already. Disabling ends
   the sessions. */
void account_enable(struct cx *cx, int64_t id);
void account_disable(struct cx *cx, int64_t id);

/* Forgets the password and ends the sessions: the owner proves to have the
   phone, or uses an invitation, and chooses a new one. */
void account_reset(struct cx *cx, int64_t id);

/* The key of an activation link, 72 h and used once (A3). Only for accounts
   without a password. */
const char *account_invite(struct cx *cx, int64_t id);

#endif
