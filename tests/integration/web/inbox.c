#include "tests/integration/web/inbox.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

void inbox_start(struct inbox *in)
{
    const char *build = getenv("PILEHUB_BUILD");
    char program[400], line[80];
    int out[2];
    FILE *f;

    snprintf(program, sizeof program, "%s/pilehub-fakes",
             build == NULL ? "." : build);
    if (pipe(out) != 0)
        exit(1);
    in->pid = fork();
    if (in->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(out[1], 1);
        close(out[0]);
        setenv("PILEHUB_PAYMENT_KEY", INBOX_KEY, 1);
        setenv("PILEHUB_SMS_KEY", INBOX_KEY, 1);
        execl(program, program, "--port", "0", "--notify",
              "http://127.0.0.1:1", NULL);
        _exit(127);
    }
    close(out[1]);
    f = fdopen(out[0], "r");
    if (f == NULL || fgets(line, sizeof line, f) == NULL ||
        sscanf(line, "port %d", &in->port) != 1) {
        fprintf(stderr, "no fakes\n");
        exit(1);
    }
    /* The pipe stays open: the fake may write more. */
}

void inbox_stop(struct inbox *in)
{
    kill(in->pid, SIGTERM);
    waitpid(in->pid, NULL, 0);
}

static size_t get(int port, const char *target, char *out, size_t size)
{
    struct sockaddr_in to = { .sin_family = AF_INET,
                              .sin_port = htons((unsigned short)port),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t n = 0;
    ssize_t got;

    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0)
        exit(1);
    dprintf(fd, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            target);
    while (n + 1 < size && (got = read(fd, out + n, size - 1 - n)) > 0)
        n += (size_t)got;
    out[n] = '\0';
    close(fd);
    return n;
}

bool inbox_code(const struct inbox *in, const char *phone, char out[7])
{
    char target[80], text[20000];
    const char *p;

    snprintf(target, sizeof target, "/_fake/sms?phone=%s", phone);
    get(in->port, target, text, sizeof text);
    p = strstr(text, "\"code\":\"");
    if (p == NULL)
        return false;
    p = strpbrk(p + 7, "0123456789");
    if (p == NULL || strspn(p, "0123456789") != 6)
        return false;
    memcpy(out, p, 6);
    out[6] = '\0';
    return true;
}
