/*
 * Reading the ledger: wallets, postings of a document, holds.
 */
#include <string.h>

#include "db/db.h"
#include "ledger/ledger.h"

enum { ENTRIES_MAX = 500 };

struct balance {
    int kind;
    money balance, held;
};

const char *ledger_doc_word(const char *doc_kind)
{
    static const struct { const char *kind, *word; } words[] = {
        { "topup", "充值" },           { "order.settle", "充电消费" },
        { "order.adjust", "订单更正" }, { "grant", "后台充值" },
        { "gift", "赠送" },            { "refund.by_hand", "线下退款" },
        { "refund.paid", "线下付款" },
    };

    for (size_t i = 0; i < COUNT(words); i++)
        if (strcmp(words[i].kind, doc_kind) == 0)
            return words[i].word;
    return "账务调整";
}

struct wallet ledger_wallet(struct cx *cx, int64_t driver_id)
{
    static const char sql[] =
        "SELECT kind, balance, held FROM ledger_account FORCE INDEX (kind)"
        " WHERE kind IN (11, 12, 13, 14) AND owner_id = ?";
    static const struct db_field row[] = {
        DB_FIELD(struct balance, kind), DB_FIELD(struct balance, balance),
        DB_FIELD(struct balance, held),
    };
    struct wallet w = { .paid = { 0 } };
    size_t n;
    const struct balance *b =
        db_rows(cx, sql, BIND(V(driver_id)), ROW(struct balance, row), &n);

    must(n == 0 || n == 4); /* a wallet is made whole */
    for (size_t i = 0; i < n; i++) {
        w.held = money_add(w.held, b[i].held);
        if (b[i].kind == LEDGER_PAID)
            w.paid = b[i].balance;
        else if (b[i].kind == LEDGER_GRANTED)
            w.granted = b[i].balance;
        else if (b[i].kind == LEDGER_GIFT)
            w.gift = b[i].balance;
        else
            w.arrears = money_neg(b[i].balance);
    }
    w.available = money_sub(money_add(money_add(w.paid, w.granted), w.gift),
                            w.held);
    must(w.held.fen >= 0);
    must(w.available.fen >= 0); /* M5 */
    must(w.arrears.fen >= 0);
    return w;
}

money ledger_sum(struct cx *cx, enum ledger_kind kind, int64_t owner)
{
    static const char sql[] =
        "SELECT SUM(p.amount) FROM ledger_account a"
        "  JOIN ledger_posting p ON p.account_id = a.id"
        " WHERE a.kind = ? AND a.owner_id = ?";

    must(owner >= 0);
    return FEN(db_int(cx, sql, BIND(V((int)kind), V(owner))));
}

static const struct db_field entry_row[] = {
    DB_FIELD(struct ledger_entry, tx_id),
    DB_FIELD(struct ledger_entry, doc_kind),
    DB_FIELD(struct ledger_entry, note),
    DB_FIELD(struct ledger_entry, ref_id),
    DB_FIELD(struct ledger_entry, at),
    DB_FIELD(struct ledger_entry, kind),
    DB_FIELD(struct ledger_entry, owner),
    DB_FIELD(struct ledger_entry, amount),
    DB_FIELD(struct ledger_entry, balance_after),
};

const struct ledger_entry *ledger_of(struct cx *cx, const char *ref_kind,
                                     int64_t ref_id, size_t *count)
{
    static const char sql[] =
        "SELECT t.id, t.kind, t.note, t.ref_id, t.at, a.kind, a.owner_id,"
        "       p.amount, p.balance_after"
        "  FROM ledger_tx t"
        "  JOIN ledger_posting p ON p.tx_id = t.id"
        "  JOIN ledger_account a ON a.id = p.account_id"
        " WHERE t.ref_kind = ? AND t.ref_id = ?"
        " ORDER BY p.id LIMIT 500";

    must(ref_id > 0);
    return db_rows(cx, sql, BIND(V(ref_kind), V(ref_id)),
                   ROW(struct ledger_entry, entry_row), count);
}

const struct ledger_entry *ledger_wallet_entries(struct cx *cx,
                                                 int64_t driver_id,
                                                 int64_t before_tx_id,
                                                 int limit, size_t *count)
{
    static const char sql[] =
        "SELECT t.id, t.kind, t.note, t.ref_id, t.at, a.kind, a.owner_id,"
        "       p.amount, p.balance_after"
        "  FROM ledger_account a"
        "  JOIN ledger_posting p ON p.account_id = a.id"
        "  JOIN ledger_tx t ON t.id = p.tx_id"
        " WHERE a.kind IN (11, 12, 13, 14) AND a.owner_id = ?"
        "   AND p.tx_id < ?"
        " ORDER BY p.tx_id DESC, p.id DESC LIMIT ?";

    must(driver_id > 0);
    must(before_tx_id >= 0);
    must(limit > 0);
    must(limit <= ENTRIES_MAX);
    return db_rows(cx, sql,
                   BIND(V(driver_id),
                        V(before_tx_id > 0 ? before_tx_id : INT64_MAX),
                        V(limit)),
                   ROW(struct ledger_entry, entry_row), count);
}

const struct ledger_hold_view *ledger_holds_of(struct cx *cx,
                                               const char *ref_kind,
                                               int64_t ref_id,
                                               size_t *count)
{
    static const char sql[] =
        "SELECT h.id, h.amount, h.created_at, h.expires_at, e.how, e.at"
        "  FROM ledger_hold h"
        "  LEFT JOIN ledger_hold_end e ON e.hold_id = h.id"
        " WHERE h.ref_kind = ? AND h.ref_id = ? ORDER BY h.id";
    static const struct db_field row[] = {
        DB_FIELD(struct ledger_hold_view, id),
        DB_FIELD(struct ledger_hold_view, amount),
        DB_FIELD(struct ledger_hold_view, created_at),
        DB_FIELD(struct ledger_hold_view, expires_at),
        DB_FIELD(struct ledger_hold_view, how),
        DB_FIELD(struct ledger_hold_view, ended_at),
    };

    must(ref_id > 0);
    return db_rows(cx, sql, BIND(V(ref_kind), V(ref_id)),
                   ROW(struct ledger_hold_view, row), count);
}
