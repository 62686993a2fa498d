#include "ledger/ledger_past.h"

#include <string.h>

#include "base/crypto.h"
#include "db/db.h"
#include "db/rows.h"
#include "ledger/book.h"
#include "ledger/hold.h"

enum {
    DRIVERS_MAX = 1 << 18, /* slots of the table; half of them are used */
    HOT_MAX = 4096,
    TX_AT_ONCE = 300       /* so that their postings fit into one sending */
};

/* A driver's paid money as it stands after the last document. */
struct past_wallet {
    int64_t driver_id, account_id;
    money balance, held;
    stamp last;
    struct book_account row; /* as it is in the database */
};

struct past_hold {
    struct past_wallet *wallet;
    money amount;
    bool ended;
};

struct hot_account {
    enum ledger_kind kind;
    int64_t owner, id;
};

struct ledger_past {
    struct cx *cx;
    struct rows *txs, *postings, *holds, *parts, *ends;
    struct past_wallet **wallets;
    size_t wallet_count;
    struct past_hold *hold; /* by id - 1 */
    size_t hold_count, hold_room;
    struct hot_account *hot;
    size_t hot_count;
    int64_t tx_id;
    int tx_waiting;
};

static void need_empty(struct cx *cx)
{
    static const char sql[] =
        "SELECT (SELECT COUNT(*) FROM ledger_tx)"
        "     + (SELECT COUNT(*) FROM ledger_hold)";

    if (db_int(cx, sql, BIND()) != 0)
        cx_fail(cx, ERR_STATE, "账本不为空，不能导入历史账务。");
}

struct ledger_past *ledger_past_new(struct cx *cx)
{
    static const char txs[] =
        "INSERT INTO ledger_tx (id, kind, idem_key, ref_kind, ref_id, content,"
        "   note, actor_kind, actor_id, at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    static const char postings[] =
        "INSERT INTO ledger_posting (tx_id, account_id, amount,"
        "   balance_after) VALUES (?, ?, ?, ?)";
    static const char holds[] =
        "INSERT INTO ledger_hold (id, idem_key, ref_kind, ref_id, amount,"
        "   expires_at, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)";
    static const char parts[] =
        "INSERT INTO ledger_hold_part (hold_id, account_id, amount)"
        " VALUES (?, ?, ?)";
    static const char ends[] =
        "INSERT INTO ledger_hold_end (hold_id, how, tx_id, at)"
        " VALUES (?, ?, ?, ?)";
    struct ledger_past *p = CX_NEW(cx, struct ledger_past);

    db_need_tx(cx);
    need_empty(cx);
    *p = (struct ledger_past){
        .cx = cx, .txs = rows_new(cx, txs),
        .postings = rows_new(cx, postings), .holds = rows_new(cx, holds),
        .parts = rows_new(cx, parts), .ends = rows_new(cx, ends),
        .wallets = arena_array(cx->arena, DRIVERS_MAX, sizeof *p->wallets),
        .hot = arena_array(cx->arena, HOT_MAX, sizeof *p->hot),
    };
    return p;
}

/* ---- accounts -------------------------------------------------------- */

static struct past_wallet *wallet_of(struct ledger_past *p, int64_t driver_id)
{
    size_t at = (size_t)driver_id * 2654435761U % DRIVERS_MAX;
    struct past_wallet *w;
    struct book_wallet locked;

    must(driver_id > 0);
    for (; p->wallets[at] != NULL; at = (at + 1) % DRIVERS_MAX)
        if (p->wallets[at]->driver_id == driver_id)
            return p->wallets[at];
    p->wallet_count++;
    must(p->wallet_count < DRIVERS_MAX / 2); /* or the search above is long */
    book_lock_wallet(p->cx, driver_id, &locked);
    must(locked.a[WALLET_PAID].balance.fen == 0); /* nobody else uses it */
    w = CX_NEW(p->cx, struct past_wallet);
    w->driver_id = driver_id;
    w->row = locked.a[WALLET_PAID];
    w->account_id = w->row.id;
    p->wallets[at] = w;
    return w;
}

static int64_t hot_id(struct ledger_past *p, enum ledger_kind kind,
                      int64_t owner)
{
    struct hot_account *a = p->hot;

    for (size_t i = 0; i < p->hot_count; i++)
        if (a[i].kind == kind && a[i].owner == owner)
            return a[i].id;
    must(p->hot_count < HOT_MAX);
    must(ledger_is_hot(kind));
    a[p->hot_count] = (struct hot_account){
        kind, owner, book_account_id(p->cx, kind, owner)
    };
    return a[p->hot_count++].id;
}

/* ---- documents ------------------------------------------------------- */

/* Transactions before the postings that refer to them. */
static void send(struct ledger_past *p)
{
    rows_end(p->txs);
    rows_end(p->postings);
    p->tx_waiting = 0;
}

static void begin(struct ledger_past *p, const struct ledger_doc *doc,
                  int64_t driver_id, const struct posting *content, size_t n,
                  stamp at)
{
    const struct actor *a = &p->cx->actor;
    uint8_t *hash;

    must(at.ms > 0);
    must(doc->ref_id > 0);
    if (p->tx_waiting++ == TX_AT_ONCE)
        send(p);
    hash = arena_alloc(rows_arena(p->txs), SHA256_SIZE);
    book_content(p->cx, doc, driver_id, content, n, hash);
    rows_add(p->txs,
             BIND(V(++p->tx_id), V(doc->kind),
                  V(rows_text(p->txs, "%s:%s", doc->kind, doc->key)),
                  V(doc->ref_kind), V(doc->ref_id),
                  V(((struct bytes){ hash, SHA256_SIZE })),
                  V(doc->note != NULL ? doc->note : ""), V((int)a->kind),
                  V(a->id), V(at)));
}

