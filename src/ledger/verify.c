#include "ledger/verify.h"

#include "base/log.h"
#include "db/db.h"

enum { WATCH_MS = 10 * 60 * 1000 };

static const struct verify_check checks[] = {
    { "each transaction adds up to zero",
      "SELECT COUNT(*), MIN(CONCAT('tx ', id, ': ', s)) FROM ("
      " SELECT t.id, SUM(p.amount) AS s FROM ledger_tx t"
      "   JOIN ledger_posting p ON p.tx_id = t.id WHERE t.at >= ?"
      "  GROUP BY t.id HAVING s <> 0) b" },
    { "each transaction has two postings or more",
      "SELECT COUNT(*), MIN(CONCAT('tx ', id)) FROM ("
      " SELECT t.id, COUNT(p.id) AS n FROM ledger_tx t"
      "   LEFT JOIN ledger_posting p ON p.tx_id = t.id WHERE t.at >= ?"
      "  GROUP BY t.id HAVING n < 2) b" },
    { "each posting belongs to a transaction",
      "SELECT COUNT(*), MIN(CONCAT('posting ', p.id)) FROM ledger_posting p"
      "  LEFT JOIN ledger_tx t ON t.id = p.tx_id"
      " WHERE t.id IS NULL AND ? IS NOT NULL" },
    { "the balance of each account is the sum of its postings",
      "SELECT COUNT(*), MIN(CONCAT('account ', id, ': ', balance, ' not ',"
      "   s)) FROM ("
      " SELECT a.id, a.balance, COALESCE(SUM(p.amount), 0) AS s"
      "   FROM ledger_account a"
      "   LEFT JOIN ledger_posting p ON p.account_id = a.id"
      "  WHERE a.is_hot = 0 AND ? IS NOT NULL"
      "  GROUP BY a.id, a.balance HAVING a.balance <> s) b" },
    { "hot accounts keep nothing in line",
      "SELECT COUNT(*), MIN(CONCAT('account ', id)) FROM ledger_account"
      " WHERE is_hot = 1 AND (balance <> 0 OR held <> 0)"
      "   AND ? IS NOT NULL" },
    { "every posting left the balance that it says",
      "SELECT COUNT(*), MIN(CONCAT('posting ', id)) FROM ("
      " SELECT p.id, p.balance_after, SUM(p.amount) OVER (PARTITION BY"
      "   p.account_id ORDER BY p.id) AS s"
      "   FROM ledger_posting p JOIN ledger_account a ON a.id = p.account_id"
      "  WHERE a.is_hot = 0 AND ? IS NOT NULL) b"
      " WHERE balance_after IS NULL OR balance_after <> s" },
    { "what is held is the sum of the open holds",
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
      "SELECT COUNT(*), MIN(CONCAT('hold ', id)) FROM ("
      " SELECT h.id, h.amount, COALESCE(SUM(p.amount), 0) AS s"
      "   FROM ledger_hold h LEFT JOIN ledger_hold_part p ON p.hold_id = h.id"
      "  WHERE h.created_at >= ? GROUP BY h.id, h.amount"
      "  HAVING h.amount <> s) b" },
    { "a settled hold names its transaction",
      "SELECT COUNT(*), MIN(CONCAT('hold ', e.hold_id))"
      "  FROM ledger_hold_end e LEFT JOIN ledger_tx t ON t.id = e.tx_id"
      " WHERE e.at >= ? AND (e.how = 1) <> (t.id IS NOT NULL)" },
    { "no account is below its floor",
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

    for (size_t i = 0; i < count; i++) {
        const struct finding *r = db_row(cx, list[i].sql, BIND(V(from)),
                                         ROW(struct finding, row));

        f[i] = (struct finding){ list[i].what, r->breaks, r->first };
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
        "    ON p.account_id = b.id WHERE b.kind IN (31, 32, 33))"
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

    return db_row(cx, sql, BIND(), ROW(struct ledger_figures, row));
}

/* ---- the watch: what is new ------------------------------------------ */

/* R1: new transactions, and the accounts they touched. */
static const struct verify_check fresh[] = {
    { "new transactions add up to zero",
      "SELECT COUNT(*), MIN(CONCAT('tx ', id, ': ', s)) FROM ("
      " SELECT t.id, SUM(p.amount) AS s FROM ledger_tx t"
      "   JOIN ledger_posting p ON p.tx_id = t.id WHERE t.at >= ?"
      "  GROUP BY t.id HAVING s <> 0) b" },
    { "balances are those of the last posting",
      "SELECT COUNT(*), MIN(CONCAT('account ', a.id)) FROM ("
      " SELECT DISTINCT p.account_id FROM ledger_tx t"
      "   JOIN ledger_posting p ON p.tx_id = t.id WHERE t.at >= ?) n"
      "  JOIN ledger_account a ON a.id = n.account_id"
      " WHERE a.is_hot = 0 AND a.balance <> ("
      "   SELECT l.balance_after FROM ledger_posting l"
      "    WHERE l.account_id = a.id ORDER BY l.id DESC LIMIT 1)" },
};

static void watch(struct cx *cx, void *arg)
{
    const struct finding *f = verify_run(cx, fresh, COUNT(fresh),
                                         stamp_add_ms(cx->now, -WATCH_MS));

    (void)arg;
    for (size_t i = 0; i < COUNT(fresh); i++)
        if (f[i].breaks != 0)
            log_error("ledger.broken", F_TEXT("check", f[i].what),
                      F_INT("breaks", f[i].breaks),
                      F_TEXT("first", f[i].first));
}

void ledger_watch(struct cx *cx)
{
    db_report(cx, watch, NULL);
}
