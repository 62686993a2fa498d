#include "driver/payer.h"

#include <string.h>

#include "db/db.h"
#include "protocol/ykc/frame.h"

LABELS_DEFINE(card_status, CARD_STATUSES);

static const struct db_field payer_row[] = {
    DB_FIELD(struct payer, driver_id),   DB_FIELD(struct payer, is_enabled),
    DB_FIELD(struct payer, plate),       DB_FIELD(struct payer, physical_no),
    DB_FIELD(struct payer, logical_no),  DB_FIELD(struct payer, card_status),
};

const struct payer *payer_find(struct cx *cx, int64_t driver_id)
{
    static const char sql[] =
        "SELECT d.id, d.status = 1, d.plate, COALESCE(c.physical_no, ''),"
        "       COALESCE(c.logical_no, ''), c.status"
        "  FROM driver d"
        "  LEFT JOIN card c ON c.driver_id = d.id AND c.status = 1"
        " WHERE d.id = ? ORDER BY c.id LIMIT 1";

    return db_row(cx, sql, BIND(V(driver_id)), ROW(struct payer, payer_row));
}

static const struct payer *by_card(struct cx *cx, const char *no)
{
    static const char sql[] =
        "SELECT d.id, d.status = 1, d.plate, c.physical_no, c.logical_no,"
        "       c.status"
        "  FROM card c JOIN driver d ON d.id = c.driver_id"
        " WHERE c.physical_no = ?";

    return db_row(cx, sql, BIND(V(no)), ROW(struct payer, payer_row));
}

const struct payer *payer_of_card(struct cx *cx, const char *physical_no)
{
    static const size_t sizes[] = { 4, 7 }; /* UIDs of Mifare chips */
    const struct payer *p = by_card(cx, physical_no);

    for (size_t i = 0; p == NULL && i < COUNT(sizes); i++) {
        char turned[YKC_CARD_TEXT];

        ykc_card_reverse(physical_no, sizes[i], turned);
        p = by_card(cx, turned);
    }
    return p;
}
