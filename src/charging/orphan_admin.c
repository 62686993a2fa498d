/*
 * Trade records that wait for a person (无主记录): what they say, and whose
 * they are.
 */
#include "charging/orphan_admin.h"

#include "asset/asset_admin.h"
#include "charging/order_admin.h"
#include "charging/order_state.h"
#include "charging/orphan.h"
#include "charging/record_frame_page.h"
#include "driver/driver_pages.h"
#include "web/resource.h"

static const struct column columns[] = {
    { "no", "交易流水号", "r.trade_no", CELL_MONO, COL_LINK,
      .group = "记录" },
    { "state", "状态", "r.state", CELL_ENUM,
      .labels = LIST(record_state_labels) },
    { "why", "原因", "r.error", CELL_TEXT },
    { "station", "电站", "s.name", CELL_TEXT, .ref = &station_page,
      .ref_sql = "s.id" },
    { "pile", "电桩", "p.name", CELL_TEXT, .ref = &pile_page,
      .ref_sql = "p.id" },
    { "gun", "枪号", "r.gun", CELL_INT },
    { "received", "收到时间", "r.received_at", CELL_TIME },
    { "how", "处理方式", "NULLIF(r.handled_how, 0)", CELL_ENUM,
      .labels = LIST(orphan_how_labels), .group = "处理" },
    { "handled", "处理时间", "r.handled_at", CELL_TIME },
    { "progress", "审批", "(SELECT k.state FROM correction k WHERE k.kind = 3"
      " AND k.ref_id = r.id ORDER BY k.id DESC LIMIT 1)", CELL_ENUM,
      .labels = LIST(correction_state_labels) },
    { "reason", "处理依据", "r.handled_why", CELL_TEXT, COL_DETAIL },
    { "order", "订单", "o.order_no", CELL_TEXT, COL_DETAIL,
      .ref = &order_page, .ref_sql = "o.id" },
};

static const struct filter filters[] = {
    { "q", "交易流水号", "r.trade_no", FILTER_PREFIX },
    { "state", "状态", "r.state", FILTER_ENUM, FILTER_TABS,
      .labels = LIST(record_state_labels) },
    { "station", "电站", "s.id", FILTER_REF, .ref = &station_page },
    { "received", "收到日期", "r.received_at", FILTER_DATES },
};

struct orphan_form {
    int how;
    int64_t order_id, driver_id;
    const char *why;
};

#define F(member) FIELD(struct orphan_form, member)
static const struct field fields[] = {
    { F(how), "处理方式", FIELD_REQUIRED, .labels = LIST(orphan_how_labels),
      .help = "归入或补建后按正常流程核对并结算；金额较大的由另一人审批后执行。" },
    { F(order_id), "归入的订单", .ref = &order_page,
      .help = "同一把枪、没有交易记录的订单。" },
    { F(driver_id), "付款的车主", .ref = &driver_page,
      .help = "补建订单时填写；余额不足的部分记为欠费。" },
    { F(why), "处理依据", FIELD_REQUIRED | FIELD_AREA | FIELD_WIDE, 2, 200,
      .help = "会记入操作日志。" },
};

static void fill(struct cx *cx, int64_t id, void *form)
{
    (void)form; /* nothing is proposed */
    orphan_load(cx, id);
}

static void need_choice(struct cx *cx, const struct orphan_form *f)
{
    if ((f->how == ORPHAN_TO_ORDER) != (f->order_id != 0))
        cx_fail_field(cx, "order_id", f->order_id == 0
            ? "选择归入的订单。" : "只在归入已有订单时填写。");
    if ((f->how == ORPHAN_TO_DRIVER) != (f->driver_id != 0))
        cx_fail_field(cx, "driver_id", f->driver_id == 0
            ? "选择付款的车主。" : "只在补建订单时填写。");
}

static int64_t save(struct cx *cx, int64_t id, const void *form)
{
    const struct orphan_form *f = form;

    must(id != 0);
    need_choice(cx, f);
    /* Done or waiting for a second person: the page shows which. */
    (void)orphan_submit(cx, id, (enum orphan_how)f->how,
                        f->order_id != 0 ? f->order_id : f->driver_id,
                        f->why);
    return id;
}

static void decorate(struct cx *cx, int64_t id, struct vnode *detail)
{
    record_frame_put(cx, detail, 2, "报文", orphan_load(cx, id)->raw);
}

/* No decision about it waits for a second person. */
#define UNDECIDED                                                         \
    "NOT EXISTS (SELECT 1 FROM correction k WHERE k.kind = 3"             \
    " AND k.ref_id = r.id AND k.waiting = 1)"

/* Those that wait, and what people did with them. Whose order is in review
   waits there. */
const struct resource orphan_page = {
    .name = "orphan", .title = "无主交易记录", .icon = "file-text",
    .sub = "电桩上传、但对不上订单的交易记录",
    .empty = "没有对不上订单的交易记录。",
    .key = "r.id", .text = "r.trade_no",
    .search = "r.trade_no",
    .from = "trade_record r LEFT JOIN pile p ON p.id = r.pile_id"
            " LEFT JOIN station s ON s.id = p.station_id"
            " LEFT JOIN charge_order o"
            "   ON o.trade_no = COALESCE(r.for_trade_no, r.trade_no)",
    .where = "r.for_people = 1 AND (r.state <> 3 OR r.handled_at IS NOT NULL"
             " OR o.id IS NULL OR o.state <> 9 OR o.pile_id <> r.pile_id"
             " OR o.gun <> r.gun)",
    .scope = SCOPE_STATION("s"),
    .perm = { .view = "order.view", .edit = "record.assign",
              .export = "order.export" },
    .columns = LIST(columns), .filters = LIST(filters),
    .fields = LIST(fields), .form_size = sizeof(struct orphan_form),
    .fill = fill, .save = save, .decorate = decorate,
    .edit_word = "处理", .edit_when = "r.state IN (3, 4) AND " UNDECIDED,
};
