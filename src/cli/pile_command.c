/*
 * pilehub pile import: piles from a table, by the same rules as the page.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "asset/asset_admin.h"
#include "cli/command.h"
#include "system/audit.h"
#include "web/import_run.h"

struct wish {
    int fd;
    bool dry;
    bool wrong;
};

static void note(struct cx *cx, const struct import_report *report, void *arg)
{
    (void)arg;
    audit(cx, "pile.import", "pile", 0,
          cx_printf(cx, "命令行导入电桩：新增 %lld 台，修改 %lld 台",
                    (long long)report->fresh, (long long)report->changed));
}

static void run(struct cx *cx, void *arg)
{
    struct wish *w = arg;
    struct import_report *report = import_report_new(cx);
    const struct import_ask ask = { .resource = &pile_page, .fd = w->fd,
                                    .commit = !w->dry, .note = note };
    bool stored = import_run(cx, &ask, report);

    for (size_t i = 0; i < report->n; i++)
        fprintf(stderr, "row %lld: %s%s%s\n",
                (long long)report->errors[i].row, report->errors[i].column,
                report->errors[i].column[0] != '\0' ? ": " : "",
                report->errors[i].text);
    w->wrong = report->wrong > 0;
    printf("%lld rows, %lld new, %lld changed, %lld the same, %lld wrong, "
           "%s\n",
           (long long)report->rows, (long long)report->fresh,
           (long long)report->changed, (long long)report->same,
           (long long)report->wrong,
           stored ? "all imported" : "nothing imported");
}

static int pile_import_main(const struct cli *cli, int argc, char **argv)
{
    struct wish w = { .dry = cli_flag(&argc, argv, "--dry-run") };
    int code;

    if (argc != 2 || strncmp(argv[1], "--", 2) == 0) {
        fprintf(stderr, "pilehub pile import: needs one file; see --help\n");
        return CLI_USAGE;
    }
    w.fd = open(argv[1], O_RDONLY | O_CLOEXEC);
    if (w.fd < 0) {
        fprintf(stderr, "pilehub pile import: %s: %s\n", argv[1],
                strerror(errno));
        return CLI_FAILED;
    }
    code = cli_run(cli, 64 << 20, run, &w);
    close(w.fd);
    return code == CLI_DONE && w.wrong ? CLI_FAILED : code;
}

const struct command pile_import_command = {
    .name = "pile import", .args = "[--dry-run] FILE.csv",
    .summary = "Import new and changed piles from a table",
    .help = "CSV (UTF-8 or GBK) or xlsx with the headings of the console's\n"
            "import template. All rows or none: each wrong cell is printed\n"
            "with its row, and the exit code is 1. --dry-run stores nothing.",
    .run = pile_import_main,
};
