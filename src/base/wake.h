/*
 * Wake-up datagrams between our own processes (rule G23): "look at subject
 * X", no more. 36 bytes: "PHW1", subject (8, big-endian), counter (8,
 * microseconds since 1970), and the first 16 bytes of their HMAC-SHA256 under
 * secret_derive("wake"). A forged one is dropped; a repeated one costs a
 * query at most. Losing one only delays: everybody also polls.
 */
#ifndef BASE_WAKE_H
#define BASE_WAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

enum {
    WAKE_SIZE = 36,
    WAKE_WINDOW_MS = 5000 /* older or newer datagrams are dropped */
};

void wake_encode(int64_t subject, int64_t now_us, uint8_t out[WAKE_SIZE]);

/* True if it is ours and within the window; sets *subject. */
MUST_USE bool wake_decode(const void *p, size_t n, int64_t now_us,
                          int64_t *subject);

/*
 * Sends one to "address:port" ("10.0.0.5:9001", "[::1]:9001"), without
 * waiting. Errors are ignored: the other side polls.
 */
void wake_send(const char *to, int64_t subject);

/* A bound, non-blocking socket for receiving, or -1. port 0: any; *bound
   is set to "address:port". */
int wake_listen(const char *address, int port, char bound[60]);

#endif
