#include "db/partition.h"

#include <string.h>

#include "base/log.h"
#include "db/db.h"

/* RANGE COLUMNS (at), the last partition pmax. Names are ours (rule I2). */
static const char *const tables[] = { "telemetry", "frame_log" };

static int64_t month_number(stamp t)
{
    struct civil c = stamp_civil(t);

    return (int64_t)c.year * 12 + c.month - 1;
}

/* The month after the newest that the table has; 0 without any. */
static int64_t next_month(struct cx *cx, const char *table)
{
    static const char sql[] =
        "SELECT MAX(CAST(SUBSTRING(partition_name, 2) AS INTEGER))"
        "  FROM information_schema.partitions"
        " WHERE table_schema = DATABASE() AND table_name = ?"
        "   AND partition_name REGEXP '^p[0-9]{6}$'";
    int64_t last = db_int(cx, sql, BIND(V(table)));

    return last == 0 ? 0 : last / 100 * 12 + last % 100;
}

static void make_month(struct cx *cx, const char *table, int64_t month)
{
    int64_t end = month + 1;
    /* A name cannot be bound: constants and numbers of ours only. */
    const char *ddl = cx_printf(
        cx,
        "ALTER TABLE %s REORGANIZE PARTITION pmax INTO (PARTITION p%04d%02d"
        " VALUES LESS THAN ('%04d-%02d-01'), PARTITION pmax VALUES LESS"
        " THAN (MAXVALUE))",
        table, (int)(month / 12), (int)(month % 12 + 1), (int)(end / 12),
        (int)(end % 12 + 1));

    db_exec(cx, ddl, BIND());
    log_info("partition.made", F_TEXT("table", table),
             F_INT("month", month / 12 * 100 + month % 12 + 1));
}

int partitions_make(struct cx *cx, stamp from, int ahead)
{
    int64_t last = month_number(cx->now) + ahead;
    int made = 0;

    must(ahead >= 0 && ahead <= 24);
    for (size_t i = 0; i < COUNT(tables); i++) {
        int64_t month = next_month(cx, tables[i]);

        if (month == 0)
            month = month_number(from);
        for (; month <= last; month++, made++)
            make_month(cx, tables[i], month);
    }
    return made;
}
