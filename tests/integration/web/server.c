#include "tests/integration/web/server.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/integration/testdb.h"
#include "tests/integration/web/fcgi.h"

enum { START_MS = 5000 };

static void fail(const char *what)
{
    fprintf(stderr, "web_server: %s\n", what);
    exit(1);
}

static void sleep_ms(long ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

    nanosleep(&t, NULL);
}

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");

    if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
        fail(path);
}

static void write_settings(const struct web_server *s, const char *more)
{
    const char *source = getenv("PILEHUB_SOURCE");
    char text[2000], secret[110];

    snprintf(secret, sizeof secret, "%s/secret", s->dir);
    write_file(secret, "000102030405060708090a0b0c0d0e0f"
                       "101112131415161718191a1b1c1d1e1f\n");
    snprintf(text, sizeof text,
             "home=%s\nmode=demo\ndb_socket=%s\ndb_name=%s\ndb_user=root\n"
             "secret_file=%s\ntemplates=%s/templates\ncookie_secure=0\n"
             "web_socket=%s\npublic_url=http://127.0.0.1:8080\n%s",
             s->dir, testdb_socket(), testdb_name(), secret,
             source == NULL ? "." : source, s->socket,
             more == NULL ? "" : more);
    write_file(s->config, text);
}

bool web_server_wait(const struct web_server *s, int ms)
{
    for (int waited = 0; waited < ms; waited += 10) {
        struct fcgi_call c = { .uri = "/healthz" };
        struct fcgi_reply r;
        bool up = fcgi_call(s->socket, &c, &r) && r.status == 200;

        fcgi_free(&r);
        if (up)
            return true;
        sleep_ms(10);
    }
    return false;
}

void web_server_launch(struct web_server *s, const char *program,
                       const char *settings)
{
    const char *build = getenv("PILEHUB_BUILD");

    memset(s, 0, sizeof *s);
    snprintf(s->dir, sizeof s->dir, "/tmp/pilehub-web-XXXXXX");
    if (mkdtemp(s->dir) == NULL)
        fail("mkdtemp");
    snprintf(s->socket, sizeof s->socket, "%s/web.sock", s->dir);
    snprintf(s->config, sizeof s->config, "%s/web.conf", s->dir);
    snprintf(s->log, sizeof s->log, "%s/log", s->dir);
    snprintf(s->program, sizeof s->program, "%s/%s",
             build == NULL ? "." : build, program);
    write_settings(s, settings);
    s->pid = fork();
    if (s->pid == 0) {
        int log = open(s->log, O_CREAT | O_WRONLY | O_APPEND | O_CLOEXEC,
                       0600);

        prctl(PR_SET_PDEATHSIG, SIGTERM); /* no longer than the test */
        dup2(log, 1);
        dup2(log, 2);
        execl(s->program, s->program, "-c", s->config, NULL);
        _exit(127);
    }
}

void web_server_start(struct web_server *s, const char *program,
                      const char *settings)
{
    web_server_launch(s, program, settings);
    if (!web_server_wait(s, START_MS)) {
        char cat[200];

        web_server_stop(s);
        snprintf(cat, sizeof cat, "not up, see %s", s->log);
        fail(cat);
    }
}

static void remove_dir(const char *dir)
{
    DIR *d = opendir(dir);
    struct dirent *e;

    while (d != NULL && (e = readdir(d)) != NULL) {
        char path[400];

        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        if (e->d_type == DT_DIR)
            remove_dir(path);
        else
            unlink(path);
    }
    if (d != NULL)
        closedir(d);
    rmdir(dir);
}

void web_server_forget(struct web_server *s)
{
    s->pid = 0;
    remove_dir(s->dir);
}

int web_server_stop(struct web_server *s)
{
    int status = 0;

    if (s->pid <= 0)
        return -1;
    kill(s->pid, SIGTERM);
    if (waitpid(s->pid, &status, 0) != s->pid)
        status = -1;
    s->pid = 0;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
        getenv("KEEP_LOGS") == NULL)
        web_server_forget(s);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

size_t web_server_workers(const struct web_server *s, pid_t *out, size_t max)
{
    char path[80], text[4000];
    size_t n = 0;
    FILE *f;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)s->pid,
             (int)s->pid);
    f = fopen(path, "re");
    if (f == NULL || fgets(text, sizeof text, f) == NULL)
        text[0] = '\0';
    if (f != NULL)
        fclose(f);
    for (char *p = text, *end; n < max; p = end) {
        long pid = strtol(p, &end, 10);

        if (end == p)
            break;
        out[n++] = (pid_t)pid;
    }
    return n;
}

bool web_server_logged(const struct web_server *s, const char *text)
{
    FILE *f = fopen(s->log, "re");
    char *line = NULL;
    size_t room = 0;
    bool found = false;

    if (f == NULL)
        return false;
    while (!found && getline(&line, &room, f) >= 0)
        found = strstr(line, text) != NULL;
    free(line);
    fclose(f);
    return found;
}

/* A script of the shell on stderr; $0 is the argument. */
static void show(const char *script, const char *argument)
{
    pid_t child = fork();

    if (child == 0) {
        dup2(2, 1);
        execl("/bin/sh", "sh", "-c", script, argument, NULL);
        _exit(127);
    }
    waitpid(child, NULL, 0);
}

static void show_process(pid_t pid)
{
    char number[20];

    snprintf(number, sizeof number, "%d", (int)pid);
    show("tr '\\0' ' ' < /proc/$0/cmdline; echo; cat /proc/$0/wchan; echo;"
         "grep -E '^(State|Sig|ShdPnd)' /proc/$0/status", number);
}

void web_server_show(const struct web_server *s)
{
    pid_t pids[32];
    size_t n = web_server_workers(s, pids, 32);

    fprintf(stderr, "web_server %d has %zu children\n", (int)s->pid, n);
    show_process(s->pid);
    for (size_t i = 0; i < n; i++)
        show_process(pids[i]);
    show("grep -v web.request \"$0\" | tail -n 40", s->log);
}
