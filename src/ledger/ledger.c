/*
 * Documents of the ledger: general postings, top-ups, grants and gifts.
 */
#include "ledger/ledger.h"

#include "db/db.h"
#include "ledger/book.h"

/* ---- any document ---------------------------------------------------- */

/* A posting to an account with a balance, while the ids are being sorted. */
struct step {
    int64_t id;
    size_t at; /* in the postings */
};

/* The accounts with a balance among the postings, by ascending id (T3). */
static size_t steps_of(struct cx *cx, const struct posting *p, size_t n,
                       struct step *steps)
{
    size_t count = 0;

    must(n <= BOOK_LINES_MAX); /* steps has so many */
    for (size_t i = 0; i < n; i++) {
        struct step s = { 0, i };
        size_t k = count;

        if (p[i].amount.fen == 0 || ledger_is_hot(p[i].kind))
            continue;
        s.id = book_account_id(cx, p[i].kind, p[i].owner);
        for (; k > 0 && steps[k - 1].id > s.id; k--)
            steps[k] = steps[k - 1];
        must(k == 0 || steps[k - 1].id != s.id); /* once per document */
        steps[k] = s;
        count++;
    }
    return count;
}

int64_t ledger_post(struct cx *cx, const struct ledger_doc *doc,
                    const struct posting *p, size_t n)
{
    struct book_line lines[BOOK_LINES_MAX];
    struct step steps[BOOK_LINES_MAX];
    money sum = FEN(0);
    size_t count, steps_count;
    int64_t tx_id;

    must(n >= 2);
    must(n <= BOOK_LINES_MAX);
    for (size_t i = 0; i < n; i++)
        sum = money_add(sum, p[i].amount);
    must(sum.fen == 0);
    if (!book_begin(cx, doc, 0, p, n, &tx_id))
        return tx_id;
    steps_count = steps_of(cx, p, n, steps);
    for (count = 0; count < steps_count; count++) {
        struct book_account a = book_lock_account(cx, steps[count].id);
        money amount = p[steps[count].at].amount;

        must(count == 0 || steps[count].id > steps[count - 1].id); /* T3 */
        book_change(cx, &a, amount, FEN(0));
        lines[count] = book_line_of(&a, amount);
    }
    for (size_t i = 0; i < n; i++)
        if (p[i].amount.fen != 0 && ledger_is_hot(p[i].kind))
            lines[count++] = book_line_hot(cx, &p[i]);
    must(count <= n);
    book_write(cx, tx_id, lines, count);
    return tx_id;
}

/* ---- money into a wallet --------------------------------------------- */

/*
 * Money from a source to a wallet account; arrears are paid first if it is
 * money that the driver may spend freely.
 */
static int64_t put_in(struct cx *cx, const struct ledger_doc *doc,
                      int64_t driver_id, struct posting source, int to,
                      bool pays_arrears)
{
    struct book_line lines[3];
    struct book_wallet w;
    struct book_account *arrears = &w.a[WALLET_ARREARS];
    money amount = money_neg(source.amount), owed = FEN(0);
    int64_t tx_id;

    must(amount.fen > 0);
    must(ledger_is_hot(source.kind));
    must(to != WALLET_ARREARS);
    if (!book_begin(cx, doc, driver_id, &source, 1, &tx_id))
        return tx_id;
    book_lock_wallet(cx, driver_id, &w);
    if (pays_arrears)
        owed = money_min(amount, money_neg(arrears->balance));
    must(owed.fen >= 0); /* arrears are never above zero */
    amount = money_sub(amount, owed);
    must(amount.fen >= 0);
    book_change(cx, &w.a[to], amount, FEN(0));
    book_change(cx, arrears, owed, FEN(0));
    lines[0] = book_line_of(&w.a[to], amount);
    lines[1] = book_line_of(arrears, owed);
    lines[2] = book_line_hot(cx, &source);
    book_write(cx, tx_id, lines, 3);
    return tx_id;
}

int64_t ledger_topup(struct cx *cx, const char *out_trade_no,
                     int64_t payment_id, int64_t driver_id,
                     enum ledger_channel channel, money amount)
{
    const struct ledger_doc doc = { "topup", out_trade_no, "payment",
                                    payment_id, "充值" };

    must(label_of((struct labels)LIST(ledger_channel_labels), (int)channel) !=
         NULL);
    return put_in(cx, &doc, driver_id,
                  (struct posting){ LEDGER_CHANNEL, channel,
                                    money_neg(amount) },
                  WALLET_PAID, true);
}

int64_t ledger_grant(struct cx *cx, const char *key, int64_t driver_id,
                     money amount, const char *note)
{
    const struct ledger_doc doc = { "grant", key, "driver", driver_id, note };

    return put_in(cx, &doc, driver_id,
                  (struct posting){ LEDGER_GRANT_FROM, 0,
                                    money_neg(amount) },
                  WALLET_GRANTED, true);
}

int64_t ledger_gift(struct cx *cx, const char *key, int64_t driver_id,
                    money amount, const char *note)
{
    const struct ledger_doc doc = { "gift", key, "driver", driver_id, note };

    return put_in(cx, &doc, driver_id,
                  (struct posting){ LEDGER_GIFT_FROM, 0, money_neg(amount) },
                  WALLET_GIFT, false);
}
