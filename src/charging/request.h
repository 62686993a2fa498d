/*
 * Starts that a pile asks for (0x31, ykc-1.6 section 8.3): the gateway stores
 * the request, a job decides and answers with 0x32 within 3 s.
 */
#ifndef CHARGING_REQUEST_H
#define CHARGING_REQUEST_H

#include "base/cx.h"

/* Answers what waits, oldest first. */
void order_answer_requests(struct cx *cx);

#endif
