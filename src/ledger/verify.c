#include "ledger/verify.h"

#include "base/log.h"
#include "db/db.h"

enum { WATCH_MS = 10 * 60 * 1000 };

static const struct verify_check checks[] = {
    { "each transaction adds up to zero",
      "每笔凭证借贷相抵",
      "SELECT COUNT(*), MIN(CONCAT('tx ', id, ': ', s)) FROM ("
      " SELECT t.id, SUM(p.amount) AS s FROM ledger_tx t"
      "   JOIN ledger_posting p ON p.tx_id = t.id WHERE t.at >= ?"
      "  GROUP BY t.id HAVING s <> 0) b" },
    { "each transaction has two postings or more",
      "每笔凭证至少两条分录",
      "SELECT COUNT(*), MIN(CONCAT('tx ', id)) FROM ("
      " SELECT t.id, COUNT(p.id) AS n FROM ledger_tx t"
      "   LEFT JOIN ledger_posting p ON p.tx_id = t.id WHERE t.at >= ?"
      "  GROUP BY t.id HAVING n < 2) b" },
    { "each posting belongs to a transaction",
      "每条分录都属于一笔凭证",
      "SELECT COUNT(*), MIN(CONCAT('posting ', p.id)) FROM ledger_posting p"
      "  LEFT JOIN ledger_tx t ON t.id = p.tx_id"
      " WHERE t.id IS NULL AND ? IS NOT NULL" },
    { "the balance of each account is the sum of its postings",
      "每个账户的余额等于分录之和",
      "SELECT COUNT(*), MIN(CONCAT('account ', id, ': ', balance, ' not ',"
      "   s)) FROM ("
      " SELECT a.id, a.balance, COALESCE(SUM(p.amount), 0) AS s"
      "   FROM ledger_account a"
      "   LEFT JOIN ledger_posting p ON p.account_id = a.id"
      "  WHERE a.is_hot = 0 AND ? IS NOT NULL"
      "  GROUP BY a.id, a.balance HAVING a.balance <> s) b" },
    { "hot accounts keep nothing in line",
      "汇总账户不留行内余额",
      "SELECT COUNT(*), MIN(CONCAT('account ', id)) FROM ledger_account"
      " WHERE is_hot = 1 AND (balance <> 0 OR held <> 0)"
      "   AND ? IS NOT NULL" },
    { "every posting left the balance that it says",
      "每条分录后的余额与记录一致",
      "SELECT COUNT(*), MIN(CONCAT('posting ', id)) FROM ("
      " SELECT p.id, p.balance_after, SUM(p.amount) OVER (PARTITION BY"
      "   p.account_id ORDER BY p.id) AS s"
      "   FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
      "  WHERE a.is_hot = 0 AND ? IS NOT NULL) b"
      " WHERE balance_after IS NULL OR balance_after <> s" },
    { "what is held is the sum of the open holds",
      "冻结金额等于未解除预授权之和",
      "SELECT COUNT(*), MIN(CONCAT('account ', id, ': ', held, ' not ', s))"
      " FROM (SELECT a.id, a.held, COALESCE(h.s, 0) AS s"
      "   FROM ledger_account a LEFT JOIN ("
      "     SELECT hp.account_id, SUM(hp.amount) AS s"
      "       FROM ledger_hold_part hp"
      "       LEFT JOIN ledger_hold_end e ON e.hold_id = hp.hold_id"
      "      WHERE e.hold_id IS NULL GROUP BY hp.account_id) h"
      "     ON h.account_id = a.id"
      "  WHERE ? IS NOT NULL HAVING held <> s) b" },
    { "the parts of each hold add up to it",
      "每笔预授权的组成合计相符",
      "SELECT COUNT(*), MIN(CONCAT('hold ', id)) FROM ("
      " SELECT h.id, h.amount, COALESCE(SUM(p.amount), 0) AS s"
      "   FROM ledger_hold h LEFT JOIN ledger_hold_part p ON p.hold_id = h.id"
      "  WHERE h.created_at >= ? GROUP BY h.id, h.amount"
      "  HAVING h.amount <> s) b" },
    { "a settled hold names its transaction",
      "已结算的预授权都有凭证",
      "SELECT COUNT(*), MIN(CONCAT('hold ', e.hold_id))"
      "  FROM ledger_hold_end e LEFT JOIN ledger_tx t ON t.id = e.tx_id"
      " WHERE e.at >= ? AND (e.how = 1) <> (t.id IS NOT NULL)" },
    { "no account is below its floor",
      "没有账户低于下限",
      "SELECT COUNT(*), MIN(CONCAT('account ', id)) FROM ledger_account"
      " WHERE is_hot = 0 AND balance - held < floor AND ? IS NOT NULL" },
};

