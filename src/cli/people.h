/*
 * The first accounts of an installation, made from the command line: nobody
 * is there yet who could make them in the console (rule A10).
 */
#ifndef CLI_PEOPLE_H
#define CLI_PEOPLE_H

#include <stdint.h>

#include "base/cx.h"
#include "org/duty.h"

enum { PEOPLE_PLATFORM = 1, PEOPLE_PROVIDER = 2, PEOPLE_MERCHANT = 3 };

/* The platform's organisation, made if missing. */
int64_t people_platform(struct cx *cx);

/* The organisation's built-in role (org/duty.h), made if missing. */
int64_t people_built_in_role(struct cx *cx, int64_t org_id,
                             enum built_in kind, const char *name);

/* Its role that reads the audit and may do nothing else (A10). */
int64_t people_auditor_role(struct cx *cx, int64_t org_id, const char *name);

struct new_account {
    int64_t org_id, role_id;
    const char *phone, *name;
    const char *hash; /* of the password, made before the transaction;
                         NULL: claimed with a code sent to the phone */
};

/* A new account; ERR_CONFLICT if the phone has one. */
int64_t people_account(struct cx *cx, const struct new_account *a);

/* What is wrong with the phone, or NULL. */
const char *people_phone_error(const char *phone);

#endif
