/*
 * Holds: money reserved before a charge starts (rule M7).
 */
#include <string.h>

#include "db/db.h"
#include "ledger/book.h"
#include "ledger/hold.h"
#include "ledger/ledger.h"

struct stored_hold {
    int64_t id;
    const char *ref_kind;
    int64_t ref_id;
    money amount;
};

/* The hold of an earlier call with this key. */
static int64_t same_hold(struct cx *cx, const char *key,
                         const char *ref_kind, int64_t ref_id, money *held)
{
    static const char sql[] =
        "SELECT id, ref_kind, ref_id, amount FROM ledger_hold"
        " WHERE idem_key = ?";
    static const struct db_field row[] = {
        DB_FIELD(struct stored_hold, id),
        DB_FIELD(struct stored_hold, ref_kind),
        DB_FIELD(struct stored_hold, ref_id),
        DB_FIELD(struct stored_hold, amount),
    };
    const struct stored_hold *h =
        db_row(cx, sql, BIND(V(key)), ROW(struct stored_hold, row));

    must(h != NULL);
    must(h->id > 0);
    must(h->amount.fen > 0);
    if (strcmp(h->ref_kind, ref_kind) != 0 || h->ref_id != ref_id)
        cx_fail(cx, ERR_IDEM_MISMATCH,
                "同一笔预留已用于其他业务，未重复处理。");
    *held = h->amount;
    return h->id;
}

static void need_money(struct cx *cx, const struct book_wallet *w,
                       money available, money least)
{
    money owed = money_neg(w->a[WALLET_ARREARS].balance);
    char a[MONEY_TEXT], b[MONEY_TEXT];

    must(owed.fen >= 0);
    must(available.fen >= 0);
    if (owed.fen > 0)
        cx_fail(cx, ERR_ARREARS, "有 ¥%s 欠费未还，充值补缴后可继续充电。",
                money_pretty(owed, a));
    if (available.fen < least.fen || available.fen == 0)
        cx_fail(cx, ERR_BALANCE, "余额不足：可用 ¥%s，至少需要 ¥%s。",
                money_pretty(available, a), money_pretty(least, b));
}

static void take_parts(struct cx *cx, int64_t hold_id, struct book_wallet *w,
                       money amount)
{
    static const char sql[] =
        "INSERT INTO ledger_hold_part (hold_id, account_id, amount)"
        " VALUES (?, ?, ?)";

    must(hold_id > 0);
    must(amount.fen > 0);
    for (size_t i = 0; i < COUNT(book_spend_order); i++) {
        struct book_account *a = &w->a[book_spend_order[i]];
        money part = money_min(book_free(a), amount);

        must(part.fen >= 0);
        if (part.fen == 0)
            continue;
        book_change(cx, a, FEN(0), part);
        db_exec(cx, sql, BIND(V(hold_id), V(a->id), V(part)));
        amount = money_sub(amount, part);
    }
    must(amount.fen == 0);
}

int64_t ledger_hold(struct cx *cx, const char *key, const char *ref_kind,
                    int64_t ref_id, int64_t driver_id, money least,
                    money most, stamp expires_at, money *held)
{
    static const char taken[] =
        "SELECT id FROM ledger_hold WHERE idem_key = ?";
    static const char add[] =
        "INSERT INTO ledger_hold (idem_key, ref_kind, ref_id, amount,"
        " expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?)";
    struct book_wallet w;
    money available = FEN(0), amount;
    int64_t id;

    db_need_tx(cx);
    must(driver_id > 0);
    must(ref_id > 0);
    must(key[0] != '\0');
    must(least.fen >= 0);
    must(least.fen <= most.fen);
    must(most.fen > 0);
    if (db_int(cx, taken, BIND(V(key))) != 0)
        return same_hold(cx, key, ref_kind, ref_id, held);
    book_lock_wallet(cx, driver_id, &w);
    for (size_t i = 0; i < COUNT(book_spend_order); i++)
        available = money_add(available,
                              book_free(&w.a[book_spend_order[i]]));
    need_money(cx, &w, available, least);
    amount = money_min(available, most);
    must(amount.fen >= least.fen);
    must(amount.fen > 0);
    /* One driver's calls with one key stand in line at the wallet: whoever
       comes second finds the row. */
    if (db_int(cx, taken, BIND(V(key))) != 0)
        return same_hold(cx, key, ref_kind, ref_id, held);
    id = db_insert(cx, add, BIND(V(key), V(ref_kind), V(ref_id), V(amount),
                                 V(expires_at), V(cx->now)));
    take_parts(cx, id, &w, amount);
    *held = amount;
    return id;
}

/* ---- the end of a hold ----------------------------------------------- */

/* Marks the end of a hold: false if it has one. The key of that row decides
   every race between settling, voiding and expiring (M7). */
static bool hold_end(struct cx *cx, int64_t hold_id, enum ledger_hold_end how,
                     int64_t tx_id)
{
    static const char sql[] =
        "INSERT INTO ledger_hold_end (hold_id, how, tx_id, at)"
        " VALUES (?, ?, ?, ?)";

    db_need_tx(cx);
    must(hold_id > 0);
    must(how != HOLD_OPEN);
    must((how == HOLD_SETTLED) == (tx_id != 0)); /* by a document, or none */
    return db_insert_new(cx, sql, BIND(V(hold_id), V((int)how), V_ID(tx_id),
                                       V(cx->now)));
}

