#include "charging/find.h"

#include <string.h>

#include "charging/order.h"
#include "db/db.h"
#include "db/scope.h"

static const struct scope_columns orders = SCOPE_OWNED("o");
static const struct scope_columns stations = SCOPE_STATION("s");

static const struct db_field hit_row[] = {
    DB_FIELD(struct find_hit, id),
    DB_FIELD(struct find_hit, title),
};

/* db_contains without its first "%". */
static const char *begins(struct cx *cx, const char *text)
{
    return db_contains(cx, text) + 1;
}

struct find_hit *find_orders(struct cx *cx, const char *text, size_t *count)
{
    static const char by_no[] =
        "SELECT o.id, o.order_no FROM charge_order o WHERE o.order_no LIKE ?";
    static const char by_trade[] =
        "SELECT o.id, o.order_no FROM charge_order o WHERE o.trade_no = ?";

    /* Not one statement: asked for both, MariaDB collects all that fits and
       sorts it; in the order of the number it stops at the fourth. */
    if (strlen(text) == TRADE_NO_SIZE - 1)
        return scoped_rows(cx, by_trade, BIND(V(text)), &orders, "",
                           ROW(struct find_hit, hit_row), count);
    return scoped_rows(cx, by_no, BIND(V(begins(cx, text))), &orders,
                       " ORDER BY o.order_no DESC LIMIT 4",
                       ROW(struct find_hit, hit_row), count);
}

struct find_hit *find_piles(struct cx *cx, const char *text, size_t *count)
{
    static const char sql[] =
        "SELECT p.id, CONCAT(p.no, ' ', p.name, ' · ', s.name)"
        "  FROM pile p"
        "  JOIN station s ON s.id = p.station_id"
        " WHERE p.deleted_at IS NULL"
        "   AND (p.no LIKE ? OR p.no = LEFT(?, 14) OR p.name LIKE ?)";

    return scoped_rows(cx, sql,
                       BIND(V(begins(cx, text)), V(text),
                            V(db_contains(cx, text))),
                       &stations, " ORDER BY p.no LIMIT 4",
                       ROW(struct find_hit, hit_row), count);
}

struct find_hit *find_stations(struct cx *cx, const char *text, size_t *count)
{
    static const char sql[] =
        "SELECT s.id, s.name FROM station s WHERE s.name LIKE ?";

    return scoped_rows(cx, sql, BIND(V(db_contains(cx, text))), &stations,
                       " ORDER BY s.id LIMIT 4",
                       ROW(struct find_hit, hit_row), count);
}
