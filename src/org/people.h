/*
 * Who may do what to whom: permissions that accounts hold, and the rule that
 * nobody grants a right they lack (A10).
 */
#ifndef ORG_PEOPLE_H
#define ORG_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"

/* Stations in the caller's scope. */
int64_t people_station_count(struct cx *cx);

/* Somebody of the caller's organisation, or above, who holds perm and may
   edit roles: "周敏（平台管理员）"; or NULL. */
const char *people_granter(struct cx *cx, const char *perm);

/*
 * With the setting audit_apart (A10) a built-in role is everything but the
 * audit. Nobody who may grant rights holds that one then, so auditors are made
 * by the command line only, and no administrator can touch them.
 */
#define PERM_AUDIT "audit.view"
bool people_audit_is_apart(const struct cx *cx);

/* True if the caller holds the permission, by the database as it stands. */
bool people_hold(struct cx *cx, const char *perm);

/*
 * Fails with ERR_FORBIDDEN, naming it, unless the caller holds every
 * permission of the list. For whoever stores role_perm.
 */
void people_may_grant(struct cx *cx, const char *const *perms, size_t count);

/*
 * The same for giving an account a role: every permission of the role; a
 * built-in role only by holders of one in an organisation at or above it. For
 * whoever stores account_role.
 */
void people_may_assign(struct cx *cx, int64_t role_id);

/*
 * Rights of an account changed (roles, status, stations, organisation): its
 * sessions end at their next request (A6). In a transaction.
 */
void people_rights_changed(struct cx *cx, int64_t account_id);

/* The same for everybody who has the role. */
void people_role_changed(struct cx *cx, int64_t role_id);

#endif
