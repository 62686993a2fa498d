/*
 * What happens at a gun: cars, drivers, starts, the flow of energy, stops
 * and the record.
 */
#ifndef SIM_SESSION_H
#define SIM_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "sim/pile.h"

/* What the gun needs done first, and doing it. */
int64_t gun_due(const struct gun *g);
void gun_tick(struct pile *p, struct gun *g);

/* A car drives up and is plugged in, or away. False if there is one, none. */
bool gun_plug(struct pile *p, struct gun *g);
bool gun_unplug(struct pile *p, struct gun *g);

/*
 * The driver holds a card to the reader, or the car tells its VIN: asks for
 * a start, or stops the session that this card started.
 */
bool gun_swipe(struct pile *p, struct gun *g, const uint8_t card[8]);
bool gun_plug_and_charge(struct pile *p, struct gun *g);

/* A driver comes by chance, with that card, charges and leaves. */
bool gun_visit(struct pile *p, struct gun *g, const uint8_t card[8]);

/* Writes down what a power cut now would owe. */
void gun_remember(struct pile *p, struct gun *g);

/* The driver presses stop. */
bool gun_press_stop(struct pile *p, struct gun *g);

void gun_set_faults(struct pile *p, struct gun *g, uint16_t faults);

/* A free gun reports these faults until it is mended, seconds later. False
   if it is in use, or broken already. */
bool gun_break(struct pile *p, struct gun *g, uint16_t faults,
               int64_t seconds);

/* Orders of the platform. */
void gun_start(struct pile *p, struct gun *g, const struct ykc_head *head,
               const struct ykc_remote_start *order,
               const char *parallel_number);
uint8_t gun_stop_by_order(struct pile *p, struct gun *g);
void gun_permission(struct pile *p, struct gun *g,
                    const struct ykc_start_permission *answer);

#endif
