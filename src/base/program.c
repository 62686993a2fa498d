#include "base/program.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/log.h"

void program_alarm(int64_t ms)
{
    struct itimerval t = { { 0, 0 }, { ms / 1000, ms % 1000 * 1000 } };

    must(setitimer(ITIMER_REAL, &t, NULL) == 0);
}

void program_keep_private(void)
{
    static const struct rlimit none = { 0, 0 };

    must(setrlimit(RLIMIT_CORE, &none) == 0);
    /* A core_pattern that pipes to a program does not ask for that limit. */
    must(prctl(PR_SET_DUMPABLE, 0) == 0);
}

void program_end_with(pid_t parent)
{
    must(prctl(PR_SET_PDEATHSIG, SIGTERM) == 0);
    if (getppid() != parent)
        must(raise(SIGTERM) == 0);
}

const struct config *program_begin(const char *name, int argc, char **argv)
{
    const struct config *config;
    const char *path = NULL;
    char error[400] = "";

    program_keep_private();
    if (argc == 3 && strcmp(argv[1], "-c") == 0) {
        path = argv[2];
    } else if (argc != 1) {
        fprintf(stderr, "usage: pilehub-%s [-c FILE]\n", name);
        return NULL;
    }
    config = config_load(path, error, sizeof error);
    if (config == NULL) {
        fprintf(stderr, "pilehub-%s: %s\n", name, error);
        return NULL;
    }
    log_start(name, log_level_named(config->log_level));
    crypto_start();
    if (config->secret_file[0] != '\0')
        secret_load(config->secret_file);
    return config;
}
