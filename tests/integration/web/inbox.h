/*
 * The SMS fake and its inbox.
 */
#ifndef TESTS_WEB_INBOX_H
#define TESTS_WEB_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define INBOX_KEY "00112233445566778899aabbccddeeff"

struct inbox {
    pid_t pid;
    int port;
};

void inbox_start(struct inbox *in);
void inbox_stop(struct inbox *in);

/* The newest code sent to the phone; false if there is none. */
bool inbox_code(const struct inbox *in, const char *phone, char out[7]);

#endif
