/*
 * pilehub migrate: brings the database to the schema of this version.
 */
#include <stdio.h>

#include "cli/command.h"
#include "db/migrate.h"
#include "db/partition.h"

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

/* Months of history that sample data and old records may reach back, and
   those made before the job makes them. */
enum { DAYS_BACK = 100, MONTHS_AHEAD = 3 };

static void run(struct cx *cx, void *arg)
{
    struct migration *m = arg;

    m->pending = migrate_pending(cx, m->dir);
    if (m->check)
        return;
    printf("%d migrations applied\n", migrate(cx, m->dir, say_file));
    partitions_make(cx, stamp_add_days(cx->now, -DAYS_BACK), MONTHS_AHEAD);
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
