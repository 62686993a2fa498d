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

/*
 * C(NAME, kind, key, word, frame type, seconds in which it must be sent).
 * args of the row is the whole body of the frame.
 */
#define COMMAND_KINDS(C)                                        \
    C(START,      1, "start",      "启动充电",     0x34, 15)    \
    C(STOP,       2, "stop",       "停止充电",     0x36, 60)    \
    C(TARIFF,     3, "tariff",     "下发计费模型", 0x58, 300)   \
    C(REBOOT,     4, "reboot",     "重启",         0x92, 30)    \
    C(CLOCK,      5, "clock",      "对时",         0x56, 60)    \
    C(READ,       6, "read",       "读取实时数据", 0x12, 30)    \
    C(PARAMETERS, 7, "parameters", "工作参数",     0x52, 60)    \
    C(QR_PREFIX,  8, "qr_prefix",  "二维码前缀",   0xF0, 60)    \
    C(PERMIT,     9, "permit",     "启动许可",     0x32, 3)     \
    C(BALANCE,   10, "balance",    "更新余额",     0x42, 30)

enum command_kind {
#define COMMAND_ENUM(name, kind, key, word, type, ttl_s) \
    COMMAND_##name = (kind),
    COMMAND_KINDS(COMMAND_ENUM)
#undef COMMAND_ENUM
};
extern const struct labels command_kind_labels;

/* S(NAME, value, key, word, mark) */
#define COMMAND_STATES(S)                                     \
    S(QUEUED,   1, "queued",   "待下发", "reserved")          \
    S(SENT,     2, "sent",     "已下发", "reserved")          \
    S(DONE,     3, "done",     "成功", "ok")                  \
    S(REFUSED,  4, "refused",  "电桩拒绝", "fault")           \
    S(NO_REPLY, 5, "no_reply", "电桩未应答", "warn")          \
    S(OFFLINE,  6, "offline",  "电桩离线", "offline")

enum command_state {
#define COMMAND_ENUM(name, value, key, word, mark) \
    COMMAND_IS_##name = (value),
    COMMAND_STATES(COMMAND_ENUM)
#undef COMMAND_ENUM
};
extern const struct labels command_state_labels;

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
