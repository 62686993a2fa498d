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

/* ---- accounts -------------------------------------------------------- */

int64_t book_account_id(struct cx *cx, enum ledger_kind kind, int64_t owner)
{
    static const char find[] =
        "SELECT id FROM ledger_account WHERE kind = ? AND owner_id = ?";
    static const char make[] =
        "INSERT INTO ledger_account (kind, owner_id, is_hot, created_at)"
        " VALUES (?, ?, 1, ?)";
    int64_t id;

    must(label_of((struct labels)LIST(ledger_kind_labels), (int)kind) != NULL);
    must(ledger_is_hot(kind) ? owner >= 0 : owner > 0);
    id = db_int(cx, find, BIND(V((int)kind), V(owner)));
    if (id != 0)
        return id;
    if (!ledger_is_hot(kind)) {
        ledger_open_wallet(cx, owner);
    } else {
        (void)db_insert_new(cx, make,
                            BIND(V((int)kind), V(owner), V(cx->now)));
    }
    id = db_int(cx, find, BIND(V((int)kind), V(owner)));
    must(id > 0);
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

/* An account that may be changed: one that keeps a balance (M14), within its
   floor, with no more held than it has (M5). */
static void must_be_sound(const struct book_account *a)
{
    must(a->id > 0);
    must(a->owner > 0);
    must(!ledger_is_hot((enum ledger_kind)a->kind));
    must(a->held.fen >= 0);
    must(book_free(a).fen >= 0);
}

struct book_account book_lock_account(struct cx *cx, int64_t id)
{
    static const char sql[] =
        "SELECT id, kind, owner_id, balance, held, floor"
        "  FROM ledger_account WHERE id = ? FOR UPDATE";
    const struct book_account *a;

    db_need_tx(cx);
    must(id > 0);
    a = db_row(cx, sql, BIND(V(id)), ROW(struct book_account, account_row));
    must(a != NULL);
    must(a->id == id);
    must_be_sound(a);
    return *a;
}

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
    must(driver_id > 0);
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
        must(rows[i].owner == driver_id);
        must(i == 0 || rows[i].id > rows[i - 1].id); /* T3 */
        must_be_sound(&rows[i]);
    }
}

struct account_id {
    int64_t id;
};

/* The ids of the accounts of these drivers, without locking them. */
static size_t wallet_ids(struct cx *cx, const int64_t *driver_ids, size_t n,
                         int64_t ids[LEDGER_MANY * WALLET_ACCOUNTS])
{
    static const char sql[] =
        "SELECT id FROM ledger_account FORCE INDEX (kind)"
        " WHERE kind IN (11, 12, 13, 14) AND owner_id IN (?, ?, ?, ?, ?)";
    static const struct db_field row[] = { DB_FIELD(struct account_id, id) };
    struct db_value v[LEDGER_MANY];
    const struct account_id *rows;
    size_t count;

    must(n > 0);
    must(n <= LEDGER_MANY);
    for (size_t i = 0; i < LEDGER_MANY; i++)
        v[i] = V(driver_ids[i < n ? i : 0]);
    rows = db_rows(cx, sql, (struct db_binds){ v, LEDGER_MANY },
                   ROW(struct account_id, row), &count);
    must(count <= LEDGER_MANY * WALLET_ACCOUNTS);
    for (size_t i = 0; i < count; i++)
        ids[i] = rows[i].id;
    return count;
}

static void sort_out(const struct book_account *rows, size_t count,
                     const int64_t *driver_ids, size_t n,
                     struct book_wallet *w)
{
    size_t placed = 0;

    must(count == n * WALLET_ACCOUNTS);
    for (size_t i = 0; i < count; i++) {
        must_be_sound(&rows[i]);
        must(i == 0 || rows[i].id > rows[i - 1].id); /* T3 */
        for (size_t k = 0; k < n; k++)
            if (rows[i].owner == driver_ids[k]) {
                w[k].a[rows[i].kind - LEDGER_PAID] = rows[i];
                placed++;
            }
    }
    must(placed == n * WALLET_ACCOUNTS); /* each driver once */
}

