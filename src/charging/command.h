/*
 * What a pile is to be told: rows of pile_command. The writer wakes the
 * gateway that holds the pile with one datagram after its commit; a lost one
 * costs at most a second, because the gateway also polls. Replies update the
 * row. Nobody talks to a pile except its gateway.
 */
#ifndef CHARGING_COMMAND_H
#define CHARGING_COMMAND_H

#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/label.h"
#include "base/stamp.h"

/* args of the row is the whole body of the frame. */
#define COMMAND_KINDS(X)                                            \
    X(COMMAND_START,      1, "start",      "启动充电", NULL) /* 0x34 */ \
    X(COMMAND_STOP,       2, "stop",       "停止充电", NULL) /* 0x36 */ \
    X(COMMAND_TARIFF,     3, "tariff",     "下发计费模型", NULL) /* 0x58 */ \
    X(COMMAND_REBOOT,     4, "reboot",     "重启", NULL) /* 0x92 */     \
    X(COMMAND_CLOCK,      5, "clock",      "对时", NULL) /* 0x56 */     \
    X(COMMAND_READ,       6, "read",       "读取实时数据", NULL) /* 0x12 */ \
    X(COMMAND_PARAMETERS, 7, "parameters", "工作参数", NULL) /* 0x52 */ \
    X(COMMAND_QR_PREFIX,  8, "qr_prefix",  "二维码前缀", NULL) /* 0xF0 */ \
    X(COMMAND_PERMIT,     9, "permit",     "启动许可", NULL) /* 0x32 */ \
    X(COMMAND_BALANCE,   10, "balance",    "更新余额", NULL) /* 0x42 */

LABELS_DECLARE(command_kind, COMMAND_KINDS);

#define COMMAND_STATES(X)                                           \
    X(COMMAND_QUEUED,   1, "queued",   "待下发", "reserved")          \
    X(COMMAND_SENT,     2, "sent",     "已下发", "reserved")          \
    X(COMMAND_DONE,     3, "done",     "成功", "ok")                  \
    X(COMMAND_REFUSED,  4, "refused",  "电桩拒绝", "fault")            \
    X(COMMAND_NO_REPLY, 5, "no_reply", "电桩未应答", "warn")           \
    X(COMMAND_GONE,     6, "offline",  "电桩离线", "offline")

LABELS_DECLARE(command_state, COMMAND_STATES);

struct command {
    int64_t pile_id;
    int gun;          /* 0: the whole pile */
    int kind;         /* enum command_kind */
    int64_t order_id; /* 0: none */
    const char *trade_no; /* NULL: none */
    const void *args; /* body of the frame, at most 300 bytes */
    size_t args_len;
};

/* Queues it for cx->actor and wakes the gateway after the commit. Its id.
   Needs a transaction; the caller has checked rights and audits the act. */
int64_t command_queue(struct cx *cx, const struct command *c);

/* Seconds until a queued command of this kind is no longer sent. */
int command_ttl_s(int kind);

/* A command as the pages show it: "已下发，等待电桩应答". */
struct command_view {
    int64_t id;
    int kind, state, result, reason, tries;
    stamp created_at, sent_at, replied_at;
};

/* The newest command of a kind for an order or (order_id 0) a pile and gun;
   NULL if none. */
const struct command_view *command_last(struct cx *cx, int64_t order_id,
                                        int64_t pile_id, int gun, int kind);

#endif
