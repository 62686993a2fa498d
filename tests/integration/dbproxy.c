#include "tests/integration/dbproxy.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CHUNK = 65536, LATE_MS = 700, HEAD = 4, COM_QUERY = 3 };

struct pipe {
    struct dbproxy *proxy;
    int program_fd, server_fd;
};

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int unix_socket(const char *path, struct sockaddr_un *at)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        die("socket");
    *at = (struct sockaddr_un){ .sun_family = AF_UNIX };
    snprintf(at->sun_path, sizeof at->sun_path, "%s", path);
    return fd;
}

static bool send_all(int fd, const char *p, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);

        if (sent <= 0)
            return false;
        p += sent;
        n -= (size_t)sent;
    }
    return true;
}

/* The client library writes a command at once, so it begins a chunk. */
static bool is_commit(const char *p, size_t n)
{
    static const char text[] = "COMMIT";

    return n == HEAD + 1 + sizeof text - 1 && p[HEAD] == COM_QUERY &&
           memcmp(p + HEAD + 1, text, sizeof text - 1) == 0;
}

/* The cut that this COMMIT gets; each plan is for one. */
static enum cut take_plan(struct dbproxy *p)
{
    if (atomic_load(&p->plan) == CUT_NONE)
        return CUT_NONE;
    if (atomic_fetch_sub(&p->skip, 1) > 0)
        return CUT_NONE;
    return (enum cut)atomic_exchange(&p->plan, CUT_NONE);
}

static void cut(const struct pipe *c, enum cut how, const char *p, size_t n)
{
    const struct timespec late = { 0, LATE_MS * 1000000L };
    char answer[CHUNK];

    if (how == CUT_LATE) {
        shutdown(c->program_fd, SHUT_RDWR);
        nanosleep(&late, NULL);
    }
    if (how == CUT_HALF)
        send_all(c->server_fd, p, n / 2);
    else if (how != CUT_BEFORE)
        send_all(c->server_fd, p, n);
    if ((how == CUT_AFTER || how == CUT_LATE) &&
        recv(c->server_fd, answer, sizeof answer, 0) <= 0)
        die("no answer to COMMIT");
}

/* False when the connection is over. */
static bool pass(const struct pipe *c, bool to_server)
{
    char chunk[CHUNK];
    ssize_t n = recv(to_server ? c->program_fd : c->server_fd, chunk,
                     sizeof chunk, 0);
    enum cut how = CUT_NONE;

    if (n <= 0)
        return false;
    if (to_server && is_commit(chunk, (size_t)n))
        how = take_plan(c->proxy);
    if (how == CUT_NONE)
        return send_all(to_server ? c->server_fd : c->program_fd, chunk,
                        (size_t)n);
    cut(c, how, chunk, (size_t)n);
    return false;
}

static void *carry(void *arg)
{
    struct pipe *c = arg;
    struct pollfd p[] = { { c->program_fd, POLLIN, 0 },
                          { c->server_fd, POLLIN, 0 } };
    bool open = true;

    while (open && poll(p, 2, -1) > 0)
        for (int i = 0; i < 2 && open; i++)
            if (p[i].revents != 0)
                open = pass(c, i == 0);
    close(c->program_fd);
    close(c->server_fd);
    free(c);
    return NULL;
}

static void *serve(void *arg)
{
    struct dbproxy *p = arg;
    int fd;

    while ((fd = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        struct pipe *c = malloc(sizeof *c);
        struct sockaddr_un to;
        pthread_t thread;

        if (c == NULL)
            die("malloc");
        *c = (struct pipe){ p, fd, unix_socket(p->server, &to) };
        if (connect(c->server_fd, (struct sockaddr *)&to, sizeof to) != 0) {
            close(c->server_fd);
            close(fd);
            free(c);
            continue;
        }
        if (pthread_create(&thread, NULL, carry, c) != 0)
            die("pthread_create");
        pthread_detach(thread);
    }
    return NULL;
}

void dbproxy_start(struct dbproxy *p, const char *server)
{
    struct sockaddr_un at;

    memset(p, 0, sizeof *p);
    p->server = server;
    snprintf(p->dir, sizeof p->dir, "/tmp/pilehub-proxy-XXXXXX");
    if (mkdtemp(p->dir) == NULL)
        die(p->dir);
    snprintf(p->socket, sizeof p->socket, "%s/sock", p->dir);
    p->listen_fd = unix_socket(p->socket, &at);
    if (bind(p->listen_fd, (struct sockaddr *)&at, sizeof at) != 0 ||
        listen(p->listen_fd, 64) != 0 ||
        pthread_create(&p->thread, NULL, serve, p) != 0)
        die(p->socket);
}

void dbproxy_stop(struct dbproxy *p)
{
    shutdown(p->listen_fd, SHUT_RDWR);
    pthread_join(p->thread, NULL);
    close(p->listen_fd);
    unlink(p->socket);
    rmdir(p->dir);
}

void dbproxy_cut(struct dbproxy *p, enum cut cut, int skip)
{
    atomic_store(&p->skip, skip);
    atomic_store(&p->plan, cut);
}

bool dbproxy_has_cut(const struct dbproxy *p)
{
    return atomic_load(&p->plan) == CUT_NONE;
}
