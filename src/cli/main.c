/*
 * pilehub: the command line of the platform. Finds the row of the command and
 * runs it; the commands stand in files of their own.
 */
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/command.h"

static const struct command *const commands[] = {
    &audit_verify_command,
    &migrate_command,
    &grant_command,
    &admin_create_command,
    &demo_load_command,
    &pile_import_command,
    &ledger_verify_command,
    &setting_list_command,
    &setting_set_command,
    &frame_decode_command,
    &frame_encode_command,
};

static void print_usage(FILE *to)
{
    fprintf(to, "Usage: pilehub [-c FILE] COMMAND [WORD...]\n\n");
    for (size_t i = 0; i < COUNT(commands); i++)
        fprintf(to, "  %s%s%s\n        %s\n", commands[i]->name,
                commands[i]->args[0] != '\0' ? " " : "", commands[i]->args,
                commands[i]->summary);
    fprintf(to, "\n-c FILE holds the settings, KEY=VALUE; the environment "
                "(PILEHUB_KEY) overrides it.\n"
                "pilehub COMMAND --help says more. Exit codes: 0 done, "
                "1 failed, 2 called wrongly.\n");
}

/* How many words of argv the command's name takes; 0 if it is another. */
static int words_matched(const struct command *c, int argc, char **argv)
{
    const char *name = c->name;

    for (int i = 0; i < argc; i++) {
        size_t len = strlen(argv[i]);

        if (strncmp(name, argv[i], len) != 0)
            return 0;
        if (name[len] == '\0')
            return i + 1;
        if (name[len] != ' ')
            return 0;
        name += len + 1;
    }
    return 0;
}

static int run_command(const struct cli *cli, const struct command *c,
                       int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") != 0)
            continue;
        printf("Usage: pilehub [-c FILE] %s%s%s\n\n%s.\n\n%s\n", c->name,
               c->args[0] != '\0' ? " " : "", c->args, c->summary, c->help);
        return CLI_DONE;
    }
    return c->run(cli, argc, argv);
}

int main(int argc, char **argv)
{
    struct cli cli = { 0 };

    log_start("pilehub", LOG_WARN);
    argc--, argv++;
    if (argc == 1 && strcmp(argv[0], "-c") == 0) {
        fprintf(stderr, "pilehub: -c needs a file\n");
        return CLI_USAGE;
    }
    if (argc >= 2 && strcmp(argv[0], "-c") == 0) {
        cli.config_path = argv[1];
        argc -= 2, argv += 2;
    }
    if (argc == 0 || strcmp(argv[0], "--help") == 0) {
        print_usage(argc == 0 ? stderr : stdout);
        return argc == 0 ? CLI_USAGE : CLI_DONE;
    }
    for (size_t i = 0; i < COUNT(commands); i++) {
        int words = words_matched(commands[i], argc, argv);

        if (words > 0)
            return run_command(&cli, commands[i], argc - words + 1,
                               argv + words - 1);
    }
    fprintf(stderr, "pilehub: no such command: %s%s%s\n", argv[0],
            argc > 1 && argv[1][0] != '-' ? " " : "",
            argc > 1 && argv[1][0] != '-' ? argv[1] : "");
    print_usage(stderr);
    return CLI_USAGE;
}
