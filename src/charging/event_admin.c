/*
 * What happened to piles, as the gateway and the jobs tell it. Only read.
 */
#include "charging/event_admin.h"

#include "asset/asset_admin.h"
#include "asset/live.h"

/* In the order of their ids, which is that of time, or nearly.
   An event without a pile is about an address that knows no code of ours. */
static const struct column columns[] = {
    { "at", "时间", "e.at", CELL_TIME, COL_LINK },
    { "kind", "事件", "e.kind", CELL_ENUM,
      .labels = LIST(pile_event_labels) },
    { "detail", "说明", "e.detail", CELL_TEXT },
    { "pile", "桩编号", "p.no", CELL_MONO, .ref = &pile_page,
      .ref_sql = "p.id" },
    { "gun", "枪号", "NULLIF(e.gun, 0)", CELL_INT },
    { "station", "所属电站", "s.name", CELL_TEXT, .ref = &station_page,
      .ref_sql = "s.id" },
};

static const struct filter filters[] = {
    { "kind", "事件", "e.kind", FILTER_ENUM,
      .labels = LIST(pile_event_labels) },
    { "pile", "电桩", "e.pile_id", FILTER_REF, .ref = &pile_page },
    { "at", "日期", "e.at", FILTER_DATES },
    { "station", "电站", "p.station_id", FILTER_REF, FILTER_ADVANCED,
      .ref = &station_page },
};

const struct resource event_page = {
    .name = "event", .title = "电桩事件", .icon = "history",
    .sub = "上下线、故障，以及登录、连接、报文和交易记录的异常",
    .empty = "还没有事件。",
    .key = "e.id", .text = "LEFT(e.detail, 40)",
    .from = "pile_event e LEFT JOIN pile p ON p.id = e.pile_id"
            " LEFT JOIN station s ON s.id = p.station_id",
    .scope = SCOPE_STATION("s"),
    .perm = { .view = "station.view", .export = "station.export" },
    .columns = LIST(columns), .filters = LIST(filters),
};
