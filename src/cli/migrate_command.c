/*
 * pilehub migrate: brings the database to the schema of this version.
 */
#include <stdio.h>

#include "cli/command.h"
#include "db/migrate.h"

struct migration {
    const char *dir;
    bool check;
    int pending;
};

static void say_file(const char *file)
{
    printf("%s\n", file);
    fflush(stdout);
}

static void run(struct cx *cx, void *arg)
{
    struct migration *m = arg;

    m->pending = migrate_pending(cx, m->dir);
    if (!m->check)
        printf("%d migrations applied\n", migrate(cx, m->dir, say_file));
}

static int migrate_main(const struct cli *cli, int argc, char **argv)
{
    struct migration m = { .check = cli_flag(&argc, argv, "--check") };
    int code;

    m.dir = cli_option(&argc, argv, "--dir");
    if (m.dir == NULL)
        m.dir = "schema";
    if (argc > 1) {
        fprintf(stderr, "pilehub migrate: unknown word: %s\n", argv[1]);
        return CLI_USAGE;
    }
    code = cli_run(cli, 64 << 20, run, &m);
    if (code != CLI_DONE || !m.check)
        return code;
    printf("%d migrations missing\n", m.pending);
    return m.pending == 0 ? CLI_DONE : CLI_FAILED;
}

const struct command migrate_command = {
    .name = "migrate", .args = "[--check] [--dir schema]",
    .summary = "Bring the database to this version's schema",
    .help = "Applies the files of the schema directory that are missing, in\n"
            "order, and prints each. A run that was killed goes on where it\n"
            "stopped; a file that was changed after it ran is refused.\n"
            "--check applies nothing and exits with 1 if files are missing.",
    .run = migrate_main,
};
