/*
 * States and origins of a charging order (YKC 8.2): one order per trade
 * number. The gateway moves it along as frames arrive; jobs and people do
 * what concerns money.
 */
#ifndef CHARGING_ORDER_STATE_H
#define CHARGING_ORDER_STATE_H

#include <stdbool.h>

#include "base/label.h"

#define ORDER_STATES(X)                                                 \
    X(ORDER_CREATED,         1, "created",         "已创建", "reserved")  \
    X(ORDER_STARTING,        2, "starting",        "启动中", "reserved")  \
    X(ORDER_WAITING_PLUG,    3, "waiting_plug",    "等待插枪", "reserved") \
    X(ORDER_CHARGING,        4, "charging",        "充电中", "charging")  \
    X(ORDER_STOPPING,        5, "stopping",        "停止中", "charging")  \
    X(ORDER_AWAITING_RECORD, 6, "awaiting_record", "等待结算", "warn")    \
    X(ORDER_START_FAILED,    7, "start_failed",    "启动失败", "fault")   \
    X(ORDER_RECORDED,        8, "recorded",        "结算中", "occupied")  \
    X(ORDER_REVIEW,          9, "review",          "待复核", "warn")      \
    X(ORDER_SETTLED,        10, "settled",         "已完成", "ok")

LABELS_DECLARE(order_state, ORDER_STATES);

/* The gun is taken by it: no other order may start there. In SQL: state
   BETWEEN 1 AND 6. */
static inline bool order_is_open(int state)
{
    return state >= ORDER_CREATED && state <= ORDER_AWAITING_RECORD;
}

#define ORDER_STARTS_BY(X)                                         \
    X(START_BY_APP,          1, "app",          "App", NULL)         \
    X(START_BY_CARD,         2, "card",         "刷卡", NULL)         \
    X(START_BY_VIN,          3, "vin",          "即插即充", NULL)      \
    X(START_BY_OFFLINE_CARD, 4, "offline_card", "离线卡", NULL)       \
    X(START_BY_CONSOLE,      5, "console",      "后台", NULL)

#define ORDER_STOPS_BY(X)                                \
    X(STOP_BY_NOBODY,   0, "none",     "—", NULL)          \
    X(STOP_BY_DRIVER,   1, "driver",   "车主", NULL)        \
    X(STOP_BY_CONSOLE,  2, "console",  "后台", NULL)        \
    X(STOP_BY_PILE,     3, "pile",     "电桩", NULL)        \
    X(STOP_BY_PLATFORM, 4, "platform", "平台", NULL)

LABELS_DECLARE(order_start_by, ORDER_STARTS_BY);
LABELS_DECLARE(order_stop_by, ORDER_STOPS_BY);

/* trade_record.state */
#define RECORD_STATES(X)                                      \
    X(RECORD_WAITING, 1, "waiting", "待结算", "warn")           \
    X(RECORD_SETTLED, 2, "settled", "已结算", "ok")             \
    X(RECORD_REVIEW,  3, "review",  "待复核", "warn")           \
    X(RECORD_ORPHAN,  4, "orphan",  "无对应订单", "fault")       \
    X(RECORD_ZERO,    5, "zero",    "零电量", "idle")             \
    X(RECORD_DISMISSED, 6, "dismissed", "已忽略", "idle")

LABELS_DECLARE(record_state, RECORD_STATES);

/* pile_request.state */
#define REQUEST_STATES(X)                                     \
    X(REQUEST_WAITING, 1, "waiting", "待处理", "warn")          \
    X(REQUEST_DONE,    2, "done",    "已答复", "ok")            \
    X(REQUEST_LATE,    3, "late",    "已超时", "offline")

LABELS_DECLARE(request_state, REQUEST_STATES);

#endif
