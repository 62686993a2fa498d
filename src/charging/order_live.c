/*
 * Running orders: see order_live.h.
 */
#include "charging/order_live.h"

#include "db/db.h"
#include "protocol/ykc/codes.h"

/* Appended to every change: whose pile it is (rule G6). */
#define HELD                                                            \
    "   AND EXISTS (SELECT 1 FROM pile p WHERE p.id = pile_id"          \
    "                  AND p.gateway_id = ? AND p.epoch = ?)"

static const struct db_field live_row[] = {
    DB_FIELD(struct order_live, id),
    DB_FIELD(struct order_live, trade_no),
    DB_FIELD(struct order_live, pile_id),
    DB_FIELD(struct order_live, gun),
    DB_FIELD(struct order_live, state),
    DB_FIELD(struct order_live, tariff_version_id),
    DB_FIELD(struct order_live, charging_at),
    DB_FIELD(struct order_live, live_at),
    DB_FIELD(struct order_live, soc_start),
    DB_FIELD(struct order_live, live_energy_e4kwh),
    DB_FIELD(struct order_live, live_amount),
    DB_FIELD(struct order_live, idle_reports),
};

const struct order_live *order_live_find(struct cx *cx, const char *trade_no)
{
    static const char sql[] =
        "SELECT id, trade_no, pile_id, gun, state, tariff_version_id,"
        "   charging_at, live_at, soc_start, live_energy_e4kwh,"
        "   live_amount_fen, idle_reports"
        "  FROM charge_order"
        " WHERE trade_no = ?";

    return db_row(cx, sql, BIND(V(trade_no)),
                  ROW(struct order_live, live_row));
}

const struct order_live *order_live_all(struct cx *cx, int64_t after_id,
                                        size_t *count)
{
    static const char sql[] =
        "SELECT id, trade_no, pile_id, gun, state, tariff_version_id,"
        "   charging_at, live_at, soc_start, live_energy_e4kwh,"
        "   live_amount_fen, idle_reports"
        "  FROM charge_order"
        " WHERE state BETWEEN 2 AND 6 AND id > ?"
        " ORDER BY id LIMIT 5000";

    return db_rows(cx, sql, BIND(V(after_id)),
                   ROW(struct order_live, live_row), count);
}

static void fill_progress(struct db_value *v, struct holder h,
                          const struct order_progress *p)
{
    v[0] = V(p->at);
    v[1] = v[2] = V(p->soc);
    v[3] = V(p->soc_start);
    v[4] = V(p->power_w);
    v[5] = V(p->energy_e4kwh);
    v[6] = V(p->amount);
    v[7] = V(p->idle_reports);
    v[8] = v[9] = V(p->vin);
    v[10] = V(p->order_id);
    v[11] = V(h.gateway_id);
    v[12] = V(h.epoch);
}

int64_t order_progress_write(struct cx *cx, struct holder h,
                             const struct order_progress *rows, size_t n)
{
    static const char sql[] =
        "UPDATE charge_order SET live_at = ?, soc = IF(? = 0, soc, ?),"
        "   soc_start = IF(soc_start = 0, ?, soc_start),"
        "   max_power_w = GREATEST(max_power_w, ?),"
        "   live_energy_e4kwh = GREATEST(live_energy_e4kwh, ?),"
        "   live_amount_fen = GREATEST(live_amount_fen, ?),"
        "   idle_reports = ?, vin = IF(? = '', vin, ?)"
        " WHERE id = ? AND state BETWEEN 2 AND 6"
        HELD;
    enum { COLUMNS = 13, BATCH = 1000 };
    int64_t matched = 0;

    for (size_t from = 0; from < n; from += BATCH) {
        size_t count = n - from < BATCH ? n - from : BATCH;
        struct db_value *v = arena_array(cx->arena, count * COLUMNS,
                                         sizeof *v);

        for (size_t i = 0; i < count; i++)
            fill_progress(v + i * COLUMNS, h, &rows[from + i]);
        matched += db_insert_rows(cx, sql, v, count, COLUMNS);
    }
    return matched;
}

bool order_sent(struct cx *cx, struct holder h, int64_t order_id)
{
    static const char sql[] =
        "UPDATE charge_order SET state = 2, sent_at = ?, ver = ver + 1"
        " WHERE id = ? AND state = 1"
        HELD;

    return db_change_one(cx, sql, BIND(V(cx->now), V(order_id),
                                       V(h.gateway_id), V(h.epoch)));
}

