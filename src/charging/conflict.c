#include "charging/conflict.h"

#include "db/scope.h"

const struct record_conflict *conflict_load(struct cx *cx, int64_t id)
{
    static const struct scope_columns scope = SCOPE_STATION("s");
    static const struct db_field row[] = {
        DB_FIELD(struct record_conflict, trade_no),
        DB_FIELD(struct record_conflict, raw),
        DB_FIELD(struct record_conflict, first),
    };
    static const char sql[] =
        "SELECT x.trade_no, x.raw, r.raw FROM trade_record_conflict x"
        "  JOIN trade_record r ON r.trade_no = x.trade_no"
        "  JOIN pile p ON p.id = x.pile_id"
        "  JOIN station s ON s.id = p.station_id WHERE x.id = ?";

    return scoped_row(cx, sql, id, &scope, ROW(struct record_conflict, row),
                      "交易记录");
}
