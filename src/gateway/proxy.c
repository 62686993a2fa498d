/*
 * The PROXY header and addresses: see proxy.h.
 */
#include "gateway/proxy.h"

#include <arpa/inet.h>
#include <string.h>

enum {
    V1_MAX = 107,   /* with CR LF, by the specification */
    V2_HEAD = 16,
    V2_IPV4 = 12,   /* two addresses and two ports */
    V2_IPV6 = 36
};

static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };

static const uint8_t v2_signature[12] = {
    0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a
};

static void set_v4(struct address *a, const uint8_t ip[4])
{
    memcpy(a->ip, mapped, sizeof mapped);
    memcpy(a->ip + 12, ip, 4);
}

bool address_parse(const char *text, struct address *out)
{
    uint8_t ip[16];

    if (inet_pton(AF_INET, text, ip) == 1) {
        set_v4(out, ip);
        return true;
    }
    if (inet_pton(AF_INET6, text, ip) != 1)
        return false;
    memcpy(out->ip, ip, sizeof ip);
    return true;
}

static bool is_v4(const struct address *a)
{
    return memcmp(a->ip, mapped, sizeof mapped) == 0;
}

char *address_text(const struct address *a, char out[ADDRESS_TEXT])
{
    const char *text = is_v4(a)
        ? inet_ntop(AF_INET, a->ip + 12, out, ADDRESS_TEXT)
        : inet_ntop(AF_INET6, a->ip, out, ADDRESS_TEXT);

    must(text != NULL);
    return out;
}

/* "10.1.0.0/16" into address and number of leading bits of the 128. */
static bool range_parse(const char *text, struct address *a, int *bits)
{
    const char *slash = strchr(text, '/');
    char ip[ADDRESS_TEXT];
    size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
    int most;

    if (n == 0 || n >= sizeof ip)
        return false;
    memcpy(ip, text, n);
    ip[n] = '\0';
    if (!address_parse(ip, a))
        return false;
    most = is_v4(a) ? 32 : 128;
    *bits = most;
    if (slash != NULL) {
        size_t digits = strspn(slash + 1, "0123456789");

        if (digits == 0 || digits > 3 || slash[1 + digits] != '\0')
            return false;
        *bits = 0;
        for (size_t i = 0; i < digits; i++)
            *bits = *bits * 10 + (slash[1 + i] - '0');
        if (*bits > most)
            return false;
    }
    *bits += 128 - most;
    return true;
}

static bool same_bits(const uint8_t *a, const uint8_t *b, int bits)
{
    int whole = bits / 8, rest = bits % 8;

    if (memcmp(a, b, (size_t)whole) != 0)
        return false;
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

bool address_is_in(const struct address *a, const char *ranges)
{
    while (*ranges != '\0') {
        char one[64];
        struct address base;
        size_t n;
        int bits;

        ranges += strspn(ranges, " ,");
        n = strcspn(ranges, " ,");
        if (n > 0 && n < sizeof one) {
            memcpy(one, ranges, n);
            one[n] = '\0';
            if (range_parse(one, &base, &bits) &&
                same_bits(a->ip, base.ip, bits))
                return true;
        }
        ranges += n;
    }
    return false;
}

/* "PROXY TCP4 10.1.2.3 10.0.0.1 40000 8767\r\n" */
static enum proxy_result read_v1(const uint8_t *p, size_t n, size_t *used,
                                 struct address *from)
{
    const uint8_t *end = memchr(p, '\n', n < V1_MAX ? n : V1_MAX);
    char line[V1_MAX], *ip;
    size_t len;

    if (end == NULL)
        return n < V1_MAX ? PROXY_SHORT : PROXY_BAD;
    len = (size_t)(end - p);
    if (len < 1 || p[len - 1] != '\r' || memchr(p, '\0', len) != NULL)
        return PROXY_BAD;
    memcpy(line, p, len - 1);
    line[len - 1] = '\0';
    *used = len + 1;
    if (strncmp(line, "PROXY UNKNOWN", 13) == 0)
        return PROXY_OK;
    if (strncmp(line, "PROXY TCP4 ", 11) != 0 &&
        strncmp(line, "PROXY TCP6 ", 11) != 0)
        return PROXY_BAD;
    ip = line + 11;
    ip[strcspn(ip, " ")] = '\0';
    return address_parse(ip, from) ? PROXY_OK : PROXY_BAD;
}

static enum proxy_result read_v2(const uint8_t *p, size_t n, size_t *used,
                                 struct address *from)
{
    size_t len;

    if (n < V2_HEAD)
        return PROXY_SHORT;
    len = (size_t)(p[14] << 8 | p[15]);
    if (p[12] >> 4 != 2 || (p[12] & 15) > 1 || V2_HEAD + len > PROXY_MAX)
        return PROXY_BAD;
    if (n < V2_HEAD + len)
        return PROXY_SHORT;
    *used = V2_HEAD + len;
    if ((p[12] & 15) == 0) /* LOCAL: the balancer's own check */
        return PROXY_OK;
    if (p[13] == 0x11 && len >= V2_IPV4)
        set_v4(from, p + V2_HEAD);
    else if (p[13] == 0x21 && len >= V2_IPV6)
        memcpy(from->ip, p + V2_HEAD, 16);
    else if (p[13] != 0) /* 0: unspecified */
        return PROXY_BAD;
    return PROXY_OK;
}

enum proxy_result proxy_read(const uint8_t *p, size_t n, size_t *used,
                             struct address *from)
{
    size_t head = n < sizeof v2_signature ? n : sizeof v2_signature;

    if (n == 0)
        return PROXY_SHORT;
    if (memcmp(p, v2_signature, head) == 0)
        return n < sizeof v2_signature ? PROXY_SHORT
                                       : read_v2(p, n, used, from);
    head = n < 6 ? n : 6;
    if (memcmp(p, "PROXY ", head) == 0)
        return n < 6 ? PROXY_SHORT : read_v1(p, n, used, from);
    return PROXY_BAD;
}
