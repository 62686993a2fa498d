#include "ledger/book.h"

#include <string.h>

#include "base/crypto.h"
#include "db/db.h"

LABELS_DEFINE(ledger_kind, LEDGER_KINDS);
LABELS_DEFINE(ledger_channel, LEDGER_CHANNELS);
LABELS_DEFINE(ledger_hold_end, LEDGER_HOLD_ENDS);

const int book_spend_order[3] = { WALLET_GIFT, WALLET_GRANTED, WALLET_PAID };

/* Arrears go below zero as far as somebody charges on credit of the hold. */
#define ARREARS_FLOOR FEN(-INT64_C(1000000000000))

/* ---- accounts --------------------------------------------------------- */

int64_t book_account_id(struct cx *cx, enum ledger_kind kind, int64_t owner)
{
    static const char find[] =
        "SELECT id FROM ledger_account WHERE kind = ? AND owner_id = ?";
    static const char make[] =
        "INSERT INTO ledger_account (kind, owner_id, is_hot, created_at)"
        " VALUES (?, ?, 1, ?)";
    int64_t id = db_int(cx, find, BIND(V((int)kind), V(owner)));

    if (id != 0)
        return id;
    if (!ledger_is_hot(kind)) {
        ledger_open_wallet(cx, owner);
    } else {
        (void)db_insert_new(cx, make,
                            BIND(V((int)kind), V(owner), V(cx->now)));
    }
    id = db_int(cx, find, BIND(V((int)kind), V(owner)));
    must(id != 0);
    return id;
}

void ledger_open_wallet(struct cx *cx, int64_t driver_id)
{
    /* One statement, in the order of the kinds: the ids ascend with them, so
       that locking by kind is locking by ascending id (T3). */
    static const char sql[] =
        "INSERT INTO ledger_account (kind, owner_id, floor, created_at)"
        " VALUES (11, ?, 0, ?), (12, ?, 0, ?), (13, ?, 0, ?), (14, ?, ?, ?)";
    stamp now = cx->now;

    must(driver_id > 0);
    (void)db_insert_new(cx, sql,
                        BIND(V(driver_id), V(now), V(driver_id), V(now),
                             V(driver_id), V(now), V(driver_id),
                             V(ARREARS_FLOOR), V(now)));
}

static const struct db_field account_row[] = {
    DB_FIELD(struct book_account, id),
    DB_FIELD(struct book_account, kind),
    DB_FIELD(struct book_account, owner),
    DB_FIELD(struct book_account, balance),
    DB_FIELD(struct book_account, held),
    DB_FIELD(struct book_account, floor),
};

void book_lock_wallet(struct cx *cx, int64_t driver_id,
                      struct book_wallet *w)
{
    /* The index is named: a scan of a small table would lock everybody. */
    static const char sql[] =
        "SELECT id, kind, owner_id, balance, held, floor"
        "  FROM ledger_account FORCE INDEX (kind)"
        " WHERE kind IN (11, 12, 13, 14) AND owner_id = ?"
        " ORDER BY kind FOR UPDATE";
    const struct book_account *rows;
    size_t n;

    db_need_tx(cx);
    rows = db_rows(cx, sql, BIND(V(driver_id)),
                   ROW(struct book_account, account_row), &n);
    if (n == 0) {
        ledger_open_wallet(cx, driver_id);
        rows = db_rows(cx, sql, BIND(V(driver_id)),
                       ROW(struct book_account, account_row), &n);
    }
    must(n == WALLET_ACCOUNTS);
    for (int i = 0; i < WALLET_ACCOUNTS; i++) {
        w->a[i] = rows[i];
        must(rows[i].kind == LEDGER_PAID + i);
        must(i == 0 || rows[i].id > rows[i - 1].id);
    }
}

void book_change(struct cx *cx, struct book_account *a, money balance,
                 money held)
{
    static const char sql[] =
        "UPDATE ledger_account"
        "   SET balance = balance + ?, held = held + ?, ver = ver + 1"
        " WHERE id = ? AND balance + ? - (held + ?) >= floor"
        "   AND held + ? >= 0";
    struct book_account next = *a;

    next.balance = money_add(a->balance, balance);
    next.held = money_add(a->held, held);
    must(next.held.fen >= 0);
    if (book_free(&next).fen < 0)
        cx_fail(cx, ERR_BALANCE, "余额不足。");
    if (balance.fen == 0 && held.fen == 0)
        return;
    /* The row is locked: what was read still stands (T2). */
    must(db_change_one(cx, sql, BIND(V(balance), V(held), V(a->id),
                                     V(balance), V(held), V(held))));
    *a = next;
}