bool order_not_sent(struct cx *cx, int64_t order_id, const char *why)
{
    static const char sql[] =
        "UPDATE charge_order SET state = 7, fail_reason = ?, ended_at = ?,"
        "   ver = ver + 1"
        " WHERE id = ? AND state = 1";

    return db_change_one(cx, sql, BIND(V(why), V(cx->now), V(order_id)));
}

static bool replied_ok(struct cx *cx, struct holder h, int64_t order_id)
{
    static const char sql[] =
        "UPDATE charge_order SET state = IF(state = 3, 2, state),"
        "   replied_at = ?, ver = ver + 1"
        " WHERE id = ? AND state BETWEEN 2 AND 6"
        HELD;

    return db_change_one(cx, sql, BIND(V(cx->now), V(order_id),
                                       V(h.gateway_id), V(h.epoch)));
}

bool order_replied(struct cx *cx, struct holder h, int64_t order_id, bool ok,
                   int reason)
{
    static const char waiting[] =
        "UPDATE charge_order SET state = 3, replied_at = ?, ver = ver + 1"
        " WHERE id = ? AND state = 2"
        HELD;
    static const char refused[] =
        "UPDATE charge_order SET state = 7, replied_at = ?, ended_at = ?,"
        "   fail_reason = ?, ver = ver + 1"
        " WHERE id = ? AND state IN (2, 3)"
        HELD;
    const struct label *word = label_of(
        (struct labels)LIST(ykc_start_failure_labels), reason);

    if (ok)
        return replied_ok(cx, h, order_id);
    if (reason == YKC_START_FAILURE_NOT_PLUGGED)
        return db_change_one(cx, waiting,
                             BIND(V(cx->now), V(order_id), V(h.gateway_id),
                                  V(h.epoch)));
    return db_change_one(
        cx, refused,
        BIND(V(cx->now), V(cx->now),
             V((const char *)cx_printf(cx, "电桩拒绝启动：%s（0x%02X）",
                                       word != NULL ? word->word
                                                    : "未知原因",
                                       (unsigned)reason & 0xFF)),
             V(order_id), V(h.gateway_id), V(h.epoch)));
}

bool order_charging(struct cx *cx, struct holder h, int64_t order_id,
                    stamp at)
{
    static const char sql[] =
        "UPDATE charge_order SET"
        "   charging_at = COALESCE(charging_at, ?),"
        "   state = IF(state < 4, 4, state), ver = ver + 1"
        " WHERE id = ? AND state BETWEEN 1 AND 6"
        HELD;

    return db_change_one(cx, sql, BIND(V(at), V(order_id), V(h.gateway_id),
                                       V(h.epoch)));
}

bool order_stop_sent(struct cx *cx, struct holder h, int64_t order_id)
{
    static const char sql[] =
        "UPDATE charge_order SET stop_sent_at = COALESCE(stop_sent_at, ?),"
        "   state = IF(state = 4, 5, state), ver = ver + 1"
        " WHERE id = ? AND state BETWEEN 2 AND 7"
        HELD;

    return db_change_one(cx, sql, BIND(V(cx->now), V(order_id),
                                       V(h.gateway_id), V(h.epoch)));
}

bool order_stop_replied(struct cx *cx, struct holder h, int64_t order_id,
                        stamp at)
{
    static const char sql[] =
        "UPDATE charge_order SET ended_at = COALESCE(ended_at, ?),"
        "   state = 6, ver = ver + 1"
        " WHERE id = ? AND state = 5"
        HELD;

    return db_change_one(cx, sql, BIND(V(at), V(order_id), V(h.gateway_id),
                                       V(h.epoch)));
}

bool order_ended(struct cx *cx, struct holder h, int64_t order_id,
                 int idle_reports, stamp at)
{
    static const char sql[] =
        "UPDATE charge_order SET ended_at = COALESCE(ended_at, ?),"
        "   idle_reports = ?, state = 6, ver = ver + 1"
        " WHERE id = ? AND (state = 5 OR (state = 4 AND ? >= 2))"
        HELD;

    return db_change_one(cx, sql,
                         BIND(V(at), V(idle_reports), V(order_id),
                              V(idle_reports), V(h.gateway_id),
                              V(h.epoch)));
}
