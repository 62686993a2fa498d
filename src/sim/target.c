/*
 * Connecting: see target.h.
 */
#include "sim/target.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ADDRESSES_PER_NET = 250 };

bool target_find(struct target *t, const char *host, int port)
{
    struct addrinfo hints = { .ai_family = AF_INET,
                              .ai_socktype = SOCK_STREAM };
    struct addrinfo *found;

    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return false;
    memcpy(&t->address, found->ai_addr, sizeof t->address);
    freeaddrinfo(found);
    t->address.sin_port = htons((uint16_t)port);
    t->is_local = ntohl(t->address.sin_addr.s_addr) >> 24 == 127;
    return true;
}

/* 127.0.x.y, leaving the port to connect, which then sees both ends. */
static int bind_source(int fd, size_t source)
{
    struct sockaddr_in from = { .sin_family = AF_INET };
    uint32_t net = (uint32_t)(source / ADDRESSES_PER_NET) & 0xFF;
    uint32_t host = (uint32_t)(source % ADDRESSES_PER_NET) + 1;
    int on = 1;

    from.sin_addr.s_addr = htonl(UINT32_C(127) << 24 | net << 8 | host);
    if (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on,
                   sizeof on) != 0)
        return -1;
    return bind(fd, (const struct sockaddr *)&from, sizeof from);
}

int target_connect(const struct target *t, size_t source)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1, failed = 0, why;

    if (fd < 0)
        return -1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (t->is_local)
        failed = bind_source(fd, source);
    if (failed == 0)
        failed = connect(fd, (const struct sockaddr *)&t->address,
                         sizeof t->address);
    if (failed == 0 || errno == EINPROGRESS)
        return fd;
    why = errno;
    close(fd);
    errno = why;
    return -1;
}

void target_raise_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}
