/*
 * Where the piles connect to, and from where: many addresses of the loopback
 * network, so that per-address limits see a fleet and not one host.
 */
#ifndef SIM_TARGET_H
#define SIM_TARGET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/macros.h"

struct target {
    struct sockaddr_in address;
    bool is_local; /* then the source may be chosen */
};

/* False if the host is unknown. */
MUST_USE bool target_find(struct target *t, const char *host, int port);

/*
 * A socket that does not block and begins to connect from source address
 * number source. -1, and errno, on failure.
 */
int target_connect(const struct target *t, size_t source);

/* Lets the process hold as many connections as the system allows. */
void target_raise_limit(void);

#endif
