/*
 * pilehub grant: gives the programs' users their rights on the database.
 */
#include <stdio.h>

#include "cli/command.h"
#include "db/migrate.h"

static void run(struct cx *cx, void *arg)
{
    const char *const *dir = arg;

    printf("%d rights granted\n", grant_rights(cx, *dir));
}

static int grant_main(const struct cli *cli, int argc, char **argv)
{
    const char *dir = cli_option(&argc, argv, "--dir");

    if (dir == NULL)
        dir = "schema";
    if (argc > 1) {
        fprintf(stderr, "pilehub grant: unknown word: %s\n", argv[1]);
        return CLI_USAGE;
    }
    return cli_run(cli, 64 << 20, run, &dir);
}

const struct command grant_command = {
    .name = "grant", .args = "[--dir schema]",
    .summary = "Give the programs' users their rights on the database",
    .help = "Runs grants.sql of the schema directory and the GRANT and REVOKE\n"
            "statements of its migrations, as a database user who may grant.\n"
            "pilehub_web, pilehub_jobs and pilehub_gateway (all @localhost)\n"
            "must exist. Run it after each migrate, and after a restore on\n"
            "another server: rights do not travel with a database. It may be\n"
            "repeated.",
    .run = grant_main,
};
