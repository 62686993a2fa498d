/*
 * The fleet: piles, the loop that serves them, and what they share.
 */
#ifndef SIM_SIM_H
#define SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/ykc/frame.h"
#include "sim/options.h"
#include "sim/rng.h"
#include "sim/store.h"
#include "sim/target.h"

struct pile;
struct control;

/* COUNT(name): what happened so far; shown by "status". */
#define SIM_COUNTS(COUNT)                                                     \
    COUNT(connects) COUNT(logins) COUNT(refused) COUNT(lost_links)            \
    COUNT(frames_in) COUNT(frames_out) COUNT(bad_frames)                      \
    COUNT(heartbeats) COUNT(heartbeats_missed) COUNT(tariffs)                 \
    COUNT(starts) COUNT(starts_refused) COUNT(cards_asked)                    \
    COUNT(cards_refused) COUNT(sessions) COUNT(stops)                         \
    COUNT(records_made) COUNT(records_sent) COUNT(records_confirmed)          \
    COUNT(records_given_up) COUNT(records_withheld) COUNT(faults_injected)

struct sim_counts {
#define COUNTER(name) uint64_t name;
    SIM_COUNTS(COUNTER)
#undef COUNTER
};

enum { SIM_WEEK_HOURS = 7 * 24 };

struct sim {
    const struct sim_options *options;
    struct sim_faults faults;
    struct sim_counts counts;
    struct target target;
    int epoll_fd;
    int64_t now_ms;           /* of this round of the loop; never jumps */
    struct pile **piles;      /* in the order of the file */
    struct pile **by_code;    /* sorted */
    struct pile **queue;      /* heap by the time something is due */
    size_t count, room;
    size_t sources;           /* addresses that the piles come from */
    struct rng rng;           /* of what happens by chance */
    int64_t arrivals_at;      /* the next car by chance */
    int64_t first_cars;       /* come in the first minute */
    int64_t first_left;       /* of these */
    int64_t mishap_at;        /* the next gun that breaks, link that ends */
    int64_t mishaps_left;     /* of those that come at once */
    uint8_t (*cards)[8];
    size_t card_count, next_card;
    int week[SIM_WEEK_HOURS]; /* drivers in ten hours like that, from Monday */
    struct store store;
    struct control *control;
    bool stopping;
};

/* Reads the files and makes the piles. NULL, and why in err. */
struct sim *sim_new(const struct sim_options *options, char *err,
                    size_t err_size);
void sim_free(struct sim *sim);

/* Runs until SIGTERM, SIGINT or "quit". */
void sim_run(struct sim *sim);

/* The pile of that code, or NULL. */
struct pile *sim_pile(struct sim *sim, const char *code);

/* Puts the pile to its place in the queue after its times changed. */
void sim_schedule(struct sim *sim, struct pile *pile);

/* A span of the protocol from now on, shortened by --haste. */
int64_t sim_after(const struct sim *sim, int64_t ms);

/* Says what happened, unless --quiet. */
void sim_say(const struct sim *sim, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* The numbers of epoll that are no pile's. */
#define SIM_SIGNAL  (UINT64_MAX - 1)
#define SIM_CONTROL (UINT64_MAX - 1000) /* and some above */

#endif
