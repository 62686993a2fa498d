/*
 * Who did what and when. Rows are never changed (L3), so there is no form.
 */
#include "system/audit_admin.h"

#include <string.h>

#define EVENT(key, word) { 0, key, word, NULL },

/* What the keys of the rows are called, in the order of the filter. Every key
   that is written has a word: tests/tidy. */
static const struct label events[] = {
    EVENT("account.sign_in",        "登录")
    EVENT("account.sign_in_failed", "登录失败")
    EVENT("sms.code_refused",       "拒绝发送验证码")
    EVENT("account.sign_out",       "退出登录")
    EVENT("account.session_end",    "结束其他登录")
    EVENT("sms.code",               "发送验证码")
    EVENT("account.password",       "修改密码")
    EVENT("account.create",         "新增账号")
    EVENT("account.edit",           "修改账号")
    EVENT("account.rights",         "修改账号权限")
    EVENT("account.invite",         "邀请账号")
    EVENT("account.reset",          "重置密码")
    EVENT("account.enable",         "启用账号")
    EVENT("account.disable",        "停用账号")
    EVENT("account.claim",          "激活账号")
    EVENT("role.create",            "新增角色")
    EVENT("role.edit",              "修改角色")
    EVENT("role.delete",            "删除角色")
    EVENT("org.create",             "新增组织")
    EVENT("org.edit",               "修改组织")
    EVENT("org.enable",             "启用组织")
    EVENT("org.disable",            "停用组织")
    EVENT("permission.denied",      "无权操作")
    EVENT("privacy.reveal",         "查看完整信息")
    EVENT("setting.change",         "修改设置")
    EVENT("station.create",         "新增电站")
    EVENT("station.edit",           "修改电站")
    EVENT("station.enable",         "启用电站")
    EVENT("station.disable",        "停用电站")
    EVENT("area.create",            "新增区域")
    EVENT("area.edit",              "修改区域")
    EVENT("area.enable",            "启用区域")
    EVENT("area.disable",           "停用区域")
    EVENT("pile.create",            "新增电桩")
    EVENT("pile.edit",              "修改电桩")
    EVENT("pile.delete",            "删除电桩")
    EVENT("pile.import",            "导入电桩")
    EVENT("pile.enable",            "启用电桩")
    EVENT("pile.disable",           "停用电桩")
    EVENT("pile.reboot",            "重启电桩")
    EVENT("pile.clock",             "同步时钟")
    EVENT("pile.tariff",            "下发计费规则")
    EVENT("pile.qr",                "同步二维码")
    EVENT("pile.read",              "刷新状态")
    EVENT("connector.edit",         "修改电枪")
    EVENT("connector.enable",       "启用电枪")
    EVENT("connector.disable",      "停用电枪")
    EVENT("tariff.create",          "新增计费规则")
    EVENT("tariff.edit",            "修改计费规则")
    EVENT("tariff.price",           "发布价格")
    EVENT("tariff.enable",          "启用计费规则")
    EVENT("tariff.disable",         "停用计费规则")
    EVENT("order.start",            "启动充电")
    EVENT("order.start_failed",     "启动失败")
    EVENT("order.card_refused",     "拒绝刷卡")
    EVENT("order.stop",             "停止充电")
    EVENT("order.stop_reason",      "停止原因")
    EVENT("order.lost",             "订单失联")
    EVENT("order.review_wanted",    "订单待复核")
    EVENT("order.review",           "复核订单")
    EVENT("order.correct",          "更正账单")
    EVENT("order.corrected",        "账单已更正")
    EVENT("order.hold_voided",      "解除冻结")
    EVENT("order.hold_expired",     "冻结到期")
    EVENT("order.record_assigned",  "记录归入订单")
    EVENT("order.made_of_record",   "由记录生成订单")
    EVENT("record.assign",          "认领交易记录")
    EVENT("record.dismiss",         "排除交易记录")
    EVENT("payment.open",           "发起充值")
    EVENT("payment.paid",           "充值到账")
    EVENT("payment.late",           "逾期到账")
    EVENT("payment.closed",         "充值关闭")
    EVENT("payment.failed",         "充值失败")
    EVENT("payment.mismatch",       "金额不符")
    EVENT("payment.notice_refused", "拒绝支付通知")
    EVENT("payment.refunded",       "已退款")
    EVENT("payment.refund_failed",  "退款失败")
    EVENT("payment.refund_retry",   "重试退款")
    EVENT("payment.refund_closed",  "退款改由人工处理")
    EVENT("payment.refund_paid",    "线下退款已付款")
    EVENT("correction.open",        "提交更正")
    EVENT("correction.approve",     "审批更正")
    EVENT("correction.refuse",      "驳回更正")
    EVENT("driver.register",        "车主注册")
    EVENT("driver.sign_in",         "车主登录")
    EVENT("driver.sign_in_failed",  "车主登录失败")
    EVENT("driver.sign_out",        "车主退出")
    EVENT("driver.session_end",     "车主结束其他登录")
    EVENT("driver.describe",        "车主修改资料")
    EVENT("driver.enable",          "启用车主")
    EVENT("driver.disable",         "停用车主")
    EVENT("export",                 "导出")
    EVENT("export.download",        "下载导出文件")
    EVENT("import",                 "导入")
    EVENT("demo.load",              "载入演示数据")
};

