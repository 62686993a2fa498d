/*
 * Proving to be an account: by password, by a code sent to the phone, by an
 * activation link (rules A3, A4). Unknown, unclaimed and disabled accounts
 * answer in the same words and the same time as a wrong password.
 */
#ifndef ORG_SIGN_IN_H
#define ORG_SIGN_IN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"

enum {
    SIGN_IN_TRIES = 5,              /* then the lock */
    SIGN_IN_CAPTCHA_AFTER = 3,      /* failures, of the phone or address */
    SIGN_IN_WINDOW_MS = 15 * 60 * 1000,
    SIGN_IN_LOCK_MS = 15 * 60 * 1000,
    ADDRESS_CAPTCHA_AFTER = 3,
    ADDRESS_TRIES = 30,             /* in the window, whatever the phone */
    NETWORK_TRIES = 150,            /* of all its addresses together */
    ACTIVATION_MS = 72 * 60 * 60 * 1000,
};

enum sign_in_outcome {
    SIGN_IN_OK,
    SIGN_IN_WRONG,    /* left tries remain */
    SIGN_IN_LOCKED,   /* until locked_to */
    SIGN_IN_CAPTCHA,  /* a picture must be read first */
    SIGN_IN_DISABLED, /* right, but switched off */
    SIGN_IN_CLAIM,    /* by code: no password chosen yet */
};

struct sign_in {
    const char *phone;
    const char *agent;
    bool human; /* a captcha was solved with this request */
};

struct sign_in_result {
    enum sign_in_outcome outcome;
    int left;
    stamp locked_to;
    const char *token; /* OK: of the new session */
    int64_t account_id;
    const char *name;
};

/* True if the next try by this phone ("": by anybody at this address) needs
   a captcha. */
bool sign_in_needs_captcha(struct cx *cx, const char *phone);

/* All three: outside any transaction; they commit what they find, failures
   too, and audit it. */
struct sign_in_result sign_in_password(struct cx *cx, const struct sign_in *s,
                                       const char *password);

/* By SMS code. Purpose: "sms" (OK, or CLAIM if there is no password yet),
   "first" and "reset" (always CLAIM). */
struct sign_in_result sign_in_code(struct cx *cx, const struct sign_in *s,
                                   const char *purpose, const char *code);

/* Sends the code, if the phone is an account's; says nothing if not. */
void sign_in_send_code(struct cx *cx, const char *phone, const char *purpose);

/* A key with which the account's owner may choose a password, good for a few
   minutes after CLAIM, 72 h in an invitation. In a transaction. */
const char *sign_in_key_new(struct cx *cx, const char *phone,
                            int64_t life_ms);

/* Puts on record that a try was not even looked at. */
void sign_in_too_often(struct cx *cx);

struct sign_in_account {
    int64_t id;
    const char *phone, *name, *org_name;
    int status;
    const char *password; /* hash, or NULL */
};

/* The account a key stands for, or NULL. */
struct sign_in_account *sign_in_key_account(struct cx *cx, const char *key);

/*
 * Chooses the password by key, and signs in. Returns what is wrong with the
 * password; else NULL and *token, which is NULL if the key is no good.
 */
const char *sign_in_claim(struct cx *cx, const char *key,
                          const char *password, const char *agent,
                          const char **token);

/* Changes one's own password, knowing the old one. Returns the name of the
   wrong field with *flaw, or NULL. Guarded like signing in. */
const char *sign_in_change(struct cx *cx, const char *old,
                           const char *password, const char **flaw);

#endif
