/*
 * What the jobs that check the books found last (账目核对, rules R1, R2).
 */
#include "ledger/check_admin.h"

#define CHECK_RESULTS(X)                               \
    X(CHECK_RIGHT,   1, "right",   "一致", "ok")         \
    X(CHECK_WRONG,   2, "wrong",   "不一致", "fault")     \
    X(CHECK_OVERDUE, 3, "overdue", "未按时核对", "warn")
LABELS_DECLARE(check_result, CHECK_RESULTS);
LABELS_DEFINE(check_result, CHECK_RESULTS);

/* As verify_wrong_count. */
#define RESULT                                                            \
    "IF(b.breaks > 0, 2, IF(b.checked_at < NOW() - INTERVAL"              \
    " 2 * b.every_s SECOND, 3, 1))"

/* The words of the page's own sentence; a period that is none of them is told
   in seconds, not as a time of day. */
#define EVERY                                                             \
    "CASE b.every_s WHEN 60 THEN '每分钟' WHEN 3600 THEN '每小时'"            \
    " WHEN 86400 THEN '每日' ELSE CONCAT('每 ', b.every_s, ' 秒') END"

static const struct column columns[] = {
    { "title", "核对内容", "b.title", CELL_TEXT, COL_LINK },
    { "result", "结果", RESULT, CELL_ENUM,
      .labels = LIST(check_result_labels) },
    { "breaks", "不一致", "NULLIF(b.breaks, 0)", CELL_INT },
    { "first", "第一处", "IF(b.breaks > 0, b.first_row, NULL)", CELL_MONO },
    { "broken", "发现时间", "b.broken_at", CELL_TIME },
    { "checked", "核对时间", "b.checked_at", CELL_TIME },
    { "every", "周期", EVERY, CELL_TEXT },
};

static const struct filter filters[] = {
    { "result", "结果", RESULT, FILTER_ENUM, FILTER_TABS,
      .labels = LIST(check_result_labels) },
};

const struct resource check_page = {
    .name = "bookcheck", .title = "账目核对", .unit = "项",
    .icon = "shield-check",
    .sub = "系统每分钟、每小时、每日自动核对账目，只读不改",
    .empty = "后台任务运行后，核对结果会出现在这里。",
    .live = "bookcheck", .small = true,
    .key = "b.id", .text = "b.title", .search = "b.title",
    .from = "book_check b",
    .scope = SCOPE_PLATFORM,
    .perm = { .view = "ledger.check", .export = "ledger.check" },
    .columns = LIST(columns), .filters = LIST(filters),
};
