/*
 * pilehub audit verify: is the audit as it was sealed?
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/command.h"
#include "system/audit_chain.h"

enum { ARENA_BYTES = 64 << 20 };

struct question {
    int64_t seq;
    const char *head;
    struct chain_verdict verdict;
};

static void verify(struct cx *cx, void *arg)
{
    struct question *q = arg;

    q->verdict = audit_verify(cx, q->seq, q->head);
}

/* "1234:ab12..." */
static bool read_head(const char *text, struct question *q)
{
    char *end;

    q->seq = strtoll(text, &end, 10);
    q->head = end + 1;
    return q->seq > 0 && *end == ':' &&
           strlen(q->head) == 2 * SHA256_SIZE &&
           strspn(q->head, "0123456789abcdefABCDEF") == 2 * SHA256_SIZE;
}

static int report(const struct chain_verdict *v)
{
    if (v->bad_seq != 0) {
        printf("audit: BROKEN at row %" PRId64 " (audit id %" PRId64 "): %s\n"
               "audit: %" PRId64 " rows before it are right\n",
               v->bad_seq, v->bad_id, v->why, v->rows);
        return CLI_FAILED;
    }
    if (v->rows > 0)
        printf("audit: %" PRId64 " rows right, head %" PRId64 ":%s\n",
               v->rows, v->rows, v->head);
    else
        printf("audit: nothing sealed yet\n");
    if (v->unsealed > 0) {
        printf("audit: %" PRId64 " rows wait for their seal for more than"
               " five minutes: are the jobs running?\n", v->unsealed);
        return CLI_FAILED;
    }
    return CLI_DONE;
}

static int run(const struct cli *cli, int argc, char **argv)
{
    const char *head = cli_option(&argc, argv, "--head");
    struct question q = { 0 };
    int code;

    if (argc != 1 || (head != NULL && !read_head(head, &q))) {
        fprintf(stderr, "pilehub audit verify: wrong words; see --help\n");
        return CLI_USAGE;
    }
    code = cli_run(cli, ARENA_BYTES, verify, &q);
    return code == CLI_DONE ? report(&q.verdict) : code;
}

const struct command audit_verify_command = {
    .name = "audit verify", .args = "[--head SEQ:HEX]",
    .summary = "Check the chain of the audit",
    .help = "Walks the audit from its first sealed row and says the first\n"
            "one that was altered, removed, moved or slipped in. --head is a\n"
            "head noted before (the log line audit.head, or what this\n"
            "command printed): with it a cut-off end shows, too. Exits with\n"
            "1 if anything is wrong.",
    .run = run,
};
