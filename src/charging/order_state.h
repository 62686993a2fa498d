/*
 * States and origins of a charging order (YKC 8.2): one order per trade
 * number. The gateway moves it along as frames arrive; jobs and people do
 * what concerns money.
 */
#ifndef CHARGING_ORDER_STATE_H
#define CHARGING_ORDER_STATE_H

#include <stdbool.h>

#include "base/label.h"

/* S(NAME, value, key, word, mark) */
#define ORDER_STATES(S)                                                  \
    S(CREATED,         1, "created",         "已创建", "reserved")       \
    S(STARTING,        2, "starting",        "启动中", "reserved")       \
    S(WAITING_PLUG,    3, "waiting_plug",    "等待插枪", "reserved")     \
    S(CHARGING,        4, "charging",        "充电中", "charging")       \
    S(STOPPING,        5, "stopping",        "停止中", "charging")       \
    S(AWAITING_RECORD, 6, "awaiting_record", "等待结算", "warn")         \
    S(START_FAILED,    7, "start_failed",    "启动失败", "fault")        \
    S(RECORDED,        8, "recorded",        "结算中", "occupied")       \
    S(REVIEW,          9, "review",          "待复核", "warn")           \
    S(SETTLED,        10, "settled",         "已完成", "ok")

enum order_state {
#define ORDER_ENUM(name, value, key, word, mark) ORDER_##name = (value),
    ORDER_STATES(ORDER_ENUM)
#undef ORDER_ENUM
};
extern const struct labels order_state_labels;

/* The gun is taken by it: no other order may start there. In SQL: state
   BETWEEN 1 AND 6. */
static inline bool order_is_open(int state)
{
    return state >= ORDER_CREATED && state <= ORDER_AWAITING_RECORD;
}

#define ORDER_START_BY(S)                                \
    S(APP,          1, "app",          "App")            \
    S(CARD,         2, "card",         "刷卡")           \
    S(VIN,          3, "vin",          "即插即充")       \
    S(OFFLINE_CARD, 4, "offline_card", "离线卡")         \
    S(CONSOLE,      5, "console",      "后台")

enum order_start_by {
#define ORDER_ENUM(name, value, key, word) START_BY_##name = (value),
    ORDER_START_BY(ORDER_ENUM)
#undef ORDER_ENUM
};
extern const struct labels order_start_by_labels;

#define ORDER_STOP_BY(S)                        \
    S(NOBODY,   0, "none",     "—")             \
    S(DRIVER,   1, "driver",   "车主")          \
    S(CONSOLE,  2, "console",  "后台")          \
    S(PILE,     3, "pile",     "电桩")          \
    S(PLATFORM, 4, "platform", "平台")

enum order_stop_by {
#define ORDER_ENUM(name, value, key, word) STOP_BY_##name = (value),
    ORDER_STOP_BY(ORDER_ENUM)
#undef ORDER_ENUM
};
extern const struct labels order_stop_by_labels;

/* trade_record.state */
#define RECORD_STATES(S)                                     \
    S(WAITING, 1, "waiting", "待结算", "warn")               \
    S(SETTLED, 2, "settled", "已结算", "ok")                 \
    S(REVIEW,  3, "review",  "待复核", "warn")               \
    S(ORPHAN,  4, "orphan",  "无对应订单", "fault")          \
    S(ZERO,    5, "zero",    "零电量", "idle")

enum record_state {
#define ORDER_ENUM(name, value, key, word, mark) RECORD_##name = (value),
    RECORD_STATES(ORDER_ENUM)
#undef ORDER_ENUM
};
extern const struct labels record_state_labels;

/* pile_request.state */
enum request_state { REQUEST_WAITING = 1, REQUEST_DONE, REQUEST_LATE };

#endif