void book_lock_wallets(struct cx *cx, const int64_t *driver_ids, size_t n,
                       struct book_wallet *w)
{
    static const char sql[] =
        "SELECT id, kind, owner_id, balance, held, floor"
        "  FROM ledger_account FORCE INDEX (PRIMARY)"
        " WHERE id IN (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,"
        " ?, ?) ORDER BY id FOR UPDATE";
    enum { MOST = LEDGER_MANY * WALLET_ACCOUNTS };
    const struct book_account *rows;
    struct db_value v[MOST];
    int64_t ids[MOST];
    size_t count;

    db_need_tx(cx);
    must(n > 0);
    must(n <= LEDGER_MANY);
    if (n == 1) {
        book_lock_wallet(cx, driver_ids[0], w);
        return;
    }
    count = wallet_ids(cx, driver_ids, n, ids);
    if (count < n * WALLET_ACCOUNTS) {
        for (size_t i = 0; i < n; i++)
            ledger_open_wallet(cx, driver_ids[i]);
        count = wallet_ids(cx, driver_ids, n, ids);
    }
    must(count == n * WALLET_ACCOUNTS);
    for (size_t i = 0; i < MOST; i++)
        v[i] = V(ids[i < count ? i : 0]);
    rows = db_rows(cx, sql, (struct db_binds){ v, MOST },
                   ROW(struct book_account, account_row), &count);
    sort_out(rows, count, driver_ids, n, w);
}

/* Guarded twice: by what was read under lock, and by the row itself. */
static const char change_account[] =
    "UPDATE ledger_account"
    "   SET balance = balance + ?, held = held + ?, ver = ver + 1"
    " WHERE id = ? AND balance + ? - (held + ?) >= floor"
    "   AND held + ? >= 0";

void book_change(struct cx *cx, struct book_account *a, money balance,
                 money held)
{
    struct book_account next = *a;

    db_need_tx(cx);
    must(!ledger_is_hot((enum ledger_kind)a->kind));
    next.balance = money_add(a->balance, balance);
    next.held = money_add(a->held, held);
    must(next.held.fen >= 0);
    if (book_free(&next).fen < 0)
        cx_fail(cx, ERR_BALANCE, "余额不足。");
    if (balance.fen == 0 && held.fen == 0)
        return;
    /* The row is locked: what was read still stands (T2). */
    must(db_change_one(cx, change_account,
                       BIND(V(balance), V(held), V(a->id), V(balance),
                            V(held), V(held))));
    *a = next;
    must_be_sound(a);
}

void book_change_many(struct cx *cx, const struct book_delta *d, size_t n)
{
    enum { COLUMNS = 6 };
    struct db_value *v = arena_array(cx->arena, n * COLUMNS + 1, sizeof *v);
    size_t count = 0;

    db_need_tx(cx);
    for (size_t i = 0; i < n; i++) {
        struct db_value *row = &v[COLUMNS * count];

        if (d[i].balance.fen == 0 && d[i].held.fen == 0)
            continue;
        must_be_sound(d[i].now);
        row[0] = row[3] = V(d[i].balance);
        row[1] = row[4] = row[5] = V(d[i].held);
        row[2] = V(d[i].now->id);
        count++;
    }
    if (count > 0)
        must(db_insert_rows(cx, change_account, v, count, COLUMNS) ==
             (int64_t)count);
}

/* ---- documents ------------------------------------------------------- */

void book_content(struct cx *cx, const struct ledger_doc *doc, int64_t party,
                  const struct posting *p, size_t n,
                  uint8_t hash[BOOK_HASH_SIZE])
{
    const char *text = cx_printf(cx, "%s|%s|%lld|%lld", doc->kind,
                                 doc->ref_kind, (long long)doc->ref_id,
                                 (long long)party);

    must(n > 0); /* without postings all documents of a ref were the same */
    must(n <= BOOK_LINES_MAX);
    for (size_t i = 0; i < n; i++)
        text = cx_printf(cx, "%s|%d:%lld:%lld", text, (int)p[i].kind,
                         (long long)p[i].owner,
                         (long long)p[i].amount.fen);
    sha256(text, strlen(text), hash);
}

static const char add_tx[] =
    "INSERT INTO ledger_tx (kind, idem_key, ref_kind, ref_id, content,"
    " note, actor_kind, actor_id, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
enum { TX_COLUMNS = 9, KEY_MAX = 80 };

