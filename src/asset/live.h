/*
 * The live state of connectors, and what happens to piles: the words that
 * the gateway writes and the pages show. One row of connector_live is one
 * connector; the whole park is one query.
 */
#ifndef ASSET_LIVE_H
#define ASSET_LIVE_H

#include <stdint.h>

#include "base/label.h"

/* connector_live.state, in the order in which pages show them. */
#define CONNECTOR_STATES(X)                                        \
    X(CONNECTOR_CHARGING, 1, "charging", "充电中", "charging")     \
    X(CONNECTOR_IDLE,     2, "idle",     "空闲",   "idle")         \
    X(CONNECTOR_OCCUPIED, 3, "occupied", "占用",   "occupied")     \
    X(CONNECTOR_RESERVED, 4, "reserved", "预约",   "reserved")     \
    X(CONNECTOR_FAULT,    5, "fault",    "故障",   "fault")        \
    X(CONNECTOR_OFFLINE,  6, "offline",  "离线",   "offline")

/* The worst a driver can meet at the pile: fault first, then charging, then
   what is free. A pile without live rows is offline. */
#define PILE_STATE                                                       \
    "COALESCE((SELECT l.state FROM connector_live l"                     \
    " WHERE l.pile_id = p.id"                                            \
    " ORDER BY FIELD(l.state, 5, 1, 3, 4, 2, 6) LIMIT 1), 6)"

/*
 * The state of a connector by the state and plug that its pile reports in
 * 0x13. What is outside the list is shown as a fault: nobody may start there.
 */
int connector_state_of(uint8_t reported, uint8_t plugged);

/* pile_event.kind */
#define PILE_EVENTS(X)                                                     \
    X(EVENT_ONLINE,        1, "online",        "上线",       "ok")         \
    X(EVENT_OFFLINE,       2, "offline",       "离线",       "offline")    \
    X(EVENT_FAULT,         3, "fault",         "故障",       "fault")      \
    X(EVENT_FAULT_CLEARED, 4, "fault_cleared", "故障恢复",   "ok")         \
    X(EVENT_LOGIN_REFUSED, 5, "login_refused", "登录被拒绝", "warn")       \
    X(EVENT_TAKEOVER,      6, "takeover",      "连接切换",   "warn")       \
    X(EVENT_QUARANTINE,    7, "quarantine",    "连接隔离",   "fault")      \
    X(EVENT_CLOCK,         8, "clock",         "时钟偏差",   "warn")       \
    X(EVENT_PROTOCOL,      9, "protocol",      "协议异常",   "warn")       \
    X(EVENT_NO_REPLY,     10, "no_reply",      "指令无应答", "warn")       \
    X(EVENT_RECORD,       11, "record",        "交易记录异常", "fault")    \
    X(EVENT_DATA_LATE,    12, "data_late",     "充电数据中断", "warn")     \
    X(EVENT_LOCK,         13, "lock",          "地锁报警",   "warn")

LABELS_DECLARE(connector_state, CONNECTOR_STATES);
LABELS_DECLARE(pile_event, PILE_EVENTS);

#endif
