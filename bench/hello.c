/*
 * The baseline of every FastCGI figure: a pre-forked pool that answers 13
 * bytes and does nothing else. hello SOCKET WORKERS
 */
#include <fcgiapp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BACKLOG = 1024, WORKERS_MAX = 64 };

static void serve(int listener)
{
    FCGX_Request q;

    if (FCGX_InitRequest(&q, listener, 0) != 0)
        exit(1);
    while (FCGX_Accept_r(&q) >= 0) {
        FCGX_PutS("Content-Type: text/plain\r\nContent-Length: 13\r\n\r\n"
                  "Hello, world\n", q.out);
        FCGX_Finish_r(&q);
    }
    exit(0);
}

int main(int argc, char **argv)
{
    int workers = argc == 3 ? (int)strtol(argv[2], NULL, 10) : 0;
    int listener;

    if (workers < 1 || workers > WORKERS_MAX) {
        fprintf(stderr, "usage: hello SOCKET WORKERS\n");
        return 2;
    }
    FCGX_Init();
    listener = FCGX_OpenSocket(argv[1], BACKLOG);
    if (listener < 0)
        return 1;
    for (int i = 0; i < workers; i++)
        if (fork() == 0)
            serve(listener);
    while (wait(NULL) > 0)
        ;
    return 0;
}