/* A document on its way into the book. */
struct entry {
    const char *key;
    uint8_t hash[SHA256_SIZE];
};

static void entry_of(struct cx *cx, const struct book_doc *d,
                     struct entry *e)
{
    must(d->doc->kind[0] != '\0');
    must(d->doc->key[0] != '\0');
    must(d->doc->ref_id > 0);
    must(d->party >= 0);
    e->key = cx_printf(cx, "%s:%s", d->doc->kind, d->doc->key);
    must(strlen(e->key) <= KEY_MAX);
    book_content(cx, d->doc, d->party, d->p, d->n, e->hash);
}

static void tx_values(struct cx *cx, const struct book_doc *d,
                      const struct entry *e, struct db_value v[TX_COLUMNS])
{
    const struct ledger_doc *doc = d->doc;

    v[0] = V(doc->kind);
    v[1] = V(e->key);
    v[2] = V(doc->ref_kind);
    v[3] = V(doc->ref_id);
    v[4] = V(((struct bytes){ e->hash, sizeof e->hash }));
    v[5] = V(doc->note != NULL ? doc->note : "");
    v[6] = V((int)cx->actor.kind);
    v[7] = V(cx->actor.id);
    v[8] = V(cx->now);
}

struct stored_tx {
    int64_t id;
    const char *key;
    struct bytes content;
};

static const struct db_field stored_row[] = {
    DB_FIELD(struct stored_tx, id), DB_FIELD(struct stored_tx, key),
    DB_FIELD(struct stored_tx, content)
};

static void need_same(struct cx *cx, const struct stored_tx *old,
                      const struct entry *e)
{
    must(old->id > 0);
    must(strcmp(old->key, e->key) == 0);
    must(old->content.len == sizeof e->hash);
    if (memcmp(old->content.data, e->hash, sizeof e->hash) != 0)
        cx_fail(cx, ERR_IDEM_MISMATCH,
                "同一笔业务已按另外的内容入账，未重复处理。");
}

bool book_begin(struct cx *cx, const struct ledger_doc *doc, int64_t party,
                const struct posting *p, size_t n, int64_t *tx_id)
{
    static const char find[] =
        "SELECT id, idem_key, content FROM ledger_tx WHERE idem_key = ?";
    const struct book_doc d = { doc, party, p, n };
    struct db_value v[TX_COLUMNS];
    const struct stored_tx *old;
    struct entry e;

    db_need_tx(cx);
    entry_of(cx, &d, &e);
    tx_values(cx, &d, &e, v);
    *tx_id = db_insert_new_id(cx, add_tx,
                              (struct db_binds){ v, TX_COLUMNS });
    must(*tx_id >= 0);
    if (*tx_id != 0)
        return true;
    old = db_row(cx, find, BIND(V(e.key)), ROW(struct stored_tx,
                                               stored_row));
    must(old != NULL);
    need_same(cx, old, &e);
    *tx_id = old->id;
    return false;
}

/* The transactions of these keys: *known are marked. */
static void find_many(struct cx *cx, const struct entry *e, size_t n,
                      int64_t *ids)
{
    static const char sql[] =
        "SELECT id, idem_key, content FROM ledger_tx"
        " WHERE idem_key IN (?, ?, ?, ?, ?)";
    struct db_value v[LEDGER_MANY];
    size_t count;
    const struct stored_tx *t;

    must(n > 0);
    must(n <= LEDGER_MANY);
    for (size_t i = 0; i < LEDGER_MANY; i++)
        v[i] = V(e[i < n ? i : 0].key);
    t = db_rows(cx, sql, (struct db_binds){ v, LEDGER_MANY },
                ROW(struct stored_tx, stored_row), &count);
    for (size_t i = 0; i < n; i++) {
        ids[i] = 0;
        for (size_t k = 0; k < count; k++)
            if (strcmp(t[k].key, e[i].key) == 0) {
                need_same(cx, &t[k], &e[i]);
                ids[i] = t[k].id;
            }
    }
}

