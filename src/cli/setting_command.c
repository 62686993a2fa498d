/*
 * pilehub setting list, setting set: the settings of the installation
 * (system/setting.h). Only the database's owner may write them.
 */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"
#include "db/db.h"
#include "org/duty.h"
#include "system/setting.h"

enum { ARENA = 1 << 20 };

static void list(struct cx *cx, void *arg)
{
    (void)arg;
    for (int i = 0; i < SETTINGS; i++) {
        struct setting_text s = setting_text(cx, (enum setting)i);

        printf("%s=%s (%s)\n    %s\n", s.name, s.word, s.words, s.help);
    }
}

static int list_main(const struct cli *cli, int argc, char **argv)
{
    (void)argv;
    if (argc != 1) {
        fprintf(stderr, "pilehub setting list: takes no words\n");
        return CLI_USAGE;
    }
    return cli_run(cli, ARENA, list, NULL);
}

struct wish {
    const char *name, *word;
};

static void set(struct cx *cx, void *arg)
{
    const struct wish *w = arg;

    setting_set(cx, w->name, w->word);
    if (duty_is_apart(cx))
        duty_need_divided(cx);
}

static void set_tx(struct cx *cx, void *arg)
{
    db_tx(cx, set, arg);
}

static int set_main(const struct cli *cli, int argc, char **argv)
{
    struct wish w;
    int code;

    if (argc != 3) {
        fprintf(stderr, "pilehub setting set: wants NAME and WORD\n");
        return CLI_USAGE;
    }
    w = (struct wish){ argv[1], argv[2] };
    code = cli_run(cli, ARENA, set_tx, &w);
    if (code == CLI_DONE)
        printf("%s=%s\n", w.name, w.word);
    return code;
}

const struct command setting_list_command = {
    .name = "setting list", .args = "",
    .summary = "Show the settings of the installation",
    .help = "Each with its value and, in brackets, the words it may have.",
    .run = list_main,
};

const struct command setting_set_command = {
    .name = "setting set", .args = "NAME WORD",
    .summary = "Change a setting of the installation",
    .help = "Counts for every host within a second, and is audited. Needs a\n"
            "database user who may write; the programs' own may not.\n"
            "duties=separate is refused while an account of the platform has\n"
            "the rights of two duties.",
    .run = set_main,
};
