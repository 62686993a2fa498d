/*
 * The driver's wallet: what is there, and how it came and went.
 */
#include <string.h>

#include "base/buf.h"
#include "driver/driver_pages.h"
#include "ledger/ledger.h"

/* Postings of one document stay together: it has one per account at most. */
enum { PAGE = 30, ACCOUNTS = 4 };

static void wallet(struct cx *cx, const void *args, struct json_out *out)
{
    const struct wallet w = ledger_wallet(cx, cx->actor.id);

    (void)args;
    json_open(out, NULL, '{');
    json_int(out, "available_fen", w.available.fen);
    json_int(out, "paid_fen", w.paid.fen);
    json_int(out, "granted_fen", w.granted.fen);
    json_int(out, "gift_fen", w.gift.fen);
    json_int(out, "held_fen", w.held.fen);
    json_int(out, "arrears_fen", w.arrears.fen);
    json_close(out, '}');
}

/* ---- GET wallet/entries ---- */

struct entry_args {
    int64_t after;
};

static const struct arg entry_args[] = {
    ARG(struct entry_args, after, .title = "翻页位置", .min = 0,
        .max = INT64_MAX),
};

static void entries(struct cx *cx, const void *args, struct json_out *out)
{
    const struct entry_args *a = args;
    size_t count = 0;
    const struct ledger_entry *e =
        ledger_wallet_entries(cx, cx->actor.id, a->after, PAGE + ACCOUNTS,
                              &count);
    size_t shown = 0;

    while (shown < count && (shown < PAGE ||
                             e[shown].tx_id == e[shown - 1].tx_id))
        shown++;

    json_open(out, NULL, '{');
    json_open(out, "entries", '[');
    for (size_t i = 0; i < shown; i++) {
        const struct label *account =
            label_of((struct labels)LIST(ledger_kind_labels), e[i].kind);

        must(account != NULL);
        json_open(out, NULL, '{');
        json_stamp(out, "at", e[i].at);
        json_text(out, "kind", e[i].doc_kind);
        json_text(out, "title", ledger_doc_word(e[i].doc_kind));
        json_text(out, "account", account->key);
        json_text(out, "account_text", account->word);
        json_int(out, "amount_fen", e[i].amount.fen);
        json_int(out, "balance_fen", e[i].balance_after.fen);
        json_text(out, "note", e[i].note);
        json_close(out, '}');
    }
    json_close(out, ']');
    if (shown < count)
        json_int(out, "after", e[shown - 1].tx_id);
    else
        json_none(out, "after");
    json_close(out, '}');
}

const struct endpoint wallet_endpoints[WALLET_ENDPOINTS] = {
    { .method = GET, .path = "/api/driver/v1/wallet", .auth = AUTH_DRIVER,
      .summary = "My balances", .run = wallet },
    { .method = GET, .path = "/api/driver/v1/wallet/entries",
      .auth = AUTH_DRIVER, .summary = "What changed them, newest first",
      .args = LIST(entry_args), .args_size = sizeof(struct entry_args),
      .run = entries },
};
