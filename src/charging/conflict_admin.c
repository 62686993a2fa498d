/*
 * Trade records that came under the number of another one (矛盾交易记录): both,
 * and where they differ. Only read: what came first counts.
 */
#include "charging/conflict_admin.h"

#include <string.h>

#include "asset/asset_admin.h"
#include "charging/conflict.h"
#include "charging/order_admin.h"
#include "charging/record_frame_page.h"
#include "protocol/ykc/frame.h"
#include "protocol/ykc/show.h"
#include "web/resource.h"

static const struct column columns[] = {
    { "no", "交易流水号", "x.trade_no", CELL_MONO, COL_LINK,
      .group = "记录" },
    { "station", "电站", "s.name", CELL_TEXT, .ref = &station_page,
      .ref_sql = "s.id" },
    { "pile", "电桩", "p.name", CELL_TEXT, .ref = &pile_page,
      .ref_sql = "p.id" },
    { "received", "收到时间", "x.received_at", CELL_TIME },
    { "first", "先收到的一条", "r.received_at", CELL_TIME },
    { "order", "订单", "o.order_no", CELL_TEXT, .ref = &order_page,
      .ref_sql = "o.id" },
};

static const struct filter filters[] = {
    { "q", "交易流水号", "x.trade_no", FILTER_PREFIX },
    { "pile", "电桩", "x.pile_id", FILTER_REF, .ref = &pile_page },
    { "station", "电站", "p.station_id", FILTER_REF, .ref = &station_page },
};

static bool is_data(const struct ykc_part *part)
{
    return strcmp(part->name, "sequence") != 0 &&
           strcmp(part->name, "check") != 0;
}

/* What one says and the other does not, but for number and check of the
   frame, which always differ. */
static void put_differences(struct vnode *detail,
                            const struct record_conflict *x)
{
    struct vnode *group = v_item(v_child(detail, "groups"), 1);
    struct vnode *rows = v_child(group, "rows"), *row;
    struct ykc_parts here_walk, first_walk;
    struct ykc_part here, first;
    struct ykc_raw here_raw, first_raw;
    size_t n = 0;

    v_set(group, "title", "不同之处");
    if (ykc_open(x->raw.data, x->raw.len, &here_raw) != WIRE_OK ||
        ykc_open(x->first.data, x->first.len, &first_raw) != WIRE_OK)
        return;
    ykc_parts_open(&here_walk, &here_raw);
    ykc_parts_open(&first_walk, &first_raw);
    while (ykc_parts_next(&here_walk, &here) &&
           ykc_parts_next(&first_walk, &first)) {
        if (strcmp(here.text, first.text) == 0 || !is_data(&here))
            continue;
        row = v_item(rows, n++);
        v_set(row, "title", here.title);
        v_printf(row, "value", "%s，先收到的为 %s", here.text, first.text);
    }
}

static void decorate(struct cx *cx, int64_t id, struct vnode *detail)
{
    const struct record_conflict *x = conflict_load(cx, id);

    put_differences(detail, x);
    record_frame_put(cx, detail, 2, "这条报文，不作结算", x->raw);
    record_frame_put(cx, detail, 3, "先收到的报文，以它为准", x->first);
}

const struct resource conflict_page = {
    .name = "conflict", .title = "矛盾交易记录", .icon = "file-text",
    .sub = "流水号已有记录、内容却不同：不作结算，留作核对",
    .empty = "没有内容矛盾的交易记录。",
    .key = "x.id", .text = "x.trade_no", .search = "x.trade_no",
    .from = "trade_record_conflict x LEFT JOIN pile p ON p.id = x.pile_id"
            " LEFT JOIN station s ON s.id = p.station_id"
            " LEFT JOIN trade_record r ON r.trade_no = x.trade_no"
            " LEFT JOIN charge_order o ON o.trade_no = x.trade_no",
    .scope = SCOPE_STATION("s"),
    .perm = { .view = "order.view", .export = "order.export" },
    .columns = LIST(columns), .filters = LIST(filters), .decorate = decorate,
};
