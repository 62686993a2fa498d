/*
 * What a driver pays for a charge, and what comes back of it.
 */
#include "db/db.h"
#include "ledger/book.h"
#include "ledger/hold.h"
#include "ledger/ledger.h"

static money sum_of(const struct posting *p, size_t n)
{
    money sum = FEN(0);

    for (size_t i = 0; i < n; i++) {
        must(ledger_is_hot(p[i].kind));
        sum = money_add(sum, p[i].amount);
    }
    return sum;
}

/* ---- what a ref has taken ----------------------------------------------- */

struct taken {
    int kind;
    money amount;
};

/* What transactions of a ref (or one transaction) took from wallets, by
   account: wallet postings are negative, so the sum is turned. */
static struct ledger_payment taken_of(struct cx *cx, const char *sql,
                                      struct db_binds binds)
{
    static const struct db_field row[] = { DB_FIELD(struct taken, kind),
                                           DB_FIELD(struct taken, amount) };
    struct ledger_payment pay = { 0 };
    size_t n;
    const struct taken *t =
        db_rows(cx, sql, binds, ROW(struct taken, row), &n);

    for (size_t i = 0; i < n; i++)
        switch ((enum ledger_kind)t[i].kind) {
        case LEDGER_PAID:
            pay.paid = t[i].amount;
            break;
        case LEDGER_GRANTED:
            pay.granted = t[i].amount;
            break;
        case LEDGER_GIFT:
            pay.gift = t[i].amount;
            break;
        case LEDGER_ARREARS:
            pay.arrears = t[i].amount;
            break;
        default:
            break;
        }
    return pay;
}

static struct ledger_payment taken_by_tx(struct cx *cx, int64_t tx_id)
{
    static const char sql[] =
        "SELECT a.kind, -SUM(p.amount) FROM ledger_posting p"
        "  JOIN ledger_account a ON a.id = p.account_id"
        " WHERE p.tx_id = ? AND a.kind < 20 GROUP BY a.kind";
    struct ledger_payment pay = taken_of(cx, sql, BIND(V(tx_id)));

    pay.tx_id = tx_id;
    return pay;
}

static struct ledger_payment taken_by_ref(struct cx *cx, const char *ref_kind,
                                          int64_t ref_id)
{
    static const char sql[] =
        "SELECT a.kind, -SUM(p.amount) FROM ledger_tx t"
        "  JOIN ledger_posting p ON p.tx_id = t.id"
        "  JOIN ledger_account a ON a.id = p.account_id"
        " WHERE t.ref_kind = ? AND t.ref_id = ? AND a.kind < 20"
        " GROUP BY a.kind";

    return taken_of(cx, sql, BIND(V(ref_kind), V(ref_id)));
}

/* ---- spending ----------------------------------------------------------- */

/* What each account gives: first the parts of the hold in their order, then
   what is free, then arrears. */
struct giving {
    money hold[WALLET_ACCOUNTS]; /* reserved, comes free now */
    money amount[WALLET_ACCOUNTS];
};

static void hold_into(struct cx *cx, int64_t hold_id,
                      const struct book_wallet *w, struct giving *g)
{
    size_t n;
    const struct hold_part *parts = hold_parts(cx, hold_id, &n);

    for (size_t i = 0; i < n; i++)
        for (int k = 0;; k++) {
            must(k < WALLET_ARREARS); /* a hold of somebody else */
            if (w->a[k].id != parts[i].account_id)
                continue;
            g->hold[k] = parts[i].amount;
            break;
        }
}

static void share_out(const struct book_wallet *w, money total,
                      struct giving *g)
{
    for (size_t i = 0; i < COUNT(book_spend_order); i++) {
        int k = book_spend_order[i];
        money part = money_min(total, g->hold[k]);

        g->amount[k] = part;
        total = money_sub(total, part);
    }
    for (size_t i = 0; i < COUNT(book_spend_order); i++) {
        int k = book_spend_order[i];
        money free = book_free(&w->a[k]); /* beside every hold */
        money part = money_min(total, free);

        must(free.fen >= 0);
        g->amount[k] = money_add(g->amount[k], part);
        total = money_sub(total, part);
    }
    g->amount[WALLET_ARREARS] = total;
}

