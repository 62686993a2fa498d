/*
 * pilehub admin create: the first administrators of the platform, one for each
 * duty (org/duty.h).
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
    const char *duty; /* a word of duties[], or NULL */
    const char *made;
    char password[PASSWORD_LINE], hash[PASSWORD_HASH_SIZE];
};

static const struct duty_word {
    const char *word, *role;
    enum built_in built_in; /* NOT: reads the audit */
} duties[] = {
    { "all", "平台管理员", BUILT_IN_FULL },
    { "system", "系统管理员", BUILT_IN_SYSTEM },
    { "audit", "审计管理员", BUILT_IN_NOT },
    { "business", "平台管理员", BUILT_IN_FULL },
};

static const struct duty_word *duty_find(const char *word)
{
    for (size_t i = 0; i < COUNT(duties); i++)
        if (strcmp(duties[i].word, word) == 0)
            return &duties[i];
    return NULL;
}

static void create(struct cx *cx, void *arg)
{
    struct wish *w = arg;
    bool apart = duty_is_apart(cx);
    const struct duty_word *d = duty_find(w->duty != NULL ? w->duty
                                          : apart ? "system" : "all");

    if (apart && strcmp(d->word, "all") == 0)
        cx_fail(cx, ERR_STATE, "三员分立 (duties=separate)：一个账号只能是 "
                "system、audit、business 之一");
    if (!apart && strcmp(d->word, "business") == 0)
        cx_fail(cx, ERR_STATE, "未分立 (duties=joint) 时用 --duty all：管理员"
                "拥有全部权限");
    w->account.org_id = people_platform(cx);
    w->account.role_id = d->built_in == BUILT_IN_NOT
        ? people_auditor_role(cx, w->account.org_id, d->role)
        : people_built_in_role(cx, w->account.org_id, d->built_in, d->role);
    people_account(cx, &w->account);
    w->made = d->role;
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

    setvbuf(stdin, NULL, _IONBF, 0); /* no second copy of it (W9) */
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
    w.duty = cli_option(&argc, argv, "--duty");
    w.account.phone = cli_option(&argc, argv, "--phone");
    w.account.name = cli_option(&argc, argv, "--name");
    if (w.account.name == NULL)
        w.account.name = "管理员";
    if (w.duty != NULL && duty_find(w.duty) == NULL)
        return complain("--duty is system, audit, business or all");
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
        printf("created %s: %s\n", w.account.phone, w.made);
    return code;
}

const struct command admin_create_command = {
    .name = "admin create", .args = "--phone NUMBER [--name NAME] [--claim]"
                                     " [--duty WORD]",
    .summary = "Create an administrator of the platform",
    .help = "The password is read from standard input, one line; it has 8 to\n"
            "64 characters of three of four kinds and is not a common one.\n"
            "With --claim there is none yet: the person sets it at the first\n"
            "sign-in, with a code sent to that phone.\n"
            "--duty says what for: system (accounts and system roles; the\n"
            "default), audit (reads the audit, nothing else) or business\n"
            "(everything else). An installation needs one of each, three\n"
            "people. With the setting duties=joint one person is all (then\n"
            "the default); see pilehub setting set.\n"
            "Makes the platform's organisation if it is missing.",
    .run = admin_main,
};
