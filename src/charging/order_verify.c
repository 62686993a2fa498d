#include "charging/order_verify.h"

#include "db/db.h"

static const struct verify_check checks[] = {
    { "each settled order was booked at its total",
      "已结算订单按总额入账",
      "SELECT COUNT(*), MIN(CONCAT('order ', order_no, ': ', total_fen,"
      "   ' not ', s)) FROM ("
      " SELECT o.id, o.order_no, o.total_fen, COALESCE(SUM(IF(a.kind IN"
      "     (21, 22), p.amount, 0)), 0) AS s"
      "   FROM charge_order o"
      "   LEFT JOIN ledger_tx t ON t.ref_kind = 'order' AND t.ref_id = o.id"
      "   LEFT JOIN ledger_posting p ON p.tx_id = t.id"
      "   LEFT JOIN ledger_account a ON a.id = p.account_id"
      "  WHERE o.state = 10 AND o.settled_at >= ?"
      "  GROUP BY o.id, o.order_no, o.total_fen"
      "  HAVING o.total_fen <> s) b" },
    { "no order was booked that is not settled",
      "未结算的订单没有入账",
      "SELECT COUNT(*), MIN(CONCAT('tx ', t.id)) FROM ledger_tx t"
      "  LEFT JOIN charge_order o ON o.id = t.ref_id"
      " WHERE t.ref_kind = 'order' AND t.at >= ?"
      "   AND (o.id IS NULL OR o.state <> 10)" },
    { "electricity and service make the total",
      "电费与服务费合计等于总额",
      "SELECT COUNT(*), MIN(CONCAT('order ', order_no)) FROM charge_order"
      " WHERE state = 10 AND settled_at >= ?"
      "   AND elec_fen + service_fen <> total_fen" },
    { "the bill by rate is the order's energy and money",
      "分时账单等于订单电量与金额",
      "SELECT COUNT(*), MIN(CONCAT('order ', order_no)) FROM ("
      " SELECT o.order_no, o.energy_e4kwh AS e, o.elec_fen, o.service_fen,"
      "   COALESCE(SUM(b.energy_e4kwh), 0) AS be,"
      "   COALESCE(SUM(b.elec_nano), 0) AS en,"
      "   COALESCE(SUM(b.service_nano), 0) AS sn,"
      "   COALESCE(SUM(b.elec_nano <> b.energy_e4kwh * b.elec_e5 OR"
      "     b.service_nano <> b.energy_e4kwh * b.service_e5), 0) AS bad"
      "   FROM charge_order o LEFT JOIN order_bill b ON b.order_id = o.id"
      "  WHERE o.state = 10 AND o.settled_at >= ?"
      "  GROUP BY o.id, o.order_no, o.energy_e4kwh, o.elec_fen,"
      "    o.service_fen) x"
      " WHERE e <> be OR bad > 0 OR elec_fen <> (en + 5000000) DIV 10000000"
      "    OR service_fen <> (sn + 5000000) DIV 10000000" },
    { "prices are those of the version frozen at start",
      "单价等于启动时冻结的版本",
      "SELECT COUNT(*), MIN(CONCAT('order ', o.order_no))"
      "  FROM charge_order o JOIN order_bill b ON b.order_id = o.id"
      "  JOIN tariff_version v ON v.id = o.tariff_version_id"
      " WHERE o.state = 10 AND o.settled_at >= ? AND (b.elec_e5 <>"
      "   ELT(b.rate + 1, v.sharp_elec_e5, v.peak_elec_e5, v.flat_elec_e5,"
      "     v.valley_elec_e5) OR b.service_e5 <>"
      "   ELT(b.rate + 1, v.sharp_service_e5, v.peak_service_e5,"
      "     v.flat_service_e5, v.valley_service_e5))" },
    { "reserved money belongs to orders that are not over",
      "冻结的钱都属于未结束的订单",
      "SELECT COUNT(*), MIN(CONCAT('hold ', h.id)) FROM ledger_hold h"
      "  LEFT JOIN ledger_hold_end e ON e.hold_id = h.id"
      "  LEFT JOIN charge_order o ON o.id = h.ref_id"
      " WHERE e.hold_id IS NULL AND h.ref_kind = 'order'"
      "   AND ? IS NOT NULL"
      "   AND (o.id IS NULL OR o.state = 10 OR o.hold_id <> h.id"
      "        OR o.hold_open = 0)" },
    { "orders marked as reserving have an open hold",
      "标记冻结的订单都有预授权",
      "SELECT COUNT(*), MIN(CONCAT('order ', o.order_no))"
      "  FROM charge_order o LEFT JOIN ledger_hold_end e"
      "    ON e.hold_id = o.hold_id"
      " WHERE o.hold_open = 1 AND ? IS NOT NULL"
      "   AND (o.hold_id IS NULL OR e.hold_id IS NOT NULL)" },
    { "settled records have a settled order",
      "已结算的记录都有已结算的订单",
      "SELECT COUNT(*), MIN(CONCAT('record ', r.trade_no))"
      "  FROM trade_record r LEFT JOIN charge_order o"
      "    ON o.trade_no = COALESCE(r.for_trade_no, r.trade_no)"
      " WHERE r.state IN (2, 5) AND r.received_at >= ?"
      "   AND (o.id IS NULL OR o.state <> 10)" },
    { "orders settled from a record have it",
      "按记录结算的订单都有记录",
      "SELECT COUNT(*), MIN(CONCAT('order ', o.order_no))"
      "  FROM charge_order o LEFT JOIN trade_record r"
      "    ON r.trade_no = o.trade_no"
      "  LEFT JOIN trade_record a ON a.for_trade_no = o.trade_no"
      " WHERE o.state = 10 AND o.settled_at >= ?"
      "   AND o.provisional_at IS NULL AND r.id IS NULL AND a.id IS NULL" },
    { "corrections add up to what was booked for them",
      "更正金额与入账一致",
      "SELECT COUNT(*), MIN(CONCAT('order ', order_id)) FROM ("
      " SELECT j.order_id, SUM(j.total_fen) AS d, ("
      "   SELECT COALESCE(SUM(p.amount), 0) FROM ledger_tx t"
      "     JOIN ledger_posting p ON p.tx_id = t.id"
      "     JOIN ledger_account a ON a.id = p.account_id"
      "    WHERE t.ref_kind = 'order' AND t.ref_id = j.order_id"
      "      AND t.kind = 'order.adjust' AND a.kind IN (21, 22)) AS s"
      "   FROM order_adjust j WHERE j.at >= ? GROUP BY j.order_id"
      "  HAVING d <> s) b" },
};