static const struct label objects[] = {
    EVENT("account",  "账号")
    EVENT("role",     "角色")
    EVENT("org",      "组织")
    EVENT("station",  "电站")
    EVENT("area",     "区域")
    EVENT("pile",     "电桩")
    EVENT("connector", "电枪")
    EVENT("tariff",   "计费规则")
    EVENT("order",    "订单")
    EVENT("orphan",   "交易记录")
    EVENT("payment",  "充值")
    EVENT("correction", "更正单")
    EVENT("driver",   "车主")
    EVENT("sms_code", "验证码")
    EVENT("audit",    "操作日志")
    EVENT("export",   "导出记录")
    EVENT("platform", "平台")
    EVENT("setting",  "设置")
};

#undef EVENT

static const struct label actor_labels[] = {
    { ACTOR_SYSTEM,  "system",  "系统", NULL },
    { ACTOR_ACCOUNT, "account", "账号", NULL },
    { ACTOR_DRIVER,  "driver",  "车主", NULL },
    { ACTOR_PARTNER, "partner", "第三方", NULL },
    { ACTOR_PILE,    "pile",    "电桩", NULL },
};

static const struct column columns[] = {
    { "at", "时间", "a.at", CELL_TIME, COL_SORT | COL_LINK,
      .group = "操作" },
    { "actor", "操作人", "a.actor_name", CELL_TEXT },
    { "kind", "身份", "a.actor_kind", CELL_ENUM,
      .labels = LIST(actor_labels) },
    { "event", "事件", "a.event", CELL_ENUM, .labels = LIST(events) },
    { "text", "内容", "a.text", CELL_TEXT },
    { "object", "对象", "a.object", CELL_ENUM, .labels = LIST(objects) },
    { "object_id", "对象编号", "CAST(NULLIF(a.object_id, 0) AS CHAR)",
      CELL_MONO },
    { "address", "地址", "a.address", CELL_MONO },
    { "org", "所属组织", "o.name", CELL_TEXT, COL_HIDDEN },
    { "session", "会话", "NULLIF(a.session_id, 0)", CELL_INT, COL_DETAIL,
      .group = "追溯" },
    { "request", "请求编号", "a.request_id", CELL_MONO, COL_DETAIL },
    { "before", "修改前", "a.before_json", CELL_MONO, COL_DETAIL },
    { "after", "修改后", "a.after_json", CELL_MONO, COL_DETAIL },
};

static const struct filter filters[] = {
    { "actor", "操作人", "a.actor_name", FILTER_PREFIX },
    { "event", "事件", "a.event", FILTER_ENUM, FILTER_KEYS,
      .labels = LIST(events) },
    { "kind", "身份", "a.actor_kind", FILTER_ENUM,
      .labels = LIST(actor_labels) },
    { "at", "日期", "a.at", FILTER_DATES, FILTER_ADVANCED },
    { "object", "对象", "a.object", FILTER_ENUM,
      FILTER_KEYS | FILTER_ADVANCED, .labels = LIST(objects) },
    { "object_id", "对象编号", "a.object_id", FILTER_RANGE, FILTER_ADVANCED,
      .unit = CELL_INT },
    { "text", "内容", "a.text", FILTER_FUZZY, FILTER_ADVANCED },
};

const struct resource audit_page = {
    .name = "audit", .title = "操作日志", .icon = "history",
    .sub = "登录、修改、下发、导出和被拒绝的操作",
    .key = "a.id", .order = "-at", .text = "LEFT(a.text, 40)",
    .from = "audit a LEFT JOIN org o ON o.id = a.org_id",
    .scope = { .provider = "a.provider_id", .merchant = "a.merchant_id" },
    .perm = { .view = "audit.view", .export = "audit.view" },
    .columns = LIST(columns), .filters = LIST(filters),
};

const char *audit_event_word(const char *event)
{
    for (size_t i = 0; i < COUNT(events); i++)
        if (strcmp(events[i].key, event) == 0)
            return events[i].word;
    return event;
}
