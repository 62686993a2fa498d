/*
 * What happens to the fleet by chance: drivers that come with a card, guns
 * that break and are mended, links that are lost for a while.
 */
#ifndef SIM_CHANCE_H
#define SIM_CHANCE_H

#include <stdint.h>

struct pile;
struct sim;

/* Plans the first events, once the piles had time to connect. */
void chance_begin(struct sim *sim);

/* When the next one is due, by the loop's clock; NEVER if none is planned. */
int64_t chance_due(const struct sim *sim);

/* Lets happen what is due. */
void chance_tick(struct sim *sim);

/* Cuts the link of a pile, which comes back after so many seconds. */
void chance_drop(struct sim *sim, struct pile *pile, int64_t seconds);

#endif