const struct finding *verify_run(struct cx *cx,
                                 const struct verify_check *list,
                                 size_t count, stamp since)
{
    static const struct db_field row[] = {
        DB_FIELD(struct finding, breaks), DB_FIELD(struct finding, first)
    };
    struct finding *f = arena_array(cx->arena, count, sizeof *f);
    stamp from = { since.ms != 0 ? since.ms : 1 };

    must(count > 0); /* no checks would look like no breaks */
    must(since.ms >= 0);
    for (size_t i = 0; i < count; i++) {
        const struct finding *r = db_row(cx, list[i].sql, BIND(V(from)),
                                         ROW(struct finding, row));

        must(r != NULL); /* a count is always one row */
        must(r->breaks >= 0);
        f[i] = (struct finding){ list[i].what, list[i].title, r->breaks,
                                 r->first };
    }
    return f;
}

const struct finding *ledger_verify(struct cx *cx, stamp since,
                                    size_t *count)
{
    *count = COUNT(checks);
    return verify_run(cx, checks, COUNT(checks), since);
}

const struct ledger_figures *ledger_figures(struct cx *cx)
{
    static const char sql[] =
        "SELECT (SELECT COUNT(*) FROM ledger_tx),"
        " (SELECT COUNT(*) FROM ledger_posting),"
        " (SELECT COUNT(*) FROM ledger_account),"
        " (SELECT COUNT(*) FROM ledger_hold),"
        " (SELECT COUNT(*) FROM ledger_hold) -"
        "   (SELECT COUNT(*) FROM ledger_hold_end),"
        " SUM(IF(kind = 11, balance, 0)), SUM(IF(kind = 12, balance, 0)),"
        " SUM(IF(kind = 13, balance, 0)), SUM(held),"
        " -SUM(IF(kind = 14, balance, 0)),"
        " (SELECT SUM(p.amount) FROM ledger_account b JOIN ledger_posting p"
        "    ON p.account_id = b.id WHERE b.kind = 21),"
        " (SELECT SUM(p.amount) FROM ledger_account b JOIN ledger_posting p"
        "    ON p.account_id = b.id WHERE b.kind = 22),"
        " (SELECT SUM(p.amount) FROM ledger_account b JOIN ledger_posting p"
        "    ON p.account_id = b.id WHERE b.kind IN (31, 32, 33, 34))"
        " FROM ledger_account";
    static const struct db_field row[] = {
        DB_FIELD(struct ledger_figures, transactions),
        DB_FIELD(struct ledger_figures, postings),
        DB_FIELD(struct ledger_figures, accounts),
        DB_FIELD(struct ledger_figures, holds),
        DB_FIELD(struct ledger_figures, open_holds),
        DB_FIELD(struct ledger_figures, paid),
        DB_FIELD(struct ledger_figures, granted),
        DB_FIELD(struct ledger_figures, gift),
        DB_FIELD(struct ledger_figures, held),
        DB_FIELD(struct ledger_figures, arrears),
        DB_FIELD(struct ledger_figures, merchants),
        DB_FIELD(struct ledger_figures, services),
        DB_FIELD(struct ledger_figures, channels),
    };

    const struct ledger_figures *f = db_row(
        cx, sql, BIND(), ROW(struct ledger_figures, row));

    must(f != NULL);
    return f;
}

/* ---- the watch: what is new ------------------------------------------ */

