/*
 * The PROXY header, versions 1 and 2: what a balancer in front of the
 * gateway says about the real address. Pure; the bytes are not trusted.
 */
#ifndef GATEWAY_PROXY_H
#define GATEWAY_PROXY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

enum {
    PROXY_MAX = 536 /* longest header: version 2 with its longest address */
};

/* An IPv6 address, or an IPv4 one mapped into it. */
struct address {
    uint8_t ip[16];
};

enum proxy_result { PROXY_SHORT, PROXY_OK, PROXY_BAD };

/*
 * Reads the header at the start of n bytes. PROXY_OK: *used is its length,
 * and *from is set unless the balancer speaks for itself (UNKNOWN, LOCAL).
 */
MUST_USE enum proxy_result proxy_read(const uint8_t *p, size_t n,
                                      size_t *used, struct address *from);

enum { ADDRESS_TEXT = 46 };

/* "10.1.2.3" or "2001:db8::1". Returns out. */
char *address_text(const struct address *a, char out[ADDRESS_TEXT]);

/* Reads either form; false if it is none. */
MUST_USE bool address_parse(const char *text, struct address *out);

/*
 * Is the address in one of the ranges: "10.1.0.0/16, 2001:db8::/32, 10.2.3.4"?
 * A range that cannot be read holds nothing.
 */
bool address_is_in(const struct address *a, const char *ranges);

#endif
