/*
 * Handlers of one's own page; the routes stand with those of signing in.
 */
#ifndef ORG_ME_ADMIN_H
#define ORG_ME_ADMIN_H

#include <stdint.h>

#include "web/request.h"

struct me_password_args {
    const char *old, *password, *again;
};

struct me_kill_args {
    int64_t id;
};

void me_get(struct request *req, const void *args);
void me_password_post(struct request *req, const void *args);
void me_kill_post(struct request *req, const void *args);

#endif