static void write_spending(struct cx *cx, int64_t tx_id,
                           struct book_wallet *w, const struct giving *g,
                           const struct posting *credits, size_t n)
{
    struct book_line lines[BOOK_LINES_MAX];
    size_t count = 0;

    must(n + WALLET_ACCOUNTS <= BOOK_LINES_MAX);
    for (int k = 0; k < WALLET_ACCOUNTS; k++) {
        money out = money_neg(g->amount[k]);

        book_change(cx, &w->a[k], out, money_neg(g->hold[k]));
        lines[count++] = book_line_of(&w->a[k], out);
    }
    for (size_t i = 0; i < n; i++)
        if (credits[i].amount.fen != 0)
            lines[count++] = book_line_hot(cx, &credits[i]);
    book_write(cx, tx_id, lines, count);
}

struct ledger_payment ledger_spend(struct cx *cx,
                                   const struct ledger_doc *doc,
                                   int64_t driver_id, int64_t hold_id,
                                   const struct posting *credits, size_t n)
{
    money total = sum_of(credits, n);
    struct giving g = { .hold = { { 0 } } };
    struct book_wallet w;
    int64_t tx_id;

    must(total.fen > 0);
    if (!book_begin(cx, doc, driver_id, credits, n, &tx_id))
        return taken_by_tx(cx, tx_id);
    if (hold_id != 0 && !hold_end(cx, hold_id, HOLD_SETTLED, tx_id))
        hold_id = 0; /* ended before: its money went back long ago */
    book_lock_wallet(cx, driver_id, &w);
    if (hold_id != 0)
        hold_into(cx, hold_id, &w, &g);
    share_out(&w, total, &g);
    write_spending(cx, tx_id, &w, &g, credits, n);
    return (struct ledger_payment){ tx_id, g.amount[WALLET_GIFT],
                                    g.amount[WALLET_GRANTED],
                                    g.amount[WALLET_PAID],
                                    g.amount[WALLET_ARREARS] };
}

/* ---- giving back -------------------------------------------------------- */

/* At most what was taken from an account, of what is still to come back. */
static money back(money taken, money *rest)
{
    money part = money_min(taken, *rest);

    if (part.fen < 0)
        part = FEN(0);
    *rest = money_sub(*rest, part);
    return part;
}

struct ledger_payment ledger_give_back(struct cx *cx,
                                       const struct ledger_doc *doc,
                                       int64_t driver_id,
                                       const struct posting *debits,
                                       size_t n)
{
    money rest = money_neg(sum_of(debits, n)), owed;
    struct ledger_payment taken, r = { 0 };
    struct giving g = { .hold = { { 0 } } };
    struct book_wallet w;

    must(rest.fen > 0);
    if (!book_begin(cx, doc, driver_id, debits, n, &r.tx_id)) {
        r = taken_by_tx(cx, r.tx_id);
        return (struct ledger_payment){ r.tx_id, money_neg(r.gift),
                                        money_neg(r.granted),
                                        money_neg(r.paid),
                                        money_neg(r.arrears) };
    }
    taken = taken_by_ref(cx, doc->ref_kind, doc->ref_id);
    book_lock_wallet(cx, driver_id, &w);
    owed = money_neg(w.a[WALLET_ARREARS].balance);
    r.arrears = back(money_min(taken.arrears, owed), &rest);
    taken.paid = money_add(taken.paid, money_sub(taken.arrears, r.arrears));
    r.paid = back(taken.paid, &rest);
    r.granted = back(taken.granted, &rest);
    r.gift = back(taken.gift, &rest);
    must(rest.fen == 0);
    g.amount[WALLET_PAID] = money_neg(r.paid);
    g.amount[WALLET_GRANTED] = money_neg(r.granted);
    g.amount[WALLET_GIFT] = money_neg(r.gift);
    g.amount[WALLET_ARREARS] = money_neg(r.arrears);
    write_spending(cx, r.tx_id, &w, &g, debits, n);
    return r;
}
