/*
 * Roles: named sets of permissions of an organisation, given to its accounts
 * and to those of organisations below it. A built-in role is what
 * org/duty.h says and never changed. When duties are apart, a role of the
 * platform has the permissions of one of them.
 */
#ifndef ORG_ROLE_H
#define ORG_ROLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"

enum { ROLE_PERMS_MAX = 200 };

struct role {
    int64_t id, org_id;
    const char *name, *note, *org_name;
    int built_in; /* enum built_in */
    int ver;
};

/* In the caller's scope, or ERR_NOT_FOUND. */
struct role *role_load(struct cx *cx, int64_t id);

/* Its permissions, in order. */
const char *const *role_perms(struct cx *cx, int64_t id, size_t *count);

struct role_form {
    int64_t org_id; /* only when it is made */
    const char *name, *note;
    const char *const *perms;
    size_t perm_count;
    int ver;        /* of the role that the form began from */
};

/*
 * Makes (id 0) or changes it; its id. Fails with ERR_FORBIDDEN for a right
 * that the caller lacks, whether it is given or taken (A10), and with
 * ERR_CONFLICT if somebody changed it meanwhile. In a transaction.
 */
int64_t role_save(struct cx *cx, int64_t id, const struct role_form *f);

/* Fails with ERR_STATE while accounts have it. In a transaction. */
void role_delete(struct cx *cx, int64_t id);

#endif
