/*
 * Which piles and cards there are: from files, or codes in a row.
 */
#ifndef SIM_FLEET_H
#define SIM_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/macros.h"

struct sim;
struct sim_options;
struct pile_spec;

/* Makes the piles that the options name. False, and why in err. */
MUST_USE bool fleet_make(struct sim *sim, char *err, size_t err_size);
MUST_USE bool fleet_read_cards(struct sim *sim, char *err, size_t err_size);

/*
 * Tells every pile of the file, or count codes in a row if there is no file.
 * False, and why in err.
 */
MUST_USE bool fleet_each(const struct sim_options *o, int64_t count,
                         void (*take)(void *arg,
                                      const struct pile_spec *spec),
                         void *arg, char *err, size_t err_size);

/* The code that is n above first, with 14 digits. */
void fleet_code(const char *first, size_t n, char *out);

/* Fills the week of the file of --week, if there is one. */
bool fleet_read_week(struct sim *sim, char *err, size_t err_size);

#endif
