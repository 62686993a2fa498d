/*
 * What a password of a console account must be (rules A1, A2; profile mlps2,
 * which GB/T 22239 asks for): at least 8 characters, three of four classes,
 * nothing common, nothing about the person, none of the last five.
 */
#ifndef ORG_PASSWORD_H
#define ORG_PASSWORD_H

#include <stdint.h>

#include "base/cx.h"

enum { PASSWORD_MIN = 8, PASSWORD_LONGEST = 64, PASSWORDS_REMEMBERED = 5 };

/* One sentence for people, shown beside the box. */
extern const char password_rules[];

/*
 * What is wrong with a new password, or NULL. Words that must not be in it
 * (phone, name, organisation) end with NULL.
 */
const char *password_flaw(struct cx *cx, const char *password,
                          const char *const *words);

/* True if the account has it now or had it among the last five. Slow: not in
   a transaction. */
bool password_was_used(struct cx *cx, int64_t account_id,
                       const char *password);

/*
 * Stores the hash (made by password_hash, outside the transaction) as the
 * account's password; the one before is remembered, and all its sessions but
 * keep_session end (A6). In a transaction.
 */
void password_store(struct cx *cx, int64_t account_id, const char *hash,
                    int64_t keep_session);

#endif
