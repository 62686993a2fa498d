/*
 * What the ledger brings: no pages, only a watch over the books.
 */
#include "ledger/verify.h"
#include "web/feature.h"

static const struct job jobs[] = {
    { "ledger.watch", EVERY_S(60), LIMIT_S(60), ledger_watch,
      "核对新入账的流水" },
};

const struct feature ledger_feature = {
    .name = "ledger", .jobs = LIST(jobs),
};
