/*
 * What the ledger brings: a watch over the books, and what it found.
 */
#include "ledger/check_admin.h"
#include "ledger/ledger_chain.h"
#include "ledger/verify.h"
#include "web/feature.h"

static const struct resource *const pages[] = { &check_page };

static const struct permission perms[] = {
    { "ledger.check", "查看账目核对", .platform = true },
};

static const struct live_count lives[] = {
    { "bookcheck", true, verify_wrong_count },
};

static const struct job jobs[] = {
    { "ledger.watch", EVERY_S(60), LIMIT_S(60), ledger_watch,
      "核对新入账的流水" },
    { "ledger.seal", EVERY_S(5), LIMIT_S(60), ledger_seal,
      "封存账务流水" },
    { "ledger.head", EVERY_S(3600), LIMIT_S(10), ledger_head,
      "记下账务链的末端" },
    { "ledger.books", EVERY_S(86400), LIMIT_S(900), ledger_watch_all,
      "核对全部流水与余额" },
};

/* What the audit calls what is written here. */
static const struct label events[] = {
    LABEL("correction.open", "提交更正"),
    LABEL("correction.approve", "审批更正"),
    LABEL("correction.refuse", "驳回更正"),
};

/* In the menu group of payment, its neighbour. */
const struct feature ledger_feature = {
    .name = "ledger", .menu = "财务结算", .icon = "coin",
    .pages = LIST(pages), .perms = LIST(perms), .lives = LIST(lives),
    .jobs = LIST(jobs),
    .events = LIST(events),
};