static void post_wallet(struct ledger_past *p, struct past_wallet *w,
                        money amount, stamp at)
{
    must(p->tx_id > 0);
    must(at.ms >= w->last.ms);
    w->last = at;
    w->balance = money_add(w->balance, amount);
    must(money_cmp(w->balance, w->held) >= 0); /* M5 */
    rows_add(p->postings, BIND(V(p->tx_id), V(w->account_id), V(amount),
                               V(w->balance)));
}

static void post_hot(struct ledger_past *p, const struct posting *h)
{
    must(p->tx_id > 0);
    must(ledger_is_hot(h->kind));
    if (h->amount.fen != 0)
        rows_add(p->postings,
                 BIND(V(p->tx_id), V(hot_id(p, h->kind, h->owner)),
                      V(h->amount), { DB_NULL }));
}

void ledger_past_topup(struct ledger_past *p, const char *out_trade_no,
                       int64_t payment_id, int64_t driver_id,
                       enum ledger_channel channel, money amount, stamp at)
{
    const struct ledger_doc doc = { "topup", out_trade_no, "payment",
                                    payment_id, "充值" };
    const struct posting source = { LEDGER_CHANNEL, channel,
                                    money_neg(amount) };

    must(amount.fen > 0);
    begin(p, &doc, driver_id, &source, 1, at);
    post_wallet(p, wallet_of(p, driver_id), amount, at);
    post_hot(p, &source);
}

static void end_hold(struct ledger_past *p, int64_t hold_id,
                     enum ledger_hold_end how, int64_t tx_id, stamp at)
{
    struct past_hold *h = &p->hold[hold_id - 1];

    must(hold_id > 0);
    must((size_t)hold_id <= p->hold_count);
    must(!h->ended); /* once (M7) */
    must((how == HOLD_SETTLED) == (tx_id != 0));
    h->ended = true;
    h->wallet->held = money_sub(h->wallet->held, h->amount);
    rows_add(p->ends, BIND(V(hold_id), V((int)how), V_ID(tx_id), V(at)));
}

void ledger_past_spend(struct ledger_past *p, const struct ledger_doc *doc,
                       int64_t driver_id, int64_t hold_id,
                       const struct posting *credits, size_t n, stamp at)
{
    struct past_wallet *w = wallet_of(p, driver_id);
    money total = FEN(0);

    begin(p, doc, driver_id, credits, n, at);
    end_hold(p, hold_id, HOLD_SETTLED, p->tx_id, at);
    must(p->hold[hold_id - 1].wallet == w); /* this driver's hold */
    for (size_t i = 0; i < n; i++) {
        must(credits[i].amount.fen >= 0);
        total = money_add(total, credits[i].amount);
    }
    must(total.fen > 0);
    post_wallet(p, w, money_neg(total), at);
    for (size_t i = 0; i < n; i++)
        post_hot(p, &credits[i]);
}

/* ---- holds ----------------------------------------------------------- */

int64_t ledger_past_hold(struct ledger_past *p, const char *key,
                         const char *ref_kind, int64_t ref_id,
                         int64_t driver_id, money amount, stamp at,
                         stamp expires_at)
{
    struct past_wallet *w = wallet_of(p, driver_id);
    int64_t id = (int64_t)p->hold_count + 1;

    must(amount.fen > 0);
    must(expires_at.ms > at.ms);
    if (p->hold_count == p->hold_room) {
        size_t room = p->hold_room == 0 ? 1024 : p->hold_room * 2;
        struct past_hold *more = arena_array(p->cx->arena, room,
                                             sizeof *more);

        if (p->hold_count > 0)
            memcpy(more, p->hold, p->hold_count * sizeof *more);
        p->hold = more;
        p->hold_room = room;
    }
    p->hold[p->hold_count++] = (struct past_hold){ w, amount, false };
    w->held = money_add(w->held, amount);
    must(money_cmp(w->held, w->balance) <= 0); /* M5 */
    rows_add(p->holds,
             BIND(V(id), V(rows_text(p->holds, "%s", key)), V(ref_kind),
                  V(ref_id), V(amount), V(expires_at), V(at)));
    rows_add(p->parts, BIND(V(id), V(w->account_id), V(amount)));
    return id;
}

void ledger_past_void(struct ledger_past *p, int64_t hold_id, stamp at)
{
    end_hold(p, hold_id, HOLD_VOIDED, 0, at);
}

void ledger_past_end(struct ledger_past *p)
{
    send(p);
    rows_end(p->holds);
    rows_end(p->parts);
    rows_end(p->ends);
    for (size_t i = 0; i < p->hold_count; i++)
        must(p->hold[i].ended);
    for (size_t i = 0; i < DRIVERS_MAX; i++)
        if (p->wallets[i] != NULL) {
            must(p->wallets[i]->held.fen == 0);
            book_change(p->cx, &p->wallets[i]->row, p->wallets[i]->balance,
                        FEN(0));
        }
}
