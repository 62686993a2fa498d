/*
 * What the gateway counts: one line adds a counter. Every thread has its own
 * set, so counting is one plain addition; the main thread adds them up for
 * the statistics file.
 */
#ifndef GATEWAY_COUNT_H
#define GATEWAY_COUNT_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

/* C(NAME, help) */
#define COUNTERS(C)                                                           \
    C(accepted,          "connections accepted")                              \
    C(closed,            "connections closed")                                \
    C(refused_address,   "connections refused: limits of the address")        \
    C(evicted,           "connections closed to make room before login")      \
    C(no_descriptor,     "connections closed at the descriptor limit")        \
    C(no_memory,         "connections, commands, writes put off: no memory")      \
    C(login_timeout,     "connections closed: no login in time")              \
    C(silent,            "connections closed: silent pile")                   \
    C(send_full,         "connections closed: send queue full")               \
    C(hopeless,          "connections closed: only garbage")                  \
    C(flooding,          "connections closed: flood of frames")               \
    C(bad_proxy,         "connections closed: wrong PROXY header")            \
    C(bytes_in,          "bytes received")                                    \
    C(bytes_out,         "bytes sent")                                        \
    C(frames_in,         "frames received")                                   \
    C(frames_out,        "frames sent")                                       \
    C(swapped,           "frames with the check field high byte first")       \
    C(oversize,          "frames with a length above 200")                    \
    C(bad_length,        "length bytes below 4")                              \
    C(crc_error,         "check field errors")                                \
    C(stalled,           "partial frames given up")                           \
    C(garbage,           "bytes dropped")                                     \
    C(encrypted,         "frames dropped: encrypted")                         \
    C(wrong_direction,   "frames dropped: even type")                         \
    C(unknown_type,      "frames dropped: unknown type")                      \
    C(short_body,        "frames dropped: body too short")                    \
    C(long_body,         "frames with a longer body than the table")          \
    C(bad_body,          "frames dropped: items do not divide")               \
    C(not_logged_in,     "frames dropped: no login before")                   \
    C(foreign_pile,      "frames dropped: pile of another connection")        \
    C(bad_gun,           "frames dropped: gun out of range")                  \
    C(throttled,         "frames of a flood, coalesced")                      \
    C(logins,            "logins accepted")                                   \
    C(logins_refused,    "logins refused")                                    \
    C(takeovers,         "takeovers of a live pile code")                     \
    C(quarantined,       "logins put in quarantine")                          \
    C(probes,            "reads sent to find out whether a pile lives")       \
    C(heartbeats,        "heartbeats answered")                               \
    C(realtime,          "real-time frames")                                  \
    C(unsolicited,       "replies that nobody waits for")                     \
    C(records,           "trade records received")                            \
    C(records_dropped,   "trade records not taken: journal or queue full")    \
    C(records_stored,    "trade records committed")                           \
    C(records_repeated,  "trade records known already")                       \
    C(records_conflict,  "trade records with other content")                  \
    C(records_acked,     "trade records acknowledged")                        \
    C(records_replayed,  "trade records read from the journal at start")      \
    C(commands_sent,     "commands sent to piles")                            \
    C(commands_repeated, "commands sent again")                               \
    C(commands_silent,   "commands without a reply")                          \
    C(commands_offline,  "commands for piles that are offline")               \
    C(wakes,             "wake-up datagrams heeded")                          \
    C(wakes_refused,     "wake-up datagrams dropped")                         \
    C(tariffs_sent,      "tariffs sent")                                      \
    C(state_rows,        "rows of live state written")                        \
    C(telemetry_rows,    "rows of telemetry written")                         \
    C(frame_rows,        "rows of the frame log written")                     \
    C(stale_rows,        "writes that matched no row: pile moved")            \
    C(dropped_rows,      "rows dropped: queue full")                          \
    C(db_failures,       "units of database work that failed")

enum counter {
#define COUNTER_ENUM(name, help) COUNT_##name,
    COUNTERS(COUNTER_ENUM)
#undef COUNTER_ENUM
    COUNTER_MAX
};

struct counts {
    _Atomic uint64_t v[COUNTER_MAX];
};

/* Only the owner of the set adds. */
static inline void count_add(struct counts *c, enum counter k, uint64_t n)
{
    uint64_t old = atomic_load_explicit(&c->v[k], memory_order_relaxed);

    atomic_store_explicit(&c->v[k], old + n, memory_order_relaxed);
}

static inline void count_one(struct counts *c, enum counter k)
{
    count_add(c, k, 1);
}

static inline uint64_t count_read(const struct counts *c, enum counter k)
{
    return atomic_load_explicit(&c->v[k], memory_order_relaxed);
}

struct counter_info {
    const char *name;
    const char *help;
};
extern const struct counter_info counter_infos[COUNTER_MAX];

#endif