/* The whole history only: a station's sums have no beginning in between. */
static const struct verify_check sums[] = {
    { "days, hours, months and totals are the settled orders",
      "日、时、月汇总等于已结算订单",
      "SELECT COUNT(*), MIN(CONCAT('station ', id)) FROM ("
      " SELECT s.id,"
      "   (SELECT COALESCE(SUM(total_fen), 0) FROM charge_order o WHERE"
      "     o.station_id = s.id AND o.state = 10) AS f,"
      "   (SELECT COALESCE(SUM(energy_e4kwh), 0) FROM charge_order o WHERE"
      "     o.station_id = s.id AND o.state = 10) AS e,"
      "   (SELECT COALESCE(SUM(total_fen), 0) FROM day_station d WHERE"
      "     d.station_id = s.id) AS df,"
      "   (SELECT COALESCE(SUM(energy_e4kwh), 0) FROM day_station d WHERE"
      "     d.station_id = s.id) AS de,"
      "   (SELECT COALESCE(SUM(total_fen), 0) FROM hour_station d WHERE"
      "     d.station_id = s.id) AS hf,"
      "   (SELECT COALESCE(SUM(total_fen), 0) FROM month_station d WHERE"
      "     d.station_id = s.id) AS mf,"
      "   (SELECT COALESCE(SUM(total_fen), 0) FROM total_station d WHERE"
      "     d.station_id = s.id) AS tf"
      "   FROM station s WHERE ? IS NOT NULL) x"
      " WHERE f <> df OR e <> de OR f <> hf OR f <> mf OR f <> tf" },
};

const struct finding *order_verify(struct cx *cx, stamp since,
                                   size_t *count)
{
    const struct finding *a = verify_run(cx, checks, COUNT(checks), since);
    const struct finding *b;
    struct finding *all;

    *count = COUNT(checks);
    if (since.ms != 0)
        return a;
    b = verify_run(cx, sums, COUNT(sums), since);
    all = arena_array(cx->arena, COUNT(checks) + COUNT(sums), sizeof *all);
    for (size_t i = 0; i < COUNT(checks); i++)
        all[i] = a[i];
    for (size_t i = 0; i < COUNT(sums); i++)
        all[COUNT(checks) + i] = b[i];
    *count += COUNT(sums);
    return all;
}

const struct order_figures *order_figures(struct cx *cx)
{
    static const char sql[] =
        "SELECT COUNT(*), COALESCE(SUM(state = 10), 0),"
        " COALESCE(SUM(state = 9), 0),"
        " COALESCE(SUM(state BETWEEN 1 AND 6), 0),"
        " COALESCE(SUM(state = 10 AND provisional_at IS NOT NULL"
        "   AND recorded_at IS NULL), 0),"
        " COALESCE(SUM(IF(state = 10, energy_e4kwh, 0)), 0),"
        " COALESCE(SUM(IF(state = 10, total_fen, 0)), 0),"
        " (SELECT COUNT(*) FROM trade_record),"
        " (SELECT COUNT(*) FROM trade_record WHERE state = 1),"
        " (SELECT COUNT(*) FROM trade_record WHERE state = 3),"
        " (SELECT COUNT(*) FROM trade_record WHERE state = 4),"
        " (SELECT COUNT(*) FROM trade_record_conflict)"
        " FROM charge_order";
    static const struct db_field row[] = {
        DB_FIELD(struct order_figures, orders),
        DB_FIELD(struct order_figures, settled),
        DB_FIELD(struct order_figures, review),
        DB_FIELD(struct order_figures, open),
        DB_FIELD(struct order_figures, provisional),
        DB_FIELD(struct order_figures, energy_e4kwh),
        DB_FIELD(struct order_figures, total),
        DB_FIELD(struct order_figures, records),
        DB_FIELD(struct order_figures, records_waiting),
        DB_FIELD(struct order_figures, records_review),
        DB_FIELD(struct order_figures, records_orphan),
        DB_FIELD(struct order_figures, conflicts),
    };

    return db_row(cx, sql, BIND(), ROW(struct order_figures, row));
}

void order_watch_books(struct cx *cx)
{
    verify_watch(cx, &(struct watch){ order_verify,
                                      stamp_add_days(cx->now, -2), 3600 });
}
