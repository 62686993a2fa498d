/*
 * What a driver pays for a charge, and what comes back of it.
 */
#include "db/db.h"
#include "ledger/book.h"
#include "ledger/hold.h"
#include "ledger/ledger.h"

/* Of the postings of those who earn. */
static money sum_of(const struct posting *p, size_t n)
{
    money sum = FEN(0);

    must(n > 0);
    must(n + WALLET_ACCOUNTS <= BOOK_LINES_MAX);
    for (size_t i = 0; i < n; i++) {
        must(ledger_is_hot(p[i].kind));
        sum = money_add(sum, p[i].amount);
    }
    return sum;
}

/* ---- what a ref has taken -------------------------------------------- */

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

    must(n <= WALLET_ACCOUNTS); /* one row a kind */
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
            must(!"an account of a wallet");
        }
    return pay;
}

static struct ledger_payment taken_by_tx(struct cx *cx, int64_t tx_id)
{
    static const char sql[] =
        "SELECT a.kind, -SUM(p.amount) FROM ledger_posting p"
        "  JOIN ledger_account a ON a.id = p.account_id"
        " WHERE p.tx_id = ? AND a.kind < 20 GROUP BY a.kind";
    struct ledger_payment pay;

    must(tx_id > 0);
    pay = taken_of(cx, sql, BIND(V(tx_id)));
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
    struct ledger_payment pay;

    must(ref_id > 0);
    pay = taken_of(cx, sql, BIND(V(ref_kind), V(ref_id)));
    must(pay.gift.fen >= 0); /* nothing came back beyond what was taken */
    must(pay.granted.fen >= 0);
    must(money_add(pay.paid, pay.arrears).fen >= 0);
    return pay;
}

/* ---- spending -------------------------------------------------------- */

/* What each account gives: first the parts of the hold in their order, then
   what is free, then arrears. */
struct giving {
    money hold[WALLET_ACCOUNTS]; /* reserved, comes free now */
    money amount[WALLET_ACCOUNTS];
};

static void hold_into(const struct hold_part *parts, size_t count,
                      int64_t hold_id, const struct book_wallet *w,
                      struct giving *g)
{
    for (size_t i = 0; i < count; i++) {
        int k = 0;

        if (parts[i].hold_id != hold_id)
            continue;
        while (w->a[k].id != parts[i].account_id) {
            k++;
            must(k < WALLET_ARREARS); /* a hold of somebody else */
        }
        must(g->hold[k].fen == 0); /* one part an account */
        must(parts[i].amount.fen > 0);
        must(money_cmp(parts[i].amount, w->a[k].held) <= 0);
        g->hold[k] = parts[i].amount;
    }
}

static void share_out(const struct book_wallet *w, money total,
                      struct giving *g)
{
    money whole = total, sum = FEN(0);

