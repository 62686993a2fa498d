/*
 * What the commands share: their unit of work and their options.
 */
#include <stdio.h>
#include <string.h>

#include "base/config.h"
#include "base/crypto.h"
#include "base/program.h"
#include "cli/command.h"
#include "db/db.h"

/* Long jobs: a demo load or a verification is one statement after another. */
enum { STATEMENT_LIMIT_S = 300 };

int cli_run(const struct cli *cli, size_t arena_bytes,
            void (*work)(struct cx *cx, void *arg), void *arg)
{
    char err[400] = "";
    const struct config *config = config_load(cli->config_path, err,
                                              sizeof err);
    struct db_login login;
    struct db *db;
    struct cx *cx;
    bool done;

    program_keep_private();
    if (config == NULL) {
        fprintf(stderr, "pilehub: %s\n", err);
        return CLI_USAGE;
    }
    crypto_start();
    if (config->secret_file[0] != '\0')
        secret_load(config->secret_file);
    if (!db_server_is_fit(config))
        return CLI_FAILED;
    login = db_login_of(config, STATEMENT_LIMIT_S);
    db = db_open(&login);
    must(db != NULL);
    cx = cx_new(db, config, arena_bytes);
    must(cx != NULL);
    cx_begin(cx);
    cx->actor = (struct actor){ .kind = ACTOR_SYSTEM, .name = "pilehub",
                                .address = "" };
    cx->scope = (struct scope){ .all = true };
    done = cx_run(cx, work, arg);
    if (!done)
        fprintf(stderr, "pilehub: %s\n", cx->error.text);
    cx_free(cx);
    db_close(db);
    return done ? CLI_DONE : CLI_FAILED;
}

static void take_out(int *argc, char **argv, int at, int n)
{
    for (int i = at; i + n < *argc; i++)
        argv[i] = argv[i + n];
    *argc -= n;
}

const char *cli_option(int *argc, char **argv, const char *name)
{
    for (int i = 1; i + 1 < *argc; i++) {
        const char *value = argv[i + 1];

        if (strcmp(argv[i], name) != 0)
            continue;
        take_out(argc, argv, i, 2);
        return value;
    }
    return NULL;
}

bool cli_flag(int *argc, char **argv, const char *name)
{
    for (int i = 1; i < *argc; i++) {
        if (strcmp(argv[i], name) != 0)
            continue;
        take_out(argc, argv, i, 1);
        return true;
    }
    return false;
}
