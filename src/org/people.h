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

/* True if the caller holds the permission, by the database as it stands. */
bool people_hold(struct cx *cx, const char *perm);

/*
 * Fails with ERR_FORBIDDEN, naming it, unless the caller holds every
 * permission of the list. For whoever stores role_perm.
 */
void people_may_grant(struct cx *cx, const char *const *perms, size_t count);

/*
 * The same for giving an account a role: every permission of the role; a
 * built-in role only by holders of one like it (org/duty.h). For whoever
 * stores account_role.
 */
void people_may_assign(struct cx *cx, int64_t role_id);

/*
 * Fails with ERR_FORBIDDEN unless the caller may switch the account off or
 * make its owner prove again to be it: who holds all its rights, and a system
 * administrator, who gains nothing by it; but nobody touches an auditor.
 */
void people_may_stop(struct cx *cx, int64_t account_id);

/* Fails as people_may_assign for any role that the account has. */
void people_need_rank(struct cx *cx, int64_t account_id);

/*
 * Rights of an account changed (roles, status, stations, organisation): its
 * sessions end at their next request (A6). In a transaction.
 */
void people_rights_changed(struct cx *cx, int64_t account_id);

/* The same for everybody who has the role. */
void people_role_changed(struct cx *cx, int64_t role_id);

#endif
