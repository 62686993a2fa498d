/*
 * The commands of the program pilehub: one row each. Exit codes: 0 done, 1 it
 * failed or found something wrong, 2 it was called wrongly.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stddef.h>

#include "base/cx.h"

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2 };

struct cli {
    const char *config_path; /* -c FILE, or NULL: environment only */
};

struct command {
    const char *name;    /* "migrate", "admin create" */
    const char *args;    /* "FILE.csv", "" */
    const char *summary; /* one line */
    const char *help;    /* whole sentences: options, what it prints */
    /* argv[0] is the last word of the name. */
    int (*run)(const struct cli *cli, int argc, char **argv);
};

extern const struct command audit_verify_command;
extern const struct command migrate_command;
extern const struct command grant_command;
extern const struct command admin_create_command;
extern const struct command demo_load_command;
extern const struct command pile_import_command;
extern const struct command ledger_verify_command;
extern const struct command setting_list_command;
extern const struct command setting_set_command;
extern const struct command frame_decode_command;
extern const struct command frame_encode_command;

/*
 * One unit of work against the configured database, by the system, seeing
 * everything. Prints what failed; returns the exit code.
 */
int cli_run(const struct cli *cli, size_t arena_bytes,
            void (*work)(struct cx *cx, void *arg), void *arg);

/* The value after option name, or NULL. Takes both out of argv. */
const char *cli_option(int *argc, char **argv, const char *name);
/* True if the option stands there; takes it out of argv. */
bool cli_flag(int *argc, char **argv, const char *name);

#endif
