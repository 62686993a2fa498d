/*
 * Chance that repeats: the same seed gives the same demo. Not for secrets.
 */
#ifndef CLI_DEMO_RANDOM_H
#define CLI_DEMO_RANDOM_H

#include <stddef.h>
#include <stdint.h>

struct random {
    uint64_t state;
};

uint64_t random_next(struct random *r);

/* Uniform in low..high. */
int64_t random_between(struct random *r, int64_t low, int64_t high);

/* Around the middle of low..high more often than at its ends. */
int64_t random_bell(struct random *r, int64_t low, int64_t high);

/* True in so many of a thousand cases. */
int random_chance(struct random *r, int of_thousand);

/* An index with the probability of its weight; the sum must be positive. */
size_t random_weighted(struct random *r, const int *weights, size_t n);

#endif
