/*
 * The decision on an order that a check held back.
 */
#ifndef CHARGING_ORDER_REVIEW_ADMIN_H
#define CHARGING_ORDER_REVIEW_ADMIN_H

#include <stdint.h>

#include "web/request.h"

struct review_args {
    int64_t id;
    int how;
    const char *reason;
};
enum { REVIEW_ARGS = 3 }; /* the first is what a GET has */
extern const struct arg review_args[REVIEW_ARGS];

void review_ask(struct request *req, const void *args);
void review_decide(struct request *req, const void *args);

#endif
