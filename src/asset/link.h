/*
 * Piles as their gateway sees them: who may log in, and what a gateway writes
 * about the piles whose connections it holds. Every write names the holder
 * (rule G6): if another gateway, or a later start of the same one, has taken
 * the pile over, it matches no row. All of it comes in batches.
 */
#ifndef ASSET_LINK_H
#define ASSET_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cx.h"
#include "base/stamp.h"

/*
 * A running gateway: its row, and which start of it this is. It says every
 * few seconds that it lives; after 15 s of silence, by the database's clock
 * (rule T9), it is dead and its piles are free.
 */
struct holder {
    int64_t gateway_id;
    int64_t epoch;
};

/* ---- reading -------------------------------------------------------- */

/* What a login is checked against (rule G4), and how to talk to the pile. */
struct pile_link {
    int64_t id;
    char no[15];
    int64_t station_id, area_id;
    int kind, guns;
    bool is_enabled; /* neither disabled nor deleted */
    int login_policy;
    const char *pinned_address, *sim_no;
    int crc_tx, fault_shift;
    char tariff_no[5];
};

/* Piles changed at or after since, by id, after the given one; at most
   PILE_LINKS_PAGE of them. */
enum { PILE_LINKS_PAGE = 5000 };
const struct pile_link *pile_links(struct cx *cx, stamp since,
                                   int64_t after_id, size_t *count);

/* The pile with this code, or NULL. */
const struct pile_link *pile_link_find(struct cx *cx, const char *no);

struct connector_link {
    int64_t id, pile_id;
    int gun;
};

/* Connectors of the piles from first to last id. */
const struct connector_link *connector_links(struct cx *cx, int64_t first,
                                             int64_t last, size_t *count);

/* ---- writing -------------------------------------------------------- */

/* A login that was accepted. */
struct pile_login {
    int64_t pile_id;
    stamp at;
    const char *address, *firmware, *protocol;
    bool pin; /* store the address as the pinned one, if none is yet */
};

/*
 * Takes the piles over. A claim loses against a pile that is online at
 * another living gateway (rule G5: a newcomer does not push a living
 * connection out). Returns how many were taken; pile_lost tells which were
 * not.
 */
int64_t pile_claim(struct cx *cx, struct holder h,
                   const struct pile_login *rows, size_t n);

/* Those of the given piles that the holder does not hold. */
const int64_t *pile_lost(struct cx *cx, struct holder h, const int64_t *ids,
                         size_t n, size_t *count);

struct pile_status {
    int64_t pile_id;
    bool online;
    stamp seen_at;         /* 0: as it is */
    stamp offline_at;      /* if not online */
    const char *tariff_no; /* NULL: this and the clock as they are */
    int64_t clock_off_ms;
};

/* Writes what the holder knows of its piles; how many rows were its own. */
int64_t pile_status_write(struct cx *cx, struct holder h,
                          const struct pile_status *rows, size_t n);

struct connector_report {
    int64_t connector_id;
    int state; /* enum connector_state */
    bool plugged;
    const char *trade_no; /* NULL: no session */
    int64_t order_id;     /* 0: none, or not known */
    int voltage_dv, current_da, power_w;
    int soc, battery_c, gun_c, minutes, remain_min;
    int64_t energy_e4kwh, amount_e4yuan;
    int fault_bits;
    const char *vin;
    stamp at;
};

/* Writes the live rows of guns of the holder's piles; how many were its. */
int64_t connector_report_write(struct cx *cx, struct holder h,
                               const struct connector_report *rows, size_t n);

/*
 * Connectors of piles that went offline: state and nothing flowing; session
 * and energy stay, for the pile goes on charging (rule G14).
 */
void connector_offline(struct cx *cx, struct holder h,
                       const int64_t *pile_ids, size_t n, stamp at);

/*
 * Piles marked online whose holder is gone: an earlier start of this gateway,
 * or one that is dead. Marks them and their connectors offline, at most 500 a
 * call; returns how many.
 */
int64_t pile_sweep(struct cx *cx, struct holder h);

struct pile_event_row {
    int64_t pile_id; /* 0: a code that no pile has */
    int gun;
    int kind; /* enum pile_event */
    stamp at;
    const char *detail;
};

/* Keeps events for the pages, whoever holds the piles. */
void pile_event_add(struct cx *cx, const struct pile_event_row *rows,
                    size_t n);

#endif
