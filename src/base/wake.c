#include "base/wake.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/stamp.h"

enum { SIGNED = 20, TAG = WAKE_SIZE - SIGNED };

static const uint8_t magic[4] = { 'P', 'H', 'W', '1' };

static void put_u64(uint8_t *p, uint64_t v)
{
    for (int i = 7; i >= 0; i--, v >>= 8)
        p[i] = (uint8_t)v;
}

static uint64_t get_u64(const uint8_t *p)
{
    uint64_t v = 0;

    for (int i = 0; i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

static void tag_of(const uint8_t *p, uint8_t tag[SHA256_SIZE])
{
    uint8_t key[SHA256_SIZE];

    secret_derive("wake", key);
    hmac_sha256(key, sizeof key, p, SIGNED, tag);
    secret_wipe(key, sizeof key);
}

void wake_encode(int64_t subject, int64_t now_us, uint8_t out[WAKE_SIZE])
{
    uint8_t tag[SHA256_SIZE];

    memcpy(out, magic, sizeof magic);
    put_u64(out + 4, (uint64_t)subject);
    put_u64(out + 12, (uint64_t)now_us);
    tag_of(out, tag);
    memcpy(out + SIGNED, tag, TAG);
}

bool wake_decode(const void *p, size_t n, int64_t now_us, int64_t *subject)
{
    const uint8_t *b = p;
    uint8_t tag[SHA256_SIZE];
    int64_t at, apart;

    if (n != WAKE_SIZE || memcmp(b, magic, sizeof magic) != 0)
        return false;
    tag_of(b, tag);
    if (!secret_equal(tag, b + SIGNED, TAG))
        return false;
    at = (int64_t)get_u64(b + 12);
    if (__builtin_sub_overflow(now_us, at, &apart) ||
        apart > WAKE_WINDOW_MS * INT64_C(1000) ||
        apart < -WAKE_WINDOW_MS * INT64_C(1000))
        return false;
    *subject = (int64_t)get_u64(b + 4);
    return true;
}

/* Splits "address:port"; false if it is not that. Addresses are numbers:
   nothing here may wait for a name server. */
static bool parse_address(const char *text, struct addrinfo **out)
{
    const struct addrinfo hints = { .ai_socktype = SOCK_DGRAM,
                                    .ai_flags = AI_NUMERICHOST |
                                                AI_NUMERICSERV };
    const char *colon = strrchr(text, ':');
    char host[60];
    size_t n;

    if (colon == NULL)
        return false;
    n = (size_t)(colon - text);
    if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
        text++;
        n -= 2;
    }
    if (n == 0 || n >= sizeof host)
        return false;
    memcpy(host, text, n);
    host[n] = '\0';
    return getaddrinfo(host, colon + 1, &hints, out) == 0;
}

void wake_send(const char *to, int64_t subject)
{
    uint8_t datagram[WAKE_SIZE];
    struct addrinfo *where;
    int fd;

    if (!parse_address(to, &where))
        return;
    wake_encode(subject, stamp_now().ms * 1000, datagram);
    fd = socket(where->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                0);
    if (fd >= 0) {
        (void)!sendto(fd, datagram, sizeof datagram, MSG_NOSIGNAL,
                      where->ai_addr, where->ai_addrlen);
        close(fd);
    }
    freeaddrinfo(where);
}

static bool bound_to(int fd, char bound[60])
{
    struct sockaddr_storage a = { .ss_family = AF_UNSPEC };
    socklen_t len = sizeof a;
    char host[46], port[8];

    if (getsockname(fd, (struct sockaddr *)&a, &len) != 0 ||
        getnameinfo((struct sockaddr *)&a, len, host, sizeof host, port,
                    sizeof port, NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    snprintf(bound, 60, a.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
             port);
    return true;
}

int wake_listen(const char *address, int port, char bound[60])
{
    struct addrinfo *where;
    char text[60];
    int fd;

    snprintf(text, sizeof text,
             strchr(address, ':') != NULL ? "[%s]:%d" : "%s:%d", address,
             port);
    if (!parse_address(text, &where))
        return -1;
    fd = socket(where->ai_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                0);
    if (fd >= 0 && (bind(fd, where->ai_addr, where->ai_addrlen) != 0 ||
                    !bound_to(fd, bound))) {
        close(fd);
        fd = -1;
    }
    freeaddrinfo(where);
    return fd;
}
