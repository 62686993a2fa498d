/*
 * pilehub ledger verify: are the books what they claim to be.
 */
#include <stdio.h>

#include "base/money.h"
#include "charging/order_verify.h"
#include "cli/command.h"
#include "db/db.h"
#include "ledger/ledger_chain.h"
#include "ledger/verify.h"
#include "payment/payment_verify.h"

enum { ARENA_BYTES = 64 << 20 };

static void print_money(const char *name, int64_t fen)
{
    char text[MONEY_TEXT];

    printf("%-28s %15s yuan\n", name, money_pretty(FEN(fen), text));
}

static void print_count(const char *name, int64_t n)
{
    printf("%-28s %12lld\n", name, (long long)n);
}

static void print_ledger(const struct ledger_figures *f)
{
    print_count("transactions", f->transactions);
    print_count("postings", f->postings);
    print_count("accounts", f->accounts);
    print_count("holds", f->holds);
    print_count("holds open", f->open_holds);
    print_money("wallets, paid", f->paid);
    print_money("wallets, granted", f->granted);
    print_money("wallets, gift", f->gift);
    print_money("of these held", f->held);
    print_money("arrears", f->arrears);
    print_money("merchants", f->merchants);
    print_money("services", f->services);
    print_money("channels and sources", f->channels);
}

static void print_orders(const struct order_figures *f)
{
    char text[MONEY_TEXT];

    print_count("orders", f->orders);
    print_count("orders settled", f->settled);
    print_count("orders in review", f->review);
    print_count("orders open", f->open);
    print_count("orders without record yet", f->provisional);
    printf("%-28s %15s kWh\n", "energy settled",
           decimal_text(f->energy_e4kwh, 4, 4, true, text));
    print_money("orders settled at", f->total);
    print_count("trade records", f->records);
    print_count("records waiting", f->records_waiting);
    print_count("records in review", f->records_review);
    print_count("records without order", f->records_orphan);
    print_count("conflicting records", f->conflicts);
}

static int64_t print_findings(const struct finding *f, size_t n)
{
    int64_t breaks = 0;

    for (size_t i = 0; i < n; i++) {
        if (f[i].breaks == 0)
            printf("ok      %s\n", f[i].what);
        else
            printf("BROKEN  %s: %lld, first: %s\n", f[i].what,
                   (long long)f[i].breaks,
                   f[i].first != NULL ? f[i].first : "?");
        breaks += f[i].breaks;
    }
    return breaks;
}

/* The chain of the transactions (L2); 1 if it is broken. */
static int64_t print_chain(const struct chain_verdict *v)
{
    if (v->bad_seq != 0)
        printf("BROKEN  the chain at row %lld (tx %lld): %s\n",
               (long long)v->bad_seq, (long long)v->bad_id, v->why);
    else
        printf("ok      the chain of %lld sealed transactions, %lld noted"
               " heads\n", (long long)v->rows, (long long)v->heads);
    if (v->unsealed > 0)
        printf("note    %lld transactions wait for their seal for more than"
               " five minutes: are the jobs running?\n",
               (long long)v->unsealed);
    return v->bad_seq != 0;
}

static void verify(struct cx *cx, void *arg)
{
    const stamp all = { 0 };
    int64_t *breaks = arg;
    size_t n;
    const struct finding *f;
    struct chain_verdict chain;

    print_ledger(ledger_figures(cx));
    print_orders(order_figures(cx));
    f = ledger_verify(cx, all, &n);
    *breaks = print_findings(f, n);
    f = order_verify(cx, all, &n);
    *breaks += print_findings(f, n);
    f = payment_verify(cx, all, &n);
    *breaks += print_findings(f, n);
    chain = ledger_chain_verify(cx, 0, NULL);
    *breaks += print_chain(&chain);
}

static void report(struct cx *cx, void *arg)
{
    db_report(cx, verify, arg); /* one moment, however long it takes */
}

static int verify_main(const struct cli *cli, int argc, char **argv)
{
    int64_t breaks = 0;
    int code;

    if (argc > 1) {
        fprintf(stderr, "pilehub ledger verify: unknown word: %s\n",
                argv[1]);
        return CLI_USAGE;
    }
    code = cli_run(cli, ARENA_BYTES, report, &breaks);
    if (code != CLI_DONE)
        return code;
    if (breaks == 0)
        printf("the books balance\n");
    else
        printf("%lld breaks\n", (long long)breaks);
    return breaks == 0 ? CLI_DONE : CLI_FAILED;
}

const struct command ledger_verify_command = {
    .name = "ledger verify", .args = "",
    .summary = "Check every transaction, balance, hold and order",
    .help = "Recomputes the books from the first posting in one consistent\n"
            "moment: every transaction adds up to zero, balances and holds\n"
            "are their postings, orders, bills, records, payments and\n"
            "roll-ups agree with them, the chain of the transactions is the\n"
            "one that was sealed. Prints the figures and one line a\n"
            "check; exits with 1 if any is broken.",
    .run = verify_main,
};
