#include "jobs/keep.h"

#include "base/log.h"
#include "db/db.h"
#include "db/partition.h"
#include "feature_list.h"
#include "jobs/deliver.h"
#include "jobs/disk.h"
#include "system/audit_chain.h"
#include "system/sweep.h"

enum { MONTHS_AHEAD = 3, OLD_S = 60 };

static void deliver(struct cx *cx)
{
    deliver_events(cx, &all_features);
}

static void make_partitions(struct cx *cx)
{
    partitions_make(cx, cx->now, MONTHS_AHEAD);
}

struct ages {
    int64_t outbox_s, records_s, dead;
};

/* Age, not count, says that something is stuck (R6). */
static void watch_ages(struct cx *cx)
{
    static const char sql[] =
        "SELECT (SELECT TIMESTAMPDIFF(SECOND, MIN(created_at), NOW())"
        "          FROM outbox WHERE done_at IS NULL AND dead_at IS NULL),"
        "       (SELECT TIMESTAMPDIFF(SECOND, MIN(received_at), NOW())"
        "          FROM trade_record WHERE state = 1),"
        "       (SELECT COUNT(*) FROM outbox WHERE done_at IS NULL"
        "           AND dead_at IS NOT NULL)";
    static const struct db_field row[] = {
        DB_FIELD(struct ages, outbox_s), DB_FIELD(struct ages, records_s),
        DB_FIELD(struct ages, dead),
    };
    const struct ages *a = db_row(cx, sql, BIND(), ROW(struct ages, row));

    if (a->outbox_s > OLD_S)
        log_error("outbox.late", F_INT("seconds", a->outbox_s));
    if (a->records_s > OLD_S)
        log_error("settle.late", F_INT("seconds", a->records_s));
    if (a->dead > 0)
        log_error("outbox.dead_letters", F_INT("count", a->dead));
}

const struct job kept_jobs[KEPT_JOBS] = {
    { "outbox.deliver", 500, LIMIT_S(10), deliver, "投递业务事件" },
    { "outbox.ages", EVERY_S(60), LIMIT_S(10), watch_ages, "检查积压" },
    { "disk.watch", EVERY_S(60), LIMIT_S(10), disk_watch, "检查磁盘余量" },
    { "partition.make", EVERY_S(86400), LIMIT_S(300), make_partitions,
      "建立月分区" },
    { "audit.seal", EVERY_S(5), LIMIT_S(60), audit_seal, "封存审计记录" },
    { "audit.head", EVERY_S(3600), LIMIT_S(10), audit_head,
      "记下审计链的末端" },
    { "sweep", EVERY_S(3600), LIMIT_S(300), sweep, "清理过期数据" },
};