struct ended {
    int64_t hold_id;
};

/* Which of these have ended before. */
static const struct ended *ended_of(struct cx *cx, const int64_t *hold_ids,
                                    size_t n, size_t *count)
{
    static const char sql[] =
        "SELECT hold_id FROM ledger_hold_end"
        " WHERE hold_id IN (?, ?, ?, ?, ?)";
    static const struct db_field row[] = { DB_FIELD(struct ended, hold_id) };
    struct db_value v[LEDGER_MANY];

    must(n > 0);
    must(n <= LEDGER_MANY);
    for (size_t i = 0; i < LEDGER_MANY; i++)
        v[i] = V(hold_ids[i < n ? i : 0]);
    return db_rows(cx, sql, (struct db_binds){ v, LEDGER_MANY },
                   ROW(struct ended, row), count);
}

void hold_end_many(struct cx *cx, const int64_t *hold_ids,
                   const int64_t *tx_ids, size_t n, bool *ended)
{
    static const char sql[] =
        "INSERT INTO ledger_hold_end (hold_id, how, tx_id, at)"
        " VALUES (?, ?, ?, ?)";
    enum { COLUMNS = 4 };
    struct db_value v[LEDGER_MANY * COLUMNS];
    size_t count, rows = 0;
    const struct ended *old;

    db_need_tx(cx);
    must(n > 0);
    must(n <= LEDGER_MANY);
    if (n == 1) { /* waits for whoever is ending it, instead of failing */
        ended[0] = hold_ids[0] != 0 &&
                   hold_end(cx, hold_ids[0], HOLD_SETTLED, tx_ids[0]);
        return;
    }
    old = ended_of(cx, hold_ids, n, &count);
    for (size_t i = 0; i < n; i++) {
        struct db_value *row = &v[COLUMNS * rows];

        ended[i] = hold_ids[i] != 0;
        for (size_t k = 0; k < count; k++)
            ended[i] &= old[k].hold_id != hold_ids[i];
        if (!ended[i])
            continue;
        must(tx_ids[i] > 0);
        row[0] = V(hold_ids[i]);
        row[1] = V((int)HOLD_SETTLED);
        row[2] = V(tx_ids[i]);
        row[3] = V(cx->now);
        rows++;
    }
    if (rows > 0)
        db_insert_rows(cx, sql, v, rows, COLUMNS);
}

const struct hold_part *hold_parts(struct cx *cx, const int64_t *hold_ids,
                                   size_t n, size_t *count)
{
    static const char sql[] =
        "SELECT hold_id, account_id, amount FROM ledger_hold_part"
        " WHERE hold_id IN (?, ?, ?, ?, ?)";
    static const struct db_field row[] = {
        DB_FIELD(struct hold_part, hold_id),
        DB_FIELD(struct hold_part, account_id),
        DB_FIELD(struct hold_part, amount),
    };
    struct db_value v[LEDGER_MANY];
    const struct hold_part *parts;

    must(n > 0);
    must(n <= LEDGER_MANY);
    for (size_t i = 0; i < LEDGER_MANY; i++)
        v[i] = V(hold_ids[i < n ? i : 0]);
    parts = db_rows(cx, sql, (struct db_binds){ v, LEDGER_MANY },
                    ROW(struct hold_part, row), count);
    must(*count <= n * COUNT(book_spend_order));
    for (size_t i = 0; i < *count; i++) {
        must(parts[i].hold_id > 0);
        must(parts[i].account_id > 0);
        must(parts[i].amount.fen > 0);
    }
    return parts;
}

static bool give_back(struct cx *cx, int64_t hold_id,
                      enum ledger_hold_end how)
{
    static const char owner[] =
        "SELECT a.owner_id FROM ledger_hold_part p"
        "  JOIN ledger_account a ON a.id = p.account_id"
        " WHERE p.hold_id = ? LIMIT 1";
    const struct hold_part *parts;
    struct book_wallet w;
    size_t n, returned = 0;

    must(how != HOLD_SETTLED); /* that is ledger_spend's */
    if (!hold_end(cx, hold_id, how, 0))
        return false;
    parts = hold_parts(cx, &hold_id, 1, &n);
    must(n > 0); /* no such hold */
    book_lock_wallet(cx, db_int(cx, owner, BIND(V(hold_id))), &w);
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < WALLET_ARREARS; k++)
            if (w.a[k].id == parts[i].account_id) {
                book_change(cx, &w.a[k], FEN(0), money_neg(parts[i].amount));
                returned++;
            }
    must(returned == n); /* each part where it came from (M6) */
    return true;
}

bool ledger_hold_void(struct cx *cx, int64_t hold_id)
{
    return give_back(cx, hold_id, HOLD_VOIDED);
}

bool ledger_hold_expire(struct cx *cx, int64_t hold_id)
{
    return give_back(cx, hold_id, HOLD_EXPIRED);
}

enum ledger_hold_end ledger_hold_state(struct cx *cx, int64_t hold_id)
{
    static const char sql[] =
        "SELECT how FROM ledger_hold_end WHERE hold_id = ?";
    int64_t how;

    must(hold_id > 0);
    how = db_int(cx, sql, BIND(V(hold_id)));
    must(how >= HOLD_OPEN);
    must(how <= HOLD_EXPIRED);
    return (enum ledger_hold_end)how;
}