void book_begin_many(struct cx *cx, const struct book_doc *docs, size_t n,
                     int64_t *ids, bool *fresh)
{
    struct entry e[LEDGER_MANY];
    struct db_value v[LEDGER_MANY * TX_COLUMNS];
    size_t count = 0;

    must(n > 0);
    must(n <= LEDGER_MANY);
    db_need_tx(cx);
    for (size_t i = 0; i < n; i++)
        entry_of(cx, &docs[i], &e[i]);
    find_many(cx, e, n, ids);
    for (size_t i = 0; i < n; i++) {
        fresh[i] = ids[i] == 0;
        if (fresh[i])
            tx_values(cx, &docs[i], &e[i], &v[TX_COLUMNS * count++]);
    }
    if (count == 0)
        return;
    db_insert_rows(cx, add_tx, v, count, TX_COLUMNS);
    find_many(cx, e, n, ids);
    for (size_t i = 0; i < n; i++)
        must(ids[i] > 0);
}

struct book_line book_line_of(const struct book_account *a, money amount)
{
    must_be_sound(a);
    /* a stands as the amount left it, and before it was sound as well. */
    must(a->kind == LEDGER_ARREARS || money_cmp(a->balance, amount) >= 0);
    return (struct book_line){ 0, a->id, amount, false, a->balance };
}

struct book_line book_line_hot(struct cx *cx, const struct posting *p)
{
    must(ledger_is_hot(p->kind));
    return (struct book_line){ 0, book_account_id(cx, p->kind, p->owner),
                               p->amount, true, FEN(0) };
}

/* Each document adds up to zero and has two postings (M3), before ... */
static void must_add_up(const struct book_line *lines, size_t n,
                           const int64_t *tx_ids, size_t docs)
{
    for (size_t k = 0; k < docs; k++) {
        money sum = FEN(0);
        size_t count = 0;

        must(tx_ids[k] > 0);
        for (size_t i = 0; i < n; i++)
            if (lines[i].tx_id == tx_ids[k] && lines[i].amount.fen != 0) {
                sum = money_add(sum, lines[i].amount);
                count++;
            }
        must(sum.fen == 0);
        must(count >= 2);
    }
}

/* ... and after. */
static void must_stand_so(struct cx *cx, const int64_t *tx_ids, size_t docs)
{
    static const char sql[] =
        "SELECT COUNT(*) FROM (SELECT tx_id FROM ledger_posting"
        " WHERE tx_id IN (?, ?, ?, ?, ?) GROUP BY tx_id"
        " HAVING SUM(amount) = 0 AND COUNT(*) >= 2) t";
    struct db_value v[LEDGER_MANY];

    for (size_t i = 0; i < LEDGER_MANY; i++)
        v[i] = V(tx_ids[i < docs ? i : 0]);
    must(db_int(cx, sql, (struct db_binds){ v, LEDGER_MANY }) ==
         (int64_t)docs);
}

void book_write_many(struct cx *cx, const struct book_line *lines, size_t n,
                     const int64_t *tx_ids, size_t docs)
{
    static const char add[] =
        "INSERT INTO ledger_posting (tx_id, account_id, amount,"
        " balance_after) VALUES (?, ?, ?, ?)";
    enum { COLUMNS = 4 };
    struct db_value *v = arena_array(cx->arena, n * COLUMNS, sizeof *v);
    size_t count = 0;

    must(docs > 0);
    must(docs <= LEDGER_MANY);
    must_add_up(lines, n, tx_ids, docs);
    for (size_t i = 0; i < n; i++) {
        const struct book_line *l = &lines[i];
        struct db_value *row = &v[COLUMNS * count];

        if (l->amount.fen == 0)
            continue;
        must(l->tx_id > 0);
        must(l->account_id > 0);
        row[0] = V(l->tx_id);
        row[1] = V(l->account_id);
        row[2] = V(l->amount);
        row[3] = l->hot ? (struct db_value){ DB_NULL } : V(l->balance_after);
        count++;
    }
    db_insert_rows(cx, add, v, count, COLUMNS);
    must_stand_so(cx, tx_ids, docs);
}

void book_write(struct cx *cx, int64_t tx_id, const struct book_line *lines,
                size_t n)
{
    struct book_line own[BOOK_LINES_MAX];

    must(n >= 2);
    must(n <= BOOK_LINES_MAX);
    for (size_t i = 0; i < n; i++) {
        own[i] = lines[i];
        own[i].tx_id = tx_id;
    }
    book_write_many(cx, own, n, &tx_id, 1);
}
