#include "driver/start_check.h"

#include "asset/finder.h"
#include "asset/live.h"
#include "base/config.h"
#include "ledger/ledger.h"

static const struct start_obstacle *of_connector(
    const struct found_connector *c)
{
    static const struct start_obstacle
        offline = { "offline", "电桩离线，暂时不能启动。请换一台桩，"
                               "或拨打电站电话。" },
        fault = { "fault", "电枪故障，不能启动。请换一把枪。" },
        charging = { "charging", "这把枪正在充电，请换一把枪。" },
        reserved = { "reserved", "这把枪已被预约，请换一把枪。" },
        unplugged = { "unplugged", "还没有插枪。请把枪插入车辆充电口后"
                                   "再启动。" };

    switch (c->state) {
    case CONNECTOR_OCCUPIED:
    case CONNECTOR_IDLE:
        return c->plugged ? NULL : &unplugged;
    case CONNECTOR_CHARGING:
        return &charging;
    case CONNECTOR_RESERVED:
        return &reserved;
    case CONNECTOR_FAULT:
        return &fault;
    default:
        return &offline;
    }
}

static const struct start_obstacle *of_wallet(const struct cx *cx,
                                              const struct wallet *w)
{
    static const struct start_obstacle
        arrears = { "arrears", "你有未结清的欠费，充值后会先抵扣欠费，"
                               "结清后即可充电。" },
        balance = { "balance", "可用余额不足，请先充值。" };

    if (w->arrears.fen > 0)
        return &arrears;
    return w->available.fen < cx->config->order_least_fen ? &balance : NULL;
}

const struct start_obstacle *start_check(struct cx *cx,
                                         const struct found_connector *c,
                                         bool has_tariff)
{
    static const struct start_obstacle
        disabled = { "disabled", "这把枪已停用，请换一把枪。" },
        no_tariff = { "no_tariff", "这台桩还没有价格，暂时不能启动。" };
    const struct start_obstacle *why;
    struct wallet w;

    if (!c->enabled)
        return &disabled;
    why = of_connector(c);
    if (why != NULL)
        return why;
    if (!has_tariff)
        return &no_tariff;
    w = ledger_wallet(cx, cx->actor.id);
    return of_wallet(cx, &w);
}