/* R1: new transactions, and the accounts they touched. */
static const struct verify_check fresh[] = {
    { "new transactions add up to zero",
      "新凭证借贷相抵",
      "SELECT COUNT(*), MIN(CONCAT('tx ', id, ': ', s)) FROM ("
      " SELECT t.id, SUM(p.amount) AS s FROM ledger_tx t"
      "   JOIN ledger_posting p ON p.tx_id = t.id WHERE t.at >= ?"
      "  GROUP BY t.id HAVING s <> 0) b" },
    { "balances are those of the last posting",
      "新凭证后的余额等于最后一条分录",
      "SELECT COUNT(*), MIN(CONCAT('account ', a.id)) FROM ("
      " SELECT DISTINCT p.account_id FROM ledger_tx t"
      "   JOIN ledger_posting p ON p.tx_id = t.id WHERE t.at >= ?) n"
      "  JOIN ledger_account a ON a.id = n.account_id"
      " WHERE a.is_hot = 0 AND a.balance <> ("
      "   SELECT l.balance_after FROM ledger_posting l"
      "    WHERE l.account_id = a.id ORDER BY l.id DESC LIMIT 1)" },
};

static const struct finding *fresh_checks(struct cx *cx, stamp since,
                                          size_t *count)
{
    *count = COUNT(fresh);
    return verify_run(cx, fresh, COUNT(fresh), since);
}

/* ---- keeping what was found ------------------------------------------ */

struct found {
    const struct watch *w;
    const struct finding *f;
    size_t n;
};

static void look(struct cx *cx, void *arg)
{
    struct found *found = arg;

    found->f = found->w->collect(cx, found->w->since, &found->n);
}

/* broken_at stays that of the first run that found it broken. */
static void keep(struct cx *cx, void *arg)
{
    static const char sql[] =
        "INSERT INTO book_check (name, title, breaks, first_row, every_s,"
        " checked_at, broken_at) VALUES (?, ?, ?, ?, ?, ?, ?)"
        " ON DUPLICATE KEY UPDATE title = VALUES(title),"
        " broken_at = IF(VALUES(breaks) = 0, NULL,"
        "   COALESCE(broken_at, VALUES(broken_at))),"
        " breaks = VALUES(breaks), first_row = VALUES(first_row),"
        " every_s = VALUES(every_s), checked_at = VALUES(checked_at)";
    const struct found *found = arg;

    db_need_tx(cx);
    must(found->w->every_s > 0); /* or it is overdue at once */
    for (size_t i = 0; i < found->n; i++) {
        const struct finding *f = &found->f[i];
        stamp broken = { f->breaks != 0 ? cx->now.ms : 0 };

        db_exec(cx, sql,
                BIND(V(f->what), V(f->title), V(f->breaks), V(f->first),
                     V(found->w->every_s), V(cx->now), V(broken)));
    }
}

void verify_watch(struct cx *cx, const struct watch *w)
{
    struct found *found = CX_NEW(cx, struct found);

    must(!db_in_tx(cx->db)); /* a moment of its own */
    found->w = w;
    db_report(cx, look, found);
    must(found->n > 0);
    for (size_t i = 0; i < found->n; i++)
        if (found->f[i].breaks != 0)
            log_error("books.broken", F_TEXT("check", found->f[i].what),
                      F_INT("breaks", found->f[i].breaks),
                      F_TEXT("first", found->f[i].first));
    db_tx(cx, keep, found);
}

void ledger_watch(struct cx *cx)
{
    verify_watch(cx, &(struct watch){ fresh_checks,
                                      stamp_add_ms(cx->now, -WATCH_MS), 60 });
}

void ledger_watch_all(struct cx *cx)
{
    verify_watch(cx, &(struct watch){ ledger_verify, { 0 }, 86400 });
}

int64_t verify_wrong_count(struct cx *cx)
{
    static const char sql[] =
        "SELECT COUNT(*) FROM book_check"
        " WHERE breaks > 0 OR checked_at < ? - INTERVAL 2 * every_s SECOND";

    if (!cx->scope.all)
        return 0;
    return db_int(cx, sql, BIND(V(cx->now)));
}