/* ---- documents ---------------------------------------------------------- */

void book_content(struct cx *cx, const struct ledger_doc *doc, int64_t party,
                  const struct posting *p, size_t n,
                  uint8_t hash[BOOK_HASH_SIZE])
{
    const char *text = cx_printf(cx, "%s|%s|%lld|%lld", doc->kind,
                                 doc->ref_kind, (long long)doc->ref_id,
                                 (long long)party);

    for (size_t i = 0; i < n; i++)
        text = cx_printf(cx, "%s|%d:%lld:%lld", text, (int)p[i].kind,
                         (long long)p[i].owner,
                         (long long)p[i].amount.fen);
    sha256(text, strlen(text), hash);
}

struct stored_tx {
    int64_t id;
    struct bytes content;
};

bool book_begin(struct cx *cx, const struct ledger_doc *doc, int64_t party,
                const struct posting *p, size_t n, int64_t *tx_id)
{
    static const char add[] =
        "INSERT INTO ledger_tx (kind, idem_key, ref_kind, ref_id, content,"
        " note, actor_kind, actor_id, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    static const char find[] =
        "SELECT id, content FROM ledger_tx WHERE idem_key = ?";
    static const char last[] = "SELECT LAST_INSERT_ID()";
    static const struct db_field row[] = {
        DB_FIELD(struct stored_tx, id), DB_FIELD(struct stored_tx, content)
    };
    const char *key = cx_printf(cx, "%s:%s", doc->kind, doc->key);
    uint8_t hash[SHA256_SIZE];
    const struct stored_tx *old;

    db_need_tx(cx);
    must(strlen(key) <= 80);
    book_content(cx, doc, party, p, n, hash);
    if (db_insert_new(cx, add,
                      BIND(V(doc->kind), V(key), V(doc->ref_kind),
                           V(doc->ref_id),
                           V(((struct bytes){ hash, sizeof hash })),
                           V(doc->note != NULL ? doc->note : ""),
                           V((int)cx->actor.kind), V(cx->actor.id),
                           V(cx->now)))) {
        *tx_id = db_int(cx, last, BIND());
        return true;
    }
    old = db_row(cx, find, BIND(V(key)), ROW(struct stored_tx, row));
    must(old != NULL && old->content.len == sizeof hash);
    if (memcmp(old->content.data, hash, sizeof hash) != 0)
        cx_fail(cx, ERR_IDEM_MISMATCH,
                "同一笔业务已按另外的内容入账，未重复处理。");
    *tx_id = old->id;
    return false;
}

struct book_line book_line_of(const struct book_account *a, money amount)
{
    return (struct book_line){ a->id, amount, false, a->balance };
}

struct book_line book_line_hot(struct cx *cx, const struct posting *p)
{
    must(ledger_is_hot(p->kind));
    return (struct book_line){ book_account_id(cx, p->kind, p->owner),
                               p->amount, true, FEN(0) };
}

void book_write(struct cx *cx, int64_t tx_id, const struct book_line *lines,
                size_t n)
{
    static const char add[] =
        "INSERT INTO ledger_posting (tx_id, account_id, amount,"
        " balance_after) VALUES (?, ?, ?, ?)";
    static const char check[] =
        "SELECT COALESCE(SUM(amount), 0) FROM ledger_posting WHERE tx_id = ?";
    struct db_value v[BOOK_LINES_MAX * 4];
    money sum = FEN(0);
    size_t count = 0;

    must(n <= BOOK_LINES_MAX);
    for (size_t i = 0; i < n; i++) {
        const struct book_line *l = &lines[i];

        sum = money_add(sum, l->amount);
        if (l->amount.fen == 0)
            continue;
        v[4 * count] = V(tx_id);
        v[4 * count + 1] = V(l->account_id);
        v[4 * count + 2] = V(l->amount);
        v[4 * count + 3] = l->hot ? (struct db_value){ DB_NULL }
                                  : V(l->balance_after);
        count++;
    }
    must(sum.fen == 0 && count >= 2); /* M3 */
    db_insert_rows(cx, add, v, count, 4);
    must(db_int(cx, check, BIND(V(tx_id))) == 0);
}