    must(total.fen > 0);
    for (size_t i = 0; i < COUNT(book_spend_order); i++) {
        int k = book_spend_order[i];
        money part = money_min(total, g->hold[k]);

        must(part.fen >= 0);
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
    must(total.fen >= 0);
    g->amount[WALLET_ARREARS] = total;
    for (int k = 0; k < WALLET_ACCOUNTS; k++)
        sum = money_add(sum, g->amount[k]);
    must(money_cmp(sum, whole) == 0); /* no energy goes unbooked (M8) */
}

/* Several charges on their way, and the wallets that they meet in. */
struct spending {
    const struct ledger_charge *charges;
    size_t n;
    int64_t tx_ids[LEDGER_MANY];
    bool fresh[LEDGER_MANY];
    int64_t hold_ids[LEDGER_MANY]; /* ended by this; 0: none */
    size_t wallet_of[LEDGER_MANY];
    int64_t drivers[LEDGER_MANY];
    size_t driver_count;
    struct book_wallet before[LEDGER_MANY], now[LEDGER_MANY];
    struct giving giving[LEDGER_MANY];
    struct book_line lines[LEDGER_MANY * BOOK_LINES_MAX];
    size_t line_count;
    struct posting hot[LEDGER_MANY * BOOK_LINES_MAX]; /* found before: */
    int64_t hot_ids[LEDGER_MANY * BOOK_LINES_MAX];
    size_t hot_count;
};

static void begin_all(struct cx *cx, struct spending *s)
{
    struct book_doc docs[LEDGER_MANY];
    bool ended[LEDGER_MANY];

    for (size_t i = 0; i < s->n; i++) {
        const struct ledger_charge *c = &s->charges[i];

        must(sum_of(c->credits, c->n).fen > 0);
        must(c->driver_id > 0);
        must(c->hold_id >= 0);
        docs[i] = (struct book_doc){ &c->doc, c->driver_id, c->credits,
                                     c->n };
    }
    if (s->n == 1)
        s->fresh[0] = book_begin(cx, docs[0].doc, docs[0].party, docs[0].p,
                                 docs[0].n, &s->tx_ids[0]);
    else
        book_begin_many(cx, docs, s->n, s->tx_ids, s->fresh);
    for (size_t i = 0; i < s->n; i++)
        s->hold_ids[i] = s->fresh[i] ? s->charges[i].hold_id : 0;
    hold_end_many(cx, s->hold_ids, s->tx_ids, s->n, ended);
    for (size_t i = 0; i < s->n; i++)
        if (!ended[i])
            s->hold_ids[i] = 0; /* its money went back long ago */
}

/* Each driver once, however many of the charges are the driver's. */
static void lock_all(struct cx *cx, struct spending *s)
{
    for (size_t i = 0; i < s->n; i++) {
        size_t k = 0;

        if (!s->fresh[i])
            continue;
        while (k < s->driver_count &&
               s->drivers[k] != s->charges[i].driver_id)
            k++;
        must(k < LEDGER_MANY);
        s->drivers[k] = s->charges[i].driver_id;
        s->wallet_of[i] = k;
        if (k == s->driver_count)
            s->driver_count++;
    }
    if (s->driver_count > 0)
        book_lock_wallets(cx, s->drivers, s->driver_count, s->before);
    for (size_t k = 0; k < s->driver_count; k++)
        s->now[k] = s->before[k];
}

/* Orders of one station credit the same accounts. */
static struct book_line hot_line(struct cx *cx, struct spending *s,
                                 const struct posting *p)
{
    size_t i = 0;

    while (i < s->hot_count &&
           (s->hot[i].kind != p->kind || s->hot[i].owner != p->owner))
        i++;
    if (i == s->hot_count) {
        must(i < COUNT(s->hot));
        s->hot[i] = *p;
        s->hot_ids[i] = book_account_id(cx, p->kind, p->owner);
        s->hot_count++;
    }
    return (struct book_line){ 0, s->hot_ids[i], p->amount, true, FEN(0) };
}

/* One charge against the wallet as the ones before it left it. */
static void give(struct cx *cx, struct spending *s, size_t i,
                 const struct hold_part *parts, size_t count)
{
    const struct ledger_charge *c = &s->charges[i];
    struct book_wallet *w = &s->now[s->wallet_of[i]];
    struct giving *g = &s->giving[i];

    must(s->fresh[i]);
    must(s->wallet_of[i] < s->driver_count);
    must(s->line_count + WALLET_ACCOUNTS + c->n <= COUNT(s->lines));
    if (s->hold_ids[i] != 0)
        hold_into(parts, count, s->hold_ids[i], w, g);
    share_out(w, sum_of(c->credits, c->n), g);
    for (int k = 0; k < WALLET_ACCOUNTS; k++) {
        struct book_account *a = &w->a[k];
        struct book_line *l = &s->lines[s->line_count++];

        a->balance = money_sub(a->balance, g->amount[k]);
        a->held = money_sub(a->held, g->hold[k]);
        *l = book_line_of(a, money_neg(g->amount[k]));
        l->tx_id = s->tx_ids[i];
    }
    for (size_t k = 0; k < c->n; k++)
        if (c->credits[k].amount.fen != 0) {
            struct book_line *l = &s->lines[s->line_count++];

            *l = hot_line(cx, s, &c->credits[k]);
            l->tx_id = s->tx_ids[i];
        }
}

static void write_all(struct cx *cx, const struct spending *s)
{
    struct book_delta d[LEDGER_MANY * WALLET_ACCOUNTS];
    int64_t tx_ids[LEDGER_MANY];
    size_t docs = 0, n = 0;

    for (size_t i = 0; i < s->n; i++)
        if (s->fresh[i])
            tx_ids[docs++] = s->tx_ids[i];
    must(docs <= s->n);
    if (docs == 0)
        return;
    for (size_t w = 0; w < s->driver_count; w++)
        for (int k = 0; k < WALLET_ACCOUNTS; k++) {
            const struct book_account *a = &s->before[w].a[k];
            const struct book_account *b = &s->now[w].a[k];

            must(a->id == b->id);
            d[n++] = (struct book_delta){ b,
                                          money_sub(b->balance, a->balance),
                                          money_sub(b->held, a->held) };
        }
    book_change_many(cx, d, n);
    book_write_many(cx, s->lines, s->line_count, tx_ids, docs);
}

void ledger_spend_many(struct cx *cx, const struct ledger_charge *charges,
                       size_t n, struct ledger_payment *payments)
{
    struct spending *s = CX_NEW(cx, struct spending);
    const struct hold_part *parts;
    size_t count;

    db_need_tx(cx);
    must(n > 0);
    must(n <= LEDGER_MANY);
    s->charges = charges;
    s->n = n;
    begin_all(cx, s);
    lock_all(cx, s);
    parts = hold_parts(cx, s->hold_ids, n, &count);
    for (size_t i = 0; i < n; i++)
        if (s->fresh[i])
            give(cx, s, i, parts, count);
    write_all(cx, s);
    for (size_t i = 0; i < n; i++) {
        const struct giving *g = &s->giving[i];

        payments[i] = s->fresh[i]
                          ? (struct ledger_payment){
                                s->tx_ids[i], g->amount[WALLET_GIFT],
                                g->amount[WALLET_GRANTED],
                                g->amount[WALLET_PAID],
                                g->amount[WALLET_ARREARS] }
                          : taken_by_tx(cx, s->tx_ids[i]);
    }
}

struct ledger_payment ledger_spend(struct cx *cx,
                                   const struct ledger_doc *doc,
                                   int64_t driver_id, int64_t hold_id,
                                   const struct posting *credits, size_t n)
{
    const struct ledger_charge c = { *doc, driver_id, hold_id, credits, n };
    struct ledger_payment paid;

    ledger_spend_many(cx, &c, 1, &paid);
    return paid;
}

/* ---- giving back ----------------------------------------------------- */

/* At most what was taken from an account, of what is still to come back. */
static money back(money taken, money *rest)
{
    money part = money_min(taken, *rest);

    must(rest->fen >= 0);
    if (part.fen < 0)
        part = FEN(0);
    *rest = money_sub(*rest, part);
    must(rest->fen >= 0);
    return part;
}

static void write_return(struct cx *cx, int64_t tx_id,
                         struct book_wallet *w,
                         const money amount[WALLET_ACCOUNTS],
                         const struct posting *debits, size_t n)
{
    struct book_line lines[BOOK_LINES_MAX];
    size_t count = 0;

    must(tx_id > 0);
    must(n + WALLET_ACCOUNTS <= BOOK_LINES_MAX);
    for (int k = 0; k < WALLET_ACCOUNTS; k++) {
        must(amount[k].fen >= 0); /* back to the driver, or nothing */
        book_change(cx, &w->a[k], amount[k], FEN(0));
        lines[count++] = book_line_of(&w->a[k], amount[k]);
    }
    for (size_t i = 0; i < n; i++)
        if (debits[i].amount.fen != 0)
            lines[count++] = book_line_hot(cx, &debits[i]);
    book_write(cx, tx_id, lines, count);
}

struct ledger_payment ledger_give_back(struct cx *cx,
                                       const struct ledger_doc *doc,
                                       int64_t driver_id,
                                       const struct posting *debits,
                                       size_t n)
{
    money rest = money_neg(sum_of(debits, n)), owed;
    struct ledger_payment taken, r = { 0 };
    struct book_wallet w;
    money amount[WALLET_ACCOUNTS];

    db_need_tx(cx);
    must(driver_id > 0);
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
    must(owed.fen >= 0);
    r.arrears = back(money_min(taken.arrears, owed), &rest);
    taken.paid = money_add(taken.paid, money_sub(taken.arrears, r.arrears));
    r.paid = back(taken.paid, &rest);
    r.granted = back(taken.granted, &rest);
    r.gift = back(taken.gift, &rest);
    must(rest.fen == 0);
    amount[WALLET_PAID] = r.paid;
    amount[WALLET_GRANTED] = r.granted;
    amount[WALLET_GIFT] = r.gift;
    amount[WALLET_ARREARS] = r.arrears;
    write_return(cx, r.tx_id, &w, amount, debits, n);
    return r;
}
