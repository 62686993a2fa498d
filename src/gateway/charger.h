/*
 * The piles that may log in, in memory: found by the 7 bytes of their code
 * without a lock, so that a login needs no database. What the asset pages say
 * of a pile is written by the keeper thread through atomics; what happens on
 * its connection belongs to the network thread that owns it. Ownership moves
 * by one compare-and-swap of owner, which also hands the memory over.
 */
#ifndef GATEWAY_CHARGER_H
#define GATEWAY_CHARGER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"
#include "base/stamp.h"
#include "gateway/proxy.h"

enum {
    CHARGER_GUNS = 16,
    CHARGER_CHUNK = 256,
    CHARGER_CHUNKS = 4096, /* at most a million piles */
    FIRMWARE_TEXT = 9
};

struct pending;
struct gun_block;

/* Stands first in what may still be read when it has been replaced: it is
   freed later, and putting it off takes no memory. */
struct retired {
    struct retired *next;
    int64_t at_ms;
};

enum gun_flag {
    GUN_SEEN = 1,     /* a 0x13 came since the pile logged in */
    GUN_STARTED = 2,  /* 0x34 or 0x32 was sent for the session */
    GUN_CHARGED = 4,  /* the session was seen charging */
    GUN_LATE = 8      /* said once that its data is late */
};

/* A connector: what its pile reported last, and its session. */
struct gun {
    int64_t connector_id;
    uint8_t trade[16];    /* the session; all zero: none */
    uint8_t next[16];     /* another number seen once while charging */
    int64_t charging_at;  /* wall ms: the session was first seen charging */
    int64_t ended_at;     /* wall ms: first report after charging */
    int64_t reported_ms;  /* monotonic: the last 0x13 */
    int64_t asked_ms;     /* monotonic: the last 0x12 on our own account */
    uint32_t energy_e4kwh;
    uint32_t amount_e4yuan;
    uint16_t voltage_dv, current_da;
    int16_t demand_da;
    uint16_t minutes, remain_min;
    uint16_t faults;
    uint8_t state, plugged, soc;
    uint8_t soc_start;    /* from 0x17 or the first report */
    uint8_t soc_session;  /* the last that the session said; 0: none */
    int8_t battery_c, gun_c;
    uint8_t idle_reports; /* in a row, after charging */
    uint8_t flags;        /* enum gun_flag */
    char vin[18];
};

/* The rules of rule G4 for one pile; never changed, only replaced. */
struct policy {
    struct retired retired;
    int kind;               /* pile.login_policy */
    char pinned[ADDRESS_TEXT];
    char sim_no[21];
};

struct charger {
    uint64_t code;          /* the 7 bytes, big-endian */
    int64_t id;
    /* The keeper writes, everybody reads. */
    _Atomic int64_t station_id, area_id;
    _Atomic(const struct policy *) policy;
    _Atomic bool is_enabled; /* exists and is not disabled */
    _Atomic uint8_t crc_tx, fault_shift, kind;
    /* The owner writes: a gun has a session. */
    _Atomic bool has_session;
    /* Which connection speaks for it (conn_id), and which one wants to. */
    _Atomic uint64_t owner, contender;
    _Atomic bool is_stored_online; /* the state writer's: what the row says */
    /* The owner's, until it lets go. */
    struct charger *next_here;  /* of the same connection */
    struct charger *next_dirty;
    struct charger **dirty_link; /* what points here; NULL: not listed */
    uint32_t dirty;             /* what the state writer is to be told */
    uint8_t gun_count;
    uint8_t protocol;
    uint8_t takeovers;          /* since takeover_ms */
    bool clock_asked;           /* a 0x56 of ours waits for its 0x55 */
    bool pins;                  /* this login's address is to be pinned */
    char firmware[FIRMWARE_TEXT];
    uint16_t tariff_held;       /* BCD: confirmed by 0x05 or 0x57 */
    uint16_t tariff_sent;       /* BCD: last sent in 0x0A or 0x58 */
    int tokens;                 /* of the bucket of rule G20 */
    int excess;                 /* frames beyond it */
    int64_t tokens_ms;
    int64_t takeover_ms;
    int64_t login_at, offline_at; /* wall ms; login_at 0: offline */
    int64_t seen_ms;            /* monotonic: of the last frame */
    int64_t suspected_ms;       /* when its silence was asked about */
    int64_t clock_off_ms;
    int64_t clock_due_ms;       /* monotonic: next time sync */
    int64_t tariff_due_ms;      /* monotonic: no push of a tariff before */
    int64_t probe_ms;           /* monotonic: must speak before (G5); or 0 */
    int64_t alarm_ms;           /* monotonic: of the last protocol alarm */
    struct address address;
    uint64_t unknown_seen[2];   /* odd types logged already, by type / 2 */
    struct pending *pending;    /* commands that wait for their reply */
    struct gun *guns;           /* gun_count of them */
};

/*
 * The set. Chargers are never taken out or moved; one whose number of guns
 * grew is replaced by a new one under the same code.
 */
struct charger_table {
    struct retired retired;
    size_t mask;
    _Atomic(struct charger *) at[];
};

struct chargers {
    pthread_mutex_t lock; /* of adding */
    _Atomic(struct charger_table *) table;
    struct charger *chunks[CHARGER_CHUNKS];
    _Atomic size_t count;
    struct gun_block *blocks; /* newest first */
    size_t spare_guns;        /* unused at the end of the newest */
};

void chargers_init(struct chargers *all);
void chargers_fini(struct chargers *all);

/* The charger of a code, or NULL. From any thread. */
struct charger *charger_find(struct chargers *all, uint64_t code);

/*
 * A new one under this code, after its guns, or NULL if there is no memory
 * for it; it is not found before charger_publish. The old table of a growing
 * set is given to retire, which frees it when nobody can be reading it any
 * more; without memory for a larger one the old one is filled up first.
 */
struct charger *charger_new(struct chargers *all, uint64_t code, int64_t id,
                            int gun_count);
void charger_publish(struct chargers *all, struct charger *c,
                     void (*retire)(void *arg, void *p), void *arg);

struct charger *charger_at(struct chargers *all, size_t i);
static inline size_t charger_count(struct chargers *all)
{
    return atomic_load_explicit(&all->count, memory_order_acquire);
}

/* The code of 7 bytes on the wire, and of its 14 digits; 0 if not decimal. */
uint64_t code_of_wire(const uint8_t p[7]);
uint64_t code_of_text(const char *text);
void code_to_wire(uint64_t code, uint8_t out[7]);
char *code_text(uint64_t code, char out[15]);

static inline bool trade_is_zero(const uint8_t trade[16])
{
    uint8_t any = 0;

    for (int i = 0; i < 16; i++)
        any |= trade[i];
    return any == 0;
}

#endif
