/*
 * Duties apart (rule A10; GB/T 22239 calls for it from level 2): on the
 * platform, who administers the system, who audits and who runs the business
 * are different people. Every permission says which of them may hold it:
 *
 *   system    makes, disables and resets accounts
 *   audit     reads the audit; made by the command line only
 *   business  everything else, and gives business rights to accounts that
 *             system administrators made: nobody can make a second self
 *
 * Providers and merchants are not divided: to the platform their people all
 * are users of its business, and many a merchant is one person.
 *
 * The setting duties=joint (src/system/setting.h) is the deviation for small
 * firms: an administrator's role then means everything.
 */
#ifndef ORG_DUTY_H
#define ORG_DUTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"

enum duty {
    DUTY_SYSTEM = 1 << 0,
    DUTY_AUDIT = 1 << 1,
    DUTY_BUSINESS = 1 << 2,
    DUTY_ALL = DUTY_SYSTEM | DUTY_AUDIT | DUTY_BUSINESS,
};

/* role.built_in: what an unchangeable role has. */
enum built_in {
    BUILT_IN_NOT = 0,
    BUILT_IN_FULL = 1,   /* everything; apart: everything of business */
    BUILT_IN_SYSTEM = 2, /* what a system administrator needs */
};

#define PERM_AUDIT "audit.view"

/* True if the platform's duties are separate. */
bool duty_is_apart(struct cx *cx);

/* The same for the caller: false for people of providers and merchants. */
bool duty_divides(struct cx *cx);

/* Who may hold the permission when duties are apart: a set of enum duty. */
unsigned duty_of(const char *perm);

/* 系统管理、审计、业务, as the set has it. */
const char *duty_text(struct cx *cx, unsigned duties);

/* True if a built-in role of that kind has the permission. */
bool duty_built_in_has(enum built_in kind, bool apart, const char *perm);

/*
 * The permissions of a built-in role as a session lists them (web/session.h):
 * FULL is "*" and what it lacks as "-name", SYSTEM is names.
 */
const char *const *duty_perms(struct cx *cx, enum built_in kind, bool apart,
                              size_t *count);

/* Who may hold all of them; 0: nobody may, when duties are apart. */
unsigned duty_common(const char *const *perms, size_t count);

/* The same for a role as it stands; DUTY_ALL while it has no permission. */
unsigned duty_of_role(struct cx *cx, int64_t role_id);

/* What people are told when that is 0. */
extern const char duty_refusal[];

/* Fails with ERR_STATE, naming one, while an account of the platform has more
   than one duty. For whoever sets duties apart. */
void duty_need_divided(struct cx *cx);

#endif
