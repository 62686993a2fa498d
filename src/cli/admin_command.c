/*
 * pilehub admin create: the first administrator of the platform.
 */
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/crypto.h"
#include "cli/command.h"
#include "cli/people.h"
#include "db/db.h"
#include "org/password.h"

enum { PASSWORD_LINE = 200 };

struct wish {
    struct new_account account;
    bool claim;   /* no password yet */
    bool auditor; /* reads the audit only */
    char password[PASSWORD_LINE], hash[PASSWORD_HASH_SIZE];
};

static void create(struct cx *cx, void *arg)
{
    struct wish *w = arg;

    w->account.org_id = people_platform(cx);
    w->account.role_id =
        w->auditor ? people_auditor_role(cx, w->account.org_id, "审计管理员")
                   : people_full_role(cx, w->account.org_id, "平台管理员");
    people_account(cx, &w->account);
}

static void hash_and_create(struct cx *cx, void *arg)
{
    struct wish *w = arg;
    const char *words[] = { w->account.phone, w->account.name, NULL };
    const char *flaw;

    if (!w->claim) {
        flaw = password_flaw(cx, w->password, words);
        if (flaw != NULL)
            cx_fail(cx, ERR_INVALID, "%s", flaw);
        password_hash(cx, w->password, w->hash);
        w->account.hash = w->hash;
    }
    db_tx(cx, create, w);
}

/* One line from standard input, without an echo on a terminal. */
static bool read_password(char out[PASSWORD_LINE])
{
    struct termios shown, hidden;
    bool terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
    bool got;

    if (terminal) {
        fprintf(stderr, "Password: ");
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);
    }
    got = fgets(out, PASSWORD_LINE, stdin) != NULL;
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        fprintf(stderr, "\n");
    }
    if (got)
        out[strcspn(out, "\r\n")] = '\0';
    return got;
}

static int complain(const char *what)
{
    fprintf(stderr, "pilehub admin create: %s\n", what);
    return CLI_USAGE;
}

static int admin_main(const struct cli *cli, int argc, char **argv)
{
    struct wish w = { 0 };
    const char *wrong;
    int code;

    w.claim = cli_flag(&argc, argv, "--claim");
    w.auditor = cli_flag(&argc, argv, "--auditor");
    w.account.phone = cli_option(&argc, argv, "--phone");
    w.account.name = cli_option(&argc, argv, "--name");
    if (w.account.name == NULL)
        w.account.name = "管理员";
    if (argc > 1)
        return complain("unknown word; see --help");
    if (w.account.phone == NULL)
        return complain("--phone is missing");
    wrong = people_phone_error(w.account.phone);
    if (wrong != NULL)
        return complain(wrong);
    if (!w.claim && !read_password(w.password))
        return complain("no password on standard input");
    code = cli_run(cli, 1 << 20, hash_and_create, &w);
    secret_wipe(w.password, sizeof w.password);
    if (code == CLI_DONE)
        printf("created %s\n", w.account.phone);
    return code;
}

const struct command admin_create_command = {
    .name = "admin create", .args = "--phone NUMBER [--name NAME] [--claim]"
                                     " [--auditor]",
    .summary = "Create an administrator of the platform",
    .help = "The password is read from standard input, one line; it has 8 to\n"
            "64 characters of three of four kinds and is not a common one.\n"
            "With --claim there is none yet: the person sets it at the first\n"
            "sign-in, with a code sent to that phone. With --auditor the\n"
            "account reads the audit and nothing else; with the setting\n"
            "audit_apart administrators do not read it. Makes the platform's\n"
            "organisation if it is missing.",
    .run = admin_main,
};
