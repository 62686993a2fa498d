/*
 * The list of charging orders.
 */
#include "asset/asset_admin.h"
#include "charging/order_admin.h"
#include "charging/order_state.h"
#include "db/db.h"
#include "db/scope.h"
#include "driver/driver.h"
#include "driver/driver_pages.h"
#include "web/resource.h"

static const struct column columns[] = {
    { "no", "订单号", "o.order_no", CELL_TEXT, COL_LINK },
    { "state", "状态", "o.state", CELL_ENUM,
      .labels = LIST(order_state_labels) },
    { "station", "电站", "s.name", CELL_TEXT, .ref = &station_page,
      .ref_sql = "s.id" },
    { "gun", "电枪", "c.name", CELL_TEXT },
    { "driver", "车主", "d.phone", CELL_PHONE },
    { "plate", "车牌", "o.plate", CELL_TEXT },
    { "start", "启动方式", "o.start_by", CELL_ENUM, COL_HIDDEN,
      .labels = LIST(order_start_by_labels) },
    { "created", "创建时间", "o.created_at", CELL_TIME, COL_SORT },
    { "seconds", "时长",
      "IF(o.state BETWEEN 4 AND 6,"
      " TIMESTAMPDIFF(SECOND, o.charging_at, COALESCE(o.ended_at, NOW(3))),"
      " NULLIF(o.seconds, 0))", CELL_SECONDS },
    { "energy", "电量",
      "IF(o.state >= 8, o.energy_e4kwh, o.live_energy_e4kwh)", CELL_ENERGY,
      COL_SUM },
    { "elec", "电费", "IF(o.state BETWEEN 1 AND 6, NULL, o.elec_fen)",
      CELL_MONEY, COL_HIDDEN | COL_SUM },
    { "service", "服务费", "IF(o.state BETWEEN 1 AND 6, NULL, o.service_fen)",
      CELL_MONEY, COL_SUM },
    { "total", "金额", "IF(o.state >= 8, o.total_fen, o.live_amount_fen)",
      CELL_MONEY, COL_SUM, .guess_sql = "o.state BETWEEN 1 AND 6" },
    { "pile", "桩编号", "p.no", CELL_MONO, COL_HIDDEN, .ref = &pile_page,
      .ref_sql = "p.id" },
    { "merchant", "商户", "m.name", CELL_TEXT, COL_HIDDEN },
    { "vin", "VIN", "o.vin", CELL_MONO, COL_HIDDEN },
    { "arrears", "欠费", "o.arrears_fen", CELL_MONEY, COL_HIDDEN },
    { "settled", "结算时间", "o.settled_at", CELL_TIME, COL_HIDDEN },
    { "trade", "交易流水号", "o.trade_no", CELL_MONO, COL_HIDDEN },
    { "reason", "异常说明",
      "IF(o.review_reason <> '', o.review_reason, o.fail_reason)", CELL_TEXT,
      COL_HIDDEN },
};

static const struct filter filters[] = {
    { "q", "订单号 / 车牌", "o.order_no|~o.plate", FILTER_PREFIX },
    { "state", "状态", "o.state", FILTER_ENUM, FILTER_TABS,
      .labels = LIST(order_state_labels) },
    { "station", "电站", "o.station_id", FILTER_REF, .ref = &station_page },
    { "created", "创建日期", "o.created_at", FILTER_DATES, FILTER_MONTH },
    { "phone", "车主手机号", "o.driver_id", FILTER_EXACT, FILTER_ADVANCED,
      .lookup = driver_by_phone },
    { "driver", "车主", "o.driver_id", FILTER_REF, FILTER_ADVANCED,
      .ref = &driver_page },
    { "pile", "电桩", "o.pile_id", FILTER_REF, FILTER_ADVANCED,
      .ref = &pile_page },
    { "start", "启动方式", "o.start_by", FILTER_ENUM, FILTER_ADVANCED,
      .labels = LIST(order_start_by_labels) },
    { "trade", "交易流水号", "o.trade_no", FILTER_EXACT, FILTER_ADVANCED },
    { "vin", "VIN", "o.vin", FILTER_EXACT, FILTER_ADVANCED },
};

const struct resource order_page = {
    .name = "order", .title = "充电订单", .unit = "单", .icon = "receipt",
    .sub = "从启动到结算的每一次充电",
    .empty = "车主启动充电后，订单会出现在这里。", .live = "review",
    .own_detail = true, .key = "o.id", .order = "-created",
    .text = "o.order_no",
    .search = "o.order_no",
    .from = "charge_order o LEFT JOIN station s ON s.id = o.station_id"
            " LEFT JOIN connector c ON c.id = o.connector_id"
            " LEFT JOIN pile p ON p.id = o.pile_id"
            " LEFT JOIN org m ON m.id = o.merchant_id"
            " LEFT JOIN driver d ON d.id = o.driver_id",
    .scope = SCOPE_OWNED("o"),
    .perm = { .view = "order.view", .export = "order.export" },
    .columns = LIST(columns), .filters = LIST(filters),
};
