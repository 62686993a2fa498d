/*
 * Chance that repeats: the same seed gives the same run on every machine.
 * Every pile has a stream of its own, so that what one pile meets does not
 * change what its neighbour does.
 */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/macros.h"

struct rng {
    uint64_t state;
};

static inline uint64_t rng_mix(uint64_t x)
{
    x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
    return x ^ x >> 31;
}

/* Stream number stream of a seed. */
static inline struct rng rng_make(uint64_t seed, uint64_t stream)
{
    return (struct rng){ rng_mix(seed) ^ rng_mix(stream + 1) };
}

static inline uint64_t rng_next(struct rng *r)
{
    r->state += UINT64_C(0x9E3779B97F4A7C15);
    return rng_mix(r->state);
}

/* Uniform in 0..n-1, or so nearly that nobody can tell; n > 0. */
static inline int64_t rng_below(struct rng *r, int64_t n)
{
    must(n > 0);
    return (int64_t)(rng_next(r) % (uint64_t)n);
}

static inline int64_t rng_between(struct rng *r, int64_t low, int64_t high)
{
    return low + rng_below(r, high - low + 1);
}

/* True in percent of 100 cases. Draws nothing for 0, so that a switch that
   is off does not change a run. */
static inline bool rng_chance(struct rng *r, int percent)
{
    return percent > 0 && rng_below(r, 100) < percent;
}

#endif
